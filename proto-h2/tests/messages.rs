//! What is a request, a response and trailers in HTTP/2 (RFC 9113 section 8). Malformed messages are stream errors of
//! type PROTOCOL_ERROR.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;
use common::*;
use proto_core::SendError;
use proto_h2::hpack::Field;
use proto_h2::{Config, ErrorCode as Code};

#[track_caller]
fn bad_request(fields: &[(&str, &str)]) {
    let mut under = Under::server();
    under.feed(&headers(1, fields, true)).stream_error(1, Code::PROTOCOL_ERROR);
    assert_eq!(under.events, [""; 0], "the application never hears of it");
    under.feed(&headers(3, &GET, true));
    assert_eq!(under.events.len(), 1);
    under.alive();
}

#[track_caller]
fn good_request(fields: &[(&str, &str)]) {
    let mut under = Under::server();
    under.feed(&headers(1, fields, true));
    assert_eq!((under.error, under.events.len(), under.resets(1)), (None, 1, vec![]), "{:?}", under.sent);
}

#[test]
fn pseudo_fields_of_requests() {
    good_request(&GET);
    for missing in 0..3 {
        let mut fields = GET.to_vec();
        fields.remove(missing);
        bad_request(&fields);
    }
    good_request(&GET[..3]);
    for field in GET {
        bad_request(&with(&GET, &[field]));
    }
    bad_request(&with(&GET, &[(":unknown", "x")]));
    bad_request(&with(&GET, &[(":status", "200")]));
    bad_request(&with(&GET, &[(":", "x")]));
    bad_request(&[GET[0], GET[1], ("accept", "*/*"), GET[2], GET[3]]);
    for (at, value) in [
        (0, ""),
        (0, "GE T"),
        (1, ""),
        (1, "1http"),
        (2, ""),
        (2, "x"),
        (2, "*"),
        (2, "/a b"),
        (2, "/#f"),
        (3, ""),
        (3, "a@b"),
        (3, "a b"),
    ] {
        let mut fields = GET;
        fields[at].1 = value;
        bad_request(&fields);
    }
    good_request(&[(":method", "OPTIONS"), (":scheme", "https"), (":path", "*")]);
    good_request(&[(":method", "GET"), (":scheme", "coap"), (":path", "")]);
}

#[test]
fn names_and_values() {
    for name in ["Accept", "x y", "", "x\u{7f}", "x:y", "x\0", "é", "x(", "x\n"] {
        bad_request(&with(&GET, &[(name, "v")]));
    }
    for value in [" v", "v ", "\tv", "v\t", "v\rw", "v\nw", "v\0w", "\u{1}", "\u{7f}", "v\r\n"] {
        bad_request(&with(&GET, &[("x", value)]));
    }
    good_request(&with(&GET, &[("x", "a b\tc é"), ("x-1_2", ""), ("x", "again")]));
}

#[test]
fn a_bad_value_in_the_table_stays_bad_and_its_name_good() {
    let mut under = Under::server();
    under
        .feed(&frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\x82\x86\x84\x40\x01n\x02 v"))
        .stream_error(1, Code::PROTOCOL_ERROR);
    under
        .feed(&frame(HEADERS, END_HEADERS | END_STREAM, 3, b"\x82\x86\x84\xbe"))
        .stream_error(3, Code::PROTOCOL_ERROR);
    under.feed(&frame(HEADERS, END_HEADERS | END_STREAM, 5, b"\x82\x86\x84\x0f\x2f\x01v"));
    assert_eq!(under.events, ["Request 5 [:method: GET, :scheme: http, :path: /, n: v] end"]);
    under
        .feed(&frame(HEADERS, END_HEADERS | END_STREAM, 7, b"\x82\x86\x84\x40\x01N\x01v"))
        .stream_error(7, Code::PROTOCOL_ERROR);
    under
        .feed(&frame(HEADERS, END_HEADERS | END_STREAM, 9, b"\x82\x86\x84\x0f\x2f\x01v"))
        .stream_error(9, Code::PROTOCOL_ERROR);
}

#[test]
fn connection_specific_fields() {
    for name in ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"] {
        bad_request(&with(&GET, &[(name, "x")]));
    }
    good_request(&with(&GET, &[("te", "trailers")]));
    bad_request(&with(&GET, &[("te", "trailers, deflate")]));
    bad_request(&with(&GET, &[("te", "gzip")]));
}

