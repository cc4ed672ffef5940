//! Bytes over plain sockets, one driver being client and server at once.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use app::{Address, Closed, Target};
use common::*;
use drivers::{Limits, Listen, ListenAddress};
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// Runs a connection of `client` to a server of `server`, and gives what the client got and how both ended.
fn exchange(server: Role, client: Role) -> (Vec<u8>, Option<Closed>, Option<Closed>) {
    let mut driver = driver(Test::server(server), limits());
    let address = listen(&mut driver);
    driver.service_mut().connect.push_back((to(address), client));
    drive_until(&mut driver, |driver| driver.service().closes() == 2);
    let test = driver.service();
    (test.got.get(&0).cloned().unwrap_or_default(), test.closed(0), test.closed(1))
}

#[test]
fn megabytes_come_back_as_they_went() {
    for len in [1, 65_535, 65_536, 65_537, 5_000_000] {
        let sent = pattern(len);
        let (got, client, server) = exchange(Role::Echo, talk(sent.clone(), len));
        assert!(got == sent, "{len}: {} bytes came back", got.len());
        assert_eq!((client, server), (Some(Closed::Done), Some(Closed::Done)));
    }
}

/// What a turn has to send is little each time, and in the end the socket takes no more of it.
#[test]
fn who_reads_late_gets_all_that_was_said_little_by_little() {
    let directory = std::env::temp_dir().join(format!("drivers-late-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let path = directory.join("socket");
    let mut driver = driver(Test::server(Role::Echo), limits());
    driver.listen(&Listen::plain(ListenAddress::Unix(path.clone()))).unwrap();
    let mut client = UnixStream::connect(&path).unwrap();
    client.set_nonblocking(true).unwrap();
    let sent = pattern(8_000_000);
    let (mut given, mut refused) = (0, 0);
    while refused < 100 {
        assert!(given + 3_000 < sent.len(), "what is not read makes memory grow");
        match client.write(&sent[given..][..3_000]) {
            Ok(len) => (given, refused) = (given + len, 0),
            Err(_) => refused += 1,
        }
        driver.turn(Some(Duration::from_millis(u64::from(refused > 90)))).unwrap();
    }
    let (mut got, mut room) = (Vec::new(), vec![0; 100_000]);
    drive_until(&mut driver, |_| {
        let len = client.read(&mut room).unwrap_or(0);
        got.extend_from_slice(&room[..len]);
        got.len() >= given
    });
    assert!(got == sent[..given]);
    std::fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn every_kind_of_address_works() {
    let directory = std::env::temp_dir().join(format!("drivers-unix-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let path = directory.join("socket");
    let mut addresses = vec![
        (ListenAddress::Tcp("127.0.0.1:0".parse().unwrap()), None),
        (ListenAddress::Unix(path.clone()), Some(Address::Unix(path.clone()))),
    ];
    if std::net::TcpListener::bind("[::1]:0").is_ok() {
        addresses.push((ListenAddress::Tcp("[::1]:0".parse().unwrap()), None));
    } else {
        eprintln!("skipped: there is no IPv6 here");
    }
    if cfg!(target_os = "linux") {
        let name = std::path::PathBuf::from(format!("@drivers-test-{}", std::process::id()));
        addresses.push((ListenAddress::Unix(name.clone()), Some(Address::Unix(name))));
    }
    for (listen, address) in addresses {
        let mut driver = driver(Test::server(Role::Echo), limits());
        let bound = driver.listen(&Listen::plain(listen)).unwrap();
        let address = match (address, &bound) {
            (Some(address), _) => address,
            (None, ListenAddress::Tcp(bound)) => Address::Host(bound.ip().to_string(), bound.port()),
            (None, ListenAddress::Unix(_)) => unreachable!(),
        };
        let target = Target { address, tls: None, timeout: None };
        driver.service_mut().connect.push_back((target, talk("hello", 5)));
        drive_until(&mut driver, |driver| driver.service().closes() == 2);
        assert_eq!(
            (driver.service().got[&0].as_slice(), driver.service().links.len()),
            (&b"hello"[..], 2),
            "{bound}"
        );
    }
    assert!(!path.exists(), "a socket file is left over");
    std::fs::remove_dir_all(directory).unwrap();
}

/// A ring hears of a connection that comes both when it closes the socket of one that goes and in the next turn.
#[test]
fn those_who_come_are_noticed_while_others_go() {
    // Sockets are closed at once, and no deadline has a dial looked at that was forgotten.
    let limits = Limits { linger: Duration::ZERO, connect: Duration::from_secs(60), ..limits() };
    let mut driver = driver(Test::server(Role::Echo), limits);
    let address = listen(&mut driver);
    for _ in 0..64 {
        driver.service_mut().connect.push_back((to(address), talk("hello", 5)));
        driver.turn(Some(Duration::ZERO)).unwrap();
    }
    drive_until(&mut driver, |driver| driver.service().closes() == 2 * 64);
}
