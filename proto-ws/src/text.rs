//! Unmasking and validating text in one go.
//!
//! Two passes over a long payload would fetch it twice from beyond the first-level cache, so it is taken in blocks
//! that fit there. Unmasking also collects the highest bits: a block that turns out to be all ASCII needs no
//! second pass at all.

use crate::Utf8;
use crate::mask::{MaskKey, xor, xor_seen};

/// A multiple of four, so that every block begins with the same byte of the key.
const BLOCK: usize = 8 * 1024;

/// Text that is not UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The first wrong byte.
    pub(crate) at: usize,
    /// How far the payload has been unmasked.
    pub(crate) unmasked: usize,
}

/// Unmasks `piece` (if there is a key) and validates it as the next piece of the text.
#[inline]
pub(crate) fn unmask(piece: &mut [u8], key: Option<MaskKey>, utf8: &mut Utf8) -> Result<(), Fault> {
    let Some(key) = key else {
        return utf8.check(piece).map_err(|at| Fault { at, unmasked: 0 });
    };
    let mut at = 0;
    for block in piece.chunks_mut(BLOCK) {
        let ascii = xor_seen(block, key);
        let end = at + block.len();
        if !(ascii && utf8.is_boundary()) {
            utf8.check(block).map_err(|wrong| Fault { at: at + wrong, unmasked: end })?;
        }
        at = end;
    }
    Ok(())
}

/// Unmasks a whole text and says whether it is valid; if not, leaves it as it was.
#[inline(never)]
pub(crate) fn unmask_whole(payload: &mut [u8], key: Option<MaskKey>) -> bool {
    if payload.len() <= BLOCK {
        let valid = match key {
            Some(key) => xor_seen(payload, key) || simdutf8::basic::from_utf8(payload).is_ok(),
            None => simdutf8::basic::from_utf8(payload).is_ok(),
        };
        if let (false, Some(key)) = (valid, key) {
            xor(payload, key);
        }
        return valid;
    }
    let mut utf8 = Utf8::default();
    let unmasked = match unmask(payload, key, &mut utf8) {
        Ok(()) if utf8.is_boundary() => return true,
        Ok(()) => payload.len(),
        Err(fault) => fault.unmasked,
    };
    if let (Some(key), Some(changed)) = (key, payload.get_mut(..unmasked)) {
        xor(changed, key);
    }
    false
}
