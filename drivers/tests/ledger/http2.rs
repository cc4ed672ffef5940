//! The limits of HTTP/2 that its codec keeps, each at its value and one beyond.

use app::{Config, Http2Code as Code, Limit};
use proto_core::SendError;
use proto_h2::hpack::Field;
use proto_h2::{Limits, Rate};
use std::time::Duration;

use crate::frames::Frames;
use crate::h2::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, GET, HEADERS, PING, SETTINGS, Under, block, data, frame,
    headers, rst, setting, window_update, with,
};
use crate::host::{MOMENT, just_before, seconds};

/// A server with another limit.
fn with_limits(change: impl Fn(&mut Limits)) -> Frames {
    Frames::new(configured(change))
}

fn configured(change: impl Fn(&mut Limits)) -> impl FnOnce(&mut Config) {
    move |config| change(&mut config.http2.codec.limits)
}

pub(crate) fn header_table() {
    // A block that begins by setting the size of the table (RFC 7541 6.3): 31 and 69, or 70.
    for (size, fires) in [(69, false), (70, true)] {
        let mut peer = with_limits(|limits| limits.header_table = 100);
        peer.feed(frame(HEADERS, END_HEADERS | END_STREAM, 1, &[&[0x3f, size], &block(&GET)[..]].concat()));
        if fires {
            peer.dies(Code::COMPRESSION_ERROR, Limit::HeaderTable);
        } else {
            peer.lives();
        }
    }
}

pub(crate) fn encoder_table() {
    // An entry of 102 octets (RFC 7541 4.1), which is three quarters of the table: a larger one would push out too much.
    let (name, value) = ("x-name", "v".repeat(102 - 32 - 6));
    for (size, fits) in [(136, true), (135, false)] {
        let mut config = proto_h2::Config::default();
        config.limits.encoder_table = size;
        let mut under = Under::server_with(config);
        under.feed(&frame(SETTINGS, 0, 0, &setting(1, 65_536))).feed(&headers(1, &GET, true));
        under.feed(&headers(3, &GET, true));
        let mut respond = |id| {
            let id = under.id(id);
            let fields = [Field::new(b":status", b"200"), Field::new(name.as_bytes(), value.as_bytes())];
            under.send(|codec, out| codec.send_head(id, fields, true, out)).unwrap();
            let sent = &under.sent.last().unwrap().payload;
            let mut scratch = [0; 1024];
            let decoded = under.decoder.decode(sent, &mut scratch).unwrap();
            assert_eq!(decoded.first(name.as_bytes()), Some(value.as_bytes()));
            sent.len()
        };
        let (first, second) = (respond(1), respond(3));
        assert!(first > 40 && if fits { second == 2 } else { second > 40 }, "{size}: {first} and {second}");
    }
}

pub(crate) fn concurrent_streams() {
    let mut peer = with_limits(|limits| limits.concurrent_streams = 3);
    for id in [1, 3, 5] {
        peer.ask(id, "/patient", &[], b"");
    }
    assert!(peer.resets.is_empty(), "three are not too many");
    peer.ask(7, "/", &[], b"");
    assert_eq!(peer.status(7), None);
    // Room for the last word.
    peer.feed(rst(1, Code::CANCEL));
    peer.loses(7, Code::REFUSED_STREAM, Limit::ConcurrentStreams);
}

pub(crate) fn own_streams() {
    let mut config = proto_h2::Config::default();
    config.limits.own_streams = 3;
    let mut under = Under::client_with(config);
    let mut open = || {
        let fields = GET.map(|(name, value)| Field::new(name.as_bytes(), value.as_bytes()));
        under.send(|codec, out| codec.open(fields, true, out)).map(|id| id.value())
    };
    assert_eq!([open(), open(), open(), open()], [Ok(1), Ok(3), Ok(5), Err(SendError::Blocked)]);
}

pub(crate) fn stream_window() {
    for (len, fires) in [(100, false), (101, true)] {
        let mut peer = with_limits(|limits| limits.stream_window = 100);
        peer.begin(1, "/held").feed(data(1, &[0; 40], false)).feed(data(1, &vec![0; len - 40], false));
        if fires {
            peer.loses(1, Code::FLOW_CONTROL_ERROR, Limit::StreamWindow);
        } else {
            peer.lives();
        }
    }
}

