//! TLS of an attacker, who does not care whose certificate it is.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, SupportedCipherSuite,
    SupportedProtocolVersion,
};

use super::lab::Tally;
use super::wire::Socket;

/// A TLS session over a socket that does not block.
#[derive(Debug)]
pub(super) struct Secure {
    session: ClientConnection,
    /// What the server, or rustls about the server, complained of.
    fault: Option<rustls::Error>,
}

impl Secure {
    /// Handshakes over `socket`, which blocks meanwhile.
    pub(super) fn handshake(config: ClientConfig, socket: &mut Socket, tally: &Tally) -> io::Result<Self> {
        let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
        let session = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
        let mut secure = Self { session, fault: None };
        while secure.session.is_handshaking() {
            while secure.session.wants_write() {
                tally.sent(secure.session.write_tls(socket)?);
            }
            if secure.session.is_handshaking() {
                if secure.session.read_tls(socket)? == 0 {
                    return Err(ErrorKind::UnexpectedEof.into());
                }
                secure.session.process_new_packets().map_err(io::Error::other)?;
            }
        }
        while secure.session.wants_write() {
            tally.sent(secure.session.write_tls(socket)?);
        }
        Ok(secure)
    }

    /// What ended the session, other than an orderly close.
    pub(super) fn fault(&self) -> Option<&rustls::Error> {
        self.fault.as_ref()
    }

    /// Changes the keys, and asks the server to change its own
    /// ([RFC 8446 4.6.3](https://www.rfc-editor.org/rfc/rfc8446#section-4.6.3)).
    pub(super) fn update_keys(&mut self) -> bool {
        self.session.refresh_traffic_keys().is_ok()
    }

    /// The bare session, for what rustls refuses to do.
    pub(super) fn into_session(self) -> ClientConnection {
        self.session
    }

    pub(super) fn wants_write(&self) -> bool {
        self.session.wants_write()
    }

    pub(super) fn write(&mut self, piece: &[u8], socket: &mut Socket, tally: &Tally) -> io::Result<usize> {
        self.flush(socket, tally)?;
        if self.session.wants_write() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let wrote = self.session.writer().write(piece)?;
        self.flush(socket, tally)?;
        Ok(wrote)
    }

    pub(super) fn read(&mut self, room: &mut [u8], socket: &mut Socket) -> io::Result<usize> {
        loop {
            match self.session.reader().read(room) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                done => return done,
            }
            if self.session.read_tls(socket)? == 0 {
                return Ok(0);
            }
            if let Err(error) = self.session.process_new_packets() {
                self.fault = Some(error);
                return Ok(0);
            }
        }
    }

    /// Writes what there is to write, as far as the socket takes it.
    fn flush(&mut self, socket: &mut Socket, tally: &Tally) -> io::Result<()> {
        while self.session.wants_write() {
            match self.session.write_tls(socket) {
                Ok(n) => tally.sent(n),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// How an attacker speaks TLS: any certificate will do.
pub(super) fn config(
    versions: &[&'static SupportedProtocolVersion],
    alpn: &[&[u8]],
) -> io::Result<ClientConfig> {
    configure(aws_lc_rs::default_provider(), versions, alpn)
}

/// The same with no cipher but ChaCha20-Poly1305, whose records take nothing but key, nonce and number.
pub(super) fn config_with_chacha(versions: &[&'static SupportedProtocolVersion]) -> io::Result<ClientConfig> {
    let mut provider = aws_lc_rs::default_provider();
    let name = |suite: &SupportedCipherSuite| suite.suite().as_str().unwrap_or_default();
    provider.cipher_suites.retain(|suite| name(suite).contains("CHACHA20"));
    configure(provider, versions, &[])
}

fn configure(
    provider: CryptoProvider,
    versions: &[&'static SupportedProtocolVersion],
    alpn: &[&[u8]],
) -> io::Result<ClientConfig> {
    let provider = Arc::new(provider);
    let verifier = Arc::new(Anybody(Arc::clone(&provider)));
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|&name| name.to_vec()).collect();
    Ok(config)
}

/// Trusts every server: it is one of this machine.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
