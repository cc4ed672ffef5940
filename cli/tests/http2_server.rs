//! Other people's HTTP/2 clients against our server.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod common;

use common::files::Folder;
use common::run::succeed;
use common::server::Server;
use common::tools;

/// How curl is told to speak HTTP/2, and the origin that goes with it.
fn ways(server: &Server) -> [(&'static [&'static str], String); 3] {
    [
        (&["--http2-prior-knowledge"], server.http("")),
        (&["--http2"], server.http("")), // by upgrade
        (&["--http2", "-k"], server.https("")),
    ]
}

#[test]
fn curl_by_prior_knowledge_by_upgrade_and_by_alpn() {
    let server = Server::start();
    for (flags, origin) in ways(&server) {
        let get = |more: &[&str], path: &str| {
            let url = format!("{origin}{path}");
            Some(succeed(tools::curl()?.args(flags).args(more).arg(&url)))
        };
        let Some(got) = get(&["-w", "%{http_version} %{http_code}"], "/hello") else { return };
        assert_eq!(got.text(), "Hello, world!2 200", "{flags:?}");
        assert!(get(&[], "/info").unwrap().text().contains(r#""http":"h2""#));
        let head = get(&["-I"], "/bytes/1000").unwrap();
        assert!(head.text().contains("content-length: 1000"), "{head}");
        let got = get(&["-w", "%{size_download} %{http_version}", "-o", "/dev/null"], "/bytes/10000000");
        assert_eq!(got.unwrap().text(), "10000000 2");
        let got = get(&["-w", "%{size_download}", "-o", "/dev/null"], "/chunked/3000000");
        assert_eq!(got.unwrap().text(), "3000000");
        let got = get(&["-w", " %{http_code}"], "/nothing").unwrap();
        assert_eq!(got.text(), "404 Not Found\n 404");
        // Several on one connection; curl 7.88 loses its way there (status 16, against nghttpd too) without ALPN.
        if origin.starts_with("https:") {
            let two =
                get(&["-w", "%{num_connects} ", "-o", "/dev/null", &format!("{origin}/hello")], "/hello");
            assert_eq!(two.unwrap().text(), "1 Hello, world!0 ");
        }
    }
}

#[test]
fn more_is_uploaded_than_is_taken() {
    let server = Server::start_with(&["--max-body", "1000"]);
    let folder = Folder::new();
    for (len, status) in [(1_000, "200"), (1_001, "413"), (5_000_000, "413")] {
        let file = folder.write_noise("content", len);
        for framing in ["Expect:", "Expect: 100-continue", "Transfer-Encoding: chunked"] {
            let Some(mut curl) = tools::curl() else { return };
            let sending = ["--http1.1", "-H", framing, "-T", &file, "-o", "/dev/null", "-w", "%{http_code}"];
            let got = succeed(curl.args(sending).arg(server.http("/echo")));
            assert_eq!(got.text(), status, "{len} {framing}");
        }
        // curl 7.88 fails when a stream is reset behind its complete response (RFC 9113 8.1) while it uploads.
        for origin in [server.http("/echo"), server.https("/echo")] {
            let Some(mut nghttp) = tools::program("nghttp") else { return };
            let got = succeed(nghttp.args(["-v", "-n", "-d", &file, &origin]));
            assert!(got.text().contains(&format!(":status: {status}")), "{len}: {got}");
        }
    }
}

#[test]
fn curl_uploads() {
    let server = Server::start();
    let folder = Folder::new();
    let large = folder.write_noise("large", 5_000_000);
    for (flags, origin) in ways(&server) {
        let data = format!("@{large}");
        let url = format!("{origin}/echo");
        for expect in ["Expect:", "Expect: 100-continue"] {
            let Some(mut curl) = tools::curl() else { return };
            let got = succeed(curl.args(flags).args(["-H", expect, "--data-binary", &data, &url]));
            assert!(got.stdout == std::fs::read(&large).unwrap());
        }
    }
}

#[test]
fn curl_gets_files_and_ranges() {
    let folder = Folder::new();
    let large = folder.write_noise("large.bin", 3_000_000);
    let server = Server::start_with(&["--root", folder.path().to_str().unwrap()]);
    for (flags, origin) in ways(&server) {
        let url = format!("{origin}/large.bin");
        let Some(mut curl) = tools::curl() else { return };
        assert!(succeed(curl.args(flags).arg(&url)).stdout == std::fs::read(&large).unwrap());
        let part = succeed(tools::curl().unwrap().args(flags).args(["-r", "1000-1999", &url]));
        assert!(part.stdout == std::fs::read(&large).unwrap()[1000..2000]);
    }
}

#[test]
fn a_websocket_url_sends_curl_back_to_http1() {
    let server = Server::start();
    let Some(mut curl) = tools::curl() else { return };
    let got = succeed(curl.args(["-k", "-w", "%{http_version} %{http_code}", &server.https("/ws/echo")]));
    assert!(got.text().ends_with("1.1 426"), "{got}");
}

#[test]
fn without_h2_there_is_http1() {
    let server = Server::start_with(&["--no-h2"]);
    let version = |flags: &[&str], url: &str| {
        let got = succeed(tools::curl()?.args(flags).args(["-w", " %{http_version}", url]));
        Some(got.text().rsplit_once(' ').unwrap().1.to_owned())
    };
    let Some(upgrade) = version(&["--http2"], &server.http("/hello")) else { return };
    assert_eq!(upgrade, "1.1");
    assert_eq!(version(&["--http2", "-k"], &server.https("/hello")).unwrap(), "1.1");
}

#[test]
fn nghttp_with_priorities_and_trailers() {
    let server = Server::start();
    for origin in [server.http(""), server.https("")] {
        let Some(mut nghttp) = tools::program("nghttp") else { return };
        let urls =
            ["/hello", "/bytes/1000000", "/chunked/100000", "/info"].map(|path| format!("{origin}{path}"));
        let got = succeed(nghttp.args(["-n", "-s"]).args(&urls));
        for path in ["/hello", "/bytes/1000000", "/chunked/100000", "/info"] {
            let line = got.text().lines().find(|line| line.ends_with(path)).map(str::to_owned);
            assert!(line.is_some_and(|line| line.contains(" 200 ")), "{got}");
        }
    }
    // By upgrade, and with small windows: 2^14 - 1 octets of a stream, as many of the connection.
    let small = ["-w", "14", "-W", "14"];
    let (hello, large) = (server.http("/hello"), server.http("/bytes/1000000"));
    for arguments in
        [&["-u", &hello][..], &["-v", "--trailer", "x-check: 1", "-d", file!(), &server.http("/echo")]]
    {
        let mut nghttp = tools::program("nghttp").unwrap();
        nghttp.current_dir(tools::workspace()).args(arguments);
        assert!(!succeed(&mut nghttp).stdout.is_empty());
    }
    let got = succeed(tools::program("nghttp").unwrap().args(small).arg(&large));
    assert_eq!(got.stdout.len(), 1_000_000);
}

#[test]
fn h2load_with_a_hundred_connections() {
    let server = Server::start();
    for (url, count) in [(server.http("/hello"), 100_000), (server.https("/hello"), 10_000)] {
        let Some(mut h2load) = tools::program("h2load") else { return };
        let got = succeed(h2load.args(["-c", "100", "-m", "10", "-n", &count.to_string(), &url]));
        let expected = format!("{count} done, {count} succeeded, 0 failed, 0 errored, 0 timeout");
        assert!(got.text().contains(&expected), "{got}");
    }
}

#[test]
fn node_client() {
    let server = Server::start();
    for origin in [server.http(""), server.https("")] {
        let Some(mut node) = tools::bare_node("http2_client.mjs") else { return };
        assert!(succeed(node.arg(&origin)).text().ends_with("ok\n"));
    }
}
