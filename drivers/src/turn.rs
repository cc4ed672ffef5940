//! The turn of a link: the one place where bytes move between sockets and connections.

use core::time::Duration;

use app::{Action, Closed, Service};
use proto_core::{Instant, Reason, Wants, WriteBuf};

use crate::files::FileList;
use crate::link::{Apart, Eof, Hangup, Link, Phase, Reading, Turn};
use crate::pool::Buffer;
use crate::sendfile::{Memory, Part, Piece};
use crate::socket;
use crate::tls::Tls;
use crate::workspace::Workspace;

/// How many requests to the outside a connection may make in one turn.
const ACTIONS: u32 = 64;
/// How many times a connection may read in one turn, as long as what it answers leaves at once: what a busy one has waiting
/// is then still in the cache.
const READS: u32 = 2;
/// How many full buffers of output a connection may send in one turn. Output is larger than the input that caused it
/// by headers at least: with but one, a busy connection would go into every turn with something left over.
const ROOMS: u32 = 4;
/// How many times a connection is asked to take its input for each of them.
const ROUNDS: u32 = 8;

impl<C> Link<C> {
    /// Moves what can be moved: one read, or two where the first was full and its answers have left, and after each one
    /// write of everything the connection had to say; of what does not fit into one buffer, a write for each.
    pub fn turn<S: Service<Connection = C>>(
        &mut self,
        service: &mut S,
        workspace: &mut Workspace,
        now: Instant,
    ) -> Turn {
        let result = match self.phase {
            Phase::Open(_) => self.open_turn(service, workspace, now),
            Phase::Handshake(_) => self.handshake_turn(service, workspace, now),
            Phase::Linger => Ok(self.linger_turn(workspace, now)),
        };
        result.unwrap_or_else(|why| {
            workspace.stats.timeouts += u64::from(matches!(why, Closed::Timeout(_)));
            self.end(service, workspace, why);
            match why {
                // The alert that says why is to arrive.
                Closed::Tls(_) => {
                    self.set_deadline(Some(now + workspace.limits.linger), workspace);
                    self.linger_turn(workspace, now)
                }
                // What the peer does not take must not stay with the kernel in our place.
                Closed::Timeout(Reason::SendProgress) => {
                    socket::abort(&self.socket);
                    Turn::Over
                }
                _ => Turn::Over,
            }
        })
    }

    pub(crate) fn open_turn<S: Service<Connection = C>>(
        &mut self,
        service: &mut S,
        workspace: &mut Workspace,
        now: Instant,
    ) -> Result<Turn, Closed> {
        let Phase::Open(connection) = &mut self.phase else { return Ok(Turn::Wait) };
        service.handle_timeout(connection, now);
        let reads = service.wants(connection).read;

        let (rx, tx) = self.take_buffers();
        let mut rx = match rx {
            // Most likely there is no more to come.
            Some(rx) if self.ready.reading == Reading::Ahead => rx,
            rx => workspace.pool.restore(rx),
        };
        if self.ready.reading == Reading::Ahead {
            self.ready.reading = Reading::Little;
        }
        let mut tx = workspace.pool.restore(tx);
        if self.ready.hangup == Hangup::Both && !self.ready.writable && !self.ready.sending {
            // What the peer does not hear must not stand in the way of what it said.
            tx.consume(tx.len());
        }
        let exchanged = self.exchange(service, workspace, (&mut rx, &mut tx), reads, now);
        let (full, flushed, wants) = match exchanged {
            Ok(exchanged) => exchanged,
            Err(why) => {
                self.keep_buffers(rx, tx, workspace); // to be returned to the pool
                return Err(why);
            }
        };
        self.ready.follow = full || !tx.is_empty() || self.has_more_to_send() || wants.close;
        let has_room = workspace.pool.has_room(&rx);
        if rx.is_empty() && tx.is_empty() && self.apart.is_none() {
            workspace.pool.give(rx);
            workspace.pool.give(tx);
        } else {
            self.put_apart(rx, tx, flushed, workspace, now)?;
        }
        if wants.close && flushed {
            return Ok(self.finish(service, workspace, now));
        }
        // Broken in both directions and nothing left to read: nobody else would notice while it is not read from.
        if self.ready.hangup == Hangup::Both
            && (self.ready.eof != Eof::No || !self.ready.readable || !wants.read)
        {
            return Err(Closed::Reset);
        }
        if self.has_part() {
            return Ok(if self.is_part_due() { Turn::Again } else { Turn::Wait });
        }
        let readable = wants.read && has_room && self.readable();
        Ok(if readable || full && flushed { Turn::Again } else { Turn::Wait })
    }

