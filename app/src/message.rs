//! Requests, responses and messages as applications see them.

pub use proto_h1::{BodyLength, Field, Fields};
pub use proto_ws::{Data as Message, End as MessageEnd, Kind};

use proto_core::{SendError, WriteBuf};
use proto_ws::handshake;

use crate::date::Stamp;
use crate::stream::{Answer, Stream};

/// A request, for as long as the event lasts.
#[derive(Debug, Clone, Copy)]
pub struct Request<'b> {
    pub(crate) head: proto_h1::Request<'b>,
}

impl<'b> Request<'b> {
    /// The method, as sent: methods are case-sensitive.
    pub fn method(&self) -> &'b [u8] {
        self.head.method
    }

    /// Whether the method is one of those that [RFC 9110 §9](https://www.rfc-editor.org/rfc/rfc9110#section-9) and
    /// RFC 5789 define for origin servers: 405 refuses these where they are not allowed, 501 any other.
    pub fn is_known_method(&self) -> bool {
        matches!(
            self.head.method,
            b"GET" | b"HEAD" | b"POST" | b"PUT" | b"DELETE" | b"OPTIONS" | b"TRACE" | b"PATCH"
        )
    }

    /// The path of the target, still percent-encoded; `*` for a request about the server itself, empty for
    /// `CONNECT`.
    pub fn path(&self) -> &'b [u8] {
        if self.head.target.form() == proto_h1::TargetForm::Asterisk { b"*" } else { self.head.target.path() }
    }

    /// What follows `?` in the target.
    pub fn query(&self) -> Option<&'b [u8]> {
        self.head.target.query()
    }

    /// The host and port the client asked for, from the target or the `Host` field; only HTTP/1.0 may have none.
    pub fn authority(&self) -> Option<&'b [u8]> {
        Some(self.head.authority).filter(|authority| !authority.is_empty())
    }

    /// `HTTP/1.1` or `HTTP/1.0`.
    pub fn version(&self) -> &'static str {
        version(self.head.version)
    }

    /// The header fields.
    pub fn fields(&self) -> Fields<'b> {
        self.head.fields
    }

    /// The length of the body, as announced.
    pub fn body_length(&self) -> BodyLength {
        self.head.body
    }

    /// The WebSocket handshake, if this request asks for one: what to accept, or why it cannot be accepted.
    pub fn websocket(&self) -> Option<Result<Upgrade<'b>, Refusal>> {
        // RFC 9110 7.8: Upgrade in an HTTP/1.0 request is ignored.
        let http11 = self.head.version == proto_h1::Version::Http11;
        if !http11 || !self.head.fields.contains_token("upgrade", "websocket") {
            return None;
        }
        // Content would stand where the first frame is expected.
        if !matches!(self.head.body, BodyLength::None | BodyLength::Known(0)) {
            return Some(Err(Refusal { status: 400 }));
        }
        let offer = handshake::server::Request::check(self.head.method, http11, self.head.fields.iter());
        Some(match offer {
            Ok(offer) => Ok(Upgrade { offer }),
            Err(refusal) => Err(Refusal { status: refusal.status() }),
        })
    }
}

/// An opening handshake that can be accepted.
#[derive(Debug, Clone)]
pub struct Upgrade<'b> {
    offer: handshake::server::Offer<'b, proto_h1::Iter<'b>>,
}

impl<'b> Upgrade<'b> {
    /// The subprotocols the client offers, most wanted first.
    pub fn protocols(&self) -> impl Iterator<Item = &'b str> + Clone + use<'b> {
        self.offer.protocols().filter_map(|name| std::str::from_utf8(name).ok())
    }

    /// The origin of the page, if a browser sent the request.
    pub fn origin(&self) -> Option<&'b [u8]> {
        self.offer.origin
    }

    /// Accepts, with one of the offered subprotocols or none; a name that was not offered counts as none. The event
    /// [`opened`](crate::Handler::opened) follows.
    pub fn accept(&self, protocol: Option<&str>, stream: &mut Stream<'_>) {
        let protocol = protocol.filter(|name| self.protocols().any(|offered| offered == *name));
        let accept = handshake::accept_key(self.offer.key);
        stream.control.ask().answer =
            Some(Answer::WebSocket(Box::new(Acceptance { accept, protocol: protocol.map(Box::from) })));
    }
}

/// Why an opening handshake cannot be accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    status: u16,
}

impl Refusal {
    /// Leaves the answer to the library: 400, or 426 with the version that is spoken here.
    pub fn answer(self, stream: &mut Stream<'_>) {
        stream.refuse(self.status);
    }
}

fn version(version: proto_h1::Version) -> &'static str {
    match version {
        proto_h1::Version::Http10 => "HTTP/1.0",
        proto_h1::Version::Http11 => "HTTP/1.1",
    }
}

/// What an accepted opening handshake is answered with.
#[derive(Debug)]
pub(crate) struct Acceptance {
    pub(crate) accept: [u8; 28],
    pub(crate) protocol: Option<Box<str>>,
}

/// A response, for as long as the event lasts.
#[derive(Debug, Clone, Copy)]
pub struct Response<'b> {
    pub(crate) head: proto_h1::Response<'b>,
}

impl<'b> Response<'b> {
    /// The status code.
    pub fn status(&self) -> u16 {
        self.head.status
    }

    /// The reason phrase; often empty.
    pub fn reason(&self) -> &'b [u8] {
        self.head.reason
    }

    /// `HTTP/1.1` or `HTTP/1.0`.
    pub fn version(&self) -> &'static str {
        version(self.head.version)
    }

    /// The header fields.
    pub fn fields(&self) -> Fields<'b> {
        self.head.fields
    }

    /// The length of the body, as announced.
    pub fn body_length(&self) -> BodyLength {
        self.head.body
    }
}

/// The head of a response to send. The fields that frame the message, and `Date`, are added by the library.
#[derive(Debug, Clone, Copy)]
pub struct ResponseHead<'a> {
    /// The status code, 200 to 999.
    pub status: u16,
    /// The header fields, names in lower case.
    pub fields: &'a [Field<'a>],
}

impl ResponseHead<'_> {
    /// A head without fields.
    pub const fn new(status: u16) -> Self {
        Self { status, fields: &[] }
    }

    /// Writes it as an HTTP/1 head, with the fields that every response carries.
    pub(crate) fn send_http1(
        &self,
        length: BodyLength,
        stamp: &Stamp,
        server: &mut proto_h1::Server,
        out: &mut WriteBuf<'_>,
    ) -> Result<(), SendError> {
        let head = proto_h1::ResponseHead::new(self.status, self.fields, length);
        server.send_head_with(&head, stamp.preset(), out)
    }
}

/// The head of a request to send. `Host` and the fields that frame the message are added by the library.
#[derive(Debug, Clone, Copy)]
pub struct RequestHead<'a> {
    /// The method.
    pub method: &'a [u8],
    /// The path and query.
    pub target: &'a [u8],
    /// Host and port.
    pub authority: &'a [u8],
    /// The header fields, names in lower case.
    pub fields: &'a [Field<'a>],
}

impl RequestHead<'_> {
    pub(crate) fn http1(&self, length: BodyLength) -> proto_h1::RequestHead<'_> {
        proto_h1::RequestHead::new(self.method, self.target, self.authority, self.fields).with_body(length)
    }
}
