//! WebSockets on streams of an HTTP/2 connection (RFC 8441), on the server's side.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test may")]

mod common;

use std::time::Duration;

use app::{
    BodyLength, Compress, DeflateConfig, End, Handler, Kind, Message, MessageEnd, Protocol, Request,
    ResponseHead, SendError, Stream, WebSocketError, Writable,
};
use common::peer::{Peer, id};
use proptest::prelude::*;
use proto_core::WriteBuf;
use proto_h2::ErrorCode;
use proto_ws::handshake::Extensions;
use proto_ws::{CloseCode, Connection, Event, Role};

/// Sends messages back, one at a time; `/slow` takes nothing after the first until it is woken by its timer.
#[derive(Default)]
struct Echo {
    told: Vec<String>,
    whole: bool,
}

#[derive(Default)]
struct Session {
    pending: Option<(Kind, Vec<u8>, bool)>,
    slow: bool,
    plain: bool,
}

impl Handler for Echo {
    type Session = Session;
    type Message = ();

    fn request(&mut self, request: &Request<'_>, stream: &mut Stream<'_>) -> Option<Session> {
        let slow = request.path() == b"/slow";
        match request.websocket() {
            Some(Ok(upgrade)) => upgrade.accept(upgrade.protocols().find(|name| *name == "chat"), stream),
            Some(Err(refusal)) => {
                refusal.answer(stream);
                return None;
            }
            None if request.method() == b"GET" => stream.want_write(),
            None => return None,
        }
        let plain = request.websocket().is_none();
        Some(Session { slow, plain, ..Session::default() })
    }

    fn opened(&mut self, session: &mut Session, protocol: Option<&str>, stream: &mut Stream<'_>) {
        assert_eq!(stream.protocol(), Protocol::WebSocket);
        assert_ne!(stream.id().stream, 0);
        self.told.push(format!("opened {protocol:?}"));
        if session.slow {
            stream.hold();
        }
    }

    fn message(&mut self, session: &mut Session, message: Message<'_>, stream: &mut Stream<'_>) {
        assert!(session.pending.is_none(), "nothing comes while it is held");
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
        if session.plain {
            let _ = out.head(&ResponseHead::new(200), BodyLength::Known(0));
            return;
        }
        let Some((kind, payload, last)) = &mut session.pending else { return stream.resume() };
        let sent = if self.whole && *last {
            out.whole_message(*kind, payload).map(|()| payload.len())
        } else {
            out.message(*kind, payload, *last)
        };
        match sent {
            Ok(sent) if sent == payload.len() => {
                session.pending = None;
                stream.resume();
            }
            Ok(sent) => {
                payload.drain(..sent);
                stream.want_write();
            }
            Err(SendError::Full) => stream.want_write(),
            Err(error) => panic!("{error}"),
        }
    }

    fn wake(&mut self, _: &mut Session, _: Option<app::Group>, stream: &mut Stream<'_>) {
        stream.resume();
    }

    fn closed(&mut self, session: Session, end: End) {
        if !session.plain {
            self.told.push(format!("{end:?}"));
        }
    }
}

/// A client's WebSocket on a stream.
struct Socket {
    peer: Peer<Echo>,
    stream: u32,
    codec: Connection,
    messages: Vec<Vec<u8>>,
    partial: Vec<u8>,
    closed: Option<Option<u16>>,
    /// Bytes of the stream that the socket has not taken.
    rest: Vec<u8>,
    seen: usize,
}

const HANDSHAKE: [(&str, &str); 3] =
    [(":protocol", "websocket"), ("sec-websocket-version", "13"), ("sec-websocket-protocol", "talk, chat")];

impl Socket {
    fn open(path: &str) -> Self {
        Self::with(Echo::default(), path, proto_h2::Config::default())
    }

    fn with(handler: Echo, path: &str, client: proto_h2::Config) -> Self {
        Self::agree(Peer::with(handler, app::Config::default(), client), path, None)
    }

