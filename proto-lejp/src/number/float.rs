//! The double nearest to a decimal number.
//!
//! A number is `digits * 10^exponent`. There are three ways, each exact where it is taken:
//! * Digits below 2^53 and an exponent of at most 22 either way: both are doubles, and one multiplication or
//!   division of doubles rounds correctly.
//! * At most 19 digits and an exponent of at most 27 either way: `5^27` fits into a word, so the product fits into
//!   two, and so does the quotient with enough bits, the remainder telling what lies behind them.
//! * All else: big integers, of which the quotient's leading 64 bits are found by long division, with whether
//!   anything remains. It is slow (microseconds) and rare.

use super::big::Big;

/// The number in `text`, `None` if it is none.
pub(super) fn parse(text: &[u8]) -> Option<f64> {
    let decimal = Decimal::read(text)?;
    let magnitude = decimal.magnitude();
    Some(if decimal.negative { -magnitude } else { magnitude })
}

struct Decimal<'b> {
    negative: bool,
    /// The digits before and behind the point.
    integer: &'b [u8],
    fraction: &'b [u8],
    exponent: i64,
}

/// Beyond this, any number of digits that fits into memory leaves an infinity or zero.
const EXPONENT: i64 = 1 << 40;

impl<'b> Decimal<'b> {
    fn read(text: &'b [u8]) -> Option<Self> {
        let (negative, rest) = match text.split_first()? {
            (b'-', rest) => (true, rest),
            _ => (false, text),
        };
        let (integer, rest) = digits(rest);
        let (fraction, rest) = match rest.split_first() {
            Some((b'.', rest)) => {
                let (fraction, rest) = digits(rest);
                if fraction.is_empty() {
                    return None;
                }
                (fraction, rest)
            }
            _ => (&[][..], rest),
        };
        if integer.is_empty() {
            return None;
        }
        let exponent = match rest.split_first() {
            None => 0,
            Some((b'e' | b'E', rest)) => read_exponent(rest)?,
            Some(_) => return None,
        };
        Some(Self { negative, integer, fraction, exponent })
    }

    fn magnitude(&self) -> f64 {
        let significant = self.integer.iter().chain(self.fraction).skip_while(|&&digit| digit == b'0');
        let count = significant.clone().count();
        if count == 0 {
            return 0.0;
        }
        let exponent = self.exponent - self.fraction.len() as i64;
        // The value lies below 10^(count + exponent) and not below a tenth of that.
        let size = exponent.saturating_add(count as i64);
        if size > 310 {
            return f64::INFINITY;
        }
        if size < -326 {
            return 0.0;
        }
        if count <= 19 {
            let digits = significant.fold(0u64, |value, digit| value * 10 + u64::from(digit - b'0'));
            if let Some(value) = small(digits, exponent).or_else(|| medium(digits, exponent)) {
                return value;
            }
            return large(
                [digits].into_iter().fold(Big::ZERO, |big, word| big.times_plus(0, word)),
                exponent,
            );
        }
        let mut big = Big::ZERO;
        let mut kept = 0;
        let mut exponent = exponent;
        let mut sticky = false;
        for digit in significant {
            // 800 digits tell any two doubles, and the middle between them, apart; what follows only matters as
            // to whether it is zero.
            if kept < 800 {
                big = big.times_plus(10, u64::from(digit - b'0'));
                kept += 1;
            } else {
                exponent += 1;
                sticky |= *digit != b'0';
            }
        }
        if sticky {
            // One more digit stands for all that is not kept.
            big = big.times_plus(10, 1);
            exponent -= 1;
        }
        large(big, exponent)
    }
}

fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, &[]))
}

fn read_exponent(text: &[u8]) -> Option<i64> {
    let (negative, signed, rest) = match text.split_first()? {
        (b'-', rest) => (true, true, rest),
        (b'+', rest) => (false, true, rest),
        _ => (false, false, text),
    };
    let (digits, behind) = digits(rest);
    // The lejp dialect has exponents that end behind their sign.
    if !behind.is_empty() || (digits.is_empty() && !signed) {
        return None;
    }
    let value = digits.iter().fold(0i64, |value, digit| (value * 10 + i64::from(digit - b'0')).min(EXPONENT));
    Some(if negative { -value } else { value })
}

/// Powers of ten that are doubles.
const TENS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

fn small(digits: u64, exponent: i64) -> Option<f64> {
    if digits >> 53 != 0 {
        return None;
    }
    let ten = *TENS.get(usize::try_from(exponent.unsigned_abs()).ok()?)?;
    Some(if exponent < 0 { digits as f64 / ten } else { digits as f64 * ten })
}

fn medium(digits: u64, exponent: i64) -> Option<f64> {
    let power = u32::try_from(exponent.unsigned_abs()).ok().filter(|&power| power <= 27)?;
    let five = 5u64.checked_pow(power)?;
    let exponent = exponent as i32;
    if exponent >= 0 {
        return Some(round(u128::from(digits) * u128::from(five), exponent, false));
    }
    // Shifted up to the top, the quotient by less than 2^63 keeps at least 64 bits.
    let shift = u128::from(digits).leading_zeros();
    let (dividend, five) = (u128::from(digits) << shift, u128::from(five));
    Some(round(dividend / five, exponent - shift as i32, !dividend.is_multiple_of(five)))
}

fn large(digits: Big, exponent: i64) -> f64 {
    // Within the sizes that come here, the exponent is between -326 - 801 and 310.
    let Ok(power) = u32::try_from(exponent.unsigned_abs()) else { return 0.0 };
    let (quotient, shift, rest) = if exponent >= 0 {
        digits.times_power_of_five(power).top()
    } else {
        digits.divide(Big::ONE.times_power_of_five(power))
    };
    round(u128::from(quotient), exponent as i32 + shift, rest)
}

