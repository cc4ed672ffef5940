//! WebSocket ([RFC 6455](https://www.rfc-editor.org/rfc/rfc6455)) as a sans-IO state machine, both roles.
//!
//! [`Connection`] is everything after the opening handshake: framing, masking, UTF-8, the closing handshake and
//! keep-alive. It keeps the [contract of `proto-core`](proto_core): payload is unmasked where it lies and handed on
//! as it arrives, nothing is queued, time and randomness come from the caller. [`handshake`] is the opening
//! handshake as pure functions over header fields, for whoever parses HTTP.
//!
//! ```text
//!                  first Close frame (ours or the peer's), a fault, or silence
//!     open ─────────────────────────────────────────────────────────► closing
//!       │  receive ─► Data, Ping, Pong, Close                            │ both Close frames / deadline
//!       │  send, send_message, prefix, ping, pong, close                 ▼
//!       └─ transmit ─► pong, keep-alive ping, Close                    outcome()
//! ```
//!
//! # One exchange
//!
//! ```
//! use proto_core::WriteBuf;
//! use proto_ws::{CloseCode, Config, Connection, End, Event, Kind, Outcome, Role, Side};
//!
//! let mut server = Connection::new(Role::Server, Config::default());
//!
//! // from the client: "Hello", then a ping, both masked
//! let mut input = *b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x89\x81\0\0\0\0!";
//! let step = server.receive(&mut input, &mut [])?;
//! let Some(Event::Data(data)) = step.event else { panic!() };
//! assert_eq!((data.kind, &*data.payload, data.end), (Kind::Text, &b"Hello"[..], End::Message));
//!
//! // the answer is written while the event is still there
//! let mut room = [0; 64];
//! let mut out = WriteBuf::new(&mut room);
//! server.send_message(data.kind, data.payload, &mut out).unwrap();
//! assert_eq!(out.written(), b"\x81\x05Hello");
//!
//! let consumed = step.consumed;
//! let step = server.receive(&mut input[consumed..], &mut [])?;
//! assert_eq!(step.event, Some(Event::Ping(b"!")));
//!
//! let mut out = WriteBuf::new(&mut room);
//! server.transmit(&mut out); // the pong
//! server.close(Some(CloseCode::NORMAL), "bye", &mut out).unwrap();
//! assert_eq!(out.written(), b"\x8a\x01!\x88\x05\x03\xe8bye");
//!
//! let mut input = *b"\x88\x82\0\0\0\0\x03\xe8";
//! let step = server.receive(&mut input, &mut [])?;
//! assert_eq!(step.event, Some(Event::Close { code: Some(CloseCode::NORMAL), reason: "" }));
//! assert!(server.wants().close);
//! let clean = Outcome::Clean { code: Some(CloseCode::NORMAL), initiator: Side::Server };
//! assert_eq!(server.outcome(), Some(clean));
//! # Ok::<(), proto_ws::Error>(())
//! ```
//!
//! # Limits
//!
//! | Limit | Default | Answers | When it fires |
//! |---|---|---|---|
//! | [`Limits::max_frame`] | none | section 10.4 | 1009 at the header |
//! | [`Limits::max_message`] | none (payload is streamed) | section 10.4 | 1009 at the header that exceeds it |
//! | [`Limits::max_expansion`] | 256 times | RFC 7692 section 8 | [`Limits::expansion_burst`] pays |
//! | [`Limits::expansion_burst`], [`Limits::expansion_per_second`] | 4 MiB and 1 MiB/s | bombs, large and small | 1009, while the message is inflated |
//! | [`Limits::max_fragments`] | none | CVE-2026-48779 | 1009 at the header |
//! | [`Limits::control_burst`], [`Limits::control_per_second`] | 10,000 and 330/s | ping and empty fragment floods | 1008 |
//! | [`Config::close_timeout`] | 5 s | section 7.1.1 | transport closed, [`Outcome::Timeout`] |
//! | [`KeepAlive::hang_up_after`] | off | dead peers | transport closed, [`Outcome::Silent`] |
//! | `MessageAssembler::new`, bytes | 1 MiB | section 10.4 | the application closes with 1009 |
//! | `MessageAssembler::new`, frames | 16,384 | CVE-2026-48779 | the application closes with 1009 |
//!
//! Whatever the limits, a connection owns no more than its own size: with the `alloc` feature 128 bytes, to which a
//! client adds 48 for its masking and the first ping 127 for its pong (135 with `deflate`); without, all of that lies inside.
//!
//! # Features
//!
//! `deflate` gives [permessage-deflate](deflate), by `miniz_oxide`, or by `zlib-rs` with `deflate-zlib-rs`.
//! `std` (default) lets UTF-8 validation detect the CPU's vectors at run time and turns on `alloc`; `alloc` gives
//! `MessageAssembler`; `bytes` makes it give `bytes::Bytes`; `story` gives `subject`, for oracles and fuzzing.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;

mod apart;
#[cfg(feature = "alloc")]
mod assembler;
mod close;
mod connection;
#[cfg(feature = "deflate")]
pub mod deflate;
mod error;
mod event;
mod frame;
pub mod handshake;
mod incoming;
mod keepalive;
mod limits;
mod mask;
mod rare;
mod receive;
mod send;
#[cfg(feature = "story")]
pub mod subject;
mod text;
mod utf8;

#[cfg(feature = "alloc")]
pub use assembler::{Assembled, MessageAssembler, Overflow};
pub use close::{CloseCode, MAX_REASON, Outcome};
pub use connection::{Connection, Role, Side};
pub use error::Error;
pub use event::{Data, End, Event};
pub use frame::{Kind, MAX_CONTROL, MAX_HEADER, Reserved};
pub use keepalive::KeepAlive;
pub use limits::{Config, Limits};
pub use mask::MaskKey;
pub use utf8::Utf8;
