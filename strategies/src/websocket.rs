//! WebSocket frames and handshakes (RFC 6455, RFC 7692).

use proptest::prelude::*;
use proptest::sample::select;

/// The first octet of a frame: `FIN`, the first reserved bit, and the types of frames.
pub const FIN: u8 = 0x80;
/// The bit that marks a compressed message (RFC 7692 section 6).
pub const RSV1: u8 = 0x40;
/// A further fragment.
pub const CONTINUATION: u8 = 0;
/// Text, or its first fragment.
pub const TEXT: u8 = 1;
/// Octets, or their first fragment.
pub const BINARY: u8 = 2;
/// The end.
pub const CLOSE: u8 = 8;
/// To be answered with a Pong.
pub const PING: u8 = 9;
/// An answer, or unasked.
pub const PONG: u8 = 10;

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A frame with this first octet, its length in the shortest form (RFC 6455 section 5.2), masked as a client has to.
pub fn frame(first: u8, payload: &[u8], masked: bool) -> Vec<u8> {
    let bit = if masked { 0x80 } else { 0 };
    let mut frame = vec![first];
    match payload.len() {
        len @ 0..=125 => frame.push(bit | len as u8),
        len @ 126..=0xffff => {
            frame.push(bit | 126);
            frame.extend((len as u16).to_be_bytes());
        }
        len => {
            frame.push(bit | 127);
            frame.extend((len as u64).to_be_bytes());
        }
    }
    if masked {
        frame.extend(KEY);
        frame.extend(payload.iter().zip(KEY.iter().cycle()).map(|(octet, key)| octet ^ key));
    } else {
        frame.extend(payload);
    }
    frame
}

/// The first octet and the payload of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// `FIN`, reserved bits, and type.
    pub first: u8,
    /// What it carries, before masking.
    pub payload: Vec<u8>,
}

impl Frame {
    /// The frame on the wire.
    pub fn octets(&self, masked: bool) -> Vec<u8> {
        frame(self.first, &self.payload, masked)
    }
}

/// A message, or what may stand between the fragments of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Text, which is UTF-8.
    Text(Vec<u8>),
    /// Any octets.
    Binary(Vec<u8>),
    /// At most 125 octets.
    Ping(Vec<u8>),
    /// At most 125 octets.
    Pong(Vec<u8>),
}

impl Message {
    /// The message in frames that end at `cuts`, each counted from the one before. Others stay whole.
    pub fn frames(&self, cuts: &[usize]) -> Vec<Frame> {
        let (kind, payload) = match self {
            Self::Text(payload) => (TEXT, payload),
            Self::Binary(payload) => (BINARY, payload),
            Self::Ping(payload) => return vec![Frame { first: FIN | PING, payload: payload.clone() }],
            Self::Pong(payload) => return vec![Frame { first: FIN | PONG, payload: payload.clone() }],
        };
        let (mut frames, mut rest, mut first) = (Vec::new(), &payload[..], kind);
        for cut in cuts {
            let (piece, behind) = rest.split_at((*cut).min(rest.len()));
            frames.push(Frame { first, payload: piece.to_vec() });
            (first, rest) = (CONTINUATION, behind);
        }
        frames.push(Frame { first: FIN | first, payload: rest.to_vec() });
        frames
    }
}

/// Payloads of up to `longest` octets (at least 300): text, octets that compress well, octets that do not.
pub fn payload(longest: usize) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => "[a-f ✓]{0,60}".prop_map(String::into_bytes),
        2 => "\\PC{0,60}".prop_map(String::into_bytes),
        2 => prop::collection::vec(0..4_u8, 0..=300),
        2 => prop::collection::vec(any::<u8>(), 0..=longest.min(3_000)),
        1 => ("[a-z]{1,9}", 0..=longest.min(4_000)).prop_map(|(word, len)| word.bytes().cycle().take(len).collect()),
        1 => (any::<u8>(), 0..=longest).prop_map(|(octet, len)| vec![octet; len]),
    ]
}

/// A message of any kind with a payload of up to `longest` octets, text only where that is text.
pub fn message(longest: usize) -> impl Strategy<Value = Message> {
    let control = || prop::collection::vec(any::<u8>(), 0..=125);
    prop_oneof![
        6 => (payload(longest), any::<bool>()).prop_map(|(payload, text)| {
            if text && std::str::from_utf8(&payload).is_ok() { Message::Text(payload) } else { Message::Binary(payload) }
        }),
        1 => control().prop_map(Message::Ping),
        1 => control().prop_map(Message::Pong),
    ]
}

/// Where a message is cut into frames.
pub fn cuts() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0..50_usize, 0..4)
}

/// What a Close frame may carry (RFC 6455 section 7.4): nothing, or a code and a reason of at most 123 octets.
pub fn close() -> impl Strategy<Value = Option<(u16, String)>> {
    let code =
        prop_oneof![select(&[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011][..]), 3000..5000_u16];
    prop::option::of((code, "\\PC{0,40}"))
        .prop_map(|close| close.map(|(code, reason)| (code, shortened(reason, 123))))
}

fn shortened(mut text: String, most: usize) -> String {
    while text.len() > most {
        text.pop();
    }
    text
}

/// The payload of a Close frame.
pub fn close_payload(close: &Option<(u16, String)>) -> Vec<u8> {
    close.as_ref().map_or(Vec::new(), |(code, reason)| [&code.to_be_bytes(), reason.as_bytes()].concat())
}

