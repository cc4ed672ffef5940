//! The limits of WebSockets, each at its value and one beyond.

use app::{Config, DeflateConfig, Limit};

use crate::host::{Bench, MOMENT, just_before, seconds};

pub(crate) const DEFLATE: &str = "Sec-WebSocket-Extensions: permessage-deflate\r\n";

pub(crate) fn upgrade(more: &str) -> String {
    format!(
        "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
    )
}

/// A server's WebSocket, whose answer to the opening handshake was taken.
fn socket(change: impl FnOnce(&mut Config)) -> Bench {
    let mut bench = Bench::server(change);
    bench.feed(upgrade("")).take();
    bench
}

/// A frame of a client, with a masking key of zeros.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = match payload.len() {
        len @ ..126 => vec![first, 0x80 | len as u8],
        len => vec![first, 0xfe, (len >> 8) as u8, len as u8],
    };
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

/// The code of the Close frame that was sent, if one was.
pub(crate) fn close_code(sent: &[u8]) -> Option<u16> {
    let at = sent.windows(2).position(|head| head[0] == 0x88 && head[1] >= 2)?;
    Some(u16::from_be_bytes([sent[at + 2], sent[at + 3]]))
}

/// `within` leaves the WebSocket as it is; with `beyond` it is closed with `code`, and `limit` has fired.
#[track_caller]
fn fires(change: fn(&mut Config), within: &[Vec<u8>], beyond: &[Vec<u8>], code: u16, limit: Limit) {
    let mut bench = socket(change);
    bench.feed(within.concat());
    assert_eq!((close_code(&bench.sent), bench.wire.closed), (None, false));
    bench.fired(&[]);
    let mut bench = socket(change);
    bench.feed(beyond.concat());
    assert_eq!(close_code(&bench.sent), Some(code));
    assert_eq!(bench.ends()[0].limit(), Some(limit));
    // The peer has some seconds to answer.
    bench.sleep(seconds(10));
    bench.fired(&[limit]);
}

pub(crate) fn max_frame() {
    let limit = |config: &mut Config| config.websocket.limits.max_frame = 20;
    fires(limit, &[frame(0x82, &[0; 20])], &[frame(0x82, &[0; 21])], 1009, Limit::MaxFrame);
}

pub(crate) fn max_message() {
    let limit = |config: &mut Config| config.websocket.limits.max_message = 30;
    let message = |last| [frame(0x02, &[0; 20]), frame(0x80, &vec![0; last])];
    fires(limit, &message(10), &message(11), 1009, Limit::MaxMessage);
}

pub(crate) fn max_fragments() {
    let limit = |config: &mut Config| config.websocket.limits.max_fragments = 3;
    let message = |count: usize| {
        let between = vec![frame(0x00, b"b"); count - 2];
        [vec![frame(0x02, b"a")], between, vec![frame(0x80, b"c")]].concat()
    };
    fires(limit, &message(3), &message(4), 1009, Limit::MaxFragments);
}

pub(crate) fn control_burst() {
    let limit = |config: &mut Config| config.websocket.limits.control_burst = 3;
    fires(limit, &vec![frame(0x89, b""); 3], &vec![frame(0x89, b""); 4], 1008, Limit::Control);
}

pub(crate) fn control_per_second() {
    for (pings, fires) in [(2, false), (3, true)] {
        let mut bench = socket(|config| {
            (config.websocket.limits.control_burst, config.websocket.limits.control_per_second) = (3, 2);
        });
        bench.feed(frame(0x89, b"").repeat(3)).sleep(seconds(1)).feed(frame(0x89, b"").repeat(pings));
        assert_eq!(close_code(&bench.sent), fires.then_some(1008));
        bench.fired(if fires { &[Limit::Control] } else { &[] });
    }
}

/// Bits from the lowest on, as DEFLATE packs them (RFC 1951 3.1.1); codes come highest bit first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    count: usize,
}

impl Bits {
    fn bit(&mut self, bit: u32) {
        if self.count.is_multiple_of(8) {
            self.bytes.push(0);
        }
        *self.bytes.last_mut().unwrap() |= (bit as u8) << (self.count % 8);
        self.count += 1;
    }

    fn code(&mut self, code: u32, len: u32) {
        (0..len).rev().for_each(|nth| self.bit(code >> nth & 1));
    }
}

