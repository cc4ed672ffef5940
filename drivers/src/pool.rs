use proto_core::WriteBuf;

/// Bytes on their way in or out: a filled range of a block that belongs to a [`Pool`].
#[derive(Debug)]
pub(crate) struct Buffer {
    block: Box<[u8]>,
    start: u32,
    end: u32,
}

impl Buffer {
    fn new(block: Box<[u8]>) -> Self {
        Self { block, start: 0, end: 0 }
    }

    /// The block, and where its filled range begins and ends.
    pub(crate) fn into_parts(self) -> (Box<[u8]>, u32, u32) {
        (self.block, self.start, self.end)
    }

    /// The reverse of [`into_parts`](Self::into_parts).
    pub(crate) fn from_parts(block: Box<[u8]>, start: u32, end: u32) -> Self {
        debug_assert!(start <= end && end as usize <= block.len());
        Self { block, start, end }
    }

    pub(crate) fn len(&self) -> usize {
        (self.end - self.start) as usize
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    pub(crate) fn filled(&self) -> &[u8] {
        &self.block[self.start as usize..self.end as usize]
    }

    pub(crate) fn filled_mut(&mut self) -> &mut [u8] {
        &mut self.block[self.start as usize..self.end as usize]
    }

    /// Forgets `len` bytes at the front, at most all.
    pub(crate) fn consume(&mut self, len: usize) {
        self.start += len.min(self.len()) as u32;
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
    }

    /// The room behind the filled range.
    pub(crate) fn spare(&mut self) -> &mut [u8] {
        &mut self.block[self.end as usize..]
    }

    /// What is filled and the room behind it, for somebody who appends.
    pub(crate) fn appender(&mut self) -> WriteBuf<'_> {
        let len = self.len();
        let mut out = WriteBuf::new(&mut self.block[self.start as usize..]);
        out.advance(len);
        out
    }

    pub(crate) fn room(&self) -> usize {
        self.block.len() - self.end as usize
    }

    /// How much of that is for input. A full read leaves something free, so that what answers it, which may be longer
    /// by a header or two, fits into one block.
    pub(crate) fn input_room(&self) -> usize {
        self.room().saturating_sub(HEADERS)
    }

    /// The room for input.
    pub(crate) fn input_spare(&mut self) -> &mut [u8] {
        let room = self.input_room();
        self.spare().split_at_mut(room).0
    }

    /// Counts `len` bytes of [`spare`](Self::spare) as filled.
    pub(crate) fn filled_more(&mut self, len: usize) {
        self.end += len.min(self.room()) as u32;
    }

