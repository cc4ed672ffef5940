use core::fmt;

use crate::Error;

/// Names of well-known fields, in lower case. Names are compared without regard to case everywhere.
pub mod name {
    macro_rules! names {
        ($($ident:ident $text:literal,)*) => { $(
            #[doc = concat!("`", $text, "`")]
            pub const $ident: &str = $text;
        )* };
    }
    names! {
        ACCEPT "accept", ACCEPT_ENCODING "accept-encoding", ACCEPT_LANGUAGE "accept-language",
        ACCEPT_RANGES "accept-ranges", AGE "age", ALLOW "allow", AUTHORIZATION "authorization",
        CACHE_CONTROL "cache-control", CONNECTION "connection", CONTENT_ENCODING "content-encoding",
        CONTENT_LANGUAGE "content-language", CONTENT_LENGTH "content-length",
        CONTENT_LOCATION "content-location", CONTENT_RANGE "content-range", CONTENT_TYPE "content-type",
        COOKIE "cookie", DATE "date", ETAG "etag", EXPECT "expect", EXPIRES "expires", FORWARDED "forwarded",
        FROM "from", HOST "host", IF_MATCH "if-match", IF_MODIFIED_SINCE "if-modified-since",
        IF_NONE_MATCH "if-none-match", IF_RANGE "if-range", IF_UNMODIFIED_SINCE "if-unmodified-since",
        KEEP_ALIVE "keep-alive", LAST_MODIFIED "last-modified", LINK "link", LOCATION "location",
        MAX_FORWARDS "max-forwards", ORIGIN "origin", PRAGMA "pragma",
        PROXY_AUTHENTICATE "proxy-authenticate", PROXY_AUTHORIZATION "proxy-authorization", RANGE "range",
        REFERER "referer", RETRY_AFTER "retry-after", SERVER "server", SET_COOKIE "set-cookie",
        SEC_WEBSOCKET_ACCEPT "sec-websocket-accept", SEC_WEBSOCKET_EXTENSIONS "sec-websocket-extensions",
        SEC_WEBSOCKET_KEY "sec-websocket-key", SEC_WEBSOCKET_PROTOCOL "sec-websocket-protocol",
        SEC_WEBSOCKET_VERSION "sec-websocket-version", STRICT_TRANSPORT_SECURITY "strict-transport-security",
        TE "te", TRAILER "trailer", TRANSFER_ENCODING "transfer-encoding", UPGRADE "upgrade",
        USER_AGENT "user-agent", VARY "vary", VIA "via", WWW_AUTHENTICATE "www-authenticate",
    }
}

/// One field to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name: a token.
    pub name: &'a [u8],
    /// The value: no control bytes but tabs.
    pub value: &'a [u8],
}

impl<'a> Field<'a> {
    /// A field; whether it can be sent is checked when it is.
    pub fn new(name: &'a (impl AsRef<[u8]> + ?Sized), value: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        Self { name: name.as_ref(), value: value.as_ref() }
    }
}

/// The destination is smaller than the value; nothing was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooSmall;

impl fmt::Display for TooSmall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("destination smaller than the value")
    }
}

impl core::error::Error for TooSmall {}

/// The field lines of a received message: a view over validated bytes, which it searches when asked.
///
/// ```
/// # use proto_h1::{Server, Config, Event};
/// # let mut server = Server::new(Config::default());
/// # let mut input = *b"GET / HTTP/1.1\r\nHost: a\r\nVia: x, \"y, z\"\r\nvia: w\r\n\r\n";
/// # let Some(Event::Request(request)) = server.receive(&mut input, &mut [])?.event else { panic!() };
/// let fields = request.fields;
/// assert_eq!(fields.first("via"), Some(&b"x, \"y, z\""[..]));
/// assert_eq!(fields.all("via").count(), 2);
/// assert_eq!(fields.total_len("via"), 10);
/// assert!(fields.list("via").eq([&b"x"[..], b"\"y, z\"", b"w"]));
/// # Ok::<(), proto_h1::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Fields<'b> {
    lines: &'b [u8],
    count: u16,
}

impl<'b> Fields<'b> {
    /// No field.
    pub const EMPTY: Self = Self { lines: &[], count: 0 };

