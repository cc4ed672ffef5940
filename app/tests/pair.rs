//! Our client against our server, through links that deliver in arbitrary pieces, in virtual time.

#![allow(clippy::expect_used, clippy::panic, reason = "a test may")]

mod common;

use app::{
    Address, App, BodyLength, ClientRole, Config, DeflateConfig, End, Fields, Handler, Kind, Message,
    MessageEnd, Request, RequestHead, Response, ResponseHead, SendError, Stream, Target, TlsInfo, WebSocket,
    Writable,
};
use common::Wire;
use proptest::prelude::*;

/// Sends everything back, HTTP bodies and WebSocket messages alike.
struct Mirror;

#[derive(Default)]
struct Reflection {
    head: bool,
    pending: Vec<u8>,
    kind: Option<Kind>,
    last: bool,
    ended: bool,
}

impl Handler for Mirror {
    type Session = Reflection;
    type Message = ();

    fn request(&mut self, request: &Request<'_>, stream: &mut Stream<'_>) -> Option<Reflection> {
        match request.websocket() {
            Some(Ok(upgrade)) => upgrade.accept(upgrade.protocols().next(), stream),
            Some(Err(_)) => return None,
            None => stream.want_write(),
        }
        Some(Reflection::default())
    }

    fn body(&mut self, session: &mut Reflection, data: &mut [u8], stream: &mut Stream<'_>) {
        session.pending.extend_from_slice(data);
        stream.hold();
        stream.want_write();
    }

    fn body_end(&mut self, session: &mut Reflection, _: Fields<'_>, stream: &mut Stream<'_>) {
        session.ended = true;
        stream.want_write();
    }

    fn message(&mut self, session: &mut Reflection, message: Message<'_>, stream: &mut Stream<'_>) {
        session.pending.extend_from_slice(message.payload);
        session.kind = Some(message.kind);
        session.last = message.end == MessageEnd::Message;
        stream.hold();
        stream.want_write();
    }

    fn writable(&mut self, session: &mut Reflection, out: Writable<'_, '_>, stream: &mut Stream<'_>) {
        let result = match session.kind {
            Some(kind) => out.message(kind, &session.pending, session.last).map(|sent| {
                session.pending.drain(..sent);
                if session.pending.is_empty() {
                    session.kind = None;
                }
            }),
            None if stream.protocol() == app::Protocol::WebSocket => return,
            None if !session.head => {
                session.head = true;
                let sent = out.head(&ResponseHead::new(200), BodyLength::Chunked);
                session.head = sent.is_ok();
                stream.want_write();
                sent
            }
            None if !session.pending.is_empty() => {
                out.body(&session.pending).map(|sent| drop(session.pending.drain(..sent)))
            }
            None if session.ended => return out.finish(&[]).unwrap_or_else(|_| stream.want_write()),
            None => Ok(()),
        };
        match result {
            Ok(()) if session.pending.is_empty() => {
                stream.resume();
                if session.ended {
                    stream.want_write();
                }
            }
            Ok(()) | Err(SendError::Full) => stream.want_write(),
            Err(error) => panic!("{error}"),
        }
    }
}

/// Sends `pieces`, collects what comes back.
struct Visitor {
    end: Option<End>,
    status: u16,
    received: Vec<u8>,
    messages: Vec<Vec<u8>>,
}

struct Visit {
    pieces: Vec<Vec<u8>>,
    at: usize,
    head: bool,
    sent: usize,
    arriving: Vec<u8>,
}

impl Handler for Visitor {
    type Session = Visit;
    type Message = ();

    fn connected(&mut self, _: &mut Visit, stream: &mut Stream<'_>) {
        stream.want_write();
    }

    fn opened(&mut self, _: &mut Visit, protocol: Option<&str>, stream: &mut Stream<'_>) {
        assert_eq!(protocol, Some("mirror"));
        stream.want_write();
    }

    fn response(&mut self, _: &mut Visit, response: &Response<'_>, _: &mut Stream<'_>) {
        self.status = response.status();
    }

    fn body(&mut self, _: &mut Visit, data: &mut [u8], _: &mut Stream<'_>) {
        self.received.extend_from_slice(data);
    }

