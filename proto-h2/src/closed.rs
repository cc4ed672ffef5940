use crate::stream::Cause;

/// What is remembered of streams that are no more, in bounded space.
///
/// All but a few closed streams were ended by both sides, and what comes on them is a fault. Remembered are the
/// exceptions: the last streams that were reset, by whom, and the identifiers that were skipped. When there were
/// more resets than can be remembered, streams up to the forgotten one get the benefit of the doubt.
#[derive(Debug)]
pub(crate) struct Closed {
    /// Identifiers, with [`BY_PEER`] where the peer reset them; 0 for none.
    resets: [u32; RESETS],
    next: u8,
    /// Up to these, even and odd identifiers, resets may be forgotten.
    unknown: [u32; 2],
    /// Ranges of identifiers of one kind, even or odd, ends included, that were never used.
    skipped: [(u32, u32); 2],
    next_skipped: u8,
}

const BY_PEER: u32 = 1 << 31;
const RESETS: usize = 16;

impl Closed {
    pub(crate) const fn new() -> Self {
        Self { resets: [0; RESETS], next: 0, unknown: [0; 2], skipped: [(0, 0); 2], next_skipped: 0 }
    }

    pub(crate) fn reset(&mut self, id: u32, by_peer: bool) {
        let slot = usize::from(self.next) % self.resets.len();
        self.next = self.next.wrapping_add(1);
        let forgotten = self.resets[slot] & !BY_PEER;
        self.forget(forgotten);
        self.resets[slot] = id | if by_peer { BY_PEER } else { 0 };
    }

    /// The identifiers between `last` and `id`, both used, were not.
    pub(crate) fn skip(&mut self, last: u32, id: u32) {
        if id > last + 2 {
            let slot = usize::from(self.next_skipped) % self.skipped.len();
            self.next_skipped = self.next_skipped.wrapping_add(1);
            // The other side's identifiers lie between them, and are none of this range.
            let first = if last == 0 { 2 - (id & 1) } else { last + 2 };
            self.skipped[slot] = (first, id - 2);
        }
    }

    /// Whatever comes on streams up to `id`, of its kind, is to be ignored.
    pub(crate) fn forget(&mut self, id: u32) {
        let unknown = &mut self.unknown[(id & 1) as usize];
        *unknown = (*unknown).max(id);
    }

    pub(crate) fn cause(&self, id: u32) -> Cause {
        match self.resets.iter().find(|&&reset| reset & !BY_PEER == id) {
            Some(reset) if reset & BY_PEER != 0 => return Cause::ResetByPeer,
            Some(_) => return Cause::ResetByUs,
            None => {}
        }
        let skipped = |&(from, to): &(u32, u32)| (from..=to).contains(&id) && (from ^ id) & 1 == 0;
        if self.skipped.iter().any(skipped) {
            Cause::Skipped
        } else if id <= self.unknown[(id & 1) as usize] {
            Cause::Unknown
        } else {
            Cause::Ended
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_who_reset_until_it_must_forget() {
        let mut closed = Closed::new();
        closed.reset(3, true);
        closed.reset(7, false);
        assert_eq!(closed.cause(3), Cause::ResetByPeer);
        assert_eq!(closed.cause(7), Cause::ResetByUs);
        assert_eq!((closed.cause(1), closed.cause(5)), (Cause::Ended, Cause::Ended));
        for id in 0..RESETS as u32 {
            closed.reset(101 + 2 * id, false);
        }
        assert_eq!((closed.cause(3), closed.cause(7)), (Cause::Unknown, Cause::Unknown));
        assert_eq!((closed.cause(5), closed.cause(9)), (Cause::Unknown, Cause::Ended));
        assert_eq!(closed.cause(2), Cause::Ended, "the other side's streams are apart");
    }

    #[test]
    fn skipped_identifiers_were_never_used() {
        use Cause::{Ended, Skipped};
        let mut closed = Closed::new();
        closed.skip(1, 3);
        closed.skip(3, 9);
        let causes = [3, 4, 5, 6, 7, 8, 9].map(|id| closed.cause(id));
        // The even ones are the other side's.
        assert_eq!(causes, [Ended, Ended, Skipped, Ended, Skipped, Ended, Ended]);
        let mut closed = Closed::new();
        closed.skip(0, 5);
        closed.skip(0, 4);
        assert_eq!([1, 2, 3, 4, 5].map(|id| closed.cause(id)), [Skipped, Skipped, Skipped, Ended, Ended]);
    }
}
