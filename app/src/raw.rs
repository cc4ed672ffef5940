//! A connection as bytes.

use crate::fields::Fields;
use crate::handler::Handler;
use crate::role::Role;
use crate::turn::{Stopped, Turn};

impl<H: Handler> Turn<'_, '_, H> {
    #[inline(never)]
    pub(crate) fn receive_bytes(&mut self, input: &mut [u8]) -> (usize, Stopped) {
        if input.is_empty() || !self.may_take() {
            return (0, Stopped::Idle);
        }
        let taken = input.len();
        if let Role::Raw(raw) = &mut self.connection.role {
            raw.touch();
        }
        self.tell(|handler, session, stream| handler.body(session, input, stream));
        self.write();
        (taken, Stopped::Idle)
    }

    pub(crate) fn raw_eof(&mut self) {
        let Role::Raw(raw) = &mut self.connection.role else { return };
        if !std::mem::replace(&mut raw.received_eof, true) {
            self.tell(|handler, session, stream| handler.body_end(session, Fields::EMPTY, stream));
            self.write();
        }
    }
}

/// What the first bytes of a connection are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sniffed {
    /// They begin with an HTTP method and a space.
    Http,
    /// They are the connection preface of HTTP/2, whole.
    Http2,
    /// They do not.
    Other,
    /// So far they could be either.
    Incomplete,
}

/// Whether a connection's first bytes begin with an HTTP method
/// ([the registered ones](https://www.iana.org/assignments/http-methods) that clients send). An empty line before
/// the request line is HTTP too.
///
/// ```
/// use app::{Sniffed, sniff};
/// assert_eq!(sniff(b"GET / HTTP/1.1"), Sniffed::Http);
/// assert_eq!(sniff(b"PO"), Sniffed::Incomplete);
/// assert_eq!(sniff(b"\x16\x03\x01"), Sniffed::Other);
/// ```
pub fn sniff(bytes: &[u8]) -> Sniffed {
    let bytes = bytes.strip_prefix(b"\r\n").unwrap_or(bytes);
    let begins = |method: &[u8]| method.iter().zip(bytes).all(|(a, b)| a == b);
    match METHODS.iter().find(|method| begins(method)) {
        None if bytes == b"\r" => Sniffed::Incomplete,
        None => Sniffed::Other,
        Some(method) if bytes.len() >= method.len() => Sniffed::Http,
        Some(_) => Sniffed::Incomplete,
    }
}

const METHODS: [&[u8]; 16] = [
    b"GET ",
    b"HEAD ",
    b"POST ",
    b"PUT ",
    b"DELETE ",
    b"OPTIONS ",
    b"PATCH ",
    b"CONNECT ",
    b"TRACE ",
    b"PRI ",
    b"PROPFIND ",
    b"REPORT ",
    b"SEARCH ",
    b"MKCOL ",
    b"COPY ",
    b"MOVE ",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_is_decided_on_as_early_as_possible() {
        assert_eq!(sniff(b""), Sniffed::Incomplete);
        assert_eq!(sniff(b"\r"), Sniffed::Incomplete);
        assert_eq!(sniff(b"\r\nG"), Sniffed::Incomplete);
        assert_eq!(sniff(b"GETX"), Sniffed::Other);
        assert_eq!(sniff(b"get /"), Sniffed::Other);
        assert_eq!(sniff(b"OPTIONS * HTTP/1.1\r\n"), Sniffed::Http);
        assert_eq!(sniff(b"\x00"), Sniffed::Other);
    }
}
