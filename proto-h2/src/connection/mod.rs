mod blocks;
mod control;
mod credit;
mod data;
mod receive;
mod send;
mod transmit;
mod upgrade;

use core::time::Duration;

use proto_core::{Budget, Codec, Deadline, Instant, Reason, Step, Wants, WriteBuf};

use crate::closed::Closed;
use crate::event::Event;
use crate::flow::{ReceiveWindow, SendWindow};
use crate::hpack::{Decoder, Encoder};
use crate::limits::Rate;
use crate::reply::{Replies, Reply};
use crate::schedule::Schedule;
use crate::settings::PeerSettings;
use crate::store::Store;
use crate::stream::{Cause, State};
use crate::{Config, Error, ErrorCode, Limits, Priority, StreamId, StreamLimit};

pub use send::Grant;
pub use upgrade::http2_settings;

/// Which side of the connection this end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// It opens streams.
    Client,
    /// It answers.
    Server,
}

/// An HTTP/2 connection, either end: frames, settings, streams, flow control and field compression.
///
/// [The front page](crate) shows how it is driven. It allocates its two compression tables at construction, and the
/// places of its streams as they are first needed.
#[derive(Debug)]
pub struct Connection {
    role: Role,
    config: Config,
    fault: Option<Error>,
    /// The part of the input that is being received.
    input: Input,
    /// Octets of the client's preface that have come.
    preface: u8,
    preface_sent: bool,
    /// The peer's first SETTINGS have come.
    settled: bool,
    eof: bool,
    peer: PeerSettings,
    decoder: Decoder,
    encoder: Encoder,
    streams: Store,
    schedule: Schedule,
    closed: Closed,
    replies: Replies,
    /// Some stream has credit or a reset due that found no room among the replies.
    streams_due: bool,
    send: SendWindow,
    receive: ReceiveWindow,
    /// The initial window of streams that the peer knows of: our setting once it is acknowledged.
    stream_window: u32,
    /// Whether the peer knows our settings.
    acknowledged: bool,
    /// When it must, once they are sent.
    settings_due: Instant,
    /// The next stream this end opens; above 2^31 when there are no more.
    next_own: u32,
    /// The last stream the peer has opened.
    last_peer: u32,
    /// How many streams in the store the peer has opened.
    peer_streams: u32,
    /// A partial look at the peer's last GOAWAY: its streams above this are not processed.
    go_away: Option<GoAwayReceived>,
    drain: Drain,
    /// Streams whose priorities came before them (RFC 9218 section 7.1), 0 for none.
    early: [u32; 4],
    early_priorities: [Priority; 4],
    next_early: u8,
    resets: Budget,
    control: Budget,
    tiny: Budget,
    /// How often each [`StreamLimit`] has fired.
    limited: [u32; StreamLimit::ALL.len()],
    now: Instant,
}

/// What the next octet of input belongs to.
#[derive(Debug, Clone, Copy)]
enum Input {
    /// The client's preface.
    Preface,
    /// A frame header.
    Frame,
    /// The rest of a DATA frame: octets of data, then of padding. Credit is returned at its end.
    Data { id: u32, data: u32, padding: u32, flow: data::Flow, end: bool },
    /// The rest of a frame that is passed over.
    Skip { left: u32 },
}

#[derive(Debug, Clone, Copy)]
struct GoAwayReceived {
    last: u32,
    /// Where in the store the search for streams that were not processed goes on.
    sweep: u16,
    swept: bool,
}

/// How far this end is with ending the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Drain {
    No,
    /// "a GOAWAY frame with the last stream identifier set to 2^31-1" is sent (RFC 9113 section 6.8).
    Announced(Instant),
    /// The last stream is named.
    Final(u32),
}

/// The payload of the PING whose answer proves that the peer knows of the draining.
const DRAIN_PING: [u8; 8] = *b"draining";

impl Connection {
    /// The server's end of a connection made by prior knowledge or by ALPN `h2`.
    pub fn server(config: Config) -> Self {
        Self::new(Role::Server, config)
    }

    /// The client's end of a connection made by prior knowledge or by ALPN `h2`.
    pub fn client(config: Config) -> Self {
        Self::new(Role::Client, config)
    }

