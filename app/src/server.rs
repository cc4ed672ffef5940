//! A connection as an HTTP/1 server: from requests to the application, from answers to the wire.

use proto_core::SendError;
use proto_h1::{Error, Event};

use crate::handler::{End, Handler};
use crate::http2;
use crate::message::{BodyLength, Request, RequestView, ResponseHead};
use crate::opening::Agreed;
use crate::raw::{Sniffed, sniff};
use crate::role::{Extra, Raw, Role};
use crate::status;
use crate::stream::Answer;
use crate::transfer::Transfer;
use crate::turn::{Stopped, Turn};
use crate::writable::{never_fits, send_whole};

impl<H: Handler> Turn<'_, '_, H> {
    #[inline(never)]
    pub(crate) fn receive_request(&mut self, input: &mut [u8], scratch: &mut [u8]) -> (usize, Stopped) {
        if self.connection.sniffing && !self.sniffed(input) {
            let stopped = match self.connection.role {
                Role::Server(_) => Stopped::Idle,
                _ => Stopped::RoleChanged,
            };
            return (0, stopped);
        }
        let (mut taken, all) = (0, input.len());
        while self.may_take() {
            self.send_continue();
            let Role::Server(server) = &mut self.connection.role else {
                return (taken, Stopped::RoleChanged);
            };
            let step = match server.receive(&mut input[taken..], scratch) {
                Ok(step) => step,
                Err(error) => {
                    self.refuse_request(error);
                    break;
                }
            };
            taken += step.consumed;
            let told = step.event.is_some();
            // Content, or a head whose end follows without further input.
            let follows = match &step.event {
                Some(Event::Body(_)) => true,
                Some(Event::Request(head)) => matches!(head.body, BodyLength::None | BodyLength::Known(0)),
                _ => false,
            };
            match step.event {
                None => {}
                // RFC 9110 10.1.1: a final answer that is known by now goes out at once, in place of 100.
                Some(Event::Request(head)) => self.begin(&Request { head: RequestView::Http1(head) }),
                Some(Event::Body(data)) => {
                    self.tell(|handler, session, stream| handler.body(session, data, stream))
                }
                Some(Event::End { .. }) if self.connection.upgrading => {}
                Some(Event::End { trailers }) => {
                    self.tell(|handler, session, stream| handler.body_end(session, trailers.into(), stream));
                }
                Some(Event::Upgraded) => self.upgraded(),
                Some(Event::Response(_) | Event::Informational(_)) => {}
            }
            let was_reading = told || self.connection.role.wants().read;
            // What arrived together is told of together, and answered afterwards: a fault among it then comes before
            // the head of the answer, and the answer can say so.
            if !follows || self.connection.control.held {
                self.write();
            } else {
                self.settle();
            }
            // Between two exchanges there is nothing to tell without input.
            let idle = || matches!(&self.connection.role, Role::Server(server) if server.is_idle());
            if taken == all && told && idle() || !told && (was_reading || !self.connection.role.wants().read)
            {
                break;
            }
        }
        (taken, Stopped::Idle)
    }

    /// Looks at the first bytes; false when they are not (yet) for the HTTP codec.
    #[inline(never)]
    fn sniffed(&mut self, input: &[u8]) -> bool {
        let config = &self.shared.config;
        let mut sniffed = if config.raw_fallback { sniff(input) } else { Sniffed::Http };
        // Prior knowledge is for links without TLS, where ALPN decides (RFC 9113 section 3.3).
        if config.http2.enabled && self.connection.link.tls().is_none() {
            match http2::preface(input) {
                Sniffed::Other => {}
                begins => sniffed = begins,
            }
        }
        match sniffed {
            Sniffed::Http => self.connection.sniffing = false,
            Sniffed::Incomplete => return input.is_empty(), // the codec keeps the time
            Sniffed::Http2 => {
                self.connection.sniffing = false;
                self.speak_http2();
            }
            Sniffed::Other => {
                self.connection.sniffing = false;
                let mut raw = Raw::new(self.shared.config.raw_idle_timeout);
                raw.handle_timeout(self.shared.now);
                self.connection.role = Role::Raw(raw);
                self.connection.session = self.introduce(|handler, stream| handler.raw(stream));
                if self.connection.session.is_none() {
                    self.end(End::Aborted);
                }
            }
        }
        !self.connection.sniffing && matches!(self.connection.role, Role::Server(_))
    }

    /// A request has arrived: asks the application for a session.
    fn begin(&mut self, request: &Request<'_>) {
        if self.shared.config.http2.enabled
            && self.connection.link.tls().is_none()
            && let Some(settings) = http2::upgrade_offer(request)
            && self.upgrade_http2(request, settings)
        {
            return;
        }
        let session = self.introduce(|handler, stream| {
            if is_misdirected(request, stream.tls().is_some()) {
                stream.refuse(421);
                return None;
            }
            handler.request(request, stream)
        });
        let connection = &mut *self.connection;
        connection.session = session;
        connection.continue_due = request.expects_continue().unwrap_or(false);
        connection.upgrading = matches!(connection.control.asked().answer, Some(Answer::WebSocket(_)));
        if connection.upgrading && connection.session.is_some() {
            self.agree(request);
        }
        if self.connection.session.is_none() || self.connection.control.is_asked() {
            self.answer_for_application();
        }
    }

