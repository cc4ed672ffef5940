//! Credit that the peer gives, against a model of it: what may be sent is exactly what was given, in every state
//! (RFC 9113 sections 5.2 and 6.9); whoever may send gets a turn, so that the connection goes on; the most urgent go
//! first, and nobody starves (RFC 9218 section 10).
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;
use common::*;
use proptest::prelude::*;
use proto_core::SendError;
use proto_h2::{Config, ErrorCode as Code, Priority};
use std::collections::BTreeMap;

const MAX: i64 = (1 << 31) - 1;
/// One turn in so many may go to a stream that is not among the most urgent.
const ROTATION: usize = 16;
/// A stream that wants to send and may has a turn within so many for each stream there is.
const PATIENCE: usize = 256;

#[derive(Debug, Default)]
struct Stream {
    window: i64,
    head_sent: bool,
    /// This side is ended; the peer's is not.
    ended: bool,
    wants: bool,
    priority: Priority,
    /// Turns of others while it wanted and could.
    waited: usize,
}

impl Stream {
    fn eligible(&self) -> bool {
        self.wants && self.head_sent && !self.ended && self.window > 0
    }
}

struct Model {
    under: Under,
    streams: BTreeMap<u32, Stream>,
    next: u32,
    initial: i64,
    connection: i64,
    frame: i64,
    /// For each of the last turns, whether it was one of the most urgent.
    urgent: Vec<bool>,
}

impl Model {
    fn new() -> Self {
        let mut config = Config::default();
        config.limits.resets.burst = u32::MAX;
        config.limits.control.burst = u32::MAX;
        let under = Under::server_with(config);
        let (streams, urgent) = (BTreeMap::new(), Vec::new());
        Self { under, streams, next: 1, initial: 65_535, connection: 65_535, frame: 16_384, urgent }
    }

    fn nth(&self, nth: usize) -> Option<u32> {
        self.streams.keys().nth(nth % self.streams.len().max(1)).copied()
    }

    fn open(&mut self, priority: Priority) {
        if self.streams.len() == 100 {
            return;
        }
        let value = format!("u={}, i=?{}", priority.urgency, u8::from(priority.incremental));
        self.under.feed(&headers(self.next, &with(&POST, &[("priority", &value)]), false));
        self.streams.insert(self.next, Stream { window: self.initial, priority, ..Stream::default() });
        self.next += 2;
    }

    fn capacity(&self, id: u32) -> i64 {
        let stream = self.streams.get(&id).filter(|stream| stream.head_sent && !stream.ended);
        stream.map_or(0, |stream| stream.window.min(self.connection).max(0))
    }

    fn sent(&mut self, id: u32, len: usize) {
        self.connection -= len as i64;
        self.streams.get_mut(&id).unwrap().window -= len as i64;
    }

    /// Sends out of turn.
    fn send(&mut self, id: u32, len: usize, end: bool, header_only: bool) {
        let content = vec![0; len];
        let capacity = self.capacity(id).min(self.frame) as usize;
        let result = if header_only {
            self.under.codec.data_prefix(stream_id(id), len, end).map(|(_, len)| len)
        } else {
            self.under.send(|codec, out| codec.send_data(stream_id(id), &content, end, out))
        };
        match result {
            Ok(sent) => {
                assert_eq!(sent, capacity.min(len));
                self.sent(id, sent);
                if end && sent == len {
                    self.streams.get_mut(&id).unwrap().ended = true;
                }
            }
            Err(SendError::Blocked) => assert!(capacity == 0 && len > 0),
            Err(error) => {
                assert_eq!(error, SendError::Misuse);
                let stream = &self.streams[&id];
                assert!(!stream.head_sent || stream.ended || (len == 0 && !end));
            }
        }
    }

