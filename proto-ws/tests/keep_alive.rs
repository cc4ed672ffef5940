//! Pings to a quiet peer, hanging up on a silent one, and answering pings.

mod common;
use core::time::Duration;

use common::*;
use proto_core::{Deadline, Instant, Reason, WriteBuf};
use proto_ws::{Config, Connection, Error, KeepAlive, Outcome, Role};

fn kept(ping_after: u64, hang_up_after: u64) -> Connection {
    let keep_alive = KeepAlive {
        ping_after: Duration::from_secs(ping_after),
        hang_up_after: Duration::from_secs(hang_up_after),
    };
    let mut server = Connection::new(Role::Server, Config { keep_alive, ..Config::default() });
    server.handle_timeout(Instant::from_secs(100));
    server
}

fn due(seconds: u64, reason: Reason) -> Option<Deadline> {
    Some(Deadline::new(Instant::from_secs(seconds), reason))
}

#[test]
fn a_quiet_peer_is_pinged_once_and_then_given_up() {
    let mut server = kept(30, 40);
    assert_eq!(server.poll_timeout(), due(130, Reason::Ping));
    server.handle_timeout(Instant(129_999_999));
    assert!(!server.wants().write);
    server.handle_timeout(Instant::from_secs(130));
    assert!(server.wants().write);
    assert_eq!(transmit(&mut server), b"\x89\x00");
    assert_eq!(server.poll_timeout(), due(140, Reason::Validity));
    server.handle_timeout(Instant(139_999_999));
    assert_eq!((transmit(&mut server), server.outcome()), (vec![], None));
    server.handle_timeout(Instant::from_secs(140));
    assert_eq!(server.outcome(), Some(Outcome::Silent));
    assert!(server.wants().close && !server.wants().write);
    assert_eq!(server.receive(&mut [], &mut []), Err(Error::Silent));
    assert_eq!((server.poll_timeout(), transmit(&mut server)), (None, vec![]));
}

#[test]
fn anything_heard_is_proof() {
    for heard in [
        from_client(0x8a, b""),
        from_client(0x89, b""),
        from_client(0x82, b"x"),
        from_client(0x02, b"x"),
        from_client(0x82, &[0; 500])[..20].to_vec(),
    ] {
        let mut server = kept(30, 40);
        server.handle_timeout(Instant::from_secs(130));
        transmit(&mut server);
        server.handle_timeout(Instant::from_secs(135));
        feed(&mut server, &heard);
        transmit(&mut server);
        assert_eq!(server.poll_timeout(), due(165, Reason::Ping));
        server.handle_timeout(Instant::from_secs(165));
        assert_eq!(transmit(&mut server), b"\x89\x00");
        assert_eq!(server.poll_timeout(), due(175, Reason::Validity));
    }
}

#[test]
fn each_half_can_be_off() {
    assert_eq!(kept(0, 0).poll_timeout(), None);
    let mut pings = kept(30, 0);
    pings.handle_timeout(Instant::from_secs(130));
    assert_eq!((transmit(&mut pings), pings.poll_timeout()), (b"\x89\x00".to_vec(), None));
    pings.handle_timeout(Instant::from_secs(10_000));
    assert_eq!((pings.outcome(), transmit(&mut pings)), (None, vec![]));
    assert_eq!(kept(0, 40).poll_timeout(), due(140, Reason::Validity));
    assert_eq!(kept(40, 40).poll_timeout(), due(140, Reason::Validity));
    assert_eq!(kept(50, 40).poll_timeout(), due(140, Reason::Validity));
}

#[test]
fn the_clock_starts_when_it_is_first_told() {
    let keep_alive = KeepAlive { ping_after: Duration::from_secs(1), hang_up_after: Duration::from_secs(2) };
    let mut server = Connection::new(Role::Server, Config { keep_alive, ..Config::default() });
    assert_eq!(server.poll_timeout(), due(0, Reason::Ping), "asks for the time");
    server.handle_timeout(Instant::from_secs(500));
    assert_eq!((server.outcome(), server.poll_timeout()), (None, due(501, Reason::Ping)));
    server.handle_timeout(Instant::from_secs(3)); // a clock that runs backwards changes nothing
    feed(&mut server, &from_client(0x8a, b""));
    assert_eq!(server.poll_timeout(), due(501, Reason::Ping));
}

#[test]
fn the_latest_ping_is_answered() {
    for (mut connection, frame) in both() {
        let long = [b'z'; 125];
        feed(&mut connection, &[frame(0x89, b"one"), frame(0x89, &long), frame(0x89, b"three")].concat());
        assert!(connection.wants().write);
        assert_eq!(open(&transmit(&mut connection)), (0x8a, b"three".to_vec()));
        assert!(!connection.wants().write);
        feed(&mut connection, &frame(0x89, &long));
        assert_eq!(open(&transmit(&mut connection)), (0x8a, long.to_vec()));
        feed(&mut connection, &frame(0x89, b""));
        assert_eq!(open(&transmit(&mut connection)), (0x8a, vec![]));
        feed(&mut connection, &frame(0x8a, b"unasked"));
        assert_eq!(transmit(&mut connection), b"");
    }
}

#[test]
fn a_pong_waits_for_room() {
    let mut server = server();
    feed(&mut server, &from_client(0x89, b"four"));
    for len in 0..6 {
        let mut room = vec![0; len];
        let mut out = WriteBuf::new(&mut room);
        server.transmit(&mut out);
        assert!(out.is_empty() && server.wants().write);
    }
    assert_eq!(transmit(&mut server), b"\x8a\x04four");
}

#[test]
fn a_ping_before_the_close_frame_needs_no_pong() {
    let mut server = server();
    feed(&mut server, &[from_client(0x89, b"?"), from_client(0x88, b"")].concat());
    assert_eq!(transmit(&mut server), b"\x88\x00");
}
