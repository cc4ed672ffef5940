use crate::fields::Fields;
use crate::limit::Limit;
use crate::message::{Message, Request, Response};
use crate::service::{Closed, Group};
use crate::stream::{Stream, Wakes};
use crate::writable::Writable;

/// An application: what is done about the streams of one thread.
///
/// A *stream* is one exchange of a request and its response, or one WebSocket, or one raw connection. Over HTTP/1 a
/// connection carries one stream at a time; the application does not notice which protocol is underneath. Every
/// stream has a session, the application's own value, made when the stream begins and given back to
/// [`closed`](Self::closed) exactly once.
///
/// Nothing here blocks, and nothing is sent but in [`writable`](Self::writable): an application that has something
/// to say asks for a turn with [`Stream::want_write`] and produces it when the turn comes, when there is room and
/// the peer has credit. So nothing queues up, however slow the peer is.
///
/// ```
/// use app::{Handler, Request, ResponseHead, Stream, Writable};
///
/// struct Hello;
/// impl Handler for Hello {
///     type Session = ();
///     type Message = ();
///     fn request(&mut self, _: &Request<'_>, stream: &mut Stream<'_>) -> Option<()> {
///         stream.want_write();
///         Some(())
///     }
///     fn writable(&mut self, (): &mut (), out: Writable<'_, '_>, _: &mut Stream<'_>) {
///         let _ = out.respond(&ResponseHead::new(200), b"Hello, world!");
///     }
/// }
/// ```
pub trait Handler {
    /// What the application keeps for a stream.
    type Session;
    /// What other threads send to this one.
    type Message: Send + 'static;

    /// Server: a request has arrived; its body, if any, follows.
    ///
    /// Return a session and ask for a turn to answer it, or accept a WebSocket with
    /// [`Upgrade::accept`](crate::Upgrade::accept). `None` leaves the answer to the library: what was asked for
    /// with [`Stream::serve_file`] or [`Stream::refuse`], or else 404.
    ///
    /// A client that waits for `100 Continue` is told to go on unless the first turn to write, if one was asked for
    /// here, answers the request; while the session [holds](Stream::hold) the body it is left waiting.
    fn request(&mut self, request: &Request<'_>, stream: &mut Stream<'_>) -> Option<Self::Session> {
        let _ = (request, stream);
        None
    }

    /// Server, where raw fallback is on: a peer connected that does not speak HTTP. `None` hangs up.
    fn raw(&mut self, stream: &mut Stream<'_>) -> Option<Self::Session> {
        let _ = stream;
        None
    }

    /// Client: the connection is established; ask for a turn to send the request or the first raw bytes.
    ///
    /// Told to each session in its turn: also to those that [`next`](Self::next) has given for a connection that there
    /// is.
    fn connected(&mut self, session: &mut Self::Session, stream: &mut Stream<'_>) {
        let _ = (session, stream);
    }

    /// Client: the connection can take another request: over HTTP/2 beside those under way, as many as the server
    /// allows, over HTTP/1 after the one before. Return a session for it. `None`, the default: not now, and the
    /// connection ends when nothing is under way.
    ///
    /// Asked when the connection is established, when a request is complete, and when one of its streams is
    /// [woken](crate::Wakes::stream); never of a connection made for a WebSocket.
    fn next(&mut self, stream: &mut Stream<'_>) -> Option<Self::Session> {
        let _ = stream;
        None
    }

    /// Client: the response has arrived (final, or informational: 1xx); its body, if any, follows.
    fn response(&mut self, session: &mut Self::Session, response: &Response<'_>, stream: &mut Stream<'_>) {
        let _ = (session, response, stream);
    }

    /// A piece of a body, or of a raw stream, as it arrives. It may be changed in place.
    fn body(&mut self, session: &mut Self::Session, data: &mut [u8], stream: &mut Stream<'_>) {
        let _ = (session, data, stream);
    }

    /// The request or response is complete; comes also when there was no body. A raw peer has finished sending.
    fn body_end(&mut self, session: &mut Self::Session, trailers: Fields<'_>, stream: &mut Stream<'_>) {
        let _ = (session, trailers, stream);
    }