    /// The next turn; `false` when there is none.
    fn turn(&mut self, again: bool) -> bool {
        let eligible: Vec<u32> =
            self.streams.iter().filter(|(_, stream)| stream.eligible()).map(|(&id, _)| id).collect();
        let Some(grant) = self.under.codec.next_writable() else {
            assert!(self.connection <= 0 || eligible.is_empty(), "{eligible:?} may send, and none is let");
            return false;
        };
        let id = grant.id.value();
        assert!(self.connection > 0 && eligible.contains(&id), "{id} of {eligible:?}");
        assert_eq!(i64::from(grant.max), self.capacity(id).min(self.frame));

        let best = eligible.iter().map(|id| self.streams[id].priority.urgency).min().unwrap();
        self.urgent.push(self.streams[&id].priority.urgency == best);
        let recent = self.urgent.iter().rev().take(ROTATION);
        assert!(recent.filter(|&&urgent| !urgent).count() <= 1, "priorities are not respected");
        for other in &eligible {
            let stream = self.streams.get_mut(other).unwrap();
            stream.waited = if *other == id { 0 } else { stream.waited + 1 };
            assert!(stream.waited <= PATIENCE * eligible.len().max(8), "{other} starves");
        }
        let sent = self.under.send(|codec, out| codec.send_data(grant.id, &[0; 90], false, out)).unwrap();
        assert_eq!(sent, 90.min(grant.max as usize));
        self.sent(id, sent);
        self.streams.get_mut(&id).unwrap().wants = again;
        if again {
            assert!(self.under.codec.want_send(grant.id));
        }
        true
    }

    /// Everything is as the model has it.
    fn check(&self) {
        assert_eq!(self.under.error, None);
        for id in (1..self.next).step_by(2) {
            let stream = self.streams.get(&id);
            assert_eq!(self.under.codec.is_open(stream_id(id)), stream.is_some());
            assert_eq!(
                i64::from(self.under.codec.send_capacity(stream_id(id))),
                self.capacity(id),
                "{id}: {stream:?}"
            );
        }
    }
}

#[derive(Debug, Clone)]
enum Operation {
    Open(u8, bool),
    Head(usize),
    Want(usize),
    Send { nth: usize, len: usize, end: bool, header_only: bool },
    Turns(usize, bool),
    Update(usize, u32),
    UpdateAll(u32),
    Initial(u32),
    FrameSize(u32),
    ResetHere(usize),
    ResetThere(usize),
    Fault(usize),
    Prioritize(usize, u8, bool),
    PriorityUpdate(usize, u8, bool),
    GoAway,
}

fn operation() -> impl Strategy<Value = Operation> {
    use Operation::*;
    let nth = || 0..12_usize;
    let credit = || prop_oneof![1..100_u32, 1..100_000_u32];
    let len = prop_oneof![0..200_usize, 0..70_000_usize];
    prop_oneof![
        4 => (0..8_u8, any::<bool>()).prop_map(|(urgency, incremental)| Open(urgency, incremental)),
        4 => nth().prop_map(Head),
        6 => nth().prop_map(Want),
        3 => (nth(), len, proptest::bool::weighted(0.2), any::<bool>())
            .prop_map(|(nth, len, end, header_only)| Send { nth, len, end, header_only }),
        6 => (1..40_usize, any::<bool>()).prop_map(|(count, again)| Turns(count, again)),
        3 => (nth(), credit()).prop_map(|(nth, by)| Update(nth, by)),
        3 => credit().prop_map(UpdateAll),
        2 => prop_oneof![Just(0_u32), 0..1000_u32, 0..200_000_u32].prop_map(Initial),
        1 => (16_384..40_000_u32).prop_map(FrameSize),
        1 => nth().prop_map(ResetHere),
        1 => nth().prop_map(ResetThere),
        1 => nth().prop_map(Fault),
        1 => (nth(), 0..9_u8, any::<bool>()).prop_map(|(nth, urgency, incremental)| Prioritize(nth, urgency, incremental)),
        1 => (nth(), 0..8_u8, any::<bool>())
            .prop_map(|(nth, urgency, incremental)| PriorityUpdate(nth, urgency, incremental)),
        1 => Just(GoAway),
    ]
}

