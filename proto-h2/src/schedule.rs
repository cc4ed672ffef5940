use crate::store::{NONE, Store};

/// Whose turn it is to send: one list for each urgency, incremental or not (RFC 9218 section 10).
///
/// A list holds the streams that want to send and have credit. The most urgent are served first; of equal urgency,
/// incremental streams take turns, others are served one after the other, as they came. Nothing starves: every
/// 16th turn goes to the lists in rotation, whatever their urgency, and no stream has more than 17 turns in a row
/// while another of its list waits. So of `n` streams, each that wants to send and may has a turn within `256 n`.
#[derive(Debug)]
pub(crate) struct Schedule {
    lists: [List; LISTS],
    /// A bit for each list that is not empty.
    filled: u16,
    turn: u8,
    rotation: u8,
    /// The identifier of the stream that had the last turn.
    last: u32,
}

const LISTS: usize = 16;
/// One turn in so many goes by rotation.
const ROTATION: u8 = 16;
/// Turns in a row.
const STREAK: u8 = 16;

#[derive(Debug, Clone, Copy)]
struct List {
    first: u16,
    last: u16,
}

impl Schedule {
    pub(crate) const fn new() -> Self {
        Self { lists: [List { first: NONE, last: NONE }; LISTS], filled: 0, turn: 0, rotation: 0, last: 0 }
    }

    /// Whether no stream waits for its turn.
    pub(crate) fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// Lists the stream if it wants and may send, and takes it off if not.
    #[inline]
    pub(crate) fn update(&mut self, store: &mut Store, place: u16) {
        let Some(stream) = store.get_mut(place) else { return };
        match (stream.is_sendable(), stream.listed) {
            (true, false) => {
                // One that is served one after the other goes on where it was.
                let goes_on =
                    !stream.priority.incremental && self.last == stream.id && stream.streak < STREAK;
                stream.streak = if goes_on { stream.streak + 1 } else { 0 };
                self.link(store, place, goes_on);
            }
            (false, true) => self.unlink(store, place),
            _ => {}
        }
    }

    /// Takes the stream off its list.
    pub(crate) fn unlink(&mut self, store: &mut Store, place: u16) {
        let Some(stream) = store.get_mut(place).filter(|stream| stream.listed) else { return };
        stream.listed = false;
        let (previous, next) = (stream.previous, stream.next);
        let nth = list_of(stream.priority);
        match store.get_mut(previous) {
            Some(stream) => stream.next = next,
            None => self.lists[nth].first = next,
        }
        match store.get_mut(next) {
            Some(stream) => stream.previous = previous,
            None => self.lists[nth].last = previous,
        }
        if self.lists[nth].first == NONE {
            self.filled &= !(1 << nth);
        }
    }

    /// The next stream, which is taken off its list and no longer wants.
    pub(crate) fn next(&mut self, store: &mut Store) -> Option<u16> {
        if self.filled == 0 {
            return None;
        }
        self.turn = self.turn.wrapping_add(1);
        let most_urgent = self.filled.trailing_zeros() as usize & !1;
        let both = self.filled >> most_urgent & 0b11;
        // Where both kinds wait with equal urgency, they alternate.
        let incremental = if both == 0b11 { usize::from(self.turn & 1) } else { usize::from(both == 0b10) };
        let mut nth = most_urgent + incremental;
        if self.turn.is_multiple_of(ROTATION) {
            self.rotation = self.rotation.wrapping_add(1) % LISTS as u8;
            let ahead = self.filled.rotate_right(self.rotation.into()).trailing_zeros() as u8;
            self.rotation = (self.rotation + ahead) % LISTS as u8;
            nth = usize::from(self.rotation);
        }
        let place = self.lists.get(nth)?.first;
        self.unlink(store, place);
        let stream = store.get_mut(place)?;
        stream.wants = false;
        if nth & !1 != most_urgent {
            // Such turns are rare: the next one is another stream's.
            stream.streak = STREAK;
        }
        self.last = stream.id;
        Some(place)
    }

