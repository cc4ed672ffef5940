//! Heads: how a list of fields is seen by the application, and what of the application's goes into one.

use proto_core::{SendError, WriteBuf};
use proto_h2::hpack;
use proto_h2::{Connection, StreamId};

use crate::date::Stamp;
use crate::message::{BodyLength, Field, RequestHead};

/// The fields of a request, the pseudo-header fields found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestFields<'b> {
    pub(crate) method: &'b [u8],
    pub(crate) scheme: Option<&'b [u8]>,
    pub(crate) authority: Option<&'b [u8]>,
    /// Path and query; none for a CONNECT that asks for no protocol.
    target: &'b [u8],
    /// What an extended CONNECT asks for (RFC 8441 section 4).
    pub(crate) protocol: Option<&'b [u8]>,
    pub(crate) fields: hpack::Fields<'b>,
    pub(crate) body: BodyLength,
}

impl<'b> RequestFields<'b> {
    /// `fields` is a request that the codec has checked; `end` says that it has no body.
    pub(crate) fn new(fields: hpack::Fields<'b>, end: bool) -> Self {
        let mut request = Self {
            method: b"",
            scheme: None,
            authority: None,
            target: b"",
            protocol: None,
            fields,
            body: body_length(fields, end),
        };
        // RFC 9113 section 8.3: all pseudo-header fields appear before all regular ones.
        for field in fields.iter().take_while(|field| field.name.first() == Some(&b':')) {
            match field.name {
                b":method" => request.method = field.value,
                b":scheme" => request.scheme = Some(field.value),
                b":authority" => request.authority = Some(field.value),
                b":path" => request.target = field.value,
                b":protocol" => request.protocol = Some(field.value),
                _ => {}
            }
        }
        request
    }

    pub(crate) fn path(&self) -> &'b [u8] {
        self.target.split(|&byte| byte == b'?').next().unwrap_or_default()
    }

    pub(crate) fn query(&self) -> Option<&'b [u8]> {
        let mark = self.target.iter().position(|&byte| byte == b'?')?;
        self.target.get(mark + 1..)
    }
}

/// The fields of a response.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ResponseFields<'b> {
    pub(crate) status: u16,
    pub(crate) fields: hpack::Fields<'b>,
    pub(crate) body: BodyLength,
}

impl<'b> ResponseFields<'b> {
    /// `fields` is a response that the codec has checked; `end` says that it has no body.
    pub(crate) fn new(fields: hpack::Fields<'b>, end: bool) -> Self {
        let digits = fields.first(b":status").unwrap_or_default();
        let status = digits.iter().fold(0, |sum, digit| sum * 10 + u16::from(digit.wrapping_sub(b'0')));
        Self { status, fields, body: body_length(fields, end) }
    }
}

/// Content-Length was checked by the codec: digits that fit.
fn body_length(fields: hpack::Fields<'_>, end: bool) -> BodyLength {
    if end {
        return BodyLength::None;
    }
    let digits = |text: &[u8]| {
        text.iter().fold(0_u64, |sum, digit| {
            sum.saturating_mul(10).saturating_add(u64::from(digit.wrapping_sub(b'0')))
        })
    };
    fields.first(b"content-length").map_or(BodyLength::Chunked, |text| BodyLength::Known(digits(text)))
}

/// A list of fields to be sent. Few lists are longer than what it holds without allocating.
struct List<'f> {
    few: [hpack::Field<'f>; FEW],
    len: usize,
    many: Vec<hpack::Field<'f>>,
}

const FEW: usize = 16;

impl<'f> List<'f> {
    fn new() -> Self {
        Self { few: [hpack::Field::new(b"", b""); FEW], len: 0, many: Vec::new() }
    }

    fn push(&mut self, name: &'f [u8], value: &'f [u8]) {
        let field = hpack::Field::new(name, value);
        match self.few.get_mut(self.len) {
            Some(place) => {
                *place = field;
                self.len += 1;
            }
            None => {
                if self.many.is_empty() {
                    self.many.extend_from_slice(&self.few);
                }
                self.many.push(field);
            }
        }
    }

    fn as_slice(&self) -> &[hpack::Field<'f>] {
        if self.many.is_empty() { self.few.get(..self.len).unwrap_or_default() } else { &self.many }
    }

