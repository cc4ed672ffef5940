//! The same bytes of a peer give the same events and the same answer, whichever transport carries them.
#![cfg(all(feature = "uring", target_os = "linux"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use app::{
    App, End, Field, Fields, Handler, Kind, Message, MessageEnd, Request, ResponseHead, Stream, Writable,
};
use drivers::{Config, Driver, Listen, ListenAddress, Transport};

/// Writes down what happens, and answers with how much content there was. WebSockets are echoed.
#[derive(Default)]
struct Scribe {
    events: Vec<String>,
    ended: usize,
}

#[derive(Default)]
struct Session {
    content: Vec<u8>,
    websocket: bool,
    /// A message is to be echoed.
    whole: bool,
}

impl Handler for Scribe {
    type Session = Session;
    type Message = ();

    fn request(&mut self, request: &Request<'_>, stream: &mut Stream<'_>) -> Option<Session> {
        let fields = request.fields().iter().map(|field| format!("{field:?}")).collect::<String>();
        self.events.push(format!(
            "request {} {} {fields}",
            String::from_utf8_lossy(request.method()),
            String::from_utf8_lossy(request.path())
        ));
        if let Some(Ok(upgrade)) = request.websocket() {
            upgrade.accept(None, stream);
            return Some(Session { websocket: true, ..Session::default() });
        }
        Some(Session::default())
    }

    fn body(&mut self, session: &mut Session, data: &mut [u8], _: &mut Stream<'_>) {
        session.content.extend_from_slice(data);
    }

    fn body_end(&mut self, session: &mut Session, trailers: Fields<'_>, stream: &mut Stream<'_>) {
        let trailers = trailers.iter().map(|field| format!("{field:?}")).collect::<String>();
        self.events.push(format!(
            "content {} {} {trailers}",
            session.content.len(),
            digest(&session.content)
        ));
        stream.want_write();
    }

    fn message(&mut self, session: &mut Session, message: Message<'_>, stream: &mut Stream<'_>) {
        session.content.extend_from_slice(message.payload);
        if message.end == MessageEnd::Message {
            self.events.push(format!("message {} {}", session.content.len(), digest(&session.content)));
            session.whole = true;
            stream.hold();
            stream.want_write();
        }
    }

    fn writable(&mut self, session: &mut Session, out: Writable<'_, '_>, stream: &mut Stream<'_>) {
        if session.websocket {
            if !session.whole {
                return;
            }
            match out.whole_message(Kind::Binary, &session.content) {
                Ok(()) => {
                    session.content.clear();
                    session.whole = false;
                    stream.resume();
                }
                Err(_) => stream.want_write(),
            }
            return;
        }
        let text = session.content.len().to_string();
        let fields = [Field::new("x-digest", text.as_bytes())];
        if out.respond(&ResponseHead { status: 200, fields: &fields }, text.as_bytes()).is_err() {
            stream.want_write();
        }
    }

    fn closed(&mut self, _: Session, end: End) {
        self.events.push(format!("closed {end:?}"));
        self.ended += 1;
    }
}

