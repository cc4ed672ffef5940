//! The closing handshake: who says what, who closes the transport, and how it is told that it ended.

mod common;
use core::time::Duration;

use common::*;
use proto_core::{Deadline, Instant, Reason, SendError, Wants};
use proto_ws::{CloseCode, Error, Event, Kind, Outcome, Side};

const READ: Wants = Wants { read: true, write: false, close: false };
const WRITE: Wants = Wants { read: false, write: true, close: false };
const CLOSE: Wants = Wants { read: false, write: false, close: true };

fn clean(code: Option<CloseCode>, initiator: Side) -> Option<Outcome> {
    Some(Outcome::Clean { code, initiator })
}

#[test]
fn the_peer_closes_and_is_answered_with_its_code() {
    for (payload, told, code) in [
        (&b""[..], "Close 1005 ", None),
        (b"\x03\xe8", "Close 1000 ", Some(CloseCode::NORMAL)),
        (b"\x03\xe9so long", "Close 1001 so long", Some(CloseCode::GOING_AWAY)),
        (b"\x13\x87", "Close 4999 ", CloseCode::new(4999)),
    ] {
        for (mut connection, frame) in both() {
            let side = connection.side();
            let peer = if side == Side::Server { Side::Client } else { Side::Server };
            assert_eq!(feed(&mut connection, &frame(0x88, payload)), (vec![told.into()], None));
            assert_eq!((connection.wants(), connection.outcome()), (WRITE, None));
            let (first, answer) = open(&transmit(&mut connection));
            assert_eq!((first, &answer[..]), (0x88, &payload[..payload.len().min(2)]));
            assert_eq!(connection.outcome(), clean(code, peer));
            // section 7.1.1: the server closes the transport first
            assert_eq!(connection.wants(), if side == Side::Server { CLOSE } else { READ });
            assert_eq!(connection.receive_eof(), Ok(None));
            assert_eq!((connection.wants(), connection.outcome()), (CLOSE, clean(code, peer)));
            assert_eq!(connection.poll_timeout(), None);
        }
    }
}

#[test]
fn we_close_and_the_peer_answers() {
    for (mut connection, frame) in both() {
        let side = connection.side();
        let sent = written(|out| connection.close(Some(CloseCode::GOING_AWAY), "bye", out).unwrap());
        assert_eq!(open(&sent), (0x88, b"\x03\xe9bye".to_vec()));
        assert_eq!((connection.wants(), connection.outcome()), (READ, None));
        // what the peer sent before it knew is still told; its ping is not answered any more
        let input = [frame(0x82, b"late"), frame(0x89, b"?"), frame(0x88, b"\x03\xe9")].concat();
        let (events, error) = feed(&mut connection, &input);
        assert_eq!(events, ["Binary late first Message 0", "Ping ?", "Close 1001 "]);
        assert_eq!((error, transmit(&mut connection)), (None, vec![]));
        assert_eq!(connection.outcome(), clean(Some(CloseCode::GOING_AWAY), side));
        assert_eq!(connection.wants(), if side == Side::Server { CLOSE } else { READ });
    }
}

#[test]
fn the_application_may_answer_in_its_own_words() {
    let mut server = server();
    feed(&mut server, &from_client(0x88, b"\x03\xe8"));
    let answer = written(|out| server.close(CloseCode::new(4000), "mine", out).unwrap());
    assert_eq!(open(&answer), (0x88, b"\x0f\xa0mine".to_vec()));
    assert_eq!(transmit(&mut server), b"");
    assert_eq!(server.outcome(), clean(Some(CloseCode::NORMAL), Side::Client));
    assert_eq!(written(|out| assert_eq!(server.close(None, "", out), Err(SendError::Misuse))), b"");
}

#[test]
fn what_follows_a_close_frame_is_ignored() {
    for (mut connection, frame) in both() {
        let mut input = [frame(0x88, b""), frame(0x81, b"\xff"), b"\xff\xff\xff".to_vec()].concat();
        let len = input.len();
        let step = connection.receive(&mut input, &mut []).unwrap();
        let consumed = step.consumed;
        assert_eq!(step.event, Some(Event::Close { code: None, reason: "" }));
        let step = connection.receive(&mut input[consumed..], &mut []).unwrap();
        assert_eq!((step.consumed + consumed, step.event), (len, None));
    }
}

#[test]
fn payloads_and_codes_that_are_refused() {
    let mut cases = vec![(vec![3], Error::CloseLength)];
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535u16] {
        cases.push((code.to_be_bytes().to_vec(), Error::CloseCode));
        assert_eq!(CloseCode::new(code), None);
    }
    for (payload, error) in cases {
        for (mut connection, frame) in both() {
            assert_eq!(feed(&mut connection, &frame(0x88, &payload)).1, Some(error));
            assert_eq!(open(&transmit(&mut connection)), (0x88, 1002u16.to_be_bytes().to_vec()));
            assert_eq!(connection.outcome(), Some(Outcome::ProtocolError(error)));
        }
    }
    for code in
        [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999u16]
    {
        for (mut connection, frame) in both() {
            let told = feed(&mut connection, &frame(0x88, &code.to_be_bytes())).0;
            assert_eq!(told, [format!("Close {code} ")]);
        }
    }
}

