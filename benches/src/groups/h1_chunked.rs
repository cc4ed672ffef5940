//! Decoding a chunked request body: a receive buffer full of chunks of one size, at least sixteen. Nanoseconds per
//! chunk: the data is passed over unread.

use std::hint::black_box;

use crate::heads::Chunks;
use crate::measure::{Case, Contestant, Standing};
#[cfg(feature = "rivals")]
use crate::rivals::httparse;
use crate::{floor, ours};

/// The group's name.
pub const NAME: &str = "h1_chunked";

/// Chunks of 16 B, 1 KiB and 16 KiB.
pub fn cases() -> Vec<Case> {
    [16, 1024, 16 << 10].map(|size| case(&Chunks::new(size))).into()
}

fn case(chunks: &Chunks) -> Case {
    Case {
        group: NAME,
        shape: crate::size(chunks.size),
        operations: chunks.count,
        bytes: 0,
        contestants: contestants(chunks),
    }
}

fn contestants(chunks: &Chunks) -> Vec<Contestant> {
    #[allow(unused_mut)] // without rivals
    let mut all = vec![ours::h1::chunks(chunks), walk(chunks)];
    #[cfg(feature = "rivals")]
    all.push(httparse::chunks(chunks));
    all
}

fn walk(chunks: &Chunks) -> Contestant {
    let wire = chunks.wire.clone();
    Contestant::new("walk", Standing::Floor, move || floor::chunks(black_box(&wire)))
}
