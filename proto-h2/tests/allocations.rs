//! What a connection costs: no allocation once it is warm, and how much memory while it is idle.
#![allow(clippy::unwrap_used, clippy::panic)]
#![allow(unsafe_code)]

mod common;
use common::*;
use proto_core::WriteBuf;
use proto_h2::hpack::Field;
use proto_h2::{Config, Connection, Event, StreamId};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

std::thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: everything is passed on to the system's allocator; counting touches no memory it manages.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps to the contract of `alloc`, which is the same.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn allocations() -> usize {
    ALLOCATIONS.with(Cell::get)
}

/// Moves everything from one end to the other; the server answers each request with 100 octets.
fn exchange(
    client: &mut Connection,
    server: &mut Connection,
    buffers: &mut [Vec<u8>; 4],
    done: &mut [StreamId; 16],
) -> usize {
    let [up, down, scratch, body] = buffers;
    let mut complete = 0;
    for _ in 0..8 {
        let mut out = WriteBuf::new(up);
        client.transmit(&mut out);
        if complete == 0 {
            while let Ok(id) = client.open(
                GET.map(|(name, value)| Field::new(name.as_bytes(), value.as_bytes())),
                true,
                &mut out,
            ) {
                if id.value() / 2 % 16 == 15 {
                    break;
                }
            }
        }
        let mut len = out.len();
        let (mut at, mut requests) = (0, 0);
        let mut out = WriteBuf::new(down);
        loop {
            let step = server.receive(&mut up[at..len], scratch).unwrap();
            let told = step.event.is_some();
            at += step.consumed;
            if let Some(Event::Headers { id, .. }) = step.event {
                done[requests] = id;
                requests += 1;
            }
            server.transmit(&mut out);
            if !told {
                break;
            }
        }
        for &id in &done[..requests] {
            server
                .send_head(id, [Field::new(b":status", b"200"), Field::new(b"server", b"x")], false, &mut out)
                .unwrap();
            server.want_send(id);
        }
        while let Some(grant) = server.next_writable() {
            assert_eq!(server.send_data(grant.id, &body[..100], true, &mut out), Ok(100));
        }
        len = out.len();
        at = 0;
        loop {
            let step = client.receive(&mut down[at..len], scratch).unwrap();
            let told = step.event.is_some();
            at += step.consumed;
            complete += usize::from(matches!(step.event, Some(Event::Data { end: true, .. })));
            if !told {
                break;
            }
        }
    }
    complete
}

#[test]
fn none_per_request_once_warm() {
    let mut client = Connection::client(Config::default());
    let mut server = Connection::server(Config::default());
    let mut buffers = [vec![0; 65_536], vec![0; 65_536], vec![0; 65_536], vec![7; 100]];
    let mut done = [stream_id(1); 16];
    for _ in 0..4 {
        exchange(&mut client, &mut server, &mut buffers, &mut done);
    }
    let before = allocations();
    let mut complete = 0;
    for _ in 0..50 {
        complete += exchange(&mut client, &mut server, &mut buffers, &mut done);
    }
    assert_eq!((allocations() - before, client.streams(), server.streams()), (0, 0, 0));
    assert!(complete >= 50 * 16, "{complete}");
}

#[test]
fn memory_of_an_idle_connection_and_of_a_stream() {
    let mut under = Under::server();
    let inline = size_of::<Connection>();
    let idle = inline + under.codec.heap_size();
    for nth in 0..64 {
        under.feed(&headers(nth * 2 + 1, &POST, false));
    }
    let per_stream = (inline + under.codec.heap_size() - idle) / 64;
    println!("an idle connection: {idle} bytes ({inline} without heap); a stream: {per_stream} bytes");
    assert!(idle <= 6 * 1024 && per_stream <= 256, "{idle} and {per_stream}");
}
