//! What is asked of content is the same over HTTP/1 and HTTP/2: how long it may be, and who waits for whom to send it.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test may")]

mod common;

use std::time::Duration;

use app::{
    Address, App, BodyLength, ClientRole, Config, End, Field, Fields, Handler, Limit, Request, RequestHead,
    Response, ResponseHead, SendError, Stream, Target, Writable,
};
use common::Wire;
use common::peer::{Peer, text};
use proto_core::WriteBuf;
use proto_h2::{Connection, ErrorCode, Event, StreamId};

/// Limits a body to 10 bytes.
fn config() -> Config {
    let mut config = Config::default();
    config.http1.limits.body = 10;
    config.http2.body = 10;
    config
}

/// Says how much it was sent: at the end, or (`/early`) with a head at the beginning.
#[derive(Default)]
struct Scale {
    told: Vec<String>,
    limits: Vec<Option<Limit>>,
}

struct Weighing {
    early: bool,
    head: bool,
    weight: usize,
    ended: bool,
}

impl Handler for Scale {
    type Session = Weighing;
    type Message = ();

    fn request(&mut self, request: &Request<'_>, stream: &mut Stream<'_>) -> Option<Weighing> {
        let early = request.path() == b"/early";
        if request.path() == b"/small" {
            stream.limit_body(5);
        }
        self.told.push("request".into());
        if early {
            stream.want_write();
        }
        Some(Weighing { early, head: false, weight: 0, ended: false })
    }

    fn body(&mut self, session: &mut Weighing, data: &mut [u8], _: &mut Stream<'_>) {
        session.weight += data.len();
    }

    fn body_end(&mut self, session: &mut Weighing, _: Fields<'_>, stream: &mut Stream<'_>) {
        session.ended = true;
        stream.want_write();
    }

    fn writable(&mut self, session: &mut Weighing, out: Writable<'_, '_>, stream: &mut Stream<'_>) {
        let head = ResponseHead::new(200);
        let weight = session.weight.to_string();
        if session.early && !session.head {
            out.head(&head, BodyLength::Chunked).unwrap();
            session.head = true;
            if session.ended {
                stream.want_write();
            }
        } else if session.early {
            out.finish(&[]).unwrap();
        } else {
            out.respond(&head, weight.as_bytes()).unwrap();
        }
    }

    fn closed(&mut self, _: Weighing, end: End) {
        self.told.push(format!("{end:?}"));
        self.limits.push(end.limit());
    }
}

/// Over HTTP/1: the statuses that came, and how the session ended.
fn over_http1(path: &str, fields: &str, body: &str) -> (Vec<String>, Scale, u64) {
    let config = config();
    let counters = config.counters.clone();
    let mut wire = Wire::server(Scale::default(), config);
    let sent = wire.text(format!("POST {path} HTTP/1.1\r\nHost: h\r\n{fields}\r\n{body}"));
    let statuses = sent.split("HTTP/1.1 ").skip(1).map(|head| head[..3].to_owned());
    (statuses.collect(), std::mem::take(wire.app.handler_mut()), counters.of(Limit::Body))
}

/// Over HTTP/2: the same, and with what code the stream was reset.
fn over_http2(
    path: &str,
    fields: &[(&str, &str)],
    body: &[&[u8]],
) -> (Vec<String>, Scale, u64, Option<ErrorCode>) {
    let config = config();
    let counters = config.counters.clone();
    let mut peer = Peer::new(Scale::default(), config);
    let id = peer.open("POST", path, fields, body.is_empty());
    peer.run();
    for (nth, piece) in body.iter().enumerate() {
        if peer.codec.is_open(common::peer::id(id)) {
            peer.data(id, piece, nth == body.len() - 1);
            peer.run();
        }
    }
    let got = &peer.got[&id];
    let mut statuses = got.informed.clone();
    statuses.extend(Some(got.status.clone()).filter(|status| !status.is_empty()));
    let counted = counters.of(Limit::Http2Body);
    assert_eq!(
        u64::from(peer.wire.connection.as_ref().unwrap().fired(Limit::Http2Body)),
        counted,
        "the connection counts too"
    );
    (statuses, std::mem::take(peer.wire.app.handler_mut()), counted, got.reset)
}

