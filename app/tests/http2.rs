//! An HTTP/2 server connection as an application and a peer see it.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test may")]

mod common;

use std::path::Path;
use std::time::Duration;

use app::{
    BodyLength, End, Field, Fields, Group, Handler, Protocol, Request, ResponseHead, SendError, Stream,
    Writable,
};
use common::Wire;
use common::peer::{Got, Peer, text};
use proto_h2::ErrorCode;

/// Answers by path; remembers what it was told.
#[derive(Default)]
struct Site {
    told: Vec<String>,
}

enum Session {
    Hello,
    Echo { pending: Vec<u8>, head: bool, ended: bool, hold: bool },
    Long { left: usize, length: BodyLength, head: bool },
    Informed { times: u8 },
    Patient,
}

impl Handler for Site {
    type Session = Session;
    type Message = ();

    fn request(&mut self, request: &Request<'_>, stream: &mut Stream<'_>) -> Option<Session> {
        let path = text(request.path());
        assert_eq!(stream.protocol(), Protocol::Http2);
        self.told.push(format!("{} {path}", text(request.method())));
        stream.want_write();
        let long = |length| Session::Long { left: 300_000, length, head: false };
        Some(match &*path {
            "/hello" => Session::Hello,
            "/echo" | "/slow-echo" => {
                let hold = path == "/slow-echo";
                Session::Echo { pending: Vec::new(), head: false, ended: false, hold }
            }
            "/long" => long(BodyLength::Known(300_000)),
            "/stream" => long(BodyLength::Chunked),
            "/informed" => Session::Informed { times: 2 },
            "/patient" => Session::Patient,
            "/timer" => {
                stream.set_timer(Some(Duration::from_secs(2)));
                Session::Patient
            }
            "/group" => {
                stream.join(Group(1));
                Session::Patient
            }
            "/wake" => {
                stream.wake(Group(1));
                Session::Hello
            }
            "/held" => {
                stream.hold();
                Session::Patient
            }
            "/head" => {
                self.told.push(format!(
                    "{} {:?} {:?} {:?} {:?}",
                    request.version(),
                    request.authority().map(text),
                    request.scheme().map(text),
                    request.query().map(text),
                    request.fields(),
                ));
                Session::Hello
            }
            "/teapot" => {
                stream.refuse(418);
                return None;
            }
            "/socket" => {
                stream.refuse(426);
                return None;
            }
            "/close" => {
                stream.close();
                Session::Patient
            }
            _ if path.starts_with("/files/") => {
                stream.serve_file(Path::new("/root"), request);
                return None;
            }
            _ => return None,
        })
    }

    fn body(&mut self, session: &mut Session, data: &mut [u8], stream: &mut Stream<'_>) {
        if let Session::Echo { pending, hold, .. } = session {
            pending.extend_from_slice(data);
            if *hold {
                stream.hold();
            } else {
                stream.want_write();
            }
        }
    }

    fn body_end(&mut self, session: &mut Session, trailers: Fields<'_>, stream: &mut Stream<'_>) {
        self.told.push(format!("end {trailers:?}"));
        if let Session::Echo { ended, .. } = session {
            *ended = true;
            stream.want_write();
        }
    }

