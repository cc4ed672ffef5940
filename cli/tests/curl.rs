//! curl against our server.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod common;

use std::process::Command;
use std::time::Duration;

use common::certificate::Certificate;
use common::files::{Folder, assert_same};
use common::run::{Finished, Running, run, succeed};
use common::server::Server;
use common::tools;

/// Runs curl with these arguments, if there is a curl.
fn curl(arguments: &[&str]) -> Option<Finished> {
    Some(succeed(tools::curl()?.args(arguments)))
}

/// The status code of the answer, its head, and its body.
fn answer(arguments: &[&str]) -> Option<(u16, String, Vec<u8>)> {
    let got = curl(&[&["-i"], arguments].concat())?;
    Some(split(&got.stdout))
}

/// Splits an answer into status code, head in lower case, and body.
fn split(bytes: &[u8]) -> (u16, String, Vec<u8>) {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    let code = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status code");
    (code, head, bytes[end..].to_vec())
}

#[test]
fn get() {
    let server = Server::start();
    let Some((code, head, body)) = answer(&[&server.http("/hello")]) else { return };
    assert_eq!((code, &body[..]), (200, &b"Hello, world!"[..]));
    assert!(head.contains("\r\ncontent-length: 13\r\n") && head.contains("\r\ndate: "), "{head}");

    let (code, head, body) = answer(&[&server.http("/bytes/1000000")]).unwrap();
    assert_eq!((code, body.len()), (200, 1_000_000));
    assert!(head.contains("\r\ncontent-length: 1000000\r\n"), "{head}");
    assert_eq!(answer(&[&server.http("/bytes/0")]).unwrap().2, b"");

    let (code, head, body) = answer(&[&server.http("/chunked/1000000")]).unwrap();
    assert_eq!((code, body.len()), (200, 1_000_000));
    assert!(
        head.contains("\r\ntransfer-encoding: chunked\r\n") && !head.contains("content-length"),
        "{head}"
    );
    assert_eq!(answer(&[&server.http("/chunked/0")]).unwrap().2, b"");

    let (code, head, body) = answer(&[&server.http("/")]).unwrap();
    assert_eq!(code, 200);
    assert!(head.contains("\r\ncontent-type: text/html; charset=utf-8\r\n"), "{head}");
    assert!(head.contains("\r\ncontent-security-policy: "), "{head}");
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/src/page/index.html");
    assert!(body == std::fs::read(page).unwrap());

    assert_eq!(answer(&[&server.http("/nowhere")]).unwrap().0, 404);
    assert_eq!(answer(&[&server.http("/bytes/x")]).unwrap().0 / 100, 4);
    assert_eq!(answer(&[&server.http("/bytes/+5")]).unwrap().0 / 100, 4);
}

#[test]
fn head() {
    let server = Server::start();
    let Some((code, head, body)) = answer(&["-I", &server.http("/bytes/1000")]) else { return };
    assert_eq!((code, &body[..]), (200, &b""[..]));
    assert!(head.contains("\r\ncontent-length: 1000\r\n"), "{head}");
    // Nothing of a body is left on the connection to spoil the next exchange.
    let urls = [&server.http("/hello"), &server.http("/chunked/50")];
    let got =
        curl(&["-I", "-w", "%{num_connects}\n", urls[0], "--next", "-sS", "-w", "%{num_connects}", urls[1]]);
    let text = got.unwrap().text();
    assert!(text.contains("\r\n\r\n1\n") && text.ends_with('0'), "{text}");
}

#[test]
fn methods_that_an_endpoint_does_not_have() {
    let server = Server::start();
    let Some((code, head, _)) = answer(&["-X", "DELETE", &server.http("/hello")]) else { return };
    assert_eq!(code, 405);
    assert!(head.contains("\r\nallow: ") && head.contains("get"), "{head}");
}

#[test]
fn echo_of_100_megabytes_chunked() {
    let Some(curl) = tools::curl() else { return };
    let server = Server::start();
    echo(curl, 100_000_000, &server.http("/echo"), &["-X", "POST", "-H", "Transfer-Encoding: chunked"]);
}

#[test]
fn echo_of_20_megabytes_chunked_over_tls() {
    let Some(mut curl) = tools::curl() else { return };
    let server = Server::start();
    curl.args(["-k", "--http1.1"]);
    echo(curl, 20_000_000, &server.https("/echo"), &["-X", "POST", "-H", "Transfer-Encoding: chunked"]);
}

#[test]
fn echo_of_known_length() {
    let Some(curl) = tools::curl() else { return };
    let server = Server::start();
    echo(curl, 5_000_001, &server.http("/echo"), &[]);
    echo(tools::curl().unwrap(), 0, &server.http("/echo"), &[]);
}

