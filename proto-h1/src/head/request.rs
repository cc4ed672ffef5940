use super::{
    Coding, MOST, Progress, Survey, empty_line, field_lines, fields_start, has_fold, most_fields, plain,
    unfold,
};
use crate::fields::is_token;
use crate::target::is_host;
use crate::{BodyLength, Config, Error, Fields, Request, Target, TargetForm, Version};

/// Parses the head of a request at the start of `input`; `None` while it is incomplete.
///
/// All that happens to a head that is there whole is inlined into one function, because a head is a large value
/// to hand from one to the next.
#[inline(always)]
pub(crate) fn request<'b>(
    progress: &mut Progress,
    input: &'b [u8],
    scratch: &'b mut [u8],
    config: &Config,
) -> Result<Option<(usize, Request<'b>)>, Error> {
    if !progress.started()
        && let Some(done) = at_once(input, config)?
    {
        return Ok(Some(done));
    }
    let check = |line: &[u8]| RequestLine::parse(line, config).map(|_| ());
    let Some(end) = progress.find_end(input, config, check)? else { return Ok(None) };
    carefully(input.get(..end).unwrap_or_default(), scratch, config).map(|request| Some((end, request)))
}

/// Parses a head that the search has passed.
#[cold]
#[inline(never)]
fn carefully<'b>(head: &'b [u8], scratch: &'b mut [u8], config: &Config) -> Result<Request<'b>, Error> {
    if let Some((_, request)) = at_once(head, config)? {
        return Ok(request);
    }
    in_parts(head, scratch, config)
}

/// A head that was searched, taken apart at its line ends, with a fault for whatever is wrong.
pub(super) fn in_parts<'b>(
    head: &'b [u8],
    scratch: &'b mut [u8],
    config: &Config,
) -> Result<Request<'b>, Error> {
    let head = if config.lenient.obs_fold && has_fold(head) { unfold(head, scratch)? } else { head };
    let start = fields_start(head);
    let line = head.get(..start).unwrap_or_default();
    let line =
        RequestLine::parse(line.strip_suffix(b"\r\n").or(line.strip_suffix(b"\n")).unwrap_or(line), config)?;
    let lines = head.get(start..).unwrap_or_default();
    let mut headers = [httparse::EMPTY_HEADER; MOST];
    let room = headers.get_mut(..most_fields(&config.limits)).unwrap_or_default();
    let headers = field_lines(lines, room)?;
    let lines = lines.get(..lines.len() - empty_line(lines)).unwrap_or_default();
    let survey = Survey::new(headers, config.lenient)?;
    build(line, &survey, headers.len(), lines, config)
}

/// The way of [plain](super::plain) heads; `None` when the careful way has to decide.
#[inline(always)]
pub(super) fn at_once<'b>(input: &'b [u8], config: &Config) -> Result<Option<(usize, Request<'b>)>, Error> {
    let Some((method, target, version, start)) = plain::request_line(input) else { return Ok(None) };
    let mut survey = Survey::EMPTY;
    let Some((end, count)) = plain::fields(input, start, most_fields(&config.limits), &mut survey) else {
        return Ok(None);
    };
    if end > config.limits.head as usize {
        return Ok(None);
    }
    fits(target, config)?;
    let line = RequestLine { method, target: Target::parse_clean(method, target)?, version };
    let lines = input.get(start..end - 2).unwrap_or_default();
    build(line, &survey, count, lines, config).map(|request| Some((end, request)))
}

/// A checked request line.
struct RequestLine<'b> {
    method: &'b [u8],
    target: Target<'b>,
    version: Version,
}

impl<'b> RequestLine<'b> {
    /// RFC 9112 3: `method SP request-target SP HTTP-version`, single spaces, nothing else.
    fn parse(line: &'b [u8], config: &Config) -> Result<Self, Error> {
        let mut parts = line.split(|&byte| byte == b' ');
        let (Some(method), Some(target), Some(version), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Error::RequestLine);
        };
        if !is_token(method) {
            return Err(Error::Method);
        }
        let version = Version::parse(version).map_err(|error| error.unwrap_or(Error::RequestLine))?;
        if target.is_empty() || target.contains(&b'\t') {
            return Err(Error::RequestLine);
        }
        fits(target, config)?;
        Ok(Self { method, target: Target::parse(method, target)?, version })
    }
}

/// RFC 9112 3: 414 for a target longer than the server wishes to parse.
#[inline(always)]
fn fits(target: &[u8], config: &Config) -> Result<(), Error> {
    if target.len() > usize::from(config.limits.target) { Err(Error::TargetTooLong) } else { Ok(()) }
}

/// The checks across fields.
#[inline(always)]
fn build<'b>(
    line: RequestLine<'b>,
    survey: &Survey<'b>,
    count: usize,
    lines: &'b [u8],
    config: &Config,
) -> Result<Request<'b>, Error> {
    let http11 = line.version == Version::Http11;

    // RFC 9112 3.2: 400 to any HTTP/1.1 request that lacks Host, and to any request that has more than one or an
    // invalid one.
    let host = match survey.host {
        _ if survey.host_repeated => return Err(Error::HostRepeated),
        None if http11 => return Err(Error::HostMissing),
        None => b"",
        Some(host) if !is_host(host) => return Err(Error::HostInvalid),
        Some(host) => host,
    };
    // RFC 9112 3.2.2: the authority of an absolute target replaces Host.
    let authority = match line.target.form() {
        TargetForm::Origin | TargetForm::Asterisk => host,
        TargetForm::Absolute | TargetForm::Authority => line.target.authority().unwrap_or(host),
    };

    let body = match (survey.coding, survey.length) {
        // RFC 9112 6.1: Transfer-Encoding in HTTP/1.0 means faulty framing.
        (Coding::Chunked | Coding::Unknown | Coding::Bad, _) if !http11 => {
            return Err(Error::TransferCodingVersion);
        }
        (Coding::Bad, _) => return Err(Error::TransferCoding),
        (Coding::Unknown, _) => return Err(Error::TransferCodingUnknown),
        (Coding::Chunked, _) => BodyLength::Chunked,
        (Coding::Absent, Some(length)) => BodyLength::Known(length),
        (Coding::Absent, None) => BodyLength::None,
    };
    // RFC 9110 9.3.6: content of a CONNECT request has no meaning, and its end would be the tunnel's beginning.
    if line.method == b"CONNECT" && !matches!(body, BodyLength::None | BodyLength::Known(0)) {
        return Err(Error::ConnectBody);
    }
    // RFC 9110 10.1.1: only HTTP/1.1 and later has expectations.
    if http11 && survey.expect_other {
        return Err(Error::Expectation);
    }
    if let BodyLength::Known(length) = body
        && length > config.limits.body
    {
        return Err(Error::BodyTooLarge);
    }
    Ok(Request {
        method: line.method,
        target: line.target,
        version: line.version,
        authority,
        fields: Fields::new(lines, u16::try_from(count).unwrap_or(u16::MAX)),
        body,
        expect_continue: http11
            && survey.expect_continue
            && !matches!(body, BodyLength::None | BodyLength::Known(0)),
        upgrade: http11 && survey.upgrade(),
        // RFC 9112 9.3, in its order.
        keep_alive: !survey.close && (http11 || survey.keep_alive),
    })
}
