//! The server's half of the opening handshake.

use proto_core::SendError;

use super::{Extension, Extensions, Fields, Malformed, Once, accept_key, list, lists_token, once, values};

/// A client's opening handshake.
#[derive(Debug, Clone, Copy)]
pub struct Request;

impl Request {
    /// Checks a request as [section 4.2.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1) says. `http_1_1`
    /// tells that it is HTTP/1.1 (or a later HTTP/1).
    ///
    /// # Errors
    /// What to answer instead.
    pub fn check<'a, F: Fields<'a>>(
        method: &[u8],
        http_1_1: bool,
        fields: F,
    ) -> Result<Offer<'a, F>, Refusal> {
        if method != b"GET" {
            return Err(Refusal::Method);
        }
        if !http_1_1 {
            return Err(Refusal::HttpVersion);
        }
        if !lists_token(fields.clone(), b"upgrade", b"websocket") {
            return Err(Refusal::NotAnUpgrade);
        }
        if !lists_token(fields.clone(), b"connection", b"upgrade") {
            return Err(Refusal::Connection);
        }
        let Once::Value(_) = once(fields.clone(), b"host") else { return Err(Refusal::Host) };
        let key = match once(fields.clone(), b"sec-websocket-key") {
            Once::Value(key) if is_key(key) => Ok(key),
            _ => Err(Refusal::Key),
        };
        Self::offer(key, fields)
    }

    /// Checks an extended CONNECT for `websocket` over HTTP/2, as
    /// [RFC 8441 section 5](https://www.rfc-editor.org/rfc/rfc8441#section-5) says: there is no key, and what
    /// `Upgrade`, `Connection` and `Host` say elsewhere is said by pseudo-header fields. The answer is a 200 with the
    /// subprotocol and the extensions agreed on.
    ///
    /// # Errors
    /// What to answer instead.
    pub fn check_connect<'a, F: Fields<'a>>(fields: F) -> Result<Offer<'a, F>, Refusal> {
        Self::offer(Ok(b""), fields)
    }

    fn offer<'a, F: Fields<'a>>(key: Result<&'a [u8], Refusal>, fields: F) -> Result<Offer<'a, F>, Refusal> {
        match once(fields.clone(), b"sec-websocket-version") {
            Once::Value(b"13") => {}
            //= https://www.rfc-editor.org/rfc/rfc6455#section-4.4
            Once::Value(_) => return Err(Refusal::Version),
            Once::Absent | Once::Repeated => return Err(Refusal::VersionField),
        }
        let key = key?;
        let protocols = values(fields.clone(), b"sec-websocket-protocol");
        if !protocols.flat_map(list::members).all(list::is_token) {
            return Err(Refusal::Protocols);
        }
        let origin = match once(fields.clone(), b"origin") {
            Once::Absent => None,
            Once::Value(origin) => Some(origin),
            Once::Repeated => return Err(Refusal::Origin),
        };
        let offer = Offer { key, origin, fields };
        if offer.extension_members().any(|extension| extension.is_err()) {
            return Err(Refusal::Extensions);
        }
        Ok(offer)
    }
}

/// 16 bytes in base64: 22 characters and two of padding. The four bits that the last character has to spare are
/// not looked at, as nothing is derived from them that the characters do not say already.
fn is_key(key: &[u8]) -> bool {
    let base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.len() == 24 && key.strip_suffix(b"==").is_some_and(|digits| digits.iter().all(base64))
}

/// What a client asks for.
#[derive(Debug, Clone)]
pub struct Offer<'a, F> {
    /// `Sec-WebSocket-Key`; empty over HTTP/2, which has none.
    pub key: &'a [u8],
    /// `Origin`: the page of a browser client that asks. A server that is not for everybody compares it with its
    /// own origins and answers 403 to others
    /// ([section 10.2](https://www.rfc-editor.org/rfc/rfc6455#section-10.2)).
    pub origin: Option<&'a [u8]>,
    fields: F,
}

