//! A connection as HTTP/2: many streams, each of which the application sees as it sees an exchange over HTTP/1.
//!
//! The codec says what the peer's frames mean, which stream may send and how much. Here are the sessions, and who
//! waits for a turn:
//!
//! ```text
//!   event of a stream ──► application ──► settle ──┬─► ready   heads and ends: need no credit
//!                                           ▲      └─► codec   content: by priority, when there is credit
//!                                           │              │
//!                                           └── turn ◄─────┘   while there is room
//! ```

mod client;
mod config;
mod deadline;
mod exchange;
mod file;
mod head;
mod outlet;
mod pace;
mod receive;
mod start;
mod tunnel;
mod turn;

use std::collections::VecDeque;

use proto_core::{Deadline, Instant, Wants, WriteBuf};
use proto_h2::ErrorCode;

pub(crate) use client::agreed;
pub use config::Http2Config;
use deadline::Clock;
use exchange::{Exchange, Exchanges, Library, Queued};
pub(crate) use head::{RequestFields, ResponseFields, send_connect};
pub(crate) use outlet::Outlet;
pub(crate) use start::{preface, upgrade_offer};

use crate::context::Shared;
use crate::deflate::Deflating;
use crate::handler::{End, Handler};
use crate::limit::Fired;
use crate::service::{Action, Closed, Wake};
use crate::stream::{Link, Stream};
use crate::turn::Turn;

/// The state of one connection: the codec's, and the streams with their sessions.
#[derive(Debug)]
pub(crate) struct Http2<S> {
    pub(crate) codec: proto_h2::Connection,
    exchanges: Exchanges<S>,
    /// Places whose turn needs no credit, in order.
    ready: VecDeque<u16>,
    /// Places that wrote nothing in the turn they had: they get another with the next call.
    aside: Vec<u16>,
    /// What the streams ask of the outside.
    actions: VecDeque<Action>,
    clock: Clock,
    /// Client: what the exchange added last is called.
    last_name: u32,
    /// Client: the application may be asked for another request.
    vacant: bool,
    /// Client: it is for one WebSocket and nothing else.
    dedicated: bool,
    /// The driver ends.
    draining: bool,
    pub(crate) fired: Fired,
}

impl<S> Http2<S> {
    pub(crate) fn new(codec: proto_h2::Connection, config: &Http2Config, now: Instant) -> Self {
        Self {
            codec,
            exchanges: Exchanges::new(),
            ready: VecDeque::new(),
            aside: Vec::new(),
            actions: VecDeque::new(),
            clock: Clock::new(config, now),
            last_name: 0,
            vacant: false,
            dedicated: false,
            draining: false,
            fired: Fired::default(),
        }
    }

    pub(crate) fn wants(&self) -> Wants {
        let wants = self.codec.wants();
        let turns = self.vacant && self.codec.role() == proto_h2::Role::Client
            || !self.ready.is_empty()
            || !self.aside.is_empty()
            || self.codec.has_writable();
        Wants { write: wants.write || !wants.close && (turns || !self.actions.is_empty()), ..wants }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Deadline> {
        Deadline::earlier(self.codec.poll_timeout(), self.clock.poll())
    }

    pub(crate) fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// The place of the exchange that the application calls `name`.
    fn named(&mut self, name: u32) -> Option<u16> {
        self.exchanges.iter_mut().find(|(_, exchange)| exchange.name == name).map(|(place, _)| place)
    }

    /// Gives up all streams.
    pub(crate) fn close_all<H: Handler<Session = S>>(
        &mut self,
        handler: &mut H,
        deflating: &mut Deflating,
        end: End,
    ) {
        for place in 0..self.exchanges.places() {
            let Some(mut exchange) = self.exchanges.remove(place) else { continue };
            exchange.retire(deflating);
            if let Some(session) = exchange.session {
                handler.closed(session, end);
            }
        }
        self.ready.clear();
        self.aside.clear();
        self.actions.clear();
    }
}

/// One call of a driver to a connection of this kind.
pub(crate) struct Multiplex<'a, 'o, H: Handler> {
    handler: &'a mut H,
    shared: &'a mut Shared,
    link: &'a Link,
    now: Instant,
    ended: &'a mut bool,
    http2: &'a mut Http2<H::Session>,
    out: &'a mut WriteBuf<'o>,
}

impl<'o, H: Handler> Turn<'_, 'o, H> {
    /// The connection as HTTP/2, if that is what it is.
    pub(crate) fn multiplex(&mut self) -> Option<Multiplex<'_, 'o, H>> {
        let connection = &mut *self.connection;
        let crate::role::Role::Http2(http2) = &mut connection.role else { return None };
        Some(Multiplex {
            handler: self.handler,
            now: self.shared.now,
            shared: self.shared,
            link: &connection.link,
            ended: &mut connection.ended,
            http2,
            out: self.out,
        })
    }
}

