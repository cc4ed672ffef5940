//! HTTP/2 (RFC 9113) as a sans-IO state machine, client and server, and its header compression HPACK (RFC 7541).
//!
//! A [`Connection`] is fed octets and tells what they mean; it is told what to say and writes octets. It has no
//! socket, no clock, no lock and no queue: what it owes the peer is bounded state, what the application sends is
//! written at once to the caller's output, and only as much as the peer has given credit for. It keeps the contract
//! of [`proto_core`].
//!
//! ```text
//!        input, scratch                                    out
//!              │                                            ▲
//!   ┌──────────▼────────────────────────────────────────────┴──────┐
//!   │ receive ─► Headers Data Reset GoAway Settings Pong Push      │ transmit: acknowledgements, resets, credit
//!   │              │          open / send_head / send_data ────────┤
//!   │  streams     │ store    want_send ─► next_writable ─► Grant  │ priorities of RFC 9218, fair
//!   │  credit      │ flow     hold_credit, release, grant          │ automatic unless held
//!   │  compression │ hpack    one ring for each direction          │ no allocation once warm
//!   └──────────────────────────────────────────────────────────────┘
//! ```
//!
//! # One exchange
//!
//! ```
//! use proto_core::WriteBuf;
//! use proto_h2::hpack::Field;
//! use proto_h2::{Config, Connection, Event, HeadersKind};
//!
//! let mut server = Connection::server(Config::default());
//! let mut scratch = [0; 16 * 1024]; // shared by all connections of a thread
//! let mut room = [0; 1024];
//! let mut out = WriteBuf::new(&mut room);
//!
//! // The client's preface, its SETTINGS (none), and GET http://a/ on stream 1, which it ends.
//! let mut input = *b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\
//!     \x00\x00\x00\x04\x00\x00\x00\x00\x00\
//!     \x00\x00\x06\x01\x05\x00\x00\x00\x01\x82\x86\x84\x41\x01a";
//! let mut at = 0;
//! let step = server.receive(&mut input[at..], &mut scratch)?;
//! assert!(matches!(step.event, Some(Event::Settings)));
//! at += step.consumed;
//! let step = server.receive(&mut input[at..], &mut scratch)?;
//! let Some(Event::Headers { id, kind: HeadersKind::Request, fields, end: true }) = step.event else { panic!() };
//! assert_eq!((fields.first(b":path"), fields.first(b":authority")), (Some(&b"/"[..]), Some(&b"a"[..])));
//!
//! // The answer may be given while the event is held. What the protocol owes goes first.
//! server.transmit(&mut out);
//! server.send_head(id, [Field::new(b":status", b"200")], false, &mut out)?;
//! server.want_send(id);
//! let grant = server.next_writable().expect("the client gave credit");
//! assert_eq!((grant.id, grant.max), (id, 16_384));
//! server.send_data(id, b"hi", true, &mut out)?;
//!
//! assert_eq!(
//!     out.written(),
//!     b"\x00\x00\x18\x04\x00\x00\x00\x00\x00\
//!       \x00\x03\x00\x00\x00\x64\x00\x04\x00\x04\x00\x00\x00\x06\x00\x00\x40\x00\x00\x09\x00\x00\x00\x01\
//!       \x00\x00\x04\x08\x00\x00\x00\x00\x00\x00\x0f\x00\x01\
//!       \x00\x00\x00\x04\x01\x00\x00\x00\x00\
//!       \x00\x00\x04\x01\x04\x00\x00\x00\x01\x3f\xe1\x03\x88\
//!       \x00\x00\x02\x00\x01\x00\x00\x00\x01hi"
//! ); // SETTINGS, WINDOW_UPDATE of the connection, SETTINGS ack, HEADERS, DATA
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Limits
//!
//! All are fields of [`Limits`]. Their defaults, what they answer, and what happens one beyond:
//!
//! | limit | default | because of | beyond it |
//! |---|---|---|---|
//! | [`header_table`](Limits::header_table) | 4096 octets | RFC 7541 4.2 | COMPRESSION_ERROR |
//! | [`encoder_table`](Limits::encoder_table) | 512 octets | memory | not used |
//! | [`concurrent_streams`](Limits::concurrent_streams) | 100 | RFC 9113 5.1.2 | stream: REFUSED_STREAM |
//! | [`own_streams`](Limits::own_streams) | 1024 | memory | `SendError::Blocked` |
//! | [`stream_window`](Limits::stream_window) | 262,144 octets | 6.9 | stream: FLOW_CONTROL_ERROR |
//! | [`connection_window`](Limits::connection_window) | 1,048,576 octets | 6.9 | FLOW_CONTROL_ERROR |
//! | [`frame_size`](Limits::frame_size) | 16,384 octets | 4.2 | FRAME_SIZE_ERROR |
//! | [`header_block`](Limits::header_block) | 16,384 octets | CVE-2024-27316 | ENHANCE_YOUR_CALM |
//! | [`continuations`](Limits::continuations) | 8 frames | CVE-2024-27316 | ENHANCE_YOUR_CALM |
//! | [`header_list`](Limits::header_list) | 16,384 | 10.5.1 | status 431, or stream: ENHANCE_YOUR_CALM |
//! | [`fields`](Limits::fields) | 128 | 10.5.1, cookie crumbs | the same |
//! | [`settings_timeout_ms`](Limits::settings_timeout_ms) | 10 s | 6.5.3 | SETTINGS_TIMEOUT |
//! | [`drain_ms`](Limits::drain_ms) | 1 s | 6.8 | the last stream is named |
//! | [`resets`](Limits::resets) | 200, 33 a second | CVE-2023-44487, CVE-2025-8671 | ENHANCE_YOUR_CALM |
//! | [`control`](Limits::control) | 10,000, 330 a second | CVE-2019-9512, -9515, -9518 | ENHANCE_YOUR_CALM |
//! | [`tiny`](Limits::tiny) | 100,000, 50,000 a second | CVE-2019-9511 | ENHANCE_YOUR_CALM |
//!
//! What costs the peer a stream and not the connection is counted: [`limited`](Connection::limited) by [`StreamLimit`], and told
//! as [`By::Limit`] where the application knows the stream.
//!
//! Replies wait in 16 places; while they are full nothing is received ([`wants`](Connection::wants) says `read:
//! false`), so a driver that has transmitted goes on with the input it holds.
//!
//! # Features
//!
//! `alloc` (default) is needed by all that has a compression table: without it only the packed
//! [`Fields`](hpack::Fields), limits, errors and priorities are there. `story` adds what the oracle of `proto_core`
//! needs. The crate is `no_std`.
#![no_std]
#![forbid(unsafe_code)]
// What only the tables use is not used without them.
#![cfg_attr(not(feature = "alloc"), allow(dead_code, unused_imports))]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(test)]
#[macro_use]
extern crate std;

pub mod hpack;

#[cfg(feature = "alloc")]
mod authority;
#[cfg(feature = "alloc")]
mod closed;
#[cfg(feature = "alloc")]
mod connection;
mod error;
#[cfg(feature = "alloc")]
mod event;
#[cfg(feature = "alloc")]
mod flow;
mod frame;
mod limits;
#[cfg(feature = "alloc")]
mod message;
mod priority;
#[cfg(feature = "alloc")]
mod reply;
#[cfg(feature = "alloc")]
mod schedule;
#[cfg(feature = "alloc")]
mod settings;
#[cfg(feature = "alloc")]
mod store;
#[cfg(feature = "story")]
pub mod story;
#[cfg(feature = "alloc")]
mod stream;
mod stream_id;

#[cfg(feature = "alloc")]
pub use connection::{Connection, Grant, Role, http2_settings};
pub use error::{By, Error, ErrorCode};
#[cfg(feature = "alloc")]
pub use event::{Event, HeadersKind};
pub use frame::PREFACE;
pub use limits::{Config, Limits, Rate, StreamLimit};
pub use priority::Priority;
#[cfg(feature = "alloc")]
pub use settings::PeerSettings;
pub use stream_id::StreamId;
