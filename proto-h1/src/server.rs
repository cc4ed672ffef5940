use proto_core::{Codec, Deadline, Instant, Prefix, SendError, Step, Wants, WriteBuf};

use crate::body::Body;
use crate::chunk::Piece;
use crate::clock::{Clock, Due};
use crate::encode::{self, PREFIX, Sending};
use crate::head::{self, Asked as Method, Progress};
use crate::{BodyLength, CloseReason, Config, Error, Event, Field, Fields, Request, ResponseHead, Version};

/// The server side of one connection.
///
/// ```text
///   receive:  Request ─► Body* ─► End ─► (pause) ─ next_request ─► Request ...
///   send:     send_continue? send_informational* send_head send_body* finish
/// ```
///
/// The response may begin before the request has ended. A response that is finished first leaves the rest of the
/// request to be read and thrown away, up to [`Limits::drain`](crate::Limits::drain). Between two requests the
/// connection pauses until [`next_request`](Self::next_request); the bytes of a pipelined request stay with the
/// caller until then.
#[derive(Debug, Clone)]
pub struct Server {
    config: Config,
    clock: Clock,
    recv: Recv,
    send: Sent,
    body: Body,
    asked: Asked,
    reason: Option<CloseReason>,
    error: Option<Error>,
    reply_owed: bool,
    eof: bool,
}

/// What is being received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Recv {
    Head {
        progress: Progress,
        /// The first head of the connection, whose time runs from the start.
        first: bool,
        /// An empty line before the request line was skipped.
        empty_line: bool,
    },
    Body,
    /// The rest of a body that nobody wants, `left` bytes of it at the most.
    Discard {
        left: u32,
    },
    Complete,
    Upgraded,
    Closed,
}

/// What has been sent in answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    /// There is no request to answer.
    Idle,
    /// The final head is due.
    Head,
    Body(Sending),
    Done,
    /// The connection changes hands once the request is complete.
    Switch,
}

/// What of the present request its response depends on.
#[derive(Debug, Clone, Copy)]
struct Asked {
    method: Method,
    http10: bool,
    upgrade: bool,
    /// `100 Continue` is expected and not sent.
    r#continue: bool,
}

