use core::fmt;

macro_rules! errors {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:expr, $text:literal;)*) => {
        /// A fault of the peer, fatal to the connection.
        ///
        /// [`status`](Self::status) is the answer a server gives, [`code`](Self::code) a number that never changes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum Error { $($(#[$doc])* $name = $code,)* }

        impl Error {
            /// Every error, in the order of the codes.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The status that answers this fault of a request; `None` where no answer is possible.
            pub const fn status(self) -> Option<u16> {
                match self { $(Self::$name => $status,)* }
            }

            pub(crate) const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

errors! {
    /// A line feed without the carriage return before it (RFC 9112 2.2).
    BareLf = 1, Some(400), "bare line feed";
    /// A carriage return without the line feed after it (RFC 9112 2.2).
    BareCr = 2, Some(400), "bare carriage return";
    /// NUL, DEL or another control byte in a head (RFC 9110 5.5).
    ControlByte = 3, Some(400), "control byte in a head";
    /// A request line that is not method, target and version with one space between each (RFC 9112 3).
    RequestLine = 4, Some(400), "malformed request line";
    /// A method that is not a token (RFC 9110 9.1).
    Method = 5, Some(400), "method is not a token";
    /// A target in none of the four forms, or in one its method does not allow (RFC 9112 3.2).
    Target = 6, Some(400), "bad request target";
    /// The target is longer than [`Limits::target`](crate::Limits::target).
    TargetTooLong = 7, Some(414), "request target too long";
    /// A major version other than 1 (RFC 9110 2.5).
    Version = 8, Some(505), "HTTP version not supported";
    /// A field line without colon, with a bad name, or with blanks before the colon (RFC 9112 5.1).
    FieldLine = 9, Some(400), "malformed field line";
    /// A folded field line (RFC 9112 5.2).
    ObsFold = 10, Some(400), "folded field line";
    /// More field lines than [`Limits::fields`](crate::Limits::fields).
    TooManyFields = 11, Some(431), "too many fields";
    /// A head longer than [`Limits::head`](crate::Limits::head).
    HeadTooLarge = 12, Some(431), "head too large";
    /// No Host, which HTTP/1.1 requires (RFC 9112 3.2).
    HostMissing = 13, Some(400), "no Host";
    /// More than one Host (RFC 9112 3.2).
    HostRepeated = 14, Some(400), "repeated Host";
    /// A Host, or an authority in the target, that is no host and port (RFC 9112 3.2).
    HostInvalid = 15, Some(400), "invalid Host";
    /// A Content-Length that is not a plain number (RFC 9110 8.6).
    ContentLength = 16, Some(400), "invalid Content-Length";
    /// More than one Content-Length (RFC 9110 8.6).
    ContentLengthRepeated = 17, Some(400), "repeated Content-Length";
    /// Both Content-Length and Transfer-Encoding (RFC 9112 6.1).
    LengthAndCoding = 18, Some(400), "Content-Length with Transfer-Encoding";
    /// A Transfer-Encoding that does not end with one `chunked` (RFC 9112 6.3).
    TransferCoding = 19, Some(400), "bad Transfer-Encoding";
    /// A transfer coding that is not implemented, below `chunked` (RFC 9112 6.1).
    TransferCodingUnknown = 20, Some(501), "transfer coding not implemented";
    /// Transfer-Encoding in an HTTP/1.0 message (RFC 9112 6.1).
    TransferCodingVersion = 21, Some(400), "Transfer-Encoding in HTTP/1.0";
    /// An expectation other than `100-continue` (RFC 9110 10.1.1).
    Expectation = 22, Some(417), "unknown expectation";
    /// A body longer than allowed.
    BodyTooLarge = 23, Some(413), "body too large";
    /// Content announced by a CONNECT request (RFC 9110 9.3.6).
    ConnectBody = 24, Some(400), "CONNECT with content";
    /// A chunk size that is not a hexadecimal number below 2^64 (RFC 9112 7.1).
    ChunkSize = 25, Some(400), "bad chunk size";
    /// A malformed chunk extension (RFC 9112 7.1.1).
    ChunkExtension = 26, Some(400), "bad chunk extension";
    /// Chunk extensions beyond [`Limits::extension_line`](crate::Limits::extension_line) or
    /// [`Limits::extensions`](crate::Limits::extensions).
    ChunkExtensionTooLarge = 27, Some(400), "chunk extensions too large";
    /// No line end behind the data of a chunk (RFC 9112 7.1).
    ChunkEnd = 28, Some(400), "chunk data not followed by a line end";
    /// A trailer field that may not be one: framing or routing (RFC 9110 6.5.1).
    Trailer = 29, Some(400), "forbidden trailer field";
    /// A trailer section longer than [`Limits::trailers`](crate::Limits::trailers).
    TrailersTooLarge = 30, Some(431), "trailer section too large";
    /// A head was not complete in time.
    HeadTimeout = 31, Some(408), "head not complete in time";
    /// A body came too slowly.
    BodyTooSlow = 32, Some(408), "body below the minimum rate";
    /// The transport ended within a head.
    HeadCut = 33, Some(400), "connection ended within a head";
    /// The transport ended before the announced length of a body.
    BodyCut = 34, Some(400), "connection ended within a body";
    /// The transport ended before the last chunk or within the trailer section.
    ChunkedCut = 35, Some(400), "connection ended within a chunked body";
    /// A malformed status line (RFC 9112 4).
    StatusLine = 36, None, "malformed status line";
    /// A switch of protocols nobody asked for (RFC 9110 15.2.2).
    UnexpectedUpgrade = 37, None, "unexpected 101 response";
    /// Bytes from a server that owes no response.
    Unsolicited = 38, None, "bytes without a request";
    /// More interim responses than [`Limits::informational`](crate::Limits::informational).
    TooManyInformational = 39, None, "too many interim responses";
    /// The transport ended before any byte of the response.
    NoResponse = 40, None, "connection ended before the response";
    /// A folded head does not fit into the scratch space.
    ScratchTooSmall = 41, Some(431), "folded head larger than the scratch space";
    /// A method that fills the whole head, longer than any there is (RFC 9112 3).
    MethodTooLong = 42, Some(501), "method too long";
}

impl Error {
    /// A number for this error that never changes, for logs and other languages.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Whether the message was cut short, rather than badly framed.
    pub const fn is_cut_short(self) -> bool {
        matches!(self, Self::HeadCut | Self::BodyCut | Self::ChunkedCut | Self::NoResponse)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl core::error::Error for Error {}
