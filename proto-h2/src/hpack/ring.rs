use alloc::boxed::Box;
use alloc::vec;

use super::packed::{HEADER, Header, equal};

/// What RFC 7541 section 4.1 adds to the lengths of name and value for an entry's overhead.
pub(super) const OVERHEAD: usize = 32;

/// The largest table: offsets are kept in 16 bits, in units of eight bytes.
pub(super) const MAX_CAPACITY: u32 = 256 * 1024;

/// Bytes that may be read behind the ring, so that copies of a fixed length stay inside.
const SLACK: usize = 64;

/// A dynamic table (RFC 7541 section 2.3.2): one allocation, made once.
///
/// The allocation holds an array of offsets, one for each entry there can be (an entry counts at least 32), and a
/// ring of packed entries. Entries begin at multiples of eight, so their headers never wrap around; names and
/// values may. A packed entry takes at most 15 bytes more than its name and value, less than the 32 it counts, so a
/// ring of the table's size always has room.
pub(super) struct Ring {
    store: Box<[u8]>,
    /// Where in `store` the ring begins; the offsets are before it.
    base: u32,
    /// Length of the ring, a multiple of eight.
    ring: u32,
    /// Where in the ring the next entry begins.
    head: u32,
    /// How many entries were ever inserted, modulo 2^32.
    inserted: u32,
    /// How many are still there.
    live: u32,
    size: u32,
    max_size: u32,
}

/// An entry found in the table.
#[derive(Clone, Copy)]
pub(super) struct Found {
    pub(super) header: Header,
    /// Where in the ring it begins.
    at: usize,
}

impl Ring {
    /// A table that can hold up to `capacity` as RFC 7541 section 4.1 counts.
    pub(super) fn new(capacity: u32) -> Self {
        let capacity = capacity.min(MAX_CAPACITY);
        let ring = (capacity as usize).next_multiple_of(8);
        let slots = (ring / OVERHEAD).max(1).next_power_of_two();
        Self {
            store: vec![0; slots * 2 + ring + SLACK].into_boxed_slice(),
            base: slots as u32 * 2,
            ring: ring as u32,
            head: 0,
            inserted: 0,
            live: 0,
            size: 0,
            max_size: capacity,
        }
    }

    pub(super) fn capacity_slots(&self) -> usize {
        self.base as usize / 2
    }

    #[inline]
    pub(super) fn max_size(&self) -> u32 {
        self.max_size
    }

    #[inline]
    pub(super) fn size(&self) -> u32 {
        self.size
    }

    /// How many entries there are.
    #[inline]
    pub(super) fn len(&self) -> u32 {
        self.live
    }

    /// How many entries were ever inserted, modulo 2^32: the name of the next entry.
    #[inline]
    pub(super) fn inserted(&self) -> u32 {
        self.inserted
    }

    /// Bytes of heap.
    pub(super) fn heap(&self) -> usize {
        self.store.len()
    }

    /// The entry inserted `age` insertions ago, 1 being the newest.
    #[inline]
    pub(super) fn find(&self, age: u32) -> Option<Found> {
        if age.wrapping_sub(1) >= self.live {
            return None;
        }
        let at = usize::from(self.offset(self.inserted.wrapping_sub(age))?) * 8;
        let header = Header::read(self.store.get(self.base as usize + at..)?)?;
        Some(Found { header, at })
    }

    /// Copies the first `len` bytes of the packed entry to `out`; `false` when `out` is too short. May write more
    /// than `len` where `out` has room.
    #[inline]
    pub(super) fn copy(&self, found: Found, len: usize, out: &mut [u8]) -> bool {
        self.copy_from(found.at, len, out)
    }

    /// Copies the name of the entry to `out`.
    #[inline]
    pub(super) fn copy_name(&self, found: Found, out: &mut [u8]) -> bool {
        let mut at = found.at + HEADER;
        if at == self.ring as usize {
            at = 0;
        }
        self.copy_from(at, found.header.name_len(), out)
    }

