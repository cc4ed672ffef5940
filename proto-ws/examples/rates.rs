//! What a frame costs, in process: the best of many samples, beside the plain loops that bound it from below.
//!
//!     cargo run --release -p proto-ws --example rates
#![allow(clippy::unwrap_used, reason = "a measurement of valid input")]
#![allow(clippy::disallowed_methods, reason = "it measures time")]

use std::hint::black_box;
use std::time::Instant;

use proto_core::WriteBuf;
use proto_ws::{Config, Connection, Event, Kind, Role};

const SERVER: Role = Role::Server;
const CLIENT: Role = Role::Client { mask_seed: [1; 16] };

fn main() {
    for len in [16, 128, 1024, 16 * 1024, 256 * 1024, 1024 * 1024] {
        // a key below 0x80 keeps ASCII what it is, so the same buffer can be unmasked over and over
        let ascii = frames(0x81, &vec![b'a'; len], Some([1, 2, 3, 4]));
        let text = repeated("žluťoučký, ", len);
        receive("receive binary, masked", SERVER, &frames(0x82, &vec![0; len], Some([1, 2, 3, 4])), len);
        receive("receive ASCII text, masked", SERVER, &ascii, len);
        receive("receive mixed text, masked", SERVER, &frames(0x81, &text, Some([0; 4])), len);
        receive("receive binary, not masked", CLIENT, &frames(0x82, &vec![0; len], None), len);
        send("send binary", SERVER, len);
        send("send binary, masked", CLIENT, len);
        floors(&text);
    }
    let parts: Vec<u8> = (0..16)
        .flat_map(|at| {
            frame([0, 0x02, 0x80][usize::from(at == 0) + 2 * usize::from(at == 15)], &[0; 64], Some([1; 4]))
        })
        .collect();
    receive("receive fragments, masked", SERVER, &(parts, 16), 64);
    receive("receive one message per read", SERVER, &(frame(0x82, &[0; 16], Some([1; 4])), 1), 16);
}

/// Prints the best time of one of the `count` things that `run` does.
fn measure(what: &str, count: usize, len: usize, mut run: impl FnMut()) {
    let mut rounds = 1_u32;
    let mut best = f64::MAX;
    for _ in 0..60 {
        let start = Instant::now();
        (0..rounds).for_each(|_| run());
        let nanos = start.elapsed().as_nanos() as f64;
        if nanos < 200_000.0 {
            rounds *= 2;
            continue;
        }
        best = best.min(nanos / f64::from(rounds) / count as f64);
    }
    println!("{len:8} B  {what:32} {best:10.2} ns {:8.2} GB/s", len as f64 / best);
}

fn receive(what: &str, role: Role, (input, count): &(Vec<u8>, usize), len: usize) {
    let mut connection = Connection::new(role, Config::default());
    let mut input = input.clone();
    measure(what, *count, len, || {
        let mut at = 0;
        loop {
            let step = connection.receive(black_box(&mut input[at..]), &mut []).unwrap();
            at += step.consumed;
            match step.event {
                Some(Event::Data(data)) => drop(black_box((data.payload.as_ptr(), data.end))),
                _ => break,
            }
        }
    });
}

fn send(what: &str, role: Role, len: usize) {
    let mut connection = Connection::new(role, Config::default());
    let payload = vec![b'x'; len];
    let count = (64 * 1024 / (len + 14)).max(1);
    let mut room = vec![0; count * (len + 14)];
    measure(what, count, len, || {
        let mut out = WriteBuf::new(&mut room);
        for _ in 0..count {
            connection.send_message(Kind::Binary, black_box(&payload), &mut out).unwrap();
        }
        black_box(out.len());
    });
}

/// Plain unmasking in words, and that followed by the UTF-8 validation that text needs.
fn floors(text: &[u8]) {
    let mut payload = text.to_vec();
    let mut unmask = |key: u64| {
        for word in black_box(&mut payload[..]).as_chunks_mut::<8>().0 {
            *word = (u64::from_ne_bytes(*word) ^ key).to_ne_bytes();
        }
    };
    measure("floor: XOR in place", 1, text.len(), || unmask(0x0403_0201_0403_0201));
    unmask(0);
    let mut payload = text.to_vec();
    measure("floor: XOR, then simdutf8", 1, text.len(), || {
        let key = black_box(0);
        for word in black_box(&mut payload[..]).as_chunks_mut::<8>().0 {
            *word = (u64::from_ne_bytes(*word) ^ key).to_ne_bytes();
        }
        assert!(simdutf8::basic::from_utf8(&payload).is_ok());
    });
}

/// About 64 KiB of the same frame, and how many they are.
fn frames(first: u8, payload: &[u8], key: Option<[u8; 4]>) -> (Vec<u8>, usize) {
    let count = (64 * 1024 / (payload.len() + 8)).max(1);
    (frame(first, payload, key).repeat(count), count)
}

/// A frame whose payload is `payload` as it lies on the wire.
fn frame(first: u8, payload: &[u8], key: Option<[u8; 4]>) -> Vec<u8> {
    let mask = if key.is_some() { 0x80 } else { 0 };
    let mut frame = vec![first];
    match payload.len() {
        len @ 0..=125 => frame.push(mask | len as u8),
        len @ 126..=0xffff => frame.extend([&[mask | 126][..], &(len as u16).to_be_bytes()].concat()),
        len => frame.extend([&[mask | 127][..], &(len as u64).to_be_bytes()].concat()),
    }
    frame.extend(key.unwrap_or_default().iter().take(if key.is_some() { 4 } else { 0 }));
    frame.extend(payload);
    frame
}

/// `sample` over and over, whole code points, filled up to `len` bytes.
fn repeated(sample: &str, len: usize) -> Vec<u8> {
    let mut text = sample.repeat(len / sample.len()).into_bytes();
    text.resize(len, b'.');
    text
}