pub(crate) fn connection_window() {
    for (len, fires) in [(70_000, false), (70_001, true)] {
        let mut peer = with_limits(|limits| {
            limits.connection_window = 70_000;
            (limits.stream_window, limits.frame_size) = (100_000, 100_000);
        });
        peer.begin(1, "/patient").feed(frame(DATA, 0, 1, &vec![0; len]));
        if fires {
            peer.dies(Code::FLOW_CONTROL_ERROR, Limit::ConnectionWindow);
        } else {
            peer.lives();
        }
    }
}

pub(crate) fn frame_size() {
    for (len, fires) in [(20_000, false), (20_001, true)] {
        let mut peer = with_limits(|limits| limits.frame_size = 20_000);
        peer.begin(1, "/patient").feed(frame(DATA, 0, 1, &vec![0; len]));
        if fires {
            peer.dies(Code::FRAME_SIZE_ERROR, Limit::FrameSize);
        } else {
            peer.lives();
        }
    }
}

/// A valid block of just so many octets.
fn block_of(len: usize) -> Vec<u8> {
    let mut payload = block(&GET);
    while len - payload.len() > 130 {
        payload.extend(block(&[("f", &"v".repeat(100))]));
    }
    let rest = len - payload.len() - 4;
    payload.extend(block(&[("f", &"v".repeat(rest))]));
    assert_eq!(payload.len(), len);
    payload
}

pub(crate) fn header_block() {
    for (len, fires) in [(1000, false), (1001, true)] {
        for split in [len, 500] {
            let mut peer = with_limits(|limits| limits.header_block = 1000);
            let payload = block_of(len);
            let (first, last) = payload.split_at(split);
            peer.feed(if last.is_empty() {
                frame(HEADERS, END_HEADERS | END_STREAM, 1, first)
            } else {
                [frame(HEADERS, END_STREAM, 1, first), frame(CONTINUATION, END_HEADERS, 1, last)].concat()
            });
            if fires {
                peer.dies(Code::ENHANCE_YOUR_CALM, Limit::HeaderBlock);
            } else {
                assert_eq!(peer.status(1), Some("200"));
                peer.lives();
            }
        }
    }
}

pub(crate) fn continuations() {
    for (count, fires) in [(3, false), (4, true)] {
        let mut peer = with_limits(|limits| limits.continuations = 3);
        peer.feed(frame(HEADERS, END_STREAM, 1, &block(&GET)));
        for nth in 1..=count {
            peer.feed(frame(CONTINUATION, if nth == count { END_HEADERS } else { 0 }, 1, &[]));
        }
        if fires {
            peer.dies(Code::ENHANCE_YOUR_CALM, Limit::Continuations);
        } else {
            assert_eq!(peer.status(1), Some("200"));
            peer.lives();
        }
    }
}

/// A list is answered with 431 where `change` makes it too large.
#[track_caller]
fn too_large(change: impl Fn(&mut Limits), limit: Option<Limit>) {
    let mut peer = with_limits(&change);
    peer.feed(headers(1, &with(&GET, &[("a", "b")]), true));
    assert_eq!(peer.status(1), Some(if limit.is_some() { "431" } else { "200" }));
    assert!(peer.resets.is_empty());
    peer.bench.fired(limit.as_slice());
    // Those of a response, or of trailers, have no answer.
    let mut peer = with_limits(&change);
    peer.feed(headers(1, &[GET[0], GET[1], GET[2], GET[3]], false));
    if limit.is_some() {
        peer.feed(headers(1, &with(&[("x", "0123456789012345678901234567890"); 4], &[("a", "b")]), true));
        assert_eq!(peer.resets.get(&1), Some(&Code::ENHANCE_YOUR_CALM));
        peer.bench.fired(limit.as_slice());
    } else {
        peer.feed(headers(1, &with(&[("x", "0"); 4], &[("a", "b")]), true));
        assert!(peer.resets.is_empty());
        peer.bench.fired(&[]);
    }
}

