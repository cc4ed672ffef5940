//! WebSockets on streams of an HTTP/2 connection (RFC 8441), on the client's side, against a codec that plays the server.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test may")]

mod common;

use std::collections::VecDeque;
use std::time::Duration;

use app::{
    Address, App, ClientRole, Closed, Compress, Config, DeflateConfig, End, Field, Group, Handler, Kind,
    Limit, Message, MessageEnd, Protocol, Response, Service, Stream, StreamId, Target, Wake, WebSocket,
    WebSocketError, Writable,
};
use common::Wire;
use common::peer::{Peer, id};
use proptest::prelude::*;
use proto_core::{Instant, Reason, WriteBuf};
use proto_h2::{Connection, ErrorCode};
use proto_ws::handshake::Extensions;
use proto_ws::{CloseCode, Event, Role};

/// Says what it was given to say once the WebSocket is open, or when it is woken; writes down what it is told.
#[derive(Default)]
struct Client {
    outbox: VecDeque<Vec<u8>>,
    told: Vec<String>,
    partial: Vec<u8>,
    /// How often it was told that it is over.
    ends: u32,
    /// What it does when it is woken.
    close: bool,
    hold: bool,
}

impl Handler for Client {
    type Session = ();
    type Message = ();

    fn connected(&mut self, (): &mut (), _: &mut Stream<'_>) {
        panic!("a WebSocket is told of when it is open");
    }

    fn next(&mut self, _: &mut Stream<'_>) -> Option<()> {
        panic!("a connection for one WebSocket takes no request");
    }

    fn response(&mut self, (): &mut (), response: &Response<'_>, _: &mut Stream<'_>) {
        self.told.push(format!("response {}", response.status()));
    }

    fn opened(&mut self, (): &mut (), protocol: Option<&str>, stream: &mut Stream<'_>) {
        assert_eq!(stream.protocol(), Protocol::WebSocket);
        self.told.push(format!("opened {protocol:?}"));
        stream.want_write();
    }

    fn message(&mut self, (): &mut (), message: Message<'_>, _: &mut Stream<'_>) {
        self.partial.extend_from_slice(message.payload);
        if message.end == MessageEnd::Message {
            let message = std::mem::take(&mut self.partial);
            let text = String::from_utf8_lossy(&message);
            self.told.push(if text.len() < 100 { text.into() } else { format!("{} bytes", text.len()) });
        }
    }

    fn peer_closing(&mut self, (): &mut (), code: Option<u16>, reason: &str, _: &mut Stream<'_>) {
        self.told.push(format!("closing {code:?} {reason}"));
    }

    fn wake(&mut self, (): &mut (), _: Option<Group>, stream: &mut Stream<'_>) {
        if self.hold {
            stream.hold();
        } else {
            stream.resume();
        }
        if self.close {
            stream.close_with(4000, "enough");
        }
        stream.want_write();
    }

    fn writable(&mut self, (): &mut (), out: Writable<'_, '_>, stream: &mut Stream<'_>) {
        let Some(message) = self.outbox.front_mut() else { return };
        if let Ok(sent) = out.message_with(Compress::Always, Kind::Text, message, true) {
            message.drain(..sent);
            if message.is_empty() {
                self.outbox.pop_front();
            }
        }
        stream.want_write();
    }

    fn closed(&mut self, (): (), end: End) {
        self.told.push(format!("{end:?}"));
        self.ends += 1;
    }
}

fn websocket() -> WebSocket {
    let fields = [Field::new("X-Test", "1"), Field::new("origin", "null")];
    WebSocket::new("example.org:8080", "/chat?room=1", &["talk", "chat"], &fields).unwrap()
}

/// A server's settings: they allow extended CONNECT.
fn settings() -> proto_h2::Config {
    let mut config = proto_h2::Config::default();
    config.extended_connect = true;
    config
}

fn quick(timeout: u64) -> Config {
    Config { opening_timeout: Duration::from_secs(timeout), seed: [9; 32], ..Config::default() }
}

fn connect(config: Config, server: proto_h2::Config) -> Peer<Client> {
    let mut app = App::new(Client::default(), config);
    let target = Target { address: Address::Host("h".into(), 80), tls: None, timeout: None };
    app.connect(target, ClientRole::WebSocketHttp2(websocket()), ());
    Peer::over(Wire::client(app).0, Connection::server(server))
}

