//! The client: framing of requests and of the responses to them, and what may go wrong with each.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
use common::{Wire, written};
use proto_core::{Instant, SendError, Wants, WriteBuf};
use proto_h1::{BodyLength, CloseReason, Config, Error, Field, Lenient, Limits, RequestHead};

const READ: Wants = Wants { read: true, write: false, close: false };
const PAUSE: Wants = Wants { read: false, write: false, close: false };
const CLOSE: Wants = Wants { read: false, write: false, close: true };

fn asking(head: &RequestHead<'_>) -> Wire<proto_h1::Client> {
    let mut wire = Wire::client(Config::default());
    wire.request(head);
    wire
}

fn get() -> Wire<proto_h1::Client> {
    asking(&RequestHead::new(b"GET", b"/", b"a", &[]))
}

fn post(body: BodyLength) -> RequestHead<'static> {
    RequestHead::new(b"POST", b"/", b"a", &[]).with_body(body)
}

#[test]
fn requests_are_framed_by_what_they_are() {
    let upgrade = [Field::new("Upgrade", "x"), Field::new("Connection", "y")];
    for (head, expected) in [
        (RequestHead::new(b"GET", b"/a?b", b"h:1", &[]), "GET /a?b HTTP/1.1\r\nHost: h:1\r\n\r\n"),
        (RequestHead::new(b"OPTIONS", b"*", b"h", &[]), "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"),
        (RequestHead::new(b"GET", b"http://h/", b"h", &[]), "GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n"),
        (RequestHead::new(b"CONNECT", b"h:1", b"h:1", &[]), "CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n"),
        (post(BodyLength::None), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"),
        (post(BodyLength::Known(7)), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\n"),
        (
            RequestHead { expect_continue: true, ..post(BodyLength::Chunked) },
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n",
        ),
        (
            RequestHead { expect_continue: true, ..RequestHead::new(b"GET", b"/", b"a", &[]) },
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        ),
        (
            RequestHead { close: true, ..RequestHead::new(b"GET", b"/", b"a", &upgrade) },
            "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: close, Upgrade, y\r\n\r\n",
        ),
    ] {
        assert_eq!(Wire::client(Config::default()).request(&head), expected);
    }
}

#[test]
fn what_cannot_be_sent_is_refused_whole() {
    let plain = RequestHead::new(b"GET", b"/", b"a", &[]);
    let mut room = [0; 256];
    let mut out = WriteBuf::new(&mut room);
    let mut client = proto_h1::Client::new(Config::default());
    for head in [
        RequestHead { method: b"", ..plain },
        RequestHead { method: b"G T", ..plain },
        RequestHead { target: b"", ..plain },
        RequestHead { target: b"/ x", ..plain },
        RequestHead { target: b"/\r\nX: y", ..plain },
        RequestHead { target: b"/\xe9", ..plain },
        RequestHead { target: b"x", ..plain },
        RequestHead { target: b"*", ..plain },
        RequestHead { method: b"CONNECT", ..plain },
        RequestHead { host: b"", ..plain },
        RequestHead { host: b"a\r\nX: y", ..plain },
        RequestHead { host: b"u@a", ..plain },
        RequestHead { body: BodyLength::UntilClose, ..plain },
        RequestHead { method: b"TRACE", body: BodyLength::Known(1), ..plain },
    ] {
        assert_eq!(client.send_head(&head, &mut out), Err(SendError::Misuse), "{head:?}");
    }
    for name in ["Host", "content-length", "Transfer-Encoding", "expect", "a b", ""] {
        let fields = [Field::new(name, "a")];
        assert_eq!(
            client.send_head(&RequestHead { fields: &fields, ..plain }, &mut out),
            Err(SendError::Misuse)
        );
    }
    assert_eq!(client.finish(&[], &mut out), Err(SendError::Misuse));
    assert!(out.is_empty());
    client.send_head(&plain, &mut out).unwrap();
    assert_eq!(client.send_head(&plain, &mut out), Err(SendError::Misuse), "one at a time");
    assert_eq!(client.send_body(b"x", &mut out), Err(SendError::Misuse));
    let mut small = [0; 10];
    let mut client = proto_h1::Client::new(Config::default());
    let mut out = WriteBuf::new(&mut small);
    assert_eq!(client.send_head(&plain, &mut out), Err(SendError::Full));
    assert!(client.ready_for_request() && out.is_empty());
}

#[test]
fn bodies_end_where_the_framing_says() {
    for (method, response, events, reason) in [
        ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "response 200,body ok,end", None),
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "response 200,end", None),
        ("HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "response 200,end", None),
        ("GET", "HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\n", "response 204,end", None),
        ("GET", "HTTP/1.1 304 No\r\nContent-Length: 2\r\n\r\n", "response 304,end", None),
        (
            "GET",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nok\r\n0\r\nA: b\r\n\r\n",
            "response 200,body ok,end {A: b}",
            None,
        ),
        (
            "GET",
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            "response 200,end",
            Some(CloseReason::Peer),
        ),
        (
            "GET",
            "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
            "response 200,end",
            Some(CloseReason::Http10),
        ),
        (
            "GET",
            "HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n",
            "response 200,end",
            None,
        ),
        (
            "GET",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 E\r\nX: y\r\n\r\nHTTP/1.1 204 \r\n\r\n",
            "informational 100,informational 103,response 204,end",
            None,
        ),
        ("CONNECT", "HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno", "response 404,body no,end", None),
    ] {
        let target: &[u8] = if method == "CONNECT" { b"a:1" } else { b"/" };
        let mut wire = asking(&RequestHead::new(method.as_bytes(), target, b"a", &[]));
        let (found, error) = wire.feed_all(response);
        assert_eq!((found.join(",").as_str(), error), (events, None), "{response}");
        assert_eq!(wire.codec.close_reason(), reason, "{response}");
        assert_eq!(wire.codec.wants(), if reason.is_some() { CLOSE } else { PAUSE });
        assert_eq!(wire.codec.next_request(), reason.is_none());
    }
}

#[test]
fn a_body_without_length_ends_with_the_transport() {
    let mut wire = get();
    assert_eq!(wire.feed_all("HTTP/1.1 200 OK\r\n\r\nsome").0, ["response 200", "body some"]);
    assert_eq!(wire.feed_all("more").0, ["body more"]);
    let end = wire.codec.receive_eof().unwrap();
    assert_eq!(end.as_ref().map(common::render).as_deref(), Some("end"));
    assert_eq!(wire.codec.receive_eof(), Ok(None));
    assert_eq!((wire.codec.wants(), wire.codec.close_reason()), (CLOSE, Some(CloseReason::Delimited)));
}

#[test]
fn cut_short_is_not_badly_framed() {
    for (response, error) in [
        ("", Error::NoResponse),
        ("HTTP/1.1 200 OK\r\n", Error::HeadCut),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", Error::BodyCut),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", Error::ChunkedCut),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", Error::ChunkedCut),
        ("HTTP/1.1 100 Continue\r\n\r\n", Error::NoResponse),
    ] {
        let mut wire = get();
        assert_eq!(wire.feed_all(response).1, None);
        assert_eq!(wire.codec.receive_eof(), Err(error), "{response}");
        assert!(error.is_cut_short());
        assert_eq!(wire.codec.wants(), CLOSE);
    }
}

