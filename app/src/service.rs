use core::time::Duration;
use std::net::SocketAddr;
use std::path::PathBuf;

use proto_core::{Deadline, Instant, Wants, WriteBuf};

/// What runs on a driver: all connections of one thread, as bytes, deadlines and requests to the outside.
///
/// A driver knows nothing of protocols. For each connection it repeats a *turn*: tell the time, hand over what
/// arrived ([`receive`](Self::receive)), ask for what is to be sent ([`transmit`](Self::transmit)), carry out what
/// is asked for ([`poll_action`](Self::poll_action)), flush, and wait for what [`wants`](Self::wants) and
/// [`poll_timeout`](Self::poll_timeout) name.
///
/// All calls come from one thread and none of them blocks.
pub trait Service {
    /// The state of one connection.
    type Connection;
    /// What other threads send to this one through a driver's waker.
    type Message: Send + 'static;

    /// A peer has connected (and TLS, if any, is established). `None` refuses: the driver closes the link.
    fn accept(&mut self, link: &LinkInfo, now: Instant) -> Option<Self::Connection>;

    /// The next outgoing connection to make, with its state. Asked for after every other call.
    fn poll_connect(&mut self) -> Option<(Target, Self::Connection)>;

    /// An outgoing connection is established, TLS included.
    fn connected(&mut self, connection: &mut Self::Connection, link: &LinkInfo, now: Instant);

    /// Takes bytes off the front of `input` while `out` has room for the replies they cause, and says how many.
    /// The driver keeps the rest and presents it again, with more behind it, once there is more or once
    /// `wants().read` turns true again: then even if nothing is left of it, as it may have become more than was taken
    /// (compression). May be called with an empty `input` at any time, and after
    /// [`receive_eof`](Self::receive_eof) with what was left of it.
    ///
    /// `out` may begin with output that has not left yet: it is empty only when it is as large as it ever gets, and
    /// what does not fit then never will.
    fn receive(
        &mut self,
        connection: &mut Self::Connection,
        input: &mut [u8],
        scratch: &mut [u8],
        out: &mut WriteBuf<'_>,
    ) -> usize;

    /// The peer has sent everything it will (half-close); the input before it has been drained.
    fn receive_eof(&mut self, connection: &mut Self::Connection, out: &mut WriteBuf<'_>);

    /// Writes what is to be sent, up to the room in `out`. `wants().write` then says whether there is more.
    fn transmit(&mut self, connection: &mut Self::Connection, out: &mut WriteBuf<'_>);

    /// What the connection waits for. `write` means that there is something to do now, for `transmit` or
    /// `poll_action`, or for `receive` with the input that is left, if only none: who sees neither `write` nor input
    /// need not ask.
    fn wants(&self, connection: &Self::Connection) -> Wants;

    /// The next request of this connection to the outside.
    fn poll_action(&mut self, connection: &mut Self::Connection) -> Option<Action>;

    /// The answer to [`Action::OpenFile`].
    fn file_opened(
        &mut self,
        connection: &mut Self::Connection,
        token: u32,
        result: Result<(FileId, FileMeta), FileError>,
    );

    /// The answer to [`Action::ReadFile`]: bytes of the file, at most as many as were asked for and none only at
    /// its end, to be framed and written to `out` at once.
    fn file_data(
        &mut self,
        connection: &mut Self::Connection,
        token: u32,
        data: Result<&[u8], FileError>,
        out: &mut WriteBuf<'_>,
    );

    /// Asked in answer to [`Action::ReadFile`] where bytes leave a link as they are: how many bytes of the file, from
    /// the offset that was asked for on, may follow what is in `out` without having been seen here. The driver sends
    /// them all, and nothing behind them, and then says so by [`file_left`](Self::file_left), or else ends the link.
    /// `None`: they are to be read.
    fn file_unseen(&mut self, connection: &mut Self::Connection, token: u32) -> Option<u64> {
        let _ = (connection, token);
        None
    }

    /// What [`file_unseen`](Self::file_unseen) spoke of has left.
    fn file_left(&mut self, connection: &mut Self::Connection, token: u32) {
        let _ = (connection, token);
    }

    /// The next deadline of this connection.
    fn poll_timeout(&self, connection: &Self::Connection) -> Option<Deadline>;

    /// Tells a connection the time, at the start of each of its turns and when its deadline has come.
    fn handle_timeout(&mut self, connection: &mut Self::Connection, now: Instant);

    /// A link is gone, or never came about. Nothing follows for this connection.
    fn closed(&mut self, connection: Self::Connection, why: Closed);

    /// Tells the time of day, as a duration since 1970 (UTC): at the start and about once a minute.
    fn wall_clock(&mut self, now: Instant, unix: Duration) {
        let _ = (now, unix);
    }

    /// A message sent through the waker has arrived.
    fn woken(&mut self, message: Self::Message, now: Instant);

    /// The next wake-up the service wants delivered to connections other than the one whose turn it is.
    fn poll_wake(&mut self) -> Option<Wake>;

    /// Delivers a wake-up to one connection; true when it concerned one of its streams and a turn is due.
    fn wake(&mut self, connection: &mut Self::Connection, wake: Wake) -> bool;

    /// Starts the drain of one connection: finish what is under way, take nothing new.
    fn drain(&mut self, connection: &mut Self::Connection, now: Instant);

    /// The largest number of contiguous input bytes a connection may need.
    fn min_input(&self) -> usize;

    /// The least room in `out` with which every connection can make progress.
    fn min_output(&self) -> usize;
}

/// Names one connection of one driver thread; never reused while anything could still refer to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConnectionId {
    /// Place in the driver's table.
    pub index: u32,
    /// Which occupant of that place.
    pub generation: u32,
}

/// Names one stream of one connection. A name is not used again while the connection lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StreamId {
    /// The connection.
    pub connection: ConnectionId,
    /// Which of its streams: the HTTP/2 stream identifier; 0 where a connection carries one stream at a time.
    pub stream: u32,
}

