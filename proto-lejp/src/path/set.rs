use super::pattern::{self, Kind, Spelling};
use crate::scan::Block;
use core::fmt;

/// Patterns of paths, compiled once into a table: matching a key costs one look-up however many there are.
///
/// A pattern is a sequence of segments. The path of a value in a document is the keys and array elements that
/// lead to it, and a pattern matches when all its segments do:
///
/// | pattern | matches |
/// |---|---|
/// | `a.b` | the member `b` of the member `a` of the document |
/// | `a[]` | each element of the array `a`; `[]` alone, each element of a document that is an array |
/// | `a[].b` | the member `b` of each element |
/// | `a.*.c` | `*` as a segment is any one key, and is captured: [`wildcard`](crate::Parser::wildcard) |
/// | `a.x*.c` | any key that begins with `x`; the rest of it is captured |
/// | `a.*`, `a.x*`, `a[]*` | a `*` at the end matches what its segment does *and all that is below* |
/// | `*` | every value but the document itself |
/// | the empty string | the document itself |
/// | `a\.b` | the key `a.b`: a backslash takes `.`, `[`, `*` and `\` literally |
///
/// Order gives precedence: a token is given the first pattern of the list that matches, so `x.*.*` belongs before
/// `x.*`. A key that contains a dot is one segment and is not mistaken for two.
///
/// The table has room for `SIZE` entries, a power of two. Each prefix of the patterns takes an entry (`a`, `a[]`
/// and `a[].b` for the last example; prefixes in common count once, wildcards multiply), and about half of the
/// entries should be free: 128 do for 16 patterns of four segments.
///
/// ```
/// use proto_lejp::{PathError, PathSet};
/// // Compiled by the compiler: a mistake in a pattern does not build.
/// static PATHS: PathSet<'static, 64> = match PathSet::compile(&["schema", "items[].id", "items[].tags.*"]) {
///     Ok(paths) => paths,
///     Err(_) => panic!("malformed pattern"),
/// };
/// assert_eq!(PATHS.patterns()[1], "items[].id");
/// assert_eq!(PathSet::<64>::compile(&["ok", "a..b"]).err(), Some(PathError::Syntax(1)));
/// ```
pub type PathSet<'a, const SIZE: usize = 128> = Paths<'a, [Entry; SIZE]>;

/// A [`PathSet`] of any size. The parser takes a `&Paths`, to which a `&PathSet` coerces.
#[derive(Clone, Copy)]
pub struct Paths<'a, T: ?Sized = [Entry]> {
    pub(super) patterns: &'a [&'a str],
    /// 64 less the logarithm of the size: how far to shift a hash right.
    pub(super) shift: u32,
    pub(super) entries: T,
}

/// A place in the table of a [`PathSet`].
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    pub(super) edge: Edge,
    pub(super) state: State,
    pub(super) prefix: Prefix,
}

/// From one state to another by a key: a slot of the hash table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    /// The first eight bytes of the key, in the order of a little-endian number.
    pub(super) word: u64,
    /// The length of the key; [`FREE`] in a free slot.
    pub(super) len: u16,
    pub(super) from: u16,
    pub(super) to: u16,
    /// Where the key is spelled.
    pub(super) pattern: u16,
    pub(super) start: u16,
    pub(super) end: u16,
}

/// The patterns that are still possible after the segments so far, as the number of an entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct State {
    /// For each key that an edge names, the bit of its [`digest`]: most keys are named by none, and told by that.
    pub(super) named: u64,
    /// The state below any key that no edge or prefix names.
    pub(super) other: u16,
    /// The state of an element.
    pub(super) element: u16,
    /// The first pattern that matches here, counted from 1; 0 when none does.
    pub(super) hit: u16,
    /// The first of the prefixes to try, the longest; 0 when there is none.
    pub(super) prefix: u16,
}

/// From one state to another by the beginning of a key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prefix {
    pub(super) pattern: u16,
    pub(super) start: u16,
    pub(super) end: u16,
    pub(super) to: u16,
    /// The next shorter one; 0 at the end.
    pub(super) next: u16,
}

/// Nothing can match from here on.
pub(crate) const DEAD: u16 = 0;
/// The state of the document.
pub(crate) const ROOT: u16 = 1;
pub(super) const FREE: u16 = u16::MAX;

impl Entry {
    pub(super) const EMPTY: Self = Self {
        edge: Edge { word: 0, len: FREE, from: DEAD, to: DEAD, pattern: 0, start: 0, end: 0 },
        state: State { named: 0, other: DEAD, element: DEAD, hit: 0, prefix: 0 },
        prefix: Prefix { pattern: 0, start: 0, end: 0, to: DEAD, next: 0 },
    };
}

impl<const SIZE: usize> PathSet<'static, SIZE> {
    /// A set without patterns.
    pub const EMPTY: Self = Self { patterns: &[], shift: 63, entries: [Entry::EMPTY; SIZE] };
}

static NONE: PathSet<'static, 2> = PathSet::EMPTY;

impl Paths<'static> {
    /// No patterns: no event has a path index.
    pub fn none() -> &'static Self {
        &NONE
    }
}

impl<T: ?Sized> Paths<'_, T> {
    /// The patterns, in the order of their indices.
    pub const fn patterns(&self) -> &[&str] {
        self.patterns
    }
}