    fn message(&mut self, visit: &mut Visit, message: Message<'_>, stream: &mut Stream<'_>) {
        visit.arriving.extend_from_slice(message.payload);
        if message.end == MessageEnd::Message {
            self.messages.push(std::mem::take(&mut visit.arriving));
            if self.messages.len() == visit.pieces.len() {
                stream.close_with(3000, "enough");
            }
        }
    }

    fn writable(&mut self, visit: &mut Visit, out: Writable<'_, '_>, stream: &mut Stream<'_>) {
        let websocket = stream.protocol() == app::Protocol::WebSocket;
        let result = match visit.pieces.get(visit.at) {
            _ if !websocket && !visit.head => {
                let head = RequestHead { method: b"POST", target: b"/echo", authority: b"h", fields: &[] };
                out.request(&head, BodyLength::Chunked).map(|()| visit.head = true)
            }
            Some(piece) => {
                let rest = &piece[visit.sent..];
                let sent = if websocket { out.message(Kind::Binary, rest, true) } else { out.body(rest) };
                sent.map(|sent| {
                    visit.sent += sent;
                    if visit.sent == piece.len() {
                        (visit.at, visit.sent) = (visit.at + 1, 0);
                    }
                })
            }
            None if websocket => return,
            None => return out.finish(&[]).unwrap_or_else(|_| stream.want_write()),
        };
        assert!(matches!(result, Ok(()) | Err(SendError::Full)), "{result:?}");
        stream.want_write();
    }

    fn closed(&mut self, _: Visit, end: End) {
        self.end = Some(end);
    }
}

fn visitor(role: ClientRole, pieces: Vec<Vec<u8>>) -> Wire<Visitor> {
    Wire::client(app(role, pieces, Config::default())).0
}

fn app(role: ClientRole, pieces: Vec<Vec<u8>>, config: Config) -> App<Visitor> {
    let handler = Visitor { end: None, status: 0, received: Vec::new(), messages: Vec::new() };
    let mut app = App::new(handler, Config { seed: [9; 32], ..config });
    let target = Target { address: Address::Host("h".into(), 80), tls: None, timeout: None };
    app.connect(target, role, Visit { pieces, at: 0, head: false, sent: 0, arriving: Vec::new() });
    app
}

/// A link with TLS that agreed on HTTP/2.
fn h2() -> TlsInfo {
    TlsInfo { alpn: Some(b"h2".to_vec()), ..TlsInfo::default() }
}

/// Windows of any size, compression or none, small messages compressed too.
fn config((window, deflate): (u32, bool)) -> Config {
    let mut config = Config::default();
    config.http2.codec.limits.stream_window = window;
    config.deflate = deflate.then(|| DeflateConfig { threshold: 0, ..DeflateConfig::default() });
    config
}

/// Carries bytes to and fro, in pieces whose sizes come from `cuts`, until both sides rest.
fn run(client: &mut Wire<Visitor>, server: &mut Wire<Mirror>, cuts: &[usize]) {
    let mut cuts = cuts.iter().copied().cycle();
    let (mut up, mut down) = (client.feed(b""), Vec::new());
    for _ in 0..1_000_000 {
        if up.is_empty() && down.is_empty() {
            return;
        }
        let piece = |bytes: &mut Vec<u8>, cut: usize| {
            bytes.drain(..cut.clamp(1, bytes.len().max(1)).min(bytes.len())).collect::<Vec<_>>()
        };
        let now = piece(&mut up, cuts.next().unwrap_or(1));
        down.extend(server.feed(&now));
        let now = piece(&mut down, cuts.next().unwrap_or(1));
        up.extend(client.feed(&now));
    }
    panic!("the two never come to rest");
}

fn pieces() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let piece = prop_oneof![
        4 => proptest::collection::vec(any::<u8>(), 0..200),
        1 => (1_usize..30_000, any::<u8>()).prop_map(|(len, byte)| vec![byte; len]),
    ];
    proptest::collection::vec(piece, 1..6)
}

