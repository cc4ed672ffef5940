//! Sockets by io_uring: what is to be done is put into a queue, and one system call per turn of the loop hands the
//! queue over and waits for answers.
//!
//! [`port`] is what the ring knows of sockets, [`traffic`], [`sendfile`] and [`fetch`] what links ask of it, [`buffers`] the blocks
//! that are with the kernel. A descriptor is closed only when the kernel has answered everything that was asked about it, so an
//! answer never meets a successor.
//!
//! A receive stays with the kernel for as long as its connection reads, and takes a block from the ring of provided
//! buffers whenever there is something to receive, so a connection at rest has none.

mod buffers;
mod faults;
mod fetch;
mod port;
mod sendfile;
mod traffic;

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::os::fd::RawFd;

use ::io_uring::squeue::Entry;
use ::io_uring::types::{CancelBuilder, Fd, SubmitArgs, Timespec};
use ::io_uring::{IoUring, cqueue, opcode};
use rustix::event::PollFlags;
use rustix::io::Errno;

use crate::limits::Stats;
use crate::pool::Pool;
use crate::table::Table;
use buffers::BufferRing;
use faults::Faults;
use fetch::Fetches;
pub(crate) use port::Port;
use port::{Key, NOBODY, READY, RECEIVE, ROOM, Retired, SEND, WATCH, Works};
use traffic::{told_of_input, watched};

#[cfg(feature = "faults")]
pub use faults::seed;

/// Places of the submission queue. When they are used up the queue is handed over early.
const QUEUE: u32 = 256;
/// Blocks offered to the kernel at a time.
const BLOCKS: u16 = 64;
/// The number of the ring of blocks: there is one.
const GROUP: u16 = 0;
/// How often sockets that are to be closed are asked after at the end of a turn.
const CALLS: u32 = 4;

/// One thread's io_uring with the sockets that are on it.
pub(crate) struct Ring {
    uring: IoUring,
    buffers: BufferRing,
    works: Works,
    /// Sockets that wait to be closed, by descriptor.
    retired: BTreeMap<RawFd, Retired>,
    fetches: Fetches,
    /// What found no place in the submission queue.
    overflow: VecDeque<Entry>,
    /// What has happened and was not yet asked for.
    news: VecDeque<Done>,
    /// How many operations the kernel has not answered for good, and how many of them receive.
    under_way: usize,
    receiving: usize,
    /// The descriptor whose readiness is reported as [`Done::Events`], and whether the kernel has been asked.
    events: RawFd,
    asked: bool,
    enabled: bool,
    faults: Faults,
}

/// Operations of the ring's own; the others are [`port`]'s.
const EVENTS: u8 = 16;
const CANCEL: u8 = 32;
const FETCH: u8 = 128;

/// What the kernel says of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Answer {
    name: u64,
    result: i32,
    flags: u32,
}

/// What has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done {
    /// The descriptor given to [`Ring::new`] has events.
    Events,
    /// There is input, or its end.
    Input(u32),
    /// The end of input is on its way.
    Hangup(u32),
    /// There is room for what was to be sent.
    Room(u32),
    /// A piece of a file is in memory.
    Fetched(u32),
    /// The socket is broken.
    Broken(u32),
    /// The socket took so many bytes; whether that was all.
    Sent(u32, u64, bool),
}

impl core::fmt::Debug for Ring {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Ring").field("works", &self.works).field("under_way", &self.under_way).finish()
    }
}

