//! proto-ws with permessage-deflate.

use std::hint::black_box;

use proto_core::WriteBuf;
use proto_ws::deflate::{Compress, DeflateConfig};
use proto_ws::handshake::Extensions;
use proto_ws::{Config, Connection, Event, Kind, Role};

use crate::groups::deflate::{ROOM, Setting};
use crate::measure::{Contestant, Standing};

fn connection(role: Role, setting: Setting) -> Option<Connection> {
    let config = DeflateConfig { compression_level: setting.level, threshold: 0, ..DeflateConfig::default() };
    let config = if setting.takeover { config } else { config.without_takeover() };
    let deflate = config.accept(Extensions::new(b"permessage-deflate").flatten())?;
    let mut connection = Connection::new(role, Config { deflate: Some(deflate), ..Config::default() });
    // as in a pool: state stays from message to message
    proto_ws::deflate::Pool::new(usize::MAX).lend(&mut connection);
    Some(connection)
}

/// Sends whole messages as a server.
pub fn send(messages: &[Vec<u8>], setting: Setting) -> Option<Contestant> {
    let messages = messages.to_vec();
    let mut connection = connection(Role::Server, setting)?;
    let mut room = vec![0; ROOM];
    Some(Contestant::new("send_message", Standing::Ours, move || {
        let mut tally = 0;
        for message in &messages {
            let mut out = WriteBuf::new(&mut room);
            if connection.send_message_with(Compress::Always, Kind::Text, message, &mut out).is_ok() {
                tally += message.len() as u64;
            }
            black_box(out.written());
        }
        tally
    }))
}

/// What a server of ours sends for these messages.
pub fn wire(messages: &[Vec<u8>], setting: Setting) -> Vec<u8> {
    let mut room = vec![0; ROOM];
    let mut wire = Vec::new();
    let Some(mut connection) = connection(Role::Server, setting) else { return wire };
    for message in messages {
        let mut out = WriteBuf::new(&mut room);
        let _ = connection.send_message_with(Compress::Always, Kind::Text, message, &mut out);
        wire.extend_from_slice(out.written());
    }
    wire
}

/// Receives them as a client: into scratch space, with its check of UTF-8.
pub fn receive(wire: &[u8], setting: Setting) -> Option<Contestant> {
    let mut wire = wire.to_vec();
    let mut connection = connection(Role::Client { mask_seed: [1; 16] }, setting)?;
    let mut scratch = vec![0; ROOM];
    Some(Contestant::new("receive", Standing::Ours, move || {
        let (mut at, mut tally) = (0, 0);
        while let Some(input) = wire.get_mut(at..)
            && let Ok(step) = connection.receive(input, &mut scratch)
        {
            at += step.consumed;
            let Some(Event::Data(data)) = step.event else { break };
            tally += black_box(&*data.payload).len() as u64;
        }
        tally
    }))
}
