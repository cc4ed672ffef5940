use proto_core::{Prefix, SendError, WriteBuf};

use crate::apart::Apart;
use crate::close::{Local, MAX_REASON};
use crate::connection::Connection;
#[cfg(feature = "deflate")]
use crate::deflate::Compress;
use crate::frame::{self, MAX_CONTROL, MAX_HEADER, Opcode};
use crate::incoming::Phase;
use crate::mask::{MaskKey, MaskKeys, xor_copy};
use crate::{CloseCode, Kind, Reserved};

/// The least payload that is split off to fill up the room.
pub(crate) const WORTH_A_FRAME: usize = 64;

/// How a client masks.
#[derive(Debug)]
pub(crate) struct Masking {
    pub(crate) keys: MaskKeys,
    /// Bytes announced by `prefix` that have not come through `mask_payload`, and the key for the next of them.
    open: u64,
    key: MaskKey,
}

impl Masking {
    pub(crate) fn new(seed: [u8; 16]) -> Self {
        Self { keys: MaskKeys::new(seed), open: 0, key: MaskKey::new([0; 4]) }
    }
}

impl Connection {
    /// Writes one data frame with as much of `payload` as fits, and says how much that was.
    ///
    /// The first frame of a message says `kind`; the following calls continue it, with the same `kind`, until one
    /// with `fin` has taken all of its payload. When less was taken the frame does not end the message: call
    /// again with the rest. Replies of the protocol may go in between. An empty `payload` without `fin` writes
    /// nothing. Text is to be UTF-8 over the whole message; that is not checked.
    ///
    /// # Errors
    /// [`SendError::Full`]: no room for a header and a byte, or for fewer than 64 bytes behind other output, which
    /// would not be worth a frame. [`SendError::Misuse`]: another kind inside a message,
    /// inside the payload of a [`prefix`](Self::prefix), or after the closing handshake has begun.
    #[inline]
    pub fn send(
        &mut self,
        kind: Kind,
        payload: &[u8],
        fin: bool,
        out: &mut WriteBuf<'_>,
    ) -> Result<usize, SendError> {
        self.send_reserved(kind, Reserved::NONE, payload, fin, out)
    }

    /// [`send`](Self::send) with reserved bits, for an extension that has claimed them in
    /// [`Config::reserved`](crate::Config::reserved). They are for the first frame of a message only.
    ///
    /// # Errors
    /// As `send`; also [`SendError::Misuse`] for bits that are not claimed or not on the first frame, and for RSV1
    /// where permessage-deflate was agreed on.
    #[inline]
    pub fn send_reserved(
        &mut self,
        kind: Kind,
        reserved: Reserved,
        payload: &[u8],
        fin: bool,
        out: &mut WriteBuf<'_>,
    ) -> Result<usize, SendError> {
        self.may_send()?;
        let opcode = self.opcode(kind, reserved)?;
        #[cfg(feature = "deflate")]
        if self.rare.deflates() && reserved.is_none() {
            return self.send_deflated(Compress::Auto, kind, opcode, payload, fin, out);
        }
        self.send_plain(kind, opcode, reserved, payload, fin, out)
    }

    #[inline]
    pub(crate) fn send_plain(
        &mut self,
        kind: Kind,
        opcode: Opcode,
        reserved: Reserved,
        payload: &[u8],
        fin: bool,
        out: &mut WriteBuf<'_>,
    ) -> Result<usize, SendError> {
        if payload.is_empty() && !fin {
            return Ok(0);
        }
        match put(&mut self.masking, opcode, fin, reserved, payload, out) {
            Ok(()) => {
                self.sending = if fin { None } else { Some(kind) };
                Ok(payload.len())
            }
            Err(_) => self.send_some(kind, opcode, reserved, payload, out),
        }
    }

    /// Writes the beginning of a payload that does not fit.
    fn send_some(
        &mut self,
        kind: Kind,
        opcode: Opcode,
        reserved: Reserved,
        payload: &[u8],
        out: &mut WriteBuf<'_>,
    ) -> Result<usize, SendError> {
        let fits = frame::fitting(out.room(), self.masking.is_some()).unwrap_or(0);
        // a scrap behind other output is not worth a frame; an empty buffer will not get any larger
        let worth = if out.is_empty() { 1 } else { WORTH_A_FRAME };
        let part = payload.get(..fits).filter(|part| part.len() >= worth).ok_or(SendError::Full)?;
        put(&mut self.masking, opcode, false, reserved, part, out)?;
        self.sending = Some(kind);
        Ok(fits)
    }

