use super::backend::{Inflate, Inflated, Inflater};
use super::expansion::Expansion;
use super::negotiation::Direction;
use super::state::Slot;
use super::{DeflateConfig, TAIL};
use crate::mask::{MaskKey, xor};
use crate::{Error, Limits};

/// So much is unmasked at a time, and between two such blocks of a message, as at its end, the expansion is looked at.
/// Where a block ends depends on the message alone, so what is refused does not depend on how it arrived.
const BLOCK: usize = 4096;

/// What ends a message and is no longer than this is inflated together with the tail: a call costs as much as inflating
/// some dozens of bytes.
const SHORT: usize = 256;

/// The receiving half: makes messages of what has arrived of their frames.
#[derive(Debug)]
pub(crate) struct Inflation {
    pub(crate) slot: Slot<Inflater>,
    pub(crate) direction: Direction,
    /// The most bytes told at once.
    piece: usize,
    max_message: u64,
    pub(crate) max_frame: u32,
    pub(crate) expansion: Expansion,
    /// Payload bytes taken of the present message, and what they have become.
    taken: u64,
    made: u64,
    /// How much of the tail was put back.
    tail: usize,
    /// The last output was full: more may follow without further input.
    more: bool,
    /// What comes after all that was told.
    pub(crate) fault: Option<Error>,
    /// Inside a message.
    pub(crate) open: bool,
}

/// Why [`Inflation::run`] stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Its input is used up and the frame is not over.
    Hungry,
    /// Its output is full.
    Full,
    /// The frame is over, and if it is the last one the message.
    Over,
    /// The peer is at fault.
    Fault(Error),
}

/// What [`Inflation::run`] did.
pub(crate) struct Run {
    /// Bytes of input that were taken and are unmasked now.
    pub(crate) taken: usize,
    /// Bytes of output.
    pub(crate) made: usize,
    pub(crate) stop: Stop,
}

/// What there is of a frame.
pub(crate) struct Piece<'b> {
    /// Payload, masked if there is a key.
    pub(crate) payload: &'b mut [u8],
    pub(crate) key: Option<MaskKey>,
    /// Whether the frame ends with it, and the message.
    pub(crate) ends_frame: bool,
    pub(crate) ends_message: bool,
}

impl Inflation {
    pub(crate) fn new(direction: Direction, config: &DeflateConfig, limits: &Limits) -> Self {
        Self {
            slot: Slot::new(),
            direction,
            piece: 1 << config.rx_buf_size,
            max_message: match limits.max_message {
                Limits::UNLIMITED => u64::MAX,
                limit => limit.into(),
            },
            max_frame: limits.max_frame,
            expansion: Expansion::new(limits),
            taken: 0,
            made: 0,
            tail: 0,
            more: false,
            fault: None,
            open: false,
        }
    }

    /// The window: what goes from connection to connection fits all.
    const fn bits(&self) -> u8 {
        if self.direction.takeover { self.direction.bits } else { 15 }
    }

    /// The bytes of its state.
    pub(crate) fn memory(&self) -> usize {
        Inflater::needs(self.bits())
    }

    /// A message begins.
    pub(crate) fn begin(&mut self) -> Result<(), Error> {
        let bits = self.bits();
        let inflater = self.slot.obtain(|| Inflater::new(bits)).ok_or(Error::Overloaded)?;
        if !self.direction.takeover {
            inflater.reset();
        }
        (self.taken, self.made, self.tail, self.more, self.open) = (0, 0, 0, false, true);
        self.expansion.begin();
        Ok(())
    }

    /// The message is over.
    pub(crate) fn end(&mut self) {
        self.open = false;
        if !self.direction.takeover {
            self.slot.rest();
        }
    }

    /// Inflates what there is, as far as there is room in `output`, which is not empty.
    pub(crate) fn run(&mut self, piece: &mut Piece<'_>, output: &mut [u8]) -> Run {
        // one byte more than allowed tells a message at the limit from one beyond
        let allowed = self.max_message.saturating_sub(self.made);
        let room = usize::try_from(allowed.saturating_add(1)).unwrap_or(usize::MAX).min(self.piece);
        let len = output.len().min(room);
        let mut run = self.fill(piece, output.get_mut(..len).unwrap_or_default());
        self.made += run.made as u64;
        if self.made > self.max_message {
            run.made -= 1;
            run.stop = Stop::Fault(Error::MessageTooLarge);
        }
        run
    }

    fn fill(&mut self, piece: &mut Piece<'_>, output: &mut [u8]) -> Run {
        let mut run = Run { taken: 0, made: 0, stop: Stop::Full };
        let Some(inflater) = &mut self.slot.state else {
            run.stop = Stop::Fault(Error::Overloaded);
            return run;
        };
        while run.made < output.len() {
            let room = output.get_mut(run.made..).unwrap_or_default();
            let there = piece.payload.len() - run.taken;
            let made = self.made + run.made as u64;
            let inflated = if self.more {
                inflater.inflate(&[], room)
            } else if there > 0 {
                let phase = (self.taken % BLOCK as u64) as usize;
                if phase == 0 && self.taken > 0 && !self.expansion.allows(self.taken, made) {
                    run.stop = Stop::Fault(Error::Expansion);
                    return run;
                }
                let end = run.taken + there.min(BLOCK - phase);
                let block = piece.payload.get_mut(run.taken..end).unwrap_or_default();
                let key = piece.key.map(|key| key.after(run.taken));
                if let Some(key) = key {
                    xor(block, key);
                }
                let mut inflated = if piece.ends_message && block.len() == there && there <= SHORT {
                    with_tail(inflater, block, room)
                } else {
                    inflater.inflate(block, room)
                };
                self.tail = inflated.taken.saturating_sub(block.len());
                inflated.taken -= self.tail;
                if let (Some(key), Some(rest)) = (key, block.get_mut(inflated.taken..)) {
                    xor(rest, key.after(inflated.taken));
                }
                run.taken += inflated.taken;
                self.taken += inflated.taken as u64;
                inflated
            } else if !piece.ends_frame {
                run.stop = Stop::Hungry;
                return run;
            } else if !piece.ends_message {
                run.stop = Stop::Over;
                return run;
            } else if self.tail == 0 && (self.taken == 0 || inflater.is_between_streams()) {
                // nothing at all, or what ends with a final block, is complete: the tail would begin another block
                run.stop = self.expansion.end(self.taken, made);
                return run;
            } else {
                //= https://www.rfc-editor.org/rfc/rfc7692#section-7.2.2
                //# Append 4 octets of 0x00 0x00 0xff 0xff to the tail end of the payload of the message.
                let inflated = inflater.inflate(TAIL.get(self.tail..).unwrap_or_default(), room);
                self.tail += inflated.taken;
                inflated
            };
            run.made += inflated.made;
            self.more = run.made == output.len();
            if inflated.fault.is_some() {
                run.stop = Stop::Fault(Error::Inflate);
                return run;
            }
            if self.tail == TAIL.len() && !self.more {
                run.stop = self.expansion.end(self.taken, self.made + run.made as u64);
                return run;
            }
        }
        run
    }
}

/// Inflates `block`, of `SHORT` bytes at most, and the tail behind it.
fn with_tail(inflater: &mut Inflater, block: &[u8], room: &mut [u8]) -> Inflated {
    let mut memory = [0; SHORT + TAIL.len()];
    let joined = memory.get_mut(..block.len() + TAIL.len()).unwrap_or_default();
    let (copy, tail) = joined.split_at_mut(block.len());
    copy.copy_from_slice(block);
    tail.copy_from_slice(&TAIL);
    inflater.inflate(joined, room)
}
