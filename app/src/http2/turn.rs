//! Whose turn it is to write, and what a turn is.

use proto_core::SendError;
use proto_h2::{ErrorCode, Role};

use super::exchange::{Exchange, Expectation, Library, Queued, Sending};
use super::outlet::FRAME_HEAD;
use super::{Multiplex, Outlet};
use crate::handler::{End, Handler};
use crate::message::{Acceptance, BodyLength, ResponseHead};
use crate::status;
use crate::stream::{Answer, Protocol, Stream};
use crate::turn::{LEAST_ROOM, reserve};
use crate::writable::{Carrier, Writable};

impl<H: Handler> Multiplex<'_, '_, H> {
    /// Lets everyone write who wants to, while there is room: heads first, then content as the codec's priorities
    /// say.
    pub(crate) fn write(&mut self) {
        self.fill();
        self.transmit();
        while let Some(place) = self.http2.aside.pop() {
            if let Some(exchange) = self.http2.exchanges.get_mut(place) {
                exchange.queued = Queued::No;
                self.enqueue(place, false);
            }
        }
        // After an upgrade the first stream is there before the client's preface. What it may send waits: clients keep
        // little room for what comes right behind the 101.
        let may_send = self.http2.clock.is_settled() || self.http2.codec.role() == Role::Client;
        if may_send {
            let Self { link, now, .. } = *self;
            let (handler, shared) = (&mut *self.handler, &mut *self.shared);
            let (ended, http2) = (&mut *self.ended, &mut *self.http2);
            self.out.with_reserve(reserve(self.out), |out| {
                Multiplex { handler, shared, link, now, ended, http2, out }.write_in_turn();
            });
        }
        self.transmit();
    }

    /// One stream after the other, while there is room.
    fn write_in_turn(&mut self) {
        while self.out.room() >= LEAST_ROOM && !*self.ended {
            let next = match self.http2.ready.pop_front() {
                Some(place) => Some(place),
                None => match self.http2.codec.next_writable() {
                    Some(grant) => self.http2.exchanges.find(grant.id),
                    None => break,
                },
            };
            if let Some(place) = next {
                self.turn(place);
            }
            self.fill();
        }
    }

    /// Puts a stream that wants a turn where it gets one.
    pub(super) fn enqueue(&mut self, place: u16, vain: bool) {
        let http2 = &mut *self.http2;
        let Some(exchange) = http2.exchanges.get_mut(place) else { return };
        if exchange.wants_turn() {
            let capacity = exchange.id.map_or(0, |id| http2.codec.send_capacity(id));
            let needs_credit = exchange.needs_credit(capacity);
            match exchange.queued {
                // With the codec it would wait for credit it does not need.
                Queued::No | Queued::Credit if !needs_credit && !vain => {
                    exchange.tried = exchange.sending == Sending::Open;
                    exchange.queued = Queued::Ready;
                    http2.ready.push_back(place);
                }
                Queued::No if vain && (capacity > 0 || !needs_credit) => {
                    exchange.queued = Queued::Aside;
                    http2.aside.push(place);
                }
                Queued::No => {
                    exchange.queued = Queued::Credit;
                    if let Some(id) = exchange.id {
                        http2.codec.want_send(id);
                    }
                    if capacity == 0 {
                        exchange.send_pace.start(self.now, self.shared.config.http2.send_grace);
                    }
                }
                Queued::Ready | Queued::Aside | Queued::Credit => {}
            }
        } else {
            exchange.send_pace.stop();
        }
        let due = exchange.due();
        http2.clock.watch(due);
    }

    /// One turn of a stream: one write, of the library or of the application.
    fn turn(&mut self, place: u16) {
        let before = self.out.len();
        let Some(exchange) = self.http2.exchanges.get_mut(place) else { return };
        exchange.queued = Queued::No;
        let credit = exchange.id.map_or(0, |id| self.http2.codec.send_capacity(id));
        let asked = self.http2.actions.len();
        match exchange {
            Exchange { opening: Some(_), .. } => self.send_opening(place),
            Exchange { control, .. } if control.asked().answer.is_some() => self.send_answer(place),
            Exchange { tunnel: Some(_), .. } => self.carry(place),
            Exchange { library: Library::Text(text), .. } => {
                let text = *text;
                self.send_text(place, text);
            }
            Exchange { library: Library::File(_), .. } => self.send_file(place),
            Exchange { control, session: Some(_), .. } if control.want_write => {
                control.want_write = false;
                self.offer(place);
            }
            _ => {}
        }
        self.send_continue(place);
        let Some(exchange) = self.http2.exchanges.get_mut(place) else { return };
        // What it wanted to write before it closes has been written, or cannot be.
        if exchange.control.asked().close.is_some()
            && (!exchange.control.want_write || exchange.opening.is_some())
            && exchange.sending != Sending::Done
            && exchange.tunnel.is_none()
        {
            return self.abort(place, ErrorCode::CANCEL, End::Aborted);
        }
        let wrote = self.out.len() - before;
        let left = exchange.id.map_or(0, |id| self.http2.codec.send_capacity(id));
        if wrote > 0 {
            exchange.tried = false;
            // By the credit it used: counting frames, an octet of credit now and then would earn ten.
            let used = credit.saturating_sub(left) as usize;
            let config = &self.shared.config.http2;
            exchange.send_pace.earn(used, config.send_rate, self.now, config.send_grace);
        }
        // Who is left with credit does not wait for the peer, unless it is too little for a WebSocket's next frame.
        let most = || self.out.room().saturating_sub(FRAME_HEAD);
        let frame = || self.http2.codec.peer_settings().max_frame_size;
        if wrote == 0 && exchange.tunnel.is_some() && left < frame() && (left as usize) < most() {
            exchange.send_pace.start(self.now, self.shared.config.http2.send_grace);
        } else if left > 0 {
            exchange.send_pace.stop();
        }
        self.settle(place, wrote == 0 && self.http2.actions.len() == asked);
    }

