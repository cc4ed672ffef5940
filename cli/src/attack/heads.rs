//! Heads that are too large, too many or too odd.

use super::lab::Lab;
use super::pattern::Pattern;
use std::io;

/// A GET with these bytes behind its Host field.
fn get(lab: &Lab, fields: &str) -> io::Result<String> {
    lab.http(format!("GET /hello HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n"))
}

pub(super) static PATTERNS: [Pattern; 15] = [
    Pattern::new("heads/many-fields", "101 fields", "RFC 6585 5", "431, closed", |lab| {
        get(lab, &"X: y\r\n".repeat(100))
    }),
    Pattern::new("heads/endless-fields", "fields without end", "RFC 6585 5", "431, closed", |lab| {
        get(lab, &"X: y\r\n".repeat(500_000))
    }),
    Pattern::new("heads/big-field", "a field of 9 KiB", "RFC 6585 5", "431, closed", |lab| {
        get(lab, &["X: ", &"y".repeat(9 * 1024), "\r\n"].concat())
    }),
    Pattern::new("heads/endless-value", "a value that does not end", "RFC 6585 5", "431, closed", |lab| {
        get(lab, &["X: ", &"y".repeat(4 << 20)].concat())
    }),
    Pattern::new("heads/endless-name", "a name that does not end", "RFC 6585 5", "431, closed", |lab| {
        get(lab, &"x".repeat(4 << 20))
    }),
    Pattern::new("heads/endless-target", "a target that does not end", "RFC 9112 3", "414, closed", |lab| {
        lab.http(["GET /", &"a".repeat(4 << 20)].concat())
    }),
    Pattern::new("heads/endless-method", "a method that does not end", "RFC 9112 3", "501, closed", |lab| {
        lab.http("A".repeat(4 << 20))
    }),
    Pattern::new(
        "heads/endless-empty-lines",
        "empty lines before a request that does not come",
        "RFC 9112 2.2",
        "400, closed",
        |lab| lab.http("\r\n".repeat(2 << 20)),
    ),
    Pattern::new("heads/cookie-crumbs", "a cookie in 4,000 lines", "CVE-2026-47774", "431, closed", |lab| {
        get(lab, &"Cookie: a=b\r\n".repeat(4000))
    }),
    Pattern::new(
        "heads/drip",
        "a head of 8 KiB byte by byte, for parsers that begin anew each time",
        "CVE-2023-43669",
        "200, closed",
        |lab| {
            let mut wire = lab.connect()?;
            let head = format!(
                "GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{}\r\n",
                format!("X: {}\r\n", "y".repeat(75)).repeat(100 - 2)
            );
            for byte in head.as_bytes() {
                wire.send(&[*byte]);
            }
            wire.finish();
            Ok(super::http::answer(&wire))
        },
    )
    .within(2048, 2000),
    Pattern::new(
        "heads/pipeline",
        "10,000 requests at once on a connection",
        "RFC 9112 9.3.2",
        "200 x10000, closed",
        |lab| {
            let mut wire = lab.connect()?;
            wire.send("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(9_999).as_bytes());
            wire.send(b"GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            wire.finish();
            Ok(super::http::answer(&wire))
        },
    )
    .within(2048, 5000),
    Pattern::new("heads/version", "a version that is none", "RFC 9112 2.3", "505, closed", |lab| {
        lab.http("GET /hello HTTP/9.9\r\nHost: localhost\r\n\r\n")
    }),
    Pattern::new(
        "heads/expectation",
        "an expectation that nobody knows",
        "RFC 9110 10.1.1",
        "417, closed",
        |lab| get(lab, "Expect: tea\r\nConnection: close\r\n"),
    ),
    Pattern::new(
        "heads/open-proxy",
        "CONNECT to a port that only this machine can reach",
        "RFC 9110 9.3.6, SSRF",
        "501, closed",
        |lab| lab.http("CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\nConnection: close\r\n\r\n"),
    ),
    Pattern::new("heads/garbage", "bytes that are no HTTP", "RFC 9112 3", "400, closed", |lab| {
        lab.http([0x00, 0xff, 0x16, 0x03, 0x01, 0x80, b'\r', b'\n'].repeat(1000))
    }),
];