    fn link(&mut self, store: &mut Store, place: u16, in_front: bool) {
        let Some(stream) = store.get_mut(place) else { return };
        let nth = list_of(stream.priority);
        let list = &mut self.lists[nth];
        stream.listed = true;
        self.filled |= 1 << nth;
        if in_front {
            (stream.previous, stream.next) = (NONE, list.first);
            let next = core::mem::replace(&mut list.first, place);
            match store.get_mut(next) {
                Some(next) => next.previous = place,
                None => list.last = place,
            }
        } else {
            (stream.previous, stream.next) = (list.last, NONE);
            let previous = core::mem::replace(&mut list.last, place);
            match store.get_mut(previous) {
                Some(previous) => previous.next = place,
                None => list.first = place,
            }
        }
    }
}

fn list_of(priority: crate::Priority) -> usize {
    usize::from(priority.urgency.min(7)) * 2 + usize::from(priority.incremental)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Priority;
    use crate::flow::{ReceiveWindow, SendWindow};
    use crate::store::Stream;
    use crate::stream::State;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn with(priorities: &[(u8, bool)]) -> (Store, Schedule) {
        let (mut store, mut schedule) = (Store::new(), Schedule::new());
        for (nth, &(urgency, incremental)) in priorities.iter().enumerate() {
            let mut stream =
                Stream::new(nth as u32 * 2 + 1, State::Open, SendWindow::new(1), ReceiveWindow::new(0));
            stream.priority = Priority { urgency, incremental };
            (stream.head_sent, stream.wants) = (true, true);
            let place = store.insert(stream).unwrap();
            schedule.update(&mut store, place);
        }
        (store, schedule)
    }

    /// The order of turns when everyone always wants more.
    fn turns(priorities: &[(u8, bool)], count: usize) -> Vec<u32> {
        let (mut store, mut schedule) = with(priorities);
        let turn = |_| {
            let place = schedule.next(&mut store).unwrap();
            store.get_mut(place).unwrap().wants = true;
            schedule.update(&mut store, place);
            store.get(place).unwrap().id
        };
        (0..count).map(turn).collect()
    }

    #[test]
    fn urgency_first_then_order_or_turns() {
        assert_eq!(turns(&[(3, false), (1, false), (3, false)], 5), [3, 3, 3, 3, 3]);
        assert_eq!(turns(&[(3, true), (3, true), (3, true)], 6), [1, 3, 5, 1, 3, 5]);
        assert_eq!(turns(&[(3, false), (3, false)], 5), [1, 1, 1, 1, 1]);
        assert_eq!(turns(&[(3, false), (3, true)], 6), [3, 1, 3, 1, 3, 1]);
    }

    #[test]
    fn one_that_wants_no_more_is_followed_by_the_next() {
        let (mut store, mut schedule) = with(&[(3, false), (2, false), (3, false)]);
        let mut order = Vec::new();
        while let Some(place) = schedule.next(&mut store) {
            order.push(store.get(place).unwrap().id);
        }
        assert_eq!(order, [3, 1, 5]);
        assert_eq!(schedule.next(&mut store), None);
    }

    proptest! {
        #[test]
        fn no_stream_starves(priorities in proptest::collection::vec((0..8_u8, any::<bool>()), 1..if cfg!(miri) { 3 } else { 20 })) {
            // Each list comes up once in 16 rotations, and then with another stream.
            let bound = 256 * priorities.len();
            let order = turns(&priorities, bound);
            for nth in 0..priorities.len() as u32 {
                prop_assert!(order.contains(&(nth * 2 + 1)), "{} of {:?}", nth, priorities);
            }
        }

        #[test]
        fn lists_survive_any_order_of_removal(
            priorities in proptest::collection::vec((0..8_u8, any::<bool>()), 1..if cfg!(miri) { 3 } else { 20 }),
            removals in proptest::collection::vec(0..20_u16, 0..20),
        ) {
            let (mut store, mut schedule) = with(&priorities);
            for place in removals {
                schedule.unlink(&mut store, place);
                store.remove(place);
            }
            let mut left = 0;
            while let Some(place) = schedule.next(&mut store) {
                prop_assert!(store.get(place).is_some());
                left += 1;
            }
            prop_assert_eq!(left, store.len());
        }
    }
}
