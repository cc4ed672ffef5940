//! The way of plain heads: one pass from the first byte to the empty line, eight bytes at a time.
//!
//! A head is plain when nothing about its syntax is unusual: every line ends with CRLF, no line is folded, names are
//! tokens, values hold no control bytes. Whatever is not, each fault included, is no business of this file: it
//! answers `None`, and the careful way finds out what the matter is. So this pass has no error to choose and nothing
//! to undo.
//!
//! Words are taken apart by arithmetic on all eight bytes at once. [`equal`] and [`below`] set the high bit of the first
//! byte that matches, and the number of trailing zeros then says where that is. Behind it they may be wrong, because
//! a subtraction borrows from the next byte, but only the first one counts, also when several marks are put together.

use super::Survey;
use crate::Version;
use crate::fields::{is_blank, is_token_byte};

const HIGH: u64 = 0x8080_8080_8080_8080;
const LOW: u64 = !HIGH;

/// `byte` in all eight places.
const fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The high bit of the first byte that is `byte`.
#[inline(always)]
const fn equal(word: u64, byte: u8) -> u64 {
    below(word ^ each(byte), 1)
}

/// The high bit of the first byte below `least`, which is at most 0x80.
#[inline(always)]
const fn below(word: u64, least: u8) -> u64 {
    word.wrapping_sub(each(least)) & !word & HIGH
}

/// The high bit of every byte that is no letter and no hyphen. This one is exact: a hyphen does not end the search.
#[inline(always)]
const fn unusual_in_name(word: u64) -> u64 {
    let lower = (word | each(0x20)) & LOW;
    let letter = (lower + each(0x80 - b'a')) & !(lower + each(0x80 - (b'z' + 1))) & !word;
    let other_than_hyphen = (((word ^ each(b'-')) & LOW) + LOW) | word;
    !letter & other_than_hyphen & HIGH
}

/// The high bit of the first byte that ends a request target or has no place in it.
#[inline(always)]
const fn unusual_in_target(word: u64) -> u64 {
    let quote_or_number = equal(word & each(0xfe), b'"');
    let angle_bracket = equal(word & each(0xfd), b'<');
    below(word, b'!') | equal(word, 0x7f) | quote_or_number | angle_bracket | (word & HIGH)
}

/// The high bit of the first control byte.
#[inline(always)]
const fn control(word: u64) -> u64 {
    below(word, b' ') | equal(word, 0x7f)
}

/// Where the first byte at or behind `at` stands that `unusual` marks.
#[inline(always)]
fn first(input: &[u8], mut at: usize, unusual: impl Fn(u64) -> u64) -> Option<usize> {
    while let Some(word) = word(input, at) {
        match unusual(word) {
            0 => at += 8,
            found => return Some(at + found.trailing_zeros() as usize / 8),
        }
    }
    // Fewer than eight bytes are left: they are the last of the word that ends the input, and zeros fill it up.
    let left = input.len().checked_sub(at).filter(|&left| left > 0)?;
    let word = u64::from_le_bytes(*input.last_chunk()?) >> (8 * (8 - left));
    let found = unusual(word).trailing_zeros() as usize / 8;
    (found < left).then_some(at + found)
}

#[inline(always)]
fn word(input: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*input.get(at..)?.first_chunk()?))
}

/// The parts of a request line and where the fields begin.
#[inline(always)]
pub(super) fn request_line(input: &[u8]) -> Option<(&[u8], &[u8], Version, usize)> {
    // Arrays are compared as numbers, patterns byte by byte.
    let method = if input.first_chunk()? == b"GET " { 3 } else { method(input)? };
    let start = method + 1;
    let end = first(input, start, unusual_in_target)?;
    let (name, rest) = input.get(end..)?.split_first_chunk()?;
    let (minor, _) = rest.split_first_chunk()?;
    let version = if minor == b"1\r\n" {
        Version::Http11
    } else if minor == b"0\r\n" {
        Version::Http10
    } else {
        return None;
    };
    let target = input.get(start..end).filter(|target| !target.is_empty() && name == b" HTTP/1.")?;
    Some((input.get(..method)?, target, version, end + 11))
}

/// The length of the method that a space ends.
#[inline(never)]
fn method(input: &[u8]) -> Option<usize> {
    let end = input.iter().position(|&byte| !is_token_byte(byte))?;
    (end > 0 && input.get(end) == Some(&b' ')).then_some(end)
}

/// The parts of a status line and where the fields begin.
#[inline]
pub(super) fn status_line(input: &[u8]) -> Option<(Version, u16, &[u8], usize)> {
    let (head, _) = input.split_first_chunk::<13>()?;
    let (version, digits) = match head {
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'1', b' ', digits @ .., b' '] => {
            (Version::Http11, digits)
        }
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'0', b' ', digits @ .., b' '] => {
            (Version::Http10, digits)
        }
        _ => return None,
    };
    let status = digits.iter().try_fold(0_u16, |status, &byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit <= 9).then(|| status * 10 + u16::from(digit))
    })?;
    let end = line_end(input, 13)?;
    (status >= 100).then_some((version, status, input.get(13..end)?, end + 2))
}

