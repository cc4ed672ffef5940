//! What an HTTP/1 server has answered, read by hand: an attacker's reading must not depend on the code attacked.

use super::wire::{End, Wire};

/// The statuses of all responses and how the connection stands, such as `400, closed` or `200 x3, open`. A response
/// that ends too early is `cut`.
pub(super) fn answer(wire: &Wire) -> String {
    format!("{}, {}", statuses(wire.heard()), ending(wire.end()))
}

/// The word for how a connection stands.
pub(super) fn ending(end: End) -> &'static str {
    match end {
        End::Open | End::OutOfBounds => "open",
        End::Closed => "closed",
        End::Reset => "reset",
    }
}

/// The statuses of all responses in `bytes`, runs of the same one counted.
pub(super) fn statuses(mut bytes: &[u8]) -> String {
    let mut runs: Vec<(String, usize)> = Vec::new();
    let mut add = |status: String| match runs.last_mut() {
        Some((last, count)) if *last == status => *count += 1,
        _ => runs.push((status, 1)),
    };
    while !bytes.is_empty() {
        let Some((status, framing, rest)) = head(bytes) else {
            add("garbage".to_owned());
            break;
        };
        match body(framing, rest) {
            Some(rest) => {
                add(status.to_string());
                bytes = rest;
            }
            None => {
                add(format!("{status} cut"));
                break;
            }
        }
    }
    if runs.is_empty() {
        return "no answer".to_owned();
    }
    let shown = runs.into_iter().map(|(status, count)| match count {
        1 => status,
        count => format!("{status} x{count}"),
    });
    shown.collect::<Vec<_>>().join(" ")
}

/// How a body ends.
enum Framing {
    Length(usize),
    Chunked,
}

/// The status and framing in a head, and what follows it.
fn head(bytes: &[u8]) -> Option<(u16, Framing, &[u8])> {
    let (head, rest) = split(bytes, b"\r\n\r\n")?;
    let head = std::str::from_utf8(head).ok()?;
    let mut lines = head.split("\r\n");
    let status: u16 = lines.next()?.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    let mut framing = Framing::Length(0);
    for line in lines {
        let (name, value) = line.split_once(": ")?;
        if name.eq_ignore_ascii_case("content-length") {
            framing = Framing::Length(value.parse().ok()?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            framing = Framing::Chunked;
        }
    }
    Some((status, framing, rest))
}

/// What follows the body; `None` when it is not complete.
fn body(framing: Framing, mut bytes: &[u8]) -> Option<&[u8]> {
    let Framing::Chunked = framing else {
        let Framing::Length(length) = framing else { return None };
        return bytes.get(length..);
    };
    loop {
        let (line, rest) = split(bytes, b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(line).ok()?, 16).ok()?;
        bytes = rest.get(size..)?.strip_prefix(b"\r\n")?;
        if size == 0 {
            return Some(bytes);
        }
    }
}

fn split<'a>(bytes: &'a [u8], at: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let place = bytes.windows(at.len()).position(|window| window == at)?;
    Some((&bytes[..place], &bytes[place + at.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responses_are_told_apart() {
        const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
        const NONE: &str = "HTTP/1.1 204 No Content\r\n\r\n";
        for (bytes, expected) in [
            (String::new(), "no answer"),
            (OK.repeat(3), "200 x3"),
            ([CHUNKED, NONE, OK].concat(), "200 204 200"),
            ([OK, &OK[..OK.len() - 1]].concat(), "200 200 cut"),
            (CHUNKED[..CHUNKED.len() - 2].to_owned(), "200 cut"),
            ([OK, "hello"].concat(), "200 garbage"),
        ] {
            assert_eq!(statuses(bytes.as_bytes()), expected);
        }
    }
}
