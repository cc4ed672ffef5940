//! Field blocks that grow when they are decoded, that do not decode, and that would split a request of HTTP/1.

use super::super::pattern::Pattern;
use super::*;

/// A block that cannot be decoded.
const fn broken(name: &'static str, what: &'static str, run: fn(&Lab) -> io::Result<String>) -> Pattern {
    Pattern::new(name, what, "RFC 7541 5", "GOAWAY COMPRESSION_ERROR, closed", run)
}

/// A request that is malformed, on a connection that goes on.
const fn malformed(
    name: &'static str,
    what: &'static str,
    reference: &'static str,
    run: fn(&Lab) -> io::Result<String>,
) -> Pattern {
    Pattern::new(name, what, reference, "RST_STREAM PROTOCOL_ERROR, then 200", run)
}

/// A whole request of this block.
fn block(stream: u32, block: &[u8]) -> Vec<u8> {
    frame(HEADERS, END_STREAM | END_HEADERS, stream, block)
}

/// A GET of `/hello` with these fields behind the pseudo-fields.
fn with(lab: &Lab, fields: &[u8]) -> io::Result<String> {
    streams(lab, block(1, &[&request(Method::Get, b"/hello"), fields].concat()))
}

/// A request whose content is followed by this.
fn trailers(lab: &Lab, fields: &[u8]) -> io::Result<String> {
    streams(lab, [post(1, "/drip?ms=60000&n=10"), frame(DATA, 0, 1, b"x"), block(1, fields)].concat())
}

