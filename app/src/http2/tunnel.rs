//! A WebSocket on a stream ([RFC 8441](https://www.rfc-editor.org/rfc/rfc8441)): its frames travel as the stream's
//! content, so the stream's credit is what makes either end wait.

use proto_core::{SendError, WriteBuf};
use proto_h2::ErrorCode;
use proto_ws::deflate::Agreement;
use proto_ws::{Connection, Side};

use super::exchange::{Exchange, Sending};
use super::head::send_response;
use super::outlet::FRAME_HEAD;
use super::{Http2, Multiplex};
use crate::deflate::Deflating;
use crate::handler::{End, Handler};
use crate::message::Acceptance;
use crate::stream::{Answer, Protocol, Stream};
use crate::turn::GOING_AWAY;
use crate::websocket;
use crate::writable::{Carrier, Writable, never_fits};

/// Bytes that are inflated at a time.
const SCRATCH: usize = 16 * 1024;

/// A WebSocket, with what has come for it and was not taken.
///
/// The HTTP/2 codec has let go of the content that it told of, so what the socket does not take is kept here: the
/// beginning of a frame header or of a control frame, or all that comes while the application takes nothing. In that
/// case the peer gets no credit for it, so no more than the stream's window is ever kept.
#[derive(Debug)]
pub(super) struct Tunnel {
    pub(super) socket: Connection,
    kept: Kept,
    /// Octets that the peer has not got credit for again.
    owed: usize,
    /// The application stopped it before all was taken.
    stopped: bool,
    /// The peer has ended its side of the stream.
    ended: bool,
}

impl Tunnel {
    fn new(socket: Connection) -> Self {
        Self { socket, kept: Kept::default(), owed: 0, stopped: false, ended: false }
    }

    /// The octets that the peer gets credit for now.
    fn credit(&mut self) -> u32 {
        let kept = if self.stopped { self.kept.len() } else { 0 };
        let credit = self.owed.saturating_sub(kept);
        self.owed -= credit;
        u32::try_from(credit).unwrap_or(u32::MAX)
    }

    /// Whether it has something to send, or its side of the stream to end.
    pub(super) fn wants_turn(&self) -> bool {
        let wants = self.socket.wants();
        wants.write || wants.close
    }
}

/// Octets in order: added behind, taken from the front.
#[derive(Debug, Default)]
struct Kept {
    octets: Vec<u8>,
    /// Where those begin that were not taken.
    start: usize,
}

impl Kept {
    /// Room that stays when there is nothing to keep.
    const SMALL: usize = 256;

    fn len(&self) -> usize {
        self.octets.len() - self.start
    }

    fn push(&mut self, octets: &[u8]) {
        self.octets.extend_from_slice(octets);
    }

    fn rest(&mut self) -> &mut [u8] {
        &mut self.octets[self.start..]
    }

    fn take(&mut self, count: usize) {
        self.start += count.min(self.len());
        // Moved so seldom that an octet costs the same however many there are.
        if self.start > self.octets.len() / 2 {
            self.octets.drain(..self.start);
            self.start = 0;
        }
        if self.octets.is_empty() {
            self.octets.shrink_to(Self::SMALL);
        }
    }
}

impl<S> Exchange<S> {
    /// Gives back what it compresses with, or has set aside for that.
    pub(super) fn retire(&mut self, deflating: &mut Deflating) {
        if let Some(tunnel) = &mut self.tunnel {
            deflating.retire(&mut tunnel.socket);
        } else if let Some(Answer::WebSocket(acceptance)) = &self.control.asked().answer
            && let Some(agreement) = &acceptance.agreement
        {
            deflating.release(agreement, Side::Server);
        }
    }
}

impl<S> Http2<S> {
    /// The next of the WebSockets from `place` on.
    fn next_tunnel(&mut self, from: u16) -> Option<u16> {
        (from..self.exchanges.places())
            .find(|&at| self.exchanges.get_mut(at).is_some_and(|it| it.tunnel.is_some()))
    }
}

impl<H: Handler> Multiplex<'_, '_, H> {
    /// Server: accepts the opening handshake, "with a 2xx series status code" (RFC 8441 section 5).
    pub(super) fn accept_websocket(&mut self, place: u16, acceptance: &Acceptance) -> Result<(), SendError> {
        let Some(exchange) = self.http2.exchanges.get_mut(place) else { return Ok(()) };
        let Some(id) = exchange.id else { return Err(SendError::Misuse) };
        let empty = self.out.is_empty();
        let stamp = Some(&self.shared.stamp);
        let sent = acceptance.with_fields(true, |fields| {
            send_response(&mut self.http2.codec, id, (200, fields), None, stamp, false, self.out)
        });
        sent.map_err(|error| never_fits(error, empty))?;
        self.open_tunnel(place, proto_ws::Role::Server, acceptance.agreement, acceptance.protocol.as_deref());
        Ok(())
    }

