use proto_core::Step;

use super::inflation::{Piece, Run, Stop};
use crate::connection::Connection;
use crate::frame::First;
use crate::mask::{MaskKey, xor};
use crate::{Data, End, Error, Event, Kind, Reserved, Side};

impl Connection {
    /// Takes what `input[at..]` holds of the present frame of a compressed message, as far as `scratch` has room for
    /// what it becomes.
    pub(crate) fn inflate<'b>(
        &mut self,
        input: &'b mut [u8],
        at: usize,
        scratch: &'b mut [u8],
    ) -> Result<Step<Event<'b>>, Error> {
        let incoming = &self.incoming;
        let Some(deflate) = self.rare.deflate_mut() else { return Ok(Step::NONE) };
        let inflation = &mut deflate.inflation;
        if let Some(fault) = inflation.fault {
            return Err(self.fail(fault));
        }
        if scratch.is_empty() {
            return Ok(Step::quiet(at));
        }
        let there = input.len().saturating_sub(at);
        let len = usize::try_from(incoming.remaining).unwrap_or(usize::MAX).min(there);
        let ends_frame = len as u64 == incoming.remaining;
        let key = (incoming.side == Side::Server).then_some(incoming.key);
        let payload = input.get_mut(at..at + len).unwrap_or_default();
        let mut piece = Piece { payload, key, ends_frame, ends_message: ends_frame && incoming.fin };
        let run = inflation.run(&mut piece, scratch);
        self.tell_inflated(run, piece, at, scratch)
    }

    /// Takes a compressed message of one frame whose payload is `input[at..at + len]`, as far as `scratch` has room.
    pub(crate) fn inflate_whole<'b>(
        &mut self,
        kind: Kind,
        key: Option<MaskKey>,
        input: &'b mut [u8],
        (at, len): (usize, usize),
        scratch: &'b mut [u8],
    ) -> Result<Step<Event<'b>>, Error> {
        let Some(deflate) = self.rare.deflate_mut() else { return Ok(Step::NONE) };
        let inflation = &mut deflate.inflation;
        if let Err(error) = inflation.begin() {
            return Err(self.fail(error));
        }
        let payload = input.get_mut(at..at + len).unwrap_or_default();
        let mut piece = Piece { payload, key, ends_frame: true, ends_message: true };
        let run = inflation.run(&mut piece, scratch);
        // the usual outcome, for which nothing of the connection changes
        if let (Stop::Over, Some(made)) = (run.stop, scratch.get(..run.made))
            && (kind == Kind::Binary || simdutf8::basic::from_utf8(made).is_ok())
        {
            inflation.end();
            self.clock.prove();
            let data = Data {
                kind,
                payload: scratch.get_mut(..run.made).unwrap_or_default(),
                first: true,
                end: End::Message,
                remaining: 0,
                reserved: Reserved::NONE,
            };
            return Ok(Step::event(at + len, Event::Data(data)));
        }
        let first = First { fin: true, reserved: Reserved::RSV1, opcode: kind.into() };
        self.incoming.enter(first, len as u64, key.unwrap_or(MaskKey::new([0; 4])));
        self.tell_inflated(run, piece, at, scratch)
    }

    /// Tells what `run` made of the payload that begins `at` bytes into the input.
    fn tell_inflated<'b>(
        &mut self,
        mut run: Run,
        piece: Piece<'_>,
        at: usize,
        scratch: &'b mut [u8],
    ) -> Result<Step<Event<'b>>, Error> {
        let incoming = &mut self.incoming;
        let Some(deflate) = self.rare.deflate_mut() else { return Ok(Step::NONE) };
        let inflation = &mut deflate.inflation;
        // what was made before a fault is told before it
        let made = scratch.get(..run.made).unwrap_or_default();
        if incoming.message == Some(Kind::Text)
            && let Err(wrong) = incoming.utf8.check(made)
        {
            (run.made, run.stop) = (wrong, Stop::Fault(Error::InvalidUtf8));
        }
        let over = run.stop == Stop::Over;
        if over && incoming.fin && !incoming.utf8.is_boundary() {
            run.stop = Stop::Fault(Error::InvalidUtf8);
        }
        match run.stop {
            Stop::Fault(fault) if run.made == 0 => {
                if let Some(key) = piece.key {
                    xor(piece.payload.get_mut(..run.taken).unwrap_or_default(), key);
                }
                return Err(self.fail(fault));
            }
            Stop::Fault(fault) => inflation.fault = Some(fault),
            Stop::Hungry | Stop::Full | Stop::Over => {}
        }
        let end = match run.stop {
            Stop::Over if incoming.fin => End::Message,
            Stop::Over => End::Frame,
            Stop::Hungry | Stop::Full | Stop::Fault(_) => End::Partial,
        };
        let kind = incoming.message.unwrap_or(Kind::Binary); // inside a frame there is a message
        incoming.advance(run.taken, end);
        if end == End::Message {
            inflation.end();
        }
        self.clock.prove();
        let at = at + run.taken;
        if run.made == 0 && end == End::Partial {
            return Ok(Step::quiet(at));
        }
        let data = Data {
            kind,
            payload: scratch.get_mut(..run.made).unwrap_or_default(),
            first: core::mem::take(&mut self.incoming.first),
            end,
            remaining: 0,
            reserved: self.incoming.reserved.without(Reserved::RSV1),
        };
        Ok(Step::event(at, Event::Data(data)))
    }
}
