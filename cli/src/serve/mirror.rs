//! The mirror board: what one page draws, all open pages see.

use std::collections::VecDeque;
use std::sync::Arc;

use app::{Kind, Message, MessageEnd, Stream, Writable};

use super::site::MIRRORS;

/// One message of a page, shared by the boards of all threads.
pub(super) type Stroke = Arc<[u8]>;

/// The most recent strokes of a thread's board. A page that joins is shown these; one that reads too slowly misses
/// the oldest, so no reader makes memory grow.
#[derive(Default)]
pub(super) struct Board {
    strokes: VecDeque<Stroke>,
    /// The number of the stroke at the front.
    first: u64,
}

/// How many strokes a board remembers.
const REMEMBERED: usize = 2_048;
/// The longest message taken for a stroke, in bytes.
const LONGEST: usize = 256;

impl Board {
    pub(super) fn add(&mut self, stroke: Stroke) {
        if self.strokes.len() == REMEMBERED {
            self.strokes.pop_front();
            self.first += 1;
        }
        self.strokes.push_back(stroke);
    }

    /// The stroke numbered `at`, or the oldest one left, with its number.
    fn from(&self, at: u64) -> Option<(u64, &Stroke)> {
        let at = at.max(self.first);
        let stroke = self.strokes.get(usize::try_from(at - self.first).ok()?)?;
        Some((at, stroke))
    }
}

/// One page that looks at the board.
#[derive(Default)]
pub(super) struct Mirror {
    /// The number of the next stroke to send.
    next: u64,
    /// The message that is arriving.
    arriving: Vec<u8>,
}

impl Mirror {
    pub(super) fn start(&mut self, board: &Board, stream: &mut Stream<'_>) {
        self.next = board.first;
        stream.join(MIRRORS);
        stream.want_write();
    }

    /// The stroke, once a message is complete. A page that sends something else is not listened to any longer.
    pub(super) fn take(&mut self, message: &Message<'_>, stream: &mut Stream<'_>) -> Option<Stroke> {
        if self.arriving.len() + message.payload.len() > LONGEST {
            stream.close_with(1009, "strokes are short");
            return None;
        }
        if message.kind != Kind::Text {
            stream.close_with(1003, "strokes are text");
            return None;
        }
        self.arriving.extend_from_slice(message.payload);
        (message.end == MessageEnd::Message).then(|| {
            let stroke = Stroke::from(&self.arriving[..]);
            self.arriving.clear();
            stroke
        })
    }

    pub(super) fn write(&mut self, out: Writable<'_, '_>, board: &Board, stream: &mut Stream<'_>) {
        let Some((at, stroke)) = board.from(self.next) else { return };
        match out.whole_message(Kind::Text, stroke) {
            Ok(()) => {
                self.next = at + 1;
                if board.from(self.next).is_some() {
                    stream.want_write();
                }
            }
            Err(app::SendError::Full) => stream.want_write(),
            Err(_) => stream.close(),
        }
    }
}
