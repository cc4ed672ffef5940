//! Writing heads and bodies. Everything that could end a line early is refused
//! ([RFC 9110 5.5](https://www.rfc-editor.org/rfc/rfc9110#section-5.5)).

use proto_core::{Full, Prefix, SendError, WriteBuf};

use crate::fields::{Elements, is_named, is_token, is_value};
use crate::head::is_forbidden_trailer;
use crate::said::Said;
use crate::{BodyLength, Field};

/// The bytes in front of a chunk: the line end of the chunk before it, sixteen digits, a line end.
pub(crate) const PREFIX: usize = 20;

/// The body of a message being sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sending {
    /// Content is taken and dropped: the response to HEAD.
    Nothing,
    Length {
        left: u64,
    },
    /// `open`: the line end of a chunk is still to be written.
    Chunked {
        open: bool,
    },
    UntilClose,
}

impl Sending {
    /// Writes as much of `payload` as fits, framed.
    #[inline(always)]
    pub(crate) fn write(&mut self, payload: &[u8], out: &mut WriteBuf<'_>) -> Result<usize, SendError> {
        if payload.is_empty() {
            return Ok(0);
        }
        match self {
            Self::Nothing => Ok(payload.len()),
            Self::Length { left } if payload.len() as u64 > *left => Err(SendError::Misuse),
            Self::Length { left } => {
                let taken = some(out.put_some(payload))?;
                *left -= taken as u64;
                Ok(taken)
            }
            Self::UntilClose => some(out.put_some(payload)),
            Self::Chunked { open } => {
                let taken = write_chunk(*open, payload, out)?;
                *open = true;
                Ok(taken)
            }
        }
    }

    /// How much is still to be written, if that is known.
    pub(crate) const fn left(self) -> Option<u64> {
        match self {
            Self::Nothing => Some(0),
            Self::Length { left } => Some(left),
            Self::Chunked { .. } | Self::UntilClose => None,
        }
    }

    /// The framing in front of `len` bytes of payload that the caller writes.
    #[inline]
    pub(crate) fn prefix(&mut self, len: usize) -> Result<Prefix<PREFIX>, SendError> {
        match self {
            Self::Nothing => Err(SendError::Misuse),
            Self::Length { left } => {
                *left = left.checked_sub(len as u64).ok_or(SendError::Misuse)?;
                Ok(Prefix::EMPTY)
            }
            Self::UntilClose => Ok(Prefix::EMPTY),
            Self::Chunked { .. } if len == 0 => Ok(Prefix::EMPTY), // an empty chunk would end the body
            Self::Chunked { open } => Ok(chunk_prefix(core::mem::replace(open, true), len as u64)),
        }
    }

    /// Ends the body. Trailers that the framing cannot carry are dropped
    /// ([RFC 9110 6.5.2](https://www.rfc-editor.org/rfc/rfc9110#section-6.5.2) expects that of any hop).
    pub(crate) fn finish(&self, trailers: &[Field<'_>], out: &mut WriteBuf<'_>) -> Result<(), SendError> {
        if trailers.iter().any(|field| is_forbidden_trailer(field.name)) {
            return Err(SendError::Misuse);
        }
        match self {
            Self::Length { left: 1.. } => Err(SendError::Misuse),
            Self::Nothing | Self::Length { .. } | Self::UntilClose => {
                trailers.iter().try_for_each(check_field)
            }
            Self::Chunked { open } => out.all_or_nothing(|out| {
                if *open {
                    out.put(b"\r\n")?;
                }
                out.put(b"0\r\n")?;
                for trailer in trailers {
                    put_field(trailer, out)?;
                }
                Ok(out.put(b"\r\n")?)
            }),
        }
    }
}

/// A count of zero means that there was no room.
const fn some(taken: usize) -> Result<usize, SendError> {
    if taken == 0 { Err(SendError::Full) } else { Ok(taken) }
}

/// Writes as much of `payload` as fits as a chunk, behind one that is `open` or not.
#[inline(never)]
fn write_chunk(open: bool, payload: &[u8], out: &mut WriteBuf<'_>) -> Result<usize, SendError> {
    let room = out.room().saturating_sub(PREFIX);
    let taken = some(payload.len().min(room))?;
    out.put(&chunk_prefix(open, taken as u64))?;
    out.put(payload.get(..taken).unwrap_or_default())?;
    Ok(taken)
}

#[inline]
fn chunk_prefix(open: bool, len: u64) -> Prefix<PREFIX> {
    let mut prefix = Prefix::EMPTY;
    if open {
        prefix.extend(b"\r\n");
    }
    let digits = (64 - (len | 1).leading_zeros()).div_ceil(4);
    for place in (0..digits).rev() {
        let digit = (len >> (4 * place)) as u8 & 0xf;
        prefix.push(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 });
    }
    prefix.extend(b"\r\n");
    prefix
}

