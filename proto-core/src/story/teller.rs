use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write as _};

/// One entry of a [`Story`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Something that happens at one point: a head, the end of a message, an error.
    Line(String),
    /// Data of the given kind that may be delivered in any pieces; adjacent pieces are one entry.
    Data(String, Vec<u8>),
}

/// Everything a codec told about one input, independent of how the input was cut.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Story {
    /// The events in order.
    pub entries: Vec<Entry>,
    /// All bytes the codec transmitted by itself.
    pub replies: Vec<u8>,
    /// The error it ended with, rendered, if it did.
    pub error: Option<String>,
    /// What it wanted at the end: read, write, close.
    pub wants: (bool, bool, bool),
    /// How many bytes of the input were consumed; zero after an error.
    pub consumed: usize,
}

impl Story {
    /// Whether `longer`, the story of the same input with more bytes behind it, begins with this one.
    pub fn begins(&self, longer: &Self) -> bool {
        if self.error.is_some() || self.wants.2 {
            return self.entries == longer.entries
                && self.error == longer.error
                && self.replies == longer.replies;
        }
        let Some((last, before)) = self.entries.split_last() else { return true };
        let whole = longer.entries.starts_with(before)
            && match (last, longer.entries.get(before.len())) {
                (Entry::Data(kind, bytes), Some(Entry::Data(other, more))) => {
                    kind == other && more.starts_with(bytes)
                }
                (last, Some(entry)) => last == entry,
                (_, None) => false,
            };
        whole && longer.replies.starts_with(&self.replies)
    }
}

impl fmt::Debug for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for entry in &self.entries {
            match entry {
                Entry::Line(line) => writeln!(f, "  {line}")?,
                Entry::Data(kind, bytes) => {
                    let shown = &bytes[..bytes.len().min(64)];
                    writeln!(f, "  {kind} {} bytes \"{}\"", bytes.len(), shown.escape_ascii())?;
                }
            }
        }
        if !self.replies.is_empty() {
            writeln!(f, "  replies \"{}\"", self.replies.escape_ascii())?;
        }
        let (read, write, close) = self.wants;
        writeln!(f, "  consumed {}, wants read {read} write {write} close {close}", self.consumed)?;
        match &self.error {
            Some(error) => writeln!(f, "  error {error}"),
            None => Ok(()),
        }
    }
}

/// Where a [`Subject`](super::Subject) writes what an event says.
#[derive(Debug)]
pub struct Teller<'a> {
    entries: &'a mut Vec<Entry>,
}

impl<'a> Teller<'a> {
    pub(super) fn new(entries: &'a mut Vec<Entry>) -> Self {
        Self { entries }
    }

    /// Tells something that happens at one point.
    pub fn line(&mut self, line: fmt::Arguments<'_>) {
        let mut text = String::new();
        let _ = text.write_fmt(line); // writing to a String cannot fail
        self.entries.push(Entry::Line(text));
    }

    /// Tells a piece of data of some kind. Empty pieces leave no trace.
    pub fn data(&mut self, kind: &str, piece: &[u8]) {
        if piece.is_empty() {
            return;
        }
        match self.entries.last_mut() {
            Some(Entry::Data(last, bytes)) if last == kind => bytes.extend_from_slice(piece),
            _ => self.entries.push(Entry::Data(kind.into(), piece.into())),
        }
    }
}
