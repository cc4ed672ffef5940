//! The life of a stream, as one table.
//!
//! ```text
//!                              +--------+
//!                      send PP |        | recv PP
//!                     ,--------+  idle  +--------.
//!                    /         |        |         \
//!                   v          +--------+          v
//!            +----------+          |           +----------+
//!            |          |          | send H /  |          |
//!     ,------+ reserved |          | recv H    | reserved +------.
//!     |      | (local)  |          |           | (remote) |      |
//!     |      +---+------+          v           +------+---+      |
//!     |          |             +--------+             |          |
//!     |          |     recv ES |        | send ES     |          |
//!     |   send H |     ,-------+  open  +-------.     | recv H   |
//!     |          |    /        |        |        \    |          |
//!     |          v   v         +---+----+         v   v          |
//!     |      +----------+          |           +----------+      |
//!     |      |   half-  |          |           |   half-  |      |
//!     |      |  closed  |          | send R /  |  closed  |      |
//!     |      | (remote) |          | recv R    | (local)  |      |
//!     |      +----+-----+          |           +-----+----+      |
//!     |           | send ES /      |        recv ES / |          |
//!     |           |  send R /      v         send R / |          |
//!     |           |  recv R    +--------+     recv R  |          |
//!     | send R /  `----------->|        |<-----------'  send R / |
//!     | recv R                 | closed |                recv R  |
//!     `----------------------->|        |<-----------------------'
//!                              +--------+
//!     H: HEADERS, ES: END_STREAM, R: RST_STREAM, PP: PUSH_PROMISE        (RFC 9113 section 5.1, figure 2)
//! ```
//!
//! This end sends no PUSH_PROMISE, so nothing is ever reserved locally. Idle streams and closed ones take no
//! memory: what an identifier that is not in the store stands for is told by [`closed`](crate::closed).

use crate::{Error, ErrorCode};

/// The state of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Idle,
    ReservedRemote,
    Open,
    HalfClosedLocal,
    HalfClosedRemote,
    Closed(Cause),
}

/// How a stream was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Both sides ended it.
    Ended,
    ResetByPeer,
    ResetByUs,
    /// It was reset, but it is no longer known by whom; or it lies above the last stream that our GOAWAY named.
    Unknown,
    /// A stream with a higher identifier was opened while this one was idle (section 5.1.1).
    Skipped,
}

/// What a frame is to a stream. PRIORITY is not among them: it "can be sent in any stream state" (section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Incoming {
    Headers,
    Data,
    Reset,
    PushPromise,
    WindowUpdate,
}

/// What is to be done with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Process it.
    Accept,
    /// "Minimally process and then discard" it: field blocks and flow control of the connection are kept up.
    Discard,
    /// Process it minimally and reset the stream.
    Stream(ErrorCode),
    /// The connection ends.
    Connection(Error),
}

