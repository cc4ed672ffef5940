//! What an attack is carried out with: connections to one server, and the bounds that all of them share.

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::http;
use super::secure::{self, Secure};
use super::target::{Place, Target};
use super::usage::Process;
use super::victim::Victim;
use super::wire::{Socket, Wire};

/// How many bytes an attack may send.
const MOST_BYTES: u64 = 256 << 20;

/// How many connections an attack may make, unless descriptors are scarcer.
const MOST_CONNECTIONS: u64 = 10_000;

/// The tools of one attack.
#[derive(Debug)]
pub(super) struct Lab {
    plain: Option<Target>,
    tls: Option<Target>,
    /// The process that has no address: `sanswire json`.
    pub(super) program: RefCell<Option<Victim>>,
    deadline: Instant,
    patience: Duration,
    connections: u64,
    pub(super) tally: Rc<Tally>,
}

impl Lab {
    /// Tools against the server at these addresses, for so long.
    pub(super) fn new(
        plain: Option<Target>,
        tls: Option<Target>,
        patience: Duration,
        connections: u64,
    ) -> Self {
        Self {
            plain,
            tls,
            program: RefCell::new(None),
            deadline: Instant::now() + patience,
            patience,
            connections: connections.min(MOST_CONNECTIONS),
            tally: Rc::default(),
        }
    }

    /// Longer than the server may wait for somebody who takes nothing of what it sends.
    pub(super) fn long(&self) -> Duration {
        self.patience / 4
    }

    /// How many connections there may be at the same time.
    pub(super) fn connections(&self) -> u64 {
        self.connections
    }

    /// A connection ready for HTTP: in the clear if the server speaks that, else over TLS.
    pub(super) fn connect(&self) -> io::Result<Wire> {
        if self.plain.is_none() {
            return self.connect_tls(secure::config(rustls::ALL_VERSIONS, &[b"http/1.1"])?);
        }
        let socket = self.socket(self.plain.as_ref())?;
        self.wire(socket)
    }

    /// A connection ready for HTTP/2: in the clear if the server speaks that, else agreed on by ALPN.
    pub(super) fn connect_http2(&self) -> io::Result<Wire> {
        if self.plain.is_none() {
            return self.connect_tls(secure::config(rustls::ALL_VERSIONS, &[b"h2"])?);
        }
        self.connect()
    }

    /// A connection to where TLS is spoken, before anything was said.
    pub(super) fn connect_below_tls(&self) -> io::Result<Wire> {
        let socket = self.socket(self.tls.as_ref())?;
        self.wire(socket)
    }

    /// A TLS connection.
    pub(super) fn connect_tls(&self, config: rustls::ClientConfig) -> io::Result<Wire> {
        let mut socket = self.socket(self.tls.as_ref())?;
        let secure = Secure::handshake(config, &mut socket, &self.tally)?;
        Ok(self.wire(socket)?.secure(secure))
    }

    /// A TLS session and its socket, which blocks.
    pub(super) fn handshake(&self, config: rustls::ClientConfig) -> io::Result<(Secure, Socket)> {
        let mut socket = self.socket(self.tls.as_ref())?;
        Ok((Secure::handshake(config, &mut socket, &self.tally)?, socket))
    }

    /// The socket as a connection to attack on.
    pub(super) fn wire(&self, socket: Socket) -> io::Result<Wire> {
        Wire::new(socket, Rc::clone(&self.tally), self.deadline)
    }

    /// Sends the bytes on a connection of their own and says how HTTP/1 answered.
    pub(super) fn http(&self, bytes: impl AsRef<[u8]>) -> io::Result<String> {
        let mut wire = self.connect()?;
        wire.send(bytes.as_ref());
        wire.finish();
        Ok(http::answer(&wire))
    }

    fn socket(&self, target: Option<&Target>) -> io::Result<Socket> {
        let target = target.ok_or_else(|| io::Error::new(ErrorKind::Unsupported, "no such listener"))?;
        self.tally.connected();
        let left = self.deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        let socket = match &target.place {
            Place::Tcp(address) => {
                let socket = TcpStream::connect_timeout(address, left)?;
                socket.set_read_timeout(Some(left))?;
                socket.set_write_timeout(Some(left))?;
                Socket::Tcp(socket)
            }
            Place::Unix(path) => {
                let socket = unix(path)?;
                socket.set_read_timeout(Some(left))?;
                socket.set_write_timeout(Some(left))?;
                Socket::Unix(socket)
            }
        };
        Ok(socket)
    }
}

/// Connects to a unix socket; a leading `@` is for the abstract name space.
pub(super) fn unix(path: &std::path::Path) -> io::Result<UnixStream> {
    #[cfg(target_os = "linux")]
    if let Some(name) = path.to_str().and_then(|path| path.strip_prefix('@')) {
        use std::os::linux::net::SocketAddrExt as _;
        let address = std::os::unix::net::SocketAddr::from_abstract_name(name)?;
        return UnixStream::connect_addr(&address);
    }
    UnixStream::connect(path)
}

/// What an attack has used so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    sent: Cell<u64>,
    received: Cell<u64>,
    connections: Cell<u64>,
    used: Cell<Option<(u64, Duration)>>,
}

impl Tally {
    /// Notes what a process that may end at any moment has used so far.
    pub(super) fn watch(&self, process: Process) {
        if let Some(used) = process.used_since(0, Duration::ZERO) {
            self.used.set(Some(used));
        }
    }

    /// What was noted last.
    pub(super) fn used(&self) -> Option<(u64, Duration)> {
        self.used.get()
    }

    pub(super) fn sent(&self, bytes: usize) {
        self.sent.set(self.sent.get() + bytes as u64);
    }

    pub(super) fn received(&self, bytes: usize) {
        self.received.set(self.received.get() + bytes as u64);
    }

    pub(super) fn connected(&self) {
        self.connections.set(self.connections.get() + 1);
    }

    /// Whether no more may be sent.
    pub(super) fn is_spent(&self) -> bool {
        self.sent.get() >= MOST_BYTES
    }

    /// Bytes sent, bytes received, connections made.
    pub(super) fn totals(&self) -> (u64, u64, u64) {
        (self.sent.get(), self.received.get(), self.connections.get())
    }
}
