use alloc::vec::Vec;

use super::backend::{Deflate as _, Deflater, Inflate as _, Inflater};
use super::state::{Deflate, Slot};
use crate::Connection;

/// The compression state that the connections of a thread share, and the cap on all they have.
///
/// Before a connection begins, [`reserve`](Self::reserve) sets aside what it will keep. Around each use of a
/// connection, [`lend`](Self::lend) gives it what it needs for a message without context takeover and
/// [`reclaim`](Self::reclaim) takes back what is not inside a message. [`retire`](Self::retire) ends it.
///
/// A quarter of the cap is left for messages without context takeover, so that connections with it cannot use up all.
/// When the cap is reached, what would be sent compressed is sent as it is, and a compressed message that arrives ends
/// its connection with [`Error::Overloaded`](crate::Error::Overloaded).
pub struct Pool {
    cap: usize,
    /// Set aside for what connections keep between messages.
    reserved: usize,
    /// With connections that are inside a message.
    lent: usize,
    inflaters: Vec<Inflater>,
    deflaters: Vec<Deflater>,
}

impl core::fmt::Debug for Pool {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Pool").field("cap", &self.cap).field("memory", &self.memory()).finish()
    }
}

/// How much unused state of each direction is kept: what is under way at the same time in one turn.
const KEPT: usize = 2;

impl Pool {
    /// A pool whose connections may have `cap` bytes of compression state together.
    pub const fn new(cap: usize) -> Self {
        Self { cap, reserved: 0, lent: 0, inflaters: Vec::new(), deflaters: Vec::new() }
    }

    /// The bytes set aside, lent and kept at the moment.
    pub fn memory(&self) -> usize {
        let inflaters = self.inflaters.iter().map(Inflater::memory);
        let deflaters = self.deflaters.iter().map(Deflater::memory);
        self.reserved + self.lent + inflaters.chain(deflaters).sum::<usize>()
    }

    /// Whether so many bytes can be [reserved](Self::reserve).
    pub const fn can_reserve(&self, memory: usize) -> bool {
        memory == 0 || self.reserved.saturating_add(memory) <= self.cap - self.cap / 4
    }

    /// Sets aside what a connection will keep: [`Agreement::memory`](super::Agreement::memory). False: there is not
    /// that much; agree to something that keeps less,
    /// [without context takeover](super::DeflateConfig::without_takeover).
    ///
    /// Give it back with [`release`](Self::release), if there is no connection after all, or else with
    /// [`retire`](Self::retire).
    #[must_use]
    pub const fn reserve(&mut self, memory: usize) -> bool {
        let can = self.can_reserve(memory);
        if can {
            self.reserved += memory;
        }
        can
    }

    /// Gives back what was set aside.
    pub const fn release(&mut self, memory: usize) {
        self.reserved = self.reserved.saturating_sub(memory);
    }

    /// Gives the connection what its messages may need, or leave to make it.
    #[inline]
    pub fn lend(&mut self, connection: &mut Connection) {
        let Some(deflate) = connection.rare.deflate_mut() else { return };
        let (inflation, deflation) = (&mut deflate.inflation, &mut deflate.deflation);
        if !inflation.direction.takeover && inflation.slot.state.is_none() {
            let spare = self.inflaters.pop();
            let may_make = spare.is_some() || self.has_room(inflation.memory());
            inflation.slot.lend(spare, may_make);
        }
        if !deflation.direction.takeover && deflation.slot.state.is_none() {
            let spare = self.deflaters.iter().position(|spare| deflation.can_use(spare));
            let spare = spare.map(|at| self.deflaters.swap_remove(at));
            let may_make = spare.is_some() || self.has_room(deflation.memory());
            deflation.lend(spare, may_make);
        }
    }

    /// Takes back what the connection does not need until its next message.
    #[inline]
    pub fn reclaim(&mut self, connection: &mut Connection) {
        let Some(deflate) = connection.rare.deflate_mut() else { return };
        let Deflate { inflation, deflation, .. } = deflate;
        if !inflation.direction.takeover {
            let memory = inflation.memory();
            self.settle(&mut inflation.slot, inflation.open, memory, |pool| &mut pool.inflaters);
        }
        if !deflation.direction.takeover {
            let memory = deflation.memory();
            self.settle(&mut deflation.slot, deflation.open, memory, |pool| &mut pool.deflaters);
        }
    }

    /// The connection is over, and everything comes back.
    pub fn retire(&mut self, connection: &mut Connection) {
        self.reclaim(connection);
        let Some(deflate) = connection.rare.deflate() else { return };
        self.reserved = self.reserved.saturating_sub(deflate.memory);
        let Deflate { inflation, deflation, .. } = deflate;
        let lent = [(inflation.slot.lent, inflation.memory()), (deflation.slot.lent, deflation.memory())];
        let lent = lent.into_iter().filter(|(lent, _)| *lent).map(|(_, memory)| memory);
        self.lent = self.lent.saturating_sub(lent.sum());
        connection.rare.set_deflate(None);
    }

    fn has_room(&self, memory: usize) -> bool {
        self.memory().saturating_add(memory) <= self.cap
    }

    /// Notes whether `slot` keeps its state, inside a message, and takes it back if not.
    fn settle<T>(
        &mut self,
        slot: &mut Slot<T>,
        inside: bool,
        memory: usize,
        shelf: impl FnOnce(&mut Self) -> &mut Vec<T>,
    ) {
        let lent = inside && slot.state.is_some();
        match (slot.lent, lent) {
            (false, true) => self.lent += memory,
            (true, false) => self.lent = self.lent.saturating_sub(memory),
            _ => {}
        }
        slot.lent = lent;
        if !inside && let Some(state) = slot.state.take() {
            let shelf = shelf(self);
            if shelf.len() < KEPT {
                shelf.push(state);
            }
        }
    }
}
