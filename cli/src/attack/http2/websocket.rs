//! WebSockets on streams of HTTP/2 (RFC 8441): what is done to those on connections, where others share the connection.

use super::super::deflate::{COMPRESSED, bomb};
use super::super::pattern::{Pattern, Server};
use super::super::websocket::{close, frame as socket_frame};
use super::*;

/// The opening handshake of a WebSocket.
fn connect(stream: u32, more: &[u8]) -> Vec<u8> {
    let own = [
        (&b":method"[..], &b"CONNECT"[..]),
        (b":protocol", b"websocket"),
        (b":scheme", b"http"),
        (b":path", b"/ws/echo"),
        (b":authority", b"localhost"),
        (b"sec-websocket-version", b"13"),
    ];
    let fields = own.map(|(name, value)| field(name, value)).concat();
    frame(HEADERS, END_HEADERS, stream, &[&fields, more].concat())
}

/// A connection with a WebSocket on stream 1.
fn socket(lab: &Lab, settings: &[(u16, u32)], more: &[u8]) -> io::Result<Wire> {
    let mut wire = open_with(lab, settings)?;
    wire.send(&connect(1, more));
    let accepted = |(kind, _, stream, block): (u8, u8, u32, &[u8])| {
        (kind, stream) == (HEADERS, 1) && status(block) == "200"
    };
    if wire.hear_until(|heard| Frames(heard).any(accepted)) {
        Ok(wire)
    } else {
        Err(io::Error::other("the server did not accept the WebSocket"))
    }
}

/// Says this on the WebSocket.
fn say(wire: &mut Wire, bytes: &[u8]) {
    for piece in bytes.chunks(16_384) {
        wire.send(&frame(DATA, 0, 1, piece));
    }
}

/// Hears to the end of the WebSocket, asks for something else on the connection, and says what came of both.
fn outcome(mut wire: Wire) -> String {
    let of_stream = |heard: &[u8], stream: u32| {
        let is_over = |&(kind, flags, id, _): &(u8, u8, u32, &[u8])| {
            id == stream && (kind == RST_STREAM || kind == DATA && flags & END_STREAM != 0)
        };
        Frames(heard).any(|frame| is_over(&frame)) || Frames(heard).any(|frame| frame.0 == GOAWAY)
    };
    wire.hear_until(|heard| of_stream(heard, 1));
    wire.send(&[window_update(0, 1 << 20), get(3, "/hello"), window_update(3, 1 << 20)].concat());
    wire.hear_until(|heard| of_stream(heard, 3));
    if !wire.is_open() || Frames(wire.heard()).any(|frame| frame.0 == GOAWAY) {
        wire.finish();
        return last_words(&wire);
    }
    let (mut said, mut how, mut then) = (Vec::new(), None, "nothing".to_owned());
    for (kind, _, stream, payload) in Frames(wire.heard()) {
        match (kind, stream, payload) {
            (DATA, 1, payload) => said.extend_from_slice(payload),
            (RST_STREAM, 1, [a, b, c, d]) if how.is_none() => {
                how = Some(format!("RST_STREAM {}", name(u32::from_be_bytes([*a, *b, *c, *d]))));
            }
            (HEADERS, 3, block) => then = status(block),
            _ => {}
        }
    }
    let close = close(&said);
    let how = how.filter(|_| close == "no close").unwrap_or(close);
    format!("{how}, then {then}")
}

/// Says this on a WebSocket.
fn said(lab: &Lab, bytes: &[u8]) -> io::Result<String> {
    let mut wire = socket(lab, &[], b"")?;
    say(&mut wire, bytes);
    Ok(outcome(wire))
}

