mod receive;
mod send;

use proto_core::{Codec, Deadline, Instant, Step, Wants, WriteBuf};

use crate::body::Body;
use crate::clock::{Clock, Due};
use crate::encode::Sending;
use crate::head::{Asked, Progress};
use crate::{CloseReason, Config, Error, Event, Fields};

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
    /// [`BodyLength::UntilClose`](crate::BodyLength::UntilClose).
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

    /// Suspends the minimum rate while the application takes no data, which is no fault of the peer's, and starts
    /// it anew when it does again.
    pub fn hold_body(&mut self, held: bool) {
        match self.clock.due() {
            Due::Rate if held => self.clock.disarm(),
            Due::Nothing if !held && self.recv == Recv::Body => {
                self.clock.arm(Due::Rate, &self.config.limits)
            }
            _ => {}
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

impl Codec for Client {
    type Event<'b> = Event<'b>;
    type Error = Error;

    #[inline]
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
