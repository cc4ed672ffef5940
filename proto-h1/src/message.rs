use core::fmt;

use crate::{Error, Field, Fields, Target};

/// The protocol version of a message, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// HTTP/1.0.
    Http10,
    /// HTTP/1.1, and any later HTTP/1, which is treated as 1.1
    /// ([RFC 9110 2.5](https://www.rfc-editor.org/rfc/rfc9110#section-2.5)).
    Http11,
}

impl Version {
    /// `Err(Some)` for a well-formed version that is not supported, `Err(None)` for anything else.
    pub(crate) fn parse(version: &[u8]) -> Result<Self, Option<Error>> {
        match version {
            b"HTTP/1.1" => Ok(Self::Http11),
            b"HTTP/1.0" => Ok(Self::Http10),
            [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'2'..=b'9'] => Ok(Self::Http11),
            [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9'] => Err(Some(Error::Version)),
            _ => Err(None),
        }
    }
}

/// How the length of a body is, or is to be, determined
/// ([RFC 9112 6.3](https://www.rfc-editor.org/rfc/rfc9112#section-6.3)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BodyLength {
    /// There is no body.
    None,
    /// So many bytes, by `Content-Length`.
    Known(u64),
    /// By the chunked transfer coding.
    Chunked,
    /// By the end of the connection; responses only.
    UntilClose,
}

/// The head of a received request.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request<'b> {
    /// The method: a token, case-sensitive.
    pub method: &'b [u8],
    /// The target.
    pub target: Target<'b>,
    /// The version.
    pub version: Version,
    /// Host and port the request is for: those in the target, or else the Host field, which an absolute target
    /// overrules ([RFC 9112 3.2.2](https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2)). Empty only in HTTP/1.0.
    pub authority: &'b [u8],
    /// The fields.
    pub fields: Fields<'b>,
    /// How the body is delimited.
    pub body: BodyLength,
    /// The client waits for [`send_continue`](crate::Server::send_continue) before it sends the body.
    pub expect_continue: bool,
    /// The client offers a switch to a protocol that its Upgrade field names.
    pub upgrade: bool,
    /// The client would keep the connection open.
    pub keep_alive: bool,
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {:?} {:?}", self.method.escape_ascii(), self.target, self.version, self.body)?;
        write!(f, " for \"{}\"", self.authority.escape_ascii())?;
        for (set, name) in [
            (self.expect_continue, " expect-continue"),
            (self.upgrade, " upgrade"),
            (self.keep_alive, " keep-alive"),
        ] {
            f.write_str(if set { name } else { "" })?;
        }
        write!(f, " {:?}", self.fields)
    }
}

/// The head of a received response.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Response<'b> {
    /// The status code, 100 to 999.
    pub status: u16,
    /// The reason phrase, possibly empty: opaque bytes.
    pub reason: &'b [u8],
    /// The version.
    pub version: Version,
    /// The fields.
    pub fields: Fields<'b>,
    /// How the body is delimited.
    pub body: BodyLength,
    /// The server would keep the connection open.
    pub keep_alive: bool,
    /// `Connection: close` was said.
    pub(crate) close: bool,
    pub(crate) upgrade: bool,
}

impl fmt::Debug for Response<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} \"{}\" {:?} {:?}", self.status, self.reason.escape_ascii(), self.version, self.body)?;
        f.write_str(if self.keep_alive { " keep-alive" } else { "" })?;
        write!(f, " {:?}", self.fields)
    }
}

/// What a connection tells.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'b> {
    /// Server: a request begins. Content and [`End`](Self::End) follow.
    Request(Request<'b>),
    /// Client: the final response begins. Content and [`End`](Self::End) follow.
    Response(Response<'b>),
    /// Client: an interim response other than 101. More responses follow.
    Informational(Response<'b>),
    /// A piece of content, never empty, chunked coding removed. It may be changed in place.
    Body(&'b mut [u8]),
    /// The message is complete. Every request and final response ends with this, also without content.
    End {
        /// The trailer section, kept apart from the fields of the head.
        trailers: Fields<'b>,
    },
    /// Bytes from here on, which stay in the caller's buffer, belong to another protocol.
    Upgraded,
}

/// A response to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResponseHead<'a> {
    /// 200 to 999, or 101 to accept an upgrade.
    pub status: u16,
    /// The reason phrase; `None` for the usual one.
    pub reason: Option<&'a [u8]>,
    /// Fields, without those that frame the message: Content-Length and Transfer-Encoding are written as `body`
    /// asks.
    pub fields: &'a [Field<'a>],
    /// What body follows.
    pub body: BodyLength,
}

impl<'a> ResponseHead<'a> {
    /// A response with the usual reason phrase.
    pub const fn new(status: u16, fields: &'a [Field<'a>], body: BodyLength) -> Self {
        Self { status, reason: None, fields, body }
    }
}

/// A request to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestHead<'a> {
    /// The method.
    pub method: &'a [u8],
    /// The target in one of its forms; `host:port` for CONNECT.
    pub target: &'a [u8],
    /// The value of Host: host and port of the target URI, or for CONNECT the target.
    pub host: &'a [u8],
    /// Fields, without Host and those that frame the message. An Upgrade field asks for an upgrade.
    pub fields: &'a [Field<'a>],
    /// What body follows; not [`BodyLength::UntilClose`].
    pub body: BodyLength,
    /// Ask the server to say `100 Continue` before the body is sent. Ignored without a body.
    pub expect_continue: bool,
    /// Say `Connection: close`.
    pub close: bool,
}

impl<'a> RequestHead<'a> {
    /// A request without body.
    pub const fn new(method: &'a [u8], target: &'a [u8], host: &'a [u8], fields: &'a [Field<'a>]) -> Self {
        Self { method, target, host, fields, body: BodyLength::None, expect_continue: false, close: false }
    }

    /// The same request with a body.
    pub const fn with_body(self, body: BodyLength) -> Self {
        Self { body, ..self }
    }
}
