//! What the fields of a head say about framing, reuse and routing, in one pass over them.

use httparse::Header;

use crate::fields::{Elements, decimal, is_named};
use crate::{Error, Lenient};

/// The transfer coding of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    Absent,
    /// Exactly `chunked`.
    Chunked,
    /// Ends with one `chunked`, over codings unknown here.
    Unknown,
    /// Any other shape.
    Bad,
}

/// The outcome of the pass.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Survey<'b> {
    pub(crate) host: Option<&'b [u8]>,
    pub(crate) host_repeated: bool,
    pub(crate) length: Option<u64>,
    pub(crate) coding: Coding,
    pub(crate) close: bool,
    pub(crate) keep_alive: bool,
    /// `upgrade` in Connection.
    upgrade_named: bool,
    /// An Upgrade field.
    upgrade_given: bool,
    pub(crate) expect_continue: bool,
    pub(crate) expect_other: bool,
}

/// A bit for the length of every name that matters here, and one for its first letter.
const LENGTHS: u32 = 1 << 4 | 1 << 6 | 1 << 7 | 1 << 10 | 1 << 14 | 1 << 17;
const LETTERS: u32 = bit(b'h') | bit(b'e') | bit(b'u') | bit(b'c') | bit(b't');

const fn bit(letter: u8) -> u32 {
    1 << (letter & 31)
}

impl<'b> Survey<'b> {
    /// Before any field.
    pub(crate) const EMPTY: Self = Self {
        host: None,
        host_repeated: false,
        length: None,
        coding: Coding::Absent,
        close: false,
        keep_alive: false,
        upgrade_named: false,
        upgrade_given: false,
        expect_continue: false,
        expect_other: false,
    };

    pub(crate) fn new(headers: &[Header<'b>], lenient: Lenient) -> Result<Self, Error> {
        let mut survey = Self::EMPTY;
        for (at, header) in headers.iter().enumerate() {
            let (name, value) = (header.name, header.value);
            // The length and the first letter rule out nearly every other name, without a jump that is hard to
            // predict.
            let first = name.as_bytes().first().map_or(0, |byte| byte | 0x20);
            let (len, letter) = (name.len() as u32 & 31, u32::from(first) & 31);
            if (LENGTHS >> len) & (LETTERS >> letter) & 1 == 0 {
                continue;
            }
            match (name.len(), first) {
                (4, b'h') if name.eq_ignore_ascii_case("host") => {
                    survey.host_repeated |= survey.host.is_some();
                    survey.host = Some(value);
                }
                (6, b'e') if name.eq_ignore_ascii_case("expect") => survey.expect(value),
                (7, b'u') if name.eq_ignore_ascii_case("upgrade") => survey.upgrade_given = true,
                (10, b'c') if name.eq_ignore_ascii_case("connection") => survey.connection(value),
                (14, b'c') if name.eq_ignore_ascii_case("content-length") => {
                    survey.content_length(value, lenient.identical_lengths)?;
                }
                (17, b't')
                    if name.eq_ignore_ascii_case("transfer-encoding")
                    // All lines form one list; the first line surveys it whole.
                    && survey.coding == Coding::Absent =>
                {
                    survey.coding = transfer_coding(headers.get(at..).unwrap_or_default());
                }
                _ => {}
            }
        }
        // RFC 9112 6.1: such a message "ought to be handled as an error".
        if survey.length.is_some() && survey.coding != Coding::Absent {
            return Err(Error::LengthAndCoding);
        }
        Ok(survey)
    }

    /// Takes one field line of a plain head; `None` when it is at fault or says more than the common. The length and
    /// the first letter leave one known name to compare with, if any.
    #[inline]
    pub(crate) fn plain(&mut self, name: &'b [u8], value: &'b [u8]) -> Option<()> {
        let is = |known: &[u8]| is_named(name, known);
        match (name.len(), name.first()? | 0x20) {
            (4, b'h') if is(b"Host") => return self.host.replace(value).is_none().then_some(()),
            (6, b'e') if is(b"Expect") => self.expect(value),
            (7, b'u') if is(b"Upgrade") => self.upgrade_given = true,
            (10, b'c') if is(b"Connection") => self.connection(value),
            (14, b'c') if is(b"Content-Length") => {
                let first = self.length.replace(decimal(value).ok()?).is_none();
                return (first && self.coding == Coding::Absent).then_some(());
            }
            (17, b't') if is(b"Transfer-Encoding") => {
                let first = self.coding == Coding::Absent && self.length.is_none();
                self.coding = Coding::Chunked;
                return (first && value.eq_ignore_ascii_case(b"chunked")).then_some(());
            }
            _ => {}
        }
        Some(())
    }

    pub(crate) const fn upgrade(&self) -> bool {
        self.upgrade_named && self.upgrade_given
    }

    fn connection(&mut self, value: &[u8]) {
        if value == b"keep-alive" {
            self.keep_alive = true;
            return;
        }
        for option in Elements::new(value) {
            match option.len() {
                5 if option.eq_ignore_ascii_case(b"close") => self.close = true,
                7 if option.eq_ignore_ascii_case(b"upgrade") => self.upgrade_named = true,
                10 if option.eq_ignore_ascii_case(b"keep-alive") => self.keep_alive = true,
                _ => {}
            }
        }
    }

    fn expect(&mut self, value: &[u8]) {
        for expectation in Elements::new(value) {
            if expectation.eq_ignore_ascii_case(b"100-continue") {
                self.expect_continue = true;
            } else {
                self.expect_other = true;
            }
        }
    }

    fn content_length(&mut self, value: &[u8], identical: bool) -> Result<(), Error> {
        if self.length.is_none()
            && let Ok(length) = decimal(value)
        {
            self.length = Some(length);
            return Ok(());
        }
        let mut lengths = value.split(|&byte| byte == b',').map(crate::fields::trim_blanks);
        let length = match (lengths.next(), lengths.clone().next()) {
            (Some(only), None) => decimal(only)?,
            _ if !identical => return Err(Error::ContentLength),
            (first, _) => {
                let first = decimal(first.unwrap_or_default())?;
                for other in lengths {
                    if decimal(other)? != first {
                        return Err(Error::ContentLength);
                    }
                }
                first
            }
        };
        match self.length.replace(length) {
            None => Ok(()),
            Some(earlier) if identical && earlier == length => Ok(()),
            Some(_) => Err(Error::ContentLengthRepeated),
        }
    }
}

/// RFC 9112 6.1 and 7: the only coding known here is `chunked`, which is the last one and applied once.
fn transfer_coding(headers: &[Header<'_>]) -> Coding {
    let mut lines = headers.iter().filter(|header| header.name.eq_ignore_ascii_case("transfer-encoding"));
    let first = lines.next().map_or(&b""[..], |header| header.value);
    if first.eq_ignore_ascii_case(b"chunked") && lines.next().is_none() {
        return Coding::Chunked;
    }
    let (mut codings, mut chunked, mut last) = (0_usize, 0_usize, false);
    for header in headers.iter().filter(|header| header.name.eq_ignore_ascii_case("transfer-encoding")) {
        for coding in Elements::new(header.value) {
            let name = crate::fields::trim_blanks(crate::target::split_at_byte(coding, b';').0);
            if !crate::fields::is_token(name) {
                return Coding::Bad;
            }
            last = coding.eq_ignore_ascii_case(b"chunked");
            chunked += usize::from(name.eq_ignore_ascii_case(b"chunked"));
            codings += 1;
        }
    }
    if codings > 1 && chunked == 1 && last { Coding::Unknown } else { Coding::Bad }
}
