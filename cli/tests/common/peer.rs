//! The behaviours that every WebSocket library, and every HTTP server, is tried for: one macro, one test each.

use std::process::Command;

use super::certificate::Certificate;
use super::files::Folder;
use super::run::{Running, run, succeed};
use super::sanswire;
use super::server::Server;

/// Another implementation, as scripts in `tests/peers`: `ws_client`, `ws_server` and `http_server`.
#[derive(Clone, Copy)]
pub(crate) struct Peer {
    /// Makes the command that runs a script, when what it needs is installed.
    pub(crate) script: fn(&str) -> Option<Command>,
    /// The scripts' file name extension.
    pub(crate) extension: &'static str,
}

/// A script that serves on a port of its own.
struct Listening {
    process: Running,
    port: u16,
}

impl Peer {
    fn command(self, script: &str) -> Option<Command> {
        (self.script)(&format!("{script}.{}", self.extension))
    }

    fn listen(self, script: &str, certificate: Option<&Certificate>) -> Option<Listening> {
        self.listen_in(script, certificate, None)
    }

    /// The same with a value for the variable `DEFLATE`.
    fn listen_in(
        self,
        script: &str,
        certificate: Option<&Certificate>,
        deflate: Option<&str>,
    ) -> Option<Listening> {
        let mut command = self.command(script)?;
        command.env_remove("DEFLATE").envs(deflate.map(|value| ("DEFLATE", value)));
        if let Some(certificate) = certificate {
            command.args([certificate.cert(), certificate.key()]);
        }
        let mut process = Running::start(&mut command);
        let port = process.expect("port ")["port ".len()..].parse().unwrap();
        Some(Listening { process, port })
    }

    /// Its WebSocket client does `case` with our server, in the clear and over TLS.
    pub(crate) fn client(self, case: &str) {
        let Some(mut plain) = self.command("ws_client") else { return };
        let Some(mut tls) = self.command("ws_client") else { return };
        let server = Server::start();
        assert!(succeed(plain.args([case, &server.ws("")])).text().ends_with("ok\n"));
        drop(server);
        let server = Server::start();
        assert!(succeed(tls.args([case, &server.wss("")])).text().ends_with("ok\n"));
    }

    /// Its client offers compression in every way to servers of ours that want different things.
    pub(crate) fn deflate(self) {
        for options in [
            "compression_level=1",
            "server_no_context_takeover,client_no_context_takeover",
            "server_max_window_bits=8,client_max_window_bits=9,mem_level=1,compression_level=9",
            "client_no_context_takeover,threshold=0,rx_buf_size=7,tx_buf_size=8,compression_level=6",
        ] {
            let Some(mut client) = self.command("ws_client") else { return };
            let server = Server::start_with(&["--deflate", options]);
            assert!(succeed(client.args(["deflate", &server.ws("")])).text().ends_with("ok\n"), "{options}");
        }
    }

    /// Our client echoes, compressed, what servers of its send that are set up in every way.
    pub(crate) fn squeeze(self) {
        for parameters in 0..16 {
            let [server, client] = [parameters & 1, parameters >> 1 & 1];
            let [server_bits, client_bits] = [[0, 9][parameters >> 2 & 1], [0, 10][parameters >> 3]];
            let deflate = format!("{server} {client} {server_bits} {client_bits}");
            let Some(mut peer) = self.listen_in("ws_server", None, Some(&deflate)) else { return };
            for options in [
                "threshold=0",
                "client_no_context_takeover,client_max_window_bits=12,threshold=0",
                "client_max_window_bits=10,compression_level=9,mem_level=2,rx_buf_size=7",
            ] {
                let arguments = ["ws", "--echo", "--deflate", options, &peer.ws("/squeeze")];
                let ours = Running::start(&mut sanswire(&arguments));
                assert_eq!(peer.process.next_line().as_deref(), Some("ok"), "{deflate}: {options}");
                assert_eq!(ours.finish().status, Some(0));
            }
        }
    }

