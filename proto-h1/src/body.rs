//! The body of a received message, in whichever of the ways it is delimited
//! ([RFC 9112 6.3](https://www.rfc-editor.org/rfc/rfc9112#section-6.3)).

use crate::chunk::{Chunked, Piece};
use crate::{BodyLength, Config, Error};

/// What is left of a body.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Body {
    Length { left: u64 },
    Chunked(Chunked),
    UntilClose { allowed: u64 },
}

impl Body {
    pub(crate) fn new(length: BodyLength, config: &Config) -> Self {
        match length {
            BodyLength::None => Self::Length { left: 0 },
            BodyLength::Known(left) => Self::Length { left },
            BodyLength::Chunked => Self::Chunked(Chunked::new(config.limits.body)),
            BodyLength::UntilClose => Self::UntilClose { allowed: config.limits.body },
        }
    }

    /// Changes how much content is allowed; false if more is announced already.
    pub(crate) fn allow(&mut self, most: u64) -> bool {
        match self {
            Self::Length { left } => *left <= most,
            Self::Chunked(chunked) => {
                chunked.allow(most);
                true
            }
            Self::UntilClose { allowed } => {
                *allowed = most;
                true
            }
        }
    }

    /// How many bytes are known to follow.
    pub(crate) const fn announced(&self) -> u64 {
        match self {
            Self::Length { left } => *left,
            Self::Chunked(_) | Self::UntilClose { .. } => 0,
        }
    }

    /// Whether the next byte is content.
    pub(crate) const fn in_content(&self) -> bool {
        match self {
            Self::Length { left } => *left > 0,
            Self::Chunked(chunked) => chunked.in_data(),
            Self::UntilClose { .. } => true,
        }
    }

    /// The next piece, of `max` bytes at the most, and how much of `input` is used up with it.
    #[inline]
    pub(crate) fn next(&mut self, input: &[u8], max: u64, config: &Config) -> Result<(usize, Piece), Error> {
        match self {
            Self::Length { left: 0 } => Ok((0, Piece::End { start: 0, end: 0, count: 0 })),
            Self::Length { left } => Ok(take(left, input, max)),
            Self::Chunked(chunked) => chunked.next(input, max, config),
            Self::UntilClose { allowed: 0 } if !input.is_empty() => Err(Error::BodyTooLarge),
            Self::UntilClose { allowed } => Ok(take(allowed, input, max)),
        }
    }

    /// What it means that the transport ends here; `Ok` for a body that ends with it.
    pub(crate) const fn cut(&self) -> Result<(), Error> {
        match self {
            Self::Length { left: 0 } | Self::UntilClose { .. } => Ok(()),
            Self::Length { .. } => Err(Error::BodyCut),
            Self::Chunked(_) => Err(Error::ChunkedCut),
        }
    }
}

#[inline]
fn take(left: &mut u64, input: &[u8], max: u64) -> (usize, Piece) {
    let taken = (*left).min(input.len() as u64).min(max);
    *left -= taken;
    let end = taken as usize; // at most the length of the input
    (end, if end == 0 { Piece::More } else { Piece::Data { start: 0, end } })
}
