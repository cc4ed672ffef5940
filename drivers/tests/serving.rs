//! An application on a driver: what no piece alone can show.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use app::{
    Address, App, ClientRole, End, Field, Group, Handler, Request, ResponseHead, Stream, Target, Writable,
};
use drivers::{Config, Driver, Identity, Limits, Listen, ListenAddress, ServerTls};

/// What is asked for decides what happens.
struct Site {
    root: PathBuf,
    ends: Arc<AtomicUsize>,
}

enum Session {
    /// Answers with a header field of so many bytes and a body of so many.
    Sized(usize, usize),
    /// So many bytes of the body are left.
    Rest(usize),
    /// Answers after a while.
    Late,
    Wakes,
}

impl Handler for Site {
    type Session = Session;
    type Message = ();

    fn request(&mut self, request: &Request<'_>, stream: &mut Stream<'_>) -> Option<Session> {
        match request.path() {
            b"/late" => {
                stream.set_timer(Some(Duration::from_millis(100)));
                Some(Session::Late)
            }
            b"/large" => {
                stream.want_write();
                Some(Session::Sized(7_000, 1))
            }
            b"/small" => {
                stream.want_write();
                Some(Session::Sized(1, 1_700))
            }
            b"/wakes" => {
                stream.join(Group(1));
                stream.wake(Group(1));
                stream.set_timer(Some(Duration::from_millis(50)));
                Some(Session::Wakes)
            }
            _ => {
                stream.serve_file(&self.root, request);
                None
            }
        }
    }

    fn timer(&mut self, session: &mut Session, stream: &mut Stream<'_>) {
        *session = Session::Sized(1, 1);
        stream.want_write();
    }

    /// Wakes itself, without end.
    fn wake(&mut self, session: &mut Session, group: Option<Group>, stream: &mut Stream<'_>) {
        if let (Session::Wakes, Some(group)) = (session, group) {
            stream.wake(group);
        }
    }

    fn writable(&mut self, session: &mut Session, out: Writable<'_, '_>, stream: &mut Stream<'_>) {
        let sent = match *session {
            Session::Sized(field, body) => {
                let value = vec![b'v'; field];
                let fields = [Field::new("x-large", &value)];
                let head = ResponseHead { status: 200, fields: &fields };
                out.respond(&head, &vec![b'b'; body]).map(|sent| body - sent)
            }
            Session::Rest(left) => out.body(&vec![b'b'; left]).map(|sent| left - sent),
            Session::Late | Session::Wakes => return,
        };
        match sent {
            Ok(0) => return,
            Ok(left) => *session = Session::Rest(left),
            Err(app::SendError::Full) => {}
            Err(error) => panic!("{error}"),
        }
        stream.want_write();
    }

    fn closed(&mut self, _: Session, _: End) {
        self.ends.fetch_add(1, Ordering::Relaxed);
    }
}

fn serve(root: PathBuf, limits: Limits) -> (Driver<App<Site>>, SocketAddr, Arc<AtomicUsize>) {
    let ends = Arc::new(AtomicUsize::new(0));
    let app = App::new(Site { root, ends: Arc::clone(&ends) }, app::Config::default());
    let mut driver =
        Driver::new(app, &Config { limits, transport: common::transport(), ..Config::default() }).unwrap();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let ListenAddress::Tcp(address) = driver.listen(&Listen::plain(any)).unwrap() else { panic!() };
    (driver, address, ends)
}

/// Sends `request` and drives until so many responses have come back, or until the end if there is to be one.
fn exchange(
    driver: &mut Driver<App<Site>>,
    client: &mut TcpStream,
    request: &str,
    responses: usize,
) -> String {
    #[expect(clippy::disallowed_methods, reason = "a test that hangs must fail")]
    let now = std::time::Instant::now;
    client.set_nonblocking(true).unwrap();
    client.write_all(request.as_bytes()).unwrap();
    let (start, mut got, mut room) = (now(), Vec::new(), vec![0; 1 << 16]);
    loop {
        driver.turn(Some(Duration::from_millis(5))).unwrap();
        let over = loop {
            match client.read(&mut room) {
                Ok(0) => break true,
                Ok(len) => got.extend_from_slice(&room[..len]),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break false,
                Err(error) => panic!("{error}"),
            }
        };
        if over {
            break;
        }
        if responses > 0 && whole(&got) == responses {
            break;
        }
        assert!(now() - start < Duration::from_secs(5), "hangs after {} bytes", got.len());
    }
    String::from_utf8(got).unwrap()
}

/// How many whole responses there are.
fn whole(mut got: &[u8]) -> usize {
    let mut count = 0;
    while let Some(end) = got.windows(4).position(|four| four == b"\r\n\r\n") {
        let head = String::from_utf8_lossy(&got[..end]).to_ascii_lowercase();
        let len = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let Some(rest) = got.get(end + 4 + len.parse::<usize>().unwrap()..) else { break };
        (got, count) = (rest, count + 1);
    }
    count
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n")
}

