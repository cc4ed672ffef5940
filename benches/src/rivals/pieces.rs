//! A reader for rivals that read.

/// Gives at most so many bytes at a time.
pub(crate) struct Pieces<'a>(pub(crate) &'a [u8], pub(crate) usize);

impl std::io::Read for Pieces<'_> {
    fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
        let len = self.1.min(self.0.len()).min(room.len());
        let (piece, rest) = self.0.split_at(len);
        room[..len].copy_from_slice(piece);
        self.0 = rest;
        Ok(len)
    }
}
