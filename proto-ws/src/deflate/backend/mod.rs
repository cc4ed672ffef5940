//! Whose DEFLATE it is: [`miniz`] is safe code without `std`, [`zlib`] is faster and has windows of every size.

#[cfg(any(test, not(feature = "deflate-zlib-rs")))]
mod miniz;
#[cfg(feature = "deflate-zlib-rs")]
mod zlib;

#[cfg(not(feature = "deflate-zlib-rs"))]
pub(crate) use miniz::{Deflater, Inflater};
#[cfg(feature = "deflate-zlib-rs")]
pub(crate) use zlib::{Deflater, Inflater};

use super::DeflateConfig;

/// Input that is not DEFLATE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Corrupt;

/// How far a call of [`Inflate::inflate`] got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Inflated {
    /// Bytes of input taken.
    pub(crate) taken: usize,
    /// Bytes of output made.
    pub(crate) made: usize,
    /// What stopped it, if the input is at fault. It then never goes on.
    pub(crate) fault: Option<Corrupt>,
}

/// Turns a raw DEFLATE stream back, piece by piece.
///
/// What has been made of the input so far does not depend on its pieces.
pub(crate) trait Inflate: Sized {
    /// For what was deflated with a window of `1 << bits` bytes, 8 to 15.
    fn new(bits: u8) -> Self;

    /// Forgets everything.
    fn reset(&mut self);

    /// Takes input until it is used up, `output` is full or a final block has ended, and makes everything of it that
    /// there is room for. With room left, nothing more can be made of what was taken.
    ///
    /// A final block ends a stream, and the next one begins at the next byte
    /// ([RFC 7692 section 7.2.1](https://www.rfc-editor.org/rfc/rfc7692#section-7.2.1)).
    fn inflate(&mut self, input: &[u8], output: &mut [u8]) -> Inflated;

    /// Whether a final block has ended and nothing was taken since.
    fn is_between_streams(&self) -> bool;

    /// The heap bytes that one takes, at most.
    fn needs(bits: u8) -> usize;

    /// The heap bytes that this one takes, at most.
    fn memory(&self) -> usize;
}

/// How to deflate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settings {
    /// 0 to 9.
    pub(crate) level: u8,
    /// 1 to 9.
    pub(crate) mem_level: u8,
    /// Nothing refers back more than `1 << bits` bytes, 8 to 15.
    pub(crate) bits: u8,
}

impl Settings {
    pub(crate) const fn new(config: &DeflateConfig, bits: u8) -> Self {
        Self { level: config.compression_level, mem_level: config.mem_level, bits }
    }
}

/// Makes a raw DEFLATE stream.
pub(crate) trait Deflate: Sized {
    fn new(settings: Settings) -> Self;

    fn settings(&self) -> Settings;

    /// Forgets everything: what follows refers to nothing before it.
    fn reset(&mut self);

    /// Compresses all of `input` and flushes it to a byte boundary, and says how many bytes that made, the empty
    /// stored block at the end included. `None`: it does not fit into `output`, and only `reset` helps now.
    fn deflate(&mut self, input: &[u8], output: &mut [u8]) -> Option<usize>;

    /// The heap bytes that one takes, at most.
    fn needs(settings: Settings) -> usize;

    /// The heap bytes that this one takes, at most.
    fn memory(&self) -> usize {
        Self::needs(self.settings())
    }
}

/// What one backend makes, the other takes.
#[cfg(all(test, feature = "deflate-zlib-rs"))]
#[allow(clippy::unwrap_used, reason = "helpers of tests")]
mod tests {
    use super::{Deflate, Inflate, Settings, miniz, zlib};
    use alloc::vec;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    /// Everything that can be made of `input` in pieces of `cut` bytes, with room for `room` at a time.
    fn inflate<I: Inflate>(inflater: &mut I, input: &[u8], cut: usize, room: usize) -> (Vec<u8>, bool) {
        let (mut made, mut output) = (Vec::new(), vec![0; room]);
        for mut piece in input.chunks(cut) {
            loop {
                let inflated = inflater.inflate(piece, &mut output);
                made.extend_from_slice(&output[..inflated.made]);
                piece = &piece[inflated.taken..];
                if inflated.fault.is_some() {
                    return (made, false);
                }
                if inflated.made < room && piece.is_empty() {
                    break;
                }
            }
        }
        (made, true)
    }

