//! What the demo server serves: which path is what, and one session type for all of it.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use app::{End, Fields, Group, Handler, Message, Protocol, Request, Stream, Wakes, Writable};
use drivers::Waker;

use super::body::{Bytes, Drip, Echo, Reply};
use super::mirror::{Board, Mirror, Stroke};
use super::socket::{Counter, EchoSocket, Notice};
use super::{Shared, page};

/// The application of one thread.
pub(super) struct Site {
    shared: Arc<Shared>,
    /// All threads of the server, this one included: each has a board, and all boards show the same.
    threads: Vec<Waker<Stroke>>,
    board: Board,
    /// Buffers of finished echoes, for the next ones: an echo in steady state allocates nothing.
    buffers: Vec<Vec<u8>>,
}

impl Site {
    pub(super) fn new(shared: Arc<Shared>, threads: &[Waker<Stroke>]) -> Self {
        Self { shared, threads: threads.to_vec(), board: Board::default(), buffers: Vec::new() }
    }

    /// Sends a stroke to the boards of all threads. A thread that is too busy to take it misses it.
    fn publish(&self, stroke: &Stroke) {
        for thread in &self.threads {
            let _ = thread.wake(Stroke::clone(stroke));
        }
    }

    fn root(&self) -> Option<&Path> {
        self.shared.root.as_deref()
    }
}

/// What a stream is busy with.
pub(super) enum Session {
    Reply(Reply),
    Echo(Echo),
    Bytes(Bytes),
    Drip(Drip),
    EchoSocket(EchoSocket),
    Counter(Counter),
    Mirror(Mirror),
    Notice(Notice),
}

impl Handler for Site {
    type Session = Session;
    type Message = Stroke;

    fn request(&mut self, request: &Request<'_>, stream: &mut Stream<'_>) -> Option<Session> {
        self.shared.count_request();
        tracing::debug!(
            method = %request.method().escape_ascii(),
            path = %request.path().escape_ascii(),
            peer = ?stream.peer(),
            "request"
        );
        let session = self.route(request, stream);
        // An echo has nothing to say before it has heard something.
        if !matches!(session, Some(Session::Echo(_))) {
            stream.want_write();
        }
        session
    }

    fn body(&mut self, session: &mut Session, data: &mut [u8], stream: &mut Stream<'_>) {
        if let Session::Echo(echo) = session {
            echo.take(data, stream);
        }
    }

    fn body_end(&mut self, session: &mut Session, _: Fields<'_>, stream: &mut Stream<'_>) {
        if let Session::Echo(echo) = session {
            echo.end(stream);
        }
    }

    fn opened(&mut self, session: &mut Session, _: Option<&str>, stream: &mut Stream<'_>) {
        match session {
            Session::Counter(counter) => counter.start(stream),
            Session::Mirror(mirror) => mirror.start(&self.board, stream),
            Session::Notice(_) => stream.want_write(),
            _ => {}
        }
    }

    fn message(&mut self, session: &mut Session, message: Message<'_>, stream: &mut Stream<'_>) {
        match session {
            Session::EchoSocket(echo) => echo.take(&message, &mut self.buffers, stream),
            Session::Counter(counter) => counter.take(&message),
            Session::Mirror(mirror) => {
                if let Some(stroke) = mirror.take(&message, stream) {
                    self.publish(&stroke);
                }
            }
            _ => {}
        }
    }

    fn message_in_turn(
        &mut self,
        session: &mut Session,
        message: Message<'_>,
        out: Writable<'_, '_>,
        stream: &mut Stream<'_>,
    ) {
        match session {
            Session::EchoSocket(echo) if echo.reflect(&message, out) => {}
            _ => self.message(session, message, stream),
        }
    }

