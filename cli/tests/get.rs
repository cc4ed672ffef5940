//! `sanswire get` and its exit statuses, against servers that do one thing right or wrong.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod common;

use std::time::Duration;

use common::files::Folder;
use common::raw::{Then, closed_port, serve_once};
use common::run::{Finished, Running, run, succeed};
use common::sanswire;

/// Gets from a server that answers with these bytes, and then does `then`.
fn get(answer: &[u8], then: Then) -> Finished {
    run(&mut sanswire(&["get", &url(serve_once(answer, then))]))
}

fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}/path")
}

/// It failed with this status, said so in one line, and had written `body` before.
#[track_caller]
fn assert_failed(finished: &Finished, status: i32, body: &str) {
    assert_eq!(finished.status, Some(status), "{finished}");
    assert_eq!(finished.text(), body);
    finished.one_complaint();
}

#[test]
fn nothing_but_the_body_on_stdout() {
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Other: y\r\n\r\nhello";
    let got = get(answer, Then::Wait);
    assert_eq!((got.status, got.text().as_str(), got.stderr.as_str()), (Some(0), "hello", ""));
}

#[test]
fn details_go_to_stderr() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Other: y\r\n\r\nhello";
    let got = succeed(&mut sanswire(&["get", "-v", &url(serve_once(answer, Then::Wait))]));
    assert_eq!(got.text(), "hello");
    let said = got.stderr.to_lowercase();
    assert!(said.contains("get /path") && said.contains("x-other: y") && said.contains("200"), "{said}");
}

#[test]
fn framings() {
    for (answer, body) in [
        (&b"HTTP/1.1 200 OK\r\n\r\nuntil the end"[..], "until the end"),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", "until the end"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX-T: 1\r\n\r\n", "hello"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", ""),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", ""),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno\n", "no\n"),
        (b"HTTP/1.1 500 \r\nContent-Length: 0\r\n\r\n", ""),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok"),
        // What follows a complete answer is not part of it.
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n", "ok"),
    ] {
        let got = get(answer, Then::Close);
        assert_eq!(got.status, Some(0), "{}: {got}", String::from_utf8_lossy(answer));
        assert_eq!(got.text(), body);
    }
}

#[test]
fn bodies_cut_short() {
    assert_failed(&get(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", Then::Close), 18, "hello");
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (rest, body) in [
        ("", ""),
        ("5", ""),
        ("5\r\nhel", "hel"),
        ("5\r\nhello\r\n", "hello"),
        ("5\r\nhello\r\n0\r\n", "hello"),
    ] {
        assert_failed(&get(format!("{chunked}{rest}").as_bytes(), Then::Close), 18, body);
    }
}

#[test]
fn bodies_badly_framed() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (rest, body) in [
        ("+5\r\nhello\r\n0\r\n\r\n", ""),
        ("\r\n", ""),
        ("x\r\n", ""),
        ("5 \r\nhello\r\n0\r\n\r\n", ""),
        ("5\nhello\r\n0\r\n\r\n", ""),
        ("10000000000000000\r\n", ""),
        ("5\r\nhelloX\r\n", "hello"),
        ("5\r\nhello\n0\r\n\r\n", "hello"),
        ("5\r\nhello\r\n0\r\nbad trailer\r\n\r\n", "hello"),
    ] {
        assert_failed(&get(format!("{chunked}{rest}").as_bytes(), Then::Close), 61, body);
    }
}

#[test]
fn answers_that_are_not_http() {
    for answer in [
        &b"SSH-2.0-OpenSSH_9.2\r\n"[..],
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n folded\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
    ] {
        let got = get(answer, Then::Close);
        assert!(got.status == Some(61), "{}: {got}", String::from_utf8_lossy(answer));
        assert!(got.stdout.is_empty());
        got.one_complaint();
    }
    let endless = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(2_000_000));
    assert_failed(&get(endless.as_bytes(), Then::Close), 61, "");
}

#[test]
fn no_answer() {
    assert_failed(&get(b"", Then::Close), 52, "");
    assert_failed(&get(b"", Then::Reset), 56, "");
    assert_failed(&run(&mut sanswire(&["get", &url(closed_port())])), 7, "");
    for head in ["HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Le"] {
        let got = get(head.as_bytes(), Then::Close);
        assert!(matches!(got.status, Some(18 | 52 | 56 | 61)), "{got}");
        got.one_complaint();
    }
}

