//! A streaming JSON parser in the shape of libwebsockets' `lejp`: bytes in, in any pieces; tokens out, each with the
//! registered path that it is at. It allocates nothing, keeps at most 512 bytes, and is as fast as parsers that need
//! the whole document in memory.
//!
//! ```text
//!  input: what was left over, then new bytes          scratch: room for text that had escapes
//!                  │                                                  │
//!                  ▼                                                  ▼
//!   ┌───────────────────────────────────────────────────────────────────────┐
//!   │ Parser::receive ─► Step { consumed, event: token, path }              │   PathSet: patterns in a table,
//!   │ Parser::each    ─► the same for all of an input, in one loop          │ ◄ compiled once, even by the
//!   │ indices  wildcard  path ─► more about the last token, when asked for  │   compiler
//!   └───────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! # One document
//!
//! In two pieces, the first of which ends within a number:
//!
//! ```
//! use proto_lejp::{Container, NumberKind, Number, Parser, PathSet, Token};
//!
//! static PATHS: PathSet<'static, 16> = match PathSet::compile(&["sensors[].value", "sensors[].*"]) {
//!     Ok(paths) => paths,
//!     Err(_) => panic!("malformed pattern"),
//! };
//! let mut parser = Parser::new(&PATHS);
//! let mut scratch = [0; 1024];
//!
//! let input = br#"{"sensors":[{"id":"\u00b5-1","value":-12"#;
//! let mut at = 0;
//! let mut next = |parser: &mut Parser<'_>| -> Result<_, proto_lejp::Error> {
//!     let step = parser.receive(&input[at..], &mut scratch)?;
//!     at += step.consumed;
//!     // Only for this example: an event borrows input and scratch space.
//!     Ok(step.event.map(|event| (format!("{:?}", event.token()), event.path(), parser.path().to_string())))
//! };
//! let mut expect = |parser: &mut Parser<'_>, token: Token<'_>, path: Option<u16>, place: &str| {
//!     assert_eq!(next(parser), Ok(Some((format!("{token:?}"), path, place.to_string()))));
//! };
//! expect(&mut parser, Token::Begin(Container::Object), None, "");
//! expect(&mut parser, Token::Key { part: b"sensors", last: true }, None, "sensors");
//! expect(&mut parser, Token::Begin(Container::Array), None, "sensors");
//! expect(&mut parser, Token::Begin(Container::Object), None, "sensors[]");
//! expect(&mut parser, Token::Key { part: b"id", last: true }, Some(1), "sensors[].id");
//! assert_eq!(parser.wildcard(0), Some(&b"id"[..]));
//! expect(&mut parser, Token::Text { part: "\u{b5}-1".as_bytes(), last: true }, Some(1), "sensors[].id");
//! expect(&mut parser, Token::Key { part: b"value", last: true }, Some(0), "sensors[].value");
//! assert_eq!(next(&mut parser), Ok(None)); // more digits may follow
//! assert_eq!(&input[at..], b"-12"); // so they are kept, and belong before what comes next
//!
//! let input = b"-12.5}]}\n";
//! let step = parser.receive(input, &mut [])?;
//! let event = step.event.expect("the number is complete");
//! assert_eq!(event.token(), Token::Number { text: b"-12.5", kind: NumberKind::Float, last: true });
//! assert_eq!((event.path(), parser.indices()), (Some(0), &[0][..]));
//! assert_eq!(Number::new(b"-12.5").as_f64(), Some(-12.5));
//!
//! let mut ends = 0;
//! let (consumed, _) = parser.each(&input[step.consumed..], &mut [], |_, event| {
//!     ends += usize::from(matches!(event.token(), Token::End(_) | Token::Complete { .. }));
//!     core::ops::ControlFlow::<()>::Continue(())
//! })?;
//! assert_eq!((step.consumed + consumed, ends), (input.len(), 4));
//! assert_eq!(parser.receive_eof(), Ok(None));
//! # Ok::<(), proto_lejp::Error>(())
//! ```
//!
//! # What else there is
//!
//! * [`Documents`]: one document, the first only, one a line, one after the other.
//! * [`Dialect::Lejp`]: what the original accepts, with [its error codes](Error::lejp_code).
//! * [`Number`]: exact values of numbers.
//! * [`Parser::nested`] and [`Layers`]: a parser for a part of the document, with other paths; handlers that are
//!   called in the original's order.
//! * [`Printer`] and [`Selected`]: tokens as JSON again, and the values at the registered paths as lines.
#![cfg_attr(
    feature = "serde",
    doc = "* [`Items`]: the items of an array of any size as any `T: Deserialize`, one at a time."
)]
//!
//! # Limits
//!
//! | limit | default | set by | why | when it is passed |
//! |---|---|---|---|---|
//! | containers within one another | 64 | `DEPTH` | a bomb of brackets; RFC 8259, section 9 | [`Reason::Depth`] |
//! | bytes of a key, text or number that comes whole | 1024 | [`Config::whole`] | the caller keeps that much | it comes in parts |
//! | decoded bytes of a text | the scratch space | the caller | memory | it comes in more parts |
//! | decoded bytes of a key with escapes | the scratch space | the caller | memory | [`Reason::Scratch`] |
//! | bytes of keys kept for [`Parser::path`] | 160, and 255 of one key | `PATH` | memory | not kept; matching goes on |
//! | arrays with an element number | 32 | `INDEX` | memory | deeper ones have none; lejp: [`Reason::Index`] |
//! | digits of a number, lejp dialect only | 20 | | as the original | [`Reason::Digits`] |
//! | patterns; segments; bytes of a pattern | 128; 23; 1024 | | the table and the state | [`PathError`] |
//! | bytes of a pattern before a `*` | 64 | | what is surely seen of a long key at once | [`PathError`] |
//! | parsers within parsers | 4 | `LEVELS` of [`Layers`] | memory | [`Reason::Depth`] |
#![cfg_attr(
    feature = "serde",
    doc = "| bytes of an item | 16 MiB | [`Items::max_item`] | memory | [`ItemError::TooLarge`] |"
)]
//!
//! A text, key or number of any length, white space and comments of any length, and any number of documents pass
//! through in constant memory.
//!
//! # Where it differs from lejp
//!
//! On purpose: the path of a container is that of the value it is (`a`, not `a[]`), at its end as at its beginning; a
//! key that contains a dot matches no nested path; surrogate pairs are joined; the start is told once; mismatched
//! closing brackets are refused in every place; the number of siblings has no limit. Half a surrogate pair and bytes
//! that are not UTF-8 pass in the lejp dialect only.
//!
//! # Features
//!
//! * `std` (default): run-time detection of the processor's vectors for long non-ASCII text.
//! * `simd` (default): SSE2 on `x86_64`, by intrinsics in one module. Without it the crate contains no `unsafe`.
//! * `serde`: see above; needs `std`.
//! * `story`: the oracle's view of this codec, for tests and fuzzing.
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
