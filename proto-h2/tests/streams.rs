//! The life of streams: which frame may come in which state, and what is said when it may not (RFC 9113 section 5).
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;
use common::*;
use proto_h2::{Config, ErrorCode as Code};

#[test]
fn idle_streams_take_headers_and_priority_only() {
    for bytes in [data(1, b"x", false), rst(1, Code::CANCEL), window_update(1, 1)] {
        Under::server().feed(&bytes).connection_error(Code::PROTOCOL_ERROR);
        Under::client().feed(&bytes).connection_error(Code::PROTOCOL_ERROR);
    }
    Under::server().feed(&frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 1])).alive();
    Under::client().feed(&headers(1, &[(":status", "200")], true)).connection_error(Code::PROTOCOL_ERROR);
}

#[test]
fn identifiers_are_the_peers_own_and_increase() {
    Under::server().feed(&headers(2, &GET, true)).connection_error(Code::PROTOCOL_ERROR);
    Under::client().feed(&headers(2, &[(":status", "200")], true)).connection_error(Code::PROTOCOL_ERROR);
    let mut under = Under::server();
    under.feed(&headers(5, &GET, true));
    assert_eq!(under.events.len(), 1);
    under.feed(&headers(3, &GET, true)).connection_error(Code::PROTOCOL_ERROR);
}

#[test]
fn half_closed_remote() {
    for bytes in [data(1, b"x", false), headers(1, &[("a", "b")], true), data(1, b"", true)] {
        let mut under = Under::server();
        under.feed(&headers(1, &GET, true)).feed(&bytes).stream_error(1, Code::STREAM_CLOSED);
        assert_eq!(under.events[1], "Reset 1 STREAM_CLOSED by Fault");
        under.alive();
    }
    let mut under = Under::server();
    under
        .feed(&headers(1, &GET, true))
        .feed(&window_update(1, 5))
        .feed(&frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 1]))
        .alive();
    under.feed(&rst(1, Code::CANCEL));
    assert_eq!(under.events[1], "Reset 1 CANCEL by Peer");
}

#[test]
fn closed_by_both_sides() {
    let ended = || {
        let mut under = Under::server();
        under.feed(&headers(1, &GET, true)).respond(1, "200", true);
        assert_eq!(under.codec.streams(), 0);
        under
    };
    for bytes in [data(1, b"x", false), headers(1, &GET, true)] {
        ended().feed(&bytes).connection_error(Code::STREAM_CLOSED);
    }
    // What may have been on its way when the stream ended.
    ended()
        .feed(&window_update(1, 5))
        .feed(&rst(1, Code::NO_ERROR))
        .feed(&frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 1]))
        .alive();
}

#[test]
fn closed_by_the_peers_reset() {
    for bytes in [data(1, b"x", false), headers(1, &[("a", "b")], true), window_update(1, 5)] {
        let mut under = Under::server();
        under.feed(&headers(1, &POST, false)).feed(&rst(1, Code::CANCEL)).feed(&bytes);
        under.stream_error(1, Code::STREAM_CLOSED);
        assert_eq!(under.events.len(), 2, "told once");
        under.alive();
    }
    let mut under = Under::server();
    under.feed(&headers(1, &POST, false)).feed(&rst(1, Code::CANCEL)).feed(&rst(1, Code::CANCEL)).alive();
    assert_eq!(under.resets(1), [], "a reset is never answered with one");
}

