//! Heads: finding their end, parsing them, and what they say.
//!
//! A head that has arrived whole is tried the way of [plain heads](plain) at once. Anything else goes the careful
//! way: the resumable search first, which refuses stray bytes while the head is still incomplete, then the start
//! line as soon as it is there, then the whole head, its field lines by `httparse`. Both ways agree, because what
//! the first accepts has nothing the second could refuse.

mod plain;
mod request;
mod response;
mod scan;
mod survey;

use httparse::Header;

pub(crate) use request::request;
pub(crate) use response::{Asked, response};
pub(crate) use scan::{Scan, scan};
pub(crate) use survey::{Coding, Survey};

use crate::fields::is_blank;
use crate::{Config, Error, Limits};

/// How far the search for the end of a head has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Progress(u32);

/// Set in [`Progress`] once the start line is complete and checked; the other bits count searched bytes.
const START_LINE: u32 = 1 << 31;

impl Progress {
    pub(crate) const NEW: Self = Self(0);

    /// Whether a byte of the head has been seen.
    pub(crate) const fn started(&self) -> bool {
        self.0 != 0
    }

    /// Continues the search in `input`, which begins with the head, and says where the head ends. `check` checks
    /// a complete start line (without its line end).
    pub(crate) fn find_end(
        &mut self,
        input: &[u8],
        config: &Config,
        check: impl FnOnce(&[u8]) -> Result<(), Error>,
    ) -> Result<Option<usize>, Error> {
        let bare_lf = config.lenient.bare_lf;
        let most = (config.limits.head & !START_LINE) as usize;
        let window = input.get(..most).unwrap_or(input);
        let mut from = ((self.0 & !START_LINE) as usize).min(window.len());
        if self.0 & START_LINE == 0
            && let Some(feed) = memchr::memchr(b'\n', window.get(from..).unwrap_or_default())
        {
            let line = window.get(..from + feed + 1).unwrap_or_default();
            if let Scan::Fault(fault) = scan(line, from, bare_lf) {
                return Err(fault);
            }
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            check(line.strip_suffix(b"\r").unwrap_or(line))?;
            self.0 |= START_LINE;
            from += feed + 1;
        }
        match scan(window, from, bare_lf) {
            Scan::Fault(fault) => Err(fault),
            Scan::End(end) => Ok(Some(end)),
            // RFC 9112 3: a server that receives a longer target than it wishes to parse responds with 414, and to
            // a method longer than any it implements with 501.
            Scan::Partial if window.len() < most => {
                self.0 = (self.0 & START_LINE) | (window.len() as u32 & !START_LINE); // below 2^31
                Ok(None)
            }
            Scan::Partial if self.0 & START_LINE != 0 => Err(Error::HeadTooLarge),
            Scan::Partial if memchr::memchr(b' ', window).is_none() => Err(Error::MethodTooLong),
            Scan::Partial => Err(Error::TargetTooLong),
        }
    }
}

