//! What a message costs in memory: nothing, once buffers have grown to what they need. Counts what the thread of the
//! test allocates, which drives and is the client too.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(unsafe_code, reason = "the allocator interface is unsafe; this one passes everything on")]

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use app::{App, Handler, Kind, Message, MessageEnd, Request, ResponseHead, Service, Stream, Writable};
use common::*;
use drivers::{Config, Driver, Listen, ListenAddress};

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    /// Bytes that this thread holds, if it frees what it allocates.
    static HELD: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

fn count(size: usize) {
    // Fails only while the thread ends.
    let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
    let _ = HELD.try_with(|held| held.set(held.get().wrapping_add(size)));
}

fn uncount(size: usize) {
    let _ = HELD.try_with(|held| held.set(held.get().wrapping_sub(size)));
}

// SAFETY: every call is the system allocator's; counting allocates nothing, for the counter needs no destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        uncount(layout.size());
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        uncount(layout.size());
        count(size);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(block, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Has `client` send `sent` and drives until as much as `got` holds has come back.
fn round<S: Service>(driver: &mut Driver<S>, client: &mut TcpStream, sent: &[u8], got: &mut [u8]) {
    client.write_all(sent).unwrap();
    let goal = driver.stats().bytes_out + got.len() as u64;
    while driver.stats().bytes_out < goal {
        driver.turn(None).unwrap();
    }
    client.read_exact(got).unwrap();
}

/// What was said, whatever second it was.
fn undated(said: &[u8]) -> Vec<u8> {
    const FIELD: &[u8] = b"\r\ndate: ";
    let mut said = said.to_vec();
    for at in 0..said.len().saturating_sub(FIELD.len() + 29) {
        if said[at..].starts_with(FIELD) {
            said[at + FIELD.len()..][..29].fill(b'-');
        }
    }
    said
}

/// How many allocations a hundred rounds make, after some to warm up.
fn allocations<S: Service>(
    driver: &mut Driver<S>,
    client: &mut TcpStream,
    sent: &[u8],
    expected: &[u8],
) -> usize {
    let mut got = vec![0; expected.len()];
    for _ in 0..10 {
        round(driver, client, sent, &mut got);
    }
    let before = ALLOCATIONS.get();
    for _ in 0..100 {
        round(driver, client, sent, &mut got);
    }
    let after = ALLOCATIONS.get();
    assert!(undated(&got) == undated(expected), "something else came back");
    after - before
}

#[test]
fn bytes_cost_no_allocation() {
    let mut driver = driver(Test::server(Role::Echo), limits());
    let address = listen(&mut driver);
    let mut client = TcpStream::connect(address).unwrap();
    let (sent, mut got) = (pattern(4096), vec![0; 4096]);
    for len in [1, 100, 4096, 1, 1000] {
        round(&mut driver, &mut client, &sent[..len], &mut got[..len]);
    }
    let before = ALLOCATIONS.get();
    for len in (4..4_000).step_by(4) {
        round(&mut driver, &mut client, &sent[..len], &mut got[..len]);
        assert_eq!(got[..len], sent[..len]);
    }
    assert_eq!(ALLOCATIONS.get() - before, 0);
}

/// Says hello, and sends back what comes over a WebSocket.
struct Site;

#[derive(Default)]
struct Session {
    pending: Vec<u8>,
    echo: bool,
}

impl Handler for Site {
    type Session = Session;
    type Message = ();

    fn request(&mut self, request: &Request<'_>, stream: &mut Stream<'_>) -> Option<Session> {
        match request.websocket() {
            Some(Ok(upgrade)) => upgrade.accept(None, stream),
            _ => stream.want_write(),
        }
        Some(Session::default())
    }

    fn message(&mut self, session: &mut Session, message: Message<'_>, stream: &mut Stream<'_>) {
        session.pending.extend_from_slice(message.payload);
        if message.end == MessageEnd::Message {
            session.echo = true;
            stream.hold();
            stream.want_write();
        }
    }

    fn writable(&mut self, session: &mut Session, out: Writable<'_, '_>, stream: &mut Stream<'_>) {
        if !session.echo {
            let _ = out.respond(&ResponseHead::new(200), b"Hello, world!");
        } else if out.whole_message(Kind::Binary, &session.pending).is_ok() {
            session.pending.clear();
            session.echo = false;
            stream.resume();
        } else {
            stream.want_write();
        }
    }
}

fn serve() -> (Driver<App<Site>>, TcpStream) {
    let config = app::Config { server: Some("allocations".into()), ..app::Config::default() };
    let mut driver =
        Driver::new(App::new(Site, config), &Config { transport: transport(), ..Config::default() }).unwrap();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let ListenAddress::Tcp(address) = driver.listen(&Listen::plain(any)).unwrap() else { panic!() };
    (driver, TcpStream::connect(address).unwrap())
}

#[test]
fn requests_cost_no_allocation() {
    const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: example.org\r\nUser-Agent: test\r\nAccept: */*\r\n\r\n";
    let (mut driver, mut client) = serve();
    // How long a response is, date and all.
    client.write_all(GET).unwrap();
    while driver.stats().bytes_out == 0 {
        driver.turn(None).unwrap();
    }
    let mut response = vec![0; driver.stats().bytes_out as usize];
    client.read_exact(&mut response).unwrap();
    assert!(response.starts_with(b"HTTP/1.1 200 ") && response.ends_with(b"Hello, world!"));

    assert_eq!(allocations(&mut driver, &mut client, GET, &response), 0, "one by one");
    assert_eq!(allocations(&mut driver, &mut client, &GET.repeat(16), &response.repeat(16)), 0, "pipelined");
}

#[test]
fn websocket_messages_cost_no_allocation() {
    let (mut driver, mut client) = serve();
    client
        .write_all(
            b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
              Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        )
        .unwrap();
    while driver.stats().bytes_out == 0 {
        driver.turn(None).unwrap();
    }
    let mut accepted = vec![0; driver.stats().bytes_out as usize];
    client.read_exact(&mut accepted).unwrap();
    assert!(accepted.starts_with(b"HTTP/1.1 101 "));

    for (len, count) in [(128, 1), (128, 16), (16_384, 1), (16_384, 16)] {
        // Masked with zeros: what is sent is what comes back, headers apart.
        let frame = |masked: u8| {
            let mut frame = vec![0x82];
            match u8::try_from(len).ok().filter(|len| *len < 126) {
                Some(len) => frame.push(len | masked),
                None => frame.extend([126 | masked, (len >> 8) as u8, len as u8]),
            }
            frame.resize(frame.len() + if masked == 0 { 0 } else { 4 }, 0);
            frame.extend(pattern(len));
            frame
        };
        let (sent, expected) = (frame(0x80).repeat(count), frame(0).repeat(count));
        let lonely = allocations(&mut driver, &mut client, &sent, &expected);
        assert_eq!(lonely, 0, "{count} messages of {len} bytes");
    }
}

/// Says hello, answers with a file, or opens a WebSocket; a stream has a pointer of the application's.
struct Resting;

impl Handler for Resting {
    type Session = Box<()>;
    type Message = ();

    fn request(&mut self, request: &Request<'_>, stream: &mut Stream<'_>) -> Option<Self::Session> {
        match request.websocket() {
            Some(Ok(upgrade)) => upgrade.accept(upgrade.protocols().next(), stream),
            _ if request.path() == b"/Cargo.toml" => {
                stream.serve_file(env!("CARGO_MANIFEST_DIR").as_ref(), request);
            }
            _ => stream.want_write(),
        }
        Some(Box::default())
    }

    fn writable(&mut self, _: &mut Self::Session, out: Writable<'_, '_>, _: &mut Stream<'_>) {
        let _ = out.respond(&ResponseHead::new(200), b"Hello, world!");
    }
}

/// What each of some connections holds that have said `said`, got an answer and rest.
fn held_at_rest(said: &[u8]) -> usize {
    const COUNT: usize = 256; // of both, so that what grows in steps has no slack
    let mut driver = Driver::new(
        App::new(Resting, app::Config::default()),
        &Config { transport: transport(), ..Config::default() },
    )
    .unwrap();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let ListenAddress::Tcp(address) = driver.listen(&Listen::plain(any)).unwrap() else { panic!() };
    let mut clients = Vec::with_capacity(COUNT);
    let mut before = 0;
    while clients.len() < COUNT {
        let mut client = TcpStream::connect(address).unwrap();
        client.write_all(said).unwrap();
        let answered = driver.stats().writes;
        while driver.stats().writes == answered {
            driver.turn(None).unwrap();
        }
        let mut answer = [0; 4096];
        assert!(client.read(&mut answer).unwrap() > 20);
        clients.push(client);
        if clients.len() == 64 {
            before = HELD.get(); // buffers are there by now
        }
    }
    driver.turn(Some(std::time::Duration::ZERO)).unwrap();
    assert_eq!(driver.connections(), COUNT);
    (HELD.get() - before) / (COUNT - 64)
}

#[test]
fn a_connection_at_rest_holds_no_more_than_240_bytes() {
    let http = held_at_rest(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert!(http <= 240, "HTTP: {http}");
    let file = held_at_rest(b"GET /Cargo.toml HTTP/1.1\r\nHost: h\r\n\r\n");
    assert!(file <= 240, "file: {file}");
    let websocket = held_at_rest(
        b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Protocol: chat\r\n\
          Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    );
    assert!(websocket <= 240, "WebSocket: {websocket}");
}

/// Has the codec of a client send `count` requests at once, and drives until all of them are answered.
fn exchange(
    driver: &mut Driver<App<Site>>,
    client: &mut TcpStream,
    codec: &mut proto_h2::Connection,
    buffers: &mut [Vec<u8>; 3],
    count: usize,
) {
    let [out, input, scratch] = buffers;
    let mut written = proto_core::WriteBuf::new(out);
    codec.transmit(&mut written);
    let request = [(":method", "GET"), (":scheme", "http"), (":authority", "a"), (":path", "/")];
    let request = request.map(|(name, value)| proto_h2::hpack::Field::new(name.as_bytes(), value.as_bytes()));
    for _ in 0..count {
        codec.open(request, true, &mut written).unwrap();
    }
    client.write_all(written.written()).unwrap();
    let (mut answered, mut end) = (0, 0);
    while answered < count {
        driver.turn(Some(std::time::Duration::from_millis(1))).unwrap();
        end += match client.read(&mut input[end..]) {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => continue,
            read => read.unwrap(),
        };
        let mut at = 0;
        loop {
            let step = codec.receive(&mut input[at..end], scratch).unwrap();
            at += step.consumed;
            match step.event {
                Some(proto_h2::Event::Data { payload, end: true, .. }) => {
                    assert_eq!(payload, b"Hello, world!");
                    answered += 1;
                }
                Some(_) => {}
                None => break,
            }
        }
        input.copy_within(at..end, 0);
        end -= at;
    }
}

#[test]
fn streams_cost_no_allocation() {
    let (mut driver, mut client) = serve();
    client.set_nonblocking(true).unwrap();
    let mut codec = proto_h2::Connection::client(proto_h2::Config::default());
    let mut buffers = [(); 3].map(|()| vec![0; 64 * 1024]);
    for count in [1, 64] {
        for _ in 0..10 {
            exchange(&mut driver, &mut client, &mut codec, &mut buffers, count);
        }
        let before = ALLOCATIONS.get();
        for _ in 0..100 {
            exchange(&mut driver, &mut client, &mut codec, &mut buffers, count);
        }
        assert_eq!(ALLOCATIONS.get() - before, 0, "{count} at a time");
    }
}
