//! The oracle: a codec must tell the same story however its input is cut.
//!
//! [`check`] runs one input whole, byte by byte, at every single cut, at sampled pairs of cuts and with the next
//! message's first bytes behind it; it renders the events to an owned story in which adjacent data is merged,
//! demands the same story, the same replies and the same error each time, and asserts rules 3, 4 and 6 of the
//! [contract](crate) on every call. It needs `alloc` and is meant for tests, property tests and fuzzing.
//!
//! A codec takes part by a [`Subject`]: how to construct it, how to tell an event, and what the application does
//! in between (asking for the next request, say).

mod cuts;
mod oracle;
mod teller;

pub use cuts::Cuts;
pub use oracle::{Fault, Rule, Subject, check, check_with, run};
pub use teller::{Entry, Story, Teller};
