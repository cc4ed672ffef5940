//! A streaming JSON parser.
#![no_std]
#![cfg_attr(not(feature = "simd"), forbid(unsafe_code))]

#[cfg(feature = "std")]
extern crate std;

#[cfg(feature = "serde")]
mod bridge;
mod codec;
mod config;
mod error;
mod event;
mod layers;
mod machine;
mod nested;
mod number;
mod parser;
mod path;
mod print;
mod scan;
#[cfg(feature = "story")]
pub mod story;
mod text;

#[cfg(feature = "serde")]
pub use bridge::{ItemError, Items, Values};
pub use config::{Config, Dialect, Documents};
pub use error::{Error, Reason, lejp_error_to_string};
pub use event::{Container, Event, Literal, NumberKind, Token};
pub use layers::{Action, Call, Handler, Layers, Progress};
pub use nested::NestedError;
pub use number::Number;
pub use parser::Parser;
pub use path::{Entry, Path, PathError, PathSet, Paths, Segment};
pub use print::{Printer, Selected};