    /// Keeps what this turn leaves over, and gives back what is not needed any more.
    ///
    /// # Errors
    /// The peer has had its time, or TLS has failed.
    #[inline(never)]
    fn put_apart(
        &mut self,
        mut rx: Buffer,
        tx: Buffer,
        flushed: bool,
        workspace: &mut Workspace,
        now: Instant,
    ) -> Result<(), Closed> {
        if !self.ready.readable
            && let Some(tls) = self.tls_mut()
        {
            tls.rest();
        }
        rx.compact();
        self.keep_buffers(rx, tx, workspace);
        if flushed {
            self.set_deadline(None, workspace);
        } else if self.deadline().is_some_and(|at| at <= now) {
            return Err(Closed::Timeout(Reason::SendProgress));
        }
        self.tidy(workspace);
        self.tls().and_then(Tls::fault).map_or(Ok(()), |fault| Err(Closed::Tls(fault)))
    }

    /// Sends what is left over, reads, and lets the connection answer. Says whether there may be more to do once what
    /// it said has been sent, whether all of that is sent, and what it wants now.
    fn exchange<S: Service<Connection = C>>(
        &mut self,
        service: &mut S,
        workspace: &mut Workspace,
        (rx, tx): (&mut Buffer, &mut Buffer),
        reads: bool,
        now: Instant,
    ) -> Result<(bool, bool, Wants), Closed> {
        // What a turn leaves over is apart.
        if self.apart.is_some() {
            self.flush(service, workspace, tx, now)?;
            let Phase::Open(connection) = &self.phase else { return Ok((false, false, Wants::default())) };
            if self.has_part() {
                return Ok((false, false, service.wants(connection))); // nothing is said before it has left
            }
        }
        let (mut reads, mut rooms) = (u32::from(reads) * READS, ROOMS);
        loop {
            let waiting = rx.len();
            if reads > 0 {
                self.fill(rx, workspace)?;
                reads -= 1;
            }
            let came = rx.len() > waiting;
            let (full, wants) = self.converse(service, workspace, rx, tx);
            let flushed = self.flush(service, workspace, tx, now)?;
            rooms -= 1;
            let goes_on = full || reads > 0 && came && wants.read && self.ready.readable;
            if !goes_on || !flushed || rooms == 0 {
                return Ok((full, flushed, wants));
            }
            if full {
                reads = 0; // what there is first
            }
        }
    }

    /// Lets the connection take its input and say what it has to say, until it has no more to do with what is there.
    /// True when there may be more to do once `tx` has been sent; and what the connection wants now.
    fn converse<S: Service<Connection = C>>(
        &mut self,
        service: &mut S,
        workspace: &mut Workspace,
        rx: &mut Buffer,
        tx: &mut Buffer,
    ) -> (bool, Wants) {
        let has_plaintext = self.tls().is_some_and(Tls::has_plaintext);
        let Phase::Open(connection) = &mut self.phase else { return (false, Wants::default()) };
        let min_output = workspace.min_output;
        let mut actions = ACTIONS;
        for _ in 0..ROUNDS {
            if tx.room() < min_output {
                tx.compact();
                if tx.room() < min_output {
                    return (true, service.wants(connection));
                }
            }
            let mut out = tx.appender();
            let waiting = out.len();
            let taken = service.receive(connection, rx.filled_mut(), &mut workspace.scratch, &mut out);
            rx.consume(taken);
            let mut progress = taken > 0 || out.len() > waiting;
            let mut wants = service.wants(connection);
            let eof = self.ready.eof == Eof::Come;
            if eof && !progress && !has_plaintext && (rx.is_empty() || wants.read) {
                self.ready.eof = Eof::Told;
                service.receive_eof(connection, &mut out);
                progress = true;
                wants = service.wants(connection);
            }
            wants.write |= has_piece(&self.apart);
            // What is written may be what the next input waited for, or what is left of the last.
            let mut resumed = false;
            if wants.write {
                let (before, paused) = (out.len(), !wants.read);
                service.transmit(connection, &mut out);
                while actions > 0 && out.room() >= min_output * 2 {
                    let there = has_piece(&self.apart);
                    let piece = self.apart.as_mut().and_then(|apart| apart.piece.take_if(|_| there));
                    let action = match piece {
                        Some(piece) => Some(piece.action),
                        None if self.apart.as_ref().is_some_and(|apart| apart.piece.is_some()) => None,
                        None => service.poll_action(connection),
                    };
                    let Some(action) = action else { break };
                    actions -= 1;
                    progress = true;
                    let apart = self.apart.get_or_insert_with(|| workspace.spare.pop().unwrap_or_default());
                    if let Action::ReadFile { token, file, offset, .. } = action
                        && apart.tls.is_none()
                        && !there
                        && let Some(left) = service.file_unseen(connection, token)
                    {
                        apart.part = Some(Part { token, file, offset, left, memory: Memory::Unknown });
                        let written = out.len() - waiting;
                        tx.filled_more(written);
                        return (true, service.wants(connection));
                    }
                    let list = &mut apart.files;
                    if !act::<S>(service, connection, list, workspace, (&action, there), &mut out) {
                        apart.piece = Some(Box::new(Piece { action, there: false }));
                        break;
                    }
                }
                wants = service.wants(connection);
                wants.write |= has_piece(&self.apart);
                resumed = paused && wants.read;
                progress |= resumed || out.len() > before;
            }
            let written = out.len() - waiting;
            tx.filled_more(written);
            if actions == 0 {
                return (true, wants);
            }
            if !progress {
                // Something may be too large for the room that is left and not for an empty buffer.
                return (!tx.is_empty() && wants.write, wants);
            }
            // With nothing left to take or to say, another round would find nothing to do.
            if rx.is_empty() && !wants.write && !resumed && !eof && tx.room() >= min_output {
                return (false, wants);
            }
        }
        (true, service.wants(connection))
    }

