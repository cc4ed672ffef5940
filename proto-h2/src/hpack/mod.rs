//! HPACK, header compression for HTTP/2 (RFC 7541), usable by itself.
//!
//! A [`Decoder`] turns a field block into [`Fields`] that lie packed in the caller's scratch space; an [`Encoder`]
//! writes a block to the caller's output. Neither allocates after construction: a dynamic table is one ring whose
//! size is fixed when it is made.
//!
//! ```
//! use proto_core::WriteBuf;
//! use proto_h2::hpack::{Decoder, Encoder, Field};
//!
//! let mut encoder = Encoder::new(4096);
//! let mut room = [0; 256];
//! let mut out = WriteBuf::new(&mut room);
//! let request = [Field::new(b":method", b"GET"), Field::new(b"x-trace", b"7f2c").sensitive()];
//! encoder.encode(request, &mut out)?;
//! assert_eq!(out.written(), b"\x82\x10\x85\xf2\xb2\x6c\x19\x0b\x83\x76\x51\x13"); // index 2, then a literal
//!
//! let mut decoder = Decoder::new(4096);
//! let mut scratch = [0; 4096];
//! let fields = decoder.decode(out.written(), &mut scratch)?;
//! assert!(fields.iter().eq(request));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | limit | value | when it is exceeded |
//! |---|---|---|
//! | decoded list | the length of the scratch space: name, value and 8 bytes for each field | [`Error::ListTooLarge`]; the table stays right |
//! | dynamic table | what [`Decoder::new`] and [`Encoder::new`] are given, at most 256 KiB | the peer's fault: [`Error::SizeUpdateTooLarge`] |
//! | integers | 32 bits, five continuation octets | [`Error::IntegerOverflow`] |

#[cfg(feature = "alloc")]
pub(crate) mod crumbs;
#[cfg(feature = "alloc")]
mod decoder;
#[cfg(feature = "alloc")]
mod encoder;
mod error;
mod fields;
#[cfg(feature = "alloc")]
mod huffman;
#[cfg(feature = "alloc")]
mod huffman_table;
#[cfg(feature = "alloc")]
mod integer;
mod packed;
#[cfg(feature = "alloc")]
mod ring;
pub(crate) mod static_table;

#[cfg(feature = "alloc")]
pub use decoder::Decoder;
#[cfg(feature = "alloc")]
pub use encoder::Encoder;
pub use error::Error;
pub use fields::{Field, Fields, FieldsIter};
#[cfg(feature = "alloc")]
pub(crate) use fields::{Noted, note};
