//! This workspace's codecs, driven the way its drivers do.

pub mod deflate;
pub mod h1;
pub mod h2;
pub mod hpack;
pub mod lejp;
pub mod ws;
