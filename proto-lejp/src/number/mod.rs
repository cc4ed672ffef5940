//! Numbers: where they end, and what they are worth.

mod scan;

pub(crate) use scan::{End, LEJP_DIGITS, Place, fast, scan};
