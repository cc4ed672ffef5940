use super::{Outcome, State};
use crate::config::Dialect;
use crate::error::Reason;
use crate::event::{Container, Token};
use crate::parser::Parser;
use crate::path::{LEVELS, Word};
use crate::scan::Block;

impl<'p, const DEPTH: usize, const PATH: usize, const INDEX: usize> Parser<'p, DEPTH, PATH, INDEX> {
    /// A container begins, unless there are as many around it as may be.
    #[inline(always)]
    pub(super) fn enter(&mut self, container: Container) -> bool {
        let level = usize::from(self.depth);
        let Some(kind) = self.kinds.get_mut(level) else { return false };
        let array = container == Container::Array;
        if array && usize::from(self.arrays) >= INDEX && matches!(self.dialect, Dialect::Lejp) {
            return false;
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
        } else {
            self.trail.enter();
            self.after = State::AfterMember;
        }
        true
    }

    /// The innermost container ends.
    #[inline(always)]
    pub(crate) fn leave(&mut self, container: Container) {
        let level = usize::from(self.depth).wrapping_sub(1);
        // Deeper than `LEVELS`, all containers have the state of those around them.
        if let Some(&node) = self.nodes.get(level) {
            self.node = node;
            self.hit = self.paths.hit(node);
        }
        if container == Container::Array {
            self.arrays = self.arrays.saturating_sub(1);
        } else {
            self.trail.leave(self.depth);
        }
        self.depth = self.depth.saturating_sub(1);
        self.after = match self.kinds.get(level.wrapping_sub(1)) {
            Some(1) => State::AfterElement,
            Some(_) => {
                self.trail.back();
                State::AfterMember
            }
            None => State::Done,
        };
    }

    /// The container at `at` begins.
    pub(super) fn begin<'b>(&mut self, at: usize, container: Container) -> Outcome<'b> {
        if usize::from(self.depth) >= DEPTH {
            return self.fail(Reason::Depth, at);
        }
        if !self.enter(container) {
            return self.fail(Reason::Index, at);
        }
        let state = if container == Container::Array { State::FirstValue } else { State::FirstKey };
        self.tell(at + 1, Token::Begin(container), state)
    }

    /// The innermost container ends, `consumed` bytes on.
    pub(crate) fn end<'b>(&mut self, consumed: usize, container: Container) -> Outcome<'b> {
        self.leave(container);
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

    /// A member of the innermost object begins, with a key that was read whole; `block` is the input from its start.
    #[inline(always)]
    pub(super) fn enter_member(&mut self, key: &[u8], block: &Block) {
        self.trail.put(self.depth, key, block);
        let from = self.object();
        self.node = self.paths.member(from, || Word::in_block(block, key.len()), key);
        self.hit = self.paths.hit(self.node);
    }

    /// As [`enter_member`](Self::enter_member), with a key in memory of its own.
    pub(super) fn enter_unescaped(&mut self, key: &[u8]) {
        self.trail.put_slow(self.depth, key);
        let from = self.object();
        self.node = self.paths.member(from, || Word::of(key), key);
        self.hit = self.paths.hit(self.node);
    }

    /// A member begins whose key is too long to be spelled by a pattern.
    pub(super) fn enter_unnamed(&mut self, beginning: &[u8]) {
        self.trail.lose(self.depth);
        let from = self.object();
        self.node = self.paths.unnamed(from, beginning);
        self.hit = self.paths.hit(self.node);
    }

    /// The state of the innermost object itself.
    #[inline(always)]
    fn object(&mut self) -> u16 {
        let level = usize::from(self.depth).wrapping_sub(1);
        const { assert!(LEVELS < 256) };
        self.nodes.get(level).copied().unwrap_or(self.node)
    }
}
