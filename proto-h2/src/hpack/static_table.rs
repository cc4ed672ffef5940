//! The static table (RFC 7541 appendix A), packed like everything else, and a name lookup made at compile time.

use super::packed::{HEADER, Header};

/// How many entries the static table has; dynamic indices begin behind it.
pub(super) const ENTRIES: usize = 61;

/// Names that are not in the static table but mean something to HTTP/2; their tokens follow the table's indices.
const EXTRA: [&[u8]; 9] = [
    b"connection",
    b"keep-alive",
    b"proxy-connection",
    b"upgrade",
    b"te",
    b":protocol",
    b"priority",
    b"trailer",
    b"http2-settings",
];

/// Bytes that may be read behind the last entry, so that copies of a fixed length stay inside.
const SLACK: usize = 64;

const PACKED_LEN: usize = {
    let (mut len, mut entry) = (SLACK, 0);
    while entry < ENTRIES {
        len += HEADER + FIELDS[entry].0.len() + FIELDS[entry].1.len();
        entry += 1;
    }
    len
};

struct Packed {
    bytes: [u8; PACKED_LEN],
    /// Where entry `index` begins; index 0 is none, and one behind the last ends it.
    starts: [u16; ENTRIES + 2],
}

static PACKED: Packed = {
    let mut packed = Packed { bytes: [0; PACKED_LEN], starts: [0; ENTRIES + 2] };
    let (mut index, mut at) = (1, 0);
    while index <= ENTRIES {
        let (name, value) = FIELDS[index - 1];
        packed.starts[index] = at as u16;
        let header = Header::new(name.len(), value.len(), first_with_name(index) as u8).to_bytes();
        at = append(&mut packed.bytes, at, &header);
        at = append(&mut packed.bytes, at, name);
        at = append(&mut packed.bytes, at, value);
        index += 1;
    }
    packed.starts[index] = at as u16;
    packed
};

const fn append(bytes: &mut [u8; PACKED_LEN], at: usize, part: &[u8]) -> usize {
    let mut i = 0;
    while i < part.len() {
        bytes[at + i] = part[i];
        i += 1;
    }
    at + part.len()
}

const fn first_with_name(index: usize) -> usize {
    let mut first = index;
    while first > 1 && same(FIELDS[first - 2].0, FIELDS[index - 1].0) {
        first -= 1;
    }
    first
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    let mut i = 0;
    while i < a.len() && i < b.len() && a[i] == b[i] {
        i += 1;
    }
    i == a.len() && i == b.len()
}

/// The packed entry `index` (1 to 61), with at least [`SLACK`] readable bytes behind it, and its length.
#[inline]
pub(super) fn packed(index: usize) -> Option<(&'static [u8], usize)> {
    if index == 0 {
        return None;
    }
    let start = usize::from(*PACKED.starts.get(index)?);
    let end = usize::from(*PACKED.starts.get(index + 1)?);
    Some((PACKED.bytes.get(start..)?, end - start))
}

/// The entry `index` (1 to 61) as name and value.
#[inline]
pub(super) fn field(index: usize) -> Option<(&'static [u8], &'static [u8])> {
    FIELDS.get(index.wrapping_sub(1)).copied()
}

/// The name that `token` stands for.
#[inline]
fn name_of(token: u8) -> Option<&'static [u8]> {
    let token = usize::from(token);
    match FIELDS.get(token.wrapping_sub(1)) {
        Some((name, _)) => Some(name),
        None => EXTRA.get(token.wrapping_sub(ENTRIES + 1)).copied(),
    }
}

const SLOTS: usize = 256;

/// Open addressing by [`name_hash`]: tokens, 0 for an empty slot.
static TOKENS: [u8; SLOTS] = {
    let mut slots = [0; SLOTS];
    let mut token = 1;
    while token <= ENTRIES + EXTRA.len() {
        let name = if token <= ENTRIES { FIELDS[token - 1].0 } else { EXTRA[token - ENTRIES - 1] };
        if token > ENTRIES || first_with_name(token) == token {
            let mut slot = name_hash(name) as usize % SLOTS;
            while slots[slot] != 0 {
                slot = (slot + 1) % SLOTS;
            }
            slots[slot] = token as u8;
        }
        token += 1;
    }
    slots
};