/// Uploads a file of this size and compares what comes back, byte for byte.
fn echo(mut curl: Command, size: usize, url: &str, how: &[&str]) {
    let folder = Folder::new();
    let (sent, back) = (folder.write_noise("sent", size), folder.file("back"));
    curl.args(how).args(["-f", "-T", &sent, "-o", &back, url]);
    let finished = Running::start_within(&mut curl, Duration::from_secs(180)).finish();
    assert_eq!(finished.status, Some(0), "{finished}");
    if size > 0 {
        assert_same(&sent, &back, size as u64);
    }
}

#[test]
fn expect_100_continue() {
    let server = Server::start();
    let folder = Folder::new();
    let body = folder.write_noise("body", 200_000);
    let data = format!("@{body}");
    let expecting = ["-v", "-H", "Expect: 100-continue", "--data-binary", &data];
    let Some(got) = curl(&[&expecting, &["--expect100-timeout", "30", &server.http("/echo")][..]].concat())
    else {
        return;
    };
    assert!(got.stderr.contains("< HTTP/1.1 100 Continue"), "{}", got.stderr);
    assert!(got.stdout == std::fs::read(&body).unwrap());

    // Nobody reads a body sent to /hello, so it is not asked for.
    let got =
        curl(&[&expecting, &["-w", "%{http_code} %{size_upload}", &server.http("/hello")][..]].concat());
    let got = got.unwrap();
    assert!(got.text().ends_with("405 0"), "{got}");
    assert!(!got.stderr.contains("100 Continue"), "{got}");
}

#[test]
fn expectations_that_nobody_can_meet() {
    let server = Server::start();
    let Some((code, ..)) = answer(&["-H", "Expect: a-miracle", "-d", "x", &server.http("/echo")]) else {
        return;
    };
    assert_eq!(code, 417);
}

#[test]
fn keep_alive() {
    let server = Server::start();
    for base in [server.http(""), server.https("")] {
        let urls: Vec<String> = ["/hello", "/chunked/70000", "/bytes/70000", "/nowhere", "/hello"]
            .map(|path| base.clone() + path)
            .into();
        let mut arguments = vec!["-k", "--http1.1", "-w", "%{num_connects}\n"];
        for url in &urls {
            arguments.extend(["-o", "/dev/null", url]);
        }
        let Some(got) = curl(&arguments) else { return };
        assert_eq!(got.text(), "1\n0\n0\n0\n0\n", "one connection for all five");
    }
    // After a body that went both ways, too.
    let url = server.http("/echo");
    let got = curl(&[
        "-w",
        "%{num_connects}",
        "-d",
        "one ",
        &url,
        "--next",
        "-sS",
        "-d",
        "two ",
        "-w",
        "%{num_connects}",
        &url,
    ]);
    assert_eq!(got.unwrap().text(), "one 1two 0");
    let got = curl(&[
        "-H",
        "Connection: close",
        "-w",
        "%{num_connects}",
        &server.http("/hello"),
        &server.http("/hello"),
    ]);
    assert_eq!(got.unwrap().text(), "Hello, world!1Hello, world!1");
}

#[test]
fn http_1_0() {
    let server = Server::start();
    let Some((code, head, body)) = answer(&["--http1.0", &server.http("/chunked/100000")]) else { return };
    assert_eq!((code, body.len()), (200, 100_000));
    assert!(!head.contains("transfer-encoding"), "{head}");

    let urls = [server.http("/hello"), server.http("/hello")];
    let closing = curl(&["--http1.0", "-w", "%{num_connects}", &urls[0], &urls[1]]).unwrap().text();
    assert_eq!(closing, "Hello, world!1Hello, world!1");
    let field = "Connection: keep-alive";
    let staying =
        curl(&["--http1.0", "-H", field, "-w", "%{num_connects}", &urls[0], &urls[1]]).unwrap().text();
    assert_eq!(staying, "Hello, world!1Hello, world!0");
}

#[test]
fn drip() {
    let server = Server::start();
    let times = "\n%{time_starttransfer} %{time_total}";
    let Some(got) = curl(&["-N", "-w", times, &server.http("/drip?ms=50&n=6")]) else { return };
    let text = got.text();
    let (body, times) = text.rsplit_once('\n').unwrap();
    let times: Vec<f64> = times.split(' ').map(|seconds| seconds.parse().unwrap()).collect();
    assert!(body.len() >= 6, "{text}");
    assert!(times[1] - times[0] > 0.15, "all at once: {times:?}");
}

