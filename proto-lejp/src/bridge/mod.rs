//! To serde: items of a document as values of any type, one at a time.

mod items;
mod value;

pub use items::{ItemError, Items};
pub use value::Values;
