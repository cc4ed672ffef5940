//! From patterns to the table. Everything here can run at compile time.
//!
//! A state stands for the set of patterns whose segments so far have all matched; since every segment is exactly
//! one level of the document, the number of segments done is the same for all of them. From a state, the keys that
//! its patterns spell lead to a state each, the beginnings they spell to another each, and all other keys to one
//! more. States form a tree: no two are merged, save that below a trailing `*` a state leads to itself.

use super::pattern::{self, Kind, PathError, Spelling, Step};
use super::set::{DEAD, Entry, FREE, PathSet, Paths, Prefix, ROOT, digest, slot};

/// A set of patterns.
type Set = u128;
const PATTERNS: usize = Set::BITS as usize;

impl<'a, const SIZE: usize> PathSet<'a, SIZE> {
    /// Compiles `patterns`, at compile time if the result is a constant or a static.
    ///
    /// # Errors
    /// A malformed or overlong pattern, more than 128 of them, or a table that is too small.
    pub const fn compile(patterns: &'a [&'a str]) -> Result<Self, PathError> {
        if !SIZE.is_power_of_two() || SIZE < 2 || SIZE > 1 << 15 {
            return Err(PathError::Size);
        }
        if patterns.len() > PATTERNS {
            return Err(PathError::TooMany);
        }
        let set = Paths { patterns, shift: 64 - SIZE.trailing_zeros(), entries: [Entry::EMPTY; SIZE] };
        let mut compiler = Compiler {
            set,
            live: [0; SIZE],
            level: [0; SIZE],
            steps: [(0, false); PATTERNS],
            states: 2,
            edges: 0,
            prefixes: 1,
        };
        let mut p = 0;
        while p < patterns.len() {
            compiler.steps[p] = match pattern::measure(patterns[p].as_bytes(), p as u16) {
                Ok(steps) => steps,
                Err(error) => return Err(error),
            };
            compiler.live[ROOT as usize] |= 1 << p;
            p += 1;
        }
        let mut state = ROOT as usize;
        while state < compiler.states {
            if let Err(error) = compiler.expand(state) {
                return Err(error);
            }
            state += 1;
        }
        Ok(compiler.set)
    }
}

struct Compiler<'a, const SIZE: usize> {
    set: PathSet<'a, SIZE>,
    /// The patterns of each state.
    live: [Set; SIZE],
    /// How many segments lie behind each state.
    level: [usize; SIZE],
    /// For each pattern, how many segments it has and whether it ends with a `*`.
    steps: [(usize, bool); PATTERNS],
    states: usize,
    edges: usize,
    prefixes: usize,
}

