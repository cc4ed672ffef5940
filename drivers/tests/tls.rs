//! The same bytes over TLS, and what can go wrong with certificates.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use app::{Address, Closed, Target, TlsFault, TlsTarget};
use common::*;
use drivers::{
    ClientCertificates, ClientTls, Config, Dangers, Driver, Identity, Limits, Listen, ListenAddress, Roots,
    ServerTls, TlsAcceptor, TlsConfigError,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use std::time::Duration;

/// A root that nobody outside this test trusts.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        Self::named("root of a test")
    }

    fn named(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> Vec<u8> {
        self.0.pem().into_bytes()
    }

    fn issue(&self, names: &[&str], adjust: impl FnOnce(&mut CertificateParams)) -> Identity {
        let key = KeyPair::generate().unwrap();
        let mut params =
            CertificateParams::new(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>()).unwrap();
        adjust(&mut params);
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Identity { chain: certificate.pem().into_bytes(), key: key.serialize_pem().into_bytes() }
    }
}

fn valid(_: &mut CertificateParams) {}

fn expired(params: &mut CertificateParams) {
    params.not_before = rcgen::date_time_ymd(2019, 1, 1);
    params.not_after = rcgen::date_time_ymd(2020, 1, 1);
}

fn server(identities: Vec<Identity>) -> ServerTls {
    ServerTls { identities, ..ServerTls::default() }
}

fn trusting(authority: &Authority) -> ClientTls {
    ClientTls { roots: Roots::Pem(authority.pem()), ..ClientTls::default() }
}

/// A driver that listens with `acceptor` and connects with `tls`.
fn pair(role: Role, acceptor: TlsAcceptor, client_tls: ClientTls) -> (Driver<Test>, std::net::SocketAddr) {
    let config = Config { limits: limits(), client_tls, transport: transport(), ..Config::default() };
    let mut driver = Driver::new(Test::server(role), &config).unwrap();
    match driver.listen(&Listen::tls(LOCAL, acceptor)).unwrap() {
        ListenAddress::Tcp(address) => (driver, address),
        other => panic!("{other}"),
    }
}

fn to_name(address: std::net::SocketAddr, name: &str) -> Target {
    let tls = TlsTarget { server_name: name.into(), alpn: Vec::new() };
    Target { address: Address::Socket(address), tls: Some(tls), timeout: None }
}

/// How a client that asks for `name` fares.
fn outcome(acceptor: TlsAcceptor, tls: ClientTls, name: &str) -> Closed {
    let (mut driver, address) = pair(Role::Echo, acceptor, tls);
    driver.service_mut().connect.push_back((to_name(address, name), talk("hello", 5)));
    drive_until(&mut driver, |driver| driver.service().closed(0).is_some());
    driver.service().closed(0).unwrap()
}

#[test]
fn megabytes_come_back_as_they_went() {
    let authority = Authority::new();
    let acceptor = server(vec![authority.issue(&["localhost"], valid)]).build().unwrap();
    for len in [1, 16_384, 65_536, 65_537, 3_000_000] {
        let (mut driver, address) = pair(Role::Echo, acceptor.clone(), trusting(&authority));
        let sent = pattern(len);
        driver.service_mut().connect.push_back((to_name(address, "localhost"), talk(sent.clone(), len)));
        drive_until(&mut driver, |driver| driver.service().closes() == 2);
        let test = driver.service();
        assert!(test.got[&0] == sent, "{len}: {} bytes came back", test.got[&0].len());
        assert_eq!((test.closed(0), test.closed(1)), (Some(Closed::Done), Some(Closed::Done)));
        assert_eq!((driver.stats().handshakes, driver.stats().handshakes_failed), (2, 0));
    }
}