fn digest(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

/// What a peer hears and what the server notes when the peer says `pieces` and then that it is done.
fn transcript(transport: Transport, pieces: &[Vec<u8>]) -> (String, Vec<String>) {
    let config = Config { transport, ..Config::default() };
    let mut driver = Driver::new(App::new(Scribe::default(), app::Config::default()), &config).unwrap();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let ListenAddress::Tcp(address) = driver.listen(&Listen::plain(any)).unwrap() else { panic!() };
    let mut peer = TcpStream::connect(address).unwrap();
    peer.set_nodelay(true).unwrap();
    peer.set_nonblocking(true).unwrap();
    let (mut heard, mut room, mut waiting) = (Vec::new(), vec![0; 1 << 16], pieces.concat().len());
    let mut ahead = pieces.iter();
    let mut piece: &[u8] = &[];
    #[expect(clippy::disallowed_methods, reason = "a test that hangs must fail")]
    let now = std::time::Instant::now;
    let start = now();
    loop {
        assert!(now() - start < Duration::from_secs(20), "hangs: {}", String::from_utf8_lossy(&heard));
        while waiting > 0 {
            if piece.is_empty() {
                piece = ahead.next().unwrap();
            }
            match peer.write(piece) {
                Ok(len) => (piece, waiting) = (&piece[len..], waiting - len),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                Err(_) => waiting = 0, // the server wants no more
            }
            if waiting == 0 {
                let _ = peer.shutdown(Shutdown::Write);
            }
            driver.turn(Some(Duration::ZERO)).unwrap();
        }
        driver.turn(Some(Duration::from_millis(1))).unwrap();
        match peer.read(&mut room) {
            Ok(0) => break,
            Ok(len) => heard.extend_from_slice(&room[..len]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(error) => panic!("{error}"),
        }
    }
    drop(peer);
    while driver.connections() > 0 {
        driver.turn(Some(Duration::from_millis(1))).unwrap();
    }
    let heard = String::from_utf8_lossy(&heard);
    let undated = heard.split_inclusive('\n').filter(|line| !line.starts_with("date: ")).collect();
    (undated, driver.service().handler().events.clone())
}

/// Numbers that look like chance and are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 20) as usize % below
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| b'a' + self.below(26) as u8).collect()
    }

    fn size(&mut self) -> usize {
        [0, 1, 100, 4096, 10_000, 70_000, 300_000][self.below(7)]
    }
}

/// What a peer says: requests, some of them wrong, or a WebSocket's frames.
fn speech(chance: &mut Chance) -> Vec<u8> {
    let mut said = Vec::new();
    let websocket = chance.below(3) == 0;
    if websocket {
        said.extend_from_slice(
            b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
              Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        );
    }
    for _ in 0..1 + chance.below(6) {
        // An echo has to leave in one frame.
        let len = if websocket { chance.size().min(30_000) } else { chance.size() };
        let body = chance.bytes(len);
        if websocket {
            let length = match len {
                0..126 => vec![0x80 | len as u8],
                _ => [&[0xfe][..], &(len as u16).to_be_bytes()].concat(),
            };
            said.extend_from_slice(&[&[0x82][..], &length, &[0; 4], &body].concat()); // masked with zeros
            continue;
        }
        match chance.below(6) {
            0 => said.extend_from_slice(b"GET /a?b HTTP/1.1\r\nHost: a\r\nX-More: c\r\n\r\n"),
            1 | 2 => {
                said.extend_from_slice(
                    format!("POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: {len}\r\n\r\n").as_bytes(),
                );
                said.extend_from_slice(&body);
            }
            3 | 4 => {
                said.extend_from_slice(b"PUT /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
                for chunk in body.chunks(9_999) {
                    said.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                    said.extend_from_slice(&[chunk, b"\r\n"].concat());
                }
                said.extend_from_slice(b"0\r\nT: u\r\n\r\n");
            }
            _ => said.extend_from_slice(b"GET /b HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
        }
    }
    if websocket {
        said.extend_from_slice(&[0x88, 0x82, 0, 0, 0, 0, 3, 0xe8]);
    }
    said
}

#[test]
fn the_same_bytes_give_the_same_events_and_the_same_answer() {
    if let Err(error) = Transport::Uring.resolve() {
        eprintln!("skipped: {error}");
        return;
    }
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let (mut events, mut octets) = (0, 0);
    for round in 0..60 {
        let said = speech(&mut chance);
        let mut rest = &said[..];
        let mut pieces = Vec::new();
        while !rest.is_empty() {
            let most = [1, 50, 3000, 1 << 20][chance.below(4)].min(rest.len());
            let (piece, more) = rest.split_at(1 + chance.below(most));
            pieces.push(piece.to_vec());
            rest = more;
            if pieces.len() > 40 {
                pieces.push(core::mem::take(&mut rest).to_vec());
            }
        }
        let mio = transcript(Transport::Mio, &pieces);
        let uring = transcript(Transport::Uring, &pieces);
        assert!(mio == uring, "round {round}: {:?}\n{:?}\n{}\n{}", mio.1, uring.1, mio.0, uring.0);
        (events, octets) = (events + mio.1.len(), octets + mio.0.len());
    }
    assert!(events > 200 && octets > 100_000, "too little happened: {events} events, {octets} octets");
}
