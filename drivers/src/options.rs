use core::time::Duration;
use std::os::fd::BorrowedFd;

use rustix::io::Errno;
use rustix::net::sockopt;

/// What is set on every TCP socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SocketOptions {
    /// Send small segments at once (`TCP_NODELAY`). Default true: output is already gathered per turn.
    pub nodelay: bool,
    /// Probe idle peers, to notice those that vanished. Default none: applications have deadlines.
    pub keepalive: Option<Keepalive>,
}

/// When and how idle peers are probed (`SO_KEEPALIVE`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keepalive {
    /// Idle time before the first probe, whole seconds, at least 1.
    pub time: Duration,
    /// Time between probes, whole seconds, at least 1.
    pub interval: Duration,
    /// Unanswered probes after which the connection is reset.
    pub probes: u32,
}

impl Default for SocketOptions {
    fn default() -> Self {
        Self { nodelay: true, keepalive: None }
    }
}

impl SocketOptions {
    /// Sets them on `socket`. A listening socket hands them down to those it accepts.
    pub(crate) fn apply(&self, socket: BorrowedFd<'_>) -> Result<(), Errno> {
        if self.nodelay {
            sockopt::set_tcp_nodelay(socket, true)?;
        }
        if let Some(keepalive) = self.keepalive {
            let second = Duration::from_secs(1);
            sockopt::set_socket_keepalive(socket, true)?;
            sockopt::set_tcp_keepidle(socket, keepalive.time.max(second))?;
            sockopt::set_tcp_keepintvl(socket, keepalive.interval.max(second))?;
            sockopt::set_tcp_keepcnt(socket, keepalive.probes.max(1))?;
        }
        Ok(())
    }
}
