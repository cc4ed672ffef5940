//! Contents that are longer than the server takes.

use super::lab::Lab;
use super::pattern::{Pattern, Server};
use std::io;

/// Content of a POST, framed by these fields.
fn post(lab: &Lab, fields: &str, content: &str) -> io::Result<String> {
    lab.http(format!("POST /echo HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n\r\n{content}"))
}

const fn too_much(name: &'static str, what: &'static str, run: fn(&Lab) -> io::Result<String>) -> Pattern {
    Pattern::new(name, what, "RFC 9110 15.5.14", "413, closed", run).on(Server::Small)
}

pub(super) static PATTERNS: [Pattern; 4] = [
    too_much("content/announced", "a gigabyte that is announced, and half a megabyte of it", |lab| {
        post(lab, "Content-Length: 1000000000", &"x".repeat(500_000))
    }),
    too_much("content/one-byte", "a byte more than is taken", |lab| {
        post(lab, "Content-Length: 1001", &"x".repeat(1001))
    }),
    too_much("content/chunks", "chunks that come to more than is taken", |lab| {
        post(lab, "Transfer-Encoding: chunked", &format!("64\r\n{}\r\n", "x".repeat(100)).repeat(11))
    }),
    too_much("content/asked-about", "a gigabyte that is asked about first", |lab| {
        post(lab, "Content-Length: 1000000000\r\nExpect: 100-continue", "")
    }),
];
