//! sanswire's drivers.
#![forbid(unsafe_code)]

mod clock;
mod config;
mod dial;
mod dns;
mod files;
mod limits;
mod link;
mod listen;
mod mio;
mod options;
mod pool;
mod server;
mod socket;
mod table;
mod timers;
mod tls;
mod turn;
mod waker;
mod workspace;

pub use config::Config;
pub use limits::{Limits, Stats};
pub use link::{Interest, Link, Origin, Turn};
pub use listen::{Listen, ListenAddress};
pub use mio::Driver;
pub use options::{Keepalive, SocketOptions};
pub use server::{Running, Server};
pub use tls::{
    ClientCertificates, ClientTls, Dangers, Identity, Roots, ServerTls, TlsAcceptor, TlsConfigError,
    TlsConnector,
};
pub use waker::Waker;
pub use workspace::Workspace;
