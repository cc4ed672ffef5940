//! Large files over plain links: the kernel sends them, in their place between other answers, and not for ever.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::Duration;

use app::{App, Handler, Request, Stream, Writable};
use common::{LOCAL, limits, pattern};
use drivers::{Config, Driver, Limits, Listen, ListenAddress};

const LARGE: usize = 3_000_000;

struct Files(PathBuf);

impl Handler for Files {
    type Session = ();
    type Message = ();

    fn request(&mut self, request: &Request<'_>, stream: &mut Stream<'_>) -> Option<()> {
        stream.serve_file(&self.0, request);
        None
    }

    fn writable(&mut self, (): &mut (), _: Writable<'_, '_>, _: &mut Stream<'_>) {}
}

struct Bench {
    root: PathBuf,
    driver: Driver<App<Files>>,
    address: std::net::SocketAddr,
}

impl Bench {
    fn new(name: &str, limits: Limits) -> Self {
        let root = std::env::temp_dir().join(format!("drivers-sendfile-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&root).unwrap();
        std::fs::write(root.join("large"), pattern(LARGE)).unwrap();
        std::fs::write(root.join("small"), pattern(70)).unwrap();
        let app = App::new(Files(root.clone()), app::Config::default());
        let mut driver = Driver::new(app, &Config { limits, ..Config::default() }).unwrap();
        match driver.listen(&Listen::plain(LOCAL)).unwrap() {
            ListenAddress::Tcp(address) => Self { root, driver, address },
            other => panic!("{other}"),
        }
    }

    /// Runs until `done`, and no longer than some seconds.
    fn until(&mut self, mut done: impl FnMut(&mut Driver<App<Files>>) -> bool) {
        for _ in 0..2_000 {
            if done(&mut self.driver) {
                return;
            }
            self.driver.turn(Some(Duration::from_millis(5))).unwrap();
        }
        panic!("it takes too long");
    }

    /// Sends `requests` and reads to the end while the driver runs.
    fn fetch(&mut self, requests: &str) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(requests.as_bytes()).unwrap();
        let client = std::thread::spawn(move || {
            let mut got = Vec::new();
            stream.read_to_end(&mut got).map(|_| got)
        });
        self.until(|_| client.is_finished());
        client.join().unwrap().unwrap()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

/// The next answer: its head, and its content by its length.
fn answer(got: &mut &[u8]) -> (String, Vec<u8>) {
    let end = got.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let head = String::from_utf8(got[..end].to_vec()).unwrap().to_ascii_lowercase();
    let len = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let rest = &got[end..];
    let (content, rest) = rest.split_at(len.parse::<usize>().unwrap().min(rest.len()));
    *got = rest;
    (head, content.to_vec())
}

#[test]
fn large_files_and_parts_of_them_come_in_their_places() {
    let mut bench = Bench::new("order", limits());
    let get = |path: &str, more: &str| format!("GET /{path} HTTP/1.1\r\nHost: h\r\n{more}\r\n");
    let requests = [
        get("large", ""),
        get("small", ""),
        get("large", "Range: bytes=1000-1999999\r\n"),
        get("absent", ""),
        get("large", "Connection: close\r\n"),
    ];
    let got = bench.fetch(&requests.concat());
    let mut got = &got[..];
    let whole = pattern(LARGE);
    for (status, content) in [
        (200, &whole[..]),
        (200, &whole[..70]),
        (206, &whole[1000..2_000_000]),
        (404, b"Not Found\n"),
        (200, &whole),
    ] {
        let (head, found) = answer(&mut got);
        assert!(head.starts_with(&format!("http/1.1 {status} ")), "{head}");
        assert!(found == content || status == 404, "{status}: {} bytes", found.len());
    }
    assert!(got.is_empty());
    bench.until(|driver| driver.connections() == 0);
    assert_eq!(bench.driver.stats().timeouts, 0);
}

#[test]
fn a_file_that_becomes_shorter_ends_the_link() {
    let mut bench = Bench::new("shorter", limits());
    std::fs::write(bench.root.join("large"), vec![7; 40_000_000]).unwrap();
    let mut stream = TcpStream::connect(bench.address).unwrap();
    stream.write_all(b"GET /large HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    // More is in the file than the kernel takes of it for a peer that does not read.
    bench.until(|driver| driver.stats().bytes_out > 500_000);
    let file = std::fs::OpenOptions::new().write(true).open(bench.root.join("large")).unwrap();
    file.set_len(600_000).unwrap();
    let client = std::thread::spawn(move || {
        let mut got = Vec::new();
        let _ = stream.read_to_end(&mut got); // an end or a reset
        got.len()
    });
    bench.until(|driver| driver.connections() == 0);
    assert!(client.join().unwrap() < 40_000_000);
}

#[test]
fn a_peer_that_takes_nothing_is_given_up() {
    let mut bench = Bench::new("stuck", Limits { send_progress: Duration::from_millis(100), ..limits() });
    std::fs::write(bench.root.join("large"), vec![7; 40_000_000]).unwrap();
    let mut stream = TcpStream::connect(bench.address).unwrap();
    stream.write_all(b"GET /large HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    bench.until(|driver| driver.stats().timeouts == 1);
    bench.until(|driver| driver.connections() == 0);
    let mut got = Vec::new();
    let _ = stream.read_to_end(&mut got);
    assert!(got.len() < 40_000_000);
}
