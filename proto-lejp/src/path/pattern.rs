use core::fmt;

/// Why a list of patterns cannot be compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathError {
    /// The pattern at this position breaks the syntax: an unclosed `[`, a `*` before other letters, an empty
    /// segment, a `\` at the end.
    Syntax(u16),
    /// The pattern at this position has more than 23 segments or 1,024 bytes, or spells more than 64 bytes before
    /// a `*`.
    TooLong(u16),
    /// More than 128 patterns.
    TooMany,
    /// The table is full: give the set a larger size.
    Full,
    /// The size of the table is not a power of two from 2 to 32,768.
    Size,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(position) => write!(f, "pattern {position} is malformed"),
            Self::TooLong(position) => write!(f, "pattern {position} is too long"),
            Self::TooMany => f.write_str("more than 128 patterns"),
            Self::Full => f.write_str("the patterns need a larger table"),
            Self::Size => f.write_str("the size of the table is not a power of two from 2 to 32768"),
        }
    }
}

impl core::error::Error for PathError {}

/// One step of a pattern. Positions are those of bytes in the pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
    /// Whether everything below is matched as well: the pattern ends with this step's `*`.
    pub(super) tail: bool,
    /// Where the next step begins.
    next: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The key spelled from `start` to `end`.
    Key,
    /// A key that begins as spelled from `start` to `end`.
    Prefix,
    /// Any key.
    Any,
    /// Any key or element: the pattern `*` alone.
    AnyChild,
    /// The elements of an array.
    Element,
}

/// The longest literal before a `*`. A key longer than `Config::whole` is matched by what is seen of it first.
const PREFIX: usize = 64;
pub(super) const PATTERN: usize = 1024;

/// The step that begins at `at`, `None` at the end of the pattern.
pub(super) const fn step(pattern: &[u8], at: usize) -> Option<Result<Step, ()>> {
    if at >= pattern.len() {
        return None;
    }
    let first = at == 0;
    let mut start = at;
    if pattern[at] == b'[' {
        if at + 1 >= pattern.len() || pattern[at + 1] != b']' {
            return Some(Err(()));
        }
        let next = at + 2;
        if next + 1 == pattern.len() && pattern[next] == b'*' {
            return Some(Ok(Step { kind: Kind::Element, start, end: next, tail: true, next: next + 1 }));
        }
        if next < pattern.len() && pattern[next] != b'.' && pattern[next] != b'[' {
            return Some(Err(()));
        }
        return Some(Ok(Step { kind: Kind::Element, start, end: next, tail: false, next }));
    }
    if pattern[at] == b'.' {
        if first {
            return Some(Err(()));
        }
        start += 1;
    }
    let mut end = start;
    while end < pattern.len() && pattern[end] != b'.' && pattern[end] != b'[' && pattern[end] != b'*' {
        if pattern[end] == b'\\' {
            end += 1;
            if end == pattern.len() {
                return Some(Err(()));
            }
        }
        end += 1;
    }
    let starred = end < pattern.len() && pattern[end] == b'*';
    let next = if starred { end + 1 } else { end };
    if starred && next < pattern.len() && pattern[next] != b'.' && pattern[next] != b'[' {
        return Some(Err(())); // a star that is not the end of its segment
    }
    let tail = starred && next == pattern.len();
    let kind = match (starred, end == start) {
        (false, false) => Kind::Key,
        (false, true) => return Some(Err(())),
        (true, false) => Kind::Prefix,
        (true, true) if first && tail => Kind::AnyChild,
        (true, true) => Kind::Any,
    };
    Some(Ok(Step { kind, start, end, tail, next }))
}

/// The step of number `index`, `None` when there are fewer.
pub(super) const fn nth(pattern: &[u8], index: usize) -> Option<Step> {
    let (mut at, mut count) = (0, 0);
    while let Some(Ok(found)) = step(pattern, at) {
        if count == index {
            return Some(found);
        }
        at = found.next;
        count += 1;
    }
    None
}

