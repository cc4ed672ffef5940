//! HTTP/2 by hand: frames that no codec would make, and what the server says to them.

pub(super) mod fields;
pub(super) mod floods;
pub(super) mod flow;
pub(super) mod frames;
pub(super) mod streams;
pub(super) mod websocket;

use std::collections::BTreeMap;
use std::io;

use super::http::ending;
use super::lab::Lab;
use super::wire::Wire;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Types of frames.
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PUSH_PROMISE: u8 = 5;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const PRIORITY_UPDATE: u8 = 16;

/// Flags.
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;

const HEADER_TABLE_SIZE: u16 = 1;
const INITIAL_WINDOW_SIZE: u16 = 4;

/// A frame.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

fn settings(entries: &[(u16, u32)]) -> Vec<u8> {
    let entry = |(name, value): &(u16, u32)| [&name.to_be_bytes()[..], &value.to_be_bytes()].concat();
    frame(SETTINGS, 0, 0, &entries.iter().flat_map(entry).collect::<Vec<_>>())
}

fn window_update(stream: u32, by: u32) -> Vec<u8> {
    frame(WINDOW_UPDATE, 0, stream, &by.to_be_bytes())
}

fn reset(stream: u32) -> Vec<u8> {
    const CANCEL: u32 = 8;
    frame(RST_STREAM, 0, stream, &CANCEL.to_be_bytes())
}

/// A field whose name and value are spelt out, and that no table keeps.
fn field(name: &[u8], value: &[u8]) -> Vec<u8> {
    [&[0], &text(name)[..], &text(value)].concat()
}

/// A string of HPACK, not compressed.
fn text(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    match u8::try_from(bytes.len()) {
        Ok(short @ ..127) => text.push(short),
        _ => {
            let mut rest = bytes.len() - 127;
            text.push(127);
            while rest >= 128 {
                text.push(0x80 | (rest % 128) as u8);
                rest /= 128;
            }
            text.push(rest as u8);
        }
    }
    text.extend_from_slice(bytes);
    text
}

/// The pseudo-fields of a request: by index, but for the path and the authority.
fn request(method: Method, path: &[u8]) -> Vec<u8> {
    let method = match method {
        Method::Get => 0x82,
        Method::Post => 0x83,
    };
    [&[method, 0x86, 0x04], &text(path)[..], &[0x01], &text(b"localhost")].concat()
}

#[derive(Clone, Copy)]
enum Method {
    Get,
    Post,
}

/// A whole GET.
fn get(stream: u32, path: &str) -> Vec<u8> {
    frame(HEADERS, END_STREAM | END_HEADERS, stream, &request(Method::Get, path.as_bytes()))
}

/// A POST whose content is still to come.
fn post(stream: u32, path: &str) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, stream, &request(Method::Post, path.as_bytes()))
}

/// A connection on which both ends have said their settings, and acknowledged those of the other.
fn open(lab: &Lab) -> io::Result<Wire> {
    open_with(lab, &[])
}

/// The same with settings of the attacker's.
fn open_with(lab: &Lab, entries: &[(u16, u32)]) -> io::Result<Wire> {
    let mut wire = lab.connect_http2()?;
    // No table, so that what the server says can be read without one.
    let entries = [&[(HEADER_TABLE_SIZE, 0)], entries].concat();
    wire.send(&[PREFACE, &settings(&entries)].concat());
    let acknowledged = |heard: &[u8]| Frames(heard).any(|(kind, flags, ..)| (kind, flags) == (SETTINGS, ACK));
    if !wire.hear_until(acknowledged) {
        return Err(io::Error::other("the server does not speak HTTP/2"));
    }
    wire.send(&frame(SETTINGS, ACK, 0, &[]));
    Ok(wire)
}

/// The frames in bytes: type, flags, stream and payload.
struct Frames<'a>(&'a [u8]);

