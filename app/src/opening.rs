//! The opening handshake of a WebSocket, as a client makes it.

use std::time::Duration;

use proto_core::{Instant, SendError, WriteBuf};
use proto_h1::Client;
use proto_h2::StreamId;
use proto_ws::deflate::{Agreement, DeflateConfig};
use proto_ws::handshake::client::{Key, Request, check, check_connect};

use crate::deflate::Deflating;
use crate::handler::End;
use crate::http2;
use crate::message::{BodyLength, Field, RequestHead, Response, ResponseView};

/// What to ask a server for in the opening handshake of a WebSocket.
#[derive(Debug, Clone)]
pub struct WebSocket {
    authority: Box<[u8]>,
    target: Box<[u8]>,
    protocols: Option<Box<[u8]>>,
    fields: Vec<OwnedField>,
    /// Whether to offer compression, if that is configured.
    pub(crate) deflate: bool,
}

/// Name and value.
type OwnedField = (Box<[u8]>, Box<[u8]>);

impl WebSocket {
    /// A handshake for `target` (path and query) at `authority` (host and port), offering subprotocols, most wanted
    /// first, with further fields.
    ///
    /// # Errors
    /// [`SendError::Misuse`] for a subprotocol that is no token or is there twice, and for fields that belong to
    /// the handshake itself.
    pub fn new(
        authority: &str,
        target: &str,
        protocols: &[&str],
        fields: &[Field<'_>],
    ) -> Result<Self, SendError> {
        const OWN: [&[u8]; 9] = [
            b"host",
            b"upgrade",
            b"connection",
            b"content-length",
            b"transfer-encoding",
            b"sec-websocket-key",
            b"sec-websocket-version",
            b"sec-websocket-protocol",
            b"sec-websocket-extensions",
        ];
        if fields.iter().any(|field| OWN.iter().any(|own| field.name.eq_ignore_ascii_case(own))) {
            return Err(SendError::Misuse);
        }
        let list = protocols.join(", ").into_bytes().into_boxed_slice();
        let protocols = (!protocols.is_empty()).then_some(list);
        if let Some(list) = &protocols {
            Request::new(&Key::new([0; 16])).protocols(list)?;
        }
        let owned = |field: &Field<'_>| (field.name.into(), field.value.into());
        Ok(Self {
            authority: authority.as_bytes().into(),
            target: target.as_bytes().into(),
            protocols,
            fields: fields.iter().map(owned).collect(),
            deflate: true,
        })
    }

    /// Offers no compression, whatever is [configured](crate::Config::deflate).
    #[must_use]
    pub fn without_deflate(self) -> Self {
        Self { deflate: false, ..self }
    }
}

/// An opening handshake under way.
#[derive(Debug)]
pub(crate) struct Opening {
    websocket: WebSocket,
    deflate: Option<DeflateConfig>,
    key: Key,
    mask_seed: [u8; 16],
    pub(crate) stage: Stage,
    /// When it must have been answered.
    pub(crate) due: Option<Instant>,
}

/// How far an opening handshake is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// HTTP/2: what the server's settings allow is awaited.
    Waiting,
    /// The request is to be written.
    Due,
    /// It is written.
    Sent,
}

/// What both ends agree on.
#[derive(Debug, Default)]
pub(crate) struct Agreed {
    /// The subprotocol.
    pub(crate) protocol: Option<Box<str>>,
    /// Compression, with its memory set aside.
    pub(crate) deflate: Option<Agreement>,
}

impl Opening {
    pub(crate) fn new(
        websocket: WebSocket,
        deflate: Option<DeflateConfig>,
        nonce: [u8; 16],
        mask_seed: [u8; 16],
    ) -> Self {
        Self { websocket, deflate, key: Key::new(nonce), mask_seed, stage: Stage::Due, due: None }
    }

    /// The connection is established.
    pub(crate) fn start(&mut self, now: Instant, timeout: Duration) {
        self.due = (!timeout.is_zero()).then(|| now + timeout);
    }

    /// What its WebSocket is to be.
    pub(crate) fn role(&self) -> proto_ws::Role {
        proto_ws::Role::Client { mask_seed: self.mask_seed }
    }

    /// Asks for an upgrade.
    pub(crate) fn send_http1(
        &mut self,
        client: &mut Client,
        out: &mut WriteBuf<'_>,
    ) -> Result<(), SendError> {
        self.with_head(b"GET", Request::new(&self.key), |head| {
            client.send_head(&head.http1(BodyLength::None), out)
        })?;
        self.stage = Stage::Sent;
        Ok(())
    }

    /// Asks for a WebSocket on a stream of its own.
    pub(crate) fn send_http2(
        &mut self,
        codec: &mut proto_h2::Connection,
        scheme: &[u8],
        out: &mut WriteBuf<'_>,
    ) -> Result<StreamId, SendError> {
        let id = self.with_head(b"CONNECT", Request::connect(), |head| {
            http2::send_connect(codec, head, scheme, b"websocket", out)
        })?;
        self.stage = Stage::Sent;
        Ok(id)
    }

    fn with_head<T>(
        &self,
        method: &[u8],
        request: Request<'_>,
        send: impl FnOnce(&RequestHead<'_>) -> Result<T, SendError>,
    ) -> Result<T, SendError> {
        let WebSocket { authority, target, protocols, fields, .. } = &self.websocket;
        let mut request = request;
        if let Some(list) = protocols {
            request = request.protocols(list)?;
        }
        let extensions = self.extensions();
        if let Some(list) = &extensions {
            request = request.extensions(list.as_bytes())?;
        }
        let own = request.fields().map(|(name, value)| Field { name, value });
        let given = fields.iter().map(|(name, value)| Field { name, value });
        let fields = own.chain(given).collect::<Vec<_>>();
        send(&RequestHead { method, target, authority, fields: &fields })
    }

    /// The extensions to offer.
    fn extensions(&self) -> Option<String> {
        self.deflate.map(|config| config.offer().to_string())
    }

    /// What a final response agrees to, with the memory for it set aside.
    ///
    /// # Errors
    /// How the stream ends, as it does not become a WebSocket.
    pub(crate) fn agreed(&self, response: &Response<'_>, deflating: &mut Deflating) -> Result<Agreed, End> {
        let refused = End::Refused(response.status());
        let (status, fields) = (response.status(), response.fields().iter());
        let (protocols, extensions) = (self.websocket.protocols.as_deref(), self.extensions());
        let extensions = extensions.as_ref().map(|list| list.as_bytes());
        let accepted = match response.head {
            ResponseView::Http1(_) => check(status, fields, &self.key, protocols, extensions),
            ResponseView::Http2(_) => check_connect(status, fields, protocols, extensions),
        };
        let accepted = accepted.map_err(|_| refused)?;
        let deflate = match self.deflate {
            None => None,
            Some(config) => config.check(accepted.extensions()).map_err(|_| refused)?,
        };
        if deflate.is_some_and(|agreement| !deflating.reserve(&agreement)) {
            return Err(End::WebSocketFault(proto_ws::Error::Overloaded));
        }
        let protocol = accepted.protocol.map(|name| String::from_utf8_lossy(name).into());
        Ok(Agreed { protocol, deflate })
    }
}
