//! Blocks that the kernel holds: those it may fill (a provided-buffer ring) and those it sends.
//!
//! A block is either with us, as a [`Buffer`], or with the kernel, as a bare pointer. It changes sides by value, so no
//! safe code can reach a block that the kernel may write to. What is with the kernel when the process or the ring ends
//! without its answer is never freed.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicU16, Ordering};
use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};

use io_uring::types::BufRingEntry;

use super::faults::Faults;
use crate::pool::{Buffer, Pool};

const PAGE: usize = 4096;

/// A block that is with the kernel. Has no destructor: it comes back through [`reclaim`](Self::reclaim) or stays away.
#[derive(Debug)]
pub(super) struct Lent {
    block: NonNull<[u8]>,
    start: u32,
    end: u32,
}

// SAFETY: a `Lent` stands for the unique ownership of a boxed slice of bytes, which may change threads.
unsafe impl Send for Lent {}

impl Lent {
    pub(super) fn new(buffer: Buffer) -> Self {
        let (block, start, end) = buffer.into_parts();
        Self { block: NonNull::from(Box::leak(block)), start, end }
    }

    /// All of a block, for what is of no interest.
    pub(super) fn whole(buffer: Buffer) -> Self {
        let (block, ..) = buffer.into_parts();
        let end = block.len() as u32;
        Self::new(Buffer::from_parts(block, 0, end))
    }

    /// Where the filled range begins. It is valid until [`reclaim`](Self::reclaim).
    pub(super) fn as_ptr(&self) -> *const u8 {
        self.block.cast::<u8>().as_ptr().cast_const().wrapping_add(self.start as usize)
    }

    pub(super) fn len(&self) -> u32 {
        self.end - self.start
    }

    /// Forgets `len` bytes at the front, at most all.
    pub(super) fn consume(&mut self, len: u32) {
        self.start += len.min(self.len());
    }

    /// Takes the block back.
    ///
    /// # Safety
    /// The kernel must have given its last answer about the block.
    pub(super) unsafe fn reclaim(self) -> Buffer {
        // SAFETY: the pointer came from `Box::leak`, and `self` is the only one to have it; the kernel is done with it.
        let block = unsafe { Box::from_raw(self.block.as_ptr()) };
        Buffer::from_parts(block, self.start, self.end)
    }
}

/// The memory that a buffer ring shares with the kernel: places in which blocks are offered, and a counter of them.
#[derive(Debug)]
pub(super) struct BufferRing {
    places: NonNull<BufRingEntry>,
    /// The blocks that are with the kernel, by number.
    lent: Vec<Option<Lent>>,
    /// The numbers that stand for no block now.
    vacant: Vec<u16>,
    tail: u16,
}

// SAFETY: the pointer is to memory that this ring alone allocated and frees; the kernel does not care which thread writes.
unsafe impl Send for BufferRing {}

impl BufferRing {
    /// For `size` blocks, a power of two of at most 32,768.
    pub(super) fn new(size: u16) -> Self {
        let layout = Self::layout(usize::from(size));
        // SAFETY: the layout is not empty, for a ring has at least one place.
        let places = unsafe { alloc_zeroed(layout) };
        let Some(places) = NonNull::new(places.cast()) else { handle_alloc_error(layout) };
        Self { places, lent: (0..size).map(|_| None).collect(), vacant: (0..size).rev().collect(), tail: 0 }
    }

    /// Rounded up to whole pages, which the kernel maps.
    fn layout(size: usize) -> Layout {
        let bytes = (size.max(1) * size_of::<BufRingEntry>()).next_multiple_of(PAGE);
        Layout::from_size_align(bytes, PAGE).unwrap_or(Layout::new::<[u8; PAGE]>())
    }

    /// What the kernel is told when the ring is registered.
    pub(super) fn address(&self) -> u64 {
        self.places.as_ptr() as u64
    }

    pub(super) fn size(&self) -> u16 {
        self.lent.len() as u16
    }

    /// Offers small blocks of `pool` in all vacant places.
    pub(super) fn refill(&mut self, pool: &mut Pool, faults: &mut Faults) {
        if self.vacant.is_empty() {
            return;
        }
        while let Some(number) = self.vacant.pop() {
            self.offer(number, pool.take_small(), faults);
        }
        // SAFETY: the counter lies in the memory of the ring, aligned, and the kernel only reads it. Releasing makes
        // the places before it visible first.
        let tail = unsafe { AtomicU16::from_ptr(BufRingEntry::tail(self.places.as_ptr()).cast_mut()) };
        tail.store(self.tail, Ordering::Release);
    }

    fn offer(&mut self, number: u16, buffer: Buffer, faults: &mut Faults) {
        let (block, ..) = buffer.into_parts();
        let (size, room) = (block.len(), faults.length(block.len()));
        let lent = Lent::new(Buffer::from_parts(block, (size - room) as u32, size as u32));
        let at = usize::from(self.tail) & (self.lent.len() - 1);
        // SAFETY: `at` is below the number of places. The kernel reads a place only once the counter has passed it,
        // and writes none; the place before the counter's own field is never whole under a reference elsewhere.
        let place = unsafe { &mut *self.places.as_ptr().add(at) };
        place.set_addr(lent.as_ptr() as u64);
        place.set_len(lent.len());
        place.set_bid(number);
        self.lent[usize::from(number)] = Some(lent);
        self.tail = self.tail.wrapping_add(1);
    }

