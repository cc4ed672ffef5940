//! Messages that come with a turn to write.

#![allow(clippy::expect_used, clippy::panic, reason = "a test may")]

mod common;

use app::{Handler, Kind, Message, Request, Stream, Writable};
use common::Wire;

/// Sends every message back: in turn where it can, otherwise from a copy.
#[derive(Default)]
struct Mirror {
    told: Vec<String>,
    /// Asks for turns of its own, too, and never uses them.
    idle: bool,
}

impl Handler for Mirror {
    type Session = Vec<u8>;
    type Message = ();

    fn request(&mut self, request: &Request<'_>, stream: &mut Stream<'_>) -> Option<Vec<u8>> {
        request.websocket()?.ok()?.accept(None, stream);
        Some(Vec::new())
    }

    fn message(&mut self, session: &mut Vec<u8>, message: Message<'_>, stream: &mut Stream<'_>) {
        self.told.push(format!("message of {}", message.payload.len()));
        session.extend_from_slice(message.payload);
        stream.want_write();
    }

    fn message_in_turn(
        &mut self,
        _: &mut Vec<u8>,
        message: Message<'_>,
        out: Writable<'_, '_>,
        stream: &mut Stream<'_>,
    ) {
        self.told.push(format!(
            "in turn {}, room {}",
            message.payload.len(),
            out.room() >= message.payload.len()
        ));
        out.whole_message(message.kind, message.payload).expect("there is room for as much");
        if self.idle {
            stream.want_write();
        }
    }

    fn writable(&mut self, session: &mut Vec<u8>, out: Writable<'_, '_>, stream: &mut Stream<'_>) {
        if self.idle || out.whole_message(Kind::Binary, session).is_err() {
            stream.want_write();
        } else {
            session.clear();
        }
    }
}

fn opened(handler: Mirror) -> Wire<Mirror> {
    let mut wire = Wire::server(handler, app::Config::default());
    let response = wire.text(
        "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    );
    assert!(response.starts_with("HTTP/1.1 101 "), "{response}");
    wire
}

/// A frame whose key is zero.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = match payload.len() {
        len @ ..126 => vec![0x80 | len as u8],
        len => vec![0xfe, (len >> 8) as u8, len as u8],
    };
    [&[first], &length[..], &[0; 4], payload].concat()
}

#[test]
fn a_whole_message_is_answered_while_it_is_there() {
    let mut wire = opened(Mirror::default());
    let input = [frame(0x82, b"one"), frame(0x89, b"ping"), frame(0x81, b"two")].concat();
    assert_eq!(wire.feed(&input), b"\x82\x03one\x8a\x04ping\x81\x03two");
    assert_eq!(wire.app.handler().told, ["in turn 3, room true"; 2]);
}

#[test]
fn pieces_come_without_a_turn() {
    let mut wire = opened(Mirror::default());
    assert_eq!(wire.feed(&frame(0x02, b"one")), b"\x82\x03one");
    assert_eq!(wire.feed(&frame(0x80, b"two")), b"\x82\x03two");
    let cut = frame(0x82, b"three");
    assert_eq!(wire.feed(&cut[..9]), b"\x82\x03thr");
    assert_eq!(wire.feed(&cut[9..]), b"\x82\x02ee");
    let told = ["message of 3", "message of 3", "message of 3", "message of 2"];
    assert_eq!(wire.app.handler().told, told);
}

#[test]
fn who_waits_for_a_turn_is_not_given_another_before_that() {
    let mut wire = opened(Mirror { idle: true, ..Mirror::default() });
    let input = [frame(0x82, b"one"), frame(0x82, b"two")].concat();
    assert_eq!(wire.feed(&input), b"\x82\x03one");
    assert_eq!(wire.app.handler().told, ["in turn 3, room true", "message of 3"]);
}

#[test]
fn a_message_that_there_is_no_room_for_comes_without_a_turn() {
    let message = vec![7; 2_000];
    for (room, told) in [(2_000 + 1_024, "in turn 2000, room true"), (2_000 + 1_023, "message of 2000")] {
        let mut wire = opened(Mirror::default());
        wire.room = room;
        let answer = wire.feed(&frame(0x82, &message));
        assert_eq!(answer, [b"\x82\x7e\x07\xd0", &message[..]].concat());
        assert_eq!(wire.app.handler().told, [told]);
    }
}
