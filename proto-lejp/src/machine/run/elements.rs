use super::{Flow, Run, block};
use crate::config::Dialect;
use crate::event::{Container, Event, Literal, Token};
use crate::machine::State;
use crate::number;
use crate::parser::Parser;
use crate::scan::special;
use crate::text::{Until, plain};

impl<'p, const DEPTH: usize, const PATH: usize, const INDEX: usize> Parser<'p, DEPTH, PATH, INDEX> {
    /// What is within an array, from any of its states.
    #[inline(always)]
    pub(super) fn elements<'b, F: FnMut(&Self, Event<'b>) -> bool>(
        &mut self,
        run: &mut Run<'b, F>,
        mut state: State,
    ) -> Flow {
        loop {
            if state == State::AfterElement {
                let Some(seen) = run.look::<34>() else { return Flow::Leave(state) };
                if seen[0] != b',' {
                    self.gap(run, seen[0], block::<34, 1>(seen), self.depth.wrapping_sub(1));
                    if run.input.get(run.at) != Some(&b']') {
                        return Flow::Leave(state);
                    }
                    match self.close(run, Container::Array) {
                        Flow::On(State::AfterElement) => continue,
                        flow => return flow,
                    }
                }
                run.at += 1;
                self.next_element();
                self.gap(run, seen[1], block::<34, 2>(seen), self.depth);
                state = State::NextValue;
            } else if state == State::FirstValue {
                let Some(seen) = run.look::<34>() else { return Flow::Leave(state) };
                self.gap(run, seen[0], block::<34, 1>(seen), self.depth);
                match run.input.get(run.at) {
                    Some(b']') => match self.close(run, Container::Array) {
                        Flow::On(State::AfterElement) => {
                            state = State::AfterElement;
                            continue;
                        }
                        flow => return flow,
                    },
                    Some(&byte) if byte > b'#' || byte == b'"' => {
                        self.enter_elements();
                        state = State::Value;
                    }
                    _ => return Flow::Leave(state),
                }
            }
            match self.value(run, state, State::AfterElement) {
                Flow::On(State::AfterElement) => state = State::AfterElement,
                Flow::On(State::FirstValue) => state = State::FirstValue,
                flow => return flow,
            }
        }
    }

    /// A value.
    #[inline(always)]
    pub(super) fn value<'b, F: FnMut(&Self, Event<'b>) -> bool>(
        &mut self,
        run: &mut Run<'b, F>,
        state: State,
        after: State,
    ) -> Flow {
        let Some(seen) = run.look::<36>() else { return Flow::Leave(state) };
        match seen[0] {
            b'"' => {
                let inside = block::<36, 1>(seen);
                let len = special(inside).trailing_zeros() as usize;
                match inside.split_at_checked(len) {
                    Some((part, [b'"', ..])) => {
                        self.hand(run, len + 2, Token::Text { part, last: true }, after)
                    }
                    _ => self.long_text(run, state, after),
                }
            }
            b'-' | b'0'..=b'9' => {
                let Some((len, kind)) = number::fast(block::<36, 0>(seen)) else { return Flow::Leave(state) };
                if len > number::LEJP_DIGITS && matches!(self.dialect, Dialect::Lejp) {
                    return Flow::Leave(state);
                }
                let Some(text) = block::<36, 0>(seen).get(..len) else { return Flow::Leave(state) };
                self.hand(run, len, Token::Number { text, kind, last: true }, after)
            }
            b'{' if self.enter(Container::Object) => {
                self.hand(run, 1, Token::Begin(Container::Object), State::FirstKey)
            }
            b'[' if self.enter(Container::Array) => {
                self.hand(run, 1, Token::Begin(Container::Array), State::FirstValue)
            }
            b't' | b'f' | b'n' => match seen.first_chunk() {
                Some(b"true") => self.hand(run, 4, Token::Literal(Literal::True), after),
                Some(b"null") => self.hand(run, 4, Token::Literal(Literal::Null), after),
                Some(b"fals") if seen[4] == b'e' => self.hand(run, 5, Token::Literal(Literal::False), after),
                _ => Flow::Leave(state),
            },
            _ => Flow::Leave(state),
        }
    }

    /// A text that is longer than 32 bytes or not ASCII.
    #[inline(always)]
    fn long_text<'b, F: FnMut(&Self, Event<'b>) -> bool>(
        &mut self,
        run: &mut Run<'b, F>,
        state: State,
        after: State,
    ) -> Flow {
        let start = run.at + 1;
        let (end, Until::Quote) = plain(run.input, start, self.dialect) else { return Flow::Leave(state) };
        let part = run.input.get(start..end).unwrap_or_default();
        self.hand(run, part.len() + 2, Token::Text { part, last: true }, after)
    }
}
