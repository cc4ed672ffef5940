//! WebSocket messages that are small until they are inflated.

use std::io;

use super::lab::Lab;
use super::pattern::Pattern;
use super::websocket::{answer, frame, open_with};
use super::wire::Wire;

const OPENING: &[u8] = b"GET /ws/echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

/// FIN, RSV1 and binary.
pub(super) const COMPRESSED: u8 = 0xc2;

/// The beginning of a DEFLATE block (RFC 1951 3.2.7) in whose code a bit 0 stands for 258 bytes and another for a
/// distance of one: every zero byte behind it inflates to 1,032 of the byte before. It begins with one such byte.
fn dense_block() -> Vec<u8> {
    let mut bits = Bits::default();
    bits.low_first(0, 1); // not the last block
    bits.low_first(2, 2); // with codes of its own
    bits.low_first(286 - 257, 5);
    bits.low_first(0, 5); // one distance
    // The lengths of the codes are themselves coded: 0 for many zeros, 10 for one, 11 for two.
    bits.low_first(18 - 4, 4);
    for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1] {
        bits.low_first(
            match symbol {
                18 => 1,
                1 | 2 => 2,
                _ => 0,
            },
            3,
        );
    }
    let zeros = |bits: &mut Bits, count: u32| {
        bits.high_first(0b0, 1);
        bits.low_first(count - 11, 7);
    };
    bits.high_first(0b11, 2); // the byte 0: two bits
    zeros(&mut bits, 138);
    zeros(&mut bits, 117);
    bits.high_first(0b11, 2); // the end of the block: two bits
    zeros(&mut bits, 28);
    bits.high_first(0b10, 2); // 258 bytes: one bit
    bits.high_first(0b10, 2); // distance 1: one bit
    bits.high_first(0b10, 2); // the byte 0
    while !bits.count.is_multiple_of(16) {
        bits.high_first(0, 1); // 258 more
    }
    bits.bytes
}

/// A whole message that inflates to so many times 1,032 bytes.
pub(super) fn bomb(times: usize) -> Vec<u8> {
    // Behind them the last distance, the end of the block, and an empty one of which the last four bytes are left out
    // (RFC 7692 7.2.1).
    [&dense_block()[..], &vec![0; times], &[0b0000_0110]].concat()
}

/// Bits in the order of DEFLATE: from the lowest of a byte to the highest.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    count: usize,
}

impl Bits {
    fn push(&mut self, bit: u32) {
        if self.count.is_multiple_of(8) {
            self.bytes.push(0);
        }
        if let Some(last) = self.bytes.last_mut() {
            *last |= (bit as u8 & 1) << (self.count % 8);
        }
        self.count += 1;
    }

    /// A number.
    fn low_first(&mut self, value: u32, bits: u32) {
        (0..bits).for_each(|bit| self.push(value >> bit));
    }

    /// A code.
    fn high_first(&mut self, code: u32, bits: u32) {
        (0..bits).rev().for_each(|bit| self.push(code >> bit));
    }
}

/// Sends the frames on a connection that has agreed on compression, and says how the server closed.
fn frames(lab: &Lab, bytes: &[u8]) -> io::Result<String> {
    let mut wire = open(lab)?;
    wire.send(bytes);
    wire.finish();
    Ok(answer(&wire))
}

fn open(lab: &Lab) -> io::Result<Wire> {
    open_with(lab, OPENING)
}

pub(super) static PATTERNS: [Pattern; 8] = [
    Pattern::new(
        "deflate/bomb",
        "a message of 1 MiB that inflates to 1 GiB",
        "RFC 7692 8, CWE-409",
        "close 1009, closed",
        |lab| frames(lab, &frame(COMPRESSED, &bomb(1 << 20))),
    )
    .within(2048, 2000),
    Pattern::new(
        "deflate/bomb-in-fragments",
        "the same in a frame for each byte",
        "RFC 7692 8, CWE-409",
        "close 1009, closed",
        |lab| {
            let mut bytes = frame(COMPRESSED & 0x7f, &dense_block());
            bytes.extend(frame(0x00, &[0]).repeat(100_000));
            frames(lab, &bytes)
        },
    )
    .within(2048, 2000),
    Pattern::new(
        "deflate/small-bombs",
        "200 messages of 1 KiB that inflate to 1 MiB each: the connection's budget pays for the first few",
        "RFC 7692 8, CWE-409",
        "close 1009, closed",
        |lab| frames(lab, &[frame(COMPRESSED, &bomb(1000)).repeat(200), frame(0x88, b"\x03\xe8")].concat()),
    )
    .within(2048, 2000),
    Pattern::new(
        "deflate/no-stream",
        "bytes that are no DEFLATE",
        "RFC 7692 7.2.2",
        "close 1007, closed",
        |lab| frames(lab, &frame(COMPRESSED, &[0xff; 100])),
    ),
    Pattern::new(
        "deflate/distance",
        "a match that lies before the beginning",
        "RFC 1951 3.2.3",
        "close 1007, closed",
        |lab| frames(lab, &frame(COMPRESSED, &[0x03, 0x02, 0xff, 0xff])),
    ),
    Pattern::new(
        "deflate/cut",
        "a message that ends within a block: what it has inflated to so far is the message",
        "RFC 7692 7.2.2",
        "close 1000, closed",
        |lab| frames(lab, &[frame(COMPRESSED, &dense_block()[..10]), frame(0x88, b"\x03\xe8")].concat()),
    ),
    Pattern::new(
        "deflate/empty-blocks",
        "a message of a million empty blocks",
        "RFC 7692 8",
        "close 1000, closed",
        |lab| {
            let blocks = [0x00, 0x00, 0x00, 0xff, 0xff].repeat(1_000_000);
            frames(lab, &[frame(COMPRESSED, &blocks), frame(0x88, b"\x03\xe8")].concat())
        },
    )
    .within(2048, 2000),
    Pattern::new(
        "deflate/compressed-control",
        "a ping with RSV1",
        "RFC 7692 6.1",
        "close 1002, closed",
        |lab| frames(lab, &frame(0xc9, b"x")),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_block_is_as_dense_as_can_be() {
        // The fixed part, worked out by hand from RFC 1951.
        let block = dense_block();
        assert_eq!(block[0] & 0b111, 0b100);
        assert!(block.len() < 40, "{block:x?}");
    }
}