    /// Whether the entry inserted `age` insertions ago is this field.
    #[inline]
    pub(super) fn is(&self, age: u32, name: &[u8], value: &[u8]) -> bool {
        let Some(found) = self.find(age).filter(|found| found.header.has_lens(name.len(), value.len()))
        else {
            return false;
        };
        if found.at + found.header.total() > self.ring as usize {
            let value_at = found.at + HEADER + name.len();
            return self.has_at(found.at + HEADER, name) && self.has_at(value_at, value);
        }
        let body = self.store.get(self.base as usize + found.at + HEADER..).unwrap_or_default();
        let Some((found_name, rest)) = body.split_at_checked(name.len()) else { return false };
        rest.get(..value.len()).is_some_and(|found| equal(found, value)) && equal(found_name, name)
    }

    /// Whether the entry inserted `age` insertions ago has this name.
    pub(super) fn has_name(&self, age: u32, name: &[u8]) -> bool {
        let found = self.find(age).filter(|found| found.header.name_len() == name.len());
        found.is_some_and(|found| self.has_at(found.at + HEADER, name))
    }

    /// Sets the maximum size, evicting what no longer fits (RFC 7541 section 4.3). Above the capacity it has no
    /// effect.
    pub(super) fn set_max_size(&mut self, max_size: u32) {
        self.max_size = max_size.min(self.capacity());
        self.evict(self.max_size);
    }

    /// Adds an entry, evicting from the other end (section 4.4). One that is larger than the table empties it,
    /// "not an error". Says whether the entry is in the table now.
    #[inline]
    pub(super) fn insert(&mut self, header: Header, name: &[u8], value: &[u8]) -> bool {
        let size = name.len() + value.len() + OVERHEAD;
        let Some(rest) = (self.max_size as usize).checked_sub(size) else {
            self.evict(0);
            return false;
        };
        if self.size as usize > rest {
            self.evict(rest as u32);
        }
        let at = self.head as usize;
        if !self.put_contiguous(at, header, name, value) {
            self.put(at, &header.to_bytes());
            self.put(at + HEADER, name);
            self.put(at + HEADER + name.len(), value);
        }
        self.set_offset(self.inserted, (at / 8) as u16);
        let next = (at + header.total()).next_multiple_of(8);
        self.head = if next >= self.ring as usize { next - self.ring as usize } else { next } as u32;
        self.inserted = self.inserted.wrapping_add(1);
        self.live += 1;
        self.size += size as u32;
        true
    }

    fn capacity(&self) -> u32 {
        self.ring
    }

    fn evict(&mut self, size: u32) {
        while self.size > size {
            let Some(oldest) = self.find(self.live) else {
                self.size = 0;
                return;
            };
            let freed = oldest.header.name_len() + oldest.header.value_len() + OVERHEAD;
            self.size = self.size.saturating_sub(freed as u32);
            self.live -= 1;
        }
    }

    #[inline]
    fn slot(&self, nth: u32) -> usize {
        // the number of slots is a power of two, and each takes two bytes
        (nth as usize * 2) & (self.base as usize - 1)
    }

    #[inline]
    fn offset(&self, nth: u32) -> Option<u16> {
        let bytes = self.store.get(self.slot(nth)..)?.first_chunk()?;
        Some(u16::from_le_bytes(*bytes))
    }

    #[inline]
    fn set_offset(&mut self, nth: u32, offset: u16) {
        let slot = self.slot(nth);
        if let Some(bytes) = self.store.get_mut(slot..).and_then(|rest| rest.first_chunk_mut()) {
            *bytes = offset.to_le_bytes();
        }
    }

    #[inline]
    fn copy_from(&self, at: usize, len: usize, out: &mut [u8]) -> bool {
        let start = self.base as usize + at;
        if at + len <= self.ring as usize {
            return self.store.get(start..).is_some_and(|src| super::packed::copy(out, src, len));
        }
        let first = (self.ring as usize).saturating_sub(at);
        let (Some(a), Some(b)) =
            (self.store.get(start..start + first), self.wrapped(len.saturating_sub(first)))
        else {
            return false;
        };
        let Some((to_a, to_b)) = out.get_mut(..len).and_then(|out| out.split_at_mut_checked(first)) else {
            return false;
        };
        to_a.copy_from_slice(a);
        to_b.copy_from_slice(b);
        true
    }

    /// The first `len` bytes of the ring.
    fn wrapped(&self, len: usize) -> Option<&[u8]> {
        self.store.get(self.base as usize..self.base as usize + len)
    }

