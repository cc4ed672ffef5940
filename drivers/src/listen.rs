use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::io::Errno;
use rustix::net::{SocketAddrAny, sockopt};

use crate::dial::Peer;
use crate::options::SocketOptions;
use crate::system;
use crate::tls::TlsAcceptor;

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListenAddress {
    /// A TCP address; port 0 lets the system choose. An IPv6 address takes IPv6 connections only.
    Tcp(SocketAddr),
    /// A unix socket; a leading `@` names one in the abstract name space (Linux). A socket file that nobody listens
    /// on any more is replaced, and removed when the listener ends.
    Unix(PathBuf),
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => path.display().fmt(f),
        }
    }
}

impl From<SocketAddr> for ListenAddress {
    fn from(address: SocketAddr) -> Self {
        Self::Tcp(address)
    }
}

/// A listener to be.
#[derive(Debug, Clone)]
pub struct Listen {
    /// Where.
    pub address: ListenAddress,
    /// How many connections may wait in the kernel to be accepted. Default 4,096; the kernel has a limit of its own
    /// (Linux: `net.core.somaxconn`).
    pub backlog: u32,
    /// TLS, if it is to be spoken.
    pub tls: Option<TlsAcceptor>,
}

impl Listen {
    /// Plain, with the default backlog.
    pub fn plain(address: impl Into<ListenAddress>) -> Self {
        Self { address: address.into(), backlog: 4096, tls: None }
    }

    /// With TLS and the default backlog.
    pub fn tls(address: impl Into<ListenAddress>, tls: TlsAcceptor) -> Self {
        Self { tls: Some(tls), ..Self::plain(address) }
    }
}

/// A listening socket.
#[derive(Debug)]
pub(crate) struct Listening {
    pub(crate) socket: OwnedFd,
    /// Where it listens, the port chosen by the system included.
    pub(crate) address: ListenAddress,
    /// Removed with the last listener that shares it.
    _file: Option<Arc<SocketFile>>,
}

#[derive(Debug)]
struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Listens once for each of `threads`.
pub(crate) fn open(listen: &Listen, options: &SocketOptions, threads: usize) -> io::Result<Vec<Listening>> {
    let Listen { address, backlog, .. } = listen;
    let backlog = i32::try_from(*backlog).unwrap_or(i32::MAX);
    match address {
        ListenAddress::Tcp(address) => listen_tcp(*address, backlog, options, threads),
        ListenAddress::Unix(path) => {
            // A unix socket cannot be bound twice: the threads share it.
            let first = listen_unix(path, backlog)?;
            let shared: io::Result<Vec<_>> = (1..threads).map(|_| first.try_clone()).collect();
            let file = (!is_abstract(path)).then(|| Arc::new(SocketFile(path.clone())));
            let listening =
                |socket| Listening { socket, address: address.clone(), _file: file.as_ref().map(Arc::clone) };
            Ok(shared?.into_iter().chain([first]).map(listening).collect())
        }
    }
}

fn listen_tcp(
    address: SocketAddr,
    backlog: i32,
    options: &SocketOptions,
    threads: usize,
) -> io::Result<Vec<Listening>> {
    // The kernel would let another process with the same user share the port if both allow it. So first see that
    // nobody has it.
    let first = bind_tcp(address, false, options)?;
    let address = local_address(&first)?;
    let mut sockets = vec![first];
    if !system::SPREADS {
        let shared: io::Result<Vec<_>> = (1..threads).map(|_| sockets[0].try_clone()).collect();
        sockets.extend(shared?);
    } else if threads > 1 {
        sockets.clear();
        for _ in 0..threads {
            sockets.push(bind_tcp(address, true, options)?);
        }
    }
    for socket in &sockets {
        rustix::net::listen(socket, backlog)?;
    }
    let address = ListenAddress::Tcp(address);
    Ok(sockets
        .into_iter()
        .map(|socket| Listening { socket, address: address.clone(), _file: None })
        .collect())
}

fn bind_tcp(address: SocketAddr, shared: bool, options: &SocketOptions) -> io::Result<OwnedFd> {
    let socket = socket(&Peer::Inet(address))?;
    // A server that is restarted takes its port back although old connections still fade away.
    sockopt::set_socket_reuseaddr(&socket, true)?;
    if shared {
        system::share_port(&socket)?;
    }
    if address.is_ipv6() {
        sockopt::set_ipv6_v6only(&socket, true)?;
    }
    options.apply(socket.as_fd())?;
    rustix::net::bind(&socket, &address)?;
    Ok(socket)
}

fn is_abstract(path: &Path) -> bool {
    cfg!(any(target_os = "linux", target_os = "android")) && path.as_os_str().as_bytes().starts_with(b"@")
}

fn listen_unix(path: &Path, backlog: i32) -> io::Result<OwnedFd> {
    let peer = Peer::unix(path)?;
    let Peer::Unix(address) = &peer else { return Err(Errno::AFNOSUPPORT.into()) };
    let listener = socket(&peer)?;
    match rustix::net::bind(&listener, address) {
        Err(Errno::ADDRINUSE) if is_abandoned(path, &peer) => {
            std::fs::remove_file(path)?;
            rustix::net::bind(&listener, address)?;
        }
        bound => bound?,
    }
    rustix::net::listen(&listener, backlog)?;
    Ok(listener)
}

/// Whether `path` is a socket nobody listens on: what is left of a server that was killed.
fn is_abandoned(path: &Path, peer: &Peer) -> bool {
    let Peer::Unix(address) = peer else { return false };
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_socket());
    let refused = |socket: OwnedFd| rustix::net::connect(&socket, address) == Err(Errno::CONNREFUSED);
    is_socket && socket(peer).is_ok_and(refused)
}

fn socket(peer: &Peer) -> io::Result<OwnedFd> {
    Ok(system::stream(peer.family())?)
}

fn local_address(socket: &OwnedFd) -> io::Result<SocketAddr> {
    Ok(SocketAddr::try_from(rustix::net::getsockname(socket)?)?)
}

/// What came of an attempt to accept.
pub(crate) enum Accepted {
    Socket(OwnedFd, Option<SocketAddr>),
    /// This one is gone already; the next may not be.
    Gone,
    /// Nobody is waiting.
    Nobody,
    /// The process or the system has no descriptors or memory left.
    Exhausted,
}

pub(crate) fn accept(listener: &OwnedFd) -> Accepted {
    match system::accept(listener) {
        Ok((socket, peer)) => Accepted::Socket(socket, peer.and_then(inet)),
        Err(Errno::AGAIN) => Accepted::Nobody,
        Err(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM) => Accepted::Exhausted,
        // Errors of the connection that was to be accepted, which Linux passes on.
        Err(
            Errno::INTR
            | Errno::CONNABORTED
            | Errno::PROTO
            | Errno::NETDOWN
            | Errno::NOPROTOOPT
            | Errno::HOSTDOWN
            | Errno::HOSTUNREACH
            | Errno::OPNOTSUPP
            | Errno::NETUNREACH
            | Errno::PERM
            | Errno::TIMEDOUT,
        ) => Accepted::Gone,
        Err(_) => Accepted::Exhausted,
    }
}

fn inet(address: SocketAddrAny) -> Option<SocketAddr> {
    SocketAddr::try_from(address).ok()
}