    /// Writes a message as one frame, whole or not at all.
    ///
    /// # Errors
    /// As [`send`](Self::send); [`SendError::Full`] when the frame does not fit.
    #[inline]
    pub fn send_message(
        &mut self,
        kind: Kind,
        payload: &[u8],
        out: &mut WriteBuf<'_>,
    ) -> Result<(), SendError> {
        self.may_send()?;
        if self.sending.is_some() {
            return Err(SendError::Misuse);
        }
        #[cfg(feature = "deflate")]
        if self.rare.deflates() {
            return self.send_message_deflated(kind, payload, out);
        }
        put(&mut self.masking, kind.into(), true, Reserved::NONE, payload, out)
    }

    /// The header of a data frame of `len` bytes, for callers that write the payload from where it lies. It is not
    /// compressed.
    ///
    /// Exactly `len` bytes of payload must follow the header on the wire before anything else does: nothing may
    /// be written by `transmit` in between. A client passes each piece of them, in order, to
    /// [`mask_payload`](Self::mask_payload), and until the last of them `transmit` writes nothing and other sends
    /// are refused; a server, which does not see the payload, relies on its caller.
    ///
    /// # Errors
    /// [`SendError::Misuse`] as for [`send`](Self::send), for a length of 2^63 or more, and inside a message that is
    /// sent compressed.
    #[inline]
    pub fn prefix(&mut self, kind: Kind, len: u64, fin: bool) -> Result<Prefix<MAX_HEADER>, SendError> {
        self.prefix_reserved(kind, Reserved::NONE, len, fin)
    }

    /// [`prefix`](Self::prefix) with reserved bits: see [`send_reserved`](Self::send_reserved).
    ///
    /// # Errors
    /// As `prefix`; also [`SendError::Misuse`] for bits that are not claimed or not on the first frame.
    pub fn prefix_reserved(
        &mut self,
        kind: Kind,
        reserved: Reserved,
        len: u64,
        fin: bool,
    ) -> Result<Prefix<MAX_HEADER>, SendError> {
        self.may_send()?;
        let opcode = self.opcode(kind, reserved)?;
        if len >> 63 != 0 || self.is_deflating() {
            return Err(SendError::Misuse);
        }
        self.sending = if fin { None } else { Some(kind) };
        let key = self.masking.as_mut().map(|masking| {
            masking.key = masking.keys.next();
            masking.open = len;
            masking.key
        });
        Ok(frame::header(opcode, fin, reserved, len, key))
    }

    /// Masks, in place, the next piece of the payload announced by [`prefix`](Self::prefix). On a server, which
    /// does not mask, it does nothing.
    ///
    /// # Errors
    /// [`SendError::Misuse`] for more bytes than were announced; nothing was masked.
    pub fn mask_payload(&mut self, piece: &mut [u8]) -> Result<(), SendError> {
        if let Some(masking) = &mut self.masking {
            masking.open = masking.open.checked_sub(piece.len() as u64).ok_or(SendError::Misuse)?;
            masking.key.apply(piece);
        }
        Ok(())
    }

    /// Writes a ping. Its pong will have the same payload.
    ///
    /// # Errors
    /// [`SendError::Full`]: no room. [`SendError::Misuse`]: more than 125 bytes, inside the payload of a
    /// [`prefix`](Self::prefix), or after the closing handshake has begun.
    pub fn ping(&mut self, payload: &[u8], out: &mut WriteBuf<'_>) -> Result<(), SendError> {
        self.send_control(Opcode::Ping, payload, out)
    }

    /// Writes a pong nobody asked for: a sign of life that expects no answer
    /// ([section 5.5.3](https://www.rfc-editor.org/rfc/rfc6455#section-5.5.3)). Pings are answered by
    /// [`transmit`](Self::transmit).
    ///
    /// # Errors
    /// As [`ping`](Self::ping).
    pub fn pong(&mut self, payload: &[u8], out: &mut WriteBuf<'_>) -> Result<(), SendError> {
        self.send_control(Opcode::Pong, payload, out)
    }

    /// Writes the Close frame: begins the closing handshake, or answers the peer's Close frame in other words
    /// than `transmit` would. Nothing can be sent after it; what the peer still sends is told until its own Close
    /// frame comes or [`Config::close_timeout`](crate::Config::close_timeout) has passed.
    ///
    /// # Errors
    /// [`SendError::Full`]: no room. [`SendError::Misuse`]: a reason without a code or of more than 123 bytes
    /// ([`MAX_REASON`](crate::MAX_REASON)), inside the payload of a [`prefix`](Self::prefix), or when a Close
    /// frame was sent before or the connection has failed.
    pub fn close(
        &mut self,
        code: Option<CloseCode>,
        reason: &str,
        out: &mut WriteBuf<'_>,
    ) -> Result<(), SendError> {
        let answers = self.incoming.phase == Phase::Closed && self.local != Local::Done;
        if (self.local != Local::Open && !answers) || self.is_inside_payload() {
            return Err(SendError::Misuse);
        }
        self.put_close(code, reason, out)?;
        if !answers {
            self.clock.closing();
            self.initiator = self.side();
        }
        Ok(())
    }

