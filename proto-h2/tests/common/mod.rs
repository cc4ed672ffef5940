//! A peer made of raw frames, and what the connection under test says to it.
#![allow(dead_code, unreachable_pub, unused_imports)]

use proto_core::{Instant, WriteBuf};
use proto_h2::hpack::{Decoder, Encoder, Field};
use proto_h2::{Config, Connection, Error, ErrorCode, Event, PREFACE, StreamId};

pub use strategies::hpack::literals as block;
pub use strategies::http2::*;

pub fn rst(id: u32, code: ErrorCode) -> Vec<u8> {
    rst_stream(id, code.0)
}

pub const GET: [(&str, &str); 4] = request("GET");
pub const POST: [(&str, &str); 4] = request("POST");

/// `base` and more fields.
pub fn with<'a>(base: &[(&'a str, &'a str)], more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [base, more].concat()
}

/// A frame that came out.
#[derive(Clone, PartialEq, Eq)]
pub struct Sent {
    pub kind: u8,
    pub flags: u8,
    pub id: u32,
    pub payload: Vec<u8>,
}

impl Sent {
    /// The number at `at` of the payload.
    pub fn number(&self, at: usize) -> u32 {
        u32::from_be_bytes(self.payload[at..at + 4].try_into().unwrap())
    }
}

impl std::fmt::Debug for Sent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = [
            "DATA",
            "HEADERS",
            "PRIORITY",
            "RST_STREAM",
            "SETTINGS",
            "PUSH_PROMISE",
            "PING",
            "GOAWAY",
            "WINDOW_UPDATE",
            "CONTINUATION",
        ];
        let name = names.get(usize::from(self.kind)).unwrap_or(&"?");
        write!(f, "{name} flags {:#x} on {}: {}", self.flags, self.id, self.payload.escape_ascii())
    }
}

std::thread_local! {
    /// Whether the connection under test is at work, for those who count what it allocates.
    pub static AT_WORK: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Calls `codec` with [`AT_WORK`] set.
fn at_work<T>(codec: impl FnOnce() -> T) -> T {
    AT_WORK.set(true);
    let result = codec();
    AT_WORK.set(false);
    result
}

/// What the connection under test has had to do.
#[derive(Debug, Default, Clone, Copy)]
pub struct Work {
    /// Octets received.
    pub received: usize,
    /// Calls of `receive`.
    pub calls: usize,
    /// Octets of replies.
    pub written: usize,
}

/// Splits octets into frames.
pub fn frames(mut bytes: &[u8]) -> Vec<Sent> {
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        let len = u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]) as usize;
        let id = u32::from_be_bytes(bytes[5..9].try_into().unwrap());
        frames.push(Sent { kind: bytes[3], flags: bytes[4], id, payload: bytes[9..9 + len].to_vec() });
        bytes = &bytes[9 + len..];
    }
    frames
}

/// The connection under test with everything that came of it.
pub struct Under {
    pub codec: Connection,
    pub pending: Vec<u8>,
    /// Events, rendered.
    pub events: Vec<String>,
    /// All data of each event in order.
    pub data: Vec<u8>,
    pub sent: Vec<Sent>,
    pub error: Option<Error>,
    pub work: Work,
    pub decoder: Decoder,
    pub encoder: Encoder,
}

impl Under {
    pub fn new(mut codec: Connection) -> Self {
        codec.handle_timeout(Instant::ZERO);
        Self {
            codec,
            pending: Vec::new(),
            events: Vec::new(),
            data: Vec::new(),
            sent: Vec::new(),
            error: None,
            work: Work::default(),
            decoder: Decoder::new(4096),
            encoder: Encoder::new(4096),
        }
    }

    /// A server whose peer has sent its preface and SETTINGS and acknowledged ours.
    pub fn server() -> Self {
        Self::server_with(Config::default())
    }

    pub fn server_with(config: Config) -> Self {
        let mut under = Self::new(Connection::server(config));
        under.feed(&[&PREFACE[..], &frame(SETTINGS, 0, 0, &[]), &frame(SETTINGS, ACK, 0, &[])].concat());
        assert_eq!(under.error, None);
        under.sent.clear();
        under.events.clear();
        under
    }

    pub fn client() -> Self {
        Self::client_with(Config::default())
    }

    /// A client that has exchanged SETTINGS.
    pub fn client_with(config: Config) -> Self {
        let mut under = Self::new(Connection::client(config));
        under.flush();
        under.feed(&[frame(SETTINGS, 0, 0, &[]), frame(SETTINGS, ACK, 0, &[])].concat());
        assert_eq!(under.error, None);
        under.sent.clear();
        under.events.clear();
        under
    }

