//! The end of a link: what it said last is given time to arrive.

use app::{Closed, Service, TlsFault};
use proto_core::Instant;

use crate::link::{Apart, Eof, Link, Turn};
use crate::socket;
use crate::tls::Tls;
use crate::workspace::Workspace;

/// How many full buffers of late input are thrown away in one turn of a link that lingers.
const DISCARDS: u32 = 4;

impl<C> Link<C> {
    /// The connection is done and everything it said is with the kernel.
    pub(crate) fn finish<S: Service<Connection = C>>(
        &mut self,
        service: &mut S,
        workspace: &mut Workspace,
        now: Instant,
    ) -> Turn {
        let truncated = self.tls().is_some_and(Tls::is_truncated);
        self.end(service, workspace, if truncated { Closed::Tls(TlsFault::Truncated) } else { Closed::Done });
        self.set_deadline(Some(now + workspace.limits.linger), workspace);
        if let Some(tls) = self.tls_mut() {
            tls.say_goodbye();
        }
        self.linger_turn(workspace, now)
    }

    /// Says goodbye, then waits for the peer to do the same. Closing a socket while input arrives would make the
    /// kernel answer it with a reset, and a reset makes the peer's kernel forget what it has not yet been asked for.
    pub(crate) fn linger_turn(&mut self, workspace: &mut Workspace, now: Instant) -> Turn {
        if self.deadline().is_none_or(|at| at <= now) {
            return Turn::Over;
        }
        self.ready.follow = true;
        if let Some(Apart { tls: Some(tls), .. }) = self.apart.as_deref_mut()
            && tls.wants_write()
            && !self.ready.shut
        {
            if tls.send(&self.socket, &mut self.ready, workspace, &[]).is_err() {
                return Turn::Over;
            }
            if tls.wants_write() {
                return Turn::Wait;
            }
        }
        if self.ready.sending {
            return Turn::Wait;
        }
        socket::shut(&self.socket, &mut self.ready);
        let mut discards = DISCARDS;
        while self.ready.readable && discards > 0 {
            discards -= 1;
            let Workspace { io, pool, stats, .. } = &mut *workspace;
            match io.receive(&self.socket, &mut self.ready, (&mut *pool, stats), usize::MAX) {
                Ok(waste) => waste.into_iter().for_each(|waste| pool.give(waste)),
                Err(_) => {
                    self.ready.eof = Eof::Come;
                    break;
                }
            }
        }
        match self.ready {
            ready if ready.eof != Eof::No => Turn::Over,
            ready if ready.readable => Turn::Again,
            _ => Turn::Wait,
        }
    }
}
