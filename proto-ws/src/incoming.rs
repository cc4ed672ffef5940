use crate::frame::{First, Opcode};
use crate::mask::{MaskKey, xor};
use crate::text::{self, unmask};
use crate::{Data, End, Error, Kind, Limits, Reserved, Side, Utf8};

/// Where the incoming stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// In front of a frame header.
    Head,
    /// Inside the payload of a data frame.
    Payload,
    /// Behind the peer's Close frame.
    Closed,
    /// Nowhere: the connection has failed.
    Failed(Error),
}

/// The receiving half of a connection. Nothing of it changes for a message that is one frame and complete in the
/// input.
#[derive(Debug)]
pub(crate) struct Incoming {
    /// Payload bytes of the present frame that are to come.
    pub(crate) remaining: u64,
    pub(crate) key: MaskKey,
    /// Bytes and frames of the present message, the present frame included; bytes are counted under a limit only.
    message_len: u32,
    fragments: u32,
    /// At most `max_message`: what a message of one frame may have.
    pub(crate) max_frame: u32,
    max_message: u32,
    max_fragments: u32,
    pub(crate) phase: Phase,
    pub(crate) side: Side,
    /// The kind of the present message, while inside one.
    pub(crate) message: Option<Kind>,
    /// Whether the present frame is the last of its message.
    pub(crate) fin: bool,
    /// Whether nothing of the present message has been told.
    pub(crate) first: bool,
    pub(crate) utf8: Utf8,
    /// The reserved bits of the present message.
    pub(crate) reserved: Reserved,
    pub(crate) claimed: Reserved,
}

impl Incoming {
    pub(crate) fn new(side: Side, claimed: Reserved, limits: &Limits) -> Self {
        Self {
            remaining: 0,
            key: MaskKey::new([0; 4]),
            message_len: 0,
            fragments: 0,
            max_frame: limits.max_frame.min(limits.max_message),
            max_message: limits.max_message,
            max_fragments: limits.max_fragments.max(1),
            phase: Phase::Head,
            side,
            message: None,
            fin: false,
            first: false,
            utf8: Utf8::default(),
            reserved: Reserved::NONE,
            claimed,
        }
    }

    pub(crate) const fn peer(&self) -> Side {
        self.side.other()
    }

    /// Checks the first byte of a header, which needs nothing but the state between frames.
    pub(crate) fn first_byte(&self, byte: u8) -> Result<First, Error> {
        let first = First::parse(byte)?;
        let claimed = if first.opcode.is_control() || first.opcode == Opcode::Continuation {
            Reserved::NONE
        } else {
            self.claimed
        };
        //= https://www.rfc-editor.org/rfc/rfc6455#section-5.2
        //# the receiving endpoint MUST _Fail the WebSocket Connection_
        if !claimed.contains(first.reserved) {
            return Err(Error::ReservedBits);
        }
        match (first.opcode, self.message) {
            // section 5.5: control frames may come between fragments but are never fragments
            (opcode, _) if opcode.is_control() => {
                if first.fin {
                    Ok(first)
                } else {
                    Err(Error::FragmentedControl)
                }
            }
            // section 5.4: the fragments of one message are not interleaved with those of another
            (Opcode::Continuation, None) => Err(Error::UnexpectedContinuation),
            (Opcode::Text | Opcode::Binary, Some(_)) => Err(Error::ExpectedContinuation),
            _ => Ok(first),
        }
    }

    /// Checks a data frame of `len` bytes against the limits. The length of a compressed message is known when it is
    /// inflated, and `deflated` is the limit on its frames, which may be longer than it.
    pub(crate) fn admit(&self, first: First, len: u64, deflated: Option<u32>) -> Result<(), Error> {
        let (before, fragments) = match first.opcode {
            Opcode::Continuation => (self.message_len, self.fragments),
            _ => (0, 0),
        };
        let over = |len: u64, limit: u32| limit != Limits::UNLIMITED && len > u64::from(limit);
        if deflated.is_none() && over(len.saturating_add(before.into()), self.max_message) {
            return Err(Error::MessageTooLarge);
        }
        if over(len, deflated.unwrap_or(self.max_frame)) {
            return Err(Error::FrameTooLarge);
        }
        if over(u64::from(fragments) + 1, self.max_fragments) {
            return Err(Error::TooManyFragments);
        }
        Ok(())
    }

    /// Enters a data frame.
    pub(crate) fn enter(&mut self, first: First, len: u64, key: MaskKey) {
        match first.opcode {
            Opcode::Continuation => {}
            opcode => {
                self.message = Some(if opcode == Opcode::Text { Kind::Text } else { Kind::Binary });
                (self.message_len, self.fragments, self.first) = (0, 0, true);
                self.reserved = first.reserved; // `utf8` is at a boundary, or the last text would have failed
            }
        }
        self.message_len = self.message_len.saturating_add(u32::try_from(len).unwrap_or(u32::MAX));
        self.fragments = self.fragments.saturating_add(1);
        (self.remaining, self.key, self.fin) = (len, key, first.fin);
        self.phase = Phase::Payload;
    }

    /// Takes what `piece` holds of the present frame: unmasks it and, if it is text, validates it. Says how many
    /// bytes of it are good; the others are left as they were.
    pub(crate) fn take(&mut self, piece: &mut [u8]) -> Result<usize, Error> {
        let masked = self.side == Side::Server;
        if self.message != Some(Kind::Text) || !self.reserved.is_none() {
            if masked {
                xor(piece, self.key);
            }
            return Ok(piece.len());
        }
        let before = self.utf8;
        let mut fault = unmask(piece, masked.then_some(self.key), &mut self.utf8).err();
        let ends = self.fin && piece.len() as u64 == self.remaining;
        //= https://www.rfc-editor.org/rfc/rfc6455#section-8.1
        //# that endpoint MUST _Fail the WebSocket Connection_
        if fault.is_none() && ends && !self.utf8.is_boundary() {
            // the wrong byte is the one that ends the message inside a code point
            let Some(last) = piece.len().checked_sub(1) else { return Err(Error::InvalidUtf8) };
            self.utf8 = before;
            let _ = self.utf8.check(piece.get(..last).unwrap_or_default()); // it was right just now
            fault = Some(text::Fault { at: last, unmasked: piece.len() });
        }
        let Some(fault) = fault else { return Ok(piece.len()) };
        if masked && let Some(behind) = piece.get_mut(fault.at..fault.unmasked) {
            xor(behind, self.key.after(fault.at));
        }
        if fault.at == 0 { Err(Error::InvalidUtf8) } else { Ok(fault.at) }
    }

    /// Moves past `payload`, the good bytes of a piece, and tells of it.
    pub(crate) fn told<'b>(&mut self, payload: &'b mut [u8]) -> Data<'b> {
        let end = match (self.remaining.saturating_sub(payload.len() as u64), self.fin) {
            (0, true) => End::Message,
            (0, false) => End::Frame,
            _ => End::Partial,
        };
        let kind = self.message.unwrap_or(Kind::Binary); // inside a frame there is a message
        self.advance(payload.len(), end);
        Data {
            kind,
            payload,
            first: core::mem::take(&mut self.first),
            end,
            remaining: self.remaining,
            reserved: self.reserved,
        }
    }

    /// Moves past `taken` bytes of the present frame, to what ends there.
    pub(crate) fn advance(&mut self, taken: usize, end: End) {
        self.key = self.key.after(taken);
        self.remaining = self.remaining.saturating_sub(taken as u64);
        if end != End::Partial {
            self.phase = Phase::Head;
        }
        if end == End::Message {
            self.message = None;
        }
    }
}
