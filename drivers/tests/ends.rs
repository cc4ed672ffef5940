//! How connections end, or never begin.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use app::{Address, Closed, Target};
use common::*;
use drivers::Limits;
use proto_core::Reason;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn a_half_closed_peer_is_still_answered() {
    let answer = pattern(300_000);
    let mut driver = driver(Test::server(Role::Last(answer.clone())), limits());
    let address = listen(&mut driver);
    let client = std::thread::spawn(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"question").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut got = Vec::new();
        stream.read_to_end(&mut got).unwrap();
        got
    });
    drive_until(&mut driver, |driver| driver.service().closes() == 1 && driver.connections() == 0);
    assert!(client.join().unwrap() == answer);
    let test = driver.service();
    assert_eq!(test.log[&0], [Happened::Accepted, Happened::Eof, Happened::Closed(Closed::Done)]);
    assert_eq!(test.got[&0], b"question");
}

#[test]
fn the_last_words_reach_a_peer_that_is_still_sending() {
    // A busy machine needs its time for as much; it is over with the end of input.
    let limits = Limits { linger: millis(10_000), ..limits() };
    let mut driver = driver(Test::server(Role::Blurt(b"413 enough\n".to_vec())), limits);
    let address = listen(&mut driver);
    let client = std::thread::spawn(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        // More than both kernels hold: it is still under way when the server has closed.
        let sent = stream.write_all(&vec![b'x'; 20_000_000]);
        stream.shutdown(Shutdown::Write).unwrap();
        let mut got = Vec::new();
        stream.read_to_end(&mut got).unwrap();
        (sent.is_ok(), got)
    });
    drive_until(&mut driver, |driver| driver.service().closes() == 1 && driver.connections() == 0);
    let (sent, got) = client.join().unwrap();
    assert_eq!((sent, got.as_slice()), (true, &b"413 enough\n"[..]));
}

#[test]
fn lingering_has_an_end() {
    let limits = Limits { linger: millis(30), ..limits() };
    let mut driver = driver(Test::server(Role::Blurt(b"bye\n".to_vec())), limits);
    let address = listen(&mut driver);
    let mut stream = TcpStream::connect(address).unwrap();
    drive_until(&mut driver, |driver| driver.service().closes() == 1);
    assert_eq!(driver.connections(), 1, "the link must outlive the connection");
    drive_until(&mut driver, |driver| driver.connections() == 0);
    let mut got = Vec::new();
    stream.read_to_end(&mut got).unwrap();
    assert_eq!(got, b"bye\n");
}

#[test]
fn a_reset_is_noticed_while_reading_and_while_not() {
    for role in [Role::Idle(millis(5_000)), Role::Deaf, Role::Flood] {
        let mut driver = driver(Test::server(role.clone()), limits());
        let address = listen(&mut driver);
        let stream = TcpStream::connect(address).unwrap();
        drive_until(&mut driver, |driver| driver.stats().accepted == 1);
        rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
        drop(stream);
        drive_until(&mut driver, |driver| driver.service().closes() == 1);
        assert_eq!(driver.service().closed(0), Some(Closed::Reset), "{role:?}");
        assert_eq!(driver.connections(), 0);
    }
}

#[test]
fn a_peer_that_takes_nothing_is_given_up_and_one_that_is_slow_is_not() {
    let limits = Limits { send_progress: millis(60), ..limits() };
    let mut driver = driver(Test::server(Role::Flood), limits);
    let address = listen(&mut driver);
    let mut slow = TcpStream::connect(address).unwrap();
    slow.set_nonblocking(true).unwrap();
    drive_until(&mut driver, |driver| driver.stats().accepted == 1);
    let mut stuck = TcpStream::connect(address).unwrap();
    let mut room = vec![0; 4 << 20];
    drive_until(&mut driver, |driver| {
        // Reads what there is, for ever.
        let len = slow.read(&mut room).unwrap_or(0);
        assert!(room[..len].iter().all(|&byte| byte == b'~'));
        driver.service().closes() == 1
    });
    assert_eq!(driver.service().closed(1), Some(Closed::Timeout(Reason::SendProgress)));
    assert_eq!((driver.connections(), driver.stats().timeouts), (1, 1));
    // Nor does the kernel keep for it what it did not take.
    let end = loop {
        match stuck.read(&mut room) {
            Ok(len @ 1..) => assert!(room[..len].iter().all(|&byte| byte == b'~')),
            end => break end.map_err(|error| error.kind()),
        }
    };
    assert_eq!(end, Err(std::io::ErrorKind::ConnectionReset));
}

