//! Compressed WebSockets: agreed on, told whole however little room there is, and many of them in stated memory.

#![allow(unsafe_code, reason = "an allocator that counts")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may")]

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use app::{
    App, ClientRole, Compress, DeflateConfig, End, Handler, Kind, Message, MessageEnd, Request, Service,
    Stream, Target, WebSocket, Writable,
};
use common::{Wire, link};
use proto_core::{Instant, WriteBuf};

struct Counting;

thread_local! {
    /// Bytes held by the test of this thread.
    static HELD: Cell<isize> = const { Cell::new(0) };
}

fn held() -> isize {
    HELD.with(Cell::get)
}

// SAFETY: every call is the system allocator's, counted.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.with(|held| held.set(held.get() + layout.size() as isize));
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.with(|held| held.set(held.get() - layout.size() as isize));
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Sends back every piece as it comes, and holds while it does.
#[derive(Default)]
struct Echo {
    plain: bool,
    compress: Compress,
    ends: Vec<End>,
}

#[derive(Default)]
struct Session {
    piece: Vec<u8>,
    next: Option<(Kind, bool)>,
}

impl Handler for Echo {
    type Session = Session;
    type Message = ();

    fn request(&mut self, request: &Request<'_>, stream: &mut Stream<'_>) -> Option<Session> {
        let upgrade = request.websocket()?.ok()?;
        let upgrade = if self.plain { upgrade.without_deflate() } else { upgrade };
        upgrade.accept(None, stream);
        Some(Session::default())
    }

    fn message(&mut self, session: &mut Session, message: Message<'_>, stream: &mut Stream<'_>) {
        session.piece.extend_from_slice(message.payload);
        session.next = Some((message.kind, message.end == MessageEnd::Message));
        stream.hold();
        stream.want_write();
    }

    fn writable(&mut self, session: &mut Session, out: Writable<'_, '_>, stream: &mut Stream<'_>) {
        let Some((kind, last)) = session.next else { return };
        match out.message_with(self.compress, kind, &session.piece, last) {
            Ok(sent) => {
                session.piece.drain(..sent);
                if session.piece.is_empty() {
                    *session = Session::default();
                    return stream.resume();
                }
                stream.want_write();
            }
            Err(app::SendError::Full) => stream.want_write(),
            Err(error) => panic!("{error}"),
        }
    }

    fn closed(&mut self, _: Session, end: End) {
        self.ends.push(end);
    }
}

fn config(deflate: DeflateConfig) -> app::Config {
    app::Config { deflate: Some(deflate), seed: [7; 32], ..app::Config::default() }
}

fn upgrade(offer: &str) -> String {
    format!(
        "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{offer}\r\n"
    )
}

const OFFER: &str = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";

/// What the server says about extensions.
fn answer(response: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(response).to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    head.lines().find_map(|line| Some(line.strip_prefix("sec-websocket-extensions: ")?.to_owned()))
}

/// A client's frame with a key of zeros.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = match payload.len() {
        len @ ..126 => vec![first, 0x80 | len as u8],
        len => vec![first, 0xfe, (len >> 8) as u8, len as u8],
    };
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

#[test]
fn it_is_agreed_on_where_it_is_wanted() {
    for (wanted, plain, offer, expected) in [
        (Some(DeflateConfig::default()), false, OFFER, Some("permessage-deflate")),
        (Some(DeflateConfig::default()), false, "", None),
        (Some(DeflateConfig::default()), true, OFFER, None),
        (None, false, OFFER, None),
        (
            Some(DeflateConfig { client_max_window_bits: 9, ..DeflateConfig::default() }.without_takeover()),
            false,
            OFFER,
            Some(
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits=9",
            ),
        ),
    ] {
        let config = app::Config { deflate: wanted, ..app::Config::default() };
        let mut wire = Wire::server(Echo { plain, ..Echo::default() }, config);
        let response = wire.feed(upgrade(offer).as_bytes());
        assert_eq!(answer(&response).as_deref(), expected);
    }
}

