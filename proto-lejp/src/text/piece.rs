use super::escape::{Escape, encode, escape};
use super::plain::{Until, plain};
use crate::config::Dialect;
use crate::error::Reason;
use crate::scan::{LANES, special, window};

/// As much of a string as could be read at once, escapes resolved.
pub(crate) struct Piece<'b> {
    pub(crate) bytes: &'b [u8],
    /// Where in the input it ends.
    pub(crate) end: usize,
    pub(crate) stop: Stop,
}

/// Why a piece ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// There stands the quote that ends the string.
    Quote,
    /// The input ends, or all that is left is part of an escape or code point.
    Input,
    /// The scratch space is full.
    Full,
    /// What follows cannot stand in a string, and the position of the byte that shows it.
    Fault { reason: Reason, at: usize },
}

/// Reads a string on from `start`, inside its quotes.
///
/// Bytes that stand for themselves are given as they lie in the input. Where there are escapes, the piece is
/// written to `scratch`, save that a beginning of more than `whole` bytes without one is a piece of its own: it
/// would have to be looked at again for each filling of a small scratch space.
pub(crate) fn piece<'b>(
    input: &'b [u8],
    start: usize,
    scratch: &'b mut [u8],
    dialect: Dialect,
    whole: usize,
) -> Piece<'b> {
    let (end, until) = plain(input, start, dialect);
    let stop = match until {
        Until::Quote => Stop::Quote,
        Until::Input => Stop::Input,
        Until::Control => Stop::Fault { reason: Reason::Control, at: end },
        Until::Invalid => Stop::Fault { reason: Reason::Utf8, at: end },
        // With less than a code point of scratch space, at least what needs none is told.
        Until::Backslash if end - start > whole || (end > start && scratch.len() < 4) => Stop::Full,
        Until::Backslash => return unescaped(input, start, scratch, dialect),
    };
    Piece { bytes: input.get(start..end).unwrap_or_default(), end, stop }
}

fn unescaped<'b>(input: &[u8], start: usize, scratch: &'b mut [u8], dialect: Dialect) -> Piece<'b> {
    let (mut at, mut len) = (start, 0);
    let stop = loop {
        while let Some(from) = window(input, at)
            && let Some(to) = scratch.get_mut(len..).and_then(|room| room.first_chunk_mut())
        {
            *to = *from;
            let run = special(from).trailing_zeros() as usize;
            at += run;
            len += run;
            if run < LANES {
                break;
            }
        }
        match input.get(at) {
            None => break Stop::Input,
            Some(b'"') => break Stop::Quote,
            Some(b'\\') => match escape(input.get(at..).unwrap_or_default(), dialect) {
                Escape::Is { len: taken, code } => {
                    match encode(code, scratch.get_mut(len..).unwrap_or_default()) {
                        Some(written) => len += written,
                        None => break Stop::Full,
                    }
                    at += taken;
                }
                Escape::Cut => break Stop::Input,
                Escape::Fault { reason, at: offset } => break Stop::Fault { reason, at: at + offset },
            },
            Some(0..0x20) => break Stop::Fault { reason: Reason::Control, at },
            Some(&byte @ 0x20..0x80) => {
                let Some(to) = scratch.get_mut(len) else { break Stop::Full };
                *to = byte;
                at += 1;
                len += 1;
            }
            Some(0x80..) => {
                let room = scratch.len() - len;
                let window = input.get(..at.saturating_add(room)).unwrap_or(input);
                let (end, until) = plain(window, at, dialect);
                if end == at {
                    break match until {
                        Until::Input if window.len() < input.len() => Stop::Full,
                        Until::Input => Stop::Input,
                        _ => Stop::Fault { reason: Reason::Utf8, at },
                    };
                }
                let run = end - at;
                if let (Some(to), Some(from)) = (scratch.get_mut(len..len + run), input.get(at..end)) {
                    to.copy_from_slice(from);
                }
                at = end;
                len += run;
            }
        }
    };
    Piece { bytes: scratch.get(..len).unwrap_or_default(), end: at, stop }
}
