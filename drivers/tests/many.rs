//! The loop: many connections, threads, wake-ups, drains and running out of things.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use app::{Closed, ConnectionId, Group, StreamId, Wake};
use common::*;
use drivers::{Config, Limits, Listen, ListenAddress, Server};
use proto_core::Reason;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn a_connection_with_much_to_do_gets_a_turn_like_any_other() {
    let mut driver = driver(Test::server(Role::Sip), limits());
    let address = listen(&mut driver);
    let mut busy = TcpStream::connect(address).unwrap();
    busy.write_all(&[7; 1000]).unwrap();
    busy.shutdown(std::net::Shutdown::Write).unwrap();
    let mut turns = 0;
    drive_until(&mut driver, |driver| {
        turns += 1;
        driver.service().closes() == 1
    });
    assert_eq!(driver.service().got[&0].len(), 1000);
    assert!(turns >= 1000 / (4 * 8), "it had all it wanted in {turns} turns");
}

#[test]
fn what_is_said_in_a_turn_leaves_in_one_write() {
    let mut driver = driver(Test::server(Role::Lines), limits());
    let address = listen(&mut driver);
    let mut client = TcpStream::connect(address).unwrap();
    client.write_all(&b"a line\n".repeat(16)).unwrap();
    drive_until(&mut driver, |driver| driver.stats().bytes_out == 32);
    assert_eq!(driver.stats().writes, 1);
    let mut got = [0; 32];
    client.read_exact(&mut got).unwrap();
    assert_eq!(&got[..], "6\n".repeat(16).as_bytes());
}

#[test]
fn two_thousand_connections_are_served_at_once() {
    let count = 2_000;
    // Both ends of each, and what the test harness itself needs.
    let wanted = 2 * count + 200;
    let mut files = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    if files.current.is_some_and(|current| current < wanted) {
        files.current = files.maximum.or(Some(wanted)).map(|maximum| maximum.max(wanted));
        if rustix::process::setrlimit(rustix::process::Resource::Nofile, files).is_err() {
            eprintln!("skipped: only {files:?} descriptors");
            return;
        }
    }
    let mut driver = driver(Test::server(Role::Echo), limits());
    let address = listen(&mut driver);
    for n in 0..count {
        let said = format!("connection {n}");
        let expect = said.len();
        driver.service_mut().connect.push_back((to(address), talk(said, expect)));
    }
    drive_until(&mut driver, |driver| driver.service().closes() as u64 == 2 * count);
    let test = driver.service();
    assert!(test.log.values().flatten().all(|happened| !matches!(
        happened,
        Happened::Closed(why) if *why != Closed::Done
    )));
    let got = test.got.values().filter(|got| got.starts_with(b"connection ")).count();
    assert_eq!(got as u64, count);
}

#[test]
fn at_the_limit_of_connections_listeners_rest() {
    let mut driver = driver(Test::server(Role::Echo), Limits { connections: 2, ..limits() });
    let address = listen(&mut driver);
    let clients: Vec<_> = (0..3).map(|_| TcpStream::connect(address).unwrap()).collect();
    drive_until(&mut driver, |driver| driver.stats().accepted == 2);
    for _ in 0..3 {
        driver.turn(Some(millis(5))).unwrap();
    }
    assert_eq!((driver.stats().accepted, driver.connections()), (2, 2));
    // An outgoing one is told.
    driver.service_mut().connect.push_back((to(address), talk("hello", 5)));
    drive_until(&mut driver, |driver| driver.service().closes() == 1);
    assert_eq!(driver.service().closed(2), Some(Closed::Limit));
    // Room again: the one in the backlog comes in.
    drop(clients);
    drive_until(&mut driver, |driver| driver.stats().accepted == 3 && driver.connections() == 0);
}

#[test]
fn no_more_than_a_burst_is_accepted_before_others_get_their_turn() {
    let mut driver = driver(Test::server(Role::Echo), Limits { accept_burst: 2, ..limits() });
    let address = listen(&mut driver);
    let _clients: Vec<_> = (0..5).map(|_| TcpStream::connect(address).unwrap()).collect();
    for expected in [2, 4, 5, 5] {
        driver.turn(Some(millis(5))).unwrap();
        assert_eq!(driver.stats().accepted, expected);
    }
}

