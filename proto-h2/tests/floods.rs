//! Floods and limits: each fires one beyond its value and not at it, memory stays bounded, and long sessions of honest
//! peers live.
#![allow(clippy::unwrap_used, clippy::panic)]
#![allow(unsafe_code)]

mod common;
#[path = "common/heap.rs"]
mod heap;
use common::*;
use proto_core::Instant;
use proto_h2::{Config, Error, ErrorCode as Code, Limits, Rate};
use std::time::Duration;

/// The frames of one round.
type Flood = fn(u32) -> Vec<u8>;

fn limited(change: impl FnOnce(&mut Limits)) -> Under {
    let mut config = Config::default();
    change(&mut config.limits);
    Under::server_with(config)
}

/// Feeds `flood(n)` until it is refused; asserts that it is with frame `at`, and that until then it takes little memory
/// at any time and little work for each octet.
#[track_caller]
fn refused_at(mut under: Under, at: u32, error: Error, mut flood: impl FnMut(u32) -> Vec<u8>) {
    under.work = Work::default();
    heap::reset();
    for nth in 1..=at {
        assert_eq!(under.error, None, "before {nth}");
        under.feed(&flood(nth));
        under.events.clear();
        under.data.clear();
        if nth < at {
            under.sent.clear();
        }
    }
    assert_eq!(under.error, Some(error));
    under.connection_error(error.code());
    assert!(heap::peak() <= 4096, "{} bytes", heap::peak());
    let Work { received, calls, written } = under.work;
    // No frame is shorter than 9 octets. Each is looked at at most three times, and answered with at most its own
    // length and the shortest frame.
    assert!(calls <= received / 3 && written <= received + 13 * (received / 9), "{:?}", under.work);
}

#[test]
fn rapid_reset() {
    let under = limited(|limits| limits.resets = Rate::new(200, 33));
    refused_at(under, 201, Error::ResetFlood, |nth| {
        [headers(nth * 2 - 1, &GET, true), rst(nth * 2 - 1, Code::CANCEL)].concat()
    });
}

#[test]
fn resets_that_the_peer_provokes() {
    let ways: [Flood; 6] = [
        |id| window_update(id, 0),
        |id| window_update(id, i32::MAX as u32),
        |id| [data(id, b"", true), data(id, b"x", false)].concat(),
        |id| frame(PRIORITY, 0, id, &[0; 3]),
        |id| headers(id, &[("t", "x")], false),
        |id| frame(PRIORITY, 0, id, &[&id.to_be_bytes()[..], &[1]].concat()),
    ];
    for way in ways {
        let under = limited(|limits| limits.resets = Rate::new(200, 33));
        refused_at(under, 201, Error::ResetFlood, |nth| {
            [headers(nth * 2 - 1, &POST, false), way(nth * 2 - 1)].concat()
        });
    }
    let under = limited(|limits| limits.resets = Rate::new(200, 33));
    refused_at(under, 201, Error::ResetFlood, |nth| headers(nth * 2 - 1, &[(":method", "BAD")], true));
    let under = limited(|limits| (limits.concurrent_streams, limits.resets) = (0, Rate::new(50, 1)));
    refused_at(under, 51, Error::ResetFlood, |nth| headers(nth * 2 - 1, &GET, true));
}

#[test]
fn control_frames() {
    let kinds: [(u32, Flood); 9] = [
        (1, |_| frame(PING, 0, 0, &[0; 8])),
        (1, |_| frame(PING, ACK, 0, &[0; 8])),
        (1, |_| frame(SETTINGS, 0, 0, &[])),
        (3, |_| frame(SETTINGS, 0, 0, &[setting(4, 9), setting(3, 9)].concat())),
        (1, |id| frame(PRIORITY, 0, id * 2 + 1, &[0; 5])),
        (1, |id| frame(PRIORITY_UPDATE, 0, 0, &(id * 2 + 1).to_be_bytes())),
        (1, |_| frame(0xee, 0, 0, b"unknown")),
        (1, |_| frame(GOAWAY, 0, 0, &[0; 8])),
        (10, |_| data(1, b"", false)),
    ];
    for (cost, kind) in kinds {
        let mut under = limited(|limits| limits.control = Rate::new(1001, 1)); // the preface took one
        under.feed(&headers(1, &POST, false));
        refused_at(under, 1000 / cost + 1, Error::ControlFlood, kind);
    }
}

