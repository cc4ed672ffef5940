//! A limit that ends a connection is told with the end of its stream, and counted.
#![allow(clippy::expect_used, clippy::panic, reason = "a test may")]

mod common;

use std::time::Duration;

use app::{
    Address, App, ClientRole, Config, Counters, End, Handler, Limit, Request, Stream, Target, WebSocket,
    Writable,
};
use common::Wire;

/// Answers nothing, accepts what asks for a WebSocket, and remembers how it ended.
#[derive(Default)]
struct Patient {
    end: Option<End>,
}

impl Handler for Patient {
    type Session = ();
    type Message = ();

    fn request(&mut self, request: &Request<'_>, stream: &mut Stream<'_>) -> Option<()> {
        if let Some(Ok(upgrade)) = request.websocket() {
            upgrade.accept(None, stream);
        }
        Some(())
    }

    fn raw(&mut self, _: &mut Stream<'_>) -> Option<()> {
        Some(())
    }

    fn writable(&mut self, (): &mut (), _: Writable<'_, '_>, _: &mut Stream<'_>) {}

    fn closed(&mut self, (): (), end: End) {
        self.end = Some(end);
    }
}

/// Limits that a short input reaches.
fn config() -> Config {
    let mut config = Config { raw_fallback: true, ..Config::default() };
    config.http1.limits.body = 10;
    config.http1.limits.head = 300;
    config.http1.limits.target = 20;
    config.http1.limits.fields = 8;
    config.http1.limits.extension_line = 6;
    config.http1.limits.trailers = 30;
    config.websocket.limits.max_frame = 20;
    config.websocket.limits.max_message = 30;
    config.websocket.limits.max_fragments = 3;
    config.websocket.limits.control_burst = 2;
    config
}

const CHUNKED: &str = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
const UPGRADE: &str = "GET /chat HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// A frame of a client with a masking key of zeros.
fn frame(first: u8, len: usize) -> Vec<u8> {
    [&[first, 0x80 | len as u8, 0, 0, 0, 0][..], &vec![b'x'; len]].concat()
}

/// Feeds `input`, waits, and says which limits were counted, and which one the session was told.
fn fired(input: &[u8], wait: Duration) -> (Vec<Limit>, Option<Limit>) {
    let config = config();
    let counters = config.counters.clone();
    let mut wire = Wire::server(Patient::default(), config);
    wire.feed(input);
    wire.sleep(wait);
    if !wire.closed {
        wire.cut(app::Closed::Reset);
    }
    (counted(&counters), wire.app.handler().end.and_then(End::limit))
}

fn counted(counters: &Counters) -> Vec<Limit> {
    let limits = counters.all().filter(|(_, count)| *count > 0);
    limits.inspect(|(_, count)| assert_eq!(*count, 1)).map(|(limit, _)| limit).collect()
}

#[test]
fn what_a_peer_sends_too_much_of() {
    let socket = |frames: &[Vec<u8>]| [UPGRADE.as_bytes(), &frames.concat()].concat();
    let text = |text: String| text.into_bytes();
    let head = |rest: &str| text(format!("GET / HTTP/1.1\r\nHost: h\r\n{rest}\r\n"));
    let fits = [
        text("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n0123456789".into()),
        head(&format!("A: {}\r\n", "a".repeat(300 - 32))),
        text(format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "t".repeat(19))),
        head(&"A: a\r\n".repeat(7)),
        text(format!("{CHUNKED}1;abcde\r\nx\r\n0\r\n\r\n")),
        text(format!("{CHUNKED}0\r\nA: {}\r\n\r\n", "a".repeat(30 - 7))),
        socket(&[frame(0x82, 20)]),
        socket(&[frame(0x02, 20), frame(0x80, 10)]),
        socket(&[frame(0x02, 1), frame(0x00, 1), frame(0x80, 1)]),
        socket(&[frame(0x89, 0), frame(0x89, 0)]),
    ];
    for input in fits {
        assert_eq!(fired(&input, Duration::ZERO), (vec![], None), "{}", input.escape_ascii());
    }
    for (input, limit) in [
        (text("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n".into()), Limit::Body),
        (head(&format!("A: {}\r\n", "a".repeat(300 - 31))), Limit::Head),
        (text(format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "t".repeat(20))), Limit::Target),
        (head(&"A: a\r\n".repeat(8)), Limit::Fields),
        (text(format!("{CHUNKED}1;abcdef\r\nx\r\n0\r\n\r\n")), Limit::Extensions),
        (text(format!("{CHUNKED}0\r\nA: {}\r\n\r\n", "a".repeat(30 - 6))), Limit::Trailers),
        (socket(&[frame(0x82, 21)]), Limit::MaxFrame),
        (socket(&[frame(0x02, 20), frame(0x80, 11)]), Limit::MaxMessage),
        (socket(&[frame(0x02, 1), frame(0x00, 1), frame(0x00, 1), frame(0x80, 1)]), Limit::MaxFragments),
        (socket(&[frame(0x89, 0), frame(0x89, 0), frame(0x89, 0)]), Limit::Control),
    ] {
        let (counted, told) = fired(&input, Duration::ZERO);
        assert_eq!(counted, [limit], "{}", input.escape_ascii());
        // A request that is refused for its head has no stream that could be told.
        assert!(told == Some(limit) || told.is_none(), "{told:?}");
    }
}

