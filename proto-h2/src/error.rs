use core::fmt;

use crate::{StreamLimit, hpack};

/// An error code of HTTP/2 (RFC 9113 section 7), as it is on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ErrorCode(pub u32);

impl ErrorCode {
    /// An orderly end.
    pub const NO_ERROR: Self = Self(0x0);
    /// A breach of the protocol that no other code names.
    pub const PROTOCOL_ERROR: Self = Self(0x1);
    /// A fault of the endpoint itself.
    pub const INTERNAL_ERROR: Self = Self(0x2);
    /// Flow control was not kept to.
    pub const FLOW_CONTROL_ERROR: Self = Self(0x3);
    /// Settings were not acknowledged in time.
    pub const SETTINGS_TIMEOUT: Self = Self(0x4);
    /// A frame came after its stream was half-closed.
    pub const STREAM_CLOSED: Self = Self(0x5);
    /// A frame of a size that is not allowed.
    pub const FRAME_SIZE_ERROR: Self = Self(0x6);
    /// The stream was not processed at all: the request may be sent again.
    pub const REFUSED_STREAM: Self = Self(0x7);
    /// The stream is no longer wanted.
    pub const CANCEL: Self = Self(0x8);
    /// The compression context cannot be kept up.
    pub const COMPRESSION_ERROR: Self = Self(0x9);
    /// The connection made for CONNECT was reset or closed abnormally.
    pub const CONNECT_ERROR: Self = Self(0xa);
    /// The peer's behaviour may cause too much load.
    pub const ENHANCE_YOUR_CALM: Self = Self(0xb);
    /// The transport is not secure enough.
    pub const INADEQUATE_SECURITY: Self = Self(0xc);
    /// HTTP/1.1 is demanded instead.
    pub const HTTP_1_1_REQUIRED: Self = Self(0xd);

    /// The name in RFC 9113, if it has one.
    pub const fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            0x0 => "NO_ERROR",
            0x1 => "PROTOCOL_ERROR",
            0x2 => "INTERNAL_ERROR",
            0x3 => "FLOW_CONTROL_ERROR",
            0x4 => "SETTINGS_TIMEOUT",
            0x5 => "STREAM_CLOSED",
            0x6 => "FRAME_SIZE_ERROR",
            0x7 => "REFUSED_STREAM",
            0x8 => "CANCEL",
            0x9 => "COMPRESSION_ERROR",
            0xa => "CONNECT_ERROR",
            0xb => "ENHANCE_YOUR_CALM",
            0xc => "INADEQUATE_SECURITY",
            0xd => "HTTP_1_1_REQUIRED",
            _ => return None,
        })
    }
}

impl fmt::Debug for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "{:#x}", self.0),
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A fault of the peer that ends the connection (RFC 9113 section 5.4.1). The GOAWAY that says so is already
/// waiting to be transmitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Error {
    /// The client's connection preface is not that of HTTP/2 (section 3.4).
    Preface,
    /// The first frame is not SETTINGS (section 3.4).
    FirstFrame,
    /// A frame is larger than the limit set by SETTINGS_MAX_FRAME_SIZE (section 4.2).
    FrameTooLarge,
    /// A frame's length is not what its type demands (section 4.2).
    FrameLength,
    /// A frame that belongs to a stream came on stream 0, or the other way round (section 6).
    StreamZero,
    /// A frame on a stream that is idle and that this frame cannot open (section 5.1), or an identifier that the
    /// peer may not use (section 5.1.1).
    IdleStream,
    /// A frame on a stream that both sides have ended (section 5.1).
    StreamClosed,
    /// Padding that is as long as the frame or longer (section 6.1).
    Padding,
    /// A field block is followed by something else than its continuation, or a continuation by nothing to
    /// continue (section 6.10).
    Continuation,
    /// A field block larger than [`Limits::header_block`](crate::Limits::header_block).
    HeaderBlock,
    /// More than [`Limits::continuations`](crate::Limits::continuations) frames to one field block.
    ContinuationFlood,
    /// A field block that cannot be decoded (section 4.3).
    Compression(hpack::Error),
    /// A setting outside its range (section 6.5.2).
    Setting,
    /// An initial window size above 2^31-1, or one that makes a stream's window overflow (section 6.9.2).
    SettingWindow,
    /// An acknowledgement of settings that were not sent (section 6.5.3).
    SettingsAck,
    /// Our settings were not acknowledged in time (section 6.5.3).
    SettingsTimeout,
    /// A WINDOW_UPDATE of the connection by 0 (section 6.9).
    WindowIncrement,
    /// A WINDOW_UPDATE that lifts the connection's window above 2^31-1 (section 6.9.1).
    WindowOverflow,
    /// More data than the connection's window allows (section 6.9).
    WindowExceeded,
    /// A PUSH_PROMISE that is not allowed (sections 6.6 and 8.4).
    Push,
    /// A GOAWAY whose last stream is above that of an earlier one (section 6.8).
    GoAway,
    /// A PRIORITY_UPDATE that is not allowed (RFC 9218 section 7.1), or a PRIORITY that makes an idle stream depend
    /// on itself.
    Priority,
    /// More resets, asked for or deserved, than [`Limits::resets`](crate::Limits::resets) allows (CVE-2023-44487,
    /// CVE-2025-8671).
    ResetFlood,
    /// More control frames and other frames without use than [`Limits::control`](crate::Limits::control) allows
    /// (CVE-2019-9512, CVE-2019-9515, CVE-2019-9518).
    ControlFlood,
    /// More frames of next to no data or credit than [`Limits::tiny`](crate::Limits::tiny) allows
    /// (CVE-2019-9511).
    TinyFlood,
    /// The transport ended in the middle of a frame.
    Truncated,
}

