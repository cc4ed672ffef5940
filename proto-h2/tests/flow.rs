//! Flow control in both directions (RFC 9113 sections 5.2 and 6.9).
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;
use common::*;
use proto_core::SendError;
use proto_h2::{Config, ErrorCode as Code, Priority};

#[test]
fn window_updates() {
    Under::server().feed(&window_update(0, 0)).connection_error(Code::PROTOCOL_ERROR);
    Under::server().feed(&window_update(0, i32::MAX as u32 - 65_535)).alive();
    Under::server()
        .feed(&window_update(0, i32::MAX as u32 - 65_534))
        .connection_error(Code::FLOW_CONTROL_ERROR);
    for (increment, code) in [(0, Code::PROTOCOL_ERROR), (i32::MAX as u32 - 65_534, Code::FLOW_CONTROL_ERROR)]
    {
        let mut under = Under::server();
        under.feed(&headers(1, &POST, false)).feed(&window_update(1, increment)).stream_error(1, code);
        under.alive();
    }
}

#[test]
fn data_beyond_the_windows() {
    let mut config = Config::default();
    config.limits.stream_window = 100;
    config.limits.connection_window = 65_535;
    let mut under = Under::server_with(config);
    under.feed(&headers(1, &POST, false));
    let id = under.id(1);
    under.codec.hold_credit(id);
    under.feed(&frame(DATA, PADDED, 1, &[&[50][..], &[0; 99]].concat()));
    assert_eq!(under.events[1], "Data 1 49");
    // Padding and its length are returned at once, the data is held.
    assert_eq!(under.codec.estimated_peer_credit(id), 51);
    under
        .feed(&data(1, &[0; 51], false))
        .feed(&data(1, b"x", false))
        .stream_error(1, Code::FLOW_CONTROL_ERROR);

    let mut config = Config::default();
    config.limits.connection_window = 65_535;
    let mut under = Under::server_with(config);
    under.feed(&headers(1, &POST, false));
    // Credit comes back only at the end of a frame.
    let most = frame(DATA, 0, 1, &[0; 16_384]);
    under.feed(&most).feed(&most[..100]);
    assert!(under.error.is_none());
}

#[test]
fn the_connections_window_is_the_peers_fault_alone() {
    // Without replies transmitted, nothing is returned to the peer as far as it knows, but a window counts as
    // returned when its update is among the replies.
    let mut config = Config::default();
    config.limits.connection_window = 65_535;
    config.limits.stream_window = 1 << 20;
    config.limits.frame_size = 1 << 20;
    let mut under = Under::server_with(config);
    under.feed(&headers(1, &POST, false)).feed(&data(1, &vec![0; 65_535], false));
    assert_eq!(under.error, None);
    under.feed(&headers(3, &POST, false)).feed(&data(3, &vec![0; 65_536], false)[..9]);
    under.connection_error(Code::FLOW_CONTROL_ERROR);
}

#[test]
fn credit_is_returned_in_few_updates() {
    let mut under = Under::server();
    under.feed(&headers(1, &POST, false));
    let mut received = 0_u32;
    for _ in 0..400 {
        under.feed(&data(1, &vec![0; 10_000], false));
        received += 10_000;
    }
    assert_eq!(under.error, None);
    for (id, window) in [(0, 1_048_576), (1, 262_144)] {
        let updates: Vec<u32> = under
            .sent
            .iter()
            .filter(|f| f.kind == WINDOW_UPDATE && f.id == id)
            .map(|f| f.number(0))
            .collect();
        let returned: u32 = updates.iter().sum();
        assert!(returned <= received && returned > received - window, "{returned} of {received}");
        assert!(updates.iter().all(|&update| update >= window / 2));
    }
}

#[test]
fn credit_is_returned_in_time_before_settings_are_acknowledged() {
    let mut under = Under::new(proto_h2::Connection::server(Config::default()));
    under.feed(&[&proto_h2::PREFACE[..], &frame(SETTINGS, 0, 0, &[]), &headers(1, &POST, false)].concat());
    // The peer knows of 65,535 octets, so half of these are what it waits for.
    under.feed(&data(1, &[0; 16_384], false)).feed(&data(1, &[0; 16_383], false));
    let updates = |under: &Under| under.sent.iter().filter(|f| f.kind == WINDOW_UPDATE && f.id == 1).count();
    assert_eq!(updates(&under), 1);
    under.feed(&data(1, &[0; 16_384], false));
    assert_eq!(updates(&under), 1);
}

#[test]
fn held_credit_stops_one_stream_and_no_other() {
    let mut under = Under::server();
    under.feed(&headers(1, &POST, false)).feed(&headers(3, &POST, false));
    let id = under.id(1);
    assert!(under.codec.hold_credit(id));
    for _ in 0..16 {
        under.feed(&data(1, &vec![0; 16_384], false));
    }
    assert_eq!(under.codec.estimated_peer_credit(id), 0);
    for _ in 0..200 {
        under.feed(&data(3, &vec![0; 16_384], false));
    }
    assert_eq!((under.error, under.resets(1)), (None, vec![]));
    assert!(!under.sent.iter().any(|frame| frame.kind == WINDOW_UPDATE && frame.id == 1));

    // The first octet of credit goes back at once, as the peer can send nothing; more, once half is there.
    under.codec.release(id, 1);
    under.flush();
    assert_eq!(under.sent.last(), Some(&frames(&window_update(1, 1))[0]));
    assert_eq!(under.codec.estimated_peer_credit(id), 1);
    under.codec.release(id, 100);
    assert!(!under.codec.wants().write);
    under.codec.release(id, u32::MAX);
    under.flush();
    assert_eq!(under.sent.last(), Some(&frames(&window_update(1, 262_143))[0]));
    assert_eq!(under.codec.estimated_peer_credit(id), 262_144);

    under.codec.grant(id, 1_000_000);
    under.flush();
    assert_eq!(under.sent.last(), Some(&frames(&window_update(1, 1_000_000))[0]));
    under.codec.grant(id, -1_000_000);
    under.codec.release_all(id);
    for _ in 0..60 {
        under.feed(&data(1, &vec![0; 16_384], false));
    }
    let after: u32 =
        under.sent.iter().filter(|f| f.kind == WINDOW_UPDATE && f.id == 1).map(|f| f.number(0)).sum();
    assert_eq!(after, 1_262_144, "what was taken back is not returned");
}

