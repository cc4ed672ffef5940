//! nghttp2's sessions, from the system's library (Debian: libnghttp2-dev).
#![allow(unsafe_code)]

use std::ffi::{c_char, c_int, c_void};
use std::hint::black_box;
use std::ptr;

use super::nghttp2::{Nv, fields};
use crate::exchanges::Exchanges;
use crate::h2_wire::Wire;
use crate::measure::{Contestant, Standing};

const NAME: &str = "nghttp2";
const HEADERS: u8 = 1;
const END_STREAM: u8 = 1;
const EOF: u32 = 1;
const WINDOW: i32 = 16 << 20;

#[repr(C)]
struct Setting {
    id: i32,
    value: u32,
}

/// What all frames begin with, as nghttp2.h declares it.
#[repr(C)]
struct FrameHead {
    length: usize,
    stream_id: i32,
    kind: u8,
    flags: u8,
    reserved: u8,
}

#[repr(C)]
struct DataProvider {
    source: *mut c_void,
    read: unsafe extern "C" fn(
        *mut c_void,
        i32,
        *mut u8,
        usize,
        *mut u32,
        *mut *mut c_void,
        *mut c_void,
    ) -> isize,
}

#[link(name = "nghttp2")]
unsafe extern "C" {
    fn nghttp2_session_callbacks_new(callbacks: *mut *mut c_void) -> c_int;
    fn nghttp2_session_callbacks_del(callbacks: *mut c_void);
    fn nghttp2_session_callbacks_set_on_frame_recv_callback(
        callbacks: *mut c_void,
        f: unsafe extern "C" fn(*mut c_void, *const FrameHead, *mut c_void) -> c_int,
    );
    fn nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        callbacks: *mut c_void,
        f: unsafe extern "C" fn(*mut c_void, u8, i32, *const u8, usize, *mut c_void) -> c_int,
    );
    fn nghttp2_session_callbacks_set_on_header_callback(
        callbacks: *mut c_void,
        f: unsafe extern "C" fn(
            *mut c_void,
            *const FrameHead,
            *const u8,
            usize,
            *const u8,
            usize,
            u8,
            *mut c_void,
        ) -> c_int,
    );
    fn nghttp2_session_server_new(
        session: *mut *mut c_void,
        callbacks: *const c_void,
        user: *mut c_void,
    ) -> c_int;
    fn nghttp2_session_client_new(
        session: *mut *mut c_void,
        callbacks: *const c_void,
        user: *mut c_void,
    ) -> c_int;
    fn nghttp2_session_del(session: *mut c_void);
    fn nghttp2_session_set_local_window_size(session: *mut c_void, flags: u8, id: i32, size: i32) -> c_int;
    fn nghttp2_submit_settings(
        session: *mut c_void,
        flags: u8,
        entries: *const Setting,
        count: usize,
    ) -> c_int;
    fn nghttp2_session_mem_recv(session: *mut c_void, input: *const u8, len: usize) -> isize;
    fn nghttp2_session_mem_send(session: *mut c_void, data: *mut *const u8) -> isize;
    fn nghttp2_submit_request(
        session: *mut c_void,
        priority: *const c_void,
        fields: *const Nv,
        count: usize,
        data: *const DataProvider,
        user: *mut c_void,
    ) -> i32;
    fn nghttp2_submit_response(
        session: *mut c_void,
        id: i32,
        fields: *const Nv,
        count: usize,
        data: *const DataProvider,
    ) -> c_int;
    fn nghttp2_strerror(code: c_int) -> *const c_char;
}

/// What the callbacks tell.
#[derive(Default)]
struct Seen {
    tally: u64,
    /// Complete requests.
    asked: Vec<i32>,
    body: Vec<u8>,
}

unsafe extern "C" fn on_frame(_: *mut c_void, frame: *const FrameHead, user: *mut c_void) -> c_int {
    // SAFETY: nghttp2 passes a live frame and the pointer given at construction, which nobody else uses meanwhile.
    let (frame, seen) = unsafe { (&*frame, &mut *user.cast::<Seen>()) };
    if frame.kind == HEADERS {
        seen.tally += 1;
        if frame.flags & END_STREAM != 0 {
            seen.asked.push(frame.stream_id);
        }
    }
    0
}

unsafe extern "C" fn on_data(
    _: *mut c_void,
    _: u8,
    _: i32,
    data: *const u8,
    len: usize,
    user: *mut c_void,
) -> c_int {
    black_box(data);
    // SAFETY: as in `on_frame`.
    unsafe { (*user.cast::<Seen>()).tally += len as u64 };
    0
}

unsafe extern "C" fn on_header(
    _: *mut c_void,
    _: *const FrameHead,
    name: *const u8,
    _: usize,
    value: *const u8,
    _: usize,
    _: u8,
    _: *mut c_void,
) -> c_int {
    black_box((name, value));
    0
}

/// The whole body at once, which is no longer than a frame.
unsafe extern "C" fn read(
    _: *mut c_void,
    _: i32,
    room: *mut u8,
    len: usize,
    flags: *mut u32,
    _: *mut *mut c_void,
    user: *mut c_void,
) -> isize {
    // SAFETY: as in `on_frame`; `room` has `len` octets, and `flags` is a place for the answer.
    unsafe {
        let body = &(*user.cast::<Seen>()).body;
        let len = body.len().min(len);
        ptr::copy_nonoverlapping(body.as_ptr(), room, len);
        *flags = EOF;
        len as isize
    }
}

