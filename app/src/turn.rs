use proto_core::{SendError, WriteBuf};

use crate::context::Shared;
use crate::handler::{End, Handler};
use crate::role::{Connection, Role};
use crate::service::Wake;
use crate::stream::Stream;
use crate::websocket;
use crate::writable::{Carrier, Writable};

/// One call of a driver: the application, one of its connections, and where output goes.
pub(crate) struct Turn<'a, 'o, H: Handler> {
    pub(crate) handler: &'a mut H,
    pub(crate) shared: &'a mut Shared,
    pub(crate) connection: &'a mut Connection<H::Session>,
    pub(crate) out: &'a mut WriteBuf<'o>,
}

/// Why a role stopped taking input.
pub(crate) enum Stopped {
    /// Nothing more is told of this input, or nothing more may be taken now.
    Idle,
    /// The connection has another role now, which may take the rest.
    RoleChanged,
}

/// A writing turn is offered only with at least this much room, so that heads and small messages fit.
pub(crate) const LEAST_ROOM: usize = 1_024;

/// How much of the output is out of reach of what is said of one's own accord. A driver hands over input only while there
/// is room for an answer: two that have filled their output to the last byte would wait for each other to listen. Small
/// outputs, which a driver empties before it asks again, need all there is.
pub(crate) fn reserve(out: &WriteBuf<'_>) -> usize {
    if out.len() + out.room() < 8 * LEAST_ROOM { 0 } else { 2 * LEAST_ROOM }
}

/// How a WebSocket is closed when the driver ends
/// ([RFC 6455 §7.4.1](https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1)).
pub(crate) const GOING_AWAY: (u16, &str) = (1001, "going away");

impl<H: Handler> Turn<'_, '_, H> {
    /// Takes what it can off the front of `input`. What each role does is not inlined: together they would need more at
    /// hand, and more stack, than any of them.
    pub(crate) fn receive(&mut self, input: &mut [u8], scratch: &mut [u8]) -> usize {
        let mut taken = 0;
        loop {
            let rest = &mut input[taken..];
            self.lend();
            let (count, stopped) = match self.connection.role {
                Role::Server(_) => self.receive_request(rest, scratch),
                Role::Client(_) => self.receive_response(rest, scratch),
                Role::Http2(_) => self.receive_http2(rest, scratch),
                Role::WebSocket(_) => self.receive_frames(rest, scratch),
                Role::Raw(_) => self.receive_bytes(rest),
            };
            self.reclaim();
            taken += count;
            if matches!(stopped, Stopped::Idle) {
                return taken;
            }
        }
    }

    /// Lends a WebSocket what it compresses with, if it has nothing of its own.
    pub(crate) fn lend(&mut self) {
        if let Role::WebSocket(socket) = &mut self.connection.role {
            self.shared.deflating.lend(socket);
        }
    }

    /// Takes that back.
    pub(crate) fn reclaim(&mut self) {
        if let Role::WebSocket(socket) = &mut self.connection.role {
            self.shared.deflating.reclaim(socket);
        }
    }

    #[inline(never)]
    fn receive_http2(&mut self, input: &mut [u8], scratch: &mut [u8]) -> (usize, Stopped) {
        let taken = self.multiplex().map_or(0, |mut multiplex| multiplex.receive(input, scratch));
        (taken, Stopped::Idle)
    }

    /// The peer has sent everything it will. A role that this makes way for is told too.
    pub(crate) fn receive_eof(&mut self) {
        loop {
            let before = std::mem::discriminant(&self.connection.role);
            match self.connection.role {
                Role::Server(_) => self.server_eof(),
                Role::Client(_) => self.client_eof(),
                Role::Http2(_) => {
                    if let Some(mut multiplex) = self.multiplex() {
                        multiplex.receive_eof();
                    }
                }
                Role::WebSocket(_) => self.websocket_eof(),
                Role::Raw(_) => self.raw_eof(),
            }
            if self.connection.ended || std::mem::discriminant(&self.connection.role) == before {
                return;
            }
        }
    }

