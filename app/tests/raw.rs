//! Connections that do not speak HTTP.

#![allow(clippy::expect_used, clippy::panic, reason = "a test may")]

mod common;

use app::{Fields, Handler, Stream, Writable};
use common::Wire;

/// Sends upper-case letters back.
#[derive(Default)]
struct Shout {
    refuse: bool,
}

impl Handler for Shout {
    type Session = Vec<u8>;
    type Message = ();

    fn raw(&mut self, _: &mut Stream<'_>) -> Option<Vec<u8>> {
        (!self.refuse).then(Vec::new)
    }

    fn body(&mut self, pending: &mut Vec<u8>, data: &mut [u8], stream: &mut Stream<'_>) {
        data.make_ascii_uppercase();
        pending.extend_from_slice(data);
        stream.want_write();
    }

    fn body_end(&mut self, pending: &mut Vec<u8>, _: Fields<'_>, stream: &mut Stream<'_>) {
        pending.extend_from_slice(b"!");
        stream.want_write();
        stream.close();
    }

    fn writable(&mut self, pending: &mut Vec<u8>, out: Writable<'_, '_>, stream: &mut Stream<'_>) {
        let sent = out.body(pending).expect("raw bytes can always be sent");
        pending.drain(..sent);
        if !pending.is_empty() {
            stream.want_write();
        }
    }
}

fn wire(raw_fallback: bool, refuse: bool) -> Wire<Shout> {
    Wire::server(Shout { refuse }, app::Config { raw_fallback, ..app::Config::default() })
}

#[test]
fn bytes_that_are_no_http_reach_the_application_from_the_first_on() {
    let mut wire = wire(true, false);
    assert_eq!(wire.feed(b"PO"), b"", "this could become POST");
    assert_eq!(wire.feed(b"ny "), b"PONY ");
    assert_eq!(wire.feed(b"rides\r\n"), b"RIDES\r\n");
    assert_eq!(wire.eof(), b"!");
    assert!(wire.closed);
}

#[test]
fn http_stays_http() {
    let mut wire = wire(true, false);
    assert_eq!(wire.feed(b"GE"), b"");
    let response = wire.text("T / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert!(response.starts_with("HTTP/1.1 404 "), "{response}");
}

#[test]
fn without_the_fallback_they_are_a_bad_request() {
    let mut wire = wire(false, false);
    assert!(wire.text("PONY\r\n\r\n").starts_with("HTTP/1.1 400 "));
    assert!(wire.closed);
}

#[test]
fn an_application_may_hang_up() {
    let mut wire = wire(true, true);
    assert_eq!(wire.feed(b"\x16\x03\x01"), b"");
    assert!(wire.closed);
}
