//! The least that the work can cost: no checks, no state, nothing that a peer could do wrong.

use std::hint::black_box;

/// Exclusive or with the masking key, in words of eight bytes, which compilers turn into vectors.
#[inline]
pub fn xor(bytes: &mut [u8], key: [u8; 4]) {
    let [a, b, c, d] = key;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (blocks, rest) = bytes.as_chunks_mut::<128>();
    for block in blocks {
        for word in block.as_chunks_mut::<8>().0 {
            *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
        }
    }
    let (words, rest) = rest.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}

/// Exclusive or from one slice into another of the same length.
#[inline]
pub fn xor_copy(from: &[u8], to: &mut [u8], key: [u8; 4]) {
    let [a, b, c, d] = key;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (from, from_rest) = from.as_chunks::<8>();
    let (to, to_rest) = to.as_chunks_mut::<8>();
    for (from, to) in from.iter().zip(to) {
        *to = (u64::from_ne_bytes(*from) ^ wide).to_ne_bytes();
    }
    for ((from, to), key) in from_rest.iter().zip(to_rest).zip(key.iter().cycle()) {
        *to = from ^ key;
    }
}

/// Where the payload of the masked frame at the front of `bytes` lies, and its key.
#[inline]
pub fn frame(bytes: &[u8]) -> Option<(usize, usize, [u8; 4])> {
    let (start, len) = match bytes.get(1)? & 0x7f {
        126 => (8, usize::from(u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?))),
        127 => (14, u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?) as usize),
        len => (6, usize::from(len)),
    };
    Some((start, len, *bytes.get(start - 4..)?.first_chunk()?))
}

/// Unmasks every frame in place and, for text, checks it; returns the sum of payload lengths.
#[inline]
pub fn receive(mut wire: &mut [u8], text: bool) -> u64 {
    let mut tally = 0;
    while let Some((start, len, key)) = frame(wire) {
        let Some((this, rest)) = std::mem::take(&mut wire).split_at_mut_checked(start + len) else { break };
        let payload = &mut this[start..];
        xor(payload, key);
        if text && simdutf8::basic::from_utf8(payload).is_err() {
            break;
        }
        tally += black_box(&*payload).len() as u64;
        wire = rest;
    }
    tally
}

/// As [`receive`], but with the copy out of a socket's memory that every rival makes.
#[inline]
pub fn receive_copied(mut wire: &[u8], room: &mut [u8], text: bool) -> u64 {
    let mut tally = 0;
    while let Some((start, len, key)) = frame(wire) {
        let (Some(from), Some(to)) = (wire.get(start..start + len), room.get_mut(..len)) else { break };
        xor_copy(from, to, key);
        if text && simdutf8::basic::from_utf8(to).is_err() {
            break;
        }
        tally += black_box(&*to).len() as u64;
        wire = &wire[start + len..];
    }
    tally
}

/// Writes a frame header and the payload, masked when there is a key; returns the length written.
#[inline]
pub fn send(payload: &[u8], key: Option<[u8; 4]>, out: &mut [u8]) -> Option<usize> {
    let masked = u8::from(key.is_some()) << 7;
    *out.get_mut(0)? = 0x82;
    let mut at = match payload.len() {
        len @ 0..126 => {
            *out.get_mut(1)? = masked | len as u8;
            2
        }
        len @ 126..65536 => {
            *out.get_mut(1)? = masked | 126;
            *out.get_mut(2..)?.first_chunk_mut()? = (len as u16).to_be_bytes();
            4
        }
        len => {
            *out.get_mut(1)? = masked | 127;
            *out.get_mut(2..)?.first_chunk_mut()? = (len as u64).to_be_bytes();
            10
        }
    };
    if let Some(key) = key {
        *out.get_mut(at..)?.first_chunk_mut()? = key;
        at += 4;
    }
    let room = out.get_mut(at..at + payload.len())?;
    match key {
        Some(key) => xor_copy(payload, room, key),
        None => room.copy_from_slice(payload),
    }
    Some(at + payload.len())
}

/// Walks chunks that are known to be well-formed; returns the sum of their sizes.
#[inline]
pub fn chunks(mut wire: &[u8]) -> u64 {
    let mut tally = 0;
    while !wire.is_empty() {
        let mut size = 0;
        let mut at = 0;
        while let Some(&digit) = wire.get(at) {
            at += 1;
            match digit {
                b'0'..=b'9' => size = size << 4 | usize::from(digit - b'0'),
                b'a'..=b'f' => size = size << 4 | usize::from(digit - b'a' + 10),
                _ => break,
            }
        }
        let Some(data) = wire.get(at + 1..at + 1 + size) else { break };
        tally += black_box(data).len() as u64;
        wire = wire.get(at + size + 3..).unwrap_or_default();
    }
    tally
}
