//! What a link has read before its turn, and what it sends after that.

use app::{Closed, Service};
use proto_core::Instant;

use crate::link::{Link, Phase, Reading};
use crate::pool::Buffer;
use crate::workspace::Workspace;

impl<C> Link<C> {
    /// Whether it has something to read that is likely to be little, and nothing to be kept in order with.
    pub(crate) fn reads_little<S: Service<Connection = C>>(&self, service: &S) -> bool {
        let Phase::Open(connection) = &self.phase else { return false };
        let little = self.ready.readable && self.ready.reading == Reading::Little;
        little && self.apart.is_none() && service.wants(connection).read
    }

    /// Takes what was read into `block`. To the turn that follows it is as if the last one had left it over.
    pub(crate) fn take_ahead(
        &mut self,
        mut block: Buffer,
        read: Result<Option<usize>, Closed>,
        workspace: &mut Workspace,
    ) {
        match read {
            Ok(Some(len)) => {
                block.filled_more(len);
                self.ready.reading = if block.room() == 0 { Reading::Much } else { Reading::Ahead };
                self.apart(workspace).rx = Some(block);
            }
            Ok(None) => workspace.pool.give(block),
            Err(_) => {
                workspace.pool.give(block);
                self.on_hangup(true);
                self.ready.readable = false;
            }
        }
    }

    /// Notes what became of `output` that was sent after the turn; true when another turn is due.
    pub(crate) fn was_sent_late(
        &mut self,
        mut output: Buffer,
        sent: Result<usize, Closed>,
        workspace: &mut Workspace,
        now: Instant,
    ) -> bool {
        let Ok(len) = sent else {
            workspace.pool.give(output);
            self.on_deaf_peer();
            return true;
        };
        output.consume(len);
        if output.is_empty() {
            workspace.pool.give(output);
            return self.on_sent(len as u64, true, workspace, now);
        }
        self.ready.sending = false;
        self.apart(workspace).tx = Some(output);
        self.extend_deadline(len as u64, workspace, now);
        false
    }
}
