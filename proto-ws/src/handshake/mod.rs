//! The opening handshake ([RFC 6455 section 4](https://www.rfc-editor.org/rfc/rfc6455#section-4)) as pure functions
//! over header fields: whoever parses HTTP gives them, in order, as `(name, value)` byte slices.
//!
//! ```
//! use proto_ws::handshake::{client, server};
//!
//! // the example of RFC 6455 section 1.3
//! let key = client::Key::new(*b"the sample nonce");
//! let offer = client::Request::new(&key).protocols(b"chat, superchat").unwrap();
//! let fields: Vec<(&[u8], &[u8])> = offer.fields().collect();
//! assert_eq!(fields[2], (&b"Sec-WebSocket-Key"[..], &b"dGhlIHNhbXBsZSBub25jZQ=="[..]));
//!
//! let host = [(&b"Host"[..], &b"server.example.com"[..])];
//! let request = server::Request::check(b"GET", true, host.into_iter().chain(fields)).unwrap();
//! let chosen = request.choose(&[b"superchat", b"chat"]);
//! let answer = request.accept(chosen).unwrap();
//! let fields: Vec<(&[u8], &[u8])> = answer.fields().collect();
//! assert_eq!(fields[2], (&b"Sec-WebSocket-Accept"[..], &b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="[..]));
//! assert_eq!(fields[3], (&b"Sec-WebSocket-Protocol"[..], &b"chat"[..]));
//!
//! let accepted = client::check(101, fields.into_iter(), &key, Some(b"chat, superchat"), None).unwrap();
//! assert_eq!(accepted.protocol, Some(&b"chat"[..]));
//! ```

pub mod client;
mod extension;
mod list;
pub mod server;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1_smol::Sha1;

pub use extension::{Extension, Extensions, Malformed, Param, Params};

/// Header fields in the order of the wire.
pub trait Fields<'a>: Iterator<Item = (&'a [u8], &'a [u8])> + Clone {}

impl<'a, I: Iterator<Item = (&'a [u8], &'a [u8])> + Clone> Fields<'a> for I {}

/// What every `Sec-WebSocket-Accept` is derived with (section 1.3).
const GUID: &[u8; 36] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The `Sec-WebSocket-Accept` that answers a `Sec-WebSocket-Key`
/// ([section 4.2.2](https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2), step 5.4).
pub fn accept_key(key: &[u8]) -> [u8; 28] {
    let mut sha1 = Sha1::new();
    sha1.update(key);
    sha1.update(GUID);
    let mut accept = [0; 28];
    // 20 bytes are 28 characters: it fits
    let _ = STANDARD.encode_slice(sha1.digest().bytes(), &mut accept);
    accept
}

/// The values of all fields called `name`.
fn values<'a, F: Fields<'a>>(fields: F, name: &'static [u8]) -> impl Iterator<Item = &'a [u8]> + Clone {
    fields.filter(move |(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| list::trim(value))
}

/// How often a field that should be there once is there.
enum Once<'a> {
    Absent,
    Value(&'a [u8]),
    Repeated,
}

fn once<'a, F: Fields<'a>>(fields: F, name: &'static [u8]) -> Once<'a> {
    let mut values = values(fields, name);
    match (values.next(), values.next()) {
        (None, _) => Once::Absent,
        (Some(value), None) => Once::Value(value),
        (Some(_), Some(_)) => Once::Repeated,
    }
}

/// Whether one of the lists called `name` has the member `token`, in any case.
fn lists_token<'a, F: Fields<'a>>(fields: F, name: &'static [u8], token: &[u8]) -> bool {
    values(fields, name).flat_map(list::members).any(|member| member.eq_ignore_ascii_case(token))
}
