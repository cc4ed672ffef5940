//! `allocations.rs` over io_uring. Alone in its process, as that is.
#![cfg(all(feature = "uring", target_os = "linux"))]

#[path = "allocations.rs"]
mod allocations;
