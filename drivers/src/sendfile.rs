//! Parts of files that leave without having been read: the kernel sends them from its cache.

use app::{Action, Closed, FileId, Service};
use proto_core::Instant;

use crate::link::{Hangup, Link, Phase};
use crate::pool::Buffer;
use crate::workspace::Workspace;

/// A part of a file.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) token: u32,
    pub(crate) file: FileId,
    pub(crate) offset: u64,
    pub(crate) left: u64,
    pub(crate) memory: Memory,
}

/// What a connection waits for that has asked for a piece of a file.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) action: Action,
    /// It is in memory by now.
    pub(crate) there: bool,
}

/// Whether what is to leave next is in memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Memory {
    #[default]
    Unknown,
    Coming,
    There,
}

/// How much is brought there at a time.
const PIECE: u64 = 64 * 1024;
/// How many bytes of it leave in one turn, for others wait meanwhile.
const SHARE: u64 = 256 * 1024;

impl<C> Link<C> {
    /// Sends what is to be sent, once, and says whether all of it has left.
    pub(crate) fn flush<S: Service<Connection = C>>(
        &mut self,
        service: &mut S,
        workspace: &mut Workspace,
        tx: &mut Buffer,
        now: Instant,
    ) -> Result<bool, Closed> {
        if self.ready.writable && (!tx.is_empty() || self.wants_flush()) {
            self.send(tx, workspace, now);
        }
        if !tx.is_empty() || self.ready.sending {
            return Ok(false);
        }
        if self.apart.is_none() {
            return Ok(true);
        }
        if self.wants_flush() {
            return Ok(false);
        }
        if self.has_part() {
            // A ring tells of a break, and a system call need not find it any more.
            if self.ready.hangup == Hangup::Both && !self.ready.writable {
                return Err(Closed::Reset);
            }
            self.send_part(service, workspace, now)?;
        }
        Ok(!self.has_part())
    }

    /// Whether a part of a file is to leave before anything else is said.
    pub(crate) fn has_part(&self) -> bool {
        self.apart.as_ref().is_some_and(|apart| apart.part.is_some())
    }

    /// Whether more of the part could leave now.
    pub(crate) fn is_part_due(&self) -> bool {
        let part = self.apart.as_ref().and_then(|apart| apart.part.as_ref());
        self.ready.writable && part.is_some_and(|part| part.memory != Memory::Coming)
    }

    /// Notes that what was to be brought into memory is there.
    pub(crate) fn on_fetched(&mut self) {
        let Some(apart) = &mut self.apart else { return };
        if let Some(Part { memory: memory @ Memory::Coming, .. }) = &mut apart.part {
            *memory = Memory::There;
        }
        if let Some(piece) = &mut apart.piece {
            piece.there = true;
        }
    }

    /// Sends of the part what the socket takes, up to a share of the turn. The service is told when all has left.
    ///
    /// # Errors
    /// The peer is gone, or the file is shorter than the service said: the peer must see that it is incomplete.
    fn send_part<S: Service<Connection = C>>(
        &mut self,
        service: &mut S,
        workspace: &mut Workspace,
        now: Instant,
    ) -> Result<(), Closed> {
        let (Phase::Open(connection), Some(apart)) = (&mut self.phase, &mut self.apart) else {
            return Ok(());
        };
        let Some(part) = &mut apart.part else { return Ok(()) };
        let mut moved = 0;
        while self.ready.writable && part.left > 0 && moved < SHARE {
            let mut most = part.left.min(SHARE - moved);
            let Workspace { io, files, pool, .. } = &mut *workspace;
            match part.memory {
                Memory::Coming => break,
                Memory::There => {
                    most = most.min(PIECE);
                    part.memory = Memory::Unknown;
                }
                Memory::Unknown => {
                    if !io.has_piece((pool, files), (part.file, part.offset), most as usize) {
                        part.memory = Memory::Coming;
                        break;
                    }
                }
            }
            match io.send_file(&self.socket, files, (part.file, &mut part.offset), most)? {
                None => self.ready.writable = false,
                Some(0) => return Err(Closed::Reset),
                Some(sent) => {
                    part.left = part.left.saturating_sub(sent);
                    moved += sent;
                    workspace.stats.writes += 1;
                }
            }
        }
        workspace.stats.bytes_out += moved;
        if part.left == 0 {
            service.file_left(connection, part.token);
            apart.part = None;
        } else {
            self.extend_deadline(moved, workspace, now);
        }
        Ok(())
    }
}