struct Session {
    session: *mut c_void,
    /// Owned; also known to the session.
    seen: *mut Seen,
}

impl Session {
    fn new(server: bool, body: &[u8]) -> Self {
        let seen = Box::into_raw(Box::new(Seen { body: body.to_vec(), ..Seen::default() }));
        let (mut callbacks, mut session) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: all pointers are to live places; callbacks may go once the session is made; `seen` outlives it.
        unsafe {
            nghttp2_session_callbacks_new(&mut callbacks);
            nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
            nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
            nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
            let new = if server { nghttp2_session_server_new } else { nghttp2_session_client_new };
            let made = new(&mut session, callbacks, seen.cast());
            assert_eq!(made, 0);
            nghttp2_session_callbacks_del(callbacks);
            // Room for all that comes before replies are fetched.
            let window = Setting { id: 4, value: WINDOW as u32 };
            nghttp2_submit_settings(session, 0, &window, 1);
            nghttp2_session_set_local_window_size(session, 0, 0, WINDOW);
        }
        Self { session, seen }
    }

    fn seen(&mut self) -> &mut Seen {
        // SAFETY: made by `new`; the session uses it during calls only.
        unsafe { &mut *self.seen }
    }

    #[inline]
    fn receive(&mut self, input: &[u8]) {
        // SAFETY: pointer and length belong together.
        let taken = unsafe { nghttp2_session_mem_recv(self.session, input.as_ptr(), input.len()) };
        if taken != input.len() as isize {
            // SAFETY: the message is a static string.
            let message = unsafe { std::ffi::CStr::from_ptr(nghttp2_strerror(taken as c_int)) };
            eprintln!("nghttp2: {message:?}");
            self.seen().tally = 0;
        }
    }

    #[inline]
    fn send(&mut self, out: &mut Vec<u8>) {
        loop {
            let mut data = ptr::null();
            // SAFETY: what is returned stays valid until the next call, and is copied before that.
            unsafe {
                let len = nghttp2_session_mem_send(self.session, &mut data);
                if len <= 0 {
                    return;
                }
                out.extend_from_slice(std::slice::from_raw_parts(data, len as usize));
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: made by `new`; the session goes first.
        unsafe {
            nghttp2_session_del(self.session);
            drop(Box::from_raw(self.seen));
        }
    }
}

/// Frames to a server; what it replies is taken and thrown away.
pub fn frames(wire: &Wire) -> Contestant {
    let mut server = Session::new(true, &[]);
    let mut out = Vec::with_capacity(64 * 1024);
    server.send(&mut out);
    let settings = b"\0\0\0\x04\0\0\0\0\0\0\0\0\x04\x01\0\0\0\0";
    server.receive(&[b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &settings[..], &wire.opening].concat());
    let mut wire = wire.clone();
    Contestant::new(NAME, Standing::Rival, move || {
        wire.next();
        *server.seen() = Seen { asked: std::mem::take(&mut server.seen().asked), ..Seen::default() };
        server.seen().asked.clear();
        server.receive(black_box(&wire.frames));
        out.clear();
        server.send(&mut out);
        black_box(&out);
        server.seen().tally
    })
}

/// Client and server, each answering what the other has written.
pub fn exchanges(exchanges: &Exchanges) -> Contestant {
    let exchanges = exchanges.clone();
    let requests: Vec<Vec<Nv>> = exchanges.requests.iter().map(fields).collect();
    let responses: Vec<Vec<Nv>> = exchanges.responses.iter().map(fields).collect();
    let (mut client, mut server) = (Session::new(false, &[]), Session::new(true, &exchanges.body));
    let (mut up, mut down) = (Vec::with_capacity(128 * 1024), Vec::with_capacity(128 * 1024));
    let data = DataProvider { source: ptr::null_mut(), read };
    Contestant::new(NAME, Standing::Rival, move || {
        // The whole of it, so that what the pointers point to is kept.
        let Exchanges { at_a_time, .. } = *black_box(&exchanges);
        client.seen().tally = 0;
        for (requests, responses) in requests.chunks(at_a_time).zip(responses.chunks(at_a_time)) {
            up.clear();
            down.clear();
            for request in requests {
                let request = black_box(request);
                let (at, len) = (request.as_ptr(), request.len());
                // SAFETY: names and values are in `exchanges`, which lives as long as this closure, and are copied.
                unsafe {
                    nghttp2_submit_request(client.session, ptr::null(), at, len, ptr::null(), ptr::null_mut())
                };
            }
            client.send(&mut up);
            server.receive(&up);
            let asked = std::mem::take(&mut server.seen().asked);
            for (&id, response) in asked.iter().zip(responses) {
                let response = black_box(response);
                // SAFETY: as above; `data` is copied.
                unsafe {
                    nghttp2_submit_response(server.session, id, response.as_ptr(), response.len(), &data)
                };
            }
            server.seen().asked = asked;
            server.seen().asked.clear();
            server.send(&mut down);
            client.receive(&down);
            client.seen().asked.clear();
        }
        client.seen().tally
    })
}
