//! What one stream sends.

use proto_core::{SendError, WriteBuf};
use proto_h2::{Connection, Role, StreamId};

use super::exchange::{Exchange, Expectation, Sending};
use super::head::{send_request, send_response, send_trailers};
use crate::date::Stamp;
use crate::message::{BodyLength, Field, RequestHead, ResponseHead};
use crate::stream::{Control, Link};
use crate::writable::never_fits;

/// Octets of a frame's header.
pub(super) const FRAME_HEAD: usize = 9;

/// One stream of a connection, for as long as a turn to write lasts.
#[derive(Debug)]
pub(crate) struct Outlet<'a> {
    codec: &'a mut Connection,
    id: &'a mut Option<StreamId>,
    sending: &'a mut Sending,
    head_request: &'a mut bool,
    expectation: &'a mut Expectation,
    scheme: &'static [u8],
}

impl<'a> Outlet<'a> {
    /// Takes an exchange apart: what it sends by, and what the application has there.
    pub(super) fn split<S>(
        codec: &'a mut Connection,
        exchange: &'a mut Exchange<S>,
        link: &Link,
    ) -> (Self, Option<&'a mut S>, &'a mut Control, u32) {
        let Exchange { id, sending, head_request, expectation, session, control, name, .. } = exchange;
        let scheme = link.scheme();
        let outlet = Self { codec, id, sending, head_request, expectation, scheme };
        (outlet, session.as_mut(), control, *name)
    }

    fn id(&self) -> Result<StreamId, SendError> {
        self.id.ok_or(SendError::Misuse)
    }

    pub(crate) fn room(&self, out: &WriteBuf<'_>) -> usize {
        let room = out.room().saturating_sub(FRAME_HEAD);
        match self.sending {
            Sending::Head => room,
            _ => room.min(self.id.map_or(0, |id| self.codec.send_capacity(id)) as usize),
        }
    }

    pub(crate) fn respond(
        &mut self,
        head: &ResponseHead<'_>,
        body: &[u8],
        stamp: &Stamp,
        out: &mut WriteBuf<'_>,
    ) -> Result<usize, SendError> {
        self.head(head, BodyLength::Known(body.len() as u64), stamp, out)?;
        if *self.sending == Sending::Done {
            return Ok(body.len()); // taken and dropped: such a response has none
        }
        match self.body(body, out) {
            Err(SendError::Full) => Ok(0),
            sent => sent,
        }
    }

    /// Statuses and lengths go together as they do over HTTP/1.
    pub(crate) fn head(
        &mut self,
        head: &ResponseHead<'_>,
        length: BodyLength,
        stamp: &Stamp,
        out: &mut WriteBuf<'_>,
    ) -> Result<(), SendError> {
        if self.codec.role() != Role::Server || *self.sending != Sending::Head {
            return Err(SendError::Misuse);
        }
        let (length, sending) = match (head.status, length) {
            (..=199 | 1000.., _) => return Err(SendError::Misuse),
            (204, BodyLength::None | BodyLength::Known(0)) => (None, Sending::Done),
            (205, BodyLength::None | BodyLength::Known(0)) => (Some(0), Sending::Done),
            (204 | 205, _) => return Err(SendError::Misuse),
            (304, length) => (known(length), Sending::Done),
            (_, length) if *self.head_request => (known(length), Sending::Done),
            (_, BodyLength::None | BodyLength::Known(0)) => (Some(0), Sending::Done),
            (_, BodyLength::Known(length)) => (Some(length), Sending::Known(length)),
            (_, BodyLength::Chunked | BodyLength::UntilClose) => (None, Sending::Open),
        };
        let empty = out.is_empty();
        let end = sending == Sending::Done;
        let parts = (head.status, head.fields);
        let id = self.id()?;
        send_response(self.codec, id, parts, length, Some(stamp), end, out)
            .map_err(|error| never_fits(error, empty))?;
        *self.sending = sending;
        Ok(())
    }

