use core::fmt;

use crate::Error;
use crate::fields::any;

/// The four forms of a request target ([RFC 9112 3.2](https://www.rfc-editor.org/rfc/rfc9112#section-3.2)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TargetForm {
    /// `/path?query`
    Origin,
    /// `http://host/path?query`
    Absolute,
    /// `host:port`, for CONNECT only.
    Authority,
    /// `*`, for OPTIONS only.
    Asterisk,
}

/// A request target: its form and its bytes as received.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Target<'b> {
    form: TargetForm,
    bytes: &'b [u8],
}

impl<'b> Target<'b> {
    /// Which form it has.
    pub const fn form(&self) -> TargetForm {
        self.form
    }

    /// The target as received.
    pub const fn as_bytes(&self) -> &'b [u8] {
        self.bytes
    }

    /// The path, still percent-encoded: `/` for an absolute target without one, empty for `host:port` and `*`.
    pub fn path(&self) -> &'b [u8] {
        let path = split_at_byte(self.path_and_query(), b'?').0;
        if path.is_empty() && self.form == TargetForm::Absolute { b"/" } else { path }
    }

    /// What follows the first `?`, if there is one.
    pub fn query(&self) -> Option<&'b [u8]> {
        split_at_byte(self.path_and_query(), b'?').1
    }

    /// The host and port in the target, of the absolute and authority forms.
    pub fn authority(&self) -> Option<&'b [u8]> {
        match self.form {
            TargetForm::Absolute => Some(split_absolute(self.bytes)?.1),
            TargetForm::Authority => Some(self.bytes),
            TargetForm::Origin | TargetForm::Asterisk => None,
        }
    }

    fn path_and_query(&self) -> &'b [u8] {
        match self.form {
            TargetForm::Origin => self.bytes,
            TargetForm::Absolute => split_absolute(self.bytes).map_or(b"", |(_, _, rest)| rest),
            TargetForm::Authority | TargetForm::Asterisk => b"",
        }
    }

    /// Checks `bytes`, which hold neither blanks nor control bytes, as the target of `method`.
    pub(crate) fn parse(method: &[u8], bytes: &'b [u8]) -> Result<Self, Error> {
        let target = Self::parse_clean(method, bytes)?;
        if has_excluded(bytes) { Err(Error::Target) } else { Ok(target) }
    }

    /// [`parse`](Self::parse) for `bytes` without what [`has_excluded`] looks for.
    #[inline(always)]
    pub(crate) fn parse_clean(method: &[u8], bytes: &'b [u8]) -> Result<Self, Error> {
        let form = match bytes {
            _ if method == b"CONNECT" => Self::authority_form(bytes)?,
            [b'/', ..] => TargetForm::Origin,
            b"*" if method == b"OPTIONS" => TargetForm::Asterisk,
            _ => Self::absolute_form(bytes)?,
        };
        Ok(Self { form, bytes })
    }

    /// RFC 9112 3.2.3: `uri-host ":" port`, the port not empty.
    fn authority_form(bytes: &[u8]) -> Result<TargetForm, Error> {
        match host_and_port(bytes) {
            Some((_, Some(_))) => Ok(TargetForm::Authority),
            _ => Err(Error::Target),
        }
    }

    /// RFC 9112 3.2.2, with an authority, which every URI that a server could answer for has.
    fn absolute_form(bytes: &[u8]) -> Result<TargetForm, Error> {
        let (scheme, authority, rest) = split_absolute(bytes).ok_or(Error::Target)?;
        let scheme_fits = scheme.first().is_some_and(u8::is_ascii_alphabetic)
            && scheme.iter().all(|&b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
        if !scheme_fits || !matches!(rest.first(), None | Some(b'/' | b'?')) {
            return Err(Error::Target);
        }
        host_and_port(authority).map(|_| TargetForm::Absolute).ok_or(Error::HostInvalid)
    }
}

impl fmt::Debug for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} \"{}\"", self.form, self.bytes.escape_ascii())
    }
}

/// Whether `bytes` hold what RFC 3986 excludes and no browser sends. `|`, `{` and their like are excluded as well,
/// but browsers send them unencoded in queries.
fn has_excluded(bytes: &[u8]) -> bool {
    any(bytes, |byte| (byte == b'"') | (byte == b'#') | (byte == b'<') | (byte == b'>') | (byte >= 0x80))
}

/// Scheme, authority, and the rest from the first `/`, `?` or `#` on.
pub(crate) fn split_absolute(uri: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let colon = uri.iter().position(|&byte| byte == b':')?;
    let (scheme, rest) = uri.split_at(colon);
    let rest = rest.strip_prefix(b"://")?;
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    Some((scheme, authority, rest))
}

