//! The frame header ([RFC 6455 section 5.2](https://www.rfc-editor.org/rfc/rfc6455#section-5.2)).

use proto_core::Prefix;

use crate::mask::MaskKey;
use crate::{Error, Side};

/// The most bytes a header takes: two, eight of length, four of key.
pub const MAX_HEADER: usize = 14;

/// The most payload bytes of a control frame (section 5.5).
pub const MAX_CONTROL: usize = 125;

/// What kind of data a message carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// UTF-8.
    Text,
    /// Any bytes.
    Binary,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Opcode {
    Continuation = 0,
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
}

impl Opcode {
    #[inline]
    fn of(byte: u8) -> Option<Self> {
        Some(match byte & 0x0f {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            _ => return None,
        })
    }

    #[inline]
    pub(crate) const fn is_control(self) -> bool {
        self as u8 >= 8
    }
}

impl From<Kind> for Opcode {
    #[inline]
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Text => Self::Text,
            Kind::Binary => Self::Binary,
        }
    }
}

/// The first byte of a header.
#[derive(Debug, Clone, Copy)]
pub(crate) struct First {
    pub(crate) fin: bool,
    pub(crate) reserved: Reserved,
    pub(crate) opcode: Opcode,
}

impl First {
    pub(crate) fn parse(byte: u8) -> Result<Self, Error> {
        let opcode = Opcode::of(byte).ok_or(Error::ReservedOpcode)?;
        Ok(Self { fin: byte & 0x80 != 0, reserved: Reserved::from_bits(byte), opcode })
    }
}

/// How far the length of a frame could be read.
pub(crate) enum Length {
    Incomplete,
    /// The length, and how many bytes precede the key.
    Known(u64, usize),
}

/// Reads the length behind the second byte, `second`, of a header.
#[inline]
pub(crate) fn length(second: u8, input: &[u8]) -> Result<Length, Error> {
    match second & 0x7f {
        126 => {
            let Some(&[_, _, a, b]) = input.first_chunk::<4>() else { return Ok(Length::Incomplete) };
            let len = u64::from(u16::from_be_bytes([a, b]));
            //= https://www.rfc-editor.org/rfc/rfc6455#section-5.2
            //# the minimal number of bytes MUST be used to encode the length
            if len < 126 { Err(Error::NonMinimalLength) } else { Ok(Length::Known(len, 4)) }
        }
        127 => {
            let Some(&[_, _, len @ ..]) = input.first_chunk::<10>() else { return Ok(Length::Incomplete) };
            match u64::from_be_bytes(len) {
                //= https://www.rfc-editor.org/rfc/rfc6455#section-5.2
                //# the most significant bit MUST be 0
                len if len >> 63 != 0 => Err(Error::LengthTooLong),
                len if len <= 0xffff => Err(Error::NonMinimalLength),
                len => Ok(Length::Known(len, 10)),
            }
        }
        len => Ok(Length::Known(u64::from(len), 2)),
    }
}

/// Checks the mask bit of the second byte against who sent it.
#[inline]
pub(crate) fn masked(second: u8, from: Side) -> Result<bool, Error> {
    //= https://www.rfc-editor.org/rfc/rfc6455#section-5.1
    //# The server MUST close the connection upon receiving a frame that is not masked.
    //= https://www.rfc-editor.org/rfc/rfc6455#section-5.1
    //# A client MUST close a connection if it detects a masked frame.
    match (from, second & 0x80 != 0) {
        (Side::Client, false) => Err(Error::Unmasked),
        (Side::Server, true) => Err(Error::Masked),
        (_, masked) => Ok(masked),
    }
}

/// Writes a header into `head`, which is as long as [`header_size`] says.
#[inline]
pub(crate) fn write_header(
    head: &mut [u8],
    opcode: Opcode,
    fin: bool,
    reserved: Reserved,
    len: u64,
    key: Option<MaskKey>,
) {
    let first = (fin as u8) << 7 | reserved.bits() | opcode as u8;
    let mask = (key.is_some() as u8) << 7;
    let rest = match (len, head) {
        (0..=125, [a, b, rest @ ..]) => {
            [*a, *b] = [first, mask | len as u8];
            rest
        }
        (126..=0xffff, [a, b, c, d, rest @ ..]) => {
            [*a, *b] = [first, mask | 126];
            [*c, *d] = (len as u16).to_be_bytes();
            rest
        }
        (_, [a, b, rest @ ..]) => {
            [*a, *b] = [first, mask | 127];
            let Some((room, rest)) = rest.split_first_chunk_mut::<8>() else { return };
            *room = len.to_be_bytes();
            rest
        }
        _ => return,
    };
    if let (Some(key), Some(room)) = (key, rest.first_chunk_mut::<4>()) {
        *room = key.bytes();
    }
}