    fn agree(mut peer: Peer<Echo>, path: &str, deflate: Option<DeflateConfig>) -> Self {
        peer.run();
        assert!(peer.codec.peer_settings().enable_connect_protocol);
        let offer = deflate.map(|config| config.offer().to_string());
        let mut fields = HANDSHAKE.to_vec();
        fields.extend(offer.as_deref().map(|offer| ("sec-websocket-extensions", offer)));
        let stream = peer.open("CONNECT", path, &fields, false);
        peer.run();
        let got = &peer.got[&stream];
        assert_eq!((&*got.status, &*got.fields["sec-websocket-protocol"]), ("200", "chat"));
        assert!(!got.fields.contains_key("sec-websocket-accept"));
        let answer = got.fields.get("sec-websocket-extensions");
        let answer = answer.map(|text| Extensions::new(text.as_bytes()).flatten()).into_iter().flatten();
        let deflate = deflate.and_then(|config| config.check(answer).expect("a valid answer"));
        let config = proto_ws::Config { deflate, ..proto_ws::Config::default() };
        let codec = Connection::new(Role::Client { mask_seed: [7; 16] }, config);
        let (messages, partial, rest) = (Vec::new(), Vec::new(), Vec::new());
        Self { peer, stream, codec, messages, partial, closed: None, rest, seen: 0 }
    }

