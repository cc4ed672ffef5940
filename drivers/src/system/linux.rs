//! What Linux and Android do in a way of their own; `elsewhere` has the same for other systems.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use rustix::net::sockopt;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::walk;

/// Opens `path` below `directory`: no link leads out of it, whatever others do to the directories at the same time.
///
/// # Errors
/// `XDEV` for an absolute path, for a link to one, and for what leads above `directory`.
pub(crate) fn open_beneath(directory: &OwnedFd, path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    match rustix::fs::openat2(directory, path, flags, Mode::empty(), resolve) {
        // Kernels before 5.6, and sandboxes; and a link with `..` while anything on the system is renamed.
        Err(Errno::NOSYS | Errno::PERM | Errno::AGAIN) => walk::open(directory, path, flags),
        opened => opened,
    }
}

/// Sends up to `most` bytes of a file from `offset` on, which moves, and says how many: none at its end.
pub(crate) fn sendfile(
    socket: &OwnedFd,
    file: impl AsFd,
    offset: &mut u64,
    most: usize,
) -> Result<usize, Errno> {
    rustix::fs::sendfile(socket, file, Some(offset), most)
}

/// Throws away what the peer has not taken, and resets the connection: at once, for a ring may close the socket later.
pub(crate) fn abort(socket: &OwnedFd) {
    // Unix sockets cannot be disconnected: what they hold goes with them.
    let _ = rustix::net::connect_unspec(socket);
}

/// Whether the kernel spreads connections over listeners that share a port.
pub(crate) const SPREADS: bool = true;

/// Lets other sockets listen on the port of this one.
pub(crate) fn share_port(socket: &OwnedFd) -> Result<(), Errno> {
    sockopt::set_socket_reuseport(socket, true)
}

/// The processors that this process may use.
pub(crate) fn processors() -> io::Result<Vec<usize>> {
    let set = sched_getaffinity(None)?;
    Ok((0..CpuSet::MAX_CPU).filter(|&processor| set.is_set(processor)).collect())
}

/// Keeps this thread on one processor.
pub(crate) fn pin(processor: usize) -> io::Result<()> {
    let mut set = CpuSet::new();
    set.set(processor);
    Ok(sched_setaffinity(None, &set)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renames_elsewhere_keep_nothing_from_being_opened() {
        let root = std::env::temp_dir().join(format!("drivers-renames-{}", std::process::id()));
        std::fs::create_dir_all(root.join("d")).unwrap();
        std::fs::write(root.join("f"), "").unwrap();
        std::os::unix::fs::symlink("../f", root.join("d/link")).unwrap();
        let directory = rustix::fs::openat(rustix::fs::CWD, &root, walk::DIRECTORY, Mode::empty()).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..10_000 {
                    std::fs::rename(root.join("d"), root.join("e")).unwrap();
                    std::fs::rename(root.join("e"), root.join("d")).unwrap();
                }
            });
            for _ in 0..20_000 {
                let opened = open_beneath(&directory, Path::new("d/link"), OFlags::RDONLY | OFlags::CLOEXEC);
                assert!(matches!(opened, Ok(_) | Err(Errno::NOENT)), "{opened:?}");
            }
        });
        std::fs::remove_dir_all(root).unwrap();
    }
}