/// A header by itself.
#[inline]
pub(crate) fn header(
    opcode: Opcode,
    fin: bool,
    reserved: Reserved,
    len: u64,
    key: Option<MaskKey>,
) -> Prefix<MAX_HEADER> {
    let mut bytes = [0; MAX_HEADER];
    let head = bytes.get_mut(..header_size(len, key.is_some())).unwrap_or_default();
    write_header(head, opcode, fin, reserved, len, key);
    let mut prefix = Prefix::EMPTY;
    prefix.extend(head);
    prefix
}

/// Bytes of the header in front of `len` payload bytes.
#[inline]
pub(crate) const fn header_size(len: u64, masked: bool) -> usize {
    let length = match len {
        0..=125 => 2,
        126..=0xffff => 4,
        _ => 10,
    };
    length + if masked { 4 } else { 0 }
}

/// The most payload that fits, with its header, into `room` bytes; `None` when not even a header fits.
pub(crate) const fn fitting(room: usize, masked: bool) -> Option<usize> {
    let key = if masked { 4 } else { 0 };
    match room {
        room if room < 2 + key => None,
        room if room <= 2 + key + 125 + 2 => Some(if room - 2 - key < 125 { room - 2 - key } else { 125 }),
        room if room <= 4 + key + 0xffff + 6 => {
            Some(if room - 4 - key < 0xffff { room - 4 - key } else { 0xffff })
        }
        room => Some(room - 10 - key),
    }
}

/// Some of the three reserved bits of a header, which extensions may claim
/// ([RFC 6455 section 9](https://www.rfc-editor.org/rfc/rfc6455#section-9)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Reserved(u8);

impl Reserved {
    /// None of them.
    pub const NONE: Self = Self(0);
    /// RSV1: what permessage-deflate uses ([RFC 7692 section 6](https://www.rfc-editor.org/rfc/rfc7692#section-6)).
    pub const RSV1: Self = Self(0x40);
    /// RSV2.
    pub const RSV2: Self = Self(0x20);
    /// RSV3.
    pub const RSV3: Self = Self(0x10);

    /// The bits of `self` and `other`.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The bits of `self` that are not in `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether every bit of `other` is in `self`.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether no bit is set.
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// The bits where they are in the first byte of a header.
    pub const fn bits(self) -> u8 {
        self.0
    }

    pub(crate) const fn from_bits(first: u8) -> Self {
        Self(first & 0x70)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fitting_is_the_largest_that_fits() {
        for masked in [false, true] {
            for room in (0..400).chain(65_500..65_600).step_by(if cfg!(miri) { 7 } else { 1 }) {
                let fits = |len: usize| header_size(len as u64, masked) + len <= room;
                match fitting(room, masked) {
                    Some(len) => assert!(fits(len) && !fits(len + 1), "{len} into {room}"),
                    None => assert!(!fits(0)),
                }
            }
        }
    }

    #[test]
    fn headers_are_read_back() {
        let lengths = [0, 1, 125, 126, 127, 0xffff, 0x1_0000, u64::MAX >> 1];
        for (len, key) in
            lengths.into_iter().flat_map(|len| [(len, None), (len, Some(MaskKey::new(*b"keys")))])
        {
            let header = header(Opcode::Binary, true, Reserved::RSV2, len, key);
            assert_eq!(header.len(), header_size(len, key.is_some()));
            let first = First::parse(header[0]);
            assert!(first.is_ok_and(|f| f.fin && f.opcode == Opcode::Binary && f.reserved == Reserved::RSV2));
            let from = if key.is_some() { Side::Client } else { Side::Server };
            assert_eq!(masked(header[1], from), Ok(key.is_some()));
            let Ok(Length::Known(read, size)) = length(header[1], &header) else { panic!("{len}") };
            assert_eq!((read, size + if key.is_some() { 4 } else { 0 }), (len, header.len()));
        }
    }
}
