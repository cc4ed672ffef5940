//! What a connection costs, and that messages cost nothing.

#![allow(unsafe_code, reason = "an allocator that counts")]

mod common;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use common::*;
use proto_core::{Instant, WriteBuf};
use proto_ws::{Config, Connection, Data, Error, Event, Kind, MessageAssembler, Role};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call is the system allocator's, counted.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations() -> usize {
    ALLOCATIONS.with(Cell::get)
}

#[test]
fn sizes() {
    let connection = size_of::<Connection>();
    assert!(connection <= if cfg!(feature = "alloc") { 128 } else { 320 }, "{connection}");
    assert!(size_of::<Error>() == 1);
    assert!(size_of::<Data<'_>>() <= 32);
}

#[test]
fn a_seed_is_not_printed() {
    let client = Connection::new(Role::Client { mask_seed: [0xab; 16] }, Config::default());
    let printed = format!("{client:?} {:?}", Role::Client { mask_seed: [0xab; 16] });
    assert!(!printed.contains("171") && !printed.contains(&0xabab_abab_abab_abab_u64.to_string()));
}

#[test]
fn traffic_allocates_nothing() {
    for (mut connection, frame) in both() {
        let input = [
            frame(0x81, b"short"),
            frame(0x82, &[1; 1000]),
            frame(0x01, "frag ✓".as_bytes()),
            frame(0x89, b"ping"),
            frame(0x80, "ment ✓".as_bytes()),
            frame(0x8a, b""),
        ]
        .concat();
        let mut buffer = input.clone();
        let mut room = vec![0; 4096];
        let mut messages = MessageAssembler::default();
        let mut warm = 0;
        for round in 0..50u64 {
            buffer.copy_from_slice(&input);
            connection.handle_timeout(Instant::from_secs(round));
            // whole, and in pieces of 1 to 40 bytes over the unconsumed rest
            let piece = if round % 2 == 0 { buffer.len() } else { 1 + (round as usize % 40) };
            let (mut start, mut end) = (0, 0);
            while end < buffer.len() {
                end = (end + piece).min(buffer.len());
                let mut out = WriteBuf::new(&mut room);
                loop {
                    let step = connection.receive(&mut buffer[start..end], &mut []).unwrap();
                    start += step.consumed;
                    match step.event {
                        None => break,
                        Some(Event::Data(data)) => drop(messages.push(data).unwrap()),
                        Some(_) => connection.transmit(&mut out),
                    }
                }
                connection.transmit(&mut out);
                connection.send_message(Kind::Text, b"answer", &mut out).unwrap();
                connection.ping(b"?", &mut out).unwrap();
            }
            if round == 9 {
                warm = allocations();
            }
        }
        assert_eq!(allocations(), warm);
    }
}

#[test]
fn a_server_allocates_once_to_answer_its_first_ping() {
    let before = allocations();
    let mut server = server();
    let mut ping = *b"\x89\x80\0\0\0\0";
    assert!(server.receive(&mut ping, &mut []).unwrap().event.is_some());
    assert_eq!(allocations(), before + usize::from(cfg!(feature = "alloc")));
}