fn cuts() -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(prop_oneof![1_usize..20, 1_usize..40_000], 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn an_echoed_body_is_the_body(pieces in pieces(), cuts in cuts(), rooms in (2_048_usize..40_000, 2_048_usize..40_000)) {
        let sent = pieces.concat();
        let mut client = visitor(ClientRole::Http, pieces);
        let mut server = Wire::server(Mirror, Config::default());
        (client.room, server.room) = rooms;
        run(&mut client, &mut server, &cuts);
        let visitor = client.app.handler();
        prop_assert_eq!(visitor.end, Some(End::Complete));
        prop_assert_eq!(visitor.status, 200);
        prop_assert!(visitor.received == sent);
    }

    #[test]
    fn echoed_messages_are_the_messages(pieces in pieces(), cuts in cuts(), rooms in (2_048_usize..40_000, 2_048_usize..40_000)) {
        let websocket = WebSocket::new("h", "/ws", &["mirror"], &[]).expect("a handshake");
        let mut client = visitor(ClientRole::WebSocket(websocket), pieces.clone());
        let mut server = Wire::server(Mirror, Config::default());
        (client.room, server.room) = rooms;
        run(&mut client, &mut server, &cuts);
        prop_assert!(server.closed, "the server closes first");
        client.eof();
        let visitor = client.app.handler();
        prop_assert!(visitor.messages == pieces);
        prop_assert_eq!(visitor.end, Some(End::WebSocket(Some(3000))));
    }

    #[test]
    fn echoed_messages_are_the_messages_over_http2(
        pieces in pieces(),
        cuts in cuts(),
        rooms in (2_048_usize..40_000, 2_048_usize..40_000),
        ends in ((64_u32..70_000, any::<bool>()), (64_u32..70_000, any::<bool>())),
        alpn in any::<bool>(),
    ) {
        let websocket = WebSocket::new("h", "/ws", &["mirror"], &[]).expect("a handshake");
        let websocket = if alpn { ClientRole::WebSocket(websocket) } else { ClientRole::WebSocketHttp2(websocket) };
        let app = app(websocket, pieces.clone(), config(ends.0));
        let mut client = Wire::client_over(app, alpn.then(h2));
        let mut server = Wire::server_over(Mirror, config(ends.1), alpn.then(h2));
        (client.room, server.room) = rooms;
        run(&mut client, &mut server, &cuts);
        prop_assert!(client.closed, "a connection for one WebSocket ends with it");
        server.eof();
        prop_assert!(server.closed);
        let visitor = client.app.handler();
        prop_assert!(visitor.messages == pieces);
        prop_assert_eq!((visitor.status, visitor.end), (200, Some(End::WebSocket(Some(3000)))));
    }
}

#[test]
fn a_refused_websocket_says_with_which_status() {
    struct No;
    impl Handler for No {
        type Session = ();
        type Message = ();
        fn writable(&mut self, (): &mut (), _: Writable<'_, '_>, _: &mut Stream<'_>) {}
    }
    let websocket = WebSocket::new("h", "/ws", &[], &[]).expect("a handshake");
    let mut client = visitor(ClientRole::WebSocket(websocket), Vec::new());
    let mut server = Wire::server(No, Config::default());
    let request = client.feed(b"");
    let response = server.feed(&request);
    client.feed(&response);
    assert_eq!(client.app.handler().end, Some(End::Refused(404)));
    assert!(client.closed);
}

#[test]
fn a_wrong_accept_key_is_no_websocket() {
    let websocket = WebSocket::new("h", "/ws", &[], &[]).expect("a handshake");
    let mut client = visitor(ClientRole::WebSocket(websocket), Vec::new());
    client.feed(b"");
    client.feed(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
    );
    assert_eq!(client.app.handler().end, Some(End::Refused(101)));
}

#[test]
fn a_body_cut_short_is_told_apart_from_a_badly_framed_one() {
    for (response, cut_short) in [
        (&b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"[..], true),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n", true),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345x", false),
    ] {
        let mut client = visitor(ClientRole::Http, Vec::new());
        client.feed(b"");
        client.feed(response);
        client.eof();
        let Some(End::Http1(error)) = client.app.handler().end else {
            panic!("{:?}", client.app.handler().end)
        };
        assert_eq!(error.is_cut_short(), cut_short, "{error}");
        assert_eq!(client.app.handler().received, b"12345");
    }
}

#[test]
fn a_body_until_close_ends_with_the_transport() {
    let mut client = visitor(ClientRole::Http, Vec::new());
    client.feed(b"");
    client.feed(b"HTTP/1.1 200 OK\r\n\r\nall of it");
    assert_eq!(client.app.handler().end, None);
    client.eof();
    assert_eq!(client.app.handler().end, Some(End::Complete));
    assert_eq!(client.app.handler().received, b"all of it");
}