    /// Takes the application's fields but for those that say how HTTP/1 uses its connection, which have no meaning
    /// here ([RFC 9113 §8.2.2](https://www.rfc-editor.org/rfc/rfc9113#section-8.2.2)).
    ///
    /// # Errors
    /// `Misuse` for those that frame the body: they are the library's.
    fn extend(&mut self, fields: &[Field<'f>]) -> Result<(), SendError> {
        for field in fields {
            match class(field) {
                Class::Kept => self.push(field.name, field.value),
                Class::Dropped => {}
                Class::Framing => return Err(SendError::Misuse),
            }
        }
        Ok(())
    }
}

enum Class {
    Kept,
    Dropped,
    Framing,
}

fn class(field: &Field<'_>) -> Class {
    let is = |name: &[u8]| field.name.eq_ignore_ascii_case(name);
    match field.name.len() {
        2 if is(b"te") && !field.value.eq_ignore_ascii_case(b"trailers") => Class::Dropped,
        4 if is(b"host") => Class::Dropped, // `:authority` says it
        7 if is(b"upgrade") => Class::Dropped,
        10 if is(b"connection") || is(b"keep-alive") => Class::Dropped,
        14 if is(b"content-length") => Class::Framing,
        16 if is(b"proxy-connection") => Class::Dropped,
        17 if is(b"transfer-encoding") => Class::Framing,
        _ => Class::Kept,
    }
}

/// Sends `list` with names in lower case, as HTTP/2 has them (RFC 9113 §8.2.1). Applications name them so already.
fn send<T>(
    list: &List<'_>,
    mut send: impl FnMut(&[hpack::Field<'_>]) -> Result<T, SendError>,
) -> Result<T, SendError> {
    let fields = list.as_slice();
    let sent = send(fields);
    let upper = |field: &hpack::Field<'_>| field.name.iter().any(u8::is_ascii_uppercase);
    if !matches!(sent, Err(SendError::Misuse)) || !fields.iter().any(upper) {
        return sent;
    }
    let names = fields.iter().map(|field| field.name.to_ascii_lowercase()).collect::<Vec<_>>();
    let lower = names.iter().zip(fields).map(|(name, field)| hpack::Field { name, ..*field });
    send(&lower.collect::<Vec<_>>())
}

/// Sends the head of a response: a final one with what every response carries, or (`stamp` is none) an
/// informational one.
pub(super) fn send_response(
    codec: &mut Connection,
    id: StreamId,
    (status, fields): (u16, &[Field<'_>]),
    length: Option<u64>,
    stamp: Option<&Stamp>,
    end: bool,
    out: &mut WriteBuf<'_>,
) -> Result<(), SendError> {
    let status = [status / 100, status / 10 % 10, status % 10].map(|digit| b'0' + (digit % 10) as u8);
    let mut digits = [0; 20];
    let length = length.map(|length| decimal(length, &mut digits));
    let mut list = List::new();
    list.push(b":status", &status);
    for field in stamp.into_iter().flat_map(Stamp::fields) {
        list.push(field.name, field.value);
    }
    list.extend(fields)?;
    if let Some(length) = length {
        list.push(b"content-length", length);
    }
    send(&list, |fields| codec.send_head(id, fields.iter().copied(), end, out))
}

/// Sends trailers, which end the stream.
pub(super) fn send_trailers(
    codec: &mut Connection,
    id: StreamId,
    fields: &[Field<'_>],
    out: &mut WriteBuf<'_>,
) -> Result<(), SendError> {
    let mut list = List::new();
    list.extend(fields)?;
    send(&list, |fields| codec.send_head(id, fields.iter().copied(), true, out))
}

/// Opens a stream with a request.
pub(super) fn send_request(
    codec: &mut Connection,
    head: &RequestHead<'_>,
    scheme: &[u8],
    length: Option<u64>,
    end: bool,
    out: &mut WriteBuf<'_>,
) -> Result<StreamId, SendError> {
    let mut digits = [0; 20];
    let length = length.map(|length| decimal(length, &mut digits));
    let mut list = List::new();
    list.push(b":method", head.method);
    // RFC 9113 8.5: CONNECT names the authority alone.
    if head.method != b"CONNECT" {
        list.push(b":scheme", scheme);
        list.push(b":path", head.target);
    }
    list.push(b":authority", head.authority);
    list.extend(head.fields)?;
    if let Some(length) = length {
        list.push(b"content-length", length);
    }
    send(&list, |fields| codec.open(fields.iter().copied(), end, out))
}

/// Opens a stream with an extended CONNECT: unlike others it names scheme and path
/// ([RFC 8441 §4](https://www.rfc-editor.org/rfc/rfc8441#section-4)).
pub(crate) fn send_connect(
    codec: &mut Connection,
    head: &RequestHead<'_>,
    scheme: &[u8],
    protocol: &[u8],
    out: &mut WriteBuf<'_>,
) -> Result<StreamId, SendError> {
    let mut list = List::new();
    list.push(b":method", head.method);
    list.push(b":protocol", protocol);
    list.push(b":scheme", scheme);
    list.push(b":path", head.target);
    list.push(b":authority", head.authority);
    list.extend(head.fields)?;
    send(&list, |fields| codec.open(fields.iter().copied(), false, out))
}

fn decimal(mut number: u64, digits: &mut [u8; 20]) -> &[u8] {
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return &digits[at..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_full() {
        let mut digits = [0; 20];
        for number in [0, 9, 10, 1_234_567, u64::MAX] {
            assert_eq!(decimal(number, &mut digits), number.to_string().as_bytes());
        }
    }

    #[test]
    fn a_long_list_keeps_its_order() {
        let names = (0..40).map(|number| number.to_string()).collect::<Vec<_>>();
        let mut list = List::new();
        for name in &names {
            list.push(name.as_bytes(), b"");
        }
        assert!(list.as_slice().iter().map(|field| field.name).eq(names.iter().map(String::as_bytes)));
    }

    #[test]
    fn what_belongs_to_a_connection_of_http1_is_left_out() {
        let field = |name: &'static str, value: &'static str| Field::new(name, value);
        let mut list = List::new();
        let given = [
            field("Connection", "x-hop"),
            field("keep-alive", "5"),
            field("proxy-connection", "close"),
            field("upgrade", "websocket"),
            field("te", "gzip"),
            field("te", "trailers"),
            field("via", "a"),
        ];
        assert_eq!(list.extend(&given), Ok(()));
        assert!(list.as_slice().iter().map(|field| field.name).eq([&b"te"[..], b"via"]));
        for name in ["content-length", "Transfer-Encoding"] {
            assert_eq!(list.extend(&[field(name, "1")]), Err(SendError::Misuse));
        }
    }
}