#[test]
fn a_body_that_is_announced_too_long_is_refused_unseen() {
    let (statuses, scale, counted) = over_http1("/", "Content-Length: 10\r\n", "0123456789");
    assert_eq!((statuses, scale.told.len(), counted), (vec!["200".into()], 2, 0));
    let (statuses, scale, counted) = over_http1("/", "Content-Length: 11\r\n", "");
    assert_eq!((statuses, scale.told.len(), counted), (vec!["413".into()], 0, 1));

    let (statuses, scale, counted, _) = over_http2("/", &[("content-length", "10")], &[b"0123456789"]);
    assert_eq!((statuses, scale.told.len(), counted), (vec!["200".into()], 2, 0));
    let (statuses, scale, counted, reset) = over_http2("/", &[("content-length", "11")], &[b"01234567890"]);
    assert_eq!((statuses, scale.told.len(), counted), (vec!["413".into()], 0, 1));
    assert_eq!(reset, Some(ErrorCode::NO_ERROR), "no more of it is wanted");
}

#[test]
fn a_body_that_turns_out_too_long_is_refused() {
    let chunked = "Transfer-Encoding: chunked\r\n";
    let (statuses, scale, _) = over_http1("/", chunked, "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n");
    assert_eq!((statuses, scale.limits), (vec!["200".into()], vec![None]));
    let (statuses, scale, _) = over_http1("/", chunked, "5\r\n01234\r\n6\r\n56789x\r\n0\r\n\r\n");
    assert_eq!((statuses, scale.limits), (vec!["413".into()], vec![Some(Limit::Body)]));

    let (statuses, scale, ..) = over_http2("/", &[], &[b"01234", b"56789"]);
    assert_eq!((statuses, scale.limits), (vec!["200".into()], vec![None]));
    let (statuses, scale, counted, reset) = over_http2("/", &[], &[b"01234", b"56789x", b"more"]);
    assert_eq!((statuses, scale.limits, counted), (vec!["413".into()], vec![Some(Limit::Http2Body)], 1));
    assert_eq!(reset, Some(ErrorCode::NO_ERROR));
}

#[test]
fn a_resource_may_take_less_than_others() {
    for (length, status) in [("5", "200"), ("6", "413")] {
        let body = &"012345"[..length.parse().unwrap()];
        let (statuses, scale, _) = over_http1("/small", &format!("Content-Length: {length}\r\n"), body);
        assert_eq!((statuses, scale.told.len()), (vec![status.into()], 2));
        let fields = [("content-length", length)];
        let (statuses, scale, ..) = over_http2("/small", &fields, &[body.as_bytes()]);
        assert_eq!((statuses, scale.told.len()), (vec![status.into()], 2));

        let chunk = format!("{length}\r\n{body}\r\n0\r\n\r\n");
        let (statuses, scale, _) = over_http1("/small", "Transfer-Encoding: chunked\r\n", &chunk);
        let limit = (status == "413").then_some(Limit::Body);
        assert_eq!((statuses, scale.limits), (vec![status.into()], vec![limit]));
        let (statuses, scale, ..) = over_http2("/small", &[], &[body.as_bytes()]);
        let limit = (status == "413").then_some(Limit::Http2Body);
        assert_eq!((statuses, scale.limits), (vec![status.into()], vec![limit]));
    }
}

#[test]
fn an_answer_that_has_begun_is_cut() {
    let (statuses, scale, _) =
        over_http1("/early", "Transfer-Encoding: chunked\r\n", "5\r\n01234\r\n6\r\n56789x\r\n");
    // Content that arrives together with its head is looked at before anything is answered.
    assert_eq!((statuses.len(), scale.limits), (1, vec![Some(Limit::Body)]));
    let (statuses, scale, _, reset) = over_http2("/early", &[], &[b"01234", b"56789x"]);
    assert_eq!((statuses, scale.limits), (vec!["200".into()], vec![Some(Limit::Http2Body)]));
    assert_eq!(reset, Some(ErrorCode::ENHANCE_YOUR_CALM));
}

#[test]
fn expectations() {
    for (expect, content, statuses) in [
        ("100-continue", true, &["100", "200"][..]),
        ("100-Continue", true, &["100", "200"]),
        ("100-continue, 100-continue", true, &["100", "200"]),
        ("100-continue", false, &["200"]),
        ("tea", true, &["417"]),
        ("100-continue, tea", true, &["417"]),
        ("tea", false, &["417"]),
    ] {
        let length = if content { 5 } else { 0 };
        // The content comes when it is asked for.
        let config = config();
        let mut wire = Wire::server(Scale::default(), config);
        let head =
            format!("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\nExpect: {expect}\r\n\r\n");
        let mut sent = wire.text(head);
        if sent.starts_with("HTTP/1.1 100 ") {
            sent += &wire.text("hello");
        }
        let found = sent.split("HTTP/1.1 ").skip(1).map(|head| &head[..3]);
        assert!(found.eq(statuses.iter().copied()), "{expect}: {sent}");

        let body: &[&[u8]] = if content { &[b"hello"] } else { &[] };
        let length = length.to_string();
        let (found, ..) = over_http2("/", &[("content-length", &length), ("expect", expect)], body);
        assert_eq!(found, statuses, "{expect}");
    }
}