impl Error {
    /// The code that goes into the GOAWAY.
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::Preface
            | Self::FirstFrame
            | Self::StreamZero
            | Self::IdleStream
            | Self::Padding
            | Self::Continuation
            | Self::Setting
            | Self::SettingsAck
            | Self::WindowIncrement
            | Self::Push
            | Self::GoAway
            | Self::Priority
            | Self::Truncated => ErrorCode::PROTOCOL_ERROR,
            Self::FrameTooLarge | Self::FrameLength => ErrorCode::FRAME_SIZE_ERROR,
            Self::StreamClosed => ErrorCode::STREAM_CLOSED,
            Self::Compression(_) => ErrorCode::COMPRESSION_ERROR,
            Self::SettingWindow | Self::WindowOverflow | Self::WindowExceeded => {
                ErrorCode::FLOW_CONTROL_ERROR
            }
            Self::SettingsTimeout => ErrorCode::SETTINGS_TIMEOUT,
            Self::HeaderBlock
            | Self::ContinuationFlood
            | Self::ResetFlood
            | Self::ControlFlood
            | Self::TinyFlood => ErrorCode::ENHANCE_YOUR_CALM,
        }
    }

    /// A number that stays the same from version to version. Faults of HPACK are 100 and their own number.
    pub const fn number(self) -> u16 {
        match self {
            Self::Preface => 1,
            Self::FirstFrame => 2,
            Self::FrameTooLarge => 3,
            Self::FrameLength => 4,
            Self::StreamZero => 5,
            Self::IdleStream => 6,
            Self::StreamClosed => 7,
            Self::Padding => 8,
            Self::Continuation => 9,
            Self::HeaderBlock => 10,
            Self::ContinuationFlood => 11,
            Self::Compression(error) => 100 + error.number() as u16,
            Self::Setting => 12,
            Self::SettingWindow => 13,
            Self::SettingsAck => 14,
            Self::SettingsTimeout => 15,
            Self::WindowIncrement => 16,
            Self::WindowOverflow => 17,
            Self::WindowExceeded => 18,
            Self::Push => 19,
            Self::GoAway => 20,
            Self::Priority => 21,
            Self::ResetFlood => 22,
            Self::ControlFlood => 23,
            Self::TinyFlood => 24,
            Self::Truncated => 25,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Preface => "the connection does not begin as HTTP/2 does",
            Self::FirstFrame => "the first frame is not SETTINGS",
            Self::FrameTooLarge => "a frame is larger than allowed",
            Self::FrameLength => "a frame has not the length of its type",
            Self::StreamZero => "a frame came on stream 0, or not on it, against its type",
            Self::IdleStream => "a frame came on a stream that is not open",
            Self::StreamClosed => "a frame came on a stream that had ended",
            Self::Padding => "the padding is longer than the frame",
            Self::Continuation => "a field block was interrupted, or continued without a beginning",
            Self::HeaderBlock => "a field block is larger than allowed",
            Self::ContinuationFlood => "a field block came in too many frames",
            Self::Compression(error) => return fmt::Display::fmt(error, f),
            Self::Setting => "a setting is out of range",
            Self::SettingWindow => "an initial window size is out of range",
            Self::SettingsAck => "settings were acknowledged that were not sent",
            Self::SettingsTimeout => "settings were not acknowledged in time",
            Self::WindowIncrement => "the window was updated by nothing",
            Self::WindowOverflow => "the window was made too large",
            Self::WindowExceeded => "more data came than the window allows",
            Self::Push => "a push was promised that is not allowed",
            Self::GoAway => "a GOAWAY contradicts an earlier one",
            Self::Priority => "a priority signal that is not allowed",
            Self::ResetFlood => "too many streams were reset",
            Self::ControlFlood => "too many frames without use",
            Self::TinyFlood => "too many frames with next to no data",
            Self::Truncated => "the transport ended inside a frame",
        })
    }
}

impl core::error::Error for Error {}

/// Who ended a stream before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum By {
    /// The peer, with RST_STREAM.
    Peer,
    /// This end: what the peer sent on the stream is malformed (RFC 9113 section 8.1.1), breaks a rule of streams
    /// (section 5.4.2). The peer is told.
    Fault,
    /// This end: what the peer sent on the stream is more than a limit allows. The peer is told.
    Limit(StreamLimit),
    /// The peer's GOAWAY: the stream was not processed, and what was sent on it may be sent again on another
    /// connection (section 6.8).
    GoAway,
    /// The end of the transport.
    Transport,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_small() {
        assert!(size_of::<Error>() <= 16);
        assert_eq!(Error::Compression(hpack::Error::Truncated).number(), 101);
        assert_eq!(Error::Compression(hpack::Error::Truncated).code(), ErrorCode::COMPRESSION_ERROR);
    }
}
