use proto_core::Step;

use crate::close::{self, Local};
use crate::connection::Connection;
use crate::frame::{self, First, Length, MAX_CONTROL, MAX_HEADER, Opcode};
use crate::mask::{MaskKey, xor};
use crate::text::{self, unmask};
use crate::{Data, End, Error, Event, Kind, Limits, Reserved, Side, Utf8};

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
    remaining: u64,
    key: MaskKey,
    /// Bytes and frames of the present message, the present frame included; bytes are counted under a limit only.
    message_len: u32,
    fragments: u32,
    /// At most `max_message`: what a message of one frame may have.
    max_frame: u32,
    max_message: u32,
    max_fragments: u32,
    pub(crate) phase: Phase,
    pub(crate) side: Side,
    /// The kind of the present message, while inside one.
    message: Option<Kind>,
    /// Whether the present frame is the last of its message.
    fin: bool,
    /// Whether nothing of the present message has been told.
    first: bool,
    utf8: Utf8,
    /// The reserved bits of the present message.
    reserved: Reserved,
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

    const fn peer(&self) -> Side {
        match self.side {
            Side::Server => Side::Client,
            Side::Client => Side::Server,
        }
    }

    /// Checks the first byte of a header, which needs nothing but the state between frames.
    fn first_byte(&self, byte: u8) -> Result<First, Error> {
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

    /// Checks a data frame of `len` bytes against the limits.
    fn admit(&self, first: First, len: u64) -> Result<(), Error> {
        let (before, fragments) = match first.opcode {
            Opcode::Continuation => (self.message_len, self.fragments),
            _ => (0, 0),
        };
        let over = |len: u64, limit: u32| limit != Limits::UNLIMITED && len > u64::from(limit);
        if over(len.saturating_add(before.into()), self.max_message) {
            return Err(Error::MessageTooLarge);
        }
        if over(len, self.max_frame) {
            return Err(Error::FrameTooLarge);
        }
        if over(u64::from(fragments) + 1, self.max_fragments) {
            return Err(Error::TooManyFragments);
        }
        Ok(())
    }

    /// Enters a data frame.
    fn enter(&mut self, first: First, len: u64, key: MaskKey) {
        match first.opcode {
            Opcode::Continuation => {}
            opcode => {
                self.message = Some(if opcode == Opcode::Text { Kind::Text } else { Kind::Binary });
                (self.message_len, self.fragments, self.first) = (0, 0, true);
                (self.utf8, self.reserved) = (Utf8::default(), first.reserved);
            }
        }
        self.message_len = self.message_len.saturating_add(u32::try_from(len).unwrap_or(u32::MAX));
        self.fragments = self.fragments.saturating_add(1);
        (self.remaining, self.key, self.fin) = (len, key, first.fin);
        self.phase = Phase::Payload;
    }

    /// Takes what `piece` holds of the present frame: unmasks it and, if it is text, validates it. Says how many
    /// bytes of it are good; the others are left as they were.
    fn take(&mut self, piece: &mut [u8]) -> Result<usize, Error> {
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
}

impl Connection {
    /// Takes one frame, or what there is of it, off the front of `input`: see [`Codec::receive`].
    ///
    /// A frame that is complete in `input` gives one event. A header that is not complete stays unconsumed, as
    /// does a control frame; the payload of a data frame is handed on as it arrives. `scratch` is not used (it is
    /// for what extensions decode).
    ///
    /// # Errors
    /// What the peer did wrong; see [`Error`].
    ///
    /// [`Codec::receive`]: proto_core::Codec::receive
    #[inline]
    pub fn receive<'b>(
        &mut self,
        input: &'b mut [u8],
        _scratch: &mut [u8],
    ) -> Result<Step<Event<'b>>, Error> {
        if let Some(whole) = self.whole(input) {
            let end = whole.start + whole.len;
            if let Some(payload) = input.get_mut(whole.start..end)
                && take_whole(payload, &whole)
            {
                self.clock.prove();
                // sliced again: a borrow that is returned from here only may not be used on the other path
                let payload = input.get_mut(whole.start..end).unwrap_or_default();
                let data = Data {
                    kind: whole.kind,
                    payload,
                    first: true,
                    end: End::Message,
                    remaining: 0,
                    reserved: Reserved::NONE,
                };
                return Ok(Step::event(end, Event::Data(data)));
            }
        }
        self.receive_any(input)
    }

    /// The common case, apart: a message of one frame that is complete in `input`, with nothing to object to in
    /// its header. Everything else, each fault included, is `None` and takes the way through `receive_any`.
    #[inline]
    fn whole(&self, input: &[u8]) -> Option<Whole> {
        let incoming = &self.incoming;
        if incoming.phase != Phase::Head || incoming.message.is_some() {
            return None;
        }
        let head = input.first_chunk::<MAX_HEADER>()?;
        let kind = match head[0] {
            0x81 => Kind::Text,
            0x82 => Kind::Binary,
            _ => return None,
        };
        let masked = head[1] & 0x80 != 0;
        if masked != (incoming.side == Side::Server) {
            return None;
        }
        let (at, len) = match head[1] & 0x7f {
            126 => match u16::from_be_bytes([head[2], head[3]]) {
                0..126 => return None,
                len => (4, usize::from(len)),
            },
            127 => {
                let &[_, _, len @ .., _, _, _, _] = head;
                match u64::from_be_bytes(len) {
                    0..=0xffff | 0x8000_0000_0000_0000.. => return None,
                    len => (10, usize::try_from(len).ok()?),
                }
            }
            len => (2, usize::from(len)),
        };
        let key = MaskKey::new(*head.get(at..)?.first_chunk()?);
        let start = if masked { at + 4 } else { at };
        let there = input.len().checked_sub(start)?;
        (len <= there && len as u64 <= u64::from(incoming.max_frame)).then_some(Whole {
            kind,
            start,
            len,
            key: masked.then_some(key),
        })
    }

    #[inline(never)]
    fn receive_any<'b>(&mut self, input: &'b mut [u8]) -> Result<Step<Event<'b>>, Error> {
        match self.incoming.phase {
            Phase::Head => self.head(input),
            Phase::Payload => self.piece(input, 0),
            Phase::Closed => Ok(Step::quiet(input.len())),
            Phase::Failed(error) => Err(error),
        }
    }

    /// Takes a frame from its header on. Each byte is checked as soon as it is there, in the order of the wire, so
    /// what is wrong with a header does not depend on how it was cut.
    fn head<'b>(&mut self, input: &'b mut [u8]) -> Result<Step<Event<'b>>, Error> {
        let Some(&byte) = input.first() else { return Ok(Step::NONE) };
        let first = self.incoming.first_byte(byte).map_err(|error| self.fail(error))?;
        let Some(&second) = input.get(1) else { return Ok(Step::NONE) };
        let masked = frame::masked(second, self.incoming.peer()).map_err(|error| self.fail(error))?;
        let control = first.opcode.is_control();
        //= https://www.rfc-editor.org/rfc/rfc6455#section-5.5
        //# All control frames MUST have a payload length of 125 bytes or less
        if control && usize::from(second & 0x7f) > MAX_CONTROL {
            return Err(self.fail(Error::LongControl));
        }
        let (len, at) = match frame::length(second, input).map_err(|error| self.fail(error))? {
            Length::Incomplete => return Ok(Step::NONE),
            Length::Known(len, at) => (len, at),
        };
        if !control {
            self.incoming.admit(first, len).map_err(|error| self.fail(error))?;
        }
        let (key, start) = match (masked, input.get(at..at + 4)) {
            (false, _) => (MaskKey::new([0; 4]), at),
            (true, Some(&[a, b, c, d])) => (MaskKey::new([a, b, c, d]), at + 4),
            (true, _) => return Ok(Step::NONE),
        };
        if control {
            return self.control(first.opcode, input, start, start + len as usize, key); // len <= 125
        }
        let carries_nothing = len == 0 && !first.fin;
        if carries_nothing && !self.control.take(1) {
            return Err(self.fail(Error::Flood));
        }
        self.incoming.enter(first, len, key);
        self.piece(input, start)
    }

    /// Takes what `input[at..]` holds of the present data frame.
    fn piece<'b>(&mut self, input: &'b mut [u8], at: usize) -> Result<Step<Event<'b>>, Error> {
        let incoming = &mut self.incoming;
        let there = input.len().saturating_sub(at);
        let len = usize::try_from(incoming.remaining).unwrap_or(usize::MAX).min(there);
        if len == 0 && incoming.remaining != 0 {
            return Ok(Step::quiet(at));
        }
        let Some(piece) = input.get_mut(at..at + len) else { return Ok(Step::NONE) };
        let len = match incoming.take(piece) {
            Ok(len) => len,
            Err(error) => return Err(self.fail(error)),
        };
        incoming.key = incoming.key.after(len);
        incoming.remaining -= len as u64;
        let end = match (incoming.remaining, incoming.fin) {
            (0, true) => End::Message,
            (0, false) => End::Frame,
            _ => End::Partial,
        };
        let data = Data {
            kind: incoming.message.unwrap_or(Kind::Binary), // inside a frame there is a message
            payload: piece.get_mut(..len).unwrap_or_default(),
            first: core::mem::take(&mut incoming.first),
            end,
            remaining: incoming.remaining,
            reserved: incoming.reserved,
        };
        if end != End::Partial {
            incoming.phase = Phase::Head;
        }
        if end == End::Message {
            incoming.message = None;
        }
        self.clock.prove();
        Ok(Step::event(at + len, Event::Data(data)))
    }

    /// Takes a control frame whose payload is `input[start..end]`, if it is all there.
    fn control<'b>(
        &mut self,
        opcode: Opcode,
        input: &'b mut [u8],
        start: usize,
        end: usize,
        key: MaskKey,
    ) -> Result<Step<Event<'b>>, Error> {
        let Some(payload) = input.get_mut(start..end) else { return Ok(Step::NONE) };
        if opcode != Opcode::Close && !self.control.take(1) {
            return Err(self.fail(Error::Flood));
        }
        xor(payload, key);
        if opcode == Opcode::Close
            && let Err(error) = close::parse(payload)
        {
            xor(payload, key);
            return Err(self.fail(error));
        }
        self.clock.prove();
        let event = match opcode {
            Opcode::Ping => {
                // section 5.5.1: nothing follows our own Close frame
                if self.local == Local::Open {
                    self.pong.owe(payload);
                }
                Event::Ping(payload)
            }
            Opcode::Close => {
                let (code, reason) = close::parse(payload).unwrap_or((None, "")); // checked above
                self.incoming.phase = Phase::Closed;
                self.remote = code;
                if self.local == Local::Open {
                    self.initiator = self.incoming.peer();
                    self.clock.closing();
                    //= https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1
                    //# the endpoint MUST send a Close frame in response
                    self.local = Local::Owes;
                }
                Event::Close { code, reason }
            }
            _ => Event::Pong(payload),
        };
        Ok(Step::event(end, event))
    }
}

/// A message of one frame, complete in the input.
struct Whole {
    kind: Kind,
    start: usize,
    len: usize,
    key: Option<MaskKey>,
}

/// Unmasks the payload of `whole` and validates it; if that fails, leaves it as it was.
#[inline]
fn take_whole(payload: &mut [u8], whole: &Whole) -> bool {
    match (whole.kind, whole.key) {
        (Kind::Binary, None) => true,
        (Kind::Binary, Some(key)) => {
            xor(payload, key);
            true
        }
        (Kind::Text, key) => text::unmask_whole(payload, key),
    }
}