    fn writable(&mut self, session: &mut Session, out: Writable<'_, '_>, stream: &mut Stream<'_>) {
        let result = match session {
            Session::Hello => {
                let fields = [Field::new("X-Upper", "1"), Field::new("connection", "x")];
                let head = ResponseHead { fields: &fields, ..ResponseHead::new(200) };
                out.respond(&head, b"Hello, world!").map(|sent| assert_eq!(sent, 13))
            }
            Session::Echo { hold: true, .. } => return,
            Session::Echo { pending, ended, .. } if pending.is_empty() && !*ended => return,
            Session::Echo { head: head @ false, .. } => {
                out.head(&ResponseHead::new(200), BodyLength::Chunked).map(|()| *head = true)
            }
            Session::Echo { pending, ended, .. } => {
                if pending.is_empty() {
                    assert!(*ended);
                    return out.finish(&[Field::new("x-sum", "1")]).expect("room for the end");
                }
                out.body(pending).map(|sent| drop(pending.drain(..sent)))
            }
            Session::Long { head: head @ false, length, .. } => {
                out.head(&ResponseHead::new(200), *length).map(|()| *head = true)
            }
            Session::Long { left: 0, .. } => return out.finish(&[]).expect("room for the end"),
            Session::Long { left, .. } => {
                let piece = vec![b'x'; (*left).min(10_000)];
                assert!(out.room() < 65_536);
                out.body(&piece).map(|sent| *left -= sent)
            }
            Session::Informed { times: 0 } => out.respond(&ResponseHead::new(204), b"").map(drop),
            Session::Informed { times } => {
                *times -= 1;
                out.inform(103, &[Field::new("link", "</a>")])
            }
            Session::Patient => return,
        };
        match result {
            Ok(()) | Err(SendError::Full) => match session {
                Session::Echo { .. } | Session::Informed { .. } => stream.want_write(),
                Session::Long { left, length, .. } if *left > 0 || *length == BodyLength::Chunked => {
                    stream.want_write();
                }
                _ => {}
            },
            Err(error) => panic!("{error}"),
        }
    }

    fn timer(&mut self, session: &mut Session, stream: &mut Stream<'_>) {
        self.told.push("timer".into());
        stream.want_write();
        *session = Session::Hello;
    }

    fn wake(&mut self, session: &mut Session, group: Option<Group>, stream: &mut Stream<'_>) {
        self.told.push(format!("wake {group:?}"));
        stream.want_write();
        *session = Session::Hello;
    }

    fn closed(&mut self, _: Session, end: End) {
        self.told.push(format!("{end:?}"));
    }
}

fn peer() -> Peer<Site> {
    Peer::new(Site::default(), app::Config { server: Some("test".into()), ..app::Config::default() })
}

fn told(peer: &Peer<Site>) -> Vec<&str> {
    peer.wire.app.handler().told.iter().map(String::as_str).collect()
}

fn is_hello(got: &Got) -> bool {
    got.status == "200" && got.body == b"Hello, world!" && got.ended && got.reset.is_none()
}

#[test]
fn an_exchange_is_what_it_is_over_http1() {
    let mut peer = peer();
    let got = peer.get("/hello");
    assert!(is_hello(&got), "{got:?}");
    let expected = [
        (":status", "200"),
        ("content-length", "13"),
        ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("server", "test"),
        ("x-upper", "1"),
    ];
    assert!(got.fields.iter().map(|(a, b)| (&**a, &**b)).eq(expected), "{:?}", got.fields);
    assert_eq!(told(&peer), ["GET /hello", "end {}", "Complete"]);
}

#[test]
fn the_head_of_a_request_is_seen_in_the_same_way() {
    let mut peer = peer();
    peer.open("GET", "/head?q=1", &[("via", "x"), ("cookie", "a=1"), ("cookie", "b=2")], true);
    peer.run();
    assert_eq!(
        told(&peer)[1],
        r#"HTTP/2 Some("a") Some("http") Some("q=1") {"via": "x", "cookie": "a=1; b=2"}"#
    );
}

#[test]
fn streams_are_served_side_by_side() {
    let mut peer = peer();
    let patient = peer.open("GET", "/patient", &[], true);
    let many = (0..20).map(|_| peer.open("GET", "/hello", &[], true)).collect::<Vec<_>>();
    peer.run();
    assert!(many.iter().all(|id| is_hello(&peer.got[id])));
    assert!(!peer.got[&patient].ended);
}

