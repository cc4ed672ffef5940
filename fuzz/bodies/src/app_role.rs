//! Any bytes into a server connection of the application layer, whatever role it takes: HTTP/1, WebSocket, raw, files.

mod mirror;
mod wire;

use mirror::Mirror;
use wire::Wire;

use crate::{knobs, with_knobs, ws};

/// The first byte chooses circumstances, the second the length of the pieces that the rest comes in.
///
/// The connection comes to rest after each piece, sends the same bytes however the input is cut, gives every session
/// back once and every file too, and ends when the transport does and time has passed.
pub fn role(data: &[u8]) {
    let ([knob, piece], input) = knobs(data);
    let whole = run(knob, &[input]);
    let pieces: Vec<&[u8]> = input.chunks(usize::from(piece) + 1).collect();
    let cut = run(knob, &pieces);
    assert!(
        whole == cut,
        "{} whole:\n{}\nin pieces of {}:\n{}",
        input.escape_ascii(),
        whole.escape_ascii(),
        usize::from(piece) + 1,
        cut.escape_ascii()
    );
}

/// All that the connection sends.
fn run(knob: u8, pieces: &[&[u8]]) -> Vec<u8> {
    let bit = |at: u8| knob >> at & 1 == 1;
    let mut config = app::Config { raw_fallback: bit(0), ..app::Config::default() };
    if bit(1) {
        config.http1.limits.body = 40;
        config.http1.limits.head = 200;
        config.websocket.limits.max_message = 60;
        config.websocket.limits.control_burst = 4;
    }
    let mut wire = Wire::new(Mirror::default(), config, if bit(2) { 2_048 } else { 65_536 });
    let mut sent = Vec::new();
    for piece in pieces {
        sent.extend(wire.feed(piece));
    }
    if bit(3) {
        sent.extend(wire.drain());
    }
    if bit(4) {
        sent.extend(wire.eof());
    }
    sent.extend(wire.wait());
    let mirror = wire.end();
    assert_eq!(mirror.begun, mirror.ended, "sessions begun and given back");
    sent
}

/// A conversation of each role.
pub fn seeds() -> Vec<Vec<u8>> {
    let handshake = "GET /chat HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let frames = [
        ws::frame(0x81, b"Hello", true),
        ws::frame(0x89, b"ping", true),
        ws::frame(0x02, &[7; 30], true),
        ws::frame(0x80, &[9; 130], true),
        ws::frame(0x88, b"\x03\xe8bye", true),
    ];
    let inputs = [
        b"GET / HTTP/1.1\r\nHost: h\r\n\r\nGET /file HTTP/1.1\r\nHost: h\r\nRange: bytes=2-5\r\n\r\n".to_vec(),
        b"HEAD /file HTTP/1.1\r\nHost: h\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n".to_vec(),
        b"POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello".to_vec(),
        b"POST /e HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n".to_vec(),
        b"POST /none HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.0\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\n\r\n".to_vec(),
        b"\x16\x03\x01 not HTTP".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x05\x01\x05\0\0\0\x01\x82\x86\x84\x41\x01h".to_vec(),
        [handshake.as_bytes(), &frames.concat()].concat(),
        [handshake.as_bytes(), b"\x81\x05hello"].concat(),
    ];
    with_knobs(&[[0x10, 0], [0x07, 40], [0x19, 7]], &inputs)
}
