//! Static files as a client sees them.

#![allow(clippy::expect_used, clippy::panic, reason = "a test may")]

mod common;

use std::path::Path;

use app::{Handler, Request, Stream, Writable};
use common::Wire;

struct Files;

impl Handler for Files {
    type Session = ();
    type Message = ();
    fn request(&mut self, request: &Request<'_>, stream: &mut Stream<'_>) -> Option<()> {
        stream.serve_file(Path::new("/srv"), request);
        None
    }
    fn writable(&mut self, (): &mut (), _: Writable<'_, '_>, _: &mut Stream<'_>) {}
}

static BIG: [u8; 200_000] = [7; 200_000];

fn wire() -> Wire<Files> {
    let mut wire = Wire::server(Files, app::Config::default());
    wire.files.insert("index.html", b"<p>hi</p>");
    wire.files.insert("docs/a b.txt", b"0123456789");
    wire.files.insert("big.bin", &BIG);
    wire
}

fn get(path: &str, fields: &str) -> String {
    let mut wire = wire();
    let response = wire.text(format!("GET {path} HTTP/1.1\r\nHost: h\r\n{fields}\r\n"));
    assert_eq!(wire.open_files(), 0, "the file is closed again");
    assert!(!wire.closed);
    response
}

fn lower_head(response: &str) -> String {
    response.split("\r\n\r\n").next().unwrap_or_default().to_ascii_lowercase()
}

#[test]
fn a_file_comes_with_its_type_tag_and_date() {
    let response = get("/docs/a%20b.txt", "");
    let head = lower_head(&response);
    for line in [
        "http/1.1 200 ok",
        "content-length: 10",
        "content-type: text/plain; charset=utf-8",
        "last-modified: sun, 06 nov 1994 08:49:37 gmt",
        "accept-ranges: bytes",
        &format!("etag: {}", tag()),
    ] {
        assert!(head.lines().any(|found| found == line), "{line} in {head}");
    }
    assert!(response.ends_with("\r\n\r\n0123456789"));
}

fn tag() -> String {
    format!("\"a-{:x}.0\"", 784_111_777)
}

#[test]
fn the_index_and_the_way_to_a_directory() {
    assert!(get("/", "").ends_with("<p>hi</p>"));
    let head = lower_head(&get("/docs?x=1", ""));
    assert!(head.starts_with("http/1.1 301 ") && head.contains("location: /docs/?x=1"), "{head}");
    let head = lower_head(&get("//docs", ""));
    assert!(head.contains("location: /docs/"), "no reference to another host: {head}");
}

#[test]
fn what_is_not_served() {
    for path in ["/nothing", "/..%2fetc", "/.git/config", "/docs/%00"] {
        assert!(get(path, "").starts_with("HTTP/1.1 404 "), "{path}");
    }
    assert!(get("/%zz", "").starts_with("HTTP/1.1 400 "));
    let mut wire = wire();
    let response = wire.text("DELETE /index.html HTTP/1.1\r\nHost: h\r\n\r\n");
    assert!(response.starts_with("HTTP/1.1 405 ") && lower_head(&response).contains("allow: get, head"));
}

#[test]
fn conditions() {
    let response = get("/docs/a%20b.txt", &format!("If-None-Match: \"x\", {}\r\n", tag()));
    assert!(response.starts_with("HTTP/1.1 304 ") && response.ends_with("\r\n\r\n"), "{response}");
    let response = get("/docs/a%20b.txt", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
    assert!(response.starts_with("HTTP/1.1 304 "));
    let response = get("/docs/a%20b.txt", "If-Match: \"x\"\r\n");
    assert!(response.starts_with("HTTP/1.1 412 "));
}

#[test]
fn ranges() {
    let response = get("/docs/a%20b.txt", "Range: bytes=2-4\r\n");
    let head = lower_head(&response);
    assert!(response.starts_with("HTTP/1.1 206 ") && response.ends_with("\r\n\r\n234"), "{response}");
    assert!(head.contains("content-range: bytes 2-4/10") && head.contains("content-length: 3"), "{head}");
    let response = get("/docs/a%20b.txt", "Range: bytes=10-\r\n");
    assert!(
        response.starts_with("HTTP/1.1 416 ") && lower_head(&response).contains("content-range: bytes */10")
    );
    assert!(get("/docs/a%20b.txt", "Range: bytes=0-1,3-4\r\n").starts_with("HTTP/1.1 200 "));
}

#[test]
fn head_and_large_files_and_the_next_request() {
    let mut wire = wire();
    wire.room = 16 * 1024;
    let response = wire.text("HEAD /big.bin HTTP/1.1\r\nHost: h\r\n\r\n");
    assert!(lower_head(&response).contains("content-length: 200000") && response.ends_with("\r\n\r\n"));
    let response = wire.feed(b"GET /big.bin HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert!(response.windows(BIG.len()).any(|window| window == BIG));
    assert!(response.ends_with(b"<p>hi</p>"));
    assert_eq!(wire.open_files(), 0);
}

#[test]
fn a_range_counts_with_get_only() {
    let mut wire = wire();
    let response = wire.text("HEAD /docs/a%20b.txt HTTP/1.1\r\nHost: h\r\nRange: bytes=2-4\r\n\r\n");
    assert!(response.starts_with("HTTP/1.1 200 ") && lower_head(&response).contains("content-length: 10"));
}

#[test]
fn what_cannot_be_served_is_explained_except_to_head() {
    for (fields, status) in [("If-Match: \"x\"\r\n", "412"), ("Range: bytes=10-\r\n", "416")] {
        let response = get("/docs/a%20b.txt", fields);
        let (head, text) = response.split_once("\r\n\r\n").expect("a head");
        assert!(text.starts_with(status) && head.contains(&format!("ength: {}", text.len())), "{response}");
    }
    let mut wire = wire();
    let response = wire.text("HEAD /docs/a%20b.txt HTTP/1.1\r\nHost: h\r\nIf-Match: \"x\"\r\n\r\n");
    assert!(response.starts_with("HTTP/1.1 412 ") && response.ends_with("\r\n\r\n"), "{response}");
    assert_eq!(wire.open_files(), 0);
}

#[test]
fn methods_that_files_do_not_have() {
    for (method, status) in [("POST", "405"), ("DELETE", "405"), ("BREW", "501"), ("get", "501")] {
        let response = wire().text(format!("{method} /index.html HTTP/1.1\r\nHost: h\r\n\r\n"));
        assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{method}: {response}");
        assert_eq!(lower_head(&response).contains("allow: get, head"), status == "405", "{response}");
    }
}
