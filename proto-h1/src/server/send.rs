//! Responses as they go out.

use proto_core::{Full, Prefix, SendError, WriteBuf};

use super::{Recv, Sent, Server};
use crate::body::Body;
use crate::clock::Due;
use crate::encode::{self, PREFIX, Sending};
use crate::head::Asked as Method;
use crate::said::{Said, check_fields};
use crate::{BodyLength, CloseReason, Field, Preset, ResponseHead};

impl Server {
    /// Sends `100 Continue`: call it when the application begins to read the body of a request that
    /// [expects](crate::Request::expect_continue) it. Does nothing when that is not, or no longer, expected.
    ///
    /// # Errors
    /// [`SendError::Full`]; [`SendError::Misuse`] when no request waits for its response.
    pub fn send_continue(&mut self, out: &mut WriteBuf<'_>) -> Result<(), SendError> {
        self.may_send_head()?;
        if self.asked.r#continue {
            out.put(b"HTTP/1.1 100 Continue\r\n\r\n")?;
            self.asked.r#continue = false;
            self.clock.arm(Due::Rate, &self.config.limits);
        }
        Ok(())
    }

    /// Sends an interim response, `103 Early Hints` say. Writes nothing to an HTTP/1.0 client, which knows none
    /// ([RFC 9110 15.2](https://www.rfc-editor.org/rfc/rfc9110#section-15.2)).
    ///
    /// # Errors
    /// [`SendError::Full`]; [`SendError::Misuse`] when no request waits for its response, `status` is not within
    /// 102 to 199, or a field cannot be sent.
    pub fn send_informational(
        &mut self,
        status: u16,
        fields: &[Field<'_>],
        out: &mut WriteBuf<'_>,
    ) -> Result<(), SendError> {
        self.may_send_head()?;
        if !matches!(status, 102..=199) {
            return Err(SendError::Misuse);
        }
        let said = check_fields(fields)?;
        if self.asked.http10 {
            return Ok(());
        }
        Ok(out.all_or_nothing(|out| {
            encode::put_status_line(status, None, out)?;
            encode::put_fields(fields, said, out)?;
            out.put(b"\r\n")
        })?)
    }

    /// Sends the head of the final response, or of a 101 that accepts an upgrade.
    ///
    /// Content-Length, Transfer-Encoding and Connection are written as the framing requires: an HTTP/1.0 client
    /// gets [`BodyLength::Chunked`] as a body delimited by the end of the connection; HEAD, 204 and 304 have no
    /// content, which [`send_body`](Self::send_body) then takes and drops. With [`BodyLength::None`] the response
    /// is finished at once.
    ///
    /// # Errors
    /// [`SendError::Full`]; [`SendError::Misuse`] when no request waits for a response, the status is no final
    /// one, a field cannot be sent or is one of those above, or the body is one the status forbids.
    #[inline]
    pub fn send_head(&mut self, head: &ResponseHead<'_>, out: &mut WriteBuf<'_>) -> Result<(), SendError> {
        self.send_head_with(head, &Preset::EMPTY, out)
    }

    /// [`send_head`](Self::send_head) with field lines that were encoded before.
    ///
    /// # Errors
    /// As [`send_head`](Self::send_head).
    pub fn send_head_with(
        &mut self,
        head: &ResponseHead<'_>,
        preset: &Preset,
        out: &mut WriteBuf<'_>,
    ) -> Result<(), SendError> {
        self.may_send_head()?;
        let said = check_fields(head.fields)?;
        if !head.reason.is_none_or(crate::fields::is_value) {
            return Err(SendError::Misuse);
        }
        let tunnel = self.asked.method == Method::Connect && matches!(head.status, 200..=299);
        if head.status == 101 || tunnel {
            return self.send_switch(head, said, preset, out);
        }
        let (framing, sending) = self.framing(head.status, head.body)?;
        let reason = if self.asked.r#continue && self.recv == Recv::Body {
            Some(CloseReason::ContinueRefused)
        } else if sending == Sending::UntilClose {
            Some(CloseReason::Delimited)
        } else {
            said.has(Said::CLOSE).then_some(CloseReason::Local)
        };
        let close = self.reason.is_some() || reason.is_some();
        out.all_or_nothing(|out| {
            encode::put_status_line(head.status, head.reason, out)?;
            preset.put(out)?;
            encode::put_fields(head.fields, said, out)?;
            encode::put_framing(framing, out)?;
            if close || self.asked.http10 || !said.is_nothing() {
                let own = self.options(close, said.has(Said::UPGRADE));
                out.all_or_nothing(|out| encode::put_connection(own, head.fields, out))?;
            }
            out.put(b"\r\n")
        })?;
        if let Some(reason) = reason {
            self.give_up(reason);
        }
        self.send = Sent::Body(sending);
        if head.body == BodyLength::None {
            self.responded();
        }
        Ok(())
    }

    /// Sends content: as much of `payload` as fits, and says how much that was.
    ///
    /// # Errors
    /// [`SendError::Full`] when not one byte fits; [`SendError::Misuse`] when no body is being sent or it would
    /// be longer than announced.
    #[inline]
    pub fn send_body(&mut self, payload: &[u8], out: &mut WriteBuf<'_>) -> Result<usize, SendError> {
        match &mut self.send {
            Sent::Body(sending) => sending.write(payload, out),
            Sent::Done if payload.is_empty() => Ok(0),
            _ => Err(SendError::Misuse),
        }
    }

    /// The framing in front of `len` bytes of content, for callers that write content from where it lies: write
    /// the prefix, then exactly `len` bytes.
    ///
    /// # Errors
    /// [`SendError::Misuse`] when no body [goes on the wire](Self::sends_content) or it would be longer than
    /// announced.
    #[inline]
    pub fn body_prefix(&mut self, len: usize) -> Result<Prefix<PREFIX>, SendError> {
        match &mut self.send {
            Sent::Body(sending) => sending.prefix(len),
            _ => Err(SendError::Misuse),
        }
    }

    /// Whether content of the response goes on the wire: a head was sent, and not one without content.
    pub fn sends_content(&self) -> bool {
        !matches!(
            self.send,
            Sent::Idle | Sent::Head | Sent::Done | Sent::Switch | Sent::Body(Sending::Nothing)
        )
    }

    /// How much content is still to be sent: zero when [`finish`](Self::finish) is all that is missing, `None` when
    /// the length was not announced or no response is under way.
    pub const fn content_left(&self) -> Option<u64> {
        match self.send {
            Sent::Body(sending) => sending.left(),
            _ => None,
        }
    }

    /// Ends the response. `trailers` go with a chunked body and are dropped with any other. Does nothing when the
    /// response is finished already.
    ///
    /// # Errors
    /// [`SendError::Full`]; [`SendError::Misuse`] when the head is not sent, the body is shorter than announced,
    /// or a trailer cannot be sent.
    #[inline]
    pub fn finish(&mut self, trailers: &[Field<'_>], out: &mut WriteBuf<'_>) -> Result<(), SendError> {
        match self.send {
            Sent::Body(sending) => {
                sending.finish(trailers, out)?;
                self.responded();
                Ok(())
            }
            Sent::Done => Ok(()),
            Sent::Idle | Sent::Head | Sent::Switch => Err(SendError::Misuse),
        }
    }

    /// Sends the answer to a fault: the status of the error, its text, `Connection: close` and `preset` (Date,
    /// Server).
    /// Does nothing when none is owed, as when a response had begun before the fault.
    ///
    /// # Errors
    /// [`SendError::Full`].
    pub fn send_error(&mut self, preset: &Preset, out: &mut WriteBuf<'_>) -> Result<(), SendError> {
        let Some(error) = self.error.filter(|_| self.reply_owed) else { return Ok(()) };
        let Some(status) = error.status() else { return Ok(()) };
        out.all_or_nothing(|out| {
            encode::put_status_line(status, None, out)?;
            preset.put(out)?;
            // RFC 9110 15.5: an error is explained, except to HEAD.
            let text = error.text();
            out.put(b"Content-Type: text/plain\r\n")?;
            encode::put_framing(BodyLength::Known(text.len() as u64 + 1), out)?;
            out.put(b"Connection: close\r\n\r\n")?;
            if self.asked.method != Method::Head {
                out.put(text.as_bytes())?;
                out.put(b"\n")?;
            }
            Ok::<_, Full>(())
        })?;
        self.reply_owed = false;
        Ok(())
    }

    pub(super) const fn may_send_head(&self) -> Result<(), SendError> {
        if matches!(self.send, Sent::Head) && self.error.is_none() && !matches!(self.recv, Recv::Closed) {
            Ok(())
        } else {
            Err(SendError::Misuse)
        }
    }

    /// The connection options of a response.
    const fn options(&self, close: bool, upgrade: bool) -> &'static [&'static [u8]] {
        // RFC 9110 7.8: who sends Upgrade, in a 426 say, sends the connection option too.
        match (close, self.asked.http10, upgrade) {
            (true, _, false) => &[b"close"],
            (true, _, true) => &[b"close", b"Upgrade"],
            (false, true, false) => &[b"keep-alive"],
            (false, true, true) => &[b"keep-alive", b"Upgrade"],
            (false, false, true) => &[b"Upgrade"],
            (false, false, false) => &[],
        }
    }

    /// The field that frames the response, and the body behind its head (RFC 9110 6.4.1, 8.6, 15).
    pub(super) fn framing(&self, status: u16, body: BodyLength) -> Result<(BodyLength, Sending), SendError> {
        let body = match body {
            BodyLength::Chunked if self.asked.http10 => BodyLength::UntilClose,
            body => body,
        };
        Ok(match (status, body) {
            (..=199 | 1000.., _) => return Err(SendError::Misuse),
            (204, BodyLength::None | BodyLength::Known(0)) => (BodyLength::None, Sending::Nothing),
            (205, BodyLength::None | BodyLength::Known(0)) => (BodyLength::Known(0), Sending::Nothing),
            (204 | 205, _) => return Err(SendError::Misuse),
            (304, body) => (body, Sending::Nothing),
            (_, body) if self.asked.method == Method::Head => (body, Sending::Nothing),
            (_, BodyLength::None) => (BodyLength::Known(0), Sending::Nothing),
            (_, BodyLength::Known(left)) => (body, Sending::Length { left }),
            (_, BodyLength::Chunked) => (body, Sending::Chunked { open: false }),
            (_, BodyLength::UntilClose) => (body, Sending::UntilClose),
        })
    }

    /// 101, or 2xx to CONNECT: nothing frames a body, because what follows is not HTTP (RFC 9110 7.8, 9.3.6).
    #[cold]
    pub(super) fn send_switch(
        &mut self,
        head: &ResponseHead<'_>,
        said: Said,
        preset: &Preset,
        out: &mut WriteBuf<'_>,
    ) -> Result<(), SendError> {
        let upgrade = head.status == 101;
        let read = self.recv == Recv::Complete || matches!(self.body, Body::Length { left: 0 });
        let agreed = if upgrade { self.asked.upgrade && said.has(Said::UPGRADE) } else { true };
        if head.body != BodyLength::None || !read || !agreed {
            return Err(SendError::Misuse);
        }
        out.all_or_nothing(|out| {
            encode::put_status_line(head.status, head.reason, out)?;
            preset.put(out)?;
            encode::put_fields(head.fields, said, out)?;
            encode::put_connection(if upgrade { &[b"Upgrade"] } else { &[] }, head.fields, out)?;
            out.put(b"\r\n")
        })?;
        self.send = Sent::Switch;
        self.clock.disarm();
        Ok(())
    }

    /// The response is finished.
    #[inline]
    pub(super) fn responded(&mut self) {
        self.send = Sent::Done;
        if self.recv == Recv::Body {
            self.leave_body();
        }
    }

    /// What of the request is still to come is not wanted any more.
    #[inline(never)]
    fn leave_body(&mut self) {
        if self.reason == Some(CloseReason::ContinueRefused) {
            self.close(CloseReason::ContinueRefused);
        } else if self.body.announced() > u64::from(self.config.limits.drain) {
            self.close(CloseReason::RequestUnread);
        } else {
            self.recv = Recv::Discard { left: self.config.limits.drain };
            if !matches!(self.body, Body::Length { left: 0 }) {
                self.clock.arm(Due::Drain, &self.config.limits);
            }
        }
    }
}
