//! Files that are not in memory arrive whole, whatever carries them: HTTP/1 and HTTP/2, plain and over TLS.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use app::{
    Address, App, BodyLength, ClientRole, End, Fields, Handler, Protocol, Request, RequestHead, Response,
    SendError, Stream, Target, TlsTarget, Writable,
};
use common::{LOCAL, limits, pattern, transport};
use drivers::{ClientTls, Config, Dangers, Driver, Identity, Listen, ListenAddress, ServerTls};

const SIZES: [usize; 9] = [1, 900_000, 5_000, 70_000, 1_000_000, 65_536, 300_000, 900_001, 4_096];

/// Serves files, and asks for them.
struct Site {
    root: PathBuf,
    todo: Vec<usize>,
    got: HashMap<usize, Vec<u8>>,
    ends: Vec<End>,
    protocol: Option<Protocol>,
}

struct Visit {
    size: usize,
    received: Vec<u8>,
}

impl Site {
    fn visit(&mut self) -> Option<Visit> {
        Some(Visit { size: self.todo.pop()?, received: Vec::new() })
    }
}

impl Handler for Site {
    type Session = Visit;
    type Message = ();

    fn request(&mut self, request: &Request<'_>, stream: &mut Stream<'_>) -> Option<Visit> {
        stream.serve_file(&self.root, request);
        None
    }

    fn connected(&mut self, _: &mut Visit, stream: &mut Stream<'_>) {
        stream.want_write();
    }

    fn next(&mut self, _: &mut Stream<'_>) -> Option<Visit> {
        self.visit()
    }

    fn writable(&mut self, visit: &mut Visit, out: Writable<'_, '_>, stream: &mut Stream<'_>) {
        let target = format!("/{}", visit.size);
        let head =
            RequestHead { method: b"GET", target: target.as_bytes(), authority: b"localhost", fields: &[] };
        match out.request(&head, BodyLength::Known(0)) {
            Ok(()) => {}
            Err(SendError::Full | SendError::Blocked) => stream.want_write(),
            Err(error) => panic!("{error}"),
        }
    }

    fn response(&mut self, _: &mut Visit, response: &Response<'_>, stream: &mut Stream<'_>) {
        assert_eq!(response.status(), 200);
        self.protocol = Some(stream.protocol());
    }

    fn body(&mut self, visit: &mut Visit, data: &mut [u8], _: &mut Stream<'_>) {
        visit.received.extend_from_slice(data);
    }

    fn body_end(&mut self, visit: &mut Visit, _: Fields<'_>, _: &mut Stream<'_>) {
        self.got.insert(visit.size, core::mem::take(&mut visit.received));
    }

    fn closed(&mut self, _: Visit, end: End) {
        self.ends.push(end);
    }
}

/// Has a file written out and, where that can be asked for, forgotten by the kernel: it is not in memory any more if there is
/// a disk.
fn forget(path: &std::path::Path) {
    let file = std::fs::File::open(path).unwrap();
    file.sync_all().unwrap();
    #[cfg(target_os = "linux")]
    rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).unwrap();
}

fn download(name: &str, tls: bool, http2: bool) {
    let root = std::env::temp_dir().join(format!("drivers-downloads-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&root).unwrap();
    for size in SIZES {
        let path = root.join(size.to_string());
        std::fs::write(&path, pattern(size)).unwrap();
        forget(&path);
    }
    let site = Site {
        root: root.clone(),
        todo: SIZES.to_vec(),
        got: HashMap::new(),
        ends: Vec::new(),
        protocol: None,
    };
    let dangers = Dangers { accept_self_signed: true, ..Dangers::default() };
    let config = Config {
        limits: limits(),
        transport: transport(),
        client_tls: ClientTls { dangers, ..ClientTls::default() },
        ..Config::default()
    };
    let mut driver = Driver::new(App::new(site, app::Config::default()), &config).unwrap();
    let protocol = if http2 { b"h2".to_vec() } else { b"http/1.1".to_vec() };
    let listen = if tls {
        let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let identity = Identity {
            chain: own.cert.pem().into_bytes(),
            key: own.signing_key.serialize_pem().into_bytes(),
        };
        let server =
            ServerTls { identities: vec![identity], alpn: vec![protocol.clone()], ..ServerTls::default() };
        Listen::tls(LOCAL, server.build().unwrap())
    } else {
        Listen::plain(LOCAL)
    };
    let ListenAddress::Tcp(address) = driver.listen(&listen).unwrap() else { panic!() };
    let target = Target {
        address: Address::Socket(address),
        tls: tls.then(|| TlsTarget { server_name: "localhost".into(), alpn: vec![protocol] }),
        timeout: None,
    };
    let role = if http2 && !tls { ClientRole::Http2 } else { ClientRole::Http };
    let site = driver.service_mut().handler_mut();
    let first = site.visit().unwrap();
    driver.service_mut().connect(target, role, first);
    for _ in 0..4_000 {
        if driver.service().handler().ends.len() == SIZES.len() && driver.connections() == 0 {
            break;
        }
        driver.turn(Some(Duration::from_millis(5))).unwrap();
    }
    let site = driver.service().handler();
    for size in SIZES {
        assert!(site.got.get(&size).is_some_and(|got| *got == pattern(size)), "{size}: {:?}", site.ends);
    }
    let expected = if http2 { Protocol::Http2 } else { Protocol::Http1 };
    assert_eq!((site.protocol, driver.connections()), (Some(expected), 0));
    let _ = std::fs::remove_dir_all(root);
}

#[test]
fn http1() {
    download("http1", false, false);
}

#[test]
fn http1_over_tls() {
    download("http1-tls", true, false);
}

#[test]
fn http2() {
    download("http2", false, true);
}

#[test]
fn http2_over_tls() {
    download("http2-tls", true, true);
}
