//! The chunked transfer coding, decoded ([RFC 9112 7.1](https://www.rfc-editor.org/rfc/rfc9112#section-7.1)).
//!
//! Chunk lines are consumed as they arrive, so they need no room in the caller's buffer; a trailer section is
//! consumed as a whole, like a head. The common line, digits and CRLF in sight, has a way of its own.

use crate::fields::is_token_byte;
use crate::head::{Scan, scan, trailers};
use crate::{Config, Error};

/// Where in the coding the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// The first digit of a size.
    Start,
    /// Behind `0..` digits of a size.
    Size(u8),
    /// Blanks behind the size: an extension must follow.
    AfterSize,
    /// Behind `;`.
    NameStart,
    Name,
    AfterName,
    /// Behind `=`.
    ValueStart,
    Value,
    Quoted,
    Escape,
    AfterQuoted,
    AfterValue,
    /// Behind the CR of a chunk line.
    LineFeed,
    Data,
    /// Behind the data: CR, then LF.
    DataCr,
    DataLf,
    Trailers,
}

/// What the decoder found: ranges of the input it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Everything was used up.
    More,
    /// Content.
    Data { start: usize, end: usize },
    /// The end, with field lines of a trailer section.
    End { start: usize, end: usize, count: u16 },
}

/// The decoder.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chunked {
    /// Bytes of data left in this chunk; the size while it is read.
    left: u64,
    /// Bytes of content that may still be announced.
    allowed: u64,
    /// Extension bytes in this body.
    extensions: u32,
    /// Extension bytes in this chunk line, or bytes searched of the trailer section.
    line: u16,
    at: At,
}

/// Digits of a size, leading zeros included. Sixteen significant ones are all that fit.
const MOST_DIGITS: u8 = 32;

impl Chunked {
    pub(crate) const fn new(allowed: u64) -> Self {
        Self { left: 0, allowed, extensions: 0, line: 0, at: At::Start }
    }

    /// Allows `most` bytes of content in place of what was allowed before, counted from the chunk after this one.
    pub(crate) const fn allow(&mut self, most: u64) {
        self.allowed = most;
    }

    /// Whether the next byte is data of a chunk.
    pub(crate) const fn in_data(&self) -> bool {
        matches!(self.at, At::Data)
    }

    /// The common case: a chunk without extensions that is there whole, with the line end behind its data. Where
    /// its data is, and how much of `input` the chunk takes.
    #[inline(always)]
    pub(crate) fn whole(&mut self, input: &[u8]) -> Option<(usize, usize, usize)> {
        if self.at != At::Start {
            return None;
        }
        let (size, start) = plain_line(input)?;
        let end = usize::try_from(size).ok()?.checked_add(start)?;
        let Some([b'\r', b'\n']) = input.get(end..end.checked_add(2)?) else { return None };
        if size == 0 || size > self.allowed {
            return None;
        }
        self.allowed -= size;
        Some((start, end, end + 2))
    }

    /// The next piece, of `max` bytes at the most if it is data, and how much of `input` is used up with it.
    #[inline]
    pub(crate) fn next(&mut self, input: &[u8], max: u64, config: &Config) -> Result<(usize, Piece), Error> {
        let mut pos = 0;
        if self.at == At::Start
            && let Some((size, len)) = plain_line(input)
        {
            self.left = size;
            pos = len;
            self.line_done()?;
        }
        loop {
            match self.at {
                At::Data => {
                    let rest = input.len() - pos;
                    if rest == 0 || max == 0 {
                        return Ok((pos, Piece::More));
                    }
                    let take = self.left.min(rest as u64).min(max);
                    let (start, end) = (pos, pos + take as usize); // take <= rest
                    self.left -= take;
                    pos = end;
                    if self.left == 0 {
                        self.at = At::DataCr;
                        if let Some([b'\r', b'\n']) = input.get(end..end + 2) {
                            self.at = At::Start;
                            pos += 2;
                        }
                    }
                    return Ok((pos, Piece::Data { start, end }));
                }
                At::Trailers => return self.trailers(pos, input.get(pos..).unwrap_or_default(), config),
                _ => {
                    let Some(&byte) = input.get(pos) else { return Ok((pos, Piece::More)) };
                    self.step(byte, config)?;
                    pos += 1;
                }
            }
        }
    }

