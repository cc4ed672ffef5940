use std::collections::VecDeque;
use std::time::Duration;

use proto_core::{Deadline, Instant, Wants, WriteBuf};
use proto_ws::deflate::DeflateConfig;

use crate::client::ClientRole;
use crate::date::Stamp;
use crate::deflate::Deflating;
use crate::handler::{End, Handler};
use crate::http2::{self, Http2, Http2Config};
use crate::limit::{Counters, Limit};
use crate::opening::{Opening, WebSocket};
use crate::role::{Connection, Raw, Role};
use crate::seed::Seeds;
use crate::service::{Action, Closed, FileError, FileId, FileMeta, LinkInfo, Service, Target, Wake};
use crate::stream::{Link, Wakes};
use crate::turn::{GOING_AWAY, LEAST_ROOM, Turn};

/// What an [`App`] is set up with.
#[derive(Debug, Clone)]
pub struct Config {
    /// Limits and leniency of HTTP/1 connections.
    pub http1: proto_h1::Config,
    /// Limits and deadlines of HTTP/2 connections.
    pub http2: Http2Config,
    /// Limits and keep-alive of WebSockets. Unlike the codec's own default, a peer that has been silent for 300 s
    /// is sent a ping, and given up when 310 s have passed without a sign of life.
    pub websocket: proto_ws::Config,
    /// What WebSockets want of permessage-deflate (RFC 7692), as servers and as clients. Default `None`: they do
    /// without.
    pub deflate: Option<DeflateConfig>,
    /// Bytes of compression state that the connections of a thread may have together. Default 64 MiB. When what they
    /// would keep between messages reaches three quarters of it, new ones are agreed to without context takeover. When
    /// it is used up, messages go out as they are, and a compressed one that arrives is answered with close code 1013.
    pub deflate_memory: usize,
    /// Whether a connection whose first bytes are no HTTP method is offered to [`Handler::raw`]. Default off: it is
    /// answered with 400.
    pub raw_fallback: bool,
    /// How long the server at the other end may take to answer the opening handshake of a WebSocket, from when the
    /// connection is established. Default 10 s; zero waits for ever. Then [`End::Http1`] with
    /// [`Http1Error::HeadTimeout`](crate::Http1Error::HeadTimeout), over HTTP/2 [`End::Timeout`] with
    /// [`Reason::Head`](proto_core::Reason::Head).
    pub opening_timeout: Duration,
    /// How long a raw stream may be without a byte in either direction. Default 300 s; zero: for ever. Then
    /// [`End::Link`] with [`Closed::Timeout`].
    pub raw_idle_timeout: Duration,
    /// The value of the `Server` field of responses; `None`, the default, sends none.
    pub server: Option<String>,
    /// Where it is counted which limits end connections: give all threads of a server clones of the same.
    pub counters: Counters,
    /// 32 bytes from a good random source, different for each thread: masking keys and handshake nonces are derived
    /// from it. Servers need none; the default is all zeros and refuses nothing, so set it for clients.
    pub seed: [u8; 32],
}

impl Default for Config {
    fn default() -> Self {
        let keep_alive = proto_ws::KeepAlive {
            ping_after: Duration::from_secs(300),
            hang_up_after: Duration::from_secs(310),
        };
        Self {
            http1: proto_h1::Config::default(),
            http2: Http2Config::default(),
            websocket: proto_ws::Config { keep_alive, ..proto_ws::Config::default() },
            deflate: None,
            deflate_memory: 64 * 1024 * 1024,
            raw_fallback: false,
            opening_timeout: Duration::from_secs(10),
            raw_idle_timeout: Duration::from_secs(300),
            server: None,
            counters: Counters::default(),
            seed: [0; 32],
        }
    }
}

/// An application on all connections of one thread: what a driver runs.
#[derive(Debug)]
pub struct App<H: Handler> {
    handler: H,
    shared: Shared,
    connects: VecDeque<(Target, Connection<H::Session>)>,
}

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) stamp: Stamp,
    pub(crate) wakes: Wakes,
    pub(crate) deflating: Deflating,
    /// The time, as far as the driver has told it.
    pub(crate) now: Instant,
    seeds: Seeds,
    /// Contiguous input that an HTTP/2 connection may need.
    http2_input: usize,
    /// Where what arrives on WebSockets over HTTP/2 is decoded. The driver's scratch space is the HTTP/2 codec's.
    pub(crate) scratch: Vec<u8>,
}

impl Shared {
    fn tell_time(&mut self, now: Instant) {
        self.now = now;
        self.stamp.advance(now);
    }

    fn opening(&mut self, websocket: WebSocket) -> Box<Opening> {
        let deflate = if websocket.deflate { self.deflating.offer() } else { None };
        Box::new(Opening::new(websocket, deflate, self.seeds.next(), self.seeds.next()))
    }

    fn http2_client<S>(&self, session: S, opening: Option<Box<Opening>>) -> Role<S> {
        Role::Http2(Box::new(Http2::client(&self.config.http2, session, opening, self.now)))
    }
}

