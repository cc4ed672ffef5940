//! sanswire: `app` on `drivers`, as an application would use them.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use app::{
    App, Field, Handler, Kind, Message, MessageEnd, Request, ResponseHead, SendError, Stream, Writable,
};
use drivers::{Config, Identity, Listen, ListenAddress, Server, ServerTls, Transport};

use super::{Options, announce};
use crate::case::{BODY, ECHO, HELLO, SMALL, large};

pub(super) fn run(transport: Transport, options: &Options) -> io::Result<()> {
    let any = || SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let mut listen = vec![Listen::plain(any())];
    if let Some((chain, key)) = options.identity.clone() {
        let tls = ServerTls { identities: vec![Identity { chain, key }], ..ServerTls::default() };
        listen.push(Listen::tls(any(), tls.build().map_err(io::Error::other)?));
    }
    let ping = Duration::from_secs(options.ping);
    let config = Config { transport, ..Config::default() };
    let server = Server { config, listen, threads: options.threads.max(1), ..Server::default() };
    let running = server.start(move |_, _| {
        let mut config = app::Config::default();
        if !ping.is_zero() {
            config.websocket.keep_alive = proto_ws::KeepAlive { ping_after: ping, hang_up_after: ping * 2 };
        }
        application(config)
    })?;
    let port = |address: &ListenAddress| match address {
        ListenAddress::Tcp(address) => address.port(),
        ListenAddress::Unix(_) => 0,
    };
    announce(&running.addresses().iter().map(port).collect::<Vec<_>>())?;
    running.join().map(drop)
}

/// The application of one thread.
pub fn application(config: app::Config) -> App<Bench> {
    App::new(Bench { large: large(), spare: Vec::new() }, config)
}

/// The application: the two answers and the echo.
pub struct Bench {
    large: Vec<u8>,
    /// Buffers of finished echoes, for the next ones: a session that rests is a pointer.
    #[expect(clippy::vec_box, reason = "it is the boxes that are used again")]
    spare: Vec<Box<Vec<u8>>>,
}

/// What a stream is busy with.
pub enum Session {
    /// The small answer.
    Hello,
    /// The large answer, as far as it is sent.
    Body {
        /// Bytes.
        sent: u32,
    },
    /// The message that is coming in or going out.
    Echo(Option<Box<Vec<u8>>>),
}

const TEXT: &[Field<'static>] = &[Field { name: b"content-type", value: b"text/plain" }];

impl Handler for Bench {
    type Session = Session;
    type Message = ();

    fn request(&mut self, request: &Request<'_>, stream: &mut Stream<'_>) -> Option<Session> {
        let path = request.path();
        if path == ECHO.as_bytes()
            && let Some(Ok(upgrade)) = request.websocket()
        {
            upgrade.accept(None, stream);
            return Some(Session::Echo(None));
        }
        stream.want_write();
        match path {
            path if path == HELLO.as_bytes() => Some(Session::Hello),
            path if path == BODY.as_bytes() => Some(Session::Body { sent: 0 }),
            _ => None,
        }
    }

    fn message(&mut self, session: &mut Session, message: Message<'_>, stream: &mut Stream<'_>) {
        let Session::Echo(pending) = session else { return };
        let pending = pending.get_or_insert_with(|| self.spare.pop().unwrap_or_default());
        pending.extend_from_slice(message.payload);
        if message.end == MessageEnd::Message {
            stream.hold();
            stream.want_write();
        }
    }

    fn message_in_turn(
        &mut self,
        session: &mut Session,
        message: Message<'_>,
        out: Writable<'_, '_>,
        stream: &mut Stream<'_>,
    ) {
        let at_once = matches!(session, Session::Echo(None))
            && out.whole_message(Kind::Binary, message.payload).is_ok();
        if !at_once {
            self.message(session, message, stream);
        }
    }

    fn writable(&mut self, session: &mut Session, out: Writable<'_, '_>, stream: &mut Stream<'_>) {
        let head = ResponseHead { status: 200, fields: TEXT };
        match session {
            Session::Hello => {
                let _ = out.respond(&head, SMALL);
            }
            Session::Body { sent } => {
                let more = match *sent {
                    0 => out.respond(&head, &self.large),
                    _ => out.body(&self.large[*sent as usize..]),
                };
                *sent += more.unwrap_or(0) as u32;
                if (*sent as usize) < self.large.len() {
                    stream.want_write();
                }
            }
            Session::Echo(pending) => {
                let Some(mut buffer) = pending.take() else { return };
                match out.whole_message(Kind::Binary, &buffer) {
                    Ok(()) => {}
                    Err(SendError::Full) => {
                        *pending = Some(buffer);
                        return stream.want_write();
                    }
                    // It is larger than what may leave in one frame.
                    Err(_) => return stream.close_with(1009, ""),
                }
                buffer.clear();
                if self.spare.len() < 64 {
                    self.spare.push(buffer);
                }
                stream.resume();
            }
        }
    }
}
