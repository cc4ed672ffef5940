//! What stands for the functions of `linux` on other systems.

use core::mem::MaybeUninit;
use core::time::Duration;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::net::sockopt;

use super::{SEND, walk};

pub(crate) fn open_beneath(directory: &OwnedFd, path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
    walk::open(directory, path, flags)
}

/// The largest piece of a file that is read and sent at a time.
const PIECE: usize = 32 * 1024;

/// Reads and sends; what others call sendfile differs from system to system.
pub(crate) fn sendfile(
    socket: &OwnedFd,
    file: impl AsFd,
    offset: &mut u64,
    most: usize,
) -> Result<usize, Errno> {
    let mut piece = [const { MaybeUninit::uninit() }; PIECE];
    let (room, _) = piece.split_at_mut(most.min(PIECE));
    let (read, _) = rustix::io::pread(file, room, *offset)?;
    if read.is_empty() {
        return Ok(0);
    }
    let sent = rustix::net::send(socket, read, SEND)?;
    *offset += sent as u64;
    Ok(sent)
}

/// Sees to it that closing, which follows, throws away what the peer has not taken, and resets the connection.
pub(crate) fn abort(socket: &OwnedFd) {
    // Unix sockets know no lingering: what they hold goes with them.
    let _ = sockopt::set_socket_linger(socket, Some(Duration::ZERO));
}

/// Elsewhere listeners can share a port, but one of them gets all connections.
pub(crate) const SPREADS: bool = cfg!(target_os = "freebsd");

#[cfg(target_os = "freebsd")]
pub(crate) fn share_port(socket: &OwnedFd) -> Result<(), Errno> {
    sockopt::set_socket_reuseport_lb(socket, true)
}

#[cfg(not(target_os = "freebsd"))]
pub(crate) fn share_port(_: &OwnedFd) -> Result<(), Errno> {
    Err(Errno::OPNOTSUPP)
}

pub(crate) fn processors() -> io::Result<Vec<usize>> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(crate) fn pin(_: usize) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Seek as _, Write as _};
    use std::net::{TcpListener, TcpStream};

    fn pair() -> (OwnedFd, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        near.set_nonblocking(true).unwrap();
        (near.into(), listener.accept().unwrap().0)
    }

    #[test]
    fn a_file_is_sent_piece_by_piece_as_far_as_the_socket_takes_it() {
        let (near, mut far) = pair();
        let path = std::env::temp_dir().join(format!("drivers-pieces-{}", std::process::id()));
        let content: Vec<u8> = (0..20_000_000u32).map(|at| (at % 251) as u8).collect();
        let mut file = std::fs::File::create_new(&path).unwrap();
        file.write_all(&content).unwrap();
        let file = std::fs::File::open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();

        let (mut offset, mut blocked) = (5, 0);
        let mut got = Vec::new();
        loop {
            let before = offset;
            match sendfile(&near, &file, &mut offset, 100_000) {
                Ok(0) => break,
                Ok(sent) => assert!(sent <= PIECE && offset == before + sent as u64),
                Err(Errno::AGAIN) => {
                    assert_eq!(offset, before);
                    blocked += 1;
                    let mut piece = vec![0; 1 << 20];
                    let len = far.read(&mut piece).unwrap();
                    got.extend_from_slice(&piece[..len]);
                }
                Err(errno) => panic!("{errno}"),
            }
        }
        assert!(blocked > 0 && offset == content.len() as u64);
        // No more than is asked for, and not from where the file stands.
        assert_eq!((&file).stream_position().unwrap(), 0);
        let mut one = 3;
        assert_eq!(sendfile(&near, &file, &mut one, 1), Ok(1));
        drop(near);
        far.read_to_end(&mut got).unwrap();
        let (last, whole) = got.split_last().unwrap();
        assert!(whole == &content[5..] && *last == content[3]);
    }

    #[test]
    fn an_aborted_connection_is_reset_and_what_waits_is_thrown_away() {
        let (near, mut far) = pair();
        let sent = core::iter::repeat_with(|| rustix::net::send(&near, &[7; 65_536], SEND))
            .take_while(Result::is_ok)
            .count();
        abort(&near);
        drop(near);
        let mut got = Vec::new();
        let error = far.read_to_end(&mut got).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        assert!(got.len() < sent * 65_536);
    }
}
