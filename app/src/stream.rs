use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use proto_core::Instant;

use crate::message::Request;
use crate::service::{ConnectionId, Group, LinkInfo, TlsInfo, Wake};
use crate::transfer::FileRequest;

/// Which protocol a stream runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protocol {
    /// An HTTP/1.0 or HTTP/1.1 exchange.
    Http1,
    /// A WebSocket over HTTP/1.1.
    WebSocket,
    /// Bytes.
    Raw,
}

/// The controls of the stream an event is about.
///
/// What is asked for here takes effect once the event is handled; nothing re-enters the application.
pub struct Stream<'a> {
    pub(crate) control: &'a mut Control,
    pub(crate) link: &'a Link,
    pub(crate) protocol: Protocol,
    pub(crate) now: Instant,
    pub(crate) wakes: &'a mut Wakes,
}

impl Stream<'_> {
    /// The connection's name, by which other threads can have it woken.
    pub fn id(&self) -> ConnectionId {
        self.link.id
    }

    /// The peer's address; a unix socket peer has none.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.link.peer
    }

    /// What TLS agreed on, if the link has TLS.
    pub fn tls(&self) -> Option<&TlsInfo> {
        self.link.tls.as_deref()
    }

    /// Which of the driver's listeners the connection came from; `None` for an outgoing one.
    pub fn listener(&self) -> Option<usize> {
        self.link.listener
    }

    /// The protocol of the stream.
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// The time, as far as the driver has told it.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Asks for one turn of [`Handler::writable`](crate::Handler::writable). Who asks again in a turn without having
    /// written anything gets the next one when there is more room, or with the next event of the stream: to wait
    /// for something else, set a timer or be [woken](crate::Wakes::connection).
    pub fn want_write(&mut self) {
        self.control.want_write = true;
    }

    /// Wakes, once this event is handled, all streams of this thread that joined `group`.
    pub fn wake(&mut self, group: Group) {
        self.wakes.group(group);
    }

    /// Joins `group` (and leaves the one joined before).
    pub fn join(&mut self, group: Group) {
        self.control.group = Some(group);
    }

    /// Receive flow control: no further data event comes until [`resume`](Self::resume), and the peer is made to
    /// wait.
    pub fn hold(&mut self) {
        self.control.held = true;
    }

    /// Ends a [`hold`](Self::hold).
    pub fn resume(&mut self) {
        self.control.held = false;
    }

    /// Asks for [`Handler::timer`](crate::Handler::timer) after `delay`; `None` cancels. There is one timer to a
    /// stream.
    pub fn set_timer(&mut self, delay: Option<Duration>) {
        self.control.timer = delay.map(|delay| self.now + delay);
    }

    /// Ends the stream: a WebSocket by a closing handshake with code 1000, anything else by closing the connection
    /// once what was written is flushed.
    pub fn close(&mut self) {
        self.close_with(1000, "");
    }

    /// Like [`close`](Self::close), with a code and a reason for a WebSocket peer. A code that may not be sent
    /// becomes 1000; a reason over 123 bytes is cut at a character.
    pub fn close_with(&mut self, code: u16, reason: &'static str) {
        self.control.close = Some((code, reason));
    }

    /// Server: answers with `status` and a short text that says what it means; the session gets no further event
    /// but `closed`.
    pub fn refuse(&mut self, status: u16) {
        self.control.answer = Some(Answer::Status(status));
    }

    /// Server: answers with a file below `root`, with what HTTP offers for files: media type, entity tag, dates,
    /// conditions, ranges, the index file `index.html` for directories. Other methods get 405, unknown
    /// ones 501.
    /// What is not there or not served (see [`file_path`](crate::file::file_path)) is answered with 404.
    pub fn serve_file(&mut self, root: &Path, request: &Request<'_>) {
        self.control.answer = Some(match FileRequest::new(root, request) {
            Ok(file) => Answer::File(Box::new(file)),
            Err(status) => Answer::Status(status),
        });
    }
}

/// What a stream has asked for.
#[derive(Debug, Default)]
pub(crate) struct Control {
    pub(crate) want_write: bool,
    pub(crate) held: bool,
    pub(crate) group: Option<Group>,
    pub(crate) timer: Option<Instant>,
    pub(crate) close: Option<(u16, &'static str)>,
    pub(crate) answer: Option<Answer>,
}

/// How the library is to answer a request.
#[derive(Debug)]
pub(crate) enum Answer {
    Status(u16),
    File(Box<FileRequest>),
    /// The handshake's `Sec-WebSocket-Accept`, and which of the offered subprotocols was chosen.
    WebSocket(Box<crate::message::Acceptance>),
}

impl Link {
    pub(crate) fn new(link: &LinkInfo) -> Self {
        let tls = link.tls.clone().map(Box::new);
        Self { id: link.id, listener: link.listener, peer: link.peer, tls }
    }

    /// A link that is not established yet.
    pub(crate) fn none() -> Self {
        let id = ConnectionId { index: u32::MAX, generation: u32::MAX };
        Self { id, listener: None, peer: None, tls: None }
    }
}

/// What is kept of [`LinkInfo`](crate::LinkInfo).
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) id: ConnectionId,
    pub(crate) listener: Option<usize>,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) tls: Option<Box<TlsInfo>>,
}

/// Connections to be given a turn, on the same thread.
#[derive(Debug, Default)]
pub struct Wakes(VecDeque<Wake>);

impl Wakes {
    /// Wakes the streams that joined `group`. Asking twice before it happens is asking once.
    pub fn group(&mut self, group: Group) {
        self.push(Wake::Group(group));
    }

    /// Wakes one connection, if it still exists.
    pub fn connection(&mut self, id: ConnectionId) {
        self.push(Wake::Connection(id));
    }

    pub(crate) fn pop(&mut self) -> Option<Wake> {
        self.0.pop_front()
    }

    fn push(&mut self, wake: Wake) {
        if !self.0.contains(&wake) {
            self.0.push_back(wake);
        }
    }
}
