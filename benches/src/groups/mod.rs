//! What is measured: one file per group, one function that lists its cases.

pub mod deflate;
pub mod h1_chunked;
pub mod h1_head;
pub mod h2_frames;
pub mod h2_requests;
pub mod hpack;
pub mod lejp;
pub mod ws_recv;
pub mod ws_send;

use crate::measure::Case;

/// A group's name and its cases.
pub type Group = (&'static str, fn() -> Vec<Case>);

/// Every group.
pub const ALL: [Group; 9] = [
    (h1_head::NAME, h1_head::cases),
    (h1_chunked::NAME, h1_chunked::cases),
    (h2_frames::NAME, h2_frames::cases),
    (h2_requests::NAME, h2_requests::cases),
    (hpack::NAME, hpack::cases),
    (lejp::NAME, lejp::cases),
    (ws_recv::NAME, ws_recv::cases),
    (ws_send::NAME, ws_send::cases),
    (deflate::NAME, deflate::cases),
];