#[test]
fn a_body_goes_both_ways_with_trailers() {
    let mut peer = peer();
    let id = peer.open("POST", "/echo", &[], false);
    peer.data(id, b"ab", false);
    peer.run();
    assert_eq!(peer.got[&id].body, b"ab");
    peer.data(id, b"cd", false);
    peer.trailers(id, &[("x-check", "7")]);
    peer.run();
    let got = &peer.got[&id];
    assert_eq!((&got.body[..], got.ended), (&b"abcd"[..], true));
    assert_eq!(got.trailers.as_ref().unwrap()["x-sum"], "1");
    assert_eq!(told(&peer), ["POST /echo", r#"end {"x-check": "7"}"#, "Complete"]);
}

#[test]
fn long_bodies_follow_the_credit() {
    for path in ["/long", "/stream"] {
        let mut peer = peer();
        let got = peer.get(path);
        assert_eq!((got.body.len(), got.ended), (300_000, true), "{path}");
        assert_eq!(got.fields.contains_key("content-length"), path == "/long");
    }
}

#[test]
fn the_end_of_a_body_needs_no_credit() {
    let mut client = proto_h2::Config::default();
    client.limits.stream_window = 300_000;
    let mut peer = Peer::with(Site::default(), app::Config::default(), client);
    peer.run();
    let id = peer.open("GET", "/stream", &[], true);
    peer.codec.hold_credit(common::peer::id(id));
    peer.run();
    assert_eq!((peer.got[&id].body.len(), peer.got[&id].ended), (300_000, true));
}

#[test]
fn a_response_without_content_ends_with_its_head() {
    let mut peer = peer();
    let head = peer.open("HEAD", "/hello", &[], true);
    let informed = peer.open("GET", "/informed", &[], true);
    peer.run();
    assert!(peer.got[&head].ended && peer.got[&head].body.is_empty());
    assert_eq!(peer.got[&head].fields["content-length"], "13");
    let got = &peer.got[&informed];
    assert_eq!(
        (&*got.status, &got.informed[..], got.ended),
        ("204", &["103".into(), "103".into()][..], true)
    );
    assert!(!got.fields.contains_key("content-length"));
}

#[test]
fn the_library_answers_what_the_application_does_not() {
    let mut peer = peer();
    let teapot = peer.get("/teapot");
    assert_eq!((&*teapot.status, teapot.ended), ("418", true));
    let missing = peer.get("/nothing");
    assert_eq!((&*missing.status, &*text(&missing.body)), ("404", "404 Not Found\n"));
    // There is no upgrade to refuse: the client is to use HTTP/1.1.
    assert_eq!(peer.get("/socket").reset, Some(ErrorCode::HTTP_1_1_REQUIRED));
    let id = peer.open("GET", "/teapot", &[], false);
    peer.run();
    // RFC 9113 8.1: the response is complete, and no more of the request is wanted.
    let got = &peer.got[&id];
    assert_eq!((&*got.status, got.ended, got.reset), ("418", true, Some(ErrorCode::NO_ERROR)));
}

#[test]
fn continue_is_sent_when_the_application_takes_data() {
    let mut peer = peer();
    let expect = [("expect", "100-continue")];
    let echo = peer.open("POST", "/echo", &expect, false);
    let early = peer.open("POST", "/hello", &expect, false);
    let held = peer.open("POST", "/held", &expect, false);
    peer.run();
    assert_eq!(peer.got[&echo].informed, ["100"]);
    let early = &peer.got[&early];
    assert_eq!((early.informed.len(), early.ended, early.reset), (0, true, Some(ErrorCode::NO_ERROR)));
    assert!(peer.got[&held].informed.is_empty());
}

#[test]
fn held_streams_make_the_peer_wait_and_no_others() {
    let mut peer = peer();
    peer.run();
    let slow = peer.open("POST", "/slow-echo", &[], false);
    let fast = peer.open("POST", "/echo", &[], false);
    let data = vec![7; 1_000_000];
    let window = proto_h2::Limits::DEFAULT.stream_window as usize;
    let (mut first, mut second) = (0, 0);
    loop {
        let more = (
            peer.data(slow, &data[first..], true),
            if second < data.len() { peer.data(fast, &data[second..], true) } else { 0 },
        );
        (first, second) = (first + more.0, second + more.1);
        peer.run();
        if more == (0, 0) {
            break;
        }
    }
    assert!(first <= window + 16_384, "{first}");
    assert_eq!((second, peer.got[&fast].body.len()), (data.len(), data.len()));
}

#[test]
fn timers_and_groups_concern_one_stream() {
    let mut peer = peer();
    let timer = peer.open("GET", "/timer", &[], true);
    let patient = peer.open("GET", "/patient", &[], true);
    let group = peer.open("GET", "/group", &[], true);
    peer.run();
    let wake = peer.open("GET", "/wake", &[], true);
    peer.run();
    assert!(is_hello(&peer.got[&wake]) && is_hello(&peer.got[&group]));
    let sent = peer.wire.sleep(Duration::from_secs(1));
    assert!(sent.is_empty());
    let sent = peer.wire.sleep(Duration::from_secs(1));
    peer.take(sent);
    assert!(is_hello(&peer.got[&timer]) && !peer.got[&patient].ended);
}

#[test]
fn a_stream_ends_early_and_the_rest_goes_on() {
    let mut peer = peer();
    let patient = peer.open("GET", "/patient", &[], true);
    let closed = peer.open("GET", "/close", &[], true);
    peer.run();
    assert_eq!(peer.got[&closed].reset, Some(ErrorCode::CANCEL));
    peer.reset(patient, ErrorCode::CANCEL);
    assert!(is_hello(&peer.get("/hello")));
    assert!(told(&peer).contains(&"Aborted"));
    assert!(told(&peer).contains(&"Reset(CANCEL)"), "{:?}", told(&peer));
}

#[test]
fn files_are_served_side_by_side() {
    let mut peer = peer();
    let large: &'static [u8] = vec![b'l'; 400_000].leak();
    peer.wire.files.insert("files/large.txt", large);
    peer.wire.files.insert("files/small.txt", b"small");
    peer.wire.files.insert("files/dir/index.html", b"index");
    let requests = [
        ("/files/large.txt", &[][..]),
        ("/files/small.txt", &[("range", "bytes=1-3")]),
        ("/files/dir", &[]),
        ("/files/none", &[]),
        ("/files/small.txt", &[("if-match", "\"no\"")]),
    ];
    let ids = requests.map(|(path, fields)| peer.open("GET", path, fields, true));
    peer.run();
    let got = ids.map(|id| peer.got[&id].clone());
    assert_eq!(got.each_ref().map(|got| &*got.status), ["200", "206", "301", "404", "412"]);
    assert!(got.iter().all(|got| got.ended));
    assert!(got[0].body == large && got[1].body == b"mal");
    assert_eq!(
        (&*got[1].fields["content-range"], &*got[2].fields["location"]),
        ("bytes 1-3/5", "/files/dir/")
    );
    assert_eq!(text(&got[4].body), "412 Precondition Failed\n");
    assert_eq!(peer.wire.open_files(), 0);
    // A reader that goes away leaves no file open.
    let id = peer.open("GET", "/files/large.txt", &[], true);
    peer.codec.hold_credit(common::peer::id(id));
    peer.run();
    assert_eq!(peer.wire.open_files(), 1);
    peer.reset(id, ErrorCode::CANCEL);
    peer.run();
    assert_eq!(peer.wire.open_files(), 0);
}

#[test]
fn a_request_for_another_scheme_is_misdirected() {
    let mut peer = peer();
    let id = peer.send(|codec, out| {
        let fields = [(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "a")];
        let fields =
            fields.map(|(name, value)| proto_h2::hpack::Field::new(name.as_bytes(), value.as_bytes()));
        codec.open(fields, true, out)
    });
    peer.run();
    assert_eq!(peer.got[&id.value()].status, "421");
}

#[test]
fn a_drain_finishes_what_is_under_way() {
    let mut peer = peer();
    let timer = peer.open("GET", "/timer", &[], true);
    peer.run();
    let sent = peer.wire.drain();
    peer.take(sent);
    assert_eq!(peer.goaways, [(i32::MAX as u32, ErrorCode::NO_ERROR)]);
    peer.run();
    assert_eq!(peer.goaways.last(), Some(&(timer, ErrorCode::NO_ERROR)));
    assert!(!peer.wire.closed);
    let sent = peer.wire.sleep(Duration::from_secs(2));
    peer.take(sent);
    assert!(is_hello(&peer.got[&timer]) && peer.wire.closed);
}

#[test]
fn an_idle_connection_ends() {
    let mut peer = peer();
    assert!(is_hello(&peer.get("/hello")));
    assert!(peer.wire.sleep(Duration::from_millis(59_999)).is_empty());
    let sent = peer.wire.sleep(Duration::from_millis(1));
    peer.take(sent);
    assert_eq!(peer.goaways, [(1, ErrorCode::NO_ERROR)]);
    assert!(peer.wire.closed);
}

#[test]
fn a_busy_connection_does_not() {
    let mut peer = peer();
    peer.open("GET", "/patient", &[], true);
    peer.run();
    assert!(peer.wire.sleep(Duration::from_secs(1_000)).is_empty() && !peer.wire.closed);
}

#[test]
fn a_preface_that_does_not_come_ends_the_connection() {
    for begin in [
        &b"PRI * HTTP/2.0\r\n\r\nSM"[..],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04",
    ] {
        let mut wire = Wire::server(Site::default(), app::Config::default());
        wire.feed(begin);
        wire.sleep(Duration::from_millis(9_999));
        assert!(!wire.closed);
        wire.sleep(Duration::from_millis(1));
        assert!(wire.closed);
    }
}

#[test]
fn half_a_frame_is_not_waited_for_long() {
    let mut peer = peer();
    peer.open("GET", "/patient", &[], true);
    peer.run();
    peer.wire.feed(b"\0\0\x04\x01\x05\0\0\0\x03\x82");
    peer.wire.sleep(Duration::from_millis(9_999));
    assert!(!peer.wire.closed);
    peer.wire.sleep(Duration::from_millis(1));
    assert!(peer.wire.closed);
    assert_eq!(told(&peer).last(), Some(&"Link(Timeout(Head))"));
}

#[test]
fn slow_bodies_and_slow_readers_lose_their_stream() {
    let mut peer = peer();
    let slow = peer.open("POST", "/echo", &[], false);
    let reader = peer.open("GET", "/long", &[], true);
    peer.codec.hold_credit(common::peer::id(reader));
    peer.run();
    let sent = peer.wire.sleep(Duration::from_millis(4_999));
    peer.take(sent);
    assert_eq!(peer.got[&slow].reset, None);
    let sent = peer.wire.sleep(Duration::from_millis(1));
    peer.take(sent);
    assert_eq!(peer.got[&slow].reset, Some(ErrorCode::CANCEL));
    let sent = peer.wire.sleep(Duration::from_millis(24_999));
    peer.take(sent);
    assert_eq!(peer.got[&reader].reset, None);
    let sent = peer.wire.sleep(Duration::from_millis(1));
    peer.take(sent);
    assert_eq!(peer.got[&reader].reset, Some(ErrorCode::CANCEL));
    assert!(told(&peer).contains(&"Timeout(BodyRate)") && told(&peer).contains(&"Timeout(SendProgress)"));
    assert!(is_hello(&peer.get("/hello")));
}

#[test]
fn credit_octet_by_octet_is_too_slow() {
    let mut peer = peer();
    let reader = peer.open("GET", "/long", &[], true);
    peer.codec.hold_credit(common::peer::id(reader));
    peer.run();
    let mut update = b"\0\0\x04\x08\0\0\0\0\0\0\0\0\x01".to_vec();
    update[5..9].copy_from_slice(&reader.to_be_bytes());
    // 20 octets a second: each second costs a second and earns a fifth of one.
    let mut waited = Duration::ZERO;
    while !told(&peer).contains(&"Timeout(SendProgress)") {
        assert!(waited < Duration::from_secs(38));
        waited += Duration::from_millis(50);
        // The peer's codec does not know of this credit, so it is not shown what is sent for it.
        peer.wire.sleep(Duration::from_millis(50));
        peer.wire.feed(&update);
    }
    assert!(waited > Duration::from_secs(37), "{waited:?}");
}

#[test]
fn a_fault_ends_every_stream() {
    let mut peer = peer();
    peer.open("GET", "/patient", &[], true);
    peer.run();
    let sent = peer.wire.feed(b"\0\0\x04\x08\0\0\0\0\0\0\0\0\0");
    peer.take(sent);
    assert_eq!(peer.goaways, [(1, ErrorCode::PROTOCOL_ERROR)]);
    assert!(peer.wire.closed);
    assert_eq!(told(&peer).last(), Some(&"Http2(WindowIncrement)"));
}

#[test]
fn the_end_of_the_link_is_told_to_every_stream() {
    let mut peer = peer();
    peer.open("GET", "/patient", &[], true);
    peer.run();
    peer.wire.eof();
    assert_eq!(told(&peer).last(), Some(&"Link(Reset)"));
    assert!(peer.wire.closed);
}

#[test]
fn an_http1_request_becomes_the_first_stream() {
    let mut wire = Wire::server(Site::default(), app::Config::default());
    let mut settings = [0; 64];
    let len = proto_h2::http2_settings(&proto_h2::Config::default(), &mut settings);
    let request = format!(
        "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\
         HTTP2-Settings: {}\r\n\r\n",
        text(&settings[..len])
    );
    let sent = wire.feed(request.as_bytes());
    let head = sent.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
    assert!(text(&sent[..head]).starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{}", text(&sent));
    let (codec, first) = proto_h2::Connection::client_upgraded(proto_h2::Config::default(), false);
    let mut peer = Peer::over(wire, codec);
    peer.take(sent[head..].to_vec());
    peer.run();
    assert!(is_hello(&peer.got[&first.value()]));
    assert!(is_hello(&peer.get("/hello")));
}

#[test]
fn an_offer_that_cannot_be_taken_is_ignored() {
    struct Plain;
    impl Handler for Plain {
        type Session = ();
        type Message = ();
        fn request(&mut self, _: &Request<'_>, stream: &mut Stream<'_>) -> Option<()> {
            assert_eq!(stream.protocol(), Protocol::Http1);
            stream.want_write();
            Some(())
        }
        fn writable(&mut self, (): &mut (), out: Writable<'_, '_>, _: &mut Stream<'_>) {
            out.respond(&ResponseHead::new(200), b"").unwrap();
        }
    }
    let off = app::Http2Config { enabled: false, ..app::Http2Config::default() };
    let off = app::Config { http2: off, ..app::Config::default() };
    for (fields, config) in [
        ("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n", app::Config::default()),
        ("Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n", app::Config::default()),
        (
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: ==\r\n",
            app::Config::default(),
        ),
        (
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nHTTP2-Settings: AAMAAABk\r\n",
            app::Config::default(),
        ),
        (
            "Content-Length: 1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
            app::Config::default(),
        ),
        ("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n", off.clone()),
    ] {
        let mut wire = Wire::server(Plain, config);
        let answer = wire.text(format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n"));
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{fields}{answer}");
    }
    let mut wire = Wire::server(Plain, off);
    let answer = wire.text(proto_h2::PREFACE);
    assert!(answer.starts_with("HTTP/1.1 505 "), "{answer}");
}
