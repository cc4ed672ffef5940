//! Messages as RFC 7692 writes them, read and written.

#![cfg(feature = "deflate")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod common;
use common::puff::{Puffed, puff};
use common::*;
use proto_core::{SendError, WriteBuf};
use proto_ws::deflate::{Agreement, Compress, DeflateConfig};
use proto_ws::handshake::Extensions;
use proto_ws::{Config, Connection, Error, Event, Kind, Limits, Reserved, Role, Side};

fn agreement(options: &str) -> Agreement {
    let mut config = DeflateConfig { threshold: 0, ..DeflateConfig::default() };
    for option in options.split(',').filter(|option| !option.is_empty()) {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        config.set_option(name, value).unwrap();
    }
    let offer = b"permessage-deflate; client_max_window_bits";
    config.accept(Extensions::new(offer).flatten()).unwrap()
}

fn config(options: &str) -> Config {
    Config { deflate: Some(agreement(options)), ..Config::default() }
}

fn server_with(options: &str) -> Connection {
    Connection::new(Role::Server, config(options))
}

fn client_with(options: &str) -> Connection {
    Connection::new(Role::Client { mask_seed: [3; 16] }, config(options))
}

/// What `connection` makes of `input`: the messages, and the error that ended it.
fn messages(connection: &mut Connection, input: &[u8]) -> (Vec<(Kind, Vec<u8>)>, Option<Error>) {
    let (mut input, mut scratch) = (input.to_vec(), vec![0; 1000]);
    let (mut at, mut messages, mut inside) = (0, Vec::new(), Vec::new());
    loop {
        match connection.receive(&mut input[at..], &mut scratch) {
            Err(error) => return (messages, Some(error)),
            Ok(step) => {
                at += step.consumed;
                match step.event {
                    None => break,
                    Some(Event::Data(data)) => {
                        assert_eq!((data.remaining, data.reserved), (0, Reserved::NONE));
                        inside.extend_from_slice(data.payload);
                        if data.end == proto_ws::End::Message {
                            messages.push((data.kind, std::mem::take(&mut inside)));
                        }
                    }
                    Some(_) => {}
                }
            }
        }
    }
    assert_eq!((at, inside.len()), (input.len(), 0));
    (messages, None)
}

fn text(text: &str) -> (Kind, Vec<u8>) {
    (Kind::Text, text.into())
}