/// Parses field lines that the search has passed, with their empty line, into `headers`.
fn field_lines<'h, 'b>(lines: &'b [u8], headers: &'h mut [Header<'b>]) -> Result<&'h [Header<'b>], Error> {
    match httparse::parse_headers(lines, headers) {
        Ok(httparse::Status::Complete((_, headers))) => Ok(headers),
        Ok(httparse::Status::Partial) => Err(Error::FieldLine),
        Err(httparse::Error::TooManyHeaders) => Err(Error::TooManyFields),
        Err(_) if has_fold(lines) => Err(Error::ObsFold),
        Err(_) => Err(Error::FieldLine),
    }
}

/// Whether a line other than the first begins with a blank.
fn has_fold(lines: &[u8]) -> bool {
    memchr::memchr_iter(b'\n', lines).any(|feed| lines.get(feed + 1).is_some_and(|byte| is_blank(*byte)))
}

/// Where the fields of a complete head start: behind its first line.
fn fields_start(head: &[u8]) -> usize {
    memchr::memchr(b'\n', head).map_or(head.len(), |feed| feed + 1)
}

/// The line end that closes a complete section.
fn empty_line(section: &[u8]) -> usize {
    if section.ends_with(b"\r\n") { 2 } else { 1 }
}

/// How many field lines a message may have.
const fn most_fields(limits: &Limits) -> usize {
    if limits.fields < Limits::MAX_FIELDS { limits.fields as usize } else { Limits::MAX_FIELDS as usize }
}

const MOST: usize = Limits::MAX_FIELDS as usize;

/// Replaces the line ends of folds by blanks, copying `head` to `scratch`
/// ([RFC 9112 5.2](https://www.rfc-editor.org/rfc/rfc9112#section-5.2)).
fn unfold<'b>(head: &[u8], scratch: &'b mut [u8]) -> Result<&'b [u8], Error> {
    let copy = scratch.get_mut(..head.len()).ok_or(Error::ScratchTooSmall)?;
    copy.copy_from_slice(head);
    let start = fields_start(head);
    // The first field line cannot continue another one.
    for feed in memchr::memchr_iter(b'\n', head).filter(|&feed| feed >= start) {
        if head.get(feed + 1).is_some_and(|byte| is_blank(*byte)) {
            for at in [feed.wrapping_sub(1), feed] {
                if let Some(byte) = copy.get_mut(at).filter(|byte| matches!(byte, b'\r' | b'\n')) {
                    *byte = b' ';
                }
            }
        }
    }
    Ok(copy)
}

/// The fields of a trailer section that ends before `section.len()`: how many there are.
///
/// Fields that frame, route or authenticate are refused rather than dropped
/// ([RFC 9110 6.5.1](https://www.rfc-editor.org/rfc/rfc9110#section-6.5.1)).
#[inline(never)]
pub(crate) fn trailers(section: &[u8], config: &Config) -> Result<u16, Error> {
    let mut headers = [httparse::EMPTY_HEADER; MOST];
    let room = headers.get_mut(..most_fields(&config.limits)).unwrap_or_default();
    let found = field_lines(section, room)?;
    if found.iter().any(|header| is_forbidden_trailer(header.name.as_bytes())) {
        return Err(Error::Trailer);
    }
    Ok(u16::try_from(found.len()).unwrap_or(u16::MAX))
}

/// Names that no trailer section carries, received or sent.
pub(crate) fn is_forbidden_trailer(name: &[u8]) -> bool {
    [
        &b"content-length"[..],
        b"transfer-encoding",
        b"host",
        b"connection",
        b"trailer",
        b"expect",
        b"upgrade",
        b"te",
    ]
    .iter()
    .any(|forbidden| name.eq_ignore_ascii_case(forbidden))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use strategies::http1::{request_head, response_head};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 8 } else { 4096 }))]

        #[test]
        fn both_ways_agree_on_requests(head in request_head()) {
            let config = Config::default();
            let parts = |head, scratch| {
                let mut progress = Progress::NEW;
                let check = |_: &[u8]| Ok(());
                match progress.find_end(head, &config, check)? {
                    Some(end) => request::in_parts(&head[..end], scratch, &config).map(|found| Some((end, found))),
                    None => Ok(None),
                }
            };
            match request::at_once(&head, &config) {
                Ok(None) => {}
                found => prop_assert_eq!(found, parts(&head, &mut []), "{}", head.escape_ascii()),
            }
        }

        #[test]
        fn both_ways_agree_on_responses(head in response_head()) {
            let config = Config::default();
            for asked in [Asked::Other, Asked::Head, Asked::Connect] {
                let parts = |head, scratch| {
                    let mut progress = Progress::NEW;
                    match progress.find_end(head, &config, |_| Ok(()))? {
                        Some(end) => response::in_parts(&head[..end], scratch, &config, asked)
                            .map(|found| Some((end, found))),
                        None => Ok(None),
                    }
                };
                match response::at_once(&head, &config, asked) {
                    Ok(None) => {}
                    found => prop_assert_eq!(found, parts(&head, &mut []), "{}", head.escape_ascii()),
                }
            }
        }
    }
}
