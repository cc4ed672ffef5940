//! What can go wrong between the kernel and us, for tests.
//!
//! With the feature `faults` and a [`seed`] a ring sends and receives less at a time than it could, has operations
//! fail for passing reasons, and answers late and in any order that the kernel is free to choose. Otherwise this is
//! what stands in its place, and does nothing.

#[cfg(feature = "faults")]
pub(super) use injected::Faults;
#[cfg(feature = "faults")]
pub use injected::seed;
#[cfg(not(feature = "faults"))]
pub(super) use none::Faults;

use super::Answer;
use ::io_uring::IoUring;

fn completion(uring: &mut IoUring) -> Option<Answer> {
    let entry = uring.completion().next()?;
    Some(Answer { name: entry.user_data(), result: entry.result(), flags: entry.flags() })
}

#[cfg(not(feature = "faults"))]
mod none {
    use super::{Answer, IoUring, completion};

    #[derive(Debug)]
    pub(in super::super) struct Faults;

    impl Faults {
        pub(in super::super) fn new() -> Self {
            Self
        }

        /// How much of `len` bytes is to be moved.
        pub(in super::super) fn length(&mut self, len: usize) -> usize {
            len
        }

        /// Whether an operation is not to be begun.
        pub(in super::super) fn refuse(&mut self, _name: u64) -> bool {
            false
        }

        /// Whether a file is to be waited for.
        pub(in super::super) fn waits(&mut self) -> bool {
            false
        }

        /// Whether no answer is held back.
        pub(in super::super) fn is_empty(&self) -> bool {
            true
        }

        /// The next answer.
        pub(in super::super) fn next(&mut self, uring: &mut IoUring) -> Option<Answer> {
            completion(uring)
        }
    }
}

#[cfg(feature = "faults")]
mod injected {
    use core::cell::Cell;

    use rustix::io::Errno;

    use super::super::port::{READY, RECEIVE, ROOM, SEND};
    use super::super::{FETCH, named};
    use super::{Answer, IoUring, completion};

    std::thread_local! {
        static SEED: Cell<u64> = const { Cell::new(0) };
    }

    /// Has the rings that this thread makes from now on go wrong, in ways that follow from `seed`; 0: not.
    pub fn seed(seed: u64) {
        SEED.set(seed);
    }

    #[derive(Debug)]
    pub(in super::super) struct Faults {
        /// Of a xorshift generator; 0: nothing goes wrong.
        state: u64,
        held: Vec<Answer>,
    }

    impl Faults {
        pub(in super::super) fn new() -> Self {
            Self { state: SEED.get(), held: Vec::new() }
        }

        /// A number below `below`; 0 when nothing goes wrong.
        fn roll(&mut self, below: u64) -> u64 {
            self.state ^= self.state << 13;
            self.state ^= self.state >> 7;
            self.state ^= self.state << 17;
            (self.state.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) % below.max(1)
        }

        pub(in super::super) fn length(&mut self, len: usize) -> usize {
            if self.state == 0 || len < 2 || self.roll(2) == 0 {
                return len;
            }
            1 + self.roll(len as u64 - 1) as usize
        }

        pub(in super::super) fn waits(&mut self) -> bool {
            self.state != 0 && self.roll(2) == 0
        }

        pub(in super::super) fn refuse(&mut self, name: u64) -> bool {
            let (operation, _) = named(name);
            if self.state == 0
                || operation & (RECEIVE | SEND | READY | ROOM | FETCH) == 0
                || self.roll(4) != 0
            {
                return false;
            }
            let error = match self.roll(4) {
                0 => Errno::INTR,
                1 => Errno::AGAIN,
                2 if operation == RECEIVE => Errno::NOBUFS,
                _ => Errno::CANCELED,
            };
            self.held.push(Answer { name, result: -error.raw_os_error(), flags: 0 });
            true
        }

        pub(in super::super) fn is_empty(&self) -> bool {
            self.held.is_empty()
        }

        pub(in super::super) fn next(&mut self, uring: &mut IoUring) -> Option<Answer> {
            if self.state == 0 {
                return completion(uring);
            }
            while let Some(answer) = completion(uring) {
                self.held.push(answer);
            }
            if self.held.is_empty() || self.roll(8) == 0 {
                return None; // the others later
            }
            // The answers to one operation keep their order.
            let any = self.roll(self.held.len() as u64) as usize;
            let name = self.held.get(any)?.name;
            let first = self.held.iter().position(|answer| answer.name == name)?;
            Some(self.held.remove(first))
        }
    }
}
