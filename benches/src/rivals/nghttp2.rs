//! nghttp2's HPACK, from the system's library (Debian: libnghttp2-dev).
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};
use std::hint::black_box;
use std::ptr;

use crate::lists::{List, Lists};
use crate::measure::{Contestant, Standing};

const NAME: &str = "nghttp2";
const EMIT: c_int = 2;
const FINAL: c_int = 1;

/// A name and a value, as nghttp2.h declares it.
#[repr(C)]
pub(super) struct Nv {
    name: *mut u8,
    value: *mut u8,
    name_len: usize,
    value_len: usize,
    flags: u8,
}

#[link(name = "nghttp2")]
unsafe extern "C" {
    fn nghttp2_hd_deflate_new(deflater: *mut *mut c_void, max_size: usize) -> c_int;
    fn nghttp2_hd_deflate_del(deflater: *mut c_void);
    fn nghttp2_hd_deflate_change_table_size(deflater: *mut c_void, size: usize) -> c_int;
    fn nghttp2_hd_deflate_hd(
        deflater: *mut c_void,
        out: *mut u8,
        len: usize,
        nva: *const Nv,
        count: usize,
    ) -> isize;
    fn nghttp2_hd_inflate_new(inflater: *mut *mut c_void) -> c_int;
    fn nghttp2_hd_inflate_del(inflater: *mut c_void);
    fn nghttp2_hd_inflate_hd2(
        inflater: *mut c_void,
        nv: *mut Nv,
        flags: *mut c_int,
        block: *const u8,
        len: usize,
        last: c_int,
    ) -> isize;
    fn nghttp2_hd_inflate_end_headers(inflater: *mut c_void) -> c_int;
}

struct Deflater(*mut c_void);

impl Deflater {
    fn new() -> Self {
        let mut deflater = ptr::null_mut();
        // SAFETY: the pointer is to a live place for the result.
        let made = unsafe { nghttp2_hd_deflate_new(&mut deflater, 4096) };
        assert_eq!(made, 0);
        Self(deflater)
    }

    fn empty_table(&mut self) {
        // SAFETY: the deflater lives until it is dropped.
        unsafe {
            nghttp2_hd_deflate_change_table_size(self.0, 0);
            nghttp2_hd_deflate_change_table_size(self.0, 4096);
        }
    }

    #[inline]
    fn encode(&mut self, fields: &[Nv], out: &mut [u8]) -> usize {
        // SAFETY: pointers and lengths belong together; the names and values that `fields` points to outlive the call.
        let len = unsafe {
            nghttp2_hd_deflate_hd(self.0, out.as_mut_ptr(), out.len(), fields.as_ptr(), fields.len())
        };
        usize::try_from(len).unwrap_or(0)
    }
}

impl Drop for Deflater {
    fn drop(&mut self) {
        // SAFETY: made by `new` and used nowhere else.
        unsafe { nghttp2_hd_deflate_del(self.0) }
    }
}

struct Inflater(*mut c_void);

impl Inflater {
    fn new() -> Self {
        let mut inflater = ptr::null_mut();
        // SAFETY: the pointer is to a live place for the result.
        let made = unsafe { nghttp2_hd_inflate_new(&mut inflater) };
        assert_eq!(made, 0);
        Self(inflater)
    }

    /// How many fields the block has.
    #[inline]
    fn decode(&mut self, mut block: &[u8]) -> u64 {
        let mut count = 0;
        loop {
            let mut nv =
                Nv { name: ptr::null_mut(), value: ptr::null_mut(), name_len: 0, value_len: 0, flags: 0 };
            let mut flags = 0;
            // SAFETY: all pointers are to live objects of the declared types, and the length is the block's.
            let taken = unsafe {
                nghttp2_hd_inflate_hd2(self.0, &mut nv, &mut flags, block.as_ptr(), block.len(), 1)
            };
            let Some(rest) = usize::try_from(taken).ok().and_then(|taken| block.get(taken..)) else {
                return 0;
            };
            block = rest;
            if flags & EMIT != 0 {
                black_box(&nv);
                count += 1;
            }
            if flags & FINAL != 0 {
                // SAFETY: the inflater lives until it is dropped.
                unsafe { nghttp2_hd_inflate_end_headers(self.0) };
                return count;
            }
            if flags & EMIT == 0 && block.is_empty() {
                return count;
            }
        }
    }
}

impl Drop for Inflater {
    fn drop(&mut self) {
        // SAFETY: made by `new` and used nowhere else.
        unsafe { nghttp2_hd_inflate_del(self.0) }
    }
}

pub(super) fn fields(list: &List) -> Vec<Nv> {
    let field = |(name, value): &(String, String)| Nv {
        name: name.as_ptr().cast_mut(),
        value: value.as_ptr().cast_mut(),
        name_len: name.len(),
        value_len: value.len(),
        flags: 0,
    };
    list.iter().map(field).collect()
}

/// Decodes blocks in order.
pub fn decode(blocks: &[Vec<u8>]) -> Contestant {
    let blocks = blocks.to_vec();
    let mut inflater = Inflater::new();
    Contestant::new(NAME, Standing::Rival, move || {
        blocks.iter().map(|block| inflater.decode(black_box(block))).sum()
    })
}

/// Encodes lists in order; the table is emptied before every `fresh` lists. The arrays of pointers are made beforehand.
pub fn encode(lists: &Lists, fresh: usize) -> Contestant {
    let lists = lists.lists.clone();
    let arrays: Vec<Vec<Nv>> = lists.iter().map(fields).collect();
    let mut deflater = Deflater::new();
    let mut room = vec![0; 4096];
    Contestant::new(NAME, Standing::Rival, move || {
        let mut tally = 0;
        for (nth, (array, list)) in arrays.iter().zip(&lists).enumerate() {
            if nth % fresh == 0 {
                deflater.empty_table();
            }
            if deflater.encode(black_box(array), &mut room) > 0 {
                tally += list.len() as u64;
            }
            black_box(&mut room);
        }
        tally
    })
}

/// The blocks of a connection, by this encoder.
pub fn blocks(lists: &Lists, fresh: usize) -> Vec<Vec<u8>> {
    let mut deflater = Deflater::new();
    let block = |(nth, list): (usize, &List)| {
        if nth % fresh == 0 {
            deflater.empty_table();
        }
        let mut block = vec![0; 4096];
        let len = deflater.encode(&fields(list), &mut block);
        block.truncate(len);
        block
    };
    lists.lists.iter().enumerate().map(block).collect()
}