    /// `lines` are complete, validated field lines, `count` of them.
    pub(crate) const fn new(lines: &'b [u8], count: u16) -> Self {
        Self { lines, count }
    }

    /// How many field lines there are.
    pub const fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The field lines as they came, each with its line end.
    pub const fn as_bytes(&self) -> &'b [u8] {
        self.lines
    }

    /// Every field line in order: name as written, value without the blanks around it.
    pub const fn iter(&self) -> Iter<'b> {
        Iter { rest: self.lines }
    }

    /// The value of every line with this name.
    pub fn all<'n>(&self, name: &'n (impl AsRef<[u8]> + ?Sized)) -> All<'b, 'n> {
        All { lines: self.iter(), name: name.as_ref() }
    }

    /// The value of the first line with this name.
    pub fn first(&self, name: &(impl AsRef<[u8]> + ?Sized)) -> Option<&'b [u8]> {
        self.all(name).next()
    }

    /// Whether there is a line with this name.
    pub fn contains(&self, name: &(impl AsRef<[u8]> + ?Sized)) -> bool {
        self.first(name).is_some()
    }

    /// The length of all values of this name together, which is what [`copy_to`](Self::copy_to) needs with two
    /// bytes more between each.
    pub fn total_len(&self, name: &(impl AsRef<[u8]> + ?Sized)) -> usize {
        self.all(name).map(<[u8]>::len).sum()
    }

    /// The elements of the comma-separated list that all lines of this name form; empty elements are skipped and
    /// commas in quoted strings do not separate
    /// ([RFC 9110 5.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.1)).
    pub fn list<'n>(&self, name: &'n (impl AsRef<[u8]> + ?Sized)) -> List<'b, 'n> {
        List { lines: self.all(name), rest: Elements::new(&[]) }
    }

    /// Whether the list of this name has `token` among its elements, without regard to case.
    pub fn contains_token(
        &self,
        name: &(impl AsRef<[u8]> + ?Sized),
        token: &(impl AsRef<[u8]> + ?Sized),
    ) -> bool {
        self.list(name).any(|element| element.eq_ignore_ascii_case(token.as_ref()))
    }

    /// Copies the values of this name to `to`, joined by `, `, and says how long they are together.
    ///
    /// # Errors
    /// [`TooSmall`] when they do not fit; `to` is then unchanged.
    pub fn copy_to(&self, name: &(impl AsRef<[u8]> + ?Sized), to: &mut [u8]) -> Result<usize, TooSmall> {
        let lines = self.all(name).count();
        let len = self.total_len(name) + lines.saturating_sub(1) * 2;
        let mut rest = to.get_mut(..len).ok_or(TooSmall)?;
        for (at, value) in self.all(name).enumerate() {
            if at > 0 {
                rest = put(rest, b", ");
            }
            rest = put(rest, value);
        }
        Ok(len)
    }
}

fn put<'t>(to: &'t mut [u8], bytes: &[u8]) -> &'t mut [u8] {
    match to.split_at_mut_checked(bytes.len()) {
        Some((now, rest)) => {
            now.copy_from_slice(bytes);
            rest
        }
        None => &mut [],
    }
}

impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (name, value) in self.iter() {
            map.entry(&format_args!("{}", name.escape_ascii()), &format_args!("{}", value.escape_ascii()));
        }
        map.finish()
    }
}

impl<'b> IntoIterator for Fields<'b> {
    type Item = (&'b [u8], &'b [u8]);
    type IntoIter = Iter<'b>;
    fn into_iter(self) -> Iter<'b> {
        self.iter()
    }
}

/// Names and values of [`Fields`].
#[derive(Debug, Clone)]
pub struct Iter<'b> {
    rest: &'b [u8],
}

