//! From the codec's events to the application.

use proto_h2::hpack::Fields;
use proto_h2::{By, ErrorCode, Event, HeadersKind, Role, StreamId};

use super::exchange::{Exchange, Expectation, Library, Sending};
use super::{Multiplex, RequestFields, ResponseFields};
use crate::fields;
use crate::handler::{End, Handler};
use crate::limit::Limit;
use crate::message::{BodyLength, Request, RequestView, Response, ResponseView};
use crate::server::is_misdirected;
use crate::service::Closed;
use crate::stream::{Answer, Control, Protocol, Stream};
use crate::transfer::Transfer;

impl<H: Handler> Multiplex<'_, '_, H> {
    /// Takes what it can off the front of `input`. What arrived together is told of together, and answered
    /// afterwards, the most urgent first.
    pub(crate) fn receive(&mut self, input: &mut [u8], scratch: &mut [u8]) -> usize {
        let mut taken = 0;
        while !*self.ended {
            let step = match self.http2.codec.receive(&mut input[taken..], scratch) {
                Ok(step) => step,
                Err(error) => {
                    self.end_all(End::Http2(error));
                    break;
                }
            };
            taken += step.consumed;
            if let Some(event) = step.event {
                self.event(event);
            } else if self.http2.codec.wants().read || !self.transmit() {
                break;
            }
        }
        self.count_streams();
        let partial = taken < input.len() && self.http2.codec.wants().read;
        let busy = !self.http2.exchanges.is_empty();
        self.http2.clock.frame(partial, taken > 0, busy, &self.shared.config.http2, self.now);
        self.write();
        taken
    }