#[test]
fn frames_on_streams_that_are_no_more() {
    let kinds: [Flood; 3] =
        [|_| rst(1, Code::CANCEL), |_| window_update(1, 100), |_| headers(1, &[("x", "y")], true)];
    for kind in kinds {
        let mut under = limited(|limits| limits.control = Rate::new(1001, 1));
        under.feed(&headers(1, &POST, false));
        under.codec.reset(stream_id(1), Code::CANCEL);
        under.flush();
        refused_at(under, 1001, Error::ControlFlood, kind);
    }
    // Requests above the last stream that was named.
    let mut under = limited(|limits| limits.control = Rate::new(1001, 1));
    under.feed(&headers(1, &POST, false));
    under.codec.go_away(Code::NO_ERROR);
    under.flush();
    under.sent.clear();
    refused_at(under, 1001, Error::ControlFlood, |nth| headers(1 + nth * 2, &GET, true));
}

/// What a server can do to a client.
#[test]
fn a_server_that_floods() {
    let client = |push: bool| {
        let mut config = Config::default();
        config.accept_push = push;
        config.limits.resets = Rate::new(200, 33);
        config.limits.control = Rate::new(1001, 1);
        let mut under = Under::client_with(config);
        under.get();
        under.sent.clear();
        under
    };
    refused_at(client(false), 1001, Error::ControlFlood, |_| headers(1, &[(":status", "103")], false));
    let promise = |nth: u32, method: &str| {
        let fields = block(&with(&[(":method", method)], &GET[1..]));
        frame(PUSH_PROMISE, END_HEADERS, 1, &[&(nth * 2).to_be_bytes()[..], &fields].concat())
    };
    refused_at(client(true), 201, Error::ResetFlood, |nth| promise(nth, "POST"));
    let mut config = Config::default();
    (config.accept_push, config.limits.concurrent_streams) = (true, 10);
    config.limits.resets = Rate::new(200, 33);
    let mut under = Under::client_with(config);
    under.get();
    for nth in 1..=10 {
        under.feed(&promise(nth, "GET"));
    }
    under.sent.clear();
    refused_at(under, 201, Error::ResetFlood, |nth| promise(10 + nth, "GET"));
}

/// Windows that are opened, changed and closed again, on as many streams as there may be, of which none gets on.
#[test]
fn window_games() {
    let mut under = Under::server();
    heap::reset();
    for nth in 0..100 {
        under.feed(&headers(nth * 2 + 1, &GET, true)).respond(nth * 2 + 1, "200", false);
        under.codec.want_send(stream_id(nth * 2 + 1));
    }
    assert!((1..100 * 256).contains(&heap::peak()), "{} bytes", heap::peak());
    heap::reset();
    under.work = Work::default();
    for nth in 0..2000_u32 {
        under.feed(&frame(SETTINGS, 0, 0, &setting(4, nth % 2 * 1000)));
        under.sent.clear();
    }
    assert_eq!((under.error, heap::peak()), (None, 0));
    assert!(under.work.calls <= 4000 && under.work.written == 2000 * 9, "{:?}", under.work);
    under.feed(&frame(SETTINGS, 0, 0, &setting(4, 0)));
    assert_eq!(under.codec.next_writable(), None);
    under.alive();
}

/// Identifiers with large gaps, and resets in between: what is remembered of them is of fixed size.
#[test]
fn identifiers_with_gaps() {
    let mut under = limited(|limits| limits.resets = Rate::new(u32::MAX, 0));
    under.feed(&headers(1, &GET, true)).feed(&rst(1, Code::CANCEL));
    heap::reset();
    for nth in 1..2000 {
        let id = nth * 1_000_000 + 1;
        under.feed(&headers(id, &GET, true)).feed(&rst(id, Code::CANCEL));
        assert_eq!(under.error, None);
    }
    assert_eq!((heap::peak(), under.codec.streams()), (0, 0));
    under.feed(&headers(1_999_000_003, &GET, true)).alive();
}

