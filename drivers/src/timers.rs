use core::time::Duration;

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

/// When to look at which place of the table: a [`Tick`] above, and the place in the low bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry(u64);

/// Time as timers know it, in units of 1.024 ms: nothing is looked at before its time, and at most a tick after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tick(u64);

/// How many places there may be.
pub(crate) const PLACES: u32 = 1 << PLACE_BITS;
const PLACE_BITS: u32 = 24;
const TICK_BITS: u32 = 10;
const ARITY: usize = 4;

impl Tick {
    /// What a place that nobody will look at is armed with.
    pub(crate) const NEVER: Self = Self(u64::MAX >> PLACE_BITS);

    /// The first tick that is not before `at`.
    pub(crate) fn not_before(at: Instant) -> Self {
        Self(at.0.div_ceil(1 << TICK_BITS).min(Self::NEVER.0 - 1))
    }

    /// As [`not_before`](Self::not_before), for a look at `now` into the future: what is further away than 8 s has an
    /// eighth of a second of leeway, so that many resting connections are looked at together and not one by one.
    pub(crate) fn about(at: Instant, now: Instant) -> Self {
        const LEEWAY: u64 = 1 << 7;
        let exact = Self::not_before(at);
        if at - now < Duration::from_secs(8) {
            return exact;
        }
        Self(exact.0.next_multiple_of(LEEWAY).min(Self::NEVER.0 - 1))
    }

    fn moment(self) -> Instant {
        Instant(self.0 << TICK_BITS)
    }
}

impl Entry {
    fn new(at: Tick, place: u32) -> Self {
        Self(at.0 << PLACE_BITS | u64::from(place % PLACES))
    }

    pub(crate) fn at(self) -> Tick {
        Tick(self.0 >> PLACE_BITS)
    }

    pub(crate) fn place(self) -> u32 {
        self.0 as u32 % PLACES
    }
}

impl Timers {
    /// The first moment at which something is to be looked at.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.heap.first().map(|entry| entry.at().moment())
    }

    /// Adds an entry.
    pub(crate) fn add(&mut self, at: Tick, place: u32) {
        self.heap.push(Entry::new(at, place));
        self.up(self.heap.len() - 1);
    }

    /// Takes out an entry that is due.
    pub(crate) fn expire(&mut self, now: Instant) -> Option<Entry> {
        let first = *self.heap.first().filter(|entry| entry.at().moment() <= now)?;
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
            if self.heap[parent] <= self.heap[index] {
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
            let Some(least) = children.min_by_key(|&child| self.heap[child]) else { return };
            if self.heap[index] <= self.heap[least] {
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

    const TICK: u64 = 1 << TICK_BITS;

    fn add(timers: &mut Timers, ticks: u64) {
        timers.add(Tick::not_before(Instant(ticks * TICK)), ticks as u32);
    }

    /// A scrambled order that visits every residue once.
    fn scrambled(count: u64) -> impl Iterator<Item = u64> {
        (0..count).map(move |n| n * 7_919 % count)
    }

    #[test]
    fn entries_expire_in_order_and_not_before_their_time() {
        let mut timers = Timers::default();
        scrambled(1_000).for_each(|at| add(&mut timers, at));
        assert_eq!(timers.expire(Instant(0)).map(Entry::place), Some(0));
        assert_eq!(timers.expire(Instant(0)), None);
        for at in 1..1_000 {
            assert_eq!(timers.next(), Some(Instant(at * TICK)));
            assert_eq!(timers.expire(Instant(at * TICK - 1)), None);
            let entry = timers.expire(Instant(at * TICK)).unwrap();
            assert_eq!((entry.at(), entry.place()), (Tick(at), at as u32));
        }
        assert_eq!((timers.next(), timers.len()), (None, 0));
    }

    #[test]
    fn what_is_retained_is_still_in_order() {
        let mut timers = Timers::default();
        scrambled(1_000).for_each(|at| add(&mut timers, at));
        timers.retain(|entry| entry.place() % 3 == 0);
        for at in (0..1_000).step_by(3) {
            assert_eq!(timers.expire(Instant(u64::MAX)).map(Entry::place), Some(at));
        }
        assert_eq!(timers.len(), 0);
    }

    #[test]
    fn far_moments_are_looked_at_together_and_near_ones_exactly() {
        let now = Instant::from_secs(100);
        let near = now + Duration::from_secs(7);
        assert_eq!(Tick::about(near, now), Tick::not_before(near));
        let far = |millis| Tick::about(now + Duration::from_millis(20_000 + millis), now);
        let together = (0..1_000).map(|millis| far(millis).0).collect::<std::collections::BTreeSet<_>>();
        assert!((8..=9).contains(&together.len()), "{}", together.len());
        for millis in 0..1_000 {
            let exact = now + Duration::from_millis(20_000 + millis);
            let late = far(millis).moment() - exact;
            assert!(far(millis).moment() >= exact && late <= Duration::from_millis(132), "{late:?}");
        }
    }

    #[test]
    fn moments_are_rounded_up_and_places_and_times_do_not_mix() {
        assert_eq!(Tick::not_before(Instant(1)).moment(), Instant(TICK));
        assert_eq!(Tick::not_before(Instant(TICK)).moment(), Instant(TICK));
        let far = Tick::not_before(Instant(u64::MAX));
        assert!(far < Tick::NEVER);
        let entry = Entry::new(far, PLACES - 1);
        assert_eq!((entry.at(), entry.place()), (far, PLACES - 1));
        assert!(Entry::new(Tick(1), PLACES - 1) < Entry::new(Tick(2), 0));
    }
}