fn apply(model: &mut Model, operation: &Operation) {
    use Operation::*;
    match *operation {
        Open(urgency, incremental) => model.open(Priority { urgency, incremental }),
        Turns(count, again) => _ = (0..count).take_while(|_| model.turn(again)).count(),
        UpdateAll(by) if model.connection + i64::from(by) <= MAX => {
            model.under.feed(&window_update(0, by));
            model.connection += i64::from(by);
        }
        Initial(size) => {
            let difference = i64::from(size) - model.initial;
            if model.streams.values().all(|stream| stream.window + difference <= MAX) {
                model.under.feed(&frame(SETTINGS, 0, 0, &setting(4, size)));
                model.initial = size.into();
                model.streams.values_mut().for_each(|stream| stream.window += difference);
            }
        }
        FrameSize(size) => {
            model.under.feed(&frame(SETTINGS, 0, 0, &setting(5, size)));
            model.frame = size.into();
        }
        // The other side begins to leave: what is under way goes on.
        GoAway => _ = model.under.feed(&frame(GOAWAY, 0, 0, &[0; 8])),
        Head(nth)
        | Want(nth)
        | Send { nth, .. }
        | Update(nth, _)
        | ResetHere(nth)
        | ResetThere(nth)
        | Fault(nth)
        | Prioritize(nth, ..)
        | PriorityUpdate(nth, ..) => {
            let Some(id) = model.nth(nth) else { return };
            let stream = model.streams.get_mut(&id).unwrap();
            match *operation {
                Head(_) if !stream.head_sent => {
                    stream.head_sent = true;
                    model.under.respond(id, "200", false);
                }
                Want(_) => {
                    stream.wants = true;
                    assert_eq!(model.under.codec.want_send(stream_id(id)), !stream.ended);
                }
                Send { len, end, header_only, .. } => model.send(id, len, end, header_only),
                Update(_, by) if stream.window + i64::from(by) <= MAX => {
                    stream.window += i64::from(by);
                    model.under.feed(&window_update(id, by));
                }
                ResetHere(_) => {
                    model.streams.remove(&id);
                    assert!(model.under.codec.reset(stream_id(id), Code::CANCEL));
                    model.under.flush();
                }
                ResetThere(_) => {
                    model.streams.remove(&id);
                    model.under.feed(&rst(id, Code::CANCEL));
                }
                Fault(_) => {
                    model.streams.remove(&id);
                    model.under.feed(&window_update(id, 0));
                }
                Prioritize(_, urgency, incremental) => {
                    stream.priority = Priority { urgency: urgency.min(7), incremental };
                    stream.waited = 0;
                    model.under.codec.prioritize(stream_id(id), Priority { urgency, incremental });
                }
                PriorityUpdate(_, urgency, incremental) => {
                    stream.priority = Priority { urgency, incremental };
                    stream.waited = 0;
                    let value = format!("u={urgency}, i=?{}", u8::from(incremental));
                    model.under.feed(&frame(
                        PRIORITY_UPDATE,
                        0,
                        0,
                        &[&id.to_be_bytes()[..], value.as_bytes()].concat(),
                    ));
                }
                _ => {}
            }
        }
        UpdateAll(_) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    #[test]
    fn what_may_be_sent_is_what_was_given(operations in proptest::collection::vec(operation(), 1..150)) {
        let mut model = Model::new();
        for operation in &operations {
            apply(&mut model, operation);
            if model.under.codec.wants().close {
                break; // a GOAWAY came, and the last stream is over
            }
            model.check();
        }
    }

    /// With credit for all, each has its turn within the bound, whatever the priorities.
    #[test]
    fn nobody_starves(priorities in proptest::collection::vec((0..8_u8, any::<bool>()), 1..12)) {
        let mut model = Model::new();
        model.under.feed(&window_update(0, (MAX - 65_535) as u32));
        model.connection = MAX;
        for (nth, &(urgency, incremental)) in priorities.iter().enumerate() {
            model.open(Priority { urgency, incremental });
            for operation in [Operation::Update(nth, (MAX - 65_535) as u32), Operation::Head(nth), Operation::Want(nth)] {
                apply(&mut model, &operation);
            }
        }
        let bound = PATIENCE * priorities.len();
        let mut served = BTreeMap::<u32, usize>::new();
        for nth in 1..=2 * bound {
            prop_assert!(model.turn(true));
            for (&id, stream) in &model.streams {
                if stream.waited == 0 {
                    served.insert(id, nth);
                }
                prop_assert!(nth - served.get(&id).copied().unwrap_or(0) <= bound, "{} starves among {:?}", id, priorities);
            }
            model.under.sent.clear();
        }
    }
}
