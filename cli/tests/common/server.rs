//! The server under test, on ports of its own.

use super::run::Running;
use super::sanswire;

/// A running `sanswire serve`. Dropping it kills it.
pub(crate) struct Server {
    pub(crate) process: Running,
    pub(crate) http_port: u16,
    pub(crate) https_port: u16,
}

impl Server {
    /// Starts it on free ports.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same, with more arguments.
    pub(crate) fn start_with(more: &[&str]) -> Self {
        Self::start_on("127.0.0.1:0", "127.0.0.1:0", more)
    }

    /// Starts it on these addresses.
    pub(crate) fn start_on(plain: &str, tls: &str, more: &[&str]) -> Self {
        let arguments = [&["serve", "--listen", plain, "--listen-tls", tls], more].concat();
        let mut process =
            Running::start_within(&mut sanswire(&arguments), std::time::Duration::from_secs(300));
        let (mut http_port, mut https_port) = (None, None);
        while http_port.is_none() || https_port.is_none() {
            let line = process.expect("listening on ");
            if let Some(rest) = line.strip_prefix("listening on http://127.0.0.1:") {
                http_port = rest.trim_end_matches('/').parse().ok();
            } else if let Some(rest) = line.strip_prefix("listening on https://127.0.0.1:") {
                https_port = rest.trim_end_matches('/').parse().ok();
            }
        }
        Server { process, http_port: http_port.unwrap(), https_port: https_port.unwrap() }
    }

    /// A URL of the plain listener.
    pub(crate) fn http(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.http_port)
    }

    /// A URL of the TLS listener.
    pub(crate) fn https(&self, path: &str) -> String {
        format!("https://127.0.0.1:{}{path}", self.https_port)
    }

    /// A WebSocket URL of the plain listener.
    pub(crate) fn ws(&self, path: &str) -> String {
        format!("ws://127.0.0.1:{}{path}", self.http_port)
    }

    /// A WebSocket URL of the TLS listener.
    pub(crate) fn wss(&self, path: &str) -> String {
        format!("wss://127.0.0.1:{}{path}", self.https_port)
    }
}
