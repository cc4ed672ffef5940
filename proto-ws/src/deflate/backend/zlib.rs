use zlib_rs::{DeflateConfig, DeflateFlush, InflateFlush, Status};

use super::{Corrupt, Deflate, Inflate, Inflated, Settings};

pub(crate) struct Inflater {
    stream: zlib_rs::Inflate,
    between_streams: bool,
}

impl Inflate for Inflater {
    fn new(_bits: u8) -> Self {
        // its memory does not depend on the size of the window, and a larger one takes all that a smaller one does
        Self { stream: zlib_rs::Inflate::new(false, 15), between_streams: false }
    }

    fn reset(&mut self) {
        self.stream.reset(false);
        self.between_streams = false;
    }

    fn inflate(&mut self, input: &[u8], output: &mut [u8]) -> Inflated {
        let before = (self.stream.total_in(), self.stream.total_out());
        let status = self.stream.decompress(input, output, InflateFlush::SyncFlush);
        let taken = (self.stream.total_in() - before.0) as usize; // at most what there was
        let made = (self.stream.total_out() - before.1) as usize;
        self.between_streams &= taken == 0;
        let fault = match status {
            Ok(Status::StreamEnd) => {
                // its window goes with it, which matters to no peer that ends a stream in order to begin anew
                self.stream.reset(false);
                self.between_streams = true;
                None
            }
            Ok(Status::Ok | Status::BufError) => None,
            Err(_) => Some(Corrupt),
        };
        Inflated { taken, made, fault }
    }

    fn is_between_streams(&self) -> bool {
        self.between_streams
    }

    fn needs(_: u8) -> usize {
        47 * 1024
    }

    fn memory(&self) -> usize {
        Self::needs(15)
    }
}

pub(crate) struct Deflater {
    stream: zlib_rs::Deflate,
    settings: Settings,
}

impl Deflater {
    /// Throws away the output that waits. `reset` of `zlib-rs` 0.6 forgets that it waits, but not where in its buffer it
    /// begins, and so has less room there each time, until it panics for want of it.
    fn discard(&mut self) {
        let mut waste = [0; 1024];
        loop {
            let before = self.stream.total_out();
            let _ = self.stream.compress(&[], &mut waste, DeflateFlush::SyncFlush);
            if self.stream.total_out() - before < waste.len() as u64 {
                return;
            }
        }
    }
}

impl Deflate for Deflater {
    fn new(settings: Settings) -> Self {
        let Settings { level, mem_level, bits } = settings;
        let config = DeflateConfig {
            level: level.into(),
            // There is no raw stream with a window of 256 bytes. One of 512 refers back at most 250: 262 less than its
            // size, the longest match and what is looked at beside it.
            window_bits: -i32::from(bits.max(9)),
            mem_level: mem_level.into(),
            ..DeflateConfig::default()
        };
        Self { stream: zlib_rs::Deflate::new_with_config(config), settings }
    }

    fn settings(&self) -> Settings {
        self.settings
    }

    fn reset(&mut self) {
        self.stream.reset();
    }

    fn deflate(&mut self, input: &[u8], output: &mut [u8]) -> Option<usize> {
        let before = (self.stream.total_in(), self.stream.total_out());
        let status = self.stream.compress(input, output, DeflateFlush::SyncFlush);
        let used = self.stream.total_in() - before.0;
        let made = (self.stream.total_out() - before.1) as usize;
        // an output that is full may have been too small
        let whole = status.is_ok() && used == input.len() as u64 && made < output.len();
        if !whole {
            self.discard();
        }
        whole.then_some(made)
    }

    fn needs(Settings { mem_level, bits, .. }: Settings) -> usize {
        // two windows, as many links, the heads of the chains, the symbols of a block and their codes, the state
        let symbols = 1 << (mem_level + 6);
        4 * (1 << bits.max(9)) + 128 * 1024 + 7 * symbols + 8 * 1024
    }
}
