use super::{
    Coding, MOST, Progress, Survey, empty_line, field_lines, fields_start, has_fold, most_fields, plain,
    unfold,
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
    let check = |line: &[u8]| StatusLine::parse(line, config).map(|_| ());
    let found = progress.find_end(input, config, check).map_err(|error| match error {
        // There is neither in a status line.
        Error::TargetTooLong | Error::MethodTooLong => Error::HeadTooLarge,
        other => other,
    })?;
    let Some(end) = found else { return Ok(None) };
    let head = input.get(..end).unwrap_or_default();
    carefully(head, scratch, config, asked).map(|response| Some((end, response)))
}

/// Parses a head that the search has passed.
#[cold]
#[inline(never)]
fn carefully<'b>(
    head: &'b [u8],
    scratch: &'b mut [u8],
    config: &Config,
    asked: Asked,
) -> Result<Response<'b>, Error> {
    if let Some((_, response)) = at_once(head, config, asked)? {
        return Ok(response);
    }
    in_parts(head, scratch, config, asked)
}

/// A head that was searched, taken apart at its line ends, with a fault for whatever is wrong.
pub(super) fn in_parts<'b>(
    head: &'b [u8],
    scratch: &'b mut [u8],
    config: &Config,
    asked: Asked,
) -> Result<Response<'b>, Error> {
    let head = if config.lenient.obs_fold && has_fold(head) { unfold(head, scratch)? } else { head };
    let start = fields_start(head);
    let line = head.get(..start).unwrap_or_default();
    let line =
        StatusLine::parse(line.strip_suffix(b"\r\n").or(line.strip_suffix(b"\n")).unwrap_or(line), config)?;
    let lines = head.get(start..).unwrap_or_default();
    let mut headers = [httparse::EMPTY_HEADER; MOST];
    let room = headers.get_mut(..most_fields(&config.limits)).unwrap_or_default();
    let headers = field_lines(lines, room)?;
    let lines = lines.get(..lines.len() - empty_line(lines)).unwrap_or_default();
    let survey = Survey::new(headers, config.lenient)?;
    build(line, &survey, headers.len(), lines, config, asked)
}

/// The way of [plain](super::plain) heads; `None` when the careful way has to decide.
#[inline(always)]
pub(super) fn at_once<'b>(
    input: &'b [u8],
    config: &Config,
    asked: Asked,
) -> Result<Option<(usize, Response<'b>)>, Error> {
    let Some((version, status, reason, start)) = plain::status_line(input) else { return Ok(None) };
    let mut survey = Survey::EMPTY;
    let Some((end, count)) = plain::fields(input, start, most_fields(&config.limits), &mut survey) else {
        return Ok(None);
    };
    if end > config.limits.head as usize {
        return Ok(None);
    }
    let line = StatusLine { version, status, reason };
    let lines = input.get(start..end - 2).unwrap_or_default();
    build(line, &survey, count, lines, config, asked).map(|response| Some((end, response)))
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
    survey: &Survey<'b>,
    count: usize,
    lines: &'b [u8],
    config: &Config,
    asked: Asked,
) -> Result<Response<'b>, Error> {
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
        fields: Fields::new(lines, u16::try_from(count).unwrap_or(u16::MAX)),
        body,
        keep_alive: !survey.close && (http11 || survey.keep_alive) && body != BodyLength::UntilClose,
        close: survey.close,
        upgrade: http11 && survey.upgrade(),
    })
}
