//! A client and a server that talk to one another, for property tests and fuzzing.

#![allow(clippy::panic, clippy::expect_used, reason = "a panic is how it reports what it found")]

use alloc::collections::BTreeMap;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use proto_core::{Instant, SendError, WriteBuf};

use crate::hpack::Field;
use crate::{By, Config, Connection, ErrorCode, Event, HeadersKind, Priority, Rate, Role, StreamId};

/// How the two are set up, and what lies between them.
#[derive(Debug, Clone, Copy)]
pub struct Setup {
    /// Credit that the client gives each stream, in octets, at least 1.
    pub client_window: u32,
    /// The same of the server.
    pub server_window: u32,
    /// Streams that the server allows at a time, at least 1.
    pub streams: u32,
    /// Octets of output at a time, at least 400.
    pub room: usize,
    /// Whether the server gives credit back late.
    pub hold: bool,
    /// Octets that are carried at a time in the end, at least 1.
    pub piece: usize,
    /// All contents together are carried in no more than so many pieces.
    pub pieces: usize,
}

/// What happens next.
#[derive(Debug, Clone, Copy)]
pub enum Act {
    /// The client opens a stream as soon as it may, with so many octets of content, and is answered with so many. With
    /// trailers the request ends with them.
    Open {
        /// Octets that the client sends.
        content: usize,
        /// Octets that the server answers.
        answer: usize,
        /// Whether the request has trailers.
        trailers: bool,
    },
    /// One of the streams is reset.
    Reset {
        /// Which: counted around.
        nth: usize,
        /// By the client or by the server.
        by_client: bool,
    },
    /// The server takes one of the streams for more or less urgent.
    Prioritize {
        /// Which: counted around.
        nth: usize,
        /// Any number.
        urgency: u8,
        /// See [`Priority`].
        incremental: bool,
    },
    /// So many milliseconds pass.
    Wait(u64),
    /// Everything that is under way arrives, so many octets at a time, at least 1.
    Carry(usize),
    /// Both send a PING.
    Ping,
}

/// Lets `acts` happen, and then all that is left to happen.
///
/// # Panics
/// If something hangs or is left open, if one finds fault with the other, or if what is sent on a stream that nobody
/// resets does not arrive whole.
pub fn pair(setup: &Setup, acts: impl IntoIterator<Item = Act>) {
    let config = |window, streams| {
        let mut config = Config::default();
        config.limits.stream_window = window;
        config.limits.connection_window = 65_535;
        config.limits.concurrent_streams = streams;
        // Small windows make for small frames.
        config.limits.tiny = Rate::new(u32::MAX, 0);
        config
    };
    let mut pair = Pair {
        client: End::new(Connection::client(config(setup.client_window, 0)), setup.room, false),
        server: End::new(
            Connection::server(config(setup.server_window, setup.streams)),
            setup.room,
            setup.hold,
        ),
        pieces: setup.pieces,
        now: Instant::ZERO,
        wanted: Vec::new(),
    };
    for act in acts {
        pair.act(act);
        pair.open();
    }
    for _ in 0..=pair.wanted.len() {
        pair.carry(setup.piece);
        pair.open();
    }
    assert!(pair.wanted.is_empty(), "streams are still blocked");
    pair.carry(setup.piece);
    pair.check();

    let Pair { client, server, .. } = &mut pair;
    assert_eq!((client.codec.streams(), server.codec.streams()), (0, 0));
    server.codec.drain();
    pair.carry(setup.piece);
    let Pair { client, server, .. } = &mut pair;
    assert!(client.codec.wants().close, "it has nothing more to do");
    assert!(matches!(server.codec.receive_eof(), Ok(None)) && server.codec.wants().close);
}

/// Content that tells at every position what it is.
fn content(id: StreamId, len: usize) -> Vec<u8> {
    (0..len).map(|at| (at / 3) as u8 ^ id.value() as u8).collect()
}

struct Pair {
    client: End,
    server: End,
    pieces: usize,
    now: Instant,
    /// Streams to be opened: content, answer, trailers.
    wanted: Vec<(usize, usize, bool)>,
}

