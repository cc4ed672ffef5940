//! A well-behaved client that uses the server while it is attacked.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use super::lab;
use super::secure;
use super::target::{Place, Target};

/// How long it waits for anything.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long it rests between two requests.
const PAUSE: Duration = Duration::from_millis(20);

const REQUEST: &[u8] = b"GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// How a well-behaved client fared.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Service {
    pub(super) served: u32,
    pub(super) failed: u32,
    pub(super) slowest: Duration,
}

impl Service {
    fn count(&mut self, target: &Target) {
        let started = Instant::now();
        match fetch(target) {
            Ok(true) => self.served += 1,
            _ => self.failed += 1,
        }
        self.slowest = self.slowest.max(started.elapsed());
    }
}

/// The client, on a thread of its own.
#[derive(Debug)]
pub(super) struct Bystander {
    target: Target,
    thread: JoinHandle<Service>,
    stop: Sender<()>,
}

impl Bystander {
    /// Starts it, once it has been served for the first time.
    pub(super) fn start(target: &Target) -> io::Result<Self> {
        if !fetch(target)? {
            return Err(io::Error::other("the server does not serve /hello"));
        }
        let (stop, stopped) = channel();
        let client = target.clone();
        let thread = Builder::new().name("bystander".to_owned()).spawn(move || visit(&client, &stopped))?;
        Ok(Self { target: target.clone(), thread, stop })
    }

    /// Ends it with one request more, now that the attack is over.
    pub(super) fn finish(self) -> Service {
        drop(self.stop);
        let mut service = self.thread.join().unwrap_or_default();
        service.count(&self.target);
        service
    }
}

fn visit(target: &Target, stopped: &Receiver<()>) -> Service {
    let mut service = Service::default();
    loop {
        service.count(target);
        if stopped.recv_timeout(PAUSE) != Err(RecvTimeoutError::Timeout) {
            return service;
        }
    }
}

/// Whether a request on a connection of its own is answered as it should be.
fn fetch(target: &Target) -> io::Result<bool> {
    match &target.place {
        Place::Tcp(address) => {
            let socket = TcpStream::connect_timeout(address, PATIENCE)?;
            socket.set_read_timeout(Some(PATIENCE))?;
            socket.set_write_timeout(Some(PATIENCE))?;
            if !target.tls {
                return ask(socket);
            }
            let config = secure::config(rustls::ALL_VERSIONS, &[b"http/1.1"])?;
            let name = "localhost".try_into().map_err(io::Error::other)?;
            let session = rustls::ClientConnection::new(config.into(), name).map_err(io::Error::other)?;
            ask(rustls::StreamOwned::new(session, socket))
        }
        Place::Unix(path) => {
            let socket: UnixStream = lab::unix(path)?;
            socket.set_read_timeout(Some(PATIENCE))?;
            socket.set_write_timeout(Some(PATIENCE))?;
            ask(socket)
        }
    }
}

fn ask(mut stream: impl Read + Write) -> io::Result<bool> {
    stream.write_all(REQUEST)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer.starts_with(b"HTTP/1.1 200 ") && answer.ends_with(b"\r\n\r\nHello, world!"))
}