/// RFC 7692 section 7.2.3, through an application.
#[test]
fn messages_of_the_rfc_are_echoed() {
    let mut wire = Wire::server(Echo::default(), config(DeflateConfig::default()));
    wire.feed(upgrade(OFFER).as_bytes());
    let hello = frame(0xc1, b"\xf2\x48\xcd\xc9\xc9\x07\x00");
    assert_eq!(wire.feed(&hello), b"\x81\x05Hello");
    assert_eq!(wire.feed(&frame(0xc1, b"\xf2\x00\x11\x00\x00")), b"\x81\x05Hello");
    assert_eq!(wire.feed(&frame(0xc1, b"\x06"))[..4], [0x88, 2, 0x03, 0xef]); // 1007
    assert_eq!(wire.app.handler().ends, [End::WebSocketFault(app::WebSocketError::Inflate)]);
}

/// A message of so many times `a`, as a client of ours sends it.
fn deflated(len: usize) -> Vec<u8> {
    let agreement = DeflateConfig { tx_buf_size: 24, ..DeflateConfig::default() }
        .accept(proto_ws::handshake::Extensions::new(b"permessage-deflate").flatten())
        .unwrap();
    let deflating = proto_ws::Config { deflate: Some(agreement), ..proto_ws::Config::default() };
    let mut sender = proto_ws::Connection::new(proto_ws::Role::Client { mask_seed: [1; 16] }, deflating);
    let mut room = vec![0; len + 100];
    let mut out = WriteBuf::new(&mut room);
    sender.send_message(Kind::Text, &vec![b'a'; len], &mut out).unwrap();
    assert!(out.len() < len / 75);
    out.written().to_vec()
}

/// A small frame becomes far more than the output has room for; the peer takes it a little at a time. All of it comes,
/// though there is no more input that would bring it about.
#[test]
fn what_is_inflated_comes_whole_though_the_input_is_used_up() {
    let mut wire =
        Wire::server(Echo { compress: Compress::Never, ..Echo::default() }, config(DeflateConfig::default()));
    wire.room = 4096;
    wire.feed(upgrade(OFFER).as_bytes());
    let mut sent = wire.feed_slowly(&deflated(300_000), 3000);
    while let more = wire.feed_slowly(b"", 3000)
        && !more.is_empty()
    {
        sent.extend(more);
    }
    let (mut at, mut told, mut last) = (0, 0, false);
    while at < sent.len() {
        assert!(!last);
        last = sent[at] & 0x80 != 0;
        let (len, header) = match sent[at + 1] {
            126 => (usize::from(u16::from_be_bytes([sent[at + 2], sent[at + 3]])), 4),
            127 => panic!("more than the room"),
            len => (len.into(), 2),
        };
        assert!(sent[at + header..at + header + len].iter().all(|&byte| byte == b'a'));
        (at, told) = (at + header + len, told + len);
    }
    assert!(last);
    assert_eq!(told, 300_000);
}

/// Counts what it is told, and says nothing.
struct Listener {
    expected: usize,
}

impl Handler for Listener {
    type Session = usize;
    type Message = ();

    fn request(&mut self, request: &Request<'_>, stream: &mut Stream<'_>) -> Option<usize> {
        request.websocket()?.ok()?.accept(None, stream);
        Some(0)
    }

    fn message(&mut self, told: &mut usize, message: Message<'_>, stream: &mut Stream<'_>) {
        *told += message.payload.len();
        if message.end == MessageEnd::Message {
            assert_eq!(*told, self.expected);
            stream.close_with(4_000, "all of it");
        }
    }

    fn writable(&mut self, _: &mut usize, _: Writable<'_, '_>, _: &mut Stream<'_>) {}
}

/// What a turn may tell is bounded, and the rest comes in the turns after it, though nobody writes and no more arrives.
#[test]
fn what_is_too_much_for_a_turn_comes_in_the_next() {
    let near_the_bound = (128 * 1024..132 * 1024).step_by(64);
    for expected in near_the_bound.chain([1_000_000]) {
        let mut wire = Wire::server(Listener { expected }, config(DeflateConfig::default()));
        wire.feed(upgrade(OFFER).as_bytes());
        assert_eq!(wire.feed(&deflated(expected)), b"\x88\x0b\x0f\xa0all of it", "{expected}");
    }
}

struct Talker {
    got: Vec<Vec<u8>>,
    said: usize,
}

const SAYS: [&str; 3] =
    ["a text that is said, and said, and said again", "", "a text that is said for the second time"];

impl Handler for Talker {
    type Session = Vec<u8>;
    type Message = ();

