use super::float;
use crate::NumberKind;

/// The text of a number, as a value.
///
/// The conversions are exact: an integer is given only if it is one and fits, and `as_f64` gives the nearest
/// double (ties to even), which is what a correct parser in any language gives. Digits are read here by hand.
/// Text that is not a number as RFC 8259, section 6, has it (or, for one, as the lejp dialect does) gives `None`.
///
/// ```
/// use proto_lejp::Number;
/// assert_eq!(Number::new(b"-9223372036854775808").as_i64(), Some(i64::MIN));
/// assert_eq!(Number::new(b"18446744073709551615").as_u64(), Some(u64::MAX));
/// assert_eq!(Number::new(b"18446744073709551616").as_u64(), None);
/// assert_eq!(Number::new(b"1.0").as_i64(), None);
/// assert_eq!(Number::new(b"0.1").as_f64(), Some(0.1));
/// assert_eq!(Number::new(b"1e400").as_f64(), Some(f64::INFINITY));
/// assert_eq!(Number::new(b"+1").as_f64(), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number<'b> {
    text: &'b [u8],
}

impl<'b> Number<'b> {
    /// From the text of a number, whole.
    pub const fn new(text: &'b [u8]) -> Self {
        Self { text }
    }

    /// As it was written.
    pub const fn text(&self) -> &'b [u8] {
        self.text
    }

    /// Whether it has neither fraction nor exponent.
    pub fn kind(&self) -> NumberKind {
        let float = self.text.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E'));
        if float { NumberKind::Float } else { NumberKind::Int }
    }

    /// Its value, if it is written as an integer from -2^63 to 2^63 - 1. `-0` is 0.
    pub fn as_i64(&self) -> Option<i64> {
        match self.text.split_first()? {
            (b'-', digits) => 0i64.checked_sub_unsigned(integer(digits)?),
            _ => i64::try_from(integer(self.text)?).ok(),
        }
    }

    /// Its value, if it is written as an integer from 0 to 2^64 - 1. `-0` is 0.
    pub fn as_u64(&self) -> Option<u64> {
        match self.text.split_first()? {
            (b'-', digits) => integer(digits).filter(|&value| value == 0),
            _ => integer(self.text),
        }
    }

    /// The nearest double; beyond the largest, an infinity. `-0` is negative zero.
    pub fn as_f64(&self) -> Option<f64> {
        float::parse(self.text)
    }
}

fn integer(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_at_their_limits() {
        let i = |text: &str| Number::new(text.as_bytes()).as_i64();
        let u = |text: &str| Number::new(text.as_bytes()).as_u64();
        assert_eq!(i("9223372036854775807"), Some(i64::MAX));
        assert_eq!(i("9223372036854775808"), None);
        assert_eq!(i("-9223372036854775808"), Some(i64::MIN));
        assert_eq!(i("-9223372036854775809"), None);
        assert_eq!((i("-0"), u("-0"), u("-1")), (Some(0), Some(0), None));
        assert_eq!(u("18446744073709551615"), Some(u64::MAX));
        assert_eq!(u("18446744073709551616"), None);
        assert_eq!(u("99999999999999999999"), None);
        for text in ["", "-", "+1", "1.0", "1e2", " 1", "1 ", "0x1", "--1", "1\0", "\u{663}"] {
            assert_eq!((i(text), u(text)), (None, None), "{text}");
        }
    }
}
