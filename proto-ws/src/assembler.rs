use alloc::vec::Vec;

use crate::{CloseCode, Data, End, Kind};

/// Collects the pieces of a message, for applications that want messages whole.
///
/// It keeps the pieces in one contiguous buffer, so a fragment costs no memory beyond its bytes, however small, and
/// only their number needs a budget of its own. The buffer grows with what has arrived, not with what a header
/// announces. A message that comes in one piece is given as it lies in the input, without a copy.
///
/// ```
/// use proto_ws::{Data, End, Event, Kind, MessageAssembler};
/// # use proto_ws::{Connection, Config, Role};
/// # let mut server = Connection::new(Role::Server, Config::default());
/// let mut messages = MessageAssembler::default();
/// let mut input = *b"\x01\x82\0\0\0\0he\x80\x83\0\0\0\0llo";
/// let mut at = 0;
/// while at < input.len() {
///     let step = server.receive(&mut input[at..], &mut [])?;
///     at += step.consumed;
///     if let Some(Event::Data(data)) = step.event
///         && let Some(message) = messages.push(data).unwrap()
///     {
///         assert_eq!((message.kind, message.text()), (Kind::Text, Some("hello")));
///     }
/// }
/// # Ok::<(), proto_ws::Error>(())
/// ```
#[derive(Debug)]
pub struct MessageAssembler {
    buffer: Vec<u8>,
    max_message: usize,
    max_fragments: u32,
    /// Frames of the present message that have ended.
    fragments: u32,
}

/// A buffer above this many bytes is given back to the allocator.
const KEEP: usize = 64 * 1024;

/// A whole message.
#[derive(Debug, PartialEq, Eq)]
pub struct Assembled<'b> {
    /// What it is.
    pub kind: Kind,
    /// All of its payload.
    pub payload: &'b mut [u8],
}

impl<'b> Assembled<'b> {
    /// The text; `None` for a binary message. Text has been validated as it arrived, so this looks at it once more
    /// only because the type demands it; use `payload` where bytes will do.
    pub fn text(self) -> Option<&'b str> {
        match self.kind {
            Kind::Text => simdutf8::basic::from_utf8(self.payload).ok(),
            Kind::Binary => None,
        }
    }

    /// The payload as an owned buffer that other threads can share.
    #[cfg(feature = "bytes")]
    pub fn to_bytes(&self) -> bytes::Bytes {
        bytes::Bytes::copy_from_slice(self.payload)
    }
}

/// A message over the limits of a [`MessageAssembler`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// More bytes than [`MessageAssembler::new`] allows.
    Bytes,
    /// More frames than it allows.
    Fragments,
}

impl Overflow {
    /// The code to close with.
    pub const fn close_code(self) -> CloseCode {
        CloseCode::TOO_LARGE
    }
}

impl core::fmt::Display for Overflow {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Bytes => "message over the limit",
            Self::Fragments => "too many fragments in a message",
        })
    }
}

impl core::error::Error for Overflow {}

impl Default for MessageAssembler {
    /// At most 1 MiB in at most 16,384 frames.
    fn default() -> Self {
        Self::new(1024 * 1024, 16 * 1024)
    }
}

impl MessageAssembler {
    /// Allows messages of at most `max_message` bytes in at most `max_fragments` frames (0 counts as 1).
    pub const fn new(max_message: usize, max_fragments: u32) -> Self {
        Self { buffer: Vec::new(), max_message, max_fragments, fragments: 0 }
    }

    /// Takes a piece; gives the message if this ends it.
    ///
    /// # Errors
    /// The message is over a limit: close the connection with [`Overflow::close_code`]. A frame is refused at its
    /// first piece, by the length its header announces. The rest of the message must not be pushed.
    pub fn push<'b>(&'b mut self, data: Data<'b>) -> Result<Option<Assembled<'b>>, Overflow> {
        if data.first {
            self.clear();
        }
        let announced = usize::try_from(data.remaining).unwrap_or(usize::MAX);
        let total = self.buffer.len().saturating_add(data.payload.len()).saturating_add(announced);
        if total > self.max_message {
            return Err(Overflow::Bytes);
        }
        // a frame is counted where it ends, and the last one may yet be under way
        let fragments = self.fragments.saturating_add(1);
        if fragments > self.max_fragments.max(1) {
            return Err(Overflow::Fragments);
        }
        if data.end != End::Partial {
            self.fragments = fragments;
        }
        let kind = data.kind;
        if data.first && data.end == End::Message {
            return Ok(Some(Assembled { kind, payload: data.payload }));
        }
        self.buffer.extend_from_slice(data.payload);
        if data.end != End::Message {
            return Ok(None);
        }
        Ok(Some(Assembled { kind, payload: &mut self.buffer }))
    }

    /// [`push`](Self::push) that gives the message as an owned buffer: what was collected is handed over without
    /// another copy, a message of one piece is copied.
    ///
    /// # Errors
    /// As `push`.
    #[cfg(feature = "bytes")]
    pub fn push_bytes(&mut self, data: Data<'_>) -> Result<Option<(Kind, bytes::Bytes)>, Overflow> {
        let whole = data.first && data.end == End::Message;
        let message = match self.push(data)? {
            None => return Ok(None),
            Some(message) if whole => return Ok(Some((message.kind, message.to_bytes()))),
            Some(message) => message.kind,
        };
        Ok(Some((message, core::mem::take(&mut self.buffer).into())))
    }

    /// Forgets the present message, and gives up its memory if it was more than 64 KiB. The next message does so by
    /// itself; call it when a message is done with and the next may be long in coming.
    pub fn clear(&mut self) {
        if self.buffer.capacity() > KEEP {
            self.buffer = Vec::new();
        }
        self.buffer.clear();
        self.fragments = 0;
    }
}
