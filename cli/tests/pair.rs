//! Our clients against our server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod common;

use std::time::Duration;

use common::certificate::Certificate;
use common::files::Folder;
use common::run::{Running, run, succeed};
use common::sanswire;
use common::server::Server;

/// The same test in the clear and over TLS: HTTP base, WebSocket base, and what the client needs to trust it.
fn both(server: &Server) -> [(String, String, &'static [&'static str]); 2] {
    [(server.http(""), server.ws(""), &[]), (server.https(""), server.wss(""), &["--insecure"])]
}

#[test]
fn endpoints() {
    let server = Server::start();
    for (base, _, trust) in both(&server) {
        let get = |path: &str| {
            let url = format!("{base}{path}");
            succeed(&mut sanswire(&[&["get", &url], trust].concat())).stdout
        };
        assert_eq!(get("/hello"), b"Hello, world!");
        assert_eq!(get("/bytes/3000000").len(), 3_000_000);
        assert_eq!(get("/chunked/3000000").len(), 3_000_000);
        assert_eq!(get("/bytes/0"), b"");
        assert!(get("/drip?ms=5&n=4").len() >= 4);
        assert!(get("/info").starts_with(b"{"));
        assert!(!get("/nowhere").is_empty());
    }
}

#[test]
fn uploads_of_known_and_unknown_length() {
    let server = Server::start();
    let folder = Folder::new();
    let noise = folder.write_noise("noise", 10_000_001);
    let sent = std::fs::read(&noise).unwrap();
    for (base, _, trust) in both(&server) {
        let url = format!("{base}/echo");
        let known = format!("@{noise}");
        let got = succeed(&mut sanswire(&[&["get", "-d", &known, &url], trust].concat()));
        assert!(got.stdout == sent, "{} bytes came back", got.stdout.len());

        let mut client = Running::start(&mut sanswire(&[&["get", "-d", "@-", &url], trust].concat()));
        for line in ["one", "", "three"] {
            client.say(line);
        }
        client.hush();
        assert_eq!(client.finish().text(), "one\n\nthree\n");
        assert_eq!(succeed(&mut sanswire(&[&["get", "-d", "a=b", &url], trust].concat())).text(), "a=b");
    }
}

#[test]
fn failing_on_request() {
    let server = Server::start();
    let got = run(&mut sanswire(&["get", "--fail", &server.http("/nowhere")]));
    assert_eq!(got.status, Some(22), "{got}");
    assert!(got.stdout.is_empty() && got.one_complaint().contains("404"), "{got}");
}

#[test]
fn lines_come_back_before_the_end_of_input_closes() {
    let server = Server::start();
    for (_, base, trust) in both(&server) {
        let url = format!("{base}/ws/echo");
        for kind in [&[][..], &["--binary"]] {
            let mut client = Running::start(&mut sanswire(&[&["ws", &url], trust, kind].concat()));
            let lines: Vec<String> = (0..200).map(|n| format!("line {n} {}", "x".repeat(n * 37))).collect();
            for line in &lines {
                client.say(line);
            }
            let finished = client.finish();
            assert_eq!(finished.status, Some(0), "{finished}");
            assert_eq!(finished.text(), lines.join("\n") + "\n");
            assert!(finished.stderr.contains("1000"), "{finished}");
        }
    }
}

#[test]
fn one_very_long_line() {
    let server = Server::start();
    let mut client = Running::start(&mut sanswire(&["ws", &server.ws("/ws/echo")]));
    let line = "0123456789 wire ".repeat(1 << 18);
    client.say(&line);
    assert!(client.next_line().as_deref() == Some(&line));
    assert_eq!(client.finish().status, Some(0));
}

#[test]
fn the_end_of_input_closes_at_once() {
    let server = Server::start();
    let mut command = sanswire(&["ws", &server.ws("/ws/echo")]);
    // Well below every time limit that would end it, too.
    let mut client = Running::start_within(&mut command, Duration::from_secs(3));
    client.say("hello");
    assert_eq!(client.next_line().as_deref(), Some("hello"));
    assert_eq!(client.finish().status, Some(0));
}

#[test]
fn a_line_that_is_no_text() {
    let server = Server::start();
    let mut client = Running::start(&mut sanswire(&["ws", &server.ws("/ws/echo")]));
    client.say_bytes(b"caf\xe9\n");
    let finished = client.finish();
    // The client notices before it sends what the protocol forbids.
    assert!(finished.status.is_some_and(|status| status != 0), "{finished}");
    assert!(!finished.stderr.contains("panicked"), "{finished}");
}

#[test]
fn pings() {
    let server = Server::start();
    let mut client = Running::start(&mut sanswire(&["ws", "--ping", "0.05", &server.ws("/ws/echo")]));
    client.expect_complaint("pong");
    client.expect_complaint("pong");
    client.say("still there");
    assert_eq!(client.next_line().as_deref(), Some("still there"));
    assert_eq!(client.finish().status, Some(0));
}

#[test]
fn websocket_failures() {
    let certificate = Certificate::of(&["elsewhere.example"]);
    let server = Server::start_with(&["--cert", &certificate.cert(), "--key", &certificate.key()]);
    for (arguments, status) in [
        (&["ws", &server.ws("/ws/nowhere")][..], 62),
        (&["ws", &server.ws("/hello")], 62),
        (&["ws", &server.wss("/ws/echo")], 60),
        (&["ws", "--cacert", &certificate.cert(), &server.wss("/ws/echo")], 60),
        (&["ws", "--cacert", "/nonexistent", &server.wss("/ws/echo")], 26),
        (&["ws", &format!("wss://127.0.0.1:{}/", server.http_port)], 35),
        (&["ws", &format!("ws://127.0.0.1:{}/", common::raw::closed_port())], 7),
        (&["ws", "ws://nobody.invalid/"], 6),
        (&["ws", "http://127.0.0.1/"], 3),
    ] {
        let got = run(&mut sanswire(arguments));
        assert_eq!(got.status, Some(status), "{arguments:?}: {got}");
        got.one_complaint();
    }
}

#[test]
fn unix_sockets() {
    let folder = Folder::new();
    let path = folder.file("socket");
    for name in [path.clone(), format!("@{path}")] {
        let listen = format!("unix:{name}");
        let mut server = Running::start(&mut sanswire(&["serve", "--listen", &listen]));
        server.expect("listening on ");
        let got = succeed(&mut sanswire(&["get", "--unix-socket", &name, "http://localhost/hello"]));
        assert_eq!(got.text(), "Hello, world!");
        let mut client =
            Running::start(&mut sanswire(&["ws", "--unix-socket", &name, "ws://localhost/ws/echo"]));
        client.say("through the file system, or not");
        assert_eq!(client.next_line().as_deref(), Some("through the file system, or not"));
    }
}

#[test]
fn several_threads_share_one_board() {
    let server = Server::start_with(&["--threads", "3"]);
    let start = || Running::start(&mut sanswire(&["ws", &server.ws("/ws/mirror")]));
    let mut boards: Vec<Running> = (0..8).map(|_| start()).collect();
    for n in 0..8 {
        let stroke = format!(r##"{{"x0":0.{n}1,"y0":0.5,"x1":0.75,"y1":0.5,"c":"#123456"}}"##);
        boards[n].say(&stroke);
        for (at, board) in boards.iter_mut().enumerate() {
            if at != n {
                board.expect(&stroke);
            }
        }
    }
    let mut late = start();
    for n in 0..8 {
        late.expect(&format!("0.{n}1"));
    }
}
