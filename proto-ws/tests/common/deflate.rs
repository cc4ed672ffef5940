use proto_core::WriteBuf;
use proto_ws::deflate::{Agreement, Compress, DeflateConfig};
use proto_ws::handshake::Extensions;
use proto_ws::{Config, Connection, Kind, Role};

use super::open;

/// What a server that wants this agrees on with a client that wants anything.
pub fn agreement(config: DeflateConfig) -> Agreement {
    let offer = b"permessage-deflate; client_max_window_bits";
    config.accept(Extensions::new(offer).flatten()).unwrap()
}

/// What these pieces of a message become, compressed by a server of ours: each with its tail, or stored without.
pub fn pieces(level: u8, pieces: &[&[u8]]) -> Vec<Vec<u8>> {
    let at_once = DeflateConfig { tx_buf_size: 24, compression_level: level, ..DeflateConfig::default() };
    let config = Config { deflate: Some(agreement(at_once)), ..Config::default() };
    let mut server = Connection::new(Role::Server, config);
    let mut compressed = Vec::new();
    for piece in pieces {
        let mut room = vec![0; piece.len() + 1000];
        let mut out = WriteBuf::new(&mut room);
        let sent = server.send_with(Compress::Always, Kind::Binary, piece, false, &mut out);
        assert_eq!(sent, Ok(piece.len()));
        let (first, payload) = open(out.written());
        assert!(first == 0x42 || first == 0x00 && !compressed.is_empty());
        compressed.push(payload);
    }
    compressed
}

/// The payload of a message of `megabytes << 20` zeros.
pub fn zeros(megabytes: usize) -> Vec<u8> {
    let piece = vec![0; 1 << 20];
    let [first, later] = &pieces(9, &[&piece, &piece])[..] else { panic!() };
    // the second refers to zeros before it, so there may be any number of it
    let mut payload = [&first[..], &later.repeat(megabytes - 1)].concat();
    payload.truncate(payload.len() - 4);
    payload
}

/// The payload of a message.
pub fn deflated(message: &[u8]) -> Vec<u8> {
    if message.is_empty() {
        return vec![0]; // section 7.2.3.6
    }
    let mut payload = pieces(1, &[message]).remove(0);
    match payload.strip_suffix(b"\0\0\xff\xff") {
        Some(whole) => payload.truncate(whole.len()),
        // stored, with no tail: the header of the block that it is the rest of
        None => payload.push(0),
    }
    payload
}
