//! A client and a server that talk to one another.

use arbitrary::Arbitrary;
use proto_core::{Instant, WriteBuf};
use proto_ws::{CloseCode, Config, Connection, Event, Kind, MessageAssembler, Outcome, Role, Side};

use crate::calls::calls;
use crate::knobs;

#[derive(Debug, Arbitrary)]
enum Act<'d> {
    /// Sends a message in fragments of this many bytes.
    Message {
        client: bool,
        payload: &'d [u8],
        fragment: u8,
    },
    /// Sends a long message as header and payload apart.
    Long {
        client: bool,
        len: u16,
        byte: u8,
    },
    Ping {
        client: bool,
        payload: &'d [u8],
    },
    /// Lets this many bytes go over.
    Carry {
        bytes: u16,
    },
}

/// The first bytes choose by how much the wire carries at a time, the room to write to, and who closes. Every message
/// arrives once, whole and in order, and both sides agree on how it ended.
pub fn pair(data: &[u8]) {
    let ([cut, room, closer], data) = knobs(data);
    let (cut, room) = (usize::from(cut) + 1, 140 + usize::from(room) * 8);
    let mut client = Peer::new(Role::Client { mask_seed: [9; 16] }, room);
    let mut server = Peer::new(Role::Server, room);
    for act in calls(data, 24) {
        let side = |by_client: bool| by_client;
        match act {
            Act::Message { client: by, payload, fragment } => {
                let peer = if side(by) { &mut client } else { &mut server };
                let text = core::str::from_utf8(payload).is_ok();
                peer.message(
                    if text { Kind::Text } else { Kind::Binary },
                    payload,
                    usize::from(fragment) + 1,
                );
            }
            Act::Long { client: by, len, byte } => {
                let peer = if side(by) { &mut client } else { &mut server };
                peer.long(&vec![byte; usize::from(len)]);
            }
            Act::Ping { client: by, payload } => {
                let peer = if side(by) { &mut client } else { &mut server };
                let payload = &payload[..payload.len().min(125)];
                peer.write(|connection, out| connection.ping(payload, out)).expect("room for a ping");
                peer.pings += 1;
            }
            Act::Carry { bytes } => {
                carry(&mut client, &mut server, usize::from(bytes));
                carry(&mut server, &mut client, usize::from(bytes));
            }
        }
    }
    let by_client = closer & 1 == 0;
    let peer = if by_client { &mut client } else { &mut server };
    peer.write(|connection, out| connection.close(Some(CloseCode::NORMAL), "done", out))
        .expect("room to close");
    // Long messages are not carried byte by byte.
    let cut = cut.max((client.wire.len() + server.wire.len()) / 500);
    while !(client.wire.is_empty() && server.wire.is_empty()) {
        carry(&mut client, &mut server, cut);
        carry(&mut server, &mut client, cut);
    }
    assert_eq!(server.got, client.said);
    assert_eq!(client.got, server.said);
    assert_eq!((server.pinged, client.pinged), (client.pings, server.pings));
    let initiator = if by_client { Side::Client } else { Side::Server };
    let outcome = Some(Outcome::Clean { code: Some(CloseCode::NORMAL), initiator });
    assert_eq!((client.connection.outcome(), server.connection.outcome()), (outcome, outcome));
}

struct Peer {
    connection: Connection,
    room: usize,
    messages: MessageAssembler,
    /// Received and not consumed.
    input: Vec<u8>,
    /// Written, and not yet received by the other.
    wire: Vec<u8>,
    said: Vec<(Kind, Vec<u8>)>,
    got: Vec<(Kind, Vec<u8>)>,
    pings: usize,
    pinged: usize,
}

impl Peer {
    fn new(role: Role, room: usize) -> Self {
        let mut connection = Connection::new(role, Config::default());
        connection.handle_timeout(Instant::from_secs(1));
        Self {
            connection,
            room,
            messages: MessageAssembler::default(),
            input: Vec::new(),
            wire: Vec::new(),
            said: Vec::new(),
            got: Vec::new(),
            pings: 0,
            pinged: 0,
        }
    }

    fn write<T>(&mut self, write: impl FnOnce(&mut Connection, &mut WriteBuf<'_>) -> T) -> T {
        let mut memory = vec![0; self.room];
        let mut out = WriteBuf::new(&mut memory);
        let result = write(&mut self.connection, &mut out);
        self.wire.extend_from_slice(out.written());
        result
    }

    fn message(&mut self, kind: Kind, payload: &[u8], fragment: usize) {
        self.said.push((kind, payload.to_vec()));
        let last = payload.len().saturating_sub(1) / fragment;
        for nth in 0..=last {
            let mut piece = &payload[nth * fragment..payload.len().min((nth + 1) * fragment)];
            loop {
                let sent = self.write(|connection, out| connection.send(kind, piece, nth == last, out));
                let sent = sent.expect("room for a part");
                if sent == piece.len() {
                    break;
                }
                assert!(sent > 0, "no progress");
                piece = &piece[sent..];
            }
        }
    }

    fn long(&mut self, payload: &[u8]) {
        self.said.push((Kind::Binary, payload.to_vec()));
        let prefix = self.connection.prefix(Kind::Binary, payload.len() as u64, true).expect("it is open");
        self.wire.extend_from_slice(&prefix);
        let mut payload = payload.to_vec();
        for piece in payload.chunks_mut(37) {
            self.connection.mask_payload(piece).expect("as much as was announced");
        }
        self.wire.extend(payload);
    }

    fn receive(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
        loop {
            let step = self.connection.receive(&mut self.input, &mut []).expect("neither is at fault");
            let (consumed, told) = (step.consumed, step.event.is_some());
            match step.event {
                Some(Event::Data(data)) => {
                    if let Some(message) = self.messages.push(data).expect("within its limits") {
                        self.got.push((message.kind, message.payload.to_vec()));
                    }
                }
                Some(Event::Ping(_)) => self.pinged += 1,
                _ => {}
            }
            self.input.drain(..consumed);
            self.write(|connection, out| connection.transmit(out));
            if !told {
                return;
            }
        }
    }
}

fn carry(from: &mut Peer, to: &mut Peer, len: usize) {
    let bytes: Vec<u8> = from.wire.drain(..len.min(from.wire.len())).collect();
    to.receive(&bytes);
}