    /// One byte outside data and trailers.
    fn step(&mut self, byte: u8, config: &Config) -> Result<(), Error> {
        let extension = match self.at {
            At::Start | At::Size(_) => {
                let digits = if let At::Size(digits) = self.at { digits } else { 0 };
                if let Some(digit) = hex_digit(byte) {
                    if digits == 0 {
                        self.left = 0;
                    }
                    if digits == MOST_DIGITS || self.left >> 60 != 0 {
                        return Err(Error::ChunkSize);
                    }
                    self.left = self.left << 4 | u64::from(digit);
                    self.at = At::Size(digits + 1);
                    return Ok(());
                }
                if digits == 0 {
                    return Err(Error::ChunkSize);
                }
                match byte {
                    b'\r' => At::LineFeed,
                    b';' => At::NameStart,
                    b' ' | b'\t' => At::AfterSize,
                    _ => return Err(Error::ChunkSize),
                }
            }
            At::LineFeed if byte == b'\n' => return self.line_done(),
            At::LineFeed => return Err(Error::ChunkSize),
            At::DataCr if byte == b'\r' => {
                self.at = At::DataLf;
                return Ok(());
            }
            At::DataLf if byte == b'\n' => {
                self.at = At::Start;
                return Ok(());
            }
            At::DataCr | At::DataLf => return Err(Error::ChunkEnd),
            extension => extension_step(extension, byte)?,
        };
        self.at = extension;
        if extension != At::LineFeed {
            self.line = self.line.saturating_add(1);
            self.extensions = self.extensions.saturating_add(1);
            if self.line > config.limits.extension_line || self.extensions > config.limits.extensions.into() {
                return Err(Error::ChunkExtensionTooLarge);
            }
        }
        Ok(())
    }

    /// A chunk line is complete; its size is in `left`.
    #[inline]
    fn line_done(&mut self) -> Result<(), Error> {
        self.line = 0;
        if self.left == 0 {
            self.at = At::Trailers;
            return Ok(());
        }
        self.allowed = self.allowed.checked_sub(self.left).ok_or(Error::BodyTooLarge)?;
        self.at = At::Data;
        Ok(())
    }

    /// The trailer section, at `pos` of the input.
    fn trailers(&mut self, pos: usize, section: &[u8], config: &Config) -> Result<(usize, Piece), Error> {
        match section {
            [b'\r', b'\n', ..] => return Ok((pos + 2, Piece::End { start: pos, end: pos, count: 0 })),
            [b'\n', ..] if config.lenient.bare_lf => {
                return Ok((pos + 1, Piece::End { start: pos, end: pos, count: 0 }));
            }
            [] | [b'\r'] => return Ok((pos, Piece::More)),
            _ => {}
        }
        let most = usize::from(config.limits.trailers);
        let window = section.get(..most).unwrap_or(section);
        match scan(window, usize::from(self.line).min(window.len()), config.lenient.bare_lf) {
            Scan::Fault(fault) => Err(fault),
            Scan::Partial if window.len() < most => {
                self.line = u16::try_from(window.len()).unwrap_or(u16::MAX);
                Ok((pos, Piece::More))
            }
            Scan::Partial => Err(Error::TrailersTooLarge),
            Scan::End(len) => {
                let section = section.get(..len).unwrap_or_default();
                let count = trailers(section, config)?;
                let empty_line = if section.ends_with(b"\r\n") { 2 } else { 1 };
                Ok((pos + len, Piece::End { start: pos, end: pos + len - empty_line, count }))
            }
        }
    }
}

/// A chunk line without extensions that is there whole: its size and length.
#[inline(always)]
fn plain_line(input: &[u8]) -> Option<(u64, usize)> {
    let mut size = 0_u64;
    for (at, &byte) in input.iter().enumerate().take(16) {
        match hex_digit(byte) {
            Some(digit) => size = size << 4 | u64::from(digit), // sixteen digits at the most
            None if at > 0 && byte == b'\r' && input.get(at + 1) == Some(&b'\n') => {
                return Some((size, at + 2));
            }
            None => return None,
        }
    }
    None
}

#[inline(always)]
const fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// RFC 9112 7.1.1: `*( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )`.
fn extension_step(at: At, byte: u8) -> Result<At, Error> {
    let blank = matches!(byte, b' ' | b'\t');
    Ok(match (at, byte) {
        (At::AfterSize | At::AfterName | At::AfterValue | At::NameStart | At::ValueStart, _) if blank => at,
        (At::Name, _) if blank => At::AfterName,
        (At::Value | At::AfterQuoted, _) if blank => At::AfterValue,
        (At::AfterSize | At::Name | At::AfterName | At::Value | At::AfterQuoted | At::AfterValue, b';') => {
            At::NameStart
        }
        (At::Name | At::AfterName, b'=') => At::ValueStart,
        (At::Name | At::Value | At::AfterQuoted, b'\r') => At::LineFeed,
        (At::NameStart | At::Name, _) if is_token_byte(byte) => At::Name,
        (At::ValueStart | At::Value, _) if is_token_byte(byte) => At::Value,
        (At::ValueStart, b'"') => At::Quoted,
        (At::Quoted, b'"') => At::AfterQuoted,
        (At::Quoted, b'\\') => At::Escape,
        (At::Quoted | At::Escape, b'\t' | b' '..=b'~' | 0x80..) => At::Quoted,
        _ => return Err(Error::ChunkExtension),
    })
}
