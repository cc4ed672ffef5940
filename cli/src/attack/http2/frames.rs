//! Frames that are no frames.

use super::super::http::answer;
use super::super::pattern::Pattern;
use super::*;

const fn breach(
    name: &'static str,
    what: &'static str,
    reference: &'static str,
    run: fn(&Lab) -> io::Result<String>,
) -> Pattern {
    Pattern::new(name, what, reference, "GOAWAY PROTOCOL_ERROR, closed", run)
}

const fn wrong_size(
    name: &'static str,
    what: &'static str,
    reference: &'static str,
    run: fn(&Lab) -> io::Result<String>,
) -> Pattern {
    Pattern::new(name, what, reference, "GOAWAY FRAME_SIZE_ERROR, closed", run)
}

/// A request of HTTP/1.1 that asks for HTTP/2 with these settings, and what follows it.
fn upgrade(lab: &Lab, settings: &str, then: &[u8]) -> io::Result<Wire> {
    let mut wire = lab.connect()?;
    let request = format!(
        "GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\n\
         HTTP2-Settings: {settings}\r\n\r\n"
    );
    wire.send(&[request.as_bytes(), then].concat());
    wire.finish();
    Ok(wire)
}

/// Says something else than a preface and settings.
fn begin(lab: &Lab, bytes: &[u8]) -> io::Result<String> {
    let mut wire = lab.connect_http2()?;
    wire.send(bytes);
    wire.finish();
    Ok(last_words(&wire))
}

pub(in super::super) static PATTERNS: [Pattern; 16] = [
    wrong_size("http2-frames/huge", "a frame of 16 MiB", "RFC 9113 4.2", |lab| {
        ends(lab, [post(1, "/echo"), frame(DATA, 0, 1, &vec![0; 0xff_ffff])].concat())
    }),
    wrong_size("http2-frames/ping-7", "a PING of seven octets", "RFC 9113 6.7", |lab| {
        ends(lab, frame(PING, 0, 0, &[0; 7]))
    }),
    wrong_size("http2-frames/settings-7", "SETTINGS of seven octets", "RFC 9113 6.5", |lab| {
        ends(lab, frame(SETTINGS, 0, 0, &[0; 7]))
    }),
    wrong_size("http2-frames/settings-ack-6", "an acknowledgement with content", "RFC 9113 6.5", |lab| {
        ends(lab, frame(SETTINGS, ACK, 0, &[0; 6]))
    }),
    wrong_size("http2-frames/credit-3", "a WINDOW_UPDATE of three octets", "RFC 9113 6.9", |lab| {
        ends(lab, frame(WINDOW_UPDATE, 0, 0, &[0; 3]))
    }),
    breach("http2-frames/settings-ack", "an acknowledgement of nothing", "RFC 9113 6.5.3", |lab| {
        ends(lab, frame(SETTINGS, ACK, 0, &[]).repeat(2))
    }),
    breach("http2-frames/settings-on-stream", "SETTINGS of a stream", "RFC 9113 6.5", |lab| {
        ends(lab, frame(SETTINGS, 0, 1, &[]))
    }),
    breach("http2-frames/ping-on-stream", "a PING of a stream", "RFC 9113 6.7", |lab| {
        ends(lab, frame(PING, 0, 1, &[0; 8]))
    }),
    breach("http2-frames/padding", "padding longer than its frame", "RFC 9113 6.1", |lab| {
        ends(lab, [post(1, "/echo"), frame(DATA, PADDED, 1, &[9, 0, 0])].concat())
    }),
    breach("http2-frames/stray-continuation", "a continuation of nothing", "RFC 9113 6.10", |lab| {
        ends(lab, frame(CONTINUATION, END_HEADERS, 1, &[]))
    }),
    breach("http2-frames/interleaved", "a PING within a field block", "RFC 9113 6.10", |lab| {
        let start = frame(HEADERS, END_STREAM, 1, &request(Method::Get, b"/hello"));
        ends(lab, [start, frame(PING, 0, 0, &[0; 8])].concat())
    }),
    breach("http2-frames/first", "a request before any SETTINGS", "RFC 9113 3.4", |lab| {
        begin(lab, &[PREFACE, &get(1, "/hello")].concat())
    }),
    breach("http2-frames/garbage", "a preface, then bytes that are no frames", "RFC 9113 3.4", |lab| {
        begin(lab, &[PREFACE, &[0, 0, 4, 0xd3, 0xff, 0x81, 0x5a, 0x00, 0x11].repeat(2000)].concat())
    }),
    Pattern::new(
        "http2-frames/cut",
        "a connection that ends in the middle of a frame",
        "RFC 9113 5.4.1",
        "no GOAWAY, closed",
        |lab| {
            let mut wire = open(lab)?;
            wire.send(&get(1, "/hello")[..12]);
            wire.shut();
            wire.finish();
            Ok(last_words(&wire))
        },
    ),
    Pattern::new(
        "http2-frames/upgrade-settings",
        "an upgrade whose settings are none: it is not taken",
        "RFC 7540 3.2.1, h2c smuggling",
        "200, closed",
        |lab| Ok(answer(&upgrade(lab, "%%%", b"")?)),
    ),
    Pattern::new(
        "http2-frames/upgrade-value",
        "an upgrade with a setting that may not be: it is not taken",
        "RFC 7540 3.2.1, h2c smuggling",
        "200, closed",
        // An initial window of 2^32 - 1.
        |lab| Ok(answer(&upgrade(lab, "AAT_____", b"")?)),
    ),
];
