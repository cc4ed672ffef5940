//! The WebSocket endpoints: the echo, the counter and the notice.

use app::{Kind, Message, MessageEnd, Stream, Writable};

use super::site::COUNTER_PERIOD;

/// Sends every message back: a small one whole, once nothing can be wrong with it any more, a larger one as it
/// streams in.
#[derive(Default)]
pub(super) struct EchoSocket {
    /// What arrived and is not sent back yet; while it is being sent, nothing more is taken.
    pending: Vec<u8>,
    sent: usize,
    kind: Option<Kind>,
    last: bool,
}

impl EchoSocket {
    pub(super) fn take(
        &mut self,
        message: &Message<'_>,
        buffers: &mut Vec<Vec<u8>>,
        stream: &mut Stream<'_>,
    ) {
        if self.pending.capacity() == 0 {
            self.pending = buffers.pop().unwrap_or_default();
        }
        self.pending.extend_from_slice(message.payload);
        self.last = message.end == MessageEnd::Message;
        if !self.last && self.pending.len() < WHOLE {
            return;
        }
        self.kind = Some(message.kind);
        stream.hold();
        stream.want_write();
    }

    /// Sends a whole message back from where it lies; false when it is to be taken first.
    pub(super) fn reflect(&self, message: &Message<'_>, out: Writable<'_, '_>) -> bool {
        self.pending.is_empty() && out.whole_message(message.kind, message.payload).is_ok()
    }

    pub(super) fn write(
        &mut self,
        out: Writable<'_, '_>,
        buffers: &mut Vec<Vec<u8>>,
        stream: &mut Stream<'_>,
    ) {
        let Some(kind) = self.kind else { return };
        match out.message(kind, &self.pending[self.sent..], self.last) {
            Ok(sent) if self.sent + sent == self.pending.len() => {
                self.kind = None;
                self.sent = 0;
                self.recycle(buffers);
                stream.resume();
            }
            Ok(sent) => {
                self.sent += sent;
                stream.want_write();
            }
            Err(app::SendError::Full) => stream.want_write(),
            Err(_) => stream.close(),
        }
    }

    pub(super) fn give_back(mut self, buffers: &mut Vec<Vec<u8>>) {
        self.recycle(buffers);
    }

    fn recycle(&mut self, buffers: &mut Vec<Vec<u8>>) {
        let mut buffer = std::mem::take(&mut self.pending);
        if buffers.len() < SPARE_BUFFERS && buffer.capacity() > 0 {
            buffer.clear();
            buffers.push(buffer);
        }
    }
}

/// A message shorter than this goes back whole.
const WHOLE: usize = 64 * 1024;

/// How many idle buffers a thread keeps.
const SPARE_BUFFERS: usize = 64;

/// Says one thing and closes.
pub(super) struct Notice {
    text: String,
    said: bool,
}

impl Notice {
    pub(super) fn new(text: String) -> Self {
        Self { text, said: false }
    }

    pub(super) fn write(&mut self, out: Writable<'_, '_>, stream: &mut Stream<'_>) {
        if self.said {
            return;
        }
        match out.whole_message(Kind::Text, self.text.as_bytes()) {
            Err(app::SendError::Full) => stream.want_write(),
            _ => {
                self.said = true;
                stream.close();
            }
        }
    }
}

/// Counts up, for as long as the socket is open; the message `reset` makes it start again.
#[derive(Default)]
pub(super) struct Counter {
    count: u64,
    /// The beginning of the message that is arriving, as far as it could be `reset`.
    heard: Vec<u8>,
}

impl Counter {
    pub(super) fn start(&mut self, stream: &mut Stream<'_>) {
        stream.want_write();
    }

    pub(super) fn tick(&mut self, stream: &mut Stream<'_>) {
        self.count += 1;
        stream.want_write();
    }

    pub(super) fn take(&mut self, message: &Message<'_>) {
        let room = (b"reset".len() + 1).saturating_sub(self.heard.len());
        self.heard.extend(message.payload.iter().take(room));
        if message.end == MessageEnd::Message {
            if self.heard == b"reset" {
                self.count = 0;
            }
            self.heard.clear();
        }
    }

    pub(super) fn write(&mut self, out: Writable<'_, '_>, stream: &mut Stream<'_>) {
        match out.whole_message(Kind::Text, self.count.to_string().as_bytes()) {
            Ok(()) => stream.set_timer(Some(COUNTER_PERIOD)),
            Err(app::SendError::Full) => stream.want_write(),
            Err(_) => stream.close(),
        }
    }
}
