//! A client and a server that talk to one another.

use std::collections::BTreeMap;

use arbitrary::Arbitrary;
use core::time::Duration;
use proto_core::{Instant, SendError, WriteBuf};
use proto_h2::hpack::Field;
use proto_h2::{Config, Connection, ErrorCode, Event, HeadersKind, Priority, Rate, Role, StreamId};

use crate::calls::calls;
use crate::knobs;

#[derive(Debug, Arbitrary)]
enum Act {
    /// Opens a stream with content of this length, to be answered with content of that length.
    Open {
        content: u16,
        answer: u16,
        trailers: bool,
    },
    Reset {
        nth: u8,
        by_client: bool,
    },
    Prioritize {
        nth: u8,
        urgency: u8,
        incremental: bool,
    },
    Wait {
        millis: u16,
    },
    Carry {
        octets: u16,
    },
    Ping,
}

/// The first bytes choose windows, streams, room and pieces. What is sent on streams that nobody resets arrives whole,
/// neither finds fault with the other, and in the end nothing is open.
pub fn pair(data: &[u8]) {
    let ([windows, streams, room, piece], data) = knobs(data);
    let room = 400 + usize::from(room) * 64;
    let window = 500 + u32::from(windows) * 1_024;
    let hold = windows & 1 == 1;
    let mut client = End::new(Connection::client(config(window, 0)), room, false);
    let mut server = End::new(Connection::server(config(window, u32::from(streams % 32) + 1)), room, hold);
    let piece = usize::from(piece) * 16 + 1;
    let mut now = Instant::ZERO;
    let mut wanted: Vec<(u16, u16, bool)> = Vec::new();
    for act in calls(data, 24) {
        match act {
            Act::Open { content, answer, trailers } => wanted.push((content, answer, trailers)),
            Act::Reset { nth, by_client } => {
                let end = if by_client { &mut client } else { &mut server };
                let len = end.exchanges.len().max(1);
                if let Some((&id, exchange)) = end.exchanges.iter_mut().nth(usize::from(nth) % len)
                    && end.codec.reset(id, ErrorCode::CANCEL)
                {
                    exchange.reset = true;
                }
            }
            Act::Prioritize { nth, urgency, incremental } => {
                let len = server.exchanges.len().max(1);
                if let Some(&id) = server.exchanges.keys().nth(usize::from(nth) % len) {
                    server.codec.prioritize(id, Priority { urgency, incremental });
                }
            }
            Act::Wait { millis } => {
                now = now + Duration::from_millis(u64::from(millis));
                for end in [&mut client, &mut server] {
                    // A deadline is met by what is on its way already.
                    if end.codec.poll_timeout().is_none_or(|deadline| deadline.at > now) {
                        end.codec.handle_timeout(now);
                    }
                }
            }
            Act::Carry { octets } => drive(&mut client, &mut server, usize::from(octets) + 1),
            Act::Ping => {
                client.codec.ping(*b"pair....");
                server.codec.ping(*b"pair....");
            }
        }
        open(&mut client, &mut wanted);
    }
    for _ in 0..=wanted.len() {
        drive(&mut client, &mut server, piece);
        open(&mut client, &mut wanted);
    }
    assert!(wanted.is_empty(), "streams are still blocked");
    drive(&mut client, &mut server, piece);

    for (id, ours) in &client.exchanges {
        let Some(theirs) = server.exchanges.get(id) else {
            assert!(ours.reset, "{id} has not arrived");
            continue;
        };
        if !(ours.reset || theirs.reset) {
            let ended = [ours.ended_here, ours.ended_there, theirs.ended_here, theirs.ended_there];
            assert_eq!(ended, [true; 4], "{id}");
            assert!(ours.received == theirs.content && theirs.received == ours.content, "{id}");
        }
    }
    assert_eq!((client.codec.streams(), server.codec.streams()), (0, 0));
    server.codec.drain();
    drive(&mut client, &mut server, piece);
    assert!(client.codec.wants().close, "it has nothing more to do");
}

fn config(window: u32, streams: u32) -> Config {
    let mut config = Config::default();
    config.limits.stream_window = window;
    config.limits.connection_window = 65_535;
    config.limits.concurrent_streams = streams;
    // Small windows make for small frames.
    config.limits.tiny = Rate::new(u32::MAX, 0);
    config
}

/// Content that tells at every position what it is.
fn content(id: u32, len: u16) -> Vec<u8> {
    (0..len).map(|at| (at / 3) as u8 ^ id as u8).collect()
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
            if let Some(event) = step.event {
                hear(&mut self.exchanges, event).into_iter().filter(|_| self.hold).for_each(|id| {
                    self.codec.hold_credit(id);
                });
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
            let rest = &exchange.content[exchange.sent..];
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

/// Notes what an event tells; the stream that it opens.
fn hear(exchanges: &mut BTreeMap<StreamId, Exchange>, event: Event<'_>) -> Option<StreamId> {
    match event {
        Event::Headers { id, kind, fields, end } => {
            let request = kind == HeadersKind::Request;
            if request {
                let digits = fields.first(b"x-answer").unwrap_or_default();
                let len = digits.iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
                let exchange = Exchange { content: content(id.value(), len), ..Exchange::default() };
                assert!(exchanges.insert(id, exchange).is_none(), "{id} opened twice");
            }
            let exchange = exchanges.get_mut(&id).expect("a stream");
            assert!(!exchange.ended_there, "{id} ended before");
            exchange.ended_there = end;
            request.then_some(id)
        }
        Event::Data { id, payload, credit, end } => {
            let exchange = exchanges.get_mut(&id).expect("a stream");
            assert!(!exchange.ended_there && !exchange.reset, "data of {id}, which is over");
            exchange.received.extend_from_slice(payload);
            exchange.held += credit;
            exchange.ended_there = end;
            None
        }
        Event::Reset { id, .. } => {
            exchanges.get_mut(&id).expect("a stream").reset = true;
            None
        }
        _ => None,
    }
}

/// Moves at most `piece` octets each way, until nothing moves any more; fails instead of hanging.
fn drive(client: &mut End, server: &mut End, piece: usize) {
    let (mut up, mut down) = (Vec::new(), Vec::new());
    let content = |end: &End| end.exchanges.values().map(|exchange| exchange.content.len()).sum::<usize>();
    for _ in 0..20_000 {
        client.turn(&mut up);
        server.turn(&mut down);
        // Large contents are not moved octet by octet.
        let piece = piece.max((content(client) + content(server)) / 400);
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
fn open(client: &mut End, wanted: &mut Vec<(u16, u16, bool)>) {
    while let Some(&(len, answer, trailers)) = wanted.first() {
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
                    content: content(id.value(), len),
                    head_sent: true,
                    ended_here: end,
                    trailers,
                    ..Exchange::default()
                };
                client.exchanges.insert(id, exchange);
                wanted.remove(0);
            }
            Err(error) => assert_eq!(error, SendError::Blocked),
        }
        client.opened.extend_from_slice(out.written());
        if out.is_empty() {
            return;
        }
    }
}
