//! From octets to frames, and which frame may come when.

use proto_core::Budget;

use super::{Connection, Input};
use crate::event::Tell;
use crate::frame::{FrameHead, HEAD_LEN, PREFACE, flag, kind};
use crate::reply::Reply;
use crate::stream::{Incoming, State, Verdict, verdict};
use crate::{By, Error, ErrorCode, Role, StreamLimit};

/// What became of a frame.
pub(super) enum Frame {
    /// More of it must be there.
    Incomplete,
    /// So many octets of payload are used up.
    Taken(usize, Option<Tell>),
}

/// The largest payload of a frame that is not DATA; it must lie in the input as a whole.
pub(super) const MAX_WHOLE: u32 = 16_384;

impl Connection {
    /// Goes through `input` until there is something to tell.
    pub(super) fn advance(
        &mut self,
        input: &[u8],
        scratch: &mut [u8],
    ) -> Result<(usize, Option<Tell>), Error> {
        let mut at = 0;
        loop {
            if let Some(tell) = self.unprocessed() {
                return Ok((at, Some(tell)));
            }
            if !self.wants().read {
                return Ok((at, None));
            }
            let rest = input.get(at..).unwrap_or_default();
            let (taken, tell) = match self.input {
                Input::Preface => self.preface(rest)?,
                Input::Skip { left } => {
                    let taken = left.min(u32::try_from(rest.len()).unwrap_or(u32::MAX));
                    self.input =
                        if taken == left { Input::Frame } else { Input::Skip { left: left - taken } };
                    (taken as usize, None)
                }
                Input::Data { .. } => self.data_piece(rest, at),
                Input::Frame => match FrameHead::read(rest) {
                    None => (0, None),
                    Some(head) => {
                        match self.frame(head, rest.get(HEAD_LEN..).unwrap_or_default(), at, scratch)? {
                            Frame::Incomplete => (0, None),
                            Frame::Taken(payload, tell) => (HEAD_LEN + payload, tell),
                        }
                    }
                },
            };
            at += taken;
            if tell.is_some() || taken == 0 {
                return Ok((at, tell));
            }
        }
    }

    /// RFC 9113 section 3.4: "Clients and servers MUST treat an invalid connection preface as a connection error of
    /// type PROTOCOL_ERROR." Octets are judged as they come.
    fn preface(&mut self, input: &[u8]) -> Result<(usize, Option<Tell>), Error> {
        let expected = PREFACE.get(usize::from(self.preface)..).unwrap_or_default();
        let taken = input.len().min(expected.len());
        if input.get(..taken) != expected.get(..taken) {
            return Err(Error::Preface);
        }
        self.preface += taken as u8; // 24 at most
        if taken == expected.len() {
            self.input = Input::Frame;
        }
        Ok((taken, None))
    }

    /// `at` is where in the whole input the frame begins.
    fn frame(
        &mut self,
        head: FrameHead,
        payload: &[u8],
        at: usize,
        scratch: &mut [u8],
    ) -> Result<Frame, Error> {
        // Section 3.4: the preface of each side "MUST be the first frame".
        if !self.settled && (head.kind != kind::SETTINGS || head.has(flag::ACK)) {
            return Err(Error::FirstFrame);
        }
        // Section 4.2: "An endpoint MUST send an error code of FRAME_SIZE_ERROR if a frame exceeds the size defined in
        // SETTINGS_MAX_FRAME_SIZE".
        if head.len > self.config.limits.frame_size {
            return Err(Error::FrameTooLarge);
        }
        match head.kind {
            kind::DATA => self.data_frame(head, payload),
            kind::HEADERS | kind::PUSH_PROMISE => self.block_frame(head, payload, scratch),
            kind::CONTINUATION => Err(Error::Continuation),
            kind::PRIORITY
            | kind::RST_STREAM
            | kind::SETTINGS
            | kind::PING
            | kind::GOAWAY
            | kind::WINDOW_UPDATE
            | kind::PRIORITY_UPDATE => {
                check_shape(head)?;
                // Only DATA is ever longer, whatever was allowed: these have no use for it.
                if head.len > MAX_WHOLE {
                    return Err(Error::FrameTooLarge);
                }
                let len = head.len as usize;
                match payload.get(..len) {
                    None => Ok(Frame::Incomplete),
                    Some(payload) => Ok(Frame::Taken(len, self.control_frame(head, payload, at + HEAD_LEN)?)),
                }
            }
            // Section 4.1: "Implementations MUST ignore and discard frames of unknown types."
            _ => {
                self.charge_control(1)?;
                self.input = Input::Skip { left: head.len };
                if head.len == 0 {
                    self.input = Input::Frame;
                }
                Ok(Frame::Taken(0, None))
            }
        }
    }

