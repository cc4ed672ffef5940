//! `sanswire serve`: how it starts, fails to start, and stops.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod common;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;

use common::certificate::Certificate;
use common::files::Folder;
use common::raw::{connect, read_head, read_to_end};
use common::run::{run, succeed};
use common::sanswire;
use common::server::Server;

const FREE: [&str; 4] = ["--listen", "127.0.0.1:0", "--listen-tls", "127.0.0.1:0"];

/// Sends a signal to this one server.
fn signal(server: &Server, name: &str) {
    succeed(Command::new("kill").args([&format!("-{name}"), &server.process.id().to_string()]));
}

#[test]
fn what_keeps_it_from_starting() {
    let folder = Folder::new();
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let busy = busy.local_addr().unwrap().to_string();
    let (one, other) = (Certificate::new(), Certificate::new());
    let text = folder.write("text", "this is no certificate");
    let missing = folder.file("missing");
    let nowhere = "nowhere".to_owned();
    for (more, mention) in [
        (&["--listen", &busy, "--listen-tls", "127.0.0.1:0"][..], &busy),
        (&["--listen", "127.0.0.1:0", "--listen-tls", &busy], &busy),
        (&["--listen", &nowhere], &nowhere),
        (&[&FREE[..], &["--cert", &missing, "--key", &one.key()]].concat(), &missing),
        (&[&FREE[..], &["--cert", &text, "--key", &one.key()]].concat(), &text),
        (&[&FREE[..], &["--cert", &one.cert(), "--key", &text]].concat(), &text),
        (&[&FREE[..], &["--cert", &one.cert(), "--key", &other.key()]].concat(), &other.key()),
        (&[&FREE[..], &["--root", &missing]].concat(), &missing),
        (&[&FREE[..], &["--root", &text]].concat(), &text),
    ] {
        let got = run(&mut sanswire(&[&["serve"], more].concat()));
        assert!(got.status.is_some_and(|status| status != 0), "{more:?}: {got}");
        let line = got.one_complaint();
        assert!(line.contains(mention.as_str()), "{mention} is not named: {line}");
    }
}

/// Runs a program that gets "operation not permitted" when it asks for io_uring, as sandboxes and
/// `kernel.io_uring_disabled` have it.
#[cfg(target_os = "linux")]
const WITHOUT_URING: &str = r#"
import ctypes, os, struct, sys
LOAD_NUMBER, EQUAL, RETURN = 0x20, 0x15, 0x06
IO_URING_SETUP, ALLOW, EPERM = 425, 0x7fff0000, 0x00050001
rules = [(LOAD_NUMBER, 0, 0, 0), (EQUAL, 0, 1, IO_URING_SETUP), (RETURN, 0, 0, EPERM), (RETURN, 0, 0, ALLOW)]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *rule) for rule in rules))
program = struct.pack("HxxxxxxQ", len(rules), ctypes.addressof(code))
libc = ctypes.CDLL(None, use_errno=True)
NO_NEW_PRIVILEGES, SECCOMP, FILTER = 38, 22, 2
if libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) or libc.prctl(SECCOMP, FILTER, program, 0, 0):
    sys.exit("no filter: " + os.strerror(ctypes.get_errno()))
os.execv(sys.argv[1], sys.argv[1:])
"#;

#[cfg(target_os = "linux")]
#[test]
fn without_io_uring_it_says_so_or_does_without() {
    let Some(mut python) = common::tools::program("python3") else { return };
    let serve = |python: &mut Command, driver| {
        python.args(["-c", WITHOUT_URING, env!("CARGO_BIN_EXE_sanswire"), "serve", "--until-eof"]);
        run(python.args(FREE).args(["--driver", driver]))
    };
    let refused = serve(&mut python, "uring");
    assert!(refused.status.is_some_and(|status| status != 0), "{refused}");
    let line = refused.one_complaint();
    assert!(line.contains("--driver uring") && line.contains("not permitted"), "{line}");

    let mut python = common::tools::program("python3").unwrap();
    let served = serve(&mut python, "auto");
    assert_eq!(served.status, Some(0), "{served}");
    assert!(served.stderr.contains("going on with mio"), "{served}");
}

