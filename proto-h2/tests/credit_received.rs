//! Credit that this end gives, over any sequence of operations, as a peer sees it that keeps account on the wire:
//! every octet received is held by the application, owed, or returned, and nothing is returned twice or forgotten,
//! whatever becomes of its stream (RFC 9113 sections 5.2 and 6.9).
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;
use common::*;
use proptest::prelude::*;
use proto_core::WriteBuf;
use proto_h2::{Config, Connection, ErrorCode as Code, Event, PREFACE, Role};
use std::collections::BTreeMap;

const STREAM: i64 = 3000;
const CONNECTION: i64 = 65_535;

/// What the peer knows of a stream's credit, and what is known of the application.
#[derive(Debug, Default)]
struct Account {
    received: i64,
    held: i64,
    granted: i64,
    returned: i64,
    holds: bool,
    /// The peer may send on it.
    open: bool,
}

impl Account {
    fn window(&self) -> i64 {
        STREAM + self.returned - self.received
    }

    fn owed(&self) -> i64 {
        self.received - self.held + self.granted - self.returned
    }
}

struct Peer {
    codec: Connection,
    streams: BTreeMap<u32, Account>,
    next: u32,
    received: i64,
    returned: i64,
    /// Streams that are ignored since our GOAWAY begin here.
    ignored: u32,
}

impl Peer {
    fn new(role: Role) -> Self {
        let mut config = Config::default();
        config.limits.stream_window = STREAM as u32;
        config.limits.connection_window = CONNECTION as u32;
        config.limits.resets.burst = u32::MAX;
        let codec =
            if role == Role::Server { Connection::server(config) } else { Connection::client(config) };
        let mut peer =
            Self { codec, streams: BTreeMap::new(), next: 1, received: 0, returned: 0, ignored: u32::MAX };
        peer.transmit();
        let preface: &[u8] = if role == Role::Server { PREFACE } else { b"" };
        peer.feed(&[preface, &frame(SETTINGS, 0, 0, &[]), &frame(SETTINGS, ACK, 0, &[])].concat(), 9);
        peer
    }

    /// Hands over `bytes` in pieces; replies are fetched only when nothing else helps, and in the end.
    fn feed(&mut self, bytes: &[u8], piece: usize) {
        let (mut input, mut scratch) = (Vec::new(), vec![0; 20_000]);
        for piece in bytes.chunks(piece.max(1)) {
            input.extend_from_slice(piece);
            loop {
                let step = self.codec.receive(&mut input, &mut scratch).unwrap();
                let (consumed, told) = (step.consumed, step.event.is_some());
                match step.event {
                    Some(Event::Data { id, credit, end, .. }) => {
                        let account = self.streams.get_mut(&id.value()).unwrap();
                        assert!(credit == 0 || account.holds);
                        account.held += i64::from(credit);
                        account.open &= !end;
                    }
                    Some(Event::Reset { id, .. }) => self.streams.get_mut(&id.value()).unwrap().open = false,
                    Some(Event::Headers { id, end: true, .. }) => {
                        self.streams.get_mut(&id.value()).unwrap().open = false;
                    }
                    _ => {}
                }
                input.drain(..consumed);
                if !told && !self.codec.wants().read && self.codec.wants().write {
                    self.transmit();
                } else if !told {
                    break;
                }
            }
        }
        self.transmit();
        assert!(input.is_empty() || self.codec.wants().close, "{} octets are not taken", input.len());
    }

    fn transmit(&mut self) {
        let mut room = [0; 20_000];
        let mut out = WriteBuf::new(&mut room);
        self.codec.transmit(&mut out);
        let sent = out.written();
        for update in frames(sent.strip_prefix(&PREFACE[..]).unwrap_or(sent)) {
            if update.kind != WINDOW_UPDATE {
                continue;
            }
            let by = i64::from(update.number(0));
            if update.id == 0 {
                self.returned += by;
                assert!(self.received >= self.returned, "more is returned than came");
            } else {
                let account = self.streams.get_mut(&update.id).unwrap();
                assert!(by <= account.owed(), "{by} returned of {account:?}");
                account.returned += by;
            }
        }
    }

