//! The contract of sanswire: what a protocol codec owes its caller, and the few types both need.
//!
//! A codec is a state machine between bytes and meaning. It owns no socket, no clock, no random source and no
//! queue: the caller gives it bytes and slices to write to, and it answers with one event at a time.
//!
//! ```text
//!            input, scratch                   out: WriteBuf
//!                 │                                ▲
//!                 ▼                                │ transmit: the protocol's own replies
//!   ┌──────────────────────────────────────────────┴──┐
//!   │ receive ─► Step { consumed, event }     send_*   │  one Codec: state, nothing else
//!   │ receive_eof          wants ─► read, write, close │
//!   │ handle_timeout(now)  poll_timeout ─► Deadline    │
//!   └──────────────────────────────────────────────────┘
//! ```
//!
//! # The rules
//!
//! 1. **An event borrows `input` and `scratch`, never the codec**, so the caller may answer while holding it.
//!    What exists in neither place (inflated data, decoded header fields) is written to `scratch`, whose length
//!    *is* the limit on its size.
//! 2. `input` is the unconsumed tail of the previous call plus new bytes, contiguous. The caller drops
//!    [`Step::consumed`] bytes whether or not there was an event.
//! 3. **Mutate implies consume.** Bytes not reported as consumed are left exactly as they were given.
//! 4. **`event: None` is final** for this input: calling again with the rest gives nothing more.
//!    [`Codec::wants`] then says whether to read, to write or to close.
//! 5. Empty input is legal and may yield an event.
//! 6. `Err` is fatal, `Copy` and sticky, and comes after everything that preceded the fault. The next
//!    [`Codec::transmit`] carries what the protocol says to a peer at fault. A fault of one stream of several, and
//!    an orderly close, are events.
//! 7. The end of the transport is [`Codec::receive_eof`], never an empty slice.
//! 8. `send_*` functions (inherent to each codec) are all or nothing on framing and accept a counted prefix of the
//!    payload; on [`SendError::Full`] no state has changed.
//! 9. **Replies are bounded state, not queued bytes**: the latest ping, a count of acknowledgements. Nothing a
//!    peer sends makes memory grow.
//! 10. Time is an [`Instant`] that enters by [`Codec::handle_timeout`]; randomness is a seed given at
//!     construction.
//!
//! # One exchange
//!
//! A codec for lines ended by `\n`, which answers the line `ping` by itself:
//!
//! ```
//! use proto_core::{Codec, Deadline, Instant, Step, Wants, WriteBuf};
//!
//! #[derive(Default)]
//! struct Lines { searched: usize, owes_pong: bool }
//!
//! #[derive(Debug, Clone, Copy, PartialEq, Eq)]
//! struct TooLong;
//! impl core::fmt::Display for TooLong {
//!     fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result { f.write_str("line over 64 bytes") }
//! }
//! impl core::error::Error for TooLong {}
//!
//! impl Codec for Lines {
//!     type Event<'b> = &'b mut [u8];
//!     type Error = TooLong;
//!     fn receive<'b>(&mut self, input: &'b mut [u8], _scratch: &'b mut [u8])
//!         -> Result<Step<Self::Event<'b>>, TooLong>
//!     {
//!         match input[self.searched..].iter().position(|&b| b == b'\n') {
//!             Some(at) => {
//!                 let end = self.searched + at;
//!                 self.searched = 0;
//!                 self.owes_pong |= &input[..end] == b"ping";
//!                 Ok(Step::event(end + 1, &mut input[..end]))
//!             }
//!             None if input.len() >= 64 => Err(TooLong),
//!             None => { self.searched = input.len(); Ok(Step::NONE) }
//!         }
//!     }
//!     fn receive_eof(&mut self) -> Result<Option<Self::Event<'static>>, TooLong> { Ok(None) }
//!     fn transmit(&mut self, out: &mut WriteBuf<'_>) {
//!         if self.owes_pong && out.put(b"pong\n").is_ok() { self.owes_pong = false; }
//!     }
//!     fn wants(&self) -> Wants { Wants { read: true, write: self.owes_pong, close: false } }
//!     fn poll_timeout(&self) -> Option<Deadline> { None }
//!     fn handle_timeout(&mut self, _now: Instant) {}
//!     fn min_input(&self) -> usize { 64 }
//! }
//!
//! let mut codec = Lines::default();
//! let mut input = *b"ping\nhel";
//! let step = codec.receive(&mut input, &mut [])?;
//! assert_eq!((step.consumed, step.event.as_deref()), (5, Some(&b"ping"[..])));
//!
//! let mut room = [0; 16];
//! let mut out = WriteBuf::new(&mut room);
//! codec.transmit(&mut out);
//! assert_eq!(out.written(), b"pong\n");
//!
//! assert_eq!(codec.receive(&mut input[5..], &mut [])?, Step::NONE); // `hel` stays in the caller's buffer
//! # Ok::<(), TooLong>(())
//! ```
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "story")]
extern crate alloc;

mod budget;
mod codec;
mod prefix;
mod time;
mod write_buf;

#[cfg(feature = "story")]
pub mod story;

pub use budget::Budget;
pub use codec::{Codec, SendError, Step, Wants};
pub use prefix::Prefix;
pub use time::{Deadline, Instant, Reason};
pub use write_buf::{Full, Mark, WriteBuf};