/// Splits at the first `byte`, which belongs to neither part.
pub(crate) fn split_at_byte(bytes: &[u8], byte: u8) -> (&[u8], Option<&[u8]>) {
    match bytes.iter().position(|&found| found == byte) {
        Some(at) => (bytes.get(..at).unwrap_or_default(), bytes.get(at + 1..)),
        None => (bytes, None),
    }
}

/// `uri-host [ ":" port ]` ([RFC 9110 7.2](https://www.rfc-editor.org/rfc/rfc9110#section-7.2)): a non-empty host
/// (an http URI without one is invalid, RFC 9110 4.2.1; user information is not part of it, 4.2.4), brackets
/// included, and the port if one is given.
pub(crate) fn host_and_port(authority: &[u8]) -> Option<(&[u8], Option<u16>)> {
    let (host, rest) = match authority {
        [b'[', ..] => {
            let end = authority.iter().position(|&byte| byte == b']')?;
            let (literal, rest) = authority.split_at(end + 1);
            let inside = literal.get(1..end)?;
            let fits = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
            let future =
                matches!(inside, [b'v' | b'V', ..]) && inside.iter().all(|&b| is_host_byte(b) || b == b':');
            let address = inside.contains(&b':') && inside.iter().all(fits);
            if !address && !future {
                return None;
            }
            (literal, rest)
        }
        _ => {
            let end = authority.iter().position(|&byte| byte == b':').unwrap_or(authority.len());
            let (host, rest) = authority.split_at(end);
            if host.is_empty() || !is_reg_name(host) {
                return None;
            }
            (host, rest)
        }
    };
    match rest {
        [] | [b':'] => Some((host, None)), // an empty port means the default one (RFC 3986 3.2.3)
        [b':', digits @ ..] => Some((host, Some(port(digits)?))),
        _ => None,
    }
}

fn port(digits: &[u8]) -> Option<u16> {
    digits.iter().try_fold(0_u16, |port, &byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit <= 9).then_some(digit).and_then(|d| port.checked_mul(10)?.checked_add(d.into()))
    })
}

/// Whether `authority` is a host with or without a port; see [`host_and_port`].
#[inline(always)]
pub(crate) fn is_host(authority: &[u8]) -> bool {
    let unusual = |byte: u8| {
        let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
        let digit = byte.wrapping_sub(b'0') < 10;
        !(letter | digit | (byte == b'.') | (byte == b'-'))
    };
    (!authority.is_empty() && !any(authority, unusual)) || host_and_port(authority).is_some()
}

/// RFC 3986 3.2.2 `reg-name`, percent-encodings checked.
fn is_reg_name(host: &[u8]) -> bool {
    let mut rest = host;
    loop {
        match rest {
            [] => return true,
            [b'%', high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                rest = after
            }
            [byte, after @ ..] if is_host_byte(*byte) => rest = after,
            _ => return false,
        }
    }
}

#[inline(always)]
fn is_host_byte(byte: u8) -> bool {
    HOST_BYTES[usize::from(byte)]
}

static HOST_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 0x80 {
        table[byte as usize] = byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'-' | b'.'
                    | b'_'
                    | b'~'
                    | b'!'
                    | b'$'
                    | b'&'
                    | b'\''
                    | b'('
                    | b')'
                    | b'*'
                    | b'+'
                    | b','
                    | b';'
                    | b'='
            );
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for (authority, expected) in [
            (&b"example.com"[..], Some((&b"example.com"[..], None))),
            (b"example.com:80", Some((b"example.com", Some(80)))),
            (b"example.com:", Some((b"example.com", None))),
            (b"[::1]:8080", Some((b"[::1]", Some(8080)))),
            (b"[v1.a:b]", Some((b"[v1.a:b]", None))),
            (b"a%2Fb", Some((b"a%2Fb", None))),
            (b"", None),
            (b":80", None),
            (b"a:65536", None),
            (b"a:+80", None),
            (b"a:8 0", None),
            (b"a b", None),
            (b"a/b", None),
            (b"u@a", None),
            (b"a%2", None),
            (b"a%zz", None),
            (b"[::1", None),
            (b"[::1]x", None),
            (b"[g::1]", None),
            (b"[]", None),
            (b"a,b", Some((b"a,b", None))),
        ] {
            assert_eq!(host_and_port(authority), expected, "{}", authority.escape_ascii());
        }
    }
}