#[test]
fn host_and_authority() {
    good_request(&with(&GET, &[("host", "Example.com")]));
    bad_request(&with(&GET, &[("host", "other.com")]));
    bad_request(&with(&GET, &[("host", "example.com"), ("host", "example.com")]));
    good_request(&with(&GET[..3], &[("host", "other.com")]));
}

#[test]
fn connect() {
    good_request(&[(":method", "CONNECT"), (":authority", "example.com:443")]);
    bad_request(&[(":method", "CONNECT")]);
    bad_request(&[(":method", "CONNECT"), (":authority", "")]);
    bad_request(&[(":method", "CONNECT"), (":authority", "a:1"), (":path", "/")]);
    bad_request(&[(":method", "CONNECT"), (":authority", "a:1"), (":scheme", "http")]);
    let extended = with(&[(":method", "CONNECT"), (":protocol", "websocket")], &GET[1..]);
    bad_request(&extended);
    let mut config = Config::default();
    config.extended_connect = true;
    let mut under = Under::server_with(config);
    under.feed(&headers(1, &extended, false));
    assert_eq!((under.events.len(), under.resets(1).len()), (1, 0));
    under
        .feed(&headers(3, &with(&GET, &[(":protocol", "websocket")]), false))
        .stream_error(3, Code::PROTOCOL_ERROR);
    under.feed(&headers(5, &extended[..2], false)).stream_error(5, Code::PROTOCOL_ERROR);
}

#[test]
fn content_length() {
    for value in ["", "-1", "+1", "1 ", "0x1", "18446744073709551616", "1,1"] {
        bad_request(&with(&POST, &[("content-length", value)]));
    }
    bad_request(&with(&POST, &[("content-length", "0"), ("content-length", "0")]));
    bad_request(&with(&POST, &[("content-length", "1")]));
    good_request(&with(&POST, &[("content-length", "0")]));

    let post = headers(1, &with(&POST, &[("content-length", "5")]), false);
    for (sent, good) in [
        (vec![data(1, b"12345", true)], true),
        (vec![data(1, b"123", false), data(1, b"45", false), data(1, b"", true)], true),
        (vec![frame(DATA, PADDED | END_STREAM, 1, b"\x0212345\0\0")], true),
        (vec![data(1, b"12345", false), headers(1, &[("t", "x")], true)], true),
        (vec![data(1, b"1234", true)], false),
        (vec![data(1, b"123456", false)], false),
        (vec![data(1, b"12345", false), data(1, b"6", true)], false),
        (vec![data(1, b"1234", false), headers(1, &[("t", "x")], true)], false),
    ] {
        let mut under = Under::server();
        under.feed(&post).feed(&sent.concat());
        if good {
            assert_eq!((under.resets(1), &under.data[..]), (vec![], &b"12345"[..]));
            assert!(under.events.last().unwrap().ends_with("end"));
        } else {
            under.stream_error(1, Code::PROTOCOL_ERROR);
            assert_eq!(under.events.last().unwrap(), "Reset 1 PROTOCOL_ERROR by Fault");
        }
        under.alive();
    }
}

#[test]
fn trailers() {
    let mut under = Under::server();
    under.feed(&headers(1, &POST, false)).feed(&data(1, b"x", false)).feed(&headers(
        1,
        &[("sum", "1")],
        true,
    ));
    assert_eq!(under.events[2], "Trailers 1 [sum: 1] end");
    for (fields, end) in [
        (&[("sum", "1")][..], false),
        (&[(":path", "/")], true),
        (&[(":status", "200")], true),
        (&[("connection", "x")], true),
        // RFC 9110 section 6.5.1: fields that frame, route or condition the message.
        (&[("content-length", "1")], true),
        (&[("transfer-encoding", "chunked")], true),
        (&[("host", "example.com")], true),
        (&[("trailer", "sum")], true),
        (&[("expect", "100-continue")], true),
        (&[("te", "trailers")], true),
        (&[("upgrade", "x")], true),
    ] {
        let mut under = Under::server();
        under
            .feed(&headers(1, &POST, false))
            .feed(&data(1, b"x", false))
            .feed(&headers(1, fields, end))
            .stream_error(1, Code::PROTOCOL_ERROR);
        under.alive();
        let mut client = Under::client();
        let id = client.request("POST", false);
        let field = Field::new(fields[0].0.as_bytes(), fields[0].1.as_bytes());
        let sent = client.send(|codec, out| codec.send_head(id, [field], end, out));
        assert_eq!(sent, Err(SendError::Misuse), "{fields:?} {end}");
    }
}

