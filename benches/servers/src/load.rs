//! The load: connections that keep a number of operations under way, on one thread.

use std::collections::VecDeque;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, sockopt};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use crate::case::Case;
use crate::histogram::Histogram;

/// Some connections to one server, each with the same kind of work.
pub struct Load {
    epoll: OwnedFd,
    peers: Vec<Peer>,
    /// Requests for all operations that may be under way, one behind the other.
    requests: Vec<u8>,
    request: usize,
    answer: usize,
    buffer: Vec<u8>,
    done: u64,
    latencies: Histogram,
}

struct Peer {
    socket: OwnedFd,
    tls: Option<Box<ClientConnection>>,
    /// Bytes of an answer that is not complete.
    begun: usize,
    /// Bytes of requests that are to be sent, and where in `requests` they begin.
    unsent: usize,
    at: usize,
    sent: VecDeque<(u32, Instant)>,
}

/// What came of a while of load.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Operations that were completed.
    pub operations: u64,
    /// How long it took.
    pub time: Duration,
    /// Time from the sending of a request to the end of its answer.
    pub latencies: Histogram,
}

impl Load {
    /// Connects `count` times, opens what is to be opened and does one operation on each.
    ///
    /// # Errors
    /// The server does not answer, or not what was asked for.
    pub fn connect(
        port: u16,
        case: &Case,
        count: usize,
        blind: bool,
        tls: Option<&Arc<ClientConfig>>,
    ) -> io::Result<Self> {
        let request = case.request();
        let mut load = Self {
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
            peers: Vec::with_capacity(count),
            requests: request.repeat(case.depth),
            request: request.len(),
            answer: case.blind_answer().len(),
            buffer: vec![0; 256 * 1024],
            done: 0,
            latencies: Histogram::default(),
        };
        for index in 0..count {
            let mut stream = Stream::connect(port, tls.filter(|_| case.tls))?;
            if let Some(opening) = case.opening().filter(|_| !blind) {
                stream.write_all(&opening)?;
                stream.expect_head()?;
            }
            stream.write_all(&request)?;
            let mut answer = Vec::new();
            load.answer = loop {
                if let Some(len) = case.answer_len(&answer).map_err(io::Error::other)? {
                    break len;
                }
                stream.read_more(&mut answer)?;
            };
            if answer.len() != load.answer {
                return Err(io::Error::other(format!("{}: more came than was asked for", case.name)));
            }
            let Stream { socket, tls } = stream;
            rustix::io::ioctl_fionbio(&socket, true)?;
            let data = EventData::new_u64(index as u64);
            epoll::add(&load.epoll, &socket, data, EventFlags::IN | EventFlags::OUT | EventFlags::ET)?;
            load.peers.push(Peer { socket, tls, begun: 0, unsent: 0, at: 0, sent: VecDeque::new() });
        }
        Ok(load)
    }

    /// Keeps every connection busy for `warm_up` and then for `time`; `measure` is called at the two ends of the
    /// latter.
    ///
    /// # Errors
    /// A connection breaks.
    #[allow(clippy::disallowed_methods)] // reading the clock is what this is for
    pub fn run(
        &mut self,
        warm_up: Duration,
        time: Duration,
        mut measure: impl FnMut(),
    ) -> io::Result<Outcome> {
        let mut now = Instant::now();
        let start = now + warm_up;
        for index in 0..self.peers.len() {
            self.ask(index, self.requests.len() / self.request, now)?;
        }
        now = self.until(now, start)?;
        measure();
        let (began, done) = (now, self.done);
        self.latencies = Histogram::default();
        now = self.until(now, began + time)?;
        measure();
        Ok(Outcome {
            operations: self.done - done,
            time: now - began,
            latencies: std::mem::take(&mut self.latencies),
        })
    }

