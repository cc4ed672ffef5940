//! Masking: XOR with a four-byte key that repeats ([RFC 6455 section 5.3](https://www.rfc-editor.org/rfc/rfc6455#section-5.3)).
//!
//! A key is held as the little-endian word of its bytes, rotated so that its lowest byte is for the next payload
//! byte: a payload that comes in pieces rotates the key by the bytes taken, and no phase has to be carried.
//! The loops go by words, a form that compiles to the widest vectors of the target. Blocks of 128 bytes unroll
//! them, which is worth a quarter where nothing else is done; the loop that also looks at the bytes is faster plain.

use core::hash::Hasher;

use siphasher::sip::SipHasher13;

/// A masking key and how far it has been used.
///
/// ```
/// let mut key = proto_ws::MaskKey::new([0x37, 0xfa, 0x21, 0x3d]);
/// let mut payload = *b"\x7f\x9f\x4d\x51\x58"; // the "Hello" of RFC 6455 section 5.7
/// let (first, second) = payload.split_at_mut(3);
/// key.apply(first);
/// key.apply(second);
/// assert_eq!(&payload, b"Hello");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaskKey(u32);

impl MaskKey {
    /// The key as it is in the frame header.
    #[inline]
    pub const fn new(bytes: [u8; 4]) -> Self {
        Self(u32::from_le_bytes(bytes))
    }

    /// The bytes to use next.
    #[inline]
    pub const fn bytes(self) -> [u8; 4] {
        self.0.to_le_bytes()
    }

    /// Masks or unmasks the next piece of the payload in place.
    #[inline]
    pub fn apply(&mut self, piece: &mut [u8]) {
        xor(piece, *self);
        *self = self.after(piece.len());
    }

    /// The key `taken` bytes further on.
    #[inline]
    #[must_use]
    pub const fn after(self, taken: usize) -> Self {
        Self(self.0.rotate_right(8 * (taken as u32 & 3)))
    }

    #[inline]
    const fn word(self) -> u64 {
        self.0 as u64 | (self.0 as u64) << 32
    }
}

/// XORs `piece` with `key` in place.
#[inline]
pub(crate) fn xor(piece: &mut [u8], key: MaskKey) {
    if piece.len() < LONG {
        return xor_words(piece, key);
    }
    xor_long(piece, key);
}

/// Apart, so that what is inlined into a loop over small frames stays small.
#[inline(never)]
fn xor_long(piece: &mut [u8], key: MaskKey) {
    let (head, body) = piece.split_at_mut(skew(piece));
    let skew = head.len();
    if skew != 0 {
        xor_words(head, key);
    }
    xor_words(body, key.after(skew));
}

/// XORs `piece` with `key` in place and says whether the result is all ASCII: one pass for what would take two.
#[inline]
pub(crate) fn xor_seen(piece: &mut [u8], key: MaskKey) -> bool {
    let skew = skew(piece);
    let (head, body) = piece.split_at_mut(skew);
    let ascii = skew == 0 || xor_words_seen(head, key);
    ascii & xor_words_seen(body, key.after(skew))
}

/// How many bytes of a long `piece` lie in front of a boundary of 32 bytes. Payload lies where the header before it
/// ends, and one in four vector stores would straddle two cache lines.
#[inline]
fn skew(piece: &[u8]) -> usize {
    if piece.len() < LONG { 0 } else { piece.as_ptr().align_offset(ALIGN) & (ALIGN - 1) }
}

const ALIGN: usize = 32;
const LONG: usize = 4096;

#[inline]
fn xor_words(piece: &mut [u8], key: MaskKey) {
    let word = key.word();
    let tail = last_word(piece, key);
    let (blocks, rest) = piece.as_chunks_mut::<128>();
    for block in blocks {
        for bytes in block.as_chunks_mut::<8>().0 {
            *bytes = (u64::from_le_bytes(*bytes) ^ word).to_le_bytes();
        }
    }
    let (words, rest) = rest.as_chunks_mut::<8>();
    for bytes in words {
        *bytes = (u64::from_le_bytes(*bytes) ^ word).to_le_bytes();
    }
    match tail {
        None => xor_bytes(rest, key),
        Some(tail) => put_last_word(piece, tail),
    }
}

#[inline]
fn xor_words_seen(piece: &mut [u8], key: MaskKey) -> bool {
    let word = key.word();
    let tail = last_word(piece, key);
    let mut seen = 0;
    let (words, rest) = piece.as_chunks_mut::<8>();
    for bytes in words {
        let value = u64::from_le_bytes(*bytes) ^ word;
        seen |= value;
        *bytes = value.to_le_bytes();
    }
    match tail {
        None => {
            xor_bytes(rest, key);
            rest.is_ascii()
        }
        Some(tail) => {
            put_last_word(piece, tail);
            (seen | tail) & 0x8080_8080_8080_8080 == 0
        }
    }
}

/// The last eight bytes of `piece`, masked. Taken before and put back after the loop over the words, which they
/// overlap, they spare a loop over the odd bytes.
#[inline]
fn last_word(piece: &[u8], key: MaskKey) -> Option<u64> {
    let (before, last) = piece.split_last_chunk::<8>()?;
    Some(u64::from_le_bytes(*last) ^ key.after(before.len()).word())
}

#[inline]
fn put_last_word(piece: &mut [u8], word: u64) {
    if let Some(last) = piece.last_chunk_mut::<8>() {
        *last = word.to_le_bytes();
    }
}

/// XORs fewer than eight bytes.
#[inline]
fn xor_bytes(piece: &mut [u8], key: MaskKey) {
    for (byte, key) in piece.iter_mut().zip(key.word().to_le_bytes()) {
        *byte ^= key;
    }
}

