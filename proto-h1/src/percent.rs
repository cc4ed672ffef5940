//! Percent-encoding ([RFC 3986 2.1](https://www.rfc-editor.org/rfc/rfc3986#section-2.1)).

use core::fmt;

/// A `%` that two hexadecimal digits do not follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadEscape {
    /// Where the `%` is.
    pub at: usize,
}

impl fmt::Display for BadEscape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bad percent-encoding at byte {}", self.at)
    }
}

impl core::error::Error for BadEscape {}

/// The decoded bytes of `text`, one by one. The result may be anything, NUL and `/` included: check it after
/// decoding.
///
/// ```
/// use proto_h1::percent::decode;
/// assert!(decode(b"a%20b%2f").eq(b"a b/".iter().map(|&byte| Ok(byte))));
/// assert!(decode(b"50%").any(|byte| byte.is_err()));
/// ```
pub const fn decode(text: &[u8]) -> Decode<'_> {
    Decode { text, at: 0 }
}

/// Decodes `text` where it lies and returns the shorter result.
///
/// # Errors
/// [`BadEscape`]; `text` is then unchanged.
pub fn decode_in_place(text: &mut [u8]) -> Result<&mut [u8], BadEscape> {
    if let Some(Err(bad)) = decode(text).find(Result::is_err) {
        return Err(bad);
    }
    let (mut from, mut to) = (0, 0);
    while let Some(Ok((byte, len))) = next(text, from) {
        if let Some(place) = text.get_mut(to) {
            *place = byte;
        }
        (from, to) = (from + len, to + 1);
    }
    Ok(text.get_mut(..to).unwrap_or_default())
}

/// The encoded form of `bytes`: all but the unreserved characters of RFC 3986 and those in `keep` (`b"/"` for a
/// path) become `%XX`.
///
/// ```
/// assert!(proto_h1::percent::encode(b"/a b\xff", b"/").eq(*b"/a%20b%FF"));
/// ```
pub fn encode<'a>(bytes: &'a [u8], keep: &'a [u8]) -> impl Iterator<Item = u8> + 'a {
    bytes.iter().flat_map(move |&byte| {
        let plain =
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') || keep.contains(&byte);
        let (text, len) =
            if plain { ([byte, 0, 0], 1) } else { ([b'%', digit(byte >> 4), digit(byte & 15)], 3) };
        text.into_iter().take(len)
    })
}

/// See [`decode`]. Ends after the first error.
#[derive(Debug, Clone)]
pub struct Decode<'a> {
    text: &'a [u8],
    at: usize,
}

impl Iterator for Decode<'_> {
    type Item = Result<u8, BadEscape>;
    fn next(&mut self) -> Option<Self::Item> {
        let found = next(self.text, self.at)?;
        self.at = found.map_or(self.text.len(), |(_, len)| self.at + len);
        Some(found.map(|(byte, _)| byte))
    }
}

/// The byte that is encoded at `at` and the length of its encoding.
fn next(text: &[u8], at: usize) -> Option<Result<(u8, usize), BadEscape>> {
    Some(match text.get(at..)? {
        [] => return None,
        [b'%', high, low, ..] => match (value(*high), value(*low)) {
            (Some(high), Some(low)) => Ok((high << 4 | low, 3)),
            _ => Err(BadEscape { at }),
        },
        [b'%', ..] => Err(BadEscape { at }),
        [byte, ..] => Ok((*byte, 1)),
    })
}

const fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

const fn digit(value: u8) -> u8 {
    if value < 10 { b'0' + value } else { b'A' + value - 10 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn every_byte_comes_back() {
        let bytes: Vec<u8> = (0..=255).collect();
        let mut text: Vec<u8> = encode(&bytes, b"/").collect();
        assert_eq!(decode(&text).collect::<Result<Vec<u8>, _>>().unwrap(), bytes);
        assert_eq!(decode_in_place(&mut text).unwrap(), bytes);
    }

    #[test]
    fn bad_escapes_are_found_and_change_nothing() {
        for (text, at) in
            [(&b"%"[..], 0), (b"a%4", 1), (b"%41%4g", 3), (b"%+1", 0), (b"%%41", 0), (b"% 1", 0)]
        {
            let mut copy = Vec::from(text);
            assert_eq!(decode_in_place(&mut copy), Err(BadEscape { at }));
            assert_eq!(copy, text);
        }
    }
}