/// 4096 octets of DEFLATE that become `made`, and some behind them: an `a`, `runs` times 258 more, some shorter runs, so that the
/// number comes out, and what is stored as it is.
fn bomb(made: usize) -> Vec<u8> {
    let lengths = (0..200).flat_map(|runs| (0..30).map(move |tens| (runs, tens)));
    let lengths = lengths.flat_map(|(runs, tens)| (3..=10).map(move |last| (runs, tens, last)));
    let fits = |&(runs, tens, last): &(usize, usize, usize)| {
        (1 + 258 * runs + 10 * tens + last) + stored(runs, tens + 1) == made
    };
    let (runs, tens, last) =
        lengths.into_iter().find(fits).unwrap_or_else(|| panic!("{made} cannot be made"));
    let mut bits = Bits::default();
    // A block of fixed codes (RFC 1951 3.2.6): the literal, lengths at a distance of 1, and the end.
    bits.bit(0);
    bits.code(0b10, 2);
    bits.code(0x30 + u32::from(b'a'), 8);
    for _ in 0..runs {
        bits.code(0b1100_0101, 8);
        bits.code(0, 5);
    }
    for len in std::iter::repeat_n(10, tens).chain([last]) {
        bits.code(len as u32 - 2, 7);
        bits.code(0, 5);
    }
    bits.code(0, 7);
    // Stored blocks (3.2.4), and the beginning of an empty one whose rest is left out (RFC 7692 7.2.1).
    bits.code(0, 3);
    let mut all = bits.bytes;
    for content in [vec![b'b'; stored(runs, tens + 1)], vec![b'c']] {
        all.extend((content.len() as u16).to_le_bytes());
        all.extend((!(content.len() as u16)).to_le_bytes());
        all.extend(content);
        all.push(0);
    }
    assert!(all.len() > 4096 && all[4095] == b'b');
    all
}

/// The room that is left of 4096 octets for what is stored.
fn stored(runs: usize, short: usize) -> usize {
    4096 - (3 + 8 + 13 * runs + 12 * short + 7 + 3_usize).div_ceil(8) - 4
}

/// What 4096 octets may become for nothing.
const FREE: usize = 3 * 4096;

/// A WebSocket whose messages may become three times as long, and `burst` bytes more that come back at `per_second`.
fn inflating(burst: u32, per_second: u32) -> Bench {
    let mut bench = Bench::server(|config| {
        config.deflate = Some(DeflateConfig::default());
        let limits = &mut config.websocket.limits;
        limits.max_expansion = 3;
        (limits.expansion_burst, limits.expansion_per_second) = (burst, per_second);
    });
    bench.feed(upgrade(DEFLATE)).take();
    bench
}

/// Sends a last message, which is refused or not.
#[track_caller]
fn inflates(mut bench: Bench, made: usize, fires: bool) {
    bench.feed(frame(0xc2, &bomb(made)));
    assert_eq!(close_code(&bench.sent), fires.then_some(1009));
    bench.fired(if fires { &[Limit::MaxExpansion] } else { &[] });
}

pub(crate) fn max_expansion() {
    inflates(inflating(0, 0), FREE, false);
    inflates(inflating(0, 0), FREE + 1, true);
}

pub(crate) fn expansion_burst() {
    inflates(inflating(7, 0), FREE + 7, false);
    inflates(inflating(7, 0), FREE + 8, true);
    // It is that of all messages together.
    let mut bench = inflating(7, 0);
    bench.feed(frame(0xc2, &bomb(FREE + 3)));
    inflates(bench, FREE + 5, true);
}

pub(crate) fn expansion_per_second() {
    for (more, fires) in [(4, false), (5, true)] {
        let mut bench = inflating(7, 4);
        bench.feed(frame(0xc2, &bomb(FREE + 7))).sleep(seconds(1));
        inflates(bench, FREE + more, fires);
    }
}

pub(crate) fn ping_after() {
    let mut bench = socket(|config| config.websocket.keep_alive.ping_after = seconds(7));
    bench.sleep(just_before(seconds(7)));
    assert!(bench.sent.is_empty());
    bench.sleep(MOMENT);
    assert_eq!(bench.sent[0], 0x89, "a ping");
    bench.fired(&[]);
}

pub(crate) fn hang_up_after() {
    let mut bench = socket(|config| {
        let keep_alive = &mut config.websocket.keep_alive;
        (keep_alive.ping_after, keep_alive.hang_up_after) = (seconds(7), seconds(9));
    });
    bench.sleep(just_before(seconds(9)));
    assert!(!bench.wire.closed);
    bench.sleep(MOMENT);
    assert!(bench.wire.closed);
    bench.fired(&[Limit::HangUpAfter]);
}

pub(crate) fn close_timeout() {
    let mut bench = socket(|config| config.websocket.close_timeout = seconds(3));
    let sent = bench.wire.drain();
    assert_eq!(close_code(&sent), Some(1001));
    bench.sleep(just_before(seconds(3)));
    assert!(!bench.wire.closed);
    bench.sleep(MOMENT);
    assert!(bench.wire.closed);
    bench.fired(&[Limit::CloseTimeout]);
}