pub(crate) fn check_field(field: &Field<'_>) -> Result<(), SendError> {
    if is_token(field.name) && is_value(field.value) { Ok(()) } else { Err(SendError::Misuse) }
}

/// Writes one field line, checked.
pub(crate) fn put_field(field: &Field<'_>, out: &mut WriteBuf<'_>) -> Result<(), SendError> {
    check_field(field)?;
    Ok(put_line(field.name, field.value, out)?)
}

/// Writes fields that were checked. Connection options that this crate decides on are left out.
#[inline(always)]
pub(crate) fn put_fields(fields: &[Field<'_>], said: Said, out: &mut WriteBuf<'_>) -> Result<(), Full> {
    for field in fields {
        if !(said.has(Said::CONNECTION) && is_named(field.name, b"connection")) {
            put_line(field.name, field.value, out)?;
        }
    }
    Ok(())
}

/// Writes the one Connection field: `own` options, then those of the caller's that are none of ours.
#[inline(never)]
pub(crate) fn put_connection(
    own: &[&[u8]],
    fields: &[Field<'_>],
    out: &mut WriteBuf<'_>,
) -> Result<(), Full> {
    let theirs = fields
        .iter()
        .filter(|field| field.name.eq_ignore_ascii_case(b"connection"))
        .flat_map(|field| Elements::new(field.value))
        .filter(|option| {
            ![&b"close"[..], b"keep-alive", b"upgrade", b"te"].iter().any(|o| option.eq_ignore_ascii_case(o))
        });
    let mut first = true;
    for option in own.iter().copied().chain(theirs) {
        out.put(if core::mem::take(&mut first) { b"Connection: " } else { b", " })?;
        out.put(option)?;
    }
    if first { Ok(()) } else { out.put(b"\r\n") }
}

/// Writes the field that frames `body`.
#[inline(always)]
pub(crate) fn put_framing(body: BodyLength, out: &mut WriteBuf<'_>) -> Result<(), Full> {
    match body {
        BodyLength::None | BodyLength::UntilClose => Ok(()),
        BodyLength::Chunked => out.put(b"Transfer-Encoding: chunked\r\n"),
        BodyLength::Known(length) => {
            out.put(b"Content-Length: ")?;
            put_decimal(length, out)?;
            out.put(b"\r\n")
        }
    }
}

#[inline(always)]
fn put_line(name: &[u8], value: &[u8], out: &mut WriteBuf<'_>) -> Result<(), Full> {
    let (name_room, rest) = out.spare().split_at_mut_checked(name.len()).ok_or(Full)?;
    let (colon, rest) = rest.split_first_chunk_mut().ok_or(Full)?;
    let (value_room, rest) = rest.split_at_mut_checked(value.len()).ok_or(Full)?;
    let (end, _) = rest.split_first_chunk_mut().ok_or(Full)?;
    copy(name, name_room);
    *colon = *b": ";
    copy(value, value_room);
    *end = *b"\r\n";
    out.advance(name.len() + value.len() + 4);
    Ok(())
}

/// Copies between slices of one length, without a call where that is from 8 to 16.
#[inline(always)]
fn copy(from: &[u8], to: &mut [u8]) {
    if let (Some(first), Some(last)) = (from.first_chunk::<8>(), from.last_chunk::<8>())
        && from.len() <= 16
    {
        if let Some(to) = to.first_chunk_mut() {
            *to = *first;
        }
        if let Some(to) = to.last_chunk_mut() {
            *to = *last;
        }
    } else {
        to.copy_from_slice(from);
    }
}

#[inline(always)]
fn put_decimal(number: u64, out: &mut WriteBuf<'_>) -> Result<(), Full> {
    if number > 99 {
        out.all_or_nothing(|out| put_hundreds(number / 100, out))?;
    }
    let [tens, ones] = [number / 10 % 10, number % 10].map(|digit| b'0' + digit as u8);
    if number > 9 { out.put(&[tens, ones]) } else { out.put_u8(ones) }
}

/// Writes what stands in front of the last two digits.
#[inline(never)]
fn put_hundreds(hundreds: u64, out: &mut WriteBuf<'_>) -> Result<(), Full> {
    put_decimal(hundreds, out)
}

/// Writes `HTTP/1.1 status reason`.
#[inline(always)]
pub(crate) fn put_status_line(
    status: u16,
    reason: Option<&[u8]>,
    out: &mut WriteBuf<'_>,
) -> Result<(), Full> {
    if status == 200 && reason.is_none() {
        out.put(b"HTTP/1.1 200 OK\r\n") // nearly always
    } else {
        out.all_or_nothing(|out| put_other_status_line(status, reason.unwrap_or(reason_phrase(status)), out))
    }
}

#[inline(never)]
fn put_other_status_line(status: u16, reason: &[u8], out: &mut WriteBuf<'_>) -> Result<(), Full> {
    out.put(b"HTTP/1.1 ")?;
    let digit = |unit: u16| b'0' + (status / unit % 10) as u8; // of three
    out.put(&[digit(100), digit(10), digit(1), b' '])?;
    out.put(reason)?;
    out.put(b"\r\n")
}

/// The reason phrase of `status`, empty for a status that has none registered
/// ([RFC 9110 15](https://www.rfc-editor.org/rfc/rfc9110#section-15)).
pub const fn reason_phrase(status: u16) -> &'static [u8] {
    match status {
        100 => b"Continue",
        101 => b"Switching Protocols",
        102 => b"Processing",
        103 => b"Early Hints",
        200 => b"OK",
        201 => b"Created",
        202 => b"Accepted",
        203 => b"Non-Authoritative Information",
        204 => b"No Content",
        205 => b"Reset Content",
        206 => b"Partial Content",
        207 => b"Multi-Status",
        208 => b"Already Reported",
        226 => b"IM Used",
        300 => b"Multiple Choices",
        301 => b"Moved Permanently",
        302 => b"Found",
        303 => b"See Other",
        304 => b"Not Modified",
        305 => b"Use Proxy",
        307 => b"Temporary Redirect",
        308 => b"Permanent Redirect",
        400 => b"Bad Request",
        401 => b"Unauthorized",
        402 => b"Payment Required",
        403 => b"Forbidden",
        404 => b"Not Found",
        405 => b"Method Not Allowed",
        406 => b"Not Acceptable",
        407 => b"Proxy Authentication Required",
        408 => b"Request Timeout",
        409 => b"Conflict",
        410 => b"Gone",
        411 => b"Length Required",
        412 => b"Precondition Failed",
        413 => b"Content Too Large",
        414 => b"URI Too Long",
        415 => b"Unsupported Media Type",
        416 => b"Range Not Satisfiable",
        417 => b"Expectation Failed",
        421 => b"Misdirected Request",
        422 => b"Unprocessable Content",
        423 => b"Locked",
        424 => b"Failed Dependency",
        425 => b"Too Early",
        426 => b"Upgrade Required",
        428 => b"Precondition Required",
        429 => b"Too Many Requests",
        431 => b"Request Header Fields Too Large",
        451 => b"Unavailable For Legal Reasons",
        500 => b"Internal Server Error",
        501 => b"Not Implemented",
        502 => b"Bad Gateway",
        503 => b"Service Unavailable",
        504 => b"Gateway Timeout",
        505 => b"HTTP Version Not Supported",
        506 => b"Variant Also Negotiates",
        507 => b"Insufficient Storage",
        508 => b"Loop Detected",
        511 => b"Network Authentication Required",
        _ => b"",
    }
}
