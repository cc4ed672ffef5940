mod receive;
mod send;

use proto_core::{Codec, Deadline, Instant, Step, Wants, WriteBuf};

use crate::body::Body;
use crate::clock::{Clock, Due};
use crate::encode::Sending;
use crate::head::{Asked as Method, Progress};
use crate::{CloseReason, Config, Error, Event, Fields, Preset};

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

impl Asked {
    /// Before a request.
    const NOTHING: Self = Self { method: Method::Other, http10: false, upgrade: false, r#continue: false };
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
            asked: Asked::NOTHING,
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
        let _ = self.send_error(&Preset::EMPTY, out); // without room it stays owed
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

    /// Leaves the pause after a complete exchange, and says whether it did: the request must be read to its end,
    /// the response finished, and the connection [reusable](Self::close_reason).
    pub fn next_request(&mut self) -> bool {
        let complete = self.recv == Recv::Complete && self.send == Sent::Done;
        if !complete || self.reason.is_some() || self.error.is_some() {
            return false;
        }
        self.recv = Recv::Head { progress: Progress::NEW, first: false, empty_line: false };
        self.send = Sent::Idle;
        self.asked = Asked::NOTHING;
        self.clock.arm(Due::Idle, &self.config.limits);
        true
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

    /// Suspends the minimum rate while the application takes no data, which is no fault of the peer's, and starts
    /// it anew when it does again.
    pub fn hold_body(&mut self, held: bool) {
        match self.clock.due() {
            Due::Rate if held => self.clock.disarm(),
            Due::Nothing if !held && self.recv == Recv::Body && !self.asked.r#continue => {
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

impl Codec for Server {
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