    /// Feeds octets, draining events and replies after each.
    pub fn feed(&mut self, bytes: &[u8]) -> &mut Self {
        self.pending.extend_from_slice(bytes);
        self.work.received += bytes.len();
        let mut scratch = vec![0; 65_536];
        while self.error.is_none() {
            self.work.calls += 1;
            match at_work(|| self.codec.receive(&mut self.pending, &mut scratch)) {
                Ok(step) => {
                    let (told, consumed) = (step.event.is_some(), step.consumed);
                    if let Some(event) = step.event {
                        if let Event::Data { payload, .. } = &event {
                            self.data.extend_from_slice(payload);
                        }
                        self.events.push(render(&event));
                    }
                    self.pending.drain(..consumed);
                    let wants = self.codec.wants();
                    self.flush();
                    if !told && self.codec.wants() == wants {
                        break;
                    }
                }
                Err(error) => {
                    self.error = Some(error);
                    self.flush();
                }
            }
        }
        self
    }

    pub fn flush(&mut self) {
        let mut room = vec![0; 65_536];
        let mut out = WriteBuf::new(&mut room);
        at_work(|| self.codec.transmit(&mut out));
        self.work.written += out.len();
        self.sent(out.written());
    }

    fn sent(&mut self, bytes: &[u8]) {
        let bytes = bytes.strip_prefix(&PREFACE[..]).unwrap_or(bytes);
        self.sent.extend(frames(bytes));
    }

    /// Calls `send` with room for output.
    pub fn send<T>(&mut self, send: impl FnOnce(&mut Connection, &mut WriteBuf<'_>) -> T) -> T {
        let mut room = vec![0; 65_536];
        let mut out = WriteBuf::new(&mut room);
        let result = send(&mut self.codec, &mut out);
        let written = out.written().to_vec();
        self.sent(&written);
        result
    }

    pub fn respond(&mut self, id: u32, status: &str, end: bool) {
        let id = self.id(id);
        let fields = [Field::new(b":status", status.as_bytes())];
        self.send(|codec, out| codec.send_head(id, fields, end, out)).unwrap();
    }

    pub fn get(&mut self) -> StreamId {
        self.request("GET", true)
    }

    pub fn request(&mut self, method: &str, end: bool) -> StreamId {
        let fields = [
            Field::new(b":method", method.as_bytes()),
            Field::new(b":scheme", b"http"),
            Field::new(b":path", b"/"),
            Field::new(b":authority", b"example.com"),
        ];
        self.send(|codec, out| codec.open(fields, end, out)).unwrap()
    }

    /// The identifier as a type; streams come by events or from `open`.
    pub fn id(&self, id: u32) -> StreamId {
        stream_id(id)
    }

    /// The code of the only GOAWAY, which is the last frame.
    pub fn goaway(&self) -> Option<ErrorCode> {
        let last = self.sent.last().filter(|frame| frame.kind == GOAWAY)?;
        assert_eq!(self.sent.iter().filter(|frame| frame.kind == GOAWAY).count(), 1);
        Some(ErrorCode(last.number(4)))
    }

    /// The codes of all resets of a stream.
    pub fn resets(&self, id: u32) -> Vec<ErrorCode> {
        let resets = self.sent.iter().filter(|frame| frame.kind == RST_STREAM && frame.id == id);
        resets.map(|frame| ErrorCode(frame.number(0))).collect()
    }

    /// Asserts a connection error with this code on the wire.
    #[track_caller]
    pub fn connection_error(&self, code: ErrorCode) {
        assert_eq!(self.error.map(Error::code), Some(code), "events {:?}, sent {:?}", self.events, self.sent);
        assert_eq!(self.goaway(), Some(code));
        let wants = self.codec.wants();
        assert!(wants.close && !wants.read);
    }

    /// Asserts a stream error with this code on the wire, and that the connection lives.
    #[track_caller]
    pub fn stream_error(&self, id: u32, code: ErrorCode) {
        assert_eq!(self.error, None);
        assert_eq!(self.resets(id), [code], "events {:?}, sent {:?}", self.events, self.sent);
        assert!(self.goaway().is_none() && self.codec.wants().read);
    }

    /// Asserts that a PING is still answered.
    #[track_caller]
    pub fn alive(&mut self) {
        self.feed(&frame(PING, 0, 0, b"is alive"));
        let last = self.sent.last().unwrap();
        assert_eq!(
            (last.kind, last.flags, &last.payload[..]),
            (PING, ACK, &b"is alive"[..]),
            "{:?}",
            self.error
        );
    }
}

/// Identifiers have no public constructor: a client opens as many streams as it takes.
pub fn stream_id(id: u32) -> StreamId {
    StreamId::from_wire(id).unwrap()
}

pub fn render(event: &Event<'_>) -> String {
    match event {
        Event::Headers { id, kind, fields, end } => {
            let fields: Vec<String> = fields.iter().map(|field| format!("{field:?}")).collect();
            format!("{kind:?} {id} [{}]{}", fields.join(", "), if *end { " end" } else { "" })
        }
        Event::Data { id, payload, end, .. } => {
            format!("Data {id} {}{}", payload.len(), if *end { " end" } else { "" })
        }
        Event::Reset { id, code, by } => format!("Reset {id} {code} by {by:?}"),
        Event::GoAway { last, code, debug } => format!("GoAway {last} {code} \"{}\"", debug.escape_ascii()),
        other => format!("{other:?}"),
    }
}
