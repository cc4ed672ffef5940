use std::time::Duration;

use proto_core::{Deadline, Instant, Reason, SendError, Wants, WriteBuf};

use proto_ws::Side;

use crate::handler::End;
use crate::http2::Http2;
use crate::limit::Limit;
use crate::opening::{Agreed, Opening, Stage};
use crate::service::{Action, Closed};
use crate::stream::{Control, Link, Protocol};
use crate::transfer::Transfer;
use crate::websocket;

/// What a connection is at the moment: one codec, and what it may become.
#[derive(Debug)]
pub(crate) enum Role<S> {
    /// HTTP/1, the server's side. Becomes a WebSocket by an upgrade, or raw when the first bytes are no HTTP.
    Server(proto_h1::Server),
    /// HTTP/1, the client's side. Becomes a WebSocket when the server accepts.
    Client(proto_h1::Client),
    /// HTTP/2, either side, for good.
    Http2(Box<Http2<S>>),
    /// A WebSocket, either side.
    WebSocket(proto_ws::Connection),
    /// Bytes.
    Raw(Raw),
}

impl<S> Role<S> {
    pub(crate) fn protocol(&self) -> Protocol {
        match self {
            Self::Server(_) | Self::Client(_) => Protocol::Http1,
            Self::Http2(_) => Protocol::Http2,
            Self::WebSocket(_) => Protocol::WebSocket,
            Self::Raw(_) => Protocol::Raw,
        }
    }

    /// Which side of a WebSocket it is, or may become.
    pub(crate) fn side(&self) -> Side {
        match self {
            Self::WebSocket(socket) => socket.side(),
            Self::Client(_) => Side::Client,
            Self::Server(_) | Self::Http2(_) | Self::Raw(_) => Side::Server,
        }
    }

    pub(crate) fn wants(&self) -> Wants {
        match self {
            Self::Server(server) => server.wants(),
            Self::Client(client) => client.wants(),
            Self::Http2(http2) => http2.wants(),
            Self::WebSocket(socket) => socket.wants(),
            Self::Raw(raw) => raw.wants(),
        }
    }

    /// `wants().write` alone, for turns in which that is all there is to know.
    #[inline]
    pub(crate) fn wants_write(&self) -> bool {
        match self {
            Self::Server(server) => server.wants().write,
            Self::WebSocket(socket) => socket.wants().write,
            role => role.wants().write,
        }
    }

    pub(crate) fn transmit(&mut self, out: &mut WriteBuf<'_>) {
        match self {
            Self::Server(server) => server.transmit(out),
            Self::Client(client) => client.transmit(out),
            Self::Http2(http2) => http2.codec.transmit(out),
            Self::WebSocket(socket) => socket.transmit(out),
            Self::Raw(_) => {}
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        match self {
            Self::Server(server) => server.handle_timeout(now),
            Self::Client(client) => client.handle_timeout(now),
            Self::Http2(_) => {} // together with its streams
            Self::WebSocket(socket) => socket.handle_timeout(now),
            Self::Raw(raw) => raw.handle_timeout(now),
        }
    }

    /// How the codec says that it ended, if it does.
    pub(crate) fn end(&self) -> Option<End> {
        match self {
            Self::Server(server) => server.error().map(End::Http1),
            Self::Client(client) => client.error().map(End::Http1),
            Self::Http2(http2) => http2.codec.error().map(End::Http2),
            Self::WebSocket(socket) => websocket::end(socket),
            Self::Raw(_) => None,
        }
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        match self {
            Self::Server(server) => server.poll_timeout(),
            Self::Client(client) => client.poll_timeout(),
            Self::Http2(http2) => http2.poll_timeout(),
            Self::WebSocket(socket) => socket.poll_timeout(),
            Self::Raw(raw) => raw.poll_timeout(),
        }
    }
}

/// A raw stream: no framing, no replies.
#[derive(Debug)]
pub(crate) struct Raw {
    now: Option<Instant>,
    /// When the last byte went over.
    active: Instant,
    /// How long none may; zero: for ever.
    idle_timeout: Duration,
    pub(crate) received_eof: bool,
    pub(crate) finished: bool,
}

impl Raw {
    pub(crate) fn new(idle_timeout: Duration) -> Self {
        Self { now: None, active: Instant::ZERO, idle_timeout, received_eof: false, finished: false }
    }

    pub(crate) fn send(&mut self, data: &[u8], out: &mut WriteBuf<'_>) -> Result<usize, SendError> {
        if self.finished {
            return Err(SendError::Misuse);
        }
        self.touch();
        Ok(out.put_some(data))
    }

    /// Something went over.
    pub(crate) fn touch(&mut self) {
        self.active = self.now.unwrap_or(Instant::ZERO);
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if self.now.is_none() {
            self.active = now;
        }
        self.now = Some(now);
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        let runs = self.now.is_some() && !self.idle_timeout.is_zero();
        runs.then(|| Deadline::new(self.active + self.idle_timeout, Reason::KeepAlive))
    }

    pub(crate) fn finish(&mut self) -> Result<(), SendError> {
        self.finished = true;
        Ok(())
    }