/// The first eight bytes of a key and its length: what it is looked up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word {
    bytes: u64,
    len: usize,
}

impl Word {
    /// From a key of `len` bytes at the start of `block`.
    #[inline(always)]
    pub(crate) fn in_block(block: &Block, len: usize) -> Self {
        let all = match block.first_chunk() {
            Some(b) => u64::from_le_bytes(*b),
            None => 0,
        };
        let bytes = match len {
            0 => 0,
            1..8 => all & (u64::MAX >> (64 - 8 * len)),
            _ => all,
        };
        Self { bytes, len }
    }

    /// From a key in memory of its own.
    pub(crate) fn of(key: &[u8]) -> Self {
        let mut bytes = [0; 8];
        for (to, from) in bytes.iter_mut().zip(key) {
            *to = *from;
        }
        Self { bytes: u64::from_le_bytes(bytes), len: key.len() }
    }
}

/// A number below 64 that tells most keys apart.
#[inline(always)]
pub(super) const fn digest(word: u64, len: u64) -> u32 {
    ((word ^ len << 59).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58) as u32
}

/// Where the search for an edge begins.
#[inline(always)]
pub(super) const fn slot(word: u64, len: u64, from: u16, shift: u32) -> usize {
    let which = ((from as u64) << 32 | len).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((word ^ which).wrapping_mul(0xd6e8_feb8_6659_fd93) >> shift) as usize
}

impl Paths<'_> {
    /// The state of the member `key` of an object in state `from`.
    #[inline(always)]
    pub(crate) fn member(&self, from: u16, word: impl FnOnce() -> Word, key: &[u8]) -> u16 {
        if from == DEAD {
            return DEAD;
        }
        let word = word();
        let Some(Entry { state, .. }) = self.entries.get(usize::from(from)) else { return DEAD };
        if state.named >> digest(word.bytes, word.len as u64) & 1 == 1 {
            return self.find(from, word, key);
        }
        if state.prefix == 0 { state.other } else { self.unnamed(from, key) }
    }

    #[inline(never)]
    fn find(&self, from: u16, word: Word, key: &[u8]) -> u16 {
        let mut at = slot(word.bytes, word.len as u64, from, self.shift);
        // Ends at a free slot, of which compilation leaves at least one.
        while let Some(Entry { edge, .. }) = self.entries.get(at) {
            if edge.word == word.bytes && edge.from == from && usize::from(edge.len) == word.len {
                if word.len <= 8 || self.spells(edge.pattern, edge.start, edge.end, key) == Some(word.len) {
                    return edge.to;
                }
            } else if edge.len == FREE {
                break;
            }
            at = (at + 1) & (self.entries.len() - 1);
        }
        self.unnamed(from, key)
    }

    /// The state of a member whose key no pattern spells out, by the beginning of the key.
    pub(crate) fn unnamed(&self, from: u16, beginning: &[u8]) -> u16 {
        let Some(Entry { state, .. }) = self.entries.get(usize::from(from)) else { return DEAD };
        let mut next = state.prefix;
        while let Some(Entry { prefix, .. }) = self.entries.get(usize::from(next))
            && next != 0
        {
            if self.spells(prefix.pattern, prefix.start, prefix.end, beginning).is_some() {
                return prefix.to;
            }
            next = prefix.next;
        }
        state.other
    }

    /// The state of the elements of an array in state `from`.
    #[inline(always)]
    pub(crate) fn element(&self, from: u16) -> u16 {
        if from == DEAD {
            return DEAD;
        }
        self.entries.get(usize::from(from)).map_or(DEAD, |entry| entry.state.element)
    }

    /// The pattern that matches in a state, counted from 1; 0 when none does.
    #[inline(always)]
    pub(crate) fn hit(&self, at: u16) -> u16 {
        if at == DEAD {
            return 0;
        }
        self.entries.get(usize::from(at)).map_or(0, |entry| entry.state.hit)
    }

    /// How many bytes at the start of `key` the literal is; `None` when it is not its start.
    fn spells(&self, pattern: u16, start: u16, end: u16, key: &[u8]) -> Option<usize> {
        let pattern = self.patterns.get(usize::from(pattern))?.as_bytes();
        Spelling::new(pattern, usize::from(start), usize::from(end)).prefix_of(key)
    }

    /// For the wildcard of number `index` in the pattern counted from 1 as `hit`: the number of its segment, and how
    /// many bytes of the key precede what it captures; `None` for what is no key.
    pub(crate) fn wildcard(&self, hit: u16, index: usize) -> Option<(usize, Option<usize>)> {
        let pattern = self.patterns.get(usize::from(hit).checked_sub(1)?)?.as_bytes();
        let starred = (0..)
            .map_while(|i| Some((i, pattern::nth(pattern, i)?)))
            .filter(|(_, step)| matches!(step.kind, Kind::Prefix | Kind::Any | Kind::AnyChild) || step.tail);
        let (segment, step) = starred.into_iter().nth(index)?;
        let mut spelled = Spelling::new(pattern, step.start, step.end);
        let skip = match step.kind {
            Kind::Element => None,
            _ => Some(core::iter::from_fn(|| spelled.next()).count()),
        };
        Some((segment, skip))
    }
}

impl<T: ?Sized> fmt::Debug for Paths<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Paths").field(&self.patterns).finish()
    }
}