#[test]
fn closed_by_our_reset() {
    let mut under = Under::server();
    under.feed(&headers(1, &POST, false));
    let id = under.id(1);
    assert!(under.codec.reset(id, Code::CANCEL) && !under.codec.reset(id, Code::CANCEL));
    under.feed(&data(1, b"on its way", false)).feed(&window_update(1, 9)).feed(&rst(1, Code::CANCEL));
    // The field block still counts for the compression table.
    under.feed(&frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\x40\x01n\x01v"));
    under.feed(&frame(HEADERS, END_HEADERS | END_STREAM, 3, b"\x82\x86\x84\xbe"));
    assert_eq!(under.events[1], "Request 3 [:method: GET, :scheme: http, :path: /, n: v] end");
    assert_eq!(under.resets(1), [Code::CANCEL]);
    under.alive();
}

#[test]
fn discarded_data_returns_its_credit() {
    let mut under = Under::server();
    under.feed(&headers(1, &POST, false));
    let id = under.id(1);
    under.codec.reset(id, Code::CANCEL);
    let mut returned = 0;
    for _ in 0..200 {
        under.feed(&data(1, &vec![0; 16_384], false));
        assert_eq!(under.error, None);
        returned =
            under.sent.iter().filter(|frame| frame.kind == WINDOW_UPDATE).map(|frame| frame.number(0)).sum();
    }
    assert!(returned > 2_500_000, "{returned}");
}

#[test]
fn more_streams_than_allowed_are_refused_and_not_told() {
    let mut config = Config::default();
    config.limits.concurrent_streams = 2;
    let mut under = Under::server_with(config);
    under.feed(&headers(1, &GET, true)).feed(&headers(3, &GET, true));
    under.feed(&frame(HEADERS, END_HEADERS | END_STREAM, 5, b"\x82\x86\x84\x40\x01n\x01v"));
    under.stream_error(5, Code::REFUSED_STREAM);
    assert_eq!(under.events.len(), 2);
    under.respond(1, "200", true);
    under.feed(&frame(HEADERS, END_HEADERS | END_STREAM, 7, b"\x82\x86\x84\xbe"));
    assert_eq!(under.events[2], "Request 7 [:method: GET, :scheme: http, :path: /, n: v] end");
    under.alive();
}

#[test]
fn our_own_streams_keep_to_the_peers_limit() {
    let mut under = Under::client();
    under.feed(&frame(SETTINGS, 0, 0, &setting(3, 2)));
    under.get();
    under.get();
    let fields = GET.map(|(name, value)| proto_h2::hpack::Field::new(name.as_bytes(), value.as_bytes()));
    let refused = under.send(|codec, out| codec.open(fields, true, out));
    assert_eq!(refused, Err(proto_core::SendError::Blocked));
    under.feed(&headers(1, &[(":status", "200")], true));
    assert_eq!(under.get().value(), 5);
}

#[test]
fn our_own_streams_keep_to_our_own_limit() {
    let mut config = Config::default();
    config.limits.own_streams = 2;
    let mut under = Under::client_with(config);
    under.get();
    under.get();
    let fields = GET.map(|(name, value)| proto_h2::hpack::Field::new(name.as_bytes(), value.as_bytes()));
    let refused = under.send(|codec, out| codec.open(fields, true, out));
    assert_eq!(refused, Err(proto_core::SendError::Blocked));
    under.feed(&headers(1, &[(":status", "200")], true));
    assert_eq!(under.get().value(), 5);
}

#[test]
fn a_stream_that_depends_on_itself() {
    let selfish = |id: u32| frame(PRIORITY, 0, id, &[&id.to_be_bytes()[..], &[1]].concat());
    Under::server().feed(&selfish(1)).connection_error(Code::PROTOCOL_ERROR);
    let mut under = Under::server();
    under.feed(&headers(1, &POST, false)).feed(&selfish(1)).stream_error(1, Code::PROTOCOL_ERROR);
    let payload = [&[0, 0, 0, 1, 9][..], &block(&GET)].concat();
    let mut under = Under::server();
    under
        .feed(&frame(HEADERS, END_HEADERS | END_STREAM | PRIORITIZED, 1, &payload))
        .stream_error(1, Code::PROTOCOL_ERROR);
    under.alive();
}

#[test]
fn the_peers_goaway_names_what_it_did_not_process() {
    let mut under = Under::client();
    for _ in 0..4 {
        under.get();
    }
    under.feed(&frame(GOAWAY, 0, 0, b"\0\0\0\x03\0\0\0\0soon"));
    assert_eq!(
        under.events,
        [
            "GoAway 3 NO_ERROR \"soon\"",
            "Reset 5 REFUSED_STREAM by GoAway",
            "Reset 7 REFUSED_STREAM by GoAway"
        ]
    );
    assert!(!under.codec.wants().close);
    let fields = GET.map(|(name, value)| proto_h2::hpack::Field::new(name.as_bytes(), value.as_bytes()));
    assert_eq!(under.send(|codec, out| codec.open(fields, true, out)), Err(proto_core::SendError::Misuse));
    under.feed(&headers(1, &[(":status", "200")], true)).feed(&headers(3, &[(":status", "200")], true));
    assert!(under.codec.wants().close);

    for second in [b"\0\0\0\x05\0\0\0\0", b"\0\0\0\x02\0\0\0\0"] {
        let mut under = Under::client();
        under.get();
        under.feed(&frame(GOAWAY, 0, 0, b"\0\0\0\x01\0\0\0\0")).feed(&frame(GOAWAY, 0, 0, second));
        under.connection_error(Code::PROTOCOL_ERROR);
    }
    let mut under = Under::client();
    under.get();
    under.feed(&frame(GOAWAY, 0, 0, b"\x7f\xff\xff\xff\0\0\0\0")).feed(&frame(
        GOAWAY,
        0,
        0,
        b"\0\0\0\x01\0\0\0\0",
    ));
    assert_eq!(under.error, None);
}

#[test]
fn a_server_drains_in_two_steps() {
    let mut under = Under::server();
    under.feed(&headers(1, &GET, true));
    under.codec.drain();
    under.flush();
    assert_eq!(
        (under.sent[0].kind, under.sent[0].number(0), under.sent[0].number(4)),
        (GOAWAY, 0x7fff_ffff, 0)
    );
    let ping = under.sent[1].clone();
    assert_eq!(ping.kind, PING);
    // A request that was on its way is served.
    under.feed(&headers(3, &GET, true)).feed(&frame(PING, ACK, 0, &ping.payload));
    let last = under.sent.last().unwrap();
    assert_eq!((last.kind, last.number(0), last.number(4)), (GOAWAY, 3, 0));
    // A later one is ignored.
    under.feed(&headers(5, &GET, true)).feed(&data(5, b"x", false));
    assert_eq!((under.error, under.events.len()), (None, 2));
    under.respond(1, "200", true);
    assert!(!under.codec.wants().close);
    under.respond(3, "200", true);
    assert!(under.codec.wants().close);
}

#[test]
fn a_drain_does_not_wait_for_ever() {
    let mut under = Under::server();
    under.codec.drain();
    under.flush();
    let deadline = under.codec.poll_timeout().unwrap();
    assert_eq!(deadline.reason, proto_core::Reason::Drain);
    under.codec.handle_timeout(deadline.at);
    under.flush();
    assert_eq!(under.sent.iter().filter(|frame| frame.kind == GOAWAY).count(), 2);
    assert!(under.codec.wants().close && under.codec.poll_timeout().is_none());
}

#[test]
fn pushes_are_refused_or_taken_as_agreed() {
    let promise = |id: u32, promised: u32| {
        frame(PUSH_PROMISE, END_HEADERS, id, &[&promised.to_be_bytes()[..], &block(&GET)].concat())
    };
    let mut under = Under::client();
    under.get();
    under.feed(&promise(1, 2)).connection_error(Code::PROTOCOL_ERROR);
    Under::server().feed(&headers(1, &GET, true)).feed(&promise(1, 2)).connection_error(Code::PROTOCOL_ERROR);

    let mut config = Config::default();
    config.accept_push = true;
    let mut under = Under::client_with(config);
    under.get();
    under
        .feed(&promise(1, 2))
        .feed(&headers(2, &[(":status", "200")], false))
        .feed(&data(2, b"pushed", true));
    assert!(under.events[0].starts_with("Push"), "{:?}", under.events);
    assert_eq!(under.events[1..], ["Response 2 [:status: 200]", "Data 2 6 end"]);
    assert_eq!(under.codec.streams(), 1);
    under.feed(&promise(1, 4)).feed(&data(4, b"too early", false)).connection_error(Code::PROTOCOL_ERROR);

    for (id, promised, code) in
        [(1, 3, Code::PROTOCOL_ERROR), (1, 0, Code::PROTOCOL_ERROR), (3, 2, Code::PROTOCOL_ERROR)]
    {
        let mut under = Under::client_with(config);
        under.get();
        under.feed(&promise(id, promised)).connection_error(code);
    }
    let mut under = Under::client_with(config);
    under.get();
    let post = [&[0, 0, 0, 2][..], &block(&POST)].concat();
    under.feed(&frame(PUSH_PROMISE, END_HEADERS, 1, &post)).stream_error(2, Code::PROTOCOL_ERROR);
}
