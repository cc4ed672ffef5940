/// What a connection allows its peer. `Default` is strict and bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Config {
    /// How much of everything.
    pub limits: Limits,
    /// Which deviations from the grammar are tolerated.
    pub lenient: Lenient,
}

/// The bounds of one connection. Each is allowed at its value and refused one beyond.
///
/// Times are whole seconds and zero turns a deadline off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of content of one received message, after removing the chunked coding. Default: no limit.
    /// Beyond: [`Error::BodyTooLarge`](crate::Error::BodyTooLarge), 413
    /// ([RFC 9110 15.5.14](https://www.rfc-editor.org/rfc/rfc9110#section-15.5.14)).
    pub body: u64,
    /// Bytes of a head: start line, field lines and the empty line. Default 8 KiB.
    /// Beyond: 431, or 414 while still in the request line
    /// ([RFC 9112 3](https://www.rfc-editor.org/rfc/rfc9112#section-3), RFC 6585 5).
    pub head: u32,
    /// Bytes of a request body that are read and thrown away after an early response, so that the connection
    /// can be reused. Default 256 KiB. Beyond: the connection closes
    /// ([RFC 9112 9.3](https://www.rfc-editor.org/rfc/rfc9112#section-9.3)).
    pub drain: u32,
    /// Bytes of chunk extensions in one body. Default 16 KiB. Beyond: 400
    /// ([RFC 9112 7.1.1](https://www.rfc-editor.org/rfc/rfc9112#section-7.1.1), CVE-2023-39326).
    pub extensions: u16,
    /// The rate in bytes per second that a body keeps, once [`body_grace`](Self::body_grace) is used up.
    /// Default 100. Below: 408 (slow body, RFC 9112 9.5). Zero: no minimum.
    pub body_rate: u32,
    /// Seconds for a head to be complete, from its first byte or, for the first head of a connection, from the
    /// connection's start. Default 10. Beyond: 408 when a byte was there, otherwise a silent close
    /// ([RFC 9112 9.5](https://www.rfc-editor.org/rfc/rfc9112#section-9.5), CVE-2007-6750).
    pub head_timeout: u16,
    /// Seconds a kept-alive server connection waits for the next request. Default 60. Beyond: silent close
    /// ([RFC 9112 9.5](https://www.rfc-editor.org/rfc/rfc9112#section-9.5)).
    pub idle_timeout: u16,
    /// Seconds that a body may lag behind its minimum rate: a body that stalls for so long, or lags by so much
    /// over time, is too slow. Also how long the rest of a body may take to be thrown away after an early
    /// response. Default 5.
    pub body_grace: u16,
    /// Seconds a client waits for `100 Continue` before it sends its body anyway. Default 1
    /// ([RFC 9110 10.1.1](https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1)).
    pub continue_timeout: u16,
    /// Bytes of a trailer section with the empty line that ends it. Default 8 KiB. Beyond: 431
    /// ([RFC 9112 7.1.2](https://www.rfc-editor.org/rfc/rfc9112#section-7.1.2)).
    pub trailers: u16,
    /// Bytes of a request target. Default 8000. Beyond: 414
    /// ([RFC 9112 3](https://www.rfc-editor.org/rfc/rfc9112#section-3)).
    pub target: u16,
    /// Field lines in a head, and in a trailer section. Default 100, at most
    /// [`MAX_FIELDS`](Self::MAX_FIELDS). Beyond: 431.
    pub fields: u16,
    /// Bytes of chunk extensions in one chunk line. Default 1 KiB. Beyond: 400
    /// ([RFC 9112 7.1.1](https://www.rfc-editor.org/rfc/rfc9112#section-7.1.1)).
    pub extension_line: u16,
    /// Interim (1xx) responses before one final response. Default 64. Beyond: an error at the client.
    pub informational: u16,
}

impl Limits {
    /// The most field lines that [`fields`](Self::fields) can allow; larger values count as this one.
    pub const MAX_FIELDS: u16 = 128;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: u64::MAX,
            head: 8 * 1024,
            drain: 256 * 1024,
            extensions: 16 * 1024,
            body_rate: 100,
            head_timeout: 10,
            idle_timeout: 60,
            body_grace: 5,
            continue_timeout: 1,
            trailers: 8 * 1024,
            target: 8000,
            fields: 100,
            extension_line: 1024,
            informational: 64,
        }
    }
}

/// Deviations from the grammar that are tolerated when set. All are off by default, because each has been part of
/// a request smuggling attack
/// ([RFC 9112 11.2](https://www.rfc-editor.org/rfc/rfc9112#section-11.2)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lenient {
    /// A line of a head or trailer section may end with a bare LF
    /// ([RFC 9112 2.2](https://www.rfc-editor.org/rfc/rfc9112#section-2.2)). Chunk framing stays strict.
    pub bare_lf: bool,
    /// A field line may be folded; the fold is replaced by blanks
    /// ([RFC 9112 5.2](https://www.rfc-editor.org/rfc/rfc9112#section-5.2)). A folded head is copied to the
    /// scratch space, which bounds it.
    pub obs_fold: bool,
    /// `Content-Length` may be repeated, in a list or in several lines, if all values are equal
    /// ([RFC 9110 8.6](https://www.rfc-editor.org/rfc/rfc9110#section-8.6)).
    pub identical_lengths: bool,
    /// More than one empty line may precede a start line
    /// ([RFC 9112 2.2](https://www.rfc-editor.org/rfc/rfc9112#section-2.2) asks for one).
    pub empty_lines: bool,
    /// A status line may end right after the status code, without the space before an empty reason
    /// ([RFC 9112 4](https://www.rfc-editor.org/rfc/rfc9112#section-4)).
    pub status_without_space: bool,
}