    fn opened(&mut self, _: &mut Vec<u8>, _: Option<&str>, stream: &mut Stream<'_>) {
        stream.want_write();
    }

    fn message(&mut self, session: &mut Vec<u8>, message: Message<'_>, _: &mut Stream<'_>) {
        session.extend_from_slice(message.payload);
        if message.end == MessageEnd::Message {
            self.got.push(std::mem::take(session));
        }
    }

    fn writable(&mut self, _: &mut Vec<u8>, out: Writable<'_, '_>, stream: &mut Stream<'_>) {
        if let Some(text) = SAYS.get(self.said) {
            out.whole_message_with(Compress::Always, Kind::Text, text.as_bytes()).unwrap();
            self.said += 1;
            stream.want_write();
        }
    }
}

/// Our client and our server, each with every choice about takeover and windows.
#[test]
fn client_and_server() {
    let choices = [8, 15].into_iter().flat_map(|bits| {
        let wide = DeflateConfig {
            server_max_window_bits: bits,
            client_max_window_bits: bits,
            ..DeflateConfig::default()
        };
        [Some(wide), Some(wide.without_takeover())]
    });
    for ours in choices.clone().chain([None]) {
        for theirs in choices.clone().chain([None]) {
            let config = |deflate| app::Config { deflate, seed: [9; 32], ..app::Config::default() };
            let mut app = App::new(Talker { got: Vec::new(), said: 0 }, config(ours));
            let websocket = WebSocket::new("h", "/", &[], &[]).unwrap();
            let target = Target { address: app::Address::Unix("x".into()), tls: None, timeout: None };
            app.connect(target, ClientRole::WebSocket(websocket), Vec::new());
            let (mut client, _) = Wire::client(app);
            let mut server =
                Wire::server(Echo { compress: Compress::Always, ..Echo::default() }, config(theirs));
            let mut up = client.feed(b"");
            let mut compressed = false;
            for _ in 0..10 {
                let down = server.feed(&up);
                up = client.feed(&down);
                compressed |= up.first() == Some(&0xc1);
            }
            assert_eq!(
                client.app.handler().got,
                SAYS.map(|text| text.as_bytes().to_vec()),
                "{ours:?} {theirs:?}"
            );
            assert_eq!(compressed, ours.is_some() && theirs.is_some(), "{ours:?} {theirs:?}");
        }
    }
}

/// 10,000 connections on one thread, each of which has had a compressed message and answered it.
#[test]
fn ten_thousand_connections() {
    const COUNT: usize = 10_000;
    let memory = 64 * 1024 * 1024;
    let mut app = App::new(Echo::default(), config(DeflateConfig::default()));
    let (mut room, mut scratch) = (vec![0; 16 * 1024], vec![0; 16 * 1024]);
    // 500 letters in a compressed frame, longer than the threshold
    let message = frame(0xc1, b"\x4a\x4c\x1c\x05\x23\x0d\x00\x00");
    let before = held();
    let (mut connections, mut with_takeover) = (Vec::with_capacity(COUNT), 0);
    for _ in 0..COUNT {
        let mut connection = app.accept(&link(), Instant::from_secs(1)).unwrap();
        let mut out = WriteBuf::new(&mut room);
        app.receive(&mut connection, &mut upgrade(OFFER).into_bytes(), &mut scratch, &mut out);
        with_takeover += usize::from(answer(out.written()).unwrap() == "permessage-deflate");
        for _ in 0..2 {
            let mut out = WriteBuf::new(&mut room);
            let mut input = message.clone();
            assert_eq!(app.receive(&mut connection, &mut input, &mut scratch, &mut out), input.len());
            assert!(out.written()[0] == 0xc1 && out.len() < 100, "{:?}", out.written());
        }
        connections.push(connection);
    }
    let used = held() - before;
    // those with takeover have what was set aside for them; the others next to nothing
    assert!((50..500).contains(&with_takeover), "{with_takeover}");
    let plain = COUNT * (size_of_val(&connections[0]) + 700);
    assert!(used <= (memory + plain) as isize, "{used}");
    println!("{COUNT} connections, {with_takeover} of them with takeover, hold {used} bytes");
    for connection in connections {
        app.closed(connection, app::Closed::Done);
    }
    let left = held() - before;
    assert!(left < 2 * 1024 * 1024, "{left}");
}
