//! A connection of an attacker: raw bytes, bounded in number and time.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::lab::Tally;
use super::secure::Secure;

/// How much of what the server says is kept; the rest is counted.
const KEPT: usize = 4 << 20;

/// How much is written at once, so that what the server says meanwhile is heard.
const PIECE: usize = 64 * 1024;

/// Nothing more comes from the server.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
const ENDED: PollFlags = PollFlags::RDHUP;
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
const ENDED: PollFlags = PollFlags::HUP;

/// A connection that writes whatever it is given and hears what comes back meanwhile.
#[derive(Debug)]
pub(super) struct Wire {
    socket: Socket,
    tls: Option<Box<Secure>>,
    tally: Rc<Tally>,
    deadline: Instant,
    end: End,
    heard: Vec<u8>,
    received: u64,
}

/// How a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Open,
    /// The server ended it in order.
    Closed,
    /// The server, or the kernel in its place, reset it.
    Reset,
    /// The attacker had no patience, or no bytes, left.
    OutOfBounds,
}

impl Wire {
    pub(super) fn new(socket: Socket, tally: Rc<Tally>, deadline: Instant) -> io::Result<Self> {
        socket.set_nonblocking()?;
        let (end, heard) = (End::Open, Vec::new());
        Ok(Self { socket, tls: None, tally, deadline, end, heard, received: 0 })
    }

    /// Speaks TLS from here on.
    pub(super) fn secure(mut self, secure: Secure) -> Self {
        self.tls = Some(Box::new(secure));
        self
    }

    /// What the server has said, decrypted.
    pub(super) fn heard(&self) -> &[u8] {
        &self.heard
    }