#[test]
fn cookie_crumbs_are_joined() {
    let mut under = Under::server();
    under.feed(&headers(
        1,
        &with(&GET, &[("cookie", "a=1"), ("x", "y"), ("cookie", "b=2"), ("cookie", "c")]),
        true,
    ));
    assert!(under.events[0].ends_with("x: y, cookie: a=1; b=2; c] end"), "{:?}", under.events);
}

#[track_caller]
fn response(method: &str, frames: &[Vec<u8>]) -> Under {
    let mut under = Under::client();
    under.request(method, true);
    under.sent.clear();
    under.feed(&frames.concat());
    under
}

#[test]
fn responses() {
    let ok = |fields: &[(&str, &str)], end| headers(1, fields, end);
    let under = response(
        "GET",
        &[
            ok(&[(":status", "100")], false),
            ok(&[(":status", "103"), ("link", "x")], false),
            ok(&[(":status", "200"), ("content-length", "2")], false),
            data(1, b"hi", true),
        ],
    );
    assert_eq!(
        under.events,
        [
            "Informational 1 [:status: 100]",
            "Informational 1 [:status: 103, link: x]",
            "Response 1 [:status: 200, content-length: 2]",
            "Data 1 2 end"
        ]
    );
    for fields in [
        &[][..],
        &[("a", "b")],
        &[(":status", "")],
        &[(":status", "20")],
        &[(":status", "2000")],
        &[(":status", "+20")],
        &[(":status", "020")],
        &[(":status", "101")],
        &[(":status", "200"), (":status", "200")],
        &[("a", "b"), (":status", "200")],
        &[(":status", "200"), (":path", "/")],
        &[(":status", "200"), ("connection", "close")],
        &[(":status", "200"), ("A", "b")],
        &[(":status", "200"), ("content-length", "1")],
    ] {
        let under = response("GET", &[ok(fields, true)]);
        under.stream_error(1, Code::PROTOCOL_ERROR);
        assert_eq!(under.events, ["Reset 1 PROTOCOL_ERROR by Fault"]);
    }
    response("GET", &[ok(&[(":status", "100")], true)]).stream_error(1, Code::PROTOCOL_ERROR);
    response("GET", &[data(1, b"x", false)]).stream_error(1, Code::PROTOCOL_ERROR);
    response("GET", &[ok(&[(":status", "103")], false), data(1, b"x", false)])
        .stream_error(1, Code::PROTOCOL_ERROR);
    response("GET", &[ok(&[(":status", "200")], false), ok(&[(":status", "200")], false)])
        .stream_error(1, Code::PROTOCOL_ERROR);
}

#[test]
fn responses_without_content() {
    for (method, status) in [("HEAD", "200"), ("GET", "304"), ("GET", "204")] {
        let head = |end| headers(1, &[(":status", status), ("content-length", "10")], end);
        assert_eq!(response(method, &[head(true)]).resets(1), []);
        assert_eq!(response(method, &[head(false), data(1, b"", true)]).resets(1), []);
        response(method, &[head(false), data(1, b"x", true)]).stream_error(1, Code::PROTOCOL_ERROR);
    }
}

