//! Measures sanswire's codecs next to the machine's floor and to other implementations, in one run on the same bytes.
//!
//! - [`groups`] lists what is measured; each case says what is timed.
//! - [`floor`] is the least that the work can cost; [`rivals`] are others' ways of doing it, [`ours`] this workspace's.
//! - [`measure`] times them, interleaved, and reports medians.
//!
//! `benches/README.md` has the commands.

pub mod aligned;
pub mod allocations;
pub mod documents;
pub mod exchanges;
pub mod floor;
pub mod frames;
pub mod groups;
pub mod h2_wire;
pub mod heads;
pub mod lists;
pub mod machine;
pub mod measure;
pub mod ours;
pub mod raw;
pub mod report;
pub mod rivals;
pub mod sizes;

/// A length the way people write it.
pub fn size(bytes: usize) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..0x10_0000 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}