    fn wants(&self) -> Wants {
        Wants { read: !self.received_eof && !self.finished, write: false, close: self.finished }
    }
}

/// The state of one connection of an [`App`](crate::App), with the session of the stream it carries.
#[derive(Debug)]
pub struct Connection<S> {
    pub(crate) role: Role<S>,
    pub(crate) session: Option<S>,
    pub(crate) control: Control,
    pub(crate) link: Link,
    /// The first bytes are still to be looked at: HTTP, or something else.
    pub(crate) sniffing: bool,
    /// A `100 Continue` is due as soon as the application takes data.
    pub(crate) continue_due: bool,
    /// The request asked for a WebSocket and was accepted: its end is no event of the application's.
    pub(crate) upgrading: bool,
    /// Whether the codec knows that the application takes no data.
    held: bool,
    /// There may be more to tell of input that was taken.
    pub(crate) more: bool,
    /// Nothing new is taken, what is under way is finished.
    pub(crate) draining: bool,
    /// Everything was said: close once it is flushed.
    pub(crate) ended: bool,
    /// The limit that ended it, where no codec knows.
    pub(crate) limited: Option<Limit>,
}

/// What few connections have, and those only for a while.
#[derive(Debug, Default)]
pub(crate) struct Extra {
    pub(crate) transfer: Option<Transfer>,
    pub(crate) action: Option<Action>,
    /// Client, HTTP/1: the WebSocket handshake under way.
    pub(crate) opening: Option<Box<Opening>>,
    /// What was agreed on in a handshake, until the connection is a WebSocket.
    pub(crate) agreed: Agreed,
}

impl Extra {
    pub(crate) fn is_empty(&self) -> bool {
        let Self { transfer, action, opening, agreed: Agreed { protocol, deflate } } = self;
        transfer.is_none() && action.is_none() && opening.is_none() && protocol.is_none() && deflate.is_none()
    }
}

impl<S> Connection<S> {
    pub(crate) fn new(role: Role<S>, link: Link) -> Self {
        Self {
            role,
            session: None,
            control: Control::default(),
            link,
            sniffing: false,
            continue_due: false,
            upgrading: false,
            held: false,
            more: false,
            draining: false,
            ended: false,
            limited: None,
        }
    }

    /// One to be made, with the session of its first stream.
    pub(crate) fn to_be_made(role: Role<S>, session: S) -> Self {
        Self { session: Some(session), ..Self::new(role, Link::none()) }
    }

    pub(crate) fn extra(&mut self) -> &mut Extra {
        self.control.ask().extra.get_or_insert_default()
    }

    pub(crate) fn transfer(&mut self) -> Option<&mut Transfer> {
        self.control.extra_mut()?.transfer.as_mut()
    }

    pub(crate) fn wants(&self) -> Wants {
        let role = self.role.wants();
        if self.ended || role.close {
            return Wants { read: false, write: role.write, close: true };
        }
        let application = self.control.want_write && self.session.is_some() && !self.upgrading;
        let unsettled = self.more || self.held != self.control.held;
        Wants {
            read: role.read && !self.control.held,
            write: role.write || application || unsettled || self.is_asked_to_write(),
            close: false,
        }
    }

    /// Whether the library has something to write for the application, or to ask of the driver.
    fn is_asked_to_write(&self) -> bool {
        if !self.control.is_asked() {
            return false;
        }
        let asked = self.control.asked();
        let is_due = |extra: &Extra| {
            extra.action.is_some()
                || extra.transfer.as_ref().is_some_and(Transfer::wants_write)
                || extra.opening.as_ref().is_some_and(|opening| opening.stage == Stage::Due)
        };
        asked.answer.is_some() || asked.close.is_some() || asked.extra.as_deref().is_some_and(is_due)
    }

    /// Whether anyone may have something to write: the protocol, the application, or the library for it.
    #[inline]
    pub(crate) fn has_something_to_say(&self) -> bool {
        self.control.want_write || self.control.is_asked() || self.role.wants_write()
    }

    /// Tells the codec how much content the application takes.
    #[inline]
    pub(crate) fn apply_limit(&mut self) {
        if let Some(most) = self.control.take_body_limit() {
            match &mut self.role {
                Role::Server(server) => server.limit_body(most),
                Role::Client(client) => client.limit_body(most),
                Role::Http2(_) | Role::WebSocket(_) | Role::Raw(_) => {}
            }
        }
    }

    /// A peer that is made to wait is not too slow.
    #[inline]
    pub(crate) fn apply_hold(&mut self) {
        if self.held != self.control.held {
            self.held = self.control.held;
            match &mut self.role {
                Role::Server(server) => server.hold_body(self.held),
                Role::Client(client) => client.hold_body(self.held),
                Role::Http2(_) | Role::WebSocket(_) | Role::Raw(_) => {}
            }
        }
    }

    /// The opening handshake of a WebSocket that is under way.
    pub(crate) fn opening(&mut self) -> Option<&mut Opening> {
        self.control.extra_mut()?.opening.as_deref_mut()
    }

    /// How the connection ends because a deadline that no codec keeps has passed.
    pub(crate) fn overdue(&self, now: Instant) -> Option<End> {
        if self.ended {
            return None;
        }
        let due = |deadline: Option<Deadline>| deadline.is_some_and(|deadline| deadline.at <= now);
        match &self.role {
            Role::Raw(raw) if due(raw.poll_timeout()) => Some(End::Link(Closed::Timeout(Reason::KeepAlive))),
            Role::Client(_) if due(self.opening_deadline()) => Some(End::Http1(proto_h1::Error::HeadTimeout)),
            _ => None,
        }
    }

    fn opening_deadline(&self) -> Option<Deadline> {
        Some(Deadline::new(self.control.extra()?.opening.as_ref()?.due?, Reason::Head))
    }

    pub(crate) fn poll_timeout(&self) -> Option<Deadline> {
        if self.ended {
            return None;
        }
        if !self.control.is_asked() {
            return self.role.poll_timeout();
        }
        let timer = self.control.asked().timer.filter(|_| self.session.is_some());
        let timer = timer.map(|at| Deadline::new(at, Reason::Application));
        let ours = Deadline::earlier(self.opening_deadline(), timer);
        Deadline::earlier(self.role.poll_timeout(), ours)
    }
}