/// Writes `from` XORed with `key` to `to`, which is as long.
#[inline]
pub(crate) fn xor_copy(to: &mut [u8], from: &[u8], key: MaskKey) {
    let word = key.word();
    let (to_blocks, to_rest) = to.as_chunks_mut::<128>();
    let (from_blocks, from_rest) = from.as_chunks::<128>();
    for (to, from) in to_blocks.iter_mut().zip(from_blocks) {
        for (to, from) in to.as_chunks_mut::<8>().0.iter_mut().zip(from.as_chunks::<8>().0) {
            *to = (u64::from_le_bytes(*from) ^ word).to_le_bytes();
        }
    }
    let (to_words, to_rest) = to_rest.as_chunks_mut::<8>();
    let (from_words, from_rest) = from_rest.as_chunks::<8>();
    for (to, from) in to_words.iter_mut().zip(from_words) {
        *to = (u64::from_le_bytes(*from) ^ word).to_le_bytes();
    }
    match last_word(from, key) {
        Some(tail) => put_last_word(to, tail),
        None => {
            for ((to, from), key) in to_rest.iter_mut().zip(from_rest).zip(word.to_le_bytes()) {
                *to = from ^ key;
            }
        }
    }
}

/// Where a client's masking keys come from: a pseudo-random function (SipHash-1-3) of the caller's secret seed and
/// a counter. A peer that sees all earlier keys cannot predict the next, which is what
/// [section 10.3](https://www.rfc-editor.org/rfc/rfc6455#section-10.3) asks for.
#[derive(Clone)]
pub(crate) struct MaskKeys {
    seed: [u64; 2],
    counter: u64,
    /// The second key of the last pair, when there is one.
    spare: Option<u32>,
}

impl core::fmt::Debug for MaskKeys {
    /// Without the seed, which is a secret.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("MaskKeys").field("counter", &self.counter).finish_non_exhaustive()
    }
}

impl MaskKeys {
    pub(crate) fn new(seed: [u8; 16]) -> Self {
        let seed = u128::from_le_bytes(seed);
        Self { seed: [seed as u64, (seed >> 64) as u64], counter: 0, spare: None }
    }

    #[inline]
    pub(crate) fn next(&mut self) -> MaskKey {
        MaskKey(self.spare.take().unwrap_or_else(|| {
            let [k0, k1] = self.seed;
            let mut hasher = SipHasher13::new_with_keys(k0, k1);
            hasher.write_u64(self.counter);
            self.counter = self.counter.wrapping_add(1);
            let pair = hasher.finish();
            self.spare = Some((pair >> 32) as u32);
            pair as u32
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_defined_at_every_length_phase_and_cut() {
        let key = [0x12, 0xf4, 0x56, 0x81];
        let plain: [u8; 200] = core::array::from_fn(|at| (at as u8).wrapping_mul(37));
        for len in (0..=plain.len()).step_by(if cfg!(miri) { 31 } else { 1 }) {
            for cut in [0, 1, 2, 3, 5, 64, 67] {
                let cut = cut.min(len);
                let mut bytes = plain;
                let (first, second) = bytes[..len].split_at_mut(cut);
                let mut running = MaskKey::new(key);
                running.apply(first);
                running.apply(second);
                for at in 0..len {
                    assert_eq!(bytes[at], plain[at] ^ key[at % 4], "length {len} cut {cut} at {at}");
                }
                assert_eq!(&bytes[len..], &plain[len..]);
                assert_eq!(running.bytes(), core::array::from_fn(|at| key[(len + at) % 4]));
            }
        }
    }

    #[test]
    fn ascii_is_seen_wherever_it_ends() {
        for len in (0..200).step_by(if cfg!(miri) { 67 } else { 1 }) {
            let key = MaskKey::new([0x80, 0xff, 0, 0x7f]);
            let mut bytes = [b'a'; 200];
            xor(&mut bytes[..len], key);
            assert!(xor_seen(&mut bytes[..len], key));
            for at in 0..len {
                let mut bytes = [b'a'; 200];
                bytes[at] = 0x80;
                xor(&mut bytes[..len], key);
                assert!(!xor_seen(&mut bytes[..len], key), "length {len} at {at}");
            }
        }
    }

    /// Long pieces have a part of their own in front of the first boundary.
    #[test]
    #[cfg_attr(miri, ignore = "long")]
    fn long_pieces_wherever_they_begin() {
        let key = MaskKey::new([0x12, 0xf4, 0x56, 0x81]);
        for start in 0..ALIGN + 1 {
            let len = LONG + start * 7;
            let mut room = [b'a'; LONG + 300];
            let Some(piece) = room.get_mut(start..start + len) else { unreachable!() };
            xor(piece, key);
            assert!(piece.iter().enumerate().all(|(at, byte)| byte ^ key.bytes()[at % 4] == b'a'));
            assert!(xor_seen(piece, key));
            assert!(piece.iter().all(|&byte| byte == b'a'));
            for at in (0..80).chain(len - 80..len) {
                xor(piece, key);
                piece[at] ^= 0x80;
                assert!(!xor_seen(piece, key), "from {start} at {at}");
                piece[at] ^= 0x80;
            }
            assert!(room.iter().all(|&byte| byte == b'a'));
        }
    }

    #[test]
    fn keys_differ_and_depend_on_the_seed() {
        let mut keys = MaskKeys::new([7; 16]);
        let mut others = MaskKeys::new([8; 16]);
        let first: [u32; 8] = core::array::from_fn(|_| keys.next().0);
        let second: [u32; 8] = core::array::from_fn(|_| others.next().0);
        for (at, key) in first.iter().enumerate() {
            assert!(!first[..at].contains(key) && !second.contains(key));
        }
    }
}