    /// Reads once, behind what is already in `rx`.
    fn fill(&mut self, rx: &mut Buffer, workspace: &mut Workspace) -> Result<(), Closed> {
        rx.compact();
        if let Some(Apart { tls: Some(tls), .. }) = self.apart.as_deref_mut() {
            return tls.fill(&self.socket, &mut self.ready, workspace, rx);
        }
        if self.ready.readable && rx.input_room() > 0 {
            let Workspace { io, pool, stats, .. } = workspace;
            return io.fill(&self.socket, &mut self.ready, (pool, stats), rx);
        }
        Ok(())
    }

    /// Whether a read now would give something.
    fn readable(&self) -> bool {
        self.ready.readable || self.tls().is_some_and(Tls::has_plaintext)
    }

    /// Whether TLS has something for the socket, or a part of a file is to follow.
    fn has_more_to_send(&self) -> bool {
        self.apart
            .as_deref()
            .is_some_and(|apart| apart.part.is_some() || apart.tls.as_ref().is_some_and(Tls::wants_write))
    }

    /// Whether TLS has something for the socket.
    pub(crate) fn wants_flush(&self) -> bool {
        self.tls().is_some_and(Tls::wants_write)
    }

    /// Writes once, and gives the peer time to take what is left.
    pub(crate) fn send(&mut self, tx: &mut Buffer, workspace: &mut Workspace, now: Instant) {
        let continues = self.has_part();
        let sent = match self.apart.as_deref_mut() {
            Some(Apart { tls: Some(tls), .. }) => {
                tls.send(&self.socket, &mut self.ready, workspace, tx.filled())
            }
            _ => {
                let Workspace { io, pool, stats, .. } = workspace;
                io.send(&self.socket, &mut self.ready, (pool, stats), tx, continues)
            }
        };
        let Ok((taken, moved, left)) = sent else {
            tx.consume(tx.len());
            return self.on_deaf_peer();
        };
        tx.consume(taken);
        if left && !self.has_begun_to_send() {
            self.extend_deadline(moved, workspace, now);
        }
    }

    /// Gives the peer time to take what is left, after it took `moved` bytes.
    pub(crate) fn extend_deadline(&mut self, moved: u64, workspace: &mut Workspace, now: Instant) {
        let limits = &workspace.limits;
        let latest = now + limits.send_progress;
        let deadline = match self.deadline() {
            None => latest,
            Some(at) if moved == 0 => at,
            Some(at) => {
                let earned = moved.saturating_mul(1_000_000).checked_div(limits.send_rate.into());
                (at + Duration::from_micros(earned.unwrap_or(u64::MAX))).min(latest)
            }
        };
        self.set_deadline(Some(deadline), workspace);
    }
}

/// Whether what the connection wanted to read has come into memory meanwhile.
fn has_piece(apart: &Option<Box<Apart>>) -> bool {
    apart.as_ref().and_then(|apart| apart.piece.as_ref()).is_some_and(|piece| piece.there)
}

/// Does what a connection asked for; false: what it wants to read, and is not known to be `there`, has to be waited for.
#[inline(never)]
fn act<S: Service>(
    service: &mut S,
    connection: &mut S::Connection,
    list: &mut FileList,
    workspace: &mut Workspace,
    (action, there): (&Action, bool),
    out: &mut WriteBuf<'_>,
) -> bool {
    let Workspace { io, pool, files, scratch, min_output, .. } = workspace;
    match *action {
        Action::OpenFile { token, ref root, ref path } => {
            let result = files.open(list, root, path);
            service.file_opened(connection, token, result);
        }
        Action::ReadFile { token, file, offset, len } => {
            // What is read must fit into `out` together with its framing, for which `min_output` is enough. One
            // byte at least: none would mean the end of the file.
            let room = out.room().saturating_sub(*min_output).max(1);
            let len = len.min(scratch.len()).min(room);
            let (room, _) = scratch.split_at_mut(len);
            let result = match there {
                true => files.read(file, offset, room),
                false => match io.read_file((pool, files), (file, offset), room) {
                    Some(result) => result,
                    None => return false,
                },
            };
            service.file_data(connection, token, result.map(|len| room.get(..len).unwrap_or(&[])), out);
        }
        Action::CloseFile { file } => files.close(list, file),
    }
    true
}
