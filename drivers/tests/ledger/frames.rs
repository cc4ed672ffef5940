//! A server of HTTP/2 before a peer made of frames.

use std::collections::BTreeMap;

use app::{Config, Http2Code, Limit};
use proto_h2::PREFACE;
use proto_h2::hpack::Decoder;

use crate::h2::{ACK, GOAWAY, HEADERS, RST_STREAM, SETTINGS, data, frame, frames, headers, with};
use crate::host::Bench;

/// What has come of it.
pub(crate) struct Frames {
    pub(crate) bench: Bench,
    decoder: Decoder,
    pub(crate) statuses: BTreeMap<u32, String>,
    pub(crate) resets: BTreeMap<u32, Http2Code>,
    /// The last streams that were named, and the codes.
    pub(crate) goaways: Vec<(u32, Http2Code)>,
}

impl Frames {
    /// One that has exchanged settings.
    pub(crate) fn new(change: impl FnOnce(&mut Config)) -> Self {
        let mut this = Self::silent(change);
        this.feed(frame(SETTINGS, ACK, 0, &[]));
        this
    }

    /// One whose settings are not acknowledged.
    pub(crate) fn silent(change: impl FnOnce(&mut Config)) -> Self {
        let mut this = Self {
            bench: Bench::server(change),
            decoder: Decoder::new(4096),
            statuses: BTreeMap::new(),
            resets: BTreeMap::new(),
            goaways: Vec::new(),
        };
        this.feed([&PREFACE[..], &frame(SETTINGS, 0, 0, &[])].concat());
        this
    }

    pub(crate) fn feed(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.bench.feed(bytes);
        self.look()
    }

    pub(crate) fn sleep(&mut self, time: std::time::Duration) -> &mut Self {
        self.bench.sleep(time);
        self.look()
    }

    /// Sends a request with these fields besides, and content if there is any.
    pub(crate) fn ask(&mut self, id: u32, path: &str, more: &[(&str, &str)], content: &[u8]) -> &mut Self {
        let own = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "h")];
        self.feed(headers(id, &with(&own, more), content.is_empty()));
        if content.is_empty() { self } else { self.feed(data(id, content, true)) }
    }

    /// Begins a request whose content is still to come.
    pub(crate) fn begin(&mut self, id: u32, path: &str) -> &mut Self {
        let own = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "h")];
        self.feed(headers(id, &own, false))
    }

    fn look(&mut self) -> &mut Self {
        for frame in frames(&self.bench.take()) {
            match frame.kind {
                HEADERS => {
                    let mut scratch = vec![0; 16_384];
                    let fields = self.decoder.decode(&frame.payload, &mut scratch).unwrap();
                    let status = String::from_utf8(fields.first(b":status").unwrap().to_vec()).unwrap();
                    self.statuses.insert(frame.id, status);
                }
                RST_STREAM => drop(self.resets.insert(frame.id, Http2Code(frame.number(0)))),
                GOAWAY => self.goaways.push((frame.number(0), Http2Code(frame.number(4)))),
                _ => {}
            }
        }
        self
    }

    pub(crate) fn status(&self, id: u32) -> Option<&str> {
        self.statuses.get(&id).map(String::as_str)
    }

    /// Asserts that the connection goes on, and that no limit has fired.
    #[track_caller]
    pub(crate) fn lives(mut self) {
        assert!(self.goaways.is_empty() && self.resets.is_empty(), "{:?} {:?}", self.goaways, self.resets);
        self.ask(0x7fff_fff1, "/", &[], b"");
        assert_eq!(self.status(0x7fff_fff1), Some("200"));
        self.bench.fired(&[]);
    }

    /// Asserts that the connection has ended with `code` because of `limit`.
    #[track_caller]
    pub(crate) fn dies(self, code: Http2Code, limit: Limit) {
        assert_eq!(self.goaways.iter().map(|(_, code)| *code).collect::<Vec<_>>(), [code]);
        assert!(self.bench.wire.closed);
        self.bench.fired(&[limit]);
    }

    /// Asserts that the stream was reset with `code` because of `limit`, and that the connection goes on.
    #[track_caller]
    pub(crate) fn loses(mut self, id: u32, code: Http2Code, limit: Limit) {
        assert_eq!(self.resets.remove(&id), Some(code));
        assert!(self.goaways.is_empty() && self.resets.is_empty());
        self.ask(0x7fff_fff1, "/", &[], b"");
        assert_eq!(self.status(0x7fff_fff1), Some("200"));
        self.bench.fired(&[limit]);
    }
}
