//! The sans-IO application layer of sanswire: what bytes mean is decided by the codecs, what to do about it here.
//!
//! An application implements [`Handler`]; [`App`] runs it on any number of connections, each of which is an HTTP/1
//! server or client, HTTP/2, a WebSocket or raw bytes, and may turn from one into another. To a driver an `App` is a
//! [`Service`]: bytes, deadlines and actions, no protocol.
//!
//! ```text
//!   Handler ── request, body, message, writable, timer, closed ──┐   what the application sees
//!   ┌─────────────────────────────────────────────────────────────┴─┐
//!   │ App: one thread's connections, each in one role               │
//!   │   proto-h1 ──upgrade──► proto-ws     proto-h2     raw bytes   │
//!   └──────────────┬────────────────────────────────────────────────┘
//!   Service ── receive, transmit, wants, poll_timeout, poll_action     what a driver sees
//! ```
//!
//! # One exchange
//!
//! ```
//! use app::{App, ConnectionId, Handler, LinkInfo, Request, ResponseHead, Service, Stream, Writable};
//! use proto_core::{Instant, WriteBuf};
//!
//! struct Hello;
//! impl Handler for Hello {
//!     type Session = ();
//!     type Message = ();
//!     fn request(&mut self, _: &Request<'_>, stream: &mut Stream<'_>) -> Option<()> {
//!         stream.want_write();
//!         Some(())
//!     }
//!     fn writable(&mut self, (): &mut (), out: Writable<'_, '_>, _: &mut Stream<'_>) {
//!         let _ = out.respond(&ResponseHead::new(200), b"Hello, world!");
//!     }
//! }
//!
//! let mut app = App::new(Hello, app::Config::default());
//! let id = ConnectionId { index: 0, generation: 0 };
//! let link = LinkInfo { id, listener: Some(0), peer: None, tls: None };
//! let mut connection = app.accept(&link, Instant::ZERO).expect("an App accepts everybody");
//!
//! let mut input = *b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n";
//! let mut room = [0; 4096];
//! let mut out = WriteBuf::new(&mut room);
//! assert_eq!(app.receive(&mut connection, &mut input, &mut [], &mut out), input.len());
//! assert_eq!(out.written(), b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello, world!");
//! ```
#![forbid(unsafe_code)]

mod client;
mod context;
mod date;
mod deflate;
mod fields;
pub mod file;
mod handler;
mod http2;
mod limit;
mod message;
mod opening;
mod raw;
mod role;
mod seed;
mod serve_file;
mod server;
mod service;
mod status;
mod stream;
mod transfer;
mod turn;
mod websocket;
mod writable;

pub use client::ClientRole;
pub use context::{App, Config};
pub use fields::{Fields, FieldsIter};
pub use handler::{End, Handler};
pub use http2::Http2Config;
pub use limit::{Counters, Limit};
pub use message::{
    BodyLength, Field, Kind, Message, MessageEnd, Refusal, Request, RequestHead, Response, ResponseHead,
    Upgrade,
};
pub use opening::WebSocket;
pub use proto_core::SendError;
pub use proto_h1::Error as Http1Error;
pub use proto_h2::{Error as Http2Error, ErrorCode as Http2Code};
pub use proto_ws::Error as WebSocketError;
pub use proto_ws::deflate::{Compress, DeflateConfig};
pub use raw::{Sniffed, sniff};
pub use role::Connection;
pub use service::{
    Action, Address, Closed, ConnectionId, FileError, FileId, FileMeta, Group, LinkInfo, Service, StreamId,
    Target, TlsFault, TlsInfo, TlsTarget, Wake,
};
pub use stream::{Protocol, Stream, Wakes};
pub use writable::Writable;
