//! The client's half of the opening handshake.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proto_core::SendError;

use super::{Extension, Extensions, Fields, Once, accept_key, list, lists_token, once, values};

/// The nonce of one handshake, in base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key([u8; 24]);

impl Key {
    /// A key from 16 random bytes, new for each connection
    /// ([section 4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1), step 7).
    pub fn new(nonce: [u8; 16]) -> Self {
        let mut key = [0; 24];
        let _ = STANDARD.encode_slice(nonce, &mut key); // 16 bytes are 24 characters: it fits
        Self(key)
    }

    /// `Sec-WebSocket-Key`.
    pub const fn as_bytes(&self) -> &[u8; 24] {
        &self.0
    }

    /// The `Sec-WebSocket-Accept` that only a WebSocket server answers.
    pub fn expected(&self) -> [u8; 28] {
        accept_key(&self.0)
    }
}

/// The WebSocket part of the request, its header fields. What goes with them is `GET`, HTTP/1.1 and `Host`; over HTTP/2
/// an extended CONNECT.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// None over HTTP/2.
    key: Option<&'a Key>,
    protocols: Option<&'a [u8]>,
    extensions: Option<&'a [u8]>,
    origin: Option<&'a [u8]>,
}

impl<'a> Request<'a> {
    /// A request with this key that offers nothing.
    pub const fn new(key: &'a Key) -> Self {
        Self { key: Some(key), protocols: None, extensions: None, origin: None }
    }

    /// An extended CONNECT for `websocket` over HTTP/2 that offers nothing. It has no key: what `Upgrade`, `Connection`
    /// and `Sec-WebSocket-Key` say elsewhere is said by pseudo-header fields
    /// ([RFC 8441 section 5](https://www.rfc-editor.org/rfc/rfc8441#section-5)).
    pub const fn connect() -> Self {
        Self { key: None, protocols: None, extensions: None, origin: None }
    }

    /// Offers subprotocols: a list with commas, the most wanted first.
    ///
    /// # Errors
    /// [`SendError::Misuse`]: empty, a member that is no token, or one that is there twice
    /// ([section 4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1), step 10).
    pub fn protocols(self, list: &'a [u8]) -> Result<Self, SendError> {
        let mut members = list::members(list);
        let mut distinct = members.clone().next().is_some();
        while let Some(member) = members.next() {
            distinct &= list::is_token(member) && !members.clone().any(|other| other == member);
        }
        if distinct { Ok(Self { protocols: Some(list), ..self }) } else { Err(SendError::Misuse) }
    }

    /// Offers extensions: the list as it goes on the wire.
    ///
    /// # Errors
    /// [`SendError::Misuse`]: empty, or not as the grammar of
    /// [section 9.1](https://www.rfc-editor.org/rfc/rfc6455#section-9.1) wants it.
    pub fn extensions(self, list: &'a [u8]) -> Result<Self, SendError> {
        let mut members = Extensions::new(list).peekable();
        if members.peek().is_some() && members.all(|extension| extension.is_ok()) {
            Ok(Self { extensions: Some(list), ..self })
        } else {
            Err(SendError::Misuse)
        }
    }

    /// Sends `Origin`, as browsers do.
    #[must_use]
    pub const fn origin(self, origin: &'a [u8]) -> Self {
        Self { origin: Some(origin), ..self }
    }

    /// The header fields; over HTTP/2 with names in lower case, as it has them.
    pub fn fields(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone + use<'a> {
        const NAMES: [&[u8]; 4] =
            [b"Sec-WebSocket-Version", b"Sec-WebSocket-Protocol", b"Sec-WebSocket-Extensions", b"Origin"];
        const LOWER: [&[u8]; 4] =
            [b"sec-websocket-version", b"sec-websocket-protocol", b"sec-websocket-extensions", b"origin"];
        let upgrade = self.key.map(|key| {
            [
                (&b"Upgrade"[..], &b"websocket"[..]),
                (b"Connection", b"Upgrade"),
                (b"Sec-WebSocket-Key", key.as_bytes()),
            ]
        });
        let names = if upgrade.is_some() { NAMES } else { LOWER };
        let values = [Some(&b"13"[..]), self.protocols, self.extensions, self.origin];
        let fields = names.into_iter().zip(values).filter_map(|(name, value)| Some((name, value?)));
        upgrade.into_iter().flatten().chain(fields)
    }
}

/// What the server agreed to.
#[derive(Debug, Clone)]
pub struct Accepted<'a, F> {
    /// The subprotocol, one of those offered.
    pub protocol: Option<&'a [u8]>,
    fields: F,
}