    /// Our client echoes everything its server sends, and reports the close.
    pub(crate) fn echo(self) {
        let Some(mut peer) = self.listen("ws_server", None) else { return };
        let client = Running::start(&mut sanswire(&["ws", "--echo", &peer.ws("/drive")]));
        assert_eq!(peer.process.next_line().as_deref(), Some("ok"));
        let finished = client.finish();
        assert!(finished.stderr.contains("4000") && finished.stderr.contains("that was all"), "{finished}");
    }

    /// The same over TLS, with the server's certificate as the only root.
    pub(crate) fn echo_over_tls(self) {
        let certificate = Certificate::new();
        let Some(mut peer) = self.listen("ws_server", Some(&certificate)) else { return };
        let arguments = ["ws", "--echo", "--cacert", &certificate.cert(), &peer.wss("/drive")];
        let client = Running::start(&mut sanswire(&arguments));
        assert_eq!(peer.process.next_line().as_deref(), Some("ok"));
        let finished = client.finish();
        assert!(finished.stderr.contains("4000") && finished.stderr.contains("that was all"), "{finished}");
    }

    /// Lines become messages, messages become lines, and the end of input closes with 1000.
    pub(crate) fn talk(self) {
        let Some(mut peer) = self.listen("ws_server", None) else { return };
        let mut client = Running::start(&mut sanswire(&["ws", &peer.ws("/talk")]));
        for (line, answer) in [
            ("hello", "text 5: hello"),
            ("", "text 0: "),
            ("tschüß", "text 6: tschüß"),
            (" a  b ", "text 6:  a  b "),
        ] {
            client.say(line);
            assert_eq!(client.next_line().as_deref(), Some(answer));
        }
        client.hush();
        let finished = client.finish();
        assert_eq!(finished.status, Some(0), "{finished}");
        assert!(finished.stderr.contains("1000"), "{finished}");
        assert_eq!(peer.process.next_line().as_deref(), Some("ok"));

        let mut client = Running::start(&mut sanswire(&["ws", "--binary", &peer.ws("/talk")]));
        client.say("hello");
        assert_eq!(client.next_line().as_deref(), Some("binary 5: 68656c6c6f"));
        assert_eq!(client.finish().status, Some(0));
        assert_eq!(peer.process.next_line().as_deref(), Some("ok"));
    }

    /// The server's close code and reason reach the user, and the code goes back to the server.
    pub(crate) fn close_codes(self) {
        let Some(mut peer) = self.listen("ws_server", None) else { return };
        for (code, reason) in [("1000", "done"), ("1001", "leaving"), ("3000", "library"), ("4999", "mine")] {
            let url = peer.ws(&format!("/close?code={code}&reason={reason}"));
            let mut client = Running::start(&mut sanswire(&["ws", &url]));
            let line = client.expect_complaint(code);
            assert!(line.contains(reason), "{line}");
            let finished = client.finish();
            assert!(finished.status.is_some() && finished.stdout.is_empty(), "{finished}");
            assert!(code != "1000" || finished.status == Some(0), "{finished}");
            assert_eq!(peer.process.next_line().as_deref(), Some("ok"), "code {code}");
        }
    }

    /// Subprotocols and fields of the user's are part of the opening handshake.
    pub(crate) fn handshake(self) {
        let Some(peer) = self.listen("ws_server", None) else { return };
        let hello = peer.ws("/hello");
        let arguments = [
            "ws",
            "--subprotocol",
            "unheard.of",
            "--subprotocol",
            "chat.v1",
            "--header",
            "X-Test: yes",
            &hello,
        ];
        let mut client = Running::start(&mut sanswire(&arguments));
        client.expect("subprotocol chat.v1");
        client.expect("x-test yes");
        assert_eq!(client.finish().status, Some(0));

        let refused = run(&mut sanswire(&["ws", &peer.ws("/refuse")]));
        assert!(refused.status.is_some_and(|status| status != 0), "{refused}");
        assert!(refused.one_complaint().contains("403"), "{refused}");
    }