pub(in super::super) static PATTERNS: [Pattern; 35] = [
    Pattern::new(
        "http2-fields/bomb",
        "a field of 4,000 octets kept in the table, then named 12,000 times in a block: 48 MB of fields, on ten streams",
        "HPACK bomb, CVE-2016-6581",
        "431 x10, then 200",
        |lab| {
            let kept = [&[0x40][..], &text(b"x"), &text(&[b'y'; 4000])].concat();
            let mut frames = Vec::new();
            for stream in 0..10 {
                let start = if stream == 0 { &kept[..] } else { &[] };
                frames.extend(block(
                    2 * stream + 1,
                    &[&request(Method::Get, b"/hello"), start, &[0xbe; 12_000]].concat(),
                ));
            }
            streams(lab, frames)
        },
    ),
    Pattern::new("http2-fields/many", "1,000 fields", "RFC 6585 5", "431, then 200", |lab| {
        with(lab, &field(b"x", b"y").repeat(1000))
    }),
    Pattern::new(
        "http2-fields/empty",
        "5,000 fields without a value",
        "okhttp 9733",
        "431, then 200",
        |lab| with(lab, &field(b"x", b"").repeat(3000)),
    ),
    Pattern::new(
        "http2-fields/large",
        "a field of 16,250 octets",
        "RFC 9113 6.5.2",
        "431, then 200",
        |lab| with(lab, &field(b"x", &[b'y'; 16_250])),
    ),
    Pattern::new(
        "http2-fields/crumbs",
        "a cookie in 1,000 crumbs",
        "CVE-2026-47774",
        "431, then 200",
        |lab| with(lab, &field(b"cookie", b"a").repeat(1000)),
    ),
    Pattern::new(
        "http2-fields/peer-table",
        "a table of 4 GiB offered to the server to compress with",
        "RFC 7541 4.2",
        "200 x99, then 200",
        |lab| {
            let table = settings(&[(HEADER_TABLE_SIZE, u32::MAX)]);
            let requests = (0..99).flat_map(|nth| get(2 * nth + 1, "/hello"));
            streams(lab, [table, requests.collect()].concat())
        },
    ),
    Pattern::new(
        "http2-fields/expectation",
        "an expectation that nobody knows",
        "RFC 9110 10.1.1",
        "417, then 200",
        |lab| with(lab, &field(b"expect", b"tea")),
    ),
    Pattern::new(
        "http2-fields/open-proxy",
        "CONNECT to a port that only this machine can reach",
        "RFC 9113 8.5, SSRF",
        "501, then 200",
        |lab| {
            let connect = [field(b":method", b"CONNECT"), field(b":authority", b"127.0.0.1:22")].concat();
            streams(lab, block(1, &connect))
        },
    ),
    malformed("http2-fields/name-empty", "fields without a name", "CVE-2019-9516", |lab| {
        with(lab, &field(b"", b"").repeat(100))
    }),
    malformed(
        "http2-fields/trailer-framing",
        "a Content-Length among the trailers",
        "RFC 9110 6.5.1, RFC 9113 8.1.1",
        |lab| trailers(lab, &field(b"content-length", b"0")),
    ),
    malformed(
        "http2-fields/trailer-host",
        "a Host among the trailers",
        "RFC 9110 6.5.1, RFC 9113 8.1.1",
        |lab| trailers(lab, &field(b"host", b"other")),
    ),
    malformed("http2-fields/trailer-pseudo", "a path among the trailers", "RFC 9113 8.1", |lab| {
        trailers(lab, &field(b":path", b"/other"))
    }),
    broken("http2-fields/index-0", "a field of index 0", |lab| ends(lab, block(1, &[0x80]))),
    broken("http2-fields/index-beyond", "a field that is in no table", |lab| ends(lab, block(1, &[0xbe]))),
    broken("http2-fields/integer-overflow", "an index of more than 64 bits", |lab| {
        ends(lab, block(1, &[&[0xff; 20][..], &[0x7f]].concat()))
    }),
    broken("http2-fields/integer-endless", "an index of a thousand octets that add nothing", |lab| {
        ends(lab, block(1, &[&[0xff][..], &[0x80; 1000], &[0]].concat()))
    }),
    broken("http2-fields/update-cut", "an update of the table's size that is cut off: 0x3f", |lab| {
        ends(lab, block(1, &[0x3f]))
    }),
    broken("http2-fields/update-beyond", "a table larger than is allowed", |lab| {
        ends(lab, block(1, &[0x3f, 0xff, 0xff, 0x7f]))
    }),
    broken("http2-fields/update-late", "an update of the table's size behind a field", |lab| {
        ends(lab, block(1, &[0x82, 0x20]))
    }),
    broken("http2-fields/text-cut", "a text longer than its block", |lab| {
        ends(lab, block(1, &[0x00, 0x7f, 0xff, 0x7f]))
    }),
    broken("http2-fields/huffman-end", "the code that ends all codes", |lab| {
        ends(lab, block(1, &[0x00, 0x01, b'x', 0x84, 0xff, 0xff, 0xff, 0xff]))
    }),
    broken("http2-fields/huffman-padding", "a code padded with zeros", |lab| {
        ends(lab, block(1, &[0x00, 0x01, b'x', 0x81, 0x18]))
    }),
    malformed(
        "http2-fields/te",
        "Transfer-Encoding, for a server of HTTP/1 behind",
        "H2.TE, RFC 9113 8.2.2",
        |lab| with(lab, &field(b"transfer-encoding", b"chunked")),
    ),
    malformed("http2-fields/connection", "Connection", "RFC 9113 8.2.2", |lab| {
        with(lab, &field(b"connection", b"keep-alive"))
    }),
    malformed("http2-fields/cl", "Content-Length without the content", "H2.CL, RFC 9113 8.1.1", |lab| {
        with(lab, &field(b"content-length", b"5"))
    }),
    malformed(
        "http2-fields/line-end",
        "a line end in a value, and a request behind it",
        "RFC 9113 8.2.1",
        |lab| with(lab, &field(b"x", b"y\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n")),
    ),
    malformed("http2-fields/line-end-in-name", "a line end in a name", "RFC 9113 8.2.1", |lab| {
        with(lab, &field(b"x: y\r\nhost", b"other"))
    }),
    malformed("http2-fields/line-end-in-path", "a line end in the path", "RFC 9113 8.3.1", |lab| {
        streams(lab, block(1, &request(Method::Get, b"/hello HTTP/1.1\r\nx: y")))
    }),
    malformed("http2-fields/nul", "NUL in a value", "RFC 9113 8.2.1", |lab| with(lab, &field(b"x", b"a\0b"))),
    malformed("http2-fields/upper-case", "a name in capitals", "RFC 9113 8.2.1", |lab| {
        with(lab, &field(b"X", b"y"))
    }),
    malformed("http2-fields/colon-in-name", "a colon in a name", "RFC 9113 8.2.1", |lab| {
        with(lab, &field(b"x:y", b"z"))
    }),
    malformed("http2-fields/pseudo-twice", "two paths", "RFC 9113 8.3", |lab| {
        streams(lab, block(1, &[&[0x84][..], &request(Method::Get, b"/hello")].concat()))
    }),
    malformed("http2-fields/pseudo-late", "a pseudo-field behind a field", "RFC 9113 8.3", |lab| {
        with(lab, &[field(b"x", b"y"), field(b":path", b"/other")].concat())
    }),
    malformed("http2-fields/pseudo-none", "a request without a path", "RFC 9113 8.3.1", |lab| {
        streams(lab, block(1, &[0x82, 0x86]))
    }),
    malformed("http2-fields/pseudo-unknown", "a pseudo-field that nobody knows", "RFC 9113 8.3", |lab| {
        streams(lab, block(1, &[field(b":smuggled", b"yes"), request(Method::Get, b"/hello")].concat()))
    }),
];
