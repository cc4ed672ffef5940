//! HTTP dates ([RFC 9110 5.6.7](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7)), as seconds since 1970 (UTC).

/// The length of a date as it is sent.
pub const LEN: usize = 29;

/// `seconds` since 1970 as it is sent, in a Date field say; years beyond 9999 count as 9999-12-31.
///
/// ```
/// assert_eq!(&proto_h1::date::format(784_111_777), b"Sun, 06 Nov 1994 08:49:37 GMT");
/// assert_eq!(proto_h1::date::parse(b"Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
/// ```
pub fn format(seconds: u64) -> [u8; LEN] {
    let seconds = seconds.min(LAST);
    let (days, time) = (seconds / DAY, seconds % DAY);
    let (year, month, day) = civil(days);
    let mut text = *b"Thu, 01 Jan 1970 00:00:00 GMT";
    let weekday = WEEKDAYS[((days + 4) % 7) as usize]; // 1970 began on a Thursday
    let mut put = |at: usize, bytes: &[u8]| {
        if let Some(place) = text.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    };
    put(0, weekday.get(..3).unwrap_or_default());
    put(5, &two(day));
    put(8, MONTHS.get(month as usize - 1).copied().unwrap_or(b"Jan"));
    put(12, &two(year / 100));
    put(14, &two(year % 100));
    put(17, &two(time / 3600));
    put(20, &two(time / 60 % 60));
    put(23, &two(time % 60));
    text
}

/// Reads a date in any of the three formats a recipient accepts: `Sun, 06 Nov 1994 08:49:37 GMT`,
/// `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`. Two digits of a year mean 1970 to 2069.
/// `None` for anything else, dates before 1970 included.
pub fn parse(text: &[u8]) -> Option<u64> {
    let comma = text.iter().position(|&byte| byte == b',');
    let (weekday, [d, m, y], clock) = match (comma, text) {
        (
            Some(3),
            &[a, b, c, b',', b' ', d1, d2, b' ', m1, m2, m3, b' ', y1, y2, y3, y4, b' ', ref rest @ ..],
        ) => {
            let year = digits(&[y1, y2, y3, y4])?;
            (
                weekday(&[a, b, c], 3)?,
                [digits(&[d1, d2])?, month(&[m1, m2, m3])?, year],
                rest.strip_suffix(b" GMT")?,
            )
        }
        (Some(at), _) => {
            let day = weekday(text.get(..at)?, 9)?;
            let &[b',', b' ', d1, d2, b'-', m1, m2, m3, b'-', y1, y2, b' ', ref rest @ ..] =
                text.get(at..)?
            else {
                return None;
            };
            let short = digits(&[y1, y2])?;
            let year = if short < 70 { 2000 + short } else { 1900 + short };
            (day, [digits(&[d1, d2])?, month(&[m1, m2, m3])?, year], rest.strip_suffix(b" GMT")?)
        }
        (None, &[a, b, c, b' ', m1, m2, m3, b' ', d1, d2, b' ', ref rest @ ..]) => {
            let (clock, year) = rest.split_at_checked(8)?;
            let day = digits(&[if d1 == b' ' { b'0' } else { d1 }, d2])?;
            let year = year.strip_prefix(b" ").filter(|year| year.len() == 4)?;
            (weekday(&[a, b, c], 3)?, [day, month(&[m1, m2, m3])?, digits(year)?], clock)
        }
        _ => return None,
    };
    let &[h1, h2, b':', min1, min2, b':', s1, s2] = clock else { return None };
    let (hour, minute, second) = (digits(&[h1, h2])?, digits(&[min1, min2])?, digits(&[s1, s2])?);
    // A leap second, 60, counts as the first second of the next minute.
    if y < 1970 || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let days = days_since_1970(y, m, d);
    // No month has this day, or the name of the day is another's.
    if civil(days) != (y, m, d) || (days + 4) % 7 != weekday {
        return None;
    }
    Some(days * DAY + hour * 3600 + minute * 60 + second)
}

const DAY: u64 = 86_400;
const LAST: u64 = 253_402_300_799;
const MONTHS: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
const WEEKDAYS: [&[u8]; 7] =
    [b"Sunday", b"Monday", b"Tuesday", b"Wednesday", b"Thursday", b"Friday", b"Saturday"];

/// Year, month and day, counted in eras of 400 years that begin with March, so that the leap day comes last.
const fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let january_or_february = (month <= 2) as u64;
    (era * 400 + year_of_era + january_or_february, month, day)
}

/// The inverse of [`civil`], for years from 1970 and months from 1 to 12.
const fn days_since_1970(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    // `day` counts from 1; the first of January 1970 comes out as 719_469.
    (era * 146_097 + day_of_era).saturating_sub(719_469)
}

const fn two(number: u64) -> [u8; 2] {
    [b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8]
}

fn digits(text: &[u8]) -> Option<u64> {
    text.iter().try_fold(0, |number, &byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit <= 9).then(|| number * 10 + u64::from(digit))
    })
}

fn month(name: &[u8; 3]) -> Option<u64> {
    MONTHS.iter().position(|month| *month == name).map(|at| at as u64 + 1)
}

/// The number of the day that `name`, cut after `len` letters, names.
fn weekday(name: &[u8], len: usize) -> Option<u64> {
    WEEKDAYS.iter().position(|day| day.get(..len.min(day.len())) == Some(name)).map(|at| at as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_formats() {
        for text in [
            &b"Sun, 06 Nov 1994 08:49:37 GMT"[..],
            b"Sunday, 06-Nov-94 08:49:37 GMT",
            b"Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(parse(text), Some(784_111_777), "{}", text.escape_ascii());
        }
        assert_eq!(parse(b"Thursday, 01-Jan-70 00:00:00 GMT"), Some(0));
        assert_eq!(parse(b"Thu Feb 29 23:59:60 2024"), Some(1_709_251_200));
    }

    #[test]
    fn every_day_for_four_centuries_comes_back() {
        let (step, days) = if cfg!(miri) { (9_973, 10) } else { (7, 1_000) };
        for day in (0..146_097_u64).step_by(step).chain(20_000..20_000 + days) {
            let seconds = day * DAY + day % DAY;
            assert_eq!(parse(&format(seconds)), Some(seconds));
        }
        assert_eq!(&format(u64::MAX), b"Fri, 31 Dec 9999 23:59:59 GMT");
        assert_eq!(parse(&format(LAST)), Some(LAST));
    }

    #[test]
    fn refused() {
        for text in [
            &b""[..],
            b"Sun, 06 Nov 1994 08:49:37",
            b"Mon, 06 Nov 1994 08:49:37 GMT",
            b"Sun, 06 nov 1994 08:49:37 GMT",
            b"Sun, 31 Nov 1994 08:49:37 GMT",
            b"Sun, 00 Nov 1994 08:49:37 GMT",
            b"Sun, 06 Nov 1994 24:49:37 GMT",
            b"Sun, 06 Nov 1994 08:60:37 GMT",
            b"Sun, 06 Nov 1994 08:49:61 GMT",
            b"Sun, +6 Nov 1994 08:49:37 GMT",
            b"Sun, 06 Nov 1994 08:49:37 UTC",
            b"Sun, 06 Nov 0994 08:49:37 GMT",
            b"Sun, 06-Nov-94 08:49:37 GMT",
            b"Sunday, 06 Nov 1994 08:49:37 GMT",
            b"Sun Nov 6 08:49:37 1994",
            b"Sun Nov  6 08:49:37 94",
        ] {
            assert_eq!(parse(text), None, "{}", text.escape_ascii());
        }
    }
}
