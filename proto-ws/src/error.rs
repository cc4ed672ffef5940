use crate::CloseCode;

/// Why the connection failed: a fault of the peer, or its silence.
///
/// Errors are fatal and sticky. Where the RFC names a close code, the next `transmit` sends it in a Close frame
/// ([section 7.1.7](https://www.rfc-editor.org/rfc/rfc6455#section-7.1.7)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Error {
    /// A reserved bit is set that no negotiated extension has claimed, or one on a control or continuation frame
    /// (section 5.2). Close code 1002.
    ReservedBits = 1,
    /// An opcode the RFC reserves: 3 to 7 or 11 to 15 (section 5.2). Close code 1002.
    ReservedOpcode = 2,
    /// A client sent a frame that is not masked (section 5.1). Close code 1002.
    Unmasked = 3,
    /// A server sent a masked frame (section 5.1). Close code 1002.
    Masked = 4,
    /// A length written in more bytes than it needs (section 5.2). Close code 1002.
    NonMinimalLength = 5,
    /// A 64-bit length with its highest bit set (section 5.2). Close code 1002.
    LengthTooLong = 6,
    /// A control frame without FIN (section 5.5). Close code 1002.
    FragmentedControl = 7,
    /// A control frame of more than 125 bytes (section 5.5). Close code 1002.
    LongControl = 8,
    /// A continuation frame with no message to continue (section 5.4). Close code 1002.
    UnexpectedContinuation = 9,
    /// A new message before the present one ended (section 5.4). Close code 1002.
    ExpectedContinuation = 10,
    /// A Close frame of one byte: half a code (section 5.5.1). Close code 1002.
    CloseLength = 11,
    /// A Close frame with a code that may not be sent (section 7.4). Close code 1002.
    CloseCode = 12,
    /// Text, or the reason of a Close frame, that is not UTF-8 (section 8.1). Close code 1007.
    InvalidUtf8 = 13,
    /// A frame longer than [`Limits::max_frame`](crate::Limits::max_frame). Close code 1009.
    FrameTooLarge = 14,
    /// A message longer than [`Limits::max_message`](crate::Limits::max_message). Close code 1009.
    MessageTooLarge = 15,
    /// A message of more frames than [`Limits::max_fragments`](crate::Limits::max_fragments). Close code 1009.
    TooManyFragments = 16,
    /// More control frames and empty fragments than [`Limits::control_burst`](crate::Limits::control_burst)
    /// and [`Limits::control_per_second`](crate::Limits::control_per_second) allow. Close code 1008.
    Flood = 17,
    /// The transport ended before the peer's Close frame: what an application knows as 1006. Nothing is sent.
    TransportEnded = 18,
    /// The closing handshake took longer than [`Config::close_timeout`](crate::Config::close_timeout).
    CloseTimeout = 19,
    /// The peer proved nothing for [`KeepAlive::hang_up_after`](crate::KeepAlive::hang_up_after).
    Silent = 20,
    /// A compressed message that is not DEFLATE (RFC 7692 section 7.2.2). Close code 1007.
    Inflate = 21,
    /// Compressed messages that become longer than [`Limits::max_expansion`](crate::Limits::max_expansion) and
    /// [`Limits::expansion_burst`](crate::Limits::expansion_burst) allow. Close code 1009.
    Expansion = 22,
    /// A compressed message that the [`Pool`](crate::deflate::Pool) of the connection has no memory for. Close code
    /// 1013.
    Overloaded = 23,
}

impl Error {
    /// The code of the Close frame that tells the peer; `None` where there is nobody to tell.
    pub const fn close_code(self) -> Option<CloseCode> {
        match self {
            Self::ReservedBits
            | Self::ReservedOpcode
            | Self::Unmasked
            | Self::Masked
            | Self::NonMinimalLength
            | Self::LengthTooLong
            | Self::FragmentedControl
            | Self::LongControl
            | Self::UnexpectedContinuation
            | Self::ExpectedContinuation
            | Self::CloseLength
            | Self::CloseCode => Some(CloseCode::PROTOCOL),
            Self::InvalidUtf8 | Self::Inflate => Some(CloseCode::INVALID_DATA),
            Self::FrameTooLarge | Self::MessageTooLarge | Self::TooManyFragments | Self::Expansion => {
                Some(CloseCode::TOO_LARGE)
            }
            Self::Overloaded => Some(CloseCode::TRY_AGAIN_LATER),
            Self::Flood => Some(CloseCode::POLICY),
            Self::TransportEnded | Self::CloseTimeout | Self::Silent => None,
        }
    }

    /// A number that stays the same in all versions, for C and for logs.
    pub const fn number(self) -> u8 {
        self as u8
    }
}

impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::ReservedBits => "reserved bit set that no extension claims",
            Self::ReservedOpcode => "reserved opcode",
            Self::Unmasked => "unmasked frame from a client",
            Self::Masked => "masked frame from a server",
            Self::NonMinimalLength => "length not in its shortest form",
            Self::LengthTooLong => "length over 63 bits",
            Self::FragmentedControl => "fragmented control frame",
            Self::LongControl => "control frame over 125 bytes",
            Self::UnexpectedContinuation => "continuation of no message",
            Self::ExpectedContinuation => "new message inside a message",
            Self::CloseLength => "close frame of one byte",
            Self::CloseCode => "close code that may not be sent",
            Self::InvalidUtf8 => "text that is not UTF-8",
            Self::FrameTooLarge => "frame over the limit",
            Self::MessageTooLarge => "message over the limit",
            Self::TooManyFragments => "too many fragments in a message",
            Self::Flood => "too many control frames or empty fragments",
            Self::TransportEnded => "transport ended without a close frame",
            Self::CloseTimeout => "closing handshake timed out",
            Self::Inflate => "compressed message is not DEFLATE",
            Self::Expansion => "compressed message expands too much",
            Self::Overloaded => "no memory left for a compressed message",
            Self::Silent => "peer silent for too long",
        })
    }
}

impl core::error::Error for Error {}
