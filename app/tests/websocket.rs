//! From the upgrade request to the closing handshake, on the server's side.

#![allow(clippy::expect_used, clippy::panic, reason = "a test may")]

mod common;

use app::{End, Handler, Kind, Message, MessageEnd, Request, Stream, Writable};
use common::Wire;
use std::time::Duration;

/// Echoes whole pieces, joins the subprotocol `chat` when it is offered.
#[derive(Default)]
struct Echo {
    told: Vec<String>,
}

#[derive(Default)]
struct Session {
    pending: Option<(Kind, Vec<u8>, bool)>,
}

impl Handler for Echo {
    type Session = Session;
    type Message = ();

    fn request(&mut self, request: &Request<'_>, stream: &mut Stream<'_>) -> Option<Session> {
        match request.websocket()? {
            Ok(upgrade) => upgrade.accept(upgrade.protocols().find(|name| *name == "chat"), stream),
            Err(refusal) => {
                refusal.answer(stream);
                return None;
            }
        }
        Some(Session::default())
    }

    fn opened(&mut self, _: &mut Session, protocol: Option<&str>, _: &mut Stream<'_>) {
        self.told.push(format!("opened {protocol:?}"));
    }

    fn message(&mut self, session: &mut Session, message: Message<'_>, stream: &mut Stream<'_>) {
        let last = message.end == MessageEnd::Message;
        session.pending = Some((message.kind, message.payload.to_vec(), last));
        stream.hold();
        stream.want_write();
    }

    fn pong(&mut self, _: &mut Session, payload: &[u8], _: &mut Stream<'_>) {
        self.told.push(format!("pong {}", payload.escape_ascii()));
    }

    fn peer_closing(&mut self, _: &mut Session, code: Option<u16>, reason: &str, _: &mut Stream<'_>) {
        self.told.push(format!("closing {code:?} {reason}"));
    }

    fn writable(&mut self, session: &mut Session, out: Writable<'_, '_>, stream: &mut Stream<'_>) {
        let Some((kind, payload, last)) = &mut session.pending else { return };
        match out.message(*kind, payload, *last) {
            Ok(sent) if sent == payload.len() => {
                session.pending = None;
                stream.resume();
            }
            Ok(sent) => {
                payload.drain(..sent);
                stream.want_write();
            }
            Err(app::SendError::Full) => stream.want_write(),
            Err(error) => panic!("{error}"),
        }
    }

    fn closed(&mut self, _: Session, end: End) {
        self.told.push(format!("{end:?}"));
    }
}

/// The example of RFC 6455 §1.3.
fn upgrade(fields: &str) -> String {
    format!(
        "GET /chat HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{fields}\r\n"
    )
}

/// A masked frame as a client sends it.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let key = [1, 2, 3, 4];
    let mut frame = vec![first];
    match payload.len() {
        len @ ..126 => frame.push(0x80 | len as u8),
        len => frame.extend([0xfe, (len >> 8) as u8, len as u8]),
    }
    frame.extend(key);
    frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

fn wire() -> Wire<Echo> {
    Wire::server(Echo::default(), app::Config::default())
}

fn opened() -> Wire<Echo> {
    let mut wire = wire();
    let response = wire.text(upgrade(""));
    assert!(response.starts_with("HTTP/1.1 101 "), "{response}");
    wire
}

#[test]
fn the_answer_of_the_rfc() {
    let mut wire = wire();
    let response = wire.text(upgrade("Sec-WebSocket-Protocol: superchat, chat\r\n"));
    let head = response.to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 101 switching protocols\r\n"), "{head}");
    for line in ["upgrade: websocket", "connection: upgrade", "sec-websocket-protocol: chat"] {
        assert!(head.lines().any(|found| found == line), "{line} in {head}");
    }
    assert!(response.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{response}");
    assert!(response.ends_with("\r\n\r\n"), "no body: {response}");
    assert_eq!(wire.app.handler().told, ["opened Some(\"chat\")"]);
}

#[test]
fn frames_that_come_with_the_request_are_not_lost() {
    let bytes = [upgrade("").as_bytes(), &frame(0x81, b"early"), &frame(0x89, b"p")].concat();
    for cut in 0..bytes.len() {
        let mut wire = wire();
        let mut sent = wire.feed(&bytes[..cut]);
        sent.extend(wire.feed(&bytes[cut..]));
        let frames = sent.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4);
        let (echo, pong) = payloads(&sent[frames.expect("a head")..]);
        assert_eq!((&*echo, &*pong), (&b"early"[..], &b"p"[..]), "cut at {cut}");
    }
}

