//! Requests that two parsers may read in two ways: where one ends, another begins.

use super::pattern::Pattern;

/// A POST with these lines in its head and a content of five bytes, behind which a second request waits for a server
/// that takes the content to end elsewhere.
macro_rules! post {
    ($lines:expr) => {
        post!($lines, "0\r\n\r\n")
    };
    ($lines:expr, $content:expr) => {
        |lab| {
            lab.http(concat!(
                "POST /echo HTTP/1.1\r\nHost: localhost\r\n",
                $lines,
                "\r\n\r\n",
                $content,
                "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"
            ))
        }
    };
}

/// A GET with these lines in its head, behind which a second request waits.
macro_rules! get {
    ($lines:expr) => {
        |lab| {
            lab.http(concat!(
                "GET /hello HTTP/1.1\r\nHost: localhost\r\n",
                $lines,
                "\r\n\r\nGET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"
            ))
        }
    };
}

const REFUSED: &str = "400, closed";

const fn refused(
    name: &'static str,
    what: &'static str,
    reference: &'static str,
    run: fn(&super::lab::Lab) -> std::io::Result<String>,
) -> Pattern {
    Pattern::new(name, what, reference, REFUSED, run)
}

pub(super) static PATTERNS: [Pattern; 44] = [
    refused(
        "smuggling/cl-te",
        "Content-Length before Transfer-Encoding: the front reads one, the back the other",
        "CL.TE, RFC 9112 6.3",
        post!("Content-Length: 5\r\nTransfer-Encoding: chunked"),
    ),
    refused(
        "smuggling/te-cl",
        "Transfer-Encoding before Content-Length",
        "TE.CL, RFC 9112 6.3",
        post!("Transfer-Encoding: chunked\r\nContent-Length: 5"),
    ),
    Pattern::new(
        "smuggling/te-0",
        "a chunked content that reads as a request where it is thought to be empty",
        "TE.0, RFC 9112 9.3",
        "200, closed",
        |lab| {
            lab.http(
                "POST /echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n\
                 28\r\nGET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n\r\n0\r\n\r\n",
            )
        },
    ),
    Pattern::new(
        "smuggling/te-0-unwanted",
        "the same as the content of a GET, which nobody wants",
        "TE.0, RFC 9110 9.3.1",
        "200, closed",
        |lab| {
            lab.http(
                "GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n\
                 28\r\nGET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n\r\n0\r\n\r\n",
            )
        },
    ),
    Pattern::new(
        "smuggling/cl-0",
        "a request as the content of another, where contents are thought to be empty",
        "CL.0, RFC 9110 9.3.1",
        "200, closed",
        |lab| {
            lab.http(
                "GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 40\r\n\r\n\
                 GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n",
            )
        },
    ),
    Pattern::new(
        "smuggling/expect-cl",
        "a request as a content that was announced with Expect, sent without waiting",
        "CL.0 by Expect, RFC 9110 10.1.1",
        "100 200, closed",
        |lab| {
            lab.http(
                "POST /echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: 100-continue\r\n\
                 Content-Length: 40\r\n\r\nGET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n",
            )
        },
    ),
    refused(
        "smuggling/te-twice",
        "two Transfer-Encoding lines",
        "2xTE, RFC 9112 6.1",
        post!("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
    ),
    refused(
        "smuggling/te-chunked-twice",
        "chunked, chunked",
        "2xTE, RFC 9112 6.1",
        post!("Transfer-Encoding: chunked, chunked"),
    ),
    refused(
        "smuggling/te-then-identity",
        "chunked, identity: chunked is not last",
        "RFC 9112 6.3",
        post!("Transfer-Encoding: chunked, identity"),
    ),
    refused(
        "smuggling/te-second-line",
        "a second line that takes chunked from its last place",
        "RFC 9112 6.3",
        post!("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"),
    ),
    Pattern::new(
        "smuggling/te-gzip",
        "gzip, chunked: a coding that the back may not know",
        "RFC 9112 6.1",
        "501, closed",
        post!("Transfer-Encoding: gzip, chunked"),
    ),
    refused("smuggling/te-xchunked", "xchunked", "TE.TE, RFC 9112 6.1", post!("Transfer-Encoding: xchunked")),
    refused(
        "smuggling/te-identity",
        "identity, which is no more",
        "RFC 9112 7",
        post!("Transfer-Encoding: identity"),
    ),
    refused("smuggling/te-empty", "an empty Transfer-Encoding", "RFC 9112 6.1", post!("Transfer-Encoding: ")),
    refused(
        "smuggling/te-quoted",
        "\"chunked\" in quotes",
        "TE.TE, RFC 9112 6.1",
        post!("Transfer-Encoding: \"chunked\""),
    ),
    refused(
        "smuggling/te-vertical-tab",
        "chunked behind a vertical tab, which some trim",
        "TE.TE, RFC 9110 5.5",
        post!("Transfer-Encoding: \x0bchunked"),
    ),
    refused(
        "smuggling/te-parameter",
        "chunked with a parameter",
        "TE.TE, RFC 9112 7",
        post!("Transfer-Encoding: chunked;q=1"),
    ),
    refused(
        "smuggling/te-space-before-colon",
        "a space before the colon",
        "TE.TE, RFC 9112 5.1",
        post!("Transfer-Encoding : chunked"),
    ),
    refused(
        "smuggling/te-leading-space",
        "a line that begins with a space: the end of the one before, or a field",
        "TE.TE, RFC 9112 5.2",
        post!("X: y\r\n Transfer-Encoding: chunked"),
    ),
    refused(
        "smuggling/te-bare-lf",
        "a field behind a bare LF",
        "TE.TE, RFC 9112 2.2",
        post!("X: y\nTransfer-Encoding: chunked"),
    ),
    refused(
        "smuggling/te-bare-cr",
        "a field behind a bare CR",
        "TE.TE, RFC 9112 2.2",
        post!("X: y\rTransfer-Encoding: chunked"),
    ),
    refused(
        "smuggling/te-folded",
        "chunked on a folded line",
        "TE.TE, RFC 9112 5.2",
        post!("Transfer-Encoding:\r\n chunked"),
    ),
    refused(
        "smuggling/te-http-1.0",
        "Transfer-Encoding in HTTP/1.0, which does not have it",
        "RFC 9112 6.1",
        |lab| {
            lab.http(
                "POST /echo HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\
                 Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n",
            )
        },
    ),
    refused(
        "smuggling/cl-twice",
        "Content-Length twice, the same",
        "RFC 9110 8.6",
        post!("Content-Length: 5\r\nContent-Length: 5"),
    ),
    refused(
        "smuggling/cl-differs",
        "Content-Length twice, not the same",
        "RFC 9112 6.3",
        post!("Content-Length: 5\r\nContent-Length: 0"),
    ),
    refused("smuggling/cl-list", "a list of lengths", "RFC 9110 8.6", post!("Content-Length: 5, 5")),
    refused(
        "smuggling/cl-plus",
        "+5, which number parsers take",
        "RFC 9110 8.6",
        post!("Content-Length: +5"),
    ),
    refused("smuggling/cl-minus", "-5", "RFC 9110 8.6", post!("Content-Length: -5")),
    refused("smuggling/cl-hex", "0x5", "RFC 9110 8.6", post!("Content-Length: 0x5")),
    refused("smuggling/cl-empty", "no digits", "RFC 9110 8.6", post!("Content-Length: ")),
    refused("smuggling/cl-space", "a space among the digits", "RFC 9110 8.6", post!("Content-Length: 5 0")),
    refused(
        "smuggling/cl-vertical-tab",
        "a vertical tab behind the digits, which some trim",
        "RFC 9110 5.5",
        post!("Content-Length: 5\x0b"),
    ),
    refused(
        "smuggling/cl-overflow",
        "2^64, which some take for 0",
        "RFC 9110 8.6",
        post!("Content-Length: 18446744073709551616"),
    ),
    refused(
        "smuggling/cl-overflow-5",
        "2^64 + 5, which some take for 5",
        "RFC 9110 8.6",
        post!("Content-Length: 18446744073709551621"),
    ),
    refused("smuggling/bare-lf", "a head with bare LFs throughout", "RFC 9112 2.2", |lab| {
        lab.http("GET /hello HTTP/1.1\nHost: localhost\n\nGET /hello HTTP/1.1\nHost: localhost\n\n")
    }),
    refused("smuggling/bare-cr", "a bare CR in a value", "RFC 9112 2.2", get!("X: a\rb")),
    refused("smuggling/obs-fold", "a folded field", "RFC 9112 5.2", get!("X: a\r\n b")),
    refused("smuggling/space-before-colon", "a space before a colon", "RFC 9112 5.1", get!("X : a")),
    refused("smuggling/nul-in-value", "NUL in a value", "RFC 9110 5.5", get!("X: a\0b")),
    refused("smuggling/nul-in-name", "NUL in a name", "RFC 9110 5.1", get!("X\0: a")),
    refused("smuggling/no-colon", "a line without a colon", "RFC 9112 5", get!("Content-Length 5")),
    refused("smuggling/no-name", "a field without a name", "RFC 9110 5.1", get!(": 5")),
    refused("smuggling/host-twice", "two hosts, for two caches", "RFC 9112 3.2", get!("Host: other")),
    refused("smuggling/request-line-spaces", "a target with spaces, for two paths", "RFC 9112 3", |lab| {
        lab.http("GET /hello HTTP/1.1 HTTP/1.1\r\nHost: localhost\r\n\r\nGET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
    }),
];
