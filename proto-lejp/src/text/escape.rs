use crate::config::Dialect;
use crate::error::Reason;

/// What a backslash and what follows it stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escape {
    /// A number of bytes of the input stand for a code point (in the lejp dialect, perhaps half a surrogate pair).
    Is { len: usize, code: u32 },
    /// The input ends before that is known.
    Cut,
    /// The byte at this distance from the backslash is wrong.
    Fault { reason: Reason, at: usize },
}

/// Reads the escape at the start of `input`, which is a backslash.
#[inline]
pub(super) fn escape(input: &[u8], dialect: Dialect) -> Escape {
    let code = match input.get(1) {
        None => return Escape::Cut,
        Some(&simple @ (b'"' | b'\\' | b'/')) => simple,
        Some(b'n') => b'\n',
        Some(b't') => b'\t',
        Some(b'r') => b'\r',
        Some(b'b') => 0x08,
        Some(b'f') => 0x0c,
        Some(b'u') => return unicode(input, dialect),
        Some(_) => return Escape::Fault { reason: Reason::Escape, at: 1 },
    };
    Escape::Is { len: 2, code: u32::from(code) }
}

/// `\uXXXX`, or two of them that are a surrogate pair (RFC 8259, section 7).
fn unicode(input: &[u8], dialect: Dialect) -> Escape {
    let first = match hex(input, 2) {
        Ok(code) => code,
        Err(fault) => return fault,
    };
    let alone = match dialect {
        Dialect::Strict => Escape::Fault { reason: Reason::Surrogate, at: 0 },
        Dialect::Lejp => Escape::Is { len: 6, code: first },
    };
    match first {
        0xd800..=0xdbff => {}
        0xdc00..=0xdfff => return alone,
        _ => return Escape::Is { len: 6, code: first },
    }
    for (at, expected) in [(6, b'\\'), (7, b'u')] {
        match input.get(at) {
            None => return Escape::Cut,
            Some(&found) if found == expected => {}
            Some(_) => return alone,
        }
    }
    match hex(input, 8) {
        Ok(second @ 0xdc00..=0xdfff) => {
            Escape::Is { len: 12, code: 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00) }
        }
        Ok(_) => alone,
        Err(fault) => fault,
    }
}

/// Four hexadecimal digits from `at`.
fn hex(input: &[u8], at: usize) -> Result<u32, Escape> {
    let mut code = 0;
    for at in at..at + 4 {
        let digit = match input.get(at) {
            None => return Err(Escape::Cut),
            Some(&digit @ b'0'..=b'9') => digit - b'0',
            Some(&letter @ b'a'..=b'f') => letter - b'a' + 10,
            Some(&letter @ b'A'..=b'F') => letter - b'A' + 10,
            Some(_) => return Err(Escape::Fault { reason: Reason::Hex, at }),
        };
        code = code << 4 | u32::from(digit);
    }
    Ok(code)
}

/// Writes a code point to the start of `room` as UTF-8 (halves of surrogate pairs in the same way): how many bytes
/// it took, `None` when there is no room.
#[inline]
pub(super) fn encode(code: u32, room: &mut [u8]) -> Option<usize> {
    let continuation = |shift: u32| 0x80 | (code >> shift) as u8 & 0x3f;
    match code {
        0..0x80 => *room.first_mut()? = code as u8,
        0x80..0x800 => *room.first_chunk_mut()? = [0xc0 | (code >> 6) as u8, continuation(0)],
        0x800..0x1_0000 => {
            *room.first_chunk_mut()? = [0xe0 | (code >> 12) as u8, continuation(6), continuation(0)];
        }
        _ => {
            *room.first_chunk_mut()? =
                [0xf0 | (code >> 18) as u8, continuation(12), continuation(6), continuation(0)];
        }
    }
    Some(match code {
        0..0x80 => 1,
        0x80..0x800 => 2,
        0x800..0x1_0000 => 3,
        _ => 4,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_point_is_encoded_as_the_standard_library_does() {
        for code in ('\0'..=char::MAX).step_by(if cfg!(miri) { 9_973 } else { 7 }) {
            let mut expected = [0; 4];
            let expected = code.encode_utf8(&mut expected).as_bytes();
            let mut room = [0; 4];
            assert_eq!(encode(code.into(), &mut room), Some(expected.len()));
            assert_eq!(&room[..expected.len()], expected);
            assert_eq!(encode(code.into(), &mut room[..expected.len() - 1]), None);
        }
    }

    #[test]
    fn escapes() {
        use Escape::*;
        let strict = |text: &str| escape(text.as_bytes(), Dialect::Strict);
        let lejp = |text: &str| escape(text.as_bytes(), Dialect::Lejp);
        for (text, code) in [
            ("\\\"", 0x22),
            ("\\\\", 0x5c),
            ("\\/", 0x2f),
            ("\\b", 8),
            ("\\f", 12),
            ("\\n", 10),
            ("\\r", 13),
            ("\\t", 9),
        ] {
            assert_eq!(strict(text), Is { len: 2, code });
        }
        assert_eq!(strict("\\u00e4x"), Is { len: 6, code: 0xe4 });
        assert_eq!(strict("\\uFfFf"), Is { len: 6, code: 0xffff });
        assert_eq!(strict("\\ud83D\\uDe00"), Is { len: 12, code: 0x1f600 });
        let lone = Fault { reason: Reason::Surrogate, at: 0 };
        for text in ["\\udc00", "\\ud800x", "\\ud800\\n", "\\ud800\\ud800", "\\ud800\\u0041", "\\ud800\""] {
            assert_eq!(strict(text), lone, "{text}");
            assert!(matches!(lejp(text), Is { len: 6, .. }), "{text}");
        }
        for (text, at) in [("\\ux", 2), ("\\u00g0", 4), ("\\u000\"", 5), ("\\ud800\\u12-", 10)] {
            assert_eq!(strict(text), Fault { reason: Reason::Hex, at }, "{text}");
        }
        for text in ["\\", "\\u", "\\u123", "\\ud83d", "\\ud83d\\", "\\ud83d\\u", "\\ud83d\\ude0"] {
            assert_eq!(strict(text), Cut, "{text}");
        }
        for text in ["\\a", "\\U0041", "\\\0", "\\'", "\\x41", "\\0"] {
            assert_eq!(strict(text), Fault { reason: Reason::Escape, at: 1 }, "{text}");
        }
    }
}
