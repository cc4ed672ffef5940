//! TLS that is none, TLS that is slow, and TLS that begins again.

use std::io;
use std::time::Duration;

use rustls::crypto::cipher::{
    InboundOpaqueMessage, MessageDecrypter, MessageEncrypter, OutboundPlainMessage,
};
use rustls::{
    ConnectionTrafficSecrets, ContentType, ProtocolVersion, SupportedCipherSuite, SupportedProtocolVersion,
};

use super::http::ending;
use super::lab::Lab;
use super::pattern::{Pattern, Server};
use super::secure::{self, Secure};
use super::wire::Wire;

const HANDSHAKE: u8 = 22;

/// A record of the TLS record layer, in the clear.
fn record(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap_or(u16::MAX).to_be_bytes();
    [&[kind, 3, 3], &length[..], payload].concat()
}

/// A ClientHello as a handshake message, without a record around it.
fn client_hello(version: [u8; 2], suites: &[[u8; 2]]) -> Vec<u8> {
    let mut body = version.to_vec();
    body.extend_from_slice(&[7; 32]); // random
    body.push(0); // session id
    body.extend_from_slice(&(2 * suites.len() as u16).to_be_bytes());
    body.extend(suites.iter().flatten());
    body.extend_from_slice(&[1, 0]); // no compression
    // What a server needs to know: signature_algorithms, supported_groups, ec_point_formats.
    body.extend_from_slice(&[0, 24]);
    body.extend_from_slice(&[0, 13, 0, 6, 0, 4, 4, 3, 8, 4]);
    body.extend_from_slice(&[0, 10, 0, 4, 0, 2, 0, 23]);
    body.extend_from_slice(&[0, 11, 0, 2, 1, 0]);
    let length = (body.len() as u32).to_be_bytes();
    [&[1], &length[1..], &body].concat()
}

/// The alert in the clear that the server has sent, and how the connection stands.
fn answer(wire: &Wire) -> String {
    let mut bytes = wire.heard();
    let mut said = "no answer".to_owned();
    while let Some(([kind, _, _, high, low], rest)) = bytes.split_first_chunk() {
        let Some((payload, rest)) = rest.split_at_checked(u16::from_be_bytes([*high, *low]).into()) else {
            break;
        };
        said = match (kind, payload) {
            (21, [_, description]) => format!("alert {description}"),
            (kind, _) => format!("record {kind}"),
        };
        bytes = rest;
    }
    format!("{said}, {}", ending(wire.end()))
}

/// Sends bytes in place of a handshake.
fn raw(lab: &Lab, bytes: &[u8]) -> io::Result<String> {
    let mut wire = lab.connect_below_tls()?;
    wire.send(bytes);
    wire.finish();
    Ok(answer(&wire))
}

/// A ClientHello that a server would like.
fn good_hello() -> io::Result<Vec<u8>> {
    let config = secure::config(rustls::ALL_VERSIONS, &[b"http/1.1"])?;
    let name = "localhost".try_into().map_err(io::Error::other)?;
    let mut session = rustls::ClientConnection::new(config.into(), name).map_err(io::Error::other)?;
    let mut hello = Vec::new();
    session.write_tls(&mut hello)?;
    Ok(hello)
}

/// The records of an established session, made by hand.
struct Session {
    encrypter: Box<dyn MessageEncrypter>,
    decrypter: Box<dyn MessageDecrypter>,
    sent: u64,
    heard: u64,
    wire: Wire,
}

