//! What the ring knows of sockets.

use std::collections::VecDeque;
use std::os::fd::{AsRawFd as _, OwnedFd, RawFd};

use super::buffers::Lent;
use crate::link::Ready;
use crate::pool::Buffer;
use crate::timers::PLACES;

/// A socket at rest, in eight bytes: there is one of these for each connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Port {
    /// The link's place in the table; above it, flags.
    state: u32,
    /// Where its [`Work`] is.
    work: u32,
}

/// What is under way on a socket, of each at most one at a time; each is also the name of the operation.
pub(super) const RECEIVE: u8 = 1;
pub(super) const SEND: u8 = 2;
/// Waits for the socket to break.
pub(super) const WATCH: u8 = 4;
/// Waits for input that is to be read by a system call.
pub(super) const READY: u8 = 8;
/// Waits for room for what is to be sent by a system call.
pub(super) const ROOM: u8 = 128;
pub(super) const UNDER_WAY: u8 = RECEIVE | SEND | WATCH | READY | ROOM;
/// The receive that is under way has been called off.
pub(super) const CALLED_OFF: u8 = 16;
/// The peer sends much: input is read by system calls.
pub(super) const BULK: u8 = 32;
/// It belongs to a link.
pub(super) const ATTACHED: u8 = 64;

/// Which socket: the number of its port, and its descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) port: u32,
    pub(super) fd: RawFd,
}

/// Who is meant when it is no port: its number is never given.
pub(super) const NOBODY: Key = Key { port: PLACES - 1, fd: -1 };

impl Key {
    pub(super) fn new(socket: &OwnedFd, ready: &Ready) -> Self {
        Self { port: ready.port, fd: socket.as_raw_fd() }
    }
}

const NO_WORK: u32 = u32::MAX;
const FLAGS: u32 = PLACES.trailing_zeros();

impl Port {
    const EMPTY: Self = Self { state: 0, work: NO_WORK };

    /// Whom to tell.
    pub(super) fn place(self) -> u32 {
        self.state & (PLACES - 1)
    }

    /// Whether any of `flags` is set.
    pub(super) fn has(self, flags: u8) -> bool {
        self.flags() & flags != 0
    }

    pub(super) fn flags(self) -> u8 {
        (self.state >> FLAGS) as u8
    }

    pub(super) fn set(&mut self, flags: u8) {
        self.state |= u32::from(flags) << FLAGS;
    }

    pub(super) fn clear(&mut self, flags: u8) {
        self.state &= !(u32::from(flags) << FLAGS);
    }
}

/// What a socket at rest does without.
#[derive(Debug, Default)]
pub(super) struct Work {
    /// What was received and not yet taken.
    pub(super) input: VecDeque<Buffer>,
    /// Why nothing more will be received.
    pub(super) end: Option<End>,
    /// What the kernel sends.
    pub(super) output: Option<Lent>,
    /// The socket of a link that is gone, to be closed after the last answer.
    pub(super) retired: Option<OwnedFd>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Input,
    Both,
}

impl Work {
    fn is_empty(&self) -> bool {
        self.input.is_empty() && self.end.is_none() && self.output.is_none() && self.retired.is_none()
    }
}

/// Ports to a chunk.
const CHUNK: usize = 64;

/// All ports of a ring, by number. A number is vacant when its socket is closed.
#[derive(Debug, Default)]
pub(super) struct Ports {
    /// In chunks, so that growing moves nothing and leaves nothing behind.
    chunks: Vec<Box<[Port]>>,
    used: u32,
    vacant: Vec<u32>,
    works: Vec<Work>,
    free: Vec<u32>,
}

impl Ports {
    /// A port for the link at `place`. `None`: there are as many as can be told apart.
    pub(super) fn attach(&mut self, place: u32) -> Option<u32> {
        let number = self.vacant.pop().unwrap_or(self.used);
        if number == self.used {
            if number == NOBODY.port {
                return None;
            }
            self.used += 1;
            if number as usize / CHUNK == self.chunks.len() {
                self.chunks.push(Box::new([Port::EMPTY; CHUNK]));
            }
        }
        if let Some(port) = self.port(number) {
            *port = Port { state: place & (PLACES - 1), work: NO_WORK };
            // The first read is direct: often there is input by the time a connection is accepted.
            port.set(ATTACHED | BULK);
        }
        Some(number)
    }

    /// Makes the number of a port at rest vacant.
    pub(super) fn detach(&mut self, number: u32) {
        if let Some(port) = self.port(number) {
            *port = Port::EMPTY;
            self.vacant.push(number);
        }
    }

    pub(super) fn port(&mut self, number: u32) -> Option<&mut Port> {
        self.chunks.get_mut(number as usize / CHUNK)?.get_mut(number as usize % CHUNK)
    }

    /// What a socket that is not at rest has.
    pub(super) fn work(&mut self, number: u32) -> Option<&mut Work> {
        let work = self.port(number)?.work;
        self.works.get_mut(work as usize)
    }

    /// What a socket that is not at rest has; from now on it is not.
    pub(super) fn begin(&mut self, number: u32) -> Option<&mut Work> {
        if self.port(number)?.work == NO_WORK {
            let work = self.free.pop().unwrap_or_else(|| {
                self.works.push(Work::default());
                (self.works.len() - 1) as u32
            });
            self.port(number)?.work = work;
        }
        self.work(number)
    }

    /// Gives back what a port at rest does without.
    pub(super) fn rest(&mut self, number: u32) {
        if self.work(number).is_some_and(|work| work.is_empty())
            && let Some(port) = self.port(number)
        {
            let work = core::mem::replace(&mut port.work, NO_WORK);
            self.free.push(work);
        }
    }

    /// Whether the link of a port is gone.
    pub(super) fn is_retired(&mut self, number: u32) -> bool {
        self.work(number).is_some_and(|work| work.retired.is_some())
    }

    /// Whether a link has the socket, nothing was received, and nothing is asked for that would say when something is.
    pub(super) fn is_idle(&mut self, number: u32) -> bool {
        let has_input = self.work(number).is_some_and(|work| !work.input.is_empty() || work.end.is_some());
        !has_input && self.port(number).is_some_and(|port| port.has(ATTACHED) && !port.has(RECEIVE | READY))
    }

    /// Whether any port has one of `operations` under way.
    pub(super) fn any(&self, operations: u8) -> bool {
        self.chunks.iter().any(|chunk| chunk.iter().any(|port| port.has(operations)))
    }
}