    #[inline]
    fn has_at(&self, mut at: usize, bytes: &[u8]) -> bool {
        let ring = self.ring as usize;
        if at >= ring {
            at -= ring;
        }
        let start = self.base as usize + at;
        if at + bytes.len() <= ring {
            return self.store.get(start..start + bytes.len()).is_some_and(|found| equal(found, bytes));
        }
        let Some((a, b)) = bytes.split_at_checked(ring - at) else { return false };
        self.store.get(start..start + a.len()) == Some(a) && self.wrapped(b.len()) == Some(b)
    }

    /// Writes an entry that does not wrap around; `false` when it does.
    #[inline]
    fn put_contiguous(&mut self, at: usize, header: Header, name: &[u8], value: &[u8]) -> bool {
        let start = self.base as usize + at;
        if at + header.total() > self.ring as usize {
            return false;
        }
        let room = self.store.get_mut(start..start + header.total());
        let Some((to_header, rest)) = room.and_then(|room| room.split_first_chunk_mut::<HEADER>()) else {
            return false;
        };
        let Some((to_name, to_value)) = rest.split_at_mut_checked(name.len()) else { return false };
        if to_value.len() != value.len() {
            return false;
        }
        *to_header = header.to_bytes();
        to_name.copy_from_slice(name);
        to_value.copy_from_slice(value);
        true
    }

    fn put(&mut self, mut at: usize, bytes: &[u8]) {
        let (base, ring) = (self.base as usize, self.ring as usize);
        if at >= ring {
            at -= ring;
        }
        let first = bytes.len().min(ring - at);
        let (a, b) = bytes.split_at(first);
        if let Some(room) = self.store.get_mut(base + at..base + at + a.len()) {
            room.copy_from_slice(a);
        }
        if let Some(room) = self.store.get_mut(base..base + b.len()) {
            room.copy_from_slice(b);
        }
    }
}

impl core::fmt::Debug for Ring {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Ring")
            .field("entries", &self.live)
            .field("size", &self.size)
            .field("max_size", &self.max_size)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::VecDeque;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn entry(ring: &Ring, age: u32) -> Option<(Vec<u8>, Vec<u8>)> {
        let found = ring.find(age)?;
        let (name, value) = (found.header.name_len(), found.header.value_len());
        let mut out = vec![0; found.header.total()];
        assert!(ring.copy(found, out.len(), &mut out));
        let (name, value) = (out[HEADER..HEADER + name].to_vec(), out[HEADER + name..][..value].to_vec());
        let mut alone = vec![0; name.len()];
        assert!(ring.copy_name(found, &mut alone));
        assert_eq!(alone, name);
        assert!(ring.has_name(age, &name) && ring.is(age, &name, &value));
        Some((name, value))
    }

    proptest! {
        /// Against the plainest table there is.
        #[test]
        fn behaves_like_a_queue(
            capacity in 0..700_u32,
            operations in proptest::collection::vec((0..40_usize, 0..200_usize, 0..20_u32), 1..if cfg!(miri) { 8 } else { 120 }),
        ) {
            let mut ring = Ring::new(capacity);
            let mut model: VecDeque<(Vec<u8>, Vec<u8>)> = VecDeque::new();
            let mut max = capacity as usize;
            let cost = |(n, v): &(Vec<u8>, Vec<u8>)| n.len() + v.len() + OVERHEAD;
            for (nth, (name, value, resize)) in operations.into_iter().enumerate() {
                if resize == 0 {
                    max = (name * 20).min(capacity as usize);
                    ring.set_max_size(max as u32);
                } else {
                    let new = (vec![nth as u8; name], vec![!(nth as u8); value]);
                    ring.insert(Header::new(name, value, 0), &new.0, &new.1);
                    model.push_front(new);
                }
                while model.iter().map(cost).sum::<usize>() > max {
                    model.pop_back();
                }
                prop_assert_eq!(ring.size() as usize, model.iter().map(cost).sum::<usize>());
                prop_assert_eq!(ring.len() as usize, model.len());
                for (at, expected) in model.iter().enumerate() {
                    let found = entry(&ring, at as u32 + 1);
                    prop_assert_eq!(found.as_ref(), Some(expected));
                }
                prop_assert!(ring.find(0).is_none() && ring.find(model.len() as u32 + 1).is_none());
            }
        }
    }
}
