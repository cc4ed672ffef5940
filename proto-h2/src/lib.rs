//! HTTP/2 (RFC 9113) and HPACK (RFC 7541) as sans-IO state machines.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;

pub mod hpack;
