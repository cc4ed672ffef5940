use proto_core::{Codec, Deadline, Instant, Prefix, SendError, Step, Wants, WriteBuf};

use crate::body::Body;
use crate::chunk::Piece;
use crate::clock::{Clock, Due};
use crate::encode::{self, PREFIX, Sending};
use crate::fields::is_token;
use crate::head::{self, Asked, Progress};
use crate::target::host_and_port;
use crate::{
    BodyLength, CloseReason, Config, Error, Event, Field, Fields, RequestHead, Response, Target, Version,
};

/// The client side of one connection.
///
/// ```text
///   send:     send_head send_body* finish
///   receive:  Informational* ─► Response ─► Body* ─► End ─► (pause) ─ next_request
/// ```
///
/// One request is under way at a time. The response may come before the request is sent to its end.
#[derive(Debug, Clone)]
pub struct Client {
    config: Config,
    clock: Clock,
    recv: Recv,
    send: Sent,
    body: Body,
    progress: Progress,
    /// Interim responses to the present request.
    informational: u16,
    asked: Asked,
    upgrade: bool,
    /// The body waits for `100 Continue`.
    waiting: bool,
    reason: Option<CloseReason>,
    error: Option<Error>,
}

/// What is being received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Recv {
    /// No request is under way.
    Idle,
    Head,
    Body,
    /// The connection changes hands.
    Switch,
    Complete,
    Upgraded,
    Closed,
}

/// What has been sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    Idle,
    Body(Sending),
    Done,
}

impl Client {
    /// A connection that was just established.
    pub const fn new(config: Config) -> Self {
        Self {
            config,
            clock: Clock::new(),
            recv: Recv::Idle,
            send: Sent::Idle,
            body: Body::Length { left: 0 },
            progress: Progress::NEW,
            informational: 0,
            asked: Asked::Other,
            upgrade: false,
            waiting: false,
            reason: None,
            error: None,
        }
    }