/// What a frame from the peer means in each state: RFC 9113 section 5.1, paragraph by paragraph.
pub(crate) fn verdict(state: State, frame: Incoming) -> Verdict {
    use Incoming::*;
    match (state, frame) {
        // Section 6.6: "A receiver MUST treat the receipt of a PUSH_PROMISE on a stream that is neither "open" nor
        // "half-closed (local)" as a connection error of type PROTOCOL_ERROR. However, an endpoint that has sent
        // RST_STREAM on the associated stream MUST handle PUSH_PROMISE frames that might have been created before".
        (State::HalfClosedRemote | State::Closed(Cause::Ended | Cause::ResetByPeer), PushPromise) => {
            Verdict::Connection(Error::Push)
        }

        // "Receiving any frame other than HEADERS or PRIORITY on a stream in this state MUST be treated as a
        // connection error of type PROTOCOL_ERROR."
        (State::Idle, Headers) => Verdict::Accept,
        (State::Idle, _) => Verdict::Connection(Error::IdleStream),

        // "Receiving any type of frame other than HEADERS, RST_STREAM, or PRIORITY on a stream in this state MUST be
        // treated as a connection error of type PROTOCOL_ERROR."
        (State::ReservedRemote, Headers | Reset) => Verdict::Accept,
        (State::ReservedRemote, _) => Verdict::Connection(Error::IdleStream),

        // "can receive any type of frame"
        (State::Open | State::HalfClosedLocal, _) => Verdict::Accept,

        // "If an endpoint receives additional frames, other than WINDOW_UPDATE, PRIORITY, or RST_STREAM, for a stream
        // that is in this state, it MUST respond with a stream error of type STREAM_CLOSED."
        (State::HalfClosedRemote, WindowUpdate | Reset) => Verdict::Accept,
        (State::HalfClosedRemote, _) => Verdict::Stream(ErrorCode::STREAM_CLOSED),

        // "An endpoint that sends a frame with the END_STREAM flag set or a RST_STREAM frame might receive a
        // WINDOW_UPDATE or RST_STREAM frame from its peer"
        (State::Closed(Cause::Ended), WindowUpdate | Reset) => Verdict::Discard,
        // "An endpoint MAY treat receipt of any other type of frame on a closed stream as a connection error of type
        // STREAM_CLOSED"; RFC 7540 had it as a MUST after END_STREAM.
        (State::Closed(Cause::Ended), _) => Verdict::Connection(Error::StreamClosed),

        // RFC 7540 section 5.1: "An endpoint that receives any frame other than PRIORITY after receiving a RST_STREAM
        // MUST treat that as a stream error of type STREAM_CLOSED", which RFC 9113 leaves open; but "an endpoint MUST NOT send a RST_STREAM in response to a
        // RST_STREAM frame" (section 5.4.2).
        (State::Closed(Cause::ResetByPeer), Reset) => Verdict::Discard,
        (State::Closed(Cause::ResetByPeer), _) => Verdict::Stream(ErrorCode::STREAM_CLOSED),

        // "An endpoint that sends a RST_STREAM frame on a stream that is in the "open" or "half-closed (local)" state
        // could receive any type of frame. [..] An endpoint MUST minimally process and then discard any frames it
        // receives in this state."
        (State::Closed(Cause::ResetByUs | Cause::Unknown), _) => Verdict::Discard,

        // Section 5.1.1: "An endpoint that receives an unexpected stream identifier MUST respond with a connection
        // error of type PROTOCOL_ERROR."
        (State::Closed(Cause::Skipped), _) => Verdict::Connection(Error::IdleStream),
    }
}

impl State {
    /// The peer has ended its side.
    pub(crate) fn end_remote(self) -> Self {
        match self {
            Self::Idle | Self::Open => Self::HalfClosedRemote,
            Self::HalfClosedLocal | Self::ReservedRemote => Self::Closed(Cause::Ended),
            ended => ended,
        }
    }

    /// This end has ended its side.
    pub(crate) fn end_local(self) -> Self {
        match self {
            Self::Idle | Self::Open => Self::HalfClosedLocal,
            Self::HalfClosedRemote => Self::Closed(Cause::Ended),
            ended => ended,
        }
    }

    /// Whether this end may still send HEADERS and DATA.
    pub(crate) fn may_send(self) -> bool {
        matches!(self, Self::Open | Self::HalfClosedRemote)
    }

    /// Whether HEADERS and DATA may still come.
    pub(crate) fn may_receive(self) -> bool {
        matches!(self, Self::Open | Self::HalfClosedLocal | Self::ReservedRemote)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [State; 10] = [
        State::Idle,
        State::ReservedRemote,
        State::Open,
        State::HalfClosedLocal,
        State::HalfClosedRemote,
        State::Closed(Cause::Ended),
        State::Closed(Cause::ResetByPeer),
        State::Closed(Cause::ResetByUs),
        State::Closed(Cause::Unknown),
        State::Closed(Cause::Skipped),
    ];

    #[test]
    fn a_reset_is_never_answered_with_a_reset() {
        for state in STATES {
            assert!(!matches!(verdict(state, Incoming::Reset), Verdict::Stream(_)), "{state:?}");
        }
    }

    #[test]
    fn data_and_headers_are_accepted_exactly_while_the_peer_has_not_ended() {
        for state in STATES {
            let data = verdict(state, Incoming::Data) == Verdict::Accept;
            assert_eq!(data, state.may_receive() && state != State::ReservedRemote, "{state:?}");
            let headers = verdict(state, Incoming::Headers) == Verdict::Accept;
            assert_eq!(headers, state.may_receive() || state == State::Idle, "{state:?}");
        }
    }

    #[test]
    fn ending_both_sides_closes_in_either_order() {
        assert_eq!(State::Open.end_local().end_remote(), State::Closed(Cause::Ended));
        assert_eq!(State::Open.end_remote().end_local(), State::Closed(Cause::Ended));
        assert_eq!(State::ReservedRemote.end_remote(), State::Closed(Cause::Ended));
    }
}
