//! Strings: where they end, whether they are UTF-8, and what their escapes stand for.

mod escape;
mod piece;
mod plain;

pub(crate) use piece::{Stop, piece};
pub(crate) use plain::{Until, plain};
