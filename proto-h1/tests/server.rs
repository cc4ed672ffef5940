//! The server: framing of responses, pipelining, early responses, faults, and reuse.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
use common::{Wire, written};
use proto_core::{Prefix, SendError, Wants};
use proto_h1::{BodyLength, CloseReason, Config, Error, Field, Preset, ResponseHead};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const READ: Wants = Wants { read: true, write: false, close: false };
const PAUSE: Wants = Wants { read: false, write: false, close: false };
const CLOSE: Wants = Wants { read: false, write: false, close: true };

fn server() -> Wire<proto_h1::Server> {
    Wire::server(Config::default())
}

/// A server that has received `request` to its end.
fn asked(request: &str) -> Wire<proto_h1::Server> {
    let mut wire = server();
    let (events, error) = wire.feed_all(request);
    assert_eq!((events.last().map(String::as_str), error), (Some("end"), None));
    wire
}

fn head(status: u16, body: BodyLength) -> ResponseHead<'static> {
    ResponseHead::new(status, &[], body)
}

#[test]
fn pipelined_requests_wait_for_their_turn() {
    let mut wire = server();
    let (events, _) = wire.feed_all(format!("{GET}{GET}"));
    assert_eq!(events, ["request GET", "end"]);
    assert_eq!((wire.codec.wants(), wire.input.len()), (PAUSE, GET.len()));
    assert!(!wire.codec.next_request(), "not before the response");
    wire.ok();
    assert_eq!(wire.codec.wants(), PAUSE);
    assert_eq!(wire.feed("").unwrap(), None);
    assert!(wire.codec.next_request());
    assert!(!wire.codec.next_request(), "once only");
    assert_eq!((wire.codec.wants(), wire.codec.is_idle()), (READ, true));
    assert_eq!(wire.feed_all("").0, ["request GET", "end"]);
}

