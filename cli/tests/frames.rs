//! WebSocket frames that are wrong, byte by byte, against the server: each gets the close code of RFC 6455.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod common;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use common::raw::{connect, read_head, read_to_end};
use common::server::Server;

/// The request whose key and answer are the example of RFC 6455 section 1.3.
const REQUEST: &str = "GET /ws/echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// A connection on which the opening handshake is done.
fn open(server: &Server) -> TcpStream {
    let mut stream = connect(server.http_port);
    stream.write_all(REQUEST.as_bytes()).unwrap();
    let head = read_head(&mut stream).to_lowercase();
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    assert!(head.contains("\r\nsec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n"), "{head}");
    stream
}

/// A frame of a client: `first` is FIN, RSV and opcode; the payload is masked with a fixed key.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let key = [0x37, 0xfa, 0x21, 0x3d];
    let mut frame = vec![first];
    match payload.len() {
        n @ 0..=125 => frame.push(0x80 | n as u8),
        n @ 126..=0xffff => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&(n as u16).to_be_bytes());
        }
        n => {
            frame.push(0x80 | 127);
            frame.extend_from_slice(&(n as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&key);
    frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

/// The opcode and payload of the server's next frame.
fn read_frame(stream: &mut TcpStream) -> (u8, Vec<u8>) {
    let mut head = [0; 2];
    stream.read_exact(&mut head).unwrap();
    assert_eq!(head[1] & 0x80, 0, "a server does not mask");
    let len = match head[1] {
        126 => {
            let mut len = [0; 2];
            stream.read_exact(&mut len).unwrap();
            u64::from(u16::from_be_bytes(len))
        }
        127 => {
            let mut len = [0; 8];
            stream.read_exact(&mut len).unwrap();
            u64::from_be_bytes(len)
        }
        n => u64::from(n),
    };
    let mut payload = vec![0; len as usize];
    stream.read_exact(&mut payload).unwrap();
    (head[0] & 0x0f, payload)
}

/// The code in the server's close frame, which comes after any data; then the connection must end.
fn close_code(stream: &mut TcpStream) -> Option<u16> {
    loop {
        let (opcode, payload) = read_frame(stream);
        if opcode == 8 {
            assert!(read_to_end(stream).is_empty(), "nothing follows a close frame");
            return payload.get(..2).map(|code| u16::from_be_bytes([code[0], code[1]]));
        }
    }
}

#[test]
fn broken_frames_get_the_right_code() {
    let server = Server::start();
    let bad_text = |payload: &[u8]| frame(0x81, payload);
    for (what, bytes, code) in [
        ("not masked", vec![0x81, 5, b'h', b'e', b'l', b'l', b'o'], 1002),
        ("RSV1 without an extension", frame(0xc1, b"x"), 1002),
        ("RSV2", frame(0xa1, b"x"), 1002),
        ("RSV3", frame(0x91, b"x"), 1002),
        ("opcode 3", frame(0x83, b"x"), 1002),
        ("opcode 7", frame(0x87, b"x"), 1002),
        ("opcode 11", frame(0x8b, b"x"), 1002),
        ("opcode 15", frame(0x8f, b"x"), 1002),
        ("a continuation of nothing", frame(0x80, b"x"), 1002),
        ("a message within a message", [frame(0x01, b"x"), frame(0x81, b"y")].concat(), 1002),
        ("a ping in fragments", frame(0x09, b"x"), 1002),
        ("a close in fragments", frame(0x08, b""), 1002),
        ("a ping too long", frame(0x89, &[0; 126]), 1002),
        ("a close too long", frame(0x88, &[0; 126]), 1002),
        ("a length not minimal, 16 bits", vec![0x82, 0x80 | 126, 0, 125], 1002),
        ("a length not minimal, 64 bits", vec![0x82, 0x80 | 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff], 1002),
        ("a length of 64 bits", vec![0x82, 0x80 | 127, 0x80, 0, 0, 0, 0, 0, 0, 0], 1002),
        ("a close of one byte", frame(0x88, &[3]), 1002),
        ("close 0", frame(0x88, &0_u16.to_be_bytes()), 1002),
        ("close 999", frame(0x88, &999_u16.to_be_bytes()), 1002),
        ("close 1004", frame(0x88, &1004_u16.to_be_bytes()), 1002),
        ("close 1005", frame(0x88, &1005_u16.to_be_bytes()), 1002),
        ("close 1006", frame(0x88, &1006_u16.to_be_bytes()), 1002),
        ("close 1015", frame(0x88, &1015_u16.to_be_bytes()), 1002),
        ("close 2999", frame(0x88, &2999_u16.to_be_bytes()), 1002),
        ("close 5000", frame(0x88, &5000_u16.to_be_bytes()), 1002),
        ("a close reason that is no UTF-8", frame(0x88, b"\x03\xe8\xff"), 1007),
        ("no UTF-8", bad_text(b"\xff"), 1007),
        ("overlong", bad_text(b"\xc0\xaf"), 1007),
        ("a surrogate", bad_text(b"\xed\xa0\x80"), 1007),
        ("beyond Unicode", bad_text(b"\xf4\x90\x80\x80"), 1007),
        ("a code point cut off", bad_text(b"hello \xe2\x82"), 1007),
        ("wrong across fragments", [frame(0x01, b"\xe2\x82"), frame(0x80, b"x")].concat(), 1007),
    ] {
        let mut stream = open(&server);
        stream.write_all(&bytes).unwrap();
        assert_eq!(close_code(&mut stream), Some(code), "{what}");
    }
}

#[test]
fn wrong_utf8_fails_before_the_frame_ends() {
    let server = Server::start();
    let mut stream = open(&server);
    let whole = frame(0x81, &[&b"good "[..], b"\xff", &[b'x'; 1000]].concat());
    stream.write_all(&whole[..8 + 6]).unwrap();
    assert_eq!(close_code(&mut stream), Some(1007));
}

#[test]
fn valid_close_codes_are_echoed() {
    let server = Server::start();
    for code in [1000_u16, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999] {
        let mut stream = open(&server);
        stream.write_all(&frame(0x88, &[&code.to_be_bytes()[..], b"why"].concat())).unwrap();
        assert_eq!(close_code(&mut stream), Some(code));
    }
    let mut stream = open(&server);
    stream.write_all(&frame(0x88, b"")).unwrap();
    assert_eq!(close_code(&mut stream), None);
}

#[test]
fn frames_sent_with_the_handshake() {
    let server = Server::start();
    let mut stream = connect(server.http_port);
    let hello = frame(0x81, b"early");
    stream.write_all(&[REQUEST.as_bytes(), &hello, &frame(0x89, b"ping")].concat()).unwrap();
    assert!(read_head(&mut stream).starts_with("HTTP/1.1 101 "));
    let mut got = [read_frame(&mut stream), read_frame(&mut stream)];
    got.sort();
    assert_eq!(got, [(1, b"early".to_vec()), (10, b"ping".to_vec())]);
    // What follows a close frame is ignored (RFC 6455 section 1.4).
    stream.write_all(&[frame(0x88, b"\x03\xe8"), frame(0x81, b"late")].concat()).unwrap();
    assert_eq!(close_code(&mut stream), Some(1000));
}

#[test]
fn frames_byte_by_byte() {
    let server = Server::start();
    let mut stream = open(&server);
    let bytes =
        [frame(0x01, b"h\xc3"), frame(0x89, b"p"), frame(0x80, b"\xa9!"), frame(0x82, &[7; 200])].concat();
    for byte in bytes {
        stream.write_all(&[byte]).unwrap();
    }
    let (mut text, mut binary, mut pongs, mut opcode) = (Vec::new(), Vec::new(), Vec::new(), 0);
    while binary.len() < 200 {
        let (kind, payload) = read_frame(&mut stream);
        match kind {
            10 => pongs.push(payload),
            0 if opcode == 1 => text.extend(payload),
            0 => binary.extend(payload),
            1 => (opcode, text) = (1, payload),
            2 => (opcode, binary) = (2, payload),
            other => panic!("opcode {other}"),
        }
    }
    assert_eq!((&text[..], &binary[..], &pongs[..]), ("hé!".as_bytes(), &[7; 200][..], &[b"p".to_vec()][..]));
}

#[test]
fn only_the_latest_ping_needs_an_answer() {
    let server = Server::start();
    let mut stream = open(&server);
    let pings: Vec<u8> = (0..100_u8).flat_map(|n| frame(0x89, &[n])).collect();
    stream.write_all(&pings).unwrap();
    let mut last = None;
    while last != Some(99) {
        let (opcode, payload) = read_frame(&mut stream);
        assert_eq!((opcode, payload.len()), (10, 1));
        assert!(last < Some(payload[0]), "pongs in order");
        last = Some(payload[0]);
    }
}

#[test]
fn a_client_that_just_ends() {
    let server = Server::start();
    for bytes in [&b""[..], &frame(0x81, b"complete"), &frame(0x81, b"cut")[..5]] {
        let mut stream = open(&server);
        stream.write_all(bytes).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        read_to_end(&mut stream);
    }
    open(&server);
}

#[test]
fn handshakes_that_are_none() {
    let server = Server::start();
    for (from, to, status) in [
        ("Version: 13", "Version: 8", "426"),
        ("Sec-WebSocket-Version: 13\r\n", "", "4"),
        ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", "400"),
        ("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZQ==", "400"),
        ("dGhlIHNhbXBsZSBub25jZQ==", "not base64, is it?", "400"),
        ("Upgrade: websocket\r\n", "", "4"),
        ("Connection: Upgrade", "Connection: close", "4"),
        ("GET", "POST", "4"),
        ("HTTP/1.1", "HTTP/1.0", "4"),
        ("/ws/echo", "/ws/nowhere", "404"),
    ] {
        let mut stream = connect(server.http_port);
        stream.write_all(REQUEST.replacen(from, to, 1).as_bytes()).unwrap();
        let head = read_head(&mut stream);
        assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{from:?} became {to:?}: {head}");
        let lower = head.to_lowercase();
        assert!(status != "426" || lower.contains("\r\nsec-websocket-version: 13\r\n"), "{head}");
    }
}

#[test]
fn a_small_message_comes_back_whole_or_not_at_all() {
    let server = Server::start();
    let mut stream = open(&server);
    stream.write_all(&[frame(0x01, b"a\xe2"), frame(0x89, b"p"), frame(0x80, b"\x82\xac")].concat()).unwrap();
    assert_eq!(read_frame(&mut stream), (0x0a, b"p".to_vec()));
    assert_eq!(read_frame(&mut stream), (0x01, "a€".into()));
    // What is wrong in its second fragment was not sent back in its first.
    stream.write_all(&[frame(0x01, b"a\xe2"), frame(0x80, b"(")].concat()).unwrap();
    assert_eq!(read_frame(&mut stream), (0x08, 1007_u16.to_be_bytes().to_vec()));
}
