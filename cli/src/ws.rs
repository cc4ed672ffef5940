//! `sanswire ws`: a WebSocket on standard input and output, or an echo.

use std::io::{self, BufRead as _, Write as _};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::time::{Duration, Instant};

use app::{
    App, ClientRole, End, Field, Handler, Http2Code, Kind, Message, MessageEnd, Response, SendError, Stream,
    StreamId, Wakes, WebSocket, Writable,
};
use drivers::Waker;

use crate::args::Ws;
use crate::client;
use crate::exit::{self, Failure};
use crate::url::Url;

/// Runs the command.
pub(crate) fn run(options: Ws) -> Result<(), Failure> {
    let url = Url::parse(&options.url, "ws", "wss")?;
    let mut fields = client::fields(&options.header)?;
    if !fields.iter().any(|(name, _)| name == "user-agent") {
        fields.push(("user-agent".into(), client::USER_AGENT.into()));
    }
    for name in &options.subprotocol {
        client::check_method(name).map_err(|_| {
            Failure::new(exit::Kind::Usage, format!("--subprotocol wants a name, not {name:?}"))
        })?;
    }
    let ping = options.ping.map(client::seconds).transpose()?;
    let mut over = Over::new(&options, &url)?;
    let protocols = options.subprotocol.iter().map(String::as_str).collect::<Vec<_>>();
    let field_views =
        fields.iter().map(|(name, value)| Field::new(name, value.as_bytes())).collect::<Vec<_>>();
    let websocket = WebSocket::new(&url.authority, &url.path, &protocols, &field_views).map_err(|_| {
        Failure::new(exit::Kind::Usage, "these fields cannot be part of a WebSocket handshake")
    })?;

    let (lines, input) = sync_channel(QUEUED_LINES);
    let kind = if options.binary { Kind::Binary } else { Kind::Text };
    let connect = |app: &mut App<Client>, over: Over| {
        let talk = match options.echo {
            true => Talk::Echo { piece: Vec::new(), sent: 0, message: None },
            false => Talk::Lines { kind, line: None, sent: 0, ended: false },
        };
        let target = url.target(options.unix_socket.as_deref(), over.alpn());
        app.connect(target, over.role(websocket.clone()), Session { talk, ping, ping_due: false });
    };
    let config = app::Config { deflate: options.deflate.config()?, ..client::config()? };
    let says_version = over != Over::Http1;
    let mut app = App::new(Client { input, says_version, version: "", stream: None, end: None }, config);
    connect(&mut app, over);
    let mut driver = client::driver(options.driver, &options.trust, app)?;
    if !options.echo {
        let waker = driver.waker();
        std::thread::spawn(move || read_lines(&lines, &waker));
    }
    loop {
        let app = driver.service_mut();
        if let Some(end) = app.handler_mut().end.take() {
            if over == Over::Either && wants_http1(end) {
                over = Over::Http1;
                connect(app, over);
                continue;
            }
            // RFC 6455 7.1.1: the server closes the TCP connection first, within reason.
            let patience = Instant::now() + FAREWELL;
            while driver.connections() > 0 {
                let left = patience.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    break;
                }
                client::turn(&mut driver, Some(left))?;
            }
            return outcome(&options.url, end);
        }
        client::turn(&mut driver, None)?;
    }
}

/// Which HTTP opens the WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Over {
    Http1,
    /// HTTP/2 where the server opens WebSockets over it, else HTTP/1.1.
    Either,
    Http2,
}

impl Over {
    fn new(options: &Ws, url: &Url) -> Result<Self, Failure> {
        match options {
            Ws { http2_prior_knowledge: true, .. } => Ok(Self::Http2),
            Ws { http2: true, .. } if url.tls => Ok(Self::Either),
            Ws { http2: true, .. } => {
                let what = "--http2 needs wss://, where TLS agrees on it (or --http2-prior-knowledge)";
                Err(Failure::new(exit::Kind::Usage, what))
            }
            _ => Ok(Self::Http1),
        }
    }

    /// What TLS is to offer.
    fn alpn(self) -> &'static [&'static str] {
        match self {
            Self::Http1 => &["http/1.1"],
            Self::Either => &["h2", "http/1.1"],
            Self::Http2 => &["h2"],
        }
    }

    fn role(self, websocket: WebSocket) -> ClientRole {
        match self {
            Self::Http1 | Self::Either => ClientRole::WebSocket(websocket),
            Self::Http2 => ClientRole::WebSocketHttp2(websocket),
        }
    }
}

/// Whether the server, which speaks HTTP/2, wants another version for WebSockets.
fn wants_http1(end: End) -> bool {
    // RFC 9113 7: "The endpoint requires that HTTP/1.1 be used instead of HTTP/2."
    matches!(end, End::NoExtendedConnect | End::Reset(Http2Code::HTTP_1_1_REQUIRED))
}

/// How long the server may take to close the connection once everything is said.
const FAREWELL: Duration = Duration::from_secs(1);

/// A message shorter than this is echoed whole, once nothing can be wrong with it any more; a larger one streams.
const WHOLE: usize = 64 * 1024;

/// Lines read ahead of what the connection takes.
const QUEUED_LINES: usize = 64;

/// Reads standard input on a thread of its own, no further ahead than the queue.
fn read_lines(lines: &SyncSender<Line>, waker: &Waker<()>) {
    let mut input = io::stdin().lock();
    loop {
        let mut line = Vec::new();
        let read = input.read_until(b'\n', &mut line);
        let end = !matches!(read, Ok(1..));
        if line.last() == Some(&b'\n') {
            line.pop();
            if line.last() == Some(&b'\r') {
                line.pop();
            }
        }
        if lines.send(if end { None } else { Some(line) }).is_err() {
            return;
        }
        let _ = waker.wake(()); // a full queue means that a wake-up is on its way
        if end {
            return;
        }
    }
}

