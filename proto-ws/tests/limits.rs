//! Each limit allows what is at it and refuses what is one beyond.

mod common;
use common::*;
use proto_core::Instant;
use proto_ws::{Config, Connection, Error, Limits, Role};

fn limited(limits: Limits) -> Connection {
    Connection::new(Role::Server, Config { limits, ..Config::default() })
}

fn refused(mut server: Connection, input: &[u8]) -> (Vec<String>, Option<Error>, Option<u16>) {
    let (events, error) = feed(&mut server, input);
    let close = transmit(&mut server);
    let code =
        (close.first() == Some(&0x88) && close.len() == 4).then(|| u16::from_be_bytes([close[2], close[3]]));
    (events, error, code)
}

#[test]
fn frame_length() {
    for limit in [0, 1, 10, 125, 126, 70_000] {
        let server = || limited(Limits { max_frame: limit, ..Limits::default() });
        let payload = vec![b'x'; limit as usize + 1];
        for first in [0x81, 0x82, 0x01, 0x02] {
            let at = from_client(first, &payload[..limit as usize]);
            assert_eq!(refused(server(), &at).1, None);
            let beyond = from_client(first, &payload);
            assert_eq!(refused(server(), &beyond), (vec![], Some(Error::FrameTooLarge), Some(1009)));
            let length_only = &beyond[..beyond.len() - payload.len() - 4];
            assert_eq!(refused(server(), length_only).1, Some(Error::FrameTooLarge), "at the header");
        }
        // a message may be longer than a frame; control frames are not counted
        let longer = [from_client(0x02, &payload[1..]), from_client(0x80, &payload[1..])].concat();
        assert_eq!(refused(server(), &longer).1, None);
        assert_eq!(refused(server(), &from_client(0x89, b"hello")).1, None);
    }
}

#[test]
fn message_length() {
    let server = || limited(Limits { max_message: 10, ..Limits::default() });
    let ten = b"0123456789";
    for input in [
        from_client(0x81, ten),
        [from_client(0x01, &ten[..4]), from_client(0x00, &ten[4..]), from_client(0x80, b"")].concat(),
        [from_client(0x81, ten), from_client(0x81, ten)].concat(),
    ] {
        assert_eq!(refused(server(), &input).1, None);
    }
    for input in [
        from_client(0x81, b"01234567890"),
        [from_client(0x01, &ten[..4]), from_client(0x80, &ten[3..])].concat(),
        [from_client(0x01, ten), from_client(0x00, b""), from_client(0x80, b"x")].concat(),
    ] {
        let (_, error, code) = refused(server(), &input);
        assert_eq!((error, code), (Some(Error::MessageTooLarge), Some(1009)));
    }
    let mut huge = from_client(0x02, b"x");
    huge.extend([0x80, 0xff]);
    huge.extend((u64::MAX >> 1).to_be_bytes());
    assert_eq!(refused(server(), &huge).1, Some(Error::MessageTooLarge));
}

#[test]
fn fragments() {
    let message = |frames: usize| {
        let mut input = from_client(0x01, b"a");
        (2..frames).for_each(|_| input.extend(from_client(0x00, b"b")));
        input.extend(from_client(0x80, b"c"));
        input
    };
    let server = || limited(Limits { max_fragments: 5, ..Limits::default() });
    assert_eq!(refused(server(), &[message(5), message(5)].concat()).1, None);
    let (events, error, code) = refused(server(), &message(6));
    assert_eq!((events.len(), error, code), (5, Some(Error::TooManyFragments), Some(1009)));
    for limit in [0, 1] {
        let server = || limited(Limits { max_fragments: limit, ..Limits::default() });
        assert_eq!(refused(server(), &from_client(0x81, b"a")).1, None);
        assert_eq!(refused(server(), &from_client(0x01, b"a")).1, None);
        assert_eq!(refused(server(), &message(2)).1, Some(Error::TooManyFragments));
    }
}

#[test]
fn frames_that_carry_nothing() {
    let server = || limited(Limits { control_burst: 4, control_per_second: 2, ..Limits::default() });
    let ping = from_client(0x89, b"p");
    let pong = from_client(0x8a, b"p");
    let data = from_client(0x81, b"d");
    let (start, empty) = (from_client(0x01, b""), from_client(0x00, b""));
    let four = [&ping[..], &data, &pong, &data, &start, &empty].concat();
    assert_eq!(refused(server(), &four).1, None);
    for fifth in [&ping, &pong, &empty] {
        let (events, error, code) = refused(server(), &[&four[..], fifth].concat());
        assert_eq!((events.len(), error, code), (6, Some(Error::Flood), Some(1008)));
    }
    // a close frame, data and the end of the message always get through
    for through in [from_client(0x88, b""), from_client(0x00, b"x"), from_client(0x80, b"")] {
        assert_eq!(refused(server(), &[&four[..], &through].concat()).1, None);
    }
    // time earns more
    let mut server = server();
    server.handle_timeout(Instant::ZERO);
    feed(&mut server, &ping.repeat(4));
    server.handle_timeout(Instant::from_millis(1_000));
    assert_eq!(feed(&mut server, &ping.repeat(2)).1, None);
    assert_eq!(feed(&mut server, &ping).1, Some(Error::Flood));
}

#[test]
fn the_defaults_let_ordinary_traffic_live() {
    let mut server = server();
    let frame = from_client(0x89, b"every ten milliseconds");
    for at in 0..30_000 {
        server.handle_timeout(Instant::from_millis(at * 10));
        assert_eq!(feed(&mut server, &frame).1, None);
    }
}
