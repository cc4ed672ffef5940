//! The same story however the input is cut: hand-made inputs, and arbitrary ones.

mod common;
use common::*;
use proptest::prelude::*;
use proto_core::story::{Cuts, check, check_with};
use proto_ws::subject::Endpoint;
use proto_ws::{Config, Limits, Reserved, Role};
use strategies::websocket::frames;

fn endpoints() -> [Endpoint; 4] {
    let limits = Limits {
        max_frame: 200,
        max_message: 300,
        max_fragments: 4,
        control_burst: 6,
        control_per_second: 1,
        ..Limits::default()
    };
    let config = Config { limits, reserved: Reserved::RSV1, ..Config::default() };
    let (server, client) = (Endpoint::server(), Endpoint::client());
    [server, client, Endpoint { config, ..server }, Endpoint { config, ..client }]
}

#[test]
fn hand_made_inputs() {
    for endpoint in endpoints() {
        let masked = endpoint.role == Role::Server;
        let f = |first, payload: &[u8]| frame(first, payload, masked);
        let long: Vec<u8> = (0..190).map(|at| at as u8).collect();
        for input in [
            f(0x81, b"Hello"),
            [f(0x01, b"He"), f(0x89, b"ping"), f(0x00, b""), f(0x80, "llo ✓".as_bytes()), f(0x82, &long)]
                .concat(),
            [f(0x82, &long), f(0x81, &[b'a'; 140]), f(0x8a, b"pong"), f(0x88, b"\x03\xe8done")].concat(),
            [f(0x81, b"x"), f(0x88, b""), f(0x81, b"ignored"), b"\xff\xff".to_vec()].concat(),
            [f(0x81, b"abc\xe2\x28\xa1def"), f(0x81, b"never")].concat(),
            [f(0x01, b"abc\xe2"), f(0x80, b"\x82")].concat(),
            [f(0x01, b"abc\xe2"), f(0x80, b"")].concat(),
            [f(0x41, b"\xff"), f(0x80, b"\xfe")].concat(),
            [f(0x02, &long), f(0x80, &long)].concat(),
            f(0x82, &[0; 201]),
            f(0x01, b"1").repeat(2),
            [f(0x01, b"1"), f(0x00, b"2").repeat(9)].concat(),
            f(0x89, b"flood").repeat(9),
            f(0x88, b"\x03\xed"),
            f(0x88, b"\x03"),
            f(0x88, b"\x03\xe8\xff"),
            f(0x83, b""),
            f(0x91, b""),
            f(0x09, b""),
            f(0x89, &[0; 126]),
            frame(0x82, b"wrong side", !masked),
            b"\x82\xfe\x00\x05\0\0\0\0hello".to_vec(),
            b"\x82\xff\x80\0\0\0\0\0\0\0\0\0\0\0".to_vec(),
        ] {
            check(&endpoint, &input).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn frames_right_and_wrong(frames in frames(), seed: u64) {
        for endpoint in endpoints() {
            let masked = endpoint.role == Role::Server;
            let input = frames.octets(masked);
            check_with(&endpoint, &input, Cuts::sampled(seed)).map_err(|fault| TestCaseError::fail(format!("{fault:?}")))?;
        }
    }

    #[test]
    fn any_bytes(input in prop::collection::vec(any::<u8>(), 0..64), seed: u64) {
        for endpoint in endpoints() {
            check_with(&endpoint, &input, Cuts::sampled(seed)).map_err(|fault| TestCaseError::fail(format!("{fault:?}")))?;
        }
    }
}