    /// What the state of its stream says about a frame. `Some` when it is to be processed in full.
    pub(super) fn judge(&mut self, id: u32, frame: Incoming) -> Result<Judged, Error> {
        let state = self.state_of(id);
        match verdict(state, frame) {
            // Only the peer's own identifiers can be opened by it, and only on a server: "A client MUST treat the
            // receipt of a HEADERS frame on an idle stream as a connection error" follows from section 5.1.1.
            Verdict::Accept if state == State::Idle && frame == Incoming::Headers => {
                if self.role == Role::Client || self.is_own(id) {
                    return Err(Error::IdleStream);
                }
                Ok(Judged::Accept)
            }
            Verdict::Accept => Ok(Judged::Accept),
            Verdict::Discard => Ok(Judged::Discard),
            Verdict::Stream(code) => Ok(Judged::Reset(code)),
            Verdict::Connection(error) => Err(error),
        }
    }

    /// Resets a stream because of what came on it (section 5.4.2), and tells so if the application knows the stream.
    pub(super) fn stream_fault(&mut self, id: u32, fault: impl Into<Fault>) -> Result<Option<Tell>, Error> {
        let Fault { code, by } = fault.into();
        if let By::Limit(limit) = by {
            self.count(limit);
        }
        if !self.resets.take(1) {
            return Err(Error::ResetFlood);
        }
        self.replies.push(Reply::Reset { id, code });
        let place = self.streams.find(crate::StreamId(id));
        let known =
            place.and_then(|place| self.streams.get(place)).is_some_and(|stream| stream.reset_due.is_none());
        if let Some(place) = place {
            self.remove(place);
            self.closed.reset(id, false);
        }
        Ok(known.then_some(Tell::Reset { id, code, by }))
    }

    pub(super) fn count(&mut self, limit: StreamLimit) {
        if let Some(count) = self.limited.get_mut(limit as usize) {
            *count = count.saturating_add(1);
        }
    }

    pub(super) fn charge_control(&mut self, tokens: u32) -> Result<(), Error> {
        charge(&mut self.control, tokens, Error::ControlFlood)
    }

    pub(super) fn charge_tiny(&mut self) -> Result<(), Error> {
        charge(&mut self.tiny, 1, Error::TinyFlood)
    }

    /// The next of our streams that the peer's GOAWAY says it did not process.
    fn unprocessed(&mut self) -> Option<Tell> {
        let go_away = self.go_away.as_mut().filter(|go_away| !go_away.swept)?;
        let (last, from) = (go_away.last, go_away.sweep);
        let own = u32::from(self.role == Role::Client);
        let dead = |stream: &crate::store::Stream| {
            stream.id & 1 == own && stream.id > last && stream.reset_due.is_none()
        };
        let places = from..self.streams.places();
        let found = places.into_iter().find(|&place| self.streams.get(place).is_some_and(dead));
        match found {
            None => {
                go_away.swept = true;
                None
            }
            Some(place) => {
                go_away.sweep = place;
                let id = self.remove(place)?;
                // The peer ignores the stream and sends nothing on it; whatever comes is passed over.
                self.closed.reset(id, false);
                Some(Tell::Reset { id, code: ErrorCode::REFUSED_STREAM, by: By::GoAway })
            }
        }
    }
}

/// See [`Verdict`].
pub(super) enum Judged {
    Accept,
    Discard,
    Reset(ErrorCode),
}

/// Why this end resets a stream.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fault {
    pub(super) code: ErrorCode,
    pub(super) by: By,
}

impl From<ErrorCode> for Fault {
    fn from(code: ErrorCode) -> Self {
        Self { code, by: By::Fault }
    }
}

impl Fault {
    pub(super) const fn limit(limit: StreamLimit, code: ErrorCode) -> Self {
        Self { code, by: By::Limit(limit) }
    }
}

fn charge(budget: &mut Budget, tokens: u32, error: Error) -> Result<(), Error> {
    if budget.take(tokens) { Ok(()) } else { Err(error) }
}

/// Length and stream of frames of a fixed form, which their header alone tells (sections 6.3 to 6.9).
fn check_shape(head: FrameHead) -> Result<(), Error> {
    let on_stream = matches!(head.kind, kind::PRIORITY | kind::RST_STREAM);
    if (on_stream && head.id == 0) || (!on_stream && head.kind != kind::WINDOW_UPDATE && head.id != 0) {
        return Err(Error::StreamZero);
    }
    let sound = match head.kind {
        kind::RST_STREAM | kind::WINDOW_UPDATE => head.len == 4,
        kind::PING => head.len == 8,
        kind::GOAWAY => head.len >= 8,
        kind::PRIORITY_UPDATE => head.len >= 4,
        kind::SETTINGS if head.has(flag::ACK) => head.len == 0,
        kind::SETTINGS => head.len.is_multiple_of(6),
        // A wrong length of PRIORITY is an error of its stream.
        _ => true,
    };
    if sound { Ok(()) } else { Err(Error::FrameLength) }
}