impl Session {
    /// Handshakes in order, and takes the keys away from rustls, which would refuse to misuse them.
    fn open(lab: &Lab, version: &'static SupportedProtocolVersion) -> io::Result<Self> {
        let mut config = secure::config_with_chacha(&[version])?;
        config.enable_secret_extraction = true;
        let (session, socket) = lab.handshake(config)?;
        let session = session.into_session();
        let suite = session.negotiated_cipher_suite().ok_or(io::ErrorKind::InvalidData)?;
        let secrets = session.dangerous_extract_secrets().map_err(io::Error::other)?;
        let (
            (sent, ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv }),
            (heard, ConnectionTrafficSecrets::Chacha20Poly1305 { key: their_key, iv: their_iv }),
        ) = (secrets.tx, secrets.rx)
        else {
            return Err(io::Error::other("the server chose a suite that was not offered"));
        };
        let (encrypter, decrypter) = match suite {
            SupportedCipherSuite::Tls12(suite) => (
                suite.aead_alg.encrypter(key, iv.as_ref(), &[]),
                suite.aead_alg.decrypter(their_key, their_iv.as_ref()),
            ),
            SupportedCipherSuite::Tls13(suite) => {
                (suite.aead_alg.encrypter(key, iv), suite.aead_alg.decrypter(their_key, their_iv))
            }
        };
        Ok(Self { encrypter, decrypter, sent, heard, wire: lab.wire(socket)? })
    }

    /// Sends a record; `false` once the server has ended the connection.
    fn send(&mut self, typ: ContentType, payload: &[u8]) -> io::Result<bool> {
        let message =
            OutboundPlainMessage { typ, version: ProtocolVersion::TLSv1_2, payload: payload.into() };
        let record = self.encrypter.encrypt(message, self.sent).map_err(io::Error::other)?;
        self.sent += 1;
        Ok(self.wire.send(&record.encode()))
    }

    /// The last alert the server has sent, and how the connection stands.
    fn answer(mut self) -> io::Result<String> {
        self.wire.finish();
        let mut said = "no answer".to_owned();
        let heard = self.wire.take_heard();
        let mut bytes = &heard[..];
        while let Some(([kind, _, _, high, low], rest)) = bytes.split_first_chunk() {
            let Some((payload, rest)) = rest.split_at_checked(u16::from_be_bytes([*high, *low]).into())
            else {
                break;
            };
            let mut payload = payload.to_vec();
            let message =
                InboundOpaqueMessage::new(ContentType::from(*kind), ProtocolVersion::TLSv1_2, &mut payload);
            let plain = self.decrypter.decrypt(message, self.heard).map_err(io::Error::other)?;
            self.heard += 1;
            if let (ContentType::Alert, [_, description]) = (plain.typ, plain.payload) {
                said = format!("alert {description}");
            }
            bytes = rest;
        }
        Ok(format!("{said}, {}", ending(self.wire.end())))
    }
}

/// Completes a handshake, and begins another within it, again and again.
fn again(lab: &Lab, version: &'static SupportedProtocolVersion) -> io::Result<String> {
    let mut session = Session::open(lab, version)?;
    let hello = client_hello([3, 3], &[[0xcc, 0xa8], [0xcc, 0xa9]]);
    for _ in 0..1000 {
        if !session.send(ContentType::Handshake, &hello)? {
            break;
        }
    }
    session.answer()
}

/// After a handshake in order, sends these records.
fn within(
    lab: &Lab,
    version: &'static SupportedProtocolVersion,
    typ: ContentType,
    payload: &[u8],
    times: u32,
) -> io::Result<String> {
    let mut session = Session::open(lab, version)?;
    for _ in 0..times {
        if !session.send(typ, payload)? {
            break;
        }
    }
    session.answer()
}

/// An attack on a server that speaks TLS.
const fn tls(
    name: &'static str,
    what: &'static str,
    reference: &'static str,
    expected: &'static str,
    run: fn(&Lab) -> io::Result<String>,
) -> Pattern {
    Pattern::new(name, what, reference, expected, run).on(Server::Tls)
}

