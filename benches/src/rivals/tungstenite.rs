//! tungstenite, with its default buffers: reads of up to 128 KiB, writes gathered up to 128 KiB.

use std::hint::black_box;

use bytes::Bytes;
use tungstenite::Message;
use tungstenite::protocol::{Role, WebSocket};

use super::transport::Transport;
use crate::frames::Frames;
use crate::measure::{Contestant, Standing};

const NAME: &str = "tungstenite";

/// Receives as a server.
pub fn receive(frames: &Frames) -> Contestant {
    let count = frames.count;
    let mut socket = WebSocket::from_raw_socket(Transport::reading(&frames.wire), Role::Server, None);
    Contestant::new(NAME, Standing::Rival, move || {
        let mut tally = 0;
        for _ in 0..count {
            match black_box(socket.read()) {
                Ok(Message::Binary(payload)) => tally += payload.len() as u64,
                Ok(Message::Text(payload)) => tally += payload.len() as u64,
                _ => break,
            }
        }
        tally
    })
}

/// Sends binary messages, flushed once per pass.
pub fn send(payloads: &[Vec<u8>], client: bool) -> Contestant {
    let payloads: Vec<Bytes> = payloads.iter().cloned().map(Bytes::from).collect();
    let role = if client { Role::Client } else { Role::Server };
    let mut socket = WebSocket::from_raw_socket(Transport::writing(64 * 1024), role, None);
    Contestant::new(NAME, Standing::Rival, move || {
        let mut tally = 0;
        for payload in &payloads {
            if socket.write(Message::Binary(payload.clone())).is_err() {
                break;
            }
            tally += payload.len() as u64;
        }
        if socket.flush().is_err() { 0 } else { tally }
    })
}
