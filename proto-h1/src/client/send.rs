//! Requests as they go out.

use proto_core::{Prefix, SendError, WriteBuf};

use super::{Client, Recv, Sent};
use crate::clock::Due;
use crate::encode::{self, PREFIX, Sending};
use crate::fields::is_token;
use crate::head::{Asked, Progress};
use crate::said::{Said, check_fields};
use crate::target::host_and_port;
use crate::{BodyLength, CloseReason, Field, RequestHead, Target};

impl Client {
    /// Sends the head of a request, with Host first and Content-Length, Transfer-Encoding, Expect and Connection
    /// as they are needed. An Expect field among the others means the same as
    /// [`expect_continue`](RequestHead::expect_continue). With [`BodyLength::None`] the request is finished at once.
    ///
    /// # Errors
    /// [`SendError::Full`]; [`SendError::Misuse`] when a request is under way, the connection is not reusable, or
    /// a part of the head cannot be sent: a method that is no token, a target in no form the method allows, a
    /// Host that is none, a field with control bytes or one of those above.
    pub fn send_head(&mut self, head: &RequestHead<'_>, out: &mut WriteBuf<'_>) -> Result<(), SendError> {
        if !self.ready_for_request() {
            return Err(SendError::Misuse);
        }
        let said = check_fields(head.fields)?;
        if said.has(Said::HOST) {
            return Err(SendError::Misuse);
        }
        check_request(head)?;
        let has_body = !matches!(head.body, BodyLength::None | BodyLength::Known(0));
        let sending = match head.body {
            BodyLength::None => Sending::Nothing,
            BodyLength::Known(left) => Sending::Length { left },
            BodyLength::Chunked => Sending::Chunked { open: false },
            BodyLength::UntilClose => return Err(SendError::Misuse),
        };
        // RFC 9110 8.6: a method that anticipates content says so when there is none.
        let framing = match head.body {
            BodyLength::None if matches!(head.method, b"POST" | b"PUT" | b"PATCH") => BodyLength::Known(0),
            body => body,
        };
        // RFC 9110 10.1.1: no expectation in a request without content.
        if said.has(Said::EXPECT) && !has_body {
            return Err(SendError::Misuse);
        }
        let expects = (head.expect_continue || said.has(Said::EXPECT)) && has_body;
        let close = head.close || said.has(Said::CLOSE);
        // RFC 9110 7.8 and 10.1.4: Upgrade and TE go with a connection option each.
        let (mut own, mut count) = ([&b""[..]; 3], 0);
        for (_, option) in
            [(close, &b"close"[..]), (said.has(Said::UPGRADE), b"Upgrade"), (said.has(Said::TE), b"TE")]
                .iter()
                .filter(|(said, _)| *said)
        {
            if let Some(place) = own.get_mut(count) {
                *place = option;
                count += 1;
            }
        }
        let own = own.get(..count).unwrap_or_default();
        out.all_or_nothing(|out| {
            out.put(head.method)?;
            out.put(b" ")?;
            out.put(head.target)?;
            out.put(b" HTTP/1.1\r\nHost: ")?;
            out.put(head.host)?;
            out.put(b"\r\n")?;
            encode::put_fields(head.fields, said, out)?;
            encode::put_framing(framing, out)?;
            if expects && !said.has(Said::EXPECT) {
                out.put(b"Expect: 100-continue\r\n")?;
            }
            encode::put_connection(own, head.fields, out)?;
            out.put(b"\r\n")
        })?;
        self.asked = match head.method {
            b"HEAD" => Asked::Head,
            b"CONNECT" => Asked::Connect,
            _ => Asked::Other,
        };
        self.upgrade = said.has(Said::UPGRADE);
        self.informational = 0;
        self.recv = Recv::Head;
        self.progress = Progress::NEW;
        self.send = match head.body {
            BodyLength::None => Sent::Done,
            _ => Sent::Body(sending),
        };
        self.waiting = expects;
        if expects {
            self.clock.arm(Due::Continue, &self.config.limits);
        }
        if close {
            self.give_up(CloseReason::Local);
        }
        Ok(())
    }