/// How many steps a well-formed pattern has, and whether it ends with a `*`.
pub(super) const fn measure(pattern: &[u8], position: u16) -> Result<(usize, bool), PathError> {
    if pattern.len() > PATTERN {
        return Err(PathError::TooLong(position));
    }
    let (mut at, mut count, mut tail) = (0, 0, false);
    loop {
        match step(pattern, at) {
            None => break,
            Some(Err(())) => return Err(PathError::Syntax(position)),
            Some(Ok(found)) => {
                if matches!(found.kind, Kind::Prefix) && found.end - found.start > PREFIX {
                    return Err(PathError::TooLong(position));
                }
                at = found.next;
                tail = found.tail;
                count += 1;
            }
        }
    }
    if count > super::SEGMENTS {
        return Err(PathError::TooLong(position));
    }
    Ok((count, tail))
}

/// A walk over a literal with its backslashes resolved.
#[derive(Clone, Copy)]
pub(super) struct Spelling<'a> {
    pattern: &'a [u8],
    at: usize,
    end: usize,
}

impl<'a> Spelling<'a> {
    pub(super) const fn new(pattern: &'a [u8], start: usize, end: usize) -> Self {
        Self { pattern, at: start, end }
    }

    pub(super) const fn next(&mut self) -> Option<u8> {
        if self.at >= self.end {
            return None;
        }
        if self.pattern[self.at] == b'\\' {
            self.at += 1;
        }
        let byte = self.pattern[self.at];
        self.at += 1;
        Some(byte)
    }

    pub(super) const fn len(mut self) -> usize {
        let mut len = 0;
        while self.next().is_some() {
            len += 1;
        }
        len
    }

    /// Whether this literal begins with all of `other`, and whether both are then at their ends.
    pub(super) const fn begins_with(mut self, mut other: Self) -> (bool, bool) {
        loop {
            match (self.next(), other.next()) {
                (None, None) => return (true, true),
                (Some(_), None) => return (true, false),
                (Some(a), Some(b)) if a == b => {}
                _ => return (false, false),
            }
        }
    }

    /// How many bytes of `key` this literal spells from its start; `None` when it is not its beginning.
    pub(super) fn prefix_of(mut self, key: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(byte) = self.next() {
            if key.get(at) != Some(&byte) {
                return None;
            }
            at += 1;
        }
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    extern crate alloc;
    use alloc::vec::Vec;

    fn kinds(pattern: &str) -> Vec<(Kind, &str, bool)> {
        (0..)
            .map_while(|i| nth(pattern.as_bytes(), i))
            .map(|s| (s.kind, &pattern[s.start..s.end], s.tail))
            .collect()
    }

    #[test]
    fn the_steps_of_patterns() {
        use Kind::*;
        assert_eq!(kinds(""), []);
        assert_eq!(kinds("a"), [(Key, "a", false)]);
        assert_eq!(
            kinds("ab[].c*.*"),
            [(Key, "ab", false), (Element, "[]", false), (Prefix, "c", false), (Any, "", true)]
        );
        assert_eq!(kinds("[][]*"), [(Element, "[]", false), (Element, "[]", true)]);
        assert_eq!(kinds("*"), [(AnyChild, "", true)]);
        assert_eq!(kinds("*.a"), [(Any, "", false), (Key, "a", false)]);
        assert_eq!(kinds(r"a\.b\\.c"), [(Key, r"a\.b\\", false), (Key, "c", false)]);
    }

    #[test]
    fn malformed_patterns_are_refused() {
        for bad in [".a", "a.", "a..b", "[", "a[", "a[3]", "a[]b", "*a", "a*b", "a**", "\\", "a[]**", "[]."] {
            assert_eq!(measure(bad.as_bytes(), 3), Err(PathError::Syntax(3)), "{bad}");
        }
        let long = |n: usize, s: &str| measure(s.repeat(n).as_bytes(), 0);
        assert_eq!(long(23, "[]"), Ok((23, false)));
        assert_eq!(long(24, "[]"), Err(PathError::TooLong(0)));
        assert_eq!(long(1024, "a"), Ok((1, false)));
        assert_eq!(long(1025, "a"), Err(PathError::TooLong(0)));
        let prefix = |n: usize| measure(["a".repeat(n).as_str(), "*"].concat().as_bytes(), 0);
        assert_eq!(prefix(64), Ok((1, true)));
        assert_eq!(prefix(65), Err(PathError::TooLong(0)));
    }
}
