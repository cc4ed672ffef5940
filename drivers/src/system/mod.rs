//! What systems do not have in common, under one name each.
//!
//! [`kernel`] is what Linux can do beyond POSIX, or what stands for it; [`stream`] makes sockets in one step, where
//! there is such a step; [`walk`] opens files below a directory on any system.

#[cfg(any(test, not(any(target_os = "linux", target_os = "android"))))]
#[cfg_attr(any(target_os = "linux", target_os = "android"), allow(dead_code, reason = "for its tests"))]
mod elsewhere;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;
#[cfg_attr(target_vendor = "apple", path = "stream_apple.rs")]
mod stream;
mod walk;

#[cfg(not(any(target_os = "linux", target_os = "android")))]
use elsewhere as kernel;
#[cfg(any(target_os = "linux", target_os = "android"))]
use linux as kernel;

pub(crate) use kernel::{SPREADS, abort, open_beneath, pin, processors, sendfile, share_port};
pub(crate) use stream::{SEND, accept, stream};
pub(crate) use walk::DIRECTORY;