pub(in super::super) static PATTERNS: [Pattern; 11] = [
    Pattern::new(
        "http2-websocket/ping-flood",
        "20,000 pings within a stream",
        "CVE-2019-9512",
        "close 1008, then 200",
        |lab| said(lab, &socket_frame(0x89, b"").repeat(20_000)),
    ),
    Pattern::new(
        "http2-websocket/fragment-flood",
        "a message in 20,000 empty fragments",
        "CVE-2026-48779",
        "close 1008, then 200",
        |lab| said(lab, &[socket_frame(0x02, b""), socket_frame(0x00, b"").repeat(20_000)].concat()),
    ),
    Pattern::new(
        "http2-websocket/unmasked",
        "a frame that is not masked",
        "RFC 6455 5.1",
        "close 1002, then 200",
        |lab| said(lab, b"\x81\x05hello"),
    ),
    Pattern::new(
        "http2-websocket/bomb",
        "a message of 100 KiB that inflates to 100 MiB",
        "RFC 7692 8, CWE-409",
        "close 1009, then 200",
        |lab| {
            let offer = field(b"sec-websocket-extensions", b"permessage-deflate");
            // Credit for all of it, so that nothing holds the server up.
            let mut wire = socket(lab, &[(INITIAL_WINDOW_SIZE, 1 << 30)], &offer)?;
            wire.send(&window_update(0, 1 << 30));
            say(&mut wire, &socket_frame(COMPRESSED, &bomb(100 << 10)));
            Ok(outcome(wire))
        },
    )
    .within(2048, 2000),
    Pattern::new(
        "http2-websocket/unread",
        "messages that are sent back, and no credit for any",
        "CVE-2019-9517",
        "RST_STREAM CANCEL, then 200",
        |lab| {
            let mut wire = socket(lab, &[(INITIAL_WINDOW_SIZE, 0)], b"")?;
            say(&mut wire, &socket_frame(0x82, &[b'x'; 1000]).repeat(200));
            Ok(outcome(wire))
        },
    )
    .on(Server::Hasty),
    Pattern::new(
        "http2-websocket/window",
        "more than the window, though nothing is read for want of credit",
        "RFC 9113 6.9.1",
        "RST_STREAM FLOW_CONTROL_ERROR, then 200",
        |lab| {
            let mut wire = socket(lab, &[(INITIAL_WINDOW_SIZE, 0)], b"")?;
            say(&mut wire, &socket_frame(0x82, &[b'x'; 1000]).repeat(300));
            Ok(outcome(wire))
        },
    ),
    Pattern::new(
        "http2-websocket/silent",
        "a WebSocket on which nothing is said, not even a pong",
        "RFC 6455 5.5.2",
        "no close, then 200",
        |lab| Ok(outcome(socket(lab, &[], b"")?)),
    )
    .on(Server::Hasty),
    Pattern::new(
        "http2-websocket/rapid-reset",
        "handshakes that are reset at once",
        "CVE-2023-44487",
        "GOAWAY ENHANCE_YOUR_CALM, closed",
        |lab| {
            let reset = |nth: u32| [connect(2 * nth + 1, b""), reset(2 * nth + 1)].concat();
            ends(lab, (0..5000).flat_map(reset).collect::<Vec<_>>())
        },
    )
    .within(2048, 2000),
    Pattern::new(
        "http2-websocket/protocol-without-connect",
        "a GET that asks for a protocol",
        "RFC 8441 4",
        "RST_STREAM PROTOCOL_ERROR, then 200",
        |lab| {
            let fields = [field(b":protocol", b"websocket"), request(Method::Get, b"/ws/echo")].concat();
            streams(lab, frame(HEADERS, END_STREAM | END_HEADERS, 1, &fields))
        },
    ),
    Pattern::new(
        "http2-websocket/unknown-protocol",
        "a tunnel for a protocol that nobody knows",
        "RFC 8441 4",
        "501, then 200",
        |lab| {
            let fields = [
                (&b":method"[..], &b"CONNECT"[..]),
                (b":protocol", b"smuggled"),
                (b":scheme", b"http"),
                (b":path", b"/ws/echo"),
                (b":authority", b"localhost"),
            ];
            let fields = fields.map(|(name, value)| field(name, value)).concat();
            streams(lab, frame(HEADERS, END_HEADERS, 1, &fields))
        },
    ),
    Pattern::new(
        "http2-websocket/one-too-many",
        "101 WebSockets at a time",
        "RFC 9113 5.1.2",
        "RST_STREAM REFUSED_STREAM",
        |lab| {
            let mut wire = open(lab)?;
            wire.send(&(0..101).flat_map(|nth| connect(2 * nth + 1, b"")).collect::<Vec<_>>());
            let refused = |(kind, _, stream, code): (u8, u8, u32, &[u8])| {
                (kind, stream) == (RST_STREAM, 201) && code == 7_u32.to_be_bytes()
            };
            let refused = wire.hear_until(|heard| Frames(heard).any(refused));
            Ok(if refused { "RST_STREAM REFUSED_STREAM".to_owned() } else { last_words(&wire) })
        },
    ),
];