    fn new(role: Role, config: Config) -> Self {
        let config = Config { limits: config.limits.in_range(), ..config };
        let Limits { header_table, encoder_table, resets, control, tiny, .. } = config.limits;
        let budget = |rate: Rate| Budget::new(rate.burst, rate.per_second);
        Self {
            role,
            config,
            fault: None,
            input: if role == Role::Server { Input::Preface } else { Input::Frame },
            preface: 0,
            preface_sent: false,
            settled: false,
            eof: false,
            peer: PeerSettings::INITIAL,
            // Until our setting is acknowledged, the peer may use what the protocol gives it.
            decoder: Decoder::new(header_table.max(4096)),
            encoder: Encoder::new(encoder_table),
            streams: Store::new(),
            schedule: Schedule::new(),
            closed: Closed::new(),
            replies: Replies::new(),
            streams_due: false,
            send: SendWindow::new(65_535),
            receive: ReceiveWindow::new(65_535),
            stream_window: 65_535,
            acknowledged: false,
            settings_due: Instant::ZERO,
            next_own: if role == Role::Client { 1 } else { 2 },
            last_peer: 0,
            peer_streams: 0,
            go_away: None,
            drain: Drain::No,
            early: [0; 4],
            early_priorities: [Priority { urgency: 3, incremental: false }; 4],
            next_early: 0,
            resets: budget(resets),
            control: budget(control),
            tiny: budget(tiny),
            limited: [0; StreamLimit::ALL.len()],
            now: Instant::ZERO,
        }
    }

    /// Which end this is.
    pub fn role(&self) -> Role {
        self.role
    }

    /// What the peer has set.
    pub fn peer_settings(&self) -> &PeerSettings {
        &self.peer
    }

    /// The fault that has ended the connection, if one has.
    pub fn error(&self) -> Option<Error> {
        self.fault
    }

    /// How often `limit` has fired. No event tells of a stream that the application never heard of.
    pub fn limited(&self, limit: StreamLimit) -> u32 {
        self.limited.get(limit as usize).copied().unwrap_or(0)
    }

    /// How many streams are neither idle nor closed.
    pub fn streams(&self) -> usize {
        self.streams.len()
    }

    /// Whether `id` is a stream that is neither idle nor closed.
    pub fn is_open(&self, id: StreamId) -> bool {
        self.stream(id.0).is_some()
    }

    /// Bytes on the heap: the compression tables and the places of streams.
    pub fn heap_size(&self) -> usize {
        self.decoder.heap_size() + self.encoder.heap_size() + self.streams.heap()
    }

    /// Ends the connection in good order: no new streams, those there are go on, and when the last is over
    /// [`wants`](Self::wants) says to close.
    ///
    /// A server first announces it, so that requests on their way are not lost, and refuses new streams after the
    /// next round trip, or [`Limits::drain_ms`] (RFC 9113 section 6.8).
    pub fn drain(&mut self) {
        if self.drain != Drain::No || self.fault.is_some() {
            return;
        }
        if self.role == Role::Client {
            return self.go_away(ErrorCode::NO_ERROR);
        }
        if self.replies.room() > 2 {
            self.replies.push(Reply::GoAway { last: i32::MAX as u32, code: ErrorCode::NO_ERROR });
            self.replies.push(Reply::Ping(DRAIN_PING));
        }
        let grace = Duration::from_millis(self.config.limits.drain_ms.into());
        self.drain = Drain::Announced(self.now + grace);
    }

    /// Names the last stream that is processed, with a code; the peer's later streams are ignored. Streams up to
    /// there go on.
    pub fn go_away(&mut self, code: ErrorCode) {
        if matches!(self.drain, Drain::Final(_)) || self.fault.is_some() {
            return;
        }
        // Without room, it is due with the next deadline.
        let named = self.replies.push_asked(Reply::GoAway { last: self.last_peer, code });
        self.drain = if named { Drain::Final(self.last_peer) } else { Drain::Announced(self.now) };
    }

    /// Asks for a sign of life: the answer is [`Event::Pong`] with the same payload. `false` when too much waits to
    /// be transmitted already.
    pub fn ping(&mut self, payload: [u8; 8]) -> bool {
        self.fault.is_none() && self.replies.push_asked(Reply::Ping(payload))
    }

