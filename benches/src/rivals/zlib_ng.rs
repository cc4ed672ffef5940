//! zlib-ng by itself.
#![allow(unsafe_code)]

use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::ptr;

use libz_sys as z;

use crate::raw::{Compressor, Decompressor};

/// A stream of the library's. It stays where it is, because its state points back to it; and it is only written
/// through pointers, because where C has null functions, which ask for the default allocator, Rust has no value.
struct Stream(Box<MaybeUninit<z::z_stream>>);

/// `deflate` or `inflate`.
type Run = unsafe extern "C" fn(z::z_streamp, c_int) -> c_int;

impl Stream {
    fn new() -> Self {
        Self(Box::new(MaybeUninit::zeroed()))
    }

    /// All of `input`, and how many bytes that made; 0 if there was a fault.
    fn run(&mut self, run: Run, input: &[u8], room: &mut [u8]) -> usize {
        let stream = self.0.as_mut_ptr();
        // SAFETY: the pointers are to live memory of the lengths that stand beside them, the stream was initialised by
        // whoever made it, and neither function writes to its input.
        let (status, left) = unsafe {
            (*stream).next_in = input.as_ptr().cast_mut();
            (*stream).avail_in = input.len() as z::uInt;
            (*stream).next_out = room.as_mut_ptr();
            (*stream).avail_out = room.len() as z::uInt;
            let status = run(stream, z::Z_SYNC_FLUSH);
            (*stream).next_in = ptr::null_mut();
            (status, (*stream).avail_out as usize)
        };
        if status == z::Z_OK { room.len() - left } else { 0 }
    }
}

/// Its compressor.
pub struct Deflate(Stream);

impl Deflate {
    /// At this level, with the whole window and as much memory as by default.
    pub fn new(level: u8) -> Self {
        let mut stream = Stream::new();
        // SAFETY: the stream is zero, as the function asks for, and the version and size are those of the declarations.
        let status = unsafe {
            z::deflateInit2_(
                stream.0.as_mut_ptr(),
                level.into(),
                z::Z_DEFLATED,
                -15,
                8,
                z::Z_DEFAULT_STRATEGY,
                z::zlibVersion(),
                size_of::<z::z_stream>() as c_int,
            )
        };
        assert_eq!(status, z::Z_OK);
        Self(stream)
    }
}

impl Compressor for Deflate {
    fn reset(&mut self) {
        // SAFETY: the stream is initialised.
        unsafe { z::deflateReset(self.0.0.as_mut_ptr()) };
    }

    fn compress(&mut self, message: &[u8], room: &mut [u8]) -> usize {
        self.0.run(z::deflate, message, room)
    }
}

impl Drop for Deflate {
    fn drop(&mut self) {
        // SAFETY: the stream is initialised, and not used any more.
        unsafe { z::deflateEnd(self.0.0.as_mut_ptr()) };
    }
}

/// Its decompressor.
pub struct Inflate(Stream);

impl Inflate {
    /// With the whole window.
    #[allow(clippy::new_without_default, reason = "like its sisters")]
    pub fn new() -> Self {
        let mut stream = Stream::new();
        let size = size_of::<z::z_stream>() as c_int;
        // SAFETY: as in `Deflate::new`.
        let status = unsafe { z::inflateInit2_(stream.0.as_mut_ptr(), -15, z::zlibVersion(), size) };
        assert_eq!(status, z::Z_OK);
        Self(stream)
    }
}

impl Decompressor for Inflate {
    fn reset(&mut self) {
        // SAFETY: the stream is initialised.
        unsafe { z::inflateReset(self.0.0.as_mut_ptr()) };
    }

    fn decompress(&mut self, payload: &[u8], room: &mut [u8]) -> usize {
        self.0.run(z::inflate, payload, room)
    }
}

impl Drop for Inflate {
    fn drop(&mut self) {
        // SAFETY: the stream is initialised, and not used any more.
        unsafe { z::inflateEnd(self.0.0.as_mut_ptr()) };
    }
}