    /// A message that may say how long it is, against which DATA may offend.
    fn open(&mut self, content_length: bool) {
        let length: &[(&str, &str)] = if content_length { &[("content-length", "700")] } else { &[] };
        let id = self.next;
        if self.codec.role() == Role::Client {
            let mut room = [0; 1000];
            let fields =
                GET.map(|(name, value)| proto_h2::hpack::Field::new(name.as_bytes(), value.as_bytes()));
            if self.codec.open(fields, true, &mut WriteBuf::new(&mut room)).is_err() {
                return;
            }
            self.feed(&headers(id, &with(&[(":status", "200")], length), false), 5);
        } else {
            self.feed(&headers(id, &with(&POST, length), false), 5);
        }
        self.next += 2;
        self.streams.insert(id, Account { open: id < self.ignored, ..Account::default() });
    }

    fn nth(&self, nth: usize) -> Option<u32> {
        self.streams.keys().nth_back(nth % self.streams.len().max(1)).copied()
    }

    /// As much of it as the windows allow the peer.
    fn data(&mut self, nth: usize, len: usize, padding: u8, end: bool, piece: usize) {
        let Some(id) = self.nth(nth) else { return };
        let account = self.streams.get_mut(&id).unwrap();
        let window = account.window().min(CONNECTION + self.returned - self.received).max(0) as usize;
        let padding = usize::from(padding).min(window.saturating_sub(1));
        let overhead = if padding > 0 { padding + 1 } else { 0 };
        let len = len.min(window.saturating_sub(overhead));
        if overhead + len > window || (len == 0 && !end) {
            return;
        }
        let flags = if end { END_STREAM } else { 0 };
        let bytes = if padding > 0 {
            frame(
                DATA,
                flags | PADDED,
                id,
                &[&[padding as u8][..], &vec![7; len], &vec![0; padding]].concat(),
            )
        } else {
            frame(DATA, flags, id, &vec![7; len])
        };
        let octets = (overhead + len) as i64;
        account.received += octets;
        self.received += octets;
        self.feed(&bytes, piece);
    }

    fn check(&self) {
        // Nothing is owed to a connection for long, whatever became of the streams: less than half of its window.
        let owed = self.received - self.returned;
        assert!(owed < CONNECTION / 2, "{owed} of the connection are not returned");
        for (&id, account) in &self.streams {
            let live = self.codec.is_open(stream_id(id));
            if !account.open || !live {
                continue;
            }
            let (owed, window) = (account.owed(), account.window());
            assert!(owed <= 0 || (owed < STREAM / 2 && window > 0), "{id}: {account:?}");
            let estimate = window.min(CONNECTION - self.received + self.returned).max(0);
            assert_eq!(
                i64::from(self.codec.estimated_peer_credit(stream_id(id))),
                estimate,
                "{id}: {account:?}"
            );
        }
    }
}

#[derive(Debug, Clone)]
enum Operation {
    Open(bool),
    Data { nth: usize, len: usize, padding: u8, end: bool, piece: usize },
    Hold(usize),
    Release(usize, u32),
    ReleaseAll(usize),
    Grant(usize, i32),
    ResetHere(usize),
    ResetThere(usize),
    Fault(usize),
    Trailers(usize),
    Respond(usize),
    GoAway,
    Settings,
}

