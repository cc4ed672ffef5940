use std::io::IoSlice;
use std::os::fd::{AsFd as _, OwnedFd};

use app::Closed;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendAncillaryBuffer, Shutdown};

use crate::limits::Stats;
use crate::link::{Eof, Hangup, Ready};
use crate::system::SEND;

pub(crate) use crate::system::abort;

/// Reads once into `room`. `None`: nothing is there now, or nothing will come.
///
/// After a short read nothing is left, so that readiness need not be asked for again: whatever arrives later is
/// reported anew. The exception is the end of input, which may have been reported along with the data.
pub(crate) fn read(
    socket: &OwnedFd,
    ready: &mut Ready,
    stats: &mut Stats,
    room: &mut [u8],
) -> Result<Option<usize>, Closed> {
    let wanted = room.len();
    loop {
        match rustix::net::recv(socket.as_fd(), &mut *room, RecvFlags::DONTWAIT) {
            Ok((0, _)) => {
                (ready.readable, ready.eof) = (false, Eof::Come);
                return Ok(None);
            }
            Ok((len, _)) => {
                stats.bytes_in += len as u64;
                ready.readable = len == wanted || ready.hangup != Hangup::No;
                return Ok(Some(len));
            }
            Err(Errno::AGAIN) => {
                ready.readable = false;
                return Ok(None);
            }
            Err(Errno::INTR) => {}
            Err(_) => return Err(Closed::Reset),
        }
    }
}

/// Writes once and says how much the socket took.
pub(crate) fn write(
    socket: &OwnedFd,
    ready: &mut Ready,
    stats: &mut Stats,
    bytes: &[u8],
) -> Result<usize, Closed> {
    loop {
        match rustix::net::send(socket.as_fd(), bytes, SEND) {
            Ok(len) => {
                stats.bytes_out += len as u64;
                stats.writes += 1;
                ready.writable = len == bytes.len();
                return Ok(len);
            }
            Err(Errno::AGAIN) => {
                ready.writable = false;
                return Ok(0);
            }
            Err(Errno::INTR) => {}
            Err(_) => return Err(Closed::Reset),
        }
    }
}

/// Writes several blocks with one call and says how much the socket took.
pub(crate) fn write_blocks(
    socket: &OwnedFd,
    ready: &mut Ready,
    stats: &mut Stats,
    blocks: &[IoSlice<'_>],
) -> Result<usize, Closed> {
    if let [block] = blocks {
        return write(socket, ready, stats, block);
    }
    let total: usize = blocks.iter().map(|block| block.len()).sum();
    loop {
        let nothing = &mut SendAncillaryBuffer::default();
        match rustix::net::sendmsg(socket.as_fd(), blocks, nothing, SEND) {
            Ok(len) => {
                stats.bytes_out += len as u64;
                stats.writes += 1;
                ready.writable = len == total;
                return Ok(len);
            }
            Err(Errno::AGAIN) => {
                ready.writable = false;
                return Ok(0);
            }
            Err(Errno::INTR) => {}
            Err(_) => return Err(Closed::Reset),
        }
    }
}

/// Says that nothing more will be sent.
pub(crate) fn shut(socket: &OwnedFd, ready: &mut Ready) {
    if !ready.shut {
        ready.shut = true;
        // Fails when the peer was faster; then there is nobody to tell.
        let _ = rustix::net::shutdown(socket.as_fd(), Shutdown::Write);
    }
}