/// A line of input, or its end.
type Line = Option<Vec<u8>>;

fn outcome(url: &str, end: End) -> Result<(), Failure> {
    match end {
        End::WebSocket(None | Some(1000 | 1001)) => Ok(()),
        End::WebSocket(Some(code)) => {
            Err(Failure::new(exit::Kind::WebSocket, format!("{url}: the peer closed with {code}")))
        }
        end => Err(client::failure(url, end, false)),
    }
}

/// The application.
struct Client {
    input: Receiver<Line>,
    /// Whether to say which HTTP opened the WebSocket.
    says_version: bool,
    version: &'static str,
    /// The stream, to be woken when there is input.
    stream: Option<StreamId>,
    end: Option<End>,
}

struct Session {
    talk: Talk,
    ping: Option<Duration>,
    ping_due: bool,
}

enum Talk {
    /// Lines of input as messages, messages as lines.
    Lines { kind: Kind, line: Option<Vec<u8>>, sent: usize, ended: bool },
    /// Every message back: what arrived and is not sent back yet, and whether it ends the message.
    Echo { piece: Vec<u8>, sent: usize, message: Option<(Kind, bool)> },
}

impl Client {
    /// Sends the next line, as far as there is room.
    fn send_line(&mut self, talk: &mut Talk, out: Writable<'_, '_>, stream: &mut Stream<'_>) {
        let Talk::Lines { kind, line, sent, ended } = talk else { return };
        if line.is_none() && !*ended {
            match self.input.try_recv() {
                Ok(Some(next)) => *line = Some(next),
                Err(TryRecvError::Empty) => return,
                Ok(None) | Err(TryRecvError::Disconnected) => {
                    *ended = true;
                    stream.close();
                }
            }
        }
        let Some(text) = line else { return };
        match out.message(*kind, &text[*sent..], true) {
            Ok(count) => {
                *sent += count;
                if *sent == text.len() {
                    (*line, *sent) = (None, 0);
                }
                stream.want_write();
            }
            Err(SendError::Full | SendError::Blocked) => stream.want_write(),
            Err(_) => stream.close(),
        }
    }
}

impl Handler for Client {
    type Session = Session;
    type Message = ();

    fn response(&mut self, _: &mut Session, response: &Response<'_>, _: &mut Stream<'_>) {
        self.version = response.version();
    }

    fn opened(&mut self, session: &mut Session, protocol: Option<&str>, stream: &mut Stream<'_>) {
        if self.says_version {
            eprintln!("opened over {}", self.version);
        }
        if let Some(protocol) = protocol {
            eprintln!("subprotocol {protocol}");
        }
        self.stream = Some(stream.id());
        stream.set_timer(session.ping);
        stream.want_write();
    }

    fn message(&mut self, session: &mut Session, message: Message<'_>, stream: &mut Stream<'_>) {
        let last = message.end == MessageEnd::Message;
        match &mut session.talk {
            Talk::Lines { .. } => {
                let mut output = io::stdout().lock();
                let written = output.write_all(message.payload);
                let newline =
                    if last { output.write_all(b"\n").and_then(|()| output.flush()) } else { Ok(()) };
                if written.and(newline).is_err() {
                    stream.close(); // nobody reads the output any longer
                }
            }
            Talk::Echo { piece, message: echoed, .. } => {
                piece.extend_from_slice(message.payload);
                if !last && piece.len() < WHOLE {
                    return;
                }
                *echoed = Some((message.kind, last));
                stream.hold();
                stream.want_write();
            }
        }
    }

    fn pong(&mut self, _: &mut Session, payload: &[u8], _: &mut Stream<'_>) {
        eprintln!("pong {}", payload.escape_ascii());
    }

    fn timer(&mut self, session: &mut Session, stream: &mut Stream<'_>) {
        session.ping_due = true;
        stream.want_write();
    }

    fn writable(&mut self, session: &mut Session, out: Writable<'_, '_>, stream: &mut Stream<'_>) {
        if session.ping_due {
            if out.ping(b"sanswire").is_ok() {
                session.ping_due = false;
                stream.set_timer(session.ping);
            }
            stream.want_write();
            return;
        }
        let Talk::Echo { piece, sent, message } = &mut session.talk else {
            return self.send_line(&mut session.talk, out, stream);
        };
        let Some((kind, last)) = *message else { return };
        match out.message(kind, &piece[*sent..], last) {
            Ok(count) if *sent + count == piece.len() => {
                piece.clear();
                (*sent, *message) = (0, None);
                stream.resume();
            }
            Ok(count) => {
                *sent += count;
                stream.want_write();
            }
            Err(SendError::Full | SendError::Blocked) => stream.want_write(),
            Err(_) => stream.close(),
        }
    }

    fn woken(&mut self, (): (), wakes: &mut Wakes) {
        if let Some(stream) = self.stream {
            wakes.stream(stream);
        }
    }

    fn peer_closing(&mut self, _: &mut Session, code: Option<u16>, reason: &str, _: &mut Stream<'_>) {
        let code = code.map_or("without a code".to_owned(), |code| format!("with {code}"));
        let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        eprintln!("closed {code}{reason}");
    }

    fn closed(&mut self, _: Session, end: End) {
        self.end = Some(end);
    }
}