impl<'b> Iterator for Iter<'b> {
    type Item = (&'b [u8], &'b [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let end = memchr::memchr(b'\n', self.rest)?;
        let (line, rest) = self.rest.split_at(end + 1);
        self.rest = rest;
        let colon = line.iter().position(|&byte| byte == b':')?;
        let (name, value) = line.split_at(colon);
        Some((name, trim_line(value.get(1..)?)))
    }
}

/// The values of one name.
#[derive(Debug, Clone)]
pub struct All<'b, 'n> {
    lines: Iter<'b>,
    name: &'n [u8],
}

impl<'b> Iterator for All<'b, '_> {
    type Item = &'b [u8];
    fn next(&mut self) -> Option<&'b [u8]> {
        let name = self.name;
        self.lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// The list elements of one name.
#[derive(Debug, Clone)]
pub struct List<'b, 'n> {
    lines: All<'b, 'n>,
    rest: Elements<'b>,
}

impl<'b> Iterator for List<'b, '_> {
    type Item = &'b [u8];
    fn next(&mut self) -> Option<&'b [u8]> {
        loop {
            if let Some(element) = self.rest.next() {
                return Some(element);
            }
            self.rest = Elements::new(self.lines.next()?);
        }
    }
}

/// The elements of one comma-separated value, without blanks around them and without empty ones.
#[derive(Debug, Clone)]
pub struct Elements<'b> {
    rest: &'b [u8],
}

impl<'b> Elements<'b> {
    /// Splits `value`.
    pub const fn new(value: &'b [u8]) -> Self {
        Self { rest: value }
    }
}

impl<'b> Iterator for Elements<'b> {
    type Item = &'b [u8];
    fn next(&mut self) -> Option<&'b [u8]> {
        while !self.rest.is_empty() {
            let (mut quoted, mut escaped) = (false, false);
            let end = self.rest.iter().position(|&byte| {
                let separates = byte == b',' && !quoted;
                match byte {
                    _ if escaped => escaped = false,
                    b'\\' if quoted => escaped = true,
                    b'"' => quoted = !quoted,
                    _ => {}
                }
                separates
            });
            let (element, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
            self.rest = rest.get(1..).unwrap_or_default();
            let element = trim_blanks(element);
            if !element.is_empty() {
                return Some(element);
            }
        }
        None
    }
}

/// Whether `name` is the field name `known`, which is mostly spelled as it is here.
#[inline(always)]
pub(crate) fn is_named(name: &[u8], known: &[u8]) -> bool {
    name == known || (name.len() == known.len() && is_respelled(name, known))
}

#[inline(never)]
fn is_respelled(name: &[u8], known: &[u8]) -> bool {
    name.eq_ignore_ascii_case(known)
}

/// Whether `byte` may stand in a token ([RFC 9110 5.6.2](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2)).
#[inline]
pub(crate) fn is_token_byte(byte: u8) -> bool {
    TOKEN_BYTES[usize::from(byte)]
}

static TOKEN_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 0x80 {
        table[byte as usize] = byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'!' | b'#'
                    | b'$'
                    | b'%'
                    | b'&'
                    | b'\''
                    | b'*'
                    | b'+'
                    | b'-'
                    | b'.'
                    | b'^'
                    | b'_'
                    | b'`'
                    | b'|'
                    | b'~'
            );
        byte += 1;
    }
    table
};

pub(crate) fn is_token(bytes: &[u8]) -> bool {
    let unusual = |byte: u8| ((byte | 0x20).wrapping_sub(b'a') >= 26) & (byte != b'-');
    !bytes.is_empty() && (!any(bytes, unusual) || bytes.iter().all(|&byte| is_token_byte(byte)))
}

/// Whether `bytes` may be a field value: no control byte but tabs.
pub(crate) fn is_value(bytes: &[u8]) -> bool {
    !any(bytes, |byte| ((byte < b' ') & (byte != b'\t')) | (byte == 0x7f))
}

/// Whether `hit` holds for any byte, without a branch per byte: blocks are looked at as vectors, and the last one
/// overlaps the one before.
#[inline(always)]
pub(crate) fn any(bytes: &[u8], hit: impl Fn(u8) -> bool) -> bool {
    let long = |block: &[u8; 16]| block.iter().fold(false, |found, &byte| found | hit(byte));
    let short = |block: &[u8; 8]| block.iter().fold(false, |found, &byte| found | hit(byte));
    let tiny = |block: &[u8; 4]| block.iter().fold(false, |found, &byte| found | hit(byte));
    if let Some(last) = bytes.last_chunk() {
        bytes.as_chunks().0.iter().any(long) || long(last)
    } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        short(first) | short(last)
    } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        tiny(first) | tiny(last)
    } else {
        bytes.iter().any(|&byte| hit(byte))
    }
}

