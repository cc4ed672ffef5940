//! Chunked contents whose framing two parsers may read in two ways, or never finish.

use super::lab::Lab;
use super::pattern::Pattern;
use std::io;

/// A chunked POST of these bytes, behind which a second request waits.
fn post(lab: &Lab, content: &str) -> io::Result<String> {
    lab.http(format!(
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{content}\
         GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"
    ))
}

const fn refused(
    name: &'static str,
    what: &'static str,
    reference: &'static str,
    run: fn(&Lab) -> io::Result<String>,
) -> Pattern {
    Pattern::new(name, what, reference, "400, closed", run)
}

pub(super) static PATTERNS: [Pattern; 19] = [
    refused("chunks/size-plus", "+5 as a size, which number parsers take", "RFC 9112 7.1", |lab| {
        post(lab, "+5\r\nhello\r\n0\r\n\r\n")
    }),
    refused("chunks/size-vertical-tab", "a vertical tab behind the size, which some trim", "RFC 9112 7.1", |lab| {
        post(lab, "5\x0b\r\nhello\r\n0\r\n\r\n")
    }),
    refused("chunks/size-hex-prefix", "0x5 as a size", "RFC 9112 7.1", |lab| {
        post(lab, "0x5\r\nhello\r\n0\r\n\r\n")
    }),
    refused("chunks/size-leading-space", "a space before the size", "RFC 9112 7.1", |lab| {
        post(lab, " 5\r\nhello\r\n0\r\n\r\n")
    }),
    refused("chunks/size-minus", "-1 as a size", "RFC 9112 7.1", |lab| post(lab, "-1\r\nhello\r\n0\r\n\r\n")),
    refused("chunks/size-none", "no size", "RFC 9112 7.1", |lab| post(lab, "\r\nhello\r\n0\r\n\r\n")),
    refused("chunks/size-overflow", "2^64 + 5 as a size, which some take for 5", "RFC 9112 7.1", |lab| {
        post(lab, "10000000000000005\r\nhello\r\n0\r\n\r\n")
    }),
    refused("chunks/size-endless", "a size of a million digits", "RFC 9112 7.1", |lab| {
        post(lab, &"0".repeat(1_000_000))
    }),
    refused("chunks/bare-lf", "a bare LF behind the size", "CVE-2025-22871", |lab| {
        post(lab, "5\nhello\r\n0\r\n\r\n")
    }),
    refused("chunks/bare-cr", "a bare CR behind the size", "RFC 9112 7.1", |lab| {
        post(lab, "5\rhello\r\n0\r\n\r\n")
    }),
    refused("chunks/lf-in-extension", "a bare LF in an extension, which some skip", "RFC 9112 7.1.1", |lab| {
        post(lab, "5;a\nhello\r\n0\r\n\r\n")
    }),
    refused("chunks/no-end", "content longer than its chunk", "RFC 9112 7.1", |lab| {
        post(lab, "5\r\nhelloXX\r\n0\r\n\r\n")
    }),
    refused("chunks/lf-end", "a chunk that ends with a bare LF", "RFC 9112 7.1", |lab| {
        post(lab, "5\r\nhello\n0\r\n\r\n")
    }),
    refused("chunks/long-extension", "an extension that does not end", "RFC 9112 7.1.1", |lab| {
        post(lab, &["5;", &"a".repeat(1_000_000)].concat())
    }),
    Pattern::new(
        "chunks/extension-flood",
        "chunks of a byte, each with a kilobyte of extension that is read and thrown away",
        "CVE-2023-39326",
        "400, closed",
        |lab| post(lab, &["1;", &"a".repeat(1000), "\r\nx\r\n"].concat().repeat(1000)),
    ),
    Pattern::new(
        "chunks/tiny",
        "a million chunks of one byte, six bytes to send for one of content",
        "RFC 9112 7.1",
        "200, closed",
        |lab| {
            let mut wire = lab.connect()?;
            wire.send(
                b"POST /echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n",
            );
            wire.send("1\r\nx\r\n".repeat(1_000_000).as_bytes());
            wire.send(b"0\r\n\r\n");
            wire.finish();
            Ok(super::http::answer(&wire))
        },
    )
    .within(2048, 5000),
    Pattern::new("chunks/trailer-flood", "trailers without end", "RFC 9112 7.1.2", "431, closed", |lab| {
        post(lab, &["0\r\n", &"X: y\r\n".repeat(100_000)].concat())
    }),
    Pattern::new("chunks/trailer-long", "a trailer that does not end", "RFC 9112 7.1.2", "431, closed", |lab| {
        post(lab, &["0\r\nX: ", &"y".repeat(1_000_000)].concat())
    }),
    refused("chunks/trailer-framing", "a Content-Length among the trailers", "RFC 9110 6.5.1", |lab| {
        post(lab, "5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n")
    }),
];
