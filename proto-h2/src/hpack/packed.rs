//! The one form in which fields lie in memory: in the static table, in the dynamic tables and in the caller's
//! scratch. An entry is a header of eight bytes, the name and the value, without gaps, so that an indexed field is
//! decoded by one copy.

/// Bytes of an entry's header.
pub(super) const HEADER: usize = 8;

/// The longest name and value that a header can express; the decoder uses no more scratch than this.
pub(super) const MAX_LEN: usize = (1 << 24) - 1;

/// Lengths of name and value, the name's token and two marks, in 64 bits:
/// name length 24, token 8, value length 30, malformed 1, sensitive 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header(pub(super) u64);

const SENSITIVE: u64 = 1 << 63;
const MALFORMED: u64 = 1 << 62;

impl Header {
    /// Both lengths are at most [`MAX_LEN`].
    #[inline]
    pub(super) const fn new(name_len: usize, value_len: usize, token: u8) -> Self {
        Self(name_len as u64 | (token as u64) << 24 | (value_len as u64) << 32)
    }

    #[inline]
    pub(super) const fn mark(self, sensitive: bool, malformed: bool) -> Self {
        let sensitive = if sensitive { SENSITIVE } else { 0 };
        let malformed = if malformed { MALFORMED } else { 0 };
        Self(self.0 | sensitive | malformed)
    }

    #[inline]
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().map(|bytes| Self(u64::from_le_bytes(*bytes)))
    }

    #[inline]
    pub(super) const fn to_bytes(self) -> [u8; HEADER] {
        self.0.to_le_bytes()
    }

    #[inline]
    pub(super) const fn name_len(self) -> usize {
        (self.0 & 0xff_ffff) as usize
    }

    #[inline]
    pub(super) const fn value_len(self) -> usize {
        (self.0 >> 32 & 0x3fff_ffff) as usize
    }

    #[inline]
    pub(super) const fn token(self) -> u8 {
        (self.0 >> 24) as u8
    }

    #[inline]
    pub(super) const fn is_sensitive(self) -> bool {
        self.0 & SENSITIVE != 0
    }

    #[inline]
    pub(super) const fn is_malformed(self) -> bool {
        self.0 & MALFORMED != 0
    }

    /// Whether name and value have these lengths.
    #[inline]
    pub(super) const fn has_lens(self, name_len: usize, value_len: usize) -> bool {
        const LENS: u64 = !(0xff << 24 | SENSITIVE | MALFORMED);
        self.0 & LENS == (name_len as u64 | (value_len as u64) << 32)
    }

    /// Bytes of the whole entry.
    #[inline]
    pub(super) const fn total(self) -> usize {
        HEADER + self.name_len() + self.value_len()
    }
}

/// Copies the first `len` bytes of `src` to `dst`; `false` when `dst` is too short. May write up to 63 bytes more
/// than `len` where `dst` has them: a copy of a fixed length is much cheaper than one of any length.
#[inline]
pub(super) fn copy(dst: &mut [u8], src: &[u8], len: usize) -> bool {
    if len <= 32 {
        if let (Some(dst), Some(src)) = (dst.first_chunk_mut::<32>(), src.first_chunk::<32>()) {
            *dst = *src;
            return true;
        }
    } else if len <= 64
        && let (Some(dst), Some(src)) = (dst.first_chunk_mut::<64>(), src.first_chunk::<64>())
    {
        *dst = *src;
        return true;
    }
    match (dst.get_mut(..len), src.get(..len)) {
        (Some(dst), Some(src)) => {
            dst.copy_from_slice(src);
            true
        }
        _ => false,
    }
}

/// Whether two strings of the same length are equal.
#[inline]
pub(super) fn equal(a: &[u8], b: &[u8]) -> bool {
    if a.len() <= 16 {
        return super::static_table::ends(a) == super::static_table::ends(b);
    }
    if a.len() <= 32
        && let (Some(a0), Some(a1)) = (a.first_chunk::<16>(), a.last_chunk::<16>())
        && let (Some(b0), Some(b1)) = (b.first_chunk::<16>(), b.last_chunk::<16>())
    {
        return a0 == b0 && a1 == b1;
    }
    a == b
}

/// Whether a field with this name breaks the rules of HTTP/2 for names: RFC 9113 section 8.2.1 (no upper case, no
/// colon but in front) with the token syntax of RFC 9110 section 5.6.2.
pub(super) fn name_is_malformed(name: &[u8]) -> bool {
    let name = name.strip_prefix(b":").unwrap_or(name);
    name.is_empty() || name.iter().any(|&byte| !NAME_BYTES[usize::from(byte)])
}

