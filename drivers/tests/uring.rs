//! Everything that the other transport is tested for, over io_uring: see `common::transport`.
#![cfg(all(feature = "uring", target_os = "linux"))]
#![allow(clippy::duplicate_mod, reason = "every suite brings its own helpers")]

#[path = "downloads.rs"]
mod downloads;
#[path = "ends.rs"]
mod ends;
#[path = "files.rs"]
mod files;
#[path = "many.rs"]
mod many;
#[path = "plain.rs"]
mod plain;
#[path = "sendfile.rs"]
mod sendfile;
#[path = "serving.rs"]
mod serving;
#[path = "tls.rs"]
mod tls;
