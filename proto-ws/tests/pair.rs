//! Our client against our server, through arbitrary cuts, narrow output and virtual time.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use core::time::Duration;

use proptest::prelude::*;
use proto_core::{Instant, SendError, WriteBuf};
use proto_ws::{
    CloseCode, Config, Connection, Error, Event, KeepAlive, Kind, MessageAssembler, Outcome, Role, Side,
};
use strategies::websocket::{Message, cuts, message};

/// What an application wants to do next.
#[derive(Debug, Clone)]
enum Act {
    /// Sends a message in fragments of the given lengths.
    Message(Kind, Vec<u8>, Vec<usize>),
    /// Sends a message as header and payload apart.
    Prefixed(Kind, Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
}

struct Peer {
    connection: Connection,
    messages: MessageAssembler,
    /// Received and not consumed; written and not yet received by the other.
    input: Vec<u8>,
    wire: Vec<u8>,
    got: Vec<(Kind, Vec<u8>)>,
    pings: usize,
    pongs: Vec<Vec<u8>>,
    close: Option<Option<CloseCode>>,
}

impl Peer {
    fn new(role: Role) -> Self {
        let keep_alive =
            KeepAlive { ping_after: Duration::from_secs(30), hang_up_after: Duration::from_secs(40) };
        let mut connection = Connection::new(role, Config { keep_alive, ..Config::default() });
        connection.handle_timeout(Instant::from_secs(1));
        Self {
            connection,
            messages: MessageAssembler::default(),
            input: Vec::new(),
            wire: Vec::new(),
            got: Vec::new(),
            pings: 0,
            pongs: Vec::new(),
            close: None,
        }
    }

    /// Receives `bytes`, checks every event, and writes what is owed into `room` bytes.
    fn receive(&mut self, bytes: &[u8], room: usize) {
        self.input.extend_from_slice(bytes);
        loop {
            let step = self.connection.receive(&mut self.input, &mut []).unwrap();
            let consumed = step.consumed;
            match step.event {
                None => {
                    self.input.drain(..consumed);
                    break;
                }
                Some(Event::Data(data)) => {
                    if let Some(message) = self.messages.push(data).unwrap() {
                        self.got.push((message.kind, message.payload.to_vec()));
                    }
                }
                Some(Event::Ping(_)) => self.pings += 1,
                Some(Event::Pong(payload)) => self.pongs.push(payload.to_vec()),
                Some(Event::Close { code, .. }) => self.close = Some(code),
            }
            self.input.drain(..consumed);
            self.write(room, |connection, out| connection.transmit(out));
        }
        self.write(room, |connection, out| connection.transmit(out));
    }