impl<'a> Iterator for Frames<'a> {
    type Item = (u8, u8, u32, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let ([a, b, c, kind, flags, stream @ ..], rest) = self.0.split_first_chunk::<9>()?;
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        let (payload, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((*kind, *flags, u32::from_be_bytes(*stream), payload))
    }
}

/// Sends the frames on a connection of their own and says how that ends: the GOAWAY, and how the connection stands.
fn ends(lab: &Lab, frames: impl AsRef<[u8]>) -> io::Result<String> {
    let mut wire = open(lab)?;
    wire.send(frames.as_ref());
    wire.finish();
    Ok(last_words(&wire))
}

/// Why the server ends the connection, and how the connection stands.
fn last_words(wire: &Wire) -> String {
    let goaway = |(kind, _, _, payload): (u8, u8, u32, &[u8])| match (kind, payload) {
        (GOAWAY, [_, _, _, _, a, b, c, d, ..]) => Some(u32::from_be_bytes([*a, *b, *c, *d])),
        _ => None,
    };
    let said = Frames(wire.heard()).filter_map(goaway).last();
    let said = said.map_or("no GOAWAY".to_owned(), |code| format!("GOAWAY {}", name(code)));
    format!("{said}, {}", ending(wire.end()))
}

/// Sends the frames on a connection of their own, then asks for `/hello` on the last stream there can be, and says
/// what became of the streams before.
fn streams(lab: &Lab, frames: impl AsRef<[u8]>) -> io::Result<String> {
    const LAST: u32 = 0x7fff_ffff;
    let mut wire = open(lab)?;
    wire.send(frames.as_ref());
    // Answers to the others may have used the credit of the connection up.
    wire.send(&[window_update(0, 1 << 20), get(LAST, "/hello")].concat());
    let is_over = |(kind, flags, stream, _): (u8, u8, u32, &[u8])| {
        kind == RST_STREAM || (matches!(kind, DATA | HEADERS) && flags & END_STREAM != 0) && stream == LAST
    };
    wire.hear_until(|heard| {
        Frames(heard).any(|frame| frame.2 == LAST && is_over(frame))
            || Frames(heard).any(|frame| frame.0 == GOAWAY)
    });
    let mut outcomes = BTreeMap::new();
    for (kind, _, stream, payload) in Frames(wire.heard()) {
        match (kind, payload) {
            (HEADERS, block) => drop(outcomes.insert(stream, status(block))),
            // RFC 9113 8.1: a response that is complete stays so, and no more of the request is wanted.
            (RST_STREAM, [0, 0, 0, 0]) if outcomes.contains_key(&stream) => {}
            (RST_STREAM, [a, b, c, d]) => {
                let code = name(u32::from_be_bytes([*a, *b, *c, *d]));
                outcomes.insert(stream, format!("RST_STREAM {code}"));
            }
            (GOAWAY, _) => {
                wire.finish();
                return Ok(last_words(&wire));
            }
            _ => {}
        }
    }
    let last = outcomes.remove(&LAST);
    let mut counted: BTreeMap<String, u32> = BTreeMap::new();
    for (_, outcome) in outcomes {
        *counted.entry(outcome).or_default() += 1;
    }
    let mut shown: Vec<_> = counted
        .into_iter()
        .map(|(outcome, count)| if count == 1 { outcome } else { format!("{outcome} x{count}") })
        .collect();
    if shown.is_empty() {
        shown.push("nothing".to_owned());
    }
    Ok(format!("{}, then {}", shown.join(" and "), last.as_deref().unwrap_or("nothing")))
}

/// The status in a field block of the server's, which comes first.
fn status(block: &[u8]) -> String {
    const INDEXED: [u16; 7] = [200, 204, 206, 304, 400, 404, 500];
    let Some((first, rest)) = block.split_first() else { return "nothing".to_owned() };
    match (first, rest) {
        // The table is made empty first.
        (0x20, rest) => status(rest),
        // Or it gets another size, of more than 30 octets.
        (0x3f, rest) => {
            let size = rest.iter().take_while(|&&octet| octet >= 0x80).count() + 1;
            status(rest.get(size..).unwrap_or_default())
        }
        (0x88..=0x8e, _) => INDEXED[usize::from(first - 0x88)].to_string(),
        (0x08 | 0x18 | 0x48, [3, digits @ ..]) => {
            digits.iter().take(3).map(|&digit| char::from(digit)).collect()
        }
        (0x08 | 0x18 | 0x48, [length @ 0x81..=0x84, text @ ..]) => {
            digits(text.get(..usize::from(length & 0x7f)).unwrap_or_default())
        }
        _ => "a status".to_owned(),
    }
}

/// Three digits in the Huffman code of HPACK: 0 to 2 have five bits, 3 to 9 six.
fn digits(bytes: &[u8]) -> String {
    let mut bits =
        bytes.iter().fold(0_u32, |bits, &byte| bits << 8 | u32::from(byte)) << (32 - 8 * bytes.len());
    let mut digits = String::new();
    for _ in 0..3 {
        let short = bits >> 27;
        let (digit, length) = if short < 3 { (short, 5) } else { ((bits >> 26).wrapping_sub(0x19) + 3, 6) };
        digits.extend(char::from_digit(digit, 10));
        bits <<= length;
    }
    digits
}

/// The name of an error code in RFC 9113 section 7.
fn name(code: u32) -> &'static str {
    const NAMES: [&str; 14] = [
        "NO_ERROR",
        "PROTOCOL_ERROR",
        "INTERNAL_ERROR",
        "FLOW_CONTROL_ERROR",
        "SETTINGS_TIMEOUT",
        "STREAM_CLOSED",
        "FRAME_SIZE_ERROR",
        "REFUSED_STREAM",
        "CANCEL",
        "COMPRESSION_ERROR",
        "CONNECT_ERROR",
        "ENHANCE_YOUR_CALM",
        "INADEQUATE_SECURITY",
        "HTTP_1_1_REQUIRED",
    ];
    NAMES.get(code as usize).copied().unwrap_or("unknown")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_read_in_every_form() {
        for (block, expected) in [
            (&[0x88, 0x42][..], "200"),
            (&[0x20, 0x8d], "404"),
            (&[0x3f, 0xe1, 0x03, 0x88], "200"),
            (&[0x08, 3, b'4', b'3', b'1'], "431"),
            (&[0x48, 0x82, 0x64, 0x02], "302"),       // RFC 7541 C.6.1
            (&[0x48, 0x83, 0x64, 0x0e, 0xff], "307"), // RFC 7541 C.6.2
        ] {
            assert_eq!(status(block), expected, "{block:x?}");
        }
    }

    #[test]
    fn strings_have_their_length_before_them() {
        assert_eq!(text(b"abc"), b"\x03abc");
        assert_eq!(text(&[b'x'; 127])[..3], [127, 0, b'x']);
        assert_eq!(
            text(&[b'x'; 1337 + 127])[..4],
            [127, 0x80 | (1337 % 128) as u8, (1337 / 128) as u8, b'x']
        );
    }
}
