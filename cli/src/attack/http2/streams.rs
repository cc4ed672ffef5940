//! Streams that cannot be, and streams that are left.

use std::time::Duration;

use super::super::pattern::{Pattern, Server};
use super::*;

/// A breach that ends the connection.
const fn breach(
    name: &'static str,
    what: &'static str,
    reference: &'static str,
    run: fn(&Lab) -> io::Result<String>,
) -> Pattern {
    Pattern::new(name, what, reference, "GOAWAY PROTOCOL_ERROR, closed", run)
}

/// How stream 1 was reset, if it was.
fn fate(wire: &Wire) -> Option<String> {
    let (.., code) = Frames(wire.heard()).find(|frame| (frame.0, frame.2) == (RST_STREAM, 1))?;
    Some(format!("RST_STREAM {}", name(u32::from_be_bytes(code.try_into().ok()?))))
}

pub(in super::super) static PATTERNS: [Pattern; 20] = [
    breach("http2-streams/zero", "a request on stream 0", "RFC 9113 6.2", |lab| ends(lab, get(0, "/hello"))),
    breach("http2-streams/even", "a request on a stream of the server's", "RFC 9113 5.1.1", |lab| {
        ends(lab, get(2, "/hello"))
    }),
    breach("http2-streams/data-on-idle", "content on a stream that was not opened", "RFC 9113 5.1", |lab| {
        ends(lab, frame(DATA, 0, 1, b"x"))
    }),
    breach("http2-streams/reset-on-idle", "a reset of a stream that was not opened", "RFC 9113 6.4", |lab| {
        ends(lab, reset(1))
    }),
    breach(
        "http2-streams/credit-on-idle",
        "credit for a stream that was not opened",
        "RFC 9113 5.1",
        |lab| ends(lab, window_update(1, 1)),
    ),
    breach("http2-streams/push", "PUSH_PROMISE from a client", "RFC 9113 8.4", |lab| {
        let promise = [&2_u32.to_be_bytes()[..], &request(Method::Get, b"/hello")].concat();
        ends(lab, [post(1, "/echo"), frame(PUSH_PROMISE, END_HEADERS, 1, &promise)].concat())
    }),
    Pattern::new(
        "http2-streams/backwards",
        "a request on a stream below the last one",
        "RFC 9113 5.1.1",
        "GOAWAY PROTOCOL_ERROR, closed",
        |lab| ends(lab, [get(7, "/hello"), get(3, "/hello")].concat()),
    ),
    Pattern::new(
        "http2-streams/again",
        "a second request on a stream",
        "RFC 9113 5.1",
        "GOAWAY STREAM_CLOSED, closed",
        |lab| {
            let mut wire = open(lab)?;
            wire.send(&get(1, "/hello"));
            wire.hear_until(|heard| Frames(heard).any(|frame| frame.0 == DATA && frame.1 & END_STREAM != 0));
            wire.send(&get(1, "/hello"));
            wire.finish();
            Ok(last_words(&wire))
        },
    ),
    Pattern::new(
        "http2-streams/data-after-end",
        "content behind the end of a request that is not answered yet",
        "RFC 9113 5.1",
        "RST_STREAM STREAM_CLOSED, then 200",
        |lab| streams(lab, [get(1, "/drip?ms=60000&n=10"), frame(DATA, 0, 1, b"x")].concat()),
    ),
    Pattern::new(
        "http2-streams/one-too-many",
        "101 streams at a time, then another",
        "RFC 9113 5.1.2",
        "RST_STREAM REFUSED_STREAM, then RST_STREAM REFUSED_STREAM",
        |lab| streams(lab, (0..101).flat_map(|n| post(2 * n + 1, "/echo")).collect::<Vec<_>>()),
    ),
    Pattern::new(
        "http2-streams/last",
        "the last stream there can be, then another",
        "RFC 9113 5.1.1",
        "GOAWAY PROTOCOL_ERROR, closed",
        |lab| ends(lab, [get(0x7fff_ffff, "/hello"), get(1, "/hello")].concat()),
    ),
    Pattern::new(
        "http2-streams/preface-only",
        "a preface, and nothing more",
        "CVE-2007-6750",
        "closed",
        |lab| {
            let mut wire = lab.connect_http2()?;
            wire.send(PREFACE);
            Ok(ending(wire.finish()).to_owned())
        },
    )
    .on(Server::Hasty),
    Pattern::new("http2-streams/half-preface", "half a preface", "CVE-2007-6750", "closed", |lab| {
        let mut wire = lab.connect_http2()?;
        wire.send(&PREFACE[..10]);
        Ok(ending(wire.finish()).to_owned())
    })
    .on(Server::Hasty),
    Pattern::new(
        "http2-streams/half-head",
        "a field block that stops",
        "CVE-2007-6750, Slowloris",
        "closed",
        |lab| {
            let mut wire = open(lab)?;
            wire.send(&frame(HEADERS, END_STREAM, 1, &request(Method::Get, b"/hello")));
            Ok(ending(wire.finish()).to_owned())
        },
    )
    .on(Server::Hasty),
    Pattern::new(
        "http2-streams/half-frame",
        "a frame that stops",
        "CVE-2007-6750, Slowloris",
        "closed",
        |lab| {
            let mut wire = open(lab)?;
            wire.send(&get(1, "/hello")[..12]);
            Ok(ending(wire.finish()).to_owned())
        },
    )
    .on(Server::Hasty),
    Pattern::new("http2-streams/idle", "a connection without a request", "RFC 9112 9.5", "closed", |lab| {
        let mut wire = open(lab)?;
        Ok(ending(wire.finish()).to_owned())
    })
    .on(Server::Hasty),
    Pattern::new(
        "http2-streams/drip",
        "a content that comes octet by octet",
        "R.U.D.Y., CVE-2007-6750",
        "RST_STREAM CANCEL",
        |lab| {
            let mut wire = open(lab)?;
            wire.send(&post(1, "/echo"));
            while wire.is_open() && fate(&wire).is_none() {
                wire.listen(Duration::from_millis(50));
                wire.send(&frame(DATA, 0, 1, b"x"));
            }
            Ok(fate(&wire).unwrap_or_default())
        },
    )
    .on(Server::Hasty),
    Pattern::new(
        "http2-streams/too-much",
        "a content that is announced too large",
        "RFC 9110 15.5.14",
        "413, then 200",
        |lab| {
            let head = [request(Method::Post, b"/echo"), field(b"content-length", b"1000000000")].concat();
            streams(lab, frame(HEADERS, END_HEADERS, 1, &head))
        },
    )
    .on(Server::Small),
    Pattern::new(
        "http2-streams/too-much-sent",
        "a content that turns out too large when its answer has begun",
        "RFC 9110 15.5.14",
        "RST_STREAM ENHANCE_YOUR_CALM",
        |lab| {
            let mut wire = open(lab)?;
            wire.send(&[post(1, "/echo"), frame(DATA, 0, 1, &[b'x'; 500])].concat());
            wire.hear_until(|heard| Frames(heard).any(|frame| (frame.0, frame.2) == (HEADERS, 1)));
            wire.send(&frame(DATA, 0, 1, &[b'y'; 501]));
            wire.hear_until(|heard| Frames(heard).any(|frame| (frame.0, frame.2) == (RST_STREAM, 1)));
            Ok(fate(&wire).unwrap_or_default())
        },
    )
    .on(Server::Small),
    Pattern::new(
        "http2-streams/half-bodies",
        "100 requests whose content does not come",
        "R.U.D.Y., CVE-2007-6750",
        "closed",
        |lab| {
            let mut wire = open(lab)?;
            wire.send(&(0..100).flat_map(|n| post(2 * n + 1, "/echo")).collect::<Vec<_>>());
            Ok(ending(wire.finish()).to_owned())
        },
    )
    .on(Server::Hasty),
];