/// Sends `hello`, in a request that expects to be told to.
#[derive(Default)]
struct Polite {
    expect: &'static str,
    length: Option<u64>,
    sent: usize,
    head: Option<Result<(), SendError>>,
    /// How much of the response is taken.
    most: Option<u64>,
    statuses: Vec<u16>,
    end: Option<End>,
}

impl Handler for Polite {
    type Session = ();
    type Message = ();

    fn connected(&mut self, (): &mut (), stream: &mut Stream<'_>) {
        stream.want_write();
    }

    fn response(&mut self, (): &mut (), response: &Response<'_>, stream: &mut Stream<'_>) {
        self.statuses.push(response.status());
        if let Some(most) = self.most {
            stream.limit_body(most);
        }
    }

    fn writable(&mut self, (): &mut (), out: Writable<'_, '_>, stream: &mut Stream<'_>) {
        if self.head.is_none() {
            let fields = [Field::new("expect", self.expect)];
            let head = RequestHead { method: b"PUT", target: b"/", authority: b"h", fields: &fields };
            let length = self.length.map_or(BodyLength::None, BodyLength::Known);
            self.head = Some(out.request(&head, length));
            return if self.head == Some(Ok(())) { stream.want_write() } else { stream.close() };
        }
        match out.body(&b"hello"[self.sent..]) {
            Ok(sent) => self.sent += sent,
            Err(SendError::Misuse) if self.statuses.last() >= Some(&200) => return, // nobody wants it
            Err(error) => assert_eq!(error, SendError::Blocked),
        }
        if self.sent < 5 {
            stream.want_write();
        }
    }

    fn closed(&mut self, (): (), end: End) {
        self.end = Some(end);
    }
}

fn client(role: ClientRole, polite: Polite) -> Wire<Polite> {
    let mut app = App::new(polite, config());
    let target = Target { address: Address::Host("h".into(), 80), tls: None, timeout: None };
    app.connect(target, role, ());
    Wire::client(app).0
}

fn polite() -> Polite {
    Polite { expect: "100-continue", length: Some(5), ..Polite::default() }
}

/// A server in the test's hands, over either protocol.
enum Host {
    Http1,
    Http2(Box<Connection>),
}

impl Host {
    fn new(http2: bool) -> Self {
        if http2 {
            Self::Http2(Box::new(Connection::server(proto_h2::Config::default())))
        } else {
            Self::Http1
        }
    }

    fn role(&self) -> ClientRole {
        match self {
            Self::Http1 => ClientRole::Http,
            Self::Http2(_) => ClientRole::Http2,
        }
    }

    /// Takes what the client has sent, and says how much content and which reset were in it.
    fn take(&mut self, client: &mut Wire<Polite>, mut sent: Vec<u8>) -> (usize, Option<ErrorCode>) {
        let Self::Http2(codec) = self else {
            let head = sent.windows(4).position(|end| end == b"\r\n\r\n").map_or(0, |at| at + 4);
            return (sent.len() - head, None);
        };
        let (mut content, mut reset) = (0, None);
        loop {
            let (mut scratch, mut at) = (vec![0; 65_536], 0);
            while at < sent.len() {
                let step = codec.receive(&mut sent[at..], &mut scratch).unwrap();
                at += step.consumed;
                match step.event {
                    Some(Event::Data { payload, .. }) => content += payload.len(),
                    Some(Event::Reset { code, .. }) => reset = Some(code),
                    Some(_) => {}
                    None => break,
                }
            }
            let mut room = vec![0; 65_536];
            let mut out = WriteBuf::new(&mut room);
            codec.transmit(&mut out);
            if out.is_empty() {
                return (content, reset);
            }
            sent = client.feed(out.written());
        }
    }

