/// What a peer may do, and how much memory and work it can cause. Each limit has a default that honest peers do not
/// meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Octets of the peer's compression table here (SETTINGS_HEADER_TABLE_SIZE, RFC 9113 section 6.5.2), at most
    /// 256 KiB. This much memory is allocated for each connection, or 4096 when it is less, which a peer may use
    /// until it acknowledges. Default 4096. More: COMPRESSION_ERROR.
    pub header_table: u32,
    /// Octets of our own compression table, however much the peer offers; about 1.4 times as much memory is
    /// allocated for each connection. Default 512; a client whose requests have many fields gains from 4096.
    pub encoder_table: u32,
    /// Streams that the peer may have open at a time (SETTINGS_MAX_CONCURRENT_STREAMS, section 5.1.2). Default 100.
    /// One more is reset with REFUSED_STREAM.
    pub concurrent_streams: u32,
    /// Streams that this end opens at a time, however many the peer allows. Default 1024. One more:
    /// [`SendError::Blocked`](proto_core::SendError::Blocked).
    pub own_streams: u32,
    /// Octets the peer may send on a stream before it is given new credit (SETTINGS_INITIAL_WINDOW_SIZE, section
    /// 6.9.2), at most 2^31-1. Default 262,144. More: FLOW_CONTROL_ERROR of the stream.
    pub stream_window: u32,
    /// Octets the peer may send on all streams together before it is given new credit (section 6.9), 65,535 to
    /// 2^31-1. Default 1,048,576. More: FLOW_CONTROL_ERROR of the connection.
    pub connection_window: u32,
    /// Octets of a frame's payload (SETTINGS_MAX_FRAME_SIZE, section 4.2), 16,384 to 2^24-1. Default 16,384. More:
    /// FRAME_SIZE_ERROR. Only DATA is ever longer than 16,384.
    pub frame_size: u32,
    /// Octets of a field block as it comes, HEADERS and CONTINUATION together, counted before anything is decoded
    /// (CVE-2024-27316). Default 16,384. More: ENHANCE_YOUR_CALM.
    pub header_block: u32,
    /// CONTINUATION frames to one field block (CVE-2024-27316). Default 8. More: ENHANCE_YOUR_CALM.
    pub continuations: u8,
    /// The decoded list of fields, 32 for each and the lengths of name and value
    /// (SETTINGS_MAX_HEADER_LIST_SIZE, section 6.5.2). Default 16,384. More: a request is answered with 431 (RFC
    /// 6585), a response or trailers are reset with ENHANCE_YOUR_CALM.
    pub header_list: u32,
    /// Fields of one list, each cookie crumb counted. Default 128. More: the same.
    pub fields: u16,
    /// Milliseconds in which the peer must acknowledge our settings (section 6.5.3). Default 10,000. Later:
    /// SETTINGS_TIMEOUT.
    pub settings_timeout_ms: u32,
    /// Milliseconds a draining server waits for proof that the peer knows, before it names the last stream it will
    /// process (section 6.8). Default 1,000.
    pub drain_ms: u32,
    /// Streams that are reset before they are complete, by the peer (CVE-2023-44487, rapid reset) or because of what
    /// the peer does (CVE-2025-8671). Default 200 and 33 a second. More: ENHANCE_YOUR_CALM.
    pub resets: Rate,
    /// Frames that cost and achieve little: PING, SETTINGS (and each of its entries), PRIORITY, GOAWAY, unknown
    /// types, informational responses, empty DATA, which counts ten (CVE-2019-9512, -9515, -9518). Default 10,000 and 330 a second. More:
    /// ENHANCE_YOUR_CALM.
    pub control: Rate,
    /// DATA of fewer than 16 octets that does not end its stream, and WINDOW_UPDATE by fewer than 16 (CVE-2019-9511).
    /// Default 100,000 and 50,000 a second. More: ENHANCE_YOUR_CALM.
    pub tiny: Rate,
}

/// A budget that refills: so many at once, and so many a second in the long run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many at once.
    pub burst: u32,
    /// How many a second.
    pub per_second: u32,
}

impl Rate {
    /// `burst` at once and `per_second`.
    pub const fn new(burst: u32, per_second: u32) -> Self {
        Self { burst, per_second }
    }
}

impl Limits {
    /// The defaults.
    pub const DEFAULT: Self = Self {
        header_table: 4096,
        encoder_table: 512,
        concurrent_streams: 100,
        own_streams: 1024,
        stream_window: 256 * 1024,
        connection_window: 1024 * 1024,
        frame_size: 16_384,
        header_block: 16_384,
        continuations: 8,
        header_list: 16_384,
        fields: 128,
        settings_timeout_ms: 10_000,
        drain_ms: 1_000,
        resets: Rate::new(200, 33),
        control: Rate::new(10_000, 330),
        tiny: Rate::new(100_000, 50_000),
    };

    /// The same with every value brought into the range that the protocol allows.
    pub(crate) fn in_range(mut self) -> Self {
        const MAX_WINDOW: u32 = (1 << 31) - 1;
        self.stream_window = self.stream_window.min(MAX_WINDOW);
        self.connection_window = self.connection_window.clamp(65_535, MAX_WINDOW);
        self.frame_size = self.frame_size.clamp(16_384, (1 << 24) - 1);
        self.own_streams = self.own_streams.min(32_768);
        self.concurrent_streams = self.concurrent_streams.min(32_768);
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A limit that costs the peer a stream and not the connection. [`Connection::limited`](crate::Connection::limited) counts
/// how often each has fired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StreamLimit {
    /// [`Limits::concurrent_streams`].
    ConcurrentStreams,
    /// [`Limits::header_list`], or the scratch space where that is less.
    HeaderList,
    /// [`Limits::fields`].
    Fields,
    /// [`Limits::stream_window`].
    StreamWindow,
}

impl StreamLimit {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::ConcurrentStreams, Self::HeaderList, Self::Fields, Self::StreamWindow];
}

/// How a connection is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Config {
    /// The limits.
    pub limits: Limits,
    /// Client: accept pushed responses (SETTINGS_ENABLE_PUSH, RFC 9113 section 8.4). Off by default.
    pub accept_push: bool,
    /// Server: accept extended CONNECT (SETTINGS_ENABLE_CONNECT_PROTOCOL, RFC 8441). Off by default.
    pub extended_connect: bool,
}