#[test]
fn many_connections_shake_hands_at_once() {
    let authority = Authority::new();
    let acceptor = server(vec![authority.issue(&["localhost"], valid)]).build().unwrap();
    let (mut driver, address) = pair(Role::Echo, acceptor, trusting(&authority));
    let sent = pattern(100_000);
    for _ in 0..60 {
        driver
            .service_mut()
            .connect
            .push_back((to_name(address, "localhost"), talk(sent.clone(), sent.len())));
    }
    drive_until(&mut driver, |driver| driver.service().closes() == 120);
    let test = driver.service();
    assert!(test.log.values().flatten().all(|happened| matches!(happened, Happened::Closed(Closed::Done))
        || !matches!(happened, Happened::Closed(_))));
    assert_eq!(test.got.values().filter(|got| **got == sent).count(), 60);
    drive_until(&mut driver, |driver| driver.connections() == 0);
}

#[test]
fn what_is_wrong_with_a_certificate_is_named() {
    let (authority, stranger, namesake) = (Authority::new(), Authority::named("stranger"), Authority::new());
    let good = server(vec![authority.issue(&["localhost"], valid)]).build().unwrap();
    let late = server(vec![authority.issue(&["localhost"], expired)]).build().unwrap();
    let dangers = |accept_self_signed, skip_host_name, accept_expired| Dangers {
        accept_self_signed,
        skip_host_name,
        accept_expired,
    };
    let with = |authority: &Authority, dangers| ClientTls { dangers, ..trusting(authority) };
    let safe = Dangers::default();
    let fault = |fault| Closed::Tls(fault);
    for (acceptor, tls, name, expected) in [
        (&good, with(&authority, safe), "localhost", Closed::Done),
        (&good, with(&stranger, safe), "localhost", fault(TlsFault::UnknownIssuer)),
        (&good, with(&namesake, safe), "localhost", fault(TlsFault::UnknownIssuer)),
        (&good, with(&namesake, dangers(true, false, false)), "localhost", Closed::Done),
        (&good, with(&stranger, dangers(true, false, false)), "localhost", Closed::Done),
        (&good, with(&stranger, dangers(true, false, false)), "other", fault(TlsFault::NameMismatch)),
        (&good, with(&stranger, dangers(false, true, true)), "localhost", fault(TlsFault::UnknownIssuer)),
        (&good, with(&authority, safe), "other", fault(TlsFault::NameMismatch)),
        (&good, with(&authority, dangers(false, true, false)), "other", Closed::Done),
        (&good, with(&authority, dangers(true, false, true)), "other", fault(TlsFault::NameMismatch)),
        (&good, with(&authority, dangers(true, true, true)), "not a name", fault(TlsFault::NameMismatch)),
        (&late, with(&authority, safe), "localhost", fault(TlsFault::Expired)),
        (&late, with(&authority, dangers(true, true, false)), "localhost", fault(TlsFault::Expired)),
        (&late, with(&authority, dangers(false, false, true)), "localhost", Closed::Done),
        (&late, with(&stranger, dangers(false, false, true)), "localhost", fault(TlsFault::UnknownIssuer)),
        (&late, with(&stranger, dangers(true, false, true)), "localhost", Closed::Done),
        (&late, with(&stranger, dangers(true, true, true)), "other", Closed::Done),
    ] {
        let dangers = tls.dangers;
        assert_eq!(outcome(acceptor.clone(), tls, name), expected, "{name} {dangers:?}");
    }
}

#[test]
fn a_self_signed_authority_counts_as_self_signed() {
    for is_ca in [IsCa::NoCa, IsCa::Ca(BasicConstraints::Unconstrained)] {
        for (adjust, switch, expected) in [
            (valid as fn(&mut CertificateParams), false, Closed::Tls(TlsFault::UnknownIssuer)),
            (valid, true, Closed::Done),
            (expired, true, Closed::Tls(TlsFault::Expired)),
        ] {
            let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
            adjust(&mut params);
            params.is_ca = is_ca;
            let own = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
            let identity =
                Identity { chain: own.pem().into_bytes(), key: own.key().serialize_pem().into_bytes() };
            let mut tls = trusting(&Authority::new());
            tls.dangers.accept_self_signed = switch;
            let acceptor = server(vec![identity]).build().unwrap();
            assert_eq!(outcome(acceptor, tls, "localhost"), expected, "{is_ca:?} {switch}");
        }
    }
}

