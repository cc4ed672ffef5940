//! One client connection with many requests, against our server or a codec that plays one: side by side over HTTP/2, one
//! after another over HTTP/1, through links that deliver in arbitrary pieces, in virtual time.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test may")]

mod common;

use app::{
    Address, App, BodyLength, ClientRole, End, Field, Fields, Handler, Http2Code, Protocol, Request,
    RequestHead, Response, ResponseHead, SendError, Stream, Target, Writable,
};
use common::Wire;
use proptest::prelude::*;

/// Sends every body back, and trailers behind it.
struct Mirror;

#[derive(Default)]
struct Reflection {
    head: bool,
    pending: Vec<u8>,
    ended: bool,
}

impl Handler for Mirror {
    type Session = Reflection;
    type Message = ();

    fn request(&mut self, request: &Request<'_>, stream: &mut Stream<'_>) -> Option<Reflection> {
        assert_eq!((request.method(), request.fields().first("x-tour")), (&b"POST"[..], Some(&b"1"[..])));
        stream.want_write();
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

    fn writable(&mut self, session: &mut Reflection, out: Writable<'_, '_>, stream: &mut Stream<'_>) {
        let result = if !session.head {
            out.head(&ResponseHead::new(200), BodyLength::Chunked).map(|()| session.head = true)
        } else if !session.pending.is_empty() {
            out.body(&session.pending).map(|sent| drop(session.pending.drain(..sent)))
        } else if session.ended {
            return out.finish(&[Field::new("x-end", "1")]).unwrap_or_else(|_| stream.want_write());
        } else {
            return stream.resume();
        };
        assert!(matches!(result, Ok(()) | Err(SendError::Full)), "{result:?}");
        stream.want_write();
    }
}

/// Makes all requests of a list on one connection.
#[derive(Default)]
struct Tour {
    todo: Vec<Vec<u8>>,
    complete: usize,
    under_way: usize,
    most: usize,
    ends: Vec<End>,
}

struct Visit {
    body: Vec<u8>,
    sent: Option<usize>,
    received: Vec<u8>,
    status: u16,
    trailers: usize,
}

impl Tour {
    fn visit(&mut self) -> Option<Visit> {
        let body = self.todo.pop()?;
        Some(Visit { body, sent: None, received: Vec::new(), status: 0, trailers: 0 })
    }
}

impl Handler for Tour {
    type Session = Visit;
    type Message = ();

    fn connected(&mut self, _: &mut Visit, stream: &mut Stream<'_>) {
        self.under_way += 1;
        self.most = self.most.max(self.under_way);
        stream.want_write();
    }

    fn next(&mut self, _: &mut Stream<'_>) -> Option<Visit> {
        self.visit()
    }

    fn response(&mut self, visit: &mut Visit, response: &Response<'_>, stream: &mut Stream<'_>) {
        let version = if stream.protocol() == Protocol::Http2 { "HTTP/2" } else { "HTTP/1.1" };
        assert_eq!(response.version(), version);
        visit.status = response.status();
    }

    fn body(&mut self, visit: &mut Visit, data: &mut [u8], _: &mut Stream<'_>) {
        visit.received.extend_from_slice(data);
    }

    fn body_end(&mut self, visit: &mut Visit, trailers: Fields<'_>, _: &mut Stream<'_>) {
        visit.trailers = trailers.len();
    }

    fn writable(&mut self, visit: &mut Visit, out: Writable<'_, '_>, stream: &mut Stream<'_>) {
        let result = match visit.sent {
            None => {
                let fields = [Field::new("x-tour", "1"), Field::new("Host", "other")];
                let head =
                    RequestHead { method: b"POST", target: b"/echo", authority: b"h", fields: &fields[..1] };
                out.request(&head, BodyLength::Chunked).map(|()| visit.sent = Some(0))
            }
            Some(sent) if sent == visit.body.len() => {
                return out.finish(&[]).unwrap_or_else(|_| stream.want_write());
            }
            Some(sent) => out.body(&visit.body[sent..]).map(|more| visit.sent = Some(sent + more)),
        };
        assert!(matches!(result, Ok(()) | Err(SendError::Full)), "{result:?}");
        stream.want_write();
    }