#[test]
fn who_is_not_wanted_is_hung_up_on() {
    let mut test = Test::server(Role::Echo);
    test.refuse = true;
    let mut driver = driver(test, limits());
    let address = listen(&mut driver);
    let mut client = TcpStream::connect(address).unwrap();
    drive_until(&mut driver, |driver| driver.stats().refused == 1);
    assert_eq!((client.read(&mut [0]).unwrap(), driver.connections()), (0, 0));
}

#[test]
fn other_threads_wake_the_service_and_its_groups() {
    let mut driver = driver(Test::server(Role::Echo), Limits { wake_queue: 3, ..limits() });
    let address = listen(&mut driver);
    let mut clients: Vec<_> = (0..3).map(|_| TcpStream::connect(address).unwrap()).collect();
    drive_until(&mut driver, |driver| driver.stats().accepted == 3);

    let waker = driver.waker();
    let elsewhere = std::thread::spawn(move || {
        let results = [1, 2, 3, 4].map(|message| waker.wake(message));
        (results, waker)
    });
    let (results, waker) = elsewhere.join().unwrap();
    assert_eq!(results, [Ok(()), Ok(()), Ok(()), Err(4)], "three fit, the fourth comes back");
    drive_until(&mut driver, |driver| driver.service().messages == [1, 2, 3]);
    for client in &mut clients {
        let mut got = [0; 18];
        client.read_exact(&mut got).unwrap();
        assert_eq!(&got, b"woken\nwoken\nwoken\n");
    }
    drop(driver);
    assert_eq!(waker.wake(5), Err(5), "nobody is left to wake");
}

#[test]
fn a_wake_up_for_somebody_gone_reaches_nobody() {
    let mut driver = driver(Test::server(Role::Echo), limits());
    let address = listen(&mut driver);
    drop(TcpStream::connect(address).unwrap());
    drive_until(&mut driver, |driver| driver.service().closes() == 1 && driver.connections() == 0);
    let gone = driver.service().ids[&0];
    let _next = TcpStream::connect(address).unwrap();
    drive_until(&mut driver, |driver| driver.stats().accepted == 2);
    let next = driver.service().ids[&1];
    assert_eq!(gone.index, next.index, "the place is used again");
    assert_ne!(gone.generation, next.generation);
    let nowhere = ConnectionId { index: 77, generation: 0 };
    driver.service_mut().wakes.extend([
        Wake::Stream(StreamId { connection: gone, stream: 0 }),
        Wake::Stream(StreamId { connection: nowhere, stream: 0 }),
        Wake::Group(Group(9)),
    ]);
    driver.turn(Some(millis(5))).unwrap();
}

#[test]
fn a_drain_lets_finish_and_cuts_off_what_does_not() {
    let mut driver = driver(Test::server(Role::Deaf), limits());
    let address = listen(&mut driver);
    let mut stubborn = TcpStream::connect(address).unwrap();
    drive_until(&mut driver, |driver| driver.stats().accepted == 1);
    driver.service_mut().serve = Some(Role::Echo);
    let mut willing = TcpStream::connect(address).unwrap();
    drive_until(&mut driver, |driver| driver.stats().accepted == 2);
    // Connected as far as it knows: in the backlog when the drain begins.
    let mut waiting = TcpStream::connect(address).unwrap();
    driver.waker().drain(millis(60));
    drive_until(&mut driver, |driver| {
        driver.service().closed(1).is_some() && driver.service().closed(2).is_some()
    });
    assert_eq!(willing.read(&mut [0]).unwrap(), 0);
    assert_eq!(waiting.read(&mut [0]).unwrap(), 0);
    assert!(TcpStream::connect(address).is_err(), "nobody listens any more");
    assert_eq!(driver.service().closed(0), None);
    drive_until(&mut driver, |driver| driver.is_drained());
    assert_eq!(driver.service().closed(0), Some(Closed::Timeout(Reason::Drain)));
    drop(driver);
    let _ = stubborn.read(&mut [0]);
}

