//! Requests, responses and messages as applications see them.

pub use proto_h1::{BodyLength, Field};
pub use proto_ws::{Data as Message, End as MessageEnd, Kind};

use proto_core::{SendError, WriteBuf};
use proto_ws::deflate::Agreement;
use proto_ws::handshake;

use crate::date::Stamp;
use crate::fields::{Fields, FieldsIter};
use crate::http2;
use crate::stream::{Answer, Stream};

/// A request, for as long as the event lasts.
#[derive(Debug, Clone, Copy)]
pub struct Request<'b> {
    pub(crate) head: RequestView<'b>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum RequestView<'b> {
    Http1(proto_h1::Request<'b>),
    Http2(http2::RequestFields<'b>),
}

impl<'b> Request<'b> {
    /// The method, as sent: methods are case-sensitive.
    pub fn method(&self) -> &'b [u8] {
        match &self.head {
            RequestView::Http1(head) => head.method,
            RequestView::Http2(head) => head.method,
        }
    }

    /// Whether the method is one of those that [RFC 9110 §9](https://www.rfc-editor.org/rfc/rfc9110#section-9) and
    /// RFC 5789 define for origin servers: 405 refuses these where they are not allowed, 501 any other.
    pub fn is_known_method(&self) -> bool {
        matches!(
            self.method(),
            b"GET" | b"HEAD" | b"POST" | b"PUT" | b"DELETE" | b"OPTIONS" | b"TRACE" | b"PATCH"
        )
    }

    /// The path of the target, still percent-encoded; `*` for a request about the server itself, empty for
    /// `CONNECT`.
    pub fn path(&self) -> &'b [u8] {
        match &self.head {
            RequestView::Http1(head) if head.target.form() == proto_h1::TargetForm::Asterisk => b"*",
            RequestView::Http1(head) => head.target.path(),
            RequestView::Http2(head) => head.path(),
        }
    }

    /// What follows `?` in the target.
    pub fn query(&self) -> Option<&'b [u8]> {
        match &self.head {
            RequestView::Http1(head) => head.target.query(),
            RequestView::Http2(head) => head.query(),
        }
    }

    /// The scheme, where the request names one: always over HTTP/2 (but for `CONNECT`), over HTTP/1 only with an
    /// absolute target.
    pub fn scheme(&self) -> Option<&'b [u8]> {
        match &self.head {
            RequestView::Http1(head) if head.target.form() == proto_h1::TargetForm::Absolute => {
                head.target.as_bytes().split(|&byte| byte == b':').next()
            }
            RequestView::Http1(_) => None,
            RequestView::Http2(head) => head.scheme,
        }
    }

    /// The host and port the client asked for, from the target or the `Host` field; only HTTP/1.0 and HTTP/2 may
    /// have none.
    pub fn authority(&self) -> Option<&'b [u8]> {
        match &self.head {
            RequestView::Http1(head) => Some(head.authority).filter(|authority| !authority.is_empty()),
            RequestView::Http2(head) => head.authority.or_else(|| head.fields.first(b"host")),
        }
    }

    /// `HTTP/2`, `HTTP/1.1` or `HTTP/1.0`.
    pub fn version(&self) -> &'static str {
        match &self.head {
            RequestView::Http1(head) => version(head.version),
            RequestView::Http2(_) => HTTP2,
        }
    }

    /// The header fields.
    pub fn fields(&self) -> Fields<'b> {
        match &self.head {
            RequestView::Http1(head) => head.fields.into(),
            RequestView::Http2(head) => head.fields.into(),
        }
    }

    /// The length of the body, as announced. One whose length is not known beforehand is
    /// [`Chunked`](BodyLength::Chunked), however the protocol delimits it.
    pub fn body_length(&self) -> BodyLength {
        match &self.head {
            RequestView::Http1(head) => head.body,
            RequestView::Http2(head) => head.body,
        }
    }

    /// Whether the client waits to be told to send the body
    /// ([RFC 9110 §10.1.1](https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1)); an error when it expects something that
    /// nobody knows.
    pub(crate) fn expects_continue(&self) -> Result<bool, UnknownExpectation> {
        let head = match &self.head {
            RequestView::Http1(head) => return Ok(head.expect_continue), // the codec refuses what is unknown
            RequestView::Http2(head) => head,
        };
        let mut expects = false;
        for expectation in self.fields().list("expect") {
            if !expectation.eq_ignore_ascii_case(b"100-continue") {
                return Err(UnknownExpectation);
            }
            expects = !matches!(head.body, BodyLength::None | BodyLength::Known(0));
        }
        Ok(expects)
    }

    /// The WebSocket handshake, if this request asks for one: what to accept, or why it cannot be accepted.
    pub fn websocket(&self) -> Option<Result<Upgrade<'b>, Refusal>> {
        let offer = match &self.head {
            RequestView::Http1(head) => self.websocket_http1(head)?,
            // RFC 8441 section 5; names of protocols are compared as RFC 9110 section 7.8 says of Upgrade.
            RequestView::Http2(head) if head.protocol?.eq_ignore_ascii_case(b"websocket") => {
                handshake::server::Request::check_connect(self.fields().iter()).map_err(|_| 400)
            }
            RequestView::Http2(_) => return None,
        };
        Some(match offer {
            Ok(offer) => Ok(Upgrade { offer, deflate: true }),
            Err(status) => Err(Refusal { status }),
        })
    }

    fn websocket_http1(
        &self,
        head: &proto_h1::Request<'b>,
    ) -> Option<Result<handshake::server::Offer<'b, FieldsIter<'b>>, u16>> {
        // RFC 9110 7.8: Upgrade in an HTTP/1.0 request is ignored.
        let http11 = head.version == proto_h1::Version::Http11;
        if !http11 || !head.fields.contains_token("upgrade", "websocket") {
            return None;
        }
        // Content would stand where the first frame is expected.
        if !matches!(head.body, BodyLength::None | BodyLength::Known(0)) {
            return Some(Err(400));
        }
        let offer = handshake::server::Request::check(head.method, http11, self.fields().iter());
        Some(offer.map_err(|refusal| refusal.status()))
    }
}

