use proto_core::{SendError, WriteBuf};

use super::backend::{Deflate as _, Deflater, Settings};
use super::negotiation::Direction;
use super::state::{Slot, Source};
use super::worth::looks_random;
use super::{DeflateConfig, TAIL};
use crate::connection::Connection;
use crate::frame::{self, Opcode};
use crate::mask::xor;
use crate::send::{WORTH_A_FRAME, put};
use crate::{Kind, Reserved};

/// Whether a message is to be compressed, where the extension was agreed on. It is decided with the first piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Compress {
    /// If it is worth it: not below [`DeflateConfig::threshold`], not binary data that looks random, and not where the
    /// compressed form turns out to be the longer one.
    #[default]
    Auto,
    /// In any case, unless the compressed form of a message that is sent as one frame turns out to be the longer one.
    Always,
    /// Not: it is compressed already, or a secret that must not share a compression context with what others can
    /// choose (as in CRIME and BREACH).
    Never,
}

/// The sending half.
#[derive(Debug)]
pub(crate) struct Deflation {
    pub(crate) slot: Slot<Deflater>,
    pub(crate) direction: Direction,
    settings: Settings,
    threshold: usize,
    /// The most payload bytes compressed at once.
    piece: usize,
    /// The compressor knows of earlier data, which what it makes may refer to.
    used: bool,
    /// Inside a message that is sent compressed.
    pub(crate) open: bool,
}

/// The most bytes of a stored block ([RFC 1951 section 3.2.4](https://www.rfc-editor.org/rfc/rfc1951#section-3.2.4)).
const STORED: usize = 0xffff;

/// The bytes `len` bytes take in stored blocks, and one to end a message with.
const fn stored_size(len: usize) -> usize {
    len + 5 * len.div_ceil(STORED) + 1
}

/// Writes `payload` in stored blocks; says how much that was.
fn store(payload: &[u8], out: &mut [u8]) -> usize {
    let mut at = 0;
    for block in payload.chunks(STORED) {
        let len = block.len() as u16; // at most `STORED`
        let [a, b] = len.to_le_bytes();
        for part in [&[0, a, b, !a, !b][..], block] {
            if let Some(room) = out.get_mut(at..at + part.len()) {
                room.copy_from_slice(part);
            }
            at += part.len();
        }
    }
    at
}

impl Deflation {
    pub(crate) fn new(direction: Direction, config: &DeflateConfig) -> Self {
        let threshold = usize::from(config.threshold);
        Self {
            slot: Slot::new(),
            direction,
            settings: Settings::new(config, direction.bits),
            threshold: if direction.takeover { threshold } else { threshold * 4 },
            piece: 1 << config.tx_buf_size,
            used: false,
            open: false,
        }
    }

    /// Whether a message that begins with `payload`, and ends with it if it is `whole`, is to be compressed.
    fn chooses(&self, kind: Kind, compress: Compress, payload: &[u8], whole: bool) -> bool {
        match compress {
            Compress::Never => false,
            Compress::Always => self.is_able(),
            Compress::Auto => {
                let small = whole && payload.len() < self.threshold;
                !small && self.is_able() && !(kind == Kind::Binary && looks_random(payload))
            }
        }
    }

    fn is_able(&self) -> bool {
        self.settings.level > 0 && (self.slot.state.is_some() || self.slot.source != Source::Denied)
    }

    /// Compresses `payload` into `out`. `None`: it does not fit; the peer must not see what is there, and what comes
    /// next refers to nothing before it, so that it does not matter that the peer lacks this.
    fn deflate(&mut self, payload: &[u8], out: &mut [u8]) -> Option<usize> {
        let settings = self.settings;
        let deflater = self.slot.obtain(|| Deflater::new(settings))?;
        let made = deflater.deflate(payload, out);
        self.used = made.is_some();
        if made.is_none() {
            deflater.reset();
        }
        made
    }

    /// A message begins.
    fn begin(&mut self) {
        if let Some(deflater) = self.slot.state.as_mut().filter(|_| !self.direction.takeover && self.used) {
            deflater.reset();
            self.used = false;
        }
    }