    /// A server that vanishes is an error, after what it said has been printed.
    pub(crate) fn vanish(self) {
        let Some(peer) = self.listen("ws_server", None) else { return };
        let mut client = Running::start(&mut sanswire(&["ws", &peer.ws("/vanish")]));
        assert_eq!(client.next_line().as_deref(), Some("last words"));
        let finished = client.finish();
        assert!(finished.status.is_some_and(|status| status != 0), "{finished}");
        finished.one_complaint();
    }

    /// Certificates are checked for WebSockets, too.
    pub(crate) fn ws_certificates(self) {
        let certificate = Certificate::new();
        let Some(peer) = self.listen("ws_server", Some(&certificate)) else { return };
        let url = peer.wss("/hello");
        let distrusted = run(&mut sanswire(&["ws", &url]));
        assert_eq!(distrusted.status, Some(60), "{distrusted}");
        distrusted.one_complaint();
        for trust in [&["--insecure"][..], &["--cacert", &certificate.cert()]] {
            let mut client = Running::start(&mut sanswire(&[&["ws"], trust, &[&url]].concat()));
            client.expect("subprotocol");
            assert_eq!(client.finish().status, Some(0));
        }
    }

    /// Bodies of every framing arrive whole.
    pub(crate) fn bodies(self) {
        let Some(peer) = self.listen("http_server", None) else { return };
        let body: Vec<u8> = (0..=255).cycle().take(256 * 4096).collect();
        for path in ["/known", "/chunked", "/until-close"] {
            let got = succeed(&mut sanswire(&["get", &peer.http(path)]));
            assert!(got.stdout == body, "{path}: {} bytes, or other ones", got.stdout.len());
        }
        let folder = Folder::new();
        let file = folder.file("out");
        let got = succeed(&mut sanswire(&["get", "-o", &file, &peer.http("/chunked")]));
        assert!(got.stdout.is_empty() && std::fs::read(&file).unwrap() == body);
        let got = succeed(&mut sanswire(&["get", "-v", &peer.http("/known")]));
        assert!(got.stdout == body && got.stderr.contains("200"), "{}", got.stderr);
        assert!(succeed(&mut sanswire(&["get", &peer.http("/nothing")])).stdout.is_empty());
        assert!(succeed(&mut sanswire(&["get", "-X", "HEAD", &peer.http("/known")])).stdout.is_empty());
        assert_eq!(succeed(&mut sanswire(&["get", &peer.http("/missing")])).text(), "no such page\n");
    }

    /// What the user gives goes out: data, method, fields.
    pub(crate) fn requests(self) {
        let Some(peer) = self.listen("http_server", None) else { return };
        let folder = Folder::new();
        let noise = folder.write_noise("noise", 3_000_001);
        let (data, url) = (format!("@{noise}"), peer.http("/post"));
        for method in [&[][..], &["-X", "PUT"]] {
            let arguments = [&["get", "-v", "-d", &data], method, &[&url]].concat();
            let got = succeed(&mut sanswire(&arguments));
            assert!(got.stdout == std::fs::read(&noise).unwrap(), "{} bytes came back", got.stdout.len());
            let expected = if method.is_empty() { "x-method: post" } else { "x-method: put" };
            assert!(got.stderr.to_lowercase().contains(expected), "{}", got.stderr);
        }
        let fields = succeed(&mut sanswire(&["get", "-H", "X-Test: a, b", &peer.http("/fields")])).text();
        assert!(fields.to_lowercase().contains("x-test: a, b\n"), "{fields}");
        let host = format!("host: 127.0.0.1:{}\n", peer.port);
        assert!(fields.to_lowercase().contains(&host), "{fields}");
    }

    /// A body that is cut short, badly framed, or never comes has a status of its own.
    pub(crate) fn broken_bodies(self) {
        let Some(peer) = self.listen("http_server", None) else { return };
        for (path, status) in [("/cut", 18), ("/cut-chunked", 18), ("/bad-chunk", 61)] {
            let got = run(&mut sanswire(&["get", &peer.http(path)]));
            assert_eq!(got.status, Some(status), "{path}: {}", got.stderr);
            got.one_complaint();
            assert!(!got.stdout.is_empty(), "{path}: what came before the fault is delivered");
        }
        let got = run(&mut sanswire(&["get", "-m", "0.5", &peer.http("/slow")]));
        assert_eq!(got.status, Some(28), "{got}");
        got.one_complaint();
    }

