use alloc::boxed::Box;
use alloc::vec;

use miniz_oxide::DataFormat;
use miniz_oxide::deflate::core::{CompressionStrategy, CompressorOxide, TDEFLFlush, TDEFLStatus, compress};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_HAS_MORE_INPUT, TINFL_FLAG_IGNORE_ADLER32, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress_with_limit};

use super::{Corrupt, Deflate, Inflate, Inflated, Settings};

/// `DecompressorOxide` works on the window itself: a straight buffer, in which it finds how far back the data goes, so
/// that it refuses to refer to what was there before (in a ring it would not, and a buffer that served somebody else
/// may not be shown).
pub(crate) struct Inflater {
    state: Box<DecompressorOxide>,
    /// The last bytes made, `size` of them at least, and room for more, so that they are not moved all the time.
    window: Box<[u8]>,
    size: usize,
    /// Where the next byte goes.
    at: usize,
    between_streams: bool,
}

const FLAGS: u32 =
    TINFL_FLAG_HAS_MORE_INPUT | TINFL_FLAG_IGNORE_ADLER32 | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;

/// The window and the room behind it.
const fn window(bits: u8) -> (usize, usize) {
    let size = 1 << bits;
    (size, if size / 8 < 512 { 512 } else { size / 8 })
}

impl Inflate for Inflater {
    fn new(bits: u8) -> Self {
        let (size, room) = window(bits);
        let window = vec![0; size + room].into_boxed_slice();
        Self { state: Box::default(), window, size, at: 0, between_streams: false }
    }

    fn reset(&mut self) {
        self.state.init();
        self.at = 0;
        self.between_streams = false;
    }

    fn inflate(&mut self, input: &[u8], output: &mut [u8]) -> Inflated {
        let (mut taken, mut made) = (0, 0);
        loop {
            if self.at == self.window.len() {
                self.window.copy_within(self.window.len() - self.size.., 0);
                self.at = self.size;
            }
            let rest = input.get(taken..).unwrap_or_default();
            let room = output.get_mut(made..).unwrap_or_default();
            let (status, used, new) =
                decompress_with_limit(&mut self.state, rest, &mut self.window, self.at, room.len(), FLAGS);
            if let (Some(to), Some(from)) = (room.get_mut(..new), self.window.get(self.at..self.at + new)) {
                to.copy_from_slice(from);
            }
            (taken, made, self.at) = (taken + used, made + new, self.at + new);
            self.between_streams &= used == 0;
            match status {
                TINFLStatus::Done => {
                    self.state.init();
                    self.between_streams = true;
                    return Inflated { taken, made, fault: None };
                }
                TINFLStatus::NeedsMoreInput => return Inflated { taken, made, fault: None },
                TINFLStatus::HasMoreOutput if made == output.len() => {
                    return Inflated { taken, made, fault: None };
                }
                TINFLStatus::HasMoreOutput => {}
                _ => return Inflated { taken, made, fault: Some(Corrupt) },
            }
        }
    }

    fn is_between_streams(&self) -> bool {
        self.between_streams
    }

    fn needs(bits: u8) -> usize {
        let (size, room) = window(bits);
        size_of::<DecompressorOxide>() + size + room
    }

    fn memory(&self) -> usize {
        size_of::<DecompressorOxide>() + self.window.len()
    }
}

pub(crate) struct Deflater {
    state: Box<CompressorOxide>,
    settings: Settings,
}

impl Deflate for Deflater {
    fn new(settings: Settings) -> Self {
        let Settings { level, bits, .. } = settings;
        // There is only the whole window, so for less it must do with runs of one byte (which the fastest mode would not
        // keep to, and neither does it keep to a window of 4 KiB).
        let (level, strategy) = match bits {
            15 => (level, CompressionStrategy::Default),
            _ => (level.max(2), CompressionStrategy::RLE),
        };
        let state = CompressorOxide::with_params(DataFormat::Raw, level, strategy, 15);
        Self { state: Box::new(state), settings }
    }

    fn settings(&self) -> Settings {
        self.settings
    }

    fn reset(&mut self) {
        self.state.reset();
    }

    fn deflate(&mut self, input: &[u8], output: &mut [u8]) -> Option<usize> {
        let (status, used, made) = compress(&mut self.state, input, output, TDEFLFlush::Sync);
        // an output that is full may have been too small
        (status == TDEFLStatus::Okay && used == input.len() && made < output.len()).then_some(made)
    }

    fn needs(_: Settings) -> usize {
        320 * 1024
    }
}
