//! Large files over plain links: the kernel sends them, in their place between other answers, and not for ever.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::Duration;

use app::{App, Handler, Request, Stream, Writable};
use common::{LOCAL, limits, pattern, transport};
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
        let mut driver =
            Driver::new(app, &Config { limits, transport: transport(), ..Config::default() }).unwrap();
        match driver.listen(&Listen::plain(LOCAL)).unwrap() {
            ListenAddress::Tcp(address) => Self { root, driver, address },
            other => panic!("{other}"),
        }
    }

    /// Runs until `done`, and no longer than some seconds.
    #[track_caller]
    fn until(&mut self, mut done: impl FnMut(&mut Driver<App<Files>>) -> bool) {
        for _ in 0..2_000 {
            if done(&mut self.driver) {
                return;
            }
            self.driver.turn(Some(Duration::from_millis(5))).unwrap();
        }
        panic!("it takes too long: {:?}", self.driver.stats());
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

/// Drives until the socket has taken as much as it will.
#[track_caller]
fn until_full(bench: &mut Bench) {
    let (mut before, mut same) = (0, 0);
    bench.until(|driver| {
        let now = driver.stats().bytes_out;
        same = if now == before { same + 1 } else { 0 };
        before = now;
        same == 3 && now > 0
    });
}

const REQUEST: &str = "GET /large HTTP/1.1\r\nHost: h\r\n\r\n";

/// More than the kernel takes for a peer that does not read and whose buffer is small.
const MUCH: usize = 10_000_000;

#[test]
fn a_peer_that_reads_slowly_gets_all_of_it_and_then_the_next_answer() {
    let mut bench = Bench::new("slow", limits());
    let whole = pattern(MUCH);
    std::fs::write(bench.root.join("large"), &whole).unwrap();
    let mut stream = TcpStream::connect(bench.address).unwrap();
    rustix::net::sockopt::set_socket_recv_buffer_size(&stream, 1 << 16).unwrap();
    // So that the server listens to the next request by the time it has come.
    stream.write_all(b"GET /small HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    until_full(&mut bench);
    stream.write_all(REQUEST.as_bytes()).unwrap();
    until_full(&mut bench);
    assert!(bench.driver.stats().bytes_out < MUCH as u64, "nothing is left for later");
    stream.write_all(b"GET /small HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").unwrap();
    let (mut got, mut room) = (Vec::new(), vec![0; 1 << 20]);
    stream.set_nonblocking(true).unwrap();
    for _ in 0..4 {
        let most = got.len() + room.len();
        bench.until(|_| match stream.read(&mut room[..most - got.len()]) {
            Ok(len) => {
                assert!(len > 0, "an end after {} bytes", got.len());
                got.extend_from_slice(&room[..len]);
                got.len() == most
            }
            Err(_) => false, // not yet
        });
        until_full(&mut bench);
    }
    stream.set_nonblocking(false).unwrap();
    let client = std::thread::spawn(move || {
        stream.read_to_end(&mut got).unwrap();
        got
    });
    bench.until(|_| client.is_finished());
    let got = client.join().unwrap();
    let mut got = &got[..];
    for len in [70, MUCH, 70] {
        assert!(answer(&mut got).1 == whole[..len], "{len}");
    }
    assert!(got.is_empty());
    assert_eq!(bench.driver.stats().timeouts, 0);
}

#[test]
fn a_reset_in_the_middle_ends_the_link_at_once() {
    let mut bench = Bench::new("reset", limits());
    std::fs::write(bench.root.join("large"), vec![7; 40_000_000]).unwrap();
    let mut stream = TcpStream::connect(bench.address).unwrap();
    stream.write_all(REQUEST.as_bytes()).unwrap();
    until_full(&mut bench);
    drop(stream); // with input that it has not read
    bench.until(|driver| driver.connections() == 0);
    assert_eq!(bench.driver.stats().timeouts, 0, "not by a deadline");
}

#[test]
fn a_drain_lets_the_file_leave() {
    let mut bench = Bench::new("drain", limits());
    let whole = pattern(MUCH);
    std::fs::write(bench.root.join("large"), &whole).unwrap();
    let mut stream = TcpStream::connect(bench.address).unwrap();
    rustix::net::sockopt::set_socket_recv_buffer_size(&stream, 1 << 16).unwrap();
    stream.write_all(REQUEST.as_bytes()).unwrap();
    until_full(&mut bench);
    bench.driver.drain(Duration::from_secs(60));
    let client = std::thread::spawn(move || {
        let mut got = Vec::new();
        stream.read_to_end(&mut got).map(|_| got)
    });
    bench.until(|driver| driver.is_drained());
    let got = client.join().unwrap().unwrap();
    assert!(answer(&mut &got[..]).1 == whole);
}

#[test]
fn a_driver_that_ends_while_a_file_leaves_gives_up_the_rest() {
    let mut bench = Bench::new("end", limits());
    std::fs::write(bench.root.join("large"), vec![7; 40_000_000]).unwrap();
    let mut stream = TcpStream::connect(bench.address).unwrap();
    stream.write_all(REQUEST.as_bytes()).unwrap();
    until_full(&mut bench);
    let sent = bench.driver.stats().bytes_out;
    drop(bench);
    let mut got = Vec::new();
    stream.read_to_end(&mut got).unwrap();
    assert_eq!(got.len() as u64, sent, "all that was sent, and an end");
}
