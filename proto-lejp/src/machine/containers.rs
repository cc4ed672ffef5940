use super::{Outcome, State};
use crate::config::Dialect;
use crate::error::Reason;
use crate::event::{Container, Token};
use crate::parser::Parser;
use crate::path::{LEVELS, Word};

impl<'p, const DEPTH: usize, const PATH: usize, const INDEX: usize> Parser<'p, DEPTH, PATH, INDEX> {
    /// The container at `at` begins.
    #[inline(always)]
    pub(super) fn begin<'b>(&mut self, at: usize, container: Container) -> Outcome<'b> {
        let level = usize::from(self.depth);
        let Some(kind) = self.kinds.get_mut(level) else { return self.fail(Reason::Depth, at) };
        let array = container == Container::Array;
        if array && usize::from(self.arrays) >= INDEX && matches!(self.dialect, Dialect::Lejp) {
            return self.fail(Reason::Index, at);
        }
        *kind = u8::from(array);
        if let Some(node) = self.nodes.get_mut(level) {
            *node = self.node;
        }
        self.depth += 1;
        if array {
            if let Some(index) = self.indices.get_mut(usize::from(self.arrays)) {
                *index = 0;
            }
            self.arrays += 1;
            self.after = State::AfterElement;
            self.tell(at + 1, Token::Begin(container), State::FirstValue)
        } else {
            self.after = State::AfterMember;
            self.tell(at + 1, Token::Begin(container), State::FirstKey)
        }
    }

    /// The innermost container ends, `consumed` bytes on; `filled` if it had children.
    #[inline(always)]
    pub(crate) fn end<'b>(&mut self, consumed: usize, container: Container, filled: bool) -> Outcome<'b> {
        let level = usize::from(self.depth).wrapping_sub(1);
        if container == Container::Array {
            self.arrays = self.arrays.saturating_sub(1);
        } else if filled {
            self.trail.pop(self.depth);
        }
        // Deeper than `LEVELS`, all containers have the state of those around them.
        if let Some(&node) = self.nodes.get(level) {
            self.node = node;
            self.hit = self.paths.hit(node);
        }
        self.depth = self.depth.saturating_sub(1);
        self.after = match self.kinds.get(level.wrapping_sub(1)) {
            Some(1) => State::AfterElement,
            Some(_) => State::AfterMember,
            None => State::Done,
        };
        self.tell(consumed, Token::End(container), self.after)
    }

    /// The array that has just begun has elements.
    #[inline(always)]
    pub(super) fn enter_elements(&mut self) {
        self.node = self.paths.element(self.node);
        self.hit = self.paths.hit(self.node);
    }

    /// A comma in an array.
    #[inline(always)]
    pub(super) fn next_element(&mut self) {
        if let Some(index) = self.indices.get_mut(usize::from(self.arrays).wrapping_sub(1)) {
            *index = index.wrapping_add(1);
        }
    }

    /// A member of the innermost object begins, with a key that was read whole; `block` is the input from the start
    /// of the key if it stands there as it is.
    #[inline(always)]
    pub(super) fn enter_member(&mut self, state: State, key: &[u8], block: Option<&[u8; 16]>) {
        let from = self.object(state);
        self.trail.push(self.depth, key, block);
        let word = match block {
            Some(block) => Word::in_block(block, key.len()),
            None => Word::of(key),
        };
        self.node = self.paths.member(from, word, key);
        self.hit = self.paths.hit(self.node);
    }

    /// A member begins whose key is too long to be spelled by a pattern.
    pub(super) fn enter_unnamed(&mut self, state: State, beginning: &[u8]) {
        let from = self.object(state);
        self.trail.lose(self.depth);
        self.node = self.paths.unnamed(from, beginning);
        self.hit = self.paths.hit(self.node);
    }

    /// Leaves the last member, if there was one: the state of the innermost object itself.
    #[inline(always)]
    fn object(&mut self, state: State) -> u16 {
        if state == State::Key {
            self.trail.pop(self.depth);
        }
        let level = usize::from(self.depth).wrapping_sub(1);
        const { assert!(LEVELS < 256) };
        self.nodes.get(level).copied().unwrap_or(self.node)
    }
}
