use app::ConnectionId;
use proto_core::Instant;

/// The deadlines of one thread's connections.
///
/// A connection's deadline moves with nearly everything it does, nearly always to a later moment, and seldom fires.
/// So a heap entry is a promise to *look* at a connection, not its deadline: an entry that turns out to be early is
/// put back, a deadline that moves later costs one comparison (in the caller, who knows the entry's moment), and one
/// that moves earlier adds an entry and leaves the old one to expire unnoticed. Four children to a node keep the
/// heap flat and siblings in one cache line.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    heap: Vec<Entry>,
}

/// When to look at which connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) at: Instant,
    pub(crate) id: ConnectionId,
}

const ARITY: usize = 4;

impl Timers {
    /// The first moment at which something is to be looked at.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.heap.first().map(|entry| entry.at)
    }

    /// Adds an entry.
    pub(crate) fn add(&mut self, at: Instant, id: ConnectionId) {
        self.heap.push(Entry { at, id });
        self.up(self.heap.len() - 1);
    }

    /// Takes out an entry that is due.
    pub(crate) fn expire(&mut self, now: Instant) -> Option<Entry> {
        let first = *self.heap.first().filter(|entry| entry.at <= now)?;
        self.heap.swap_remove(0);
        self.down(0);
        Some(first)
    }

    /// How many entries there are, the obsolete ones included.
    pub(crate) fn len(&self) -> usize {
        self.heap.len()
    }

    /// Drops the entries that `live` does not vouch for.
    pub(crate) fn retain(&mut self, live: impl FnMut(&Entry) -> bool) {
        self.heap.retain(live);
        for index in (0..self.heap.len().div_ceil(ARITY)).rev() {
            self.down(index);
        }
    }

    fn up(&mut self, mut index: usize) {
        while index > 0 {
            let parent = (index - 1) / ARITY;
            if self.heap[parent].at <= self.heap[index].at {
                return;
            }
            self.heap.swap(parent, index);
            index = parent;
        }
    }

    fn down(&mut self, mut index: usize) {
        loop {
            let first = index * ARITY + 1;
            let children = first..(first + ARITY).min(self.heap.len());
            let Some(least) = children.min_by_key(|&child| self.heap[child].at) else { return };
            if self.heap[index].at <= self.heap[least].at {
                return;
            }
            self.heap.swap(index, least);
            index = least;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(index: u32) -> ConnectionId {
        ConnectionId { index, generation: 0 }
    }

    /// A scrambled order that visits every residue once.
    fn scrambled(count: u64) -> impl Iterator<Item = u64> {
        (0..count).map(move |n| n * 7_919 % count)
    }

    #[test]
    fn entries_expire_in_order_and_not_before_their_time() {
        let mut timers = Timers::default();
        for at in scrambled(1_000) {
            timers.add(Instant(at), id(at as u32));
        }
        assert_eq!(timers.expire(Instant(0)).map(|e| e.at), Some(Instant(0)));
        assert_eq!(timers.expire(Instant(0)), None);
        for at in 1..1_000 {
            assert_eq!(timers.next(), Some(Instant(at)));
            assert_eq!(timers.expire(Instant(at)), Some(Entry { at: Instant(at), id: id(at as u32) }));
        }
        assert_eq!((timers.next(), timers.len()), (None, 0));
    }

    #[test]
    fn what_is_retained_is_still_in_order() {
        let mut timers = Timers::default();
        scrambled(1_000).for_each(|at| timers.add(Instant(at), id(at as u32)));
        timers.retain(|entry| entry.at.0 % 3 == 0);
        for at in (0..1_000).step_by(3) {
            assert_eq!(timers.expire(Instant(u64::MAX)).map(|e| e.at), Some(Instant(at)));
        }
        assert_eq!(timers.len(), 0);
    }
}