    fn frames(&mut self, write: impl FnOnce(&mut Connection, &mut WriteBuf<'_>)) -> Vec<u8> {
        let mut room = vec![0; 300_000];
        let mut out = WriteBuf::new(&mut room);
        self.codec.transmit(&mut out);
        write(&mut self.codec, &mut out);
        out.written().to_vec()
    }

    /// Sends what `write` writes, in pieces of `cut` bytes, and lets everything move.
    fn send(&mut self, cut: usize, write: impl FnOnce(&mut Connection, &mut WriteBuf<'_>)) {
        let bytes = self.frames(write);
        for piece in bytes.chunks(cut) {
            let mut at = 0;
            while at < piece.len() {
                let sent = self.peer.data(self.stream, &piece[at..], false);
                at += sent;
                self.run();
                assert!(sent > 0, "the server gives credit");
            }
        }
        self.run();
    }

    fn run(&mut self) {
        self.peer.run();
        let got = &self.peer.got[&self.stream].body;
        self.rest.extend_from_slice(&got[self.seen..]);
        self.seen = got.len();
        let mut at = 0;
        loop {
            let mut scratch = [0; 4096];
            let step =
                self.codec.receive(&mut self.rest[at..], &mut scratch).expect("what it sends is right");
            at += step.consumed;
            match step.event {
                None => break,
                Some(Event::Data(data)) => {
                    self.partial.extend_from_slice(data.payload);
                    if data.end == MessageEnd::Message {
                        self.messages.push(std::mem::take(&mut self.partial));
                    }
                }
                Some(Event::Close { code, .. }) => self.closed = Some(code.map(u16::from)),
                Some(_) => {}
            }
        }
        self.rest.drain(..at);
    }

    fn told(&mut self) -> &[String] {
        &self.peer.wire.app.handler().told
    }

    fn ended(&self) -> bool {
        self.peer.got[&self.stream].ended
    }
}

fn text(message: &str) -> impl FnOnce(&mut Connection, &mut WriteBuf<'_>) {
    move |codec, out| codec.send_message(Kind::Text, message.as_bytes(), out).unwrap()
}

fn close(codec: &mut Connection, out: &mut WriteBuf<'_>) {
    codec.close(Some(CloseCode::NORMAL), "bye", out).unwrap();
}

#[test]
fn messages_go_both_ways_until_a_clean_close() {
    let mut socket = Socket::open("/");
    socket.send(usize::MAX, text("hello"));
    socket.send(1, text("in pieces of one byte"));
    assert_eq!(socket.messages, [&b"hello"[..], b"in pieces of one byte"]);
    socket.send(3, close);
    // The server answers the close and ends its side with it, as a server ends a TCP connection first.
    assert_eq!((socket.closed, socket.ended()), (Some(Some(1000)), true));
    assert_eq!(socket.told(), ["opened Some(\"chat\")", "closing Some(1000) bye", "WebSocket(Some(1000))"]);
    // Then the client ends its own, and the stream is forgotten without a reset.
    socket.peer.data(socket.stream, b"", true);
    socket.run();
    assert_eq!((socket.peer.got[&socket.stream].reset, socket.peer.codec.streams()), (None, 0));
    assert_eq!(socket.peer.get("/").status, "200");
}

#[test]
fn a_client_that_never_ends_its_side_is_reset() {
    let mut socket = Socket::open("/");
    socket.send(usize::MAX, close);
    assert!(socket.ended());
    let sent = socket.peer.wire.sleep(Duration::from_secs(6));
    socket.peer.take(sent);
    assert_eq!(socket.peer.got[&socket.stream].reset, Some(ErrorCode::CANCEL));
    assert_eq!(socket.peer.get("/").status, "200");
}

#[test]
fn a_handshake_that_cannot_be_accepted_is_refused() {
    let mut peer = Peer::new(Echo::default(), app::Config::default());
    peer.run();
    let cases: [(&[(&str, &str)], &str); 5] = [
        (&[(":protocol", "websocket"), ("sec-websocket-version", "12")], "400"),
        (&[(":protocol", "websocket")], "400"),
        (
            &[(":protocol", "websocket"), ("sec-websocket-version", "13"), ("origin", "a"), ("origin", "b")],
            "400",
        ),
        (
            &[(":protocol", "websocket"), ("sec-websocket-version", "13"), ("sec-websocket-protocol", "a b")],
            "400",
        ),
        (&[(":protocol", "connect-udp"), ("sec-websocket-version", "13")], "404"),
    ];
    for (fields, status) in cases {
        let stream = peer.open("CONNECT", "/", fields, false);
        peer.run();
        assert_eq!(peer.got[&stream].status, status, "{fields:?}");
    }
    // RFC 6455 has no client that is done before it begins.
    let stream = peer.open("CONNECT", "/", &HANDSHAKE, true);
    peer.run();
    assert_eq!(peer.got[&stream].status, "404");
}

#[test]
fn the_end_of_the_stream_without_a_close_is_the_end_of_the_transport() {
    let mut socket = Socket::open("/");
    socket.peer.data(socket.stream, b"", true);
    socket.run();
    let fault = End::WebSocketFault(WebSocketError::TransportEnded);
    assert_eq!(socket.told()[1], format!("{fault:?}"));
    assert!(socket.ended());
    assert_eq!(socket.peer.codec.streams(), 0);
}

#[test]
fn a_reset_ends_the_websocket_alone() {
    let mut socket = Socket::open("/");
    socket.peer.reset(socket.stream, ErrorCode::CANCEL);
    socket.peer.run();
    assert_eq!(socket.told()[1], format!("{:?}", End::Reset(ErrorCode::CANCEL)));
    assert_eq!(socket.peer.get("/").status, "200");
}

#[test]
fn a_fault_is_told_by_a_close_frame_and_ends_the_stream_alone() {
    let mut socket = Socket::open("/");
    socket.peer.data(socket.stream, b"\x81\x02hi", false); // a client's frames are masked
    socket.run();
    assert_eq!((socket.closed, socket.ended()), (Some(Some(1002)), true));
    assert!(socket.told()[1].starts_with("WebSocketFault"), "{:?}", socket.told());
    assert_eq!(socket.peer.get("/").status, "200");
}

#[test]
fn content_before_the_answer_is_no_frame() {
    let mut peer = Peer::new(Echo::default(), app::Config::default());
    peer.run();
    // Without room to answer, the handshake waits.
    peer.wire.room = 512;
    let stream = peer.open("CONNECT", "/", &HANDSHAKE, false);
    peer.data(stream, b"\x81\x80\0\0\0\0", false);
    peer.run();
    assert_eq!(peer.got[&stream].reset, Some(ErrorCode::PROTOCOL_ERROR));
}

#[test]
fn who_takes_nothing_makes_the_peer_wait() {
    let mut socket = Socket::open("/slow");
    let message = "x".repeat(1_000);
    let mut frames = Vec::new();
    for _ in 0..2_000 {
        frames.extend(socket.frames(text(&message)));
    }
    // The window is used up and no more is given.
    let window = app::Config::default().http2.codec.limits.stream_window as usize;
    let mut sent = 0;
    for _ in 0..10 {
        sent += socket.peer.data(socket.stream, &frames[sent..], false);
        socket.peer.run();
    }
    assert_eq!((sent, socket.messages.len()), (window, 0));
    // Once it takes them again all are sent back in order, each before the next is taken.
    let stream = app::StreamId { connection: common::link().id, stream: socket.stream };
    wake(&mut socket.peer, stream);
    while sent < frames.len() {
        let more = socket.peer.data(socket.stream, &frames[sent..], false);
        sent += more;
        socket.run();
        assert!(more > 0);
    }
    socket.run();
    assert_eq!(socket.messages.len(), 2_000);
    assert!(socket.messages.iter().all(|it| it == message.as_bytes()));
}

fn wake(peer: &mut Peer<Echo>, stream: app::StreamId) {
    peer.wire.wake(app::Wake::Stream(stream));
    peer.run();
}

#[test]
fn the_end_of_the_stream_waits_for_what_came_before_it() {
    let mut socket = Socket::open("/slow");
    let bytes = socket.frames(|codec, out| {
        text("last words")(codec, out);
        close(codec, out);
    });
    socket.peer.data(socket.stream, &bytes, true);
    socket.run();
    assert_eq!((socket.messages.len(), socket.ended()), (0, false));
    let stream = app::StreamId { connection: common::link().id, stream: socket.stream };
    wake(&mut socket.peer, stream);
    socket.run();
    assert_eq!(socket.messages, [b"last words"]);
    assert_eq!((socket.closed, socket.ended()), (Some(Some(1000)), true));
    assert_eq!(socket.told()[2], "WebSocket(Some(1000))");
}

#[test]
fn a_narrow_window_cuts_messages_and_keeps_whole_ones_waiting() {
    let mut narrow = proto_h2::Config::default();
    narrow.limits.stream_window = 100;
    let message = "y".repeat(1_000);
    let mut socket = Socket::with(Echo::default(), "/", narrow);
    socket.send(usize::MAX, text(&message));
    assert_eq!(socket.messages, [message.as_bytes()]);

    let mut socket = Socket::with(Echo { whole: true, ..Echo::default() }, "/", narrow);
    socket.send(usize::MAX, text("short"));
    socket.send(usize::MAX, text(&message));
    assert_eq!(socket.messages, [b"short"]);
    socket.peer.codec.grant(id(socket.stream), 2_000);
    socket.run();
    assert_eq!(socket.messages, [b"short", message.as_bytes()]);
}

#[test]
fn pings_are_answered_and_silence_is_noticed() {
    let mut socket = Socket::open("/");
    socket.send(usize::MAX, |codec, out| codec.ping(b"there?", out).unwrap());
    assert!(socket.seen > 0);
    let keep_alive = app::Config::default().websocket.keep_alive;
    assert_eq!(keep_alive.ping_after, Duration::from_secs(300));
    // It asks, gets an answer, and stays.
    let sent = socket.peer.wire.sleep(Duration::from_secs(301));
    socket.peer.take(sent);
    socket.run();
    socket.send(usize::MAX, |_, _| {});
    assert_eq!(socket.told().len(), 2);
    assert!(socket.told()[1].starts_with("pong"));
    // It asks, gets none, and leaves.
    let sent = socket.peer.wire.sleep(Duration::from_secs(320));
    socket.peer.take(sent);
    let fault = End::WebSocketFault(WebSocketError::Silent);
    assert_eq!(socket.told()[2], format!("{fault:?}"));
}

#[test]
fn a_drain_closes_websockets_with_1001() {
    let mut socket = Socket::open("/");
    let sent = socket.peer.wire.drain();
    socket.peer.take(sent);
    socket.run();
    assert_eq!(socket.closed, Some(Some(1001)));
    socket.send(usize::MAX, |_, _| {});
    socket.peer.data(socket.stream, b"", true);
    socket.run();
    let sent = socket.peer.wire.sleep(Duration::from_secs(2));
    socket.peer.take(sent);
    assert!(socket.peer.wire.closed);
    assert_eq!(socket.told().last().unwrap(), "WebSocket(Some(1001))");
}

#[test]
fn messages_are_compressed_as_they_are_over_http1() {
    for (client, answer) in [
        (DeflateConfig::default(), true),
        (DeflateConfig::default().without_takeover(), true),
        (DeflateConfig::default(), false),
    ] {
        let deflate = answer.then(DeflateConfig::default);
        let config = app::Config { deflate, ..app::Config::default() };
        let mut socket = Socket::agree(Peer::new(Echo::default(), config), "/", Some(client));
        let agreed = &socket.peer.got[&socket.stream].fields;
        assert_eq!(agreed.contains_key("sec-websocket-extensions"), answer);
        let message = "all work and no play ".repeat(5_000);
        for cut in [usize::MAX, 7] {
            let before = socket.seen;
            socket.send(cut, |codec, out| {
                codec.send_message_with(Compress::Always, Kind::Text, message.as_bytes(), out).unwrap();
            });
            assert!(socket.messages.pop().as_deref() == Some(message.as_bytes()));
            assert_eq!(socket.seen - before < message.len() / 10, answer);
        }
        socket.send(usize::MAX, close);
        assert_eq!(socket.closed, Some(Some(1000)));
    }
}

#[test]
fn a_stream_that_ends_gives_its_compression_memory_back() {
    let one = DeflateConfig::default().accept(Extensions::new(b"permessage-deflate").flatten()).unwrap();
    let memory = one.memory(proto_ws::Side::Server);
    let config = app::Config {
        deflate: Some(DeflateConfig::default()),
        deflate_memory: memory * 4 / 3 + 1,
        ..app::Config::default()
    };
    let mut peer = Peer::new(Echo::default(), config);
    peer.run();
    let mut fields = HANDSHAKE.to_vec();
    fields.push(("sec-websocket-extensions", "permessage-deflate"));
    for _ in 0..3 {
        let open = |peer: &mut Peer<Echo>| {
            let stream = peer.open("CONNECT", "/", &fields, false);
            peer.run();
            (stream, peer.got[&stream].fields["sec-websocket-extensions"].clone())
        };
        let (first, agreed) = open(&mut peer);
        assert_eq!(agreed, "permessage-deflate");
        // There is no memory for a second one that keeps its window.
        let (second, agreed) = open(&mut peer);
        assert!(agreed.contains("server_no_context_takeover"), "{agreed}");
        peer.reset(first, ErrorCode::CANCEL);
        peer.reset(second, ErrorCode::CANCEL);
        peer.run();
    }
}

proptest! {
    #[test]
    fn any_messages_in_any_pieces_with_any_room(
        messages in prop::collection::vec((0_usize..5_000, any::<u8>()), 1..8),
        cut in 1_usize..3_000,
        room in 1_100_usize..20_000,
        window in 50_u32..70_000,
        whole in any::<bool>(),
    ) {
        let mut client = proto_h2::Config::default();
        client.limits.stream_window = if whole { window.max(6_000) } else { window };
        let mut socket = Socket::with(Echo { whole: false, ..Echo::default() }, "/", client);
        socket.peer.wire.room = room;
        let messages = messages.iter().map(|&(len, octet)| vec![octet; len]).collect::<Vec<_>>();
        for message in &messages {
            socket.send(cut, |codec, out| codec.send_message(Kind::Binary, message, out).unwrap());
        }
        prop_assert_eq!(&socket.messages, &messages);
        socket.send(cut, close);
        prop_assert_eq!((socket.closed, socket.ended()), (Some(Some(1000)), true));
    }
}
