//! A streaming JSON parser.
#![no_std]
#![cfg_attr(not(feature = "simd"), forbid(unsafe_code))]

#[cfg(feature = "std")]
extern crate std;

mod codec;
mod config;
mod error;
mod event;
mod machine;
mod number;
mod parser;
mod path;
mod scan;
#[cfg(feature = "story")]
pub mod story;
mod text;

pub use config::{Config, Dialect, Documents};
pub use error::{Error, Reason, lejp_error_to_string};
pub use event::{Container, Event, Literal, NumberKind, Token};
pub use number::Number;
pub use parser::Parser;
pub use path::{Entry, Path, PathError, PathSet, Paths, Segment};
