//! HTTP/1: the oracle for both roles, calls in any order, a pair that talk to one another, and a reference.

mod diff;
mod ops;
mod pair;
mod reference;
mod seeds;

pub use diff::{request_diff, response_diff};
pub use ops::{client_ops, server_ops};
pub use pair::pair;
pub use seeds::{client_seeds, request_seeds, response_seeds, server_seeds};

use proto_h1::subject::{Answer, ClientSubject, ServerSubject};
use proto_h1::{Config, Field, Lenient, Limits, RequestHead};

use strategies::chosen_by;
use strategies::http1::{requests, responses};

use crate::{knobs, one_story};

/// Which leniencies, and whether the limits are within reach.
fn config(knob: u8) -> Config {
    let bit = |at: u8| knob >> at & 1 == 1;
    let lenient = Lenient {
        bare_lf: bit(0),
        obs_fold: bit(1),
        identical_lengths: bit(2),
        empty_lines: bit(3),
        status_without_space: bit(4),
    };
    let limits = Limits {
        body: 9,
        head: 90,
        drain: 4,
        extensions: 16,
        trailers: 12,
        target: 8,
        fields: 3,
        extension_line: 12,
        informational: 2,
        ..Limits::default()
    };
    Config { limits: if bit(5) { limits } else { Limits::default() }, lenient }
}

/// The story of what a server receives. The first byte chooses leniencies and when it answers.
pub fn server_cut(data: &[u8]) {
    let ([knob], input) = knobs(data);
    let answer = match knob >> 6 {
        0 => Answer::AtEnd,
        1 => Answer::Early,
        _ => Answer::Continue,
    };
    one_story(&ServerSubject { config: config(knob), answer }, input);
}

/// The story of what a client receives. The first byte chooses leniencies and what it asked for.
pub fn client_cut(data: &[u8]) {
    let ([knob], input) = knobs(data);
    let upgrade = [Field::new("Upgrade", "test")];
    let (method, target, fields): (&[u8], &[u8], &[Field<'_>]) = match knob >> 6 {
        0 => (b"GET", b"/", &upgrade),
        1 => (b"HEAD", b"/", &[]),
        2 => (b"CONNECT", b"a:1", &[]),
        _ => (b"POST", b"/", &[]),
    };
    let request = RequestHead::new(method, target, b"a:1", fields);
    one_story(&ClientSubject { config: config(knob), request }, input);
}

/// The story of messages that are nearly sound. The first byte chooses the role, the second is that of [`server_cut`] or
/// [`client_cut`], the others choose the messages.
pub fn shaped(data: &[u8]) {
    let ([role, knob], choices) = knobs(data);
    if role & 1 == 0 {
        server_cut(&[&[knob], &chosen_by(&requests(), choices, 4).concat()[..]].concat());
    } else {
        client_cut(&[&[knob], &chosen_by(&responses(), choices, 4).concat()[..]].concat());
    }
}
