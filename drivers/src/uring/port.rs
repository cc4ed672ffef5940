//! What the ring knows of sockets.

use std::collections::VecDeque;
use std::os::fd::{AsRawFd as _, OwnedFd, RawFd};

use super::buffers::Lent;
use crate::pool::Buffer;
use crate::timers::PLACES;

/// What the ring knows of a socket at rest: it is kept with the link.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Port {
    /// The number of its [`Work`]; above it, flags.
    state: u32,
}

/// What is under way on a socket, of each at most one at a time; each is also the name of the operation.
pub(super) const RECEIVE: u8 = 1;
pub(super) const SEND: u8 = 2;
/// Waits for the socket to break.
pub(super) const WATCH: u8 = 4;
/// Tells of input that is to be read by a system call, until it is called off.
pub(super) const READY: u8 = 8;
/// Waits for room for what is to be sent by a system call.
pub(super) const ROOM: u8 = 64;
pub(super) const UNDER_WAY: u8 = RECEIVE | SEND | WATCH | READY | ROOM;
/// The receive, or the poll for input, that is under way has been called off.
pub(super) const CALLED_OFF: u8 = 16;
/// The peer sends much: input is read by system calls.
pub(super) const BULK: u8 = 32;

/// Which socket: the place of its link in the table, and its descriptor. A place may have another link by the time the
/// kernel answers, but not one with the same descriptor, for that is still open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) place: u32,
    pub(super) fd: RawFd,
}

/// Who is meant when it is no socket.
pub(super) const NOBODY: Key = Key { place: PLACES - 1, fd: -1 };

impl Key {
    pub(super) fn new(socket: &OwnedFd, place: u32) -> Self {
        Self { place, fd: socket.as_raw_fd() }
    }
}

const FLAGS: u32 = 24;
const NO_WORK: u32 = (1 << FLAGS) - 1;

impl Default for Port {
    fn default() -> Self {
        Self { state: NO_WORK }
    }
}

impl Port {
    /// Whether any of `flags` is set.
    pub(super) fn has(self, flags: u8) -> bool {
        (self.state >> FLAGS) as u8 & flags != 0
    }

    pub(super) fn set(&mut self, flags: u8) {
        self.state |= u32::from(flags) << FLAGS;
    }

    pub(super) fn clear(&mut self, flags: u8) {
        self.state &= !(u32::from(flags) << FLAGS);
    }

    /// Notes that an operation has got its last answer.
    pub(super) fn finish(&mut self, operation: u8) {
        self.clear(operation & UNDER_WAY);
        if operation & (RECEIVE | READY) != 0 {
            self.clear(CALLED_OFF);
        }
    }

    fn work(self) -> u32 {
        self.state & NO_WORK
    }

    fn set_work(&mut self, number: u32) {
        self.state = self.state & !NO_WORK | number;
    }
}

/// What a socket at rest does without.
#[derive(Debug, Default)]
pub(super) struct Work {
    /// What was received and not yet taken.
    pub(super) input: VecDeque<Buffer>,
    /// Why nothing more will be received.
    pub(super) end: Option<End>,
    /// What the kernel is to send.
    pub(super) waiting: Option<Buffer>,
    /// What the kernel sends.
    pub(super) output: Option<Lent>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Input,
    Both,
}

impl Work {
    fn is_empty(&self) -> bool {
        self.input.is_empty() && self.end.is_none() && self.waiting.is_none() && self.output.is_none()
    }

    /// Whether there is input, or its end.
    pub(super) fn has_input(&self) -> bool {
        !self.input.is_empty() || self.end.is_some()
    }
}

/// The work of all sockets that are not at rest, by number.
#[derive(Debug, Default)]
pub(super) struct Works {
    works: Vec<Work>,
    free: Vec<u32>,
}

impl Works {
    /// What a socket that is not at rest has.
    pub(super) fn of(&mut self, port: Port) -> Option<&mut Work> {
        self.works.get_mut(port.work() as usize)
    }

    /// What a socket that is not at rest has; from now on it is not. `None`: there are as many as can be told apart.
    pub(super) fn begin(&mut self, port: &mut Port) -> Option<&mut Work> {
        if port.work() == NO_WORK {
            let number = self.free.pop().unwrap_or(self.works.len() as u32);
            if number >= NO_WORK {
                return None;
            }
            if number as usize == self.works.len() {
                self.works.push(Work::default());
            }
            port.set_work(number);
        }
        self.of(*port)
    }

