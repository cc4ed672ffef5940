use std::fmt;
use std::sync::{Arc, OnceLock};

use app::{Closed, TlsFault, TlsTarget};
use rustls::client::{ClientConnection, Resumption};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{
    ClientHello, NoServerSessionStorage, ParsedCertificate, ResolvesServerCert, ServerConnection,
    WebPkiClientVerifier,
};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, KeyLogFile, RootCertStore, ServerConfig};

use super::Tls;
use super::verify::Verifier;

/// A certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The certificate, followed by those of its issuers, as PEM.
    pub chain: Vec<u8>,
    /// The private key as PEM: PKCS #8, PKCS #1 (RSA) or SEC1 (EC).
    pub key: Vec<u8>,
}

/// TLS of a listener.
#[derive(Debug, Clone, Default)]
pub struct ServerTls {
    /// At least one. Whoever asks for a name gets the first certificate that is valid for it, else the very first.
    pub identities: Vec<Identity>,
    /// ALPN protocols, most wanted first. A client that offers only others is refused
    /// ([RFC 7301 §3.2](https://www.rfc-editor.org/rfc/rfc7301#section-3.2)); one that offers none is not.
    pub alpn: Vec<Vec<u8>>,
    /// Whether clients are asked for a certificate.
    pub client_certificates: ClientCertificates,
    /// Write session secrets to the file that the environment variable `SSLKEYLOGFILE` names. Who reads it can read
    /// the traffic.
    pub key_log: bool,
}

/// Whether a server asks its clients for certificates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ClientCertificates {
    /// It does not.
    #[default]
    No,
    /// Clients may have one, issued by one of these roots (PEM).
    Optional(Vec<u8>),
    /// Clients must have one, issued by one of these roots (PEM).
    Required(Vec<u8>),
}

/// TLS of outgoing connections.
#[derive(Debug, Clone, Default)]
pub struct ClientTls {
    /// Whom to trust.
    pub roots: Roots,
    /// A certificate for servers that ask for one.
    pub identity: Option<Identity>,
    /// Checks to leave out.
    pub dangers: Dangers,
    /// Write session secrets to the file that the environment variable `SSLKEYLOGFILE` names. Who reads it can read
    /// the traffic.
    pub key_log: bool,
}

/// Whom a client trusts to issue certificates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Roots {
    /// Whom the operating system trusts; read when the first connection needs it. Where nothing is installed nobody
    /// is trusted. `SSL_CERT_FILE` and `SSL_CERT_DIR` are respected.
    #[default]
    Platform,
    /// These certificates (PEM).
    Pem(Vec<u8>),
}

/// Checks that a client leaves out. Each one lets somebody in the middle pretend to be the server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dangers {
    /// Accept certificates that were issued by nobody known.
    pub accept_self_signed: bool,
    /// Accept certificates for other names.
    pub skip_host_name: bool,
    /// Accept certificates before and after their time.
    pub accept_expired: bool,
}

impl Dangers {
    /// Leaves out all of these checks.
    pub fn accept_any_certificate(&mut self) {
        *self = Self { accept_self_signed: true, skip_host_name: true, accept_expired: true };
    }
}

/// Why a TLS configuration is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsConfigError {
    /// There is no certificate in the PEM text, or no identity at all.
    NoCertificate,
    /// A certificate cannot be read.
    BadCertificate,
    /// There is no private key in the PEM text, or it cannot be read.
    BadKey,
    /// The private key does not belong to the certificate.
    KeyMismatch,
    /// There is no certificate among the roots, or one that cannot be used as a root.
    BadRoots,
    /// The cryptographic library refuses.
    Unsupported,
}

impl fmt::Display for TlsConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoCertificate => "no certificate found (PEM is expected)",
            Self::BadCertificate => "the certificate cannot be read",
            Self::BadKey => "no usable private key found (PEM is expected)",
            Self::KeyMismatch => "the private key does not belong to the certificate",
            Self::BadRoots => "no usable root certificates found (PEM is expected)",
            Self::Unsupported => "the TLS library does not support this configuration",
        })
    }
}

impl std::error::Error for TlsConfigError {}

/// A [`ServerTls`] ready for use; clones share sessions, so that a client may resume on another thread.
#[derive(Debug, Clone)]
pub struct TlsAcceptor {
    config: Arc<ServerConfig>,
}

impl ServerTls {
    /// Reads certificates and keys.
    ///
    /// # Errors
    /// [`TlsConfigError`] says what is wrong with them.
    pub fn build(&self) -> Result<TlsAcceptor, TlsConfigError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut keys = Vec::new();
        for identity in &self.identities {
            keys.push(Arc::new(certified_key(identity, &provider)?));
        }
        if keys.is_empty() {
            return Err(TlsConfigError::NoCertificate);
        }
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|_| TlsConfigError::Unsupported)?;
        let verifier = |pem: &[u8]| {
            let roots = Arc::new(roots_from_pem(pem)?);
            Ok(WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(&provider)))
        };
        let builder = match &self.client_certificates {
            ClientCertificates::No => builder.with_no_client_auth(),
            ClientCertificates::Optional(pem) => {
                let verifier = verifier(pem)?.allow_unauthenticated().build();
                builder.with_client_cert_verifier(verifier.map_err(|_| TlsConfigError::BadRoots)?)
            }
            ClientCertificates::Required(pem) => {
                let verifier = verifier(pem)?.build();
                builder.with_client_cert_verifier(verifier.map_err(|_| TlsConfigError::BadRoots)?)
            }
        };
        let mut config = builder.with_cert_resolver(Arc::new(ByName(keys)));
        config.alpn_protocols.clone_from(&self.alpn);
        // Sessions travel in tickets: the server keeps nothing for a client that may never come back.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.ticketer = aws_lc_rs::Ticketer::new().map_err(|_| TlsConfigError::Unsupported)?;
        if self.key_log {
            config.key_log = Arc::new(KeyLogFile::new());
        }
        Ok(TlsAcceptor { config: Arc::new(config) })
    }
}

