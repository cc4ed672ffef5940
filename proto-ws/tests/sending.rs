//! What is written, how it is cut to the room, and what is refused.

mod common;
use common::*;
use proto_core::{SendError, WriteBuf};
use proto_ws::{Config, Connection, Kind, Reserved, Role, Side};

#[test]
fn a_message_is_one_frame_whole_or_not_at_all() {
    for len in [0, 1, 125, 126, 127, 65_535, 65_536] {
        let payload: Vec<u8> = (0..len).map(|at| (at * 11) as u8).collect();
        for (mut connection, _) in both() {
            let sent = written(|out| connection.send_message(Kind::Binary, &payload, out).unwrap());
            assert_eq!(open(&sent), (0x82, payload.clone()));
            let mut room = vec![0; sent.len() - 1];
            let mut out = WriteBuf::new(&mut room);
            assert_eq!(connection.send_message(Kind::Binary, &payload, &mut out), Err(SendError::Full));
            assert!(out.is_empty());
            let mut room = vec![0; sent.len()];
            let mut out = WriteBuf::new(&mut room);
            assert_eq!(connection.send_message(Kind::Binary, &payload, &mut out), Ok(()));
        }
    }
}

#[test]
fn what_does_not_fit_goes_on_in_continuation_frames() {
    let payload: Vec<u8> = (0..1000).map(|at| (at * 13) as u8).collect();
    for room in [3, 7, 8, 127, 128, 131, 135, 300] {
        for (mut connection, _) in both() {
            let (mut at, mut firsts, mut got, mut rounds) = (0, Vec::new(), Vec::new(), 0);
            while at < payload.len() && rounds < 2000 {
                rounds += 1;
                let mut room = vec![0; room];
                let mut out = WriteBuf::new(&mut room);
                match connection.send(Kind::Text, &payload[at..], true, &mut out) {
                    Ok(taken) => {
                        let (first, piece) = open(out.written());
                        assert_eq!(piece, payload[at..at + taken]);
                        at += taken;
                        firsts.push(first);
                        got.extend(piece);
                    }
                    Err(SendError::Full) => {
                        assert!(out.is_empty() && room.len() < 7);
                        break;
                    }
                    Err(error) => panic!("{error}"),
                }
            }
            if firsts.is_empty() {
                continue; // a client needs 7 bytes for a header and one of payload
            }
            assert_eq!(got, payload);
            let last = firsts.len() - 1;
            assert!(last > 0 && firsts[0] == 0x01 && firsts[last] == 0x80);
            assert!(firsts[1..last].iter().all(|&first| first == 0x00));
        }
    }
}

#[test]
fn a_scrap_of_room_behind_other_output_is_not_filled() {
    for (mut connection, _) in both() {
        for (room, fits) in [(63, false), (64, true)] {
            let header = if connection.side() == Side::Client { 6 } else { 2 };
            let mut space = vec![0; header + header + room];
            let mut out = WriteBuf::new(&mut space);
            connection.ping(b"", &mut out).unwrap();
            let taken = connection.send(Kind::Binary, &[7; 100], true, &mut out);
            assert_eq!(taken, if fits { Ok(64) } else { Err(SendError::Full) });
        }
    }
}

#[test]
fn fragments_are_the_callers_to_make_and_control_frames_go_between() {
    let mut server = server();
    let sent = written(|out| {
        assert_eq!(server.send(Kind::Text, b"", false, out), Ok(0)); // says nothing, writes nothing
        assert_eq!(server.send(Kind::Text, b"a", false, out), Ok(1));
        assert_eq!(server.send(Kind::Binary, b"b", false, out), Err(SendError::Misuse));
        assert_eq!(server.send_message(Kind::Text, b"b", out), Err(SendError::Misuse));
        server.ping(b"", out).unwrap();
        assert_eq!(server.send(Kind::Text, b"b", false, out), Ok(1));
        assert_eq!(server.send(Kind::Text, b"", true, out), Ok(0));
        server.send_message(Kind::Binary, b"c", out).unwrap();
    });
    assert_eq!(sent, b"\x01\x01a\x89\x00\x00\x01b\x80\x00\x82\x01c");
}

#[test]
fn full_changes_nothing() {
    for (mut connection, frame) in both() {
        let mut none = [0; 1];
        let mut out = WriteBuf::new(&mut none);
        assert_eq!(connection.send(Kind::Text, b"x", true, &mut out), Err(SendError::Full));
        assert_eq!(connection.send(Kind::Text, b"", true, &mut out), Err(SendError::Full));
        assert_eq!(connection.send_message(Kind::Text, b"", &mut out), Err(SendError::Full));
        assert_eq!(connection.ping(b"", &mut out), Err(SendError::Full));
        assert_eq!(connection.close(None, "", &mut out), Err(SendError::Full));
        assert!(out.is_empty() && connection.wants().read && connection.outcome().is_none());
        let sent = written(|out| connection.send_message(Kind::Text, b"x", out).unwrap());
        assert_eq!(open(&sent), (0x81, b"x".to_vec()));
        feed(&mut connection, &frame(0x88, b""));
        connection.transmit(&mut out);
        assert!(out.is_empty() && connection.wants().write);
    }
}

