//! The limits of drivers, each at its value and one beyond.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use app::{App, Closed, ConnectionId, Service};
use drivers::{
    Config, Driver, Identity, Limits, Link, Origin, ServerTls, TlsAcceptor, Transport, Turn, Workspace,
};
use proto_core::{Instant, Reason};
use proto_h2::hpack::Decoder;

use crate::common::{LOCAL, Role, Test, drive_until, limits, listen, pattern, talk, to};
use crate::h2::{ACK, GET, HEADERS, SETTINGS, block, frame, frames, headers, with};
use crate::host::Host;

/// A link by hand, its peer and its clock.
struct ByHand<S: Service> {
    service: S,
    workspace: Workspace,
    link: Link<S::Connection>,
    peer: UnixStream,
}

impl<S: Service> ByHand<S> {
    fn new(mut service: S, limits: Limits, tls: Option<&TlsAcceptor>) -> Self {
        let (ours, peer) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        peer.set_nonblocking(true).unwrap();
        let mut workspace = Workspace::new(limits, &service);
        let id = ConnectionId { index: 0, generation: 0 };
        let origin = Origin { socket: ours.into(), id, listener: Some(0), peer: None };
        let link = Link::accepted(origin, tls, &mut service, &mut workspace, Instant(0)).unwrap();
        Self { service, workspace, link, peer }
    }

    fn turn(&mut self, micros: u64) -> Turn {
        self.link.on_ready(true, true);
        self.link.turn(&mut self.service, &mut self.workspace, Instant(micros))
    }

    /// Turns until it waits.
    fn settle(&mut self, micros: u64) {
        while self.turn(micros) == Turn::Again {}
    }
}

fn serving(role: Role, limits: Limits) -> ByHand<Test> {
    ByHand::new(Test::server(role), limits, None)
}

/// Calls `fires` with every transport that there is.
fn everywhere(fires: fn(Transport)) {
    fires(Transport::Mio);
    if Transport::Uring.resolve().is_ok() {
        fires(Transport::Uring);
    }
}

fn driver(transport: Transport, test: Test, limits: Limits) -> Driver<Test> {
    Driver::new(test, &Config { limits, transport, ..Config::default() }).unwrap()
}

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// An address where nobody answers.
fn silent() -> (SocketAddr, impl Sized) {
    let full = TcpListener::bind(LOCAL).unwrap();
    rustix::net::listen(&full, 0).unwrap();
    let address = full.local_addr().unwrap();
    let crowd: Vec<_> = (0..4).map(|_| TcpStream::connect_timeout(&address, millis(5))).collect();
    (address, (full, crowd))
}

pub(crate) fn connect() {
    everywhere(connect_over);
}

fn connect_over(transport: Transport) {
    let (address, _full) = silent();
    let mut driver = driver(transport, Test::default(), Limits { connect: millis(50), ..limits() });
    driver.service_mut().connect.push_back((to(address), talk("hello", 5)));
    #[expect(clippy::disallowed_methods, reason = "what is tested is the real time")]
    let now = std::time::Instant::now;
    let start = now();
    drive_until(&mut driver, |driver| driver.service().closes() == 1);
    assert!(now() - start >= millis(50), "{:?}", now() - start);
    assert_eq!(driver.service().closed(0), Some(Closed::Timeout(Reason::Connect)));
    assert_eq!((driver.stats().timeouts, driver.stats().failed), (1, 1));
}

pub(crate) fn tls_handshake() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let identity =
        Identity { chain: made.cert.pem().into_bytes(), key: made.signing_key.serialize_pem().into_bytes() };
    let tls = ServerTls { identities: vec![identity], ..ServerTls::default() }.build().unwrap();
    let limits = Limits { tls_handshake: millis(30), ..limits() };
    let mut link = ByHand::new(Test::server(Role::Echo), limits, Some(&tls));
    assert_eq!((link.turn(29_999), link.workspace.stats().timeouts), (Turn::Wait, 0));
    assert_eq!((link.turn(30_000), link.workspace.stats().timeouts), (Turn::Over, 1));
}

pub(crate) fn send_progress() {
    let mut link = serving(Role::Flood, Limits { send_progress: millis(50), ..limits() });
    link.settle(10_000);
    assert_eq!((link.turn(59_999), link.workspace.stats().timeouts), (Turn::Wait, 0));
    assert_eq!((link.turn(60_000), link.workspace.stats().timeouts), (Turn::Over, 1));
    assert_eq!(link.service.closed(0), Some(Closed::Timeout(Reason::SendProgress)));
}

pub(crate) fn send_rate() {
    // At a million bytes a second a byte is worth a microsecond.
    let limits = Limits { send_progress: millis(50), send_rate: 1_000_000, ..limits() };
    let mut link = serving(Role::Flood, limits);
    link.settle(10_000);
    let taken = link.workspace.stats().bytes_out;
    while link.workspace.stats().bytes_out == taken {
        assert!(link.peer.read(&mut [0; 1024]).unwrap() > 0);
        link.settle(59_000);
    }
    let moved = link.workspace.stats().bytes_out - taken;
    assert!(moved < 49_000, "{moved} would reach further than the limit");
    assert_eq!((link.turn(60_000 + moved - 1), link.workspace.stats().timeouts), (Turn::Wait, 0));
    assert_eq!((link.turn(60_000 + moved), link.workspace.stats().timeouts), (Turn::Over, 1));
    assert_eq!(link.service.closed(0), Some(Closed::Timeout(Reason::SendProgress)));
}

