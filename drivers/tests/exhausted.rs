//! No descriptors left. Alone in its process, whose limit it changes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::*;
use drivers::Limits;
use rustix::process::{Resource, getrlimit, setrlimit};
use std::net::TcpStream;
use std::os::fd::AsRawFd as _;
use std::time::Duration;

#[test]
fn running_out_of_descriptors_makes_listeners_rest_and_not_spin() {
    // They try again when a descriptor becomes free, however long the rest, and when the rest is over.
    for (rest, one_leaves) in [(Duration::from_secs(3600), true), (Duration::from_millis(300), false)] {
        let mut driver = driver(Test::server(Role::Echo), Limits { accept_pause: rest, ..limits() });
        let address = listen(&mut driver);
        let mut clients: Vec<_> = (0..8).map(|_| TcpStream::connect(address).unwrap()).collect();
        let before = getrlimit(Resource::Nofile);
        let last = clients.iter().map(|client| client.as_raw_fd() as u64).max().unwrap();
        let mut few = before;
        few.current = Some(last + 1 + 3);
        setrlimit(Resource::Nofile, few).unwrap();

        drive_until(&mut driver, |driver| driver.stats().pauses == 1);
        assert_eq!(driver.stats().accepted, 3);
        for _ in 0..5 {
            driver.turn(Some(Duration::from_millis(2))).unwrap();
        }
        assert_eq!((driver.stats().pauses, driver.stats().accepted), (1, 3), "rests");

        if one_leaves {
            clients.remove(0);
            drive_until(&mut driver, |driver| driver.stats().accepted > 3);
            assert!(driver.stats().accepted < 8);
            clients.remove(0);
        }
        setrlimit(Resource::Nofile, before).unwrap();
        drive_until(&mut driver, |driver| driver.stats().accepted == 8);
    }
}
