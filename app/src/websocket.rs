//! A connection as a WebSocket, either side.

use proto_core::{SendError, WriteBuf};
use proto_ws::{CloseCode, Error, Event, Outcome};

use crate::handler::{End, Handler};
use crate::role::{Connection, Role};
use crate::stream::{Protocol, Stream};
use crate::turn::{LEAST_ROOM, Stopped, Turn, reserve};
use crate::writable::{Carrier, Writable};

/// The most bytes of a reason (RFC 6455 §5.5.1: 125 less the code).
const MAX_REASON: usize = 123;

/// The bytes of messages that are told before others get a turn: what a message inflates to may be a thousand times
/// what came of it.
const SHARE: usize = 128 * 1024;

impl<H: Handler> Turn<'_, '_, H> {
    #[inline(never)]
    pub(crate) fn receive_frames(&mut self, input: &mut [u8], scratch: &mut [u8]) -> (usize, Stopped) {
        let (mut taken, mut told) = (0, 0);
        // Not before something was taken: who takes nothing is not asked again.
        while self.may_take() && (told < SHARE || taken == 0) {
            let Role::WebSocket(socket) = &mut self.connection.role else {
                return (taken, Stopped::RoleChanged);
            };
            let step = match socket.receive(&mut input[taken..], scratch) {
                Ok(step) => step,
                Err(error) => {
                    socket.transmit(self.out);
                    self.finish_stream(End::WebSocketFault(error));
                    break;
                }
            };
            taken += step.consumed;
            match step.event {
                None => break,
                Some(event) => {
                    if let Event::Data(data) = &event {
                        told += data.payload.len();
                    }
                    self.tell_event(event);
                }
            }
            self.write();
        }
        self.connection.more = told >= SHARE;
        (taken, Stopped::Idle)
    }

    /// Tells the application what has come, a whole message with a turn to answer it in if there is nothing to say
    /// before that.
    fn tell_event(&mut self, event: Event<'_>) {
        let reserve = reserve(self.out);
        let Self { handler, shared, connection, out } = self;
        let Connection { role: Role::WebSocket(socket), session: Some(session), control, link, .. } =
            &mut **connection
        else {
            return;
        };
        let answers = !control.want_write && !control.is_asked();
        let mut stream = Stream {
            control,
            link,
            stream: 0,
            protocol: Protocol::WebSocket,
            now: shared.now,
            wakes: &mut shared.wakes,
        };
        match event {
            Event::Data(message)
                if answers
                    && message.first
                    && message.end == proto_ws::End::Message
                    && out.room() >= reserve + message.payload.len() + LEAST_ROOM =>
            {
                let carrier = Carrier::WebSocket { socket, widest: out.is_empty() };
                out.with_reserve(reserve, |out| {
                    let out = Writable { carrier, out, stamp: &shared.stamp };
                    handler.message_in_turn(session, message, out, &mut stream);
                });
            }
            event => tell(*handler, session, event, &mut stream),
        }
    }

    pub(crate) fn websocket_eof(&mut self) {
        let Role::WebSocket(socket) = &mut self.connection.role else { return };
        match socket.receive_eof() {
            Ok(_) => self.settle(),
            Err(error) => self.finish_stream(End::WebSocketFault(error)),
        }
        self.connection.ended = true;
    }
}

/// Tells the application what has come.
pub(crate) fn tell<H: Handler>(
    handler: &mut H,
    session: &mut H::Session,
    event: Event<'_>,
    stream: &mut Stream<'_>,
) {
    match event {
        Event::Data(data) => handler.message(session, data, stream),
        Event::Ping(_) => {}
        Event::Pong(payload) => handler.pong(session, payload, stream),
        Event::Close { code, reason } => handler.peer_closing(session, code.map(u16::from), reason, stream),
    }
}

/// How it ended, once it has.
pub(crate) fn end(socket: &proto_ws::Connection) -> Option<End> {
    Some(match socket.outcome()? {
        Outcome::Clean { code, .. } => End::WebSocket(code.map(u16::from)),
        Outcome::PeerGone => End::WebSocketFault(Error::TransportEnded),
        Outcome::Timeout => End::WebSocketFault(Error::CloseTimeout),
        Outcome::Silent => End::WebSocketFault(Error::Silent),
        Outcome::ProtocolError(error) => End::WebSocketFault(error),
        _ => return None,
    })
}

/// Begins the closing handshake; a code that may not be sent becomes 1000, a long reason is cut at a character.
pub(crate) fn close(
    socket: &mut proto_ws::Connection,
    code: u16,
    reason: &str,
    out: &mut WriteBuf<'_>,
) -> Result<(), SendError> {
    let code = CloseCode::new(code).unwrap_or(CloseCode::NORMAL);
    let cut = (0..=reason.len().min(MAX_REASON)).rev().find(|&at| reason.is_char_boundary(at)).unwrap_or(0);
    socket.close(Some(code), &reason[..cut], out)
}