#[test]
fn what_may_be_sent() {
    let field = |name: &'static str, value: &'static str| Field::new(name.as_bytes(), value.as_bytes());
    let mut under = Under::client();
    let ok = GET.map(|(name, value)| Field::new(name.as_bytes(), value.as_bytes()));
    for bad in [
        field("X", "y"),
        field("x", "a\r\nb"),
        field("connection", "close"),
        field(":path", "/"),
        field("", "x"),
    ] {
        let fields = [ok[0], ok[1], ok[2], ok[3], bad];
        assert_eq!(under.send(|codec, out| codec.open(fields, true, out)), Err(SendError::Misuse), "{bad:?}");
    }
    assert_eq!(
        under.send(|codec, out| codec.open(ok[..3].iter().copied().skip(1), true, out)),
        Err(SendError::Misuse)
    );
    assert_eq!((under.codec.streams(), under.sent.len()), (0, 0));

    let mut under = Under::server();
    under.feed(&headers(1, &GET, true));
    let id = under.id(1);
    let status = |value: &'static str| [field(":status", value)];
    assert_eq!(
        under.send(|codec, out| codec.send_data(id, b"x", true, out)),
        Err(SendError::Misuse),
        "before the head"
    );
    assert_eq!(
        under.send(|codec, out| codec.send_head(id, status("101"), false, out)),
        Err(SendError::Misuse)
    );
    assert_eq!(
        under.send(|codec, out| codec.send_head(id, status("100"), true, out)),
        Err(SendError::Misuse)
    );
    assert_eq!(under.send(|codec, out| codec.send_head(id, status("100"), false, out)), Ok(()));
    assert_eq!(under.send(|codec, out| codec.send_head(id, status("200"), false, out)), Ok(()));
    assert_eq!(
        under.send(|codec, out| codec.send_head(id, status("200"), true, out)),
        Err(SendError::Misuse)
    );
    assert_eq!(
        under.send(|codec, out| codec.send_head(id, [field("t", "x")], false, out)),
        Err(SendError::Misuse)
    );
    assert_eq!(under.send(|codec, out| codec.send_data(id, b"abc", false, out)), Ok(3));
    assert_eq!(under.send(|codec, out| codec.send_head(id, [field("t", "x")], true, out)), Ok(()));
    assert_eq!(under.send(|codec, out| codec.send_data(id, b"x", true, out)), Err(SendError::Misuse));
    let sent: Vec<(u8, u8)> = under.sent.iter().map(|frame| (frame.kind, frame.flags)).collect();
    assert_eq!(sent, [(HEADERS, 4), (HEADERS, 4), (DATA, 0), (HEADERS, 5)]);
    assert_eq!(
        under.send(|codec, out| codec.open(ok, true, out)),
        Err(SendError::Misuse),
        "a server opens nothing"
    );
}

#[test]
fn responses_without_content_are_sent_without() {
    for (method, status) in [("HEAD", "200"), ("GET", "204"), ("GET", "304")] {
        let mut fields = GET;
        fields[0].1 = method;
        let mut under = Under::server();
        under.feed(&headers(1, &fields, true)).respond(1, status, false);
        let id = under.id(1);
        assert_eq!(under.send(|codec, out| codec.send_data(id, b"x", true, out)), Err(SendError::Misuse));
        assert_eq!(under.send(|codec, out| codec.send_data(id, b"", true, out)), Ok(0));
    }
}

#[test]
fn large_blocks_are_split_at_the_peers_frame_size() {
    for extra in [0, 1, 16_200, 16_384, 40_000] {
        let mut under = Under::server();
        under.feed(&headers(1, &GET, true));
        let id = under.id(1);
        let value = "\u{1}".repeat(extra).replace('\u{1}', "{");
        let fields = [Field::new(b":status", b"200"), Field::new(b"x-long", value.as_bytes())];
        under.send(|codec, out| codec.send_head(id, fields, true, out)).unwrap();
        let block: Vec<u8> = under.sent.iter().flat_map(|frame| frame.payload.clone()).collect();
        assert!(under.sent.iter().all(|frame| frame.payload.len() <= 16_384 && frame.id == 1));
        let kinds: Vec<(u8, u8)> = under.sent.iter().map(|frame| (frame.kind, frame.flags)).collect();
        let last = kinds.len() - 1;
        for (nth, &(kind, flags)) in kinds.iter().enumerate() {
            assert_eq!(kind, if nth == 0 { HEADERS } else { CONTINUATION });
            assert_eq!(flags, u8::from(nth == 0) | if nth == last { END_HEADERS } else { 0 });
        }
        let mut scratch = vec![0; 65_536];
        assert!(under.decoder.decode(&block, &mut scratch).unwrap().iter().eq(fields));
    }
}
