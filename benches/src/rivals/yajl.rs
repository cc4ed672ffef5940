//! yajl, as it is installed here.
#![allow(unsafe_code)]

use std::ffi::{c_char, c_int, c_void};
use std::hint::black_box;

use crate::documents::Document;
use crate::measure::{Contestant, Standing};

#[repr(C)]
struct Callbacks {
    null: extern "C" fn(*mut c_void) -> c_int,
    boolean: extern "C" fn(*mut c_void, c_int) -> c_int,
    integer: Option<extern "C" fn(*mut c_void, i64) -> c_int>,
    double: Option<extern "C" fn(*mut c_void, f64) -> c_int>,
    number: extern "C" fn(*mut c_void, *const c_char, usize) -> c_int,
    string: extern "C" fn(*mut c_void, *const u8, usize) -> c_int,
    start_map: extern "C" fn(*mut c_void) -> c_int,
    map_key: extern "C" fn(*mut c_void, *const u8, usize) -> c_int,
    end_map: extern "C" fn(*mut c_void) -> c_int,
    start_array: extern "C" fn(*mut c_void) -> c_int,
    end_array: extern "C" fn(*mut c_void) -> c_int,
}

unsafe extern "C" {
    fn yajl_alloc(callbacks: *const Callbacks, functions: *const c_void, context: *mut c_void)
    -> *mut c_void;
    fn yajl_parse(handle: *mut c_void, json: *const u8, len: usize) -> c_int;
    fn yajl_complete_parse(handle: *mut c_void) -> c_int;
    fn yajl_free(handle: *mut c_void);
}

extern "C" fn event(context: *mut c_void) -> c_int {
    // SAFETY: the context is the counter given to `yajl_alloc`.
    unsafe { *context.cast::<u64>() += 1 };
    1
}
extern "C" fn boolean(context: *mut c_void, _: c_int) -> c_int {
    event(context)
}
extern "C" fn number(context: *mut c_void, _: *const c_char, _: usize) -> c_int {
    event(context)
}
extern "C" fn text(context: *mut c_void, _: *const u8, _: usize) -> c_int {
    event(context)
}

static CALLBACKS: Callbacks = Callbacks {
    null: event,
    boolean,
    integer: None,
    double: None,
    number,
    string: text,
    start_map: event,
    map_key: text,
    end_map: event,
    start_array: event,
    end_array: event,
};

/// `piece` bytes at a time; numbers as text.
pub fn contestant(document: &Document, piece: usize) -> Contestant {
    let text = document.text.clone();
    Contestant::new("yajl", Standing::Rival, move || {
        let mut events = 0u64;
        // SAFETY: the callbacks are static, and the counter outlives the handle.
        unsafe {
            let handle = yajl_alloc(&CALLBACKS, std::ptr::null(), (&raw mut events).cast());
            for piece in black_box(&text[..]).chunks(piece) {
                yajl_parse(handle, piece.as_ptr(), piece.len());
            }
            yajl_complete_parse(handle);
            yajl_free(handle);
        }
        events
    })
}