    /// Takes the block that the kernel has filled with `len` bytes. `None`: it was not with the kernel.
    ///
    /// # Safety
    /// `number` and `len` must be what the kernel reported in a completion, each completion used once.
    pub(super) unsafe fn take(&mut self, number: u16, len: u32) -> Option<Buffer> {
        let mut lent = self.lent.get_mut(usize::from(number))?.take()?;
        lent.end = lent.start + len.min(lent.len());
        self.vacant.push(number);
        // SAFETY: the kernel forgets a block of the ring when it reports it.
        Some(unsafe { lent.reclaim() })
    }

    /// Takes back all blocks.
    ///
    /// # Safety
    /// The ring must not be registered any more, and no receive be under way.
    pub(super) unsafe fn reclaim_all(&mut self) {
        for lent in self.lent.iter_mut().filter_map(Option::take) {
            // SAFETY: as the caller promises, nobody is left to write to it.
            drop(unsafe { lent.reclaim() });
        }
    }
}

impl Drop for BufferRing {
    fn drop(&mut self) {
        if self.lent.iter().any(Option::is_some) {
            return; // still with the kernel, and so is the ring
        }
        // SAFETY: allocated in `new` with this layout, and no longer known to the kernel.
        unsafe { dealloc(self.places.as_ptr().cast(), Self::layout(self.lent.len())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Does what the kernel does: takes the places that are offered, in order, and writes to their blocks.
    struct Kernel {
        head: u16,
    }

    impl Kernel {
        fn fill(&mut self, ring: &BufferRing, bytes: &[u8]) -> Option<(u16, u32)> {
            // SAFETY: as the kernel does, this reads the counter, then a place that it has passed.
            let tail = unsafe { AtomicU16::from_ptr(BufRingEntry::tail(ring.places.as_ptr()).cast_mut()) };
            if tail.load(Ordering::Acquire) == self.head {
                return None;
            }
            // SAFETY: as above.
            let place = unsafe { &*ring.places.as_ptr().add(usize::from(self.head % ring.size())) };
            let len = bytes.len().min(place.len() as usize);
            let lent = ring.lent[usize::from(place.bid())].as_ref()?;
            assert_eq!(lent.as_ptr() as u64, place.addr());
            // SAFETY: the block is lent and has room for as much as its place says.
            unsafe { core::ptr::copy_nonoverlapping(bytes.as_ptr(), lent.as_ptr().cast_mut(), len) };
            self.head = self.head.wrapping_add(1);
            Some((place.bid(), len as u32))
        }
    }

    #[test]
    fn blocks_go_round_and_none_is_on_both_sides() {
        let mut pool = Pool::new(20_000, 1 << 20);
        let (mut ring, mut kernel) = (BufferRing::new(4), Kernel { head: 0 });
        for round in 0..40_u8 {
            ring.refill(&mut pool, &mut Faults::new());
            let filled: Vec<_> = core::iter::from_fn(|| kernel.fill(&ring, &[round; 100])).collect();
            assert_eq!(filled.len(), 4, "as many as there are places, and then no more");
            // They come back in any order.
            for (number, len) in filled.into_iter().rev() {
                // SAFETY: what `Kernel` has just reported.
                let buffer = unsafe { ring.take(number, len) }.unwrap();
                assert_eq!(buffer.filled(), [round; 100]);
                // SAFETY: reported once, asked for twice: it must not be had again.
                assert!(unsafe { ring.take(number, len) }.is_none());
                pool.give(buffer);
            }
        }
        // SAFETY: there is no kernel.
        unsafe { ring.reclaim_all() };
    }

    #[test]
    fn the_counter_wraps() {
        let mut pool = Pool::new(20_000, 1 << 20);
        let (mut ring, mut kernel) = (BufferRing::new(2), Kernel { head: 0 });
        (ring.tail, kernel.head) = (u16::MAX - 2, u16::MAX - 2);
        for byte in 0..10_u8 {
            ring.refill(&mut pool, &mut Faults::new());
            let (number, len) = kernel.fill(&ring, &[byte]).unwrap();
            // SAFETY: what `Kernel` has just reported.
            let buffer = unsafe { ring.take(number, len) }.unwrap();
            assert_eq!(buffer.filled(), [byte]);
            pool.give(buffer);
        }
        // SAFETY: there is no kernel.
        unsafe { ring.reclaim_all() };
    }

    #[test]
    fn what_is_being_sent_comes_back_with_what_is_left() {
        let mut pool = Pool::new(20_000, 0);
        let mut buffer = pool.take();
        buffer.spare()[..10].copy_from_slice(b"0123456789");
        buffer.filled_more(10);
        let mut lent = Lent::new(buffer);
        lent.consume(4);
        // SAFETY: reads within the lent block.
        assert_eq!(unsafe { *lent.as_ptr() }, b'4');
        lent.consume(2);
        assert_eq!(lent.len(), 4);
        // SAFETY: nobody has the pointer any more.
        assert_eq!(unsafe { lent.reclaim() }.filled(), b"6789");
    }
}
