//! `sanswire serve`: the demo page, the test endpoints and files.

mod body;
mod mirror;
mod page;
mod site;
mod socket;
mod start;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use drivers::Waker;

pub(crate) use start::run;

use mirror::Stroke;

/// What the threads of the server share.
#[derive(Default)]
struct Shared {
    root: Option<PathBuf>,
    requests: AtomicU64,
    /// One waker per thread; strokes go to all of them.
    wakers: Mutex<Vec<Waker<Stroke>>>,
}

impl Shared {
    fn count_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// Sends a stroke to the boards of all threads. A thread that is too busy to take it misses it.
    fn publish(&self, stroke: Stroke) {
        let wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        for waker in wakers.iter() {
            let _ = waker.wake(stroke.clone());
        }
    }
}