/// What follows a state.
#[derive(Clone, Copy)]
enum By<'a> {
    Key(Spelling<'a>),
    Prefix(Spelling<'a>),
    Other,
    Element,
}

impl<'a, const SIZE: usize> Compiler<'a, SIZE> {
    const fn pattern(&self, p: usize) -> &'a [u8] {
        self.set.patterns[p].as_bytes()
    }

    /// Sets what is known of a state and adds those that follow it.
    const fn expand(&mut self, state: usize) -> Result<(), PathError> {
        let level = self.level[state];
        let mut p = 0;
        while p < self.set.patterns.len() {
            if self.live[state] >> p & 1 == 1 {
                let (steps, _) = self.steps[p];
                if steps <= level && self.set.entries[state].state.hit == 0 {
                    self.set.entries[state].state.hit = p as u16 + 1;
                }
                if let Some(step) = pattern::nth(self.pattern(p), level) {
                    let added = match step.kind {
                        Kind::Key => self.add_edge(state, p, step),
                        Kind::Prefix => self.add_prefix(state, p, step),
                        _ => Ok(()),
                    };
                    if let Err(error) = added {
                        return Err(error);
                    }
                }
            }
            p += 1;
        }
        self.set.entries[state].state.other = match self.follow(state, By::Other) {
            Ok(to) => to,
            Err(error) => return Err(error),
        };
        self.set.entries[state].state.element = match self.follow(state, By::Element) {
            Ok(to) => to,
            Err(error) => return Err(error),
        };
        Ok(())
    }

    /// The state that follows `state`, which is new unless it is dead or `state` itself.
    const fn follow(&mut self, state: usize, by: By<'a>) -> Result<u16, PathError> {
        let level = self.level[state];
        let mut live = 0;
        let mut all_tails = true;
        let mut p = 0;
        while p < self.set.patterns.len() {
            if self.live[state] >> p & 1 == 1 {
                let (steps, tail) = self.steps[p];
                let below = steps <= level && tail;
                all_tails &= below;
                if below || self.takes(p, level, by) {
                    live |= 1 << p;
                }
            }
            p += 1;
        }
        if live == 0 {
            return Ok(DEAD);
        }
        if all_tails {
            return Ok(state as u16);
        }
        if self.states == SIZE {
            return Err(PathError::Full);
        }
        self.live[self.states] = live;
        self.level[self.states] = level + 1;
        self.states += 1;
        Ok(self.states as u16 - 1)
    }

    /// Whether the segment of number `level` of a pattern matches.
    const fn takes(&self, p: usize, level: usize, by: By<'a>) -> bool {
        let Some(step) = pattern::nth(self.pattern(p), level) else { return false };
        let spelled = Spelling::new(self.pattern(p), step.start, step.end);
        match (step.kind, by) {
            (Kind::Element, By::Element) | (Kind::AnyChild, _) => true,
            (Kind::Any, By::Key(_) | By::Prefix(_) | By::Other) => true,
            (Kind::Key, By::Key(key)) => key.begins_with(spelled).1,
            (Kind::Prefix, By::Key(key) | By::Prefix(key)) => key.begins_with(spelled).0,
            _ => false,
        }
    }

    const fn add_edge(&mut self, state: usize, p: usize, step: Step) -> Result<(), PathError> {
        let spelled = Spelling::new(self.pattern(p), step.start, step.end);
        let (mut word, mut len, mut rest) = (0, 0, spelled);
        while let Some(byte) = rest.next() {
            if len < 8 {
                word |= (byte as u64) << (8 * len);
            }
            len += 1;
        }
        let mut at = slot(word, len, state as u16, self.set.shift);
        while self.set.entries[at].edge.len != FREE {
            let edge = self.set.entries[at].edge;
            if edge.from == state as u16 && edge.word == word && edge.len as u64 == len {
                let other = Spelling::new(
                    self.pattern(edge.pattern as usize),
                    edge.start as usize,
                    edge.end as usize,
                );
                if spelled.begins_with(other).1 {
                    return Ok(()); // an earlier pattern spells the same key
                }
            }
            at = (at + 1) & (SIZE - 1);
        }
        // A free slot must remain, or the search for an absent key would not end.
        if self.edges + 1 >= SIZE {
            return Err(PathError::Full);
        }
        let to = match self.follow(state, By::Key(spelled)) {
            Ok(to) => to,
            Err(error) => return Err(error),
        };
        self.edges += 1;
        self.set.entries[state].state.named |= 1 << digest(word, len);
        let edge = &mut self.set.entries[at].edge;
        edge.word = word;
        edge.len = len as u16;
        edge.from = state as u16;
        edge.to = to;
        edge.pattern = p as u16;
        edge.start = step.start as u16;
        edge.end = step.end as u16;
        Ok(())
    }

    /// Adds a prefix to the list of the state, which goes from long to short: the longest that fits a key implies
    /// which of the others do.
    const fn add_prefix(&mut self, state: usize, p: usize, step: Step) -> Result<(), PathError> {
        let spelled = Spelling::new(self.pattern(p), step.start, step.end);
        let mut before = 0;
        let mut next = self.set.entries[state].state.prefix;
        while next != 0 {
            let listed = self.set.entries[next as usize].prefix;
            let other = Spelling::new(
                self.pattern(listed.pattern as usize),
                listed.start as usize,
                listed.end as usize,
            );
            if spelled.begins_with(other).1 {
                return Ok(());
            }
            if other.len() < spelled.len() {
                break;
            }
            before = next;
            next = listed.next;
        }
        if self.prefixes == SIZE {
            return Err(PathError::Full);
        }
        let to = match self.follow(state, By::Prefix(spelled)) {
            Ok(to) => to,
            Err(error) => return Err(error),
        };
        let added = self.prefixes;
        self.prefixes += 1;
        self.set.entries[added].prefix =
            Prefix { pattern: p as u16, start: step.start as u16, end: step.end as u16, to, next };
        if before == 0 {
            self.set.entries[state].state.prefix = added as u16;
        } else {
            self.set.entries[before as usize].prefix.next = added as u16;
        }
        Ok(())
    }
}