    /// What answers the request with `status` and no content, or with one of `length` that does not come.
    fn answer(&mut self, status: &str, length: Option<&str>) -> Vec<u8> {
        let Self::Http2(codec) = self else {
            let length = length.map(|length| format!("Content-Length: {length}\r\n")).unwrap_or_default();
            return format!("HTTP/1.1 {status} x\r\n{length}\r\n").into_bytes();
        };
        let mut room = vec![0; 65_536];
        let mut out = WriteBuf::new(&mut room);
        let mut fields = vec![proto_h2::hpack::Field::new(b":status", status.as_bytes())];
        fields.extend(length.map(|it| proto_h2::hpack::Field::new(b"content-length", it.as_bytes())));
        let id = StreamId::from_wire(1).unwrap();
        let end = !status.starts_with('1') && length.is_none_or(|length| length == "0");
        codec.send_head(id, fields, end, &mut out).unwrap();
        out.written().to_vec()
    }
}

#[test]
fn a_client_waits_for_continue_or_the_deadline() {
    for http2 in [false, true] {
        let mut host = Host::new(http2);
        let mut client = client(host.role(), polite());
        let sent = client.feed(b"");
        assert_eq!(host.take(&mut client, sent).0, 0, "nothing before it is asked for");
        let sent = client.sleep(Duration::from_micros(999_999));
        assert_eq!(host.take(&mut client, sent).0, 0);
        // RFC 9110 15.2: other interim responses say nothing of it.
        let hints = host.answer("103", None);
        let sent = client.feed(&hints);
        assert_eq!(host.take(&mut client, sent).0, 0);
        let sent = client.sleep(Duration::from_micros(1));
        assert_eq!(host.take(&mut client, sent).0, 5, "{http2}");

        let mut host = Host::new(http2);
        let mut client = self::client(host.role(), polite());
        let sent = client.feed(b"");
        host.take(&mut client, sent);
        let go_ahead = host.answer("100", None);
        let sent = client.feed(&go_ahead);
        assert_eq!(host.take(&mut client, sent).0, 5);
        let answer = host.answer("204", None);
        client.feed(&answer);
        let polite = client.app.handler();
        assert_eq!((&polite.statuses[..], polite.end), (&[100, 204][..], Some(End::Complete)));
    }
}

#[test]
fn a_final_answer_in_place_of_continue_means_that_the_content_is_not_wanted() {
    for http2 in [false, true] {
        let mut host = Host::new(http2);
        let mut client = client(host.role(), polite());
        let sent = client.feed(b"");
        host.take(&mut client, sent);
        let refusal = host.answer("403", Some("3"));
        let mut sent = client.feed(&refusal);
        sent.extend(client.sleep(Duration::from_secs(2)));
        assert_eq!(host.take(&mut client, sent), (0, None), "{http2}");
        match &mut host {
            Host::Http1 => drop(client.feed(b"no!")),
            Host::Http2(codec) => {
                let mut room = [0; 64];
                let mut out = WriteBuf::new(&mut room);
                codec.send_data(StreamId::from_wire(1).unwrap(), b"no!", true, &mut out).unwrap();
                let sent = client.feed(out.written());
                assert_eq!(host.take(&mut client, sent), (0, Some(ErrorCode::CANCEL)));
            }
        }
        let polite = client.app.handler();
        assert_eq!((&polite.statuses[..], polite.sent, polite.end), (&[403][..], 0, Some(End::Complete)));
    }
}

#[test]
fn there_is_but_one_expectation_and_it_needs_content() {
    for http2 in [false, true] {
        for (expect, length) in [("tea", Some(5)), ("100-continue", None), ("100-continue", Some(0))] {
            let host = Host::new(http2);
            let mut client = client(host.role(), Polite { expect, length, ..Polite::default() });
            client.feed(b"");
            assert_eq!(client.app.handler().head, Some(Err(SendError::Misuse)), "{expect} {length:?}");
        }
    }
}

#[test]
fn a_response_that_is_too_long_is_not_read() {
    for (http2, limit) in [(false, Limit::Body), (true, Limit::Http2Body)] {
        for (most, length, fires) in
            [(None, "10", false), (None, "11", true), (Some(5), "5", false), (Some(5), "6", true)]
        {
            let mut host = Host::new(http2);
            let mut client = client(host.role(), Polite { most, ..polite() });
            let sent = client.feed(b"");
            host.take(&mut client, sent);
            let answer = host.answer("200", Some(length));
            let sent = client.feed(&answer);
            let (_, reset) = host.take(&mut client, sent);
            let fired = client.app.handler().end.and_then(End::limit);
            assert_eq!(fired, fires.then_some(limit), "{}", text(length.as_bytes()));
            assert_eq!(reset, (fires && http2).then_some(ErrorCode::ENHANCE_YOUR_CALM));
        }
    }
}