pub(crate) fn linger() {
    let mut link = serving(Role::Blurt(b"bye".to_vec()), Limits { linger: millis(200), ..limits() });
    link.settle(1_000);
    assert_eq!(link.service.closed(0), Some(Closed::Done));
    link.peer.write_all(b"still talking").unwrap();
    assert_eq!(link.turn(200_999), Turn::Wait);
    assert_eq!(link.turn(201_000), Turn::Over);
}

pub(crate) fn connections() {
    everywhere(connections_over);
}

fn connections_over(transport: Transport) {
    let mut driver = driver(transport, Test::server(Role::Echo), Limits { connections: 2, ..limits() });
    let address = listen(&mut driver);
    let mut clients = vec![TcpStream::connect(address).unwrap()];
    drive_until(&mut driver, |driver| driver.stats().accepted == 1);
    assert_eq!(driver.stats().pauses, 0);
    clients.push(TcpStream::connect(address).unwrap());
    drive_until(&mut driver, |driver| driver.stats().accepted == 2);
    clients.push(TcpStream::connect(address).unwrap());
    driver.service_mut().connect.push_back((to(address), talk("hello", 5)));
    drive_until(&mut driver, |driver| driver.service().closes() == 1);
    assert_eq!(driver.service().closed(2), Some(Closed::Limit));
    assert_eq!((driver.stats().accepted, driver.connections()), (2, 2));
    assert_eq!(driver.stats().pauses, 1);
    drop(clients.remove(0));
    drive_until(&mut driver, |driver| driver.stats().accepted == 3);
}

pub(crate) fn accept_burst() {
    everywhere(accept_burst_over);
}

fn accept_burst_over(transport: Transport) {
    let mut driver = driver(transport, Test::server(Role::Echo), Limits { accept_burst: 2, ..limits() });
    let address = listen(&mut driver);
    let _clients: Vec<_> = (0..5).map(|_| TcpStream::connect(address).unwrap()).collect();
    for expected in [2, 4, 5, 5] {
        driver.turn(Some(millis(5))).unwrap();
        assert_eq!(driver.stats().accepted, expected);
    }
}

pub(crate) fn buffer() {
    for (sent, read) in [(65_536, 65_536), (65_537, 65_536)] {
        let mut link = serving(Role::Echo, Limits { buffer: 32_768, ..limits() });
        assert_eq!(link.peer.write(&pattern(sent)).unwrap(), sent);
        let _ = link.turn(0);
        assert_eq!(link.workspace.stats().bytes_in, read);
        link.settle(0);
        assert_eq!(link.workspace.stats().bytes_in, sent as u64);
    }
}

/// What decodes a list of fields is given the driver's space, and says 431 when that is too short.
pub(crate) fn scratch() {
    let (long, longer) = ("v".repeat(100), "w".repeat(120));
    let fields = with(&GET, &[("x-long", &long), ("x-longer", &longer)]);
    let encoded = block(&fields);
    let decodes = |room: &usize| Decoder::new(4096).decode(&encoded, &mut vec![0; *room]).is_ok();
    let least = (0..4096).find(decodes).unwrap();
    for (room, status) in [(least, "200"), (least - 1, "431")] {
        let app = App::new(Host::default(), app::Config::default());
        let mut link = ByHand::new(app, Limits { scratch: room, ..limits() }, None);
        let preface =
            [&proto_h2::PREFACE[..], &frame(SETTINGS, 0, 0, &[]), &frame(SETTINGS, ACK, 0, &[])].concat();
        link.peer.write_all(&[preface, headers(1, &fields, true)].concat()).unwrap();
        link.settle(1);
        let mut got = vec![0; 65_536];
        let len = link.peer.read(&mut got).unwrap();
        let answer = frames(&got[..len]).into_iter().find(|frame| frame.kind == HEADERS).unwrap();
        let mut space = [0; 1024];
        let answer = Decoder::new(4096).decode(&answer.payload, &mut space).unwrap();
        assert_eq!(answer.first(b":status"), Some(status.as_bytes()), "{room}");
    }
}

pub(crate) fn files() {
    everywhere(files_over);
}

fn files_over(transport: Transport) {
    let root: PathBuf = std::env::temp_dir().join(format!("ledger-files-{}", std::process::id()));
    std::fs::create_dir_all(&root).unwrap();
    std::fs::write(root.join("file"), pattern(30_000_000)).unwrap();
    let test = Test::server(Role::File(root.clone()));
    let mut driver = driver(transport, test, Limits { files: 2, ..limits() });
    let address = listen(&mut driver);
    let clients = (1..=3).map(|nth| {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"file\n").unwrap();
        drive_until(&mut driver, |driver| driver.stats().accepted == nth && driver.stats().writes >= nth);
        let mut begin = [0; 4];
        stream.read_exact(&mut begin).unwrap();
        (stream, begin)
    });
    let (_clients, begins): (Vec<_>, Vec<_>) = clients.unzip();
    let file: [u8; 4] = pattern(4).try_into().unwrap();
    assert_eq!(begins, [file, file, *b"Busy"]);
    assert_eq!(driver.stats().files_refused, 1);
    std::fs::remove_dir_all(root).unwrap();
}

pub(crate) fn wake_queue() {
    everywhere(wake_queue_over);
}

fn wake_queue_over(transport: Transport) {
    let mut driver = driver(transport, Test::server(Role::Echo), Limits { wake_queue: 3, ..limits() });
    let waker = driver.waker();
    let results = [1, 2, 3, 4].map(|message| waker.wake(message));
    assert_eq!(results, [Ok(()), Ok(()), Ok(()), Err(4)]);
    drive_until(&mut driver, |driver| driver.service().messages == [1, 2, 3]);
    assert_eq!(waker.wake(4), Ok(()));
}