    /// Delivers a wake-up; true when it concerns the stream there is.
    pub(crate) fn wake(&mut self, wake: Wake) -> bool {
        let group = match wake {
            Wake::Group(group) if self.connection.control.asked().group != Some(group) => return false,
            Wake::Group(group) => Some(group),
            Wake::Stream(_) => None,
        };
        self.tell(|handler, session, stream| handler.wake(session, group, stream));
        self.connection.session.is_some()
    }

    /// What became a WebSocket while the driver was draining already is closed like those that were one before.
    pub(crate) fn go_away(&mut self) {
        if self.connection.draining {
            self.connection.control.ask().close.get_or_insert(GOING_AWAY);
        }
    }

    /// Whether the application and the output can take what another event brings.
    pub(crate) fn may_take(&self) -> bool {
        !self.connection.control.held && !self.connection.ended && self.out.room() >= LEAST_ROOM
    }

    /// Lets everyone write who wants to, while there is room.
    pub(crate) fn write(&mut self) {
        if let Role::Http2(_) = self.connection.role {
            return self.write_http2();
        }
        if self.connection.has_something_to_say() {
            self.transmit();
            let (handler, shared, connection) =
                (&mut *self.handler, &mut *self.shared, &mut *self.connection);
            let write = |out: &mut WriteBuf<'_>| Turn { handler, shared, connection, out }.write_in_turn();
            self.out.with_reserve(reserve(self.out), write);
            self.transmit();
        }
        self.settle();
    }

    #[inline(never)]
    fn write_http2(&mut self) {
        if let Some(mut multiplex) = self.multiplex() {
            multiplex.write();
        }
    }

    /// One write after the other, while there is room.
    fn write_in_turn(&mut self) {
        let mut in_vain = false;
        while self.out.room() >= LEAST_ROOM && !self.connection.ended {
            let before = self.out.len();
            if !self.write_once() {
                break;
            }
            self.settle();
            if self.out.len() == before {
                // Whoever wrote nothing waits for room, or for the next event; unless it wanted to close then.
                if in_vain || self.connection.control.want_write {
                    break;
                }
                in_vain = true;
            }
        }
    }

    /// Writes what the protocol owes by itself.
    fn transmit(&mut self) {
        match &mut self.connection.role {
            Role::Server(server) => {
                // The answer to a fault has a date like any other.
                if server.error().is_some() {
                    let _ = server.send_error(self.shared.stamp.preset(), self.out); // without room it stays owed
                }
            }
            role => role.transmit(self.out),
        }
    }

    /// One write, of the library or the application; false when nobody wants one.
    fn write_once(&mut self) -> bool {
        if self.connection.control.is_asked()
            && let Some(wrote) = self.write_as_asked()
        {
            return wrote;
        }
        let connection = &mut *self.connection;
        if connection.control.want_write && connection.session.is_some() && !connection.upgrading {
            connection.control.want_write = false;
            self.offer();
            return true;
        }
        if let Some((code, reason)) = connection.control.asked().close {
            return self.close(code, reason);
        }
        false
    }

    /// One write of the library's; `None` when it is the application's turn.
    #[inline(never)]
    fn write_as_asked(&mut self) -> Option<bool> {
        let connection = &mut *self.connection;
        if let Role::Client(_) = connection.role
            && connection.control.extra().is_some_and(|extra| extra.opening.is_some())
        {
            return Some(self.send_opening());
        }
        if connection.control.asked().answer.is_some() {
            if let Role::Server(_) = connection.role {
                return Some(self.send_answer());
            }
            connection.control.take_answer(); // there is no request to answer
        }
        connection.transfer().is_some().then(|| self.send_file())
    }

