//! The form of frames, the preface, padding, unknown types, and the code that each fault has on the wire (RFC 9113
//! sections 3.4, 4 and 6).
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;
use common::*;
use proto_h2::{Config, Connection, ErrorCode as Code, PREFACE};

#[track_caller]
fn server_error(bytes: &[u8], code: Code) {
    let mut under = Under::server();
    under.feed(bytes).connection_error(code);
    // The same when a stream is open.
    let mut under = Under::server();
    under.feed(&headers(1, &POST, false)).feed(bytes).connection_error(code);
}

#[test]
fn the_preface_is_judged_octet_by_octet() {
    let mut under = Under::new(Connection::server(Config::default()));
    under.feed(&PREFACE[..10]);
    assert_eq!(under.error, None);
    under.feed(b"x").connection_error(Code::PROTOCOL_ERROR);
    let mut under = Under::new(Connection::server(Config::default()));
    under.feed(b"GET / HTTP/1.1\r\n\r\n").connection_error(Code::PROTOCOL_ERROR);
}

#[test]
fn the_first_frame_is_settings() {
    for first in [
        frame(PING, 0, 0, &[0; 8]),
        frame(SETTINGS, ACK, 0, &[]),
        headers(1, &GET, true),
        frame(99, 0, 0, &[]),
    ] {
        let mut under = Under::new(Connection::server(Config::default()));
        under.feed(&PREFACE[..]).feed(&first).connection_error(Code::PROTOCOL_ERROR);
    }
    let mut under = Under::new(Connection::client(Config::default()));
    under.flush();
    under.feed(&frame(PING, 0, 0, &[0; 8])).connection_error(Code::PROTOCOL_ERROR);
}

#[test]
fn both_prefaces_exactly() {
    let mut server = Connection::server(Config::default());
    let mut room = [0; 256];
    let mut out = proto_core::WriteBuf::new(&mut room);
    server.transmit(&mut out);
    let settings = [setting(3, 100), setting(4, 262_144), setting(6, 16_384), setting(9, 1)].concat();
    assert_eq!(
        out.written(),
        [frame(SETTINGS, 0, 0, &settings), window_update(0, 1_048_576 - 65_535)].concat()
    );
    let mut client = Connection::client(Config::default());
    let mut room = [0; 256];
    let mut out = proto_core::WriteBuf::new(&mut room);
    client.transmit(&mut out);
    let settings = [setting(2, 0), setting(4, 262_144), setting(6, 16_384), setting(9, 1)].concat();
    let update = window_update(0, 1_048_576 - 65_535);
    assert_eq!(out.written(), [&PREFACE[..], &frame(SETTINGS, 0, 0, &settings), &update].concat());
    client.transmit(&mut out);
    assert_eq!(out.len(), 24 + 9 + 24 + 13, "once");
}

#[test]
fn frames_over_the_maximum_size() {
    for kind in [DATA, HEADERS, SETTINGS, PING, GOAWAY, 77] {
        let id = u32::from(kind < 2);
        server_error(&frame(kind, 0, id, &vec![0; 16_385])[..9], Code::FRAME_SIZE_ERROR);
    }
    let mut under = Under::server();
    under.feed(&headers(1, &POST, false)).feed(&data(1, &vec![7; 16_384], true));
    assert_eq!((under.error, under.data.len()), (None, 16_384));
}

