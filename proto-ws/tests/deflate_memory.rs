//! What a connection that deflates holds, by setting: the table of the README, measured.

#![cfg(feature = "deflate")]
#![allow(unsafe_code, reason = "an allocator that counts")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use proto_core::WriteBuf;
use proto_ws::deflate::{Compress, DeflateConfig, Pool};
use proto_ws::handshake::Extensions;
use proto_ws::{Config, Connection, Kind, Role, Side};

struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call is the system allocator's, counted.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.with(|held| held.set(held.get() + layout.size() as isize));
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
    let offer = b"permessage-deflate; client_max_window_bits";
    let agreement = config.accept(Extensions::new(offer).flatten()).unwrap();
    let config = Config { deflate: Some(agreement), ..Config::default() };
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