    /// The stream is a WebSocket now. `protocol` is the subprotocol agreed on.
    fn opened(&mut self, session: &mut Self::Session, protocol: Option<&str>, stream: &mut Stream<'_>) {
        let _ = (session, protocol, stream);
    }

    /// A piece of a WebSocket message, as it arrives.
    fn message(&mut self, session: &mut Self::Session, message: Message<'_>, stream: &mut Stream<'_>) {
        let _ = (session, message, stream);
    }

    /// A message that has arrived as a whole, together with a turn to write, so that it can be answered while its payload
    /// is there and need not be copied first. Told instead of [`message`](Self::message) where the stream has asked for
    /// nothing to be written and there is room for an answer as long as the message; by default that makes no
    /// difference. Over HTTP/2 messages come without a turn.
    fn message_in_turn(
        &mut self,
        session: &mut Self::Session,
        message: Message<'_>,
        out: Writable<'_, '_>,
        stream: &mut Stream<'_>,
    ) {
        let _ = out;
        self.message(session, message, stream);
    }

    /// A pong has arrived.
    fn pong(&mut self, session: &mut Self::Session, payload: &[u8], stream: &mut Stream<'_>) {
        let _ = (session, payload, stream);
    }

    /// The peer has begun the closing handshake of a WebSocket, or answered ours. The answer goes out by itself.
    fn peer_closing(
        &mut self,
        session: &mut Self::Session,
        code: Option<u16>,
        reason: &str,
        stream: &mut Stream<'_>,
    ) {
        let _ = (session, code, reason, stream);
    }

    /// The turn asked for by [`Stream::want_write`]: one write, by consuming `out`, or none. A turn more than was
    /// asked for does no harm. To write more, ask again.
    fn writable(&mut self, session: &mut Self::Session, out: Writable<'_, '_>, stream: &mut Stream<'_>);

    /// The moment set by [`Stream::set_timer`] has come.
    fn timer(&mut self, session: &mut Self::Session, stream: &mut Stream<'_>) {
        let _ = (session, stream);
    }

    /// Another stream, or [`woken`](Self::woken), has woken the group that this stream is in, or (`None`) this
    /// stream by name. By default it gets a turn to write.
    fn wake(&mut self, session: &mut Self::Session, group: Option<Group>, stream: &mut Stream<'_>) {
        let _ = (session, group);
        stream.want_write();
    }

    /// The stream is over.
    fn closed(&mut self, session: Self::Session, end: End) {
        let _ = (session, end);
    }

    /// Another thread has sent a message.
    fn woken(&mut self, message: Self::Message, wakes: &mut Wakes) {
        let _ = (message, wakes);
    }
}

/// How a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// Request and response are complete.
    Complete,
    /// The WebSocket closing handshake is complete; the peer's code, if it gave one.
    WebSocket(Option<u16>),
    /// The peer or a limit broke the HTTP/1 exchange.
    Http1(proto_h1::Error),
    /// The peer or a limit broke the HTTP/2 connection, and with it all of its streams.
    Http2(proto_h2::Error),
    /// HTTP/2: the stream was reset with this code, by the peer or because of what it sent.
    Reset(proto_h2::ErrorCode),
    /// Client, HTTP/2: the server has not processed the request, which may be made again on another connection
    /// ([RFC 9113 §8.7](https://www.rfc-editor.org/rfc/rfc9113#section-8.7)).
    Unprocessed,
    /// HTTP/2: a deadline of the stream has passed; `Head` is that of an opening handshake.
    Timeout(proto_core::Reason),
    /// HTTP/2: what the peer sent on the stream was more than this limit allows.
    Limited(Limit),
    /// The peer or a limit broke the WebSocket.
    WebSocketFault(proto_ws::Error),
    /// Client: the server did not accept the WebSocket handshake; the status of its response. 101, or over HTTP/2 one
    /// of the series 2xx, when that response was not a valid acceptance.
    Refused(u16),
    /// Client, HTTP/2: the server opens no WebSockets over HTTP/2: its settings do not allow extended CONNECT
    /// ([RFC 8441 §3](https://www.rfc-editor.org/rfc/rfc8441#section-3)). Nothing was asked of it; it may open one over
    /// another connection, by HTTP/1.1.
    NoExtendedConnect,
    /// The application closed it before it was complete.
    Aborted,
    /// The link went away underneath.
    Link(Closed),
}
