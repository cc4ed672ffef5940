//! Compressors by themselves, all driven in the same way: a message, flushed to a byte boundary, and back.

use std::hint::black_box;

use zlib_rs::{Deflate, DeflateFlush, Inflate, InflateFlush};

use crate::groups::deflate::{Payload, ROOM, Setting};
use crate::measure::{Contestant, Standing};

/// Makes a raw DEFLATE stream.
pub trait Compressor {
    /// Forgets everything.
    fn reset(&mut self);

    /// Compresses `message` and flushes; says how many bytes that made, 0 if it failed.
    fn compress(&mut self, message: &[u8], room: &mut [u8]) -> usize;
}

/// Turns one back.
pub trait Decompressor {
    /// Forgets everything.
    fn reset(&mut self);

    /// Makes all there is of `payload`, with its tail; says how many bytes that made.
    fn decompress(&mut self, payload: &[u8], room: &mut [u8]) -> usize;
}

/// Compresses whole messages.
pub fn send(
    name: &'static str,
    standing: Standing,
    mut compressor: impl Compressor + 'static,
    messages: &[Vec<u8>],
    setting: Setting,
) -> Contestant {
    let messages = messages.to_vec();
    let mut room = vec![0; ROOM];
    Contestant::new(name, standing, move || {
        let mut tally = 0;
        for message in &messages {
            if !setting.takeover {
                compressor.reset();
            }
            let made = compressor.compress(message, &mut room);
            if made > 0 {
                tally += message.len() as u64;
            }
            black_box(room.get(..made));
        }
        tally
    })
}

/// Decompresses the payloads; those that were sent as they are cost nothing.
pub fn receive(
    name: &'static str,
    standing: Standing,
    mut decompressor: impl Decompressor + 'static,
    payloads: &[Payload],
    setting: Setting,
) -> Contestant {
    let payloads = payloads.to_vec();
    let mut room = vec![0; ROOM];
    Contestant::new(name, standing, move || {
        let mut tally = 0;
        for payload in &payloads {
            tally += match payload {
                Payload::Plain(payload) => black_box(payload).len() as u64,
                Payload::Compressed(payload) => {
                    if !setting.takeover {
                        decompressor.reset();
                    }
                    let made = decompressor.decompress(payload, &mut room);
                    black_box(room.get(..made));
                    made as u64
                }
            };
        }
        tally
    })
}

/// zlib-rs, which ours is made with.
pub struct ZlibRs<T>(T);

impl ZlibRs<Deflate> {
    /// At this level, with the whole window.
    pub fn deflate(level: u8) -> Self {
        Self(Deflate::new(level.into(), false, 15))
    }
}

impl ZlibRs<Inflate> {
    /// With the whole window.
    pub fn inflate() -> Self {
        Self(Inflate::new(false, 15))
    }
}

impl Compressor for ZlibRs<Deflate> {
    fn reset(&mut self) {
        self.0.reset();
    }

    fn compress(&mut self, message: &[u8], room: &mut [u8]) -> usize {
        let before = self.0.total_out();
        match self.0.compress(message, room, DeflateFlush::SyncFlush) {
            Ok(_) => (self.0.total_out() - before) as usize,
            Err(_) => 0,
        }
    }
}

impl Decompressor for ZlibRs<Inflate> {
    fn reset(&mut self) {
        self.0.reset(false);
    }

    fn decompress(&mut self, payload: &[u8], room: &mut [u8]) -> usize {
        let before = self.0.total_out();
        match self.0.decompress(payload, room, InflateFlush::SyncFlush) {
            Ok(_) => (self.0.total_out() - before) as usize,
            Err(_) => 0,
        }
    }
}
