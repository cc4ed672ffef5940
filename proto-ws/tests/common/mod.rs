#![allow(dead_code, unreachable_pub, reason = "each test file uses its share")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

#[cfg(feature = "deflate")]
pub mod deflate;
#[cfg(feature = "deflate")]
pub mod puff;

use proto_core::WriteBuf;
use proto_ws::{Config, Connection, Error, Event, Role};
pub use strategies::websocket::frame;

/// A frame from a client.
pub fn from_client(first: u8, payload: &[u8]) -> Vec<u8> {
    frame(first, payload, true)
}

/// A frame from a server.
pub fn from_server(first: u8, payload: &[u8]) -> Vec<u8> {
    frame(first, payload, false)
}

pub fn server() -> Connection {
    Connection::new(Role::Server, Config::default())
}

pub fn client() -> Connection {
    Connection::new(Role::Client { mask_seed: [3; 16] }, Config::default())
}

/// Makes a frame of its first byte and payload.
pub type Framer = fn(u8, &[u8]) -> Vec<u8>;

/// Both roles, each with what makes the frames of its peer.
pub fn both() -> [(Connection, Framer); 2] {
    [(server(), from_client), (client(), from_server)]
}

/// What one event said, owned.
pub fn owned(event: Event<'_>) -> String {
    match event {
        Event::Data(data) => format!(
            "{:?} {} {}{:?} {}",
            data.kind,
            data.payload.escape_ascii(),
            if data.first { "first " } else { "" },
            data.end,
            data.remaining
        ),
        Event::Ping(payload) => format!("Ping {}", payload.escape_ascii()),
        Event::Pong(payload) => format!("Pong {}", payload.escape_ascii()),
        Event::Close { code, reason } => format!("Close {} {reason}", code.map_or(1005, u16::from)),
    }
}

/// Feeds all of `input`: the events, and the error that ended it.
pub fn feed(connection: &mut Connection, input: &[u8]) -> (Vec<String>, Option<Error>) {
    let mut input = input.to_vec();
    let mut at = 0;
    let mut events = Vec::new();
    loop {
        match connection.receive(&mut input[at..], &mut []) {
            Err(error) => return (events, Some(error)),
            Ok(step) => {
                at += step.consumed;
                match step.event {
                    Some(event) => events.push(owned(event)),
                    None => return (events, None),
                }
            }
        }
    }
}

pub fn transmit(connection: &mut Connection) -> Vec<u8> {
    let mut room = [0; 256];
    let mut out = WriteBuf::new(&mut room);
    connection.transmit(&mut out);
    out.written().to_vec()
}

/// What `write` writes into ample room.
pub fn written(write: impl FnOnce(&mut WriteBuf<'_>)) -> Vec<u8> {
    let mut room = vec![0; 1 << 18];
    let mut out = WriteBuf::new(&mut room);
    write(&mut out);
    out.written().to_vec()
}

/// The payload of the one frame in `frame`, unmasked, with its first byte.
pub fn open(frame: &[u8]) -> (u8, Vec<u8>) {
    let masked = frame[1] & 0x80 != 0;
    let (len, mut at) = match frame[1] & 0x7f {
        126 => (usize::from(u16::from_be_bytes([frame[2], frame[3]])), 4),
        127 => (u64::from_be_bytes(frame[2..10].try_into().unwrap()) as usize, 10),
        len => (usize::from(len), 2),
    };
    let mut key = [0; 4];
    if masked {
        key.copy_from_slice(&frame[at..at + 4]);
        at += 4;
    }
    assert_eq!(frame.len(), at + len, "one frame");
    let payload = frame[at..].iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
    (frame[0], payload)
}

/// Random bytes, the same each time.
pub fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    (0..len).map(|_| next()).collect()
}

/// A compressed message on the wire, its tail put back: each frame's first byte, and the stream.
pub fn stream(wire: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (mut firsts, mut stream, mut rest) = (Vec::new(), Vec::new(), wire);
    while !rest.is_empty() {
        let header = match rest[1] & 0x7f {
            126 => 4,
            127 => 10,
            _ => 2,
        } + if rest[1] & 0x80 != 0 { 4 } else { 0 };
        let len = match rest[1] & 0x7f {
            126 => usize::from(u16::from_be_bytes([rest[2], rest[3]])),
            127 => u64::from_be_bytes(rest[2..10].try_into().unwrap()) as usize,
            len => usize::from(len),
        };
        let (frame, behind) = rest.split_at(header + len);
        let (first, payload) = open(frame);
        firsts.push(first);
        stream.extend(payload);
        rest = behind;
    }
    stream.extend(b"\0\0\xff\xff");
    (firsts, stream)
}