#[test]
fn refused_responses() {
    for (response, error) in [
        ("HTTP/1.1 200 OK\nX: y\r\n\r\n", Error::BareLf),
        ("HTTP/1.1 200 OK\r\nX: y\r\n z\r\n\r\n", Error::ObsFold),
        ("HTTP/1.1 200 OK\r\nX : y\r\n\r\n", Error::FieldLine),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            Error::LengthAndCoding,
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", Error::ContentLengthRepeated),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n", Error::ContentLength),
        ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", Error::ContentLength),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", Error::TransferCodingUnknown),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", Error::TransferCoding),
        ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Error::TransferCodingVersion),
        ("HTTP/1.1 200\r\n\r\n", Error::StatusLine),
        ("HTTP/1.1 20 OK\r\n\r\n", Error::StatusLine),
        ("HTTP/1.1 2000 OK\r\n\r\n", Error::StatusLine),
        ("HTTP/1.1 +20 OK\r\n\r\n", Error::StatusLine),
        ("HTTP/1.1 099 OK\r\n\r\n", Error::StatusLine),
        ("HTTP/1.1  200 OK\r\n\r\n", Error::StatusLine),
        ("HTTP/2.0 200 OK\r\n\r\n", Error::Version),
        ("ICY 200 OK\r\n\r\n", Error::StatusLine),
        ("\r\nHTTP/1.1 200 OK\r\n\r\n", Error::StatusLine),
        ("<html>\r\n", Error::StatusLine),
        ("HTTP/1.1 101 Switch\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", Error::UnexpectedUpgrade),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 1\r\n\r\n",
            Error::Trailer,
        ),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\n", Error::ChunkSize),
    ] {
        assert_eq!(get().feed_all(response).1, Some(error), "{response}");
    }
    let mut lenient = Wire::client(Config {
        lenient: Lenient { status_without_space: true, ..Lenient::default() },
        ..Config::default()
    });
    lenient.get();
    assert_eq!(lenient.feed("HTTP/1.1 204\r\n\r\n").unwrap().unwrap(), "response 204");
}

