//! HTTP/2: the oracle for both roles, calls in any order, and a pair that talk to one another.

mod ops;
mod pair;
mod seeds;

pub use ops::ops;
pub use pair::pair;
pub use seeds::{client_seeds, server_seeds};

use proto_h2::story::{Client, Server};
use proto_h2::{Config, PREFACE, Rate};

use strategies::chosen_by;
use strategies::http2::nearly_frame;

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

/// The story of frames that are nearly sound. The first byte chooses the role, the second is that of [`server_cut`] or
/// [`client_cut`], the others choose the frames.
pub fn shaped(data: &[u8]) {
    let ([role, knob], choices) = knobs(data);
    let input = [&[knob & !8], &chosen_by(&nearly_frame(), choices, 14).concat()[..]].concat();
    if role & 1 == 0 { server_cut(&input) } else { client_cut(&input) }
}
