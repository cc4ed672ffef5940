use std::io::{self, IoSlice};
use std::os::fd::{AsRawFd, OwnedFd};

use app::{Closed, FileError, FileId};
use rustix::io::Errno;

use crate::files::Files;
use crate::limits::Stats;
use crate::link::{Reading, Ready};
use crate::pool::{Buffer, LITTLE, Pool};
use crate::socket;
use crate::uring::{self, Ring};

/// How bytes move between the sockets of a thread and its links. What an application sees is the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Transport {
    /// By system calls on sockets that are reported to be ready (epoll or kqueue, by mio). Works on every [system](crate#systems).
    #[default]
    Mio,
    /// By io_uring (Linux 6.1 or later): the kernel receives and sends small messages, one system call per turn of the
    /// loop. Needs the feature `uring`, which is on by default.
    Uring,
    /// [`Uring`](Self::Uring) where it can be used, else [`Mio`](Self::Mio).
    Auto,
}

impl Transport {
    /// What it comes to on this system: [`Mio`](Self::Mio) or [`Uring`](Self::Uring).
    ///
    /// # Errors
    /// [`Uring`](Self::Uring) is asked for, and the system is not Linux, its kernel is too old, or io_uring is not
    /// allowed (`kernel.io_uring_disabled`, seccomp).
    pub fn resolve(self) -> io::Result<Self> {
        match self {
            Self::Mio => Ok(Self::Mio),
            Self::Auto => Ok(Self::Uring.resolve().unwrap_or(Self::Mio)),
            Self::Uring => uring::probe().map(|()| Self::Uring).map_err(|error| {
                io::Error::new(error.kind(), format!("io_uring cannot be used here: {error}"))
            }),
        }
    }

    /// What moves the bytes, with `events` to be watched beside.
    pub(crate) fn open(self, events: &impl AsRawFd) -> io::Result<Io> {
        match self.resolve()? {
            Self::Uring => Ok(Io::Ring(Box::new(Ring::new(events.as_raw_fd())?))),
            _ => Ok(Io::Batched(None)),
        }
    }
}

/// Up to how much output waits for the end of a batch.
const LATE: usize = 4096;

/// What moves the bytes of a thread's links.
#[derive(Debug)]
pub(crate) enum Io {
    /// System calls.
    Direct,
    /// System calls, but what is little is not sent before all links of a batch have had their turns: this is what the
    /// present one has to send.
    Batched(Option<Buffer>),
    /// Everything is asked of a ring. What is received waits there; what is sent belongs to it until it is done.
    Ring(Box<Ring>),
}

impl Io {
    /// Puts input behind what is in `rx`: one read, or one block that the kernel has filled.
    pub(crate) fn fill(
        &mut self,
        socket: &OwnedFd,
        ready: &mut Ready,
        (pool, stats): (&mut Pool, &mut Stats),
        rx: &mut Buffer,
    ) -> Result<(), Closed> {
        let Self::Ring(ring) = self else {
            let read = socket::read(socket, ready, stats, rx.input_spare())?.unwrap_or(0);
            rx.filled_more(read);
            ready.reading = if read < LITTLE { Reading::Little } else { Reading::Much };
            return Ok(());
        };
        let most = if rx.is_empty() { usize::MAX } else { rx.input_room() };
        let Some(mut block) = ring.take(socket, ready, (&mut *pool, stats), most)? else { return Ok(()) };
        // Used where it lies, unless a tail of earlier input has to come before it.
        match rx.is_empty() {
            true => core::mem::swap(rx, &mut block),
            false => _ = rx.append(block.filled()),
        }
        pool.give(block);
        Ok(())
    }

    /// Up to `most` bytes of input in a block of their own. `None`: nothing is there now, or nothing will come.
    pub(crate) fn receive(
        &mut self,
        socket: &OwnedFd,
        ready: &mut Ready,
        (pool, stats): (&mut Pool, &mut Stats),
        most: usize,
    ) -> Result<Option<Buffer>, Closed> {
        let Self::Ring(ring) = self else {
            let mut block = pool.take();
            let most = most.min(block.room());
            let read = socket::read(socket, ready, stats, block.spare().split_at_mut(most).0);
            if let Ok(Some(len)) = read {
                block.filled_more(len);
                return Ok(Some(block));
            }
            pool.give(block);
            return read.map(|_| None);
        };
        ring.take(socket, ready, (pool, stats), most)
    }