#[test]
fn sending_stops_at_the_smaller_window() {
    let mut under = Under::client();
    under.feed(&frame(SETTINGS, 0, 0, &[setting(4, 50_000), setting(5, 1 << 20)].concat()));
    let (a, b) = (under.request("POST", false), under.request("POST", false));
    let big = vec![1; 200_000];
    assert_eq!(
        under.send(|codec, out| codec.data_prefix(a, big.len(), true).map(|(prefix, len)| {
            let _ = out.put(&prefix);
            let _ = out.put(&big[..len]);
            len
        })),
        Ok(50_000)
    );
    assert_eq!(under.send(|codec, out| codec.send_data(a, &big, true, out)), Err(SendError::Blocked));
    assert_eq!(under.send(|codec, out| codec.send_data(b, &big, true, out)), Ok(15_535));
    assert_eq!((under.codec.send_capacity(a), under.codec.send_capacity(b)), (0, 0));
    under.codec.want_send(a);
    under.codec.want_send(b);
    assert_eq!(under.codec.next_writable(), None, "the connection has no credit");
    under.feed(&window_update(0, 10));
    assert_eq!(under.codec.next_writable().map(|grant| (grant.id, grant.max)), Some((b, 10)));
    assert_eq!(under.codec.next_writable(), None, "a turn is for one time");
    under.feed(&window_update(1, 4));
    assert_eq!(under.codec.next_writable().map(|grant| (grant.id, grant.max)), Some((a, 4)));
    // An end needs no credit.
    under.send(|codec, out| codec.send_data(a, b"1234", false, out)).unwrap();
    assert_eq!(under.send(|codec, out| codec.send_data(a, b"", true, out)), Ok(0));
}

#[test]
fn full_room_changes_nothing() {
    let mut under = Under::client();
    let id = under.request("POST", false);
    for room in 0..12 {
        let before = under.codec.send_capacity(id);
        let mut room_for = vec![0; room];
        let mut out = proto_core::WriteBuf::new(&mut room_for);
        let sent = under.codec.send_data(id, b"abc", false, &mut out);
        if room < 10 {
            assert_eq!((sent, out.len(), under.codec.send_capacity(id)), (Err(SendError::Full), 0, before));
        } else {
            assert_eq!(
                (sent, out.len(), under.codec.send_capacity(id)),
                (Ok(room - 9), room, before - (room as u32 - 9))
            );
        }
    }
}

#[test]
fn priorities_of_header_and_frame() {
    let mut under = Under::server();
    under.feed(&frame(PRIORITY_UPDATE, 0, 0, b"\0\0\0\x05u=0"));
    under.feed(&headers(1, &with(&GET, &[("priority", "u=5")]), true));
    under.feed(&headers(3, &with(&GET, &[("priority", "u=1")]), true));
    under.feed(&headers(5, &with(&GET, &[("priority", "u=7")]), true));
    under.feed(&headers(7, &GET, true));
    for id in [1, 3, 5, 7] {
        under.respond(id, "200", false);
        let id = under.id(id);
        under.codec.want_send(id);
    }
    let order = |under: &mut Under| -> Vec<u32> {
        std::iter::from_fn(|| under.codec.next_writable()).map(|grant| grant.id.value()).collect()
    };
    assert_eq!(order(&mut under), [5, 3, 7, 1]);
    under.feed(&frame(PRIORITY_UPDATE, 0, 0, b"\0\0\0\x01u=0"));
    let seven = under.id(7);
    under.codec.prioritize(seven, Priority { urgency: 6, incremental: false });
    for id in [7, 5, 3, 1] {
        let id = under.id(id);
        under.codec.want_send(id);
    }
    // The stream that had the last turn goes on; the others of its urgency follow.
    assert_eq!(order(&mut under), [1, 5, 3, 7]);
    for bad in [&b"\0\0\0\0u=1"[..], b"\0\0\0\x02u=1"] {
        Under::server().feed(&frame(PRIORITY_UPDATE, 0, 0, bad)).connection_error(Code::PROTOCOL_ERROR);
    }
    Under::client()
        .feed(&frame(PRIORITY_UPDATE, 0, 0, b"\0\0\0\x01u=1"))
        .connection_error(Code::PROTOCOL_ERROR);
    let mut under = Under::client();
    let id = under.get();
    under
        .send(|codec, out| codec.send_priority(id, Priority { urgency: 1, incremental: true }, out))
        .unwrap();
    assert_eq!(under.sent.last().unwrap().payload, b"\0\0\0\x01u=1,i");
}
