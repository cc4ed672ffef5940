use super::{Flow, Run, SIGHT, block};
use crate::event::{Container, Event, Token};
use crate::machine::State;
use crate::parser::Parser;
use crate::scan::{special, special_in_two};

impl<'p, const DEPTH: usize, const PATH: usize, const INDEX: usize> Parser<'p, DEPTH, PATH, INDEX> {
    /// What is within an object, from any of its states.
    #[inline(always)]
    pub(super) fn members<'b, F: FnMut(&Self, Event<'b>) -> bool>(
        &mut self,
        run: &mut Run<'b, F>,
        mut state: State,
    ) -> Flow {
        loop {
            match state {
                State::AfterMember => {
                    let Some(seen) = run.look::<34>() else { return Flow::Leave(state) };
                    if seen[0] != b',' {
                        self.gap(run, seen[0], block::<34, 1>(seen), self.depth.wrapping_sub(1));
                        if run.input.get(run.at) != Some(&b'}') {
                            return Flow::Leave(state);
                        }
                        match self.close(run, Container::Object) {
                            Flow::On(State::AfterMember) => continue,
                            flow => return flow,
                        }
                    }
                    run.at += 1;
                    self.gap(run, seen[1], block::<34, 2>(seen), self.depth);
                    state = State::Key;
                }
                State::FirstKey => {
                    let Some(seen) = run.look::<34>() else { return Flow::Leave(state) };
                    self.gap(run, seen[0], block::<34, 1>(seen), self.depth);
                    if run.input.get(run.at) == Some(&b'}') {
                        match self.close(run, Container::Object) {
                            Flow::On(State::AfterMember) => {
                                state = State::AfterMember;
                                continue;
                            }
                            flow => return flow,
                        }
                    }
                }
                State::Colon => {
                    run.at = self.skip_space(run.input, run.at, run.origin);
                    if run.input.get(run.at) != Some(&b':') {
                        return Flow::Leave(state);
                    }
                    run.at += 1;
                    state = State::Value;
                }
                _ => {}
            }
            let flow = match state {
                State::Key | State::FirstKey => self.member(run, state),
                _ => {
                    run.at += usize::from(run.input.get(run.at) == Some(&b' '));
                    self.value(run, state, State::AfterMember)
                }
            };
            match flow {
                Flow::On(
                    next @ (State::AfterMember | State::FirstKey | State::MemberValue | State::Colon),
                ) => {
                    state = next;
                }
                flow => return flow,
            }
        }
    }

    /// A member, from the quote before its key.
    #[inline(always)]
    fn member<'b, F: FnMut(&Self, Event<'b>) -> bool>(&mut self, run: &mut Run<'b, F>, state: State) -> Flow {
        let Some(seen) = run.look::<SIGHT>() else { return self.last_member(run, state) };
        let Some(inside) = seen.get(1..).and_then(<[u8]>::first_chunk::<64>) else {
            return Flow::Leave(state);
        };
        let special = special_in_two(inside);
        let len = special.trailing_zeros() as usize;
        if seen[0] != b'"' || special == 0 || seen[1 + len] != b'"' {
            return Flow::Leave(state);
        }
        let Some(part) = inside.get(..len) else { return Flow::Leave(state) };
        let Some(first) = inside.first_chunk() else { return Flow::Leave(state) };
        let token = Token::Key { part, last: true };
        if seen[2 + len] != b':' {
            self.enter_member(part, first);
            return self.hand(run, len + 2, token, State::Colon);
        }
        self.enter_member(part, first);
        let Flow::On(state) = self.hand(run, len + 3, token, State::MemberValue) else {
            return Flow::Leave(State::MemberValue);
        };
        if (seen[3 + len] == b' ') != self.spaced {
            self.spaced = !self.spaced;
            return Flow::On(state);
        }
        // Where the value begins, counted from where the key does.
        let start = len + 2 + usize::from(self.spaced);
        run.at += usize::from(self.spaced);
        if seen[1 + start] == b'"' {
            let special = special & special.wrapping_sub(1); // without the end of the key
            let special = special & special.wrapping_sub(1); // nor the quote at the start of the value
            let end = special.trailing_zeros() as usize;
            if special != 0 && seen[1 + end] == b'"' {
                let Some(part) = inside.get(start + 1..end) else { return Flow::Leave(state) };
                let token = Token::Text { part, last: true };
                return self.hand(run, end - start + 1, token, State::AfterMember);
            }
        }
        self.value(run, state, State::AfterMember)
    }

    /// The key of a member near the end of the input, where one cannot look as far.
    #[inline(always)]
    fn last_member<'b, F: FnMut(&Self, Event<'b>) -> bool>(
        &mut self,
        run: &mut Run<'b, F>,
        state: State,
    ) -> Flow {
        let Some(seen) = run.look::<36>() else { return Flow::Leave(state) };
        let inside = block::<36, 1>(seen);
        let len = special(inside).trailing_zeros() as usize;
        match inside.split_at_checked(len) {
            Some((part, [b'"', ..])) if seen[0] == b'"' && seen[2 + len] == b':' => {
                self.enter_member(part, inside);
                self.hand(run, len + 3, Token::Key { part, last: true }, State::MemberValue)
            }
            _ => Flow::Leave(state),
        }
    }
}