#[test]
fn tiny_data_and_credit() {
    let mut under = limited(|limits| limits.tiny = Rate::new(500, 1));
    under.feed(&headers(1, &POST, false));
    refused_at(under, 501, Error::TinyFlood, |_| data(1, b"1", false));
    let under = limited(|limits| limits.tiny = Rate::new(500, 1));
    refused_at(under, 501, Error::TinyFlood, |_| window_update(0, 1));
    let mut under = limited(|limits| limits.tiny = Rate::new(500, 1));
    under.feed(&headers(1, &POST, false));
    refused_at(under, 501, Error::TinyFlood, |_| frame(DATA, PADDED, 1, &[&[200][..], &[0; 215]].concat()));
    let mut under = limited(|limits| limits.tiny = Rate::new(500, 1));
    under.feed(&headers(1, &POST, false));
    for _ in 0..2000 {
        under.feed(&data(1, &[0; 16], false)).feed(&window_update(1, 16));
    }
    under.alive();
}

#[test]
fn continuations() {
    let get = block(&GET);
    let flood = |count: usize| {
        let mut bytes = frame(HEADERS, END_STREAM, 1, &get);
        for nth in 1..=count {
            bytes.extend(frame(CONTINUATION, if nth == count { END_HEADERS } else { 0 }, 1, &[]));
        }
        bytes
    };
    let mut under = Under::server();
    under.feed(&flood(8));
    assert_eq!((under.error, under.events.len()), (None, 1));
    Under::server().feed(&flood(9)).connection_error(Code::ENHANCE_YOUR_CALM);
}

#[test]
fn the_size_of_a_block_counts_before_it_is_decoded() {
    let mut value = String::new();
    for (len, refused) in [(1000, false), (1001, true)] {
        value.clear();
        let overhead = block(&with(&GET, &[("x", "")])).len();
        value.extend(std::iter::repeat_n('v', 200));
        let mut payload = block(&with(&GET, &[("x", &value)]));
        while payload.len() < len {
            let missing = (len - payload.len()).min(130);
            let text = "w".repeat(missing.saturating_sub(4));
            payload.extend(if missing < 4 { vec![0x82; missing] } else { block(&[("y", &text)]) });
        }
        payload.truncate(len);
        assert!(overhead < len);
        let mut under = limited(|limits| limits.header_block = 1000);
        under.feed(&frame(HEADERS, END_STREAM, 1, &payload[..500]));
        // The header of the next frame is enough to tell.
        under.feed(&frame(CONTINUATION, END_HEADERS, 1, &payload[500..])[..9]);
        assert_eq!(under.error.is_some(), refused);
        if refused {
            under.connection_error(Code::ENHANCE_YOUR_CALM);
        }
    }
    limited(|limits| limits.header_block = 1000)
        .feed(&frame(HEADERS, 5, 1, &[0x82; 1001])[..9])
        .connection_error(Code::ENHANCE_YOUR_CALM);
}

#[test]
fn large_lists_are_answered_with_431() {
    let size: usize = GET.iter().map(|(name, value)| name.len() + value.len() + 32).sum();
    for (limit, fields, refused) in
        [(size + 34, 5, false), (size + 33, 5, true), (9999, 5, false), (9999, 4, true)]
    {
        for end in [true, false] {
            let mut under = limited(|limits| (limits.header_list, limits.fields) = (limit as u32, fields));
            let list = with(&GET, &[("a", "b")]);
            under.feed(&headers(1, &list, end));
            assert_eq!(under.events.len(), usize::from(!refused), "{limit} {fields}");
            if refused {
                let head = &under.sent[0];
                assert_eq!((head.kind, head.flags, head.id), (HEADERS, END_HEADERS | END_STREAM, 1));
                let mut scratch = [0; 256];
                let fields = under.decoder.decode(&head.payload, &mut scratch).unwrap();
                assert_eq!(fields.first(b":status"), Some(&b"431"[..]));
                assert_eq!(under.resets(1), if end { vec![] } else { vec![Code::NO_ERROR] });
                if !end {
                    under.feed(&data(1, b"on its way", true));
                }
            }
            under.alive();
        }
    }
}

