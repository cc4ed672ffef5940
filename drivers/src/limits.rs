use core::time::Duration;

/// What a driver bounds, per thread unless it says otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How long an outgoing connection may take: resolution, transport and TLS together. A
    /// [`Target`](app::Target) may name another time. Default 5 s. Then [`Closed::Timeout`](app::Closed::Timeout)
    /// with [`Reason::Connect`](proto_core::Reason::Connect).
    pub connect: Duration,
    /// How long one address of several is tried alone before the next is tried beside it. Default 250 ms
    /// ([RFC 8305 §5](https://www.rfc-editor.org/rfc/rfc8305#section-5)).
    pub attempt_delay: Duration,
    /// How many connections may be in the making for one target at the same time. Default 4, at least 1.
    pub attempts: u32,
    /// How many names may wait to be resolved. Default 64. Then [`Closed::Limit`](app::Closed::Limit).
    pub resolve_queue: usize,
    /// How long a TLS handshake of an accepted connection may take. Default 10 s. Then the link is closed; a
    /// connection that never was is told to nobody but [`Stats::timeouts`](crate::Stats::timeouts).
    pub tls_handshake: Duration,
    /// How long output may wait without the peer taking a single byte. Default 30 s. Then
    /// [`Closed::Timeout`](app::Closed::Timeout) with [`Reason::SendProgress`](proto_core::Reason::SendProgress).
    /// A peer that never reads would otherwise keep its buffers for ever (CVE-2019-9517).
    pub send_progress: Duration,
    /// Bytes per second that a peer takes of waiting output, once [`send_progress`](Self::send_progress) is used up:
    /// a byte taken moves that deadline on by the time it may take, and never further than `send_progress` ahead.
    /// Default 100. Then the same. Zero: any byte moves the deadline all the way, so that a peer which takes one now
    /// and then (slow read, as in CVE-2007-6750) stays.
    pub send_rate: u32,
    /// How long a closed link is still read from, and the input thrown away, so that the last bytes sent are not
    /// destroyed by a reset ([RFC 9112 §9.6](https://www.rfc-editor.org/rfc/rfc9112#section-9.6)). Default 2 s.
    pub linger: Duration,
    /// How many links there may be. Default 65,536, at most 16,777,216. At the limit listeners rest and clients wait in the kernel's
    /// backlog; outgoing connections get [`Closed::Limit`](app::Closed::Limit).
    pub connections: u32,
    /// How many connections are accepted in a row before those that exist get a turn. Default 64.
    pub accept_burst: u32,
    /// How long listeners rest when the process or the system has no file descriptors or memory left, unless a
    /// link closes earlier. Default 100 ms.
    pub accept_pause: Duration,
    /// Bytes that a link may read at a time, twice in a turn; it may write that and 4 KiB at a time. Default 128 KiB. Raised
    /// to what the service needs ([`min_input`](app::Service::min_input), twice
    /// [`min_output`](app::Service::min_output)).
    pub buffer: usize,
    /// Bytes of unused buffers kept for reuse. Default 2 MiB.
    pub pool: usize,
    /// Bytes of the space for decoded data that all connections of a thread share. Default 64 KiB.
    pub scratch: usize,
    /// How many files may be open. Default 1,024. Then [`FileError::Busy`](app::FileError::Busy).
    pub files: u32,
    /// How many messages may wait in a [`Waker`](crate::Waker). Default 1,024. Then the sender keeps its message.
    pub wake_queue: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            attempt_delay: Duration::from_millis(250),
            attempts: 4,
            resolve_queue: 64,
            tls_handshake: Duration::from_secs(10),
            send_progress: Duration::from_secs(30),
            send_rate: 100,
            linger: Duration::from_secs(2),
            connections: 65_536,
            accept_burst: 64,
            accept_pause: Duration::from_millis(100),
            buffer: 128 * 1024,
            pool: 2 * 1024 * 1024,
            scratch: 64 * 1024,
            files: 1024,
            wake_queue: 1024,
        }
    }
}

/// What a driver has done, per thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Connections taken from listeners.
    pub accepted: u64,
    /// Accepted connections the service did not want.
    pub refused: u64,
    /// Outgoing connections established.
    pub connected: u64,
    /// Outgoing connections that never came about.
    pub failed: u64,
    /// Bytes read from sockets.
    pub bytes_in: u64,
    /// Bytes written to sockets.
    pub bytes_out: u64,
    /// Writes to sockets, that is: system calls that took at least one byte.
    pub writes: u64,
    /// TLS handshakes completed.
    pub handshakes: u64,
    /// TLS handshakes failed.
    pub handshakes_failed: u64,
    /// Deadlines of the driver that fired (connect, TLS handshake, send progress, drain).
    pub timeouts: u64,
    /// How often listeners had to rest: at the limit of connections, or without descriptors.
    pub pauses: u64,
    /// Files that were not opened because [`Limits::files`] were.
    pub files_refused: u64,
}

impl Stats {
    /// The sums of both.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            accepted: self.accepted + other.accepted,
            refused: self.refused + other.refused,
            connected: self.connected + other.connected,
            failed: self.failed + other.failed,
            bytes_in: self.bytes_in + other.bytes_in,
            bytes_out: self.bytes_out + other.bytes_out,
            writes: self.writes + other.writes,
            handshakes: self.handshakes + other.handshakes,
            handshakes_failed: self.handshakes_failed + other.handshakes_failed,
            timeouts: self.timeouts + other.timeouts,
            pauses: self.pauses + other.pauses,
            files_refused: self.files_refused + other.files_refused,
        }
    }
}
