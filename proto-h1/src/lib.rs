//! HTTP/1.0 and HTTP/1.1 ([RFC 9112](https://www.rfc-editor.org/rfc/rfc9112),
//! [RFC 9110](https://www.rfc-editor.org/rfc/rfc9110)) as sans-IO state machines: [`Server`] and [`Client`].
//!
//! They follow [the contract of `proto-core`](proto_core): bytes go in by `receive`, one [`Event`] comes out at a
//! time and borrows those bytes; `send_*` writes to the caller's slice. Nothing is allocated, copied or queued.
//!
//! # One exchange
//!
//! ```
//! use proto_core::WriteBuf;
//! use proto_h1::{BodyLength, Client, Config, Event, Field, RequestHead, ResponseHead, Server};
//!
//! // The client asks ...
//! let mut client = Client::new(Config::default());
//! let (mut wire, mut room) = ([0; 256], [0; 256]);
//! let mut out = WriteBuf::new(&mut wire);
//! let fields = [Field::new("Accept", "text/plain")];
//! client.send_head(&RequestHead::new(b"GET", b"/hello?x=1", b"example.com", &fields), &mut out)?;
//! assert_eq!(out.written(), b"GET /hello?x=1 HTTP/1.1\r\nHost: example.com\r\nAccept: text/plain\r\n\r\n");
//!
//! // ... the server reads ...
//! let mut server = Server::new(Config::default());
//! let len = out.len();
//! let step = server.receive(&mut wire[..len], &mut [])?;
//! assert_eq!(step.consumed, len);
//! let Some(Event::Request(request)) = step.event else { panic!() };
//! assert_eq!((request.method, request.target.path()), (&b"GET"[..], &b"/hello"[..]));
//! assert_eq!(request.fields.first("accept"), Some(&b"text/plain"[..]));
//! assert!(matches!(server.receive(&mut [], &mut [])?.event, Some(Event::End { .. })));
//!
//! // ... and answers, ...
//! let mut out = WriteBuf::new(&mut room);
//! server.send_head(&ResponseHead::new(200, &[], BodyLength::Chunked), &mut out)?;
//! assert_eq!(server.send_body(b"hello, world", &mut out)?, 12);
//! server.finish(&[], &mut out)?;
//! assert_eq!(
//!     out.written(),
//!     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nc\r\nhello, world\r\n0\r\n\r\n"
//! );
//! assert!(server.next_request());
//!
//! // ... which the client takes apart, one event at a time.
//! let len = out.len();
//! let input = &mut room[..len];
//! let head = client.receive(input, &mut [])?;
//! assert!(matches!(head.event, Some(Event::Response(response)) if response.status == 200));
//! let mut at = head.consumed;
//! let body = client.receive(&mut input[at..], &mut [])?;
//! assert_eq!(body.event, Some(Event::Body(&mut b"hello, world".clone())));
//! at += body.consumed;
//! let end = client.receive(&mut input[at..], &mut [])?;
//! assert!(matches!(end.event, Some(Event::End { trailers }) if trailers.is_empty()));
//! assert_eq!(at + end.consumed, len);
//! assert!(client.next_request());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Limits
//!
//! All are fields of [`Limits`], allowed at their value and refused one beyond.
//!
//! | limit | default | asked for by | when it fires |
//! |---|---|---|---|
//! | [`head`](Limits::head) | 8 KiB | RFC 9112 3, RFC 6585 5 | 431; 414 within the request line |
//! | [`target`](Limits::target) | 8000 B | RFC 9112 3 | 414 |
//! | [`fields`](Limits::fields) | 100 | RFC 6585 5 | 431 |
//! | [`body`](Limits::body) | none | RFC 9110 15.5.14 | 413 |
//! | [`extension_line`](Limits::extension_line) | 1 KiB | RFC 9112 7.1.1 | 400 |
//! | [`extensions`](Limits::extensions) | 16 KiB a body | CVE-2023-39326 | 400 |
//! | [`trailers`](Limits::trailers) | 8 KiB | RFC 9112 7.1.2 | 431 |
//! | [`informational`](Limits::informational) | 64 a response | RFC 9110 15.2 | error at the client |
//! | [`drain`](Limits::drain) | 256 KiB | RFC 9112 9.3 | close |
//! | [`head_timeout`](Limits::head_timeout) | 10 s | CVE-2007-6750 | 408, or close before the first byte |
//! | [`idle_timeout`](Limits::idle_timeout) | 60 s | RFC 9112 9.5 | close |
//! | [`body_rate`](Limits::body_rate), [`body_grace`](Limits::body_grace) | 100 B/s after 5 s | RFC 9112 9.5 | 408 |
//! | [`continue_timeout`](Limits::continue_timeout) | 1 s | RFC 9110 10.1.1 | the client sends its body |
//!
//! # Strictness
//!
//! What has been used to smuggle requests is refused: bare line ends, folds, blanks before a colon, lengths that
//! are repeated, signed or contradict a transfer coding, codings other than `chunked`, a missing or second Host.
//! Each tolerance is a flag of [`Lenient`], off by default.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(any(test, feature = "std"))]
extern crate std;

mod body;
mod chunk;
mod client;
mod clock;
mod encode;
mod error;
mod fields;
mod head;
mod limits;
mod message;
mod preset;
mod reuse;
mod said;
mod server;
mod target;

pub mod auth;
pub mod date;
pub mod percent;
#[cfg(feature = "story")]
pub mod subject;
pub mod uri;

pub use client::Client;
pub use encode::reason_phrase;
pub use error::Error;
pub use fields::{All, Elements, Field, Fields, Iter, List, TooSmall, name};
pub use limits::{Config, Lenient, Limits};
pub use message::{BodyLength, Event, Request, RequestHead, Response, ResponseHead, Version};
pub use preset::Preset;
pub use reuse::CloseReason;
pub use server::Server;
pub use target::{Target, TargetForm};