    /// Sends content: as much of `payload` as fits, and says how much that was.
    ///
    /// # Errors
    /// [`SendError::Full`] when not one byte fits; [`SendError::Blocked`] until the server says `100 Continue` or
    /// [`Limits::continue_timeout`](crate::Limits::continue_timeout) has passed; [`SendError::Misuse`] when no
    /// body is being sent (any more) or it would be longer than announced.
    #[inline]
    pub fn send_body(&mut self, payload: &[u8], out: &mut WriteBuf<'_>) -> Result<usize, SendError> {
        match &mut self.send {
            _ if self.waiting => Err(SendError::Blocked),
            Sent::Body(sending) => sending.write(payload, out),
            Sent::Done if payload.is_empty() => Ok(0),
            Sent::Idle | Sent::Done => Err(SendError::Misuse),
        }
    }

    /// The framing in front of `len` bytes of content, for callers that write content from where it lies: write
    /// the prefix, then exactly `len` bytes.
    ///
    /// # Errors
    /// As [`send_body`](Self::send_body).
    #[inline]
    pub fn body_prefix(&mut self, len: usize) -> Result<Prefix<PREFIX>, SendError> {
        match &mut self.send {
            _ if self.waiting => Err(SendError::Blocked),
            Sent::Body(sending) => sending.prefix(len),
            Sent::Idle | Sent::Done => Err(SendError::Misuse),
        }
    }

    /// How much content is still to be sent: zero when [`finish`](Self::finish) is all that is missing, `None` when
    /// the length was not announced or no body is being sent.
    pub const fn content_left(&self) -> Option<u64> {
        match self.send {
            Sent::Body(sending) => sending.left(),
            _ => None,
        }
    }

    /// Ends the request. `trailers` go with a chunked body and are dropped with any other. Does nothing when the
    /// request is finished already.
    ///
    /// # Errors
    /// As [`send_body`](Self::send_body); [`SendError::Misuse`] also when the body is shorter than announced or a
    /// trailer cannot be sent.
    pub fn finish(&mut self, trailers: &[Field<'_>], out: &mut WriteBuf<'_>) -> Result<(), SendError> {
        match self.send {
            _ if self.waiting => Err(SendError::Blocked),
            Sent::Body(sending) => {
                sending.finish(trailers, out)?;
                self.send = Sent::Done;
                Ok(())
            }
            Sent::Done => Ok(()),
            Sent::Idle => Err(SendError::Misuse),
        }
    }

    /// Stops sending the body, because the response that came early makes it pointless. The connection then
    /// cannot be reused ([RFC 9112 9.5](https://www.rfc-editor.org/rfc/rfc9112#section-9.5)).
    pub fn abandon_body(&mut self) {
        if matches!(self.send, Sent::Body(_)) {
            self.waiting = false;
            self.send = Sent::Done;
            self.give_up(CloseReason::RequestUnsent);
        }
    }

    /// Sends the body without waiting for `100 Continue` any longer.
    pub fn go_ahead(&mut self) {
        if core::mem::take(&mut self.waiting) {
            self.clock.disarm();
            if self.recv == Recv::Head && self.progress.started() {
                self.clock.arm(Due::Head, &self.config.limits);
            }
        }
    }
}

fn check_request(head: &RequestHead<'_>) -> Result<(), SendError> {
    let visible = head.target.iter().all(|&byte| matches!(byte, b'!'..=b'~'));
    let good = is_token(head.method)
        && visible
        && Target::parse(head.method, head.target).is_ok()
        && host_and_port(head.host).is_some();
    // RFC 9110 9.3.6 and 9.3.8: neither has content.
    let content = head.body != BodyLength::None;
    if !good || (content && matches!(head.method, b"CONNECT" | b"TRACE")) {
        return Err(SendError::Misuse);
    }
    Ok(())
}
