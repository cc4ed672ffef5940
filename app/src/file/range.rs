/// A part of a representation: `first..=last`, both counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteRange {
    /// The first byte.
    pub first: u64,
    /// The last byte, included.
    pub last: u64,
}

impl ByteRange {
    /// How many bytes.
    pub const fn len(&self) -> u64 {
        self.last - self.first + 1
    }

    /// Never: a range holds at least one byte.
    pub const fn is_empty(&self) -> bool {
        false
    }
}

/// A `Range` field as far as it is served ([RFC 9110 §14.2](https://www.rfc-editor.org/rfc/rfc9110#section-14.2)):
/// one range of bytes. Several ranges, other units and malformed fields are ignored, which the RFC allows and
/// which leaves no room for range floods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RangeSet {
    /// `bytes=first-` or `bytes=first-last`.
    From {
        /// The first byte wanted.
        first: u64,
        /// The last byte wanted; `u64::MAX` for all that follow.
        last: u64,
    },
    /// `bytes=-n`: the last `n` bytes.
    Suffix(u64),
}

impl RangeSet {
    /// Reads the value of a `Range` field; `None` when the field is to be ignored.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let (unit, set) = split(value, b'=')?;
        if !unit.eq_ignore_ascii_case(b"bytes") || set.contains(&b',') {
            return None;
        }
        let (first, last) = split(set.trim_ascii(), b'-')?;
        match (first, last) {
            (b"", last) => number(last).map(Self::Suffix),
            (first, b"") => number(first).map(|first| Self::From { first, last: u64::MAX }),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Self::From { first, last })
            }
        }
    }

    /// The part of a representation of `len` bytes, or `None` when it has no such part (416).
    pub fn within(self, len: u64) -> Option<ByteRange> {
        let end = len.checked_sub(1)?;
        match self {
            Self::From { first, last } => (first <= end).then_some(ByteRange { first, last: last.min(end) }),
            Self::Suffix(0) => None,
            Self::Suffix(count) => Some(ByteRange { first: len.saturating_sub(count), last: end }),
        }
    }
}

fn split(value: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let position = value.iter().position(|&byte| byte == at)?;
    Some((&value[..position], &value[position + 1..]))
}

/// Digits only; a number too large to count stands for "beyond the end".
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digits = digits.iter().map(|digit| u64::from(digit - b'0'));
    Some(digits.fold(0, |number: u64, digit| number.saturating_mul(10).saturating_add(digit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within(value: &str, len: u64) -> Option<Option<(u64, u64)>> {
        RangeSet::parse(value.as_bytes()).map(|set| set.within(len).map(|range| (range.first, range.last)))
    }

    #[test]
    fn single_ranges() {
        assert_eq!(within("bytes=0-0", 10), Some(Some((0, 0))));
        assert_eq!(within("bytes=2-", 10), Some(Some((2, 9))));
        assert_eq!(within("bytes=2-99", 10), Some(Some((2, 9))));
        assert_eq!(within("bytes=-3", 10), Some(Some((7, 9))));
        assert_eq!(within("bytes=-30", 10), Some(Some((0, 9))));
        assert_eq!(within("Bytes=9-9", 10), Some(Some((9, 9))));
        assert_eq!(within("bytes=0-99999999999999999999999", 10), Some(Some((0, 9))));
    }

    #[test]
    fn unsatisfiable_ranges() {
        for value in ["bytes=10-", "bytes=10-12", "bytes=-0", "bytes=99999999999999999999-"] {
            assert_eq!(within(value, 10), Some(None), "{value}");
        }
        assert_eq!(within("bytes=0-", 0), Some(None));
        assert_eq!(within("bytes=-1", 0), Some(None));
    }

    #[test]
    fn ignored_ranges() {
        for value in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "lines=1-2",
            "bytes=3-2",
            "bytes=+1-2",
            "bytes=1-2,4-5",
            "bytes=a-",
        ] {
            assert_eq!(within(value, 10), None, "{value}");
        }
    }
}