    /// Writes what the protocol owes: see [`Codec::transmit`](proto_core::Codec::transmit).
    pub fn transmit(&mut self, out: &mut WriteBuf<'_>) {
        if self.is_inside_payload() {
            return;
        }
        match self.local {
            Local::Open => self.transmit_control(out),
            Local::Owes => {
                let code = match self.incoming.phase {
                    Phase::Failed(error) => error.close_code(),
                    Phase::Closed | Phase::Head | Phase::Payload => self.remote,
                };
                let _ = self.put_close(code, "", out); // when it does not fit it stays owed
            }
            Local::Done => {}
        }
    }

    fn transmit_control(&mut self, out: &mut WriteBuf<'_>) {
        let none = Reserved::NONE;
        if let Some(payload) = self.rare.owed()
            && put(&mut self.masking, Opcode::Pong, true, none, payload, out).is_ok()
        {
            self.rare.clear();
        }
        if self.clock.ping_owed && put(&mut self.masking, Opcode::Ping, true, none, &[], out).is_ok() {
            self.clock.ping_owed = false;
        }
    }

    fn send_control(
        &mut self,
        opcode: Opcode,
        payload: &[u8],
        out: &mut WriteBuf<'_>,
    ) -> Result<(), SendError> {
        self.may_send()?;
        if payload.len() > MAX_CONTROL {
            return Err(SendError::Misuse);
        }
        put(&mut self.masking, opcode, true, Reserved::NONE, payload, out)
    }

    fn put_close(
        &mut self,
        code: Option<CloseCode>,
        reason: &str,
        out: &mut WriteBuf<'_>,
    ) -> Result<(), SendError> {
        let mut payload = [0; MAX_CONTROL];
        let payload = match code {
            None if reason.is_empty() => &payload[..0],
            Some(code) if reason.len() <= MAX_REASON => {
                let (head, tail) = payload.split_at_mut(2);
                head.copy_from_slice(&code.value().to_be_bytes());
                tail[..reason.len()].copy_from_slice(reason.as_bytes());
                &payload[..2 + reason.len()]
            }
            _ => return Err(SendError::Misuse),
        };
        put(&mut self.masking, Opcode::Close, true, Reserved::NONE, payload, out)?;
        self.local = Local::Done;
        Ok(())
    }

    #[inline]
    pub(crate) fn may_send(&self) -> Result<(), SendError> {
        if self.local == Local::Open && !self.is_inside_payload() { Ok(()) } else { Err(SendError::Misuse) }
    }

    /// Whether a payload announced by `prefix` is incomplete. Only a client can know.
    #[inline]
    pub(crate) fn is_inside_payload(&self) -> bool {
        self.masking.as_ref().is_some_and(|masking| masking.open != 0)
    }

    /// Whether the message that is being sent is compressed.
    fn is_deflating(&self) -> bool {
        #[cfg(feature = "deflate")]
        if let Some(deflate) = self.rare.deflate() {
            return deflate.deflation.open;
        }
        false
    }

    /// The opcode of the next data frame.
    #[inline]
    pub(crate) fn opcode(&self, kind: Kind, reserved: Reserved) -> Result<Opcode, SendError> {
        match self.sending {
            None if self.rare.deflates() && reserved.contains(Reserved::RSV1) => Err(SendError::Misuse),
            None if self.incoming.claimed.contains(reserved) => Ok(kind.into()),
            Some(present) if present == kind && reserved.is_none() => Ok(Opcode::Continuation),
            _ => Err(SendError::Misuse),
        }
    }
}

/// Writes one frame, whole or not at all.
// compression calls it from more places, and then the compiler would call it for small frames, too
#[inline(always)]
pub(crate) fn put(
    masking: &mut Option<Apart<Masking>>,
    opcode: Opcode,
    fin: bool,
    reserved: Reserved,
    payload: &[u8],
    out: &mut WriteBuf<'_>,
) -> Result<(), SendError> {
    let len = payload.len();
    let size = frame::header_size(len as u64, masking.is_some());
    let room = out.spare().get_mut(..size.saturating_add(len)).ok_or(SendError::Full)?;
    let (head, body) = room.split_at_mut(size);
    // the key is drawn once nothing can fail any more
    let key = masking.as_mut().map(|masking| masking.keys.next());
    frame::write_header(head, opcode, fin, reserved, len as u64, key);
    match key {
        Some(key) => xor_copy(body, payload, key),
        None => body.copy_from_slice(payload),
    }
    out.advance(size + len);
    Ok(())
}
