//! The other end of an HTTP/2 connection in a test's hands: the codec by itself, as a client.
#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test may")]

use std::collections::BTreeMap;

use app::Handler;
use proto_core::{SendError, WriteBuf};
use proto_h2::hpack::Field;
use proto_h2::{Config, Connection, ErrorCode, Event, HeadersKind, StreamId};

use super::Wire;

/// What has come on a stream.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Got {
    pub(crate) status: String,
    pub(crate) informed: Vec<String>,
    pub(crate) fields: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Option<BTreeMap<String, String>>,
    pub(crate) ended: bool,
    pub(crate) reset: Option<ErrorCode>,
}

pub(crate) struct Peer<H: Handler> {
    pub(crate) wire: Wire<H>,
    pub(crate) codec: Connection,
    pub(crate) got: BTreeMap<u32, Got>,
    /// The order in which streams ended.
    pub(crate) order: Vec<u32>,
    pub(crate) goaways: Vec<(u32, ErrorCode)>,
    input: Vec<u8>,
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn id(value: u32) -> StreamId {
    StreamId::from_wire(value).unwrap()
}

impl<H: Handler> Peer<H> {
    pub(crate) fn new(handler: H, config: app::Config) -> Self {
        Self::with(handler, config, Config::default())
    }

    pub(crate) fn with(handler: H, config: app::Config, client: Config) -> Self {
        Self::over(Wire::server(handler, config), Connection::client(client))
    }

    pub(crate) fn over(wire: Wire<H>, codec: Connection) -> Self {
        let (got, order, goaways) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self { wire, codec, got, order, goaways, input: Vec::new() }
    }

    /// Opens a stream, without letting anything move yet.
    pub(crate) fn open(&mut self, method: &str, path: &str, more: &[(&str, &str)], end: bool) -> u32 {
        let own = [(":method", method), (":scheme", "http"), (":path", path), (":authority", "a")];
        let all = own.iter().chain(more).map(|(name, value)| Field::new(name.as_bytes(), value.as_bytes()));
        let fields = all.collect::<Vec<_>>();
        let id = self.send(|codec, out| codec.open(fields.iter().copied(), end, out));
        self.got.entry(id.value()).or_default();
        id.value()
    }

    /// Opens a stream with a request that has no body, and lets everything move.
    pub(crate) fn get(&mut self, path: &str) -> Got {
        let id = self.open("GET", path, &[], true);
        self.run();
        self.got[&id].clone()
    }

    /// Sends data, as much as the credit allows, and says how much.
    pub(crate) fn data(&mut self, stream: u32, data: &[u8], end: bool) -> usize {
        let mut at = 0;
        loop {
            let rest = &data[at..];
            let mut sent = Err(SendError::Full);
            self.write(|codec, out| sent = codec.send_data(id(stream), rest, end, out));
            match sent {
                Ok(0) | Err(SendError::Blocked) => return at,
                Ok(taken) => at += taken,
                Err(error) => panic!("{error}"),
            }
            if at == data.len() {
                return at;
            }
        }
    }

    pub(crate) fn trailers(&mut self, stream: u32, fields: &[(&str, &str)]) {
        let fields = fields.iter().map(|(name, value)| Field::new(name.as_bytes(), value.as_bytes()));
        let fields = fields.collect::<Vec<_>>();
        self.send(|codec, out| codec.send_head(id(stream), fields.iter().copied(), true, out));
    }

    pub(crate) fn reset(&mut self, stream: u32, code: ErrorCode) {
        self.codec.reset(id(stream), code);
    }

    pub(crate) fn send<T>(
        &mut self,
        send: impl FnOnce(&mut Connection, &mut WriteBuf<'_>) -> Result<T, SendError>,
    ) -> T {
        let mut result = None;
        self.write(|codec, out| result = Some(send(codec, out)));
        result.unwrap().expect("it is sent")
    }

    fn write(&mut self, write: impl FnOnce(&mut Connection, &mut WriteBuf<'_>)) {
        let mut room = vec![0; 64 * 1024];
        let mut out = WriteBuf::new(&mut room);
        self.codec.transmit(&mut out);
        write(&mut self.codec, &mut out);
        self.input.extend_from_slice(out.written());
    }

    /// Lets everything move until nothing does.
    pub(crate) fn run(&mut self) {
        loop {
            self.write(|_, _| {});
            let input = std::mem::take(&mut self.input);
            let output = self.wire.feed(&input);
            if input.is_empty() && output.is_empty() {
                return;
            }
            self.take(output);
        }
    }

    /// What the server has sent.
    pub(crate) fn take(&mut self, mut bytes: Vec<u8>) {
        let mut scratch = vec![0; 64 * 1024];
        let mut at = 0;
        while at < bytes.len() {
            let step = self.codec.receive(&mut bytes[at..], &mut scratch).expect("what it sends is right");
            at += step.consumed;
            match step.event {
                Some(event) => note(&mut self.got, &mut self.order, &mut self.goaways, event),
                None if self.codec.wants().read || self.codec.wants().close => break,
                None => self.write(|_, _| {}),
            }
        }
        assert!(at == bytes.len() || self.codec.wants().close, "it sends whole frames");
    }
}

fn note(
    all: &mut BTreeMap<u32, Got>,
    order: &mut Vec<u32>,
    goaways: &mut Vec<(u32, ErrorCode)>,
    event: Event<'_>,
) {
    let map = |fields: proto_h2::hpack::Fields<'_>| {
        fields.iter().map(|field| (text(field.name), text(field.value))).collect::<BTreeMap<_, _>>()
    };
    let (id, over) = match event {
        Event::Headers { id, kind, fields, end } => {
            let got = all.entry(id.value()).or_default();
            let status = fields.first(b":status").map(text).unwrap_or_default();
            match kind {
                HeadersKind::Informational => got.informed.push(status),
                HeadersKind::Trailers => got.trailers = Some(map(fields)),
                _ => {
                    let names = fields.iter().map(|field| field.name[0] == b':').collect::<Vec<_>>();
                    assert!(names.is_sorted_by(|a, b| a >= b), "pseudo-header fields come first");
                    (got.status, got.fields) = (status, map(fields));
                }
            }
            got.ended |= end;
            (id, end)
        }
        Event::Data { id, payload, end, .. } => {
            let got = all.entry(id.value()).or_default();
            got.body.extend_from_slice(payload);
            got.ended |= end;
            (id, end)
        }
        Event::Reset { id, code, .. } => {
            all.entry(id.value()).or_default().reset = Some(code);
            (id, true)
        }
        Event::GoAway { last, code, .. } => {
            goaways.push((last.value(), code));
            return;
        }
        _ => return,
    };
    if over && !order.contains(&id.value()) {
        order.push(id.value());
    }
}