    fn closed(&mut self, visit: Visit, end: End) {
        self.under_way = self.under_way.saturating_sub(1);
        self.ends.push(end);
        if end == End::Complete {
            assert_eq!((visit.status, visit.trailers), (200, 1));
            assert!(visit.received == visit.body);
            self.complete += 1;
        }
    }
}

fn client(role: ClientRole, todo: Vec<Vec<u8>>) -> Wire<Tour> {
    let mut tour = Tour { todo, ..Tour::default() };
    let first = tour.visit().expect("a request");
    let mut app = App::new(tour, app::Config::default());
    let target = Target { address: Address::Host("h".into(), 80), tls: None, timeout: None };
    app.connect(target, role, first);
    Wire::client(app).0
}

/// Carries bytes to and fro, in pieces whose sizes come from `cuts`, until both sides rest.
fn run(client: &mut Wire<Tour>, server: &mut Wire<Mirror>, cuts: &[usize]) {
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

fn bodies() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let body = prop_oneof![
        4 => proptest::collection::vec(any::<u8>(), 0..200),
        1 => (1_usize..120_000, any::<u8>()).prop_map(|(len, byte)| vec![byte; len]),
    ];
    proptest::collection::vec(body, 1..12)
}

fn cuts() -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(prop_oneof![1_usize..20, 1_usize..40_000], 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn every_body_comes_back_on_one_connection(
        bodies in bodies(),
        cuts in cuts(),
        rooms in (2_048_usize..40_000, 2_048_usize..40_000),
        window in prop_oneof![Just(1_u32), 1_000_u32..70_000],
        at_a_time in 1_u32..8,
        http2: bool,
    ) {
        // A few bytes at a time are a lot of frames, which is a flood when no time passes: few bytes will do.
        // The two directions take turns with the cuts.
        let average = |of: usize| {
            cuts.iter().cycle().skip(of).step_by(2).take(cuts.len()).sum::<usize>() / cuts.len()
        };
        let most = match average(0).min(average(1)) {
            _ if window == 1 => 40,
            0..500 => 5_000,
            _ => usize::MAX,
        };
        let bodies: Vec<_> = bodies.iter().map(|body| body[..body.len().min(most)].to_vec()).collect();
        let count = bodies.len();
        let role = if http2 { ClientRole::Http2 } else { ClientRole::Http };
        let mut client = client(role, bodies);
        let mut config = app::Config::default();
        config.http2.codec.limits.stream_window = window;
        config.http2.codec.limits.concurrent_streams = at_a_time;
        let mut server = Wire::server(Mirror, config);
        (client.room, server.room) = rooms;
        run(&mut client, &mut server, &cuts);
        let tour = client.app.handler();
        prop_assert_eq!(tour.complete, count, "{:?}", &tour.ends);
        // Before its settings have come, a server is sent no more than one request.
        let most = if http2 { count.min(at_a_time as usize) } else { 1 };
        prop_assert!(tour.most <= most, "{} at a time", tour.most);
        prop_assert!(client.closed);
    }
}

#[test]
fn as_many_go_side_by_side_as_the_server_allows() {
    let mut client = client(ClientRole::Http2, vec![vec![1; 1_000]; 300]);
    let mut server = Wire::server(Mirror, app::Config::default());
    run(&mut client, &mut server, &[usize::MAX]);
    let tour = client.app.handler();
    assert_eq!((tour.complete, tour.most), (300, 100));
    assert!(client.closed && server.closed);
}

/// The codec of a server that has taken what the client says.
fn server(limits: proto_h2::Limits, client: &mut Wire<Tour>) -> (proto_h2::Connection, usize) {
    let mut config = proto_h2::Config::default();
    config.limits = limits;
    let mut codec = proto_h2::Connection::server(config);
    let requests = serve(&mut codec, client, |_, _| {});
    (codec, requests)
}

/// Carries bytes between the client and a codec; counts requests.
fn serve(
    codec: &mut proto_h2::Connection,
    client: &mut Wire<Tour>,
    mut each: impl FnMut(&mut proto_h2::Connection, proto_h2::StreamId),
) -> usize {
    let (mut requests, mut down) = (0, Vec::new());
    loop {
        let mut up = client.feed(&std::mem::take(&mut down));
        let (mut scratch, mut at) = (vec![0; 64 * 1024], 0);
        while at < up.len() {
            let step = codec.receive(&mut up[at..], &mut scratch).expect("what the client sends is right");
            at += step.consumed;
            match step.event {
                Some(proto_h2::Event::Headers { id, kind: proto_h2::HeadersKind::Request, .. }) => {
                    requests += 1;
                    each(codec, id);
                }
                Some(_) => {}
                None => break,
            }
        }
        let mut room = vec![0; 64 * 1024];
        let mut out = proto_core::WriteBuf::new(&mut room);
        codec.transmit(&mut out);
        down.extend_from_slice(out.written());
        if up.is_empty() && down.is_empty() {
            return requests;
        }
    }
}

#[test]
fn what_the_server_has_not_processed_may_be_sent_again() {
    let mut client = client(ClientRole::Http2, vec![vec![1; 10]; 5]);
    let mut limits = proto_h2::Limits::DEFAULT;
    limits.concurrent_streams = 3;
    let (mut codec, requests) = server(limits, &mut client);
    assert_eq!((requests, client.app.handler().under_way), (3, 3), "the others wait");
    // GOAWAY that names the first stream: the second and third were not processed.
    client.feed(b"\0\0\x08\x07\0\0\0\0\0\0\0\0\x01\0\0\0\0");
    assert_eq!(client.app.handler().ends, [End::Unprocessed; 2]);
    assert!(!client.closed, "the first goes on");
    codec.reset(proto_h2::StreamId::from_wire(1).unwrap(), Http2Code::REFUSED_STREAM);
    serve(&mut codec, &mut client, |_, _| {});
    assert_eq!(client.app.handler().ends, [End::Unprocessed; 3]);
    assert!(client.closed);
    assert_eq!(client.app.handler().todo.len(), 2, "nobody is asked for more");
}

#[test]
fn a_fault_of_the_server_ends_every_request() {
    let mut client = client(ClientRole::Http2, vec![vec![1; 10]; 2]);
    client.feed(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    assert!(matches!(client.app.handler().ends[..], [End::Http2(_)]), "{:?}", client.app.handler().ends);
    assert!(client.closed);
}

#[test]
fn a_server_that_says_nothing_is_not_waited_for() {
    let mut client = client(ClientRole::Http2, vec![vec![1; 10]; 2]);
    client.feed(b"");
    client.sleep(std::time::Duration::from_secs(10));
    assert!(matches!(client.app.handler().ends[..], [End::Link(_) | End::Http2(_)]));
    assert!(client.closed);
}

#[test]
fn tls_decides_what_is_spoken() {
    for (alpn, preface) in [(Some(&b"h2"[..]), true), (Some(b"http/1.1"), false), (None, false)] {
        let mut tour = Tour { todo: vec![Vec::new()], ..Tour::default() };
        let first = tour.visit().unwrap();
        let mut app = App::new(tour, app::Config::default());
        let target = Target { address: Address::Host("h".into(), 443), tls: None, timeout: None };
        app.connect(target, ClientRole::Http, first);
        let tls = app::TlsInfo { alpn: alpn.map(<[u8]>::to_vec), ..app::TlsInfo::default() };
        let sent = Wire::client_over(app, Some(tls)).feed(b"");
        assert_eq!(sent.starts_with(proto_h2::PREFACE), preface);
        assert_eq!(sent.starts_with(b"POST /echo HTTP/1.1\r\n"), !preface);
    }
}