#[test]
fn lengths_of_fixed_frames() {
    for len in [0, 3, 5] {
        server_error(&frame(RST_STREAM, 0, 1, &vec![0; len]), Code::FRAME_SIZE_ERROR);
        server_error(&frame(WINDOW_UPDATE, 0, 0, &vec![1; len]), Code::FRAME_SIZE_ERROR);
        server_error(&frame(SETTINGS, 0, 0, &vec![0; len.max(1)]), Code::FRAME_SIZE_ERROR);
    }
    for len in [0, 7, 9] {
        server_error(&frame(PING, 0, 0, &vec![0; len]), Code::FRAME_SIZE_ERROR);
    }
    server_error(&frame(GOAWAY, 0, 0, &[0; 7]), Code::FRAME_SIZE_ERROR);
    server_error(&frame(SETTINGS, ACK, 0, &[0; 6]), Code::FRAME_SIZE_ERROR);
    server_error(&frame(PRIORITY_UPDATE, 0, 0, &[0; 3]), Code::FRAME_SIZE_ERROR);
    let mut under = Under::server();
    under.feed(&headers(1, &POST, false)).feed(&frame(PRIORITY, 0, 1, &[0; 4]));
    under.stream_error(1, Code::FRAME_SIZE_ERROR);
}

#[test]
fn frames_on_the_wrong_stream() {
    for bytes in [
        data(0, b"x", false),
        headers(0, &GET, true),
        frame(PRIORITY, 0, 0, &[0; 5]),
        rst(0, Code::CANCEL),
        frame(SETTINGS, 0, 1, &[]),
        frame(PING, 0, 1, &[0; 8]),
        frame(GOAWAY, 0, 1, &[0; 8]),
        frame(PRIORITY_UPDATE, 0, 1, b"\0\0\0\x01u=1"),
        frame(PUSH_PROMISE, END_HEADERS, 1, &[0, 0, 0, 2]),
        frame(CONTINUATION, END_HEADERS, 0, &[]),
        frame(CONTINUATION, END_HEADERS, 1, &[]),
    ] {
        server_error(&bytes, Code::PROTOCOL_ERROR);
    }
}

#[test]
fn padding() {
    let padded = |payload: &[u8], flags: u8| frame(DATA, PADDED | flags, 1, payload);
    let mut under = Under::server();
    under.feed(&headers(1, &POST, false));
    under
        .feed(&padded(b"\x03hello\0\0\0", 0))
        .feed(&padded(b"\x00!", 0))
        .feed(&padded(b"\x02\0\0", END_STREAM));
    assert_eq!((under.error, &under.data[..]), (None, &b"hello!"[..]));
    assert_eq!(under.events[1..], ["Data 1 5", "Data 1 1", "Data 1 0 end"]);

    for payload in [&b"\x01"[..], b"\x06hello", b"\xff"] {
        let mut under = Under::server();
        under
            .feed(&headers(1, &POST, false))
            .feed(&padded(payload, 0))
            .connection_error(Code::PROTOCOL_ERROR);
    }
    let mut under = Under::server();
    under.feed(&headers(1, &POST, false)).feed(&padded(b"", 0)).connection_error(Code::FRAME_SIZE_ERROR);

    let get = block(&GET);
    let mut under = Under::server();
    let payload = [&[2][..], &get, &[0, 0]].concat();
    under.feed(&frame(HEADERS, PADDED | END_HEADERS | END_STREAM, 1, &payload));
    assert_eq!(under.events.len(), 1);
    let payload = [&[2][..], &[0x80, 0, 0, 7, 200], &get, &[0, 0]].concat();
    under.feed(&frame(HEADERS, PADDED | PRIORITIZED | END_HEADERS | END_STREAM, 3, &payload));
    assert_eq!((under.error, under.events.len()), (None, 2));

    for (flags, payload, code) in [
        (PADDED, vec![], Code::FRAME_SIZE_ERROR),
        (PRIORITIZED, vec![0; 4], Code::FRAME_SIZE_ERROR),
        (PADDED | PRIORITIZED, vec![0; 5], Code::FRAME_SIZE_ERROR),
        (PADDED, vec![1], Code::PROTOCOL_ERROR),
        (PADDED | PRIORITIZED, vec![2, 0, 0, 0, 0, 0, 0], Code::PROTOCOL_ERROR),
    ] {
        let mut under = Under::server();
        under.feed(&frame(HEADERS, flags | END_HEADERS, 1, &payload)).connection_error(code);
    }
}