impl Pair {
    fn act(&mut self, act: Act) {
        match act {
            Act::Open { content, answer, trailers } => self.wanted.push((content, answer, trailers)),
            Act::Reset { nth, by_client } => {
                let end = if by_client { &mut self.client } else { &mut self.server };
                let len = end.exchanges.len().max(1);
                if let Some((&id, exchange)) = end.exchanges.iter_mut().nth(nth % len)
                    && end.codec.reset(id, ErrorCode::CANCEL)
                {
                    exchange.reset = true;
                }
            }
            Act::Prioritize { nth, urgency, incremental } => {
                let len = self.server.exchanges.len().max(1);
                if let Some(&id) = self.server.exchanges.keys().nth(nth % len) {
                    self.server.codec.prioritize(id, Priority { urgency, incremental });
                }
            }
            Act::Wait(millis) => {
                self.now = self.now + Duration::from_millis(millis);
                for end in [&mut self.client, &mut self.server] {
                    // A deadline is met by what is on its way already.
                    if end.codec.poll_timeout().is_none_or(|deadline| deadline.at > self.now) {
                        end.codec.handle_timeout(self.now);
                    }
                }
            }
            Act::Carry(octets) => self.carry(octets),
            Act::Ping => {
                self.client.codec.ping(*b"pair....");
                self.server.codec.ping(*b"pair....");
            }
        }
    }

    /// Moves at most `piece` octets each way, until nothing moves any more; fails instead of hanging.
    fn carry(&mut self, piece: usize) {
        let Self { client, server, pieces, .. } = self;
        let (mut up, mut down) = (Vec::new(), Vec::new());
        let content =
            |end: &End| end.exchanges.values().map(|exchange| exchange.content.len()).sum::<usize>();
        for _ in 0..200_000 {
            client.turn(&mut up);
            server.turn(&mut down);
            // Large contents are not moved octet by octet.
            let piece = piece.max((content(client) + content(server)) / *pieces);
            let (u, d) = (up.len().min(piece), down.len().min(piece));
            server.input.extend(up.drain(..u));
            client.input.extend(down.drain(..d));
            let idle = |end: &End| !end.codec.wants().write;
            if u + d == 0 && !(client.release() | server.release()) && idle(client) && idle(server) {
                return;
            }
        }
        panic!("nothing comes to an end");
    }

    /// Opens what is wanted as far as that is allowed; the output goes to the server with the next turn.
    fn open(&mut self) {
        let client = &mut self.client;
        while let Some(&(len, answer, trailers)) = self.wanted.first() {
            let answer = answer.to_string();
            let fields = [
                Field::new(b":method", b"POST"),
                Field::new(b":scheme", b"http"),
                Field::new(b":path", b"/"),
                Field::new(b"x-answer", answer.as_bytes()),
            ];
            let mut memory = vec![0; 1024];
            let mut out = WriteBuf::new(&mut memory);
            client.codec.transmit(&mut out);
            let end = len == 0 && !trailers;
            match client.codec.open(fields, end, &mut out) {
                Ok(id) => {
                    let exchange = Exchange {
                        content: content(id, len),
                        head_sent: true,
                        ended_here: end,
                        trailers,
                        ..Exchange::default()
                    };
                    client.exchanges.insert(id, exchange);
                    self.wanted.remove(0);
                }
                Err(error) => assert_eq!(error, SendError::Blocked),
            }
            client.opened.extend_from_slice(out.written());
            if out.is_empty() {
                return;
            }
        }
    }

    /// What was sent on streams that nobody reset has arrived, and both know that it ended.
    fn check(&self) {
        for (id, ours) in &self.client.exchanges {
            let Some(theirs) = self.server.exchanges.get(id) else {
                assert!(ours.reset, "{id} has not arrived");
                continue;
            };
            if !(ours.reset || theirs.reset) {
                let ended = [ours.ended_here, ours.ended_there, theirs.ended_here, theirs.ended_there];
                assert_eq!(ended, [true; 4], "{id}");
                assert!(ours.received == theirs.content && theirs.received == ours.content, "{id}");
            }
        }
    }
}

#[derive(Debug, Default)]
struct Exchange {
    content: Vec<u8>,
    sent: usize,
    head_sent: bool,
    trailers: bool,
    ended_here: bool,
    received: Vec<u8>,
    held: u32,
    ended_there: bool,
    reset: bool,
}

struct End {
    codec: Connection,
    input: Vec<u8>,
    exchanges: BTreeMap<StreamId, Exchange>,
    /// Octets that go out before those of the next turn.
    opened: Vec<u8>,
    room: usize,
    hold: bool,
}

