//! The layout of frames (RFC 9113 sections 4.1 and 6).

mod head;
pub(crate) mod write;

pub(crate) use head::{FrameHead, HEAD_LEN, flag, kind};

/// The client's connection preface (RFC 9113 section 3.4), which SETTINGS must follow.
pub const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