    /// Takes the next event off `input`; see [`Codec::receive`]. `scratch` is used for folded heads only, if
    /// those are [tolerated](crate::Lenient::obs_fold).
    ///
    /// # Errors
    /// The server is at fault: close the connection.
    #[inline]
    pub fn receive<'b>(
        &mut self,
        input: &'b mut [u8],
        scratch: &'b mut [u8],
    ) -> Result<Step<Event<'b>>, Error> {
        // What most calls are for during a chunked body, small enough to be inlined at the caller's.
        if self.recv == Recv::Body
            && let Body::Chunked(chunked) = &mut self.body
            && let Some((start, end, used)) = chunked.whole(input)
        {
            self.clock.earn(end - start);
            return Ok(Step::event(used, Event::Body(input.get_mut(start..end).unwrap_or_default())));
        }
        self.receive_any(input, scratch)
    }

    /// The server will send no more; see [`Codec::receive_eof`]. This is what ends a body of
    /// [`BodyLength::UntilClose`].
    ///
    /// # Errors
    /// The transport ended before or within a response: one of those that
    /// [`is_cut_short`](Error::is_cut_short) names.
    pub fn receive_eof(&mut self) -> Result<Option<Event<'static>>, Error> {
        if let Some(error) = self.error {
            return Err(error);
        }
        match self.recv {
            Recv::Head if self.progress.started() => Err(self.fail(Error::HeadCut)),
            Recv::Head => Err(self.fail(Error::NoResponse)),
            Recv::Body => match self.body.cut() {
                Ok(()) => Ok(Some(self.end(Fields::EMPTY))),
                Err(error) => Err(self.fail(error)),
            },
            Recv::Switch => Ok(Some(self.switch())),
            Recv::Idle | Recv::Complete => {
                self.close(CloseReason::Eof);
                Ok(None)
            }
            Recv::Upgraded | Recv::Closed => Ok(None),
        }
    }

    /// A client owes no replies of its own: writes nothing.
    pub fn transmit(&mut self, _: &mut WriteBuf<'_>) {}

    /// What to do next; see [`Codec::wants`]. An idle connection reads too, to learn of its end.
    pub fn wants(&self) -> Wants {
        if self.error.is_some() {
            return Wants { read: false, write: false, close: true };
        }
        let read = matches!(self.recv, Recv::Idle | Recv::Head | Recv::Body | Recv::Switch);
        let over = self.recv == Recv::Complete && self.reason.is_some();
        Wants { read, write: false, close: over || self.recv == Recv::Closed }
    }

    /// The running deadline, if the time has been told; see [`Codec::poll_timeout`]. How long a response may take
    /// to begin is for the application to say.
    pub fn poll_timeout(&self) -> Option<Deadline> {
        self.clock.poll(&self.config.limits)
    }

    /// Tells the time; see [`Codec::handle_timeout`].
    pub fn handle_timeout(&mut self, now: Instant) {
        match self.clock.tell(now, &self.config.limits) {
            Due::Nothing | Due::Idle | Due::Drain => {}
            Due::Continue => self.go_ahead(),
            Due::Head => {
                self.fail(Error::HeadTimeout);
            }
            Due::Rate => {
                self.fail(Error::BodyTooSlow);
            }
        }
    }

    /// The bytes that must fit into the caller's input buffer: the longest head or trailer section.
    pub fn min_input(&self) -> usize {
        (self.config.limits.head as usize).max(self.config.limits.trailers.into())
    }

    /// Sends the head of a request, with Host first and Content-Length, Transfer-Encoding, Expect and Connection
    /// as they are needed. With [`BodyLength::None`] the request is finished at once.
    ///
    /// # Errors
    /// [`SendError::Full`]; [`SendError::Misuse`] when a request is under way, the connection is not reusable, or
    /// a part of the head cannot be sent: a method that is no token, a target in no form the method allows, a
    /// Host that is none, a field with control bytes or one of those above.
    pub fn send_head(&mut self, head: &RequestHead<'_>, out: &mut WriteBuf<'_>) -> Result<(), SendError> {
        if !self.ready_for_request() {
            return Err(SendError::Misuse);
        }
        let said = encode::check_fields(head.fields, OWN)?;
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
        let expects = head.expect_continue && has_body;
        let close = head.close || said.close;
        let own: &[&[u8]] = match (close, said.upgrade) {
            (true, true) => &[b"close", b"Upgrade"],
            (true, false) => &[b"close"],
            (false, true) => &[b"Upgrade"],
            (false, false) => &[],
        };
        out.all_or_nothing(|out| {
            out.put(head.method)?;
            out.put(b" ")?;
            out.put(head.target)?;
            out.put(b" HTTP/1.1\r\nHost: ")?;
            out.put(head.host)?;
            out.put(b"\r\n")?;
            encode::put_fields(head.fields, out)?;
            encode::put_framing(framing, out)?;
            if expects {
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
        self.upgrade = said.upgrade;
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

    /// Leaves the pause after a complete exchange, and says whether it did: request and response must be complete
    /// and the connection [reusable](Self::close_reason).
    pub fn next_request(&mut self) -> bool {
        let complete = self.recv == Recv::Complete && self.send == Sent::Done;
        if !complete || self.reason.is_some() || self.error.is_some() {
            return false;
        }
        self.recv = Recv::Idle;
        self.send = Sent::Idle;
        true
    }

    /// Whether [`send_head`](Self::send_head) may be called now.
    pub const fn ready_for_request(&self) -> bool {
        matches!(self.recv, Recv::Idle) && self.error.is_none() && self.reason.is_none()
    }

    /// Whether the request waits for `100 Continue`.
    pub const fn awaits_continue(&self) -> bool {
        self.waiting
    }

    /// Whether the request was sent to its end (or given up).
    pub const fn request_complete(&self) -> bool {
        matches!(self.send, Sent::Done)
    }

    /// Whether the response was read to its end.
    pub const fn response_complete(&self) -> bool {
        matches!(self.recv, Recv::Complete | Recv::Upgraded)
    }

    /// Changes the [limit](crate::Limits::body) on the body of the present response.
    pub fn limit_body(&mut self, most: u64) {
        if self.recv == Recv::Body && self.error.is_none() && !self.body.allow(most) {
            self.fail(Error::BodyTooLarge);
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

    /// Whether no request is under way.
    pub const fn is_idle(&self) -> bool {
        matches!(self.recv, Recv::Idle) && self.error.is_none()
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
            Recv::Idle if input.is_empty() => Ok(Step::NONE),
            Recv::Idle => Err(self.fail(Error::Unsolicited)),
            Recv::Head => self.receive_head(input, scratch),
            Recv::Switch => Ok(Step::event(0, self.switch())),
            Recv::Complete | Recv::Upgraded | Recv::Closed => Ok(Step::NONE),
        }
    }

    fn receive_head<'b>(
        &mut self,
        input: &'b mut [u8],
        scratch: &'b mut [u8],
    ) -> Result<Step<Event<'b>>, Error> {
        if input.is_empty() {
            return Ok(Step::NONE);
        }
        match head::response(&mut self.progress, input, scratch, &self.config, self.asked) {
            Ok(None) => {
                if self.clock.due() == Due::Nothing {
                    self.clock.arm(Due::Head, &self.config.limits);
                }
                Ok(Step::NONE)
            }
            Ok(Some((len, response))) => match self.begin(&response) {
                Ok(()) if self.recv == Recv::Head => Ok(Step::event(len, Event::Informational(response))),
                Ok(()) => Ok(Step::event(len, Event::Response(response))),
                Err(error) => Err(self.fail(error)),
            },
            Err(error) => Err(self.fail(error)),
        }
    }

    #[inline(always)]
    fn begin(&mut self, response: &Response<'_>) -> Result<(), Error> {
        self.progress = Progress::NEW;
        if self.clock.due() == Due::Head {
            self.clock.disarm();
        }
        match response.status {
            // RFC 9110 15.2.2 and 7.8: only what was asked for, and only behind a complete request.
            101 if self.upgrade && response.upgrade && self.send == Sent::Done => {
                self.recv = Recv::Switch;
                return Ok(());
            }
            101 => return Err(Error::UnexpectedUpgrade),
            100..=199 => {
                self.informational = self.informational.saturating_add(1);
                if self.informational > self.config.limits.informational {
                    return Err(Error::TooManyInformational);
                }
                if response.status == 100 {
                    self.go_ahead();
                }
                return Ok(());
            }
            200..=299 if self.asked == Asked::Connect => {
                self.recv = Recv::Switch;
                return Ok(());
            }
            _ => {}
        }
        self.clock.disarm();
        // RFC 9110 10.1.1: a final response in place of 100 Continue; the body is not wanted.
        if self.awaits_continue() {
            self.abandon_body();
        }
        self.recv = Recv::Body;
        self.body = Body::new(response.body, &self.config);
        if !matches!(response.body, BodyLength::None | BodyLength::Known(0)) {
            self.clock.arm(Due::Rate, &self.config.limits);
        }
        if response.close {
            self.give_up(CloseReason::Peer);
        } else if response.body == BodyLength::UntilClose {
            self.give_up(CloseReason::Delimited);
        } else if !response.keep_alive {
            debug_assert_eq!(response.version, Version::Http10, "the only reason left");
            self.give_up(CloseReason::Http10);
        }
        Ok(())
    }

    fn receive_body<'b>(&mut self, input: &'b mut [u8]) -> Result<Step<Event<'b>>, Error> {
        match self.body.next(input, u64::MAX, &self.config) {
            Ok((used, Piece::More)) => Ok(Step::quiet(used)),
            Ok((used, Piece::Data { start, end })) => {
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

    fn end<'b>(&mut self, trailers: Fields<'b>) -> Event<'b> {
        self.recv = Recv::Complete;
        self.clock.disarm();
        Event::End { trailers }
    }

    fn switch(&mut self) -> Event<'static> {
        self.recv = Recv::Upgraded;
        self.reason = Some(CloseReason::Upgraded);
        self.clock.disarm();
        Event::Upgraded
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
        self.clock.disarm();
        error
    }
}

/// Fields that only this crate writes.
const OWN: &[&[u8]] = &[b"content-length", b"transfer-encoding", b"host", b"expect"];

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

impl Codec for Client {
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