impl TlsAcceptor {
    pub(crate) fn accept(&self, room: usize) -> Result<Tls, Closed> {
        let session =
            ServerConnection::new(Arc::clone(&self.config)).map_err(|_| Closed::Tls(TlsFault::Protocol))?;
        Ok(Tls::new(session.into(), room))
    }
}

/// A [`ClientTls`] ready for use; clones share sessions.
#[derive(Debug, Clone)]
pub struct TlsConnector {
    shared: Arc<Connector>,
}

#[derive(Debug)]
struct Connector {
    /// `None`: the platform's, once they are needed.
    roots: Option<RootCertStore>,
    identity: Option<Arc<CertifiedKey>>,
    dangers: Dangers,
    key_log: bool,
    provider: Arc<CryptoProvider>,
    config: OnceLock<Option<Arc<ClientConfig>>>,
}

impl ClientTls {
    /// Reads certificates and keys.
    ///
    /// # Errors
    /// [`TlsConfigError`] says what is wrong with them.
    pub fn build(&self) -> Result<TlsConnector, TlsConfigError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let roots = match &self.roots {
            Roots::Platform => None,
            Roots::Pem(pem) => Some(roots_from_pem(pem)?),
        };
        let identity =
            self.identity.as_ref().map(|identity| certified_key(identity, &provider)).transpose()?;
        Ok(TlsConnector {
            shared: Arc::new(Connector {
                roots,
                identity: identity.map(Arc::new),
                dangers: self.dangers,
                key_log: self.key_log,
                provider,
                config: OnceLock::new(),
            }),
        })
    }
}

impl TlsConnector {
    pub(crate) fn connect(&self, target: &TlsTarget, room: usize) -> Result<Tls, Closed> {
        let config = self.shared.config.get_or_init(|| self.shared.config());
        let config = config.as_ref().ok_or(Closed::Tls(TlsFault::Protocol))?;
        // What is no name at all can be in no certificate.
        let name = ServerName::try_from(target.server_name.clone())
            .map_err(|_| Closed::Tls(TlsFault::NameMismatch))?;
        let session = ClientConnection::new_with_alpn(Arc::clone(config), name, target.alpn.clone())
            .map_err(|_| Closed::Tls(TlsFault::Protocol))?;
        Ok(Tls::new(session.into(), room))
    }
}

impl Connector {
    fn config(&self) -> Option<Arc<ClientConfig>> {
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .ok()?;
        let verifier = Verifier {
            roots: self.roots.clone().unwrap_or_else(platform_roots),
            dangers: self.dangers,
            provider: Arc::clone(&self.provider),
        };
        let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match &self.identity {
            Some(identity) => builder.with_client_cert_resolver(Arc::new(
                rustls::sign::SingleCertAndKey::from(Arc::clone(identity)),
            )),
            None => builder.with_no_client_auth(),
        };
        config.resumption = Resumption::in_memory_sessions(256);
        if self.key_log {
            config.key_log = Arc::new(KeyLogFile::new());
        }
        Some(Arc::new(config))
    }
}

/// Chooses a certificate by the name the client asks for.
#[derive(Debug)]
struct ByName(Vec<Arc<CertifiedKey>>);

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let usable = |key: &&Arc<CertifiedKey>| key.key.choose_scheme(hello.signature_schemes()).is_some();
        let name = hello.server_name().and_then(|name| ServerName::try_from(name).ok());
        let fits = |key: &&Arc<CertifiedKey>| {
            let certificate =
                key.end_entity_cert().ok().and_then(|der| ParsedCertificate::try_from(der).ok());
            let named = certificate.zip(name.as_ref());
            named.is_some_and(|(certificate, name)| {
                rustls::client::verify_server_name(&certificate, name).is_ok()
            })
        };
        let usable_ones = || self.0.iter().filter(usable);
        let by_name = if self.0.len() > 1 { usable_ones().find(fits) } else { None };
        by_name.or_else(|| usable_ones().next()).cloned()
    }
}

fn certified_key(identity: &Identity, provider: &CryptoProvider) -> Result<CertifiedKey, TlsConfigError> {
    let chain = certificates(&identity.chain).map_err(|()| TlsConfigError::BadCertificate)?;
    let first = chain.first().ok_or(TlsConfigError::NoCertificate)?;
    ParsedCertificate::try_from(first).map_err(|_| TlsConfigError::BadCertificate)?;
    let key = PrivateKeyDer::from_pem_slice(&identity.key).map_err(|_| TlsConfigError::BadKey)?;
    CertifiedKey::from_der(chain, key, provider).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => TlsConfigError::KeyMismatch,
        _ => TlsConfigError::BadKey,
    })
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, ()> {
    CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|_| ())
}

fn roots_from_pem(pem: &[u8]) -> Result<RootCertStore, TlsConfigError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem).map_err(|()| TlsConfigError::BadRoots)? {
        roots.add(certificate).map_err(|_| TlsConfigError::BadRoots)?;
    }
    if roots.is_empty() { Err(TlsConfigError::BadRoots) } else { Ok(roots) }
}

/// The operating system's roots, without those that rustls cannot read: one odd certificate must not cost the rest.
fn platform_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}