#[test]
fn heads_beyond_the_limit() {
    let server = Server::start();
    let long = format!("X-Long: {}", "x".repeat(20_000));
    let Some((code, ..)) = answer(&["-H", &long, &server.http("/hello")]) else { return };
    assert_eq!(code, 431);
    let url = server.http(&format!("/{}", "x".repeat(20_000)));
    assert!(matches!(answer(&[&url]).unwrap().0, 414 | 431));
    assert_eq!(answer(&[&server.http("/hello")]).unwrap().0, 200);
}

/// A server for a folder with some files in it.
fn file_server() -> (Folder, Server) {
    let folder = Folder::new();
    folder.write("outside.txt", "not for you");
    folder.write("root/index.txt", "0123456789");
    folder.write("root/sub folder/index.html", "<!doctype html>index");
    for name in ["a.css", "a.js", "a.json", "a.png", "a.svg", "a.txt", "a.html", "a.wasm", "a.unheard-of"] {
        folder.write(&format!("root/{name}"), name);
    }
    folder.write_noise("root/large", 3_000_000);
    std::os::unix::fs::symlink(folder.file("outside.txt"), folder.file("root/escape.txt")).unwrap();
    std::os::unix::fs::symlink(folder.file("root/index.txt"), folder.file("root/link.txt")).unwrap();
    let server = Server::start_with(&["--root", &folder.file("root")]);
    (folder, server)
}

#[test]
fn files() {
    let (folder, server) = file_server();
    let back = folder.file("back");
    if curl(&["-f", "-o", &back, &server.http("/large")]).is_none() {
        return;
    }
    assert_same(&folder.file("root/large"), &back, 3_000_000);
    curl(&["-fk", "-o", &back, &server.https("/large")]);
    assert_same(&folder.file("root/large"), &back, 3_000_000);
    assert_eq!(answer(&[&server.http("/link.txt")]).unwrap().2, b"0123456789");
    let (_, head, body) = answer(&["-I", &server.http("/large")]).unwrap();
    assert!(head.contains("\r\ncontent-length: 3000000\r\n") && body.is_empty(), "{head}");
    assert!(head.contains("\r\naccept-ranges: bytes\r\n") && head.contains("\r\nlast-modified: "), "{head}");

    for (name, kind) in [
        ("a.css", "text/css"),
        ("a.js", "text/javascript"),
        ("a.json", "application/json"),
        ("a.png", "image/png"),
        ("a.svg", "image/svg+xml"),
        ("a.txt", "text/plain"),
        ("a.html", "text/html"),
        ("a.wasm", "application/wasm"),
        ("a.unheard-of", "application/octet-stream"),
    ] {
        let (code, head, body) = answer(&[&server.http(&format!("/{name}"))]).unwrap();
        assert_eq!((code, &body[..]), (200, name.as_bytes()));
        assert!(head.contains(&format!("\r\ncontent-type: {kind}")), "{name}: {head}");
    }

    let got = curl(&["-L", "-w", "%{http_code}", &server.http("/sub%20folder")]).unwrap();
    assert_eq!(got.text(), "<!doctype html>index200");
    assert_eq!(answer(&[&server.http("/sub%20folder/")]).unwrap().2, b"<!doctype html>index");
    // The built-in endpoints stay what they are.
    assert_eq!(answer(&[&server.http("/hello")]).unwrap().2, b"Hello, world!");
}

#[test]
fn files_outside_the_root() {
    let (_folder, server) = file_server();
    for path in [
        "/../outside.txt",
        "/sub%20folder/../../outside.txt",
        "/..%2foutside.txt",
        "/%2e%2e/outside.txt",
        "/%2e%2e%2foutside.txt",
        "/..\\outside.txt",
        "/..%5coutside.txt",
        "//etc/passwd",
        "/%00",
        "/index.txt%00.html",
        "/escape.txt",
        "/index.txt/",
        "/missing",
    ] {
        let Some((code, _, body)) = answer(&["--path-as-is", &server.http(path)]) else { return };
        assert!(matches!(code, 400 | 403 | 404), "{path}: {code}");
        assert!(!body.starts_with(b"not for") && !body.starts_with(b"root:"), "{path}");
    }
}

