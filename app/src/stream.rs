use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use proto_core::Instant;

use crate::message::Request;
use crate::role::Extra;
use crate::service::{ConnectionId, Group, LinkInfo, StreamId, TlsInfo, Wake};
use crate::transfer::FileRequest;

/// Which protocol a stream runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protocol {
    /// An HTTP/1.0 or HTTP/1.1 exchange.
    Http1,
    /// An HTTP/2 stream.
    Http2,
    /// A WebSocket: a connection that left HTTP/1.1, or a stream of HTTP/2.
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
    /// Its number on the connection.
    pub(crate) stream: u32,
    pub(crate) protocol: Protocol,
    pub(crate) now: Instant,
    pub(crate) wakes: &'a mut Wakes,
}

impl Stream<'_> {
    /// The stream's name, by which it can be [woken](Wakes::stream). A client's over HTTP/2 has one once its request
    /// is sent.
    pub fn id(&self) -> StreamId {
        StreamId { connection: self.link.id, stream: self.stream }
    }

    /// The peer's address; a unix socket peer has none.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.link.peer()
    }

    /// What TLS agreed on, if the link has TLS.
    pub fn tls(&self) -> Option<&TlsInfo> {
        self.link.tls()
    }

    /// Which of the driver's listeners the connection came from; `None` for an outgoing one.
    pub fn listener(&self) -> Option<usize> {
        self.link.listener()
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
    /// for something else, set a timer or be [woken](crate::Wakes::stream).
    pub fn want_write(&mut self) {
        self.control.want_write = true;
    }

    /// Wakes, once this event is handled, all streams of this thread that joined `group`.
    pub fn wake(&mut self, group: Group) {
        self.wakes.group(group);
    }

    /// Joins `group` (and leaves the one joined before).
    pub fn join(&mut self, group: Group) {
        self.control.ask().group = Some(group);
    }

    /// Receive flow control: no further data event comes until [`resume`](Self::resume), and the peer is made to
    /// wait. Over HTTP/2 what is on its way still comes, since other streams must not wait behind it: at most the
    /// stream's window (`stream_window` of [`proto_h2::Limits`]).
    pub fn hold(&mut self) {
        self.control.held = true;
    }

    /// Ends a [`hold`](Self::hold).
    pub fn resume(&mut self) {
        self.control.held = false;
    }

    /// Takes no more than so many bytes of the content that is still to come, for a resource that takes more or less than
    /// others. More: a request is answered with 413
    /// ([RFC 9110 §15.5.14](https://www.rfc-editor.org/rfc/rfc9110#section-15.5.14)) if its answer has not begun, and the
    /// stream ends, by [`Http1Error::BodyTooLarge`](crate::Http1Error) or [`End::Limited`](crate::End::Limited). What the
    /// configuration does not take has been refused before.
    pub fn limit_body(&mut self, most: u64) {
        self.control.ask().body = Some(most);
    }

    /// Asks for [`Handler::timer`](crate::Handler::timer) after `delay`; `None` cancels. There is one timer to a
    /// stream.
    pub fn set_timer(&mut self, delay: Option<Duration>) {
        match delay {
            Some(delay) => self.control.ask().timer = Some(self.now + delay),
            None => self.control.grant(|asked| asked.timer = None),
        }
    }

    /// Ends the stream: a WebSocket by a closing handshake with code 1000, anything else by closing the connection
    /// once what was written is flushed.
    pub fn close(&mut self) {
        self.close_with(1000, "");
    }

    /// Like [`close`](Self::close), with a code and a reason for a WebSocket peer. A code that may not be sent
    /// becomes 1000; a reason over 123 bytes is cut at a character.
    pub fn close_with(&mut self, code: u16, reason: &'static str) {
        self.control.ask().close = Some((code, reason));
    }

    /// Server: answers with `status` and a short text that says what it means; the session gets no further event
    /// but `closed`.
    pub fn refuse(&mut self, status: u16) {
        self.control.ask().answer = Some(Answer::Status(status));
    }

    /// Server: answers with a file below `root`, with what HTTP offers for files: media type, entity tag, dates,
    /// conditions, ranges, the index file `index.html` for directories. Other methods get 405, unknown
    /// ones 501.
    /// What is not there or not served (see [`file_path`](crate::file::file_path)) is answered with 404.
    pub fn serve_file(&mut self, root: &Path, request: &Request<'_>) {
        self.control.ask().answer = Some(match FileRequest::new(root, request) {
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
    asked: Option<Box<Asked>>,
}

/// What few streams ask for, and those seldom: apart, so that it costs the others nothing.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub(crate) group: Option<Group>,
    pub(crate) timer: Option<Instant>,
    pub(crate) close: Option<(u16, &'static str)>,
    pub(crate) body: Option<u64>,
    pub(crate) answer: Option<Answer>,
    /// Of a stream that is a connection of its own: what is under way for it.
    pub(crate) extra: Option<Box<Extra>>,
}

static NOTHING: Asked =
    Asked { group: None, timer: None, close: None, body: None, answer: None, extra: None };

impl Control {
    /// Whether anything at all is asked for.
    pub(crate) fn is_asked(&self) -> bool {
        self.asked.is_some()
    }

    pub(crate) fn asked(&self) -> &Asked {
        self.asked.as_deref().unwrap_or(&NOTHING)
    }

    pub(crate) fn ask(&mut self) -> &mut Asked {
        self.asked.get_or_insert_default()
    }

    /// Takes back what has been granted, and forgets it all when nothing is left.
    pub(crate) fn grant<T: Default>(&mut self, granted: impl FnOnce(&mut Asked) -> T) -> T {
        let Some(asked) = &mut self.asked else { return T::default() };
        let granted = granted(asked);
        asked.extra.take_if(|extra| extra.is_empty());
        if let Asked { group: None, timer: None, close: None, body: None, answer: None, extra: None } =
            **asked
        {
            self.asked = None;
        }
        granted
    }

    /// Forgets what the stream has asked for, which is over, and not what is under way for the connection.
    #[inline]
    pub(crate) fn forget(&mut self) {
        (self.want_write, self.held) = (false, false);
        if self.is_asked() {
            self.grant(|asked| *asked = Asked { extra: asked.extra.take(), ..Asked::default() });
        }
    }

    pub(crate) fn extra(&self) -> Option<&Extra> {
        self.asked().extra.as_deref()
    }

    pub(crate) fn extra_mut(&mut self) -> Option<&mut Extra> {
        self.asked.as_mut()?.extra.as_deref_mut()
    }

    /// The new limit on what is still to come, if one was asked for.
    #[inline]
    pub(crate) fn take_body_limit(&mut self) -> Option<u64> {
        if self.is_asked() { self.grant(|asked| asked.body.take()) } else { None }
    }

    pub(crate) fn take_answer(&mut self) -> Option<Answer> {
        self.grant(|asked| asked.answer.take())
    }
}

/// How the library is to answer a request.
#[derive(Debug)]
pub(crate) enum Answer {
    Status(u16),
    File(Box<FileRequest>),
    /// The handshake's `Sec-WebSocket-Accept`, and which of the offered subprotocols was chosen.
    WebSocket(Box<crate::message::Acceptance>),
}

/// What is kept of [`LinkInfo`](crate::LinkInfo), for every connection: in as few bytes as most of them need.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) id: ConnectionId,
    /// `NOBODY` for an outgoing connection.
    listener: u16,
    /// The peer, unless there is more to say about it.
    port: u16,
    address: Ipv4Addr,
    more: Option<Box<More>>,
}

/// What does not fit there.
#[derive(Debug)]
struct More {
    peer: Option<SocketAddr>,
    tls: Option<TlsInfo>,
}

const NOBODY: u16 = u16::MAX;

impl Link {
    pub(crate) fn new(link: &LinkInfo) -> Self {
        let listener = link.listener.map_or(NOBODY, |number| u16::try_from(number).unwrap_or(NOBODY - 1));
        let mut kept = Self { id: link.id, listener, port: 0, address: Ipv4Addr::UNSPECIFIED, more: None };
        match (link.peer, &link.tls) {
            (Some(SocketAddr::V4(peer)), None) => (kept.address, kept.port) = (*peer.ip(), peer.port()),
            (peer, tls) => kept.more = Some(Box::new(More { peer, tls: tls.clone() })),
        }
        kept
    }

    /// A link that is not established yet.
    pub(crate) fn none() -> Self {
        let id = ConnectionId { index: u32::MAX, generation: u32::MAX };
        Self::new(&LinkInfo { id, listener: None, peer: None, tls: None })
    }

    fn peer(&self) -> Option<SocketAddr> {
        match &self.more {
            Some(more) => more.peer,
            None => Some((self.address, self.port).into()),
        }
    }

    fn listener(&self) -> Option<usize> {
        Some(self.listener.into()).filter(|_| self.listener != NOBODY)
    }

    pub(crate) fn tls(&self) -> Option<&TlsInfo> {
        self.more.as_ref()?.tls.as_ref()
    }

    /// What an HTTP URI of this end's begins with.
    pub(crate) fn scheme(&self) -> &'static [u8] {
        if self.tls().is_some() { b"https" } else { b"http" }
    }
}

/// Connections to be given a turn, on the same thread.
#[derive(Debug, Default)]
pub struct Wakes(VecDeque<Wake>);

impl Wakes {
    /// Wakes the streams that joined `group`. Asking twice before it happens is asking once.
    pub fn group(&mut self, group: Group) {
        self.push(Wake::Group(group));
    }

    /// Wakes one stream, if it still exists.
    pub fn stream(&mut self, id: StreamId) {
        self.push(Wake::Stream(id));
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
