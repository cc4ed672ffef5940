//! What a connection that deflates holds, by setting: the table of the README, measured.

#![cfg(feature = "deflate")]
#![allow(unsafe_code, reason = "an allocator that counts")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use common::deflate::{agreement, zeros};
use proto_core::WriteBuf;
use proto_ws::deflate::{Compress, DeflateConfig, Pool};
use proto_ws::{Config, Connection, Error, Event, Kind, Limits, Role, Side};

struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call is the system allocator's, counted.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.with(|held| held.set(held.get() + layout.size() as isize));
        MOST.with(|most| most.set(most.get().max(held())));
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.with(|held| held.set(held.get() - layout.size() as isize));
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn held() -> isize {
    HELD.with(Cell::get)
}

/// A server and its heap bytes: before any message, after one in, after one out.
fn measure(config: DeflateConfig) -> (Connection, [isize; 3]) {
    let config = Config { deflate: Some(agreement(config)), ..Config::default() };
    let (mut scratch, mut room) = (vec![0; 4096], vec![0; 4096]);
    let mut hello = common::from_client(0xc1, b"\xf2\x48\xcd\xc9\xc9\x07\x00");
    let before = held();
    let mut server = Connection::new(Role::Server, config);
    let idle = held() - before;
    assert!(server.receive(&mut hello, &mut scratch).unwrap().event.is_some());
    let received = held() - before;
    let text = [b'a'; 1000];
    let mut out = WriteBuf::new(&mut room);
    server.send_message_with(Compress::Always, Kind::Text, &text, &mut out).unwrap();
    assert_eq!(out.written()[0], 0xc1);
    (server, [idle, received, held() - before])
}

#[test]
fn bytes_by_setting() {
    println!("| windows | mem_level | idle | after a message in | and one out |");
    for (bits, mem_level) in [(15, 9), (15, 8), (15, 4), (15, 1), (12, 8), (12, 4), (9, 8), (9, 1)] {
        let config = DeflateConfig {
            server_max_window_bits: bits,
            client_max_window_bits: bits,
            mem_level,
            ..DeflateConfig::default()
        };
        let (_, [idle, received, sent]) = measure(config);
        println!("| {bits} | {mem_level} | {idle} | {received} | {sent} |");
        // what is promised before the connection begins holds, and is not far off
        let promised = config.memory(Side::Server) as isize;
        let kept = sent - idle;
        assert!(idle < 600 && kept <= promised && promised < kept + kept / 8 + 4096, "{kept} of {promised}");
    }
    let (_, [idle, received, sent]) = measure(DeflateConfig::default().without_takeover());
    println!("| no context takeover | | {idle} | {received} | {sent} |");
    assert_eq!([received, sent], [idle; 2]);
}

#[test]
fn messages_allocate_nothing_once_it_is_there() {
    for config in [DeflateConfig::default(), DeflateConfig::default().without_takeover()] {
        let (mut server, _) = measure(config);
        let mut pool = Pool::new(1 << 20);
        let (mut scratch, mut room) = (vec![0; 4096], vec![0; 4096]);
        let hello = common::from_client(0xc1, b"\xf2\x48\xcd\xc9\xc9\x07\x00");
        let (mut input, text) = (hello.clone(), [b'a'; 1000]);
        let mut warm = 0;
        for round in 0..20 {
            input.copy_from_slice(&hello);
            pool.lend(&mut server);
            assert!(server.receive(&mut input, &mut scratch).unwrap().event.is_some());
            let mut out = WriteBuf::new(&mut room);
            server.send_message(Kind::Text, &text, &mut out).unwrap();
            assert_eq!(out.written()[0], 0xc1);
            pool.reclaim(&mut server);
            if round == 2 {
                warm = ALLOCATIONS.with(Cell::get);
            }
        }
        assert_eq!(ALLOCATIONS.with(Cell::get), warm);
    }
}

/// 1 GB of zeros compressed to about 1 MB is stopped at the cap with close code 1009, in bounded memory.
#[test]
fn a_gigabyte_of_zeros_in_a_megabyte() {
    const GIB: usize = 1 << 30;
    const MIB: usize = 1 << 20;
    let bomb = common::from_client(0xc2, &zeros(GIB / MIB));
    assert!((MIB..MIB + MIB / 8).contains(&bomb.len()), "{}", bomb.len());
    let cap = 16 * MIB;
    let capped = Limits { max_message: cap as u32, max_expansion: Limits::UNLIMITED, ..Limits::default() };
    for (limits, told_at_most, fault) in [
        (capped, cap, Error::MessageTooLarge),
        // and without a cap on messages, by how much they expand
        (Limits::default(), 10 * MIB, Error::Expansion),
    ] {
        let deflate = Some(agreement(DeflateConfig::default()));
        let (mut scratch, mut input) = (vec![0; 64 * 1024], Vec::with_capacity(2 * 16 * 1024));
        let before = held();
        MOST.with(|most| most.set(before));
        let mut server = Connection::new(Role::Server, Config { deflate, limits, ..Config::default() });
        let (mut told, mut taken, mut error) = (0, 0, None);
        'reads: for read in bomb.chunks(16 * 1024) {
            input.extend_from_slice(read);
            loop {
                let step = match server.receive(&mut input, &mut scratch) {
                    Ok(step) => step,
                    Err(fault) => {
                        error = Some(fault);
                        break 'reads;
                    }
                };
                let (consumed, quiet) = (step.consumed, step.event.is_none());
                if let Some(Event::Data(data)) = step.event {
                    assert!(data.payload.iter().all(|&byte| byte == 0));
                    told += data.payload.len();
                }
                taken += consumed;
                input.drain(..consumed);
                if quiet {
                    break;
                }
            }
        }
        assert_eq!(error, Some(fault));
        assert!(told <= told_at_most && taken < bomb.len() / 32, "{told} of {taken}");
        if fault == Error::MessageTooLarge {
            assert_eq!(told, cap);
        }
        let mut room = [0; 100];
        let mut out = WriteBuf::new(&mut room);
        server.transmit(&mut out);
        assert_eq!(out.written(), b"\x88\x02\x03\xf1", "a Close frame with 1009");
        // the connection and its inflater, whatever came
        let most = MOST.with(Cell::get) - before;
        assert!(most < 50 * 1024, "{most} bytes");
    }
}