#[test]
fn control_payloads_end_at_125_bytes() {
    for (mut connection, _) in both() {
        let sent = written(|out| {
            assert_eq!(connection.ping(&[0; 126], out), Err(SendError::Misuse));
            assert_eq!(connection.pong(&[0; 126], out), Err(SendError::Misuse));
            connection.pong(&[7; 125], out).unwrap();
        });
        assert_eq!(open(&sent), (0x8a, vec![7; 125]));
    }
}

#[test]
fn a_prefix_stands_for_the_payload_behind_it() {
    for len in [0, 5, 125, 126, 65_535, 65_536] {
        for (mut connection, _) in both() {
            let payload: Vec<u8> = (0..len).map(|at| (at * 5) as u8).collect();
            let mut wire = connection.prefix(Kind::Binary, len as u64, true).unwrap().to_vec();
            let mut body = payload.clone();
            let (a, b) = body.split_at_mut(len / 3);
            connection.mask_payload(a).unwrap();
            connection.mask_payload(b).unwrap();
            wire.extend(body);
            assert_eq!(open(&wire), (0x82, payload));
        }
    }
    let mut server = server();
    assert_eq!(&*server.prefix(Kind::Text, 3, false).unwrap(), b"\x01\x03");
    assert_eq!(&*server.prefix(Kind::Text, 1, true).unwrap(), b"\x80\x01");
    assert_eq!(server.prefix(Kind::Text, 1 << 63, true).err(), Some(SendError::Misuse));
    let longest = server.prefix(Kind::Text, (1 << 63) - 1, true).unwrap();
    assert_eq!(&*longest, b"\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff");
}

#[test]
fn a_client_writes_nothing_inside_an_announced_payload() {
    let mut client = client();
    client.prefix(Kind::Text, 4, true).unwrap();
    feed(&mut client, b"\x89\x01?");
    assert!(!client.wants().write);
    let sent = written(|out| {
        client.transmit(out);
        assert_eq!(client.send_message(Kind::Text, b"x", out), Err(SendError::Misuse));
        assert_eq!(client.close(None, "", out), Err(SendError::Misuse));
    });
    assert_eq!(sent, b"");
    assert_eq!(client.mask_payload(&mut [0; 5]), Err(SendError::Misuse));
    client.mask_payload(&mut [0; 4]).unwrap();
    assert_eq!(open(&transmit(&mut client)), (0x8a, b"?".to_vec()));
    // a fault inside it: the Close frame waits too
    client.prefix(Kind::Text, 1, true).unwrap();
    feed(&mut client, b"\x83");
    assert!(!client.wants().write && !client.wants().close);
    client.mask_payload(&mut [0]).unwrap();
    assert!(client.wants().write);
    assert_eq!(open(&transmit(&mut client)).0, 0x88);
}

#[test]
fn masking_keys_change_with_every_frame_and_with_the_seed() {
    let mut keys = Vec::new();
    for seed in [[1; 16], [2; 16]] {
        let mut client = Connection::new(Role::Client { mask_seed: seed }, Config::default());
        for _ in 0..100 {
            let sent = written(|out| client.send_message(Kind::Text, b"", out).unwrap());
            keys.push(sent[2..6].to_vec());
        }
    }
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 200);
}

#[test]
fn reserved_bits_need_a_claim_and_go_first() {
    let config = Config { reserved: Reserved::RSV1.with(Reserved::RSV3), ..Config::default() };
    let mut server = Connection::new(Role::Server, config);
    let sent = written(|out| {
        let rsv1 = Reserved::RSV1;
        assert_eq!(server.send_reserved(Kind::Text, rsv1, b"ab", false, out), Ok(2));
        assert_eq!(server.send_reserved(Kind::Text, rsv1, b"c", true, out), Err(SendError::Misuse));
        assert_eq!(server.send(Kind::Text, b"c", true, out), Ok(1));
        assert_eq!(server.send_reserved(Kind::Text, Reserved::RSV2, b"c", true, out), Err(SendError::Misuse));
    });
    assert_eq!(sent, b"\x41\x02ab\x80\x01c");
    assert_eq!(&*server.prefix_reserved(Kind::Binary, config.reserved, 0, true).unwrap(), b"\xd2\x00");
}