impl<'a, F: Fields<'a>> Accepted<'a, F> {
    /// The extensions, each of a name that was offered, in the order in which they apply. Whether the parameters
    /// are acceptable is for the extension to say.
    pub fn extensions(&self) -> impl Iterator<Item = Extension<'a>> + Clone + use<'a, F> {
        values(self.fields.clone(), b"sec-websocket-extensions").flat_map(Extensions::new).flatten()
    }
}

/// Checks the server's answer as [section 4.1](https://www.rfc-editor.org/rfc/rfc6455#section-4.1) says:
/// `protocols` and `extensions` are the lists that were offered.
///
/// # Errors
/// Why this is no WebSocket connection. For a status other than 101 the answer is an ordinary HTTP response (a
/// redirect, a challenge) and may be taken as one.
pub fn check<'a, F: Fields<'a>>(
    status: u16,
    fields: F,
    key: &Key,
    protocols: Option<&[u8]>,
    extensions: Option<&[u8]>,
) -> Result<Accepted<'a, F>, HandshakeError> {
    if status != 101 {
        return Err(HandshakeError::Status(status));
    }
    match once(fields.clone(), b"upgrade") {
        Once::Value(value) if value.eq_ignore_ascii_case(b"websocket") => {}
        _ => return Err(HandshakeError::Upgrade),
    }
    if !lists_token(fields.clone(), b"connection", b"upgrade") {
        return Err(HandshakeError::Connection);
    }
    match once(fields.clone(), b"sec-websocket-accept") {
        Once::Value(value) if value == key.expected() => {}
        _ => return Err(HandshakeError::Accept),
    }
    agreed(fields, protocols, extensions)
}

/// Checks the answer to an extended CONNECT over HTTP/2, as
/// [RFC 8441 section 5](https://www.rfc-editor.org/rfc/rfc8441#section-5) says: any status of the series 2xx accepts, and
/// there is no key to be proved.
///
/// # Errors
/// As for [`check`], where the statuses are those other than 2xx.
pub fn check_connect<'a, F: Fields<'a>>(
    status: u16,
    fields: F,
    protocols: Option<&[u8]>,
    extensions: Option<&[u8]>,
) -> Result<Accepted<'a, F>, HandshakeError> {
    match status {
        200..=299 => agreed(fields, protocols, extensions),
        _ => Err(HandshakeError::Status(status)),
    }
}

/// What an answer that accepts has chosen of what was offered.
fn agreed<'a, F: Fields<'a>>(
    fields: F,
    protocols: Option<&[u8]>,
    extensions: Option<&[u8]>,
) -> Result<Accepted<'a, F>, HandshakeError> {
    let protocol = match once(fields.clone(), b"sec-websocket-protocol") {
        Once::Absent => None,
        Once::Value(chosen)
            if list::members(protocols.unwrap_or_default()).any(|offered| offered == chosen) =>
        {
            Some(chosen)
        }
        Once::Value(_) | Once::Repeated => return Err(HandshakeError::Protocol),
    };
    let offered = |name: &[u8]| {
        Extensions::new(extensions.unwrap_or_default()).flatten().any(|offer| offer.name == name)
    };
    for extension in values(fields.clone(), b"sec-websocket-extensions").flat_map(Extensions::new) {
        match extension {
            Ok(extension) if offered(extension.name) => {}
            _ => return Err(HandshakeError::Extension),
        }
    }
    Ok(Accepted { protocol, fields })
}

/// Why the server's answer does not open a WebSocket connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandshakeError {
    /// A status other than 101, or over HTTP/2 other than 2xx.
    Status(u16),
    /// `Upgrade` is not exactly `websocket`.
    Upgrade,
    /// `Connection` does not list `Upgrade`.
    Connection,
    /// `Sec-WebSocket-Accept` is not what the key calls for: this is no WebSocket server, or a cache answered.
    Accept,
    /// A subprotocol that was not offered, or several.
    Protocol,
    /// An extension that was not offered, or a malformed list of them.
    Extension,
}

impl core::fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Status(status) => write!(f, "answered with status {status}"),
            Self::Upgrade => f.write_str("Upgrade is not websocket"),
            Self::Connection => f.write_str("Connection does not list Upgrade"),
            Self::Accept => f.write_str("wrong Sec-WebSocket-Accept"),
            Self::Protocol => f.write_str("a subprotocol that was not offered"),
            Self::Extension => f.write_str("an extension that was not offered"),
        }
    }
}

impl core::error::Error for HandshakeError {}