/// What "MAY [be responded to] with a 417 (Expectation Failed) status code", as it is over HTTP/1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UnknownExpectation;

/// An opening handshake that can be accepted.
#[derive(Debug, Clone)]
pub struct Upgrade<'b> {
    offer: handshake::server::Offer<'b, FieldsIter<'b>>,
    deflate: bool,
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
        stream.control.ask().answer = Some(Answer::WebSocket(Box::new(Acceptance {
            accept,
            protocol: protocol.map(Box::from),
            deflate: self.deflate,
            agreement: None,
        })));
    }

    /// Does without compression, whatever is offered and [configured](crate::Config::deflate).
    #[must_use]
    pub fn without_deflate(self) -> Self {
        Self { deflate: false, ..self }
    }

    pub(crate) fn extensions(&self) -> impl Iterator<Item = handshake::Extension<'b>> + Clone + use<'b> {
        self.offer.extensions()
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

const HTTP2: &str = "HTTP/2";

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
    /// Whether compression may be agreed on.
    pub(crate) deflate: bool,
    pub(crate) agreement: Option<Agreement>,
}

impl Acceptance {
    /// Calls `send` with the fields of the answer: over HTTP/2 those alone that say what was agreed on.
    pub(crate) fn with_fields<T>(&self, http2: bool, send: impl FnOnce(&[Field<'_>]) -> T) -> T {
        let extensions = self.agreement.map(|agreement| agreement.to_string());
        let all = [
            ("upgrade", (!http2).then_some(&b"websocket"[..])),
            ("sec-websocket-accept", (!http2).then_some(&self.accept[..])),
            ("sec-websocket-protocol", self.protocol.as_deref().map(str::as_bytes)),
            ("sec-websocket-extensions", extensions.as_deref().map(str::as_bytes)),
        ];
        let fields = all.into_iter().filter_map(|(name, value)| Some(Field::new(name, value?)));
        send(&fields.collect::<Vec<_>>())
    }
}

/// A response, for as long as the event lasts.
#[derive(Debug, Clone, Copy)]
pub struct Response<'b> {
    pub(crate) head: ResponseView<'b>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum ResponseView<'b> {
    Http1(proto_h1::Response<'b>),
    Http2(http2::ResponseFields<'b>),
}

impl<'b> Response<'b> {
    /// The status code.
    pub fn status(&self) -> u16 {
        match &self.head {
            ResponseView::Http1(head) => head.status,
            ResponseView::Http2(head) => head.status,
        }
    }

    /// The reason phrase; often empty, always so over HTTP/2.
    pub fn reason(&self) -> &'b [u8] {
        match &self.head {
            ResponseView::Http1(head) => head.reason,
            ResponseView::Http2(_) => b"",
        }
    }

    /// `HTTP/2`, `HTTP/1.1` or `HTTP/1.0`.
    pub fn version(&self) -> &'static str {
        match &self.head {
            ResponseView::Http1(head) => version(head.version),
            ResponseView::Http2(_) => HTTP2,
        }
    }

    /// The header fields.
    pub fn fields(&self) -> Fields<'b> {
        match &self.head {
            ResponseView::Http1(head) => head.fields.into(),
            ResponseView::Http2(head) => head.fields.into(),
        }
    }

    /// The length of the body, as announced.
    pub fn body_length(&self) -> BodyLength {
        match &self.head {
            ResponseView::Http1(head) => head.body,
            ResponseView::Http2(head) => head.body,
        }
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
    /// The header fields, names in lower case. With `expect: 100-continue` content is not taken
    /// ([`SendError::Blocked`]) before the server says `100 Continue` or
    /// [`continue_timeout`](crate::Http2Config::continue_timeout) has passed, nor after a final response.
    pub fields: &'a [Field<'a>],
}

impl RequestHead<'_> {
    pub(crate) fn http1(&self, length: BodyLength) -> proto_h1::RequestHead<'_> {
        proto_h1::RequestHead::new(self.method, self.target, self.authority, self.fields).with_body(length)
    }
}