#[test]
fn deadlines_of_the_service_are_kept_and_move_with_its_traffic() {
    let mut driver = driver(Test::server(Role::Idle(millis(80))), limits());
    let address = listen(&mut driver);
    let mut busy = TcpStream::connect(address).unwrap();
    let mut idle = TcpStream::connect(address).unwrap();
    drive_until(&mut driver, |driver| {
        busy.write_all(b".").unwrap();
        driver.service().closes() == 1
    });
    assert_eq!(driver.service().closed(1), Some(Closed::Done));
    let mut byte = [0];
    assert_eq!(idle.read(&mut byte).unwrap(), 0);
    drive_until(&mut driver, |driver| driver.service().closes() == 2);
}

/// How an outgoing connection to `address` ends.
fn dial(address: Address, timeout: Option<Duration>) -> Closed {
    let mut driver = driver(Test::default(), limits());
    driver.service_mut().connect.push_back((Target { address, tls: None, timeout }, talk("hello", 5)));
    drive_until(&mut driver, |driver| driver.service().closes() == 1);
    assert_eq!((driver.stats().failed, driver.connections()), (1, 0));
    driver.service().closed(0).unwrap()
}

#[test]
fn why_a_connection_never_came_about_is_named() {
    // Bound but not listening: nobody else can take the port meanwhile.
    let holder =
        rustix::net::socket(rustix::net::AddressFamily::INET, rustix::net::SocketType::STREAM, None).unwrap();
    rustix::net::bind(&holder, &LOCAL).unwrap();
    let unused: std::net::SocketAddr = rustix::net::getsockname(&holder).unwrap().try_into().unwrap();
    assert_eq!(dial(Address::Socket(unused), None), Closed::Refused);
    assert_eq!(dial(Address::Host("localhost".into(), unused.port()), None), Closed::Refused);
    assert_eq!(dial(Address::Unix(PathBuf::from("/nonexistent/socket")), None), Closed::Refused);
    assert_eq!(dial(Address::Unix(PathBuf::from("/".repeat(500))), None), Closed::Unreachable);
    assert_eq!(dial(Address::Host("no such host".into(), 80), None), Closed::Unresolved);
    assert_eq!(dial(Address::Host(String::new(), 80), None), Closed::Unresolved);

    // A full backlog lets no one in, and says nothing.
    let full = TcpListener::bind("127.0.0.1:0").unwrap();
    rustix::net::listen(&full, 0).unwrap();
    let address = full.local_addr().unwrap();
    let _first = TcpStream::connect(address).unwrap();
    let _more: Vec<_> = (0..4).map(|_| TcpStream::connect_timeout(&address, millis(5))).collect();
    assert_eq!(dial(Address::Socket(address), Some(millis(40))), Closed::Timeout(Reason::Connect));
}

#[test]
fn the_connect_deadline_fires_at_its_time_and_not_before() {
    let full = TcpListener::bind("127.0.0.1:0").unwrap();
    rustix::net::listen(&full, 0).unwrap();
    let address = full.local_addr().unwrap();
    let _first = TcpStream::connect(address).unwrap();
    let _more: Vec<_> = (0..4).map(|_| TcpStream::connect_timeout(&address, millis(5))).collect();
    let mut driver = driver(Test::default(), Limits { connect: millis(50), ..limits() });
    driver.service_mut().connect.push_back((to(address), talk("hello", 5)));
    #[expect(clippy::disallowed_methods, reason = "what is tested is the real time")]
    let now = std::time::Instant::now;
    let start = now();
    drive_until(&mut driver, |driver| driver.service().closes() == 1);
    assert!(now() - start >= millis(50), "{:?}", now() - start);
    assert_eq!(driver.service().closed(0), Some(Closed::Timeout(Reason::Connect)));
}

#[test]
fn a_name_with_several_addresses_is_tried_until_one_answers() {
    if !std::net::ToSocketAddrs::to_socket_addrs("localhost:1").is_ok_and(|all| all.count() > 1) {
        eprintln!("skipped: localhost has one address here");
        return;
    }
    // Only one of the two families listens.
    let mut driver = driver(Test::server(Role::Echo), limits());
    let address = listen(&mut driver);
    let target =
        Target { address: Address::Host("localhost".into(), address.port()), tls: None, timeout: None };
    driver.service_mut().connect.push_back((target, talk("hello", 5)));
    drive_until(&mut driver, |driver| driver.service().closes() == 2);
    assert_eq!(driver.service().got[&0], b"hello");
}

#[test]
fn an_early_answer_is_heard_although_the_peer_no_longer_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0; 10]).unwrap();
        stream.write_all(b"413 enough\n").unwrap();
        // Dropped with input unread: the kernel resets the connection.
    });
    let mut driver = driver(Test::default(), limits());
    driver.service_mut().connect.push_back((to(address), talk(pattern(20_000_000), 1 << 30)));
    drive_until(&mut driver, |driver| driver.service().closes() == 1);
    server.join().unwrap();
    assert_eq!(driver.service().closed(0), Some(Closed::Reset));
    assert_eq!(driver.service().got[&0], b"413 enough\n");
}