/// Goes through the field lines from `at` on, `most` of them at the most, and shows each to `survey`. Gives the end
/// of the section, its empty line included, and the number of lines.
#[inline(always)]
pub(super) fn fields<'b>(
    input: &'b [u8],
    mut at: usize,
    most: usize,
    survey: &mut Survey<'b>,
) -> Option<(usize, usize)> {
    let mut count = 0;
    while *input.get(at)? != b'\r' {
        // The end of the line is searched from its start, not from the colon: where the next line begins then does not
        // wait for the colon to be found, and the processor works on several lines at once.
        let line_end = line_end(input, at)?;
        let colon = name_end(input, at)?;
        let mut start = colon + 1;
        while is_blank(*input.get(start)?) {
            start += 1;
        }
        let mut end = line_end;
        while end > start && is_blank(*input.get(end - 1)?) {
            end -= 1;
        }
        count += 1;
        if count > most {
            return None;
        }
        survey.plain(input.get(at..colon)?, input.get(start..end)?)?;
        at = line_end + 2;
    }
    (*input.get(at + 1)? == b'\n').then_some((at + 2, count))
}

/// Where the colon behind a field name stands.
#[inline(always)]
fn name_end(input: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at = first(input, at, unusual_in_name)?;
        match *input.get(at)? {
            b':' if at > from => return Some(at),
            // digits, and what else a token may hold
            byte if is_token_byte(byte) => at += 1,
            _ => return None,
        }
    }
}

/// Where the CRLF stands that ends the line.
#[inline(always)]
fn line_end(input: &[u8], mut at: usize) -> Option<usize> {
    loop {
        while let Some(block) = input.get(at..)?.first_chunk::<16>()
            && !block.iter().fold(false, |found, &byte| found | (byte < b' ') | (byte == 0x7f))
        {
            at += 16;
        }
        at = first(input, at, control)?;
        match input.get(at..)? {
            [b'\r', b'\n', ..] => return Some(at),
            [b'\t', ..] => at += 1,
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::is_token;

    #[test]
    fn words_mark_the_first_byte_that_matches() {
        let is_control = |byte: u8| byte < b' ' || byte == 0x7f;
        let in_name = |byte: u8| byte.is_ascii_alphabetic() || byte == b'-';
        let in_target = |byte: u8| matches!(byte, b'!'..=b'~') && !matches!(byte, b'"' | b'#' | b'<' | b'>');
        let others =
            [0x00, 0x01, 0x1f, 0x20, 0x21, 0x22, 0x23, 0x2d, 0x3a, 0x3c, 0x7e, 0x7f, 0x80, 0x81, 0xff];
        for byte in (0..=255_u8).step_by(if cfg!(miri) { 127 } else { 1 }) {
            for place in (0..8).step_by(if cfg!(miri) { 7 } else { 1 }) {
                for (before, behind) in others.iter().flat_map(|&a| others.iter().map(move |&b| (a, b))) {
                    let mut bytes = [behind; 8];
                    bytes[..place].fill(before);
                    bytes[place] = byte;
                    let agrees = |mark: u64, matches: &dyn Fn(u8) -> bool| {
                        let expected = bytes.iter().position(|&byte| matches(byte));
                        let found = (mark != 0).then(|| mark.trailing_zeros() as usize / 8);
                        assert_eq!(found, expected, "{bytes:x?}");
                    };
                    let word = u64::from_le_bytes(bytes);
                    agrees(control(word), &is_control);
                    agrees(equal(word, b':'), &|byte| byte == b':');
                    agrees(unusual_in_name(word), &|byte| !in_name(byte));
                    agrees(unusual_in_target(word), &|byte| !in_target(byte));
                }
            }
        }
    }

    #[test]
    fn names_of_any_token_bytes_at_any_place() {
        for byte in (0..=255_u8).step_by(if cfg!(miri) { 29 } else { 1 }) {
            for len in (1..20).step_by(if cfg!(miri) { 6 } else { 1 }) {
                for place in 0..len {
                    let mut line = std::vec![b'n'; len];
                    line[place] = byte;
                    line.extend(b": v\r\n\r\n");
                    let colon = name_end(&line, 0);
                    let expected = match byte {
                        b':' if place > 0 => Some(place),
                        _ if is_token(&[byte]) => Some(len),
                        _ => None,
                    };
                    assert_eq!(colon, expected, "{}", line.escape_ascii());
                }
            }
        }
    }
}
