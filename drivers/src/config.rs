use crate::limits::Limits;
use crate::options::SocketOptions;
use crate::tls::ClientTls;
use crate::transport::Transport;

/// How a driver is to behave.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// What is bounded, and by how much.
    pub limits: Limits,
    /// What is set on TCP sockets.
    pub socket: SocketOptions,
    /// How bytes move.
    pub transport: Transport,
    /// TLS of outgoing connections.
    pub client_tls: ClientTls,
}
