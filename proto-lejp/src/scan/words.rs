//! The kernels in words of eight bytes, for every processor.

use super::Mask;

const ONES: u64 = u64::from_le_bytes([1; 8]);
const HIGH: u64 = ONES << 7;

pub(super) fn special(block: &[u8; 16]) -> Mask {
    both(block, |w| below(w, 0x20) | equal(w, b'"') | equal(w, b'\\') | (w & HIGH))
}

pub(super) fn ending(block: &[u8; 16]) -> Mask {
    both(block, |w| below(w, 0x20) | equal(w, b'"') | equal(w, b'\\'))
}

pub(super) fn non_digit(block: &[u8; 16]) -> Mask {
    // A digit minus '0' is below ten, and so is nothing else once the bytes from 0x80 are put apart.
    both(block, |w| (below(w ^ (ONES * u64::from(b'0')), 10) ^ HIGH) | (w & HIGH))
}

pub(super) fn non_space(block: &[u8; 16]) -> Mask {
    both(block, |w| equal(w, b' ') ^ HIGH)
}

pub(super) fn non_ascii(block: &[u8; 16]) -> Mask {
    both(block, |w| w & HIGH)
}

/// The high bit of each byte that is below `limit` (at most 0x80), exactly: no borrow crosses a byte.
fn below(word: u64, limit: u8) -> u64 {
    let room = (word & !HIGH) + (ONES * u64::from(0x80 - limit));
    !room & !word & HIGH
}

fn equal(word: u64, byte: u8) -> u64 {
    below(word ^ (ONES * u64::from(byte)), 1)
}

fn both(block: &[u8; 16], test: impl Fn(u64) -> u64) -> Mask {
    let word = u128::from_le_bytes(*block);
    gather(test(word as u64)) | (gather(test((word >> 64) as u64)) << 8)
}

/// Collects the high bits of eight bytes into one byte.
fn gather(high: u64) -> Mask {
    (((high >> 7).wrapping_mul(0x0102_0408_1020_4080)) >> 56) as Mask
}
