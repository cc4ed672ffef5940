//! A connection as a client: one HTTP exchange, or a WebSocket opened by one.

use std::time::Duration;

use proto_core::{Instant, SendError, WriteBuf};
use proto_h1::{Client, Event};
use proto_ws::deflate::DeflateConfig;
use proto_ws::handshake::client::{Key, Request, check};

use crate::handler::{End, Handler};
use crate::limit::Limit;
use crate::message::{BodyLength, Field, RequestHead, Response, ResponseView};
use crate::role::{Raw, Role};
use crate::stream::Control;
use crate::turn::{Stopped, Turn};
use crate::writable::never_fits;

/// What an outgoing connection is to be.
#[derive(Debug)]
pub enum ClientRole {
    /// HTTP: the application sends a request, and more if it [has any](Handler::next). HTTP/2 where TLS agrees on it
    /// (offer `h2` in [`TlsTarget::alpn`](crate::TlsTarget)), else HTTP/1.
    Http,
    /// HTTP/2 by prior knowledge: the server is known to speak it.
    Http2,
    /// A WebSocket: the library makes the opening handshake.
    WebSocket(WebSocket),
    /// Bytes.
    Raw,
}

/// What to ask a server for in the opening handshake of a WebSocket.
#[derive(Debug)]
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
    /// The request is written.
    pub(crate) sent: bool,
    /// When it must have been answered.
    pub(crate) due: Option<Instant>,
}

impl Opening {
    pub(crate) fn new(
        websocket: WebSocket,
        deflate: Option<DeflateConfig>,
        nonce: [u8; 16],
        mask_seed: [u8; 16],
    ) -> Self {
        Self { websocket, deflate, key: Key::new(nonce), mask_seed, sent: false, due: None }
    }

    /// The extensions to offer.
    fn extensions(&self) -> Option<String> {
        self.deflate.map(|config| config.offer().to_string())
    }

    /// The connection is established.
    pub(crate) fn start(&mut self, now: Instant, timeout: Duration) {
        self.due = (!timeout.is_zero()).then(|| now + timeout);
    }

    fn send(&mut self, client: &mut Client, out: &mut WriteBuf<'_>) -> Result<(), SendError> {
        let WebSocket { authority, target, protocols, fields, .. } = &self.websocket;
        let mut request = Request::new(&self.key);
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
        let head = RequestHead { method: b"GET", target, authority, fields: &fields };
        client.send_head(&head.http1(BodyLength::None), out)?;
        self.sent = true;
        Ok(())
    }
}

impl<H: Handler> Turn<'_, '_, H> {
    pub(crate) fn receive_response(&mut self, input: &mut [u8], scratch: &mut [u8]) -> (usize, Stopped) {
        let mut taken = 0;
        while self.may_take() {
            let Role::Client(client) = &mut self.connection.role else {
                return (taken, Stopped::RoleChanged);
            };
            let step = match client.receive(&mut input[taken..], scratch) {
                Ok(step) => step,
                Err(error) => {
                    self.end(End::Http1(error));
                    break;
                }
            };
            taken += step.consumed;
            match step.event {
                None => break,
                Some(Event::Response(head)) => self.answered(&Response { head: ResponseView::Http1(head) }),
                Some(Event::Informational(head)) => {
                    self.informed(&Response { head: ResponseView::Http1(head) })
                }
                Some(Event::Body(data)) => {
                    self.tell(|handler, session, stream| handler.body(session, data, stream))
                }
                Some(Event::End { trailers }) => {
                    self.tell(|handler, session, stream| handler.body_end(session, trailers.into(), stream));
                }
                Some(Event::Upgraded) => self.opened(),
                Some(Event::Request(_)) => {}
            }
            self.write();
            self.settle();
        }
        (taken, Stopped::Idle)
    }

    /// The exchange is complete: another one follows if the connection can be used again and the application has one.
    pub(crate) fn next_exchange(&mut self) {
        let going_on = self.connection.control.asked().close.is_none() && !self.connection.draining;
        let Role::Client(client) = &mut self.connection.role else { return };
        if !going_on || !client.next_request() {
            return self.end(End::Complete);
        }
        self.finish_stream(End::Complete);
        self.connection.session = self.introduce(|handler, stream| handler.next(stream));
        self.connection.control = Control::default();
        if self.connection.session.is_none() {
            self.connection.ended = true;
            return;
        }
        self.tell(|handler, session, stream| handler.connected(session, stream));
    }

