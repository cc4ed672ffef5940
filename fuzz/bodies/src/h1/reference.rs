//! HTTP/1 read by other means: `httparse` for heads, and the framing of RFC 9112 section 6.3 in the plainest code there
//! is, over an input that is there whole.
//!
//! It is as strict as `proto-h1` by default, so that what one of them accepts and the other does not is a finding.

/// What the front of an input is.
#[derive(Debug)]
pub(super) enum Reading {
    /// A message, and how long it is.
    Whole(Message, usize),
    /// The beginning of one, as far as can be seen.
    Partial,
    /// No message.
    Wrong,
    /// Something this reader does not judge.
    Unjudged,
}

/// A message.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Message {
    /// Method and target, or the status and nothing.
    pub(super) start: (Vec<u8>, Vec<u8>),
    pub(super) fields: Vec<(Vec<u8>, Vec<u8>)>,
    pub(super) content: Vec<u8>,
    pub(super) trailers: Vec<(Vec<u8>, Vec<u8>)>,
}

/// How the content is delimited.
enum Framing {
    Length(usize),
    Chunked,
    /// By the end of the transport.
    End,
}

/// Reads a request.
pub(super) fn request(input: &[u8]) -> Reading {
    // RFC 9112 section 2.2: one empty line before it is passed over.
    let skipped = if input.starts_with(b"\r\n") { 2 } else { 0 };
    let input = &input[skipped..];
    if input.starts_with(b"\r\n") {
        return Reading::Wrong;
    }
    let Some(head) = head(input) else { return Reading::Wrong };
    let Some(end) = head else { return Reading::Partial };
    let mut headers = [httparse::EMPTY_HEADER; 128];
    let mut parsed = httparse::Request::new(&mut headers);
    match parsed.parse(&input[..end]) {
        Ok(httparse::Status::Complete(len)) if len == end => {}
        // It knows two versions only.
        Err(httparse::Error::Version) => return Reading::Unjudged,
        _ => return Reading::Wrong,
    }
    let (method, target) = (parsed.method.unwrap_or_default(), parsed.path.unwrap_or_default());
    let http11 = parsed.version == Some(1);
    let fields = fields(parsed.headers);
    // Section 3.2: "A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request message that
    // lacks a Host header field and to any request message that contains more than one Host header field line".
    let hosts = values(&fields, "host").count();
    if hosts > 1 || (http11 && hosts == 0) {
        return Reading::Wrong;
    }
    let Some(framing) = framing(&fields, http11, Framing::Length(0)) else { return Reading::Wrong };
    if method == "CONNECT" && !matches!(framing, Framing::Length(0)) {
        return Reading::Wrong;
    }
    let message = Message { start: (method.into(), target.into()), fields, ..Message::default() };
    body(message, input, end, &framing, skipped)
}

/// Reads a response to a request of this method.
pub(super) fn response(input: &[u8], to_head: bool) -> Reading {
    let skipped = if input.starts_with(b"\r\n") { return Reading::Unjudged } else { 0 };
    let Some(head) = head(input) else { return Reading::Wrong };
    let Some(end) = head else { return Reading::Partial };
    let mut headers = [httparse::EMPTY_HEADER; 128];
    let mut parsed = httparse::Response::new(&mut headers);
    match parsed.parse(&input[..end]) {
        Ok(httparse::Status::Complete(len)) if len == end => {}
        Err(httparse::Error::Version) => return Reading::Unjudged,
        _ => return Reading::Wrong,
    }
    let status = parsed.code.unwrap_or_default();
    // Section 4: the space behind the code is there even when there is no reason.
    if status < 100 || input.get(12) != Some(&b' ') {
        return Reading::Wrong;
    }
    let http11 = parsed.version == Some(1);
    let fields = fields(parsed.headers);
    let message = Message { start: (status.to_string().into(), Vec::new()), fields, ..Message::default() };
    // Other codings than one `chunked` delimit nothing: what follows is content until the end, or an error.
    let codings = || values(&message.fields, "transfer-encoding");
    if codings().count() > 1 || codings().any(|coding| !coding.eq_ignore_ascii_case(b"chunked")) {
        return Reading::Unjudged;
    }
    let Some(framing) = framing(&message.fields, http11, Framing::End) else { return Reading::Wrong };
    if status == 101 {
        return Reading::Unjudged;
    }
    if to_head || status < 200 || status == 204 || status == 304 {
        return Reading::Whole(message, end);
    }
    body(message, input, end, &framing, skipped)
}

/// The end of the head; `None` when there is a control byte or half a line end before it.
fn head(input: &[u8]) -> Option<Option<usize>> {
    let mut at = 0;
    loop {
        match &input[at..] {
            [b'\r', b'\n', b'\r', b'\n', ..] => return Some(Some(at + 4)),
            [b'\r', b'\n', ..] => at += 2,
            [] | [b'\r'] => return Some(None),
            [b'\t' | b' '..=b'~' | 0x80.., ..] => at += 1,
            _ => return None,
        }
    }
}

fn fields(headers: &[httparse::Header<'_>]) -> Vec<(Vec<u8>, Vec<u8>)> {
    headers.iter().map(|header| (header.name.into(), header.value.into())).collect()
}

fn values<'f>(fields: &'f [(Vec<u8>, Vec<u8>)], name: &str) -> impl Iterator<Item = &'f [u8]> {
    let name = name.as_bytes().to_vec();
    fields.iter().filter(move |(found, _)| found.eq_ignore_ascii_case(&name)).map(|(_, value)| &value[..])
}

