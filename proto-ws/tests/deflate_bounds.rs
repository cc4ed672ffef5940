//! What bounds compressed messages allows N and refuses N + 1.

#![cfg(feature = "deflate")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod common;
use common::deflate::{agreement, deflated, zeros};
use common::*;
use proto_core::Instant;
use proto_ws::deflate::DeflateConfig;
use proto_ws::{Config, Connection, End, Error, Event, Limits, Role};

fn connections(limits: Limits) -> [(Connection, bool); 2] {
    let config = Config { deflate: Some(agreement(DeflateConfig::default())), limits, ..Config::default() };
    let client = Role::Client { mask_seed: [3; 16] };
    [(Connection::new(Role::Server, config), true), (Connection::new(client, config), false)]
}

/// How many bytes of messages are told, how many messages are whole, and what ended it.
fn receive(connection: &mut Connection, mut input: Vec<u8>) -> (usize, usize, Option<Error>) {
    let (mut scratch, mut at, mut told, mut whole) = ([0; 4096], 0, 0, 0);
    loop {
        match connection.receive(&mut input[at..], &mut scratch) {
            Err(error) => return (told, whole, Some(error)),
            Ok(step) => {
                at += step.consumed;
                let Some(Event::Data(data)) = step.event else { return (told, whole, None) };
                told += data.payload.len();
                whole += usize::from(data.end == End::Message);
            }
        }
    }
}

fn assert_closed_with_1009(connection: &mut Connection) {
    assert_eq!(open(&transmit(connection)), (0x88, 1009_u16.to_be_bytes().to_vec()));
}

#[test]
fn message() {
    for limit in [0_usize, 1, 10, 4096, 4097, 100_000] {
        let limits = Limits { max_message: limit as u32, ..Limits::default() };
        let bytes = noise(limit + 1);
        // the compressed form is longer than noise, but that is not what counts
        for fragments in [1, 2, 7] {
            let frames = |payload: Vec<u8>, masked| {
                let mut input = Vec::new();
                for (at, fragment) in payload.chunks(payload.len().div_ceil(fragments)).enumerate() {
                    input.extend(frame(if at == 0 { 0x42 } else { 0 }, fragment, masked));
                }
                input.extend(frame(0x80, b"", masked));
                input
            };
            for (mut connection, masked) in connections(limits) {
                let at = frames(deflated(&bytes[1..]), masked);
                assert_eq!(receive(&mut connection, at), (limit, 1, None), "{limit} in {fragments}");
                let beyond = frames(deflated(&bytes), masked);
                let told = receive(&mut connection, beyond);
                assert_eq!(told, (limit, 0, Some(Error::MessageTooLarge)), "{limit} in {fragments}");
                assert_closed_with_1009(&mut connection);
            }
        }
    }
}

/// Within `max_expansion` nothing is paid, and beyond it the burst pays to the byte, for short messages as for long.
#[test]
fn expansion() {
    let long = [noise(5_000), vec![0; 3 << 20]].concat();
    for message in [vec![0; 3_000], vec![0; 1 << 20], vec![0; 9 << 20], long] {
        let payload = deflated(&message);
        let beyond = |times: usize| message.len().saturating_sub(times * payload.len());
        let exact = message.len().div_ceil(payload.len());
        for (times, burst, allowed) in [
            (exact, 0, true),
            (exact - 1, 0, false),
            (exact - 1, beyond(exact - 1), true),
            (exact - 1, beyond(exact - 1) - 1, false),
            (1, beyond(1), true),
            (1, beyond(1) - 1, false),
            (0, message.len(), true),
            (0, message.len() - 1, false),
            (Limits::UNLIMITED as usize, 0, true),
        ] {
            let limits =
                Limits { max_expansion: times as u32, expansion_burst: burst as u32, ..Limits::default() };
            for (mut connection, masked) in connections(limits) {
                let told = receive(&mut connection, frame(0xc2, &payload, masked));
                let name = format!("{} of {}, {times} and {burst}", message.len(), payload.len());
                if allowed {
                    assert_eq!(told, (message.len(), 1, None), "{name}");
                } else {
                    assert_eq!((told.1, told.2), (0, Some(Error::Expansion)), "{name}");
                    assert_closed_with_1009(&mut connection);
                }
            }
        }
    }
}

#[test]
fn small_bombs_draw_on_one_budget() {
    let payload = deflated(&[0; 100_000]);
    let each = 100_000 - 2 * payload.len() as u32;
    let limits = Limits {
        max_expansion: 2,
        expansion_burst: 3 * each + 10,
        expansion_per_second: each,
        ..Limits::default()
    };
    for (mut connection, masked) in connections(limits) {
        connection.handle_timeout(Instant::ZERO);
        let bomb = frame(0xc2, &payload, masked);
        // what stays within the ratio, and what is not compressed, costs nothing
        let modest = frame(0xc2, &deflated(&noise(1_000)), masked);
        let plain = frame(0x82, &noise(1_000), masked);
        let three = [&bomb[..], &modest, &bomb, &plain, &bomb, &modest, &plain].concat();
        assert_eq!(receive(&mut connection, three), (304_000, 7, None));
        // a second earns one, and a long time no more than the burst
        connection.handle_timeout(Instant::from_secs(1));
        assert_eq!(receive(&mut connection, bomb.clone()), (100_000, 1, None));
        connection.handle_timeout(Instant::from_secs(1_000));
        assert_eq!(receive(&mut connection, bomb.repeat(3)), (300_000, 3, None));
        assert_eq!(receive(&mut connection, bomb), (100_000, 0, Some(Error::Expansion)));
        assert_closed_with_1009(&mut connection);
    }
}

/// By default a connection gets so far with bombs, whatever their size.
#[test]
fn bombs_by_default() {
    for (megabytes, repeat) in [(64, 1), (1, 64), (2, 32)] {
        for (mut connection, masked) in connections(Limits::default()) {
            let bomb = frame(0xc2, &zeros(megabytes), masked);
            assert!(bomb.len() < megabytes << 11, "{} for {megabytes} MiB", bomb.len());
            let (told, _, error) = receive(&mut connection, bomb.repeat(repeat));
            assert_eq!(error, Some(Error::Expansion));
            // the burst, what came with it for nothing, and a block that was looked at afterwards
            assert!((4 << 20..10 << 20).contains(&told), "{told}");
        }
    }
}