impl<H: Handler> App<H> {
    /// An application.
    pub fn new(handler: H, config: Config) -> Self {
        let stamp = Stamp::new(config.server.clone());
        let seeds = Seeds::new(config.seed);
        let http2_input = proto_h2::Connection::server(config.http2.codec).min_input();
        let deflating = Deflating::new(config.deflate, config.deflate_memory);
        let shared = Shared {
            config,
            stamp,
            wakes: Wakes::default(),
            deflating,
            now: Instant::ZERO,
            seeds,
            http2_input,
            scratch: Vec::new(),
        };
        Self { handler, shared, connects: VecDeque::new() }
    }

    /// The application's own state.
    pub fn handler(&self) -> &H {
        &self.handler
    }

    /// The application's own state.
    pub fn handler_mut(&mut self) -> &mut H {
        &mut self.handler
    }

    /// Has the driver connect to `target`. The session learns of it by [`Handler::connected`] (or
    /// [`Handler::opened`] for a WebSocket), and of failure by [`Handler::closed`].
    pub fn connect(&mut self, target: Target, role: ClientRole, session: H::Session) {
        let shared = &mut self.shared;
        let http1 = || Role::Client(proto_h1::Client::new(shared.config.http1));
        let connection = match role {
            ClientRole::Http2 => Connection::new(shared.http2_client(session, None), Link::none()),
            ClientRole::WebSocketHttp2(websocket) => {
                let opening = shared.opening(websocket);
                Connection::new(shared.http2_client(session, Some(opening)), Link::none())
            }
            ClientRole::Http => Connection::to_be_made(http1(), session),
            ClientRole::WebSocket(websocket) => {
                let mut connection = Connection::to_be_made(http1(), session);
                connection.extra().opening = Some(shared.opening(websocket));
                connection
            }
            ClientRole::Raw => {
                Connection::to_be_made(Role::Raw(Raw::new(shared.config.raw_idle_timeout)), session)
            }
        };
        self.connects.push_back((target, connection));
    }

    fn turn<'a, 'o>(
        &'a mut self,
        connection: &'a mut Connection<H::Session>,
        out: &'a mut WriteBuf<'o>,
    ) -> Turn<'a, 'o, H> {
        Turn { handler: &mut self.handler, shared: &mut self.shared, connection, out }
    }

    /// A turn for calls that bring no room to write.
    fn quietly<T>(
        &mut self,
        connection: &mut Connection<H::Session>,
        run: impl FnOnce(&mut Turn<'_, '_, H>) -> T,
    ) -> T {
        let mut out = WriteBuf::new(&mut []);
        run(&mut self.turn(connection, &mut out))
    }
}

impl<H: Handler> Service for App<H> {
    type Connection = Connection<H::Session>;
    type Message = H::Message;

    fn accept(&mut self, link: &LinkInfo, now: Instant) -> Option<Self::Connection> {
        self.shared.tell_time(now);
        let mut server = proto_h1::Server::new(self.shared.config.http1);
        server.handle_timeout(now);
        let mut connection = Connection::new(Role::Server(server), Link::new(link));
        let http2 = self.shared.config.http2.enabled;
        // RFC 9113 3.2: over TLS, HTTP/2 is agreed on by ALPN.
        if http2 && link.tls.as_ref().is_some_and(|tls| tls.alpn.as_deref() == Some(b"h2")) {
            self.quietly(&mut connection, |turn| turn.speak_http2());
        } else {
            connection.sniffing = http2 || self.shared.config.raw_fallback;
        }
        Some(connection)
    }

    fn poll_connect(&mut self) -> Option<(Target, Self::Connection)> {
        self.connects.pop_front()
    }

    fn connected(&mut self, connection: &mut Self::Connection, link: &LinkInfo, now: Instant) {
        connection.link = Link::new(link);
        self.shared.tell_time(now);
        connection.role.handle_timeout(now);
        // What TLS agreed on decides.
        if matches!(connection.role, Role::Client(_)) && http2::agreed(link) {
            let opening =
                connection.control.grant(|asked| asked.extra.take()).and_then(|extra| extra.opening);
            if let Some(session) = connection.session.take() {
                connection.role = self.shared.http2_client(session, opening);
            }
        }
        if let Role::Http2(_) = connection.role {
            self.quietly(connection, |turn| {
                if let Some(mut multiplex) = turn.multiplex() {
                    multiplex.connected();
                }
            });
        } else if let Some(opening) = connection.opening() {
            opening.start(now, self.shared.config.opening_timeout);
        } else {
            self.quietly(connection, |turn| {
                turn.tell(|handler, session, stream| handler.connected(session, stream))
            });
        }
    }

    fn receive(
        &mut self,
        connection: &mut Self::Connection,
        input: &mut [u8],
        scratch: &mut [u8],
        out: &mut WriteBuf<'_>,
    ) -> usize {
        self.turn(connection, out).receive(input, scratch)
    }

    fn receive_eof(&mut self, connection: &mut Self::Connection, out: &mut WriteBuf<'_>) {
        self.turn(connection, out).receive_eof();
    }

