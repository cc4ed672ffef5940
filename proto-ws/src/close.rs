use core::num::NonZeroU16;

use crate::{Error, Side};

/// A close code that may be on the wire
/// ([RFC 6455 section 7.4](https://www.rfc-editor.org/rfc/rfc6455#section-7.4) and the IANA registry).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(NonZeroU16);

impl CloseCode {
    /// 1000: the purpose is fulfilled.
    pub const NORMAL: Self = Self::of(1000);
    /// 1001: a server going down, a browser leaving the page.
    pub const GOING_AWAY: Self = Self::of(1001);
    /// 1002: a protocol error.
    pub const PROTOCOL: Self = Self::of(1002);
    /// 1003: a kind of data the endpoint cannot accept.
    pub const UNSUPPORTED: Self = Self::of(1003);
    /// 1007: data that does not fit its kind, such as text that is not UTF-8.
    pub const INVALID_DATA: Self = Self::of(1007);
    /// 1008: a policy is violated.
    pub const POLICY: Self = Self::of(1008);
    /// 1009: a message too large to process.
    pub const TOO_LARGE: Self = Self::of(1009);
    /// 1010: a client expected an extension that the server did not negotiate.
    pub const MISSING_EXTENSION: Self = Self::of(1010);
    /// 1011: a server met an unexpected condition.
    pub const INTERNAL: Self = Self::of(1011);
    /// 1012: the service restarts.
    pub const SERVICE_RESTART: Self = Self::of(1012);
    /// 1013: try again later.
    pub const TRY_AGAIN_LATER: Self = Self::of(1013);
    /// 1014: a gateway got an invalid response.
    pub const BAD_GATEWAY: Self = Self::of(1014);

    /// `code`, if it may be sent: 1000 to 1003, 1007 to 1014 and 3000 to 4999.
    ///
    /// 1004 is reserved, 1005, 1006 and 1015 are names for what was *not* on the wire
    /// ([section 7.4.1](https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1)), codes below 1000 are not used and
    /// 1016 to 2999 await a revision of the protocol
    /// ([section 7.4.2](https://www.rfc-editor.org/rfc/rfc6455#section-7.4.2)).
    pub const fn new(code: u16) -> Option<Self> {
        match code {
            1000..=1003 | 1007..=1014 | 3000..=4999 => Some(Self::of(code)),
            _ => None,
        }
    }

    /// The number.
    pub const fn value(self) -> u16 {
        self.0.get()
    }

    const fn of(code: u16) -> Self {
        Self(NonZeroU16::MIN.saturating_add(code - 1))
    }
}

impl From<CloseCode> for u16 {
    fn from(code: CloseCode) -> Self {
        code.value()
    }
}

impl core::fmt::Display for CloseCode {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}

/// The most bytes the reason of a Close frame may have: 125 less the code.
pub const MAX_REASON: usize = 123;

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Both Close frames went over.
    Clean {
        /// The code in the peer's Close frame; `None` when it had none (1005).
        code: Option<CloseCode>,
        /// Whose Close frame was first.
        initiator: Side,
    },
    /// The transport ended without the peer's Close frame (1006).
    PeerGone,
    /// The closing handshake was not complete in time.
    Timeout,
    /// The peer proved nothing for too long.
    Silent,
    /// The connection failed by a fault of the peer.
    ProtocolError(Error),
}

/// Our half of the closing handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Local {
    /// No Close frame is due.
    Open,
    /// One is owed: the answer to the peer's, or the word about its fault.
    Owes,
    /// It is written, or nothing more may be.
    Done,
}

/// Splits the unmasked payload of a Close frame.
pub(crate) fn parse(payload: &[u8]) -> Result<(Option<CloseCode>, &str), Error> {
    match payload {
        [] => Ok((None, "")),
        //= https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1
        //# If there is a body, the first two bytes of the body MUST be a 2-byte unsigned integer
        [_] => Err(Error::CloseLength),
        [high, low, reason @ ..] => {
            let code = CloseCode::new(u16::from_be_bytes([*high, *low])).ok_or(Error::CloseCode)?;
            let reason = core::str::from_utf8(reason).map_err(|_| Error::InvalidUtf8)?;
            Ok((Some(code), reason))
        }
    }
}