#[test]
fn responses_are_framed_by_what_they_are() {
    for (request, head, body, expected) in [
        (GET, head(200, BodyLength::Known(2)), "ok", "200 OK\r\nContent-Length: 2\r\n\r\nok"),
        (GET, head(200, BodyLength::None), "", "200 OK\r\nContent-Length: 0\r\n\r\n"),
        (
            GET,
            head(200, BodyLength::Chunked),
            "ok",
            "200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        ),
        (GET, head(200, BodyLength::UntilClose), "ok", "200 OK\r\nConnection: close\r\n\r\nok"),
        (GET, head(204, BodyLength::None), "", "204 No Content\r\n\r\n"),
        (GET, head(204, BodyLength::Known(0)), "", "204 No Content\r\n\r\n"),
        (GET, head(205, BodyLength::None), "", "205 Reset Content\r\nContent-Length: 0\r\n\r\n"),
        (GET, head(304, BodyLength::None), "", "304 Not Modified\r\n\r\n"),
        (GET, head(304, BodyLength::Known(9)), "dropped", "304 Not Modified\r\nContent-Length: 9\r\n\r\n"),
        (GET, head(799, BodyLength::Known(0)), "", "799 \r\nContent-Length: 0\r\n\r\n"),
        (
            "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
            head(200, BodyLength::Known(5)),
            "dropped",
            "200 OK\r\nContent-Length: 5\r\n\r\n",
        ),
        (
            "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
            head(200, BodyLength::Chunked),
            "dropped",
            "200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        ),
        ("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", head(200, BodyLength::None), "", "200 OK\r\n\r\n"),
        (
            "GET / HTTP/1.0\r\n\r\n",
            head(200, BodyLength::Chunked),
            "ok",
            "200 OK\r\nConnection: close\r\n\r\nok",
        ),
        (
            "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
            head(200, BodyLength::Known(2)),
            "ok",
            "200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok",
        ),
        (
            "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            head(200, BodyLength::Chunked),
            "ok",
            "200 OK\r\nConnection: close\r\n\r\nok",
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: x, close\r\n\r\n",
            head(200, BodyLength::None),
            "",
            "200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        ),
    ] {
        assert_eq!(
            asked(request).answer(&head, body.as_bytes()),
            format!("HTTP/1.1 {expected}"),
            "{request}"
        );
    }
}

#[test]
fn reasons_against_reuse() {
    for (request, head, reason) in [
        (GET, head(200, BodyLength::None), None),
        ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", head(200, BodyLength::None), None),
        ("GET / HTTP/1.0\r\n\r\n", head(200, BodyLength::None), Some(CloseReason::Http10)),
        (
            "GET / HTTP/1.0\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n",
            head(200, BodyLength::None),
            Some(CloseReason::Peer),
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            head(200, BodyLength::None),
            Some(CloseReason::Peer),
        ),
        (GET, head(200, BodyLength::UntilClose), Some(CloseReason::Delimited)),
        (
            GET,
            ResponseHead::new(200, &[Field { name: b"connection", value: b"CLOSE" }], BodyLength::None),
            Some(CloseReason::Local),
        ),
    ] {
        let mut wire = asked(request);
        wire.answer(&head, b"");
        assert_eq!(wire.codec.close_reason(), reason, "{request}");
        assert_eq!(wire.codec.wants(), if reason.is_some() { CLOSE } else { PAUSE });
        assert_eq!(wire.codec.next_request(), reason.is_none());
    }
}

#[test]
fn a_draining_server_finishes_what_it_began() {
    let mut wire = server();
    wire.codec.drain();
    assert_eq!((wire.codec.wants(), wire.codec.close_reason()), (CLOSE, Some(CloseReason::Draining)));

    let mut wire = asked(GET);
    wire.codec.drain();
    assert_eq!(wire.codec.wants(), PAUSE);
    assert!(wire.ok().contains("Connection: close\r\n"));
    assert_eq!(wire.codec.wants(), CLOSE);

    let mut wire = server();
    assert_eq!(wire.feed("GET / HT").unwrap(), None);
    wire.codec.drain();
    assert_eq!(wire.feed_all("TP/1.1\r\nHost: a\r\n\r\n").0, ["request GET", "end"]);
    assert!(wire.ok().contains("Connection: close\r\n"));
}

#[test]
fn an_early_response_lets_the_rest_of_the_request_pass() {
    for rest in [
        ("Content-Length: 10\r\n\r\nhello", "world", true),
        ("Transfer-Encoding: chunked\r\n\r\n5\r\nhel", "lo\r\n5\r\nworld\r\n0\r\nX: y\r\n\r\n", true),
        ("Content-Length: 300000\r\n\r\nhello", "", false),
    ] {
        let mut wire = server();
        let (events, _) = wire.feed_all(format!("POST / HTTP/1.1\r\nHost: a\r\n{}", rest.0));
        assert!(events.len() == 2 && events[1].starts_with("body hel"), "{events:?}");
        wire.ok();
        if rest.2 {
            assert_eq!(wire.codec.wants(), READ);
            let (events, error) = wire.feed_all(rest.1.to_owned() + GET);
            assert!(events.len() == 1 && events[0].starts_with("end"), "{events:?}");
            assert_eq!((error, wire.input.len()), (None, GET.len()));
            assert!(wire.codec.next_request());
        } else {
            assert_eq!(
                (wire.codec.wants(), wire.codec.close_reason()),
                (CLOSE, Some(CloseReason::RequestUnread))
            );
        }
    }
}

#[test]
fn content_may_flow_both_ways_at_once() {
    let mut wire = server();
    assert_eq!(
        wire.feed_all("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab").0,
        ["request PUT", "body ab"]
    );
    let first = written(|out| {
        wire.codec.send_head(&head(200, BodyLength::Chunked), out).unwrap();
        wire.codec.send_body(b"ab", out).unwrap();
    });
    assert!(first.ends_with("\r\n\r\n2\r\nab"));
    assert_eq!(wire.feed_all("cd").0, ["body cd", "end"]);
    let rest = written(|out| {
        wire.codec.send_body(b"cd", out).unwrap();
        wire.codec.finish(&[Field::new("X", "y")], out).unwrap();
    });
    assert_eq!(rest, "\r\n2\r\ncd\r\n0\r\nX: y\r\n\r\n");
    assert!(wire.codec.next_request());
}

#[test]
fn prefixes_frame_what_the_caller_writes() {
    let mut wire = asked(GET);
    written(|out| wire.codec.send_head(&head(200, BodyLength::Chunked), out).unwrap());
    let text = |prefix: Prefix<20>| String::from_utf8(prefix.to_vec()).unwrap();
    assert_eq!(text(wire.codec.body_prefix(5).unwrap()), "5\r\n");
    assert_eq!(text(wire.codec.body_prefix(0).unwrap()), "", "an empty chunk would end the body");
    assert_eq!(text(wire.codec.body_prefix(usize::MAX).unwrap()), "\r\nffffffffffffffff\r\n");
    assert_eq!(text(wire.codec.body_prefix(16).unwrap()), "\r\n10\r\n");
    assert_eq!(written(|out| wire.codec.finish(&[], out).unwrap()), "\r\n0\r\n\r\n");

    let mut wire = asked(GET);
    written(|out| wire.codec.send_head(&head(200, BodyLength::Known(5)), out).unwrap());
    assert!(wire.codec.sends_content());
    assert_eq!(wire.codec.body_prefix(6), Err(SendError::Misuse));
    assert_eq!(text(wire.codec.body_prefix(5).unwrap()), "");
    written(|out| wire.codec.finish(&[], out).unwrap());

    let mut wire = asked("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    written(|out| wire.codec.send_head(&head(200, BodyLength::Known(5)), out).unwrap());
    assert!(!wire.codec.sends_content());
    assert_eq!(wire.codec.body_prefix(5), Err(SendError::Misuse));
}

#[test]
fn faults_are_answered_once_with_the_fields_of_the_caller() {
    let mut wire = server();
    assert_eq!(wire.feed("GET / HTTP/3.0\r\n"), Err(Error::Version));
    assert_eq!(wire.codec.wants(), Wants { read: false, write: true, close: false });
    let mut small = [0; 20];
    wire.codec.transmit(&mut proto_core::WriteBuf::new(&mut small));
    assert!(wire.codec.wants().write, "it did not fit");
    let date = [Field::new("Date", "today")];
    let answer = written(|out| wire.codec.send_error(&Preset::new(&date).unwrap(), out).unwrap());
    let expected = "HTTP/1.1 505 HTTP Version Not Supported\r\nDate: today\r\nContent-Type: text/plain\r\n\
                    Content-Length: 27\r\nConnection: close\r\n\r\nHTTP version not supported\n";
    assert_eq!(answer, expected);
    assert_eq!((wire.transmit(), wire.codec.wants()), (String::new(), CLOSE));
    assert_eq!(wire.feed(""), Err(Error::Version));
    assert_eq!(wire.codec.receive_eof(), Err(Error::Version));
    assert_eq!(wire.codec.error(), Some(Error::Version));
}

#[test]
fn a_fault_behind_the_head_of_the_response_only_closes() {
    let mut wire = server();
    let _ = wire.feed_all("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    written(|out| wire.codec.send_head(&head(200, BodyLength::Chunked), out).unwrap());
    assert_eq!(wire.feed("5\r\nhello").unwrap().unwrap(), "body hello");
    assert_eq!(wire.feed("X\r\n"), Err(Error::ChunkEnd));
    assert_eq!((wire.transmit(), wire.codec.wants()), (String::new(), CLOSE));
}

#[test]
fn what_cannot_be_sent_is_refused_whole() {
    let mut room = [0; 512];
    let mut out = proto_core::WriteBuf::new(&mut room);
    let mut wire = server();
    assert_eq!(
        wire.codec.send_head(&head(200, BodyLength::None), &mut out),
        Err(SendError::Misuse),
        "no request"
    );
    assert_eq!(wire.codec.finish(&[], &mut out), Err(SendError::Misuse));
    assert_eq!(wire.codec.send_body(b"x", &mut out), Err(SendError::Misuse));
    let mut wire = asked(GET);
    for (name, value) in [
        ("a b", "x"),
        ("", "x"),
        ("a:", "x"),
        ("a\r\nb", "x"),
        ("a", "x\r\ny: z"),
        ("a", "x\ny"),
        ("a", "x\0"),
        ("a", "\x7f"),
        ("Content-Length", "1"),
        ("transfer-encoding", "chunked"),
    ] {
        let fields = [Field::new(name, value)];
        let answer = ResponseHead::new(200, &fields, BodyLength::None);
        assert_eq!(wire.codec.send_head(&answer, &mut out), Err(SendError::Misuse), "{name:?} {value:?}");
    }
    for (status, body) in [
        (99, BodyLength::None),
        (100, BodyLength::None),
        (199, BodyLength::None),
        (1000, BodyLength::None),
        (204, BodyLength::Known(1)),
        (204, BodyLength::Chunked),
        (205, BodyLength::Chunked),
    ] {
        assert_eq!(wire.codec.send_head(&head(status, body), &mut out), Err(SendError::Misuse), "{status}");
    }
    let reason = ResponseHead { reason: Some(b"a\r\nb"), ..head(200, BodyLength::None) };
    assert_eq!(wire.codec.send_head(&reason, &mut out), Err(SendError::Misuse));
    assert!(out.is_empty());

    wire.codec.send_head(&head(200, BodyLength::Known(3)), &mut out).unwrap();
    assert_eq!(wire.codec.send_body(b"four", &mut out), Err(SendError::Misuse));
    assert_eq!(wire.codec.send_body(b"two", &mut out), Ok(3));
    assert_eq!(wire.codec.send_body(b"x", &mut out), Err(SendError::Misuse));
    let mut wire = asked(GET);
    wire.codec.send_head(&head(200, BodyLength::Known(3)), &mut out).unwrap();
    assert_eq!(wire.codec.finish(&[], &mut out), Err(SendError::Misuse), "three bytes are missing");
    wire.codec.abort();
    assert_eq!((wire.codec.wants(), wire.codec.close_reason()), (CLOSE, Some(CloseReason::Aborted)));

    let mut wire = asked(GET);
    wire.codec.send_head(&head(200, BodyLength::Chunked), &mut out).unwrap();
    for name in ["Content-Length", "host", "a b"] {
        assert_eq!(wire.codec.finish(&[Field::new(name, "1")], &mut out), Err(SendError::Misuse));
    }
    wire.codec.finish(&[], &mut out).unwrap();
    wire.codec.finish(&[], &mut out).unwrap();
}

#[test]
fn options_of_the_caller_join_the_connection_field() {
    let mut wire = asked("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let fields = [Field::new("Connection", "keep-alive, x"), Field::new("X", "1")];
    let sent = wire.answer(&ResponseHead::new(200, &fields, BodyLength::None), b"");
    assert_eq!(sent, "HTTP/1.1 200 OK\r\nX: 1\r\nContent-Length: 0\r\nConnection: close, x\r\n\r\n");
}

#[test]
fn a_full_output_changes_nothing() {
    let fields = [Field::new("X", "yyyyyyyy")];
    let answer = ResponseHead::new(200, &fields, BodyLength::Chunked);
    let whole = asked(GET).answer(&answer, b"hello");
    for room in 0..whole.len() {
        let mut wire = asked(GET);
        let mut sent = Vec::new();
        let mut memory = vec![0; room];
        let mut out = proto_core::WriteBuf::new(&mut memory);
        let first = wire.codec.send_head(&answer, &mut out);
        if first.is_err() {
            assert_eq!((first, out.len()), (Err(SendError::Full), 0));
            assert!(wire.codec.awaits_response());
            continue;
        }
        let mut taken = 0;
        while let Ok(more @ 1..) = wire.codec.send_body(&b"hello"[taken..], &mut out) {
            taken += more;
        }
        sent.extend_from_slice(out.written());
        let rest = written(|out| {
            assert_eq!(wire.codec.send_body(&b"hello"[taken..], out), Ok(5 - taken));
            wire.codec.finish(&[], out).unwrap();
        });
        sent.extend_from_slice(rest.as_bytes());
        let mut client = Wire::client(Config::default());
        client.get();
        let (events, error) = client.feed_all(&sent);
        let body: String = events.iter().filter_map(|event| event.strip_prefix("body ")).collect();
        assert_eq!((body.as_str(), error), ("hello", None), "{}", sent.escape_ascii());
        assert_eq!(events.last().unwrap(), "end");
    }
}

#[test]
fn a_head_of_any_shape_takes_just_the_room_it_needs() {
    let letters = "n".repeat(200);
    let shapes = (0..64)
        .flat_map(|len| [(200, len, len as u64), (404, 7, 10_u64.pow(len % 20) - u64::from(len < 20))]);
    for (status, len, length) in shapes.chain([(200, 150, u64::MAX)]) {
        let (name, value) = (&letters[..1 + len as usize / 2], &letters[..len as usize]);
        let preset_value = &letters[..len.min(160 - 5) as usize];
        let preset = Preset::new(&[Field::new("p", preset_value)]).unwrap();
        let fields = [Field::new(name, value), Field::new("x", "")];
        let answer = ResponseHead::new(status, &fields, BodyLength::Known(length));
        let reason = if status == 200 { "OK" } else { "Not Found" };
        let whole = format!(
            "HTTP/1.1 {status} {reason}\r\np: {preset_value}\r\n{name}: {value}\r\nx: \r\nContent-Length: {length}\r\n\r\n"
        );
        for room in [whole.len() - 1, whole.len(), whole.len() + 30, 1000] {
            let mut wire = asked(GET);
            let mut memory = vec![0; room];
            let mut out = proto_core::WriteBuf::new(&mut memory);
            let sent = wire.codec.send_head_with(&answer, &preset, &mut out);
            if room < whole.len() {
                assert_eq!((sent, out.len()), (Err(SendError::Full), 0));
            } else {
                assert_eq!((sent, str::from_utf8(out.written()).unwrap()), (Ok(()), whole.as_str()));
            }
        }
    }
}

#[test]
fn the_end_of_the_transport() {
    let mut wire = server();
    assert_eq!(wire.codec.receive_eof(), Ok(None));
    assert_eq!((wire.codec.wants(), wire.codec.close_reason()), (CLOSE, Some(CloseReason::Eof)));

    // A client that has half-closed still gets its answers, to pipelined requests too.
    let mut wire = server();
    assert_eq!(wire.feed_all(GET.repeat(2) + "GE").0.len(), 2);
    assert_eq!(wire.codec.receive_eof(), Ok(None));
    wire.ok();
    assert!(wire.codec.next_request());
    assert_eq!(wire.feed_all("").0, ["request GET", "end"]);
    wire.ok();
    assert!(wire.codec.next_request());
    assert_eq!(wire.feed(""), Err(Error::HeadCut));

    let mut wire = asked(GET);
    assert_eq!(wire.codec.receive_eof(), Ok(None));
    wire.ok();
    assert!(wire.codec.next_request());
    assert_eq!(wire.feed(""), Ok(None));
    assert_eq!(wire.codec.wants(), CLOSE);
}

#[test]
fn a_body_limit_can_change_with_the_resource() {
    let mut wire = server();
    assert_eq!(
        wire.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello").unwrap().unwrap(),
        "request POST"
    );
    wire.codec.limit_body(4);
    assert_eq!(wire.feed(""), Err(Error::BodyTooLarge));
    assert!(wire.transmit().starts_with("HTTP/1.1 413 "));
    let mut wire = server();
    let _ = wire.feed("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    wire.codec.limit_body(5);
    assert_eq!(wire.feed_all("5\r\nhello\r\n1\r\n"), (vec!["body hello".into()], Some(Error::BodyTooLarge)));
}
