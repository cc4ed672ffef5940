use std::collections::VecDeque;
use std::net::SocketAddr;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use app::{Closed, TlsTarget};
use proto_core::{Instant, Reason};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix};

use crate::limits::Limits;
use crate::options::SocketOptions;
use crate::system;

/// An outgoing connection in the making.
#[derive(Debug)]
pub(crate) struct Dial<C> {
    pub(crate) connection: C,
    pub(crate) tls: Option<TlsTarget>,
    /// Everything, TLS included, must be done by then.
    pub(crate) deadline: Instant,
    /// The name is being resolved.
    pub(crate) resolving: bool,
    addresses: VecDeque<Peer>,
    attempts: Vec<(OwnedFd, Peer)>,
    /// When the next address is tried although the others have not failed yet.
    next_attempt: Instant,
    fault: Closed,
}

const NEVER: Instant = Instant(u64::MAX);

#[derive(Debug, Clone)]
pub(crate) enum Peer {
    Inet(SocketAddr),
    Unix(SocketAddrUnix),
}

/// What came of it so far.
pub(crate) enum Dialled {
    Wait,
    Connected(OwnedFd, Option<SocketAddr>),
    Failed(Closed),
}

impl<C> Dial<C> {
    pub(crate) fn new(connection: C, tls: Option<TlsTarget>, deadline: Instant) -> Self {
        Self {
            connection,
            tls,
            deadline,
            resolving: false,
            addresses: VecDeque::new(),
            attempts: Vec::new(),
            next_attempt: Instant::ZERO,
            fault: Closed::Unresolved,
        }
    }

    /// Gives the addresses to try, in this order.
    pub(crate) fn resolved(&mut self, addresses: impl IntoIterator<Item = Peer>) {
        self.resolving = false;
        self.addresses.extend(addresses);
    }

    /// Has the next turn fail.
    pub(crate) fn give_up(&mut self, why: Closed) {
        self.fault = why;
    }

    /// When the next turn is due at the latest.
    pub(crate) fn poll_timeout(&self) -> Instant {
        if self.addresses.is_empty() || self.resolving {
            self.deadline
        } else {
            self.deadline.min(self.next_attempt)
        }
    }

    /// Looks at what became of the attempts, and starts further ones. `watch` asks for reports on a socket.
    pub(crate) fn turn(
        &mut self,
        limits: &Limits,
        options: &SocketOptions,
        now: Instant,
        mut watch: impl FnMut(&OwnedFd) -> Result<(), Closed>,
    ) -> Dialled {
        let mut index = 0;
        while let Some((socket, _)) = self.attempts.get(index) {
            match outcome(socket) {
                Ok(false) => index += 1,
                Ok(true) => {
                    let (socket, peer) = self.attempts.swap_remove(index);
                    return Dialled::Connected(socket, peer.inet());
                }
                Err(errno) => {
                    self.attempts.swap_remove(index);
                    self.blame(fault(errno));
                    self.next_attempt = now;
                }
            }
        }
        if self.deadline <= now {
            return Dialled::Failed(Closed::Timeout(Reason::Connect));
        }
        while !self.resolving
            && (self.attempts.len() as u32) < limits.attempts.max(1)
            && (self.next_attempt <= now || self.attempts.is_empty())
        {
            let Some(peer) = self.addresses.pop_front() else { break };
            match begin(&peer, options) {
                Ok((socket, true)) => return Dialled::Connected(socket, peer.inet()),
                Ok((socket, false)) => match watch(&socket) {
                    Ok(()) => {
                        self.attempts.push((socket, peer));
                        self.next_attempt = now + limits.attempt_delay;
                    }
                    Err(closed) => self.blame(closed),
                },
                Err(errno) => self.blame(fault(errno)),
            }
        }
        if self.attempts.len() as u32 >= limits.attempts.max(1) {
            self.next_attempt = NEVER; // until one of them fails
        }
        if self.attempts.is_empty() && self.addresses.is_empty() && !self.resolving {
            return Dialled::Failed(self.fault);
        }
        Dialled::Wait
    }

    /// Remembers why an attempt failed: that somebody was there and refused says more than that nobody was.
    fn blame(&mut self, fault: Closed) {
        if self.fault != Closed::Refused {
            self.fault = fault;
        }
    }
}

impl Peer {
    /// The address of a unix socket; a leading `@` names one in the abstract name space.
    pub(crate) fn unix(path: &Path) -> Result<Self, Errno> {
        match path.as_os_str().as_bytes() {
            #[cfg(any(target_os = "linux", target_os = "android"))]
            [b'@', name @ ..] => SocketAddrUnix::new_abstract_name(name).map(Self::Unix),
            _ => SocketAddrUnix::new(path).map(Self::Unix),
        }
    }

