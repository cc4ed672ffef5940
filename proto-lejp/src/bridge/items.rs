use crate::config::Config;
use crate::error::Error;
use crate::event::{Event, Token};
use crate::parser::Parser;
use crate::path::Paths;
use core::fmt;
use core::marker::PhantomData;
use serde::de::DeserializeOwned;
use std::io::{self, Read};
use std::vec;
use std::vec::Vec;

/// The values at the registered paths of a document, however large it is, read as `T` one at a time.
///
/// What lies elsewhere is parsed and checked, but not kept; of a value that matches, no more than its own text is
/// kept, of at most [`max_item`](Self::max_item) bytes. Of values within one another, the outermost that matches is
/// read. After an error the iteration is over, save that an item which is not a `T` is skipped.
///
/// ```
/// use proto_lejp::{Items, PathSet};
/// #[derive(serde::Deserialize, Debug, PartialEq)]
/// struct Item { id: u32 }
/// let paths = PathSet::<16>::compile(&["items[]"])?;
/// let document: &[u8] = br#"{"version":2,"items":[{"id":1},{"id":2,"more":"x"}]}"#;
/// let items: Vec<Item> = Items::new(document, &paths).collect::<Result<_, _>>()?;
/// assert_eq!(items, [Item { id: 1 }, Item { id: 2 }]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Items<'p, R, T> {
    reader: R,
    parser: Parser<'p>,
    scratch: Vec<u8>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    item: Vec<u8>,
    /// Within an item: the depth of its value.
    within: Option<usize>,
    max_item: usize,
    phase: Phase,
    values: PhantomData<fn() -> T>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Reading,
    /// The reader is at its end.
    Ended,
    Over,
}

/// Why there is no item.
#[derive(Debug)]
#[non_exhaustive]
pub enum ItemError {
    /// The reader failed.
    Io(io::Error),
    /// The document is malformed.
    Json(Error),
    /// The item is not what was asked for. The next one may be.
    Item(serde_json::Error),
    /// The item is larger than allowed.
    TooLarge,
}

impl fmt::Display for ItemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Json(error) => error.fmt(f),
            Self::Item(error) => error.fmt(f),
            Self::TooLarge => f.write_str("item too large"),
        }
    }
}

impl core::error::Error for ItemError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Json(error) => Some(error),
            Self::Item(error) => Some(error),
            Self::TooLarge => None,
        }
    }
}

const BUFFER: usize = 64 * 1024;
const MAX_ITEM: usize = 16 * 1024 * 1024;

impl<'p, R: Read, T: DeserializeOwned> Items<'p, R, T> {
    /// The items at `paths` of the one strict document that `reader` gives.
    pub fn new(reader: R, paths: &'p Paths<'p>) -> Self {
        Self::with_config(reader, paths, Config::default())
    }

    /// The items at `paths` of what `reader` gives, read as `config` says (many documents, for example). Items are
    /// always strict JSON.
    pub fn with_config(reader: R, paths: &'p Paths<'p>, config: Config) -> Self {
        let parser = Parser::with_config(paths, config);
        Self {
            reader,
            scratch: vec![0; config.whole.max(64) as usize],
            buffer: vec![0; BUFFER.max(2 * parser.min_input())],
            parser,
            start: 0,
            end: 0,
            item: Vec::new(),
            within: None,
            max_item: MAX_ITEM,
            phase: Phase::Reading,
            values: PhantomData,
        }
    }

    /// With items of at most `bytes` (by default 16 MiB); a larger one is [`ItemError::TooLarge`].
    #[must_use]
    pub fn max_item(mut self, bytes: usize) -> Self {
        self.max_item = bytes;
        self
    }

    /// Whether an item is complete after all that can be told of the buffer; `false` when more must be read.
    fn advance(&mut self) -> Result<bool, ItemError> {
        loop {
            let pending = self.buffer.get(self.start..self.end).unwrap_or_default();
            let step = self.parser.receive(pending, &mut self.scratch).map_err(ItemError::Json)?;
            let taken = pending.get(..step.consumed).unwrap_or_default();
            self.start += step.consumed;
            if self.within.is_some() {
                self.item.extend_from_slice(taken);
            }
            let Some(event) = step.event else { return Ok(false) };
            let complete = note(&mut self.within, &self.parser, &event);
            if self.item.is_empty() && (self.within.is_some() || complete) {
                // What precedes the item in what was consumed along with it.
                let before = taken.iter().position(|byte| !b" \t\r\n,:".contains(byte)).unwrap_or(0);
                self.item.extend_from_slice(taken.get(before..).unwrap_or_default());
            }
            if self.item.len() > self.max_item {
                return Err(ItemError::TooLarge);
            }
            if complete {
                return Ok(true);
            }
        }
    }

    /// Makes room and reads more.
    fn fill(&mut self) -> Result<(), ItemError> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.end == self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        match self.reader.read(room) {
            Ok(0) => self.phase = Phase::Ended,
            Ok(count) => self.end += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(ItemError::Io(error)),
        }
        Ok(())
    }

    fn read(&mut self) -> Result<Option<T>, ItemError> {
        loop {
            match self.phase {
                Phase::Over => return Ok(None),
                Phase::Reading => {
                    if self.advance()? {
                        return self.take().map(Some);
                    }
                    self.fill()?;
                }
                Phase::Ended => match self.parser.receive_eof().map_err(ItemError::Json)? {
                    // The end of a number that is the document: its digits were consumed before.
                    Some(event) if note(&mut self.within, &self.parser, &event) => {
                        return self.take().map(Some);
                    }
                    Some(_) => {}
                    None => self.phase = Phase::Over,
                },
            }
        }
    }

    fn take(&mut self) -> Result<T, ItemError> {
        let value = serde_json::from_slice(&self.item).map_err(ItemError::Item);
        self.item.clear();
        value
    }
}

/// Notes whether the parser is within an item after `event`; says whether one is complete.
fn note(within: &mut Option<usize>, parser: &Parser<'_>, event: &Event<'_>) -> bool {
    let depth = parser.depth();
    if within.is_none() {
        if event.path().is_none() || !event.begins_value() {
            return false;
        }
        *within = Some(depth);
    }
    let complete = *within == Some(depth)
        && match event.token() {
            Token::End(_) | Token::Literal(_) => true,
            Token::Text { last, .. } | Token::Number { last, .. } => last,
            _ => false,
        };
    if complete {
        *within = None;
    }
    complete
}

impl<R: Read, T: DeserializeOwned> Iterator for Items<'_, R, T> {
    type Item = Result<T, ItemError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.read().transpose();
        if let Some(Err(error)) = &next
            && !matches!(error, ItemError::Item(_))
        {
            self.phase = Phase::Over;
        }
        next
    }
}