/// Streams that want to be woken together; the meaning of the number is the application's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Group(pub u32);

/// A wake-up for streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wake {
    /// One stream: its connection is told, if it still exists.
    Stream(StreamId),
    /// The streams of a group: every connection is told.
    Group(Group),
}

/// Who is at the other end, and how the link came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkInfo {
    /// The connection's name in its driver.
    pub id: ConnectionId,
    /// Which of the driver's listeners it came from; `None` for an outgoing connection.
    pub listener: Option<usize>,
    /// The peer's address; a unix socket peer has none.
    pub peer: Option<SocketAddr>,
    /// What TLS agreed on, if the link has TLS.
    pub tls: Option<TlsInfo>,
}

/// What a TLS handshake agreed on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TlsInfo {
    /// The ALPN protocol, if one was agreed on.
    pub alpn: Option<Vec<u8>>,
    /// The server name the client asked for.
    pub server_name: Option<String>,
    /// `TLSv1.2` or `TLSv1.3`.
    pub version: &'static str,
    /// Whether an earlier session was resumed.
    pub resumed: bool,
    /// Whether the peer proved an identity of its own with a certificate.
    pub peer_certificate: bool,
}

/// Where an outgoing connection goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The transport address.
    pub address: Address,
    /// TLS with this server name, offering these ALPN protocols in order; `None` for plain.
    pub tls: Option<TlsTarget>,
    /// How long connecting may take, TLS included; `None` for the driver's default of 5 s.
    pub timeout: Option<Duration>,
}

/// What a client asks of TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsTarget {
    /// The name the certificate must be for (host name or IP address).
    pub server_name: String,
    /// ALPN protocols, most wanted first.
    pub alpn: Vec<Vec<u8>>,
}

/// A transport address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A host name or IP address literal (without brackets), to be resolved, and a port.
    Host(String, u16),
    /// An address.
    Socket(SocketAddr),
    /// A unix socket; a leading `@` names one in the abstract name space (Linux).
    Unix(PathBuf),
}

/// What a connection asks of the outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Open a regular file for reading, if it lies below `root` once symbolic links are followed; answered by
    /// [`Service::file_opened`] with the same token.
    OpenFile {
        /// Which of the connection's streams asks.
        token: u32,
        /// The directory that must contain the file.
        root: PathBuf,
        /// The path below it: plain components only.
        path: PathBuf,
    },
    /// Read up to `len` bytes; answered by [`Service::file_data`].
    ReadFile {
        /// Which of the connection's streams asks.
        token: u32,
        /// The file.
        file: FileId,
        /// From where on.
        offset: u64,
        /// How many at the most.
        len: usize,
    },
    /// The file is no longer needed. Files still open when a connection closes are closed by the driver.
    CloseFile {
        /// The file.
        file: FileId,
    },
}

/// Names an open file of a driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileId(pub u32);

/// What is known of an open file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileMeta {
    /// Its length in bytes.
    pub len: u64,
    /// When it was last changed, in seconds since 1970 (UTC), if known.
    pub modified: Option<u64>,
    /// The nanoseconds that go with `modified`; they make entity tags finer.
    pub modified_nanos: u32,
}

/// Why a file cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileError {
    /// There is none of that name.
    NotFound,
    /// It may not be read, or lies outside the root.
    Forbidden,
    /// It is a directory.
    Directory,
    /// Too many open files; try again later.
    Busy,
    /// Reading failed.
    Io,
}

/// Why a link is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Closed {
    /// The connection asked for it (`wants().close`) and everything was flushed.
    Done,
    /// The peer reset the connection or writing failed.
    Reset,
    /// A deadline of the driver or of the drain fired.
    Timeout(proto_core::Reason),
    /// The name did not resolve.
    Unresolved,
    /// Nobody accepts connections there.
    Refused,
    /// The host or network cannot be reached.
    Unreachable,
    /// The TLS handshake or a TLS record failed.
    Tls(TlsFault),
    /// The driver is at its limit of connections or files.
    Limit,
    /// The driver ended.
    Shutdown,
}

/// Why TLS failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsFault {
    /// The certificate chain ends in no trusted root (self-signed, say).
    UnknownIssuer,
    /// The certificate is for another name.
    NameMismatch,
    /// The certificate is not valid at this time.
    Expired,
    /// The certificate is unusable for another reason.
    BadCertificate,
    /// The peer wants a certificate of ours.
    CertificateRequired,
    /// No protocol version, cipher suite or ALPN protocol in common.
    Incompatible,
    /// The peer broke the TLS protocol or does not speak it.
    Protocol,
    /// The connection ended without TLS saying so: data may be missing.
    Truncated,
}