    /// See [`Codec::receive`].
    ///
    /// # Errors
    /// The peer broke the rules of the connection or a limit; a GOAWAY waits to be transmitted.
    pub fn receive<'b>(
        &mut self,
        input: &'b mut [u8],
        scratch: &'b mut [u8],
    ) -> Result<Step<Event<'b>>, Error> {
        let (consumed, tell) = match self.fault {
            Some(error) => return Err(error),
            None => self.advance(input, scratch).map_err(|error| self.fail(error))?,
        };
        Ok(Step { consumed, event: tell.map(|tell| tell.event(input, scratch)) })
    }

    /// See [`Codec::receive_eof`]. Streams that are not complete are told as reset by
    /// [`By::Transport`](crate::By::Transport).
    ///
    /// # Errors
    /// The transport ended inside a frame.
    pub fn receive_eof(&mut self) -> Result<Option<Event<'static>>, Error> {
        if let Some(error) = self.fault {
            return Err(error);
        }
        self.eof = true;
        let place =
            self.streams.iter().find(|(_, stream)| stream.reset_due.is_none()).map(|(place, _)| place);
        if let Some(id) = place.and_then(|place| self.remove(place)) {
            let id = StreamId(id);
            return Ok(Some(Event::Reset { id, code: ErrorCode::CANCEL, by: crate::By::Transport }));
        }
        if matches!(self.input, Input::Data { .. } | Input::Skip { .. }) {
            return Err(self.fail(Error::Truncated));
        }
        Ok(None)
    }

    /// See [`Codec::wants`].
    pub fn wants(&self) -> Wants {
        let write = !self.eof && (!self.replies.is_empty() || !self.preface_sent || self.streams_due);
        let over =
            self.streams.is_empty() && (matches!(self.drain, Drain::Final(_)) || self.go_away.is_some());
        let end = self.fault.is_some() || self.eof || over;
        Wants { read: !end && self.has_reply_room(), write, close: end && !write }
    }

    /// See [`Codec::poll_timeout`]. May change after every other call.
    pub fn poll_timeout(&self) -> Option<Deadline> {
        if self.fault.is_some() {
            return None;
        }
        let awaited = self.awaits_settings_ack();
        let settings = awaited.then(|| Deadline::new(self.settings_due, Reason::SettingsAck));
        let drain = match self.drain {
            Drain::Announced(at) => Some(Deadline::new(at, Reason::Drain)),
            _ => None,
        };
        Deadline::earlier(settings, drain)
    }

    /// See [`Codec::handle_timeout`].
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = self.now.max(now);
        for budget in [&mut self.resets, &mut self.control, &mut self.tiny] {
            budget.refill(now);
        }
        if self.fault.is_some() {
            return;
        }
        if self.awaits_settings_ack() && self.settings_due <= now {
            self.fail(Error::SettingsTimeout);
            return;
        }
        if matches!(self.drain, Drain::Announced(at) if at <= now) {
            self.go_away(ErrorCode::NO_ERROR);
        }
    }

    /// See [`Codec::min_input`]: a whole field block with its frame headers, or one frame that is not DATA.
    pub fn min_input(&self) -> usize {
        let limits = &self.config.limits;
        let heads = (usize::from(limits.continuations) + 1) * crate::frame::HEAD_LEN;
        // The first frame may have a pad length, 255 octets of padding and a priority or a promised stream.
        heads + (limits.header_block as usize).max(16_384) + 1 + 255 + 5
    }

    /// The least scratch space with which the limits alone decide what is too large: a decoded list and, behind it,
    /// a field block put together from several frames.
    pub fn min_scratch(&self) -> usize {
        self.list_room() + self.config.limits.header_block as usize
    }

    /// The scratch space that a decoded list may take: packed, a list takes less than its limit counts, and each
    /// entry of the compression table must fit.
    fn list_room(&self) -> usize {
        let limits = &self.config.limits;
        limits.header_list.max(limits.header_table).max(4096) as usize + 64
    }

    fn fail(&mut self, error: Error) -> Error {
        if self.fault.is_none() {
            self.fault = Some(error);
            // There is room: input is only processed while there is, and what is asked for leaves one place.
            // Section 6.8: "Endpoints MUST NOT increase the value they send in the last stream identifier".
            let last = if let Drain::Final(named) = self.drain { named } else { self.last_peer };
            self.replies.push(Reply::GoAway { last, code: error.code() });
        }
        error
    }

    fn awaits_settings_ack(&self) -> bool {
        self.preface_sent && !self.acknowledged
    }

    /// Room for the replies to any one frame, and for a GOAWAY.
    fn has_reply_room(&self) -> bool {
        self.replies.room() >= 5
    }

    /// The stream, unless only its reset is still to be sent.
    fn stream(&self, id: u32) -> Option<&crate::store::Stream> {
        let place = self.streams.find(StreamId(id))?;
        self.streams.get(place).filter(|stream| stream.reset_due.is_none())
    }

    fn state_of(&self, id: u32) -> State {
        if let Some(place) = self.streams.find(StreamId(id))
            && let Some(stream) = self.streams.get(place)
        {
            return if stream.reset_due.is_some() { State::Closed(Cause::ResetByUs) } else { stream.state };
        }
        let idle = if self.is_own(id) { id >= self.next_own } else { id > self.last_peer };
        if idle { State::Idle } else { State::Closed(self.closed.cause(id)) }
    }

    /// Whether this end could have opened the stream.
    fn is_own(&self, id: u32) -> bool {
        (id & 1 == 1) == (self.role == Role::Client)
    }

    /// Takes a stream out of the store and returns its identifier.
    fn remove(&mut self, place: u16) -> Option<u32> {
        self.schedule.unlink(&mut self.streams, place);
        let id = self.streams.get(place)?.id;
        self.streams.remove(place);
        if !self.is_own(id) {
            self.peer_streams = self.peer_streams.saturating_sub(1);
        }
        Some(id)
    }
}

impl Codec for Connection {
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
