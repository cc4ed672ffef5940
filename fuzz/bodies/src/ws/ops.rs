//! Calls to a WebSocket connection in any order.

use arbitrary::Arbitrary;
use core::time::Duration;
use proto_core::Instant;
use proto_ws::{CloseCode, Config, Connection, Event, KeepAlive, Kind, Limits, Outcome, Role};

use super::frame;
use crate::calls::{calls, transmitted, write};

#[derive(Debug, Arbitrary)]
enum Call<'d> {
    Receive(&'d [u8]),
    Frame { first: u8, payload: &'d [u8] },
    Eof,
    Transmit { room: u8 },
    Time { millis: u16 },
    Send { text: bool, len: u8, fin: bool, room: u8 },
    Message { text: bool, len: u8, room: u8 },
    Prefix { text: bool, len: u8, fin: bool, masked_by: u8 },
    Ping { len: u8, room: u8 },
    Pong { len: u8, room: u8 },
    Close { code: Option<u16>, len: u8, room: u8 },
}

/// The first byte chooses role and limits. Whatever is written is read without fault by the other side, nothing comes
/// behind a Close frame, an outcome is final, and time ends the connection.
pub fn ops(data: &[u8]) {
    let ([knob], data) = crate::knobs(data);
    let server = knob & 1 == 0;
    let limits = Limits {
        max_frame: 25,
        max_message: 40,
        max_fragments: 3,
        control_burst: 3,
        control_per_second: 1,
        ..Limits::default()
    };
    let keep_alive =
        KeepAlive { ping_after: Duration::from_secs(10), hang_up_after: Duration::from_secs(30) };
    let limits = if knob & 2 == 0 { Limits::default() } else { limits };
    let config = Config { keep_alive, limits, ..Config::default() };
    let (us, them) = (Role::Server, Role::Client { mask_seed: [5; 16] });
    let (us, them) = if server { (us, them) } else { (them, us) };
    let mut subject = Subject {
        connection: Connection::new(us, config),
        reader: Connection::new(them, Config::default()),
        now: Instant::from_secs(1),
        masked: server,
        closes: 0,
        outcome: None,
    };
    for call in calls(data, 64) {
        subject.perform(&call);
    }
    subject.end();
}

struct Subject {
    connection: Connection,
    /// What reads all that the connection writes.
    reader: Connection,
    now: Instant,
    /// Whether frames for the connection are masked.
    masked: bool,
    /// How many Close frames were read.
    closes: usize,
    outcome: Option<Outcome>,
}

impl Subject {
    fn perform(&mut self, call: &Call<'_>) {
        let kind = |text: bool| if text { Kind::Text } else { Kind::Binary };
        let payload = [b'x'; 255];
        let payload = |len: &u8| &payload[..usize::from(*len)];
        let reason = "r".repeat(255);
        let connection = &mut self.connection;
        let wire = match call {
            Call::Receive(bytes) => {
                receive(connection, bytes);
                Vec::new()
            }
            Call::Frame { first, payload } => {
                receive(connection, &frame(*first, payload, self.masked));
                Vec::new()
            }
            Call::Eof => {
                let _ = connection.receive_eof();
                Vec::new()
            }
            Call::Transmit { room } => transmitted(*room, |out| connection.transmit(out)),
            Call::Time { millis } => {
                self.now = self.now + Duration::from_millis(u64::from(*millis));
                connection.handle_timeout(self.now);
                Vec::new()
            }
            Call::Send { text, len, fin, room } => {
                write(*room, |out| connection.send(kind(*text), payload(len), *fin, out)).0
            }
            Call::Message { text, len, room } => {
                write(*room, |out| connection.send_message(kind(*text), payload(len), out)).0
            }
            Call::Prefix { text, len, fin, masked_by } => {
                match connection.prefix(kind(*text), u64::from(*len), *fin) {
                    Err(_) => Vec::new(),
                    Ok(prefix) => {
                        let mut rest = payload(len).to_vec();
                        for piece in rest.chunks_mut(usize::from(*masked_by).max(1)) {
                            connection.mask_payload(piece).expect("as much as was announced");
                        }
                        [&prefix[..], &rest].concat()
                    }
                }
            }
            Call::Ping { len, room } => write(*room, |out| connection.ping(payload(len), out)).0,
            Call::Pong { len, room } => write(*room, |out| connection.pong(payload(len), out)).0,
            Call::Close { code, len, room } => {
                let code = code.and_then(CloseCode::new);
                write(*room, |out| connection.close(code, &reason[..usize::from(*len)], out)).0
            }
        };
        self.check(call, wire);
    }

    fn check(&mut self, call: &Call<'_>, mut wire: Vec<u8>) {
        assert!(wire.is_empty() || self.closes == 0, "{call:?} wrote behind a Close frame");
        let mut at = 0;
        while at < wire.len() {
            let step = self.reader.receive(&mut wire[at..], &mut []);
            let step = step.unwrap_or_else(|error| panic!("{call:?} wrote what is wrong: {error}"));
            assert!(step.consumed > 0, "{call:?} wrote half a frame");
            at += step.consumed;
            self.closes += usize::from(matches!(step.event, Some(Event::Close { .. })));
        }
        let wants = self.connection.wants();
        assert!(!wants.close || !(wants.read || wants.write), "{call:?}: {wants:?}");
        assert!(wants.close || wants.read || wants.write, "{call:?} left it waiting for nothing");
        assert!(
            !wants.close || self.connection.poll_timeout().is_none(),
            "{call:?}: a deadline of what is over"
        );
        assert!(
            self.outcome.is_none() || self.connection.outcome() == self.outcome,
            "{call:?} changed an outcome"
        );
        self.outcome = self.connection.outcome();
    }

    fn end(mut self) {
        for _ in 0..10 {
            let Some(due) = self.connection.poll_timeout() else { break };
            self.now = self.now.max(due.at);
            self.connection.handle_timeout(self.now);
        }
        assert!(
            self.connection.wants().close && self.connection.outcome().is_some(),
            "time has not ended it"
        );
    }
}

fn receive(connection: &mut Connection, bytes: &[u8]) {
    let mut input = bytes.to_vec();
    let mut at = 0;
    while let Ok(step) = connection.receive(&mut input[at..], &mut []) {
        at += step.consumed;
        if step.event.is_none() {
            break;
        }
    }
}
