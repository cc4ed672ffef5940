/// The room is too small; nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

impl core::fmt::Display for Full {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("no room in the output")
    }
}

impl core::error::Error for Full {}

/// A cursor over the caller's output slice. It grows nothing and keeps nothing.
///
/// ```
/// use proto_core::{Full, WriteBuf};
/// let mut room = [0; 8];
/// let mut out = WriteBuf::new(&mut room);
/// out.put(b"hello")?;
/// assert_eq!(out.put(b"world"), Err(Full)); // all or nothing
/// assert_eq!(out.put_some(b"world"), 3);    // as much as fits
/// assert_eq!(out.written(), b"hellowor");
/// # Ok::<(), Full>(())
/// ```
#[derive(Debug)]
pub struct WriteBuf<'a> {
    room: &'a mut [u8],
    len: usize,
}

/// A position to [rewind](WriteBuf::rewind) to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark(usize);

impl<'a> WriteBuf<'a> {
    /// An empty buffer over `room`.
    #[inline]
    pub fn new(room: &'a mut [u8]) -> Self {
        Self { room, len: 0 }
    }

    /// How many more bytes fit.
    #[inline]
    pub fn room(&self) -> usize {
        self.room.len() - self.len
    }

    /// How many bytes were written.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing was written.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bytes written so far.
    #[inline]
    pub fn written(&self) -> &[u8] {
        &self.room[..self.len]
    }

    /// The bytes written since `mark`, to be changed in place (masking).
    #[inline]
    pub fn written_since(&mut self, mark: Mark) -> &mut [u8] {
        let start = mark.0.min(self.len);
        &mut self.room[start..self.len]
    }

    /// Appends all of `bytes`.
    ///
    /// # Errors
    /// [`Full`] when they do not fit; nothing was written.
    #[inline]
    pub fn put(&mut self, bytes: &[u8]) -> Result<(), Full> {
        let end = self.len.checked_add(bytes.len()).ok_or(Full)?;
        self.room.get_mut(self.len..end).ok_or(Full)?.copy_from_slice(bytes);
        self.len = end;
        Ok(())
    }

    /// Appends the first `len` bytes of `block`, at most all of them. Where there is room the whole block is copied, which
    /// takes a few instructions in place of a call; what is beyond `len` is written over by what comes next.
    ///
    /// # Errors
    /// [`Full`] when they do not fit; nothing was written.
    #[inline(always)]
    pub fn put_front<const N: usize>(&mut self, block: &[u8; N], len: usize) -> Result<(), Full> {
        let len = len.min(N);
        match self.spare().first_chunk_mut() {
            Some(room) => *room = *block,
            None => put_tightly(&block[..len], self.spare())?,
        }
        self.len += len;
        Ok(())
    }

    /// Appends one byte.
    ///
    /// # Errors
    /// [`Full`] when there is no room.
    #[inline]
    pub fn put_u8(&mut self, byte: u8) -> Result<(), Full> {
        *self.room.get_mut(self.len).ok_or(Full)? = byte;
        self.len += 1;
        Ok(())
    }

    /// Appends as much of `bytes` as fits and says how much that was.
    #[inline]
    pub fn put_some(&mut self, bytes: &[u8]) -> usize {
        let taken = bytes.len().min(self.room());
        self.room[self.len..self.len + taken].copy_from_slice(&bytes[..taken]);
        self.len += taken;
        taken
    }

    /// The room that is left, for producers that write in place; follow with [`advance`](Self::advance).
    #[inline]
    pub fn spare(&mut self) -> &mut [u8] {
        &mut self.room[self.len..]
    }

    /// Counts `len` bytes of [`spare`](Self::spare) as written, at most all of them.
    #[inline]
    pub fn advance(&mut self, len: usize) {
        self.len += len.min(self.room());
    }

    /// The present position.
    #[inline]
    pub fn mark(&self) -> Mark {
        Mark(self.len)
    }

    /// Forgets what was written since `mark`.
    #[inline]
    pub fn rewind(&mut self, mark: Mark) {
        self.len = self.len.min(mark.0);
    }

    /// Runs `write` with the last `reserve` bytes of the room, or what is left of them, out of its reach.
    ///
    /// ```
    /// use proto_core::WriteBuf;
    /// let mut room = [0; 8];
    /// let mut out = WriteBuf::new(&mut room);
    /// assert_eq!(out.with_reserve(3, |out| out.put_some(b"content")), 5);
    /// assert_eq!(out.put(b"..."), Ok(()));
    /// assert_eq!(out.written(), b"conte...");
    /// ```
    #[inline]
    pub fn with_reserve<T>(&mut self, reserve: usize, write: impl FnOnce(&mut WriteBuf<'_>) -> T) -> T {
        let end = self.room.len().saturating_sub(reserve).max(self.len);
        let mut out = WriteBuf { room: &mut self.room[..end], len: self.len };
        let result = write(&mut out);
        self.len = out.len;
        result
    }

    /// Runs `write` and counts what it wrote unless it fails: all or nothing over several puts.
    ///
    /// # Errors
    /// Whatever `write` returns.
    #[inline(always)]
    pub fn all_or_nothing<T, E>(
        &mut self,
        write: impl FnOnce(&mut WriteBuf<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut out = WriteBuf::new(self.spare());
        let result = write(&mut out)?;
        self.len += out.len;
        Ok(result)
    }
}

#[cold]
#[inline(never)]
fn put_tightly(bytes: &[u8], room: &mut [u8]) -> Result<(), Full> {
    room.get_mut(..bytes.len()).ok_or(Full)?.copy_from_slice(bytes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_sequence_leaves_nothing() {
        let mut room = [0; 4];
        let mut out = WriteBuf::new(&mut room);
        out.put_u8(b'x').unwrap();
        let failed = out.all_or_nothing(|out| {
            out.put(b"ab")?;
            out.put(b"cd")
        });
        assert_eq!(failed, Err(Full));
        assert_eq!((out.written(), out.room()), (&b"x"[..], 3));
    }

    #[test]
    fn the_front_of_a_block_fits_where_the_block_does_not() {
        let put = |room: &mut [u8], len| {
            let mut out = WriteBuf::new(room);
            out.put_u8(b'x').unwrap();
            out.put_front(b"abcd", len).map(|()| (out.len(), out.written().last().copied()))
        };
        for room in 5..8 {
            assert_eq!(put(&mut [0; 8][..room], 3), Ok((4, Some(b'c'))));
        }
        assert_eq!(put(&mut [0; 4], 3), Ok((4, Some(b'c'))));
        assert_eq!(put(&mut [0; 3], 3), Err(Full));
        assert_eq!(put(&mut [0; 8], 9), Ok((5, Some(b'd'))));
    }

    #[test]
    fn in_place_writing_is_clamped_to_the_room() {
        let mut room = [0; 4];
        let mut out = WriteBuf::new(&mut room);
        out.spare()[..2].copy_from_slice(b"hi");
        out.advance(2);
        let mark = out.mark();
        out.advance(9);
        assert_eq!(out.len(), 4);
        out.written_since(mark).fill(b'!');
        assert_eq!(out.written(), b"hi!!");
        out.rewind(mark);
        assert_eq!(out.written(), b"hi");
    }
}
