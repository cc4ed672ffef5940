//! What makes a list of fields a request, a response or trailers of HTTP/2 (RFC 9113 sections 8.1 to 8.5).

use crate::authority::Authority;
use crate::hpack::static_table::known;
use crate::hpack::{Field, Noted};
use crate::priority::Priority;
use crate::store::RequestKind;

/// The list is not a valid message: "A request or response that is malformed MUST be treated as a stream error of
/// type PROTOCOL_ERROR" (section 8.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// What the connection must know of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) kind: RequestKind,
    pub(crate) content_length: Option<u64>,
    pub(crate) priority: Option<Priority>,
    /// The number of cookie fields.
    pub(crate) crumbs: usize,
    /// Extended CONNECT (RFC 8441).
    pub(crate) extended: bool,
}

/// What the connection must know of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) content_length: Option<u64>,
}

/// Checks a request (section 8.3.1).
pub(crate) fn request<'f>(
    fields: impl Iterator<Item = (Noted, Field<'f>)>,
    extended_connect: bool,
) -> Result<Request, Malformed> {
    let (mut method, mut scheme, mut path, mut authority, mut protocol) = (None, None, None, None, None);
    let mut host: Option<&[u8]> = None;
    let mut regular = Regular { may_have_te: true, ..Regular::default() };
    let mut request = Request {
        kind: RequestKind::Other,
        content_length: None,
        priority: None,
        crumbs: 0,
        extended: false,
    };
    for (noted, field) in fields {
        let pseudo = match noted.token {
            known::METHOD => &mut method,
            known::SCHEME => &mut scheme,
            known::PATH => &mut path,
            known::AUTHORITY => &mut authority,
            known::PROTOCOL => &mut protocol,
            token => {
                regular.check(noted, &field)?;
                match token {
                    known::HOST if host.is_some() => return Err(Malformed),
                    known::HOST => host = Some(field.value),
                    known::COOKIE => request.crumbs += 1,
                    // Several lines are one list (RFC 9110 section 5.3).
                    known::PRIORITY => request.priority.get_or_insert_default().update(field.value),
                    _ => {}
                }
                continue;
            }
        };
        // Section 8.3: "All pseudo-header fields MUST appear in a field block before all regular field lines. [..]
        // The same pseudo-header field name MUST NOT appear more than once in a field block."
        if regular.seen || noted.malformed || pseudo.replace(field.value).is_some() {
            return Err(Malformed);
        }
    }
    request.content_length = regular.content_length;

    let method = method.filter(|method| is_token(method)).ok_or(Malformed)?;
    request.kind = match method {
        b"HEAD" => RequestKind::Head,
        b"CONNECT" => RequestKind::Connect,
        _ => RequestKind::Other,
    };
    if let Some(protocol) = protocol {
        // RFC 8441 section 4: only with CONNECT, only where it was allowed, and with :scheme and :path.
        if !extended_connect || request.kind != RequestKind::Connect || !is_token(protocol) {
            return Err(Malformed);
        }
        request.extended = true;
    }
    if request.kind == RequestKind::Connect {
        // What follows is the tunnel's, not content (section 8.5; RFC 9110 section 9.3.6).
        request.content_length = None;
    }
    if request.kind == RequestKind::Connect && !request.extended {
        // Section 8.5: "The ":scheme" and ":path" pseudo-header fields MUST be omitted. The ":authority"
        // pseudo-header field contains the host and port to connect to". RFC 9110 section 9.3.6: "There is no default
        // port".
        let target =
            authority.and_then(Authority::parse).filter(|target| target.port.is_some_and(|port| port > 0));
        let sound = scheme.is_none() && path.is_none() && target.is_some();
        return if sound { Ok(request) } else { Err(Malformed) };
    }

    let scheme = scheme.filter(|scheme| is_scheme(scheme)).ok_or(Malformed)?;
    let path = path.ok_or(Malformed)?;
    let target = |byte: &u8| *byte > b' ' && *byte != 0x7f && *byte != b'#';
    if !path.iter().all(target) {
        return Err(Malformed);
    }
    let same = if scheme.eq_ignore_ascii_case(b"http") || scheme.eq_ignore_ascii_case(b"https") {
        // Section 8.3.1: "This pseudo-header field MUST NOT be empty for "http" or "https" URIs"; it is an absolute
        // path, or `*` for OPTIONS.
        let rooted = match path {
            [b'/', ..] => true,
            b"*" => method == b"OPTIONS",
            _ => false,
        };
        if !rooted {
            return Err(Malformed);
        }
        // "":authority" MUST NOT include the deprecated userinfo subcomponent for "http" or "https" schemed URIs."
        // An empty host is invalid for both (RFC 9110 section 4.2.1).
        let authority = authority.map(|text| Authority::parse(text).ok_or(Malformed)).transpose()?;
        let host = host.map(|text| Authority::parse(text).ok_or(Malformed)).transpose()?;
        authority.zip(host).is_none_or(|(authority, host)| authority.is_same(host, scheme))
    } else {
        let sound = authority.is_none_or(|authority| authority.iter().all(target));
        sound && authority.zip(host).is_none_or(|(authority, host)| authority.eq_ignore_ascii_case(host))
    };
    // "A server SHOULD treat a request as malformed if it contains a Host header field that identifies an entity that
    // differs from the entity in the ":authority" pseudo-header field."
    if same { Ok(request) } else { Err(Malformed) }
}

