//! Splitting URIs ([RFC 3986 3](https://www.rfc-editor.org/rfc/rfc3986#section-3)) without copying or changing them.

use core::fmt;

use crate::target::{host_and_port, split_absolute, split_at_byte};

/// The parts of an absolute URI with an authority, `http://user@host:80/path?query#fragment`, as they stand there.
///
/// ```
/// use proto_h1::uri::Uri;
/// let uri = Uri::parse(b"https://[::1]:8443/a/b?c=d#e")?;
/// assert_eq!((uri.scheme, uri.host, uri.port), (&b"https"[..], &b"[::1]"[..], Some(8443)));
/// assert_eq!((uri.path, uri.query, uri.fragment), (&b"/a/b"[..], Some(&b"c=d"[..]), Some(&b"e"[..])));
/// assert_eq!(uri.path_and_query, b"/a/b?c=d");
/// # Ok::<(), proto_h1::uri::BadUri>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Uri<'a> {
    /// The scheme, in whatever case.
    pub scheme: &'a [u8],
    /// What stands before `@`, percent-encoded.
    pub user_info: Option<&'a [u8]>,
    /// The host, with brackets if it is an IPv6 address.
    pub host: &'a [u8],
    /// The port, if one is given.
    pub port: Option<u16>,
    /// Host and port as they stand there: what goes into a Host field.
    pub authority: &'a [u8],
    /// The path, percent-encoded, with its leading `/`; empty if there is none.
    pub path: &'a [u8],
    /// What follows `?`.
    pub query: Option<&'a [u8]>,
    /// Path and query as they stand there: the request target, but for an empty path.
    pub path_and_query: &'a [u8],
    /// What follows `#`.
    pub fragment: Option<&'a [u8]>,
}

/// No absolute URI with a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadUri;

impl fmt::Display for BadUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an absolute URI with a host")
    }
}

impl core::error::Error for BadUri {}

impl<'a> Uri<'a> {
    /// Splits `uri`.
    ///
    /// # Errors
    /// [`BadUri`] when scheme or host are missing or malformed, or there are blanks, control bytes or bytes
    /// outside ASCII.
    pub fn parse(uri: &'a [u8]) -> Result<Self, BadUri> {
        let (scheme, authority, rest) = split_absolute(uri).ok_or(BadUri)?;
        let scheme_fits = scheme.first().is_some_and(u8::is_ascii_alphabetic)
            && scheme.iter().all(|&b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
        if !scheme_fits || !uri.iter().all(|byte| matches!(byte, b'!'..=b'~')) {
            return Err(BadUri);
        }
        let (user_info, authority) = match authority.iter().rposition(|&byte| byte == b'@') {
            Some(at) => (authority.get(..at), authority.get(at + 1..).unwrap_or_default()),
            None => (None, authority),
        };
        let (host, port) = host_and_port(authority).ok_or(BadUri)?;
        let (path_and_query, fragment) = split_at_byte(rest, b'#');
        let (path, query) = split_at_byte(path_and_query, b'?');
        Ok(Self { scheme, user_info, host, port, authority, path, query, path_and_query, fragment })
    }

    /// The port, or the default one of `http`, `https`, `ws` and `wss`.
    pub fn port_or_default(&self) -> Option<u16> {
        let default = || match self.scheme.len() {
            4 if self.scheme.eq_ignore_ascii_case(b"http") => Some(80),
            5 if self.scheme.eq_ignore_ascii_case(b"https") => Some(443),
            2 if self.scheme.eq_ignore_ascii_case(b"ws") => Some(80),
            3 if self.scheme.eq_ignore_ascii_case(b"wss") => Some(443),
            _ => None,
        };
        self.port.or_else(default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        let uri = Uri::parse(b"HTTP://u:p@a.b?x/y?z").unwrap();
        assert_eq!((uri.user_info, uri.host, uri.authority), (Some(&b"u:p"[..]), &b"a.b"[..], &b"a.b"[..]));
        assert_eq!((uri.path, uri.query, uri.fragment), (&b""[..], Some(&b"x/y?z"[..]), None));
        assert_eq!((uri.port, uri.port_or_default()), (None, Some(80)));
        assert_eq!(Uri::parse(b"wss://a:9#?").unwrap().port_or_default(), Some(9));
        assert_eq!(Uri::parse(b"ftp://a").unwrap().port_or_default(), None);
    }

    #[test]
    fn refused() {
        for uri in [
            &b""[..],
            b"/x",
            b"http:/a",
            b"http://",
            b"http://:80",
            b"1x://a",
            b"http://a b",
            b"http://a:b",
            b"http://\xc3\xa9/",
            b"http://[::1",
            b"http://a:70000/",
            b"://a",
        ] {
            assert_eq!(Uri::parse(uri), Err(BadUri), "{}", uri.escape_ascii());
        }
    }
}
