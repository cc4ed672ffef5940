use core::mem::MaybeUninit;

use httparse::{Header, ParserConfig};

use super::{
    Coding, MOST, Progress, Survey, empty_line, field_lines, fields_start, has_fold, lines_end_well,
    most_fields, unfold,
};
use crate::fields::is_value;
use crate::{BodyLength, Config, Error, Fields, Response, Version};

/// What of the request decides how its response is framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    Other,
    Head,
    Connect,
}

/// Parses the head of a response at the start of `input`; `None` while it is incomplete.
#[inline(always)]
pub(crate) fn response<'b>(
    progress: &mut Progress,
    input: &'b [u8],
    scratch: &'b mut [u8],
    config: &Config,
    asked: Asked,
) -> Result<Option<(usize, Response<'b>)>, Error> {
    if !progress.started()
        && let Some(done) = at_once(input, config, asked)?
    {
        return Ok(Some(done));
    }
    carefully(progress, input, scratch, config, asked)
}

#[cold]
#[inline(never)]
fn carefully<'b>(
    progress: &mut Progress,
    input: &'b [u8],
    scratch: &'b mut [u8],
    config: &Config,
    asked: Asked,
) -> Result<Option<(usize, Response<'b>)>, Error> {
    let check = |line: &[u8]| StatusLine::parse(line, config).map(|_| ());
    let found = progress.find_end(input, config, check).map_err(|error| match error {
        Error::TargetTooLong => Error::HeadTooLarge, // there is no target in a status line
        other => other,
    })?;
    let Some(end) = found else { return Ok(None) };
    let head = input.get(..end).unwrap_or_default();
    let head = if config.lenient.obs_fold && has_fold(head) { unfold(head, scratch)? } else { head };
    if let Some((_, done)) = at_once(head, config, asked)? {
        return Ok(Some((end, done)));
    }
    let start = fields_start(head);
    let line = head.get(..start).unwrap_or_default();
    let line =
        StatusLine::parse(line.strip_suffix(b"\r\n").or(line.strip_suffix(b"\n")).unwrap_or(line), config)?;
    let lines = head.get(start..).unwrap_or_default();
    let mut headers = [httparse::EMPTY_HEADER; MOST];
    let room = headers.get_mut(..most_fields(&config.limits)).unwrap_or_default();
    let headers = field_lines(lines, room)?;
    let lines = lines.get(..lines.len() - empty_line(lines)).unwrap_or_default();
    build(line, headers, lines, config, asked).map(|response| Some((end, response)))
}

/// The fast way: `httparse` on bytes not searched before. `None` when the careful way has to decide.
#[inline(always)]
fn at_once<'b>(
    input: &'b [u8],
    config: &Config,
    asked: Asked,
) -> Result<Option<(usize, Response<'b>)>, Error> {
    let mut headers = [const { MaybeUninit::<Header<'b>>::uninit() }; MOST];
    let Some(room) = headers.get_mut(..most_fields(&config.limits)) else { return Ok(None) };
    let mut parsed = httparse::Response::new(&mut []);
    let parser = ParserConfig::default();
    let Ok(httparse::Status::Complete(end)) =
        parser.parse_response_with_uninit_headers(&mut parsed, input, room)
    else {
        return Ok(None);
    };
    // A reason outside ASCII is not reported by the parser, so the line is split here.
    let Some(feed) = memchr::memchr(b'\n', input) else { return Ok(None) };
    let Some(line) = input.get(..feed).and_then(|line| line.strip_suffix(b"\r")) else { return Ok(None) };
    if end > config.limits.head as usize || !lines_end_well(input, feed + 1, parsed.headers, end) {
        return Ok(None);
    }
    let Ok(line) = StatusLine::parse(line, config) else { return Ok(None) };
    let lines = input.get(feed + 1..end - 2).unwrap_or_default();
    build(line, parsed.headers, lines, config, asked).map(|response| Some((end, response)))
}

/// A checked status line.
struct StatusLine<'b> {
    version: Version,
    status: u16,
    reason: &'b [u8],
}

impl<'b> StatusLine<'b> {
    /// RFC 9112 4: `HTTP-version SP status-code SP [ reason-phrase ]`.
    #[inline(always)]
    fn parse(line: &'b [u8], config: &Config) -> Result<Self, Error> {
        let (version, rest) = line.split_at_checked(8).ok_or(Error::StatusLine)?;
        let version = Version::parse(version).map_err(|error| error.unwrap_or(Error::StatusLine))?;
        let (digits, reason) = match rest {
            [b' ', a, b, c, b' ', reason @ ..] => ([a, b, c], reason),
            [b' ', a, b, c] if config.lenient.status_without_space => ([a, b, c], &b""[..]),
            _ => return Err(Error::StatusLine),
        };
        let mut status = 0_u16;
        for digit in digits {
            if !digit.is_ascii_digit() {
                return Err(Error::StatusLine);
            }
            status = status * 10 + u16::from(digit - b'0');
        }
        // RFC 9110 15: values outside 100 to 599 are invalid, but a client treats them as 5xx; below 100 there
        // is no class at all.
        if status < 100 || !is_value(reason) {
            return Err(Error::StatusLine);
        }
        Ok(Self { version, status, reason })
    }
}

/// RFC 9112 6.3: the length of the body.
#[inline(always)]
fn build<'b>(
    line: StatusLine<'b>,
    headers: &[Header<'b>],
    lines: &'b [u8],
    config: &Config,
    asked: Asked,
) -> Result<Response<'b>, Error> {
    let survey = Survey::new(headers, config.lenient)?;
    let http11 = line.version == Version::Http11;
    if survey.coding != Coding::Absent && !http11 {
        return Err(Error::TransferCodingVersion);
    }
    let bodyless = matches!(line.status, 100..=199 | 204 | 304)
        || asked == Asked::Head
        || (asked == Asked::Connect && matches!(line.status, 200..=299));
    let body = match (survey.coding, survey.length) {
        _ if bodyless => BodyLength::None,
        (Coding::Chunked, _) => BodyLength::Chunked,
        (Coding::Unknown, _) => return Err(Error::TransferCodingUnknown),
        (Coding::Bad, _) => return Err(Error::TransferCoding),
        (Coding::Absent, Some(length)) if length > config.limits.body => return Err(Error::BodyTooLarge),
        (Coding::Absent, Some(length)) => BodyLength::Known(length),
        (Coding::Absent, None) => BodyLength::UntilClose,
    };
    Ok(Response {
        status: line.status,
        reason: line.reason,
        version: line.version,
        fields: Fields::new(lines, u16::try_from(headers.len()).unwrap_or(u16::MAX)),
        body,
        keep_alive: !survey.close && (http11 || survey.keep_alive) && body != BodyLength::UntilClose,
        close: survey.close,
        upgrade: survey.upgrade(),
    })
}
