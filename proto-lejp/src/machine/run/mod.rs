//! The common case, token after token: what stands in most documents, read with a look ahead and without going
//! back to the state machine after each token.
//!
//! A run begins and ends between tokens of a container, in the states of the machine above, and changes them as the
//! machine does. Whatever is out of the ordinary (escapes, keys that are long or not ASCII, long numbers, faults, the
//! end of the input within a token) ends it right before that token, which the machine then reads. So the machine
//! alone says what JSON is, and the oracle holds a run against it: byte by byte, nothing else is at work.
//!
//! What a processor waits for is the position of the next token, which hangs on the length of the last one, which is
//! found in its bytes. A run therefore looks at 64 bytes from a key on at once (most members end in them) and knows
//! from there on where quotes are; and it takes the layout for what it was on the lines before, the indentation and
//! the space behind colons, only to make sure of it while it goes on.

mod elements;
mod members;

use super::State;
use crate::event::{Container, Event, Token};
use crate::parser::Parser;
use crate::scan::{Block, LANES, non_space, window};

/// How far a run looks ahead.
const SIGHT: usize = 80;

/// Where a run is.
struct Run<'b, F> {
    input: &'b [u8],
    at: usize,
    /// The offset of the first byte of the input.
    origin: u64,
    tell: F,
}

/// How a run goes on.
enum Flow {
    /// In a state.
    On(State),
    /// Not any more; the state is what is expected next.
    Leave(State),
}

impl<'p, const DEPTH: usize, const PATH: usize, const INDEX: usize> Parser<'p, DEPTH, PATH, INDEX> {
    /// Tells all from `at` that is in no way special, as long as `tell` says to go on. Returns where it came to.
    #[inline(always)]
    pub(crate) fn run<'b>(
        &mut self,
        input: &'b [u8],
        at: usize,
        tell: impl FnMut(&Self, Event<'b>) -> bool,
    ) -> usize {
        let mut run = Run { input, at, origin: self.offset.wrapping_sub(at as u64), tell };
        let mut state = self.state;
        self.held = 0;
        let left = loop {
            let flow = match state {
                State::AfterMember | State::Key | State::FirstKey | State::Colon | State::MemberValue => {
                    self.members(&mut run, state)
                }
                State::AfterElement | State::NextValue | State::FirstValue => self.elements(&mut run, state),
                State::Value if self.after == State::AfterMember => self.members(&mut run, state),
                State::Value if self.after == State::AfterElement => self.elements(&mut run, state),
                _ => break state,
            };
            match flow {
                Flow::On(next) => state = next,
                Flow::Leave(next) => break next,
            }
        };
        self.state = left;
        self.offset = run.origin + run.at as u64;
        run.at
    }

    /// Tells `token`, which is `len` bytes long; `next` is what is expected then.
    #[inline(always)]
    fn hand<'b, F: FnMut(&Self, Event<'b>) -> bool>(
        &mut self,
        run: &mut Run<'b, F>,
        len: usize,
        token: Token<'b>,
        next: State,
    ) -> Flow {
        run.at += len;
        self.state = next;
        self.offset = run.origin + run.at as u64;
        if (run.tell)(self, Event::new(token, self.hit)) { Flow::On(next) } else { Flow::Leave(next) }
    }

    /// The bracket that ends the innermost container.
    #[inline(always)]
    fn close<'b, F: FnMut(&Self, Event<'b>) -> bool>(
        &mut self,
        run: &mut Run<'b, F>,
        container: Container,
    ) -> Flow {
        self.leave(container);
        self.hand(run, 1, Token::End(container), self.after)
    }

    /// Skips white space, of which `byte` is the first, if it is any, and `block` follows; then stands something
    /// that is within `depth` containers.
    #[inline(always)]
    fn gap<F>(&mut self, run: &mut Run<'_, F>, byte: u8, block: &Block, depth: u16) {
        if byte > b' ' {
            return;
        }
        if byte == b'\n' {
            let indent = usize::from(depth) * usize::from(self.indent);
            let others = non_space(block);
            // The lowest bit that is set is the one expected. Not asked for by its number, which takes longer.
            if self.depth < self.one_line && indent < LANES && others << (LANES - 1 - indent) == 1 << 31 {
                self.line = self.line.saturating_add(1);
                self.line_start = run.origin + run.at as u64 + 1;
                run.at += 1 + indent;
                return;
            }
            if depth == 1 {
                self.indent = others.trailing_zeros() as u8;
            }
        } else if byte == b' ' && block[0] > b' ' {
            run.at += 1;
            return;
        }
        run.at = self.skip_space(run.input, run.at, run.origin);
    }
}

impl<'b, F> Run<'b, F> {
    /// What stands at the position and behind it.
    #[inline(always)]
    fn look<const N: usize>(&self) -> Option<&'b [u8; N]> {
        const { assert!(N <= SIGHT) };
        window(self.input, self.at)
    }
}

/// The 32 bytes from a place in a window.
#[inline(always)]
fn block<const N: usize, const FROM: usize>(seen: &[u8; N]) -> &Block {
    const { assert!(FROM + LANES <= N) };
    match seen.get(FROM..).and_then(<[u8]>::first_chunk) {
        Some(block) => block,
        None => &[0; LANES],
    }
}