impl<H: Handler> Multiplex<'_, '_, H> {
    /// Tells the application something about one of its streams, if it has a session there and the library does not
    /// answer in its place.
    fn tell(&mut self, place: u16, event: impl FnOnce(&mut H, &mut H::Session, &mut Stream<'_>)) {
        let Some(exchange) = self.http2.exchanges.get_mut(place) else { return };
        let protocol = exchange.protocol();
        let Exchange { session: Some(session), control, name, library: Library::Nothing, .. } = exchange
        else {
            return;
        };
        let mut stream = Stream {
            control,
            link: self.link,
            stream: *name,
            protocol,
            now: self.now,
            wakes: &mut self.shared.wakes,
        };
        event(self.handler, session, &mut stream);
    }

    /// Delivers a wake-up; true when it concerned a stream.
    pub(crate) fn wake(&mut self, wake: Wake) -> bool {
        let mut woken = false;
        match wake {
            Wake::Stream(id) => {
                self.http2.vacant = true;
                if let Some(place) = self.http2.named(id.stream) {
                    woken = true;
                    self.tell(place, |handler, session, stream| handler.wake(session, None, stream));
                    self.settle(place, false);
                }
            }
            Wake::Group(group) => {
                for place in 0..self.http2.exchanges.places() {
                    let exchange = self.http2.exchanges.get_mut(place);
                    if exchange.is_some_and(|exchange| exchange.control.asked().group == Some(group)) {
                        woken = true;
                        self.tell(place, |handler, session, stream| {
                            handler.wake(session, Some(group), stream);
                        });
                        self.settle(place, false);
                    }
                }
            }
        }
        woken
    }

    /// Finishes what is under way and takes nothing new.
    pub(crate) fn drain(&mut self) {
        self.http2.codec.drain();
        self.http2.draining = true;
        self.close_tunnels();
    }

    /// Resets a stream, and tells the application how it ended.
    fn abort(&mut self, place: u16, code: ErrorCode, end: End) {
        if let Some(id) = self.http2.exchanges.get_mut(place).and_then(|exchange| exchange.id) {
            self.http2.codec.reset(id, code);
        }
        self.finish(place, end);
    }

    /// A stream is over: gives the session back and forgets what it asked for.
    fn finish(&mut self, place: u16, end: End) {
        let http2 = &mut *self.http2;
        let Some(mut exchange) = http2.exchanges.remove(place) else { return };
        exchange.retire(&mut self.shared.deflating);
        match exchange.queued {
            Queued::Ready => http2.ready.retain(|&waiting| waiting != place),
            Queued::Aside => http2.aside.retain(|&waiting| waiting != place),
            Queued::No | Queued::Credit => {}
        }
        if let Library::File(transfer) = exchange.library {
            http2.actions.retain(|action| !file::is_of(action, exchange.name));
            if let Some(file) = transfer.open_file() {
                http2.actions.push_back(Action::CloseFile { file });
            }
        }
        http2.vacant = true;
        if http2.exchanges.is_empty() {
            http2.clock.idle(&self.shared.config.http2, self.now);
        }
        if let Some(session) = exchange.session {
            self.handler.closed(session, end);
        }
    }

    /// The connection is over: what the codec owes still goes out.
    fn end_all(&mut self, end: End) {
        self.http2.close_all(self.handler, &mut self.shared.deflating, end);
        *self.ended = true;
    }

    /// The transport has ended: so have all streams.
    pub(crate) fn receive_eof(&mut self) {
        // The codec's word on each stream says no more than this.
        while let Ok(Some(_)) = self.http2.codec.receive_eof() {}
        let fault = self.http2.codec.error();
        self.end_all(fault.map_or(End::Link(Closed::Reset), End::Http2));
    }
}
