//! HTTP/2 (RFC 9113) and HPACK (RFC 7541) as sans-IO state machines.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(test)]
#[macro_use]
extern crate std;

pub mod hpack;

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

#[cfg(feature = "alloc")]
pub use connection::{Connection, Grant, Role, http2_settings};
pub use error::{By, Error, ErrorCode};
#[cfg(feature = "alloc")]
pub use event::{Event, HeadersKind};
pub use frame::PREFACE;
pub use limits::{Config, Limits, Rate};
pub use priority::Priority;
#[cfg(feature = "alloc")]
pub use settings::PeerSettings;

/// The identifier of a stream: odd for those that the client opens, even for pushes, below 2^31.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub(crate) u32);

impl StreamId {
    /// The stream with this number; `None` for 0, which is the connection, and for 2^31 and above.
    pub const fn from_wire(id: u32) -> Option<Self> {
        if id == 0 || id > i32::MAX as u32 { None } else { Some(Self(id)) }
    }

    /// The number.
    pub const fn value(self) -> u32 {
        self.0
    }
}

impl core::fmt::Display for StreamId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}", self.0)
    }
}