impl<'a, F: Fields<'a>> Offer<'a, F> {
    /// The subprotocols in the client's order of preference.
    pub fn protocols(&self) -> impl Iterator<Item = &'a [u8]> + Clone + use<'a, F> {
        values(self.fields.clone(), b"sec-websocket-protocol").flat_map(list::members)
    }

    /// The extensions in the client's order of preference.
    pub fn extensions(&self) -> impl Iterator<Item = Extension<'a>> + Clone + use<'a, F> {
        self.extension_members().flatten() // faults were refused
    }

    fn extension_members(
        &self,
    ) -> impl Iterator<Item = Result<Extension<'a>, Malformed>> + Clone + use<'a, F> {
        values(self.fields.clone(), b"sec-websocket-extensions").flat_map(Extensions::new)
    }

    /// The first subprotocol of the client's that is among `supported`. Names are compared as they are
    /// ([section 1.9](https://www.rfc-editor.org/rfc/rfc6455#section-1.9) gives no case folding).
    pub fn choose<'s>(&self, supported: &[&'s [u8]]) -> Option<&'s [u8]> {
        self.protocols().find_map(|wanted| supported.iter().copied().find(|&name| name == wanted))
    }

    /// The answer that completes the handshake, with one of the offered subprotocols or none.
    ///
    /// # Errors
    /// [`SendError::Misuse`] for a subprotocol that was not offered
    /// ([section 4.2.2](https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2), step 5.5).
    pub fn accept<'p>(&self, protocol: Option<&'p [u8]>) -> Result<Accept<'p>, SendError> {
        if protocol.is_some_and(|protocol| !self.protocols().any(|offered| offered == protocol)) {
            return Err(SendError::Misuse);
        }
        Ok(Accept { key: accept_key(self.key), protocol, extensions: None })
    }
}

/// The answer `101 Switching Protocols`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accept<'p> {
    /// `Sec-WebSocket-Accept`.
    pub key: [u8; 28],
    /// The subprotocol, if one was chosen.
    pub protocol: Option<&'p [u8]>,
    /// `Sec-WebSocket-Extensions`, if any were agreed on: the text that the extension made of the offer.
    pub extensions: Option<&'p [u8]>,
}

impl Accept<'_> {
    /// The status of the answer.
    pub const STATUS: u16 = 101;

    /// The header fields of the answer.
    pub fn fields(&self) -> impl Iterator<Item = (&[u8], &[u8])> + Clone {
        let always = [
            (&b"Upgrade"[..], &b"websocket"[..]),
            (b"Connection", b"Upgrade"),
            (b"Sec-WebSocket-Accept", &self.key),
        ];
        let protocol = self.protocol.map(|protocol| (&b"Sec-WebSocket-Protocol"[..], protocol));
        let extensions = self.extensions.map(|extensions| (&b"Sec-WebSocket-Extensions"[..], extensions));
        always.into_iter().chain(protocol).chain(extensions)
    }
}

/// Why a request is no opening handshake, and what to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// Not GET: 405.
    Method,
    /// HTTP/1.0 or older: 400.
    HttpVersion,
    /// No `Upgrade` that lists `websocket`: 426, as this resource speaks nothing else.
    NotAnUpgrade,
    /// No `Connection` that lists `Upgrade`: 400.
    Connection,
    /// No `Host`, or several: 400.
    Host,
    /// A protocol version other than 13: 426, naming 13.
    Version,
    /// No `Sec-WebSocket-Version`, or several: 400.
    VersionField,
    /// No `Sec-WebSocket-Key`, several, or one that is not 16 bytes in base64: 400.
    Key,
    /// A `Sec-WebSocket-Protocol` that is not a list of tokens: 400.
    Protocols,
    /// A `Sec-WebSocket-Extensions` that does not follow its grammar: 400.
    Extensions,
    /// Several `Origin` fields: 400.
    Origin,
}

impl Refusal {
    /// The status to answer.
    pub const fn status(self) -> u16 {
        match self {
            Self::Method => 405,
            Self::NotAnUpgrade | Self::Version => 426,
            Self::HttpVersion
            | Self::Connection
            | Self::Host
            | Self::VersionField
            | Self::Key
            | Self::Protocols
            | Self::Extensions
            | Self::Origin => 400,
        }
    }

    /// The header fields that this status needs.
    pub const fn fields(self) -> &'static [(&'static [u8], &'static [u8])] {
        match self.status() {
            405 => &[(b"Allow", b"GET")],
            // RFC 9110 section 15.5.22 asks for Upgrade, RFC 6455 section 4.4 for the version
            426 => {
                &[(b"Upgrade", b"websocket"), (b"Connection", b"Upgrade"), (b"Sec-WebSocket-Version", b"13")]
            }
            _ => &[],
        }
    }
}

impl core::fmt::Display for Refusal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Method => "a WebSocket is opened by GET",
            Self::HttpVersion => "a WebSocket needs HTTP/1.1",
            Self::NotAnUpgrade => "no upgrade to websocket was asked for",
            Self::Connection => "Connection does not list Upgrade",
            Self::Host => "exactly one Host is needed",
            Self::Version => "only version 13 is spoken",
            Self::VersionField => "exactly one Sec-WebSocket-Version is needed",
            Self::Key => "exactly one Sec-WebSocket-Key of 16 bytes in base64 is needed",
            Self::Protocols => "malformed Sec-WebSocket-Protocol",
            Self::Extensions => "malformed Sec-WebSocket-Extensions",
            Self::Origin => "more than one Origin",
        })
    }
}

impl core::error::Error for Refusal {}
