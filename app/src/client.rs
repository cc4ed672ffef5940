//! A connection as a client over HTTP/1: one exchange after another, or a WebSocket opened by one.

use proto_core::SendError;
use proto_h1::Event;

use crate::handler::{End, Handler};
use crate::message::{Response, ResponseView};
use crate::opening::{Agreed, Stage, WebSocket};
use crate::role::{Extra, Raw, Role};
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
    /// A WebSocket: the library makes the opening handshake. On a stream of HTTP/2 where TLS agrees on that (offer `h2`
    /// in [`TlsTarget::alpn`](crate::TlsTarget)), else by an upgrade of HTTP/1.1.
    ///
    /// Not every server that speaks HTTP/2 opens WebSockets over it: see [`End::NoExtendedConnect`]. Unless that is known
    /// of a server, offer `http/1.1` alone, as browsers do.
    WebSocket(WebSocket),
    /// A WebSocket on a stream of HTTP/2 (RFC 8441), by prior knowledge: the server is known to speak it.
    WebSocketHttp2(WebSocket),
    /// Bytes.
    Raw,
}

impl<H: Handler> Turn<'_, '_, H> {
    #[inline(never)]
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
        self.connection.control.forget();
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
        let Some(opening) = connection.control.extra_mut().and_then(|extra| extra.opening.as_mut()) else {
            return false;
        };
        if opening.stage == Stage::Sent {
            return false;
        }
        let empty = self.out.is_empty();
        if let Err(error) = opening.send_http1(client, self.out)
            && never_fits(error, empty) != SendError::Full
        {
            self.end(End::Aborted);
        }
        true
    }

    /// The final response; for an opening handshake one that ends HTTP, or the stream.
    fn answered(&mut self, response: &Response<'_>) {
        let deflating = &mut self.shared.deflating;
        let agreed = self.connection.opening().map(|opening| opening.agreed(response, deflating));
        // RFC 9112 9.5: a server that refuses does not want the rest of the body.
        if response.status() >= 400
            && let Role::Client(client) = &mut self.connection.role
        {
            client.abandon_body();
        }
        self.tell(|handler, session, stream| handler.response(session, response, stream));
        match agreed {
            None => {}
            Some(Ok(agreed)) => self.connection.extra().agreed = agreed,
            Some(Err(end)) => {
                self.connection.limited = end.limit();
                self.end(end);
            }
        }
    }

    fn informed(&mut self, response: &Response<'_>) {
        self.tell(|handler, session, stream| handler.response(session, response, stream));
    }

    /// The server agreed to leave HTTP.
    fn opened(&mut self) {
        let extra = self.connection.control.grant(|asked| asked.extra.take()).unwrap_or_default();
        let Extra { opening, agreed: Agreed { protocol, deflate }, .. } = *extra;
        match opening {
            Some(opening) => {
                let config = proto_ws::Config { deflate, ..self.shared.config.websocket };
                let mut socket = proto_ws::Connection::new(opening.role(), config);
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
