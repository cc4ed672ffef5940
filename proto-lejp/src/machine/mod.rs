//! The state machine: from one token to the next.
//!
//! ```text
//!            ┌─────────────── Start ◄──────────────┐ (further documents)
//!            │  value                              │
//!   ┌──► Value, FirstValue ── scalar ──► Done ──► After
//!   │        │        │                    ▲
//!   │      { │      [ │                    │ last } or ]
//!   │   FirstKey   FirstValue       AfterMember, AfterElement ◄── scalar, } or ]
//!   │        │ key                     │ ,         │ ,
//!   └── Colon ◄──────── key ───────── Key        Value
//! ```
//!
//! Text, LongKey and Number are within a token that is told in parts. What a call leaves unconsumed is always the
//! beginning of a token, and the state is then the one in which that token is expected.

mod containers;
mod run;
mod space;
mod tokens;

use crate::config::{Dialect, Documents};
use crate::error::{Error, Reason};
use crate::event::{Container, Event, Token};
use crate::number::Place;
use crate::parser::Parser;
use crate::path::ROOT;
use proto_core::Step;

/// What is expected next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// A document.
    Start,
    /// A value.
    Value,
    /// A value; the colon before it was taken along with its key.
    MemberValue,
    /// A value or the end of the array, which has just begun.
    FirstValue,
    /// A value or, in the lejp dialect, the end of the array.
    NextValue,
    /// A key or the end of the object, which has just begun.
    FirstKey,
    /// A key.
    Key,
    /// The colon between key and value.
    Colon,
    /// The colon before the value that is the document of a nested parser.
    NestedColon,
    /// A comma or the end of the object.
    AfterMember,
    /// A comma or the end of the array.
    AfterElement,
    /// The rest of a key of which parts have been told.
    LongKey,
    /// The rest of a text of which parts have been told.
    Text,
    /// The rest of a number of which parts have been told.
    Number,
    /// The rest of a comment.
    Comment,
    /// Nothing, but it is still to be told that the document is complete.
    Done,
    /// What may stand behind a document.
    After,
    /// Nothing at all.
    Stopped,
    Failed,
}

/// What a call gives.
pub(crate) type Outcome<'b> = Result<Step<Event<'b>>, Error>;

impl<'p, const DEPTH: usize, const PATH: usize, const INDEX: usize> Parser<'p, DEPTH, PATH, INDEX> {
    /// One token, or why there is none.
    #[inline(never)]
    pub(crate) fn advance<'b>(&mut self, input: &'b [u8], scratch: &'b mut [u8]) -> Outcome<'b> {
        let mut at = 0;
        let mut state = self.state;
        loop {
            match state {
                State::AfterMember => {
                    at = self.skip_space(input, at, self.offset);
                    match input.get(at) {
                        Some(b',') => at += 1,
                        Some(b'}') => return self.end(at + 1, Container::Object),
                        Some(_) => return self.misplaced(State::AfterMember, input, at),
                        None => return self.wait(state, input, at),
                    }
                    state = State::Key;
                }
                State::AfterElement => {
                    at = self.skip_space(input, at, self.offset);
                    match input.get(at) {
                        Some(b',') => at += 1,
                        Some(b']') => return self.end(at + 1, Container::Array),
                        Some(_) => return self.misplaced(State::AfterElement, input, at),
                        None => return self.wait(state, input, at),
                    }
                    self.next_element();
                    state = State::NextValue;
                }
                State::Key | State::FirstKey => {
                    at = self.skip_space(input, at, self.offset);
                    return match input.get(at) {
                        Some(b'"') => self.key(input, at + 1, scratch, state),
                        Some(b'}') if state == State::FirstKey => self.end(at + 1, Container::Object),
                        Some(_) => self.misplaced(state, input, at),
                        None => self.wait(state, input, at),
                    };
                }
                State::Colon => {
                    at = self.skip_space(input, at, self.offset);
                    match input.get(at) {
                        Some(b':') => at += 1,
                        Some(_) => return self.misplaced(state, input, at),
                        None => return self.wait(state, input, at),
                    }
                    state = State::Value;
                }
                State::FirstValue => {
                    at = self.skip_space(input, at, self.offset);
                    match input.get(at) {
                        Some(b']') => return self.end(at + 1, Container::Array),
                        Some(_) => self.enter_elements(),
                        None => return self.wait(state, input, at),
                    }
                    state = State::Value;
                }
                State::MemberValue => {
                    // Most often, one space stands behind the colon.
                    at += usize::from(input.get(at) == Some(&b' '));
                    state = State::Value;
                }
                State::Value | State::NextValue => {
                    at = self.skip_space(input, at, self.offset);
                    return match input.get(at) {
                        Some(b'"') => self.text(input, at + 1, scratch, true),
                        Some(b'-' | b'0'..=b'9') => self.number(input, at, true),
                        Some(b'{') => self.begin(at, Container::Object),
                        Some(b'[') => self.begin(at, Container::Array),
                        Some(b't' | b'f' | b'n') => self.literal(input, at),
                        Some(b']') if state == State::NextValue && matches!(self.dialect, Dialect::Lejp) => {
                            self.end(at + 1, Container::Array)
                        }
                        Some(_) => self.misplaced(state, input, at),
                        None => self.wait(state, input, at),
                    };
                }
                _ => match self.elsewhere(state, input, at) {
                    Elsewhere::Expect(next, from) => {
                        state = next;
                        at = from;
                    }
                    Elsewhere::Rest => return self.rest(state, input, at, scratch),
                    Elsewhere::Outcome(outcome) => return outcome,
                },
            }
        }
    }

