//! Turns in batches: all links of a batch read first and send last.
//!
//! A turn runs through more code than fits into the first cache, most of it the kernel's, so that after each system call
//! nothing of ours is found there: what takes 160 ns by itself takes a microsecond between `recv` and `send`. In a batch
//! the system calls follow each other, and the turns do.

use app::{Closed, Service};
use proto_core::Instant;

use super::Driver;
use crate::pool::Buffer;
use crate::socket;
use crate::transport::Io;
use crate::workspace::Workspace;

/// How many links have their turns together. Those wait for each other.
const BATCH: usize = 32;

/// What a batch has under way. Empty between batches.
#[derive(Debug)]
pub(super) struct Batch {
    ahead: Vec<Ahead>,
    late: Vec<Late>,
}

impl Default for Batch {
    fn default() -> Self {
        Self { ahead: Vec::with_capacity(BATCH), late: Vec::with_capacity(BATCH) }
    }
}

/// What is read before the turn.
#[derive(Debug)]
struct Ahead {
    place: u32,
    block: Buffer,
    read: Result<Option<usize>, Closed>,
}

/// What is sent after the turn.
#[derive(Debug)]
struct Late {
    place: u32,
    output: Buffer,
    sent: Result<usize, Closed>,
}

impl<S: Service> Driver<S> {
    /// One turn for everyone who is due one now.
    pub(super) fn give_turns(&mut self, now: Instant) {
        let mut due = self.table.queued();
        while due > 0 {
            let count = due.min(BATCH);
            due -= count;
            if let Io::Batched(_) = self.workspace.io {
                self.read_ahead(count);
            }
            for _ in 0..count {
                let Some(place) = self.table.dequeue() else { break };
                self.give_turn(place, now);
                self.follow_up();
            }
            self.send_late(now);
        }
    }

    /// Reads for the next `count` turns.
    fn read_ahead(&mut self, count: usize) {
        let Self {
            table, batch: Batch { ahead, .. }, workspace: Workspace { pool, stats, .. }, service, ..
        } = self;
        for before in 0..count {
            if let Some(place) = table.waiting(before)
                && let Some(link) = table.link(place)
                && link.reads_little(service)
            {
                ahead.push(Ahead { place, block: pool.take_least(), read: Ok(None) });
            }
        }
        for Ahead { place, block, read } in &mut *ahead {
            if let Some(link) = table.link(*place) {
                *read = socket::read(&link.socket, &mut link.ready, stats, block.spare());
            }
        }
        for Ahead { place, block, read } in ahead.drain(..) {
            if let Some(link) = table.link(place) {
                link.take_ahead(block, read, &mut self.workspace);
            }
        }
    }

    /// Keeps what the turn of the link at `place` has to send.
    pub(super) fn keep_late(&mut self, place: u32) {
        if let Io::Batched(output) = &mut self.workspace.io
            && let Some(output) = output.take()
        {
            self.batch.late.push(Late { place, output, sent: Ok(0) });
        }
    }

    /// Sends what the turns have left to be sent.
    pub(super) fn send_late(&mut self, now: Instant) {
        let Self { table, batch: Batch { late, .. }, workspace, .. } = self;
        for Late { place, output, sent } in &mut *late {
            if let Some(link) = table.link(*place) {
                *sent = socket::write(&link.socket, &mut link.ready, &mut workspace.stats, output.filled());
            }
        }
        while let Some(Late { place, output, sent }) = self.batch.late.pop() {
            let Some(link) = self.table.link(place) else { continue };
            if link.was_sent_late(output, sent, &mut self.workspace, now) {
                self.table.enqueue(place);
            } else if link.has_output() {
                self.settle(place, now);
            }
        }
    }
}