pub(super) static PATTERNS: [Pattern; 19] = [
    tls("tls/garbage", "bytes that are no TLS", "RFC 8446 5.1", "alert 50, closed", |lab| {
        raw(lab, &[0xd3, 0x00, 0x5a, 0xff, 0x81].repeat(4000))
    }),
    tls("tls/http", "HTTP in the clear where TLS is spoken", "RFC 8446 5.1", "alert 50, closed", |lab| {
        raw(lab, b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
    }),
    tls("tls/old-version", "TLS 1.0 and nothing newer", "RFC 8996", "alert 70, closed", |lab| {
        raw(lab, &record(HANDSHAKE, &client_hello([3, 1], &[[0, 0x2f]])))
    }),
    tls("tls/no-suite", "suites without encryption", "RFC 5246 A.5", "alert 49, closed", |lab| {
        raw(lab, &record(HANDSHAKE, &client_hello([3, 3], &[[0, 0], [0, 1], [0, 2]])))
    }),
    tls("tls/big-record", "a record of 64 KiB", "RFC 8446 5.1", "alert 50, closed", |lab| {
        raw(lab, &record(HANDSHAKE, &[1; 65_535]))
    }),
    tls(
        "tls/huge-hello",
        "a ClientHello of 16 MiB in parts, as much as its length can say",
        "RFC 8446 4",
        "no answer, closed",
        |lab| {
            let mut wire = lab.connect_below_tls()?;
            wire.send(&record(HANDSHAKE, &[1, 0xff, 0xff, 0xff]));
            while wire.send(&record(HANDSHAKE, &[0; 16_384])) {}
            wire.finish();
            Ok(answer(&wire))
        },
    ),
    tls("tls/empty-records", "records without content", "RFC 8446 5.1", "alert 50, closed", |lab| {
        raw(lab, &record(HANDSHAKE, &[]).repeat(100_000))
    }),
    tls(
        "tls/heartbeat",
        "a heartbeat that asks for more than it brings",
        "CVE-2014-0160",
        "alert 50, closed",
        |lab| raw(lab, &record(24, &[1, 0x40, 0])),
    ),
    tls(
        "tls/alert-flood",
        "warnings without end before the handshake",
        "CVE-2016-8610",
        "no answer, closed",
        |lab| raw(lab, &record(21, &[1, 90]).repeat(100_000)),
    ),
    tls(
        "tls/ccs-flood",
        "ChangeCipherSpec without end before the handshake",
        "CVE-2020-25648, RFC 8446 5",
        "alert 10, closed",
        |lab| raw(lab, &record(20, &[1]).repeat(100_000)),
    ),
    tls(
        "tls/one-byte-records",
        "a ClientHello in records of one byte",
        "RFC 8446 5.1",
        "record 22, open",
        |lab| {
            let hello = good_hello()?;
            let mut wire = lab.connect_below_tls()?;
            for byte in hello.iter().skip(5) {
                wire.send(&record(HANDSHAKE, &[*byte]));
            }
            wire.hear_until(|heard| heard.first() == Some(&HANDSHAKE) || !heard.is_empty());
            Ok(format!(
                "record {}, {}",
                wire.heard().first().copied().unwrap_or_default(),
                ending(wire.end())
            ))
        },
    ),
    tls(
        "tls/renegotiation",
        "a handshake within a session of TLS 1.2, a thousand times",
        "CVE-2009-3555, CVE-2011-1473",
        "alert 100, closed",
        |lab| again(lab, &rustls::version::TLS12),
    ),
    tls(
        "tls/handshake-again",
        "a handshake within a session of TLS 1.3",
        "RFC 8446 4.1.2",
        "alert 10, closed",
        |lab| again(lab, &rustls::version::TLS13),
    ),
    tls(
        "tls/key-updates",
        "keys changed without end, each change asking for one of the server's",
        "RFC 8446 4.6.3",
        "no alert, closed",
        |lab| {
            let mut wire = lab.connect_tls(secure::config(&[&rustls::version::TLS13], &[])?)?;
            for _ in 0..10_000 {
                if !wire.tls().is_some_and(Secure::update_keys) || !wire.send(b"") {
                    break;
                }
            }
            wire.finish();
            let fault = match wire.tls().and_then(|tls| tls.fault()) {
                Some(rustls::Error::AlertReceived(alert)) => format!("alert {}", u8::from(*alert)),
                Some(error) => error.to_string(),
                None => "no alert".to_owned(),
            };
            Ok(format!("{fault}, {}", ending(wire.end())))
        },
    ),
    tls(
        "tls/empty-data",
        "records without content within a session of TLS 1.2",
        "RFC 5246 6.2.1",
        "no answer, closed",
        |lab| within(lab, &rustls::version::TLS12, ContentType::ApplicationData, b"", 100_000),
    ),
    tls(
        "tls/warnings",
        "warnings without end within a session of TLS 1.2",
        "CVE-2016-8610",
        "no answer, closed",
        |lab| within(lab, &rustls::version::TLS12, ContentType::Alert, &[1, 90], 100_000),
    ),
    tls("tls/bad-mac", "a record that was not encrypted", "RFC 8446 5.2", "alert 20, closed", |lab| {
        let mut session = Session::open(lab, &rustls::version::TLS13)?;
        session.wire.send(&record(23, &[0; 64]));
        session.answer()
    }),
    tls(
        "tls/hello-drip",
        "a ClientHello byte by byte",
        "CVE-2007-6750, Slowloris",
        "no answer, closed",
        |lab| {
            let hello = good_hello()?;
            let mut wire = lab.connect_below_tls()?;
            for byte in &hello {
                wire.listen(Duration::from_millis(50));
                if !wire.send(&[*byte]) {
                    break;
                }
            }
            wire.finish();
            Ok(answer(&wire))
        },
    )
    .on(Server::HastyTls),
    tls(
        "tls/silent",
        "a connection on which no handshake begins",
        "RFC 9112 9.5",
        "no answer, closed",
        |lab| raw(lab, b""),
    )
    .on(Server::HastyTls),
];