#[test]
fn the_certificate_is_chosen_by_name() {
    let authority = Authority::new();
    let identities =
        ["first.test", "second.test", "third.test"].map(|name| authority.issue(&[name], valid)).to_vec();
    let acceptor = server(identities).build().unwrap();
    for (name, expected) in [
        ("second.test", Closed::Done),
        ("third.test", Closed::Done),
        ("first.test", Closed::Done),
        ("fourth.test", Closed::Tls(TlsFault::NameMismatch)),
    ] {
        let (mut driver, address) = pair(Role::Echo, acceptor.clone(), trusting(&authority));
        driver.service_mut().connect.push_back((to_name(address, name), talk("hello", 5)));
        drive_until(&mut driver, |driver| driver.service().closed(0).is_some());
        assert_eq!(driver.service().closed(0), Some(expected), "{name}");
        if expected == Closed::Done {
            let names: Vec<_> = driver.service().links.iter().flat_map(|link| &link.tls).collect();
            assert!(names.iter().any(|tls| tls.server_name.as_deref() == Some(name)), "{names:?}");
        }
    }
}

#[test]
fn clients_prove_who_they_are_where_they_must() {
    let (authority, stranger) = (Authority::new(), Authority::named("stranger"));
    let required = ClientCertificates::Required(authority.pem());
    let optional = ClientCertificates::Optional(authority.pem());
    let identity = || Some(authority.issue(&["client"], valid));
    let foreign = || Some(stranger.issue(&["client"], valid));
    for (asked, identity, expected, proven) in [
        (&required, identity(), Closed::Done, true),
        (&required, None, Closed::Tls(TlsFault::CertificateRequired), false),
        (&required, foreign(), Closed::Tls(TlsFault::UnknownIssuer), false),
        (&optional, identity(), Closed::Done, true),
        (&optional, None, Closed::Done, false),
        (&ClientCertificates::No, identity(), Closed::Done, false),
    ] {
        let acceptor = ServerTls {
            client_certificates: asked.clone(),
            ..server(vec![authority.issue(&["localhost"], valid)])
        };
        let tls = ClientTls { identity, ..trusting(&authority) };
        let (mut driver, address) = pair(Role::Echo, acceptor.build().unwrap(), tls);
        driver.service_mut().connect.push_back((to_name(address, "localhost"), talk("hello", 5)));
        drive_until(&mut driver, |driver| driver.service().closed(0).is_some());
        assert_eq!(driver.service().closed(0), Some(expected), "{asked:?}");
        let accepted = driver.service().links.iter().find(|link| link.listener.is_some());
        let proof = accepted.and_then(|link| link.tls.as_ref()).is_some_and(|tls| tls.peer_certificate);
        assert_eq!(proof, proven);
    }
}

#[test]
fn alpn_is_agreed_on_and_refused() {
    let authority = Authority::new();
    let acceptor = ServerTls {
        alpn: vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        ..server(vec![authority.issue(&["localhost"], valid)])
    };
    let acceptor = acceptor.build().unwrap();
    for (offered, agreed, expected) in [
        (vec!["http/1.1", "h2"], Some("h2"), Closed::Done),
        (vec!["http/1.1"], Some("http/1.1"), Closed::Done),
        (vec![], None, Closed::Done),
        (vec!["spdy/3"], None, Closed::Tls(TlsFault::Incompatible)),
    ] {
        let (mut driver, address) = pair(Role::Echo, acceptor.clone(), trusting(&authority));
        let mut target = to_name(address, "localhost");
        target.tls.as_mut().unwrap().alpn = offered.iter().map(|name| name.as_bytes().to_vec()).collect();
        driver.service_mut().connect.push_back((target, talk("hello", 5)));
        drive_until(&mut driver, |driver| driver.service().closed(0).is_some());
        assert_eq!(driver.service().closed(0), Some(expected), "{offered:?}");
        for link in &driver.service().links {
            assert_eq!(link.tls.as_ref().unwrap().alpn.as_deref(), agreed.map(str::as_bytes));
        }
    }
}