    fn passes<D: Deflate, I: Inflate>(settings: Settings, messages: &[Vec<u8>], cut: usize, room: usize) {
        let (mut deflater, mut inflater) = (D::new(settings), I::new(settings.bits));
        for message in messages {
            let mut wire = vec![0; message.len() * 2 + 100];
            let len = deflater.deflate(message, &mut wire).unwrap();
            assert!(wire[..len].ends_with(&super::super::TAIL));
            let (made, fine) = inflate(&mut inflater, &wire[..len], cut, room);
            assert!(
                fine && made == *message,
                "{} {settings:?} fine {fine} {} of {}",
                core::any::type_name::<(D, I)>(),
                made.len(),
                message.len()
            );
        }
    }

    fn message() -> impl Strategy<Value = Vec<u8>> {
        let long = if cfg!(miri) { 40 } else { 2_000 };
        prop_oneof![
            prop::collection::vec(any::<u8>(), 1..long),
            prop::collection::vec(0u8..4, 1..long),
            ("[a-z ]{1,40}", 1usize..long * 5).prop_map(|(text, len)| text
                .bytes()
                .cycle()
                .take(len)
                .collect()),
        ]
    }

    /// What did not fit leaves nothing behind, however often that happens.
    fn outlives_what_does_not_fit<D: Deflate, I: Inflate>(settings: Settings) {
        let (mut deflater, mut inflater) = (D::new(settings), I::new(settings.bits));
        let mut number = 1_u32;
        let mut noise = || {
            number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (number >> 24) as u8
        };
        for round in 1..400 {
            let random = (0..1_000).map(|_| noise()).collect::<Vec<_>>();
            assert_eq!(deflater.deflate(&random, &mut vec![0; round]), None);
            deflater.reset();
            let mut wire = vec![0; 4_000];
            let len = deflater.deflate(&random, &mut wire).unwrap();
            let (made, fine) = inflate(&mut inflater, &wire[..len], 500, 500);
            assert!(fine && made == random, "{settings:?} round {round}");
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "megabytes")]
    fn both_outlive_what_does_not_fit() {
        for (level, mem_level, bits) in [(1, 1, 8), (1, 1, 15), (1, 8, 15), (6, 1, 10), (6, 8, 15)] {
            let settings = Settings { level, mem_level, bits };
            outlives_what_does_not_fit::<zlib::Deflater, miniz::Inflater>(settings);
            outlives_what_does_not_fit::<miniz::Deflater, zlib::Inflater>(settings);
        }
    }

    proptest! {
        #[test]
        fn both_ways(
            level in 1u8..10, mem_level in 1u8..10, bits in 8u8..16,
            messages in prop::collection::vec(message(), 1..6),
            cut in 1usize..3000, room in 1usize..5000,
        ) {
            let settings = Settings { level, mem_level, bits };
            passes::<miniz::Deflater, zlib::Inflater>(settings, &messages, cut, room);
            passes::<zlib::Deflater, miniz::Inflater>(settings, &messages, cut, room);
            passes::<miniz::Deflater, miniz::Inflater>(settings, &messages, cut, room);
            passes::<zlib::Deflater, zlib::Inflater>(settings, &messages, cut, room);
        }

        /// Damaged streams make the same of both, up to where they differ on what is still to come.
        #[test]
        fn damaged(
            messages in prop::collection::vec(message(), 1..3),
            at: prop::sample::Index, damage in 1u8..255, cut in 1usize..50, room in 1usize..200,
        ) {
            let settings = Settings { level: 6, mem_level: 8, bits: 15 };
            let mut deflater = zlib::Deflater::new(settings);
            let mut wire = Vec::new();
            for message in &messages {
                let mut out = vec![0; message.len() * 2 + 100];
                let len = deflater.deflate(message, &mut out).unwrap();
                wire.extend_from_slice(&out[..len]);
            }
            let at = at.index(wire.len());
            wire[at] ^= damage;
            let mut miniz = miniz::Inflater::new(15);
            let (made, fine) = inflate(&mut miniz, &wire, cut, room);
            let (other, also_fine) = inflate(&mut zlib::Inflater::new(15), &wire, cut, room);
            if fine && also_fine {
                prop_assert!(made == other);
            } else {
                // after a final block only one of them still has the window
                let common = made.len().min(other.len());
                prop_assert!(made[..common] == other[..common]);
            }
        }
    }
}
