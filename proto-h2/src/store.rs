use alloc::vec::Vec;

use crate::flow::{ReceiveWindow, SendWindow};
use crate::priority::Priority;
use crate::stream::State;
use crate::{ErrorCode, StreamId};

/// No stream.
pub(crate) const NONE: u16 = u16::MAX;

/// A stream that is neither idle nor closed.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) id: u32,
    pub(crate) state: State,
    /// The request, or the final response, has come.
    pub(crate) head_received: bool,
    /// The request, or the final response, is sent.
    pub(crate) head_sent: bool,
    pub(crate) request: RequestKind,
    /// The response that this end sent has none.
    pub(crate) no_content: bool,
    /// The application returns the credit itself.
    pub(crate) holds_credit: bool,
    /// The application wants to send.
    pub(crate) wants: bool,
    /// It is in a list of the schedule.
    pub(crate) listed: bool,
    /// Turns it had in a row.
    pub(crate) streak: u8,
    pub(crate) priority: Priority,
    pub(crate) send: SendWindow,
    pub(crate) receive: ReceiveWindow,
    /// What Content-Length says is still to come.
    pub(crate) content_left: Option<u64>,
    /// A reset for which there was no room yet; to everyone but the peer the stream is closed.
    pub(crate) reset_due: Option<ErrorCode>,
    pub(crate) previous: u16,
    pub(crate) next: u16,
}

/// What matters of a request to its response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestKind {
    Head,
    Connect,
    Other,
}

impl Stream {
    pub(crate) fn new(id: u32, state: State, send: SendWindow, receive: ReceiveWindow) -> Self {
        Self {
            id,
            state,
            head_received: false,
            head_sent: false,
            request: RequestKind::Other,
            no_content: false,
            holds_credit: false,
            wants: false,
            listed: false,
            streak: 0,
            priority: Priority::default(),
            send,
            receive,
            content_left: None,
            reset_due: None,
            previous: NONE,
            next: NONE,
        }
    }

    /// The final response to the request: only a successful one makes a tunnel of CONNECT (RFC 9110 section 9.3.6).
    pub(crate) fn refuse_tunnel(&mut self, status: u16) {
        if self.request == RequestKind::Connect && !matches!(status, 200..=299) {
            self.request = RequestKind::Other;
        }
    }

    /// Whether DATA could be sent if the connection's window allows.
    #[inline]
    pub(crate) fn is_sendable(&self) -> bool {
        self.wants && self.head_sent && self.state.may_send() && self.send.available() > 0
    }
}

/// The streams of a connection: a slab, whose places are used again, and an index by identifier.
///
/// It grows with the number of streams at a time, which is limited, and keeps what it has.
#[derive(Debug)]
pub(crate) struct Store {
    slab: Vec<Stream>,
    /// The first free place; the next one is in its `next`.
    free: u16,
    /// Places by identifier, open addressing with linear probing.
    index: Vec<u16>,
    live: u16,
}

impl Store {
    pub(crate) const fn new() -> Self {
        Self { slab: Vec::new(), free: NONE, index: Vec::new(), live: 0 }
    }

    /// How many streams there are.
    pub(crate) fn len(&self) -> usize {
        usize::from(self.live)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// How many places there are, free ones included.
    pub(crate) fn places(&self) -> u16 {
        self.slab.len() as u16
    }

    /// Bytes on the heap.
    pub(crate) fn heap(&self) -> usize {
        self.slab.capacity() * size_of::<Stream>() + self.index.capacity() * 2
    }

    #[inline]
    pub(crate) fn find(&self, id: StreamId) -> Option<u16> {
        let mask = self.index.len().checked_sub(1)?;
        let mut at = hash(id.0) & mask;
        loop {
            let place = *self.index.get(at)?;
            if place == NONE {
                return None;
            }
            if self.get(place).is_some_and(|stream| stream.id == id.0) {
                return Some(place);
            }
            at = (at + 1) & mask;
        }
    }

    #[inline]
    pub(crate) fn get(&self, place: u16) -> Option<&Stream> {
        self.slab.get(usize::from(place)).filter(|stream| stream.id != 0)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, place: u16) -> Option<&mut Stream> {
        self.slab.get_mut(usize::from(place)).filter(|stream| stream.id != 0)
    }

    #[inline]
    pub(crate) fn by_id(&mut self, id: u32) -> Option<(u16, &mut Stream)> {
        let place = self.find(StreamId(id))?;
        self.get_mut(place).map(|stream| (place, stream))
    }

    /// All streams with their places.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u16, &Stream)> {
        (0..).zip(&self.slab).filter(|(_, stream)| stream.id != 0)
    }