impl Server {
    /// A connection that was just accepted. Its head deadline starts with the first
    /// [`handle_timeout`](Self::handle_timeout).
    pub fn new(config: Config) -> Self {
        let mut clock = Clock::new();
        clock.arm(Due::Head, &config.limits);
        Self {
            config,
            clock,
            recv: Recv::Head { progress: Progress::NEW, first: true, empty_line: false },
            send: Sent::Idle,
            body: Body::Length { left: 0 },
            asked: Asked { method: Method::Other, http10: false, upgrade: false, r#continue: false },
            reason: None,
            error: None,
            reply_owed: false,
            eof: false,
        }
    }

    /// Takes the next event off `input`; see [`Codec::receive`]. `scratch` is used for folded heads only, if
    /// those are [tolerated](crate::Lenient::obs_fold).
    ///
    /// # Errors
    /// The client is at fault; [`transmit`](Self::transmit) or [`send_error`](Self::send_error) answers it.
    #[inline]
    pub fn receive<'b>(
        &mut self,
        input: &'b mut [u8],
        scratch: &'b mut [u8],
    ) -> Result<Step<Event<'b>>, Error> {
        // What most calls are for during a chunked body, small enough to be inlined at the caller's.
        if self.recv == Recv::Body
            && let Body::Chunked(chunked) = &mut self.body
            && !self.asked.r#continue
            && let Some((start, end, used)) = chunked.whole(input)
        {
            self.clock.earn(end - start);
            return Ok(Step::event(used, Event::Body(input.get_mut(start..end).unwrap_or_default())));
        }
        self.receive_any(input, scratch)
    }

    /// The client will send no more; see [`Codec::receive_eof`]. A response under way can still be finished.
    ///
    /// # Errors
    /// The transport ended within a request.
    pub fn receive_eof(&mut self) -> Result<Option<Event<'static>>, Error> {
        if let Some(error) = self.error {
            return Err(error);
        }
        self.eof = true;
        match self.recv {
            Recv::Head { progress, .. } if progress.started() => Err(self.fail(Error::HeadCut)),
            Recv::Head { .. } => {
                self.close(CloseReason::Eof);
                Ok(None)
            }
            Recv::Body | Recv::Discard { .. } => match (self.body.cut(), self.recv) {
                (Ok(()), _) => Ok(Some(self.end(Fields::EMPTY))),
                (Err(error), Recv::Body) => Err(self.fail(error)),
                (Err(_), _) => {
                    self.close(CloseReason::Eof);
                    Ok(None)
                }
            },
            Recv::Complete if self.send == Sent::Switch => Ok(Some(self.switch())),
            Recv::Complete | Recv::Upgraded | Recv::Closed => Ok(None),
        }
    }

    /// Writes the answer to a fault, if one is owed and was not [sent](Self::send_error) yet.
    pub fn transmit(&mut self, out: &mut WriteBuf<'_>) {
        // Full leaves the answer owed; no field of the caller's means no misuse.
        let _ = self.send_error(&[], out);
    }

    /// What to do next; see [`Codec::wants`]. All false means that the response or
    /// [`next_request`](Self::next_request) is awaited.
    pub fn wants(&self) -> Wants {
        let write = self.reply_owed;
        if self.error.is_some() {
            return Wants { read: false, write, close: !write };
        }
        let read = match self.recv {
            Recv::Head { .. } | Recv::Body | Recv::Discard { .. } => true,
            Recv::Complete => self.send == Sent::Switch,
            Recv::Upgraded | Recv::Closed => false,
        };
        let over = self.recv == Recv::Complete && self.send == Sent::Done && self.reason.is_some();
        Wants { read, write, close: over || self.recv == Recv::Closed }
    }

    /// The running deadline, if the time has been told; see [`Codec::poll_timeout`].
    pub fn poll_timeout(&self) -> Option<Deadline> {
        self.clock.poll(&self.config.limits)
    }

    /// Tells the time; see [`Codec::handle_timeout`].
    pub fn handle_timeout(&mut self, now: Instant) {
        match self.clock.tell(now, &self.config.limits) {
            Due::Nothing | Due::Continue => {}
            Due::Head if !self.is_idle() => {
                self.fail(Error::HeadTimeout);
            }
            Due::Head | Due::Idle => self.close(CloseReason::Idle),
            Due::Rate => {
                self.fail(Error::BodyTooSlow);
            }
            Due::Drain => self.close(CloseReason::RequestUnread),
        }
    }

    /// The bytes that must fit into the caller's input buffer: the longest head or trailer section.
    pub fn min_input(&self) -> usize {
        (self.config.limits.head as usize).max(self.config.limits.trailers.into())
    }

    /// Sends `100 Continue`: call it when the application begins to read the body of a request that
    /// [expects](Request::expect_continue) it. Does nothing when that is not, or no longer, expected.
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
        encode::check_fields(fields, FRAMING)?;
        if self.asked.http10 {
            return Ok(());
        }
        Ok(out.all_or_nothing(|out| {
            encode::put_status_line(status, None, out)?;
            encode::put_fields(fields, out)?;
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
    pub fn send_head(&mut self, head: &ResponseHead<'_>, out: &mut WriteBuf<'_>) -> Result<(), SendError> {
        self.may_send_head()?;
        let said = encode::check_fields(head.fields, FRAMING)?;
        if !head.reason.is_none_or(crate::fields::is_value) {
            return Err(SendError::Misuse);
        }
        let tunnel = self.asked.method == Method::Connect && matches!(head.status, 200..=299);
        if head.status == 101 || tunnel {
            return self.send_switch(head, said.upgrade, out);
        }
        let (framing, sending) = self.framing(head.status, head.body)?;
        let refuses_body = self.asked.r#continue && self.recv == Recv::Body;
        let close = self.reason.is_some() || said.close || refuses_body || sending == Sending::UntilClose;
        let own: &[&[u8]] = match (close, self.asked.http10) {
            (true, _) => &[b"close"],
            (false, true) => &[b"keep-alive"],
            (false, false) => &[],
        };
        out.all_or_nothing(|out| {
            encode::put_status_line(head.status, head.reason, out)?;
            encode::put_fields(head.fields, out)?;
            encode::put_framing(framing, out)?;
            encode::put_connection(own, head.fields, out)?;
            out.put(b"\r\n")
        })?;
        if refuses_body {
            self.give_up(CloseReason::ContinueRefused);
        }
        if sending == Sending::UntilClose {
            self.give_up(CloseReason::Delimited);
        }
        if said.close {
            self.give_up(CloseReason::Local);
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

    /// Ends the response. `trailers` go with a chunked body and are dropped with any other. Does nothing when the
    /// response is finished already.
    ///
    /// # Errors
    /// [`SendError::Full`]; [`SendError::Misuse`] when the head is not sent, the body is shorter than announced,
    /// or a trailer cannot be sent.
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

    /// Leaves the pause after a complete exchange, and says whether it did: the request must be read to its end,
    /// the response finished, and the connection [reusable](Self::close_reason).
    pub fn next_request(&mut self) -> bool {
        let complete = self.recv == Recv::Complete && self.send == Sent::Done;
        if !complete || self.reason.is_some() || self.error.is_some() {
            return false;
        }
        self.recv = Recv::Head { progress: Progress::NEW, first: false, empty_line: false };
        self.send = Sent::Idle;
        self.clock.arm(Due::Idle, &self.config.limits);
        true
    }

    /// Sends the answer to a fault: the status of the error, `Connection: close` and `fields` (Date, Server).
    /// Does nothing when none is owed, as when a response had begun before the fault.
    ///
    /// # Errors
    /// [`SendError::Full`]; [`SendError::Misuse`] when a field cannot be sent.
    pub fn send_error(&mut self, fields: &[Field<'_>], out: &mut WriteBuf<'_>) -> Result<(), SendError> {
        let Some(status) = self.error.and_then(Error::status).filter(|_| self.reply_owed) else {
            return Ok(());
        };
        encode::check_fields(fields, FRAMING)?;
        out.all_or_nothing(|out| {
            encode::put_status_line(status, None, out)?;
            encode::put_fields(fields, out)?;
            out.put(b"Content-Length: 0\r\nConnection: close\r\n\r\n")
        })?;
        self.reply_owed = false;
        Ok(())
    }

    /// Changes the [limit](crate::Limits::body) on the body of the present request, for a resource that takes
    /// more or less than others. A longer body that is announced already is refused with the next `receive`.
    pub fn limit_body(&mut self, most: u64) {
        if self.recv == Recv::Body && self.error.is_none() && !self.body.allow(most) {
            self.fail(Error::BodyTooLarge);
        }
    }

    /// Takes no further request: a connection without one closes at once, a request under way is answered with
    /// `Connection: close`.
    pub fn drain(&mut self) {
        if self.is_idle() {
            self.close(CloseReason::Draining);
        } else {
            self.give_up(CloseReason::Draining);
        }
    }

    /// Gives up in the middle of a response: what was promised cannot be delivered, and closing is the only way
    /// to tell.
    pub fn abort(&mut self) {
        if self.recv != Recv::Upgraded {
            self.close(CloseReason::Aborted);
        }
    }

    /// Starts the minimum rate anew: call it when bytes were left unread for reasons that are not the peer's.
    pub fn forgive_delay(&mut self) {
        if self.clock.due() == Due::Rate {
            self.clock.arm(Due::Rate, &self.config.limits);
        }
    }

    /// Why the connection takes no further request; `None` while it can be reused.
    pub const fn close_reason(&self) -> Option<CloseReason> {
        self.reason
    }

    /// The fault the connection ended with.
    pub const fn error(&self) -> Option<Error> {
        self.error
    }

    /// Whether no request has begun: not a byte of one was seen.
    pub const fn is_idle(&self) -> bool {
        matches!(self.recv, Recv::Head { progress, .. } if !progress.started()) && self.error.is_none()
    }

    /// Whether the present request was read to its end.
    pub const fn request_complete(&self) -> bool {
        matches!(self.recv, Recv::Complete | Recv::Upgraded)
    }

    /// Whether a request waits for the head of its response.
    pub const fn awaits_response(&self) -> bool {
        matches!(self.send, Sent::Head) && self.error.is_none()
    }

    /// Whether the response to the present request is finished.
    pub const fn response_complete(&self) -> bool {
        matches!(self.send, Sent::Done)
    }

    fn receive_any<'b>(
        &mut self,
        input: &'b mut [u8],
        scratch: &'b mut [u8],
    ) -> Result<Step<Event<'b>>, Error> {
        if let Some(error) = self.error {
            return Err(error);
        }
        match self.recv {
            Recv::Body => self.receive_body(input),
            Recv::Head { .. } => self.receive_head(input, scratch),
            Recv::Discard { left } => self.discard(left, input),
            Recv::Complete if self.send == Sent::Switch => Ok(Step::event(0, self.switch())),
            Recv::Complete | Recv::Upgraded | Recv::Closed => Ok(Step::NONE),
        }
    }

    fn receive_head<'b>(
        &mut self,
        input: &'b mut [u8],
        scratch: &'b mut [u8],
    ) -> Result<Step<Event<'b>>, Error> {
        let Recv::Head { progress, first, empty_line } = &mut self.recv else { return Ok(Step::NONE) };
        let input: &'b [u8] = input;
        let mut rest = input;
        // RFC 9112 2.2: at least one empty line before the request line is to be ignored.
        while !*empty_line || self.config.lenient.empty_lines {
            rest = match rest {
                [b'\r', b'\n', rest @ ..] => rest,
                [b'\n', rest @ ..] if self.config.lenient.bare_lf => rest,
                [b'\r'] if !self.eof => return Ok(Step::quiet(input.len() - 1)),
                _ => break,
            };
            *empty_line = true;
        }
        let skipped = input.len() - rest.len();
        if rest.is_empty() {
            if self.eof {
                self.close(CloseReason::Eof);
            }
            return Ok(Step::quiet(skipped));
        }
        let arm = !*first && !progress.started();
        match head::request(progress, rest, scratch, &self.config) {
            Ok(Some((len, request))) => {
                self.begin(&request);
                Ok(Step::event(skipped + len, Event::Request(request)))
            }
            Ok(None) if self.eof => Err(self.fail(Error::HeadCut)),
            Ok(None) => {
                if arm {
                    self.clock.arm(Due::Head, &self.config.limits);
                }
                Ok(Step::quiet(skipped))
            }
            Err(error) => Err(self.fail(error)),
        }
    }

    #[inline(always)]
    fn begin(&mut self, request: &Request<'_>) {
        self.recv = Recv::Body;
        self.send = Sent::Head;
        self.body = Body::new(request.body, &self.config);
        self.asked = Asked {
            method: match request.method {
                b"HEAD" => Method::Head,
                b"CONNECT" => Method::Connect,
                _ => Method::Other,
            },
            http10: request.version == Version::Http10,
            upgrade: request.upgrade,
            r#continue: request.expect_continue,
        };
        if !request.keep_alive {
            let old = self.asked.http10 && !request.fields.contains_token("connection", "close");
            self.give_up(if old { CloseReason::Http10 } else { CloseReason::Peer });
        }
        // A client that waits for 100 Continue is not slow.
        let has_body = !matches!(request.body, BodyLength::None | BodyLength::Known(0));
        if has_body && !request.expect_continue {
            self.clock.arm(Due::Rate, &self.config.limits);
        } else {
            self.clock.disarm();
        }
    }

    fn receive_body<'b>(&mut self, input: &'b mut [u8]) -> Result<Step<Event<'b>>, Error> {
        match self.body.next(input, u64::MAX, &self.config) {
            Ok((used, Piece::More)) => Ok(Step::quiet(used)),
            Ok((used, Piece::Data { start, end })) => {
                if self.asked.r#continue {
                    // The client did not wait, so there is nothing left to tell it.
                    self.asked.r#continue = false;
                    self.clock.arm(Due::Rate, &self.config.limits);
                }
                self.clock.earn(end - start);
                Ok(Step::event(used, Event::Body(input.get_mut(start..end).unwrap_or_default())))
            }
            Ok((used, Piece::End { start, end, count })) => {
                let input: &'b [u8] = input;
                let trailers = Fields::new(input.get(start..end).unwrap_or_default(), count);
                Ok(Step::event(used, self.end(trailers)))
            }
            Err(error) => Err(self.fail(error)),
        }
    }

    /// Reads the rest of a request whose response is finished, up to the drain limit, and tells its end only.
    fn discard<'b>(&mut self, mut left: u32, input: &'b mut [u8]) -> Result<Step<Event<'b>>, Error> {
        let mut pos = 0;
        loop {
            let rest = input.get(pos..).unwrap_or_default();
            match self.body.next(rest, left.into(), &self.config) {
                Ok((used, Piece::More)) => {
                    self.recv = Recv::Discard { left };
                    if left == 0 && pos + used < input.len() && self.body.in_content() {
                        self.close(CloseReason::RequestUnread);
                    }
                    return Ok(Step::quiet(pos + used));
                }
                Ok((used, Piece::Data { start, end })) => {
                    left = left.saturating_sub((end - start) as u32); // a piece is at most `left` long
                    pos += used;
                }
                Ok((used, Piece::End { start, end, count })) => {
                    let input: &'b [u8] = input;
                    let trailers = Fields::new(input.get(pos + start..pos + end).unwrap_or_default(), count);
                    return Ok(Step::event(pos + used, self.end(trailers)));
                }
                Err(error) => return Err(self.fail(error)),
            }
        }
    }

    fn end<'b>(&mut self, trailers: Fields<'b>) -> Event<'b> {
        self.recv = Recv::Complete;
        self.asked.r#continue = false;
        self.clock.disarm();
        Event::End { trailers }
    }

    fn switch(&mut self) -> Event<'static> {
        self.recv = Recv::Upgraded;
        self.reason = Some(CloseReason::Upgraded);
        Event::Upgraded
    }

    const fn may_send_head(&self) -> Result<(), SendError> {
        if matches!(self.send, Sent::Head) && self.error.is_none() && !matches!(self.recv, Recv::Closed) {
            Ok(())
        } else {
            Err(SendError::Misuse)
        }
    }

    /// The field that frames the response, and the body behind its head (RFC 9110 6.4.1, 8.6, 15).
    fn framing(&self, status: u16, body: BodyLength) -> Result<(BodyLength, Sending), SendError> {
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
    fn send_switch(
        &mut self,
        head: &ResponseHead<'_>,
        names_protocol: bool,
        out: &mut WriteBuf<'_>,
    ) -> Result<(), SendError> {
        let upgrade = head.status == 101;
        let read = self.recv == Recv::Complete || matches!(self.body, Body::Length { left: 0 });
        let agreed = if upgrade { self.asked.upgrade && names_protocol } else { true };
        if head.body != BodyLength::None || !read || !agreed {
            return Err(SendError::Misuse);
        }
        out.all_or_nothing(|out| {
            encode::put_status_line(head.status, head.reason, out)?;
            encode::put_fields(head.fields, out)?;
            encode::put_connection(if upgrade { &[b"Upgrade"] } else { &[] }, head.fields, out)?;
            out.put(b"\r\n")
        })?;
        self.send = Sent::Switch;
        self.clock.disarm();
        Ok(())
    }

    /// The response is finished; what of the request is still to come is not wanted any more.
    fn responded(&mut self) {
        self.send = Sent::Done;
        if self.recv != Recv::Body {
            return;
        }
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

    /// Notes the first reason against another request.
    fn give_up(&mut self, reason: CloseReason) {
        self.reason.get_or_insert(reason);
    }

    fn close(&mut self, reason: CloseReason) {
        self.give_up(reason);
        self.recv = Recv::Closed;
        self.clock.disarm();
    }

    fn fail(&mut self, error: Error) -> Error {
        self.error = Some(error);
        self.recv = Recv::Closed;
        self.reason = Some(CloseReason::Error);
        self.reply_owed = error.status().is_some() && matches!(self.send, Sent::Idle | Sent::Head);
        self.clock.disarm();
        error
    }
}

/// Fields that only this crate writes.
const FRAMING: &[&[u8]] = &[b"content-length", b"transfer-encoding"];

impl Codec for Server {
    type Event<'b> = Event<'b>;
    type Error = Error;

    fn receive<'b>(&mut self, input: &'b mut [u8], scratch: &'b mut [u8]) -> Result<Step<Event<'b>>, Error> {
        self.receive(input, scratch)
    }
    fn receive_eof(&mut self) -> Result<Option<Event<'static>>, Error> {
        self.receive_eof()
    }
    fn transmit(&mut self, out: &mut WriteBuf<'_>) {
        self.transmit(out);
    }
    fn wants(&self) -> Wants {
        self.wants()
    }
    fn poll_timeout(&self) -> Option<Deadline> {
        self.poll_timeout()
    }
    fn handle_timeout(&mut self, now: Instant) {
        self.handle_timeout(now);
    }
    fn min_input(&self) -> usize {
        self.min_input()
    }
}