    /// An unknown issuer, another name: refused, unless the user says otherwise.
    pub(crate) fn certificates(self) {
        let certificate = Certificate::new();
        let Some(peer) = self.listen("http_server", Some(&certificate)) else { return };
        let url = peer.https("/chunked");
        let by_name = format!("https://localhost:{}/chunked", peer.port);
        let body: Vec<u8> = (0..=255).cycle().take(256 * 4096).collect();
        let distrusted = run(&mut sanswire(&["get", &url]));
        assert_eq!(distrusted.status, Some(60), "{distrusted}");
        assert!(distrusted.stdout.is_empty());
        distrusted.one_complaint();
        assert!(succeed(&mut sanswire(&["get", "--insecure", &url])).stdout == body);
        let other = Certificate::new();
        assert_eq!(run(&mut sanswire(&["get", "--cacert", &other.cert(), &url])).status, Some(60));
        for url in [&url, &by_name] {
            assert!(succeed(&mut sanswire(&["get", "--cacert", &certificate.cert(), url])).stdout == body);
        }

        let elsewhere = Certificate::of(&["elsewhere.example"]);
        let Some(peer) = self.listen("http_server", Some(&elsewhere)) else { return };
        let url = peer.https("/known");
        assert_eq!(run(&mut sanswire(&["get", "--cacert", &elsewhere.cert(), &url])).status, Some(60));
        assert!(succeed(&mut sanswire(&["get", "--insecure", &url])).stdout == body);
    }
}

impl Listening {
    fn http(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn https(&self, path: &str) -> String {
        format!("https://127.0.0.1:{}{path}", self.port)
    }

    fn ws(&self, path: &str) -> String {
        format!("ws://127.0.0.1:{}{path}", self.port)
    }

    fn wss(&self, path: &str) -> String {
        format!("wss://127.0.0.1:{}{path}", self.port)
    }
}

/// The tests of one peer: its clients against our server, then our clients against its servers.
macro_rules! interop_with {
    ($peer:expr) => {
#[rustfmt::skip]
        mod our_server {
            use super::*;
            #[test] fn text() { $peer.client("text"); }
            #[test] fn binary() { $peer.client("binary"); }
            #[test] fn large_messages() { $peer.client("large"); }
            #[test] fn fragments() { $peer.client("fragments"); }
            #[test] fn ping_and_pong() { $peer.client("ping"); }
            #[test] fn close_codes() { $peer.client("close"); }
            #[test] fn counter() { $peer.client("counter"); }
            #[test] fn mirror() { $peer.client("mirror"); }
            #[test] fn many_at_once() { $peer.client("many"); }
            #[test] fn extensions_on_offer() { $peer.client("offers"); }
            #[test] fn compression() { $peer.deflate(); }
            #[test] fn unknown_endpoint() { $peer.client("unknown"); }
            #[test] fn vanishing_clients() { $peer.client("abrupt"); }
        }
#[rustfmt::skip]
        mod our_client {
            use super::*;
            #[test] fn echoes() { $peer.echo(); }
            #[test] fn echoes_over_tls() { $peer.echo_over_tls(); }
            #[test] fn echoes_compressed() { $peer.squeeze(); }
            #[test] fn talks() { $peer.talk(); }
            #[test] fn close_codes() { $peer.close_codes(); }
            #[test] fn opening_handshake() { $peer.handshake(); }
            #[test] fn vanishing_server() { $peer.vanish(); }
            #[test] fn websocket_certificates() { $peer.ws_certificates(); }
            #[test] fn bodies() { $peer.bodies(); }
            #[test] fn requests() { $peer.requests(); }
            #[test] fn broken_bodies() { $peer.broken_bodies(); }
            #[test] fn certificates() { $peer.certificates(); }
        }
    };
}
pub(crate) use interop_with;