    pub(crate) fn inform(
        &mut self,
        status: u16,
        fields: &[Field<'_>],
        out: &mut WriteBuf<'_>,
    ) -> Result<(), SendError> {
        // RFC 9113 8.6: there is no 101.
        if *self.sending != Sending::Head || !matches!(status, 100 | 102..=199) {
            return Err(SendError::Misuse);
        }
        let id = self.id()?;
        send_response(self.codec, id, (status, fields), None, None, false, out)
    }

    pub(crate) fn request(
        &mut self,
        head: &RequestHead<'_>,
        length: BodyLength,
        out: &mut WriteBuf<'_>,
    ) -> Result<(), SendError> {
        if self.codec.role() != Role::Client || *self.sending != Sending::Head {
            return Err(SendError::Misuse);
        }
        let (length, sending) = match length {
            BodyLength::None => (None, Sending::Done),
            BodyLength::Known(0) => (Some(0), Sending::Done),
            BodyLength::Known(length) => (Some(length), Sending::Known(length)),
            BodyLength::Chunked => (None, Sending::Open),
            BodyLength::UntilClose => return Err(SendError::Misuse),
        };
        let end = sending == Sending::Done;
        let expects = expects_continue(head.fields)?;
        // RFC 9110 10.1.1: "A client MUST NOT generate a 100-continue expectation in a request that does not include
        // content."
        if expects && end {
            return Err(SendError::Misuse);
        }
        let empty = out.is_empty();
        let opened = match send_request(self.codec, head, self.scheme, length, end, out) {
            // The server takes no more streams for now.
            Err(SendError::Blocked) => return Err(SendError::Full),
            opened => opened,
        };
        *self.id = Some(opened.map_err(|error| never_fits(error, empty))?);
        *self.sending = sending;
        *self.head_request = head.method == b"HEAD";
        if expects {
            *self.expectation = Expectation::Awaited(None);
        }
        Ok(())
    }

    /// As much as room and credit allow, in one frame. Without credit the stream waits as it does without room.
    pub(crate) fn body(&mut self, data: &[u8], out: &mut WriteBuf<'_>) -> Result<usize, SendError> {
        let left = match *self.sending {
            Sending::Known(left) => Some(left.checked_sub(data.len() as u64).ok_or(SendError::Misuse)?),
            Sending::Open => None,
            Sending::Done if data.is_empty() => return Ok(0),
            Sending::Head | Sending::Done => return Err(SendError::Misuse),
        };
        if self.expectation.is_awaited() {
            return Err(SendError::Blocked);
        }
        if data.is_empty() {
            return Ok(0);
        }
        let id = self.id()?;
        let sent = match self.codec.send_data(id, data, left == Some(0), out) {
            Err(SendError::Blocked) => return Err(SendError::Full),
            sent => sent?,
        };
        if let Some(left) = left {
            let left = left + (data.len() - sent) as u64;
            *self.sending = if left == 0 { Sending::Done } else { Sending::Known(left) };
        }
        Ok(sent)
    }

    pub(crate) fn finish(&mut self, trailers: &[Field<'_>], out: &mut WriteBuf<'_>) -> Result<(), SendError> {
        match *self.sending {
            Sending::Open if self.expectation.is_awaited() => return Err(SendError::Blocked),
            Sending::Open if trailers.is_empty() => {
                let id = self.id()?;
                self.codec.send_data(id, b"", true, out)?;
            }
            Sending::Open => {
                let id = self.id()?;
                send_trailers(self.codec, id, trailers, out)?;
            }
            Sending::Done if trailers.is_empty() => {}
            _ => return Err(SendError::Misuse),
        }
        *self.sending = Sending::Done;
        Ok(())
    }
}

/// Whether there is the one expectation that may be made, which is the only one there is.
fn expects_continue(fields: &[Field<'_>]) -> Result<bool, SendError> {
    let mut made = fields.iter().filter(|field| field.name.eq_ignore_ascii_case(b"expect"));
    match (made.next(), made.next()) {
        (None, _) => Ok(false),
        (Some(one), None) if one.value.eq_ignore_ascii_case(b"100-continue") => Ok(true),
        _ => Err(SendError::Misuse),
    }
}

fn known(length: BodyLength) -> Option<u64> {
    match length {
        BodyLength::Known(length) => Some(length),
        BodyLength::None => Some(0),
        BodyLength::Chunked | BodyLength::UntilClose => None,
    }
}