#[test]
fn ranges() {
    let (_folder, server) = file_server();
    let url = server.http("/index.txt");
    for (range, part, of) in
        [("0-3", "0123", "0-3/10"), ("7-", "789", "7-9/10"), ("-2", "89", "8-9/10"), ("8-99", "89", "8-9/10")]
    {
        let Some((code, head, body)) = answer(&["-r", range, &url]) else { return };
        assert_eq!((code, String::from_utf8(body).unwrap().as_str()), (206, part), "{range}");
        assert!(head.contains(&format!("\r\ncontent-range: bytes {of}\r\n")), "{head}");
        assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", part.len())), "{head}");
    }
    let (code, head, _) = answer(&["-r", "10-", &url]).unwrap();
    assert_eq!(code, 416);
    assert!(head.contains("\r\ncontent-range: bytes */10\r\n"), "{head}");
    // What is no valid range is no range; so is one for another version of the file (RFC 9110 sections 14.2, 13.1.5).
    for field in ["Range: bytes=5-2", "Range: lines=1-2", "Range: bytes=a-b"] {
        let (code, _, body) = answer(&["-H", field, &url]).unwrap();
        assert_eq!((code, &body[..]), (200, &b"0123456789"[..]), "{field}");
    }
    assert_eq!(answer(&["-r", "0-3", "-H", "If-Range: \"another\"", &url]).unwrap().0, 200);

    // A download that was interrupted goes on where it stopped.
    let folder = Folder::new();
    let whole = curl(&[&server.http("/large")]).unwrap().stdout;
    let part = folder.write("part", &whole[..1_234_567]);
    curl(&["-f", "-C", "-", "-o", &part, &server.http("/large")]);
    assert!(std::fs::read(part).unwrap() == whole);
}

#[test]
fn entity_tags() {
    let (folder, server) = file_server();
    let url = server.http("/index.txt");
    let tag = folder.file("tag");
    if curl(&["--etag-save", &tag, "-o", "/dev/null", &url]).is_none() {
        return;
    }
    let saved = std::fs::read_to_string(&tag).unwrap();
    assert!(saved.trim_start_matches("W/").starts_with('"'), "{saved:?}");
    let (code, head, body) = answer(&["--etag-compare", &tag, &url]).unwrap();
    assert_eq!((code, &body[..]), (304, &b""[..]));
    assert!(head.contains("\r\netag: \""), "{head}");
    let (code, ..) = answer(&["-H", &format!("If-Range: {}", saved.trim()), "-r", "0-3", &url]).unwrap();
    assert_eq!(code, 206);
    assert_eq!(answer(&["-H", "If-None-Match: *", &url]).unwrap().0, 304);
    assert_eq!(answer(&["-H", "If-None-Match: \"a\", \"b\"", &url]).unwrap().0, 200);
    assert_eq!(answer(&["-H", "If-Match: \"a\"", &url]).unwrap().0, 412);
    // curl's -z sends If-Modified-Since.
    let file = folder.file("root/index.txt");
    assert_eq!(curl(&["-z", &file, "-w", "%{http_code}", &url]).unwrap().text(), "304");

    folder.write("root/index.txt", "changed, and longer");
    let (code, _, body) = answer(&["--etag-compare", &tag, &url]).unwrap();
    assert_eq!((code, &body[..]), (200, &b"changed, and longer"[..]));
}

#[test]
fn tls() {
    let certificate = Certificate::new();
    let server = Server::start_with(&["--cert", &certificate.cert(), "--key", &certificate.key()]);
    let url = server.https("/hello");
    let Some(mut curl) = tools::curl() else { return };
    let distrusted = run(curl.arg(&url));
    assert_eq!(distrusted.status, Some(60), "{distrusted}");
    let trusted = succeed(tools::curl().unwrap().args(["--cacert", &certificate.cert(), &url]));
    assert_eq!(trusted.text(), "Hello, world!");
    let by_name = format!("https://localhost:{}/hello", server.https_port);
    let resolve = format!("localhost:{}:127.0.0.1", server.https_port);
    succeed(tools::curl().unwrap().args(["--cacert", &certificate.cert(), "--resolve", &resolve, &by_name]));
}

#[test]
fn info_tells_the_protocol() {
    // The certificate that is made at start serves as well.
    let server = Server::start();
    let Some(got) = curl(&["--http1.1", &server.http("/info")]) else { return };
    assert_eq!(compact(&got), r#"{"http":"HTTP/1.1","tls":null}"#);
    for (flags, version) in [(&["--tlsv1.3"][..], "TLSv1.3"), (&["--tls-max", "1.2"], "TLSv1.2")] {
        let got = curl(&[flags, &["-k", "--http1.1", &server.https("/info")]].concat()).unwrap();
        assert_eq!(compact(&got), format!(r#"{{"http":"HTTP/1.1","tls":"{version}"}}"#));
    }
    // Whatever is agreed on when curl may choose, both see the same.
    let got = curl(&["-k", "-w", "%{http_version}", &server.https("/info")]).unwrap();
    let expected = if compact(&got).ends_with("}2") { r#""http":"h2""# } else { r#""http":"HTTP/1.1""# };
    assert!(compact(&got).contains(expected), "{got}");
}

/// The text without its white space.
fn compact(finished: &Finished) -> String {
    finished.text().split_whitespace().collect()
}
