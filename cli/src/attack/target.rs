//! What may be attacked: this machine and nothing else.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use crate::exit::{Failure, Kind};

/// A server on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) place: Place,
    pub(super) tls: bool,
}

/// Where it listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl Target {
    /// Reads `ADDR:PORT`, `http://ADDR:PORT/`, `https://ADDR:PORT/` or `unix:PATH`. The address is a literal, or
    /// `localhost`, which is 127.0.0.1 here: nothing is resolved, so nothing can resolve to another machine.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let refuse = |why: &str| Failure::new(Kind::Usage, format!("cannot attack {text}: {why}"));
        if let Some(path) = text.strip_prefix("unix:") {
            let place = Place::Unix(path.into());
            return if path.is_empty() { Err(refuse("no path")) } else { Ok(Self { place, tls: false }) };
        }
        let (tls, authority) = match text.split_once("://") {
            Some(("http", rest)) => (false, rest.strip_suffix('/').unwrap_or(rest)),
            Some(("https", rest)) => (true, rest.strip_suffix('/').unwrap_or(rest)),
            Some(_) => return Err(refuse("wanted http://, https:// or unix:PATH")),
            None => (false, text),
        };
        let address = match authority.strip_prefix("localhost:") {
            Some(port) => port.parse().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port))).ok(),
            None => authority.parse().ok(),
        };
        let address = address
            .ok_or_else(|| refuse("wanted ADDR:PORT with an address in digits; names are not resolved"))?;
        if !is_loopback(address.ip()) {
            return Err(refuse("it is not on this machine (127.0.0.0/8, ::1 or a unix socket)"));
        }
        Ok(Self { place: Place::Tcp(address), tls })
    }
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_and_no_other() {
        for text in [
            "127.0.0.1:80",
            "127.255.255.254:1",
            "[::1]:80",
            "[::ffff:127.0.0.1]:80",
            "localhost:8080",
            "http://127.0.0.1:7681/",
            "https://[::1]:7682",
            "unix:/run/x",
            "unix:@abstract",
        ] {
            assert!(Target::parse(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "unix:",
            "127.0.0.1",
            "10.0.0.1:80",
            "0.0.0.0:80",
            "[::]:80",
            "[fe80::1]:80",
            "[::ffff:10.0.0.1]:80",
            "192.168.1.1:80",
            "128.0.0.1:80",
            "example.org:80",
            "localhost.example.org:80",
            "127.0.0.1.example.org:80",
            "2130706433:80",
            "0x7f.1:80",
            "http://127.0.0.1:80@10.0.0.1:80/",
            "http://10.0.0.1:80/#127.0.0.1:80",
            "ftp://127.0.0.1:21/",
        ] {
            assert!(Target::parse(text).is_err(), "{text}");
        }
        assert!(Target::parse("https://127.0.0.1:1").is_ok_and(|target| target.tls));
    }
}
