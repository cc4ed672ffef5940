use core::time::Duration;

use crate::{KeepAlive, Reserved};

/// What a connection is set up with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// Bounds on what the peer may send.
    pub limits: Limits,
    /// When to ping a quiet peer and when to give it up. Off by default.
    pub keep_alive: KeepAlive,
    /// How long the closing handshake may take, from the first Close frame (or the fault) to the end of the
    /// transport. Millisecond precision, at most about 49 days; zero waits for nothing. Default 5 s. When it fires, the transport is to
    /// be closed at once; the outcome is a timeout unless both Close frames had gone over.
    pub close_timeout: Duration,
    /// The reserved bits that a negotiated extension has claimed. Default none.
    pub reserved: Reserved,
    /// What was agreed on about permessage-deflate, which then has RSV1. Default `None`: it is not spoken.
    #[cfg(feature = "deflate")]
    pub deflate: Option<crate::deflate::Agreement>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            keep_alive: KeepAlive::default(),
            close_timeout: Duration::from_secs(5),
            reserved: Reserved::NONE,
            #[cfg(feature = "deflate")]
            deflate: None,
        }
    }
}

/// Bounds on what the peer may send. Payload is handed on as it arrives, so the codec itself needs none of the
/// size limits; they serve applications that collect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Payload bytes in one data frame, as its header announces them. Default [`Limits::UNLIMITED`].
    /// [RFC 6455 section 10.4](https://www.rfc-editor.org/rfc/rfc6455#section-10.4); beyond it the connection
    /// fails with close code 1009 before any of the payload is told.
    pub max_frame: u32,
    /// Payload bytes in one message, over all its frames. Default [`Limits::UNLIMITED`] (an assembler has its own
    /// limit of 1 MiB). Section 10.4; beyond it the connection fails with 1009 at the header that exceeds it. The
    /// bytes of a compressed message count as they are inflated, and those within the limit are told.
    pub max_message: u32,
    /// Frames in one message; 0 counts as 1. Default [`Limits::UNLIMITED`]: streaming keeps nothing per fragment.
    /// CVE-2026-48779; beyond it the connection fails with 1009.
    pub max_fragments: u32,
    /// How many times its payload bytes a compressed message may become for nothing; what it becomes beyond is paid
    /// for by `expansion_burst`. Looked at when the message ends, and before that whenever 4 KiB of its payload are
    /// inflated and more follow. Default 256: DEFLATE can expand 1032 times, but beyond 256 only what repeats within
    /// 256 bytes, as runs do. [`Limits::UNLIMITED`] asks for no payment.
    /// [RFC 7692 section 8](https://www.rfc-editor.org/rfc/rfc7692#section-8), decompression bombs.
    pub max_expansion: u32,
    /// Bytes that the messages of a connection together may become beyond `max_expansion`, in one burst. Default
    /// 4 MiB. RFC 7692 section 8; beyond it the connection fails with 1009.
    pub expansion_burst: u32,
    /// How many more such bytes each second earns. Default 1 MiB. They are earned as `handle_timeout` tells the time:
    /// whoever never calls it has the burst for the whole connection.
    pub expansion_per_second: u32,
    /// Frames that carry no data (Ping, Pong, empty fragments) in one burst. Default 10,000.
    /// Section 10.4; beyond it the connection fails with 1008.
    pub control_burst: u32,
    /// How many more such frames each second earns. Default 330. They are earned as `handle_timeout` tells the time:
    /// whoever never calls it has the burst for the whole connection.
    pub control_per_second: u32,
}

impl Limits {
    /// No limit.
    pub const UNLIMITED: u32 = u32::MAX;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_frame: Self::UNLIMITED,
            max_message: Self::UNLIMITED,
            max_fragments: Self::UNLIMITED,
            max_expansion: 256,
            expansion_burst: 4 << 20,
            expansion_per_second: 1 << 20,
            control_burst: 10_000,
            control_per_second: 330,
        }
    }
}
