//! A connection as a client: requests side by side, as many as the server takes, or one WebSocket.

use proto_core::{Instant, SendError};
use proto_h2::ErrorCode;

use super::exchange::Exchange;
use super::{Http2, Http2Config, Multiplex};
use crate::handler::{End, Handler};
use crate::message::Response;
use crate::opening::{Opening, Stage};
use crate::service::LinkInfo;
use crate::stream::{Protocol, Stream};
use crate::writable::never_fits;

impl<S> Http2<S> {
    /// A client's connection, established or not, with the session of its first request, or of its WebSocket.
    pub(crate) fn client(
        config: &Http2Config,
        session: S,
        opening: Option<Box<Opening>>,
        now: Instant,
    ) -> Self {
        let mut codec = proto_h2::Connection::client(config.codec);
        codec.handle_timeout(now);
        let mut http2 = Self::new(codec, config, now);
        http2.dedicated = opening.is_some();
        let first = http2.add(session).and_then(|place| http2.exchanges.get_mut(place));
        if let (Some(exchange), Some(mut opening)) = (first, opening) {
            opening.stage = Stage::Waiting;
            exchange.opening = Some(opening);
        }
        http2
    }

    /// Adds the exchange of a request that is still to be sent.
    fn add(&mut self, session: S) -> Option<u16> {
        self.last_name += 1;
        let mut exchange = Exchange::new(None, self.last_name);
        exchange.session = Some(session);
        self.exchanges.insert(exchange)
    }

    /// How many exchanges have no stream yet.
    fn unopened(&mut self) -> usize {
        self.exchanges.iter_mut().filter(|(_, exchange)| exchange.id.is_none()).count()
    }
}

/// Whether TLS agreed on HTTP/2.
pub(crate) fn agreed(link: &LinkInfo) -> bool {
    link.tls.as_ref().is_some_and(|tls| tls.alpn.as_deref() == Some(b"h2"))
}

impl<H: Handler> Multiplex<'_, '_, H> {
    /// The connection is established.
    pub(crate) fn connected(&mut self) {
        self.http2.codec.handle_timeout(self.now);
        self.http2.clock = super::Clock::new(&self.shared.config.http2, self.now);
        let (now, patience) = (self.now, self.shared.config.opening_timeout);
        for place in 0..self.http2.exchanges.places() {
            match self.opening(place) {
                Some(opening) => opening.start(now, patience),
                None => self.tell(place, |handler, session, stream| handler.connected(session, stream)),
            }
            self.settle(place, false);
        }
        self.http2.vacant = true;
    }

    /// Asks the application for further requests while the server takes more, and ends the connection when there is
    /// nothing to wait for.
    pub(super) fn fill(&mut self) {
        if self.http2.codec.role() != proto_h2::Role::Client || !std::mem::take(&mut self.http2.vacant) {
            return;
        }
        // Requests that wait for the settings of the server would be refused if they are too many.
        while self.http2.clock.is_settled()
            && self.http2.unopened() < self.http2.codec.open_capacity() as usize
        {
            let Some(session) = self.next_session() else { break };
            let Some(place) = self.http2.add(session) else { break };
            self.tell(place, |handler, session, stream| handler.connected(session, stream));
            self.settle(place, false);
        }
        if self.http2.exchanges.is_empty() && (self.http2.clock.is_settled() || self.http2.dedicated) {
            self.http2.codec.go_away(ErrorCode::NO_ERROR);
        }
    }

    fn next_session(&mut self) -> Option<H::Session> {
        if self.http2.dedicated {
            return None;
        }
        let mut control = crate::stream::Control::default();
        let mut stream = Stream {
            control: &mut control,
            link: self.link,
            stream: 0,
            protocol: Protocol::Http2,
            now: self.now,
            wakes: &mut self.shared.wakes,
        };
        self.handler.next(&mut stream)
    }

    fn opening(&mut self, place: u16) -> Option<&mut Opening> {
        self.http2.exchanges.get_mut(place)?.opening.as_deref_mut()
    }

    /// The server's settings have come. RFC 8441 section 3: "Upon receipt of SETTINGS_ENABLE_CONNECT_PROTOCOL with a
    /// value of 1, a client MAY use the Extended CONNECT as defined in this document when creating new streams."
    pub(super) fn may_open_websockets(&mut self) {
        let may = self.http2.codec.peer_settings().enable_connect_protocol;
        for place in 0..self.http2.exchanges.places() {
            let Some(opening) = self.opening(place).filter(|it| it.stage == Stage::Waiting) else { continue };
            if may {
                opening.stage = Stage::Due;
                self.settle(place, false);
            } else {
                self.finish(place, End::NoExtendedConnect);
            }
        }
    }

    /// Sends the opening handshake that is due.
    pub(super) fn send_opening(&mut self, place: u16) {
        let Some(exchange) = self.http2.exchanges.get_mut(place) else { return };
        let Some(opening) = exchange.opening.as_mut().filter(|it| it.stage == Stage::Due) else { return };
        let empty = self.out.is_empty();
        match opening.send_http2(&mut self.http2.codec, self.link.scheme(), self.out) {
            Ok(id) => {
                exchange.id = Some(id);
                self.http2.exchanges.link(id, place);
            }
            // The server takes no stream for now: its next settings may say that it does.
            Err(SendError::Blocked) => opening.stage = Stage::Waiting,
            Err(error) if never_fits(error, empty) == SendError::Full => {}
            Err(_) => self.finish(place, End::Aborted),
        }
    }

    /// An opening handshake was answered, by a response that ends the stream or not.
    pub(super) fn opening_answered(&mut self, place: u16, response: &Response<'_>, end: bool) {
        self.tell(place, |handler, session, stream| handler.response(session, response, stream));
        let Some(exchange) = self.http2.exchanges.get_mut(place) else { return };
        let Some(opening) = exchange.opening.take() else { return };
        match opening.agreed(response, &mut self.shared.deflating) {
            Ok(agreed) => {
                self.open_tunnel(place, opening.role(), agreed.deflate, agreed.protocol.as_deref());
                if end {
                    self.tunnel_ended(place);
                }
            }
            Err(why) => {
                if let Some(limit) = why.limit() {
                    self.count(limit);
                }
                self.abort(place, ErrorCode::CANCEL, why);
            }
        }
    }

    /// The server takes no further request. What has not been sent can be sent to somebody else; what has been sent
    /// is told of by the codec, one by one.
    pub(super) fn going_away(&mut self) {
        for place in 0..self.http2.exchanges.places() {
            let exchange = self.http2.exchanges.get_mut(place);
            if exchange.is_some_and(|exchange| exchange.id.is_none()) {
                self.finish(place, End::Unprocessed);
            }
        }
    }
}