    /// One turn of the application.
    fn offer(&mut self, place: u16) {
        let Some(exchange) = self.http2.exchanges.get_mut(place) else { return };
        let unopened = exchange.id.is_none();
        let (outlet, session, control, name) = Outlet::split(&mut self.http2.codec, exchange, self.link);
        let Some(session) = session else { return };
        let out = Writable { carrier: Carrier::Http2(outlet), out: self.out, stamp: &self.shared.stamp };
        let mut stream = Stream {
            control,
            link: self.link,
            stream: name,
            protocol: Protocol::Http2,
            now: self.now,
            wakes: &mut self.shared.wakes,
        };
        self.handler.writable(session, out, &mut stream);
        if unopened
            && let Some(exchange) = self.http2.exchanges.get_mut(place)
            && let Some(id) = exchange.id
        {
            let patience = self.shared.config.http2.continue_timeout;
            if exchange.expectation.is_awaited() && !patience.is_zero() {
                exchange.expectation = Expectation::Awaited(Some(self.now + patience));
            }
            self.http2.exchanges.link(id, place);
        }
    }

    /// Sends the head of the library's own answer, and what fits of the text that goes with it.
    fn send_answer(&mut self, place: u16) {
        let Some(exchange) = self.http2.exchanges.get_mut(place) else { return };
        let status = match exchange.control.take_answer() {
            Some(Answer::Status(status)) => status,
            Some(Answer::WebSocket(acceptance)) => return self.send_acceptance(place, acceptance),
            _ => return,
        };
        // RFC 9110 15.5.22 has 426 name the protocol to upgrade to, but HTTP/2 has no upgrades: the error code that
        // means "use HTTP/1.1 instead" (RFC 9113 section 7) says the same.
        if status == 426 {
            return self.abort(place, ErrorCode::HTTP_1_1_REQUIRED, End::Aborted);
        }
        let head = ResponseHead { status, fields: status::fields(status) };
        match self.send_head(place, &head, status::text(status)) {
            Ok(()) => {}
            Err(SendError::Full) => {
                if let Some(exchange) = self.http2.exchanges.get_mut(place) {
                    exchange.control.ask().answer = Some(Answer::Status(status));
                }
            }
            Err(_) => self.abort(place, ErrorCode::INTERNAL_ERROR, End::Aborted),
        }
    }

    fn send_acceptance(&mut self, place: u16, acceptance: Box<Acceptance>) {
        let Err(error) = self.accept_websocket(place, &acceptance) else { return };
        if let Some(exchange) = self.http2.exchanges.get_mut(place) {
            exchange.control.ask().answer = Some(Answer::WebSocket(acceptance));
        }
        if error != SendError::Full {
            self.abort(place, ErrorCode::INTERNAL_ERROR, End::Aborted);
        }
    }

    /// Sends a head that announces `text`, and what fits of it; the rest follows turn by turn.
    pub(super) fn send_head(
        &mut self,
        place: u16,
        head: &ResponseHead<'_>,
        text: &'static str,
    ) -> Result<(), SendError> {
        let Some(exchange) = self.http2.exchanges.get_mut(place) else { return Ok(()) };
        let length = BodyLength::Known(text.len() as u64);
        let (mut outlet, ..) = Outlet::split(&mut self.http2.codec, exchange, self.link);
        outlet.head(head, length, &self.shared.stamp, self.out)?;
        exchange.library = Library::Text(text);
        if exchange.sending != Sending::Done {
            self.send_text(place, text);
        }
        Ok(())
    }

    fn send_text(&mut self, place: u16, text: &'static str) {
        let Some(exchange) = self.http2.exchanges.get_mut(place) else { return };
        let (mut outlet, ..) = Outlet::split(&mut self.http2.codec, exchange, self.link);
        if let Ok(sent) = outlet.body(text.as_bytes(), self.out) {
            exchange.library = Library::Text(text.get(sent..).unwrap_or_default());
        }
    }

    /// Sends the `100 Continue` that is due, unless the final answer goes out or the application takes no data.
    fn send_continue(&mut self, place: u16) {
        let Some(exchange) = self.http2.exchanges.get_mut(place) else { return };
        let waits =
            exchange.expectation == Expectation::Owed && exchange.session.is_some() && !exchange.control.held;
        if !waits || exchange.control.asked().answer.is_some() || exchange.sending != Sending::Head {
            return;
        }
        let (mut outlet, ..) = Outlet::split(&mut self.http2.codec, exchange, self.link);
        if outlet.inform(100, &[], self.out).is_ok() {
            exchange.expectation = Expectation::None;
        }
    }
}