#[test]
fn sessions_are_resumed() {
    let authority = Authority::new();
    let acceptor = server(vec![authority.issue(&["localhost"], valid)]).build().unwrap();
    let (mut driver, address) = pair(Role::Echo, acceptor, trusting(&authority));
    for round in 0..3 {
        driver.service_mut().connect.push_back((to_name(address, "localhost"), talk("hello", 5)));
        drive_until(&mut driver, |driver| driver.service().closes() == 2 * (round + 1));
    }
    let resumed: Vec<_> =
        driver.service().links.iter().map(|link| link.tls.as_ref().unwrap().resumed).collect();
    assert_eq!(resumed, [false, false, true, true, true, true]);
}

#[test]
fn what_is_no_tls_is_told_from_what_is_silent() {
    let authority = Authority::new();
    // A TLS client at a server that talks at once and plainly.
    let mut driver = driver(Test::server(Role::Blurt(b"220 plain\r\n".to_vec())), limits());
    let address = listen(&mut driver);
    driver.service_mut().connect.push_back((to_name(address, "localhost"), talk("hello", 5)));
    drive_until(&mut driver, |driver| driver.service().closes() == 2);
    assert_eq!(driver.service().closed(0), Some(Closed::Tls(TlsFault::Protocol)));

    // A plain client at a TLS server, and one that says nothing.
    let acceptor = server(vec![authority.issue(&["localhost"], valid)]).build().unwrap();
    let limits = Limits { tls_handshake: Duration::from_millis(30), ..limits() };
    let config = Config { limits, transport: transport(), ..Config::default() };
    let mut driver = Driver::new(Test::server(Role::Echo), &config).unwrap();
    let bound = driver.listen(&Listen::tls(LOCAL, acceptor)).unwrap();
    let ListenAddress::Tcp(address) = bound else { panic!("{bound}") };
    driver.service_mut().connect.push_back((to(address), talk("GET / HTTP/1.1\r\n\r\n", 1 << 20)));
    driver.service_mut().connect.push_back((to(address), talk("", 1)));
    drive_until(&mut driver, |driver| driver.service().closes() == 2);
    assert_eq!((driver.stats().handshakes_failed, driver.stats().timeouts), (2, 1));
}

#[test]
fn the_alert_reaches_a_peer_that_is_still_sending() {
    use std::io::{Read as _, Write as _};
    let acceptor = server(vec![Authority::new().issue(&["localhost"], valid)]).build().unwrap();
    let (mut driver, address) = pair(Role::Echo, acceptor, ClientTls::default());
    let client = std::thread::spawn(move || {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        // More than both kernels hold: it is still under way when the server has closed.
        let sent = stream.write_all(&[0xd3; 64].repeat(300_000));
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut got = Vec::new();
        stream.read_to_end(&mut got).unwrap();
        (sent.is_ok(), got)
    });
    drive_until(&mut driver, |driver| {
        let stats = driver.stats();
        stats.accepted == 1 && stats.handshakes_failed == 1 && driver.connections() == 0
    });
    // Fatal, decode_error (RFC 8446 6).
    assert_eq!(client.join().unwrap(), (true, vec![21, 3, 3, 0, 2, 2, 50]));
}