fn operation() -> impl Strategy<Value = Operation> {
    use Operation::*;
    let nth = || 0..4_usize;
    let len = prop_oneof![0..3_usize, 0..4000_usize];
    let padding = prop_oneof![2 => Just(0_u8), 1 => any::<u8>()];
    prop_oneof![
        4 => proptest::bool::weighted(0.3).prop_map(Open),
        16 => (nth(), len, padding, proptest::bool::weighted(0.1), 1..5000_usize)
            .prop_map(|(nth, len, padding, end, piece)| Data { nth, len, padding, end, piece }),
        2 => nth().prop_map(Hold),
        3 => (nth(), 0..4000_u32).prop_map(|(nth, octets)| Release(nth, octets)),
        1 => nth().prop_map(ReleaseAll),
        2 => (nth(), -2000..2000_i32).prop_map(|(nth, octets)| Grant(nth, octets)),
        1 => nth().prop_map(ResetHere),
        1 => nth().prop_map(ResetThere),
        1 => nth().prop_map(Fault),
        1 => nth().prop_map(Trailers),
        1 => nth().prop_map(Respond),
        1 => proptest::bool::weighted(0.1).prop_map(|go| if go { GoAway } else { Settings }),
    ]
}

fn run(role: Role, operations: Vec<Operation>) {
    let mut peer = Peer::new(role);
    for operation in operations {
        if peer.codec.wants().close {
            return; // nothing is taken any more
        }
        match operation {
            Operation::Open(content_length) => peer.open(content_length),
            Operation::Data { nth, len, padding, end, piece } => peer.data(nth, len, padding, end, piece),
            Operation::Settings => peer.feed(&frame(SETTINGS, 0, 0, &setting(4, 70_000)), 4),
            Operation::GoAway => {
                peer.codec.go_away(Code::NO_ERROR);
                if role == Role::Server {
                    peer.ignored = peer.ignored.min(peer.next);
                }
            }
            Operation::Hold(nth)
            | Operation::Release(nth, _)
            | Operation::ReleaseAll(nth)
            | Operation::Grant(nth, _)
            | Operation::ResetHere(nth)
            | Operation::ResetThere(nth)
            | Operation::Fault(nth)
            | Operation::Trailers(nth)
            | Operation::Respond(nth) => {
                let Some(number) = peer.nth(nth) else { continue };
                let id = stream_id(number);
                let live = peer.codec.is_open(id);
                let account = peer.streams.get_mut(&number).unwrap();
                match operation {
                    Operation::Hold(_) => account.holds = peer.codec.hold_credit(id),
                    Operation::Release(_, octets) if live => {
                        account.held -= i64::from(octets).min(account.held);
                        peer.codec.release(id, octets);
                    }
                    Operation::ReleaseAll(_) if live => {
                        (account.held, account.holds) = (0, false);
                        peer.codec.release_all(id);
                    }
                    Operation::Grant(_, octets) if live => {
                        account.granted += i64::from(octets);
                        peer.codec.grant(id, octets);
                    }
                    Operation::ResetHere(_) => {
                        account.open &= !peer.codec.reset(id, Code::CANCEL);
                    }
                    Operation::ResetThere(_) if live => peer.feed(&rst(number, Code::CANCEL), 3),
                    Operation::Fault(_) if live => peer.feed(&window_update(number, 0), 3),
                    Operation::Trailers(_) if live && account.open => {
                        peer.feed(&headers(number, &[("x", "y")], true), 3)
                    }
                    Operation::Respond(_) if live && role == Role::Server => {
                        let mut room = [0; 500];
                        let status = [proto_h2::hpack::Field::new(b":status", b"200")];
                        // A second response is refused.
                        let _ = peer.codec.send_head(id, status, true, &mut WriteBuf::new(&mut room));
                    }
                    _ => {}
                }
            }
        }
        // A stream that both ended leaves no trace, and DATA on it would be the peer's fault: it is not used again.
        let codec = &peer.codec;
        peer.streams
            .retain(|&id, account| codec.is_open(stream_id(id)) || account.open || id >= peer.ignored);
        peer.transmit();
        if !peer.codec.wants().close {
            peer.check();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn is_conserved_by_a_server(operations in proptest::collection::vec(operation(), 1..120)) {
        run(Role::Server, operations);
    }

    #[test]
    fn is_conserved_by_a_client(operations in proptest::collection::vec(operation(), 1..120)) {
        run(Role::Client, operations);
    }
}
