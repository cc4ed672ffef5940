//! What is measured: one file per group, one function that lists its cases.

pub mod h1_chunked;
pub mod h1_head;
pub mod hpack;
pub mod lejp;
pub mod ws_recv;
pub mod ws_send;

use crate::measure::Case;

/// A group's name and its cases.
pub type Group = (&'static str, fn() -> Vec<Case>);

/// Every group.
pub const ALL: [Group; 6] = [
    (h1_head::NAME, h1_head::cases),
    (h1_chunked::NAME, h1_chunked::cases),
    (hpack::NAME, hpack::cases),
    (lejp::NAME, lejp::cases),
    (ws_recv::NAME, ws_recv::cases),
    (ws_send::NAME, ws_send::cases),
];