    pub(crate) fn inet(&self) -> Option<SocketAddr> {
        match self {
            Self::Inet(address) => Some(*address),
            Self::Unix(_) => None,
        }
    }

    pub(crate) fn family(&self) -> AddressFamily {
        match self {
            Self::Inet(SocketAddr::V4(_)) => AddressFamily::INET,
            Self::Inet(SocketAddr::V6(_)) => AddressFamily::INET6,
            Self::Unix(_) => AddressFamily::UNIX,
        }
    }
}

/// A socket on its way to `peer`, or (true) already there.
fn begin(peer: &Peer, options: &SocketOptions) -> Result<(OwnedFd, bool), Errno> {
    let socket = system::stream(peer.family())?;
    let connected = match peer {
        Peer::Inet(address) => {
            options.apply(socket.as_fd())?;
            rustix::net::connect(&socket, address)
        }
        Peer::Unix(address) => rustix::net::connect(&socket, address),
    };
    match connected {
        Ok(()) => Ok((socket, true)),
        Err(Errno::INPROGRESS | Errno::INTR) => Ok((socket, false)),
        Err(errno) => Err(errno),
    }
}

/// Whether a socket has connected.
fn outcome(socket: &OwnedFd) -> Result<bool, Errno> {
    rustix::net::sockopt::socket_error(socket)??;
    match rustix::net::getpeername(socket) {
        Ok(_) => Ok(true),
        Err(Errno::NOTCONN | Errno::INVAL) => Ok(false),
        Err(errno) => Err(errno),
    }
}

fn fault(errno: Errno) -> Closed {
    match errno {
        // A unix socket whose name nobody has bound, or whose backlog is full, accepts no connections either.
        Errno::CONNREFUSED | Errno::NOENT | Errno::AGAIN | Errno::NOTSOCK | Errno::PROTOTYPE => {
            Closed::Refused
        }
        Errno::TIMEDOUT => Closed::Timeout(Reason::Connect),
        Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM => Closed::Limit,
        Errno::CONNRESET => Closed::Reset,
        _ => Closed::Unreachable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    /// A listener that lets nobody in, and what keeps it from doing so.
    fn silent() -> (SocketAddr, TcpListener, Vec<Option<TcpStream>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        let address = listener.local_addr().unwrap();
        let crowd =
            (0..3).map(|_| TcpStream::connect_timeout(&address, core::time::Duration::from_millis(5)).ok());
        (address, listener, crowd.collect())
    }

    #[test]
    fn the_next_address_is_tried_beside_one_that_is_silent() {
        let (silent, _listener, _crowd) = silent();
        let open = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = open.local_addr().unwrap();
        let limits = Limits::default();
        let mut dial = Dial::new((), None, Instant::from_secs(5));
        dial.resolved([silent, address].map(Peer::Inet));
        let mut watched = 0;
        let mut turn = |dial: &mut Dial<()>, millis, expected| {
            let now = Instant::from_millis(millis);
            let dialled = dial.turn(&limits, &SocketOptions::default(), now, |_| {
                watched += 1;
                Ok(())
            });
            assert_eq!(watched, expected);
            dialled
        };
        assert!(matches!(turn(&mut dial, 0, 1), Dialled::Wait));
        assert_eq!(dial.poll_timeout(), Instant::from_millis(250));
        assert!(matches!(turn(&mut dial, 249, 1), Dialled::Wait));
        assert!(matches!(turn(&mut dial, 250, 2), Dialled::Wait));
        assert_eq!(dial.poll_timeout(), Instant::from_secs(5));
        let Dialled::Connected(_, peer) = turn(&mut dial, 251, 2) else { panic!("not connected") };
        assert_eq!(peer, Some(address));
    }

    #[test]
    fn no_more_attempts_are_made_than_allowed_and_the_deadline_ends_them() {
        let (silent, _listener, _crowd) = silent();
        let limits = Limits { attempts: 2, ..Limits::default() };
        let mut dial = Dial::new((), None, Instant::from_secs(5));
        dial.resolved([silent; 4].map(Peer::Inet));
        let mut watched = 0;
        for millis in [0, 250, 500, 750, 4_999] {
            let now = Instant::from_millis(millis);
            let dialled = dial.turn(&limits, &SocketOptions::default(), now, |_| {
                watched += 1;
                Ok(())
            });
            assert!(matches!(dialled, Dialled::Wait));
        }
        assert_eq!((watched, dial.poll_timeout()), (2, Instant::from_secs(5)));
        let end = dial.turn(&limits, &SocketOptions::default(), Instant::from_secs(5), |_| Ok(()));
        assert!(matches!(end, Dialled::Failed(Closed::Timeout(Reason::Connect))));
    }
}