#[test]
fn a_half_closed_peer_is_still_answered() {
    use rustls::pki_types::{CertificateDer, pem::PemObject as _};
    use std::io::{Read as _, Write as _};
    let authority = Authority::new();
    let acceptor = server(vec![authority.issue(&["localhost"], valid)]).build().unwrap();
    let answer = pattern(300_000);
    let (mut driver, address) = pair(Role::Last(answer.clone()), acceptor, trusting(&authority));
    let root = CertificateDer::from_pem_slice(&authority.pem()).unwrap();
    // TLS by hand: it says that it has finished, and leaves the transport open.
    let client = std::thread::spawn(move || {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(root).unwrap();
        let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = "localhost".try_into().unwrap();
        let session = rustls::ClientConnection::new(std::sync::Arc::new(config), name).unwrap();
        let mut stream = rustls::StreamOwned::new(session, std::net::TcpStream::connect(address).unwrap());
        stream.write_all(b"question").unwrap();
        stream.conn.send_close_notify();
        stream.flush().unwrap();
        let mut got = Vec::new();
        stream.read_to_end(&mut got).unwrap();
        got
    });
    drive_until(&mut driver, |driver| driver.service().closes() == 1 && driver.connections() == 0);
    assert!(client.join().unwrap() == answer);
    assert_eq!(driver.service().log[&0], [Happened::Accepted, Happened::Eof, Happened::Closed(Closed::Done)]);
    assert_eq!(driver.service().got[&0], b"question");
}

#[test]
fn a_cut_connection_is_told_from_a_finished_one() {
    use std::io::{Read as _, Write as _};
    let authority = Authority::new();
    let acceptor = server(vec![authority.issue(&["localhost"], valid)]).build().unwrap();
    let (mut driver, address) = pair(Role::Echo, acceptor, trusting(&authority));
    // Somebody in the middle who ends the transport once something went through.
    let relay = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let middle = relay.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut client, _) = relay.accept().unwrap();
        let mut server = std::net::TcpStream::connect(address).unwrap();
        let (mut up, mut down) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        std::thread::spawn(move || std::io::copy(&mut up, &mut down));
        let mut buffer = [0; 4096];
        let mut passed = 0;
        while passed < 40_000 {
            let len = server.read(&mut buffer).unwrap();
            client.write_all(&buffer[..len]).unwrap();
            passed += len;
        }
        client.shutdown(std::net::Shutdown::Both).unwrap();
    });
    driver.service_mut().connect.push_back((to_name(middle, "localhost"), talk(pattern(100_000), 100_000)));
    drive_until(&mut driver, |driver| driver.service().closed(0).is_some());
    let why = driver.service().closed(0);
    assert!(matches!(why, Some(Closed::Tls(TlsFault::Truncated) | Closed::Reset)), "{why:?}");
    assert!(driver.service().got[&0].len() >= 16_384);
    assert!(pattern(100_000).starts_with(&driver.service().got[&0]));
}

#[test]
fn useless_configurations_are_refused() {
    let authority = Authority::new();
    let (one, other) = (authority.issue(&["a"], valid), authority.issue(&["b"], valid));
    let mixed = Identity { chain: one.chain.clone(), key: other.key };
    let keyless = Identity { chain: one.chain.clone(), key: one.chain.clone() };
    let garbled = Identity {
        chain: b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec(),
        key: one.key.clone(),
    };
    let empty = Identity { chain: Vec::new(), key: one.key.clone() };
    for (identities, expected) in [
        (vec![], TlsConfigError::NoCertificate),
        (vec![empty], TlsConfigError::NoCertificate),
        (vec![garbled], TlsConfigError::BadCertificate),
        (vec![keyless], TlsConfigError::BadKey),
        (vec![mixed], TlsConfigError::KeyMismatch),
    ] {
        assert_eq!(server(identities).build().err(), Some(expected));
    }
    let rootless = ClientTls { roots: Roots::Pem(b"none".to_vec()), ..ClientTls::default() };
    assert_eq!(rootless.build().err(), Some(TlsConfigError::BadRoots));
}