#[test]
fn stops_when_asked_and_sums_up() {
    for name in ["TERM", "INT"] {
        let server = Server::start();
        let mut stream = connect(server.http_port);
        stream.write_all(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        assert!(read_head(&mut stream).starts_with("HTTP/1.1 200 "));
        signal(&server, name);
        // An idle connection does not hold it up.
        assert!(read_to_end(&mut stream).ends_with(b"Hello, world!"));
        drop(stream);
        let finished = server.process.finish();
        assert_eq!(finished.status, Some(0), "{finished}");
        let said = finished.text() + &finished.stderr;
        assert!(said.contains("request"), "no summary: {said}");
    }
}

#[test]
fn finishes_what_is_under_way_before_it_stops() {
    let server = Server::start();
    let mut stream = connect(server.http_port);
    stream.write_all(b"GET /drip?ms=50&n=10 HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    assert!(read_head(&mut stream).starts_with("HTTP/1.1 200 "));
    let mut first = [0];
    stream.read_exact(&mut first).unwrap();
    signal(&server, "TERM");
    let body = read_to_end(&mut stream);
    assert!(body.ends_with(b"0\r\n\r\n"), "cut short: {:?}", String::from_utf8_lossy(&body));
    drop(stream);
    assert_eq!(server.process.finish().status, Some(0));
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = Server::start();
    let mut stream = connect(server.http_port);
    let echo = |body: &str| {
        format!("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    };
    let requests = [
        echo("first body"),
        "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        "HEAD /bytes/5 HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
        echo("second body"),
        "GET /bytes/3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".to_owned(),
        "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
    ];
    stream.write_all(requests.concat().as_bytes()).unwrap();
    let all = read_to_end(&mut stream);
    let all = String::from_utf8_lossy(&all);
    assert_eq!(all.matches("HTTP/1.1 200 ").count(), 5, "{all}");
    let places: Vec<_> = ["first body", "Hello, world!", "second body"].map(|part| all.find(part)).into();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{all}");
    assert_eq!(all.matches("Hello, world!").count(), 1, "nothing is answered after Connection: close");
}

#[test]
fn requests_that_are_refused() {
    let server = Server::start();
    for (request, status) in [
        ("GET /hello HTTP/1.1\r\n\r\n", "400"),
        ("GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"),
        ("GET /hello HTTP/1.1\nHost: a\n\n", "400"),
        ("GET /hello HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n", "400"),
        ("GET /hello HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", "400"),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx", "400"),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\nx", "400"),
        (
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "400",
        ),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "501"),
        ("POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"),
        ("GET /hello HTTP/2.0\r\nHost: a\r\n\r\n", "505"),
        ("GET hello HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
        ("G(T /hello HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    ] {
        let mut stream = connect(server.http_port);
        stream.write_all(request.as_bytes()).unwrap();
        let answer = read_to_end(&mut stream);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let ok = answer.starts_with(&format!("HTTP/1.1 {status} "))
            || (status != "400" && answer.starts_with("HTTP/1.1 400 "));
        assert!(ok, "{request:?}: {answer}");
        assert!(answer.to_lowercase().contains("\r\nconnection: close\r\n"), "{answer}");
    }
}

/// The status that answers a request.
fn status(server: &Server, request: &str) -> String {
    let mut stream = connect(server.http_port);
    stream.write_all(request.as_bytes()).unwrap();
    read_head(&mut stream).split(' ').nth(1).unwrap_or_default().to_owned()
}

#[test]
fn methods_and_paths() {
    let server = Server::start();
    for (line, fields, status) in [
        ("BREW /hello", "", "501"),
        ("get /hello", "", "501"),
        ("CONNECT a:80", "", "501"),
        ("DELETE /hello", "", "405"),
        ("TRACE /hello", "", "405"),
        ("POST /hello", "Content-Length: 0\r\n", "405"),
        ("POST /ws/echo", "Content-Length: 0\r\n", "405"),
        ("OPTIONS /ws/echo", "", "200"),
        ("OPTIONS *", "", "200"),
        ("GET /ws/echo", "", "426"),
        ("HEAD /ws/echo", "Connection: Upgrade\r\nUpgrade: websocket\r\n", "426"),
        ("GET /%68ello", "", "200"),
        ("GET /hell%6F?%", "", "200"),
        ("GET /%2fhello", "", "404"),
        ("GET /hello%zz", "", "400"),
        ("PUT /echo", "Content-Range: bytes 0-0/2\r\nContent-Length: 0\r\n", "400"),
        ("GET /hello", "If-Match: \"x\"\r\n", "412"),
        ("GET /hello", "If-Match: *\r\n", "200"),
        ("GET https://a/hello", "", "421"),
        ("POST /hello", "Content-Length: 5\r\nExpect: 100-continue\r\n", "405"),
        ("POST /echo", "Content-Length: 5\r\nExpect: 100-continue\r\n", "100"),
    ] {
        let request = format!("{line} HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
        assert_eq!(self::status(&server, &request), status, "{line}");
    }
}

#[test]
fn an_echo_of_a_malformed_body_is_an_error() {
    let server = Server::start();
    for body in ["+3\r\nabc\r\n0\r\n\r\n", "3\r\nabcd\r\n0\r\n\r\n", "3\r\nabc\r\n0\r\nX : y\r\n\r\n"] {
        let request = format!("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
        assert_eq!(status(&server, &request), "400", "{body}");
    }
}