    /// A message is over.
    fn end(&mut self) {
        self.open = false;
        if !self.direction.takeover {
            self.slot.rest();
            self.used &= self.slot.state.is_some();
        }
    }

    /// The bytes of its state.
    pub(crate) fn memory(&self) -> usize {
        Deflater::needs(self.settings)
    }

    pub(crate) fn can_use(&self, deflater: &Deflater) -> bool {
        deflater.settings() == self.settings
    }

    /// Takes what the pool lends, which somebody else has used, or leave to make it.
    pub(crate) fn lend(&mut self, deflater: Option<Deflater>, may_make: bool) {
        self.used = deflater.is_some();
        self.slot.lend(deflater, may_make);
    }
}

impl Connection {
    /// [`send`](Self::send) with a choice about compression, which counts for the first piece of a message.
    ///
    /// What is taken of a message in pieces goes out at once: the receiver can make all of it of the frame.
    ///
    /// # Errors
    /// As `send`.
    #[inline]
    pub fn send_with(
        &mut self,
        compress: Compress,
        kind: Kind,
        payload: &[u8],
        fin: bool,
        out: &mut WriteBuf<'_>,
    ) -> Result<usize, SendError> {
        self.may_send()?;
        let opcode = self.opcode(kind, Reserved::NONE)?;
        if !self.rare.deflates() {
            return self.send_plain(kind, opcode, Reserved::NONE, payload, fin, out);
        }
        self.send_deflated(compress, kind, opcode, payload, fin, out)
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn send_deflated(
        &mut self,
        compress: Compress,
        kind: Kind,
        opcode: Opcode,
        payload: &[u8],
        fin: bool,
        out: &mut WriteBuf<'_>,
    ) -> Result<usize, SendError> {
        let none = Reserved::NONE;
        let Some(deflate) = self.rare.deflate_mut() else {
            return self.send_plain(kind, opcode, none, payload, fin, out);
        };
        if payload.is_empty() && !fin {
            return Ok(0);
        }
        let deflation = &mut deflate.deflation;
        if self.sending.is_none() {
            let fits =
                fin && payload.len() <= deflation.piece && plain_fits(payload, self.masking.is_some(), out);
            if !deflation.chooses(kind, compress, payload, fin) {
                return self.send_plain(kind, opcode, none, payload, fin, out);
            }
            if fits {
                return self.send_whole(opcode, payload, out).map(|()| payload.len());
            }
            deflation.begin();
        } else if !deflation.open {
            return self.send_plain(kind, opcode, none, payload, fin, out);
        }
        self.send_piece(kind, opcode, payload, fin, out)
    }

    /// [`send_message`](Self::send_message) with a choice about compression. It needs the same room whether or not the
    /// message is compressed.
    ///
    /// # Errors
    /// As `send_message`.
    #[inline]
    pub fn send_message_with(
        &mut self,
        compress: Compress,
        kind: Kind,
        payload: &[u8],
        out: &mut WriteBuf<'_>,
    ) -> Result<(), SendError> {
        self.may_send()?;
        if self.sending.is_some() {
            return Err(SendError::Misuse);
        }
        let chosen = self
            .rare
            .deflate()
            .is_some_and(|deflate| deflate.deflation.chooses(kind, compress, payload, true));
        if !chosen {
            return put(&mut self.masking, kind.into(), true, Reserved::NONE, payload, out);
        }
        if !plain_fits(payload, self.masking.is_some(), out) {
            return Err(SendError::Full);
        }
        self.send_whole(kind.into(), payload, out)
    }

    /// [`send_message`](Self::send_message) where messages may be compressed: apart, for the others are not to pay for it.
    #[cold]
    #[inline(never)]
    pub(crate) fn send_message_deflated(
        &mut self,
        kind: Kind,
        payload: &[u8],
        out: &mut WriteBuf<'_>,
    ) -> Result<(), SendError> {
        self.send_message_with(Compress::Auto, kind, payload, out)
    }

    /// Writes a message, for which there is room as it is, as one frame: compressed if that makes it shorter.
    fn send_whole(
        &mut self,
        opcode: Opcode,
        payload: &[u8],
        out: &mut WriteBuf<'_>,
    ) -> Result<(), SendError> {
        let masked = self.masking.is_some();
        if let Some(deflate) = self.rare.deflate_mut() {
            let deflation = &mut deflate.deflation;
            deflation.begin();
            let start = frame::header_size(payload.len() as u64, masked);
            let room = out.spare().get_mut(start..).unwrap_or_default();
            let limit = room.len().min(payload.len() + TAIL.len());
            let made = deflation.deflate(payload, room.get_mut(..limit).unwrap_or_default());
            deflation.end();
            //= https://www.rfc-editor.org/rfc/rfc7692#section-7.2.1
            //# Remove 4 octets (that are 0x00 0x00 0xff 0xff) from the tail end.
            if let Some(len) = made.and_then(|made| made.checked_sub(TAIL.len())) {
                self.frame(opcode, true, Reserved::RSV1, start, len, out);
                return Ok(());
            }
        }
        put(&mut self.masking, opcode, true, Reserved::NONE, payload, out)
    }

    /// Writes as much as fits of a message that goes in pieces.
    fn send_piece(
        &mut self,
        kind: Kind,
        opcode: Opcode,
        payload: &[u8],
        fin: bool,
        out: &mut WriteBuf<'_>,
    ) -> Result<usize, SendError> {
        let Some(deflate) = self.rare.deflate_mut() else { return Err(SendError::Misuse) };
        let deflation = &mut deflate.deflation;
        // however badly it compresses, as stored blocks it fits
        let room = frame::fitting(out.room(), self.masking.is_some()).ok_or(SendError::Full)?;
        let fits = room.saturating_sub(stored_size(room) - room);
        let worth = if out.is_empty() { 1 } else { WORTH_A_FRAME };
        let taken = payload.len().min(deflation.piece).min(fits);
        if taken < payload.len().min(worth) {
            return Err(SendError::Full);
        }
        let last = fin && taken == payload.len();
        let part = payload.get(..taken).unwrap_or_default();
        let start = frame::header_size(stored_size(taken) as u64, self.masking.is_some());
        let body = out.spare().get_mut(start..start + stored_size(taken)).ok_or(SendError::Full)?;
        let len = match if part.is_empty() { None } else { deflation.deflate(part, body) } {
            Some(made) if last => made.saturating_sub(TAIL.len()),
            Some(made) => made,
            None => {
                let len = store(part, body);
                // the header of an empty stored block, of which the tail is the rest (section 7.2.1)
                if let Some(byte) = body.get_mut(len).filter(|_| last) {
                    *byte = 0;
                }
                len + usize::from(last)
            }
        };
        let reserved = if deflation.open { Reserved::NONE } else { Reserved::RSV1 };
        deflation.open = true;
        if last {
            deflation.end();
        }
        self.frame(opcode, last, reserved, start, len, out);
        self.sending = if last { None } else { Some(kind) };
        Ok(taken)
    }

    /// Puts the header in front of a payload of `len` bytes, which lies `start` bytes into the room, and masks it.
    fn frame(
        &mut self,
        opcode: Opcode,
        fin: bool,
        reserved: Reserved,
        start: usize,
        len: usize,
        out: &mut WriteBuf<'_>,
    ) {
        let key = self.masking.as_mut().map(|masking| masking.keys.next());
        let size = frame::header_size(len as u64, key.is_some());
        let room = out.spare();
        if size < start {
            room.copy_within(start..start + len, size);
        }
        let (head, body) = room.split_at_mut(size);
        frame::write_header(head, opcode, fin, reserved, len as u64, key);
        if let (Some(key), Some(body)) = (key, body.get_mut(..len)) {
            xor(body, key);
        }
        out.advance(size + len);
    }
}

/// Whether `payload` fits as one frame.
fn plain_fits(payload: &[u8], masked: bool, out: &WriteBuf<'_>) -> bool {
    frame::header_size(payload.len() as u64, masked).saturating_add(payload.len()) <= out.room()
}