/// A connection on which the handshake is asked for.
fn asked(config: Config) -> Peer<Client> {
    let mut peer = connect(config, settings());
    peer.run();
    assert_eq!(peer.got.keys().collect::<Vec<_>>(), [&STREAM]);
    peer
}

/// The stream it takes.
const STREAM: u32 = 1;

fn answer(peer: &mut Peer<Client>, fields: &[(&str, &str)], end: bool) {
    let fields =
        fields.iter().map(|(name, value)| proto_h2::hpack::Field::new(name.as_bytes(), value.as_bytes()));
    let fields = fields.collect::<Vec<_>>();
    peer.send(|codec, out| codec.send_head(id(STREAM), fields.iter().copied(), end, out));
    peer.run();
}

fn told(peer: &mut Peer<Client>) -> Vec<String> {
    std::mem::take(&mut peer.wire.app.handler_mut().told)
}

/// The only thing it was told is how it ended.
fn ended(peer: &mut Peer<Client>, end: End) {
    assert_eq!(told(peer), [format!("{end:?}")]);
    over(peer);
}

/// The connection has ended as one that is not needed any more.
fn over(peer: &mut Peer<Client>) {
    assert!(peer.wire.closed);
    assert_eq!(peer.goaways, [(0, ErrorCode::NO_ERROR)]);
}

fn wake(peer: &mut Peer<Client>, change: impl FnOnce(&mut Client)) {
    change(peer.wire.app.handler_mut());
    peer.wire.wake(Wake::Stream(StreamId { connection: common::link().id, stream: 1 }));
    peer.run();
}

fn sleep(peer: &mut Peer<Client>, seconds: u64) {
    let sent = peer.wire.sleep(Duration::from_secs(seconds));
    peer.take(sent);
    peer.run();
}

/// The server's end of the WebSocket.
struct Socket {
    peer: Peer<Client>,
    codec: proto_ws::Connection,
    seen: usize,
    rest: Vec<u8>,
    messages: Vec<String>,
    partial: Vec<u8>,
    closed: Option<Option<u16>>,
}

impl Socket {
    fn open() -> Self {
        Self::with(quick(10), settings(), None)
    }

    fn with(config: Config, server: proto_h2::Config, deflate: Option<DeflateConfig>) -> Self {
        let mut peer = connect(config, server);
        peer.run();
        let offered = peer.got[&STREAM].fields.get("sec-websocket-extensions").cloned();
        let offers = offered.as_deref().map(|text| Extensions::new(text.as_bytes()).flatten());
        let agreement = deflate.zip(offers).and_then(|(config, offers)| config.accept(offers));
        let extensions = agreement.map(|agreement| agreement.to_string());
        let mut fields = vec![(":status", "200"), ("sec-websocket-protocol", "chat")];
        fields.extend(extensions.as_deref().map(|text| ("sec-websocket-extensions", text)));
        answer(&mut peer, &fields, false);
        assert_eq!(told(&mut peer), ["response 200", "opened Some(\"chat\")"]);
        let config = proto_ws::Config { deflate: agreement, ..proto_ws::Config::default() };
        let codec = proto_ws::Connection::new(Role::Server, config);
        let (rest, messages, partial) = (Vec::new(), Vec::new(), Vec::new());
        Self { peer, codec, seen: 0, rest, messages, partial, closed: None }
    }

