//! The answer to a request with a file: several may be under way at a time, each asked for by its stream's number.

use proto_h2::{ErrorCode, StreamId};

use super::exchange::{Library, Sending};
use super::outlet::FRAME_HEAD;
use super::{Multiplex, Outlet};
use crate::handler::{End, Handler};
use crate::message::{BodyLength, Field, ResponseHead};
use crate::service::{Action, FileError, FileId, FileMeta};
use crate::status;
use crate::stream::Answer;
use crate::transfer::{FileHead, State, Transfer, refusal};

/// Whether a stream has asked for this.
pub(super) fn is_of(action: &Action, name: u32) -> bool {
    match action {
        Action::OpenFile { token, .. } | Action::ReadFile { token, .. } => *token == name,
        Action::CloseFile { .. } => false,
    }
}

impl<H: Handler> Multiplex<'_, '_, H> {
    /// Does the next thing of a transfer.
    pub(super) fn send_file(&mut self, place: u16) {
        let room = self.out.room().saturating_sub(FRAME_HEAD);
        let http2 = &mut *self.http2;
        let Some(exchange) = http2.exchanges.get_mut(place) else { return };
        let (Some(id), token) = (exchange.id, exchange.name) else { return };
        let Library::File(transfer) = &mut exchange.library else { return };
        match &mut transfer.state {
            State::Asking => {
                let (root, path) = (transfer.request.root.clone(), transfer.request.path.clone());
                transfer.state = State::Opening;
                http2.actions.push_back(Action::OpenFile { token, root, path });
            }
            State::Opened(Ok(_)) => self.send_file_head(place),
            State::Opened(Err(error)) => {
                let error = *error;
                self.send_file_refusal(place, error);
            }
            State::Sending { file, offset, left, reading: reading @ false } => {
                // One frame, so that others have their turns between.
                let frame = http2.codec.peer_settings().max_frame_size;
                let most = room.min(http2.codec.send_capacity(id).min(frame) as usize);
                let len = usize::try_from(*left).unwrap_or(usize::MAX).min(most);
                if len > 0 {
                    *reading = true;
                    http2.actions.push_back(Action::ReadFile { token, file: *file, offset: *offset, len });
                }
            }
            State::Opening | State::Sending { .. } | State::Leaving { .. } => {}
        }
    }

    fn send_file_head(&mut self, place: u16) {
        let Some(exchange) = self.http2.exchanges.get_mut(place) else { return };
        let Library::File(transfer) = &exchange.library else { return };
        let State::Opened(Ok((file, meta))) = transfer.state else { return };
        let head = FileHead::new(&transfer.request, &meta);
        let (status, send, offset) = (head.status, head.send, head.offset);
        let sent = head.with_fields(|fields| {
            let response = ResponseHead { status, fields };
            if status >= 400 {
                // RFC 9110 15.5: 412 and 416 say what they mean.
                return self.send_head(place, &response, status::text(status));
            }
            let Some(exchange) = self.http2.exchanges.get_mut(place) else { return Ok(()) };
            let (mut outlet, ..) = Outlet::split(&mut self.http2.codec, exchange, self.link);
            outlet.head(&response, BodyLength::Known(head.length), &self.shared.stamp, self.out)
        });
        match sent {
            Err(proto_core::SendError::Full) => return,
            Err(_) => return self.abort(place, ErrorCode::INTERNAL_ERROR, End::Aborted),
            Ok(()) => {}
        }
        let Some(exchange) = self.http2.exchanges.get_mut(place) else { return };
        match &mut exchange.library {
            Library::File(transfer) if send > 0 => {
                transfer.state = State::Sending { file, offset, left: send, reading: false };
            }
            library => {
                if let Library::File(_) = library {
                    *library = Library::Text("");
                }
                self.http2.actions.push_back(Action::CloseFile { file });
            }
        }
    }

    fn send_file_refusal(&mut self, place: u16, error: FileError) {
        let Some(exchange) = self.http2.exchanges.get_mut(place) else { return };
        let Library::File(transfer) = &exchange.library else { return };
        let (status, location) = refusal(&transfer.request, error);
        let Some(location) = location.map(<[u8]>::to_vec) else {
            exchange.control.ask().answer = Some(Answer::Status(status));
            exchange.library = Library::Text("");
            return;
        };
        let fields = [Field::new("location", &location)];
        let head = ResponseHead { status, fields: &fields };
        match self.send_head(place, &head, "") {
            Ok(()) | Err(proto_core::SendError::Full) => {}
            Err(_) => {
                if let Some(exchange) = self.http2.exchanges.get_mut(place) {
                    exchange.control.ask().answer = Some(Answer::Status(404));
                    exchange.library = Library::Text("");
                }
            }
        }
    }

    /// The stream that asked for something.
    fn asker(&self, token: u32) -> Option<u16> {
        self.http2.exchanges.find(StreamId::from_wire(token)?)
    }

    /// The driver has opened the file, or has not.
    pub(crate) fn file_opened(&mut self, token: u32, result: Result<(FileId, FileMeta), FileError>) {
        if let Some(place) = self.asker(token)
            && let Some(exchange) = self.http2.exchanges.get_mut(place)
            && let Library::File(transfer) = &mut exchange.library
            && let Transfer { state: state @ State::Opening, .. } = transfer
        {
            *state = State::Opened(result);
            return self.settle(place, false);
        }
        if let Ok((file, _)) = result {
            self.http2.actions.push_back(Action::CloseFile { file });
        }
    }

    /// The driver has read a piece.
    pub(crate) fn file_data(&mut self, token: u32, data: Result<&[u8], FileError>) {
        let Some(place) = self.asker(token) else { return };
        let Some(exchange) = self.http2.exchanges.get_mut(place) else { return };
        let Library::File(transfer) = &mut exchange.library else { return };
        let State::Sending { file, offset, left, reading } = &mut transfer.state else { return };
        *reading = false;
        let Ok(data @ [_, ..]) = data else {
            // Shorter than announced: the peer must see that it is incomplete.
            return self.abort(place, ErrorCode::INTERNAL_ERROR, End::Aborted);
        };
        // `sending` is known to be what is left.
        let ends = data.len() as u64 == *left;
        let Some(id) = exchange.id else { return };
        match self.http2.codec.send_data(id, data, ends, self.out) {
            Ok(sent) => {
                *offset += sent as u64;
                *left -= sent as u64;
                exchange.sending = Sending::Known(*left);
                if *left == 0 {
                    let file = *file;
                    exchange.sending = Sending::Done;
                    exchange.library = Library::Text("");
                    self.http2.actions.push_back(Action::CloseFile { file });
                }
                self.settle(place, false);
            }
            // Credit was given to others in the meantime, or the room was.
            Err(proto_core::SendError::Full | proto_core::SendError::Blocked) => self.settle(place, false),
            Err(_) => self.abort(place, ErrorCode::INTERNAL_ERROR, End::Aborted),
        }
    }
}
