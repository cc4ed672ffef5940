//! A connection as a client: requests side by side, as many as the server takes.

use proto_core::Instant;
use proto_h2::ErrorCode;

use super::exchange::Exchange;
use super::{Http2, Http2Config, Multiplex};
use crate::handler::{End, Handler};
use crate::service::LinkInfo;
use crate::stream::{Protocol, Stream};

impl<S> Http2<S> {
    /// A client's connection, established or not, with the session of its first request.
    pub(crate) fn client(config: &Http2Config, session: Option<S>, now: Instant) -> Self {
        let mut codec = proto_h2::Connection::client(config.codec);
        codec.handle_timeout(now);
        let mut http2 = Self::new(codec, config, now);
        if let Some(session) = session {
            http2.add(session);
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
        for place in 0..self.http2.exchanges.places() {
            self.tell(place, |handler, session, stream| handler.connected(session, stream));
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
        if self.http2.exchanges.is_empty() && self.http2.clock.is_settled() {
            self.http2.codec.go_away(ErrorCode::NO_ERROR);
        }
    }

    fn next_session(&mut self) -> Option<H::Session> {
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
