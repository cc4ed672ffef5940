//! picohttpparser, compiled for SSE 4.2, told where it stopped when a head arrives in pieces.
#![allow(unsafe_code)]

use std::ffi::{c_char, c_int};
use std::hint::black_box;
use std::ptr;

use picohttpparser_sys::{phr_header, phr_parse_request, phr_parse_response};

use crate::heads::Heads;
use crate::measure::{Contestant, Standing};

const NAME: &str = "picohttpparser";
const FIELDS: usize = 64;

/// Reused from head to head: C does not initialise it.
struct Scratch([phr_header; FIELDS]);

impl Scratch {
    fn new() -> Self {
        Self([phr_header::default(); FIELDS])
    }

    #[inline]
    fn request(&mut self, head: &[u8], last_len: usize) -> u64 {
        let (mut method, mut path): (*const c_char, *const c_char) = (ptr::null(), ptr::null());
        let (mut method_len, mut path_len, mut version, mut count) = (0, 0, 0 as c_int, FIELDS);
        // SAFETY: the pointers are to live objects of the types that the C prototype names; `head` and its length
        // belong together, and `count` is the length of the array.
        let parsed = unsafe {
            phr_parse_request(
                head.as_ptr().cast(),
                head.len(),
                &mut method,
                &mut method_len,
                &mut path,
                &mut path_len,
                &mut version,
                self.0.as_mut_ptr(),
                &mut count,
                last_len,
            )
        };
        black_box((method, method_len, path, path_len, version, &self.0));
        if parsed > 0 { count as u64 } else { 0 }
    }

    #[inline]
    fn response(&mut self, head: &[u8]) -> u64 {
        let mut reason: *const c_char = ptr::null();
        let (mut reason_len, mut version, mut status, mut count) = (0, 0 as c_int, 0 as c_int, FIELDS);
        // SAFETY: as in `request`.
        let parsed = unsafe {
            phr_parse_response(
                head.as_ptr().cast(),
                head.len(),
                &mut version,
                &mut status,
                &mut reason,
                &mut reason_len,
                self.0.as_mut_ptr(),
                &mut count,
                0,
            )
        };
        black_box((reason, reason_len, version, status, &self.0));
        if parsed > 0 { count as u64 } else { 0 }
    }
}

/// Whole request heads.
pub fn requests(heads: &Heads) -> Contestant {
    let (heads, mut scratch) = (heads.heads.clone(), Scratch::new());
    Contestant::new(NAME, Standing::Rival, move || {
        heads.iter().map(|head| scratch.request(black_box(head), 0)).sum()
    })
}

/// Whole response heads.
pub fn responses(heads: &Heads) -> Contestant {
    let (heads, mut scratch) = (heads.heads.clone(), Scratch::new());
    Contestant::new(NAME, Standing::Rival, move || {
        heads.iter().map(|head| scratch.response(black_box(head))).sum()
    })
}

/// A request head that arrives in pieces.
pub fn requests_in_pieces(heads: &Heads, piece: usize) -> Contestant {
    let (heads, mut scratch) = (heads.heads.clone(), Scratch::new());
    Contestant::new(NAME, Standing::Rival, move || {
        let mut tally = 0;
        for head in &heads {
            let mut last = 0;
            for end in (piece..head.len()).step_by(piece) {
                tally += scratch.request(black_box(&head[..end]), last);
                last = end;
            }
            tally += scratch.request(black_box(head), last);
        }
        tally
    })
}