/// Section 6.3, as strict as it allows.
fn framing(fields: &[(Vec<u8>, Vec<u8>)], http11: bool, neither: Framing) -> Option<Framing> {
    let codings: Vec<&[u8]> = values(fields, "transfer-encoding").collect();
    let lengths: Vec<&[u8]> = values(fields, "content-length").collect();
    match (&codings[..], &lengths[..]) {
        ([], []) => Some(neither),
        ([coding], []) if http11 && coding.eq_ignore_ascii_case(b"chunked") => Some(Framing::Chunked),
        ([], [length]) if !length.is_empty() && length.iter().all(u8::is_ascii_digit) => {
            let digits = core::str::from_utf8(length).ok()?;
            digits.parse::<u64>().ok().and_then(|len| usize::try_from(len).ok()).map(Framing::Length)
        }
        _ => None,
    }
}

fn body(mut message: Message, input: &[u8], start: usize, framing: &Framing, skipped: usize) -> Reading {
    let rest = &input[start..];
    match framing {
        Framing::Length(len) => match rest.get(..*len) {
            Some(content) => {
                message.content = content.into();
                Reading::Whole(message, skipped + start + len)
            }
            None => Reading::Partial,
        },
        Framing::End => {
            message.content = rest.into();
            Reading::Whole(message, skipped + input.len())
        }
        Framing::Chunked => match chunks(rest, &mut message) {
            Ok(Some(len)) => Reading::Whole(message, skipped + start + len),
            Ok(None) => Reading::Partial,
            Err(Unread::Wrong) => Reading::Wrong,
            Err(Unread::Unjudged) => Reading::Unjudged,
        },
    }
}

/// Why there is no chunked content.
enum Unread {
    Wrong,
    Unjudged,
}

/// Section 7.1: chunks, the last one, and trailers; how long they are.
fn chunks(input: &[u8], message: &mut Message) -> Result<Option<usize>, Unread> {
    let wrong = |()| Unread::Wrong;
    let mut at = 0;
    loop {
        let Some(line) = line(&input[at..]) else { return Ok(None) };
        let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        // No grammar ends a row of zeros, so that is for each reader to do: proto-h1 takes 32 digits.
        if digits > 32 {
            return Err(Unread::Unjudged);
        }
        let text = core::str::from_utf8(&line[..digits]).map_err(drop).map_err(wrong)?;
        let size = usize::from_str_radix(text, 16).map_err(drop).map_err(wrong)?;
        extensions(&line[digits..]).map_err(wrong)?;
        at += line.len() + 2;
        if size == 0 {
            break;
        }
        let Some(data) = input[at..].get(..size) else { return Ok(None) };
        message.content.extend_from_slice(data);
        at += size;
        match &input[at..] {
            [b'\r', b'\n', ..] => at += 2,
            [] | [b'\r'] => return Ok(None),
            _ => return Err(Unread::Wrong),
        }
    }
    let section = &input[at..];
    if section.starts_with(b"\r\n") {
        return Ok(Some(at + 2));
    }
    let Some(end) = head(section).ok_or(Unread::Wrong)? else { return Ok(None) };
    let mut headers = [httparse::EMPTY_HEADER; 128];
    match httparse::parse_headers(&section[..end], &mut headers) {
        Ok(httparse::Status::Complete((len, headers))) if len == end => message.trailers = fields(headers),
        _ => return Err(Unread::Wrong),
    }
    Ok(Some(at + end))
}

/// Up to the line end, which is not part of it.
fn line(input: &[u8]) -> Option<&[u8]> {
    let end = input.windows(2).position(|pair| pair == b"\r\n")?;
    Some(&input[..end])
}

/// Section 7.1.1: `*( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )`.
fn extensions(mut rest: &[u8]) -> Result<(), ()> {
    while !rest.is_empty() {
        rest = blanks(rest).strip_prefix(b";").ok_or(())?;
        rest = token(blanks(rest))?;
        let Some(value) = blanks(rest).strip_prefix(b"=") else { continue };
        let value = blanks(value);
        rest = match value.strip_prefix(b"\"") {
            Some(quoted) => quoted_string(quoted)?,
            None => token(value)?,
        };
    }
    Ok(())
}

fn blanks(text: &[u8]) -> &[u8] {
    let len = text.iter().take_while(|&&byte| byte == b' ' || byte == b'\t').count();
    &text[len..]
}

fn token(text: &[u8]) -> Result<&[u8], ()> {
    let of_token = |byte: &&u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(*byte);
    let len = text.iter().take_while(of_token).count();
    if len == 0 { Err(()) } else { Ok(&text[len..]) }
}

/// What follows the closing quote.
fn quoted_string(mut text: &[u8]) -> Result<&[u8], ()> {
    loop {
        text = match text {
            [b'"', rest @ ..] => return Ok(rest),
            [b'\\', b'\t' | b' '..=b'~' | 0x80.., rest @ ..] => rest,
            [b'\\', ..] => return Err(()),
            [b'\t' | b' '..=b'~' | 0x80.., rest @ ..] => rest,
            _ => return Err(()),
        };
    }
}
