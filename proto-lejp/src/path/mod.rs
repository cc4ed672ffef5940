//! Paths: what the application registers, and where the parser is.

mod compile;
mod pattern;
mod set;
mod trail;

pub use pattern::PathError;
pub use set::{Entry, PathSet, Paths};
pub use trail::{Path, Segment};

pub(crate) use set::{ROOT, Word};
pub(crate) use trail::Trail;

/// How many segments a pattern may have, and so how deep below the root of a document one can end.
pub(crate) const SEGMENTS: usize = 23;
/// A parser remembers the state of this many levels: what lies deeper matches nothing or is below a trailing `*`.
pub(crate) const LEVELS: usize = SEGMENTS + 1;
