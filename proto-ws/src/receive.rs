use proto_core::Step;

use crate::close::{self, Local};
use crate::connection::Connection;
use crate::frame::{self, First, Length, MAX_CONTROL, MAX_HEADER, Opcode};
use crate::incoming::Phase;
use crate::mask::{MaskKey, xor};
use crate::text;
use crate::{Data, End, Error, Event, Kind, Reserved, Side};

impl Connection {
    /// Takes one frame, or what there is of it, off the front of `input`: see [`Codec::receive`].
    ///
    /// A frame that is complete in `input` gives one event. A header that is not complete stays unconsumed, as
    /// does a control frame; the payload of a data frame is handed on as it arrives. A compressed message is inflated
    /// into `scratch`, which must have room for a byte at least; one more call, though no input is left, tells what
    /// there was no room for.
    ///
    /// # Errors
    /// What the peer did wrong; see [`Error`].
    ///
    /// [`Codec::receive`]: proto_core::Codec::receive
    // left to its estimate, the compiler calls this, and a small frame pays a quarter more: for registers that are
    // saved, and for an event that goes through memory
    #[inline(always)]
    pub fn receive<'b>(
        &mut self,
        input: &'b mut [u8],
        scratch: &'b mut [u8],
    ) -> Result<Step<Event<'b>>, Error> {
        if let Some(whole) = self.whole::<0>(input) {
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
        self.receive_any(input, scratch)
    }

    /// The common case, apart: a message of one frame that is complete in `input`, with these reserved bits and nothing to
    /// object to in its header. Everything else, each fault included, is `None` and takes the way through `head`.
    #[inline]
    fn whole<const RESERVED: u8>(&self, input: &[u8]) -> Option<Whole> {
        let incoming = &self.incoming;
        if incoming.phase != Phase::Head || incoming.message.is_some() {
            return None;
        }
        let head = input.first_chunk::<MAX_HEADER>()?;
        let kind = match head[0] ^ RESERVED {
            0x81 => Kind::Text,
            0x82 => Kind::Binary,
            _ => return None,
        };
        let masked = head[1] & 0x80 != 0;
        if masked != (incoming.side == Side::Server) {
            return None;
        }
        let (len, at) = match head[1] & 0x7f {
            126 => {
                let len = u16::from_be_bytes([head[2], head[3]]);
                if len < 126 {
                    return None;
                }
                (usize::from(len), 4)
            }
            127 => {
                let &[_, _, len @ .., _, _, _, _] = head;
                let len = u64::from_be_bytes(len);
                if len <= 0xffff || len >> 63 != 0 {
                    return None;
                }
                (usize::try_from(len).ok()?, 10)
            }
            len => (usize::from(len), 2),
        };
        let start = if masked { at + 4 } else { at };
        if len > input.len() - start || len as u64 > u64::from(incoming.max_frame) {
            return None;
        }
        let key = *head.get(at..)?.first_chunk::<4>()?;
        Some(Whole { kind, start, len, key: masked.then_some(MaskKey::new(key)) })
    }

    #[inline(never)]
    fn receive_any<'b>(
        &mut self,
        input: &'b mut [u8],
        scratch: &'b mut [u8],
    ) -> Result<Step<Event<'b>>, Error> {
        #[cfg(feature = "deflate")]
        if self.rare.deflates()
            && let Some(whole) = self.whole::<{ Reserved::RSV1.bits() }>(input)
        {
            let Whole { kind, start, len, key } = whole;
            return self.inflate_whole(kind, key, input, (start, len), scratch);
        }
        match self.incoming.phase {
            Phase::Head => self.head(input, scratch),
            Phase::Payload => self.piece(input, 0, scratch),
            Phase::Closed => Ok(Step::quiet(input.len())),
            Phase::Failed(error) => Err(error),
        }
    }

    /// Takes a frame from its header on. Each byte is checked as soon as it is there, in the order of the wire, so
    /// what is wrong with a header does not depend on how it was cut.
    fn head<'b>(&mut self, input: &'b mut [u8], scratch: &'b mut [u8]) -> Result<Step<Event<'b>>, Error> {
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
            let deflated = self.frames_of_deflated(first);
            self.incoming.admit(first, len, deflated).map_err(|error| self.fail(error))?;
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
        #[cfg(feature = "deflate")]
        if let Some(deflate) = self.rare.deflate_mut().filter(|_| first.reserved.contains(Reserved::RSV1)) {
            deflate.inflation.begin().map_err(|error| self.fail(error))?;
        }
        self.incoming.enter(first, len, key);
        self.piece(input, start, scratch)
    }

    /// The limit on a data frame that belongs to a message which is inflated here.
    #[cfg_attr(not(feature = "deflate"), expect(clippy::unused_self))]
    fn frames_of_deflated(&self, first: First) -> Option<u32> {
        #[cfg(feature = "deflate")]
        if let Some(deflate) = self.rare.deflate() {
            let reserved = match first.opcode {
                Opcode::Continuation => self.incoming.reserved,
                _ => first.reserved,
            };
            return reserved.contains(Reserved::RSV1).then_some(deflate.inflation.max_frame);
        }
        let _ = first;
        None
    }

    /// Takes what `input[at..]` holds of the present data frame.
    fn piece<'b>(
        &mut self,
        input: &'b mut [u8],
        at: usize,
        scratch: &'b mut [u8],
    ) -> Result<Step<Event<'b>>, Error> {
        #[cfg(feature = "deflate")]
        if self.rare.deflates() && self.incoming.reserved.contains(Reserved::RSV1) {
            return self.inflate(input, at, scratch);
        }
        let _ = scratch;
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
        let data = incoming.told(piece.get_mut(..len).unwrap_or_default());
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
                self.rare.owe(payload);
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
