//! From a URL to where to connect and what to ask for.

use std::path::Path;

use app::{Address, Target, TlsTarget};

use crate::exit::{Failure, Kind};

/// A URL of one of the schemes a command takes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Url {
    pub(crate) tls: bool,
    /// Host name or address, without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// For the `Host` field: host and port as written.
    pub(crate) authority: String,
    /// For the request line: path and query.
    pub(crate) path: String,
}

impl Url {
    /// Reads `text`; without a scheme it is `plain`'s.
    pub(crate) fn parse(text: &str, plain: &str, secure: &str) -> Result<Self, Failure> {
        let bad = |what: &str| Failure::new(Kind::Url, format!("{what}: {text}"));
        let (scheme, rest) = text.split_once("://").unwrap_or((plain, text));
        let tls = match scheme.to_ascii_lowercase() {
            scheme if scheme == plain => false,
            scheme if scheme == secure => true,
            _ => return Err(bad(&format!("a URL begins with {plain}:// or {secure}://"))),
        };
        let rest = rest.split_once('#').map_or(rest, |(rest, _)| rest);
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') {
            return Err(bad("give user and password with -H 'Authorization: ..', not in the URL"));
        }
        let (host, port) = match authority.strip_prefix('[') {
            Some(v6) => {
                let (host, port) = v6.split_once(']').ok_or_else(|| bad("no closing bracket in the URL"))?;
                host.parse::<std::net::Ipv6Addr>().map_err(|_| bad("no IPv6 address in the brackets"))?;
                (
                    host,
                    if port.is_empty() {
                        None
                    } else {
                        Some(port.strip_prefix(':').ok_or_else(|| bad("bad port"))?)
                    },
                )
            }
            None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
        };
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:%".contains(&byte);
        if host.is_empty() || !host.bytes().all(is_name) {
            return Err(bad("no valid host in the URL"));
        }
        let port = match port {
            None | Some("") => {
                if tls {
                    443
                } else {
                    80
                }
            }
            Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
                port.parse().map_err(|_| bad("a port is at most 65535"))?
            }
            Some(_) => return Err(bad("bad port in the URL")),
        };
        if !path.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>".contains(&byte)) {
            return Err(bad(
                "blanks, quotes, angle brackets and what is beyond ASCII must be percent-encoded",
            ));
        }
        let path = match path.as_bytes().first() {
            Some(b'/') => path.to_owned(),
            _ => format!("/{path}"),
        };
        Ok(Self { tls, host: host.to_owned(), port, authority: authority.to_owned(), path })
    }

    /// Where to connect to: the URL's host, or a unix socket instead; and what TLS is to offer, most wanted first.
    pub(crate) fn target(&self, unix_socket: Option<&Path>, alpn: &[&str]) -> Target {
        let alpn = alpn.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        let tls = self.tls.then(|| TlsTarget { server_name: self.host.clone(), alpn });
        let address = match unix_socket {
            Some(path) => Address::Unix(path.into()),
            None => Address::Host(self.host.clone(), self.port),
        };
        Target { address, tls, timeout: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Url, Failure> {
        Url::parse(text, "http", "https")
    }

    #[test]
    fn parts() {
        let url = parse("https://example.org:8443/a/b?c=d#e").unwrap();
        assert_eq!((url.tls, &*url.host, url.port), (true, "example.org", 8443));
        assert_eq!((&*url.authority, &*url.path), ("example.org:8443", "/a/b?c=d"));
        let url = parse("127.0.0.1:80").unwrap();
        assert_eq!((url.tls, &*url.host, url.port, &*url.path), (false, "127.0.0.1", 80, "/"));
        let url = parse("HTTP://[::1]:9?q").unwrap();
        assert_eq!((&*url.host, url.port, &*url.authority, &*url.path), ("::1", 9, "[::1]:9", "/?q"));
        assert_eq!(parse("https://h").unwrap().port, 443);
        assert_eq!(parse("http://h:").unwrap().port, 80);
    }

    #[test]
    fn faults() {
        for text in [
            "",
            "http://",
            "ftp://h/",
            "http://h:99999/",
            "http://h:+1/",
            "http://h:x/",
            "http://[::1",
            "http://[::1]x",
            "http://[nonsense]/",
            "http://a b/",
            "http://h/a b",
            "http://user@h/",
            "http://h/\r\nx",
            "http://hé/",
            "http://h/a\"b",
            "http://h/<",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
