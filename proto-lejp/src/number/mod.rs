//! Numbers: where they end, and what they are worth.

mod big;
mod float;
mod scan;
mod value;

pub use value::Number;

pub(crate) use scan::{End, LEJP_DIGITS, Place, fast, scan};