    /// Sends what is in `tx`, which a part of a file `continues` or not: says how many bytes were taken from it, how many
    /// the socket has taken, and whether any are left to be.
    pub(crate) fn send(
        &mut self,
        socket: &OwnedFd,
        ready: &mut Ready,
        (pool, stats): (&mut Pool, &mut Stats),
        tx: &mut Buffer,
        continues: bool,
    ) -> Result<(usize, u64, bool), Closed> {
        let ring = match self {
            Self::Ring(ring) => ring,
            Self::Batched(output @ None) if tx.len() <= LATE && !continues => {
                *output = Some(pool.copy(tx));
                (ready.writable, ready.sending) = (false, true);
                return Ok((tx.len(), 0, true));
            }
            Self::Batched(_) | Self::Direct => {
                let len = socket::write(socket, ready, stats, tx.filled())?;
                return Ok((len, len as u64, len < tx.len()));
            }
        };
        let next = pool.take();
        let (moved, left) =
            ring.send(socket, ready, (pool, stats), core::mem::replace(tx, next), continues)?;
        Ok((0, moved, left))
    }

    /// Sends as much of `blocks` as goes into one call, and says how much that is.
    pub(crate) fn send_blocks(
        &mut self,
        socket: &OwnedFd,
        ready: &mut Ready,
        (pool, stats): (&mut Pool, &mut Stats),
        blocks: &[IoSlice<'_>],
    ) -> Result<usize, Closed> {
        match self {
            Self::Direct | Self::Batched(_) => socket::write_blocks(socket, ready, stats, blocks),
            Self::Ring(ring) => ring.send_blocks(socket, ready, (pool, stats), blocks),
        }
    }

    /// Sends up to `most` bytes of a file from `offset` on, which moves, and says how many: none at the end of the
    /// file. `None`: the socket takes no more for now.
    pub(crate) fn send_file(
        &mut self,
        socket: &OwnedFd,
        files: &Files,
        (file, offset): (FileId, &mut u64),
        most: u64,
    ) -> Result<Option<u64>, Closed> {
        match self {
            Self::Direct | Self::Batched(_) => files.send(file, socket, offset, most as usize),
            Self::Ring(ring) => ring.send_file(socket, files, (file, offset), most),
        }
    }

    /// Reads at `offset` into `room` and says how much: none at the end of the file. `None`: that would wait for a disk, so
    /// it is brought into memory first, and the link gets a turn once it is there.
    pub(crate) fn read_file(
        &mut self,
        (pool, files): (&mut Pool, &Files),
        (file, offset): (FileId, u64),
        room: &mut [u8],
    ) -> Option<Result<usize, FileError>> {
        if let (Self::Ring(ring), Some(file)) = (self, files.get(file)) {
            match ring.read_file(file, offset, room) {
                Ok(len) => return Some(Ok(len)),
                Err(Errno::AGAIN) if ring.fetch(pool, file, (offset, room.len())) => return None,
                Err(_) => {}
            }
        }
        Some(files.read(file, offset, room))
    }

    /// Whether `len` bytes of a file can be sent without waiting for a disk, as far as the last of them tells, for they
    /// come in order. If not they are brought into memory, as for [`read_file`](Self::read_file).
    pub(crate) fn has_piece(
        &mut self,
        (pool, files): (&mut Pool, &Files),
        (file, offset): (FileId, u64),
        len: usize,
    ) -> bool {
        let (Self::Ring(ring), Some(file)) = (self, files.get(file)) else { return true };
        let last = offset.saturating_add((len as u64).saturating_sub(1));
        ring.read_file(file, last, &mut [0]) != Err(Errno::AGAIN) || !ring.fetch(pool, file, (offset, len))
    }

    /// Closes the socket of a link that is gone from `place`.
    pub(crate) fn retire(&mut self, socket: OwnedFd, ready: &Ready, place: u32, pool: &mut Pool) {
        match self {
            Self::Direct | Self::Batched(_) => drop(socket),
            Self::Ring(ring) => ring.retire(socket, ready, place, pool),
        }
    }
}