/// Checks a response, final or informational (section 8.3.2).
pub(crate) fn response<'f>(fields: impl Iterator<Item = (Noted, Field<'f>)>) -> Result<Response, Malformed> {
    let mut status = None;
    let mut regular = Regular::default();
    for (noted, field) in fields {
        if noted.token == known::STATUS {
            if regular.seen || status.replace(field.value).is_some() {
                return Err(Malformed);
            }
        } else {
            regular.check(noted, &field)?;
        }
    }
    let &[a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] = status.ok_or(Malformed)? else {
        return Err(Malformed);
    };
    let [a, b, c] = [a, b, c].map(|digit| u16::from(digit - b'0'));
    let status = a * 100 + b * 10 + c;
    // Section 8.6: "HTTP/2 removes support for the 101 (Switching Protocols) informational status code".
    if status == 101 {
        Err(Malformed)
    } else {
        Ok(Response { status, content_length: regular.content_length })
    }
}

/// Checks trailers: "Pseudo-header fields MUST NOT appear in a trailer section" (section 8.1).
///
/// Fields that frame, route or condition the message are prohibited there (RFC 9110 section 6.5.1), and prohibited fields
/// make a message malformed (section 8.1.1).
pub(crate) fn trailers<'f>(fields: impl Iterator<Item = (Noted, Field<'f>)>) -> Result<(), Malformed> {
    let mut regular = Regular::default();
    for (noted, field) in fields {
        regular.check(noted, &field)?;
        let prohibited = matches!(noted.token, known::CONTENT_LENGTH | known::HOST | known::EXPECT);
        if prohibited || field.name == b"trailer" {
            return Err(Malformed);
        }
    }
    Ok(())
}

/// The rules for fields that are not pseudo-header fields.
#[derive(Default)]
struct Regular {
    seen: bool,
    content_length: Option<u64>,
    /// Requests alone may have TE.
    may_have_te: bool,
}

impl Regular {
    #[inline]
    fn check(&mut self, noted: Noted, field: &Field<'_>) -> Result<(), Malformed> {
        self.seen = true;
        // Names with a colon in front are pseudo-header fields, and not of this message: "Endpoints MUST treat a
        // request or response that contains undefined or invalid pseudo-header fields as malformed."
        if noted.malformed || field.name.first() == Some(&b':') {
            return Err(Malformed);
        }
        match noted.token {
            // Section 8.2.2: "Any message containing connection-specific header fields MUST be treated as malformed".
            known::CONNECTION
            | known::KEEP_ALIVE
            | known::PROXY_CONNECTION
            | known::TRANSFER_ENCODING
            | known::UPGRADE => Err(Malformed),
            // "The only exception to this is the TE header field, which MAY be present in an HTTP/2 request; when it
            // is, it MUST NOT contain any value other than "trailers"."
            known::TE if !self.may_have_te || !field.value.eq_ignore_ascii_case(b"trailers") => {
                Err(Malformed)
            }
            known::CONTENT_LENGTH => {
                let length = digits(field.value).ok_or(Malformed)?;
                if self.content_length.replace(length).is_some() { Err(Malformed) } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }
}

/// `1*DIGIT` that fits 64 bits.
fn digits(value: &[u8]) -> Option<u64> {
    let digit = |sum: u64, &byte: &u8| {
        let digit = byte.checked_sub(b'0').filter(|&digit| digit < 10)?;
        sum.checked_mul(10)?.checked_add(digit.into())
    };
    value.first()?;
    value.iter().try_fold(0, digit)
}

/// RFC 9110 section 5.6.2.
fn is_token(value: &[u8]) -> bool {
    if matches!(value, b"GET" | b"POST") {
        return true;
    }
    let tchar = |&byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !value.is_empty() && value.iter().all(tchar)
}

/// RFC 3986 section 3.1.
fn is_scheme(value: &[u8]) -> bool {
    if matches!(value, b"http" | b"https") {
        return true;
    }
    let rest = |&byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    value.first().is_some_and(u8::is_ascii_alphabetic) && value.iter().all(rest)
}
