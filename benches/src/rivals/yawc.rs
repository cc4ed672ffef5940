//! yawc, with its check of UTF-8; compression by zlib-rs, and without context takeover from its pool.

use std::hint::black_box;
use std::task::{Context, Waker};

use bytes::Bytes;
use futures_sink::Sink;
use yawc::{CompressionLevel, DeflatePool, Frame, OpCode, Options, Role, WebSocket};

use super::transport::{Transport, ready};
use crate::frames::Frames;
use crate::groups::deflate::{ROOM, Setting};
use crate::measure::{Contestant, Standing};

const NAME: &str = "yawc";

fn socket(transport: Transport, role: Role) -> Option<WebSocket<Transport>> {
    let options = Options::default().with_limits(1 << 24, 1 << 25).with_utf8();
    WebSocket::from_stream(transport, role, options).ok()
}

fn deflating(transport: Transport, role: Role, setting: Setting) -> Option<WebSocket<Transport>> {
    let level = CompressionLevel::new(setting.level.into());
    let mut options = Options::default().with_limits(1 << 24, 1 << 25).with_utf8();
    options = options.with_compression_level(level).with_compression_threshold(0);
    let mut agreed = "permessage-deflate";
    if !setting.takeover {
        agreed = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
        options = options.server_no_context_takeover().client_no_context_takeover();
        options = options.with_deflate_pool(DeflatePool::new(2));
    }
    WebSocket::from_stream_with_extensions(transport, role, Some(agreed), options).ok()
}

/// Receives as a server.
pub fn receive(frames: &Frames) -> Option<Contestant> {
    let socket = socket(Transport::reading(&frames.wire), Role::Server)?;
    Some(receiver(socket, frames.count))
}

/// Receives `count` compressed messages as a client.
pub fn receive_deflated(wire: &[u8], count: u64, setting: Setting) -> Option<Contestant> {
    let socket = deflating(Transport::reading(wire), Role::Client, setting)?;
    Some(receiver(socket, count))
}

fn receiver(mut socket: WebSocket<Transport>, count: u64) -> Contestant {
    Contestant::new(NAME, Standing::Rival, move || {
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
    })
}

/// Sends binary messages, flushed once per pass.
pub fn send(payloads: &[Vec<u8>], client: bool) -> Option<Contestant> {
    let role = if client { Role::Client } else { Role::Server };
    let socket = socket(Transport::writing(64 * 1024), role)?;
    Some(sender(socket, payloads, Frame::binary))
}

/// Sends compressed text as a server, flushed once per pass.
pub fn send_deflated(messages: &[Vec<u8>], setting: Setting) -> Option<Contestant> {
    let socket = deflating(Transport::writing(ROOM), Role::Server, setting)?;
    Some(sender(socket, messages, Frame::text))
}

fn sender(
    socket: WebSocket<Transport>,
    payloads: &[Vec<u8>],
    frame: impl Fn(Bytes) -> Frame + 'static,
) -> Contestant {
    let payloads: Vec<Bytes> = payloads.iter().cloned().map(Bytes::from).collect();
    let mut socket = Box::pin(socket);
    Contestant::new(NAME, Standing::Rival, move || {
        let context = &mut Context::from_waker(Waker::noop());
        let mut tally = 0;
        for payload in &payloads {
            if !socket.as_mut().poll_ready(context).is_ready()
                || socket.as_mut().start_send(frame(payload.clone())).is_err()
            {
                break;
            }
            tally += payload.len() as u64;
        }
        if socket.as_mut().poll_flush(context).is_ready() { tally } else { 0 }
    })
}