    /// Leaves the answer to the library, where the application wants that.
    #[inline(never)]
    fn answer_for_application(&mut self) {
        let connection = &mut *self.connection;
        if connection.session.is_none() {
            match connection.control.take_answer() {
                Some(Answer::File(file)) => {
                    connection.extra().transfer = Some(Transfer::new(file));
                }
                // Without a session there is nobody to hold a WebSocket with.
                None | Some(Answer::WebSocket(_)) => {
                    connection.control.ask().answer = Some(Answer::Status(404))
                }
                status => connection.control.ask().answer = status,
            }
            connection.control.held = false;
        } else if matches!(connection.control.asked().answer, Some(Answer::Status(_) | Answer::File(_))) {
            // The library answers, so the stream is over for the application once that is done.
            let file =
                connection.control.grant(|asked| asked.answer.take_if(|a| matches!(a, Answer::File(_))));
            if let Some(Answer::File(file)) = file {
                connection.extra().transfer = Some(Transfer::new(file));
            }
            connection.control.want_write = false;
            // Nobody is left to resume it.
            connection.control.held = false;
        }
    }

    /// Agrees on the extensions of the WebSocket that was accepted.
    #[inline(never)]
    fn agree(&mut self, request: &Request<'_>) {
        let Some(Answer::WebSocket(acceptance)) = &mut self.connection.control.ask().answer else { return };
        self.shared.deflating.agree(acceptance, request);
        if let Some(agreement) = acceptance.agreement {
            self.connection.extra().agreed.deflate = Some(agreement);
        }
    }

    /// Sends the `100 Continue` that is due, unless the final answer is decided on already.
    fn send_continue(&mut self) {
        let connection = &mut *self.connection;
        if !connection.continue_due || connection.control.held || connection.session.is_none() {
            return;
        }
        let Role::Server(server) = &mut connection.role else { return };
        if server.send_continue(self.out) != Err(SendError::Full) {
            connection.continue_due = false;
        }
    }

    /// The peer's fault is answered with what it deserves, and nothing follows.
    #[cold]
    fn refuse_request(&mut self, error: Error) {
        if let Role::Server(server) = &mut self.connection.role {
            let _ = server.send_error(self.shared.stamp.preset(), self.out); // without room, `transmit` sends it later
        }
        self.finish_stream(End::Http1(error));
    }

    /// Sends what the library answers with.
    pub(crate) fn send_answer(&mut self) -> bool {
        let Role::Server(server) = &mut self.connection.role else { return false };
        let stamp = &self.shared.stamp;
        let empty = self.out.is_empty();
        let sent = match &self.connection.control.asked().answer {
            None => return false,
            Some(Answer::File(_)) => Ok(()),
            Some(Answer::WebSocket(acceptance)) => {
                let out = &mut *self.out;
                acceptance.with_fields(false, |fields| {
                    let head = ResponseHead { status: 101, fields };
                    head.send_http1(BodyLength::None, stamp, server, out)
                })
            }
            &Some(Answer::Status(status)) => {
                let head = ResponseHead { status, fields: status::fields(status) };
                send_whole(server, &head, status::text(status), stamp, self.out)
            }
        };
        match sent.map_err(|error| never_fits(error, empty)) {
            Err(SendError::Full) => {}
            Err(_) => self.end(End::Aborted),
            Ok(()) => {
                if let Some(Answer::WebSocket(acceptance)) = self.connection.control.take_answer()
                    && acceptance.protocol.is_some()
                {
                    self.connection.extra().agreed.protocol = acceptance.protocol;
                }
            }
        }
        true
    }

    /// Both sides agreed to leave HTTP: what follows are WebSocket frames.
    #[inline(never)]
    fn upgraded(&mut self) {
        let agreed = |extra: &mut Box<Extra>| std::mem::take(&mut extra.agreed);
        let Agreed { protocol, deflate } =
            self.connection.control.grant(|asked| asked.extra.as_mut().map(agreed)).unwrap_or_default();
        let config = proto_ws::Config { deflate, ..self.shared.config.websocket };
        let mut socket = proto_ws::Connection::new(proto_ws::Role::Server, config);
        socket.handle_timeout(self.shared.now);
        self.connection.role = Role::WebSocket(socket);
        self.connection.upgrading = false;
        self.tell(|handler, session, stream| handler.opened(session, protocol.as_deref(), stream));
        self.go_away();
    }

    /// The exchange is complete: gives the session back and goes on to the next request.
    pub(crate) fn next_request(&mut self) {
        if self.connection.control.asked().close.is_some() {
            return self.end(End::Complete);
        }
        self.finish_stream(End::Complete);
        self.connection.continue_due = false;
        if let Role::Server(server) = &mut self.connection.role {
            server.next_request();
        }
    }

    pub(crate) fn server_eof(&mut self) {
        while let Role::Server(server) = &mut self.connection.role {
            match server.receive_eof() {
                Ok(Some(Event::Upgraded)) => self.upgraded(),
                Ok(Some(Event::End { trailers })) if !self.connection.upgrading => {
                    self.tell(|handler, session, stream| handler.body_end(session, trailers.into(), stream));
                }
                Ok(Some(_)) => {}
                // The answer is still going out.
                Ok(None) if self.connection.session.is_some() || !server.wants().close => break,
                Ok(None) => return self.end(End::Complete),
                Err(error) => {
                    self.refuse_request(error);
                    break;
                }
            }
        }
        self.write();
    }
}

/// [RFC 9110 §7.4](https://www.rfc-editor.org/rfc/rfc9110#section-7.4): a request for an `https` resource is rejected
/// unless the connection is secured, and other schemes than the two are not served here.
pub(crate) fn is_misdirected(request: &Request<'_>, tls: bool) -> bool {
    request.scheme().is_some_and(|scheme| {
        !(scheme.eq_ignore_ascii_case(b"http") || tls && scheme.eq_ignore_ascii_case(b"https"))
    })
}