#[test]
fn a_bomb_of_references() {
    let mut under = Under::server();
    let mut bomb = b"\x82\x86\x84\x40\x01n\x7f\xa1\x1e".to_vec(); // a value of 4000
    bomb.extend([b'v'; 4000]);
    under.feed(&frame(HEADERS, 5, 1, &bomb));
    assert_eq!(under.events.len(), 1);
    under.feed(&frame(HEADERS, 5, 3, &[&[0x82, 0x86, 0x84][..], &[0xbe; 12_000]].concat()));
    assert_eq!((under.error, under.events.len()), (None, 1));
    under.feed(&frame(HEADERS, 5, 5, &[0x82, 0x86, 0x84, 0xbe]));
    assert_eq!(under.events.len(), 2, "the table is still right");
}

#[test]
fn a_peer_that_does_not_read_is_not_read_from() {
    let mut under = Under::server();
    let mut input: Vec<u8> = (0..1000).flat_map(|_| frame(PING, 0, 0, &[1; 8])).collect();
    let mut scratch = vec![0; 65_536];
    let step = under.codec.receive(&mut input, &mut scratch).unwrap();
    assert!(step.consumed <= 16 * 17 && step.event.is_none());
    let wants = under.codec.wants();
    assert!(!wants.read && wants.write && !wants.close);
    under.flush();
    assert!(under.codec.wants().read);
}

#[test]
fn what_is_asked_for_leaves_room_for_a_last_word() {
    let mut under = Under::server();
    while under.codec.ping([1; 8]) {}
    for nth in 0..40 {
        let mut scratch = [0; 1024];
        let mut request = headers(nth * 2 + 1, &GET, true);
        assert_eq!(under.codec.receive(&mut request, &mut scratch).map(|step| step.consumed), Ok(0));
    }
    under.flush();
    for nth in 0..40 {
        under.feed(&headers(nth * 2 + 1, &POST, false));
    }
    for nth in 0..40 {
        let id = under.id(nth * 2 + 1);
        under.codec.hold_credit(id);
        assert!(under.codec.reset(id, Code::CANCEL) && !under.codec.is_open(id));
    }
    assert!(under.codec.wants().write && !under.codec.wants().read);
    under.sent.clear();
    under.codec.handle_timeout(Instant::from_secs(3600));
    under.flush();
    assert_eq!((under.sent.len(), under.codec.streams()), (40, 0), "one reset for each");
    under.alive();
}

#[test]
fn a_long_honest_session_lives() {
    let mut under = Under::server();
    let mut now = Instant::ZERO;
    for nth in 0..8_000_u32 {
        // 25 calls a second, each cancelled after some small messages, with a ping now and then.
        now = now + Duration::from_millis(40);
        under.codec.handle_timeout(now);
        let id = nth * 2 + 1;
        under.feed(&headers(id, &POST, false));
        for _ in 0..20 {
            under.feed(&data(id, b"\0\0\0\0\x05hello", false)).feed(&window_update(id, 10));
        }
        under.feed(&window_update(0, 100)).feed(&frame(PING, 0, 0, &[7; 8]));
        under.respond(id, "200", false);
        under.feed(&rst(id, Code::CANCEL));
        assert_eq!((under.error, under.codec.streams()), (None, 0));
        under.sent.clear();
        under.events.clear();
        under.data.clear();
    }
    assert!(under.codec.heap_size() < 8192, "{}", under.codec.heap_size());
}

#[test]
fn identifiers_run_out_without_harm() {
    let mut under = Under::server();
    under.feed(&headers(0x7fff_ffff, &GET, true));
    assert_eq!(under.events.len(), 1);
    under.feed(&headers(0x7fff_fffd, &GET, true)).connection_error(Code::PROTOCOL_ERROR);
}

/// A call that streams small messages for an hour, a thousand a second at its busiest, with credit for each.
#[test]
fn a_long_honest_stream_lives() {
    let mut under = Under::server();
    under.feed(&headers(1, &POST, false)).respond(1, "200", false);
    let mut now = Instant::ZERO;
    for second in 0..3600_u64 {
        now = now + Duration::from_secs(1);
        under.codec.handle_timeout(now);
        let messages = if second % 120 == 0 { 1000 } else { 5 };
        let burst: Vec<u8> = (0..messages)
            .flat_map(|_| [data(1, b"\0\0\0\0\x02ok", false), window_update(1, 7)].concat())
            .collect();
        under.feed(&burst).feed(&frame(PING, 0, 0, &[7; 8]));
        assert_eq!(under.error, None, "second {second}");
        under.sent.clear();
        under.events.clear();
        under.data.clear();
    }
}