/// The payloads of small unmasked frames: of data frames together, and of pongs.
fn payloads(mut frames: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (mut data, mut pongs) = (Vec::new(), Vec::new());
    while let [first, len, rest @ ..] = frames {
        let (payload, rest) = rest.split_at(usize::from(*len));
        let to = if first & 0x0f == 10 { &mut pongs } else { &mut data };
        to.extend_from_slice(payload);
        frames = rest;
    }
    (data, pongs)
}

#[test]
fn many_small_messages_leave_in_one_turn() {
    let mut wire = opened();
    let messages = frame(0x81, b"hello").repeat(100);
    assert_eq!(wire.feed(&messages), b"\x81\x05hello".repeat(100));
}

#[test]
fn a_large_message_streams_through_little_room() {
    let mut wire = opened();
    wire.room = 3_000;
    let payload = (0..60_000_u32).map(|n| n as u8).collect::<Vec<_>>();
    let sent = wire.feed(&frame(0x82, &payload));
    let mut echoed = Vec::new();
    let mut rest = &sent[..];
    let mut last = false;
    while let [first, len, tail @ ..] = rest {
        assert!(!last, "nothing after the last fragment");
        assert_eq!(first & 0x0f, if echoed.is_empty() { 2 } else { 0 });
        last = first & 0x80 != 0;
        let (len, tail) = match len {
            126 => (usize::from(tail[0]) << 8 | usize::from(tail[1]), &tail[2..]),
            len => (usize::from(*len), tail),
        };
        echoed.extend_from_slice(&tail[..len]);
        rest = &tail[len..];
    }
    assert!(last);
    assert_eq!(echoed, payload);
}

#[test]
fn the_closing_handshake() {
    let mut wire = opened();
    assert_eq!(wire.feed(&frame(0x88, b"\x03\xe9bye")), b"\x88\x02\x03\xe9");
    assert!(wire.closed, "the server closes first");
    assert_eq!(wire.app.handler().told, ["opened None", "closing Some(1001) bye", "WebSocket(Some(1001))"]);
}

#[test]
fn a_fault_is_answered_with_its_code() {
    let mut wire = opened();
    assert_eq!(wire.feed(&frame(0x81, b"\xff")), b"\x88\x02\x03\xef"); // 1007
    assert!(wire.closed);
    assert_eq!(wire.app.handler().told, ["opened None", "WebSocketFault(InvalidUtf8)"]);
}

#[test]
fn a_lost_peer_is_noticed() {
    let mut wire = opened();
    wire.eof();
    assert!(wire.closed);
    assert_eq!(wire.app.handler().told, ["opened None", "WebSocketFault(TransportEnded)"]);
}

#[test]
fn a_draining_server_says_goodbye_and_does_not_wait_for_ever() {
    let mut wire = opened();
    assert_eq!(wire.drain(), b"\x88\x0c\x03\xe9going away");
    assert!(!wire.closed);
    wire.sleep(Duration::from_secs(20));
    assert!(wire.closed);
    assert_eq!(wire.app.handler().told, ["opened None", "WebSocketFault(CloseTimeout)"]);
}

#[test]
fn a_silent_peer_is_pinged_and_then_given_up() {
    let mut wire = opened();
    assert_eq!(wire.sleep(Duration::from_secs(299)), b"");
    let ping = wire.sleep(Duration::from_secs(2));
    assert_eq!(ping.first(), Some(&0x89));
    wire.feed(&frame(0x8a, &ping[2..]));
    assert_eq!(wire.sleep(Duration::from_secs(290)), b"", "the pong was a sign of life");
    wire.sleep(Duration::from_secs(60));
    assert!(wire.closed);
    assert_eq!(wire.app.handler().told, ["opened None", "pong ", "WebSocketFault(Silent)"]);
}

#[test]
fn what_is_no_handshake_is_refused() {
    for (request, status) in [
        (upgrade("").replace("Version: 13", "Version: 8"), "426"),
        (upgrade("").replace("dGhlIHNhbXBsZSBub25jZQ==", "short"), "400"),
        (upgrade("").replace("GET", "POST"), "405"),
    ] {
        let mut wire = wire();
        let response = wire.text(&request);
        assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{response}");
        if status == "426" {
            let head = response.to_ascii_lowercase();
            assert!(
                head.contains("\r\nsec-websocket-version: 13\r\n")
                    && head.contains("\r\nupgrade: websocket\r\n")
            );
        }
        assert!(wire.app.handler().told.is_empty());
    }
}
