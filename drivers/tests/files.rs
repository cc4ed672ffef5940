//! Files: what is served, what is not, and that the whole of it arrives.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use app::Closed;
use common::*;
use drivers::{Driver, Limits};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("drivers-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(path.join("root/sub")).unwrap();
        Self(path.canonicalize().unwrap())
    }

    fn root(&self) -> PathBuf {
        self.0.join("root")
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn server(root: &Path, limits: Limits) -> (Driver<Test>, SocketAddr) {
    let mut driver = driver(Test::server(Role::File(root.into())), limits);
    let address = listen(&mut driver);
    (driver, address)
}

/// What a server of `root` gives for `path`.
fn fetch(root: &Path, path: &str) -> Vec<u8> {
    // More than a turn has room for: what is read must be cut to that room.
    let (mut driver, address) = server(root, Limits { scratch: 1 << 20, ..limits() });
    driver.service_mut().connect.push_back((to(address), talk(format!("{path}\n"), 0)));
    drive_until(&mut driver, |driver| driver.service().closes() == 2);
    assert_eq!(
        (driver.service().closed(0), driver.service().closed(1)),
        (Some(Closed::Done), Some(Closed::Done))
    );
    driver.service().got[&0].clone()
}

#[test]
fn files_arrive_whole_whatever_their_size() {
    let directory = Directory::new("whole");
    for len in [0, 1, 65_536, 2_000_001] {
        std::fs::write(directory.root().join("sub/file"), pattern(len)).unwrap();
        assert!(fetch(&directory.root(), "sub/file") == pattern(len), "{len}");
    }
}

#[test]
fn nothing_outside_the_root_is_served() {
    let directory = Directory::new("outside");
    let root = directory.root();
    let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, root.join(name)).unwrap();
    std::fs::write(directory.0.join("secret"), "secret").unwrap();
    std::fs::write(root.join("sub/file"), "public").unwrap();
    link("../secret", "outside");
    link("/etc/passwd", "passwd");
    link("sub/file", "inside");
    link("../root/sub/file", "around");
    link("loop", "loop");
    link(root.join("sub/file").to_str().unwrap(), "absolute");
    link("..", "parent");
    assert!(std::process::Command::new("mkfifo").arg(root.join("fifo")).status().unwrap().success());
    for (path, expected) in [
        ("sub/file", "public"),
        ("inside", "public"),
        ("absolute", "public"),
        ("outside", "Forbidden"),
        ("passwd", "Forbidden"),
        ("../secret", "Forbidden"),
        ("/etc/passwd", "Forbidden"),
        ("parent/secret", "Forbidden"),
        ("loop", "Forbidden"),
        ("fifo", "Forbidden"),
        ("sub", "Directory"),
        ("none", "NotFound"),
        ("sub/file/none", "NotFound"),
        ("", "NotFound"),
    ] {
        assert_eq!(String::from_utf8(fetch(&root, path)).unwrap(), expected, "{path}");
    }
    // It leads out of the root and back in again: allowed or not, it must not lead elsewhere.
    assert!([&b"public"[..], b"Forbidden"].contains(&fetch(&root, "around").as_slice()));
    assert_eq!(fetch(&directory.0.join("absent"), "file"), b"NotFound");
}

#[test]
fn no_more_files_are_open_than_allowed() {
    let directory = Directory::new("busy");
    std::fs::write(directory.root().join("file"), pattern(30_000_000)).unwrap();
    let (mut driver, address) = server(&directory.root(), Limits { files: 2, ..limits() });
    let _stuck: Vec<_> = (0..2)
        .map(|n| {
            use std::io::Write as _;
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            stream.write_all(b"file\n").unwrap();
            drive_until(&mut driver, |driver| driver.stats().accepted == n + 1 && driver.stats().writes > n);
            stream
        })
        .collect();
    driver.service_mut().connect.push_back((to(address), talk("file\n", 0)));
    drive_until(&mut driver, |driver| driver.service().closes() == 2);
    assert!(driver.service().got.values().any(|got| got == b"Busy"));
    // Files left open are closed with their connections.
    drop(_stuck);
    drive_until(&mut driver, |driver| driver.connections() == 0);
    driver.service_mut().connect.push_back((to(address), talk("file\n", 0)));
    drive_until(&mut driver, |driver| driver.service().got.values().any(|got| got.len() == 30_000_000));
}
