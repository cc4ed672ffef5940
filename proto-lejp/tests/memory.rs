//! Tokens of a gigabyte, bombs of brackets and the rest of a hostile input: constant memory, no allocation.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use core::ops::ControlFlow;
use proto_lejp::{Config, Documents, Error, Parser, PathSet, Reason, Token};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

#[expect(unsafe_code, reason = "an allocator cannot be written without")]
// SAFETY: hands everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: `pointer` came from `alloc` above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const BUFFER: usize = 8192;

/// Feeds `head`, then `unit` until `bytes` bytes have been given, then `tail`, through one buffer; counts the bytes
/// that keys, texts and numbers have, and checks that nothing is allocated.
fn stream(config: Config, head: &[u8], unit: &[u8], bytes: usize, tail: &[u8]) -> Result<(u64, u64), Error> {
    let paths = PathSet::<32>::compile(&["a.b", "*", "a[].*"]).unwrap();
    let mut parser = Parser::<64, 160, 32>::with_config(&paths, config);
    let mut buffer = [0; BUFFER];
    let mut scratch = [0; 1024];
    let before = ALLOCATIONS.get();
    let (mut events, mut told) = (0, 0);
    let mut given = 0;
    let mut len = head.len();
    buffer[..len].copy_from_slice(head);
    let mut tailed = false;
    let result = loop {
        while given < bytes && len + unit.len() <= BUFFER {
            buffer[len..len + unit.len()].copy_from_slice(unit);
            len += unit.len();
            given += unit.len();
        }
        if given >= bytes && !tailed && len + tail.len() <= BUFFER {
            buffer[len..len + tail.len()].copy_from_slice(tail);
            len += tail.len();
            tailed = true;
        }
        let step = parser.each(&buffer[..len], &mut scratch, |_, event| {
            events += 1;
            told += match event.token() {
                Token::Key { part, .. } | Token::Text { part, .. } => part.len() as u64,
                Token::Number { text, .. } => text.len() as u64,
                _ => 0,
            };
            ControlFlow::<()>::Continue(())
        });
        match step {
            Err(error) => break Err(error),
            Ok((consumed, _)) => {
                buffer.copy_within(consumed..len, 0);
                len -= consumed;
                assert!(len < parser.min_input(), "{len} bytes are held");
            }
        }
        if tailed {
            break parser.receive_eof().map(|_| (events, told));
        }
    };
    assert_eq!(ALLOCATIONS.get(), before, "allocated");
    result
}

/// Enough to overflow what could be kept, little enough for a debug build. The full size is for release builds.
const LARGE: usize = if cfg!(debug_assertions) { 1 << 22 } else { 1 << 30 };

#[test]
fn a_text_of_any_size() {
    let told = |unit: &[u8]| stream(Config::default(), b"[\"", unit, LARGE, b"\"]").unwrap().1;
    let units = LARGE.div_ceil(64) as u64;
    assert_eq!(told(&[b'x'; 64]), units * 64);
    assert_eq!(told("\u{e4}\u{65e5}\u{1f600}, 7 bytes".repeat(4)[..].as_bytes()) % 18, 0);
    assert_eq!(told(br"\n"), (LARGE / 2) as u64);
    assert_eq!(told(br"\ud83d\ude00"), LARGE.div_ceil(12) as u64 * 4);
}

#[test]
fn a_key_of_any_size() {
    for unit in [&b"kkkkkkkkkkkkkkkk"[..], b"\\u0061"] {
        let (events, told) = stream(Config::default(), b"{\"", unit, LARGE / 4, b"\":1}").unwrap();
        assert!(told >= (LARGE / 4 / unit.len()) as u64);
        assert!(events < LARGE as u64 / 64);
    }
}

#[test]
fn a_number_of_any_size() {
    for (head, unit) in [(&b"["[..], &b"1234567890"[..]), (b"[0.", b"0"), (b"[1e", b"0")] {
        let (_, told) = stream(Config::default(), head, unit, LARGE / 4, b"]").unwrap();
        assert!(told >= LARGE as u64 / 4);
    }
}

#[test]
fn white_space_and_comments_of_any_size() {
    assert_eq!(stream(Config::default(), b"[", b" ", LARGE, b"]").unwrap().0, 3);
    assert_eq!(stream(Config::default(), b"[", b"\n\t\r ", LARGE, b"]").unwrap().0, 3);
    assert_eq!(stream(Config::LEJP, b"[#", b"comment ", LARGE, b"\n]").unwrap().0, 3);
    assert_eq!(stream(Config::LINES, b"", b"\n", LARGE, b"[]").unwrap().0, 3);
}

#[test]
fn documents_without_end() {
    let config = Config { documents: Documents::Concatenated, ..Config::default() };
    let (events, _) = stream(config, b"", br#"{"a":[{"b":"x\n"},1]} "#, LARGE / 8, b"").unwrap();
    assert!(events > LARGE as u64 / 8 / 22 * 10);
    let elements = stream(Config::default(), b"[0", b",0", LARGE / 4, b"]").unwrap().0;
    assert!(elements > LARGE as u64 / 8);
}

#[test]
fn bombs_of_brackets() {
    for (unit, at) in [(&b"["[..], 64), (b"{\"a\":", 64 * 5), (b"[{\"a\":", 32 * 6)] {
        let error = stream(Config::default(), b"", unit, LARGE, b"").unwrap_err();
        assert_eq!((error.reason(), error.offset()), (Reason::Depth, at));
    }
}

#[test]
fn the_state_is_small() {
    assert!(size_of::<Parser<'_>>() <= 512, "{}", size_of::<Parser<'_>>());
    assert!(size_of::<Parser<'_, 16, 0, 8>>() <= 256, "{}", size_of::<Parser<'_, 16, 0, 8>>());
    assert_eq!(size_of::<Error>(), 16);
}