/// The token of `name`, whose hash is `hash`: the first static index that has this name, a number above 61 for
/// the other names HTTP/2 knows, 0 for all others.
#[inline]
pub(super) fn token(name: &[u8], hash: u64) -> u8 {
    let mut slot = hash as usize % SLOTS;
    loop {
        let token = TOKENS[slot];
        let is_it = |known: &[u8]| known.len() == name.len() && super::packed::equal(known, name);
        if token == 0 || name_of(token).is_some_and(is_it) {
            return token;
        }
        slot = (slot + 1) % SLOTS;
    }
}

/// A hash of length, both ends and so of all of any string up to 16 bytes; the middle of longer strings does not
/// enter, so what depends on it must compare. Never walked without bound, so collisions cost little.
#[inline]
pub(super) const fn name_hash(bytes: &[u8]) -> u64 {
    let (a, b) = ends(bytes);
    mix(a ^ 0x9e37_79b9_7f4a_7c15, b ^ 0xd6e8_feb8_6659_fd93 ^ bytes.len() as u64)
}

/// Eight bytes from each end, overlapping where the string is shorter than both.
#[inline]
pub(super) const fn ends(bytes: &[u8]) -> (u64, u64) {
    if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (u64::from_le_bytes(*first), u64::from_le_bytes(*last))
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (u32::from_le_bytes(*first) as u64, u32::from_le_bytes(*last) as u64)
    } else if let (Some(first), Some(last)) = (bytes.first(), bytes.last()) {
        (*first as u64, (bytes[bytes.len() / 2] as u64) << 8 | *last as u64)
    } else {
        (0, 0)
    }
}

/// Folds a 128-bit product: every input bit reaches the low bits.
#[inline]
pub(super) const fn mix(a: u64, b: u64) -> u64 {
    let product = (a as u128).wrapping_mul(b as u128);
    (product >> 64) as u64 ^ product as u64
}

/// Tokens of the names that HTTP/2 gives a meaning.
pub(crate) mod known {
    #![allow(missing_docs)]
    pub(crate) const AUTHORITY: u8 = 1;
    pub(crate) const METHOD: u8 = 2;
    pub(crate) const PATH: u8 = 4;
    pub(crate) const SCHEME: u8 = 6;
    pub(crate) const STATUS: u8 = 8;
    pub(crate) const AUTHORIZATION: u8 = 23;
    pub(crate) const CONTENT_LENGTH: u8 = 28;
    pub(crate) const COOKIE: u8 = 32;
    pub(crate) const EXPECT: u8 = 35;
    pub(crate) const HOST: u8 = 38;
    pub(crate) const PROXY_AUTHORIZATION: u8 = 49;
    pub(crate) const TRANSFER_ENCODING: u8 = 57;
    pub(crate) const CONNECTION: u8 = 62;
    pub(crate) const KEEP_ALIVE: u8 = 63;
    pub(crate) const PROXY_CONNECTION: u8 = 64;
    pub(crate) const UPGRADE: u8 = 65;
    pub(crate) const TE: u8 = 66;
    pub(crate) const PROTOCOL: u8 = 67;
    pub(crate) const PRIORITY: u8 = 68;
}

