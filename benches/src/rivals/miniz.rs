//! miniz_oxide by itself: the backend of ours that is safe code without `std`.

use miniz_oxide::deflate::core::{CompressorOxide, TDEFLFlush, compress, create_comp_flags_from_zip_params};
use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZFlush};

use crate::raw::{Compressor, Decompressor};

/// Its compressor.
pub struct Deflate(Box<CompressorOxide>);

impl Deflate {
    /// At this level; it has the whole window always.
    pub fn new(level: u8) -> Self {
        let flags = create_comp_flags_from_zip_params(level.into(), -15, 0);
        Self(Box::new(CompressorOxide::new(flags)))
    }
}

impl Compressor for Deflate {
    fn reset(&mut self) {
        self.0.reset();
    }

    fn compress(&mut self, message: &[u8], room: &mut [u8]) -> usize {
        compress(&mut self.0, message, room, TDEFLFlush::Sync).2
    }
}

/// Its decompressor of streams.
pub struct Inflate(Box<InflateState>);

impl Inflate {
    /// With the whole window.
    #[allow(clippy::new_without_default, reason = "like its sisters")]
    pub fn new() -> Self {
        Self(InflateState::new_boxed(DataFormat::Raw))
    }
}

impl Decompressor for Inflate {
    fn reset(&mut self) {
        self.0.reset(DataFormat::Raw);
    }

    fn decompress(&mut self, payload: &[u8], room: &mut [u8]) -> usize {
        let (mut taken, mut made) = (0, 0);
        // a call makes what fits behind the present position in its own window
        loop {
            let rest = payload.get(taken..).unwrap_or_default();
            let step = inflate(&mut self.0, rest, room.get_mut(made..).unwrap_or_default(), MZFlush::Sync);
            taken += step.bytes_consumed;
            made += step.bytes_written;
            if step.status.is_err() || step.bytes_consumed == 0 && step.bytes_written == 0 {
                return made;
            }
            if taken == payload.len() && made < room.len() {
                return made;
            }
        }
    }
}