/// The double nearest to `value * 2^exponent`, plus a little more if `rest`; `value` has at least 63 significant
/// bits if `rest`.
fn round(value: u128, exponent: i32, rest: bool) -> f64 {
    if value == 0 {
        return 0.0;
    }
    // As a number from 2^63 to 2^64, times a power of two.
    let shift = 64 - value.leading_zeros() as i32;
    let (word, lost) = if shift > 0 {
        ((value >> shift) as u64, value << (128 - shift) != 0)
    } else {
        ((value << -shift) as u64, false)
    };
    let exponent = exponent + shift;
    // The exponent of the double: of its highest bit. Below -1022, fewer bits remain.
    let highest = exponent + 63;
    let cut = if highest < -1022 { 11 + (-1022 - highest) } else { 11 };
    if cut > 64 {
        return 0.0;
    }
    let wide = u128::from(word);
    let kept = (wide >> cut) as u64;
    let half = 1u128 << (cut - 1);
    let below = wide & ((half << 1) - 1);
    let up = below > half || (below == half && (lost || rest || kept & 1 == 1));
    // A carry into the next power of two comes out right, since the fields of a double are adjacent.
    let biased = if highest < -1022 { 0 } else { (highest + 1022) as u64 };
    if highest > 1023 {
        return f64::INFINITY;
    }
    f64::from_bits((biased << 52) + kept + u64::from(up))
}

#[cfg(test)]
mod tests {
    use super::*;
    extern crate std;
    use std::format;
    use std::string::String;

    #[track_caller]
    fn check(text: &str) {
        let expected: f64 = text.parse().unwrap();
        let found = parse(text.as_bytes()).unwrap();
        assert_eq!(found.to_bits(), expected.to_bits(), "{text}: {found:e} for {expected:e}");
    }

    #[test]
    #[cfg_attr(miri, ignore = "digits by the thousand")]
    fn the_hard_cases_agree_with_the_standard_library() {
        for text in [
            "0",
            "-0",
            "0.0",
            "-0.0e10",
            "1",
            "-65.613616999999977",
            "9007199254740993",
            "9007199254740992.5",
            "9007199254740993.00000000000000000000000000000000000000000000000000000000001",
            "2.2250738585072011e-308",
            "2.2250738585072014e-308",
            "4.9406564584124654e-324",
            "2.4703282292062327e-324",
            "2.4703282292062328e-324",
            "2.47032822920623272088284396434110686182e-324",
            "2.47032822920623272088284396434110686183e-324",
            "1.7976931348623157e308",
            "1.7976931348623158e308",
            "1.7976931348623159e308",
            "179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096330286416692887910946555547851940402630657488671505820681908902000708383676273854845817711531764475730270069855571366959622842914819860834936475292719074168444365510704342711559699508093042880",
            "1e309",
            "1e-400",
            "1e99999999999999999999",
            "1e-99999999999999999999",
            "0e99999999999999999999",
            "123456789012345678901234567890",
            "18446744073709551615e27",
            "18446744073709551615e-27",
            "9999999999999999999e28",
            "1e23",
            "8.5e22",
            "1e22",
            "7.2057594037927933e16",
            "0.000000000000000000000000000000000000000000000000000000000000000000000000000001",
            "6.631236846766476e-316",
            "3.237883913302901e-319",
            "5e-324",
        ] {
            check(text);
        }
        check(&format!("1{}", "0".repeat(308)));
        check(&format!("1{}e-700", "0".repeat(1000)));
        check(&format!("0.{}1e400", "0".repeat(700)));
        // Half of the smallest double and a little more, the little beyond the digits that are kept.
        let half = "2.4703282292062327208082939229100104859213330314093354117431";
        check(&format!("{half}{}e-324", "0".repeat(900)));
        check(&format!("1.5{}1", "0".repeat(900)));
        check(&format!("9007199254740993{}1e-901", "0".repeat(900)));
        check(&format!("9007199254740993{}0e-901", "0".repeat(900)));
    }

    #[test]
    fn random_numbers_agree_with_the_standard_library() {
        let mut seed = 0x2545_f491_4f6c_dd1d_u64;
        let mut random = move || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed
        };
        for _ in 0..if cfg!(miri) { 10 } else { 20_000 } {
            let bits = f64::from_bits(random());
            if bits.is_finite() {
                check(&format!("{bits:e}"));
                check(&format!("{bits:.17e}"));
            }
            let digits: String =
                (0..random() % 30 + 1).map(|_| (b'0' + (random() % 10) as u8) as char).collect();
            let exponent = (random() % 80) as i64 - 40;
            check(&format!("1{digits}e{exponent}"));
            check(&format!("0.{digits}e{exponent}"));
        }
        for _ in 0..if cfg!(miri) { 2 } else { 300 } {
            let digits: String =
                (0..random() % 900 + 1).map(|_| (b'0' + (random() % 10) as u8) as char).collect();
            check(&format!("1{digits}e{}", (random() % 1300) as i64 - 1000));
        }
    }

    #[test]
    fn what_is_no_number_has_no_value() {
        for text in [
            "", "-", "+1", ".5", "1.", "1.e5", "1e", "e5", "1x", " 1", "1 ", "0x10", "nan", "inf", "1e5x",
            "--1",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(parse(b"1e+"), Some(1.0));
        assert_eq!(parse(b"01"), Some(1.0));
    }
}
