/// Why a connection takes no further request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CloseReason {
    /// The peer sent `Connection: close` (RFC 9112 9.6).
    Peer,
    /// HTTP/1.0 without `Connection: keep-alive` (RFC 9112 9.3).
    Http10,
    /// This side sent `Connection: close`.
    Local,
    /// The server is draining.
    Draining,
    /// The end of the body is the end of the connection (RFC 9112 6.3).
    Delimited,
    /// The final response came before `100 Continue`: whether the body follows is anybody's guess (RFC 9110 10.1.1).
    ContinueRefused,
    /// More of the request was left unread than [`Limits::drain`](crate::Limits::drain), or for too long.
    RequestUnread,
    /// The response came before the request was sent to its end.
    RequestUnsent,
    /// The connection waited too long for a request.
    Idle,
    /// The peer ended the transport.
    Eof,
    /// A fault of the peer.
    Error,
    /// This side gave up in the middle of a message.
    Aborted,
    /// Another protocol took over.
    Upgraded,
}