    fn transmit(&mut self, connection: &mut Self::Connection, out: &mut WriteBuf<'_>) {
        let mut turn = self.turn(connection, out);
        turn.lend();
        turn.write();
        turn.reclaim();
    }

    fn wants(&self, connection: &Self::Connection) -> Wants {
        connection.wants()
    }

    fn poll_action(&mut self, connection: &mut Self::Connection) -> Option<Action> {
        if let Role::Http2(http2) = &mut connection.role {
            return http2.poll_action();
        }
        connection.control.grant(|asked| asked.extra.as_mut()?.action.take())
    }

    fn file_opened(
        &mut self,
        connection: &mut Self::Connection,
        token: u32,
        result: Result<(FileId, FileMeta), FileError>,
    ) {
        self.quietly(connection, |turn| match turn.multiplex() {
            Some(mut multiplex) => multiplex.file_opened(token, result),
            None => turn.file_opened(result),
        });
    }

    fn file_data(
        &mut self,
        connection: &mut Self::Connection,
        token: u32,
        data: Result<&[u8], FileError>,
        out: &mut WriteBuf<'_>,
    ) {
        let mut turn = self.turn(connection, out);
        match turn.multiplex() {
            Some(mut multiplex) => multiplex.file_data(token, data),
            None => turn.file_data(data),
        }
    }

    fn file_unseen(&mut self, connection: &mut Self::Connection, _: u32) -> Option<u64> {
        connection.file_unseen()
    }

    fn file_left(&mut self, connection: &mut Self::Connection, _: u32) {
        self.quietly(connection, |turn| turn.file_left());
    }

    fn poll_timeout(&self, connection: &Self::Connection) -> Option<Deadline> {
        connection.poll_timeout()
    }

    fn handle_timeout(&mut self, connection: &mut Self::Connection, now: Instant) {
        self.shared.tell_time(now);
        if let Role::Http2(_) = &connection.role {
            self.quietly(connection, |turn| {
                if let Some(mut multiplex) = turn.multiplex() {
                    multiplex.handle_timeout();
                }
            });
            return;
        }
        connection.role.handle_timeout(now);
        if connection.control.asked().timer.is_some_and(|at| at <= now) {
            connection.control.grant(|asked| asked.timer = None);
            self.quietly(connection, |turn| {
                turn.tell(|handler, session, stream| handler.timer(session, stream))
            });
        }
        if let Some(end) = connection.overdue(now) {
            let raw = matches!(connection.role, Role::Raw(_));
            connection.limited = Some(if raw { Limit::RawIdleTimeout } else { Limit::OpeningTimeout });
            self.quietly(connection, |turn| turn.end(end));
        }
    }

    fn closed(&mut self, mut connection: Self::Connection, why: Closed) {
        // A fault that only a deadline found has not been told yet.
        let end = match why {
            Closed::Done => connection.role.end(),
            _ => None,
        };
        let end = end.unwrap_or(End::Link(why));
        if let Some(limit) = connection.limit() {
            self.shared.config.counters.add(limit);
        }
        let deflating = &mut self.shared.deflating;
        match &mut connection.role {
            Role::WebSocket(socket) => deflating.retire(socket),
            Role::Http2(http2) => http2.close_all(&mut self.handler, deflating, end),
            _ => {}
        }
        if let Some(agreement) = connection.control.extra().and_then(|extra| extra.agreed.deflate.as_ref()) {
            deflating.release(agreement, connection.role.side());
        }
        if let Some(session) = connection.session.take() {
            self.handler.closed(session, end);
        }
    }

    fn wall_clock(&mut self, now: Instant, unix: Duration) {
        self.shared.stamp.set(now, unix);
    }

    fn woken(&mut self, message: Self::Message, now: Instant) {
        self.shared.tell_time(now);
        self.handler.woken(message, &mut self.shared.wakes);
    }

    fn poll_wake(&mut self) -> Option<Wake> {
        self.shared.wakes.pop()
    }

    fn wake(&mut self, connection: &mut Self::Connection, wake: Wake) -> bool {
        self.quietly(connection, |turn| match turn.multiplex() {
            Some(mut multiplex) => multiplex.wake(wake),
            None => turn.wake(wake),
        })
    }

    fn drain(&mut self, connection: &mut Self::Connection, _now: Instant) {
        connection.draining = true;
        match &mut connection.role {
            Role::Server(server) => {
                server.drain();
                if server.is_idle() {
                    connection.ended = true;
                }
            }
            Role::WebSocket(_) => connection.control.ask().close = Some(GOING_AWAY),
            Role::Http2(_) => self.quietly(connection, |turn| {
                if let Some(mut multiplex) = turn.multiplex() {
                    multiplex.drain();
                }
            }),
            Role::Client(_) | Role::Raw(_) => {}
        }
    }

    fn min_input(&self) -> usize {
        let limits = &self.shared.config.http1.limits;
        ((limits.head as usize).max(limits.trailers.into()) + 2).max(self.shared.http2_input)
    }

    fn min_output(&self) -> usize {
        2 * LEAST_ROOM
    }
}
