//! That every stream ends, once, and says how: deadlines nobody else keeps, closing from anywhere, ends of input in
//! the middle of a change of roles.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use app::{
    Address, App, ClientRole, Closed, End, Fields, Handler, Http1Error, Message, Request, ResponseHead,
    Stream, Target, WebSocket, WebSocketError, Writable,
};
use common::Wire;

/// What to do in which event.
type Act = fn(&mut Stream<'_>);

/// Answers requests with `hello` and accepts WebSockets; acts as told on top of it.
#[derive(Default)]
struct Scripted {
    on_request: Option<Act>,
    on_opened: Option<Act>,
    on_writable: Option<Act>,
    /// `refuse(403)` with a session.
    refuse: bool,
    silent: bool,
    on_timer: Option<Act>,
    began: u32,
    ends: Vec<End>,
    told: Vec<&'static str>,
}

impl Handler for Scripted {
    type Session = ();
    type Message = ();

    fn request(&mut self, request: &Request<'_>, stream: &mut Stream<'_>) -> Option<()> {
        self.began += 1;
        match request.websocket() {
            Some(Ok(upgrade)) => upgrade.accept(None, stream),
            _ if self.refuse => stream.refuse(403),
            _ if self.silent => {}
            _ => stream.want_write(),
        }
        if let Some(act) = self.on_request {
            act(stream);
        }
        Some(())
    }

    fn raw(&mut self, _: &mut Stream<'_>) -> Option<()> {
        self.began += 1;
        Some(())
    }

    fn opened(&mut self, (): &mut (), _: Option<&str>, stream: &mut Stream<'_>) {
        self.told.push("opened");
        if let Some(act) = self.on_opened {
            act(stream);
        }
    }

    fn body_end(&mut self, (): &mut (), _: Fields<'_>, _: &mut Stream<'_>) {
        self.told.push("body_end");
    }

    fn message(&mut self, (): &mut (), _: Message<'_>, _: &mut Stream<'_>) {
        self.told.push("message");
    }

    fn timer(&mut self, (): &mut (), stream: &mut Stream<'_>) {
        stream.resume();
        if let Some(act) = self.on_timer {
            act(stream);
        }
    }

    fn writable(&mut self, (): &mut (), out: Writable<'_, '_>, stream: &mut Stream<'_>) {
        let _ = out.respond(&ResponseHead::new(200), b"hello");
        if let Some(act) = self.on_writable {
            act(stream);
        }
    }

    fn closed(&mut self, (): (), end: End) {
        self.ends.push(end);
    }
}

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";
const UPGRADE: &[u8] = b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

fn server(handler: Scripted) -> Wire<Scripted> {
    Wire::server(handler, app::Config::default())
}

fn client(role: ClientRole) -> Wire<Scripted> {
    let mut app = App::new(Scripted::default(), app::Config::default());
    let address = Address::Host("h".into(), 80);
    app.connect(Target { address, tls: None, timeout: None }, role, ());
    Wire::client(app).0
}

fn websocket() -> ClientRole {
    ClientRole::WebSocket(WebSocket::new("h", "/", &[], &[]).unwrap())
}

#[test]
fn closing_right_after_the_response_closes_behind_it() {
    let mut wire = server(Scripted { on_writable: Some(|stream| stream.close()), ..Scripted::default() });
    assert!(wire.feed(GET).ends_with(b"hello"));
    assert!(wire.closed);
    assert_eq!(wire.app.handler().ends, [End::Complete]);
}

#[test]
fn closing_instead_of_a_response_is_an_abort() {
    let mut wire =
        server(Scripted { silent: true, on_request: Some(|stream| stream.close()), ..Scripted::default() });
    assert_eq!(wire.feed(GET), b"");
    assert!(wire.closed);
    assert_eq!(wire.app.handler().ends, [End::Aborted]);
}

#[test]
fn closing_needs_nothing_to_be_written_and_no_further_event() {
    let later: Act = |stream| stream.set_timer(Some(Duration::from_secs(1)));
    // A turn in which nothing can be sent, and an answer to no request, are not to be in the way.
    let close: Act = |stream| {
        stream.want_write();
        stream.refuse(404);
        stream.close_with(4000, "");
    };
    let mut wire = server(Scripted { on_opened: Some(later), on_timer: Some(close), ..Scripted::default() });
    wire.feed(UPGRADE);
    assert_eq!(wire.sleep(Duration::from_secs(1)), [0x88, 2, 0x0f, 0xa0]);
}

#[test]
fn a_body_that_is_held_by_nobody_is_read_to_its_end() {
    let mut wire =
        server(Scripted { refuse: true, on_request: Some(|stream| stream.hold()), ..Scripted::default() });
    let refused = wire.text("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n");
    assert!(refused.starts_with("HTTP/1.1 403 "), "{refused}");
    assert!(wire.text("12345").is_empty());
    assert_eq!(wire.app.handler().ends, [End::Complete]);
    assert!(wire.text(GET).starts_with("HTTP/1.1 403 "));
}

#[test]
fn a_server_that_never_answers_the_opening_handshake_is_given_up() {
    let mut wire = client(websocket());
    assert!(wire.feed(b"").starts_with(b"GET / HTTP/1.1\r\n"));
    wire.sleep(Duration::from_millis(9_999));
    assert!(!wire.closed);
    wire.sleep(Duration::from_millis(1));
    assert!(wire.closed);
    assert_eq!(wire.app.handler().ends, [End::Http1(Http1Error::HeadTimeout)]);
}

#[test]
fn a_raw_stream_may_be_quiet_for_so_long_and_no_longer() {
    let config = app::Config { raw_fallback: true, ..app::Config::default() };
    let mut wire = Wire::server(Scripted::default(), config);
    wire.feed(b"\0");
    wire.sleep(Duration::from_secs(200));
    wire.feed(b"\0");
    wire.sleep(Duration::from_millis(299_999));
    assert!(!wire.closed);
    wire.sleep(Duration::from_millis(1));
    assert!(wire.closed);
    let end = End::Link(Closed::Timeout(proto_core::Reason::KeepAlive));
    assert_eq!(wire.app.handler().ends, [end]);

    let mut wire = client(ClientRole::Raw);
    wire.sleep(Duration::from_secs(301));
    assert_eq!((wire.closed, wire.app.handler().ends.len()), (true, 1));
}

#[test]
fn what_a_deadline_ended_is_told_as_that() {
    let mut wire = server(Scripted { silent: true, ..Scripted::default() });
    wire.feed(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n1");
    let late = String::from_utf8(wire.sleep(Duration::from_secs(10))).unwrap();
    assert!(late.starts_with("HTTP/1.1 408 ") && late.to_ascii_lowercase().contains("\r\ndate: "), "{late}");
    assert_eq!(wire.app.handler().ends, [End::Http1(Http1Error::BodyTooSlow)]);

    let mut wire = server(Scripted::default());
    wire.feed(UPGRADE);
    wire.sleep(Duration::from_secs(311));
    assert_eq!(
        (wire.closed, &wire.app.handler().ends[..]),
        (true, &[End::WebSocketFault(WebSocketError::Silent)][..])
    );

    let mut wire = server(Scripted { on_opened: Some(|stream| stream.close()), ..Scripted::default() });
    wire.feed(UPGRADE);
    wire.sleep(Duration::from_secs(5));
    let end = End::WebSocketFault(WebSocketError::CloseTimeout);
    assert_eq!((wire.closed, &wire.app.handler().ends[..]), (true, &[end][..]));
}

#[test]
fn the_end_of_input_reaches_the_role_that_comes_of_it() {
    // The application holds everything, so that the change of roles waits, and the peer leaves meanwhile.
    let mut wire = server(Scripted { on_request: Some(|stream| stream.hold()), ..Scripted::default() });
    wire.feed(UPGRADE);
    wire.eof();
    assert!(wire.closed);
    let end = End::WebSocketFault(WebSocketError::TransportEnded);
    assert_eq!((&wire.app.handler().told[..], &wire.app.handler().ends[..]), (&["opened"][..], &[end][..]));
}

#[test]
fn a_drain_reaches_what_becomes_a_websocket_only_then() {
    let hold: Act = |stream| {
        stream.hold();
        stream.set_timer(Some(Duration::from_secs(1)));
    };
    let mut wire = server(Scripted { on_request: Some(hold), ..Scripted::default() });
    wire.feed(UPGRADE);
    wire.drain();
    let closing = wire.sleep(Duration::from_secs(1));
    assert_eq!(closing[..4], [0x88, 12, 0x03, 0xe9], "1001");

    let mut wire = client(websocket());
    let request = wire.feed(b"");
    wire.drain();
    assert!(!wire.closed, "the exchange under way is finished");
    let accepted = server(Scripted::default()).feed(&request);
    assert_eq!(wire.feed(&accepted)[..2], [0x88, 0x80 | 12]);
    assert_eq!(wire.app.handler().told, ["opened"]);
}

#[test]
fn nothing_that_handlers_do_loses_a_session_or_a_panic() {
    /// Does the next thing in every event.
    struct Chaos {
        random: u64,
        alive: i64,
        sessions: u64,
    }

    impl Chaos {
        fn roll(&mut self, sides: u64) -> u64 {
            // SplitMix64.
            self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.random;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (z ^ (z >> 31)) % sides
        }

        fn act(&mut self, stream: &mut Stream<'_>) {
            for _ in 0..self.roll(3) {
                match self.roll(24) {
                    0 => stream.hold(),
                    1 | 2 => stream.resume(),
                    3 => stream.close(),
                    4 => stream.close_with(self.random as u16, "why not \u{1f600}"),
                    5..=12 => stream.want_write(),
                    13 => stream.set_timer(Some(Duration::from_millis(self.random % 50))),
                    14 => stream.set_timer(None),
                    15 => stream.join(app::Group(1)),
                    16 => stream.wake(app::Group(1)),
                    17 => stream.refuse(400 + (self.random % 200) as u16),
                    _ => {}
                }
            }
        }
    }

    impl Handler for Chaos {
        type Session = Box<u64>;
        type Message = ();

        fn request(&mut self, request: &Request<'_>, stream: &mut Stream<'_>) -> Option<Box<u64>> {
            match (request.websocket(), self.roll(6)) {
                (Some(Ok(upgrade)), 0..=4) => upgrade.accept(None, stream),
                (_, 0) => stream.serve_file(std::path::Path::new("/"), request),
                _ => stream.want_write(),
            }
            self.act(stream);
            (self.roll(5) > 0).then(|| {
                (self.alive, self.sessions) = (self.alive + 1, self.sessions + 1);
                Box::new(self.sessions)
            })
        }
        fn raw(&mut self, stream: &mut Stream<'_>) -> Option<Box<u64>> {
            self.act(stream);
            (self.roll(2) > 0).then(|| {
                (self.alive, self.sessions) = (self.alive + 1, self.sessions + 1);
                Box::new(self.sessions)
            })
        }
        fn body(&mut self, _: &mut Box<u64>, data: &mut [u8], stream: &mut Stream<'_>) {
            data.fill(0);
            self.act(stream);
        }
        fn body_end(&mut self, _: &mut Box<u64>, _: Fields<'_>, stream: &mut Stream<'_>) {
            self.act(stream);
        }
        fn opened(&mut self, _: &mut Box<u64>, _: Option<&str>, stream: &mut Stream<'_>) {
            self.act(stream);
        }
        fn message(&mut self, _: &mut Box<u64>, _: Message<'_>, stream: &mut Stream<'_>) {
            self.act(stream);
        }
        fn peer_closing(&mut self, _: &mut Box<u64>, _: Option<u16>, _: &str, stream: &mut Stream<'_>) {
            self.act(stream);
        }
        fn timer(&mut self, _: &mut Box<u64>, stream: &mut Stream<'_>) {
            self.act(stream);
        }
        fn wake(&mut self, _: &mut Box<u64>, _: Option<app::Group>, stream: &mut Stream<'_>) {
            if self.roll(2) > 0 {
                self.act(stream);
            }
        }
        fn writable(&mut self, _: &mut Box<u64>, out: Writable<'_, '_>, stream: &mut Stream<'_>) {
            let payload = [b'x'; 3000];
            let some = &payload[..self.roll(3000) as usize];
            let head = ResponseHead::new(200 + self.roll(300) as u16);
            let _ = match self.roll(12) {
                0..=2 => out.respond(&head, some).map(drop),
                3 => out.head(&head, app::BodyLength::Chunked),
                4 => out.head(&head, app::BodyLength::Known(5000)),
                5 => out.head(&head, app::BodyLength::UntilClose),
                6 | 7 => out.body(some).map(drop),
                8 => out.finish(&[]),
                9 => out.message(app::Kind::Text, some, self.random & 1 == 0).map(drop),
                10 => out.whole_message(app::Kind::Binary, some),
                _ => out.inform(103, &[]),
            };
            self.act(stream);
        }
        fn closed(&mut self, _: Box<u64>, _: End) {
            self.alive -= 1;
            assert!(self.alive >= 0);
        }
    }

    let mut sessions = 0;
    for seed in 0..400 {
        let config = app::Config { raw_fallback: true, ..app::Config::default() };
        let chaos = Chaos { random: seed, alive: 0, sessions: 0 };
        let mut wire = Wire::server(chaos, config);
        wire.room = 2_048 + (seed as usize % 7) * 1_000;
        wire.files.insert("index.html", b"<p>hi</p>");
        for _ in 0..12 {
            let roll = wire.app.handler_mut().roll(9);
            match roll {
                0..=2 => drop(wire.feed(GET)),
                3 => drop(wire.feed(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n123")),
                4 => drop(wire.feed(b"456789")),
                5 => drop(wire.feed(UPGRADE)),
                6 => drop(wire.feed(&[0x81, 0x83, 0, 0, 0, 0, b'a', b'b', b'c', 0x88, 0x80, 0, 0, 0, 0])),
                7 => drop(wire.sleep(Duration::from_millis(200))),
                _ if seed % 3 == 0 => drop(wire.eof()),
                _ if seed % 5 == 0 => drop(wire.drain()),
                _ => drop(wire.feed(b"\0")),
            }
        }
        wire.cut(Closed::Reset);
        assert_eq!(wire.app.handler().alive, 0, "seed {seed}");
        sessions += wire.app.handler().sessions;
    }
    assert!(sessions > 200, "{sessions}");
}