    /// The states that are not within a container or not between tokens.
    #[cold]
    fn elsewhere<'b>(&mut self, state: State, input: &'b [u8], at: usize) -> Elsewhere<'b> {
        match state {
            State::Start => self.start(input, at),
            State::NestedColon => {
                let at = self.skip_space(input, at, self.offset);
                match input.get(at) {
                    Some(b':') => Elsewhere::Expect(State::Value, at + 1),
                    Some(_) => Elsewhere::Outcome(self.misplaced(State::Colon, input, at)),
                    None => Elsewhere::Outcome(self.wait(state, input, at)),
                }
            }
            State::Comment => match self.skip_comment(input, at) {
                at if self.comment => Elsewhere::Outcome(self.wait(self.resume, input, at)),
                at => Elsewhere::Expect(self.resume, at),
            },
            State::Done => {
                self.hit = 0;
                let first = self.documents == Documents::First;
                let state = if first { State::Stopped } else { State::After };
                let unused = input.get(at..).unwrap_or_default();
                Elsewhere::Outcome(self.tell(at, Token::Complete { unused }, state))
            }
            State::After => self.behind(input, at),
            State::Failed => Elsewhere::Outcome(match self.fault {
                Some(fault) => Err(fault),
                None => Ok(Step::NONE),
            }),
            State::Stopped => {
                self.held = 0;
                Elsewhere::Outcome(Ok(Step::NONE))
            }
            _ => Elsewhere::Rest,
        }
    }

    /// Before a document.
    fn start<'b>(&mut self, input: &[u8], at: usize) -> Elsewhere<'b> {
        let at = self.skip_space(input, at, self.offset);
        match input.get(at) {
            None => Elsewhere::Outcome(self.wait(State::Start, input, at)),
            Some(b'{' | b'[') => Elsewhere::Expect(State::Value, at),
            Some(_) if matches!(self.dialect, Dialect::Lejp) => {
                Elsewhere::Outcome(self.fail(Reason::Root, at))
            }
            Some(_) => Elsewhere::Expect(State::Value, at),
        }
    }

    /// Behind a document that was told complete.
    fn behind<'b>(&mut self, input: &[u8], mut at: usize) -> Elsewhere<'b> {
        match self.documents {
            Documents::One | Documents::First => {
                at = self.skip_space(input, at, self.offset);
                if at < input.len() {
                    return Elsewhere::Outcome(self.fail(Reason::Trailing, at));
                }
                Elsewhere::Outcome(self.wait(State::After, input, at))
            }
            Documents::Lines => {
                let line = self.line;
                at = self.skip_space(input, at, self.offset);
                if self.line == line {
                    // The line that the document is on has not ended.
                    let outcome = match input.get(at) {
                        None => self.wait(State::After, input, at),
                        Some(_) => self.fail(Reason::Trailing, at),
                    };
                    return Elsewhere::Outcome(outcome);
                }
                self.restart();
                Elsewhere::Expect(State::Start, at)
            }
            Documents::Concatenated => {
                let Some(next) = input.get(at) else {
                    return Elsewhere::Outcome(self.wait(State::After, input, at));
                };
                if self.scalar && !matches!(next, b' ' | b'\t' | b'\r' | b'\n' | b'{' | b'[' | b'"' | b'#') {
                    return Elsewhere::Outcome(self.fail(Reason::Trailing, at));
                }
                self.restart();
                Elsewhere::Expect(State::Start, at)
            }
        }
    }

    /// Ready for the next document.
    fn restart(&mut self) {
        self.state = State::Start;
        self.scalar = false;
        self.node = ROOT;
        self.hit = self.paths.hit(ROOT);
        self.trail.clear();
    }

    #[cold]
    pub(crate) fn advance_eof(&mut self) -> Result<Option<Event<'static>>, Error> {
        let state = if self.state == State::Comment { self.resume } else { self.state };
        let none_needed = matches!(self.documents, Documents::Lines | Documents::Concatenated);
        match state {
            State::Failed => self.fault.map_or(Ok(None), Err),
            State::Done => match self.elsewhere(state, &[], 0) {
                Elsewhere::Outcome(outcome) => Ok(outcome?.event),
                _ => Ok(None),
            },
            State::After | State::Stopped => Ok(None),
            State::Start if none_needed && self.held == 0 => Ok(None),
            State::Number if self.depth == 0 && self.place.missing(self.dialect).is_none() => {
                let token = Token::Number { text: &[], kind: self.place.kind(), last: true };
                self.scalar = true;
                self.tell(0, token, State::Done).map(|step| step.event)
            }
            _ => Err(self.fail_at(Reason::Incomplete, self.offset + u64::from(self.held))),
        }
    }

    /// Consumes `consumed` bytes and tells `token`; `state` is what is expected then.
    pub(crate) fn tell<'b>(&mut self, consumed: usize, token: Token<'b>, state: State) -> Outcome<'b> {
        self.state = state;
        self.offset += consumed as u64;
        self.held = 0;
        Ok(Step::event(consumed, Event::new(token, self.hit)))
    }

    /// Consumes what precedes `at` and waits for more input; `state` is expected at `at`.
    #[cold]
    pub(super) fn wait<'b>(&mut self, state: State, input: &[u8], at: usize) -> Outcome<'b> {
        self.state = state;
        if self.comment {
            self.resume = state;
            self.state = State::Comment;
        }
        self.offset += at as u64;
        self.held = (input.len() - at) as u32;
        Ok(Step::quiet(at))
    }

    /// Refuses the byte at `at`, which cannot be what `state` expects.
    #[cold]
    fn misplaced<'b>(&mut self, state: State, input: &[u8], at: usize) -> Outcome<'b> {
        let found = input.get(at).copied().unwrap_or(0);
        let reason = match (state, found) {
            (_, b'\n') => Reason::LineBreak, // white space, were the document not to be one line
            (State::AfterMember, b']') | (State::AfterElement, b'}') => Reason::Mismatch,
            (State::AfterMember, _) => Reason::Member,
            (State::AfterElement, _) => Reason::Element,
            (State::Colon, _) => Reason::Colon,
            (State::Key | State::FirstKey, _) => Reason::Key,
            (State::Value, b']' | b'}') if self.depth == 0 => Reason::Unopened,
            _ => Reason::Value,
        };
        self.fail(reason, at)
    }

    /// Ends with an error at `at` in the input of this call.
    #[cold]
    pub(super) fn fail<'b>(&mut self, reason: Reason, at: usize) -> Outcome<'b> {
        Err(self.fail_at(reason, self.offset + at as u64))
    }

    pub(crate) fn fail_at(&mut self, reason: Reason, offset: u64) -> Error {
        let column = offset.saturating_sub(self.line_start) + 1;
        let fault = Error::new(reason, offset, self.line, column);
        self.state = State::Failed;
        self.fault = Some(fault);
        self.place = Place::Start;
        fault
    }
}

/// What a state that is not between the tokens of a document leads to.
enum Elsewhere<'b> {
    /// To another state, at a position.
    Expect(State, usize),
    /// It is within a token.
    Rest,
    Outcome(Outcome<'b>),
}