    /// Writes the opening handshake of a WebSocket, once.
    pub(crate) fn send_opening(&mut self) -> bool {
        let connection = &mut *self.connection;
        let Role::Client(client) = &mut connection.role else { return false };
        let Some(opening) = connection.extra.as_mut().and_then(|extra| extra.opening.as_mut()) else {
            return false;
        };
        if opening.sent {
            return false;
        }
        let empty = self.out.is_empty();
        if let Err(error) = opening.send(client, self.out)
            && never_fits(error, empty) != SendError::Full
        {
            self.end(End::Aborted);
        }
        true
    }

    /// The final response; for an opening handshake one that does not open it.
    fn answered(&mut self, response: &Response<'_>) {
        if self.opening().is_some() && response.status() != 101 {
            self.tell(|handler, session, stream| handler.response(session, response, stream));
            return self.end(End::Refused(response.status()));
        }
        self.check_acceptance(response);
        // RFC 9112 9.5: a server that refuses does not want the rest of the body.
        if response.status() >= 400
            && let Role::Client(client) = &mut self.connection.role
        {
            client.abandon_body();
        }
        self.tell(|handler, session, stream| handler.response(session, response, stream));
    }

    fn informed(&mut self, response: &Response<'_>) {
        self.tell(|handler, session, stream| handler.response(session, response, stream));
    }

    fn check_acceptance(&mut self, response: &Response<'_>) {
        let Some(opening) = self.opening() else { return };
        let (protocols, extensions) = (opening.websocket.protocols.as_deref(), opening.extensions());
        let extensions = extensions.as_ref().map(|list| list.as_bytes());
        let accepted =
            check(response.status(), response.fields().iter(), &opening.key, protocols, extensions);
        let Ok(accepted) = accepted else { return self.end(End::Refused(101)) };
        let deflate = match opening.deflate.map(|config| config.check(accepted.extensions())) {
            None => None,
            Some(Ok(agreement)) => agreement,
            Some(Err(_)) => return self.end(End::Refused(101)),
        };
        if deflate.is_some_and(|agreement| !self.shared.deflating.reserve(&agreement)) {
            self.connection.limited = Some(Limit::DeflateMemory);
            return self.end(End::WebSocketFault(proto_ws::Error::Overloaded));
        }
        let protocol = accepted.protocol.map(|name| String::from_utf8_lossy(name).into());
        let extra = self.connection.extra();
        (extra.protocol, extra.deflate) = (protocol, deflate);
    }

    fn opening(&self) -> Option<&Opening> {
        self.connection.extra.as_ref()?.opening.as_deref()
    }

    /// The server agreed to leave HTTP.
    fn opened(&mut self) {
        let extra = self.connection.extra();
        let (protocol, deflate) = (extra.protocol.take(), extra.deflate.take());
        match extra.opening.take() {
            Some(opening) => {
                let role = proto_ws::Role::Client { mask_seed: opening.mask_seed };
                let config = proto_ws::Config { deflate, ..self.shared.config.websocket };
                let mut socket = proto_ws::Connection::new(role, config);
                socket.handle_timeout(self.shared.now);
                self.connection.role = Role::WebSocket(socket);
                self.tell(|handler, session, stream| handler.opened(session, protocol.as_deref(), stream));
                self.go_away();
            }
            // The application asked for an upgrade of its own, or for a tunnel.
            None => {
                let mut raw = Raw::new(self.shared.config.raw_idle_timeout);
                raw.handle_timeout(self.shared.now);
                self.connection.role = Role::Raw(raw);
                self.tell(|handler, session, stream| handler.opened(session, None, stream));
            }
        }
    }

    pub(crate) fn client_eof(&mut self) {
        while !self.connection.ended {
            let Role::Client(client) = &mut self.connection.role else { return };
            match client.receive_eof() {
                Ok(Some(Event::End { trailers })) => {
                    self.tell(|handler, session, stream| handler.body_end(session, trailers.into(), stream));
                    self.settle();
                }
                Ok(Some(Event::Upgraded)) => self.opened(),
                Ok(Some(_)) => {}
                Ok(None) if client.wants().close => self.end(End::Aborted),
                Ok(None) => return,
                Err(error) => self.end(End::Http1(error)),
            }
        }
    }
}
