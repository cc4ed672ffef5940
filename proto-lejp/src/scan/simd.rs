//! The kernels in SSE2, which is part of every `x86_64`: there is nothing to detect. This is the only module with
//! `unsafe`, and that only because calling an intrinsic is; no pointer is involved. `words` is its twin.
#![allow(unsafe_code)]

use super::Mask;
use core::arch::x86_64::{
    __m128i, _mm_add_epi8, _mm_cmpeq_epi8, _mm_cmpgt_epi8, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128,
    _mm_set_epi64x, _mm_set1_epi8, _mm_subs_epi8, _mm_xor_si128,
};

#[inline(always)]
pub(super) fn special(block: &[u8; 16]) -> Mask {
    // SAFETY: SSE2 is enabled wherever this module is compiled.
    unsafe {
        let v = load(block);
        // With the second bit flipped the quote is 0x20 and nothing else moves below 0x21. As signed numbers,
        // controls and all bytes from 0x80 lie there, too: less 0x21, what is sought has its sign bit set.
        let flipped = _mm_xor_si128(v, _mm_set1_epi8(0x02));
        let backslash = _mm_cmpeq_epi8(v, _mm_set1_epi8(b'\\' as i8));
        mask(_mm_or_si128(_mm_subs_epi8(flipped, _mm_set1_epi8(0x21)), backslash))
    }
}

#[inline(always)]
pub(super) fn ending(block: &[u8; 16]) -> Mask {
    // SAFETY: SSE2 is enabled wherever this module is compiled.
    unsafe {
        let v = load(block);
        let control = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);
        mask(_mm_or_si128(quote_or_backslash(v), control))
    }
}

#[inline(always)]
pub(super) fn non_digit(block: &[u8; 16]) -> Mask {
    // SAFETY: SSE2 is enabled wherever this module is compiled.
    unsafe {
        // Moves '0'..='9' to the lowest ten signed values.
        let moved = _mm_add_epi8(load(block), _mm_set1_epi8((0x80 - b'0') as i8));
        mask(_mm_cmpgt_epi8(moved, _mm_set1_epi8(-128 + 9)))
    }
}

#[inline(always)]
pub(super) fn non_space(block: &[u8; 16]) -> Mask {
    // SAFETY: SSE2 is enabled wherever this module is compiled.
    unsafe { !mask(_mm_cmpeq_epi8(load(block), _mm_set1_epi8(b' ' as i8))) & 0xffff }
}

#[inline(always)]
pub(super) fn non_ascii(block: &[u8; 16]) -> Mask {
    // SAFETY: SSE2 is enabled wherever this module is compiled.
    unsafe { mask(load(block)) }
}

#[inline]
#[target_feature(enable = "sse2")]
fn quote_or_backslash(v: __m128i) -> __m128i {
    _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(b'"' as i8)), _mm_cmpeq_epi8(v, _mm_set1_epi8(b'\\' as i8)))
}

#[inline]
#[target_feature(enable = "sse2")]
fn load(block: &[u8; 16]) -> __m128i {
    // From two integers, which becomes one load and needs no pointer.
    let both = u128::from_le_bytes(*block);
    _mm_set_epi64x((both >> 64) as i64, both as i64)
}

#[inline]
#[target_feature(enable = "sse2")]
fn mask(vector: __m128i) -> Mask {
    _mm_movemask_epi8(vector) as Mask
}