    /// Takes back what a socket at rest does without.
    pub(super) fn rest(&mut self, port: &mut Port) {
        if self.of(*port).is_some_and(|work| work.is_empty()) {
            self.free.push(port.work());
            port.set_work(NO_WORK);
        }
    }

    /// How many blocks were received that have not been taken.
    pub(super) fn blocks(&mut self, port: Port) -> usize {
        self.of(port).map_or(0, |work| work.input.len())
    }

    /// Whether something was received that has not been taken, or its end.
    pub(super) fn has_input(&mut self, port: Port) -> bool {
        self.of(port).is_some_and(|work| work.has_input())
    }
}

/// The socket of a link that is gone, to be closed after the last answer.
#[derive(Debug)]
pub(super) struct Retired {
    #[expect(dead_code, reason = "it is kept open")]
    pub(super) socket: OwnedFd,
    pub(super) port: Port,
}

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::io::Read as _;
    use std::os::unix::net::UnixStream;

    use super::super::{Done, Ring};
    use super::*;
    use crate::limits::Stats;
    use crate::link::{Interest, Link, Phase, Ready};
    use crate::pool::Pool;
    use crate::table::{Occupant, Table, Watch};

    /// Puts a link on the ring, in the first place of the table, and gives its peer.
    fn begin(ring: &mut Ring, table: &mut Table<()>, interest: Interest) -> UnixStream {
        let (socket, peer) = UnixStream::pair().unwrap();
        let (socket, mut ready) = (OwnedFd::from(socket), Ready::default());
        ring.attach(&socket, &mut ready).unwrap();
        ring.settle(&socket, &mut ready, 0, interest);
        assert_eq!(table.vacancy().index, 0);
        table
            .occupy(Occupant::Link(Link { socket, ready, apart: None, phase: Phase::Open(()) }), Watch::Both);
        peer
    }

    fn take(table: &mut Table<()>) -> Link<()> {
        let Occupant::Link(link) = table.vacate(0) else { panic!("there is no link") };
        link
    }

    #[test]
    fn answers_about_a_link_that_is_gone_do_not_reach_the_one_in_its_place() {
        let (pool, stats) = (&mut Pool::new(20_000, 1 << 20), &mut Stats::default());
        let (mut ring, mut table) = (Ring::new(-1).unwrap(), Table::new());
        let mut peer = begin(&mut ring, &mut table, Interest { readable: true, writable: false });
        ring.wait(Some(Duration::ZERO), pool).unwrap();
        let old = take(&mut table);
        assert!(old.ready.port.has(READY));
        ring.retire(old.socket, &old.ready, 0, pool);
        let _peer = begin(&mut ring, &mut table, Interest { readable: false, writable: false });
        while !ring.retired.is_empty() {
            ring.wait(Some(Duration::from_secs(5)), pool).unwrap();
            while let Some(done) = ring.done(&mut table, pool, stats) {
                assert_eq!(done, Done::Events);
            }
        }
        assert_eq!(peer.read(&mut [0]).unwrap(), 0, "the first is closed");
        let new = take(&mut table);
        assert!(new.ready.port.has(WATCH), "the second is still watched");
        ring.retire(new.socket, &new.ready, 0, pool);
    }

    #[test]
    fn numbers_of_work_are_used_again_and_flags_stay() {
        let (mut works, mut first, mut second) = (Works::default(), Port::default(), Port::default());
        first.set(BULK);
        for _ in 0..3 {
            works.begin(&mut first).unwrap().end = Some(End::Input);
            works.begin(&mut second).unwrap().end = Some(End::Both);
            assert_eq!(works.of(first).unwrap().end, Some(End::Input));
            for port in [&mut first, &mut second] {
                works.rest(port);
                assert!(works.has_input(*port), "it is not at rest");
                works.of(*port).unwrap().end = None;
                works.rest(port);
                assert!(works.of(*port).is_none());
            }
            assert!(first.has(BULK) && !second.has(u8::MAX));
            assert_eq!(works.works.len(), 2);
        }
    }
}