/// Frames of a peer that mostly keeps to the rules, and sometimes to none, and what comes behind them.
#[derive(Debug, Clone)]
pub struct Frames {
    /// Each with whether it is masked as its role has to.
    frames: Vec<(Frame, bool)>,
    tail: Vec<u8>,
}

impl Frames {
    /// The frames of a client, or of a server.
    pub fn octets(&self, masked: bool) -> Vec<u8> {
        let frames = self.frames.iter().map(|(frame, as_it_has_to)| frame.octets(masked == *as_it_has_to));
        [frames.collect::<Vec<_>>().concat(), self.tail.clone()].concat()
    }
}

/// What a peer might say once the connection is open.
pub fn frames() -> impl Strategy<Value = Frames> {
    let first = prop_oneof![
        8 => select(&[0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8a][..]),
        1 => Just(FIN | CLOSE),
        1 => select(&[0xc1, 0x41][..]),
        1 => any::<u8>(),
    ];
    let payload = prop_oneof![
        4 => "\\PC{0,12}".prop_map(String::into_bytes),
        2 => prop::collection::vec(any::<u8>(), 0..10),
        1 => prop::collection::vec(any::<u8>(), 110..140),
        1 => close().prop_map(|close| close_payload(&close)),
    ];
    let frame = (first, payload).prop_map(|(first, payload)| Frame { first, payload });
    let frames = prop::collection::vec((frame, prop::bool::weighted(0.99)), 0..6);
    (frames, prop::collection::vec(any::<u8>(), 0..4)).prop_map(|(frames, tail)| Frames { frames, tail })
}

/// What a client says to open a connection (RFC 6455 section 4.1).
#[derive(Debug, Clone)]
pub struct Opening {
    /// What its key is made of.
    pub nonce: [u8; 16],
    /// A host, perhaps with a port.
    pub host: String,
    /// Where a script came from.
    pub origin: Option<String>,
    /// Subprotocols, each once, the best first.
    pub protocols: Vec<String>,
    /// Extensions, the best first.
    pub extensions: Vec<Extension>,
}

/// An offer or an answer of an extension (RFC 6455 section 9.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// A token.
    pub name: String,
    /// Names, and values that are tokens.
    pub params: Vec<(String, Option<String>)>,
}

/// How a list of extensions is written: nothing of it means anything.
#[derive(Debug, Clone)]
pub struct Spelling {
    semicolon: &'static str,
    equals: &'static str,
    comma: &'static str,
    quoted: bool,
}

impl Spelling {
    /// The list as the value of a field.
    pub fn list(&self, extensions: &[Extension]) -> String {
        let each = |extension: &Extension| {
            let mut text = extension.name.clone();
            for (name, value) in &extension.params {
                text += self.semicolon;
                text += name;
                if let Some(value) = value {
                    text += self.equals;
                    text += &if self.quoted { format!("\"{value}\"") } else { value.clone() };
                }
            }
            text
        };
        extensions.iter().map(each).collect::<Vec<_>>().join(self.comma)
    }
}

/// How a list of extensions is written.
pub fn spelling() -> impl Strategy<Value = Spelling> {
    let semicolon = select(&[";", "; ", " ;\t", " ; "][..]);
    let equals = select(&["=", " = ", "= "][..]);
    let comma = select(&[",", ", ", " ,", ",,\t, "][..]);
    (semicolon, equals, comma, any::<bool>()).prop_map(|(semicolon, equals, comma, quoted)| Spelling {
        semicolon,
        equals,
        comma,
        quoted,
    })
}

/// permessage-deflate, with parameters that are mostly sound, or another extension.
pub fn extension() -> impl Strategy<Value = Extension> {
    let bits = prop_oneof![6 => (8..=15_u8).prop_map(|bits| bits.to_string()), 1 => "[0-9a-z]{1,3}"];
    let flag = |name: &'static str| prop::option::of(Just((name.to_string(), None)));
    let server =
        prop::option::of(bits.clone().prop_map(|bits| ("server_max_window_bits".to_string(), Some(bits))));
    let client = prop::option::of(
        prop::option::of(bits).prop_map(|bits| ("client_max_window_bits".to_string(), bits)),
    );
    let known = (flag("server_no_context_takeover"), flag("client_no_context_takeover"), server, client)
        .prop_map(|(a, b, c, d)| [a, b, c, d].into_iter().flatten().collect::<Vec<_>>());
    let unknown = prop::collection::vec((token(), prop::option::of(token())), 0..3);
    prop_oneof![
        4 => known.prop_map(|params| Extension { name: "permessage-deflate".into(), params }),
        1 => (token(), unknown).prop_map(|(name, params)| Extension { name, params }),
    ]
}

fn token() -> impl Strategy<Value = String> {
    "[A-Za-z0-9!#$%&'*+.^_`|~-]{1,12}"
}

/// An opening handshake.
pub fn opening() -> impl Strategy<Value = Opening> {
    let origin = prop::option::of("https?://[a-z.]{1,12}");
    let protocols = prop::collection::btree_set(token(), 0..4).prop_map(|set| set.into_iter().collect());
    let host = "[a-z][a-z0-9.-]{0,15}(:[1-9][0-9]{0,3})?";
    let extensions = prop::collection::vec(extension(), 0..3);
    (any::<[u8; 16]>(), host, origin, protocols, extensions).prop_map(
        |(nonce, host, origin, protocols, extensions)| Opening { nonce, host, origin, protocols, extensions },
    )
}