#[test]
fn reset_within_the_body() {
    let got = get(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", Then::Reset);
    // The kernel may drop what was not yet read when the reset comes.
    assert_eq!(got.status, Some(56), "{got}");
    assert!(["", "hello"].contains(&got.text().as_str()));
    got.one_complaint();
}

#[test]
fn out_of_time() {
    for answer in [&b""[..], b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"] {
        let port = serve_once(answer, Then::Wait);
        let command = &mut sanswire(&["get", "-m", "0.4", &url(port)]);
        let got = Running::start_within(command, Duration::from_secs(10)).finish();
        assert_failed(&got, 28, if answer.is_empty() { "" } else { "hello" });
    }
}

#[test]
fn tls_with_somebody_who_does_not_speak_it() {
    let port = serve_once("HTTP/1.1 400 Bad Request\r\n\r\n", Then::Close);
    assert_failed(&run(&mut sanswire(&["get", &format!("https://127.0.0.1:{port}/")])), 35, "");
}

#[test]
fn urls_that_are_none() {
    for url in [
        "",
        "http://",
        "http:///path",
        "ftp://127.0.0.1/",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:x/",
        "http://a b/",
        "http://[::1/",
    ] {
        assert_failed(&run(&mut sanswire(&["get", url])), 3, "");
    }
}

#[test]
fn names_that_are_nobodys() {
    assert_failed(&run(&mut sanswire(&["get", "http://nobody.invalid/"])), 6, "");
}

#[test]
fn files_that_cannot_be() {
    let folder = Folder::new();
    let missing = folder.file("missing/file");
    let address = url(closed_port());
    assert_failed(&run(&mut sanswire(&["get", "-d", &format!("@{missing}"), &address])), 26, "");
    let port = serve_once("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", Then::Wait);
    assert_failed(&run(&mut sanswire(&["get", "-o", &missing, &url(port)])), 23, "");
    let port = serve_once("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", Then::Wait);
    assert_failed(&run(&mut sanswire(&["get", "-o", "/dev/full", &url(port)])), 23, "");
}

#[test]
fn wrong_use() {
    let address = url(closed_port());
    for arguments in [
        &["get"][..],
        &["get", "--unheard-of", &address],
        &["get", "-m", "soon", &address],
        &["get", "-H", "no colon", &address],
        &["get", "-H", "X: a\r\nY: b", &address],
        &["get", "-X", "NOT A TOKEN", &address],
        &["unheard-of"],
        &["ws"],
        &["serve", "--threads", "many"],
    ] {
        let got = run(&mut sanswire(arguments));
        assert_eq!(got.status, Some(2), "{arguments:?}: {got}");
        assert!(got.stdout.is_empty() && !got.stderr.is_empty() && !got.stderr.contains("panicked"), "{got}");
    }
}

#[test]
fn help_names_the_statuses() {
    let help = succeed(&mut sanswire(&["get", "--help"])).text();
    for status in ["18", "28", "35", "52", "56", "60", "61"] {
        assert!(help.contains(status), "{status} is missing in\n{help}");
    }
}

#[test]
fn output_into_a_file() {
    let folder = Folder::new();
    let file = folder.write("out", "what was there before and is longer");
    let port = serve_once("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", Then::Wait);
    let got = succeed(&mut sanswire(&["get", "-o", &file, &url(port)]));
    assert!(got.stdout.is_empty());
    assert_eq!(std::fs::read_to_string(file).unwrap(), "hello");
}

#[test]
fn heads_that_browsers_take() {
    let long = format!("HTTP/1.1 200 OK\r\nX: {}\r\nContent-Length: 2\r\n\r\nok", "x".repeat(50_000));
    for answer in ["HTTP/1.1 200 OK\r\nX: a\r\n\tb\r\nContent-Length:\r\n 2\r\n\r\nok", &long] {
        let got = get(answer.as_bytes(), Then::Wait);
        assert_eq!((got.status, got.text().as_str()), (Some(0), "ok"), "{got}");
    }
    assert_failed(&get(b"HTTP/1.1 200 OK\r\nConte", Then::Close), 56, "");
}

#[test]
fn bodies_that_need_not_be_sent() {
    let url = |answer: &str| url(serve_once(answer.as_bytes(), Then::Wait));
    let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let got = succeed(&mut sanswire(&["get", "-d", "", &url(ok)]));
    assert_eq!(got.text(), "ok");
    // Not a byte of the body is sent before the server says so, or says that it does not want it.
    for answer in [ok, "HTTP/1.1 417 No\r\nContent-Length: 2\r\n\r\nok"] {
        let got = succeed(&mut sanswire(&["get", "-d", "hello", "-H", "Expect: 100-continue", &url(answer)]));
        assert_eq!(got.text(), "ok");
    }
    let folder = Folder::new();
    let big = format!("@{}", folder.write("big", "x".repeat(8_000_000)));
    let refused = "HTTP/1.1 413 No\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno";
    let port = serve_once(refused.as_bytes(), Then::Reset);
    let got = run(&mut sanswire(&["get", "-d", &big, &self::url(port)]));
    assert!(got.status == Some(0) || got.status == Some(56), "{got}");
    let got = succeed(&mut sanswire(&["get", "-d", &big, &url(refused)]));
    assert_eq!(got.text(), "no");
}

#[test]
fn requests_that_make_no_sense() {
    for arguments in [
        &["-H", "Content-Length: 5"][..],
        &["-H", "Transfer-Encoding: chunked"],
        &["-H", "Expect: 100-continue"],
        &["-H", "Expect: miracles", "-d", "x"],
        &["-X", "CONNECT"],
        &["-X", "TRACE", "-d", "x"],
        &["-m", "soon"],
        &["-m", "1e300"],
        &["--no-such-flag"],
    ] {
        let got = run(&mut sanswire(&[&["get"], arguments, &["http://127.0.0.1:1/"]].concat()));
        assert_failed(&got, 2, "");
    }
}