/// Whether a field with this value breaks RFC 9113 section 8.2.1 (no NUL, CR or LF, no blank at either end) or the
/// syntax of RFC 9110 section 5.5 (no other control characters but tab).
#[inline]
pub(super) fn value_is_malformed(value: &[u8]) -> bool {
    let (Some(first), Some(last)) = (value.first(), value.last()) else { return false };
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    blank(first) || blank(last) || (may_have_control(value) && has_control(value))
}

fn has_control(value: &[u8]) -> bool {
    value.iter().any(|&byte| (byte < 0x20 && byte != b'\t') || byte == 0x7f)
}

/// Whether any byte is below 0x20 or 0x7f, eight at a time; short strings are left to be looked at one by one.
#[inline]
fn may_have_control(value: &[u8]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // The high bit of each byte is set where a byte below `limit` makes the subtraction borrow; bytes above 0x7f never
    // count. Only the lowest such bit is exact, which is enough to know that there is one.
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word & (ONES * 0x80);
    let suspicious = |bytes: &[u8; 8]| {
        let word = u64::from_le_bytes(*bytes);
        below(word, 0x20) | below(word ^ (ONES * 0x7f), 1) != 0
    };
    match value.last_chunk::<8>() {
        None => true,
        Some(last) => suspicious(last) || value.as_chunks::<8>().0.iter().any(suspicious),
    }
}

static NAME_BYTES: [bool; 256] = {
    let mut allowed = [false; 256];
    let mut byte = 0;
    while byte < 128_u8 {
        allowed[byte as usize] = byte.is_ascii_lowercase()
            || byte.is_ascii_digit()
            || matches!(
                byte,
                b'!' | b'#'
                    | b'$'
                    | b'%'
                    | b'&'
                    | b'\''
                    | b'*'
                    | b'+'
                    | b'-'
                    | b'.'
                    | b'^'
                    | b'_'
                    | b'`'
                    | b'|'
                    | b'~'
            );
        byte += 1;
    }
    allowed
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_holds_what_it_is_given() {
        let header = Header::new(MAX_LEN, MAX_LEN, 0xab).mark(true, false);
        assert_eq!((header.name_len(), header.value_len(), header.token()), (MAX_LEN, MAX_LEN, 0xab));
        assert!(header.is_sensitive() && !header.is_malformed());
        assert!(header.has_lens(MAX_LEN, MAX_LEN) && !header.has_lens(MAX_LEN, 3));
        assert!(Header::new(3, 4, 9).mark(false, true).is_malformed());
    }

    #[test]
    fn copies_and_comparisons_of_every_length() {
        let src: [u8; 200] = core::array::from_fn(|i| i as u8);
        for len in (0..130).step_by(if cfg!(miri) { 13 } else { 1 }) {
            let mut dst = [0xff; 200];
            assert!(copy(&mut dst, &src, len));
            assert_eq!(dst[..len], src[..len]);
            assert!(copy(&mut dst[..len], &src, len));
            assert!(len == 0 || !copy(&mut dst[..len - 1], &src, len));
            assert!(equal(&dst[..len], &src[..len]));
            for at in 0..len {
                let mut other = src;
                other[at] ^= 0x40;
                assert!(!equal(&other[..len], &src[..len]), "{at} of {len}");
            }
        }
    }

    #[test]
    fn malformed_names_and_values() {
        for good in [&b"a"[..], b":path", b"x-1_2.~!", b"te"] {
            assert!(!name_is_malformed(good));
        }
        for bad in [&b""[..], b":", b"A", b"a:b", b"::a", b"a b", b"a\0", b"\x80", b"a\x7f", b"a\"", b"a("] {
            assert!(name_is_malformed(bad), "{}", bad.escape_ascii());
        }
        for at in (0..40).step_by(if cfg!(miri) { 13 } else { 1 }) {
            for byte in (0..=255).step_by(if cfg!(miri) { 21 } else { 1 }) {
                let mut value = [b'~'; 40];
                value[at] = byte;
                let bad = (byte < 0x20 && byte != b'\t') || byte == 0x7f;
                assert_eq!(
                    value_is_malformed(&value),
                    bad || (matches!(byte, b' ' | b'\t') && (at == 0 || at == 39))
                );
                let short = &value[at..40.min(at + 5)];
                assert_eq!(
                    value_is_malformed(short),
                    bad || matches!(byte, b' ' | b'\t'),
                    "{byte} in {short:?}"
                );
            }
        }
        for good in [&b""[..], b"a b", b"a\tb", b"\xff", b"x"] {
            assert!(!value_is_malformed(good));
        }
        for bad in [&b" "[..], b" a", b"a ", b"\ta", b"a\t", b"a\0b", b"\r", b"a\nb", b"\x01", b"\x7f"] {
            assert!(value_is_malformed(bad), "{}", bad.escape_ascii());
        }
    }
}
