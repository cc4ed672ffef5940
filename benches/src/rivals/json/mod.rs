//! Parsers of JSON. Of the streaming ones, each is given the pieces in the way it asks for.

#[cfg(feature = "rivals")]
pub mod actson;
#[cfg(feature = "rivals")]
pub mod jiter;
#[cfg(feature = "rivals")]
pub mod json_event_parser;
#[cfg(feature = "rivals-debian")]
pub mod lejp_c;
#[cfg(feature = "rivals")]
pub mod struson;
#[cfg(feature = "rivals")]
pub mod visitor;
#[cfg(feature = "rivals-debian")]
pub mod yajl;

/// A reader that gives at most so many bytes at a time.
#[cfg(feature = "rivals")]
#[derive(Debug)]
pub struct Pieces<'a>(pub &'a [u8], pub usize);

#[cfg(feature = "rivals")]
impl std::io::Read for Pieces<'_> {
    fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
        let len = self.1.min(self.0.len()).min(room.len());
        let (piece, rest) = self.0.split_at(len);
        room[..len].copy_from_slice(piece);
        self.0 = rest;
        Ok(len)
    }
}
