//! Our HTTP/2 client against other people's servers, and against ours.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod common;

use std::net::TcpStream;
use std::process::Command;

use common::certificate::Certificate;
use common::files::Folder;
use common::raw::closed_port;
use common::run::{Finished, Running, run, succeed};
use common::sanswire;
use common::server::Server;
use common::tools;

/// Waits until somebody listens.
fn await_listener(port: u16) {
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        std::thread::yield_now();
    }
}

fn get(arguments: &[&str]) -> Finished {
    succeed(&mut sanswire(&[&["get"], arguments].concat()))
}

const PRIOR: &str = "--http2-prior-knowledge";

/// A directory with files of several sizes, and nginx or nghttpd that serves it.
fn site() -> (Folder, Vec<u8>) {
    let folder = Folder::new();
    let large = std::fs::read(folder.write_noise("large", 3_000_000)).unwrap();
    folder.write("small", "small");
    (folder, large)
}

fn nghttpd(folder: &Folder, more: &[&str]) -> Option<(Running, u16)> {
    let port = closed_port();
    let mut command = tools::program("nghttpd")?;
    let root = folder.path().to_str().unwrap();
    command
        .args(["--no-tls", "-a", "127.0.0.1", "-d", root, "--echo-upload"])
        .args(more)
        .arg(port.to_string());
    let server = Running::start(&mut command);
    await_listener(port);
    Some((server, port))
}

/// nginx with these lines in its server block; the URL it is at.
fn nginx(folder: &Folder, lines: &str) -> Option<(Running, u16)> {
    let port = closed_port();
    let certificate = Certificate::new();
    let root = folder.path().display();
    let configuration = format!(
        "daemon off; master_process off; worker_processes 1; error_log stderr; pid {root}/pid;\n\
         events {{ worker_connections 256; }}\n\
         http {{ access_log off; client_body_temp_path {root}/body; proxy_temp_path {root}/p; \
         fastcgi_temp_path {root}/f; uwsgi_temp_path {root}/u; scgi_temp_path {root}/s;\n\
         server {{ listen 127.0.0.1:{port} ssl http2; ssl_certificate {}; ssl_certificate_key {}; root {root}; {lines} }} }}\n",
        certificate.cert(),
        certificate.key(),
    );
    let file = folder.write("nginx.conf", configuration);
    let mut command = tools::program("nginx")?;
    command.args(["-c", &file, "-p", folder.path().to_str().unwrap()]);
    let server = Running::start(&mut command);
    await_listener(port);
    Some((server, port))
}

#[test]
fn nghttpd_gives_files_and_takes_uploads() {
    let (folder, large) = site();
    // Windows of 2^14 - 1 octets: a large upload waits for credit again and again.
    let Some((_server, port)) = nghttpd(&folder, &["-w", "14", "-W", "14"]) else { return };
    let url = |path: &str| format!("http://127.0.0.1:{port}/{path}");
    assert!(get(&[PRIOR, &url("large")]).stdout == large);
    let upload = format!("@{}", folder.file("large"));
    assert!(get(&[PRIOR, "-d", &upload, &url("small")]).stdout == large);
    let got = get(&[PRIOR, "-v", &url("small")]);
    assert_eq!(got.text(), "small");
    assert!(got.stderr.contains("> GET /small HTTP/2") && got.stderr.contains("< HTTP/2 200"), "{got}");
    // In the order of the URLs, whatever comes first.
    let all = get(&[PRIOR, &url("large"), &url("small"), &url("large"), &url("small")]);
    assert!(all.stdout == [&large[..], b"small", &large, b"small"].concat());
}

#[test]
fn a_thousand_streams_at_once() {
    let (folder, _) = site();
    let Some((_server, port)) = nghttpd(&folder, &["-m", "1000"]) else { return };
    let url = format!("http://127.0.0.1:{port}/small");
    let mut arguments = vec!["get", PRIOR];
    arguments.extend(std::iter::repeat_n(&*url, 1_000));
    let got = succeed(&mut sanswire(&arguments));
    assert_eq!(got.text(), "small".repeat(1_000));
}

