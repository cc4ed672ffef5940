//! proto-ws.

use std::hint::black_box;

use proto_core::{SendError, Step, WriteBuf};
use proto_ws::{Config, Connection, Event, Kind, Role};

use crate::aligned::Aligned;
use crate::frames::Frames;
use crate::groups::ws_send::ROOM;
use crate::measure::{Contestant, Standing};

/// Receives as a server, in place.
pub fn receive(frames: &Frames) -> Contestant {
    let mut wire = Aligned::copy(&frames.wire);
    let mut connection = Connection::new(Role::Server, Config::default());
    Contestant::new("in place", Standing::Ours, move || drain(&mut connection, &mut wire))
}

/// As [`receive`], out of a buffer that is filled anew by a copy, as by a read from a socket.
pub fn receive_copied(frames: &Frames) -> Contestant {
    let wire = Aligned::copy(&frames.wire);
    let mut buffer = Aligned::zeroed(wire.len());
    let mut connection = Connection::new(Role::Server, Config::default());
    Contestant::new("copied", Standing::Ours, move || {
        buffer.copy_from_slice(black_box(&wire));
        drain(&mut connection, &mut buffer)
    })
}

/// One turn of a driver: every event that the buffer holds, until there is none.
#[inline]
fn drain(connection: &mut Connection, wire: &mut [u8]) -> u64 {
    let mut tally = 0;
    let mut at = 0;
    while let Some(input) = wire.get_mut(at..) {
        match connection.receive(input, &mut []) {
            Ok(Step { consumed, event: Some(Event::Data(data)) }) => {
                tally += black_box(&*data.payload).len() as u64;
                at += consumed;
            }
            _ => break,
        }
    }
    tally
}

/// Sends whole binary messages.
pub fn send(payloads: &[Vec<u8>], client: bool) -> Contestant {
    let payloads = payloads.to_vec();
    let role = if client { Role::Client { mask_seed: *b"sixteen bytes of" } } else { Role::Server };
    let mut connection = Connection::new(role, Config::default());
    let mut room = Aligned::zeroed(ROOM);
    Contestant::new("send_message", Standing::Ours, move || {
        let mut tally = 0;
        let mut out = WriteBuf::new(&mut room);
        for payload in &payloads {
            loop {
                match connection.send_message(Kind::Binary, payload, &mut out) {
                    Ok(()) => tally += payload.len() as u64,
                    Err(SendError::Full) if !out.is_empty() => {
                        black_box(out.written());
                        out = WriteBuf::new(&mut room);
                        continue;
                    }
                    Err(_) => {}
                }
                break;
            }
        }
        black_box(out.written());
        tally
    })
}
