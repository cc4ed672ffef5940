use crate::config::Dialect;
use crate::scan::{LANES, ending, non_ascii, window};

/// What ends a run of bytes that stand for themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    Quote,
    Backslash,
    Control,
    /// The bytes from there are not UTF-8.
    Invalid,
    /// The input ended; a code point that it cuts is not part of the run.
    Input,
}

/// The run of bytes from `start` that stand for themselves: where it ends, and why.
pub(crate) fn plain(input: &[u8], start: usize, dialect: Dialect) -> (usize, Until) {
    let (end, ascii) = find_ending(input, start);
    let until = match input.get(end) {
        Some(b'"') => Until::Quote,
        Some(b'\\') => Until::Backslash,
        Some(_) => Until::Control,
        None => Until::Input,
    };
    let run = input.get(start..end).unwrap_or_default();
    if ascii {
        return (end, until);
    }
    if matches!(dialect, Dialect::Lejp) {
        let cut = if until == Until::Input { cut_code_point(run) } else { 0 };
        return (end - cut, until);
    }
    match validate(run) {
        Ok(()) => (end, until),
        Err(fault) if fault.incomplete && until == Until::Input => (start + fault.valid, Until::Input),
        Err(fault) => (start + fault.valid, Until::Invalid),
    }
}

/// The first quote, backslash or control from `at`, or the end of the input; and whether all before it is ASCII.
fn find_ending(input: &[u8], mut at: usize) -> (usize, bool) {
    let mut high = 0;
    while let Some(block) = window(input, at) {
        let mask = ending(block);
        if mask != 0 {
            let bytes = mask.trailing_zeros();
            high |= non_ascii(block) & ((1 << bytes) - 1);
            return (at + bytes as usize, high == 0);
        }
        high |= non_ascii(block);
        at += LANES;
    }
    while let Some(&byte) = input.get(at) {
        if byte < 0x20 || byte == b'"' || byte == b'\\' {
            break;
        }
        high |= u32::from(byte & 0x80);
        at += 1;
    }
    (at, high == 0)
}

struct Fault {
    valid: usize,
    /// More bytes could make it valid.
    incomplete: bool,
}

/// Below this, setting up vectors costs more than it saves.
const VECTORS: usize = 64;

fn validate(run: &[u8]) -> Result<(), Fault> {
    if run.len() >= VECTORS && simdutf8::basic::from_utf8(run).is_ok() {
        return Ok(());
    }
    match core::str::from_utf8(run) {
        Ok(_) => Ok(()),
        Err(fault) => Err(Fault { valid: fault.valid_up_to(), incomplete: fault.error_len().is_none() }),
    }
}

/// How many bytes at the end of `run` may be the beginning of a longer code point.
fn cut_code_point(run: &[u8]) -> usize {
    for (back, &byte) in (1..=3).zip(run.iter().rev()) {
        let len = match byte {
            0x80..=0xbf => continue,
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => return 0,
        };
        return if back < len { back } else { 0 };
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_end_where_they_should() {
        for pad in 0..40 {
            for (tail, len, until) in [
                (&b"ab\"c"[..], 2, Until::Quote),
                (b"ab\\n", 2, Until::Backslash),
                (b"ab\x1fc", 2, Until::Control),
                (b"ab", 2, Until::Input),
                (b"a\x7f\xc3\xa4\"", 4, Until::Quote),
                (b"a\xc3", 1, Until::Input),
                (b"a\xc3\"", 1, Until::Invalid),
                (b"a\xe2\x82", 1, Until::Input),
                (b"a\xf0\x9f\x98", 1, Until::Input),
                (b"a\xf0\x9f\x98\x80", 5, Until::Input),
                (b"a\xed\xa0\x80\"", 1, Until::Invalid),
                (b"a\xc0\x80", 1, Until::Invalid),
                (b"a\xf4\x90", 1, Until::Invalid),
                (b"a\x80\"", 1, Until::Invalid),
            ] {
                let mut text = [b'x'; 64];
                text[pad..pad + tail.len()].copy_from_slice(tail);
                let text = &text[..pad + tail.len()];
                assert_eq!(plain(text, 0, Dialect::Strict), (pad + len, until), "{}", text.escape_ascii());
            }
        }
    }

    #[test]
    fn the_lejp_dialect_takes_any_bytes_but_cuts_no_code_point() {
        assert_eq!(plain(b"a\xff\xc0\"", 0, Dialect::Lejp), (3, Until::Quote));
        assert_eq!(plain(b"a\xe2\x82", 0, Dialect::Lejp), (1, Until::Input));
        assert_eq!(plain(b"a\xe2\x82\"", 0, Dialect::Lejp), (3, Until::Quote));
        assert_eq!(plain(b"\x80\x80\x80", 0, Dialect::Lejp), (3, Until::Input));
        assert_eq!(plain(b"\xe2\x82\xac\xf0", 0, Dialect::Lejp), (3, Until::Input));
    }
}
