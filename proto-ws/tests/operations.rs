//! Calls in any order, with any arguments and clock: nothing panics, refused calls write nothing, and whatever is
//! written is right in the eyes of the other side.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;
use common::*;
use proptest::prelude::*;
use proto_core::{Instant, WriteBuf};
use proto_ws::{CloseCode, Config, Connection, Event, KeepAlive, Kind, Limits, Outcome, Role};

#[derive(Debug, Clone)]
enum Call {
    Receive(Vec<u8>),
    Frame(u8, Vec<u8>),
    Eof,
    Transmit(usize),
    Time(u64),
    Send(Kind, usize, bool, usize),
    Message(Kind, usize, usize),
    Prefix(Kind, usize, bool),
    Ping(usize, usize),
    Pong(usize, usize),
    Close(Option<u16>, usize, usize),
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let kind = || prop::sample::select(vec![Kind::Text, Kind::Binary]);
    let len = || prop_oneof![4 => 0usize..20, 1 => 100usize..300];
    let room = || prop_oneof![1 => 0usize..16, 2 => 200usize..400];
    let first = prop::sample::select(vec![0x81u8, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x89, 0x8a, 0x88]);
    let call = prop_oneof![
        1 => prop::collection::vec(any::<u8>(), 0..8).prop_map(Call::Receive),
        6 => (first, prop::collection::vec(0u8..0x80, 0..30)).prop_map(|(first, payload)| Call::Frame(first, payload)),
        1 => Just(Call::Eof),
        4 => room().prop_map(Call::Transmit),
        4 => (0u64..8_000_000).prop_map(Call::Time),
        4 => (kind(), len(), any::<bool>(), room()).prop_map(|(k, l, f, r)| Call::Send(k, l, f, r)),
        3 => (kind(), len(), room()).prop_map(|(k, l, r)| Call::Message(k, l, r)),
        3 => (kind(), len(), any::<bool>()).prop_map(|(k, l, f)| Call::Prefix(k, l, f)),
        2 => (len(), room()).prop_map(|(l, r)| Call::Ping(l, r)),
        2 => (len(), room()).prop_map(|(l, r)| Call::Pong(l, r)),
        1 => (prop::option::of(990u16..5010), len(), room()).prop_map(|(c, l, r)| Call::Close(c, l, r)),
    ];
    prop::collection::vec(call, 0..40)
}

/// Performs `call`; what it wrote, and whether that was refused.
fn perform(connection: &mut Connection, now: &mut Instant, call: &Call, frame: Framer) -> (Vec<u8>, bool) {
    let mut wire = Vec::new();
    let mut refused = false;
    let mut write = |room: usize, act: &mut dyn FnMut(&mut WriteBuf<'_>) -> bool| {
        let mut room = vec![0; room];
        let mut out = WriteBuf::new(&mut room);
        refused = !act(&mut out);
        wire.extend_from_slice(out.written());
    };
    let text = "x".repeat(300);
    match call {
        Call::Receive(bytes) => drop(feed(connection, bytes)),
        Call::Frame(first, payload) => drop(feed(connection, &frame(*first, payload))),
        Call::Eof => drop(connection.receive_eof()),
        Call::Transmit(room) => write(*room, &mut |out| {
            connection.transmit(out);
            true
        }),
        Call::Time(micros) => {
            *now = Instant(now.0 + micros);
            connection.handle_timeout(*now);
        }
        Call::Send(kind, len, fin, room) => {
            write(*room, &mut |out| connection.send(*kind, &text.as_bytes()[..*len], *fin, out).is_ok());
        }
        Call::Message(kind, len, room) => {
            write(*room, &mut |out| connection.send_message(*kind, &text.as_bytes()[..*len], out).is_ok());
        }
        Call::Prefix(kind, len, fin) => match connection.prefix(*kind, *len as u64, *fin) {
            Ok(prefix) => {
                wire.extend_from_slice(&prefix);
                let mut payload = text.as_bytes()[..*len].to_vec();
                connection.mask_payload(&mut payload).unwrap();
                wire.extend(payload);
            }
            Err(_) => refused = true,
        },
        Call::Ping(len, room) => {
            write(*room, &mut |out| connection.ping(&text.as_bytes()[..*len], out).is_ok())
        }
        Call::Pong(len, room) => {
            write(*room, &mut |out| connection.pong(&text.as_bytes()[..*len], out).is_ok())
        }
        Call::Close(code, len, room) => write(*room, &mut |out| {
            connection.close(code.and_then(CloseCode::new), &text[..*len], out).is_ok()
        }),
    }
    (wire, refused)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn in_any_order(calls in calls(), server: bool, tight: bool) {
        let keep_alive = KeepAlive {
            ping_after: core::time::Duration::from_secs(10),
            hang_up_after: core::time::Duration::from_secs(30),
        };
        let limits = if tight {
            Limits { max_frame: 25, max_message: 40, max_fragments: 3, control_burst: 3, control_per_second: 1, ..Limits::default() }
        } else {
            Limits::default()
        };
        let config = Config { keep_alive, limits, ..Config::default() };
        let role = if server { Role::Server } else { Role::Client { mask_seed: [5; 16] } };
        let other = if server { Role::Client { mask_seed: [6; 16] } } else { Role::Server };
        let frame: Framer = if server { from_client } else { from_server };
        let mut connection = Connection::new(role, config);
        let mut reader = Connection::new(other, Config::default());
        let mut now = Instant::from_secs(1);
        let mut outcome: Option<Outcome> = None;
        let mut closes = 0;
        for call in &calls {
            let (mut wire, refused) = perform(&mut connection, &mut now, call, frame);
            prop_assert!(!refused || wire.is_empty(), "{call:?} was refused and wrote");
            prop_assert!(wire.is_empty() || closes == 0, "{call:?} wrote behind a Close frame");
            let mut at = 0;
            while at < wire.len() {
                let step = reader.receive(&mut wire[at..], &mut []).map_err(|e| TestCaseError::fail(e.to_string()))?;
                prop_assert!(step.consumed > 0, "not whole frames");
                at += step.consumed;
                closes += usize::from(matches!(step.event, Some(Event::Close { .. })));
            }
            let wants = connection.wants();
            prop_assert!(!wants.close || !(wants.read || wants.write));
            prop_assert!(wants.close || wants.read || wants.write, "{call:?} left it waiting for nothing");
            prop_assert!(!wants.close || connection.poll_timeout().is_none());
            prop_assert!(outcome.is_none() || connection.outcome() == outcome, "an outcome is final");
            outcome = connection.outcome();
        }
        // whatever happened, time ends it
        for _ in 0..10 {
            let Some(due) = connection.poll_timeout() else { break };
            now = now.max(due.at);
            connection.handle_timeout(now);
        }
        prop_assert!(connection.wants().close && connection.outcome().is_some());
    }
}
