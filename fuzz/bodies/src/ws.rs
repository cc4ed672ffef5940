//! WebSocket: the oracle for both roles, calls in any order, and a pair that talk to one another.

mod deflate;
mod ops;
mod pair;

pub use deflate::{deflate_cut, deflate_pair, deflate_seeds, inflate_diff, inflate_seeds};
pub use ops::ops;
pub use pair::pair;

use proto_ws::subject::Endpoint;
use proto_ws::{Config, Limits, Reserved};
pub(crate) use strategies::websocket::frame;
use strategies::websocket::frames;
use strategies::{chosen_by, some};

use crate::{knobs, one_story, with_knobs};

/// Whether the limits are within reach, and whether a reserved bit is the application's.
fn config(knob: u8) -> Config {
    let limits = Limits {
        max_frame: 200,
        max_message: 300,
        max_fragments: 4,
        control_burst: 6,
        control_per_second: 1,
        ..Limits::default()
    };
    let reserved = if knob & 2 == 0 { Reserved::default() } else { Reserved::RSV1 };
    Config { limits: if knob & 1 == 0 { Limits::default() } else { limits }, reserved, ..Config::default() }
}

/// The story of what a server receives. The first byte chooses limits and reserved bits.
pub fn server_cut(data: &[u8]) {
    let ([knob], input) = knobs(data);
    one_story(&Endpoint { config: config(knob), ..Endpoint::server() }, input);
}

/// The story of what a client receives. The first byte chooses limits and reserved bits.
pub fn client_cut(data: &[u8]) {
    let ([knob], input) = knobs(data);
    one_story(&Endpoint { config: config(knob), ..Endpoint::client() }, input);
}

/// The story of frames that are nearly sound. The first byte chooses the role, the second is that of [`server_cut`] or
/// [`client_cut`], the others choose the frames.
pub fn shaped(data: &[u8]) {
    let ([role, knob], choices) = knobs(data);
    let server = role & 1 == 0;
    let mut input = vec![knob];
    for frames in chosen_by(&frames(), choices, 4) {
        input.extend(frames.octets(server));
    }
    if server { server_cut(&input) } else { client_cut(&input) }
}

fn seeds(masked: bool) -> Vec<Vec<u8>> {
    let f = |first, payload: &[u8]| frame(first, payload, masked);
    let long: Vec<u8> = (0..190).map(|at| at as u8).collect();
    let inputs = [
        f(0x81, b"Hello"),
        [f(0x01, b"He"), f(0x89, b"ping"), f(0x00, b""), f(0x80, "llo ✓".as_bytes()), f(0x82, &long)]
            .concat(),
        [f(0x82, &long), f(0x81, &[b'a'; 140]), f(0x8a, b"pong"), f(0x88, b"\x03\xe8done")].concat(),
        [f(0x81, b"x"), f(0x88, b""), f(0x81, b"ignored"), b"\xff\xff".to_vec()].concat(),
        [f(0x81, b"abc\xe2\x28\xa1def"), f(0x81, b"never")].concat(),
        [f(0x01, b"abc\xe2"), f(0x80, b"\x82")].concat(),
        [f(0x41, b"\xff"), f(0x80, b"\xfe")].concat(),
        [f(0x02, &long), f(0x80, &long)].concat(),
        [f(0x01, b"1"), f(0x00, b"2").repeat(9)].concat(),
        f(0x89, b"flood").repeat(9),
        f(0x88, b"\x03\xed"),
        f(0x88, b"\x03\xe8\xff"),
        f(0x83, b""),
        f(0x09, b""),
        frame(0x82, b"wrong side", !masked),
        b"\x82\xfe\x00\x05\0\0\0\0hello".to_vec(),
        b"\x82\xff\x80\0\0\0\0\0\0\0\0\0\0\0".to_vec(),
    ];
    let generated = some(&frames(), 4).into_iter().map(|frames| frames.octets(masked));
    let inputs: Vec<_> = inputs.into_iter().chain(generated).collect();
    with_knobs(&[[0], [3]], &inputs)
}

/// Frames from a client.
pub fn server_seeds() -> Vec<Vec<u8>> {
    seeds(true)
}

/// Frames from a server.
pub fn client_seeds() -> Vec<Vec<u8>> {
    seeds(false)
}