    fn writable(&mut self, session: &mut Session, out: Writable<'_, '_>, stream: &mut Stream<'_>) {
        match session {
            Session::Reply(reply) => reply.write(out, stream),
            Session::Echo(echo) => echo.write(out, stream),
            Session::Bytes(bytes) => bytes.write(out, stream),
            Session::Drip(drip) => drip.write(out, stream),
            Session::EchoSocket(echo) => echo.write(out, &mut self.buffers, stream),
            Session::Counter(counter) => counter.write(out, stream),
            Session::Mirror(mirror) => mirror.write(out, &self.board, stream),
            Session::Notice(notice) => notice.write(out, stream),
        }
    }

    fn timer(&mut self, session: &mut Session, stream: &mut Stream<'_>) {
        match session {
            Session::Drip(_) => stream.want_write(),
            Session::Counter(counter) => counter.tick(stream),
            _ => {}
        }
    }

    fn closed(&mut self, session: Session, end: End) {
        match session {
            Session::EchoSocket(echo) => echo.give_back(&mut self.buffers),
            Session::Counter(_) | Session::Mirror(_) | Session::Notice(_) => {}
            _ if end == End::Complete => return,
            _ => {}
        }
        tracing::debug!(?end, "stream closed");
    }

    fn woken(&mut self, stroke: Stroke, wakes: &mut Wakes) {
        self.board.add(stroke);
        wakes.group(MIRRORS);
    }
}

/// All open mirror boards of a thread.
pub(super) const MIRRORS: Group = Group(1);

const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

impl Site {
    fn route(&mut self, request: &Request<'_>, stream: &mut Stream<'_>) -> Option<Session> {
        // RFC 9110 9.1: 501 for a method that is not recognized anywhere, 405 for one that is not allowed here.
        // RFC 8441 4: over HTTP/2 a WebSocket is asked for by CONNECT.
        let connects = request.method() == b"CONNECT" && request.websocket().is_some();
        if !request.is_known_method() && !connects {
            return refuse(stream, 501);
        }
        let Some(path) = normal(request.path()) else { return refuse(stream, 400) };
        let path = &*path;
        if request.method() == b"OPTIONS" {
            return Some(Session::Reply(Reply::options(methods(path))));
        }
        let readable = matches!(request.method(), b"GET" | b"HEAD") || connects;
        let writable = path == b"/echo" && matches!(request.method(), b"POST" | b"PUT");
        if is_endpoint(path) {
            if !readable && !writable {
                return Some(Session::Reply(Reply::not_allowed(methods(path))));
            }
            // RFC 9110 13.1.1: no endpoint has an entity tag, so none but `*` matches.
            if request.fields().contains("if-match") && !request.fields().contains_token("if-match", "*") {
                return refuse(stream, 412);
            }
        }
        match path {
            b"/ws/echo" => return upgrade(request, stream, Session::EchoSocket(EchoSocket::default())),
            b"/ws/counter" => return upgrade(request, stream, Session::Counter(Counter::default())),
            b"/ws/mirror" => return upgrade(request, stream, Session::Mirror(Mirror::default())),
            b"/ws/info" => {
                let notice = Notice::new(info(request, stream));
                return upgrade(request, stream, Session::Notice(notice));
            }
            _ if connects => return refuse(stream, 404),
            // RFC 9110 14.5: no partial PUT.
            b"/echo" if request.method() == b"PUT" && request.fields().contains("content-range") => {
                return refuse(stream, 400);
            }
            b"/echo" if writable => return Some(Session::Echo(Echo::new(request))),
            _ => {}
        }
        if let Some(number) = path.strip_prefix(b"/bytes/") {
            return sized(number, stream, Bytes::known);
        }
        if let Some(number) = path.strip_prefix(b"/chunked/") {
            return sized(number, stream, Bytes::chunked);
        }
        Some(match path {
            b"/" => Session::Reply(Reply::page(HTML, page::INDEX)),
            b"/hello" => Session::Reply(Reply::fixed(TEXT, b"Hello, world!")),
            b"/echo" => Session::Reply(Reply::fixed(TEXT, b"POST or PUT something, and it comes back.\n")),
            b"/info" => Session::Reply(Reply::owned(JSON, info(request, stream))),
            b"/drip" => match Drip::parse(request.query().unwrap_or_default()) {
                Some(drip) => Session::Drip(drip),
                None => return refuse(stream, 400),
            },
            _ => {
                if let Some(root) = self.root() {
                    stream.serve_file(root, request);
                }
                return None;
            }
        })
    }
}