    /// One turn of the application.
    fn offer(&mut self) {
        let Connection { role, session: Some(session), control, link, .. } = &mut *self.connection else {
            return;
        };
        let protocol = role.protocol();
        let carrier = match role {
            Role::Server(server) => Carrier::Server(server),
            Role::Client(client) => Carrier::Client(client),
            Role::WebSocket(socket) => Carrier::WebSocket { socket, widest: self.out.is_empty() },
            Role::Raw(raw) => Carrier::Raw(raw),
            Role::Http2(_) => return, // its streams have turns of their own
        };
        let out = Writable { carrier, out: self.out, stamp: &self.shared.stamp };
        let mut stream = Stream {
            control,
            link,
            stream: 0,
            protocol,
            now: self.shared.now,
            wakes: &mut self.shared.wakes,
        };
        self.handler.writable(session, out, &mut stream);
    }

    /// Shows the application a stream that has no session yet.
    pub(crate) fn introduce<T>(&mut self, event: impl FnOnce(&mut H, &mut Stream<'_>) -> T) -> T {
        let Connection { role, control, link, .. } = &mut *self.connection;
        let protocol = role.protocol();
        event(
            self.handler,
            &mut Stream {
                control,
                link,
                stream: 0,
                protocol,
                now: self.shared.now,
                wakes: &mut self.shared.wakes,
            },
        )
    }

    /// Tells the application something about its stream, if it has one.
    pub(crate) fn tell(&mut self, event: impl FnOnce(&mut H, &mut H::Session, &mut Stream<'_>)) {
        let Connection { role, session: Some(session), control, link, .. } = &mut *self.connection else {
            return;
        };
        let protocol = role.protocol();
        let mut stream = Stream {
            control,
            link,
            stream: 0,
            protocol,
            now: self.shared.now,
            wakes: &mut self.shared.wakes,
        };
        event(self.handler, session, &mut stream);
    }

    /// Does what the application's `close` asks for.
    fn close(&mut self, code: u16, reason: &str) -> bool {
        let done = match &mut self.connection.role {
            Role::WebSocket(socket) => websocket::close(socket, code, reason, self.out),
            Role::Server(server) if server.response_complete() => {
                self.end(End::Complete);
                Ok(())
            }
            Role::Server(_) | Role::Client(_) | Role::Http2(_) | Role::Raw(_) => {
                self.end(End::Aborted);
                Ok(())
            }
        };
        if done != Err(SendError::Full) {
            self.connection.control.grant(|asked| asked.close = None);
        }
        true
    }

    /// Tells the codec whether the application takes data, and notices that a stream is complete.
    pub(crate) fn settle(&mut self) {
        self.connection.apply_limit();
        self.connection.apply_hold();
        match &self.connection.role {
            Role::Server(server) if server.response_complete() && server.request_complete() => {
                self.next_request()
            }
            // The rest of the request is not worth reading.
            Role::Server(server) if server.response_complete() && server.wants().close => {
                self.end(End::Complete)
            }
            // RFC 9112 9.5: the rest of a request is not worth sending behind the answer, unless the connection could be
            // used again.
            Role::Client(client)
                if client.response_complete()
                    && (client.request_complete() || client.close_reason().is_some()) =>
            {
                self.next_exchange();
            }
            Role::WebSocket(socket) => {
                if let Some(proto_ws::Outcome::Clean { code, .. }) = socket.outcome() {
                    self.finish_stream(End::WebSocket(code.map(u16::from)));
                }
            }
            Role::Raw(raw) if raw.finished => self.end(End::Complete),
            _ => {}
        }
    }

    /// The stream is over and the connection with it.
    pub(crate) fn end(&mut self, end: End) {
        self.finish_stream(end);
        self.connection.ended = true;
    }

    /// The stream is over: gives the session back, once, and forgets what it asked for.
    pub(crate) fn finish_stream(&mut self, end: End) {
        self.connection.control.forget();
        if let Some(session) = self.connection.session.take() {
            self.handler.closed(session, end);
        }
    }
}