/// RFC 7541 appendix A, in order.
const FIELDS: [(&[u8], &[u8]); ENTRIES] = [
    (b":authority", b""),
    (b":method", b"GET"),
    (b":method", b"POST"),
    (b":path", b"/"),
    (b":path", b"/index.html"),
    (b":scheme", b"http"),
    (b":scheme", b"https"),
    (b":status", b"200"),
    (b":status", b"204"),
    (b":status", b"206"),
    (b":status", b"304"),
    (b":status", b"400"),
    (b":status", b"404"),
    (b":status", b"500"),
    (b"accept-charset", b""),
    (b"accept-encoding", b"gzip, deflate"),
    (b"accept-language", b""),
    (b"accept-ranges", b""),
    (b"accept", b""),
    (b"access-control-allow-origin", b""),
    (b"age", b""),
    (b"allow", b""),
    (b"authorization", b""),
    (b"cache-control", b""),
    (b"content-disposition", b""),
    (b"content-encoding", b""),
    (b"content-language", b""),
    (b"content-length", b""),
    (b"content-location", b""),
    (b"content-range", b""),
    (b"content-type", b""),
    (b"cookie", b""),
    (b"date", b""),
    (b"etag", b""),
    (b"expect", b""),
    (b"expires", b""),
    (b"from", b""),
    (b"host", b""),
    (b"if-match", b""),
    (b"if-modified-since", b""),
    (b"if-none-match", b""),
    (b"if-range", b""),
    (b"if-unmodified-since", b""),
    (b"last-modified", b""),
    (b"link", b""),
    (b"location", b""),
    (b"max-forwards", b""),
    (b"proxy-authenticate", b""),
    (b"proxy-authorization", b""),
    (b"range", b""),
    (b"referer", b""),
    (b"refresh", b""),
    (b"retry-after", b""),
    (b"server", b""),
    (b"set-cookie", b""),
    (b"strict-transport-security", b""),
    (b"transfer-encoding", b""),
    (b"user-agent", b""),
    (b"vary", b""),
    (b"via", b""),
    (b"www-authenticate", b""),
];

#[cfg(test)]
mod tests {
    use super::super::packed::Header;
    use super::*;

    #[test]
    fn every_name_has_the_token_of_its_first_entry() {
        for index in 1..=ENTRIES {
            let (name, value) = field(index).unwrap();
            let token = token(name, name_hash(name));
            assert_eq!(usize::from(token), first_with_name(index));
            let (bytes, len) = packed(index).unwrap();
            let header = Header::read(bytes).unwrap();
            assert_eq!(
                (header.name_len(), header.value_len(), header.token()),
                (name.len(), value.len(), token)
            );
            assert_eq!(&bytes[HEADER..len], [name, value].concat());
            assert!(bytes.len() >= len + SLACK);
        }
        for (at, name) in EXTRA.iter().enumerate() {
            assert_eq!(usize::from(token(name, name_hash(name))), ENTRIES + 1 + at);
        }
        for name in [&b""[..], b"x", b"cookies", b":status ", b"x-very-long-name-that-nobody-knows"] {
            assert_eq!(token(name, name_hash(name)), 0);
        }
    }

    #[test]
    fn the_known_tokens_are_what_they_are_called() {
        for (known, name) in [
            (known::AUTHORITY, ":authority"),
            (known::METHOD, ":method"),
            (known::PATH, ":path"),
            (known::SCHEME, ":scheme"),
            (known::STATUS, ":status"),
            (known::AUTHORIZATION, "authorization"),
            (known::CONTENT_LENGTH, "content-length"),
            (known::COOKIE, "cookie"),
            (known::EXPECT, "expect"),
            (known::HOST, "host"),
            (known::PROXY_AUTHORIZATION, "proxy-authorization"),
            (known::TRANSFER_ENCODING, "transfer-encoding"),
            (known::CONNECTION, "connection"),
            (known::KEEP_ALIVE, "keep-alive"),
            (known::PROXY_CONNECTION, "proxy-connection"),
            (known::UPGRADE, "upgrade"),
            (known::TE, "te"),
            (known::PROTOCOL, ":protocol"),
            (known::PRIORITY, "priority"),
        ] {
            assert_eq!(name_of(known), Some(name.as_bytes()));
        }
    }

    #[test]
    fn no_entry_but_the_first_and_last_index() {
        assert!(packed(0).is_none() && field(0).is_none());
        assert!(packed(62).is_none() && field(62).is_none());
        assert_eq!(field(1), Some((&b":authority"[..], &b""[..])));
        assert_eq!(field(61), Some((&b"www-authenticate"[..], &b""[..])));
    }
}
