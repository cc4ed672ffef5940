//! `sanswire attack`: every attack of the gallery comes out as documented, with every driver, and the gallery can tell.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod common;

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use common::files::Folder;
use common::raw::closed_port;
use common::run::{Finished, Running, run, succeed};
use common::sanswire;
use common::server::Server;
use serde_json::Value;

/// How long all attacks together may take.
const LIMIT: Duration = Duration::from_secs(300);

/// What `serve` calls its deadlines.
const DEADLINES: [&str; 6] =
    ["--head-timeout", "--body-timeout", "--idle-timeout", "--send-timeout", "--tls-timeout", "--ping-after"];

/// Runs the gallery with these arguments and returns a value for each outcome.
fn gallery(arguments: &[&str]) -> (Vec<Value>, Finished) {
    let arguments = [&["attack", "--json"], arguments].concat();
    let finished = Running::start_within(&mut sanswire(&arguments), LIMIT).finish();
    let outcomes = finished.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (outcomes, finished)
}

/// What is not as documented.
fn bad(outcomes: &[Value]) -> Vec<&Value> {
    outcomes.iter().filter(|outcome| outcome["as_documented"] != true).collect()
}

fn name(outcome: &Value) -> &str {
    outcome["name"].as_str().unwrap()
}

/// The names of all attacks.
fn names() -> Vec<String> {
    let list = succeed(&mut sanswire(&["attack", "--list"])).text();
    list.lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect()
}

/// All attacks on servers with this driver: answered as documented, within the bounds, while others are served. One driver after the
/// other: some bounds are times.
fn every_attack(driver: &str) {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (outcomes, finished) = gallery(&["--all", "--driver", driver, "--jobs", "4"]);
    assert_eq!(finished.status, Some(0), "{:#?}\n{}", bad(&outcomes), finished.stderr);
    assert_eq!(outcomes.iter().map(name).collect::<Vec<_>>(), names());
    for outcome in &outcomes {
        // What the verdict is made of, seen once more from outside.
        assert!(outcome.get("skipped").is_none(), "{outcome}");
        assert_eq!(outcome["answer"], outcome["expected"], "{outcome}");
        if cfg!(target_os = "linux") {
            for (used, bound) in [("memory_kib", "memory_bound_kib"), ("cpu_us", "cpu_bound_us")] {
                assert!(outcome[used].as_u64().unwrap() <= outcome[bound].as_u64().unwrap(), "{outcome}");
            }
        }
        if !name(outcome).starts_with("json/") {
            assert!(outcome["others"]["served"].as_u64().unwrap() >= 2, "{outcome}");
            assert_eq!(outcome["others"]["failed"], 0, "{outcome}");
        }
    }
}

#[test]
fn every_attack_on_mio() {
    every_attack("mio");
}

#[test]
fn every_attack_on_uring() {
    let mut serve = sanswire(&["serve", "--until-eof", "--driver", "uring", "--listen", "127.0.0.1:0"]);
    let started = run(&mut serve);
    if started.status == Some(0) {
        every_attack("uring");
    } else {
        let line = format!("skipped: no io_uring here: {}", started.stderr);
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
}

#[test]
fn a_server_that_is_content_with_everything_is_found_out() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || {
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello, world!");
                let _ = stream.shutdown(Shutdown::Write);
                let _ = std::io::copy(&mut stream, &mut std::io::sink());
            });
        }
    });
    for group in ["smuggling", "chunks", "heads", "websocket", "http2-floods"] {
        let (outcomes, finished) = gallery(&[group, &target]);
        assert_eq!(finished.status, Some(1), "{finished}");
        assert!(finished.one_complaint().contains("not as documented"), "{finished}");
        assert!(outcomes.len() > 10, "{finished}");
        for outcome in &outcomes {
            let harmless = outcome["expected"] == "200, closed";
            assert_eq!(outcome["as_documented"], harmless, "{outcome}");
        }
    }
}

#[test]
fn a_server_that_serves_nobody_else_is_found_out() {
    let (outcomes, finished) = gallery(&["heads/version", &format!("127.0.0.1:{}", closed_port())]);
    assert_eq!(finished.status, Some(1), "{finished}");
    assert!(outcomes[0]["failed"].is_string() && outcomes[0]["as_documented"] == false, "{finished}");
}

#[test]
fn targets_of_every_kind() {
    let folder = Folder::new();
    let path = format!("unix:{}", folder.file("socket"));
    let mut arguments = vec!["--listen", &path];
    for deadline in DEADLINES {
        arguments.extend([deadline, "1"]);
    }
    let server = Server::start_with(&arguments);
    let pid = server.process.id().to_string();
    for target in [&server.http(""), &server.http("/"), &server.https("/"), &path] {
        for group in ["heads", "http2-frames"] {
            let (outcomes, finished) = gallery(&[group, target, "--pid", &pid]);
            assert_eq!(finished.status, Some(0), "{:#?}\n{}", bad(&outcomes), finished.stderr);
            assert!(outcomes.len() > 10);
            if cfg!(target_os = "linux") {
                assert!(outcomes.iter().all(|outcome| outcome["memory_kib"].is_u64()), "{finished}");
            }
        }
    }
    // Without the process id nothing is known of memory, and what needs another server is skipped.
    let (outcomes, finished) = gallery(&["slow", &server.http("/")]);
    assert_eq!(finished.status, Some(0), "{:#?}\n{}", bad(&outcomes), finished.stderr);
    assert!(outcomes.iter().all(|outcome| outcome["memory_kib"].is_null()), "{finished}");
    for group in ["files", "json", "tls"] {
        let (outcomes, finished) = gallery(&[group, &server.http("/")]);
        assert_eq!(finished.status, Some(0), "{finished}");
        assert!(outcomes.iter().all(|outcome| outcome["skipped"].is_string()), "{finished}");
    }
}

#[test]
fn other_machines_are_not_attacked() {
    for target in ["10.0.0.1:80", "0.0.0.0:80", "example.org:80", "http://192.168.0.1/", "[fe80::1]:80"] {
        let refused = run(&mut sanswire(&["attack", "--all", target]));
        assert_eq!(refused.status, Some(2), "{refused}");
        assert!(refused.one_complaint().contains(target) && refused.stdout.is_empty(), "{refused}");
    }
}

#[test]
fn wrong_usage() {
    for arguments in [
        &[][..],
        &["no-such-attack"],
        &["--all", "heads", "127.0.0.1:80"],
        &["--all", "--pid", "1"],
        &["heads", "--jobs", "0"],
        &["--list", "--all"],
    ] {
        let refused = run(&mut sanswire(&[&["attack"], arguments].concat()));
        assert_eq!(refused.status, Some(2), "{arguments:?}: {refused}");
        refused.one_complaint();
    }
}

#[test]
fn the_table_says_what_is_wrong() {
    let good = succeed(&mut sanswire(&["attack", "smuggling/cl-te"])).text();
    assert!(good.contains("ok  smuggling/cl-te") && good.contains("400, closed\n"), "{good}");
    let bad = run(&mut sanswire(&["attack", "smuggling/cl-te", &format!("127.0.0.1:{}", closed_port())]));
    assert_eq!(bad.status, Some(1), "{bad}");
    assert!(bad.text().contains("BAD smuggling/cl-te failed: "), "{bad}");
}

#[test]
fn the_document_is_up_to_date() {
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/ATTACKS.md");
    let written = std::fs::read_to_string(document).unwrap();
    let current = succeed(&mut sanswire(&["attack", "--markdown"])).text();
    assert!(written == current, "cargo run -- attack --markdown >docs/ATTACKS.md");
}