    /// Puts `bytes` behind what is filled, as many as there is room for, and says how many.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> usize {
        let len = bytes.len().min(self.room());
        self.spare()[..len].copy_from_slice(&bytes[..len]);
        self.filled_more(len);
        len
    }

    /// Moves the filled range to the front.
    pub(crate) fn compact(&mut self) {
        if self.start > 0 {
            self.block.copy_within(self.start as usize..self.end as usize, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
    }
}

/// How much larger a full-size block is than what is read into it.
const HEADERS: usize = 4 * 1024;

/// The blocks of one thread. The one given back last is handed out first: it is the one still in the cache.
#[derive(Debug)]
pub(crate) struct Pool {
    classes: [Class; CLASSES],
}

#[derive(Debug)]
struct Class {
    size: usize,
    keep: usize,
    blocks: Vec<Box<[u8]>>,
}

/// Small sizes hold what is left over of a message when a turn ends, so that a peer that stops in the middle of one
/// does not tie down a full-size block.
const SMALL: [usize; 3] = [512, 4 * 1024, 16 * 1024];
const CLASSES: usize = SMALL.len() + 1;
const FULL: usize = CLASSES - 1;
/// How much input is little: less than fills the smallest block.
pub(crate) const LITTLE: usize = SMALL[0];
/// The size that input is received into before anything is known of it.
const READ: usize = 1;

impl Pool {
    /// Blocks for up to `full` bytes of input, of which `keep` bytes in all stay here for reuse, most of them in
    /// full-size blocks.
    pub(crate) fn new(full: usize, keep: usize) -> Self {
        let full = full.clamp(SMALL[2] + 1, u32::MAX as usize - HEADERS) + HEADERS;
        let small = |size: usize| Class { size, keep: (keep / 8 / size).max(2), blocks: Vec::new() };
        let large = Class { size: full, keep: (keep / 8 * 5 / full).max(2), blocks: Vec::new() };
        Self { classes: [small(SMALL[0]), small(SMALL[1]), small(SMALL[2]), large] }
    }

    /// How many bytes go into a full-size buffer.
    pub(crate) fn full_size(&self) -> usize {
        self.classes[FULL].size
    }

    /// Allows `count` more small blocks to be kept for reuse.
    pub(crate) fn reserve_small(&mut self, count: usize) {
        self.classes[READ].keep += count;
    }

    /// A full-size buffer, empty.
    pub(crate) fn take(&mut self) -> Buffer {
        Buffer::new(self.classes[FULL].take())
    }

    /// A buffer for input that is likely to be small, empty.
    pub(crate) fn take_small(&mut self) -> Buffer {
        Buffer::new(self.classes[READ].take())
    }

    /// A buffer for input that is [little](LITTLE), empty.
    pub(crate) fn take_least(&mut self) -> Buffer {
        Buffer::new(self.classes[0].take())
    }

    /// Whether a full-size buffer has room for input behind what `buffer` holds.
    pub(crate) fn has_room(&self, buffer: &Buffer) -> bool {
        buffer.len() + HEADERS < self.full_size()
    }

    /// A full-size buffer with what was [kept](Self::keep).
    pub(crate) fn restore(&mut self, kept: Option<Buffer>) -> Buffer {
        match kept {
            Some(kept) if kept.block.len() == self.classes[FULL].size => kept,
            Some(kept) => {
                let mut buffer = self.take();
                buffer.spare()[..kept.len()].copy_from_slice(kept.filled());
                buffer.filled_more(kept.len());
                self.give(kept);
                buffer
            }
            None => self.take(),
        }
    }

    /// What is to be kept of a buffer until the next turn: nothing when it is empty, else its contents in a block
    /// no larger than they deserve.
    #[inline]
    pub(crate) fn keep(&mut self, buffer: Buffer) -> Option<Buffer> {
        if buffer.is_empty() {
            self.give(buffer);
            return None;
        }
        self.keep_contents(buffer)
    }

    fn keep_contents(&mut self, buffer: Buffer) -> Option<Buffer> {
        let Some(class) = self.classes[..FULL].iter().find(|class| class.size >= buffer.len()) else {
            return Some(buffer);
        };
        if class.size >= buffer.block.len() {
            return Some(buffer);
        }
        let small = self.copy(&buffer);
        self.give(buffer);
        Some(small)
    }

    /// What `buffer` holds, in a block no larger than it deserves.
    pub(crate) fn copy(&mut self, buffer: &Buffer) -> Buffer {
        let least = self.classes.iter_mut().find(|class| class.size >= buffer.len());
        let mut copy =
            Buffer::new(least.map_or_else(|| vec![0; buffer.len()].into_boxed_slice(), Class::take));
        copy.append(buffer.filled());
        copy
    }

    /// Takes back a block.
    pub(crate) fn give(&mut self, buffer: Buffer) {
        let size = buffer.block.len();
        // Nearly all are of full size.
        if let Some(class) = self.classes.iter_mut().rev().find(|class| class.size == size)
            && class.blocks.len() < class.keep
        {
            class.blocks.push(buffer.block);
        }
    }
}

impl Class {
    fn take(&mut self) -> Box<[u8]> {
        self.blocks.pop().unwrap_or_else(|| vec![0; self.size].into_boxed_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL_SIZE: usize = 65_536 + HEADERS;

    fn filled(pool: &mut Pool, len: usize) -> Buffer {
        let mut buffer = pool.take();
        buffer.spare()[..len].fill(7);
        buffer.filled_more(len);
        buffer
    }

    #[test]
    fn what_is_left_over_is_kept_in_the_smallest_block_that_holds_it() {
        let mut pool = Pool::new(65_536, 1 << 20);
        for (len, block) in [(1, 512), (512, 512), (513, 4096), (16_384, 16_384), (16_385, FULL_SIZE)] {
            let buffer = filled(&mut pool, len);
            let kept = pool.keep(buffer).unwrap();
            assert_eq!((kept.len(), kept.block.len()), (len, block));
            let back = pool.restore(Some(kept));
            assert_eq!((back.filled(), back.block.len()), (&vec![7; len][..], FULL_SIZE));
            pool.give(back);
        }
        let empty = pool.take();
        assert!(pool.keep(empty).is_none());
    }

    #[test]
    fn no_more_blocks_are_kept_than_allowed() {
        let mut pool = Pool::new(65_536, 8 * FULL_SIZE);
        let taken: Vec<_> = (0..9).map(|_| pool.take()).collect();
        taken.into_iter().for_each(|buffer| pool.give(buffer));
        assert_eq!(pool.classes[FULL].blocks.len(), 5);
    }

    #[test]
    fn the_filled_range_moves_and_compacts() {
        let mut pool = Pool::new(65_536, 0);
        let mut buffer = filled(&mut pool, 10);
        buffer.consume(4);
        buffer.filled_mut()[0] = 1;
        buffer.compact();
        assert_eq!((buffer.filled(), buffer.room()), (&[1, 7, 7, 7, 7, 7][..], FULL_SIZE - 6));
        assert_eq!((buffer.input_room(), buffer.input_spare().len()), (65_530, 65_530));
        buffer.filled_more(65_532);
        assert_eq!((buffer.input_room(), buffer.room()), (0, HEADERS - 2));
        buffer.consume(FULL_SIZE);
        assert_eq!((buffer.is_empty(), buffer.room()), (true, FULL_SIZE));
    }
}
