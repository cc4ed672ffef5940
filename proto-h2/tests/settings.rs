//! SETTINGS: ranges, effects, acknowledgement and its deadline (RFC 9113 section 6.5).
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;
use common::*;
use proto_core::{Instant, Reason};
use proto_h2::{Config, Connection, ErrorCode as Code, PREFACE};

#[test]
fn values_out_of_range() {
    for (id, value, code) in [
        (2, 2, Code::PROTOCOL_ERROR),
        (4, 1 << 31, Code::FLOW_CONTROL_ERROR),
        (5, 16_383, Code::PROTOCOL_ERROR),
        (5, 1 << 24, Code::PROTOCOL_ERROR),
        (8, 2, Code::PROTOCOL_ERROR),
        (9, 2, Code::PROTOCOL_ERROR),
        (9, 1, Code::PROTOCOL_ERROR), // changed after the first SETTINGS
    ] {
        Under::server().feed(&frame(SETTINGS, 0, 0, &setting(id, value))).connection_error(code);
    }
    for (id, value) in [
        (1, u32::MAX),
        (2, 0),
        (2, 1),
        (3, 0),
        (4, 0),
        (4, i32::MAX as u32),
        (5, 16_384),
        (5, (1 << 24) - 1),
        (6, 0),
        (8, 1),
        (9, 0),
        (0xffff, 7),
    ] {
        Under::server().feed(&frame(SETTINGS, 0, 0, &setting(id, value))).alive();
    }
    Under::client().feed(&frame(SETTINGS, 0, 0, &setting(2, 1))).connection_error(Code::PROTOCOL_ERROR);
    Under::client().feed(&frame(SETTINGS, 0, 0, &setting(2, 0))).alive();
    let on_and_off = [frame(SETTINGS, 0, 0, &setting(8, 1)), frame(SETTINGS, 0, 0, &setting(8, 0))].concat();
    Under::client().feed(&on_and_off).connection_error(Code::PROTOCOL_ERROR);
}

#[test]
fn each_is_acknowledged_once_applied() {
    let mut under = Under::client();
    under.feed(&frame(
        SETTINGS,
        0,
        0,
        &[setting(4, 1), setting(4, 77), setting(3, 5), setting(5, 20_000)].concat(),
    ));
    assert_eq!((under.sent.len(), under.sent[0].kind, under.sent[0].flags), (1, SETTINGS, ACK));
    let peer = under.codec.peer_settings();
    assert_eq!((peer.initial_window_size, peer.max_concurrent_streams, peer.max_frame_size), (77, 5, 20_000));
    let id = under.request("POST", false);
    assert_eq!(under.codec.send_capacity(id), 77);
}

#[test]
fn an_acknowledgement_of_nothing() {
    Under::server().feed(&frame(SETTINGS, ACK, 0, &[])).connection_error(Code::PROTOCOL_ERROR);
}

#[test]
fn the_deadline_of_the_acknowledgement() {
    let mut under = Under::new(Connection::server(Config::default()));
    assert_eq!(under.codec.poll_timeout(), None);
    under.codec.handle_timeout(Instant::from_secs(3));
    under.feed(&[&PREFACE[..], &frame(SETTINGS, 0, 0, &[])].concat());
    let deadline = under.codec.poll_timeout().unwrap();
    assert_eq!((deadline.at, deadline.reason), (Instant::from_secs(13), Reason::SettingsAck));
    under.codec.handle_timeout(Instant(deadline.at.0 - 1));
    assert!(under.codec.wants().read);
    under.codec.handle_timeout(deadline.at);
    under.feed(b"").connection_error(Code::SETTINGS_TIMEOUT);
}

#[test]
fn an_initial_window_shifts_streams_even_below_zero() {
    let mut under = Under::client();
    let id = under.request("POST", false);
    assert_eq!(under.send(|codec, out| codec.send_data(id, &[0; 60_000], false, out)), Ok(16_384));
    under.feed(&frame(SETTINGS, 0, 0, &setting(4, 10_000)));
    assert_eq!(under.codec.send_capacity(id), 0);
    under.feed(&window_update(1, 6_384));
    assert_eq!(under.codec.send_capacity(id), 0);
    under.feed(&window_update(1, 1));
    assert_eq!(under.codec.send_capacity(id), 1);
    under.feed(&frame(SETTINGS, 0, 0, &setting(4, 10_010)));
    assert_eq!(under.codec.send_capacity(id), 11);
    under.feed(&window_update(1, i32::MAX as u32 - 11)).feed(&frame(SETTINGS, 0, 0, &setting(4, 10_011)));
    under.connection_error(Code::FLOW_CONTROL_ERROR);
}