#[test]
fn pipelined_files_are_closed_one_by_one() {
    let root = std::env::temp_dir().join(format!("drivers-serving-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&root);
    std::fs::create_dir_all(&root).unwrap();
    // All the sizes around what a turn leaves room for.
    for size in (0..64).map(|n| n * 1_000) {
        std::fs::write(root.join(size.to_string()), vec![b'f'; size]).unwrap();
    }
    let (mut driver, address, _) = serve(root.clone(), Limits { files: 1, ..Limits::default() });
    let mut client = TcpStream::connect(address).unwrap();
    let requests: String = (0..64).map(|n| get(&format!("/{}", (n * 37 % 64) * 1_000))).collect();
    let got = exchange(&mut driver, &mut client, &requests, 64);
    assert_eq!(got.matches("HTTP/1.1 200 ").count(), 64, "none was left open to make another wait");
    let _ = std::fs::remove_dir_all(&root);
}

#[test]
fn what_does_not_fit_beside_what_waits_goes_out_in_the_next_turn() {
    let (mut driver, address, _) = serve("/nowhere".into(), Limits::default());
    let mut client = TcpStream::connect(address).unwrap();
    for before in 20..40 {
        let requests = get("/small").repeat(before) + &get("/large");
        let got = exchange(&mut driver, &mut client, &requests, before + 1);
        assert!(got.contains(&"v".repeat(7_000)));
    }
}

#[test]
fn a_peer_that_finished_before_its_late_answer_is_not_waited_for() {
    let (mut driver, address, ends) = serve("/nowhere".into(), Limits::default());
    let mut client = TcpStream::connect(address).unwrap();
    client.write_all(get("/late").as_bytes()).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let got = exchange(&mut driver, &mut client, "", 0);
    assert!(got.starts_with("HTTP/1.1 200 "), "{got}");
    assert_eq!(ends.load(Ordering::Relaxed), 1);
}

#[test]
fn those_who_wake_each_other_do_not_stop_the_loop() {
    let (mut driver, address, _) = serve("/nowhere".into(), Limits::default());
    let mut client = TcpStream::connect(address).unwrap();
    assert!(exchange(&mut driver, &mut client, &get("/wakes"), 1).starts_with("HTTP/1.1 200 "));
}

#[test]
fn a_driver_that_ends_gives_every_session_back() {
    let (mut driver, address, ends) = serve("/nowhere".into(), Limits::default());
    let target = || Target { address: Address::Socket(address), tls: None, timeout: None };
    driver.service_mut().connect(target(), ClientRole::Raw, Session::Late);
    driver.turn(Some(Duration::from_millis(5))).unwrap();
    // Not even looked at.
    driver.service_mut().connect(target(), ClientRole::Raw, Session::Late);
    drop(driver);
    assert_eq!(ends.load(Ordering::Relaxed), 2);
}

#[test]
fn the_same_over_tls_where_the_end_comes_with_the_request() {
    use rustls::pki_types::{CertificateDer, pem::PemObject as _};
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let chain = own.cert.pem().into_bytes();
    let key = own.signing_key.serialize_pem().into_bytes();
    let tls = ServerTls { identities: vec![Identity { chain: chain.clone(), key }], ..ServerTls::default() };
    let (mut driver, _, ends) = serve("/nowhere".into(), Limits::default());
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let ListenAddress::Tcp(address) = driver.listen(&Listen::tls(any, tls.build().unwrap())).unwrap() else {
        panic!()
    };
    let client = std::thread::spawn(move || {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&chain).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = "localhost".try_into().unwrap();
        let session = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
        let mut stream = rustls::StreamOwned::new(session, TcpStream::connect(address).unwrap());
        stream.conn.complete_io(&mut stream.sock).unwrap();
        // Both records leave in one write.
        stream.conn.writer().write_all(get("/late").as_bytes()).unwrap();
        stream.conn.send_close_notify();
        stream.conn.write_tls(&mut stream.sock).unwrap();
        let mut got = String::new();
        stream.read_to_string(&mut got).unwrap();
        got
    });
    #[expect(clippy::disallowed_methods, reason = "a test that hangs must fail")]
    let now = std::time::Instant::now;
    let start = now();
    while ends.load(Ordering::Relaxed) == 0 || driver.connections() > 0 {
        driver.turn(Some(Duration::from_millis(5))).unwrap();
        assert!(now() - start < Duration::from_secs(5), "waits for a peer that has finished");
    }
    assert!(client.join().unwrap().starts_with("HTTP/1.1 200 "));
}
