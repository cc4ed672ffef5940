use super::{Outcome, State};
use crate::error::Reason;
use crate::event::{Literal, Token};
use crate::number::{self, End, Place};
use crate::parser::Parser;
use crate::text::{Stop, piece};

impl<'p, const DEPTH: usize, const PATH: usize, const INDEX: usize> Parser<'p, DEPTH, PATH, INDEX> {
    /// A string value from `start`; `fresh` if nothing of it has been told.
    pub(super) fn text<'b>(
        &mut self,
        input: &'b [u8],
        start: usize,
        scratch: &'b mut [u8],
        fresh: bool,
    ) -> Outcome<'b> {
        let whole = self.whole as usize;
        let piece = piece(input, start, scratch, self.dialect, whole);
        let part = piece.bytes;
        match piece.stop {
            Stop::Quote => self.tell(piece.end + 1, Token::Text { part, last: true }, self.after),
            Stop::Input if fresh && piece.end - start <= whole => self.wait(State::Value, input, start - 1),
            _ if !part.is_empty() => self.tell(piece.end, Token::Text { part, last: false }, State::Text),
            Stop::Input => self.wait(State::Text, input, piece.end),
            Stop::Full => self.fail(Reason::Scratch, piece.end),
            Stop::Fault { reason, at } => self.fail(reason, at),
        }
    }

    /// A key from `start`, or the rest of one of which parts have been told.
    pub(super) fn key<'b>(
        &mut self,
        input: &'b [u8],
        start: usize,
        scratch: &'b mut [u8],
        state: State,
    ) -> Outcome<'b> {
        let whole = self.whole as usize;
        let piece = piece(input, start, scratch, self.dialect, whole);
        let part = piece.bytes;
        let fresh = state != State::LongKey;
        if fresh && piece.end - start <= whole {
            return match piece.stop {
                Stop::Quote => {
                    self.enter_unescaped(part);
                    self.tell_key(input, piece.end + 1, part)
                }
                Stop::Input => self.wait(state, input, start - 1),
                Stop::Full => self.fail(Reason::Scratch, piece.end),
                Stop::Fault { reason, at } => self.fail(reason, at),
            };
        }
        if fresh {
            self.enter_unnamed(part);
        }
        match piece.stop {
            Stop::Quote => self.tell_key(input, piece.end + 1, part),
            _ if !part.is_empty() => self.tell(piece.end, Token::Key { part, last: false }, State::LongKey),
            Stop::Input => self.wait(State::LongKey, input, piece.end),
            Stop::Full => self.fail(Reason::Scratch, piece.end),
            Stop::Fault { reason, at } => self.fail(reason, at),
        }
    }

    /// Tells the end of a key, and takes the colon along if it stands right behind it.
    fn tell_key<'b>(&mut self, input: &[u8], end: usize, part: &'b [u8]) -> Outcome<'b> {
        let token = Token::Key { part, last: true };
        match input.get(end) {
            Some(b':') => self.tell(end + 1, token, State::MemberValue),
            _ => self.tell(end, token, State::Colon),
        }
    }

    /// A number from `at`; `fresh` if nothing of it has been told.
    pub(super) fn number<'b>(&mut self, input: &'b [u8], at: usize, fresh: bool) -> Outcome<'b> {
        let place = if fresh { Place::Start } else { self.place };
        let (place, end, stop) = number::scan(place, input, at, self.dialect);
        let text = input.get(at..end).unwrap_or_default();
        let kind = place.kind();
        let in_parts = !fresh || self.depth == 0 || text.len() > self.whole as usize;
        self.place = place;
        match stop {
            End::Complete => {
                self.scalar = self.depth == 0;
                self.tell(end, Token::Number { text, kind, last: true }, self.after)
            }
            End::Input if !in_parts => self.wait(State::Value, input, at),
            _ if in_parts && !text.is_empty() => {
                self.tell(end, Token::Number { text, kind, last: false }, State::Number)
            }
            End::Input => self.wait(State::Number, input, end),
            End::Fault(reason) => self.fail(reason, end),
        }
    }

    /// The literal at `at`.
    pub(super) fn literal<'b>(&mut self, input: &[u8], at: usize) -> Outcome<'b> {
        let rest = input.get(at..).unwrap_or_default();
        let literal = match rest.first_chunk() {
            Some(b"true") => Literal::True,
            Some(b"null") => Literal::Null,
            Some(b"fals") if rest.get(4) == Some(&b'e') => Literal::False,
            _ => return self.no_literal(input, at),
        };
        self.scalar = self.depth == 0;
        self.tell(at + literal.as_str().len(), Token::Literal(literal), self.after)
    }

    /// A literal that is cut or wrong.
    #[cold]
    fn no_literal<'b>(&mut self, input: &[u8], at: usize) -> Outcome<'b> {
        let rest = input.get(at..).unwrap_or_default();
        let expected = match rest.first() {
            Some(b't') => Literal::True,
            Some(b'f') => Literal::False,
            _ => Literal::Null,
        };
        match expected.as_str().bytes().zip(rest).position(|(a, b)| a != *b) {
            Some(wrong) => self.fail(Reason::Literal, at + wrong),
            None => self.wait(State::Value, input, at),
        }
    }

    /// The rest of a token of which parts have been told.
    #[cold]
    pub(super) fn rest<'b>(
        &mut self,
        state: State,
        input: &'b [u8],
        at: usize,
        scratch: &'b mut [u8],
    ) -> Outcome<'b> {
        match state {
            State::Text => self.text(input, at, scratch, false),
            State::LongKey => self.key(input, at, scratch, state),
            _ => self.number(input, at, false),
        }
    }
}
