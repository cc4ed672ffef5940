//! The original lejp, as libwebsockets is installed here.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::hint::black_box;

use crate::documents::Document;
use crate::measure::{Contestant, Standing};

/// More than `struct lejp_ctx` has in any configuration, and aligned for it.
#[repr(C, align(64))]
struct Context([u8; 8192]);

type Callback = extern "C" fn(*mut Context, c_char) -> i8;

unsafe extern "C" {
    fn lejp_construct(
        context: *mut Context,
        callback: Callback,
        user: *mut c_void,
        paths: *const *const c_char,
        count: u8,
    );
    fn lejp_destruct(context: *mut Context);
    fn lejp_parse(context: *mut Context, json: *const u8, len: c_int) -> c_int;
}

thread_local! {
    static EVENTS: Cell<u64> = const { Cell::new(0) };
}

/// Keys, values that are complete, beginnings and ends of containers.
extern "C" fn count(_: *mut Context, reason: c_char) -> i8 {
    if matches!(reason, 5 | 14..=17 | 70..=74 | 77) {
        EVENTS.set(EVENTS.get() + 1);
    }
    0
}

/// `piece` bytes at a time, looking for `patterns`.
pub fn contestant(document: &Document, piece: usize, patterns: &[&str]) -> Contestant {
    let text = document.text.clone();
    let owned: Vec<CString> = patterns.iter().filter_map(|p| CString::new(*p).ok()).collect();
    Contestant::new("C lejp", Standing::Rival, move || {
        let paths: Vec<*const c_char> = owned.iter().map(|p| CStr::as_ptr(p)).collect();
        let mut context = Box::new(Context([0; 8192]));
        EVENTS.set(0);
        // SAFETY: the context is large enough and outlives the calls, as do the paths.
        unsafe {
            let context = &raw mut *context;
            lejp_construct(context, count, std::ptr::null_mut(), paths.as_ptr(), paths.len() as u8);
            for piece in black_box(&text[..]).chunks(piece.min(1 << 30)) {
                lejp_parse(context, piece.as_ptr(), piece.len() as c_int);
            }
            lejp_destruct(context);
        }
        EVENTS.get()
    })
}