#[test]
fn bytes_nobody_asked_for() {
    let mut wire = Wire::client(Config::default());
    assert_eq!((wire.feed(""), wire.codec.wants()), (Ok(None), READ));
    assert_eq!(wire.feed("HTTP/1.1 408 Timeout\r\n\r\n"), Err(Error::Unsolicited));
    let mut wire = get();
    let _ = wire.feed_all("HTTP/1.1 204 No\r\n\r\nx");
    assert!(wire.codec.next_request());
    assert_eq!(wire.feed(""), Err(Error::Unsolicited));
    let mut wire = Wire::client(Config::default());
    assert_eq!(wire.codec.receive_eof(), Ok(None));
    assert_eq!((wire.codec.wants(), wire.codec.close_reason()), (CLOSE, Some(CloseReason::Eof)));
    assert!(!wire.codec.ready_for_request());
}

fn expecting() -> Wire<proto_h1::Client> {
    asking(&RequestHead { expect_continue: true, ..post(BodyLength::Known(5)) })
}

fn sends_body(wire: &mut Wire<proto_h1::Client>) -> Result<usize, SendError> {
    let mut room = [0; 64];
    wire.codec.send_body(b"hello", &mut WriteBuf::new(&mut room))
}

#[test]
fn the_body_waits_for_continue_or_the_deadline() {
    let mut wire = expecting();
    assert!(wire.codec.awaits_continue());
    assert_eq!(sends_body(&mut wire), Err(SendError::Blocked));
    assert_eq!(wire.codec.body_prefix(5), Err(SendError::Blocked));
    assert_eq!(wire.feed("HTTP/1.1 100 Continue\r\n\r\n").unwrap().unwrap(), "informational 100");
    assert_eq!(wire.codec.poll_timeout(), None);
    assert_eq!(sends_body(&mut wire), Ok(5));

    let mut wire = expecting();
    let deadline = wire.codec.poll_timeout().unwrap();
    assert_eq!(deadline.at, Instant::from_secs(1));
    wire.codec.handle_timeout(Instant(deadline.at.0 - 1));
    assert_eq!(sends_body(&mut wire), Err(SendError::Blocked));
    wire.codec.handle_timeout(deadline.at);
    assert_eq!(sends_body(&mut wire), Ok(5));
    assert_eq!(written(|out| wire.codec.finish(&[], out).unwrap()), "");

    let mut wire = expecting();
    wire.codec.go_ahead();
    assert_eq!(sends_body(&mut wire), Ok(5));
}

#[test]
fn a_final_response_in_place_of_continue() {
    let mut wire = expecting();
    assert_eq!(wire.feed_all("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n").0, ["response 417", "end"]);
    assert_eq!(sends_body(&mut wire), Err(SendError::Misuse));
    assert_eq!((wire.codec.close_reason(), wire.codec.wants()), (Some(CloseReason::RequestUnsent), CLOSE));
}

