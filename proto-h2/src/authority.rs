/// A host with or without a port, `host [ ":" port ]` (RFC 3986 section 3.2, RFC 9110 section 4.2), as `:authority`
/// and Host have it for `http` and `https`. Userinfo is not part of it (RFC 9113 section 8.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Authority<'a> {
    /// Not empty; an address of version 6 has its brackets.
    host: &'a [u8],
    /// `None` where it is left out or empty.
    pub(crate) port: Option<u16>,
}

impl<'a> Authority<'a> {
    pub(crate) fn parse(text: &'a [u8]) -> Option<Self> {
        let host_len = match text {
            [b'[', rest @ ..] => {
                let end = rest.iter().position(|&byte| byte == b']')?;
                if !is_address(rest.get(..end)?) {
                    return None;
                }
                end + 2
            }
            _ => text.iter().position(|&byte| !HOST_BYTES[usize::from(byte)]).unwrap_or(text.len()),
        };
        let (host, rest) = text.split_at_checked(host_len).filter(|(host, _)| !host.is_empty())?;
        match rest {
            [] | [b':'] => Some(Self { host, port: None }),
            [b':', digits @ ..] => Some(Self { host, port: Some(port(digits)?) }),
            _ => None,
        }
    }

    /// Whether both name the same, where a port that is left out is that of `scheme`: "The values of fields need to
    /// be normalized to compare them" (RFC 9113 section 8.3.1).
    pub(crate) fn is_same(self, other: Self, scheme: &[u8]) -> bool {
        let default = if scheme.eq_ignore_ascii_case(b"https") { 443 } else { 80 };
        let port = |authority: Self| authority.port.unwrap_or(default);
        self.host.eq_ignore_ascii_case(other.host) && port(self) == port(other)
    }
}

/// What stands between brackets: IPv6address or IPvFuture.
fn is_address(inside: &[u8]) -> bool {
    match inside {
        [b'v' | b'V', future @ ..] => {
            !future.is_empty() && future.iter().all(|&byte| byte == b':' || HOST_BYTES[usize::from(byte)])
        }
        address => {
            let fits = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
            address.contains(&b':') && address.iter().all(fits)
        }
    }
}

fn port(digits: &[u8]) -> Option<u16> {
    digits.iter().try_fold(0_u16, |port, &byte| {
        let digit = byte.checked_sub(b'0').filter(|&digit| digit < 10)?;
        port.checked_mul(10)?.checked_add(digit.into())
    })
}

/// The characters of a reg-name.
static HOST_BYTES: [bool; 256] = {
    const OTHERS: &[u8] = b"-._~%!$&'()*+,;=";
    let mut allowed = [false; 256];
    let mut byte = 0;
    while byte < 128_u8 {
        allowed[byte as usize] = byte.is_ascii_alphanumeric();
        byte += 1;
    }
    let mut at = 0;
    while at < OTHERS.len() {
        allowed[OTHERS[at] as usize] = true;
        at += 1;
    }
    allowed
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports() {
        for (text, host, port) in [
            (&b"example.com"[..], &b"example.com"[..], None),
            (b"a:80", b"a", Some(80)),
            (b"a:", b"a", None),
            (b"127.0.0.1:65535", b"127.0.0.1", Some(65_535)),
            (b"[::1]", b"[::1]", None),
            (b"[2001:db8::1.2.3.4]:0", b"[2001:db8::1.2.3.4]", Some(0)),
            (b"[v1.a:b]:1", b"[v1.a:b]", Some(1)),
            (b"x_y%20,z", b"x_y%20,z", None),
        ] {
            assert_eq!(Authority::parse(text), Some(Authority { host, port }), "{}", text.escape_ascii());
        }
        for bad in [
            &b""[..],
            b":80",
            b"a:b",
            b"a:+1",
            b"a:65536",
            b"a:1:2",
            b"a@b",
            b"a/b",
            b"a b",
            b"a?",
            b"a\\b",
            b"\xc3\xa9",
            b"[::1",
            b"[]",
            b"[a]",
            b"[v]",
            b"[::1]x",
            b"a[::1]",
        ] {
            assert_eq!(Authority::parse(bad), None, "{}", bad.escape_ascii());
        }
    }

    #[test]
    fn the_same_authority_in_other_words() {
        let same = |a: &[u8], b: &[u8], scheme: &[u8]| {
            Authority::parse(a).unwrap().is_same(Authority::parse(b).unwrap(), scheme)
        };
        assert!(same(b"Example.COM", b"example.com:80", b"http"));
        assert!(same(b"example.com:443", b"example.com:", b"HTTPS"));
        assert!(!same(b"example.com:80", b"example.com", b"https"));
        assert!(!same(b"example.com", b"example.org", b"http"));
    }
}
