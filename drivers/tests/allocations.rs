//! What a message costs in memory: nothing. Alone in its process, whose allocator it counts.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(unsafe_code, reason = "the allocator interface is unsafe; this one passes everything on")]

mod common;

use common::*;
use std::alloc::{GlobalAlloc, Layout, System};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: every call is the system allocator's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(block, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

#[test]
fn messages_cost_no_allocation() {
    let mut driver = driver(Test::server(Role::Echo), limits());
    let address = listen(&mut driver);
    let mut client = TcpStream::connect(address).unwrap();
    let mut got = vec![0; 4096];
    let sent = pattern(4096);
    let mut round = |driver: &mut drivers::Driver<Test>, len: usize| {
        client.write_all(&sent[..len]).unwrap();
        let goal = driver.stats().bytes_out + len as u64;
        while driver.stats().bytes_out < goal {
            driver.turn(None).unwrap();
        }
        client.read_exact(&mut got[..len]).unwrap();
        assert_eq!(got[..len], sent[..len]);
    };
    for len in [1, 100, 4096] {
        round(&mut driver, len);
    }
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    for len in 1..1_000 {
        round(&mut driver, len * 4);
    }
    assert_eq!(ALLOCATIONS.load(Ordering::Relaxed) - before, 0);
}