fn is_endpoint(path: &[u8]) -> bool {
    const FIXED: [&[u8]; 5] = [b"/", b"/hello", b"/echo", b"/info", b"/drip"];
    const SOCKETS: [&[u8]; 4] = [b"/ws/echo", b"/ws/counter", b"/ws/mirror", b"/ws/info"];
    FIXED.contains(&path)
        || SOCKETS.contains(&path)
        || path.starts_with(b"/bytes/")
        || path.starts_with(b"/chunked/")
}

const ALL_METHODS: &str = "GET, HEAD, POST, PUT, OPTIONS";

fn methods(path: &[u8]) -> &'static str {
    if matches!(path, b"/echo" | b"*") { ALL_METHODS } else { "GET, HEAD, OPTIONS" }
}

/// `path` in its normal form: an unreserved character means the same encoded or not
/// ([RFC 9110 4.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-4.2.3)). `None` when an encoding is broken.
fn normal(path: &[u8]) -> Option<Cow<'_, [u8]>> {
    if !path.contains(&b'%') {
        return Some(Cow::Borrowed(path));
    }
    let mut normal = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'%' {
            normal.push(byte);
            continue;
        }
        let (code, tail) = tail.split_first_chunk::<2>()?;
        let [high, low] = code.map(|digit| (digit as char).to_digit(16));
        let decoded = (high? << 4 | low?) as u8; // two digits below 16
        if decoded.is_ascii_alphanumeric() || b"-._~".contains(&decoded) {
            normal.push(decoded);
        } else {
            normal.extend_from_slice(&[b'%', code[0].to_ascii_uppercase(), code[1].to_ascii_uppercase()]);
        }
        rest = tail;
    }
    Some(Cow::Owned(normal))
}

fn upgrade(request: &Request<'_>, stream: &mut Stream<'_>, session: Session) -> Option<Session> {
    match request.websocket().filter(|_| matches!(request.method(), b"GET" | b"CONNECT")) {
        // Any one offered subprotocol will do: the demo sockets carry plain text and bytes.
        Some(Ok(upgrade)) => {
            let first = upgrade.protocols().next();
            upgrade.accept(first, stream);
            Some(session)
        }
        Some(Err(refusal)) => {
            refusal.answer(stream);
            None
        }
        None => refuse(stream, 426),
    }
}

fn refuse(stream: &mut Stream<'_>, status: u16) -> Option<Session> {
    stream.refuse(status);
    None
}

/// `/bytes/N` and `/chunked/N`, for any N that a length can be.
fn sized(digits: &[u8], stream: &mut Stream<'_>, new: fn(u64) -> Bytes) -> Option<Session> {
    match number(digits) {
        Some(length) => Some(Session::Bytes(new(length))),
        None => refuse(stream, 404),
    }
}

/// Decimal digits and nothing else.
pub(super) fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

/// What the page shows about its own connection.
fn info(request: &Request<'_>, stream: &Stream<'_>) -> String {
    let tls = stream.tls().map_or("null".to_owned(), |tls| format!("\"{}\"", tls.version));
    // As ALPN calls it; one that came by an upgrade is told by its stream.
    let http = if stream.protocol() == Protocol::Http2 { "h2" } else { request.version() };
    format!("{{\"http\":\"{http}\",\"tls\":{tls}}}\n")
}

/// How long the counter waits between two numbers.
pub(super) const COUNTER_PERIOD: Duration = Duration::from_millis(50);
