//! TLS by rustls: this directory is the only place that knows of it.

mod config;
mod session;
mod verify;

pub use config::{
    ClientCertificates, ClientTls, Dangers, Identity, Roots, ServerTls, TlsAcceptor, TlsConfigError,
    TlsConnector,
};
pub(crate) use session::Tls;
