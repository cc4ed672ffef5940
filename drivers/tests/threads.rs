//! Connections spread over threads, threads kept on processors, and threads drained one after the other.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use common::*;
use drivers::{Config, Limits, Listen, ListenAddress, Running, Server, Spread, Stats};

fn start(threads: usize, limits: Limits, spread: Spread, pin: bool) -> (Running<u32>, SocketAddr) {
    let listen = vec![Listen::plain(SocketAddr::from(([127, 0, 0, 1], 0)))];
    let config = Config { limits, ..Config::default() };
    let server = Server { config, listen, threads, spread, pin };
    let running = server.start(|_, _| Test::server(Role::Echo)).unwrap();
    let ListenAddress::Tcp(address) = running.addresses()[0] else { panic!() };
    (running, address)
}

fn echo(address: SocketAddr) -> std::io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"hello")?;
    let mut got = [0; 5];
    stream.read_exact(&mut got)?;
    assert_eq!(&got, b"hello");
    Ok(stream)
}

fn accepted(stats: &[Stats]) -> Vec<u64> {
    stats.iter().map(|stats| stats.accepted).collect()
}

#[test]
fn each_connection_goes_to_the_thread_that_has_the_fewest() {
    let (running, address) = start(3, limits(), Spread::LeastLoaded, false);
    let clients: Vec<_> = (0..30).map(|_| echo(address).unwrap()).collect();
    running.drain(Duration::from_millis(100));
    drop(clients);
    assert_eq!(accepted(&running.join().unwrap()), [10, 10, 10]);
}

#[test]
fn a_full_house_takes_the_next_connection_once_there_is_room_again() {
    let limits = Limits { connections: 2, ..limits() };
    let (running, address) = start(2, limits, Spread::LeastLoaded, false);
    let mut clients: Vec<_> = (0..4).map(|_| echo(address).unwrap()).collect();
    let mut waiting = TcpStream::connect(address).unwrap(); // by the kernel, in the backlog
    waiting.write_all(b"hello").unwrap();
    clients.pop();
    let mut got = [0; 5];
    waiting.read_exact(&mut got).unwrap();
    drop((clients, waiting));
    running.drain(Duration::from_millis(100));
    assert_eq!(accepted(&running.join().unwrap()).iter().sum::<u64>(), 5);
}

#[test]
fn threads_are_drained_one_after_the_other() {
    let (running, address) = start(3, limits(), Spread::LeastLoaded, true);
    // One for each thread; the last thread is the first to go, and waits for what it has.
    let held: Vec<_> = (0..3).map(|_| echo(address).unwrap()).collect();
    let drained = std::thread::spawn(move || running.drain_in_turn(Duration::from_millis(300)).unwrap());
    let mut served = 0;
    while echo(address).is_ok() {
        served += 1;
    }
    let stats = accepted(&drained.join().unwrap());
    drop(held);
    assert!(served > 0, "nobody was served while threads were drained");
    let (sum, expected) = (stats.iter().sum::<u64>(), served + 3);
    assert!(sum == expected || sum == expected + 1, "{stats:?}, {served} served");
    assert!(stats[0] > 1, "{stats:?}: the last thread to go had to take over");
}
