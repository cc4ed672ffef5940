//! Nothing is allocated, from the first byte of a connection on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use proto_core::{Instant, WriteBuf};
use proto_h1::{BodyLength, Client, Config, Event, Field, RequestHead, ResponseHead, Server};

struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

#[allow(unsafe_code)]
// SAFETY: every call is passed on to the system allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn no_exchange_allocates() {
    let (mut up, mut down) = ([0; 4096], [0; 4096]);
    let before = COUNT.get();
    let mut client = Client::new(Config::default());
    let mut server = Server::new(Config::default());
    let fields = [Field::new("Accept", "*/*"), Field::new("Connection", "x")];
    for round in 0..10 {
        client.handle_timeout(Instant::from_secs(round));
        server.handle_timeout(Instant::from_secs(round));
        let mut out = WriteBuf::new(&mut up);
        let head = RequestHead::new(b"POST", b"/path?query", b"example.com", &fields);
        client.send_head(&head.with_body(BodyLength::Chunked), &mut out).unwrap();
        client.send_body(b"hello", &mut out).unwrap();
        client.finish(&[Field::new("X", "y")], &mut out).unwrap();
        let sent = out.len();

        let mut out = WriteBuf::new(&mut down);
        // Once whole, once in two pieces.
        let mut at = 0;
        let mut end = if round % 2 == 0 { sent } else { 20 };
        loop {
            let step = server.receive(&mut up[at..end], &mut []).unwrap();
            at += step.consumed;
            match step.event {
                Some(Event::Request(request)) => assert_eq!(request.fields.list("connection").count(), 1),
                Some(Event::Body(bytes)) => assert_eq!(bytes, b"hello"),
                Some(Event::End { trailers }) => break assert_eq!(trailers.len(), 1),
                Some(_) => unreachable!(),
                None => end = sent,
            }
        }
        server.send_head(&ResponseHead::new(200, &fields, BodyLength::Known(5)), &mut out).unwrap();
        server.send_body(b"world", &mut out).unwrap();
        server.finish(&[], &mut out).unwrap();
        assert!(server.next_request());

        let (mut at, sent) = (0, out.len());
        while !client.response_complete() {
            at += client.receive(&mut down[at..sent], &mut []).unwrap().consumed;
        }
        assert!(client.next_request());
    }
    assert!(server.receive(&mut *b"GET / HTTP/9.9\r\n".to_owned().as_mut_slice(), &mut []).is_err());
    server.transmit(&mut WriteBuf::new(&mut down));
    assert_eq!(COUNT.get() - before, 0);
}
