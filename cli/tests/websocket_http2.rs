//! WebSockets on streams of HTTP/2 (RFC 8441): our client against our server, against node's HTTP/2 with the package `ws`
//! on its streams, and through nghttpx, which goes on over HTTP/1.1.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod common;

use std::net::TcpStream;

use common::certificate::Certificate;
use common::run::{Running, run};
use common::sanswire;
use common::server::Server;
use common::tools;

const PRIOR: &str = "--http2-prior-knowledge";

/// Our client with these options, and what it takes to trust our server.
fn ways(server: &Server, path: &str) -> [(Vec<&'static str>, String); 3] {
    [
        (vec![PRIOR], server.ws(path)),
        (vec![PRIOR, "-k"], server.wss(path)),
        (vec!["--http2", "-k"], server.wss(path)),
    ]
}

fn ws(options: &[&str], url: &str) -> Running {
    Running::start(&mut sanswire(&[&["ws"], options, &[url]].concat()))
}

#[test]
fn lines_come_back_before_the_end_of_input_closes() {
    let server = Server::start();
    for (options, url) in ways(&server, "/ws/echo") {
        for more in [&[][..], &["--binary"], &["--no-deflate"], &["--deflate", "threshold=0"]] {
            let mut client = ws(&[&options[..], more].concat(), &url);
            client.expect_complaint("opened over HTTP/2");
            let mut lines = (0..200).map(|n| format!("line {n} {}", "x".repeat(n * 37))).collect::<Vec<_>>();
            lines.push("0123456789 wire ".repeat(1 << 14));
            for line in &lines {
                client.say(line);
            }
            let finished = client.finish();
            assert_eq!(finished.status, Some(0), "{}", finished.stderr);
            assert!(finished.text() == lines.join("\n") + "\n", "{options:?} {more:?}");
            assert!(finished.stderr.contains("closed with 1000"), "{}", finished.stderr);
        }
    }
}

#[test]
fn the_server_says_what_carries_it() {
    let server = Server::start();
    for (options, url) in ways(&server, "/ws/info") {
        let mut client = ws(&options, &url);
        client.expect(r#""http":"h2""#);
        assert_eq!(client.finish().status, Some(0));
    }
    // Unless it is asked for, a WebSocket is opened over HTTP/1.1.
    let mut client = ws(&["-k"], &server.wss("/ws/info"));
    client.expect(r#""http":"HTTP/1.1""#);
}

#[test]
fn without_http2_it_is_opened_over_http1() {
    let server = Server::start_with(&["--no-h2"]);
    let mut client = ws(&["--http2", "-k"], &server.wss("/ws/echo"));
    client.expect_complaint("opened over HTTP/1.1");
    client.say("hello");
    assert_eq!(client.next_line().as_deref(), Some("hello"));
    assert_eq!(client.finish().status, Some(0));
}

#[test]
fn failures() {
    let server = Server::start();
    for (options, url) in ways(&server, "/ws/nowhere") {
        let got = run(&mut sanswire(&[&["ws"], &options[..], &[&url]].concat()));
        assert_eq!(got.status, Some(62), "{got}");
        assert!(got.one_complaint().contains("404"), "{got}");
    }
    for (options, url, status) in [
        (&["--http2"][..], server.ws("/ws/echo"), 2), // there is no TLS to agree on it
        (&["--http2", PRIOR], server.wss("/ws/echo"), 2),
        (&["--http2"], server.wss("/ws/echo"), 60),
        (&[PRIOR], format!("ws://127.0.0.1:{}/", common::raw::closed_port()), 7),
    ] {
        let got = run(&mut sanswire(&[&["ws"], options, &[&url]].concat()));
        assert_eq!(got.status, Some(status), "{options:?}: {got}");
        got.one_complaint();
    }
    // Servers that speak no HTTP/2 at all answer with something else, or with nothing that TLS agrees on.
    let old = Server::start_with(&["--no-h2"]);
    let got = run(&mut sanswire(&["ws", PRIOR, &old.ws("/ws/echo")]));
    assert_eq!(got.status, Some(61), "{got}");
    let got = run(&mut sanswire(&["ws", PRIOR, "-k", &old.wss("/ws/echo")]));
    assert_eq!(got.status, Some(35), "{got}");
}

#[test]
fn nghttpx_passes_it_on() {
    let Some(mut nghttpx) = tools::program("nghttpx") else { return };
    let (server, certificate) = (Server::start(), Certificate::new());
    let (plain, tls) = (common::raw::closed_port(), common::raw::closed_port());
    nghttpx.arg(format!("-f127.0.0.1,{plain};no-tls")).arg(format!("-f127.0.0.1,{tls}"));
    nghttpx.arg(format!("-b127.0.0.1,{}", server.http_port)).args([
        "--workers=1",
        "--conf=/dev/null",
        "--no-ocsp",
    ]);
    let _nghttpx = Running::start(nghttpx.args([certificate.key(), certificate.cert()]));
    while [plain, tls].into_iter().any(|port| TcpStream::connect(("127.0.0.1", port)).is_err()) {
        std::thread::yield_now();
    }
    let trust = ["--http2", "--cacert", &certificate.cert()];
    for (options, origin) in
        [(&[PRIOR][..], format!("ws://127.0.0.1:{plain}")), (&trust, format!("wss://127.0.0.1:{tls}"))]
    {
        for more in [&["--no-deflate"][..], &["--deflate", "threshold=0"]] {
            let mut client = ws(&[options, more].concat(), &format!("{origin}/ws/echo"));
            client.expect_complaint("opened over HTTP/2");
            let lines = (0..60).map(|n| format!("line {n} {}", "x".repeat(n * 3_000))).collect::<Vec<_>>();
            for line in &lines {
                client.say(line);
            }
            for line in &lines {
                assert!(client.next_line().as_deref() == Some(line));
            }
            assert_eq!(client.finish().status, Some(0));
        }
        let refused = ws(options, &format!("{origin}/ws/nowhere")).finish();
        assert_eq!(refused.status, Some(62), "{refused}");
        assert!(refused.one_complaint().contains("404"), "{refused}");
    }
}

/// node's HTTP/2 server, in the clear or over TLS.
struct Node {
    process: Running,
    url: String,
    trust: Vec<String>,
    /// Its file is there for as long as this.
    _certificate: Certificate,
}

impl Node {
    fn start(http2: &str, tls: bool, deflate: Option<&str>) -> Option<Self> {
        let mut command = tools::node("ws_server.mjs")?;
        command.env("HTTP2", http2).env_remove("DEFLATE").envs(deflate.map(|value| ("DEFLATE", value)));
        let certificate = Certificate::new();
        let (scheme, trust) = if tls {
            command.args([certificate.cert(), certificate.key()]);
            ("wss", ["--http2", "--cacert", &certificate.cert()].map(str::to_owned).to_vec())
        } else {
            ("ws", vec![PRIOR.to_owned()])
        };
        let mut process = Running::start(&mut command);
        let port = process.expect("port ")["port ".len()..].to_owned();
        Some(Self { process, url: format!("{scheme}://127.0.0.1:{port}"), trust, _certificate: certificate })
    }

    fn client(&self, more: &[&str], path: &str) -> Running {
        let trust = self.trust.iter().map(String::as_str).collect::<Vec<_>>();
        ws(&[&trust[..], more].concat(), &format!("{}{path}", self.url))
    }

    fn says_ok(&mut self) {
        assert_eq!(self.process.next_line().as_deref(), Some("ok"));
    }
}

#[test]
fn node_is_echoed() {
    for tls in [false, true] {
        let Some(mut node) = Node::start("websockets", tls, None) else { return };
        let client = node.client(&["--echo"], "/drive");
        node.says_ok();
        let finished = client.finish();
        assert!(finished.stderr.contains("opened over HTTP/2"), "{finished}");
        assert!(finished.stderr.contains("4000") && finished.stderr.contains("that was all"), "{finished}");
    }
}

#[test]
fn node_is_echoed_compressed() {
    for deflate in ["0 0 0 0", "1 1 0 0", "1 0 9 10", "0 1 0 10", "0 0 9 0"] {
        let Some(mut node) = Node::start("websockets", false, Some(deflate)) else { return };
        for options in ["threshold=0", "client_no_context_takeover,client_max_window_bits=12,threshold=0"] {
            let client = node.client(&["--echo", "--deflate", options], "/squeeze");
            node.says_ok();
            assert_eq!(client.finish().status, Some(0), "{deflate} {options}");
        }
    }
}

#[test]
fn node_closes_refuses_and_vanishes() {
    for tls in [false, true] {
        let Some(mut node) = Node::start("websockets", tls, None) else { return };
        for (code, reason, status) in [("1000", "done", 0), ("1001", "leaving", 0), ("4999", "mine", 62)] {
            let mut client = node.client(&[], &format!("/close?code={code}&reason={reason}"));
            assert!(client.expect_complaint(code).contains(reason));
            assert_eq!(client.finish().status, Some(status));
            node.says_ok();
        }
        let mut client = node.client(
            &["--subprotocol", "unheard.of", "--subprotocol", "chat.v1", "-H", "X-Test: yes"],
            "/hello",
        );
        client.expect("subprotocol chat.v1");
        client.expect("x-test yes");
        assert_eq!(client.finish().status, Some(0));
        node.says_ok();
        let refused = node.client(&[], "/refuse").finish();
        assert_eq!(refused.status, Some(62));
        assert!(refused.one_complaint().contains("403"), "{refused}");
        let mut client = node.client(&[], "/vanish");
        assert_eq!(client.next_line().as_deref(), Some("last words"));
        let finished = client.finish();
        assert!(finished.status.is_some_and(|status| status != 0), "{finished}");
    }
}

#[test]
fn a_server_whose_http2_has_no_websockets_gets_them_over_http1() {
    let Some(mut node) = Node::start("plain", true, None) else { return };
    let client = node.client(&["--echo"], "/drive");
    node.says_ok();
    let finished = client.finish();
    assert!(finished.stderr.contains("opened over HTTP/1.1"), "{finished}");
    // Not when HTTP/2 is what was asked for.
    let Some(node) = Node::start("plain", false, None) else { return };
    let got = node.client(&[], "/talk").finish();
    assert_eq!(got.status, Some(62), "{got}");
    assert!(got.one_complaint().contains("no WebSockets over HTTP/2"), "{got}");
}