    /// The opening handshake is complete: from here on the content of the stream is a WebSocket's.
    pub(super) fn open_tunnel(
        &mut self,
        place: u16,
        role: proto_ws::Role,
        deflate: Option<Agreement>,
        protocol: Option<&str>,
    ) {
        let Some(exchange) = self.http2.exchanges.get_mut(place) else { return };
        let Some(id) = exchange.id else { return };
        if deflate.is_some() {
            self.shared.scratch.resize(SCRATCH, 0);
        }
        let config = proto_ws::Config { deflate, ..self.shared.config.websocket };
        let mut socket = Connection::new(role, config);
        socket.handle_timeout(self.now);
        exchange.tunnel = Some(Box::new(Tunnel::new(socket)));
        exchange.sending = Sending::Open;
        exchange.receive_pace.stop(); // the WebSocket has deadlines of its own
        self.http2.codec.hold_credit(id);
        self.tell(place, |handler, session, stream| handler.opened(session, protocol, stream));
        if self.http2.draining {
            self.close_tunnel(place);
        }
    }

    /// Closes all WebSockets, as the driver ends.
    pub(super) fn close_tunnels(&mut self) {
        let mut from = 0;
        while let Some(place) = self.http2.next_tunnel(from) {
            self.close_tunnel(place);
            self.settle(place, false);
            from = place + 1;
        }
    }

    fn close_tunnel(&mut self, place: u16) {
        if let Some(exchange) = self.http2.exchanges.get_mut(place) {
            exchange.control.ask().close.get_or_insert(GOING_AWAY);
        }
    }

    /// Content has come for a WebSocket.
    pub(super) fn frames(&mut self, place: u16, input: &mut [u8]) {
        let Some(tunnel) = self.tunnel(place) else { return };
        tunnel.owed += input.len();
        let mut kept = std::mem::take(&mut tunnel.kept);
        self.lend(place);
        if kept.len() == 0 {
            let taken = self.take(place, input);
            kept.push(&input[taken..]);
        } else {
            kept.push(input);
            let taken = self.take(place, kept.rest());
            kept.take(taken);
        }
        let Some(exchange) = self.http2.exchanges.get_mut(place) else { return };
        let Exchange { id: Some(id), tunnel: Some(tunnel), .. } = exchange else { return };
        self.shared.deflating.reclaim(&mut tunnel.socket);
        tunnel.kept = kept;
        self.http2.codec.release(*id, tunnel.credit());
        if tunnel.ended && !tunnel.stopped {
            self.socket_ended(place);
        }
        self.notice_close(place);
    }

    /// Goes on with what was kept, if the application takes it again.
    pub(super) fn resume_frames(&mut self, place: u16) {
        let Some(exchange) = self.http2.exchanges.get_mut(place) else { return };
        let held = exchange.control.held;
        if exchange.tunnel.as_ref().is_some_and(|tunnel| tunnel.stopped && !held) {
            self.frames(place, &mut []);
        }
    }

    /// Lets the socket take what it can off the front of `input`, and says how much that was.
    fn take(&mut self, place: u16, input: &mut [u8]) -> usize {
        let mut taken = 0;
        loop {
            let Some(exchange) = self.http2.exchanges.get_mut(place) else { return taken };
            let Exchange { tunnel: Some(tunnel), session, control, name, .. } = exchange else {
                return taken;
            };
            tunnel.stopped = control.held;
            if tunnel.stopped {
                return taken;
            }
            tunnel.socket.handle_timeout(self.now);
            let step = match tunnel.socket.receive(&mut input[taken..], &mut self.shared.scratch) {
                Ok(step) => step,
                Err(error) => {
                    self.leave(place, End::WebSocketFault(error));
                    return input.len(); // nobody looks at the rest
                }
            };
            taken += step.consumed;
            let Some(event) = step.event else { return taken };
            let Some(session) = session else { continue };
            let mut stream = Stream {
                control,
                link: self.link,
                stream: *name,
                protocol: Protocol::WebSocket,
                now: self.now,
                wakes: &mut self.shared.wakes,
            };
            websocket::tell(self.handler, session, event, &mut stream);
        }
    }

    /// The peer's side of the stream has ended, which is what the end of a TCP connection is elsewhere (section 5).
    pub(super) fn tunnel_ended(&mut self, place: u16) {
        let Some(exchange) = self.http2.exchanges.get_mut(place) else { return };
        exchange.received = true;
        exchange.receive_pace.stop();
        let Some(tunnel) = &mut exchange.tunnel else { return };
        tunnel.ended = true;
        if !tunnel.stopped {
            self.socket_ended(place);
        }
    }

    fn socket_ended(&mut self, place: u16) {
        let Some(tunnel) = self.tunnel(place) else { return };
        match tunnel.socket.receive_eof() {
            Ok(_) => self.notice_close(place),
            Err(error) => self.leave(place, End::WebSocketFault(error)),
        }
    }

    fn lend(&mut self, place: u16) {
        let Some(exchange) = self.http2.exchanges.get_mut(place) else { return };
        if let Some(tunnel) = &mut exchange.tunnel {
            self.shared.deflating.lend(&mut tunnel.socket);
        }
    }

