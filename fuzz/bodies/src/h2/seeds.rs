//! An exchange of each role in hand-made frames, whole and frame by frame.

use proto_h2::PREFACE;

use strategies::hpack::literals as block;
use strategies::http2::*;
use strategies::some;

fn call(method: &str, more: &[(&str, &str)]) -> Vec<u8> {
    block(&[&request(method), more].concat())
}

fn client_says() -> Vec<Vec<u8>> {
    let get = call("GET", &[]);
    let head = |id, block: &[u8], end: bool| frame(HEADERS, END_HEADERS | u8::from(end), id, block);
    vec![
        frame(SETTINGS, 0, 0, &[setting(4, 100_000), setting(1, 0), setting(5, 20_000)].concat()),
        frame(SETTINGS, ACK, 0, &[]),
        head(1, b"\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff", true),
        head(3, &call("POST", &[("content-length", "11")]), false),
        frame(DATA, 0, 3, b"hello "),
        frame(PING, 0, 0, b"abcdefgh"),
        frame(DATA, PADDED | END_STREAM, 3, b"\x04world\0\0\0\0"),
        frame(HEADERS, END_STREAM | PRIORITIZED, 5, &[&[0, 0, 0, 1, 9][..], &get[..5]].concat()),
        frame(CONTINUATION, 0, 5, &get[5..20]),
        frame(CONTINUATION, END_HEADERS, 5, &get[20..]),
        frame(PRIORITY, 0, 9, &[0, 0, 0, 1, 9]),
        frame(PRIORITY_UPDATE, 0, 0, b"\0\0\0\x09u=1, i"),
        head(7, &call("POST", &[("cookie", "a=1"), ("x", "y"), ("cookie", "b=2")]), false),
        frame(WINDOW_UPDATE, 0, 7, &1000_u32.to_be_bytes()),
        frame(WINDOW_UPDATE, 0, 0, &1000_u32.to_be_bytes()),
        head(7, &block(&[("trailer-a", "b")]), true),
        frame(0xee, 0, 3, b"unknown frame"),
        head(9, &call("CONNECT", &[(":protocol", "websocket")]), false),
        frame(RST_STREAM, 0, 9, &8_u32.to_be_bytes()),
        head(11, &block(&[(":method", "GET"), ("bad", "head")]), true),
        head(13, b"\x3f\xe1\x1f\x40\x01n\x01v\xbe\x20\xbe", true),
        frame(GOAWAY, 0, 0, b"\0\0\0\0\0\0\0\0bye now"),
    ]
}

fn server_says() -> Vec<Vec<u8>> {
    let head = |id, fields: &[(&str, &str)], end: bool| {
        frame(HEADERS, END_HEADERS | u8::from(end), id, &block(fields))
    };
    vec![
        frame(SETTINGS, 0, 0, &[setting(3, 10), setting(5, 20_000)].concat()),
        frame(SETTINGS, ACK, 0, &[]),
        head(1, &[(":status", "103"), ("link", "</a>")], false),
        head(1, &[(":status", "200"), ("content-length", "9")], false),
        frame(DATA, 0, 1, b"some"),
        frame(PING, 0, 0, b"abcdefgh"),
        frame(DATA, PADDED, 1, b"\x02 body\0\0"),
        head(1, &[("x-checksum", "1")], true),
        head(5, &[(":status", "200"), ("content-length", "99")], true),
        frame(WINDOW_UPDATE, 0, 3, &500_u32.to_be_bytes()),
        frame(PUSH_PROMISE, END_HEADERS, 3, &[&[0, 0, 0, 2][..], &call("GET", &[])].concat()),
        head(2, &[(":status", "200")], true),
        head(3, &[(":status", "413")], false),
        frame(DATA, 0, 3, b"too much"),
        frame(RST_STREAM, 0, 3, &[0; 4]),
        frame(DATA, 0, 3, b"late"),
        frame(GOAWAY, 0, 0, b"\0\0\0\x05\0\0\0\0"),
    ]
}

/// `frames` together, each alone, and together behind `preface`.
fn seeds(frames: &[Vec<u8>], preface: &[u8]) -> Vec<Vec<u8>> {
    let all = frames.concat();
    let mut seeds: Vec<_> = frames.iter().map(|frame| [&[0], &frame[..]].concat()).collect();
    seeds.push([&[0], &all[..]].concat());
    seeds.push([&[7], &all[..]].concat());
    seeds.push([&[8], preface, &all].concat());
    seeds
        .extend(some(&strategies::http2::frames(), 4).into_iter().map(|frames| [&[0], &frames[..]].concat()));
    seeds
}

/// What a client sends.
pub fn server_seeds() -> Vec<Vec<u8>> {
    seeds(&client_says(), &PREFACE[..])
}

/// What a server sends.
pub fn client_seeds() -> Vec<Vec<u8>> {
    seeds(&server_says(), &[])
}