#[test]
fn a_response_before_the_request_has_ended() {
    let mut wire = asking(&post(BodyLength::Known(5)));
    assert_eq!(wire.feed_all("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").0, ["response 200", "end"]);
    assert!(!wire.codec.next_request(), "the body is not sent yet");
    assert_eq!(wire.codec.wants(), PAUSE);
    assert_eq!(sends_body(&mut wire), Ok(5));
    written(|out| wire.codec.finish(&[], out).unwrap());
    assert!(wire.codec.next_request());

    let mut wire = asking(&post(BodyLength::Known(5)));
    assert_eq!(wire.feed_all("HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n").0, ["response 413", "end"]);
    wire.codec.abandon_body();
    assert_eq!((wire.codec.close_reason(), wire.codec.wants()), (Some(CloseReason::RequestUnsent), CLOSE));
}

#[test]
fn an_expectation_may_be_given_as_a_field() {
    let fields = [Field::new("expect", "100-Continue"), Field::new("TE", "trailers")];
    let head = RequestHead::new(b"PUT", b"/", b"a", &fields);
    let mut wire = Wire::client(Config::default());
    let sent = written(|out| wire.codec.send_head(&head.with_body(BodyLength::Known(2)), out).unwrap());
    let expected = "PUT / HTTP/1.1\r\nHost: a\r\nexpect: 100-Continue\r\nTE: trailers\r\n\
                    Content-Length: 2\r\nConnection: TE\r\n\r\n";
    assert_eq!((sent.as_str(), wire.codec.awaits_continue()), (expected, true));
    let other = [Field::new("expect", "miracles")];
    for head in [
        RequestHead::new(b"PUT", b"/", b"a", &fields),
        RequestHead::new(b"PUT", b"/", b"a", &other).with_body(BodyLength::Known(2)),
    ] {
        let mut room = [0; 256];
        let sent = Wire::client(Config::default()).codec.send_head(&head, &mut WriteBuf::new(&mut room));
        assert_eq!(sent, Err(SendError::Misuse));
    }
}

#[test]
fn upgrades_and_tunnels() {
    let upgrade = [Field::new("Upgrade", "x")];
    let mut wire = asking(&RequestHead::new(b"GET", b"/", b"a", &upgrade));
    let (events, _) = wire.feed_all("HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nraw");
    assert_eq!(events, ["response 101", "upgraded"]);
    assert_eq!((wire.codec.wants(), &wire.input[..]), (PAUSE, &b"raw"[..]));
    let mut wire = asking(&RequestHead::new(b"GET", b"/", b"a", &upgrade));
    assert_eq!(wire.feed_all("HTTP/1.1 101 S\r\n\r\n").1, Some(Error::UnexpectedUpgrade));
    let mut wire = asking(&RequestHead::new(b"GET", b"/", b"a", &upgrade));
    let old = "HTTP/1.0 101 S\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"; // HTTP/1.0 has no 1xx
    assert_eq!(wire.feed_all(old).1, Some(Error::UnexpectedUpgrade));
    let unsent = RequestHead::new(b"POST", b"/", b"a", &upgrade).with_body(BodyLength::Known(5));
    let switch = "HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";
    assert_eq!(
        asking(&unsent).feed_all(switch).1,
        Some(Error::UnexpectedUpgrade),
        "the request is not sent yet"
    );
    let mut wire = asking(&RequestHead::new(b"GET", b"/", b"a", &upgrade));
    assert_eq!(wire.feed_all("HTTP/1.1 204 No\r\n\r\n").0, ["response 204", "end"]);
    assert!(wire.codec.next_request(), "a declined upgrade leaves the connection as it was");

    let mut wire = asking(&RequestHead::new(b"CONNECT", b"a:1", b"a:1", &[]));
    let (events, _) = wire.feed_all("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nraw");
    assert_eq!((events, &wire.input[..]), (vec!["response 200".into(), "upgraded".into()], &b"raw"[..]));
}

#[test]
fn interim_responses_are_counted() {
    let limits = Limits { informational: 2, ..Limits::default() };
    for (count, error) in [(2, None), (3, Some(Error::TooManyInformational))] {
        let mut wire = Wire::client(Config { limits, ..Config::default() });
        wire.get();
        let response = "HTTP/1.1 102 x\r\n\r\n".repeat(count) + "HTTP/1.1 204 No\r\n\r\n";
        assert_eq!(wire.feed_all(response).1, error);
    }
}