#[test]
fn nginx_by_alpn_and_away_in_the_middle() {
    let (folder, large) = site();
    // A connection is ended with GOAWAY after ten requests: the others go over new ones.
    let Some((_server, port)) = nginx(&folder, "keepalive_requests 10;") else { return };
    let url = |path: &str| format!("https://127.0.0.1:{port}/{path}");
    let got = get(&["-k", "-v", &url("large")]);
    assert!(got.stdout == large && got.stderr.contains("< HTTP/2 200"), "{}", got.stderr);
    let got = get(&["-k", "-v", "--http1.1", &url("small")]);
    assert!(got.text() == "small" && got.stderr.contains("< HTTP/1.1 200"), "{got}");
    let small = url("small");
    let mut arguments = vec!["get", "-k"];
    arguments.extend(std::iter::repeat_n(&*small, 57));
    assert_eq!(succeed(&mut sanswire(&arguments)).text(), "small".repeat(57));
}

#[test]
fn our_own_server_over_both_and_several_origins() {
    let server = Server::start();
    let (hello, bytes) = (server.https("/hello"), server.https("/bytes/300000"));
    let plain = server.http("/hello");
    let got = get(&["-k", "-v", &bytes, &hello, &plain, &hello]);
    assert_eq!(got.stdout.len(), 300_000 + 3 * 13);
    assert!(got.stdout[300_000..].starts_with(b"Hello, world!Hello"));
    assert_eq!(got.stderr.matches("< HTTP/2 200").count(), 3, "{}", got.stderr);
    assert_eq!(got.stderr.matches("< HTTP/1.1 200").count(), 1);
    let info = get(&["-k", &server.https("/info")]).text();
    assert!(info.contains(r#""http":"h2""#), "{info}");
    let upload = Folder::new();
    let file = upload.write_noise("upload", 2_000_000);
    let got = get(&["-k", "-d", &format!("@{file}"), &server.https("/echo"), &server.http("/echo")]);
    assert!(got.stdout == std::fs::read(&file).unwrap().repeat(2));
}

#[test]
fn over_http1_a_connection_is_used_again() {
    let server = Server::start();
    let hello = server.http("/hello");
    let mut arguments = vec!["get", "--http1.1"];
    arguments.extend(std::iter::repeat_n(&*hello, 5));
    assert_eq!(succeed(&mut sanswire(&arguments)).text(), "Hello, world!".repeat(5));
    let said = stop(server);
    assert!(said.contains("served 5 requests on 1 connections"), "{said}");
}

/// What the server says when it is asked to stop.
fn stop(server: Server) -> String {
    succeed(Command::new("kill").arg(server.process.id().to_string()));
    server.process.finish().text()
}

#[test]
fn bodies_go_into_files() {
    let server = Server::start();
    let folder = Folder::new();
    let (one, two) = (folder.file("one"), folder.file("two"));
    let (hello, bytes) = (server.https("/hello"), server.https("/bytes/1000"));
    let got = get(&["-k", "-o", &one, "-o", &two, &hello, &bytes, &hello]);
    assert_eq!(got.text(), "Hello, world!");
    assert_eq!(std::fs::read_to_string(one).unwrap(), "Hello, world!");
    assert_eq!(std::fs::read(two).unwrap().len(), 1_000);
    succeed(sanswire(&["get", "-k", "-O", &hello, &bytes]).current_dir(folder.path()));
    assert_eq!(std::fs::read(folder.file("hello")).unwrap().len(), 13);
    assert_eq!(std::fs::read(folder.file("1000")).unwrap().len(), 1_000);
}

#[test]
fn the_first_failure_decides_and_all_are_said() {
    let server = Server::start();
    let nobody = format!("http://127.0.0.1:{}/", closed_port());
    let (hello, missing) = (server.https("/hello"), server.https("/nothing"));
    let got = run(&mut sanswire(&["get", "-k", "--fail", &hello, &missing, &nobody, &hello]));
    assert_eq!((got.status, &*got.text()), (Some(22), "Hello, world!Hello, world!"), "{got}");
    assert!(got.stderr.contains("404") && got.stderr.contains("connection refused"), "{got}");
    for arguments in [
        &["get", "-d", "@-", &hello, &hello][..],
        &["get", "-o", "a", "-o", "b", &hello],
        &["get", "-O", &server.https("/")],
        &["get", "--http1.1", PRIOR, &hello],
        &["get"],
    ] {
        assert_eq!(run(&mut sanswire(arguments)).status, Some(2), "{arguments:?}");
    }
}
