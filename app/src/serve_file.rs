//! The answer to a request with a file: opened and read by the driver, sent turn by turn.

use proto_core::SendError;

use crate::handler::{End, Handler};
use crate::message::{BodyLength, Field, ResponseHead};
use crate::role::{Connection, Role};
use crate::service::{Action, FileError, FileId, FileMeta};
use crate::status;
use crate::stream::Answer;
use crate::transfer::{FileHead, State, Transfer, refusal};
use crate::turn::Turn;
use crate::writable::{finish_known, never_fits, send_content, send_whole};

/// From how many bytes on the driver may send content by itself: for fewer it is no gain.
const UNSEEN: u64 = 64 * 1024;

/// The one stream of an HTTP/1 connection.
const TOKEN: u32 = 0;

impl<H: Handler> Turn<'_, '_, H> {
    /// Does the next thing of the transfer under way; true when it did something.
    pub(crate) fn send_file(&mut self) -> bool {
        let room = self.out.room();
        let pending = self.connection.control.extra().is_some_and(|extra| extra.action.is_some());
        let Some(transfer) = self.connection.transfer() else { return false };
        match &mut transfer.state {
            // One thing is asked for at a time: first the file of the request before is to be closed.
            State::Asking if pending => false,
            State::Asking => {
                let (root, path) = (transfer.request.root.clone(), transfer.request.path.clone());
                transfer.state = State::Opening;
                self.connection.extra().action = Some(Action::OpenFile { token: TOKEN, root, path });
                false
            }
            State::Opened(Ok(_)) => self.send_file_head(),
            State::Opened(Err(error)) => {
                let error = *error;
                self.send_file_refusal(error)
            }
            State::Sending { file, offset, left, reading: reading @ false } => {
                *reading = true;
                let len = usize::try_from(*left).unwrap_or(usize::MAX).min(room);
                let action = Action::ReadFile { token: TOKEN, file: *file, offset: *offset, len };
                self.connection.extra().action = Some(action);
                false
            }
            State::Opening | State::Sending { .. } | State::Leaving { .. } => false,
        }
    }

    fn send_file_head(&mut self) -> bool {
        let Role::Server(server) = &mut self.connection.role else { return false };
        let Some(extra) = self.connection.control.extra_mut() else { return false };
        let Some(Transfer { request, state: state @ State::Opened(_) }) = &mut extra.transfer else {
            return false;
        };
        let State::Opened(Ok((file, meta))) = *state else { return false };
        let head = FileHead::new(request, &meta);
        let stamp = &self.shared.stamp;
        let empty = self.out.is_empty();
        let sent = head.with_fields(|fields| {
            let response = ResponseHead { status: head.status, fields };
            if head.status >= 400 {
                // RFC 9110 15.5: 412 and 416 say what they mean.
                return send_whole(server, &response, status::text(head.status), stamp, self.out);
            }
            response.send_http1(BodyLength::Known(head.length), stamp, server, self.out)
        });
        match sent.map_err(|error| never_fits(error, empty)) {
            Err(SendError::Full) => return true,
            Err(_) => self.end(End::Aborted),
            Ok(()) if head.send > 0 => {
                *state = State::Sending { file, offset: head.offset, left: head.send, reading: false };
            }
            Ok(()) => {
                finish_known(server, self.out);
                extra.transfer = None;
                extra.action = Some(Action::CloseFile { file });
            }
        }
        true
    }

    fn send_file_refusal(&mut self, error: FileError) -> bool {
        let Role::Server(server) = &mut self.connection.role else { return false };
        let Some(extra) = self.connection.control.extra_mut() else { return false };
        let Some(transfer) = &extra.transfer else { return false };
        let (status, location) = refusal(&transfer.request, error);
        if let Some(location) = location {
            let fields = [Field::new("location", location)];
            let head = ResponseHead { status, fields: &fields };
            let empty = self.out.is_empty();
            let sent = head.send_http1(BodyLength::None, &self.shared.stamp, server, self.out);
            match sent.map_err(|error| never_fits(error, empty)) {
                Err(SendError::Full) => return true,
                Err(_) => self.connection.control.ask().answer = Some(Answer::Status(404)),
                Ok(()) => {}
            }
        } else {
            self.connection.control.ask().answer = Some(Answer::Status(status));
        }
        if let Some(extra) = self.connection.control.extra_mut() {
            extra.transfer = None;
        }
        true
    }

    /// The driver has opened the file, or has not.
    pub(crate) fn file_opened(&mut self, result: Result<(FileId, FileMeta), FileError>) {
        match self.connection.transfer() {
            Some(Transfer { state: state @ State::Opening, .. }) => *state = State::Opened(result),
            _ => {
                if let Ok((file, _)) = result {
                    self.connection.extra().action = Some(Action::CloseFile { file });
                }
            }
        }
    }

    /// The driver has read a piece.
    pub(crate) fn file_data(&mut self, data: Result<&[u8], FileError>) {
        let Role::Server(server) = &mut self.connection.role else { return };
        let Some(extra) = self.connection.control.extra_mut() else { return };
        let Some(Transfer { state: State::Sending { file, offset, left, reading }, .. }) =
            &mut extra.transfer
        else {
            return;
        };
        *reading = false;
        let file = *file;
        let sent = match data {
            Ok(data) if !data.is_empty() => send_content(server, data, self.out).map_err(|_| ()),
            _ => Err(()), // shorter than announced: the peer must see that it is incomplete
        };
        match sent {
            Ok(sent) => {
                *offset += sent as u64;
                *left = left.saturating_sub(sent as u64);
                if *left > 0 {
                    return;
                }
                extra.transfer = None;
                extra.action = Some(Action::CloseFile { file });
                self.settle();
            }
            Err(()) => {
                extra.transfer = None;
                extra.action = Some(Action::CloseFile { file });
                self.end(End::Aborted);
            }
        }
    }

    /// What the driver was to send by itself is on its way.
    pub(crate) fn file_left(&mut self) {
        let Role::Server(server) = &mut self.connection.role else { return };
        let Some(extra) = self.connection.control.extra_mut() else { return };
        let Some(Transfer { state: State::Leaving { file }, .. }) = extra.transfer else { return };
        finish_known(server, self.out);
        extra.transfer = None;
        extra.action = Some(Action::CloseFile { file });
        self.settle();
    }
}

impl<S> Connection<S> {
    /// How many bytes of the file that is being sent the driver may send by itself. Nothing frames them, for their
    /// number is announced in the head.
    pub(crate) fn file_unseen(&mut self) -> Option<u64> {
        let Role::Server(server) = &mut self.role else { return None };
        let transfer = self.control.extra_mut()?.transfer.as_mut()?;
        let State::Sending { file, left, .. } = transfer.state else { return None };
        if left < UNSEEN || server.content_left() != Some(left) {
            return None;
        }
        server.body_prefix(usize::try_from(left).ok()?).ok()?;
        transfer.state = State::Leaving { file };
        Some(left)
    }
}
