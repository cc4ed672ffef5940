//! Proptest strategies for everything that the codecs put on a wire, and an independent writer for each.
//!
//! | module | structures |
//! |---|---|
//! | [`http1`] | messages: start lines, fields, bodies by length and in chunks, trailers; heads that are nearly sound |
//! | [`websocket`] | frames, messages in fragments, Close payloads, handshakes, offers of extensions |
//! | [`http2`] | frames of every type, settings; frames that are nearly sound |
//! | [`hpack`] | lists of fields, blocks of every representation |
//! | [`json`] | documents in any layout, and texts of tokens in any order |
//! | [`damage`] | what a wire, or somebody on it, does to any of these |
//!
//! A structure is a plain value, which says what has to arrive, and `octets` or `text` write it. No codec is used for
//! that, so that a test of a codec has something to hold it against. The tests of the codecs hand the strategies to
//! `proptest!`; the fuzz targets let the bytes of a fuzzer choose by [`chosen_by`] and take [`some`] as seeds.
#![forbid(unsafe_code)]
#![allow(clippy::expect_used, clippy::panic, reason = "helpers of tests")]

pub mod damage;
pub mod hpack;
pub mod http1;
pub mod http2;
pub mod json;
pub mod websocket;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Names and values, in order.
pub type Fields = Vec<(Vec<u8>, Vec<u8>)>;

/// A value for each eight of `bytes`, which choose it; `most` at the most. A fuzzer that changes, moves or drops some
/// changes, moves or drops a value.
pub fn chosen_by<S: Strategy>(strategy: &S, bytes: &[u8], most: usize) -> Vec<S::Value> {
    let choose = |bytes: &[u8]| {
        let mut seed = [0; 32];
        seed[..bytes.len()].copy_from_slice(bytes);
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        sample(strategy, &mut TestRunner::new_with_rng(Config::default(), rng))
    };
    bytes.chunks(8).take(most).map(choose).collect()
}

/// So many values, the same each time.
pub fn some<S: Strategy>(strategy: &S, count: usize) -> Vec<S::Value> {
    let mut runner = TestRunner::deterministic();
    (0..count).map(|_| sample(strategy, &mut runner)).collect()
}

fn sample<S: Strategy>(strategy: &S, runner: &mut TestRunner) -> S::Value {
    strategy.new_tree(runner).expect("no strategy here refuses a value").current()
}

#[cfg(test)]
mod tests {
    use super::{chosen_by, http2, some};

    #[test]
    fn bytes_choose_and_what_is_some_stays() {
        let frame = http2::nearly_frame();
        let both = chosen_by(&frame, b"0123456789ab", 9);
        assert_eq!(both.len(), 2);
        assert_eq!(chosen_by(&frame, b"89ab", 9), both[1..]);
        assert_ne!(both[0], both[1]);
        assert_eq!(chosen_by(&frame, b"0123456789ab", 1), both[..1]);
        assert_eq!(some(&frame, 3), some(&frame, 3));
    }
}