/// `value` without the blanks around it (SP and HTAB, nothing else).
pub(crate) fn trim_blanks(value: &[u8]) -> &[u8] {
    let start = value.iter().position(|byte| !is_blank(*byte)).unwrap_or(value.len());
    let end = value.iter().rposition(|byte| !is_blank(*byte)).map_or(start, |last| last + 1);
    value.get(start..end).unwrap_or_default()
}

/// [`trim_blanks`] of the rest of a field line, whose line end is dropped.
fn trim_line(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    trim_blanks(line.strip_suffix(b"\r").unwrap_or(line))
}

pub(crate) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// A plain decimal number, digits only ([RFC 9110 8.6](https://www.rfc-editor.org/rfc/rfc9110#section-8.6)).
pub(crate) fn decimal(digits: &[u8]) -> Result<u64, Error> {
    if digits.is_empty() {
        return Err(Error::ContentLength);
    }
    digits.iter().try_fold(0_u64, |number, &byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return Err(Error::ContentLength);
        }
        number.checked_mul(10).and_then(|n| n.checked_add(digit.into())).ok_or(Error::ContentLength)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn commas_separate_outside_quoted_strings_only() {
        let split = |value| Elements::new(value).collect::<Vec<_>>();
        assert_eq!(split(b"a, b ,,\t c,"), [&b"a"[..], b"b", b"c"]);
        assert_eq!(split(b"\"a,b\";q=\"\\\",\", c"), [&b"\"a,b\";q=\"\\\",\""[..], b"c"]);
        assert_eq!(split(b"\"never ended, x"), [&b"\"never ended, x"[..]]);
        assert_eq!(split(b" ,\t, "), Vec::<&[u8]>::new());
    }

    #[test]
    fn fragments_of_a_field() {
        let fields = Fields::new(b"A: 1\r\nb:2\r\na:  3 , 4\t\r\nC:\r\n", 4);
        assert!(fields.iter().eq([(&b"A"[..], &b"1"[..]), (b"b", b"2"), (b"a", b"3 , 4"), (b"C", b"")]));
        assert!(fields.all("A").eq([&b"1"[..], b"3 , 4"]));
        assert_eq!((fields.len(), fields.total_len("a"), fields.first("c")), (4, 6, Some(&b""[..])));
        assert!(fields.contains_token("A", "4") && !fields.contains_token("A", "5"));
        assert!(!fields.contains("D") && Fields::EMPTY.is_empty());
        let mut to = [b'.'; 9];
        assert_eq!(fields.copy_to("a", &mut to[..8]).unwrap(), 8);
        assert_eq!(&to[..8], b"1, 3 , 4");
        assert_eq!(fields.copy_to("a", &mut to[..7]), Err(TooSmall));
        assert_eq!(fields.copy_to("none", &mut []), Ok(0));
    }

    #[test]
    fn tokens_and_values_of_any_length() {
        for len in 1..if cfg!(miri) { 18 } else { 50 } {
            for place in (0..len).step_by(if cfg!(miri) { 5 } else { 1 }) {
                for byte in (0..=255_u8).step_by(if cfg!(miri) { 31 } else { 1 }) {
                    let mut bytes = std::vec![b'n'; len];
                    bytes[place] = byte;
                    assert_eq!(is_token(&bytes), is_token_byte(byte), "{}", bytes.escape_ascii());
                    let text = matches!(byte, b'\t' | b' '..=b'~' | 0x80..);
                    assert_eq!(is_value(&bytes), text, "{}", bytes.escape_ascii());
                }
            }
        }
        assert!(!is_token(b"") && is_value(b""));
    }

    #[test]
    fn decimals_have_digits_only() {
        assert_eq!(decimal(b"18446744073709551615"), Ok(u64::MAX));
        for text in [&b""[..], b"+1", b"1 ", b"18446744073709551616", b"1a"] {
            assert!(decimal(text).is_err());
        }
    }
}