#[test]
fn what_a_peer_is_too_slow_with() {
    let seconds = Duration::from_secs;
    let just_before = |seconds: u64| Duration::from_micros(seconds * 1_000_000 - 1);
    for (input, due, limit) in [
        (&b"GET / HT"[..], 10, Limit::HeadTimeout),
        (b"", 10, Limit::IdleTimeout),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n", 5, Limit::BodyRate),
        (b"\x16\x03\x01 raw", 300, Limit::RawIdleTimeout),
        (UPGRADE.as_bytes(), 310, Limit::HangUpAfter),
        (&[UPGRADE.as_bytes(), &frame(0x82, 21)].concat(), 0, Limit::MaxFrame),
    ] {
        if due > 0 {
            assert_eq!(fired(input, just_before(due)).0, [], "{}", input.escape_ascii());
        }
        assert_eq!(fired(input, seconds(due)).0, [limit], "{}", input.escape_ascii());
    }
}

#[test]
fn an_opening_handshake_has_ten_seconds_from_the_connection() {
    for (wait, limits) in
        [(Duration::from_micros(9_999_999), &[][..]), (Duration::from_secs(10), &[Limit::OpeningTimeout])]
    {
        let config = Config::default();
        let counters = config.counters.clone();
        let mut app = App::new(Patient::default(), config);
        let websocket = WebSocket::new("h", "/chat", &[], &[]).expect("a handshake");
        let target = Target { address: Address::Host("h".into(), 80), tls: None, timeout: None };
        app.connect(target, ClientRole::WebSocket(websocket), ());
        let (mut wire, _) = Wire::client(app);
        wire.feed(b"");
        wire.sleep(wait);
        assert_eq!(counted(&counters), limits);
    }
}

#[test]
fn clones_of_a_configuration_count_together() {
    let config = config();
    for _ in 0..3 {
        let mut wire = Wire::server(Patient::default(), config.clone());
        wire.feed(format!("GET /{} HTTP/1.1\r\n", "t".repeat(20)).as_bytes());
    }
    assert_eq!(config.counters.of(Limit::Target), 3);
    assert_eq!(Limit::ALL.iter().map(|&limit| config.counters.of(limit)).sum::<u64>(), 3);
    let names: std::collections::BTreeSet<_> = Limit::ALL.iter().map(|limit| limit.name()).collect();
    assert_eq!(names.len(), Limit::ALL.len());
}
