//! Our client against our server: arbitrary operations, arbitrary cuts, virtual time. Nothing is lost, nothing hangs,
//! neither finds fault with the other.
#![allow(clippy::unwrap_used, clippy::panic)]

use proptest::prelude::*;
use proto_core::{Instant, SendError, WriteBuf};
use proto_h2::hpack::Field;
use proto_h2::{By, Config, Connection, ErrorCode, Event, HeadersKind, Priority, Rate, StreamId};
use std::collections::BTreeMap;
use std::time::Duration;

/// The content of a message, which tells at every position what it is.
fn content(id: u32, len: usize) -> Vec<u8> {
    (0..len).map(|at| (at / 3) as u8 ^ id as u8).collect()
}

#[derive(Debug, Default)]
struct Exchange {
    to_send: Vec<u8>,
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

    /// Receives what is there and returns what is to be sent.
    fn turn(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.opened);
        let mut scratch = vec![0; 40_000];
        loop {
            let step =
                self.codec.receive(&mut self.input, &mut scratch).unwrap_or_else(|error| panic!("{error:?}"));
            let (told, consumed) = (step.event.is_some(), step.consumed);
            if let Some(event) = step.event {
                let exchanges = &mut self.exchanges;
                match event {
                    Event::Headers { id, kind, fields, end } => {
                        if kind == HeadersKind::Request {
                            let len = fields.first(b"x-respond").map_or(0, |value| {
                                value.iter().fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0'))
                            });
                            let exchange =
                                Exchange { to_send: content(id.value(), len), ..Exchange::default() };
                            assert!(exchanges.insert(id, exchange).is_none());
                            if self.hold {
                                assert!(self.codec.hold_credit(id) || end);
                            }
                        }
                        let exchange = exchanges.get_mut(&id).unwrap();
                        assert!(!exchange.ended_there);
                        exchange.ended_there = end;
                    }
                    Event::Data { id, payload, credit, end } => {
                        let exchange = exchanges.get_mut(&id).unwrap();
                        assert!(!exchange.ended_there && !exchange.reset);
                        exchange.received.extend_from_slice(payload);
                        exchange.held += credit;
                        exchange.ended_there = end;
                    }
                    Event::Reset { id, by, .. } => {
                        assert_eq!(by, By::Peer);
                        exchanges.get_mut(&id).unwrap().reset = true;
                    }
                    _ => {}
                }
            }
            self.input.drain(..consumed);
            let wants = self.codec.wants();
            let mut room = vec![0; self.room];
            let mut written = WriteBuf::new(&mut room);
            self.codec.transmit(&mut written);
            self.produce(&mut written);
            out.extend_from_slice(written.written());
            if !told && written.is_empty() && self.codec.wants() == wants {
                return;
            }
        }
    }

    fn produce(&mut self, out: &mut WriteBuf<'_>) {
        let server = self.codec.role() == proto_h2::Role::Server;
        for (&id, exchange) in &mut self.exchanges {
            if server && !exchange.head_sent && !exchange.reset {
                let end = exchange.to_send.is_empty() && !exchange.trailers;
                match self.codec.send_head(id, [Field::new(b":status", b"200")], end, out) {
                    Ok(()) => (exchange.head_sent, exchange.ended_here) = (true, end),
                    Err(SendError::Full) => return,
                    Err(error) => panic!("{error:?} of {id}"),
                }
            }
            if exchange.head_sent && !exchange.ended_here && !exchange.reset {
                if exchange.sent < exchange.to_send.len() {
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
            let exchange = self.exchanges.get_mut(&grant.id).unwrap();
            assert!(grant.max > 0);
            let end = !exchange.trailers;
            let sent = self.codec.send_data(grant.id, &exchange.to_send[exchange.sent..], end, out).unwrap();
            assert!(sent > 0 && sent <= grant.max as usize);
            exchange.sent += sent;
            if exchange.sent < exchange.to_send.len() {
                self.codec.want_send(grant.id);
            } else {
                exchange.ended_here = end;
            }
        }
    }

    fn release(&mut self) -> bool {
        let mut released = false;
        for (&id, exchange) in &mut self.exchanges {
            let held = std::mem::take(&mut exchange.held);
            self.codec.release(id, held);
            released |= held > 0;
        }
        released
    }
}

/// Moves at most `chunk` octets each way, until nothing moves any more; fails instead of hanging.
fn drive(client: &mut End, server: &mut End, chunk: usize) {
    let (mut up, mut down) = (Vec::new(), Vec::new());
    // Large contents are not moved octet by octet.
    let content = |end: &End| end.exchanges.values().map(|exchange| exchange.to_send.len()).sum::<usize>();
    let chunk = chunk.max(content(client) / 4000);
    for round in 0.. {
        assert!(round < 200_000, "hangs");
        client.turn(&mut up);
        server.turn(&mut down);
        let (u, d) = (up.len().min(chunk), down.len().min(chunk));
        server.input.extend(up.drain(..u));
        client.input.extend(down.drain(..d));
        if u + d == 0 && !(client.release() | server.release()) {
            let idle = |end: &End| !end.codec.wants().write;
            if idle(client) && idle(server) {
                return;
            }
        }
    }
}

#[derive(Debug, Clone)]
enum Operation {
    Open { body: usize, respond: usize, trailers: bool },
    Reset { nth: usize, server: bool },
    Prioritize { nth: usize, urgency: u8, incremental: bool },
    Wait(u64),
    Drive(usize),
    Ping,
}

fn operation() -> impl Strategy<Value = Operation> {
    let size = || prop_oneof![Just(0_usize), 1..50_usize, 50..9000_usize, 9000..60_000_usize];
    prop_oneof![
        5 => (size(), size(), any::<bool>()).prop_map(|(body, respond, trailers)| Operation::Open { body, respond, trailers }),
        1 => (0..20_usize, any::<bool>()).prop_map(|(nth, server)| Operation::Reset { nth, server }),
        1 => (0..20_usize, 0..9_u8, any::<bool>())
            .prop_map(|(nth, urgency, incremental)| Operation::Prioritize { nth, urgency, incremental }),
        1 => (0..3000_u64).prop_map(Operation::Wait),
        2 => prop_oneof![1..100_usize, 100..20_000_usize].prop_map(Operation::Drive),
        1 => Just(Operation::Ping),
    ]
}

fn config(stream_window: u32, streams: u32) -> Config {
    let mut config = Config::default();
    config.limits.stream_window = stream_window;
    config.limits.connection_window = 65_535;
    config.limits.concurrent_streams = streams;
    // Small windows make for small frames.
    config.limits.tiny = Rate::new(u32::MAX, 0);
    config
}

/// Everything moves octet by octet through small windows: slow, but it ends.
#[test]
fn small_steps_reach_the_end() {
    let mut client = End::new(Connection::client(config(1, 0)), 400, false);
    let mut server = End::new(Connection::server(config(700, 8)), 400, true);
    let mut wanted =
        vec![(3000, 2000, true), (2500, 10, true), (1500, 0, false), (900, 500, false), (0, 300, false)];
    while !wanted.is_empty() {
        open(&mut client, &mut wanted);
        drive(&mut client, &mut server, 1);
    }
    for (id, exchange) in &client.exchanges {
        assert_eq!(exchange.received, server.exchanges[id].to_send);
        assert_eq!(exchange.to_send, server.exchanges[id].received);
        assert!(exchange.ended_here && exchange.ended_there);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(160) })]

    #[test]
    fn any_operations(
        operations in proptest::collection::vec(operation(), 1..24),
        windows in prop_oneof![Just((1_u32, 70_000_u32)), (1..3000_u32, 1..3000_u32), Just((262_144, 262_144))],
        streams in 1..30_u32,
        room in prop_oneof![400..600_usize, 600..70_000_usize],
        hold in any::<bool>(),
        last_chunk in 1..40_000_usize,
    ) {
        let small = operations.iter().all(|operation| match operation {
            Operation::Open { body, respond, .. } => body.max(respond) < &600,
            _ => true,
        });
        let windows = if small { windows } else { (windows.0.max(500), windows.1.max(500)) };
        let mut client = End::new(Connection::client(config(windows.0, 0)), room, false);
        let mut server = End::new(Connection::server(config(windows.1, streams)), room, hold);
        let mut now = Instant::ZERO;
        let mut wanted: Vec<(usize, usize, bool)> = Vec::new();
        for operation in operations {
            match operation {
                Operation::Open { body, respond, trailers } => wanted.push((body, respond, trailers)),
                Operation::Reset { nth, server: by_server } => {
                    let end = if by_server { &mut server } else { &mut client };
                    let len = end.exchanges.len().max(1);
                    if let Some((&id, exchange)) = end.exchanges.iter_mut().nth(nth % len)
                        && end.codec.reset(id, ErrorCode::CANCEL)
                    {
                        exchange.reset = true;
                    }
                }
                Operation::Prioritize { nth, urgency, incremental } => {
                    let len = server.exchanges.len().max(1);
                    if let Some(&id) = server.exchanges.keys().nth(nth % len) {
                        server.codec.prioritize(id, Priority { urgency, incremental });
                    }
                }
                Operation::Wait(millis) => {
                    now = now + Duration::from_millis(millis);
                    for end in [&mut client, &mut server] {
                        // A deadline is met by what is on its way already.
                        if end.codec.poll_timeout().is_none_or(|deadline| deadline.at > now) {
                            end.codec.handle_timeout(now);
                        }
                    }
                }
                Operation::Drive(chunk) => drive(&mut client, &mut server, chunk),
                Operation::Ping => {
                    client.codec.ping(*b"pair....");
                    server.codec.ping(*b"pair....");
                }
            }
            open(&mut client, &mut wanted);
        }
        for _ in 0..wanted.len() + 1 {
            drive(&mut client, &mut server, last_chunk);
            open(&mut client, &mut wanted);
        }
        prop_assert!(wanted.is_empty());
        drive(&mut client, &mut server, last_chunk);

        for (id, exchange) in &client.exchanges {
            let other = server.exchanges.get(id);
            let reset = exchange.reset || other.is_none_or(|other| other.reset);
            if reset {
                continue;
            }
            let other = other.unwrap();
            prop_assert!(exchange.ended_here && exchange.ended_there && other.ended_here && other.ended_there, "{} {:?} {:?}", id, exchange, other);
            prop_assert_eq!(&exchange.received, &other.to_send);
            prop_assert_eq!(&other.received, &exchange.to_send);
        }
        prop_assert_eq!((client.codec.streams(), server.codec.streams()), (0, 0));

        server.codec.drain();
        drive(&mut client, &mut server, last_chunk);
        prop_assert!(client.codec.wants().close, "it has nothing more to do");
        prop_assert!(matches!(server.codec.receive_eof(), Ok(None)) && server.codec.wants().close);
    }
}

/// Opens what is wanted as far as that is allowed; the output goes to the server with the next turn.
fn open(client: &mut End, wanted: &mut Vec<(usize, usize, bool)>) {
    while let Some(&(body, respond, trailers)) = wanted.first() {
        let respond = respond.to_string();
        let fields = [
            Field::new(b":method", b"POST"),
            Field::new(b":scheme", b"http"),
            Field::new(b":path", b"/"),
            Field::new(b"x-respond", respond.as_bytes()),
        ];
        let mut room = vec![0; 1024];
        let mut out = WriteBuf::new(&mut room);
        client.codec.transmit(&mut out);
        let end = body == 0 && !trailers;
        match client.codec.open(fields, end, &mut out) {
            Ok(id) => {
                let exchange = Exchange {
                    to_send: content(id.value(), body),
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