    /// Answers what servers ask by themselves (pings of a WebSocket) for `time`, and counts it.
    ///
    /// # Errors
    /// A connection breaks.
    #[allow(clippy::disallowed_methods)]
    pub fn rest(&mut self, time: Duration) -> io::Result<u64> {
        let end = Instant::now() + time;
        let pong = crate::case::masked(0xa, &[]);
        let mut pings = 0;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            for index in self.wait(left.max(Duration::from_millis(1)))? {
                let peer = &mut self.peers[index];
                while let Some(len) = receive(&peer.socket, &mut self.buffer)? {
                    if len % 2 != 0 || !self.buffer[..len].chunks(2).all(|ping| ping == [0x89, 0]) {
                        return Err(io::Error::other(
                            "an idle connection was sent something else than a ping",
                        ));
                    }
                    pings += len as u64 / 2;
                    rustix::net::send(&peer.socket, &pong, SendFlags::NOSIGNAL)?;
                }
            }
        }
        Ok(pings)
    }

    #[allow(clippy::disallowed_methods)]
    fn until(&mut self, mut now: Instant, end: Instant) -> io::Result<Instant> {
        while now < end {
            for index in self.wait(end - now)? {
                now = Instant::now();
                self.turn(index, now)?;
            }
            now = Instant::now();
        }
        Ok(now)
    }

    /// The connections that something has happened to.
    fn wait(&mut self, patience: Duration) -> io::Result<Vec<usize>> {
        let mut events = Vec::with_capacity(256);
        let patience = patience.max(Duration::from_micros(1)).try_into().map_err(io::Error::other)?;
        match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), Some(&patience)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(events.iter().map(|event| event.data.u64() as usize).collect())
    }

    fn turn(&mut self, index: usize, now: Instant) -> io::Result<()> {
        loop {
            let peer = &mut self.peers[index];
            let Some(len) = peer.receive(&mut self.buffer)? else { break };
            peer.begun += len;
            let done = peer.begun / self.answer;
            peer.begun %= self.answer;
            self.done += done as u64;
            let mut left = done as u32;
            while left > 0 {
                let Some((count, sent)) = peer.sent.front_mut() else {
                    return Err(io::Error::other("more answers than questions"));
                };
                let part = left.min(*count);
                self.latencies.add(now - *sent, u64::from(part));
                (left, *count) = (left - part, *count - part);
                if *count == 0 {
                    peer.sent.pop_front();
                }
            }
            if done > 0 {
                self.ask(index, done, now)?;
            }
        }
        self.send(index)
    }

    fn ask(&mut self, index: usize, count: usize, now: Instant) -> io::Result<()> {
        let peer = &mut self.peers[index];
        peer.unsent += count * self.request;
        peer.sent.push_back((count as u32, now));
        self.send(index)
    }

    fn send(&mut self, index: usize) -> io::Result<()> {
        let peer = &mut self.peers[index];
        while peer.unsent > 0 {
            let piece = &self.requests[peer.at..self.requests.len().min(peer.at + peer.unsent)];
            let sent = match &mut peer.tls {
                None => send(&peer.socket, piece)?,
                Some(tls) => tls.writer().write(piece)?,
            };
            if sent == 0 {
                break;
            }
            peer.unsent -= sent;
            peer.at = (peer.at + sent) % self.requests.len();
        }
        peer.flush()
    }
}

impl Peer {
    /// Bytes that arrived; `None` when there are none for now.
    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        let Some(tls) = &mut self.tls else { return receive(&self.socket, buffer) };
        loop {
            match tls.reader().read(buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(len) => return Ok(Some(len)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
            match tls.read_tls(&mut Socket(&self.socket)) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) => tls.process_new_packets().map_err(io::Error::other)?,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error),
            };
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        let Some(tls) = &mut self.tls else { return Ok(()) };
        while tls.wants_write() {
            match tls.write_tls(&mut Socket(&self.socket)) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn receive(socket: &OwnedFd, buffer: &mut [u8]) -> io::Result<Option<usize>> {
    match rustix::net::recv(socket.as_fd(), buffer, RecvFlags::empty()) {
        Ok((0, _)) => Err(io::ErrorKind::UnexpectedEof.into()),
        Ok((len, _)) => Ok(Some(len)),
        Err(Errno::AGAIN) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn send(socket: &OwnedFd, bytes: &[u8]) -> io::Result<usize> {
    match rustix::net::send(socket.as_fd(), bytes, SendFlags::NOSIGNAL) {
        Err(Errno::AGAIN) => Ok(0),
        sent => Ok(sent?),
    }
}

struct Socket<'a>(&'a OwnedFd);

impl io::Read for Socket<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(self.0, buffer)?)
    }
}

impl io::Write for Socket<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::net::send(self.0, bytes, SendFlags::NOSIGNAL)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A connection while it is set up, when it may block.
struct Stream {
    socket: OwnedFd,
    tls: Option<Box<ClientConnection>>,
}

impl Stream {
    fn connect(port: u16, tls: Option<&Arc<ClientConfig>>) -> io::Result<Self> {
        let socket =
            rustix::net::socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
        sockopt::set_tcp_nodelay(&socket, true)?;
        let patience = Some(Duration::from_secs(5));
        sockopt::set_socket_timeout(&socket, sockopt::Timeout::Recv, patience)?;
        rustix::net::connect(&socket, &SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        let mut stream = Self { socket, tls: None };
        if let Some(config) = tls {
            let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
            let mut tls = ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
            tls.complete_io(&mut Socket(&stream.socket))?;
            stream.tls = Some(Box::new(tls));
        }
        Ok(stream)
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut socket = Socket(&self.socket);
        match &mut self.tls {
            None => socket.write_all(bytes),
            Some(tls) => rustls::Stream::new(&mut **tls, &mut socket).write_all(bytes),
        }
    }

    fn read_more(&mut self, into: &mut Vec<u8>) -> io::Result<()> {
        let mut piece = [0; 4096];
        let mut socket = Socket(&self.socket);
        let len = match &mut self.tls {
            None => socket.read(&mut piece)?,
            Some(tls) => rustls::Stream::new(&mut **tls, &mut socket).read(&mut piece)?,
        };
        into.extend_from_slice(&piece[..len]);
        if len == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }

    /// The answer to the opening handshake, and nothing behind it.
    fn expect_head(&mut self) -> io::Result<()> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            self.read_more(&mut head)?;
        }
        match head.starts_with(b"HTTP/1.1 101") {
            true => Ok(()),
            false => Err(io::Error::other(String::from_utf8_lossy(&head).into_owned())),
        }
    }
}
