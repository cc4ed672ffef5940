use crate::scan::Block;
use core::fmt;

/// The keys that lead to where the parser is, each followed by a byte with its length.
///
/// What does not fit (a key of more than 255 bytes, or one beyond the room) is not kept, nor is anything below it;
/// it comes back into view when the parser leaves that object.
#[derive(Debug, Clone)]
pub(crate) struct Trail<const ROOM: usize> {
    len: u16,
    /// Where the current key of the innermost object begins.
    base: u16,
    /// The depth of the object whose current key is not kept; 0 when all are.
    lost: u16,
    bytes: [u8; ROOM],
}

impl<const ROOM: usize> Trail<ROOM> {
    pub(crate) const EMPTY: Self = Self { len: 0, base: 0, lost: 0, bytes: [0; ROOM] };

    /// An object begins.
    #[inline(always)]
    pub(crate) fn enter(&mut self) {
        self.base = self.len;
    }

    /// The object at `depth` ends: its last key goes.
    #[inline(always)]
    pub(crate) fn leave(&mut self, depth: u16) {
        if ROOM == 0 {
            return;
        }
        if self.lost == 0 {
            self.len = self.base;
        } else if self.lost == depth {
            self.lost = 0;
            self.len = self.base;
        }
    }

    /// Back in an object that the last key kept is of.
    #[inline(always)]
    pub(crate) fn back(&mut self) {
        if ROOM == 0 || self.lost != 0 {
            return;
        }
        let last = usize::from(self.len).wrapping_sub(1);
        if let Some(&len) = self.bytes.get(last) {
            self.base = (last as u16).wrapping_sub(len.into());
        }
    }

    /// Puts `key` in the place of the last one of the object at `depth`; `block` is the input from its start.
    #[inline(always)]
    pub(crate) fn put(&mut self, depth: u16, key: &[u8], block: &Block) {
        if ROOM == 0 {
            return;
        }
        if self.lost == 0
            && key.len() <= 32
            && let Some(room) =
                self.bytes.get_mut(usize::from(self.base)..).and_then(|room| room.first_chunk_mut::<33>())
        {
            // Copying 32 bytes takes four instructions, copying as many as there are takes a call.
            if let Some(room) = room.first_chunk_mut() {
                *room = *block;
            }
            if let Some(end) = room.get_mut(key.len()) {
                *end = key.len() as u8;
            }
            self.len = self.base + key.len() as u16 + 1;
            return;
        }
        self.put_slow(depth, key);
    }

    /// As `put`, for a key of any length.
    #[cold]
    pub(crate) fn put_slow(&mut self, depth: u16, key: &[u8]) {
        if ROOM == 0 {
            return;
        }
        if self.lost != 0 {
            if self.lost != depth {
                return;
            }
            self.lost = 0;
        }
        let at = usize::from(self.base);
        let end = at + key.len();
        let fits = u8::try_from(key.len()).ok().and_then(|len| {
            *self.bytes.get_mut(end)? = len;
            self.bytes.get_mut(at..end)?.copy_from_slice(key);
            u16::try_from(end + 1).ok()
        });
        match fits {
            Some(len) => self.len = len,
            None => {
                self.len = self.base;
                self.lost = depth;
            }
        }
    }

    /// Notes that the current key of the object at `depth` is not known in full.
    pub(crate) fn lose(&mut self, depth: u16) {
        if ROOM != 0 && (self.lost == 0 || self.lost == depth) {
            self.len = self.base;
            self.lost = depth;
        }
    }

    pub(crate) fn clear(&mut self) {
        self.len = 0;
        self.base = 0;
        self.lost = 0;
    }

    /// The keys kept, from the innermost outwards.
    fn inwards_out(&self) -> impl Iterator<Item = &[u8]> {
        let mut end = usize::from(self.len);
        core::iter::from_fn(move || {
            let last = end.checked_sub(1)?;
            let start = last.checked_sub(usize::from(*self.bytes.get(last)?))?;
            end = start;
            self.bytes.get(start..last)
        })
    }

    fn key(&self, number: usize) -> Option<&[u8]> {
        let kept = self.inwards_out().count();
        self.inwards_out().nth(kept.checked_sub(number + 1)?)
    }
}

/// The path of the last token: what leads from the document to it. From [`Parser::path`](crate::Parser::path).
///
/// As text it looks like a pattern, `a[].b`; with `{:#}`, the numbers of elements are written, `a[7].b`. Keys are
/// written as they are (a key with a dot in it cannot be told from two), bytes that are not UTF-8 as U+FFFD, and
/// what was not kept as `...`.
#[derive(Clone, Copy)]
pub struct Path<'a> {
    pub(crate) keys: &'a dyn Keys,
    /// The containers that lead to the token, as bytes that are 1 for an array.
    pub(crate) containers: &'a [u8],
    pub(crate) indices: &'a [u32],
}

/// One step of a [`Path`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Segment<'a> {
    /// The key of a member.
    Key(&'a [u8]),
    /// A member whose key was not kept: it is longer than 255 bytes, or the keys together are longer than the
    /// parser's `PATH`.
    Lost,
    /// An element, with its number from 0; without, when more than the parser's `INDEX` arrays are within one
    /// another.
    Element(Option<u32>),
}

/// The keys of a trail, whatever its room.
pub(crate) trait Keys {
    /// The key of the object that has `number` objects around it.
    fn key_of(&self, number: usize) -> Option<&[u8]>;
}

impl<const ROOM: usize> Keys for Trail<ROOM> {
    fn key_of(&self, number: usize) -> Option<&[u8]> {
        self.key(number)
    }
}

impl<'a> Path<'a> {
    /// The steps, from the document to the token.
    pub fn segments(&self) -> impl Iterator<Item = Segment<'a>> + use<'a> {
        let Self { keys, containers, indices } = *self;
        let (mut objects, mut arrays) = (0, 0);
        containers.iter().map(move |&container| {
            if container == 1 {
                arrays += 1;
                Segment::Element(indices.get(arrays - 1).copied())
            } else {
                objects += 1;
                keys.key_of(objects - 1).map_or(Segment::Lost, Segment::Key)
            }
        })
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.segments().enumerate() {
            if position > 0 && !matches!(segment, Segment::Element(_)) {
                f.write_str(".")?;
            }
            match segment {
                Segment::Element(Some(index)) if f.alternate() => write!(f, "[{index}]")?,
                Segment::Element(_) => f.write_str("[]")?,
                Segment::Lost => f.write_str("...")?,
                Segment::Key(key) => {
                    for chunk in key.utf8_chunks() {
                        f.write_str(chunk.valid())?;
                        if !chunk.invalid().is_empty() {
                            f.write_str("\u{fffd}")?;
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Path({self:#})")
    }
}
