//! HTTP/2: the oracle for both roles, calls in any order, and a pair that talk to one another.

mod ops;
mod pair;
mod seeds;

pub use ops::ops;
pub use pair::pair;
pub use seeds::{client_seeds, server_seeds};

use proto_h2::story::{Client, Server};
use proto_h2::{Config, PREFACE, Rate};

use crate::{knobs, one_story};

/// Limits that are within reach, or the defaults.
fn config(knob: u8) -> Config {
    let mut config = Config::default();
    config.accept_push = knob & 2 != 0;
    config.extended_connect = knob & 4 != 0;
    if knob & 1 != 0 {
        let limits = &mut config.limits;
        limits.header_table = 64;
        limits.concurrent_streams = 2;
        limits.stream_window = 40;
        limits.connection_window = 100;
        limits.header_block = 200;
        limits.header_list = 300;
        limits.continuations = 2;
        limits.fields = 6;
        limits.resets = Rate::new(2, 1);
        limits.control = Rate::new(6, 1);
        limits.tiny = Rate::new(8, 1);
    }
    config
}

/// The story of what a server receives. The first byte chooses limits, and whether the preface and an empty SETTINGS
/// frame come before the input.
pub fn server_cut(data: &[u8]) {
    let ([knob], input) = knobs(data);
    let server = Server::new(config(knob));
    if knob & 8 == 0 {
        one_story(&server, &[&PREFACE[..], b"\0\0\0\x04\0\0\0\0\0", input].concat());
    } else {
        one_story(&server, input);
    }
}

/// The story of what a client receives that has made three requests. The first byte chooses as for a server.
pub fn client_cut(data: &[u8]) {
    let ([knob], input) = knobs(data);
    let client = Client { config: config(knob) };
    if knob & 8 == 0 {
        one_story(&client, &[b"\0\0\0\x04\0\0\0\0\0", input].concat());
    } else {
        one_story(&client, input);
    }
}

/// A frame.
fn frame(kind: u8, flags: u8, id: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(id.to_be_bytes());
    bytes.extend(payload);
    bytes
}
