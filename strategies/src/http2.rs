//! HTTP/2 frames (RFC 9113 section 6, RFC 9218 section 7.1).

use proptest::prelude::*;
use proptest::sample::select;

use crate::{Fields, hpack};

/// Types of frames.
pub const DATA: u8 = 0;
/// A field block, or its first part.
pub const HEADERS: u8 = 1;
/// Deprecated.
pub const PRIORITY: u8 = 2;
/// The end of a stream.
pub const RST_STREAM: u8 = 3;
/// Settings, or their acknowledgement.
pub const SETTINGS: u8 = 4;
/// A promised request.
pub const PUSH_PROMISE: u8 = 5;
/// A ping, or its acknowledgement.
pub const PING: u8 = 6;
/// The end of a connection.
pub const GOAWAY: u8 = 7;
/// Credit.
pub const WINDOW_UPDATE: u8 = 8;
/// A further part of a field block.
pub const CONTINUATION: u8 = 9;
/// Priority of RFC 9218.
pub const PRIORITY_UPDATE: u8 = 16;

/// A flag of DATA and HEADERS.
pub const END_STREAM: u8 = 1;
/// A flag of SETTINGS and PING.
pub const ACK: u8 = 1;
/// A flag of HEADERS, PUSH_PROMISE and CONTINUATION.
pub const END_HEADERS: u8 = 4;
/// A flag of DATA, HEADERS and PUSH_PROMISE.
pub const PADDED: u8 = 8;
/// A flag of HEADERS.
pub const PRIORITIZED: u8 = 32;

/// A frame.
pub fn frame(kind: u8, flags: u8, id: u32, payload: &[u8]) -> Vec<u8> {
    let mut octets = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    octets.extend([kind, flags]);
    octets.extend(id.to_be_bytes());
    octets.extend(payload);
    octets
}

/// A setting.
pub fn setting(id: u16, value: u32) -> Vec<u8> {
    [&id.to_be_bytes()[..], &value.to_be_bytes()].concat()
}

/// A WINDOW_UPDATE frame.
pub fn window_update(id: u32, increment: u32) -> Vec<u8> {
    frame(WINDOW_UPDATE, 0, id, &increment.to_be_bytes())
}

/// A RST_STREAM frame.
pub fn rst_stream(id: u32, code: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, id, &code.to_be_bytes())
}

/// A HEADERS frame with the whole block, all of it in literals.
pub fn headers(id: u32, fields: &[(&str, &str)], end: bool) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | u8::from(end), id, &hpack::literals(fields))
}

/// A DATA frame without padding.
pub fn data(id: u32, payload: &[u8], end: bool) -> Vec<u8> {
    frame(DATA, u8::from(end), id, payload)
}

/// The pseudo-fields of a request.
pub const fn request(method: &str) -> [(&str, &str); 4] {
    [(":method", method), (":scheme", "http"), (":path", "/"), (":authority", "example.com")]
}

/// A frame, or a field block with its continuations, that is sound on a stream of an open exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// Content.
    Data {
        /// Without its padding.
        payload: Vec<u8>,
        /// So many octets, and the one that says so.
        padding: Option<u8>,
        /// Whether the stream ends.
        end: bool,
    },
    /// Trailers, in one frame or several.
    Trailers {
        /// None of them special.
        fields: Fields,
        /// As of DATA.
        padding: Option<u8>,
        /// A stream it depends on, and a weight less one.
        priority: Option<(u32, u8)>,
        /// Where the block is cut, each counted from the one before.
        cuts: Vec<usize>,
    },
    /// Says nothing any more.
    Priority(u32, u8),
    /// Any code.
    Reset(u32),
    /// Identifiers and values that are allowed.
    Settings(Vec<(u16, u32)>),
    /// Eight octets.
    Ping([u8; 8]),
    /// The last stream, a code, and what else there is to say.
    GoAway(u32, u32, Vec<u8>),
    /// For the stream or for the connection.
    WindowUpdate(bool, u32),
    /// A field value of RFC 9218.
    PriorityUpdate(String),
    /// Of a type that nobody knows.
    Unknown(u8, u8, Vec<u8>),
}

