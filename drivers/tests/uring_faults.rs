//! What is said over a socket arrives whole and in order over a ring that goes wrong: short reads and writes, operations that fail
//! for passing reasons, answers that come late and in another order. (Suites that count turns or measure time are left
//! out.) A failed test says which `FAULTS=SEED` repeats it.
#![cfg(all(feature = "faults", target_os = "linux"))]
#![allow(clippy::duplicate_mod, reason = "every suite brings its own helpers")]

#[path = "downloads.rs"]
mod downloads;
#[path = "files.rs"]
mod files;
#[path = "plain.rs"]
mod plain;
#[path = "sendfile.rs"]
mod sendfile;
#[path = "serving.rs"]
mod serving;
#[path = "tls.rs"]
mod tls;