    fn write<T>(&mut self, room: usize, write: impl FnOnce(&mut Connection, &mut WriteBuf<'_>) -> T) -> T {
        let mut room = vec![0; room];
        let mut out = WriteBuf::new(&mut room);
        let result = write(&mut self.connection, &mut out);
        self.wire.extend_from_slice(out.written());
        result
    }

    fn act(&mut self, act: &Act, room: usize) {
        match act {
            Act::Message(kind, payload, cuts) => {
                let mut rest = &payload[..];
                for cut in cuts {
                    let (piece, behind) = rest.split_at((*cut).min(rest.len()));
                    self.send(*kind, piece, false, room);
                    rest = behind;
                }
                self.send(*kind, rest, true, room);
            }
            Act::Prefixed(kind, payload) => {
                let prefix = self.connection.prefix(*kind, payload.len() as u64, true).unwrap();
                self.wire.extend_from_slice(&prefix);
                let mut payload = payload.clone();
                for piece in payload.chunks_mut(37) {
                    self.connection.mask_payload(piece).unwrap();
                }
                self.wire.extend(payload);
            }
            Act::Ping(payload) => self.write(200, |connection, out| connection.ping(payload, out)).unwrap(),
            Act::Pong(payload) => self.write(200, |connection, out| connection.pong(payload, out)).unwrap(),
        }
    }

    fn send(&mut self, kind: Kind, mut payload: &[u8], fin: bool, room: usize) {
        loop {
            match self.write(room, |connection, out| connection.send(kind, payload, fin, out)) {
                Ok(taken) if taken == payload.len() => return,
                Ok(taken) => {
                    assert!(taken > 0);
                    payload = &payload[taken..];
                }
                Err(error) => panic!("{error} with room for {room}"),
            }
        }
    }
}

/// Carries bytes both ways, in pieces of the given lengths, until neither side has any.
fn settle(client: &mut Peer, server: &mut Peer, cuts: &[usize], room: usize) {
    let mut cuts = cuts.iter().copied().cycle();
    // each round carries a byte at least, and all that is ever written is less than this
    for _ in 0..4_000_000 {
        if client.wire.is_empty() && server.wire.is_empty() {
            return;
        }
        carry(client, server, cuts.next().unwrap_or(1), room);
        carry(server, client, cuts.next().unwrap_or(1), room);
    }
    panic!("no end in sight");
}

fn carry(from: &mut Peer, to: &mut Peer, len: usize, room: usize) {
    let bytes: Vec<u8> = from.wire.drain(..len.min(from.wire.len())).collect();
    to.receive(&bytes, room);
}

fn pair() -> (Peer, Peer) {
    (Peer::new(Role::Client { mask_seed: [9; 16] }), Peer::new(Role::Server))
}

fn acts() -> impl Strategy<Value = Vec<(bool, Act)>> {
    let act = (message(70_000), cuts(), any::<bool>()).prop_map(|(message, cuts, prefixed)| match message {
        Message::Text(payload) if prefixed => Act::Prefixed(Kind::Text, payload),
        Message::Binary(payload) if prefixed => Act::Prefixed(Kind::Binary, payload),
        Message::Text(payload) => Act::Message(Kind::Text, payload, cuts),
        Message::Binary(payload) => Act::Message(Kind::Binary, payload, cuts),
        Message::Ping(payload) => Act::Ping(payload),
        Message::Pong(payload) => Act::Pong(payload),
    });
    prop::collection::vec((any::<bool>(), act), 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn everything_arrives_once_and_in_order(
        acts in acts(),
        cuts in prop::collection::vec(prop_oneof![1usize..20, 1usize..5_000], 1..20),
        room in 140usize..3_000,
        client_closes: bool,
        at_once: bool,
    ) {
        let (mut client, mut server) = pair();
        for (by_client, act) in &acts {
            let peer = if *by_client { &mut client } else { &mut server };
            peer.act(act, room);
            if !at_once {
                settle(&mut client, &mut server, &cuts, room);
            }
        }
        let closer = if client_closes { &mut client } else { &mut server };
        closer.write(200, |connection, out| connection.close(Some(CloseCode::GOING_AWAY), "done", out)).unwrap();
        settle(&mut client, &mut server, &cuts, room);

        let sent = |by: bool| -> Vec<(Kind, Vec<u8>)> {
            acts.iter().filter(|(by_client, _)| *by_client == by).filter_map(|(_, act)| match act {
                Act::Message(kind, payload, _) | Act::Prefixed(kind, payload) => Some((*kind, payload.clone())),
                _ => None,
            }).collect()
        };
        prop_assert_eq!(&server.got, &sent(true));
        prop_assert_eq!(&client.got, &sent(false));
        let pings = |by: bool| acts.iter().filter(|(b, act)| *b == by && matches!(act, Act::Ping(_))).count();
        prop_assert_eq!((server.pings, client.pings), (pings(true), pings(false)));
        let initiator = if client_closes { Side::Client } else { Side::Server };
        let outcome = Some(Outcome::Clean { code: Some(CloseCode::GOING_AWAY), initiator });
        prop_assert_eq!((client.connection.outcome(), server.connection.outcome()), (outcome, outcome));
        prop_assert_eq!(client.close, Some(Some(CloseCode::GOING_AWAY)));
        prop_assert!(server.connection.wants().close && !client.connection.wants().close);
        prop_assert_eq!(client.connection.receive_eof(), Ok(None));
        prop_assert!(client.connection.wants().close);
    }
}

#[test]
fn quiet_peers_keep_each_other_alive_through_virtual_days() {
    let (mut client, mut server) = pair();
    let mut now = Instant::from_secs(1);
    let mut rounds = 0;
    while now < Instant::from_secs(86_400) {
        let due = [&client, &server]
            .iter()
            .filter_map(|peer| peer.connection.poll_timeout())
            .map(|due| due.at)
            .min();
        now = due.unwrap();
        for peer in [&mut client, &mut server] {
            peer.connection.handle_timeout(now);
            peer.write(200, |connection, out| connection.transmit(out));
        }
        settle(&mut client, &mut server, &[3], 200);
        rounds += 1;
    }
    assert!((2_800..=2_900).contains(&rounds), "{rounds} rounds of one ping in 30 s");
    assert_eq!((client.connection.outcome(), server.connection.outcome()), (None, None));
    // then the wire is cut
    for seconds in 0..60 {
        client.connection.handle_timeout(now + Duration::from_secs(seconds));
    }
    assert_eq!(client.connection.outcome(), Some(Outcome::Silent));
}

#[test]
fn both_close_at_once() {
    let (mut client, mut server) = pair();
    for peer in [&mut client, &mut server] {
        peer.write(200, |connection, out| connection.close(Some(CloseCode::NORMAL), "", out)).unwrap();
    }
    settle(&mut client, &mut server, &[1], 200);
    for (peer, initiator) in [(&client, Side::Client), (&server, Side::Server)] {
        let clean = Outcome::Clean { code: Some(CloseCode::NORMAL), initiator };
        assert_eq!(peer.connection.outcome(), Some(clean));
    }
    assert!(client.wire.is_empty() && server.wire.is_empty());
}

#[test]
fn a_fault_is_told_and_the_other_side_answers_it() {
    let (mut client, mut server) = pair();
    client.act(&Act::Message(Kind::Text, b"\xff".to_vec(), vec![]), 200);
    let wire = core::mem::take(&mut client.wire);
    let error = server.connection.receive(&mut wire.clone(), &mut []).err();
    assert_eq!(error, Some(Error::InvalidUtf8));
    server.write(200, |connection, out| connection.transmit(out));
    assert_eq!(server.connection.outcome(), Some(Outcome::ProtocolError(Error::InvalidUtf8)));
    client.receive(&core::mem::take(&mut server.wire), 200);
    assert_eq!(client.close, Some(Some(CloseCode::INVALID_DATA)));
    assert!(matches!(client.connection.outcome(), Some(Outcome::Clean { initiator: Side::Server, .. })));
    assert_eq!(client.write(200, |c, out| c.ping(b"", out)), Err(SendError::Misuse));
}
