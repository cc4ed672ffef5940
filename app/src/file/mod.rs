//! Static files: from a request to a plan, and from a plan and what is known of the file to an answer. Pure
//! functions; opening and reading are [`Action`](crate::Action)s that a driver carries out.

mod condition;
mod content_type;
mod path;
mod range;

pub use condition::{Conditions, Decision, EntityTag};
pub use content_type::content_type;
pub use path::{PathError, file_path};
pub use range::{ByteRange, RangeSet};
