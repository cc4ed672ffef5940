use crate::{Deadline, Instant, WriteBuf};

/// What one call of [`Codec::receive`] did.
#[must_use = "`consumed` bytes must be dropped from the input, event or not"]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step<E> {
    /// How many bytes at the front of `input` are used up, those the event borrows included.
    pub consumed: usize,
    /// The event, or `None` when this input holds no further one.
    pub event: Option<E>,
}

impl<E> Step<E> {
    /// Nothing consumed, nothing to tell: more input is needed.
    pub const NONE: Self = Self { consumed: 0, event: None };

    /// `consumed` bytes used up, with an event.
    #[inline]
    pub const fn event(consumed: usize, event: E) -> Self {
        Self { consumed, event: Some(event) }
    }

    /// `consumed` bytes used up, without an event.
    #[inline]
    pub const fn quiet(consumed: usize) -> Self {
        Self { consumed, event: None }
    }
}

/// What a codec waits for. All three may be false: it then waits for its caller (the next request of a pipeline
/// is not read before [the answer to this one](https://www.rfc-editor.org/rfc/rfc9112#section-9.3.2) is complete).
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wants {
    /// More input is useful. While false, leave bytes in the socket: that is how backpressure reaches the peer.
    pub read: bool,
    /// [`Codec::transmit`] has something to write.
    pub write: bool,
    /// Nothing follows: close the transport once what was written is flushed.
    pub close: bool,
}

/// A sans-IO protocol state machine: the interface that generic drivers, oracles and benches need.
///
/// Applications use the inherent methods of a codec, which have the same names and add `send_*`.
/// [The crate's front page](crate) states the rules every implementation keeps; the oracle in `story` tests them.
pub trait Codec {
    /// What the codec tells; it borrows from the input and the scratch space only.
    type Event<'b>;
    /// A fault of the peer, fatal to the connection.
    type Error: Copy + core::error::Error;

    /// Takes bytes off the front of `input` until there is something to tell, and tells it.
    ///
    /// # Errors
    /// The peer broke the protocol or a limit. The error is repeated by every later call.
    fn receive<'b>(
        &mut self,
        input: &'b mut [u8],
        scratch: &'b mut [u8],
    ) -> Result<Step<Self::Event<'b>>, Self::Error>;

    /// The transport has ended; no further input will come.
    ///
    /// Call it once the input is drained (`receive` gave no event). May be called repeatedly: it gives the
    /// remaining events one by one, then `None` for ever.
    ///
    /// # Errors
    /// The transport ended where the protocol does not allow it.
    fn receive_eof(&mut self) -> Result<Option<Self::Event<'static>>, Self::Error>;

    /// Writes the replies the protocol itself owes, as many whole ones as fit.
    fn transmit(&mut self, out: &mut WriteBuf<'_>);

    /// What to do next. May change after every other call.
    fn wants(&self) -> Wants;

    /// The next moment at which [`handle_timeout`](Self::handle_timeout) has something to do, and why.
    /// May change after every other call.
    fn poll_timeout(&self) -> Option<Deadline>;

    /// Tells the time. Deadlines at or before `now` fire; calling early or often is harmless.
    ///
    /// A codec knows no other time than the last one told, so a driver calls this at the start of a turn.
    fn handle_timeout(&mut self, now: Instant);

    /// The most bytes that `receive` may need to see contiguously: a driver's buffer is at least this long.
    fn min_input(&self) -> usize;
}

/// Why nothing was sent. No state has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError {
    /// The frame or head does not fit into the room that is left: flush and try again.
    Full,
    /// The peer allows nothing now (flow control): wait until it does.
    Blocked,
    /// The caller asked for what the protocol forbids here (a body after the end, a field with a line break).
    Misuse,
}

impl core::fmt::Display for SendError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Full => "no room in the output",
            Self::Blocked => "the peer allows no data now",
            Self::Misuse => "not allowed in this state or not expressible in this protocol",
        })
    }
}

impl core::error::Error for SendError {}

impl From<crate::Full> for SendError {
    fn from(_: crate::Full) -> Self {
        Self::Full
    }
}