impl Ring {
    /// A ring that also reports readiness of `events`.
    ///
    /// # Errors
    /// The kernel is too old, or does not allow io_uring.
    pub(crate) fn new(events: RawFd) -> io::Result<Self> {
        // Task work runs when this thread asks for answers and at no other time. Disabled at first, for the thread
        // that enables it is the one that has to use it.
        let uring = IoUring::builder()
            .setup_single_issuer()
            .setup_defer_taskrun()
            .setup_coop_taskrun()
            .setup_submit_all()
            .setup_r_disabled()
            .setup_cqsize(4 * QUEUE)
            .build(QUEUE)?;
        if !uring.params().is_feature_ext_arg() || !uring.params().is_feature_nodrop() {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let buffers = BufferRing::new(BLOCKS);
        // SAFETY: the memory lives until `Drop` has taken it back from the kernel, or for ever.
        unsafe {
            uring.submitter().register_buf_ring_with_flags(buffers.address(), buffers.size(), GROUP, 0)?;
        }
        Ok(Self {
            uring,
            buffers,
            works: Works::default(),
            retired: BTreeMap::new(),
            fetches: Fetches::default(),
            overflow: VecDeque::new(),
            news: VecDeque::new(),
            under_way: 0,
            receiving: 0,
            events,
            asked: false,
            enabled: false,
            faults: Faults::new(),
        })
    }

    /// Hands over what was asked for and waits for an answer, `patience` at most.
    pub(crate) fn wait(&mut self, patience: Option<Duration>, pool: &mut Pool) -> io::Result<()> {
        if !self.enabled {
            self.uring.submitter().register_enable_rings()?;
            pool.reserve_small(usize::from(BLOCKS));
            self.enabled = true;
        }
        self.buffers.refill(pool, &mut self.faults);
        if !self.asked {
            self.asked = true;
            let poll = opcode::PollAdd::new(Fd(self.events), bits(PollFlags::IN));
            self.ask(poll.build(), EVENTS, NOBODY);
        }
        while let Some(entry) = self.overflow.pop_front() {
            if !self.push(&entry) {
                self.overflow.push_front(entry);
                break;
            }
        }
        let waits = self.overflow.is_empty() && self.news.is_empty() && self.faults.is_empty();
        let patience = if waits { patience } else { Some(Duration::ZERO) };
        let timespec = patience.map(Timespec::from);
        let mut arguments = SubmitArgs::new();
        if let Some(timespec) = &timespec {
            arguments = arguments.timespec(timespec);
        }
        calm(self.uring.submitter().submit_with_args(1, &arguments))
    }

    /// Hands over what was asked for, and closes sockets that are to be closed.
    pub(crate) fn flush<C>(
        &mut self,
        table: &mut Table<C>,
        pool: &mut Pool,
        stats: &mut Stats,
    ) -> io::Result<()> {
        if self.enabled && !self.uring.submission().is_empty() {
            calm(self.uring.submit())?;
        }
        for _ in 0..CALLS {
            if self.retired.is_empty() {
                break;
            }
            self.wait(Some(Duration::ZERO), pool)?;
            while let Some(done) = self.answer(table, pool, stats) {
                self.news.push_back(done);
            }
        }
        Ok(())
    }

    /// The next thing that somebody has to know of.
    pub(crate) fn done<C>(
        &mut self,
        table: &mut Table<C>,
        pool: &mut Pool,
        stats: &mut Stats,
    ) -> Option<Done> {
        self.news.pop_front().or_else(|| self.answer(table, pool, stats))
    }

    fn answer<C>(&mut self, table: &mut Table<C>, pool: &mut Pool, stats: &mut Stats) -> Option<Done> {
        loop {
            let answer = self.faults.next(&mut self.uring)?;
            let (operation, key) = named(answer.name);
            let last = !cqueue::more(answer.flags);
            if last {
                self.under_way -= 1;
                self.receiving -= usize::from(operation == RECEIVE);
            }
            if operation == EVENTS {
                self.asked = false;
                return Some(Done::Events);
            }
            if operation == FETCH {
                return Some(self.fetched(key));
            }
            let Some(port) = table.port(key.place, key.fd) else {
                self.answered_late(operation, key, answer, pool, stats);
                continue;
            };
            if last {
                port.finish(operation);
            }
            let done = match operation {
                RECEIVE => self.received(key, port, answer, pool, stats),
                SEND => self.sent(key, port, answer, pool, stats),
                WATCH => watched(key, answer),
                READY => Some(told_of_input(key, answer)),
                ROOM => Some(Done::Room(key.place)),
                _ => None,
            };
            if done.is_some() {
                return done;
            }
        }
    }

    fn ask(&mut self, entry: Entry, operation: u8, key: Key) {
        self.under_way += 1;
        self.receiving += usize::from(operation == RECEIVE);
        let name = name(operation, key);
        if self.faults.refuse(name) {
            return;
        }
        let entry = entry.user_data(name);
        if !self.overflow.is_empty() || !self.push(&entry) {
            self.overflow.push_back(entry);
        }
    }

    fn push(&mut self, entry: &Entry) -> bool {
        // SAFETY: the only memory an entry points to is a `Lent`, which is kept until its answer; descriptors stay
        // open until the last answer about them.
        if unsafe { self.uring.submission().push(entry) }.is_ok() {
            return true;
        }
        // SAFETY: as above.
        self.enabled && self.uring.submit().is_ok() && unsafe { self.uring.submission().push(entry) }.is_ok()
    }
}

/// What an answer carries to say what it answers.
fn name(operation: u8, key: Key) -> u64 {
    u64::from(operation) << 56 | u64::from(key.place & NOBODY.place) << 32 | u64::from(key.fd as u32)
}

fn named(name: u64) -> (u8, Key) {
    ((name >> 56) as u8, Key { place: (name >> 32) as u32 & NOBODY.place, fd: name as RawFd })
}

/// The type of the bits depends on what rustix is made of.
fn bits(events: PollFlags) -> u32 {
    i64::from(events.bits()) as u32
}

/// What keeps the kernel from more for now is no error: time is up, a signal came, answers have to be read first.
fn calm(result: io::Result<usize>) -> io::Result<()> {
    const PASSING: [Errno; 4] = [Errno::TIME, Errno::INTR, Errno::BUSY, Errno::AGAIN];
    match result {
        Err(error) if !PASSING.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error())) => {
            Err(error)
        }
        _ => Ok(()),
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // What was asked for last still goes out, as what was written does. Then everything is called off, and what
        // belongs to the kernel is taken back when it says so; if it does not, that memory is given up.
        let (pool, table) = (&mut Pool::new(0, 0), &mut Table::<()>::new());
        let mut patience = 100;
        while self.enabled && self.under_way > usize::from(self.asked) && patience > 0 {
            patience -= 1;
            let _ = self.wait(Some(Duration::ZERO), pool);
            while self.done(table, pool, &mut Stats::default()).is_some() {}
            let _ = self
                .uring
                .submitter()
                .register_sync_cancel(Some(Timespec::from(Duration::from_millis(10))), CancelBuilder::any());
        }
        while self.enabled && self.done(table, pool, &mut Stats::default()).is_some() {}
        self.fetches.reclaim();
        if self.receiving == 0 && self.uring.submitter().unregister_buf_ring(GROUP).is_ok() {
            // SAFETY: no receive is under way, and the kernel no longer knows the ring.
            unsafe { self.buffers.reclaim_all() };
        }
    }
}

/// Whether the kernel lets us.
///
/// # Errors
/// Why not.
pub(crate) fn probe() -> io::Result<()> {
    Ring::new(-1).map(drop)
}
