//! Stream sockets that do not block, are not passed on to other programs, and raise no signal: what other systems do
//! with flags takes calls of its own here.

use std::os::fd::OwnedFd;

use rustix::io::{Errno, FdFlags};
use rustix::net::{AddressFamily, SendFlags, SocketAddrAny, SocketType, sockopt};

/// How bytes are sent.
pub(crate) const SEND: SendFlags = SendFlags::DONTWAIT;

/// A new socket.
pub(crate) fn stream(family: AddressFamily) -> Result<OwnedFd, Errno> {
    let socket = rustix::net::socket(family, SocketType::STREAM, None)?;
    prepare(&socket)?;
    Ok(socket)
}

/// The next connection of a listener, and where it comes from.
pub(crate) fn accept(listener: &OwnedFd) -> Result<(OwnedFd, Option<SocketAddrAny>), Errno> {
    let (socket, peer) = rustix::net::acceptfrom(listener)?;
    // Options of a connection that is gone already cannot be set.
    prepare(&socket).map_err(|errno| if errno == Errno::INVAL { Errno::CONNABORTED } else { errno })?;
    Ok((socket, peer))
}

fn prepare(socket: &OwnedFd) -> Result<(), Errno> {
    rustix::io::fcntl_setfd(socket, FdFlags::CLOEXEC)?;
    rustix::io::ioctl_fionbio(socket, true)?;
    sockopt::set_socket_nosigpipe(socket, true)
}
