//! Counts what the connection under test allocates while it is at work, on each thread of its own.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use crate::common::AT_WORK;

struct Counting;

std::thread_local! {
    static NOW: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

/// Begins anew.
pub(crate) fn reset() {
    NOW.set(0);
    PEAK.set(0);
}

/// The most bytes that were there at a time beyond what was there at the [`reset`].
pub(crate) fn peak() -> usize {
    PEAK.get().unsigned_abs()
}

fn count(bytes: isize) {
    if AT_WORK.get() {
        NOW.set(NOW.get() + bytes);
        PEAK.set(PEAK.get().max(NOW.get()));
    }
}

// SAFETY: everything is passed on to the system's allocator; counting touches no memory it manages.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller keeps to the contract of `alloc`, which is the same.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;
