//! The codec as the oracle of `proto-core` sees it, shared by tests and fuzzing.

mod pair;

pub use pair::{Act, Setup, pair};

use alloc::vec::Vec;
use core::cell::RefCell;

use proto_core::WriteBuf;
use proto_core::story::{Subject, Teller};

use crate::hpack::Field;
use crate::{Config, Connection, Event, StreamId};

/// A server that answers every request, once all of it has come, with a head.
#[derive(Debug, Default)]
pub struct Server {
    /// How the connection is set up.
    pub config: Config,
    complete: RefCell<Vec<StreamId>>,
}

impl Server {
    /// A server of this configuration.
    pub fn new(config: Config) -> Self {
        Self { config, complete: RefCell::default() }
    }
}

impl Subject for Server {
    type Codec = Connection;

    fn start(&self) -> Connection {
        self.complete.borrow_mut().clear();
        Connection::server(self.config)
    }

    fn tell(&self, event: Event<'_>, teller: &mut Teller<'_>) {
        if let Event::Headers { id, end: true, .. } | Event::Data { id, end: true, .. } = event {
            self.complete.borrow_mut().push(id);
        }
        tell(event, teller);
    }

    fn act(&self, codec: &mut Connection, out: &mut WriteBuf<'_>) {
        for id in self.complete.borrow_mut().drain(..) {
            // A stream that is gone meanwhile cannot be answered.
            let _ = codec.send_head(id, [Field::new(b":status", b"204")], true, out);
        }
    }

    fn trailing(&self) -> &[u8] {
        b"\0\0\x08\x06\0\0\0\0\0trailing"
    }
}

/// A client that has made three requests: a GET on stream 1, a POST on stream 3 whose content is still to come, and
/// a HEAD on stream 5.
#[derive(Debug, Default)]
pub struct Client {
    /// How the connection is set up.
    pub config: Config,
}

impl Subject for Client {
    type Codec = Connection;

    fn start(&self) -> Connection {
        let mut codec = Connection::client(self.config);
        let mut room = [0; 1024];
        let mut out = WriteBuf::new(&mut room);
        for (method, end) in [(&b"GET"[..], true), (b"POST", false), (b"HEAD", true)] {
            let fields = [
                Field::new(b":method", method),
                Field::new(b":scheme", b"https"),
                Field::new(b":path", b"/"),
                Field::new(b":authority", b"example.com"),
            ];
            let _ = codec.open(fields, end, &mut out);
        }
        codec
    }

    fn tell(&self, event: Event<'_>, teller: &mut Teller<'_>) {
        tell(event, teller);
    }

    fn trailing(&self) -> &[u8] {
        b"\0\0\x08\x06\0\0\0\0\0trailing"
    }
}

fn tell(event: Event<'_>, teller: &mut Teller<'_>) {
    match event {
        Event::Data { id, payload, end, .. } => {
            // The kind of data tells its stream, so that only data of one stream is merged.
            teller.data(&alloc::format!("data {id}"), payload);
            if end {
                teller.line(format_args!("end {id}"));
            }
        }
        event => teller.line(format_args!("{event:?}")),
    }
}
