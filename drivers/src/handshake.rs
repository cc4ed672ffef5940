//! Turns of a link whose TLS is being agreed on.

use app::{Closed, LinkInfo, Service};
use proto_core::{Instant, Reason};

use crate::link::{Apart, Link, Phase, Turn, Waiting};
use crate::workspace::Workspace;

impl<C> Link<C> {
    /// Moves the handshake on. Once it is complete the connection begins, and what came with the last message of the
    /// handshake is its first input.
    pub(crate) fn handshake_turn<S: Service<Connection = C>>(
        &mut self,
        service: &mut S,
        workspace: &mut Workspace,
        now: Instant,
    ) -> Result<Turn, Closed> {
        let Phase::Handshake(waiting) = &mut self.phase else { return Ok(Turn::Wait) };
        let Some(Apart { tls: Some(tls), rx: kept, deadline, .. }) = self.apart.as_deref_mut() else {
            return Ok(Turn::Over);
        };
        let mut rx = workspace.pool.restore(kept.take());
        let shaken = tls.shake(&self.socket, &mut self.ready, workspace, &mut rx);
        *kept = workspace.pool.keep(rx);
        let overdue = deadline.is_some_and(|at| at <= now);
        let incoming = waiting.connection.is_none();
        if shaken.is_err() || overdue && tls.is_handshaking() {
            workspace.stats.handshakes_failed += 1;
            workspace.stats.failed += u64::from(!incoming);
            let reason = if incoming { Reason::TlsHandshake } else { Reason::Connect };
            return Err(shaken.err().unwrap_or(Closed::Timeout(reason)));
        }
        self.ready.follow = true;
        if tls.is_handshaking() {
            return Ok(if self.ready.readable { Turn::Again } else { Turn::Wait });
        }
        workspace.stats.handshakes += 1;
        let Waiting { id, listener, peer, .. } = **waiting;
        *deadline = None;
        let link = LinkInfo { id, listener, peer, tls: Some(tls.info()) };
        let connection = match waiting.connection.take() {
            Some(mut connection) => {
                workspace.stats.connected += 1;
                service.connected(&mut connection, &link, now);
                Some(connection)
            }
            None => service.accept(&link, now),
        };
        let Some(connection) = connection else {
            workspace.stats.refused += 1;
            return Ok(self.finish(service, workspace, now));
        };
        self.phase = Phase::Open(connection);
        self.open_turn(service, workspace, now)
    }
}