    /// All streams with their places.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (u16, &mut Stream)> {
        (0..).zip(&mut self.slab).filter(|(_, stream)| stream.id != 0)
    }

    /// Adds a stream whose identifier is not there; `None` when there are 65,535 of them.
    pub(crate) fn insert(&mut self, stream: Stream) -> Option<u16> {
        if usize::from(self.live) * 2 >= self.index.len() {
            self.rebuild_index();
        }
        let id = stream.id;
        let place = if self.free == NONE {
            let place = u16::try_from(self.slab.len()).ok().filter(|&place| place != NONE)?;
            self.slab.push(stream);
            place
        } else {
            let place = self.free;
            let free = self.slab.get_mut(usize::from(place))?;
            self.free = free.next;
            *free = stream;
            place
        };
        self.live += 1;
        self.link(id, place);
        Some(place)
    }

    pub(crate) fn remove(&mut self, place: u16) {
        let Some(id) = self.get(place).map(|stream| stream.id) else { return };
        self.unlink(id, place);
        if let Some(stream) = self.slab.get_mut(usize::from(place)) {
            stream.id = 0;
            stream.next = self.free;
            self.free = place;
            self.live -= 1;
        }
    }

    fn rebuild_index(&mut self) {
        let len = (usize::from(self.live) * 4).max(8).next_power_of_two();
        self.index.clear();
        self.index.resize(len, NONE);
        for place in 0..self.places() {
            if let Some(id) = self.get(place).map(|stream| stream.id) {
                self.link(id, place);
            }
        }
    }

    fn link(&mut self, id: u32, place: u16) {
        let mask = self.index.len() - 1;
        let mut at = hash(id) & mask;
        while self.index[at] != NONE {
            at = (at + 1) & mask;
        }
        self.index[at] = place;
    }

    fn unlink(&mut self, id: u32, place: u16) {
        let mask = self.index.len() - 1;
        let mut hole = hash(id) & mask;
        while self.index[hole] != place {
            if self.index[hole] == NONE {
                return;
            }
            hole = (hole + 1) & mask;
        }
        // Move those back that were pushed along.
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            let other = self.index[at];
            let Some(home) = self.get(other).map(|stream| hash(stream.id) & mask) else { break };
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(hole) & mask) {
                self.index[hole] = other;
                hole = at;
            }
        }
        self.index[hole] = NONE;
    }
}

/// Identifiers are consecutive for the most part. As their own hash they would lie side by side, and whoever takes one
/// away has to look through all that follow it; so they are scattered.
#[inline]
fn hash(id: u32) -> usize {
    ((id >> 1).wrapping_mul(0x9e37_79b1) >> 12) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use proptest::prelude::*;

    fn stream(id: u32) -> Stream {
        Stream::new(id, State::Open, SendWindow::new(0), ReceiveWindow::new(0))
    }

    #[test]
    fn a_stream_takes_no_more_than_256_bytes_with_its_share_of_the_index() {
        assert!(size_of::<Stream>() + 4 * size_of::<u16>() <= 256, "{}", size_of::<Stream>());
    }

    proptest! {
        #[test]
        fn behaves_like_a_map(operations in proptest::collection::vec((1..200_u32, any::<bool>()), 1..if cfg!(miri) { 20 } else { 400 })) {
            let mut store = Store::new();
            let mut model = BTreeMap::new();
            for (id, insert) in operations {
                match store.find(StreamId(id)) {
                    Some(place) => {
                        prop_assert_eq!(model.get(&id), Some(&place));
                        if !insert {
                            store.remove(place);
                            model.remove(&id);
                        }
                    }
                    None => {
                        prop_assert!(!model.contains_key(&id));
                        if insert {
                            let place = store.insert(stream(id)).unwrap();
                            prop_assert!(model.values().all(|&other| other != place));
                            model.insert(id, place);
                        }
                    }
                }
                prop_assert_eq!(store.len(), model.len());
                prop_assert!(model.iter().all(|(&id, &place)| store.find(StreamId(id)) == Some(place)));
            }
            prop_assert!(usize::from(store.places()) <= 200);
        }
    }
}
