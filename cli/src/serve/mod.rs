//! `sanswire serve`: the demo page, the test endpoints and files.

mod body;
mod certificate;
mod mirror;
mod page;
mod site;
mod socket;
mod start;
mod timeouts;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) use start::run;
pub(crate) use timeouts::Timeouts;

/// What the threads of the server share.
#[derive(Debug, Default)]
struct Shared {
    root: Option<PathBuf>,
    requests: AtomicU64,
}

impl Shared {
    fn count_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }
}