    /// Writes what the codec owes; true when it takes input again after that.
    pub(super) fn transmit(&mut self) -> bool {
        self.http2.codec.transmit(self.out);
        self.http2.codec.wants().read
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Headers { id, kind: HeadersKind::Request, fields, end } => {
                let head = RequestView::Http2(RequestFields::new(fields, end));
                self.begin(id, &Request { head }, end);
            }
            Event::Headers { id, kind: HeadersKind::Trailers, fields, .. } => {
                self.with(id, |it, place| it.ended(place, fields));
            }
            Event::Headers { id, kind, fields, end } => {
                let response = Response { head: ResponseView::Http2(ResponseFields::new(fields, end)) };
                let last = kind == HeadersKind::Response;
                self.with(id, |it, place| it.answered(place, &response, last, end));
            }
            Event::Data { id, payload, end, .. } => self.with(id, |it, place| it.data(place, payload, end)),
            Event::Reset { id, code, by } => self.with(id, |it, place| it.finish(place, how(code, by))),
            Event::Settings => {
                let busy = !self.http2.exchanges.is_empty();
                self.http2.clock.settle(busy, &self.shared.config.http2, self.now);
                self.http2.vacant = true; // it may take more now
                self.may_open_websockets();
            }
            Event::GoAway { .. } => self.going_away(),
            // A stream that the peer will not process is told of by itself; pushes are not accepted.
            _ => {}
        }
    }

    fn with(&mut self, id: StreamId, then: impl FnOnce(&mut Self, u16)) {
        if let Some(place) = self.http2.exchanges.find(id) {
            then(self, place);
            self.settle(place, false);
        }
    }

    /// Server: a request has arrived: asks the application for a session.
    pub(super) fn begin(&mut self, id: StreamId, request: &Request<'_>, end: bool) {
        let mut exchange = Exchange::new(Some(id), id.value());
        exchange.head_request = request.method() == b"HEAD";
        let mut stream = Stream {
            control: &mut exchange.control,
            link: self.link,
            stream: id.value(),
            protocol: Protocol::Http2,
            now: self.now,
            wakes: &mut self.shared.wakes,
        };
        let expects = request.expects_continue();
        exchange.allowed = self.shared.config.http2.body;
        let too_large = is_longer(request.body_length(), exchange.allowed);
        let refused = match expects {
            _ if is_misdirected(request, stream.tls().is_some()) => Some(421),
            Err(_) => Some(417),
            Ok(_) => too_large.then_some(413),
        };
        exchange.session = match refused {
            Some(status) => {
                stream.refuse(status);
                None
            }
            None => self.handler.request(request, &mut stream),
        };
        if refused == Some(413) {
            self.count(Limit::Http2Body);
        }
        let answered = exchange.control.asked().answer.is_some();
        if exchange.session.is_none() || answered {
            // The library answers: nobody is left to write, or to resume.
            (exchange.control.want_write, exchange.control.held) = (false, false);
            match exchange.control.take_answer() {
                Some(Answer::File(file)) => exchange.library = Library::File(Transfer::new(file)),
                Some(Answer::Status(status)) => exchange.control.ask().answer = Some(Answer::Status(status)),
                // The peer waits for the answer: it may not have ended its side.
                Some(Answer::WebSocket(mut acceptance)) if exchange.session.is_some() && !end => {
                    self.shared.deflating.agree(&mut acceptance, request);
                    exchange.control.ask().answer = Some(Answer::WebSocket(acceptance));
                }
                // Without a session there is nobody to hold a WebSocket with.
                None | Some(Answer::WebSocket(_)) => {
                    exchange.control.ask().answer = Some(Answer::Status(404));
                }
            }
        } else if expects.unwrap_or(false) {
            exchange.expectation = Expectation::Owed;
        }
        let config = &self.shared.config.http2;
        if !end {
            exchange.receive_pace.start(self.now, config.body_grace);
        }
        self.http2.clock.busy();
        let Some(place) = self.http2.exchanges.insert(exchange) else {
            self.http2.codec.reset(id, ErrorCode::REFUSED_STREAM);
            return;
        };
        if !self.apply_limit(place, request.body_length()) {
            self.too_much(place);
        } else if end {
            self.ended(place, Fields::EMPTY);
        }
        self.settle(place, false);
    }

    /// Client: a response has arrived, or (`last` is false) an informational one.
    fn answered(&mut self, place: u16, response: &Response<'_>, last: bool, end: bool) {
        let opening = self.http2.exchanges.get_mut(place).is_some_and(|exchange| exchange.opening.is_some());
        if opening && last {
            return self.opening_answered(place, response, end);
        }
        let config = &self.shared.config.http2;
        if last && is_longer(response.body_length(), config.body) {
            return self.too_much(place);
        }
        if let Some(exchange) = self.http2.exchanges.get_mut(place) {
            if last {
                exchange.allowed = config.body;
            }
            if last && !end {
                exchange.receive_pace.start(self.now, config.body_grace);
            }
            // RFC 9110 10.1.1: after a final response in place of 100 the content is not wanted.
            if exchange.expectation.is_awaited() && (last || response.status() == 100) {
                exchange.expectation = if last { Expectation::Awaited(None) } else { Expectation::None };
            }
        }
        self.tell(place, |handler, session, stream| handler.response(session, response, stream));
        if last && !self.apply_limit(place, response.body_length()) {
            return self.too_much(place);
        }
        if end {
            self.ended(place, Fields::EMPTY);
        }
    }

    fn data(&mut self, place: u16, payload: &mut [u8], end: bool) {
        if let Some(exchange) = self.http2.exchanges.get_mut(place) {
            if exchange.tunnel.is_some() {
                self.frames(place, payload);
                if end {
                    self.tunnel_ended(place);
                }
                return;
            }
            // Nothing is a frame before the handshake is answered.
            if let Some(Answer::WebSocket(_)) = exchange.control.asked().answer {
                return self.abort(place, ErrorCode::PROTOCOL_ERROR, End::Aborted);
            }
            // RFC 9110 10.1.1: no 100 is needed once content has come.
            if exchange.expectation == Expectation::Owed {
                exchange.expectation = Expectation::None;
            }
            let config = &self.shared.config.http2;
            exchange.receive_pace.earn(payload.len(), config.body_rate, self.now, config.body_grace);
            // What nobody is told of is thrown away.
            if exchange.session.is_some() && !exchange.is_answered_by_library() {
                match exchange.allowed.checked_sub(payload.len() as u64) {
                    Some(left) => exchange.allowed = left,
                    None => return self.too_much(place),
                }
            }
        }
        if !payload.is_empty() {
            self.tell(place, |handler, session, stream| handler.body(session, payload, stream));
        }
        if end {
            self.ended(place, Fields::EMPTY);
        }
    }

    /// Takes no more content than the application has asked for; false when more is announced.
    fn apply_limit(&mut self, place: u16, announced: BodyLength) -> bool {
        let Some(exchange) = self.http2.exchanges.get_mut(place) else { return true };
        let Some(most) = exchange.control.take_body_limit() else { return true };
        if exchange.is_answered_by_library() || exchange.session.is_none() {
            return true;
        }
        exchange.allowed = most;
        !is_longer(announced, most)
    }

    /// The content of a message is longer than allowed: a request is answered with that, if it can be.
    fn too_much(&mut self, place: u16) {
        self.count(Limit::Http2Body);
        let end = End::Limited(Limit::Http2Body);
        let server = self.http2.codec.role() == Role::Server;
        let Some(exchange) = self.http2.exchanges.get_mut(place) else { return };
        if !server || exchange.sending != Sending::Head {
            return self.abort(place, ErrorCode::ENHANCE_YOUR_CALM, end);
        }
        exchange.control = Control::default();
        exchange.control.ask().answer = Some(Answer::Status(413));
        if let Some(session) = exchange.session.take() {
            self.handler.closed(session, end);
        }
    }

    /// The peer's message is complete.
    fn ended(&mut self, place: u16, trailers: Fields<'_>) {
        let Some(exchange) = self.http2.exchanges.get_mut(place) else { return };
        exchange.received = true;
        exchange.expectation = Expectation::None;
        exchange.receive_pace.stop();
        let trailers = fields::Fields::from(trailers);
        self.tell(place, |handler, session, stream| handler.body_end(session, trailers, stream));
    }

    /// After each event and each turn of a stream: tells the codec what the application wants, and notices that the
    /// exchange is complete. `vain`: it has just had a turn and wrote nothing.
    pub(super) fn settle(&mut self, place: u16, vain: bool) {
        self.resume_frames(place);
        self.apply_limit(place, BodyLength::None);
        let config = &self.shared.config.http2;
        let http2 = &mut *self.http2;
        let Some(exchange) = http2.exchanges.get_mut(place) else { return };
        let server = http2.codec.role() == Role::Server;
        let (sent, received) = (exchange.sending == Sending::Done, exchange.received);
        let complete = match exchange.tunnel {
            Some(_) => sent && received,
            None if server => sent,
            None => received,
        };
        if complete {
            // RFC 9113 8.1: a server that has sent a complete response asks for no more of the request with a
            // RST_STREAM of NO_ERROR; a client that has one complete does not send the rest of its request.
            if !(sent && received) {
                let code = if server { ErrorCode::NO_ERROR } else { ErrorCode::CANCEL };
                if let Some(id) = exchange.id {
                    http2.codec.reset(id, code);
                }
            }
            return self.finish(place, End::Complete);
        }
        let held = exchange.control.held && exchange.session.is_some();
        if held != exchange.held && exchange.tunnel.is_none() {
            exchange.held = held;
            if held {
                if let Some(id) = exchange.id {
                    http2.codec.hold_credit(id);
                }
                exchange.receive_pace.stop(); // a peer that is made to wait is not too slow
            } else {
                if let Some(id) = exchange.id {
                    http2.codec.release_all(id);
                }
                if !received {
                    exchange.receive_pace.start(self.now, config.body_grace);
                }
            }
        }
        self.enqueue(place, vain);
    }
}

/// Whether content is announced that is longer.
fn is_longer(announced: BodyLength, most: u64) -> bool {
    matches!(announced, BodyLength::Known(length) if length > most)
}

/// How a stream ended that was reset.
fn how(code: ErrorCode, by: By) -> End {
    match by {
        By::GoAway => End::Unprocessed,
        // RFC 9113 8.7: "The REFUSED_STREAM error code can be included in a RST_STREAM frame to indicate that the
        // stream is being closed prior to any processing having occurred."
        By::Peer if code == ErrorCode::REFUSED_STREAM => End::Unprocessed,
        By::Transport => End::Link(Closed::Reset),
        By::Limit(limit) => Limit::of_stream(limit).map_or(End::Reset(code), End::Limited),
        _ => End::Reset(code),
    }
}
