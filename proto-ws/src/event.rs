use crate::{CloseCode, Kind, Reserved};

/// What the peer said. It borrows from the input only.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'b> {
    /// Payload of a message, as it arrives.
    Data(Data<'b>),
    /// A ping with its payload. The next `transmit` writes the pong: whoever transmits behind each event answers
    /// every ping, whoever transmits once per turn the latest of them.
    Ping(&'b [u8]),
    /// A pong with its payload, asked for or not.
    Pong(&'b [u8]),
    /// The peer's Close frame, be it the first or the answer to ours. What follows it is ignored
    /// ([section 5.5.1](https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1)). The next `transmit` answers it
    /// with the same code, unless [`Connection::close`](crate::Connection::close) does so before.
    Close {
        /// The code; `None` when the frame had none.
        code: Option<CloseCode>,
        /// The reason; empty when the frame had none.
        reason: &'b str,
    },
}

/// A piece of a message.
///
/// A frame that is complete in the input is one piece; an empty frame is an empty piece. Text is valid UTF-8 over
/// the whole message, and every piece ends before the first wrong byte, if there is one; a piece may end inside a
/// code point, so collect a message before taking it for a `str`.
#[derive(Debug, PartialEq, Eq)]
pub struct Data<'b> {
    /// What the message is.
    pub kind: Kind,
    /// The payload, unmasked in place; it is the caller's to change.
    pub payload: &'b mut [u8],
    /// Whether this is the first piece of the message.
    pub first: bool,
    /// What ends with this piece.
    pub end: End,
    /// Bytes of this frame that are still to come; 0 unless `end` is [`End::Partial`].
    pub remaining: u64,
    /// The reserved bits of the message's first frame, only ever those that [`Config::reserved`] claims. The
    /// payload then belongs to the extension and its text is not validated: use [`Utf8`](crate::Utf8) on what
    /// the extension makes of it.
    ///
    /// [`Config::reserved`]: crate::Config::reserved
    pub reserved: Reserved,
}

/// What ends with a piece of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// Nothing: more of the frame follows.
    Partial,
    /// The frame; more of the message follows.
    Frame,
    /// The message.
    Message,
}