    fn frames(&mut self, write: impl FnOnce(&mut proto_ws::Connection, &mut WriteBuf<'_>)) -> Vec<u8> {
        let mut room = vec![0; 300_000];
        let mut out = WriteBuf::new(&mut room);
        self.codec.transmit(&mut out);
        write(&mut self.codec, &mut out);
        out.written().to_vec()
    }

    fn send(&mut self, write: impl FnOnce(&mut proto_ws::Connection, &mut WriteBuf<'_>)) {
        let bytes = self.frames(write);
        let mut at = 0;
        while at < bytes.len() {
            let sent = self.peer.data(STREAM, &bytes[at..], false);
            at += sent;
            self.run();
            assert!(sent > 0, "the client gives credit");
        }
    }

    fn run(&mut self) {
        self.peer.run();
        let got = &self.peer.got[&STREAM].body;
        self.rest.extend_from_slice(&got[self.seen..]);
        self.seen = got.len();
        let mut at = 0;
        loop {
            let mut scratch = [0; 4096];
            let step =
                self.codec.receive(&mut self.rest[at..], &mut scratch).expect("it sends what is right");
            at += step.consumed;
            match step.event {
                None => break,
                Some(Event::Data(data)) => {
                    self.partial.extend_from_slice(data.payload);
                    if data.end == MessageEnd::Message {
                        self.messages.push(String::from_utf8(std::mem::take(&mut self.partial)).unwrap());
                    }
                }
                Some(Event::Close { code, .. }) => self.closed = Some(code.map(u16::from)),
                Some(_) => {}
            }
        }
        self.rest.drain(..at);
    }

    fn say(&mut self, message: &str) {
        wake(&mut self.peer, |client| client.outbox.push_back(message.into()));
        self.run();
    }

    fn ended(&self) -> bool {
        self.peer.got[&STREAM].ended
    }
}

fn text(message: &str) -> impl FnOnce(&mut proto_ws::Connection, &mut WriteBuf<'_>) {
    move |codec, out| codec.send_message(Kind::Text, message.as_bytes(), out).unwrap()
}

fn close(codec: &mut proto_ws::Connection, out: &mut WriteBuf<'_>) {
    codec.close(Some(CloseCode::NORMAL), "bye", out).unwrap();
}

#[test]
fn the_request_is_an_extended_connect() {
    let mut peer = asked(Config { deflate: Some(DeflateConfig::default()), ..quick(10) });
    let fields = &peer.got[&STREAM].fields;
    let expected = [
        (":authority", "example.org:8080"),
        (":method", "CONNECT"),
        (":path", "/chat?room=1"),
        (":protocol", "websocket"),
        (":scheme", "http"),
        ("origin", "null"),
        ("sec-websocket-extensions", "permessage-deflate; client_max_window_bits"),
        ("sec-websocket-protocol", "talk, chat"),
        ("sec-websocket-version", "13"),
        ("x-test", "1"),
    ];
    assert!(fields.iter().map(|(name, value)| (&**name, &**value)).eq(expected), "{fields:?}");
    assert!(!peer.got[&STREAM].ended);
    assert!(told(&mut peer).is_empty());
}

#[test]
fn what_tls_agrees_on_decides() {
    for (alpn, http2) in [(Some("h2"), true), (Some("http/1.1"), false), (None, false)] {
        let mut app = App::new(Client::default(), quick(10));
        let target = Target { address: Address::Host("h".into(), 443), tls: None, timeout: None };
        app.connect(target, ClientRole::WebSocket(websocket()), ());
        let tls = app::TlsInfo { alpn: alpn.map(|name| name.into()), ..app::TlsInfo::default() };
        let mut wire = Wire::client_over(app, Some(tls));
        if http2 {
            let mut peer = Peer::over(wire, Connection::server(settings()));
            peer.run();
            assert_eq!(peer.got[&STREAM].fields[":scheme"], "https");
        } else {
            assert!(wire.text("").starts_with("GET /chat?room=1 HTTP/1.1\r\n"));
        }
    }
}

#[test]
fn nothing_is_asked_for_before_the_settings_have_come() {
    let mut peer = connect(quick(10), settings());
    let early = peer.wire.feed(b"");
    peer.take(early);
    // Woken early it wants to write, and waits.
    peer.wire.wake(Wake::Stream(StreamId { connection: common::link().id, stream: 1 }));
    let early = peer.wire.feed(b"");
    peer.take(early);
    assert!(peer.got.is_empty() && !peer.wire.wants().write);
    peer.run();
    assert_eq!(peer.got.len(), 1);
    wake(&mut peer, |client| client.outbox.push_back(b"early".into()));
    assert!(!peer.wire.wants().write);
    answer(&mut peer, &[(":status", "200")], false);
    assert_eq!(peer.got[&STREAM].body.len(), 6 + 5);
}

#[test]
fn a_server_that_opens_no_websockets_over_http2_is_asked_for_none() {
    let mut peer = connect(quick(10), proto_h2::Config::default());
    peer.run();
    assert!(peer.got.is_empty());
    ended(&mut peer, End::NoExtendedConnect);
}

#[test]
fn a_server_that_takes_no_stream_is_asked_once_it_does() {
    let mut none = settings();
    none.limits.concurrent_streams = 0;
    let mut peer = connect(quick(10), none);
    peer.run();
    assert!(peer.got.is_empty() && told(&mut peer).is_empty() && !peer.wire.wants().write);
    // Another SETTINGS, by hand: one stream at a time.
    let sent = peer.wire.feed(b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x01");
    let ack = b"\0\0\0\x04\x01\0\0\0\0";
    assert!(sent.starts_with(ack));
    assert_eq!(sent[ack.len() + 3..][..6], [1, 4, 0, 0, 0, 1], "HEADERS on stream 1");
}

#[test]
fn messages_go_both_ways_until_either_closes() {
    for server_first in [true, false] {
        let mut socket = Socket::open();
        socket.say("hello");
        socket.send(text("there"));
        socket.say(&"x".repeat(200_000));
        socket.send(text(&"y".repeat(200_000)));
        assert_eq!((&*socket.messages[0], socket.messages[1].len()), ("hello", 200_000));
        assert_eq!(told(&mut socket.peer), ["there", "200000 bytes"]);
        if server_first {
            socket.send(close);
            assert_eq!(told(&mut socket.peer), ["closing Some(1000) bye", "WebSocket(Some(1000))"]);
            assert_eq!(socket.closed, Some(Some(1000)));
        } else {
            wake(&mut socket.peer, |client| client.close = true);
            socket.run();
            assert_eq!(socket.closed, Some(Some(4000)));
            socket.send(|_, _| {});
            assert_eq!(told(&mut socket.peer), ["closing Some(4000) ", "WebSocket(Some(4000))"]);
        }
        // The server ends its side first, as it closes a TCP connection first; the client's follows.
        assert!(!socket.ended());
        socket.peer.data(STREAM, b"", true);
        socket.run();
        assert_eq!((socket.ended(), socket.peer.got[&STREAM].reset), (true, None));
        assert_eq!(socket.peer.codec.streams(), 0);
        over(&mut socket.peer);
    }
}

#[test]
fn a_server_that_never_ends_its_side_does_not_keep_the_connection() {
    let mut socket = Socket::open();
    socket.send(close);
    sleep(&mut socket.peer, 30);
    assert_eq!(told(&mut socket.peer), ["closing Some(1000) bye", "WebSocket(Some(1000))"]);
    let got = &socket.peer.got[&STREAM];
    assert_eq!((got.ended, got.reset), (true, Some(ErrorCode::CANCEL)));
    over(&mut socket.peer);
}

#[test]
fn a_refusal_is_told_with_its_status() {
    for status in ["301", "401", "403", "404", "421", "426", "500", "501"] {
        for end in [true, false] {
            let mut peer = asked(quick(10));
            answer(&mut peer, &[(":status", "103")], false);
            answer(&mut peer, &[(":status", status)], end);
            let refused = End::Refused(status.parse().unwrap());
            let response = format!("response {status}");
            assert_eq!(told(&mut peer), ["response 103".into(), response, format!("{refused:?}")]);
            assert_eq!(peer.got[&STREAM].reset, Some(ErrorCode::CANCEL));
            over(&mut peer);
        }
    }
}

#[test]
fn an_acceptance_that_was_not_offered_is_none() {
    for wrong in [
        &[("sec-websocket-protocol", "other")][..],
        &[("sec-websocket-protocol", "chat, talk")],
        &[("sec-websocket-protocol", "chat"), ("sec-websocket-protocol", "chat")],
        &[("sec-websocket-extensions", "x-other")],
        &[("sec-websocket-extensions", "permessage-deflate; client_max_window_bits=99")],
        &[("sec-websocket-extensions", "permessage-deflate, permessage-deflate")],
    ] {
        let mut peer = asked(Config { deflate: Some(DeflateConfig::default()), ..quick(10) });
        answer(&mut peer, &[&[(":status", "200")], wrong].concat(), false);
        assert_eq!(told(&mut peer), ["response 200", "Refused(200)"], "{wrong:?}");
        assert_eq!(peer.got[&STREAM].reset, Some(ErrorCode::CANCEL));
        over(&mut peer);
    }
}

#[test]
fn any_2xx_accepts_and_a_content_length_says_nothing() {
    for status in ["200", "204", "299"] {
        let mut config = quick(10);
        config.http2.body = 10;
        let mut peer = asked(config);
        // RFC 9110 9.3.6: "A client MUST ignore any Content-Length [..] in a successful response to CONNECT."
        answer(&mut peer, &[(":status", status), ("content-length", "3000")], false);
        peer.data(STREAM, b"\x81\x05he", false);
        peer.run();
        peer.data(STREAM, b"llo", false);
        peer.run();
        assert_eq!(told(&mut peer), [&*format!("response {status}"), "opened None", "hello"]);
    }
}

#[test]
fn an_answer_that_ends_the_stream_opens_it_for_nothing() {
    let mut peer = asked(quick(10));
    answer(&mut peer, &[(":status", "200")], true);
    let fault = format!("{:?}", End::WebSocketFault(WebSocketError::TransportEnded));
    assert_eq!(told(&mut peer), ["response 200", "opened None", &fault]);
    over(&mut peer);
}

#[test]
fn who_does_not_answer_in_time_is_left() {
    // The settings never come: whichever of the two deadlines is first.
    for (opening, preface, end, limit) in [
        (3, 0, End::Timeout(Reason::Head), Limit::OpeningTimeout),
        (3, 5, End::Timeout(Reason::Head), Limit::OpeningTimeout),
        (9, 5, End::Link(Closed::Timeout(Reason::Head)), Limit::Http2HeadTimeout),
        (0, 5, End::Link(Closed::Timeout(Reason::Head)), Limit::Http2HeadTimeout),
    ] {
        let mut config = quick(opening);
        config.http2.head_timeout = Duration::from_secs(preface);
        let counters = config.counters.clone();
        let mut peer = connect(config, settings());
        peer.wire.feed(b"");
        let least = [opening, preface].into_iter().filter(|&it| it > 0).min().unwrap();
        peer.wire.sleep(Duration::from_secs(least) - Duration::from_millis(1));
        assert!(told(&mut peer).is_empty());
        peer.wire.sleep(Duration::from_millis(1));
        assert_eq!(told(&mut peer), [format!("{end:?}")]);
        assert_eq!((counters.of(limit), peer.wire.closed), (1, true));
    }
    // They come, and informational responses, but no answer.
    let config = quick(3);
    let counters = config.counters.clone();
    let mut peer = asked(config);
    answer(&mut peer, &[(":status", "102")], false);
    let sent = peer.wire.sleep(Duration::from_millis(2_999));
    peer.take(sent);
    assert_eq!(told(&mut peer), ["response 102"]);
    let sent = peer.wire.sleep(Duration::from_millis(1));
    peer.take(sent);
    assert_eq!(peer.got[&STREAM].reset, Some(ErrorCode::CANCEL));
    assert_eq!(counters.of(Limit::OpeningTimeout), 1);
    ended(&mut peer, End::Timeout(Reason::Head));
    // Without a limit it waits, and an answer in time stops the clock.
    let mut peer = asked(quick(0));
    sleep(&mut peer, 100_000);
    assert!(told(&mut peer).is_empty() && !peer.wire.closed);
    let mut socket = Socket::with(quick(3), settings(), None);
    sleep(&mut socket.peer, 200);
    assert!(told(&mut socket.peer).is_empty());
}

#[test]
fn a_reset_says_how_it_ended() {
    for (code, end) in [
        (ErrorCode::CANCEL, End::Reset(ErrorCode::CANCEL)),
        (ErrorCode::HTTP_1_1_REQUIRED, End::Reset(ErrorCode::HTTP_1_1_REQUIRED)),
        (ErrorCode::REFUSED_STREAM, End::Unprocessed),
    ] {
        let mut peer = asked(quick(10));
        peer.reset(STREAM, code);
        peer.run();
        ended(&mut peer, end);
    }
    // In the middle of a message, which is told as far as it came.
    let mut socket = Socket::open();
    socket.peer.data(STREAM, b"\x01\x05hello\x80\x05wor", false);
    socket.peer.run();
    socket.peer.reset(STREAM, ErrorCode::CANCEL);
    socket.peer.run();
    assert_eq!(socket.peer.wire.app.handler().partial, b"hellowor");
    ended(&mut socket.peer, End::Reset(ErrorCode::CANCEL));
}

#[test]
fn the_end_of_the_stream_without_a_close_is_the_end_of_the_transport() {
    let mut socket = Socket::open();
    socket.peer.data(STREAM, b"\x81\x05hel", true);
    socket.run();
    assert!(socket.ended());
    ended(&mut socket.peer, End::WebSocketFault(WebSocketError::TransportEnded));
}

#[test]
fn a_fault_is_told_by_a_close_frame_and_ends_the_stream() {
    let mut socket = Socket::open();
    socket.peer.data(STREAM, b"\x81\x82mask\0\0", false); // a server's frames are not masked
    socket.run();
    assert_eq!((socket.closed, socket.ended()), (Some(Some(1002)), true));
    assert!(told(&mut socket.peer)[0].starts_with("WebSocketFault"));
    socket.peer.data(STREAM, b"", true);
    socket.run();
    over(&mut socket.peer);
}

#[test]
fn a_server_that_goes_away_finishes_what_it_has_taken() {
    // It does not take this one.
    let mut peer = asked(quick(10));
    let sent = peer.wire.feed(b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\0");
    peer.take(sent);
    ended(&mut peer, End::Unprocessed);
    // Or goes away before it has been asked.
    let mut peer = connect(quick(10), settings());
    let sent = peer.wire.feed(b"\0\0\x06\x04\0\0\0\0\0\0\x08\0\0\0\0\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\0");
    peer.take(sent);
    assert!(told(&mut peer)[0] == "NoExtendedConnect" && peer.got.is_empty());
    // This one goes on.
    let mut socket = Socket::open();
    socket.peer.codec.drain();
    socket.send(text("before I go"));
    socket.say("yes?");
    assert_eq!(
        (told(&mut socket.peer), &*socket.messages),
        (vec!["before I go".into()], &["yes?".into()][..])
    );
    socket.send(close);
    socket.peer.data(STREAM, b"", true);
    socket.run();
    assert_eq!(told(&mut socket.peer), ["closing Some(1000) bye", "WebSocket(Some(1000))"]);
    assert!(socket.ended() && socket.peer.wire.closed);
}

#[test]
fn the_end_of_the_connection_is_the_end_of_it() {
    let mut peer = asked(quick(10));
    peer.wire.eof();
    assert_eq!(told(&mut peer), [format!("{:?}", End::Link(Closed::Reset))]);
    let mut socket = Socket::open();
    socket.peer.wire.eof();
    assert_eq!(told(&mut socket.peer), [format!("{:?}", End::Link(Closed::Reset))]);
    let mut socket = Socket::open();
    socket.peer.wire.cut(Closed::Reset);
    assert_eq!(told(&mut socket.peer), [format!("{:?}", End::Link(Closed::Reset))]);
}

#[test]
fn the_application_may_give_up_at_any_time() {
    // Before it is answered, with something left to say.
    let mut peer = asked(quick(10));
    wake(&mut peer, |client| client.close = true);
    assert_eq!(peer.got[&STREAM].reset, Some(ErrorCode::CANCEL));
    ended(&mut peer, End::Aborted);
    // Before it is asked for.
    let mut peer = connect(quick(10), settings());
    peer.wire.feed(b"");
    peer.wire.app.handler_mut().close = true;
    peer.wire.wake(Wake::Stream(StreamId { connection: common::link().id, stream: 1 }));
    peer.wire.feed(b"");
    assert_eq!(told(&mut peer), [format!("{:?}", End::Aborted)]);
    assert!(peer.wire.closed && peer.got.is_empty());
}

#[test]
fn who_takes_nothing_makes_the_server_wait() {
    let mut socket = Socket::open();
    wake(&mut socket.peer, |client| client.hold = true);
    let mut frames = Vec::new();
    for _ in 0..2_000 {
        frames.extend(socket.frames(text(&"x".repeat(999))));
    }
    let window = Config::default().http2.codec.limits.stream_window as usize;
    let mut sent = 0;
    for _ in 0..10 {
        sent += socket.peer.data(STREAM, &frames[sent..], false);
        socket.peer.run();
    }
    assert_eq!((sent, told(&mut socket.peer).len()), (window, 0));
    wake(&mut socket.peer, |client| client.hold = false);
    while sent < frames.len() {
        let more = socket.peer.data(STREAM, &frames[sent..], false);
        sent += more;
        socket.peer.run();
        assert!(more > 0);
    }
    assert_eq!(told(&mut socket.peer).len(), 2_000);
}

#[test]
fn it_sends_no_more_than_the_server_gives_credit_for() {
    let mut narrow = settings();
    narrow.limits.stream_window = 100;
    let mut socket = Socket::with(quick(10), narrow, None);
    socket.peer.codec.hold_credit(id(STREAM));
    socket.say(&"z".repeat(1_000));
    assert_eq!((socket.seen, socket.messages.len()), (100, 0));
    while socket.messages.is_empty() {
        let before = socket.seen;
        socket.peer.codec.release_all(id(STREAM));
        socket.peer.codec.hold_credit(id(STREAM));
        socket.run();
        assert!(socket.seen > before && socket.seen - before <= 100);
    }
    assert_eq!(socket.messages, ["z".repeat(1_000)]);
}

#[test]
fn credit_that_is_too_little_for_a_frame_is_not_waited_for_without_end() {
    let mut narrow = settings();
    narrow.limits.stream_window = 5;
    let config = quick(10);
    let counters = config.counters.clone();
    let grace = config.http2.send_grace.as_secs();
    let mut socket = Socket::with(config, narrow, None);
    sleep(&mut socket.peer, grace + 1);
    assert!(told(&mut socket.peer).is_empty(), "it has nothing to say");
    socket.say("hello"); // a header and a mask are six octets
    sleep(&mut socket.peer, grace - 1);
    assert!(told(&mut socket.peer).is_empty());
    sleep(&mut socket.peer, 1);
    assert_eq!(socket.peer.got[&STREAM].reset, Some(ErrorCode::CANCEL));
    assert_eq!(counters.of(Limit::Http2SendRate), 1);
    ended(&mut socket.peer, End::Timeout(Reason::SendProgress));

    // More of it in time, and all is well.
    let mut socket = Socket::with(quick(10), narrow, None);
    socket.say("hello");
    sleep(&mut socket.peer, grace - 1);
    socket.peer.codec.grant(id(STREAM), 100);
    socket.run();
    assert_eq!(socket.messages, ["hello"]);
    sleep(&mut socket.peer, 2 * grace);
    assert!(told(&mut socket.peer).is_empty());
}

#[test]
fn a_drain_closes_it_with_1001() {
    let mut socket = Socket::open();
    let sent = socket.peer.wire.drain();
    socket.peer.take(sent);
    socket.run();
    assert_eq!(socket.closed, Some(Some(1001)));
    // One that is being opened is closed when it is.
    let mut peer = asked(quick(10));
    let sent = peer.wire.drain();
    peer.take(sent);
    answer(&mut peer, &[(":status", "200")], false);
    assert_eq!(told(&mut peer), ["response 200", "opened None"]);
    assert_eq!(peer.got[&STREAM].body[0], 0x88, "a Close frame");
}

#[test]
fn messages_are_compressed_as_agreed() {
    for (ours, theirs, agree) in [
        (Some(DeflateConfig::default()), Some(DeflateConfig::default()), true),
        (Some(DeflateConfig::default().without_takeover()), Some(DeflateConfig::default()), true),
        (Some(DeflateConfig::default()), Some(DeflateConfig::default().without_takeover()), true),
        (Some(DeflateConfig::default()), None, false),
        (None, Some(DeflateConfig::default()), false),
    ] {
        let mut socket = Socket::with(Config { deflate: ours, ..quick(10) }, settings(), theirs);
        let message = "all work and no play ".repeat(5_000);
        for _ in 0..2 {
            let before = socket.seen;
            socket.say(&message);
            assert!(socket.messages.pop().as_deref() == Some(&*message));
            assert_eq!(socket.seen - before < message.len() / 10, agree);
            let frames = socket.frames(|codec, out| {
                codec.send_message_with(Compress::Always, Kind::Text, message.as_bytes(), out).unwrap();
            });
            assert_eq!(frames.len() < message.len() / 10, agree);
            for piece in frames.chunks(1_001) {
                assert_eq!(socket.peer.data(STREAM, piece, false), piece.len());
                socket.run();
            }
            assert_eq!(told(&mut socket.peer), ["105000 bytes"]);
        }
    }
}

#[test]
fn one_that_does_not_come_about_gives_its_compression_memory_back() {
    let memory = DeflateConfig::default().memory(proto_ws::Side::Client);
    let config =
        Config { deflate: Some(DeflateConfig::default()), deflate_memory: memory * 4 / 3 + 1, ..quick(10) };
    let mut app = App::new(Client::default(), config);
    let mut offers = Vec::new();
    for status in ["404", "200", "200", "404"] {
        let target = Target { address: Address::Host("h".into(), 80), tls: None, timeout: None };
        app.connect(target, ClientRole::WebSocketHttp2(websocket()), ());
        let mut peer = Peer::over(Wire::client(app).0, Connection::server(settings()));
        peer.run();
        offers.push(peer.got[&STREAM].fields["sec-websocket-extensions"].clone());
        answer(&mut peer, &[(":status", status), ("sec-websocket-extensions", "permessage-deflate")], false);
        let opens = status == "200";
        assert_eq!(told(&mut peer)[1], if opens { "opened None" } else { "Refused(404)" });
        // There is none for a second one that keeps its window.
        assert_eq!(other_offer(&mut peer.wire.app).contains("client_no_context_takeover"), opens);
        peer.wire.cut(Closed::Reset);
        told(&mut peer);
        app = peer.wire.app;
    }
    assert_eq!(offers, ["permessage-deflate; client_max_window_bits"; 4], "there is always memory for one");
}

/// What another connection asks for.
fn other_offer(app: &mut App<Client>) -> String {
    let target = Target { address: Address::Host("h".into(), 80), tls: None, timeout: None };
    app.connect(target, ClientRole::WebSocket(websocket()), ());
    let (_, mut connection) = app.poll_connect().unwrap();
    app.connected(&mut connection, &common::link(), Instant::from_secs(1_000));
    let mut room = [0; 4096];
    let mut out = WriteBuf::new(&mut room);
    app.transmit(&mut connection, &mut out);
    String::from_utf8(out.written().to_vec()).unwrap()
}

#[test]
fn silence_is_noticed() {
    let mut socket = Socket::open();
    sleep(&mut socket.peer, 320);
    let told = told(&mut socket.peer);
    assert_eq!(told, [format!("{:?}", End::WebSocketFault(WebSocketError::Silent))]);
}

/// A server's side of a WebSocket, frame by frame.
const CONVERSATION: [&[u8]; 11] = [
    b"\0\0\x06\x04\0\0\0\0\0\0\x08\0\0\0\x01", // SETTINGS: extended CONNECT
    b"\0\0\0\x04\x01\0\0\0\0",                 // its ACK
    b"\0\0\x05\x01\x04\0\0\0\x01\x08\x03103",  // HEADERS :status 103
    b"\0\0\x01\x01\x04\0\0\0\x01\x88",         // HEADERS :status 200
    b"\0\0\x07\0\0\0\0\0\x01\x81\x05hello",
    b"\0\0\x05\0\0\0\0\0\x01\x01\x03one",
    b"\0\0\x08\x06\0\0\0\0\0pingpong",
    b"\0\0\x09\0\0\0\0\0\x01\x89\x02!!\x80\x03two",
    b"\0\0\x08\x07\0\0\0\0\0\0\0\0\x01\0\0\0\0", // GOAWAY after stream 1
    b"\0\0\x07\0\0\0\0\0\x01\x88\x05\x03\xe8bye",
    b"\0\0\0\0\x01\0\0\0\x01", // END_STREAM
];

/// What the application is told when `input` comes in pieces, once it has asked for the WebSocket.
fn story(input: &[u8], cut: usize) -> Vec<String> {
    let mut peer = connect(quick(10), settings());
    peer.wire.app.handler_mut().outbox.push_back(b"something to say".into());
    peer.wire.feed(CONVERSATION[0]);
    for piece in input.chunks(cut) {
        peer.wire.feed(piece);
    }
    peer.wire.eof();
    peer.wire.cut(Closed::Reset);
    let client = peer.wire.app.handler();
    assert_eq!(client.ends, 1, "{:?}", client.told);
    told(&mut peer)
}

#[test]
fn the_conversation_is_a_whole_one() {
    let told = story(&CONVERSATION[1..].concat(), usize::MAX);
    let end = "WebSocket(Some(1000))";
    let expected =
        ["response 103", "response 200", "opened None", "hello", "onetwo", "closing Some(1000) bye", end];
    assert_eq!(told, expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Frames left out, doubled or in any order, octets changed, the end cut off: it ends once, and what it was told
    /// before is the same however the input is cut. How it ends is not: what comes together is answered afterwards, and a
    /// fault behind a Close frame leaves it unanswered.
    #[test]
    fn whatever_a_server_sends_it_ends_once(
        order in prop::collection::vec(0_usize..CONVERSATION.len(), 0..6),
        keep in 1_usize..CONVERSATION.len() + 1,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
        cut in 1_usize..40,
        len in any::<prop::sample::Index>(),
    ) {
        let mut input = CONVERSATION[1..keep].concat();
        input.extend(order.into_iter().flat_map(|at| CONVERSATION[at]));
        for (at, octet) in changes {
            if !input.is_empty() {
                let at = at.index(input.len());
                input[at] = octet;
            }
        }
        input.truncate(len.index(input.len() + 1).max(input.len() / 2));
        let [mut whole, mut pieces] = [usize::MAX, cut].map(|cut| story(&input, cut));
        prop_assert!(whole.pop().is_some() && pieces.pop().is_some());
        prop_assert_eq!(whole, pieces);
    }
}