#[test]
fn our_own_take_effect_when_acknowledged() {
    // A smaller window: what was sent before the acknowledgement keeps to 65,535.
    let mut config = Config::default();
    config.limits.stream_window = 10;
    let mut under = Under::new(Connection::server(config));
    under.feed(
        &[&PREFACE[..], &frame(SETTINGS, 0, 0, &[]), &headers(1, &POST, false), &data(1, &[0; 1000], false)]
            .concat(),
    );
    assert_eq!(under.resets(1), []);
    under.feed(&frame(SETTINGS, ACK, 0, &[])).feed(&headers(3, &POST, false)).feed(&data(3, &[0; 11], false));
    assert_eq!((under.error, under.resets(3)), (None, vec![Code::FLOW_CONTROL_ERROR]));

    // A larger one: streams that are open already gain the difference.
    let mut under = Under::new(Connection::server(Config::default()));
    under.feed(&[&PREFACE[..], &frame(SETTINGS, 0, 0, &[]), &headers(1, &POST, false)].concat());
    let id = under.id(1);
    under.codec.hold_credit(id);
    assert_eq!(under.codec.estimated_peer_credit(id), 65_535);
    under.feed(&frame(SETTINGS, ACK, 0, &[]));
    assert_eq!(under.codec.estimated_peer_credit(id), 262_144);
    under.feed(&data(1, &[0; 16_384], false).repeat(16)).alive();
    assert_eq!((under.resets(1), under.codec.estimated_peer_credit(id)), (vec![], 0));

    // A smaller table: demanded of the first block after it.
    let mut config = Config::default();
    config.limits.header_table = 0;
    let block = b"\x82\x86\x84\x40\x01n\x01v";
    let mut under = Under::new(Connection::server(config));
    under.feed(&[&PREFACE[..], &frame(SETTINGS, 0, 0, &[]), &frame(HEADERS, 5, 1, block)].concat());
    assert_eq!(under.error, None);
    under.feed(&frame(SETTINGS, ACK, 0, &[])).feed(&frame(HEADERS, 5, 3, &[&b"\x20"[..], block].concat()));
    assert_eq!(under.error, None);
    under.feed(&frame(HEADERS, 5, 5, b"\x82\x86\x84\xbe")).connection_error(Code::COMPRESSION_ERROR);
    let mut under = Under::server_with(config);
    under.feed(&frame(HEADERS, 5, 1, block)).connection_error(Code::COMPRESSION_ERROR);
}

#[test]
fn the_peers_table_size_is_kept_to() {
    let mut under = Under::server();
    under.feed(&frame(SETTINGS, 0, 0, &setting(1, 0))).feed(&headers(1, &GET, true));
    under.respond(1, "299", true);
    assert_eq!(under.sent.last().unwrap().payload[0], 0x20);
}

#[test]
fn upgraded_from_http1() {
    let mut field = [0; 64];
    let len = proto_h2::http2_settings(&Config::default(), &mut field);
    let codec = Connection::server_upgraded(Config::default(), &field[..len], false).unwrap();
    let (client, id) = Connection::client_upgraded(Config::default(), false);
    let (mut server, mut client) = (Under::new(codec), Under::new(client));
    assert_eq!(server.codec.peer_settings().initial_window_size, 262_144);
    server.flush();
    server.respond(1, "200", true);
    client.flush();
    let settings: Vec<u8> =
        server.sent.iter().flat_map(|f| frame(f.kind, f.flags, f.id, &f.payload)).collect();
    client.feed(&settings);
    assert_eq!((client.error, client.events[1].as_str()), (None, "Response 1 [:status: 200] end"));
    assert!(!client.codec.is_open(id));
    assert_eq!(client.get().value(), 3);
}
