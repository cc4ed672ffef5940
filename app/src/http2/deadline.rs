//! Deadlines: those of the connection, and the earliest of its streams'.

use std::time::Duration;

use proto_core::{Deadline, Instant, Reason};
use proto_h2::{ErrorCode, StreamLimit};

use super::exchange::Expectation;
use super::{Http2Config, Multiplex};
use crate::handler::{End, Handler};
use crate::limit::Limit;
use crate::service::Closed;

/// What a connection waits for, as far as the codec does not keep the time.
#[derive(Debug)]
pub(super) struct Clock {
    /// The connection's own.
    own: Option<Deadline>,
    /// No stream has a deadline before this.
    streams: Option<Instant>,
    /// The peer's preface has come.
    settled: bool,
}

impl Clock {
    /// The preface is awaited.
    pub(super) fn new(config: &Http2Config, now: Instant) -> Self {
        Self { own: after(now, config.head_timeout, Reason::Head), streams: None, settled: false }
    }

    /// The peer's preface is complete.
    pub(super) fn settle(&mut self, busy: bool, config: &Http2Config, now: Instant) {
        if !self.settled {
            self.settled = true;
            self.own = None;
            if !busy {
                self.idle(config, now);
            }
        }
    }

    pub(super) fn is_settled(&self) -> bool {
        self.settled
    }

    /// There is no stream.
    pub(super) fn idle(&mut self, config: &Http2Config, now: Instant) {
        if self.settled {
            self.own = after(now, config.idle_timeout, Reason::KeepAlive);
        }
    }

    /// There is a stream.
    pub(super) fn busy(&mut self) {
        if self.settled {
            self.own = None;
        }
    }

    /// What has come ends within a frame (`partial`), `moved` on since the last time or not.
    pub(super) fn frame(
        &mut self,
        partial: bool,
        moved: bool,
        busy: bool,
        config: &Http2Config,
        now: Instant,
    ) {
        let waits = matches!(self.own, Some(Deadline { reason: Reason::Head, .. }));
        match (partial, waits) {
            _ if !self.settled => {}
            (true, waits) if moved || !waits => self.own = after(now, config.head_timeout, Reason::Head),
            (false, true) if busy => self.own = None,
            (false, true) => self.idle(config, now),
            _ => {}
        }
    }

    /// A stream has a deadline.
    pub(super) fn watch(&mut self, due: Option<Instant>) {
        self.streams = [self.streams, due].into_iter().flatten().min();
    }

    pub(super) fn poll(&self) -> Option<Deadline> {
        let streams = self.streams.map(|at| Deadline::new(at, Reason::Application));
        Deadline::earlier(self.own, streams)
    }
}

fn after(now: Instant, time: Duration, reason: Reason) -> Option<Deadline> {
    (!time.is_zero()).then(|| Deadline::new(now + time, reason))
}

impl<H: Handler> Multiplex<'_, '_, H> {
    /// Takes the time.
    pub(crate) fn handle_timeout(&mut self) {
        self.http2.codec.handle_timeout(self.now);
        if let Some(error) = self.http2.codec.error() {
            return self.end_all(End::Http2(error));
        }
        if let Some(Deadline { at, reason }) = self.http2.clock.own
            && at <= self.now
        {
            self.http2.clock.own = None;
            let head = reason == Reason::Head;
            self.count(if head { Limit::Http2HeadTimeout } else { Limit::Http2IdleTimeout });
            self.http2.codec.go_away(ErrorCode::NO_ERROR);
            return self.end_all(End::Link(Closed::Timeout(reason)));
        }
        if self.http2.clock.streams.is_some_and(|at| at <= self.now) {
            self.streams_due();
        }
    }

    /// A limit has fired, on the connection or one of its streams.
    pub(super) fn count(&mut self, limit: Limit) {
        self.http2.fired.add(limit);
        self.shared.config.counters.add(limit);
    }

    /// Counts what the codec has refused since the last time.
    pub(super) fn count_streams(&mut self) {
        for limit in StreamLimit::ALL {
            let Some(name) = Limit::of_stream(limit) else { continue };
            while self.http2.fired.of(name) < self.http2.codec.limited(limit) {
                self.count(name);
            }
        }
    }

    /// Looks for the streams whose deadline has come, and for the next one.
    fn streams_due(&mut self) {
        self.http2.clock.streams = None;
        let now = self.now;
        let due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        for place in 0..self.http2.exchanges.places() {
            let Some(exchange) = self.http2.exchanges.get_mut(place) else { continue };
            if due(exchange.opening.as_ref().and_then(|opening| opening.due)) {
                self.count(Limit::OpeningTimeout);
                self.abort(place, ErrorCode::CANCEL, End::Timeout(Reason::Head));
                continue;
            }
            if due(exchange.receive_pace.due()) {
                self.count(Limit::Http2BodyRate);
                self.abort(place, ErrorCode::CANCEL, End::Timeout(Reason::BodyRate));
                continue;
            }
            if due(exchange.expectation.due()) {
                exchange.expectation = Expectation::None;
            }
            if due(exchange.send_pace.due()) {
                self.count(Limit::Http2SendRate);
                self.abort(place, ErrorCode::CANCEL, End::Timeout(Reason::SendProgress));
                continue;
            }
            self.tunnel_due(place);
            let Some(exchange) = self.http2.exchanges.get_mut(place) else { continue };
            if due(exchange.control.asked().timer) {
                exchange.control.grant(|asked| asked.timer = None);
                self.tell(place, |handler, session, stream| handler.timer(session, stream));
            }
            self.settle(place, false);
        }
    }
}