#[test]
fn a_transport_that_just_ends() {
    for (mut connection, frame) in both() {
        feed(&mut connection, &frame(0x01, b"unfinished"));
        for _ in 0..2 {
            assert_eq!(connection.receive_eof(), Err(Error::TransportEnded));
        }
        assert_eq!((connection.wants(), connection.outcome()), (CLOSE, Some(Outcome::PeerGone)));
        assert_eq!(transmit(&mut connection), b"");
        assert_eq!(connection.receive(&mut [], &mut []), Err(Error::TransportEnded));
    }
    // also after our own Close frame
    let mut server = server();
    written(|out| server.close(None, "", out).unwrap());
    assert_eq!(server.receive_eof(), Err(Error::TransportEnded));
    assert_eq!(server.outcome(), Some(Outcome::PeerGone));
}

#[test]
fn a_transport_that_ends_behind_the_close_frame_is_still_answered() {
    let mut server = server();
    feed(&mut server, &from_client(0x88, b""));
    assert_eq!(server.receive_eof(), Ok(None));
    assert_eq!(server.wants(), WRITE);
    assert_eq!(transmit(&mut server), b"\x88\x00");
    assert_eq!((server.wants(), server.outcome()), (CLOSE, clean(None, Side::Client)));
}

#[test]
fn the_handshake_has_a_deadline() {
    let start = Instant::from_secs(1_000);
    let due = start + Duration::from_secs(5);
    for (mut connection, _) in both() {
        connection.handle_timeout(start);
        assert_eq!(connection.poll_timeout(), None);
        written(|out| connection.close(None, "", out).unwrap());
        assert_eq!(connection.poll_timeout(), Some(Deadline::new(due, Reason::Close)));
        connection.handle_timeout(Instant(due.0 - 1));
        assert_eq!((connection.wants(), connection.outcome()), (READ, None));
        connection.handle_timeout(due);
        assert_eq!((connection.wants(), connection.outcome()), (CLOSE, Some(Outcome::Timeout)));
        assert_eq!(connection.poll_timeout(), None);
        assert_eq!(connection.receive(&mut [], &mut []), Err(Error::CloseTimeout));
    }
    // a client whose server does not close the transport closes it itself; it was a clean end all the same
    let mut client = client();
    client.handle_timeout(start);
    feed(&mut client, b"\x88\x00");
    transmit(&mut client);
    assert_eq!((client.wants(), client.poll_timeout()), (READ, Some(Deadline::new(due, Reason::Close))));
    client.handle_timeout(due);
    assert_eq!((client.wants(), client.outcome()), (CLOSE, clean(None, Side::Server)));
    // a fault that cannot be told, as the peer does not read, stays the outcome
    let mut server = server();
    server.handle_timeout(Instant::from_secs(1));
    server.handle_timeout(start);
    feed(&mut server, b"\x83");
    assert_eq!((server.wants(), server.poll_timeout()), (WRITE, Some(Deadline::new(due, Reason::Close))));
    server.handle_timeout(due);
    assert_eq!(server.wants(), CLOSE);
    assert_eq!(server.outcome(), Some(Outcome::ProtocolError(Error::ReservedOpcode)));
}

#[test]
fn a_deadline_before_any_time_is_told_asks_for_the_time() {
    let mut server = server();
    written(|out| server.close(None, "", out).unwrap());
    assert_eq!(server.poll_timeout(), Some(Deadline::new(Instant::ZERO, Reason::Close)));
    server.handle_timeout(Instant::from_secs(77));
    assert_eq!(server.poll_timeout(), Some(Deadline::new(Instant::from_secs(82), Reason::Close)));
    assert_eq!(server.wants(), READ);
}

#[test]
fn nothing_is_sent_after_a_close_frame() {
    let misuse = Err(SendError::Misuse);
    for (mut connection, _) in both() {
        written(|out| connection.close(None, "", out).unwrap());
        let after = written(|out| {
            assert_eq!(connection.send(Kind::Text, b"x", true, out), Err(SendError::Misuse));
            assert_eq!(connection.send_message(Kind::Text, b"x", out), misuse);
            assert_eq!(connection.ping(b"", out), misuse);
            assert_eq!(connection.pong(b"", out), misuse);
            assert_eq!(connection.close(None, "", out), misuse);
        });
        assert_eq!(after, b"");
        assert_eq!(connection.prefix(Kind::Text, 1, true).err(), Some(SendError::Misuse));
    }
}

#[test]
fn reasons_that_cannot_be_sent() {
    for (mut connection, _) in both() {
        let longest = "x".repeat(proto_ws::MAX_REASON);
        let sent = written(|out| {
            assert_eq!(connection.close(None, "why", out), Err(SendError::Misuse));
            assert_eq!(
                connection.close(Some(CloseCode::NORMAL), &"x".repeat(124), out),
                Err(SendError::Misuse)
            );
            connection.close(Some(CloseCode::NORMAL), &longest, out).unwrap();
        });
        assert_eq!(open(&sent).1.len(), 125);
    }
}
