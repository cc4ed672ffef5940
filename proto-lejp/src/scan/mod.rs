//! The kernels that look at 32 bytes at once.
//!
//! A JSON parser spends its time finding the next byte that means something: the quote that ends a string, the
//! byte behind the digits of a number, the first byte that is no space. Each kernel turns a block into a mask
//! with bit `i` set when byte `i` is such a byte; the position is then a count of trailing zeros.
//!
//! On `x86_64`, with the feature `simd`, the comparison of sixteen bytes is one SSE2 instruction. Elsewhere
//! the same masks come from words of eight bytes. The tests hold both against the obvious byte-wise loop.

#[cfg(all(feature = "simd", target_arch = "x86_64", target_feature = "sse2"))]
mod simd;
#[cfg(any(test, not(all(feature = "simd", target_arch = "x86_64", target_feature = "sse2"))))]
mod words;

#[cfg(all(feature = "simd", target_arch = "x86_64", target_feature = "sse2"))]
use simd as arch;
#[cfg(not(all(feature = "simd", target_arch = "x86_64", target_feature = "sse2")))]
use words as arch;

/// How many bytes a kernel looks at.
pub(crate) const LANES: usize = 32;

/// What a kernel looks at.
pub(crate) type Block = [u8; LANES];

/// Bit `i` says that byte `i` is what was looked for.
pub(crate) type Mask = u32;

/// The bytes at `at`, if there are as many.
#[inline(always)]
pub(crate) fn window<const N: usize>(input: &[u8], at: usize) -> Option<&[u8; N]> {
    input.get(at..)?.first_chunk()
}

/// Bytes a string may not simply contain: the quote, the backslash, controls (below 0x20) and, because they are
/// to be validated, all from 0x80.
#[inline(always)]
pub(crate) fn special(block: &Block) -> Mask {
    halves(block, arch::special)
}

/// As [`special`], of two blocks.
#[inline(always)]
pub(crate) fn special_in_two(blocks: &[u8; 2 * LANES]) -> u64 {
    match blocks.as_chunks().0 {
        [low, high] => u64::from(special(low)) | u64::from(special(high)) << LANES,
        _ => 0,
    }
}

/// As [`special`], without those from 0x80.
#[inline(always)]
pub(crate) fn ending(block: &Block) -> Mask {
    halves(block, arch::ending)
}

/// Bytes that are no decimal digit.
#[inline(always)]
pub(crate) fn non_digit(block: &Block) -> Mask {
    halves(block, arch::non_digit)
}

/// Bytes that are no space (0x20).
#[inline(always)]
pub(crate) fn non_space(block: &Block) -> Mask {
    halves(block, arch::non_space)
}

/// Bytes from 0x80.
#[inline(always)]
pub(crate) fn non_ascii(block: &Block) -> Mask {
    halves(block, arch::non_ascii)
}

#[inline(always)]
fn halves(block: &Block, kernel: impl Fn(&[u8; LANES / 2]) -> Mask) -> Mask {
    match block.as_chunks().0 {
        [low, high] => kernel(low) | kernel(high) << (LANES / 2),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naive(block: &Block, is: impl Fn(u8) -> bool) -> Mask {
        block.iter().enumerate().map(|(i, &b)| u32::from(is(b)) << i).sum()
    }

    #[test]
    fn every_byte_in_every_lane_beside_every_kind_of_neighbour() {
        for neighbour in [b'a', b'"', b'0', b' ', 0x00, 0x1f, 0x7f, 0x80, 0xff]
            .into_iter()
            .take(if cfg!(miri) { 1 } else { 9 })
        {
            for lane in 0..LANES {
                for byte in (0..=255u8).step_by(if cfg!(miri) { 34 } else { 1 }) {
                    let mut block = [neighbour; LANES];
                    block[lane] = byte;
                    let ends = |b: u8| b < 0x20 || b == b'"' || b == b'\\';
                    let expected = [
                        naive(&block, |b| ends(b) || b >= 0x80),
                        naive(&block, ends),
                        naive(&block, |b| !b.is_ascii_digit()),
                        naive(&block, |b| b != b' '),
                        naive(&block, |b| b >= 0x80),
                    ];
                    let found = [
                        special(&block),
                        ending(&block),
                        non_digit(&block),
                        non_space(&block),
                        non_ascii(&block),
                    ];
                    let portable = [
                        halves(&block, words::special),
                        halves(&block, words::ending),
                        halves(&block, words::non_digit),
                        halves(&block, words::non_space),
                        halves(&block, words::non_ascii),
                    ];
                    assert_eq!(found, expected, "{byte:#x} in lane {lane} beside {neighbour:#x}");
                    assert_eq!(portable, expected, "{byte:#x} in lane {lane} beside {neighbour:#x}");
                }
            }
        }
    }
}
