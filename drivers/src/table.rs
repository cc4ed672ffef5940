use std::collections::VecDeque;
#[cfg(all(feature = "uring", target_os = "linux"))]
use std::os::fd::{AsRawFd as _, RawFd};

use crate::dial::Dial;
use crate::link::Link;
use crate::timers::Tick;
use app::ConnectionId;

/// The connections of one thread, by index, and the queue of those that are due a turn.
#[derive(Debug)]
pub(crate) struct Table<C> {
    /// In chunks, so that growing moves nothing and leaves nothing behind.
    chunks: Vec<Box<[Slot<C>]>>,
    /// How many slots have been used.
    size: u32,
    free: Vec<u32>,
    queue: VecDeque<u32>,
}

#[derive(Debug)]
pub(crate) struct Slot<C> {
    pub(crate) generation: u32,
    pub(crate) watch: Watch,
    queued: bool,
    /// When the timers will look at this slot.
    pub(crate) armed: Tick,
    pub(crate) occupant: Occupant<C>,
}

#[derive(Debug)]
pub(crate) enum Occupant<C> {
    Nobody,
    Dial(Box<Dial<C>>),
    Link(Link<C>),
}

/// What the operating system has been asked to report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Watch {
    Nothing,
    Readable,
    Both,
}

/// Slots to a chunk.
const CHUNK: usize = 64;

impl<C> Slot<C> {
    const EMPTY: Self = Self {
        generation: 0,
        watch: Watch::Nothing,
        queued: false,
        armed: Tick::NEVER,
        occupant: Occupant::Nobody,
    };
}

impl<C> Table<C> {
    pub(crate) const fn new() -> Self {
        Self { chunks: Vec::new(), size: 0, free: Vec::new(), queue: VecDeque::new() }
    }

    /// How many slots are occupied.
    pub(crate) fn len(&self) -> usize {
        self.size as usize - self.free.len()
    }

    /// How many slots there are, free or not.
    pub(crate) fn size(&self) -> u32 {
        self.size
    }

    /// The name that the next occupant will have.
    pub(crate) fn vacancy(&mut self) -> ConnectionId {
        let index = match self.free.last() {
            Some(&index) => index,
            None => {
                let index = self.size;
                if index as usize / CHUNK == self.chunks.len() {
                    self.chunks.push((0..CHUNK).map(|_| Slot::EMPTY).collect());
                }
                self.size += 1;
                self.free.push(index);
                index
            }
        };
        ConnectionId { index, generation: self.slot(index).map_or(0, |slot| slot.generation) }
    }

    /// Puts `occupant` where the last [`vacancy`](Self::vacancy) was, and in the queue.
    pub(crate) fn occupy(&mut self, occupant: Occupant<C>, watch: Watch) -> Option<ConnectionId> {
        let index = self.free.pop()?;
        let slot = self.slot(index)?;
        (slot.occupant, slot.watch) = (occupant, watch);
        let id = ConnectionId { index, generation: slot.generation };
        self.enqueue(index);
        Some(id)
    }

    /// Takes out the occupant; its name is not used again.
    pub(crate) fn vacate(&mut self, index: u32) -> Occupant<C> {
        let Some(slot) = self.slot(index) else { return Occupant::Nobody };
        if matches!(slot.occupant, Occupant::Nobody) {
            return Occupant::Nobody;
        }
        let occupant = core::mem::replace(&mut slot.occupant, Occupant::Nobody);
        self.release(index);
        occupant
    }

    /// Frees a slot whose occupant was taken out.
    pub(crate) fn release(&mut self, index: u32) {
        if let Some(slot) = self.slot(index) {
            slot.generation = slot.generation.wrapping_add(1);
            (slot.armed, slot.watch) = (Tick::NEVER, Watch::Nothing);
            self.free.push(index);
        }
    }

    pub(crate) fn slot(&mut self, index: u32) -> Option<&mut Slot<C>> {
        self.chunks.get_mut(index as usize / CHUNK)?.get_mut(index as usize % CHUNK)
    }

    pub(crate) fn named(&mut self, id: ConnectionId) -> Option<&mut Slot<C>> {
        self.slot(id.index).filter(|slot| slot.generation == id.generation)
    }

    /// What the ring knows of the socket `fd`, if it is that of the link at `index`.
    #[cfg(all(feature = "uring", target_os = "linux"))]
    pub(crate) fn port(&mut self, index: u32, fd: RawFd) -> Option<&mut crate::uring::Port> {
        match &mut self.slot(index)?.occupant {
            Occupant::Link(link) if link.socket.as_raw_fd() == fd => Some(&mut link.ready.port),
            _ => None,
        }
    }

    /// Who is due a turn after `before` others.
    pub(crate) fn waiting(&self, before: usize) -> Option<u32> {
        self.queue.get(before).copied()
    }

    /// The link at `index`, if one is there.
    pub(crate) fn link(&mut self, index: u32) -> Option<&mut Link<C>> {
        match &mut self.slot(index)?.occupant {
            Occupant::Link(link) => Some(link),
            Occupant::Nobody | Occupant::Dial(_) => None,
        }
    }

    /// Gives a slot a turn, once however often it is asked for.
    pub(crate) fn enqueue(&mut self, index: u32) {
        if let Some(slot) = self.slot(index)
            && !slot.queued
        {
            slot.queued = true;
            self.queue.push_back(index);
        }
    }

    pub(crate) fn dequeue(&mut self) -> Option<u32> {
        let index = self.queue.pop_front()?;
        if let Some(slot) = self.slot(index) {
            slot.queued = false;
        }
        Some(index)
    }

    /// How many slots are due a turn.
    pub(crate) fn queued(&self) -> usize {
        self.queue.len()
    }
}