/// The examples of section 7.2.3, and what else a sender may do.
#[test]
fn what_is_received() {
    for (name, frames, expected) in [
        ("7.2.3.1, one block", vec![(0xc1, &b"\xf2\x48\xcd\xc9\xc9\x07\x00"[..])], vec!["Hello"]),
        ("7.2.3.1, in fragments", vec![(0x41, b"\xf2\x48\xcd"), (0x80, b"\xc9\xc9\x07\x00")], vec!["Hello"]),
        (
            "7.2.3.2, sharing the window",
            vec![(0xc1, b"\xf2\x48\xcd\xc9\xc9\x07\x00"), (0xc1, b"\xf2\x00\x11\x00\x00")],
            vec!["Hello", "Hello"],
        ),
        (
            "7.2.3.3, no compression",
            vec![(0xc1, b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00")],
            vec!["Hello"],
        ),
        ("7.2.3.4, a final block", vec![(0xc1, b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00")], vec!["Hello"]),
        (
            "7.2.3.5, two blocks",
            vec![(0xc1, b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00")],
            vec!["Hello"],
        ),
        ("7.2.3.6, empty", vec![(0xc1, b"\x00")], vec![""]),
        (
            "a final block without the byte behind it",
            vec![(0xc1, b"\xf3\x48\xcd\xc9\xc9\x07\x00")],
            vec!["Hello"],
        ),
        ("nothing at all", vec![(0xc1, b"")], vec![""]),
        (
            "nothing, then something",
            vec![(0xc1, b""), (0xc1, b"\xf2\x48\xcd\xc9\xc9\x07\x00")],
            vec!["", "Hello"],
        ),
        (
            "a final block, then more in the same message",
            vec![(0xc1, b"\xf3\x48\xcd\xc9\xc9\x07\x00\xf2\x48\xcd\xc9\xc9\x07\x00")],
            vec!["HelloHello"],
        ),
        (
            "a final block, then another message",
            vec![(0xc1, b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), (0xc1, b"\xf2\x48\xcd\xc9\xc9\x07\x00")],
            vec!["Hello", "Hello"],
        ),
        (
            "uncompressed in between, which the window does not know",
            vec![(0xc1, b"\xf2\x48\xcd\xc9\xc9\x07\x00"), (0x81, b"plain"), (0xc1, b"\xf2\x00\x11\x00\x00")],
            vec!["Hello", "plain", "Hello"],
        ),
        (
            "empty fragments and a ping among them",
            vec![
                (0x41, b""),
                (0x00, b"\xf2\x48\xcd"),
                (0x89, b"ping"),
                (0x00, b""),
                (0x80, b"\xc9\xc9\x07\x00"),
            ],
            vec!["Hello"],
        ),
        ("an empty last fragment", vec![(0x41, b"\xf2\x48\xcd\xc9\xc9\x07\x00"), (0x80, b"")], vec!["Hello"]),
    ] {
        for (mut connection, masked) in [(server_with(""), true), (client_with(""), false)] {
            let input: Vec<u8> =
                frames.iter().flat_map(|(first, payload)| frame(*first, payload, masked)).collect();
            let expected: Vec<_> = expected.iter().copied().map(text).collect();
            assert_eq!(messages(&mut connection, &input), (expected, None), "{name}");
        }
    }
}

#[test]
fn what_is_refused() {
    for (name, frames, told, error) in [
        ("a reserved type of block", vec![(0xc2, &b"\x06"[..])], 0, Error::Inflate),
        ("back before the beginning", vec![(0xc2, b"\xf2\x00\x11\x00\x00")], 0, Error::Inflate),
        ("a stored block of two lengths", vec![(0xc2, b"\x00\x05\x00\xff\xff")], 0, Error::Inflate),
        ("the bit on a continuation", vec![(0x42, b"\x00"), (0xc0, b"\x00")], 0, Error::ReservedBits),
        ("the bit on a control frame", vec![(0xc9, b"")], 0, Error::ReservedBits),
        ("another bit", vec![(0xa2, b"")], 0, Error::ReservedBits),
        ("text that is not", vec![(0xc1, b"\x00\x02\x00\xfd\xff\xff\xff\x00")], 0, Error::InvalidUtf8),
        (
            "text that ends in the middle",
            vec![(0xc1, b"\x00\x01\x00\xfe\xff\xe2\x00")],
            0,
            Error::InvalidUtf8,
        ),
        (
            "after a good message",
            vec![(0xc1, b"\xf2\x48\xcd\xc9\xc9\x07\x00"), (0xc1, b"\x06")],
            1,
            Error::Inflate,
        ),
    ] {
        for (mut connection, masked) in [(server_with(""), true), (client_with(""), false)] {
            let input: Vec<u8> =
                frames.iter().flat_map(|(first, payload)| frame(*first, payload, masked)).collect();
            let (messages, fault) = messages(&mut connection, &input);
            assert_eq!((messages.len(), fault), (told, Some(error)), "{name}");
            let code = error.close_code().unwrap().value().to_be_bytes();
            assert_eq!(open(&transmit(&mut connection)), (0x88, code.to_vec()), "{name}");
        }
    }
}

#[test]
fn without_takeover_each_message_stands_alone() {
    let mut server = server_with("client_no_context_takeover");
    let hello = from_client(0xc1, b"\xf2\x48\xcd\xc9\xc9\x07\x00");
    let again = from_client(0xc1, b"\xf2\x00\x11\x00\x00");
    assert_eq!(messages(&mut server, &hello.repeat(2)).0.len(), 2);
    assert_eq!(messages(&mut server, &again).1, Some(Error::Inflate));

    let (mut kept, mut forgotten) = (server_with(""), server_with("server_no_context_takeover"));
    let sizes = |server: &mut Connection| {
        [0, 1]
            .map(|_| written(|out| server.send_message(Kind::Text, b"Hello Hello Hello", out).unwrap()).len())
    };
    let ([first, second], [third, fourth]) = (sizes(&mut kept), sizes(&mut forgotten));
    assert!(second < first && third == first && fourth == first);
}

#[test]
fn what_is_sent_is_told_apart_by_the_bit() {
    let mut server = server_with("threshold=10");
    let long = "so long, so long, and so long";
    for (compress, message, compressed) in [
        (Compress::Auto, long, true),
        (Compress::Never, long, false),
        (Compress::Always, long, true),
        (Compress::Auto, "aaaaaaaaa", false),
        (Compress::Always, "aaaaaaaaa", true),
        (Compress::Auto, "aaaaaaaaaa", true),
        // what does not shrink goes as it is, whatever is asked for
        (Compress::Always, "", false),
        (Compress::Always, "ab", false),
        (Compress::Always, "zyxwvutsrq", false),
    ] {
        let sent =
            written(|out| server.send_message_with(compress, Kind::Text, message.as_bytes(), out).unwrap());
        assert_eq!(sent[0], if compressed { 0xc1 } else { 0x81 }, "{compress:?} {message}");
        assert!(sent.len() <= 2 + message.len());
    }
}

/// A discarded attempt leaves the peer's window and ours in step.
#[test]
fn what_does_not_shrink_does_not_desynchronise() {
    for (mut sender, mut receiver) in [(server_with(""), client_with("")), (client_with(""), server_with(""))]
    {
        let story = "a story that is told again and again; a story that is told again";
        for round in 0..20 {
            let (text_before, noise) = (format!("{story} {round}"), &noise(3000)[round * 100..]);
            for (kind, payload) in [(Kind::Text, text_before.as_bytes()), (Kind::Binary, noise)] {
                let wire =
                    written(|out| sender.send_message_with(Compress::Always, kind, payload, out).unwrap());
                assert!(wire.len() <= payload.len() + 8);
                assert_eq!(messages(&mut receiver, &wire), (vec![(kind, payload.to_vec())], None));
            }
        }
    }
}

#[test]
fn pieces_of_a_message_are_complete_in_their_frames() {
    for (mut sender, mut receiver) in [(server_with(""), client_with("")), (client_with(""), server_with(""))]
    {
        let pieces = [&b"first piece, "[..], b"second piece, ", &noise(70_000), b"", b"third piece"];
        let mut scratch = vec![0; 1 << 17];
        for (at, piece) in pieces.iter().enumerate() {
            let (mut rest, fin) = (*piece, at == pieces.len() - 1);
            loop {
                let mut taken = 0;
                let mut wire = written(|out| taken = sender.send(Kind::Binary, rest, fin, out).unwrap());
                assert!(wire.len() <= taken + 14 + 16, "{} for {taken}", wire.len());
                // everything that was taken can be made of what was written
                let (mut at, mut told) = (0, Vec::new());
                while let step = receiver.receive(&mut wire[at..], &mut scratch).unwrap()
                    && let Some(Event::Data(data)) = step.event
                {
                    told.extend_from_slice(data.payload);
                    at += step.consumed;
                }
                assert!(told == rest[..taken]);
                rest = &rest[taken..];
                if rest.is_empty() {
                    break;
                }
            }
        }
        // both are between messages again
        let wire = written(|out| sender.send_message(Kind::Text, b"and now for something", out).unwrap());
        assert_eq!(messages(&mut receiver, &wire).0, [text("and now for something")]);
    }
}

#[test]
fn an_end_without_payload() {
    let mut server = server_with("");
    let wire = written(|out| {
        assert_eq!(server.send(Kind::Text, b"Hello, Hello, Hello", false, out), Ok(19));
        assert_eq!(server.send(Kind::Text, b"", false, out), Ok(0));
        assert_eq!(server.send(Kind::Text, b"", true, out), Ok(0));
    });
    let (firsts, _) = stream(&wire);
    assert_eq!(firsts, [0x41, 0x80]);
    assert_eq!(messages(&mut client_with(""), &wire).0, [text("Hello, Hello, Hello")]);
}

#[test]
fn a_send_that_does_not_fit_changes_nothing() {
    for options in ["", "server_no_context_takeover"] {
        let (mut server, mut client) = (server_with(options), client_with(options));
        let message = b"a message, a message, a message, a message, a message, a message";
        for round in 0..200 {
            let mut room = vec![0; round % 70];
            let mut out = WriteBuf::new(&mut room);
            match server.send_message(Kind::Text, message, &mut out) {
                Err(error) => assert_eq!((error, out.len()), (SendError::Full, 0)),
                Ok(()) => {
                    assert!(round % 70 >= message.len() + 2);
                    let got = messages(&mut client, out.written());
                    assert_eq!(got, (vec![(Kind::Text, message.to_vec())], None));
                }
            }
        }
    }
}

#[test]
fn misuse() {
    let mut server = server_with("");
    let mut room = [0; 1000];
    let mut out = WriteBuf::new(&mut room);
    let misuse = Err(SendError::Misuse);
    assert_eq!(server.send_reserved(Kind::Text, Reserved::RSV1, b"x", true, &mut out), misuse);
    assert!(server.prefix_reserved(Kind::Text, Reserved::RSV1, 1, true).is_err());
    server.send(Kind::Text, b"a compressed beginning", false, &mut out).unwrap();
    assert!(server.prefix(Kind::Text, 1, true).is_err());
    assert_eq!(server.send_message(Kind::Text, b"x", &mut out), misuse.map(drop));
    assert_eq!(server.send(Kind::Binary, b"x", true, &mut out), misuse);
    server.send(Kind::Text, b"", true, &mut out).unwrap();
    // a header by itself begins a message that is not compressed
    assert_eq!(server.prefix(Kind::Text, 5, true).unwrap()[..], [0x81, 5]);
}

/// Whatever the peer's window is, nothing that is sent refers back beyond it.
#[test]
fn the_peers_window_is_kept() {
    let words = noise(600);
    // the same words at all distances
    let mut text: Vec<u8> =
        (0..20_000).map(|at| words[(at * at / 977 + at) % words.len()] & 0x1f | 0x40).collect();
    // and much that is there again after 6,000 bytes only, and after 20,000
    text.extend(noise(6_000).repeat(2).iter().map(|byte| byte & 0x1f | 0x40));
    text.extend_from_within(..20_000);
    for bits in 8..=15 {
        for level in [1, 3, 6, 9] {
            for (options, side) in [("server", Side::Server), ("client", Side::Client)] {
                let options = format!("{options}_max_window_bits={bits},compression_level={level}");
                let mut sender = match side {
                    Side::Server => server_with(&options),
                    Side::Client => client_with(&options),
                };
                let mut puffed = Puffed::default();
                for message in text.chunks(7_000) {
                    let before = puffed.output.len();
                    let wire = written(|out| sender.send_message(Kind::Binary, message, out).unwrap());
                    let (firsts, stream) = stream(&wire);
                    if firsts == [0xc2] {
                        puffed = puff(puffed, &stream);
                        assert!(puffed.output[before..] == *message, "{options}");
                    }
                }
                assert!(puffed.farthest <= 1 << bits, "{options}: {}", puffed.farthest);
                // and it is made use of, where the backend has windows of all sizes
                if cfg!(feature = "deflate-zlib-rs") {
                    assert!(puffed.farthest * 4 > 1 << bits, "{options}: {}", puffed.farthest);
                }
            }
        }
    }
}

#[test]
fn an_unlimited_message_needs_no_more_scratch() {
    let mut sender = client_with("");
    let mut receiver = Connection::new(
        Role::Server,
        Config { limits: Limits { max_expansion: Limits::UNLIMITED, ..Limits::default() }, ..config("") },
    );
    let piece = vec![b'x'; 60_000];
    let (mut scratch, mut told) = (vec![0; 777], 0);
    for round in 0..100 {
        let mut wire = written(|out| {
            assert_eq!(sender.send(Kind::Text, &piece, round == 99, out), Ok(piece.len()));
        });
        let mut at = 0;
        loop {
            let step = receiver.receive(&mut wire[at..], &mut scratch).unwrap();
            at += step.consumed;
            let Some(Event::Data(data)) = step.event else { break };
            assert!(data.payload.len() <= 777 && data.payload.iter().all(|&byte| byte == b'x'));
            told += data.payload.len();
        }
    }
    assert_eq!(told, 6_000_000);
}