#[test]
fn a_dropped_driver_gives_every_connection_back() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static CLOSED: AtomicUsize = AtomicUsize::new(0);
    let mut test = Test::server(Role::Echo);
    test.on_close = Some(|why| {
        assert_eq!(why, Closed::Shutdown);
        CLOSED.fetch_add(1, Ordering::Relaxed);
    });
    let mut driver = driver(test, limits());
    let address = listen(&mut driver);
    driver.service_mut().connect.push_back((to(address), talk("", 5)));
    drive_until(&mut driver, |driver| driver.stats().accepted == 1);
    drop(driver);
    assert_eq!(CLOSED.load(Ordering::Relaxed), 2);
}

fn port(address: &ListenAddress) -> SocketAddr {
    match address {
        ListenAddress::Tcp(address) => *address,
        other => panic!("{other}"),
    }
}

#[test]
fn threads_share_ports_and_work() {
    let path = std::env::temp_dir().join(format!("drivers-threads-{}", std::process::id()));
    let server = Server {
        config: Config { limits: limits(), transport: transport(), ..Config::default() },
        listen: vec![Listen::plain(LOCAL), Listen::plain(ListenAddress::Unix(path.clone()))],
        threads: 3,
        ..Server::default()
    };
    let running = server
        .start(|thread, wakers| {
            assert!(thread < 3 && wakers.len() == 3);
            Test::server(Role::Echo)
        })
        .unwrap();
    let address = port(&running.addresses()[0]);
    let echo = |stream: &mut dyn ReadWrite| {
        stream.write_all(b"hello").unwrap();
        let mut got = [0; 5];
        stream.read_exact(&mut got).unwrap();
        assert_eq!(&got, b"hello");
    };
    let clients = 60;
    for _ in 0..clients {
        echo(&mut TcpStream::connect(address).unwrap());
    }
    for _ in 0..10 {
        echo(&mut std::os::unix::net::UnixStream::connect(&path).unwrap());
    }
    // The port is busy for everybody else.
    let again = Server { listen: vec![Listen::plain(address)], threads: 2, ..Server::default() };
    let error = again.start(|_, _: &[drivers::Waker<u32>]| Test::default()).err().unwrap();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    assert!(error.to_string().contains(&address.to_string()), "{error}");

    assert_eq!(running.wakers().len(), 3);
    running.drain(millis(500));
    let stats = running.join().unwrap();
    assert_eq!(stats.len(), 3);
    assert!(stats.iter().filter(|stats| stats.accepted > 0).count() > 1, "{stats:?}");
    let total = stats.into_iter().reduce(drivers::Stats::plus).unwrap();
    assert_eq!((total.accepted, total.bytes_in, total.bytes_out), (clients + 10, 350, 350));
    assert!(!path.exists());
}

trait ReadWrite: std::io::Read + std::io::Write {}
impl<T: std::io::Read + std::io::Write> ReadWrite for T {}

#[test]
fn an_abandoned_socket_file_is_replaced_and_a_used_one_is_not() {
    let path = std::env::temp_dir().join(format!("drivers-abandoned-{}", std::process::id()));
    let listen = Listen::plain(ListenAddress::Unix(path.clone()));
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let mut first = driver(Test::server(Role::Echo), limits());
    first.listen(&listen).unwrap();
    let mut second = driver(Test::server(Role::Echo), limits());
    assert_eq!(second.listen(&listen).unwrap_err().kind(), std::io::ErrorKind::AddrInUse);
    drop(first);
    assert!(!path.exists());
    std::fs::write(&path, "a file").unwrap();
    assert_eq!(second.listen(&listen).unwrap_err().kind(), std::io::ErrorKind::AddrInUse);
    assert_eq!(std::fs::read(&path).unwrap(), b"a file");
    std::fs::remove_file(&path).unwrap();
}
