//! Windows that overflow, and windows that never open.

use std::time::Duration;

use super::super::pattern::{Pattern, Server};
use super::*;

pub(in super::super) static PATTERNS: [Pattern; 10] = [
    Pattern::new(
        "http2-flow/connection-overflow",
        "a window of the connection above 2^31 - 1",
        "RFC 9113 6.9.1",
        "GOAWAY FLOW_CONTROL_ERROR, closed",
        |lab| ends(lab, window_update(0, 0x7fff_ffff)),
    ),
    Pattern::new(
        "http2-flow/stream-overflow",
        "a window of a stream above 2^31 - 1",
        "RFC 9113 6.9.1",
        "RST_STREAM FLOW_CONTROL_ERROR, then 200",
        |lab| streams(lab, [post(1, "/echo"), window_update(1, 0x7fff_ffff)].concat()),
    ),
    Pattern::new(
        "http2-flow/setting-overflow",
        "an initial window of 2^31",
        "RFC 9113 6.5.2",
        "GOAWAY FLOW_CONTROL_ERROR, closed",
        |lab| ends(lab, settings(&[(INITIAL_WINDOW_SIZE, 0x8000_0000)])),
    ),
    Pattern::new(
        "http2-flow/setting-lifts",
        "an initial window that makes one of a stream overflow",
        "RFC 9113 6.9.2",
        "GOAWAY FLOW_CONTROL_ERROR, closed",
        |lab| {
            let lift = settings(&[(INITIAL_WINDOW_SIZE, 0x7fff_ffff)]);
            ends(lab, [post(1, "/echo"), window_update(1, 1), lift].concat())
        },
    ),
    Pattern::new(
        "http2-flow/nothing",
        "a WINDOW_UPDATE of the connection by 0",
        "RFC 9113 6.9",
        "GOAWAY PROTOCOL_ERROR, closed",
        |lab| ends(lab, window_update(0, 0)),
    ),
    Pattern::new(
        "http2-flow/exceeded",
        "16 MiB of content at once, whatever the window",
        "RFC 9113 6.9.1",
        "RST_STREAM FLOW_CONTROL_ERROR, then 200",
        |lab| streams(lab, [post(1, "/echo"), frame(DATA, 0, 1, &[0; 16_384]).repeat(1024)].concat()),
    )
    .within(2048, 2000),
    Pattern::new(
        "http2-flow/drip-of-credit",
        "a million WINDOW_UPDATEs by 1",
        "CVE-2019-9511",
        "GOAWAY ENHANCE_YOUR_CALM, closed",
        |lab| ends(lab, window_update(0, 1).repeat(1_000_000)),
    )
    .within(2048, 2000),
    Pattern::new(
        "http2-flow/no-window",
        "100 large answers asked for, and a window of 0 for each",
        "CVE-2019-9517, CVE-2019-9511",
        "closed",
        |lab| {
            let mut wire = open_with(lab, &[(INITIAL_WINDOW_SIZE, 0)])?;
            wire.send(&(0..100).flat_map(|n| get(2 * n + 1, "/bytes/1000000")).collect::<Vec<_>>());
            Ok(ending(wire.finish()).to_owned())
        },
    )
    .on(Server::Hasty),
    Pattern::new(
        "http2-flow/slow-window",
        "100 large answers asked for, and an octet of credit now and then",
        "CVE-2019-9511",
        "closed",
        |lab| {
            let mut wire = open_with(lab, &[(INITIAL_WINDOW_SIZE, 0)])?;
            wire.send(&(0..100).flat_map(|n| get(2 * n + 1, "/bytes/1000000")).collect::<Vec<_>>());
            while wire.is_open() {
                wire.listen(Duration::from_millis(50));
                wire.send(&window_update(1, 1));
            }
            Ok(ending(wire.end()).to_owned())
        },
    )
    .on(Server::Hasty),
    Pattern::new(
        "http2-flow/unread",
        "windows wide open, large answers asked for, and nothing read",
        "CVE-2019-9517",
        "reset",
        |lab| {
            let mut wire = open_with(lab, &[(INITIAL_WINDOW_SIZE, 0x7fff_ffff)])?;
            wire.send(&window_update(0, 0x7fff_0000));
            let requests: Vec<u8> = (0..100).flat_map(|n| get(2 * n + 1, "/bytes/100000000")).collect();
            wire.send_deaf(&requests, lab.long());
            wire.rest(lab.long());
            Ok(ending(wire.finish()).to_owned())
        },
    )
    .on(Server::Hasty),
];
