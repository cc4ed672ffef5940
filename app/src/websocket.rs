//! A connection as a WebSocket, either side.

use proto_core::{SendError, WriteBuf};
use proto_ws::{CloseCode, Event};

use crate::handler::{End, Handler};
use crate::role::Role;
use crate::turn::{Stopped, Turn};

/// The most bytes of a reason (RFC 6455 §5.5.1: 125 less the code).
const MAX_REASON: usize = 123;

impl<H: Handler> Turn<'_, '_, H> {
    pub(crate) fn receive_frames(&mut self, input: &mut [u8], scratch: &mut [u8]) -> (usize, Stopped) {
        let mut taken = 0;
        while self.may_take() {
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
                Some(Event::Data(data)) => {
                    self.tell(|handler, session, stream| handler.message(session, data, stream));
                }
                Some(Event::Ping(_)) => {}
                Some(Event::Pong(payload)) => {
                    self.tell(|handler, session, stream| handler.pong(session, payload, stream));
                }
                Some(Event::Close { code, reason }) => {
                    let code = code.map(u16::from);
                    self.tell(|handler, session, stream| handler.peer_closing(session, code, reason, stream));
                }
            }
            self.write();
        }
        (taken, Stopped::Idle)
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