    /// Takes what the server has said away, so that the next words come first.
    pub(super) fn take_heard(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.heard)
    }

    /// How many bytes the server has said, those that were not kept included.
    pub(super) fn received(&self) -> u64 {
        self.received
    }

    pub(super) fn end(&self) -> End {
        self.end
    }

    pub(super) fn is_open(&self) -> bool {
        self.end == End::Open
    }

    /// The TLS session, if there is one.
    pub(super) fn tls(&mut self) -> Option<&mut Secure> {
        self.tls.as_deref_mut()
    }

    /// Writes all of `bytes`, hearing meanwhile; `false` when the server ended the connection before.
    pub(super) fn send(&mut self, bytes: &[u8]) -> bool {
        self.push(bytes, true)
    }

    /// The same without reading anything; `false` also once nothing has been taken for `patience`.
    pub(super) fn send_deaf(&mut self, bytes: &[u8], patience: Duration) -> bool {
        let deadline = std::mem::replace(&mut self.deadline, Instant::now() + patience);
        let sent = self.push(bytes, false);
        self.deadline = deadline;
        if self.end == End::OutOfBounds {
            self.end = End::Open;
        }
        sent
    }

    /// Hears what comes for as long as `span`, or until the server ends the connection.
    pub(super) fn listen(&mut self, span: Duration) {
        let until = (Instant::now() + span).min(self.deadline);
        while self.is_open() && self.hear() && self.wait(PollFlags::IN, until) {}
        if Instant::now() >= self.deadline {
            self.give_up();
        }
    }

    /// Hears until `enough` says so; `false` when that does not come to pass.
    pub(super) fn hear_until(&mut self, enough: impl Fn(&[u8]) -> bool) -> bool {
        loop {
            self.hear();
            if enough(&self.heard) {
                return true;
            }
            if !self.is_open() || !self.wait(PollFlags::IN, self.deadline) {
                self.give_up();
                return false;
            }
        }
    }

    /// Hears to the end of the connection.
    pub(super) fn finish(&mut self) -> End {
        self.hear_until(|_| false);
        self.end
    }

    /// Hears a single byte, of a connection without TLS.
    pub(super) fn sip(&mut self) {
        let mut byte = [0];
        match self.socket.read(&mut byte) {
            Ok(0) => self.end = End::Closed,
            Ok(_) => {
                self.received += 1;
                self.heard.push(byte[0]);
            }
            Err(error) => self.fail(&error),
        }
    }

    /// Waits without reading for `span`; `true` when the server has ended the connection before.
    pub(super) fn rest(&mut self, span: Duration) -> bool {
        self.wait(ENDED, (Instant::now() + span).min(self.deadline))
    }

    /// Says that nothing more will be sent.
    pub(super) fn shut(&mut self) {
        let _ = self.socket.shutdown();
    }

    fn push(&mut self, mut bytes: &[u8], hearing: bool) -> bool {
        let flags = if hearing { PollFlags::IN | PollFlags::OUT } else { PollFlags::OUT };
        while self.is_open() && (!bytes.is_empty() || self.tls.as_ref().is_some_and(|tls| tls.wants_write()))
        {
            let piece = &bytes[..bytes.len().min(PIECE)];
            let wrote = match &mut self.tls {
                Some(tls) => tls.write(piece, &mut self.socket, &self.tally),
                None => self.socket.write(piece).inspect(|&n| self.tally.sent(n)),
            };
            match wrote {
                Ok(n) => bytes = &bytes[n..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if !self.wait(flags, self.deadline) {
                        self.give_up();
                    }
                }
                Err(_) => {
                    // What it said before can still be heard.
                    self.hear();
                    self.end = End::Reset;
                }
            }
            if self.tally.is_spent() {
                self.give_up();
            }
            if hearing {
                self.hear();
            }
        }
        bytes.is_empty()
    }

    /// Reads what is there; `false` once the connection has ended.
    fn hear(&mut self) -> bool {
        let mut block = [0; 16 * 1024];
        while self.is_open() {
            let got = match &mut self.tls {
                Some(tls) => tls.read(&mut block, &mut self.socket),
                None => self.socket.read(&mut block),
            };
            match got {
                Ok(0) => self.end = End::Closed,
                Ok(n) => {
                    self.received += n as u64;
                    self.tally.received(n);
                    let room = KEPT.saturating_sub(self.heard.len());
                    self.heard.extend_from_slice(&block[..n.min(room)]);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
                Err(error) => self.fail(&error),
            }
        }
        false
    }

    fn wait(&self, flags: PollFlags, until: Instant) -> bool {
        let left = until.saturating_duration_since(Instant::now());
        let Ok(left) = Timespec::try_from(left) else { return false };
        let mut polled = [PollFd::new(&self.socket, flags)];
        poll(&mut polled, Some(&left)).is_ok_and(|ready| ready > 0)
    }

    fn give_up(&mut self) {
        if self.is_open() {
            self.end = End::OutOfBounds;
        }
    }

    fn fail(&mut self, error: &io::Error) {
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::Interrupted => {}
            ErrorKind::UnexpectedEof => self.end = End::Closed,
            _ => self.end = End::Reset,
        }
    }
}

/// A stream socket of either kind.
#[derive(Debug)]
pub(super) enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Socket {
    fn set_nonblocking(&self) -> io::Result<()> {
        match self {
            Self::Tcp(socket) => {
                socket.set_nodelay(true)?;
                socket.set_nonblocking(true)
            }
            Self::Unix(socket) => socket.set_nonblocking(true),
        }
    }

    fn shutdown(&self) -> io::Result<()> {
        match self {
            Self::Tcp(socket) => socket.shutdown(Shutdown::Write),
            Self::Unix(socket) => socket.shutdown(Shutdown::Write),
        }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(socket) => socket.as_fd(),
            Self::Unix(socket) => socket.as_fd(),
        }
    }
}

impl Read for Socket {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(socket) => socket.read(room),
            Self::Unix(socket) => socket.read(room),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(socket) => socket.write(bytes),
            Self::Unix(socket) => socket.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
