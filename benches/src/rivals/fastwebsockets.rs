//! fastwebsockets, frame by frame, as its own benchmarks use it.

use std::hint::black_box;

use fastwebsockets::{Frame, OpCode, Payload, Role, WebSocket};

use super::transport::{Transport, ready};
use crate::frames::Frames;
use crate::measure::{Contestant, Standing};

const NAME: &str = "fastwebsockets";

/// Receives as a server.
pub fn receive(frames: &Frames) -> Contestant {
    let count = frames.count;
    let mut socket = WebSocket::after_handshake(Transport::reading(&frames.wire), Role::Server);
    socket.set_max_message_size(1 << 30);
    Contestant::new(NAME, Standing::Rival, move || {
        let mut tally = 0;
        for _ in 0..count {
            match black_box(ready(socket.read_frame())) {
                Some(Ok(frame)) if matches!(frame.opcode, OpCode::Binary | OpCode::Text) => {
                    tally += frame.payload.len() as u64;
                }
                _ => break,
            }
        }
        tally
    })
}

/// Sends binary messages. A client's payload is masked where it lies, so it owns a copy of each message.
pub fn send(payloads: &[Vec<u8>], client: bool) -> Contestant {
    let payloads = payloads.to_vec();
    let role = if client { Role::Client } else { Role::Server };
    let mut socket = WebSocket::after_handshake(Transport::writing(64 * 1024), role);
    Contestant::new(NAME, Standing::Rival, move || {
        let mut tally = 0;
        for payload in &payloads {
            let frame = Frame::binary(Payload::Borrowed(payload));
            if !matches!(ready(socket.write_frame(frame)), Some(Ok(()))) {
                break;
            }
            tally += payload.len() as u64;
        }
        tally
    })
}
