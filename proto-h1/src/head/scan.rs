//! The search for the end of a head (or trailer section), which also refuses what no head may hold.
//!
//! One pass over the new bytes, resumed where it stopped. A byte is a *hit* when it is
//!
//! ```text
//!   LF and the byte before is no CR, or CR before and no LF       bare LF, bare CR
//!   below SP and not HTAB, CR, LF; or DEL                         control byte
//!   LF and the byte two before is LF                              CRLF CRLF: the end
//! ```
//!
//! All three compare the block with itself shifted by one and by two, so a block without a hit costs a few vector
//! instructions. Heads have few hits: one. Only a block with a hit is looked at byte by byte.

use crate::Error;

/// What the search found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scan {
    /// Nothing yet.
    Partial,
    /// The section ends before this position.
    End(usize),
    /// A fault.
    Fault(Error),
}

const BLOCK: usize = 32;

/// Searches `input[from..]`, given that `input[..from]` was searched without a hit.
pub(crate) fn scan(input: &[u8], from: usize, bare_lf: bool) -> Scan {
    let mut at = from;
    if !bare_lf {
        if at < 2 {
            match bytewise(input, at, input.len().min(2), false) {
                Scan::Partial => at = 2,
                hit => return hit,
            }
        }
        while let Some(window) = input.get(at - 2..at + BLOCK) {
            let Ok(window) = <&[u8; BLOCK + 2]>::try_from(window) else { break };
            if has_hit(window) {
                match bytewise(input, at, at + BLOCK, false) {
                    Scan::Partial => {}
                    hit => return hit,
                }
            }
            at += BLOCK;
        }
    }
    if at >= input.len() { Scan::Partial } else { bytewise(input, at, input.len(), bare_lf) }
}

#[inline(always)]
fn has_hit(window: &[u8; BLOCK + 2]) -> bool {
    let mut hits = 0_u8;
    for at in 0..BLOCK {
        let (earlier, before, byte) = (window[at], window[at + 1], window[at + 2]);
        let feed = u8::from(byte == b'\n');
        let unpaired = feed ^ u8::from(before == b'\r');
        let end = feed & u8::from(earlier == b'\n');
        let control = u8::from(byte < b' ')
            & u8::from(byte != b'\t')
            & u8::from(byte != b'\r')
            & u8::from(byte != b'\n');
        hits |= unpaired | end | control | u8::from(byte == 0x7f);
    }
    hits != 0
}

/// The same rules, a byte at a time over `input[from..to]`.
fn bytewise(input: &[u8], from: usize, to: usize, bare_lf: bool) -> Scan {
    let back = |at: usize, by: usize| at.checked_sub(by).and_then(|at| input.get(at)).copied();
    for (at, &byte) in input.iter().enumerate().take(to).skip(from) {
        let before = back(at, 1);
        let fault = match byte {
            b'\n' if before == Some(b'\r') => None,
            b'\n' => (!bare_lf).then_some(Error::BareLf),
            _ if before == Some(b'\r') => Some(Error::BareCr),
            b'\t' | b'\r' | b' '..=b'~' | 0x80.. => None,
            _ => Some(Error::ControlByte),
        };
        if let Some(fault) = fault {
            return Scan::Fault(fault);
        }
        let previous_line = if before == Some(b'\r') { back(at, 2) } else { before };
        if byte == b'\n' && previous_line == Some(b'\n') {
            return Scan::End(at + 1);
        }
    }
    Scan::Partial
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn the_vector_pass_agrees_with_the_bytewise_one() {
        let mut random = 1_u64;
        let mut next = move |below: u64| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            (random >> 20) % below
        };
        let alphabet = b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:\t \x80\r\n\x00\x7f";
        for _ in 0..if cfg!(miri) { 20 } else { 20_000 } {
            let mut input = Vec::new();
            while input.len() < 130 {
                match next(12) {
                    0 => input.extend(b"\r\n"),
                    1 if next(4) == 0 => input.extend(b"\r\n\r\n"),
                    2 if next(4) == 0 => input.push(alphabet[next(alphabet.len() as u64) as usize]),
                    _ => input.push(b'a'),
                }
            }
            let whole = bytewise(&input, 0, input.len(), false);
            let found = match whole {
                Scan::End(at) => at,
                _ => input.len(),
            };
            let from = next(found as u64) as usize;
            assert_eq!(scan(&input, 0, false), whole, "{}", input.escape_ascii());
            if bytewise(&input, 0, from, false) == Scan::Partial {
                assert_eq!(scan(&input, from, false), whole, "from {from} {}", input.escape_ascii());
            }
        }
    }

    #[test]
    fn a_bare_line_feed_ends_lines_when_allowed() {
        assert_eq!(scan(b"a\nb\n\n", 0, true), Scan::End(5));
        assert_eq!(scan(b"a\r\nb\n\r\nx", 0, true), Scan::End(7));
        assert_eq!(scan(b"a\r\r\n", 0, true), Scan::Fault(Error::BareCr));
        assert_eq!(scan(b"a\n\n", 0, false), Scan::Fault(Error::BareLf));
    }
}
