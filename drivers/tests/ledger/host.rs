//! An application whose connections are in a test's hands, so that each limit is seen from outside: by what is sent, and by what is
//! counted.

use std::time::Duration;

use app::{
    Address, App, BodyLength, ClientRole, Closed, Config, Counters, End, Field, Fields, Handler, Limit,
    Request, RequestHead, Response, ResponseHead, SendError, Stream, Target, WebSocket, Writable,
};

use crate::wire::Wire;

/// Serves: `/` answers `ok` once the request is complete, `/early` at once, `/long` with 300,000 bytes, and `/patient` never, nor
/// does `/held`, which takes no content either; WebSockets and raw peers are taken. Asks: with content, if it has any.
#[derive(Default)]
pub(crate) struct Host {
    pub(crate) ends: Vec<End>,
    pub(crate) ask: Ask,
}

/// What a client asks.
#[derive(Default)]
pub(crate) struct Ask {
    pub(crate) fields: &'static [(&'static str, &'static str)],
    pub(crate) content: &'static [u8],
}

pub(crate) enum Session {
    Answer,
    Long { left: usize, head: bool },
    Client { sent: Option<usize> },
    Patient,
}

impl Handler for Host {
    type Session = Session;
    type Message = ();

    fn request(&mut self, request: &Request<'_>, stream: &mut Stream<'_>) -> Option<Session> {
        if let Some(Ok(upgrade)) = request.websocket() {
            upgrade.accept(None, stream);
            return Some(Session::Patient);
        }
        Some(match request.path() {
            b"/patient" => Session::Patient,
            b"/held" => {
                stream.hold();
                Session::Patient
            }
            b"/long" => {
                stream.want_write();
                Session::Long { left: 300_000, head: false }
            }
            path => {
                if path == b"/early" {
                    stream.want_write();
                }
                Session::Answer
            }
        })
    }

    fn raw(&mut self, _: &mut Stream<'_>) -> Option<Session> {
        Some(Session::Patient)
    }

    fn connected(&mut self, _: &mut Session, stream: &mut Stream<'_>) {
        stream.want_write();
    }

    fn response(&mut self, _: &mut Session, _: &Response<'_>, _: &mut Stream<'_>) {}

    fn body_end(&mut self, session: &mut Session, _: Fields<'_>, stream: &mut Stream<'_>) {
        if let Session::Answer = session {
            stream.want_write();
        }
    }

    fn writable(&mut self, session: &mut Session, out: Writable<'_, '_>, stream: &mut Stream<'_>) {
        let done = match session {
            Session::Patient => return,
            Session::Answer => {
                *session = Session::Patient;
                out.respond(&ResponseHead::new(200), b"ok").map(drop)
            }
            Session::Long { left, head: head @ false } => {
                *head = true;
                out.head(&ResponseHead::new(200), BodyLength::Known(*left as u64))
            }
            Session::Long { left: 0, .. } => return,
            Session::Long { left, .. } => {
                out.body(&vec![b'x'; (*left).min(10_000)]).map(|sent| *left -= sent)
            }
            Session::Client { sent: None } => {
                let fields = self.ask.fields.iter().map(|(name, value)| Field::new(*name, *value));
                let fields = fields.collect::<Vec<_>>();
                let head = RequestHead { method: b"PUT", target: b"/", authority: b"h", fields: &fields };
                *session = Session::Client { sent: Some(0) };
                out.request(&head, BodyLength::Known(self.ask.content.len() as u64))
            }
            Session::Client { sent: Some(sent) } => {
                out.body(&self.ask.content[*sent..]).map(|more| *sent += more)
            }
        };
        assert!(matches!(done, Ok(()) | Err(SendError::Full | SendError::Blocked)), "{done:?}");
        match session {
            Session::Long { .. } => stream.want_write(),
            Session::Client { sent: Some(sent) } if *sent < self.ask.content.len() => stream.want_write(),
            _ => {}
        }
    }

    fn closed(&mut self, _: Session, end: End) {
        self.ends.push(end);
    }
}

/// One connection, and the counters of its server.
pub(crate) struct Bench {
    pub(crate) wire: Wire<Host>,
    counters: Counters,
    pub(crate) sent: Vec<u8>,
}

impl Bench {
    pub(crate) fn server(change: impl FnOnce(&mut Config)) -> Self {
        let (config, counters) = config(change);
        Self { wire: Wire::server(Host::default(), config), counters, sent: Vec::new() }
    }

    /// A client that asks `ask`, and has sent what it sends at once.
    pub(crate) fn client(role: ClientRole, ask: Ask, change: impl FnOnce(&mut Config)) -> Self {
        let (config, counters) = config(change);
        let mut app = App::new(Host { ask, ends: Vec::new() }, config);
        let target = Target { address: Address::Host("h".into(), 80), tls: None, timeout: None };
        app.connect(target, role, Session::Client { sent: None });
        let mut bench = Self { wire: Wire::client(app).0, counters, sent: Vec::new() };
        bench.feed(b"");
        bench
    }

    /// A client that opens a WebSocket.
    pub(crate) fn opening(change: impl FnOnce(&mut Config)) -> Self {
        let websocket = WebSocket::new("h", "/", &[], &[]).unwrap();
        Self::client(ClientRole::WebSocket(websocket), Ask::default(), change)
    }

    pub(crate) fn feed(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        let sent = self.wire.feed(bytes.as_ref());
        self.sent.extend(sent);
        self
    }

    pub(crate) fn sleep(&mut self, time: Duration) -> &mut Self {
        let sent = self.wire.sleep(time);
        self.sent.extend(sent);
        self
    }

    /// What was sent since the last time.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.sent)
    }

    /// Whether `text` was sent.
    pub(crate) fn has_sent(&self, text: &[u8]) -> bool {
        self.sent.windows(text.len()).any(|window| window == text)
    }

    /// The statuses of the responses over HTTP/1.
    pub(crate) fn statuses(&self) -> Vec<String> {
        let text = String::from_utf8_lossy(&self.sent);
        text.split("HTTP/1.1 ").skip(1).map(|head| head.chars().take(3).collect()).collect()
    }

    /// Asserts that just these limits have fired, in the account of the connection, which ends here if it has not, and in that of its
    /// server.
    #[track_caller]
    pub(crate) fn fired(mut self, limits: &[Limit]) {
        if !self.wire.closed {
            self.wire.cut(Closed::Reset);
        }
        let once = limits.iter().map(|&limit| (limit, 1)).collect::<Vec<_>>();
        assert_eq!(self.wire.fired, once, "the connection; {}", self.sent.escape_ascii());
        let counted = self.counters.all().filter(|(_, times)| *times > 0);
        assert_eq!(
            counted.map(|(limit, times)| (limit, times as u32)).collect::<Vec<_>>(),
            once,
            "the server"
        );
    }

    /// How the streams have ended.
    pub(crate) fn ends(&self) -> &[End] {
        &self.wire.app.handler().ends
    }
}

fn config(change: impl FnOnce(&mut Config)) -> (Config, Counters) {
    let mut config = Config { raw_fallback: true, ..Config::default() };
    change(&mut config);
    let counters = config.counters.clone();
    (config, counters)
}

/// The longest time short of `time` that can be told from it.
pub(crate) fn just_before(time: Duration) -> Duration {
    time - MOMENT
}

/// The least time there is.
pub(crate) const MOMENT: Duration = Duration::from_micros(1);

pub(crate) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