impl Frame {
    /// The frame on the wire, on stream `id` where it has a stream.
    pub fn octets(&self, id: u32) -> Vec<u8> {
        match self {
            Self::Data { payload, padding, end } => {
                let (flag, payload) = padded(*padding, payload);
                frame(DATA, flag | u8::from(*end), id, &payload)
            }
            Self::Trailers { fields, padding, priority, cuts } => {
                let mut block = &hpack::literals(fields)[..];
                let mut out = Vec::new();
                let priority =
                    priority.map_or(Vec::new(), |(on, weight)| [&on.to_be_bytes()[..], &[weight]].concat());
                let mut first = true;
                for cut in cuts.iter().copied().map(Some).chain([None]) {
                    let (part, behind) = block.split_at(cut.unwrap_or(usize::MAX).min(block.len()));
                    block = behind;
                    let last = if cut.is_none() { END_HEADERS } else { 0 };
                    if first {
                        let (flag, payload) = padded(*padding, &[&priority, part].concat());
                        let flags =
                            flag | last | END_STREAM | if priority.is_empty() { 0 } else { PRIORITIZED };
                        out.extend(frame(HEADERS, flags, id, &payload));
                    } else {
                        out.extend(frame(CONTINUATION, last, id, part));
                    }
                    first = false;
                }
                out
            }
            Self::Priority(on, weight) => {
                frame(PRIORITY, 0, id, &[&on.to_be_bytes()[..], &[*weight]].concat())
            }
            Self::Reset(code) => rst_stream(id, *code),
            Self::Settings(settings) => {
                let settings: Vec<_> = settings.iter().flat_map(|&(id, value)| setting(id, value)).collect();
                frame(SETTINGS, 0, 0, &settings)
            }
            Self::Ping(payload) => frame(PING, 0, 0, payload),
            Self::GoAway(last, code, debug) => {
                frame(GOAWAY, 0, 0, &[&last.to_be_bytes()[..], &code.to_be_bytes(), debug].concat())
            }
            Self::WindowUpdate(stream, increment) => window_update(if *stream { id } else { 0 }, *increment),
            Self::PriorityUpdate(value) => {
                frame(PRIORITY_UPDATE, 0, 0, &[&id.to_be_bytes()[..], value.as_bytes()].concat())
            }
            Self::Unknown(kind, flags, payload) => frame(*kind, *flags, id, payload),
        }
    }
}

/// A payload with its padding, and the flag for that.
fn padded(padding: Option<u8>, payload: &[u8]) -> (u8, Vec<u8>) {
    match padding {
        None => (0, payload.to_vec()),
        Some(len) => (PADDED, [&[len][..], payload, &vec![0; usize::from(len)]].concat()),
    }
}

/// A frame of any type.
pub fn any_frame() -> impl Strategy<Value = Frame> {
    let padding = || prop::option::weighted(0.3, any::<u8>());
    let octets = |most| prop::collection::vec(any::<u8>(), 0..most);
    let id = || 0..0x8000_0000_u32;
    prop_oneof![
        4 => (octets(300_usize), padding(), any::<bool>())
            .prop_map(|(payload, padding, end)| Frame::Data { payload, padding, end }),
        2 => (
            hpack::trailers(),
            padding(),
            prop::option::weighted(0.3, (0..1_u32, any::<u8>())),
            prop::collection::vec(0..40_usize, 0..4),
        )
            .prop_map(|(fields, padding, priority, cuts)| Frame::Trailers { fields, padding, priority, cuts }),
        1 => (0..1_u32, any::<u8>()).prop_map(|(on, weight)| Frame::Priority(on, weight)),
        1 => any::<u32>().prop_map(Frame::Reset),
        2 => settings().prop_map(Frame::Settings),
        1 => any::<[u8; 8]>().prop_map(Frame::Ping),
        1 => (id(), any::<u32>(), octets(40)).prop_map(|(last, code, debug)| Frame::GoAway(last, code, debug)),
        2 => (any::<bool>(), 1..1_000_000_u32).prop_map(|(stream, by)| Frame::WindowUpdate(stream, by)),
        1 => "(u=[0-7])?(, i)?".prop_map(Frame::PriorityUpdate),
        1 => (20..=255_u8, any::<u8>(), octets(40)).prop_map(|(kind, flags, payload)| Frame::Unknown(kind, flags, payload)),
    ]
}

