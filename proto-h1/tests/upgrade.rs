//! The server: switching to another protocol, and tunnels.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
use common::{Wire, written};
use proto_core::{SendError, Wants};
use proto_h1::{BodyLength, CloseReason, Config, Field, ResponseHead};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const PAUSE: Wants = Wants { read: false, write: false, close: false };

fn server() -> Wire<proto_h1::Server> {
    Wire::server(Config::default())
}

/// A server that has received `request` to its end.
fn asked(request: &str) -> Wire<proto_h1::Server> {
    let mut wire = server();
    let (events, error) = wire.feed_all(request);
    assert_eq!((events.last().map(String::as_str), error), (Some("end"), None));
    wire
}

fn head(status: u16, body: BodyLength) -> ResponseHead<'static> {
    ResponseHead::new(status, &[], body)
}

#[test]
fn an_upgrade_hands_over_behind_the_request() {
    let request =
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n";
    let upgrade = [Field::new("Upgrade", "websocket")];
    let switch = ResponseHead::new(101, &upgrade, BodyLength::None);
    let mut wire = server();
    assert_eq!(wire.feed(format!("{request}\x01raw")).unwrap().unwrap(), "request GET");
    let sent = written(|out| wire.codec.send_head(&switch, out).unwrap());
    assert_eq!(sent, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    assert_eq!(wire.feed_all("").0, ["end", "upgraded"]);
    assert_eq!((wire.codec.wants(), &wire.input[..]), (PAUSE, &b"\x01raw"[..]));
    assert_eq!(wire.codec.close_reason(), Some(CloseReason::Upgraded));
    assert_eq!(wire.codec.receive_eof(), Ok(None));

    let mut room = [0; 256];
    let mut out = proto_core::WriteBuf::new(&mut room);
    assert_eq!(asked(GET).codec.send_head(&switch, &mut out), Err(SendError::Misuse), "nobody asked");
    let mut wire = asked(request);
    let nameless = head(101, BodyLength::None);
    assert_eq!(wire.codec.send_head(&nameless, &mut out), Err(SendError::Misuse), "which protocol?");
    assert!(out.is_empty());
    assert!(wire.ok().starts_with("HTTP/1.1 200"), "an upgrade may be ignored");
    assert!(wire.codec.next_request());
    let old = "GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
    assert_eq!(asked(old).codec.send_head(&switch, &mut out), Err(SendError::Misuse));
}

#[test]
fn an_upgrade_waits_for_the_body() {
    let request =
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\nContent-Length: 2\r\n\r\n";
    let upgrade = [Field::new("Upgrade", "x")];
    let switch = ResponseHead::new(101, &upgrade, BodyLength::None);
    let mut wire = server();
    assert_eq!(wire.feed(request).unwrap().unwrap(), "request POST");
    let mut room = [0; 256];
    let mut out = proto_core::WriteBuf::new(&mut room);
    assert_eq!(wire.codec.send_head(&switch, &mut out), Err(SendError::Misuse));
    assert_eq!(wire.feed_all("ab").0, ["body ab", "end"]);
    wire.codec.send_head(&switch, &mut out).unwrap();
    assert_eq!(wire.feed_all("raw").0, ["upgraded"]);
    assert_eq!(wire.input, b"raw");
}

#[test]
fn connect_becomes_a_tunnel_or_is_refused() {
    let request = "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n";
    let mut wire = asked(request);
    assert_eq!(
        written(|out| wire.codec.send_head(&head(200, BodyLength::None), out).unwrap()),
        "HTTP/1.1 200 OK\r\n\r\n"
    );
    assert_eq!(wire.feed_all("\x16\x03").0, ["upgraded"]);
    assert_eq!(wire.input, b"\x16\x03");
    let mut wire = asked(request);
    assert!(wire.answer(&head(502, BodyLength::None), b"").contains("Content-Length: 0"));
    assert!(wire.codec.next_request());
}

#[test]
fn who_sends_upgrade_names_it_in_connection() {
    let upgrade = [Field::new("upgrade", "websocket")];
    for (request, connection) in [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "Connection: Upgrade\r\n"),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "Connection: close, Upgrade\r\n"),
        ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "Connection: keep-alive, Upgrade\r\n"),
    ] {
        let mut wire = asked(request);
        let head = ResponseHead::new(426, &upgrade, BodyLength::None);
        assert!(wire.answer(&head, b"").contains(connection), "{request}");
    }
}
