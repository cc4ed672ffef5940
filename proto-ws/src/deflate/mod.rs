//! permessage-deflate ([RFC 7692](https://www.rfc-editor.org/rfc/rfc7692)): what is negotiated, and what it does to
//! the messages of a [`Connection`](crate::Connection).
//!
//! [`DeflateConfig`] says what one end wants. A server makes an [`Agreement`] of a client's offers with
//! [`accept`](DeflateConfig::accept); a client sends its [`offer`](DeflateConfig::offer) and makes one of the answer
//! with [`check`](DeflateConfig::check). The agreement goes into [`Config::deflate`](crate::Config::deflate), and from
//! there on the connection inflates what comes and deflates what is worth it.
//!
//! ```
//! use proto_core::WriteBuf;
//! use proto_ws::deflate::DeflateConfig;
//! use proto_ws::handshake::Extensions;
//! use proto_ws::{Config, Connection, Event, Kind, Role};
//!
//! let wanted = DeflateConfig { threshold: 0, ..DeflateConfig::default() };
//! let offers = Extensions::new(b"permessage-deflate; client_max_window_bits=10");
//! let agreed = wanted.accept(offers.flatten()).unwrap();
//! assert_eq!(agreed.to_string(), "permessage-deflate; client_max_window_bits=10");
//!
//! let mut server = Connection::new(Role::Server, Config { deflate: Some(agreed), ..Config::default() });
//!
//! // RFC 7692 section 7.2.3.1: "Hello", here in a masked frame; it is inflated into the scratch space
//! let mut input = *b"\xc1\x87\0\0\0\0\xf2\x48\xcd\xc9\xc9\x07\x00";
//! let mut scratch = [0; 1024];
//! let step = server.receive(&mut input, &mut scratch)?;
//! let Some(Event::Data(data)) = step.event else { panic!() };
//! assert_eq!((data.kind, &*data.payload), (Kind::Text, &b"Hello"[..]));
//!
//! let mut room = [0; 64];
//! let mut out = WriteBuf::new(&mut room);
//! server.send_message(Kind::Text, b"Hello Hello Hello Hello", &mut out).unwrap();
//! assert!(out.written()[0] == 0xc1 && out.len() < 20);
//! # Ok::<(), proto_ws::Error>(())
//! ```
//!
//! # Memory
//!
//! Nothing is allocated before the first message that needs it. With context takeover a direction keeps its state from
//! then on; without, only from the beginning of a message to its end. [`Agreement::memory`] says how much the first
//! kind comes to, and a [`Pool`] shares the state of the second kind among the connections of a thread and caps the
//! sum of both.

mod backend;
mod config;
mod expansion;
mod inflation;
mod negotiation;
mod offer;
mod pool;
mod receive;
mod send;
mod state;
mod worth;

pub use config::{DeflateConfig, OptionError};
pub use negotiation::{Agreement, NegotiationError};
pub use offer::Offer;
pub use pool::Pool;
pub use send::Compress;

pub(crate) use state::Deflate;

/// The name of the extension (section 7).
pub const NAME: &[u8] = b"permessage-deflate";

/// What every flush ends with: removed from the end of a message by its sender and put back by its receiver
/// (sections 7.2.1 and 7.2.2).
pub(crate) const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];