impl End {
    fn new(codec: Connection, room: usize, hold: bool) -> Self {
        Self { codec, input: Vec::new(), exchanges: BTreeMap::new(), opened: Vec::new(), room, hold }
    }

    /// Receives what is there and adds what is to be sent to `out`.
    fn turn(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.opened);
        let mut scratch = vec![0; self.codec.min_scratch()];
        loop {
            let step = self.codec.receive(&mut self.input, &mut scratch);
            let step = step.unwrap_or_else(|error| panic!("found fault with the other: {error:?}"));
            let (told, consumed) = (step.event.is_some(), step.consumed);
            if let Some(event) = step.event
                && let Some((id, end)) = hear(&mut self.exchanges, event)
                && self.hold
            {
                assert!(self.codec.hold_credit(id) || end);
            }
            self.input.drain(..consumed);
            let wants = self.codec.wants();
            let mut memory = vec![0; self.room];
            let mut written = WriteBuf::new(&mut memory);
            self.codec.transmit(&mut written);
            self.produce(&mut written);
            out.extend_from_slice(written.written());
            if !told && written.is_empty() && self.codec.wants() == wants {
                return;
            }
        }
    }

    fn produce(&mut self, out: &mut WriteBuf<'_>) {
        let server = self.codec.role() == Role::Server;
        for (&id, exchange) in self.exchanges.iter_mut().filter(|(_, exchange)| !exchange.reset) {
            if server && !exchange.head_sent {
                let end = exchange.content.is_empty() && !exchange.trailers;
                match self.codec.send_head(id, [Field::new(b":status", b"200")], end, out) {
                    Ok(()) => (exchange.head_sent, exchange.ended_here) = (true, end),
                    Err(SendError::Full) => return,
                    Err(error) => panic!("{error:?} of {id}"),
                }
            }
            if exchange.head_sent && !exchange.ended_here {
                if exchange.sent < exchange.content.len() {
                    assert!(self.codec.want_send(id));
                } else {
                    let ended = if exchange.trailers {
                        self.codec.send_head(id, [Field::new(b"x-end", b"1")], true, out)
                    } else {
                        self.codec.send_data(id, b"", true, out).map(drop)
                    };
                    exchange.ended_here = ended.is_ok();
                }
            }
        }
        while out.room() > 9
            && let Some(grant) = self.codec.next_writable()
        {
            let exchange = self.exchanges.get_mut(&grant.id).expect("a stream that asked");
            let rest = exchange.content.get(exchange.sent..).unwrap_or_default();
            let end = !exchange.trailers;
            let sent = self.codec.send_data(grant.id, rest, end, out).expect("its turn");
            assert!(sent > 0 && sent <= grant.max as usize);
            exchange.sent += sent;
            if exchange.sent < exchange.content.len() {
                self.codec.want_send(grant.id);
            } else {
                exchange.ended_here = end;
            }
        }
    }

    fn release(&mut self) -> bool {
        let mut released = false;
        for (&id, exchange) in &mut self.exchanges {
            let held = core::mem::take(&mut exchange.held);
            self.codec.release(id, held);
            released |= held > 0;
        }
        released
    }
}

/// Notes what an event tells; the stream that it opens, and whether it ends it as well.
fn hear(exchanges: &mut BTreeMap<StreamId, Exchange>, event: Event<'_>) -> Option<(StreamId, bool)> {
    match event {
        Event::Headers { id, kind, fields, end } => {
            let request = kind == HeadersKind::Request;
            if request {
                let digits = fields.first(b"x-answer").unwrap_or_default();
                let len = digits.iter().fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0'));
                let exchange = Exchange { content: content(id, len), ..Exchange::default() };
                assert!(exchanges.insert(id, exchange).is_none(), "{id} opened twice");
            }
            let exchange = exchanges.get_mut(&id).expect("a stream");
            assert!(!exchange.ended_there, "{id} ended before");
            exchange.ended_there = end;
            request.then_some((id, end))
        }
        Event::Data { id, payload, credit, end } => {
            let exchange = exchanges.get_mut(&id).expect("a stream");
            assert!(!exchange.ended_there && !exchange.reset, "data of {id}, which is over");
            exchange.received.extend_from_slice(payload);
            exchange.held += credit;
            exchange.ended_there = end;
            None
        }
        Event::Reset { id, by, .. } => {
            assert_eq!(by, By::Peer, "found fault with {id}");
            exchanges.get_mut(&id).expect("a stream").reset = true;
            None
        }
        _ => None,
    }
}
