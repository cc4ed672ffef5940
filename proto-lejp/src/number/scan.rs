use crate::NumberKind;
use crate::config::Dialect;
use crate::error::Reason;
use crate::scan::{Block, LANES, Mask, non_digit};

/// How far into a number the input has come (RFC 8259, section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Start,
    Minus,
    Zero,
    Integer,
    Point,
    Fraction,
    Exponent,
    ExponentSign,
    ExponentDigits,
}

impl Place {
    pub(crate) const fn kind(self) -> NumberKind {
        match self {
            Self::Start | Self::Minus | Self::Zero | Self::Integer => NumberKind::Int,
            _ => NumberKind::Float,
        }
    }

    /// What is missing if the number ends here.
    pub(crate) const fn missing(self, dialect: Dialect) -> Option<Reason> {
        match self {
            Self::Start | Self::Minus => Some(Reason::Number),
            Self::Point => Some(Reason::Fraction),
            Self::ExponentSign if matches!(dialect, Dialect::Lejp) => None,
            Self::Exponent | Self::ExponentSign => Some(Reason::Exponent),
            Self::Zero | Self::Integer | Self::Fraction | Self::ExponentDigits => None,
        }
    }
}

/// Why a scan stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The input ended; the number may go on.
    Input,
    /// The byte there does not belong to the number, which is complete.
    Complete,
    Fault(Reason),
}

/// The most digits of a number in the lejp dialect.
pub(crate) const LEJP_DIGITS: usize = 20;

/// Follows a number byte by byte from `at`, where it is at `place`: where it comes to, and why no further.
pub(crate) fn scan(mut place: Place, input: &[u8], mut at: usize, dialect: Dialect) -> (Place, usize, End) {
    let lejp = matches!(dialect, Dialect::Lejp);
    let mut digits = 0;
    while let Some(&byte) = input.get(at) {
        let next = match (place, byte) {
            (Place::Start, b'-') => Place::Minus,
            (Place::Zero, b'0'..=b'9') if !lejp => return (place, at, End::Fault(Reason::LeadingZero)),
            (Place::Start | Place::Minus, b'0') => Place::Zero,
            (Place::Start | Place::Minus | Place::Zero | Place::Integer, b'0'..=b'9') => Place::Integer,
            (Place::Zero | Place::Integer, b'.') => Place::Point,
            (Place::Point | Place::Fraction, b'0'..=b'9') => Place::Fraction,
            (Place::Zero | Place::Integer | Place::Fraction, b'e' | b'E') => Place::Exponent,
            (Place::Exponent, b'+' | b'-') => Place::ExponentSign,
            (Place::Exponent | Place::ExponentSign | Place::ExponentDigits, b'0'..=b'9') => {
                Place::ExponentDigits
            }
            _ => {
                let end = place.missing(dialect).map_or(End::Complete, End::Fault);
                return (place, at, end);
            }
        };
        if lejp && byte.is_ascii_digit() {
            digits += 1;
            if digits > LEJP_DIGITS {
                return (place, at, End::Fault(Reason::Digits));
            }
        }
        place = next;
        at += 1;
    }
    (place, at, End::Input)
}

/// The length and kind of the number that `block` begins with, if it is right and another byte ends it within the
/// block.
#[inline(always)]
pub(crate) fn fast(block: &Block) -> Option<(usize, NumberKind)> {
    let minus = usize::from(block[0] == b'-');
    let others = non_digit(block) & !(minus as Mask);
    let int = others.trailing_zeros() as usize;
    // Zero is no beginning of more digits; what is no digit is none.
    match block[minus] {
        b'1'..=b'9' => {}
        b'0' if int == minus + 1 => {}
        _ => return None,
    }
    match block.get(int)? {
        b'.' => {
            let others = others & (others - 1);
            let end = others.trailing_zeros() as usize;
            match block.get(end)? {
                _ if end == int + 1 => None,
                b'e' | b'E' => exponent(block, others, end),
                _ => Some((end, NumberKind::Float)),
            }
        }
        b'e' | b'E' => exponent(block, others, int),
        _ => Some((int, NumberKind::Int)),
    }
}

/// As `fast`, from an exponent at `at` on; `others` are the bytes from there that are no digits.
fn exponent(block: &Block, others: Mask, at: usize) -> Option<(usize, NumberKind)> {
    let signed = usize::from(matches!(block.get(at + 1)?, b'+' | b'-'));
    let digits = at + 1 + signed;
    let end = (others & Mask::MAX.checked_shl(digits as u32)?).trailing_zeros() as usize;
    (end > digits && end < LANES).then_some((end, NumberKind::Float))
}

#[cfg(test)]
mod tests {
    use super::*;
    extern crate alloc;
    use alloc::vec::Vec;

    /// All strings of up to six of these bytes, so every way through the grammar and out of it.
    #[test]
    fn the_fast_scan_agrees_with_the_slow_one() {
        const BYTES: &[u8] = b"-015.eE+,";
        let mut text = Vec::new();
        let digits = if cfg!(miri) { 3 } else { 6 };
        for mut number in 0..9_u32.pow(digits) {
            text.clear();
            for _ in 0..digits {
                text.push(BYTES[(number % 9) as usize]);
                number /= 9;
            }
            text.extend_from_slice(b",                                ");
            if let Some((end, kind)) = fast(text.first_chunk().unwrap()) {
                let (place, at, stop) = scan(Place::Start, &text, 0, Dialect::Strict);
                assert_eq!((at, place.kind(), stop), (end, kind, End::Complete), "{}", text.escape_ascii());
            }
        }
    }

    #[test]
    fn long_digit_runs() {
        for int in [1, 2, 14, 15, 16, 17, 40] {
            for fraction in [0, 1, 15, 16, 17, 31, 32, 33] {
                for sign in ["", "-"] {
                    let mut text: Vec<u8> = sign.into();
                    text.extend(core::iter::repeat_n(b'7', int));
                    if fraction > 0 {
                        text.push(b'.');
                        text.extend(core::iter::repeat_n(b'0', fraction));
                    }
                    let len = text.len();
                    text.extend_from_slice(&[b']'; 40]);
                    if let Some((end, kind)) = fast(text.first_chunk().unwrap()) {
                        assert_eq!(end, len);
                        assert_eq!(kind == NumberKind::Float, fraction > 0);
                    } else {
                        assert!(len >= 32);
                    }
                }
            }
        }
    }
}
