//! How long the server waits for slow peers.

use std::time::Duration;

use clap::{Args, value_parser};

/// The deadlines that are worth setting from outside; `docs/LIMITS.md` has all of them.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Timeouts {
    /// Seconds for the head of a request to arrive
    #[arg(long, value_name = "SECONDS", default_value_t = Self::default().head_timeout, value_parser = value_parser!(u16).range(1..))]
    head_timeout: u16,
    /// Seconds that a request body may lag behind 100 bytes a second
    #[arg(long, value_name = "SECONDS", default_value_t = Self::default().body_timeout, value_parser = value_parser!(u16).range(1..))]
    body_timeout: u16,
    /// Seconds that a connection may rest between requests
    #[arg(long, value_name = "SECONDS", default_value_t = Self::default().idle_timeout, value_parser = value_parser!(u16).range(1..))]
    idle_timeout: u16,
    /// Seconds that a client may take nothing of what is sent, or lag behind 100 bytes a second
    #[arg(long, value_name = "SECONDS", default_value_t = Self::default().send_timeout, value_parser = value_parser!(u16).range(1..))]
    send_timeout: u16,
    /// Seconds that a WebSocket may be silent before it is sent a ping; it has as many again, at most 10, to answer
    #[arg(long, value_name = "SECONDS", default_value_t = Self::default().ping_after, value_parser = value_parser!(u16).range(1..))]
    ping_after: u16,
    /// Seconds for a TLS handshake
    #[arg(long, value_name = "SECONDS", default_value_t = Self::default().tls_timeout, value_parser = value_parser!(u16).range(1..))]
    tls_timeout: u16,
}

impl Default for Timeouts {
    fn default() -> Self {
        let app = app::Config::default();
        let http1 = app.http1.limits;
        let drivers = drivers::Limits::default();
        let seconds = |span: Duration| u16::try_from(span.as_secs()).unwrap_or(u16::MAX);
        Self {
            head_timeout: http1.head_timeout,
            body_timeout: http1.body_grace,
            idle_timeout: http1.idle_timeout,
            send_timeout: seconds(drivers.send_progress),
            ping_after: seconds(app.websocket.keep_alive.ping_after),
            tls_timeout: seconds(drivers.tls_handshake),
        }
    }
}

impl Timeouts {
    /// Those of connections.
    pub(super) fn config(self) -> app::Config {
        let mut config = app::Config::default();
        let limits = &mut config.http1.limits;
        limits.head_timeout = self.head_timeout;
        limits.body_grace = self.body_timeout;
        limits.idle_timeout = self.idle_timeout;
        let keep_alive = &mut config.websocket.keep_alive;
        keep_alive.ping_after = Duration::from_secs(self.ping_after.into());
        keep_alive.hang_up_after =
            keep_alive.ping_after + Duration::from_secs(self.ping_after.min(10).into());
        let http2 = &mut config.http2;
        http2.head_timeout = Duration::from_secs(self.head_timeout.into());
        http2.body_grace = Duration::from_secs(self.body_timeout.into());
        http2.idle_timeout = Duration::from_secs(self.idle_timeout.into());
        http2.send_grace = Duration::from_secs(self.send_timeout.into());
        config
    }

    /// Those of the driver.
    pub(super) fn limits(self) -> drivers::Limits {
        drivers::Limits {
            send_progress: Duration::from_secs(self.send_timeout.into()),
            tls_handshake: Duration::from_secs(self.tls_timeout.into()),
            ..drivers::Limits::default()
        }
    }
}