#[test]
fn unknown_types_flags_and_the_reserved_bit_are_ignored() {
    let mut under = Under::server();
    under.feed(&frame(0xbe, 0xff, 77, b"whatever")).feed(&frame(0xfa, 0, 0, &[])).alive();
    let mut ping = frame(PING, 0xfe, 0, b"reserved");
    ping[5] |= 0x80;
    under.feed(&ping);
    assert_eq!(under.sent.last().unwrap().payload, b"reserved");
    under.feed(&frame(HEADERS, END_HEADERS | END_STREAM | 0xc2, 1, &block(&GET)));
    assert_eq!((under.error, under.events.len()), (None, 1));
}

#[test]
fn nothing_comes_between_the_frames_of_a_block() {
    let get = block(&GET);
    let start = frame(HEADERS, END_STREAM, 1, &get[..7]);
    for between in [
        frame(PING, 0, 0, &[0; 8]),
        frame(0xbe, 0, 1, &[]),
        data(1, b"x", false),
        frame(CONTINUATION, END_HEADERS, 3, &get[7..]),
        headers(3, &GET, true),
    ] {
        let mut under = Under::server();
        under.feed(&start).feed(&between).connection_error(Code::PROTOCOL_ERROR);
    }
    let mut under = Under::server();
    under.feed(&start).feed(&frame(CONTINUATION, 0, 1, &[])).feed(&frame(CONTINUATION, 0, 1, &get[7..9]));
    assert!(under.events.is_empty());
    under.feed(&frame(CONTINUATION, END_HEADERS, 1, &get[9..]));
    assert_eq!((under.error, under.events.len()), (None, 1));
    under.feed(&frame(CONTINUATION, END_HEADERS, 1, &[])).connection_error(Code::PROTOCOL_ERROR);
}

#[test]
fn blocks_that_cannot_be_decoded() {
    for block in [
        &b"\x3f"[..],
        b"\x80",
        b"\xff\xff\xff\xff\xff\xff",
        b"\x82\x20",
        b"\x00\x01a\x81\xff",
        b"\x3f\xe2\x1f",
    ] {
        let mut under = Under::server();
        under
            .feed(&frame(HEADERS, END_HEADERS | END_STREAM, 1, block))
            .connection_error(Code::COMPRESSION_ERROR);
    }
}

#[test]
fn pings_are_echoed_in_order_and_pongs_told() {
    let mut under = Under::server();
    let pings: Vec<u8> = (0..100_u8).flat_map(|nth| frame(PING, 0, 0, &[nth; 8])).collect();
    under.feed(&pings);
    let echoed: Vec<u8> = under.sent.iter().map(|frame| frame.payload[0]).collect();
    assert_eq!(echoed, (0..100).collect::<Vec<u8>>());
    assert!(under.codec.ping(*b"12345678"));
    under.flush();
    assert_eq!((under.sent[100].kind, under.sent[100].flags), (PING, 0));
    under.feed(&frame(PING, ACK, 0, b"12345678"));
    assert_eq!(under.events, ["Pong { payload: [49, 50, 51, 52, 53, 54, 55, 56] }"]);
}

#[test]
fn a_transport_that_ends() {
    let mut under = Under::server();
    under.feed(&headers(1, &POST, false)).feed(&headers(3, &GET, true)).feed(&data(1, b"half", false)[..11]);
    let event = under.codec.receive_eof().unwrap().map(|event| render(&event));
    assert_eq!(event.as_deref(), Some("Reset 1 CANCEL by Transport"));
    let event = under.codec.receive_eof().unwrap().map(|event| render(&event));
    assert_eq!(event.as_deref(), Some("Reset 3 CANCEL by Transport"));
    assert!(under.codec.receive_eof().is_err());
    let mut under = Under::server();
    assert!(matches!(under.codec.receive_eof(), Ok(None)));
    assert!(matches!(under.codec.receive_eof(), Ok(None)));
    assert!(under.codec.wants().close);
}
