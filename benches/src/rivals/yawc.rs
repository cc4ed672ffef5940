//! yawc, without compression, with its check of UTF-8.

use std::hint::black_box;
use std::task::{Context, Waker};

use bytes::Bytes;
use futures_sink::Sink;
use yawc::{Frame, OpCode, Options, Role, WebSocket};

use super::transport::{Transport, ready};
use crate::frames::Frames;
use crate::measure::{Contestant, Standing};

const NAME: &str = "yawc";

fn socket(transport: Transport, role: Role) -> Option<WebSocket<Transport>> {
    let options = Options::default().with_limits(1 << 24, 1 << 25).with_utf8();
    WebSocket::from_stream(transport, role, options).ok()
}

/// Receives as a server.
pub fn receive(frames: &Frames) -> Option<Contestant> {
    let count = frames.count;
    let mut socket = socket(Transport::reading(&frames.wire), Role::Server)?;
    Some(Contestant::new(NAME, Standing::Rival, move || {
        let mut tally = 0;
        for _ in 0..count {
            match black_box(ready(socket.next_frame())) {
                Some(Ok(frame)) if matches!(frame.opcode(), OpCode::Binary | OpCode::Text) => {
                    tally += frame.payload().len() as u64;
                }
                _ => break,
            }
        }
        tally
    }))
}

/// Sends binary messages, flushed once per pass.
pub fn send(payloads: &[Vec<u8>], client: bool) -> Option<Contestant> {
    let payloads: Vec<Bytes> = payloads.iter().cloned().map(Bytes::from).collect();
    let role = if client { Role::Client } else { Role::Server };
    let mut socket = Box::pin(socket(Transport::writing(64 * 1024), role)?);
    Some(Contestant::new(NAME, Standing::Rival, move || {
        let context = &mut Context::from_waker(Waker::noop());
        let mut tally = 0;
        for payload in &payloads {
            if !socket.as_mut().poll_ready(context).is_ready()
                || socket.as_mut().start_send(Frame::binary(payload.clone())).is_err()
            {
                break;
            }
            tally += payload.len() as u64;
        }
        if socket.as_mut().poll_flush(context).is_ready() { tally } else { 0 }
    }))
}
