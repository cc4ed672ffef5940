//! WebSocket frames that are wrong, too many or too clever.

use std::io;

use super::http;
use super::lab::Lab;
use super::pattern::Pattern;
use super::wire::Wire;

/// The request whose key is the example of RFC 6455 section 1.3.
const OPENING: &[u8] = b"GET /ws/echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A connection on which the opening handshake is done.
pub(super) fn open(lab: &Lab) -> io::Result<Wire> {
    open_with(lab, OPENING)
}

pub(super) fn open_with(lab: &Lab, opening: &[u8]) -> io::Result<Wire> {
    let mut wire = lab.connect()?;
    wire.send(opening);
    let accepted = wire.hear_until(|heard| heard.ends_with(b"\r\n\r\n"));
    if accepted && wire.take_heard().starts_with(b"HTTP/1.1 101 ") {
        Ok(wire)
    } else {
        Err(io::Error::other("the server did not accept the WebSocket"))
    }
}

/// A masked frame: `first` is FIN, RSV and opcode.
pub(super) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        n @ 0..=125 => frame.push(0x80 | n as u8),
        n @ 126..=0xffff => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&(n as u16).to_be_bytes());
        }
        n => {
            frame.push(0x80 | 127);
            frame.extend_from_slice(&(n as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&KEY);
    frame.extend(payload.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

/// The server's Close code, and how the connection stands.
pub(super) fn answer(wire: &Wire) -> String {
    format!("{}, {}", close(wire.heard()), http::ending(wire.end()))
}

/// The code of the Close frame among these.
pub(super) fn close(mut bytes: &[u8]) -> String {
    let mut close = "no close".to_owned();
    while let Some((opcode, payload, rest)) = next_frame(bytes) {
        if opcode == 8 {
            close = match payload {
                [high, low, ..] => format!("close {}", u16::from_be_bytes([*high, *low])),
                _ => "close".to_owned(),
            };
        }
        bytes = rest;
    }
    close
}

/// The opcode and payload of a frame of the server's, and what follows it.
fn next_frame(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<2>()?;
    let (length, rest) = match head[1] {
        126 => {
            rest.split_first_chunk().map(|(length, rest)| (u64::from(u16::from_be_bytes(*length)), rest))?
        }
        127 => rest.split_first_chunk().map(|(length, rest)| (u64::from_be_bytes(*length), rest))?,
        length => (length.into(), rest),
    };
    let (payload, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    Some((head[0] & 0x0f, payload, rest))
}

/// Sends the frames and says how the server closed.
fn frames(lab: &Lab, bytes: &[u8]) -> io::Result<String> {
    let mut wire = open(lab)?;
    wire.send(bytes);
    wire.finish();
    Ok(answer(&wire))
}

/// A violation of the protocol.
const fn violation(
    name: &'static str,
    what: &'static str,
    reference: &'static str,
    run: fn(&Lab) -> io::Result<String>,
) -> Pattern {
    Pattern::new(name, what, reference, "close 1002, closed", run)
}

/// A text that is no UTF-8.
const fn bad_text(name: &'static str, what: &'static str, run: fn(&Lab) -> io::Result<String>) -> Pattern {
    Pattern::new(name, what, "RFC 6455 8.1", "close 1007, closed", run)
}

pub(super) static PATTERNS: [Pattern; 30] = [
    Pattern::new(
        "websocket/fragment-flood",
        "a message in 100,000 empty fragments",
        "CVE-2026-48779",
        "close 1008, closed",
        |lab| frames(lab, &[frame(0x02, b""), frame(0x00, b"").repeat(100_000)].concat()),
    )
    .within(2048, 1000),
    Pattern::new(
        "websocket/tiny-fragments",
        "a message in a million fragments of a byte, none of which is kept",
        "CVE-2026-48779",
        "close 1000, closed",
        |lab| {
            let mut wire = open(lab)?;
            wire.send(&frame(0x02, b"x"));
            wire.send(&frame(0x00, b"x").repeat(1_000_000));
            wire.send(&frame(0x80, b"x"));
            wire.send(&frame(0x88, b"\x03\xe8"));
            wire.finish();
            Ok(answer(&wire))
        },
    )
    .within(2048, 5000),
    Pattern::new(
        "websocket/ping-flood",
        "100,000 pings: an answer each would fill the memory of a server whose peer does not read",
        "CVE-2019-9512",
        "close 1008, closed",
        |lab| frames(lab, &frame(0x89, &[0; 125]).repeat(100_000)),
    )
    .within(2048, 1000),
    Pattern::new(
        "websocket/pong-flood",
        "100,000 pongs that nobody has asked for",
        "RFC 6455 5.5.3",
        "close 1008, closed",
        |lab| frames(lab, &frame(0x8a, b"").repeat(100_000)),
    )
    .within(2048, 1000),
    Pattern::new(
        "websocket/pings-unread",
        "9,000 pings and no answer read before the Close: the latest ping is answered, none is queued",
        "RFC 6455 5.5.3",
        "close 1000, closed",
        |lab| {
            let mut wire = open(lab)?;
            wire.send_deaf(&frame(0x89, &[0; 125]).repeat(9000), lab.long());
            wire.send_deaf(&frame(0x88, b"\x03\xe8"), lab.long());
            wire.finish();
            Ok(answer(&wire))
        },
    ),
    Pattern::new(
        "websocket/huge-length",
        "a frame of 2^63 - 1 bytes begun, 32 MiB of it sent, then the connection left",
        "RFC 6455 10.4",
        "no close, closed",
        |lab| {
            let mut wire = open(lab)?;
            wire.send(&[&[0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], &KEY[..]].concat());
            wire.send(&vec![0; 32 << 20]);
            wire.shut();
            wire.finish();
            Ok(answer(&wire))
        },
    )
    .within(2048, 5000),
    violation("websocket/unmasked", "a frame that is not masked", "RFC 6455 5.1", |lab| {
        frames(lab, b"\x81\x05hello")
    }),
    violation("websocket/rsv1", "RSV1 that no extension has defined", "RFC 6455 5.2", |lab| {
        frames(lab, &frame(0xc1, b"x"))
    }),
    violation("websocket/rsv2", "RSV2", "RFC 6455 5.2", |lab| frames(lab, &frame(0xa1, b"x"))),
    violation("websocket/rsv3", "RSV3", "RFC 6455 5.2", |lab| frames(lab, &frame(0x91, b"x"))),
    violation("websocket/opcode-3", "a data opcode that is reserved", "RFC 6455 5.2", |lab| {
        frames(lab, &frame(0x83, b"x"))
    }),
    violation("websocket/opcode-15", "a control opcode that is reserved", "RFC 6455 5.2", |lab| {
        frames(lab, &frame(0x8f, b"x"))
    }),
    violation("websocket/stray-continuation", "a continuation of nothing", "RFC 6455 5.4", |lab| {
        frames(lab, &frame(0x80, b"x"))
    }),
    violation("websocket/interleaved", "a message within a message", "RFC 6455 5.4", |lab| {
        frames(lab, &[frame(0x01, b"x"), frame(0x81, b"y")].concat())
    }),
    violation("websocket/control-fragment", "a ping in fragments", "RFC 6455 5.5", |lab| {
        frames(lab, &frame(0x09, b"x"))
    }),
    violation("websocket/control-big", "a ping of 126 bytes", "RFC 6455 5.5", |lab| {
        frames(lab, &frame(0x89, &[0; 126]))
    }),
    violation("websocket/control-huge", "a Close of 16 MiB", "RFC 6455 5.5", |lab| {
        frames(lab, &frame(0x88, &vec![0; 16 << 20]))
    }),
    violation("websocket/length-16", "125 bytes in a length of 16 bits", "RFC 6455 5.2", |lab| {
        frames(lab, &[0x82, 0x80 | 126, 0, 125])
    }),
    violation("websocket/length-64", "65,535 bytes in a length of 64 bits", "RFC 6455 5.2", |lab| {
        frames(lab, &[0x82, 0x80 | 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff])
    }),
    violation("websocket/length-negative", "a length with its highest bit set", "RFC 6455 5.2", |lab| {
        frames(lab, &[0x82, 0x80 | 127, 0x80, 0, 0, 0, 0, 0, 0, 0])
    }),
    violation("websocket/close-one-byte", "a Close with half a code", "RFC 6455 5.5.1", |lab| {
        frames(lab, &frame(0x88, &[3]))
    }),
    violation("websocket/close-1005", "a Close with a code that is never sent", "RFC 6455 7.4.1", |lab| {
        frames(lab, &frame(0x88, &1005_u16.to_be_bytes()))
    }),
    bad_text("websocket/utf8-overlong", "a slash in two bytes", |lab| frames(lab, &frame(0x81, b"\xc0\xaf"))),
    bad_text("websocket/utf8-surrogate", "half a surrogate pair", |lab| {
        frames(lab, &frame(0x81, b"\xed\xa0\x80"))
    }),
    bad_text("websocket/utf8-beyond", "a code point beyond the last", |lab| {
        frames(lab, &frame(0x81, b"\xf4\x90\x80\x80"))
    }),
    bad_text("websocket/utf8-cut", "a code point that is cut off", |lab| {
        frames(lab, &frame(0x81, b"hello \xe2\x82"))
    }),
    bad_text(
        "websocket/utf8-early",
        "a wrong byte at the start of 2^62 bytes: it is refused at once",
        |lab| frames(lab, &[&[0x81, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0][..], &KEY, &[0xff ^ KEY[0]]].concat()),
    ),
    bad_text("websocket/utf8-reason", "a Close with a reason that is no UTF-8", |lab| {
        frames(lab, &frame(0x88, b"\x03\xe8\xff"))
    }),
    Pattern::new(
        "websocket/opening-flood",
        "a handshake with 5,000 subprotocols offered",
        "RFC 6455 4.1",
        "431, closed",
        |lab| {
            let protocols = format!("Sec-WebSocket-Protocol: {}\r\n\r\n", "abc, ".repeat(5000));
            lab.http([&OPENING[..OPENING.len() - 2], protocols.as_bytes()].concat())
        },
    ),
    Pattern::new(
        "websocket/opening-garbage",
        "a handshake that is refused, with frames behind it: they are read as HTTP",
        "RFC 6455 4.2.1",
        "400 501, closed",
        |lab| {
            let opening = String::from_utf8_lossy(OPENING).replace("dGhlIHNhbXBsZSBub25jZQ==", "x");
            lab.http([opening.as_bytes(), &frame(0x81, b"hello").repeat(1000)].concat())
        },
    ),
];