/// Settings with values that are allowed (RFC 9113 section 6.5.2), in any order and perhaps more than once.
pub fn settings() -> impl Strategy<Value = Vec<(u16, u32)>> {
    let setting = prop_oneof![
        (Just(1), 0..=65_536_u32),
        (Just(3), any::<u32>()),
        (Just(4), 0..=0x7fff_ffff_u32),
        (Just(5), 16_384..=0xff_ffff_u32),
        (Just(6), any::<u32>()),
        (0x10..=u16::MAX, any::<u32>()),
    ];
    prop::collection::vec(setting, 0..6)
}

/// A frame that is nearly sound, of a peer that knows little of what is open.
pub fn nearly_frame() -> impl Strategy<Value = Vec<u8>> {
    let block = |fields: &[(&str, &str)]| Just(hpack::literals(fields));
    let fields = prop_oneof![
        3 => block(&request("GET")),
        1 => block(&[&request("POST")[..], &[("content-length", "5")]].concat()),
        1 => block(&[(":status", "200")]),
        1 => block(&[("trailer", "x")]),
        1 => Just(vec![0x82, 0x86, 0x84, 0x41, 0x01, b'a', 0x40, 0x01, b'n', 0x01, b'v', 0xbe]),
        1 => prop::collection::vec(any::<u8>(), 0..20),
    ];
    let id = || prop_oneof![8 => 0..14_u32, 1 => any::<u32>()];
    let value = prop_oneof![0..2_u32, 16_384..70_000_u32, any::<u32>()];
    prop_oneof![
        4 => (fields.clone(), any::<bool>(), id()).prop_map(|(block, end, id)| {
            frame(HEADERS, END_HEADERS | u8::from(end), id, &block)
        }),
        1 => (fields, 0..30_usize, id(), any::<u8>()).prop_map(|(block, cut, id, flags)| {
            let (first, second) = block.split_at(cut.min(block.len()));
            let first = frame(HEADERS, flags & !END_HEADERS & !PADDED & !PRIORITIZED, id, first);
            [first, frame(CONTINUATION, END_HEADERS, id, second)].concat()
        }),
        4 => (id(), 0..40_usize, any::<u8>()).prop_map(|(id, len, flags)| {
            frame(DATA, flags & (END_STREAM | PADDED), id, &vec![flags & 7; len])
        }),
        2 => (id(), prop_oneof![0..3_u32, any::<u32>()]).prop_map(|(id, by)| window_update(id, by)),
        1 => (id(), 0..14_u32).prop_map(|(id, code)| rst_stream(id, code)),
        1 => (any::<bool>(), 0..11_u16, value).prop_map(|(ack, id, value)| {
            frame(SETTINGS, u8::from(ack), 0, &if ack { vec![] } else { setting(id, value) })
        }),
        1 => any::<bool>().prop_map(|ack| frame(PING, u8::from(ack), 0, b"12345678")),
        1 => id().prop_map(|id| frame(GOAWAY, 0, 0, &[&id.to_be_bytes()[..], &[0; 6]].concat())),
        1 => (id(), id()).prop_map(|(id, promised)| {
            let block = hpack::literals(&request("GET"));
            frame(PUSH_PROMISE, END_HEADERS, id, &[&promised.to_be_bytes()[..], &block].concat())
        }),
        6 => (id(), any_frame()).prop_map(|(id, frame)| frame.octets(id)),
        1 => (select(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 99][..]), any::<u8>(), id(), prop::collection::vec(any::<u8>(), 0..20))
            .prop_map(|(kind, flags, id, payload)| frame(kind, flags, id, &payload)),
    ]
}

/// What a peer might say behind its preface: frames that are nearly sound.
pub fn frames() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(nearly_frame(), 0..14).prop_map(|frames| frames.concat())
}