    fn tunnel(&mut self, place: u16) -> Option<&mut Tunnel> {
        self.http2.exchanges.get_mut(place)?.tunnel.as_deref_mut()
    }

    /// Tells a WebSocket the time.
    pub(super) fn tunnel_due(&mut self, place: u16) {
        let Some(exchange) = self.http2.exchanges.get_mut(place) else { return };
        let Some(tunnel) = &mut exchange.tunnel else { return };
        tunnel.socket.handle_timeout(self.now);
        self.notice_close(place);
    }

    /// Tells the application once the WebSocket is over.
    fn notice_close(&mut self, place: u16) {
        let Some(exchange) = self.http2.exchanges.get_mut(place) else { return };
        if let Some(end) = exchange.tunnel.as_ref().and_then(|tunnel| websocket::end(&tunnel.socket)) {
            self.leave(place, end);
        }
    }

    /// Gives the session back; what the WebSocket and the stream still owe each other goes on without it.
    fn leave(&mut self, place: u16, end: End) {
        let Some(exchange) = self.http2.exchanges.get_mut(place) else { return };
        exchange.control = Default::default();
        let Some(session) = exchange.session.take() else { return };
        self.handler.closed(session, end);
        if let Some(limit) = end.limit() {
            self.count(limit);
        }
    }

    /// One turn of a WebSocket: what it owes by itself and one write of the application's, as one frame of content.
    pub(super) fn carry(&mut self, place: u16) {
        let Some(exchange) = self.http2.exchanges.get_mut(place) else { return };
        let Exchange { id: Some(id), tunnel: Some(tunnel), session, control, name, .. } = exchange else {
            return;
        };
        let codec = &mut self.http2.codec;
        let frame = codec.peer_settings().max_frame_size as usize;
        let (empty, room) = (self.out.is_empty(), self.out.room().saturating_sub(FRAME_HEAD));
        let most = frame.min(room).min(codec.send_capacity(*id) as usize);
        let start = self.out.mark();
        if self.out.put(&[0; FRAME_HEAD]).is_err() {
            return;
        }
        tunnel.socket.handle_timeout(self.now);
        self.shared.deflating.lend(&mut tunnel.socket);
        let mut content = WriteBuf::new(self.out.spare().get_mut(..most).unwrap_or_default());
        tunnel.socket.transmit(&mut content);
        if let Some(session) = session
            && control.want_write
        {
            control.want_write = false;
            let widest = most == frame || empty && most == room;
            let carrier = Carrier::WebSocket { socket: &mut tunnel.socket, widest };
            let out = Writable { carrier, out: &mut content, stamp: &self.shared.stamp };
            let mut stream = Stream {
                control,
                link: self.link,
                stream: *name,
                protocol: Protocol::WebSocket,
                now: self.now,
                wakes: &mut self.shared.wakes,
            };
            self.handler.writable(session, out, &mut stream);
        } else if let Some((code, reason)) = control.asked().close
            && websocket::close(&mut tunnel.socket, code, reason, &mut content) != Err(SendError::Full)
        {
            control.grant(|asked| asked.close = None);
        }
        tunnel.socket.transmit(&mut content);
        self.shared.deflating.reclaim(&mut tunnel.socket);
        let len = content.len();
        let ends = tunnel.socket.wants().close;
        let framed = match len {
            0 if !ends => Err(SendError::Blocked),
            _ => codec.data_prefix(*id, len, ends),
        };
        match framed {
            Ok((prefix, _)) => {
                self.out.advance(len);
                self.out.written_since(start)[..FRAME_HEAD].copy_from_slice(prefix.as_slice());
            }
            Err(_) => self.out.rewind(start),
        }
        if ends && framed.is_ok() {
            exchange.sending = Sending::Done;
            // The peer ends its side in answer, within the time that a body gets.
            if !exchange.received {
                exchange.receive_pace.start(self.now, self.shared.config.http2.body_grace);
            }
        } else if len > 0 && framed.is_err() {
            return self.abort(place, ErrorCode::INTERNAL_ERROR, End::Aborted);
        }
        self.notice_close(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_are_kept_in_order_and_cost_nothing_when_all_are_taken() {
        let mut kept = Kept::default();
        let (mut pushed, mut taken) = (0_u8, 0_u8);
        for round in 0..2_000_usize {
            let octets = (0..round % 7)
                .map(|_| {
                    pushed = pushed.wrapping_add(1);
                    pushed
                })
                .collect::<Vec<_>>();
            kept.push(&octets);
            let count = (round % 5).min(kept.len());
            for octet in &kept.rest()[..count] {
                taken = taken.wrapping_add(1);
                assert_eq!(*octet, taken);
            }
            kept.take(count);
        }
        assert!(kept.len() > 1_000);
        kept.take(kept.len());
        assert!(kept.len() == 0 && kept.octets.capacity() <= Kept::SMALL);
    }
}