/// RFC 9113 6.5.2: the lengths and 32 for each field.
fn size(fields: &[(&str, &str)]) -> u32 {
    fields.iter().map(|(name, value)| name.len() + value.len() + 32).sum::<usize>() as u32
}

pub(crate) fn header_list() {
    let list = size(&with(&GET, &[("a", "b")]));
    too_large(|limits| limits.header_list = list, None);
    too_large(|limits| limits.header_list = list - 1, Some(Limit::HeaderList));
}

pub(crate) fn fields() {
    too_large(|limits| limits.fields = 5, None);
    too_large(|limits| limits.fields = 4, Some(Limit::Http2Fields));
}

pub(crate) fn settings_timeout() {
    let limit = configured(|limits| limits.settings_timeout_ms = 700);
    let mut peer = Frames::silent(limit);
    peer.sleep(just_before(Duration::from_millis(700)));
    assert!(peer.goaways.is_empty());
    peer.sleep(MOMENT);
    peer.dies(Code::SETTINGS_TIMEOUT, Limit::SettingsTimeout);
    // One that acknowledges has all the time there is.
    let mut peer = with_limits(|limits| limits.settings_timeout_ms = 700);
    peer.sleep(seconds(1));
    peer.lives();
}

pub(crate) fn drain() {
    let mut peer = with_limits(|limits| limits.drain_ms = 700);
    peer.ask(1, "/patient", &[], b"");
    let sent = peer.bench.wire.drain();
    peer.bench.sent.extend(sent);
    peer.sleep(just_before(Duration::from_millis(700)));
    assert_eq!(peer.goaways, [(i32::MAX as u32, Code::NO_ERROR)]);
    peer.sleep(MOMENT);
    assert_eq!(peer.goaways[1..], [(1, Code::NO_ERROR)]);
    peer.bench.fired(&[]);
}

/// Five at once and two a second; the connection's own preface costs `before` of them.
#[track_caller]
fn rate(
    change: fn(&mut Limits, Rate),
    before: u32,
    mut provoke: impl FnMut(u32) -> Vec<u8>,
    code: Code,
    limit: Limit,
) {
    let start = || with_limits(|limits| change(limits, Rate::new(5 + before, 2)));
    let (mut patient, mut nth) = (start(), 0);
    let mut next = || {
        nth += 1;
        provoke(nth)
    };
    for _ in 0..5 {
        patient.feed(next());
    }
    // A second earns two, and not three.
    patient.sleep(seconds(1)).feed(next()).feed(next());
    assert!(patient.goaways.is_empty() && !patient.bench.wire.closed);
    patient.feed(next());
    patient.dies(code, limit);
    let mut hasty = start();
    for _ in 0..5 {
        hasty.feed(next());
    }
    assert!(hasty.goaways.is_empty() && !hasty.bench.wire.closed);
    hasty.feed(next());
    hasty.dies(code, limit);
}

pub(crate) fn resets() {
    let provoke = |nth| [headers(nth * 2 - 1, &GET, false), rst(nth * 2 - 1, Code::CANCEL)].concat();
    rate(|limits, rate| limits.resets = rate, 0, provoke, Code::ENHANCE_YOUR_CALM, Limit::Resets);
    // Those that the peer makes this end say (CVE-2025-8671).
    let provoke = |nth| [headers(nth * 2 - 1, &GET, false), window_update(nth * 2 - 1, 0)].concat();
    rate(|limits, rate| limits.resets = rate, 0, provoke, Code::ENHANCE_YOUR_CALM, Limit::Resets);
}

pub(crate) fn control() {
    let ping = |_| frame(PING, 0, 0, &[0; 8]);
    rate(|limits, rate| limits.control = rate, 1, ping, Code::ENHANCE_YOUR_CALM, Limit::Http2Control);
}

pub(crate) fn tiny() {
    let credit = |_| window_update(0, 1);
    rate(|limits, rate| limits.tiny = rate, 0, credit, Code::ENHANCE_YOUR_CALM, Limit::Tiny);
}
