//! What the fuzz targets of sanswire run, as ordinary functions of a byte string.
//!
//! Each is total: any bytes are a test case, and a promise that is broken is a panic. So the same functions serve
//! cargo-fuzz, which looks for such bytes, and `cargo test`, which replays those that were found
//! (`tests/replay.rs`). [`TARGETS`] names them all.
//!
//! | target | what it holds the code to |
//! |---|---|
//! | `*_cut` | the oracle of `proto_core::story`: the story does not depend on how the input is cut |
//! | `*_shaped` | the same, of structures that are nearly sound: the bytes choose them (the crate `strategies`) |
//! | `*_ops` | any calls in any order with any arguments and clock: invariants after each |
//! | `*_pair` | our client against our server through arbitrary cuts: what arrives is what was sent |
//! | `*_diff` | an independent implementation of the same thing |
//! | `app_role` | any bytes into a server connection of the application layer, whatever it becomes |
#![forbid(unsafe_code)]
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic is how a body reports what it found"
)]

pub mod app_role;
mod calls;
pub mod h1;
pub mod h2;
pub mod hpack;
pub mod lejp;
pub mod utf8;
pub mod ws;

use proto_core::story::{Cuts, Story, Subject, check_with};

/// One fuzz target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name: that of the file in `fuzz_targets/` and of its directories of seeds and regressions.
    pub name: &'static str,
    /// What it runs.
    pub run: fn(&[u8]),
    /// Inputs to start from.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// The file of `dictionaries/` with the tokens of its protocol, without its ending.
    pub dictionary: Option<&'static str>,
}

impl Target {
    const fn new(
        name: &'static str,
        run: fn(&[u8]),
        seeds: fn() -> Vec<Vec<u8>>,
        dictionary: Option<&'static str>,
    ) -> Self {
        Self { name, run, seeds, dictionary }
    }

    /// The target of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        TARGETS.iter().find(|target| target.name == name)
    }
}

/// All fuzz targets.
pub const TARGETS: &[Target] = &[
    Target::new("app_role", app_role::role, app_role::seeds, Some("app")),
    Target::new("h1_server_cut", h1::server_cut, h1::server_seeds, Some("h1")),
    Target::new("h1_client_cut", h1::client_cut, h1::client_seeds, Some("h1")),
    Target::new("h1_request_diff", h1::request_diff, h1::request_seeds, Some("h1")),
    Target::new("h1_response_diff", h1::response_diff, h1::response_seeds, Some("h1")),
    Target::new("h2_server_cut", h2::server_cut, h2::server_seeds, Some("h2")),
    Target::new("h2_client_cut", h2::client_cut, h2::client_seeds, Some("h2")),
    Target::new("hpack_diff", hpack::diff, hpack::diff_seeds, None),
    Target::new("lejp_cut", lejp::cut, lejp::cut_seeds, Some("json")),
    Target::new("lejp_diff", lejp::diff, lejp::diff_seeds, Some("json")),
    Target::new("utf8_diff", utf8::diff, utf8::seeds, None),
    Target::new("ws_server_cut", ws::server_cut, ws::server_seeds, Some("ws")),
    Target::new("ws_client_cut", ws::client_cut, ws::client_seeds, Some("ws")),
    Target::new("h1_server_ops", h1::server_ops, calls::seeds, None),
    Target::new("h1_client_ops", h1::client_ops, calls::seeds, None),
    Target::new("h1_pair", h1::pair, calls::seeds, None),
    Target::new("h1_shaped", h1::shaped, calls::seeds, None),
    Target::new("h2_ops", h2::ops, calls::seeds, None),
    Target::new("h2_pair", h2::pair, calls::seeds, None),
    Target::new("h2_shaped", h2::shaped, calls::seeds, None),
    Target::new("lejp_ops", lejp::ops, calls::seeds, None),
    Target::new("lejp_shaped", lejp::shaped, calls::seeds, None),
    Target::new("ws_deflate_cut", ws::deflate_cut, ws::deflate_seeds, Some("ws")),
    Target::new("ws_deflate_pair", ws::deflate_pair, calls::seeds, None),
    Target::new("ws_inflate_diff", ws::inflate_diff, ws::inflate_seeds, None),
    Target::new("ws_ops", ws::ops, calls::seeds, None),
    Target::new("ws_pair", ws::pair, calls::seeds, None),
    Target::new("ws_shaped", ws::shaped, calls::seeds, None),
];

/// The first `N` bytes choose the circumstances, the rest is the input. Bytes that are missing are zero.
pub(crate) fn knobs<const N: usize>(data: &[u8]) -> ([u8; N], &[u8]) {
    let (first, rest) = data.split_at(data.len().min(N));
    let mut knobs = [0; N];
    for (knob, byte) in knobs.iter_mut().zip(first) {
        *knob = *byte;
    }
    (knobs, rest)
}

/// Each of `inputs` behind each of `knobs`.
pub(crate) fn with_knobs<const N: usize>(knobs: &[[u8; N]], inputs: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let each = |input: &Vec<u8>| knobs.iter().map(|knobs| [&knobs[..], input].concat()).collect::<Vec<_>>();
    inputs.iter().flat_map(each).collect()
}

/// Runs the oracle with few cuts, other ones for other inputs: for a fuzzer many inputs matter more.
pub(crate) fn one_story<S: Subject>(subject: &S, input: &[u8]) -> Story {
    let cuts = Cuts { single: 16, double: 6, seed: hash(input) };
    check_with(subject, input, cuts).unwrap_or_else(|fault| panic!("{}: {fault:?}", input.escape_ascii()))
}

/// FNV-1a: a name for a content.
pub fn hash(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
