//! One place of the table: its turns, what it waits for, and its end.

use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};

use ::mio::unix::SourceFd;
use ::mio::{Interest, Registry, Token};
use app::{Closed, Service};
use proto_core::Instant;

use super::Driver;
use crate::link::Turn;
use crate::table::{Occupant, Watch};
use crate::timers::Tick;
use crate::transport::Io;

impl<S: Service> Driver<S> {
    pub(super) fn give_turn(&mut self, index: u32, now: Instant) {
        let Some(slot) = self.table.slot(index) else { return };
        match &mut slot.occupant {
            Occupant::Nobody => {}
            Occupant::Dial(_) => self.give_dial_turn(index, now),
            Occupant::Link(link) => {
                if let Io::Ring(ring) = &mut self.workspace.io
                    && slot.watch == Watch::Nothing
                {
                    // The ring watches it from now on.
                    slot.watch = Watch::Both;
                    if ring.attach(&link.socket, &mut link.ready).is_err() {
                        return self.remove(index, Closed::Limit);
                    }
                }
                let was_open = link.is_open();
                let turn = link.turn(&mut self.service, &mut self.workspace, now);
                if turn == Turn::Over {
                    self.keep_late(index);
                    self.send_late(now); // while it is there
                    return self.remove(index, Closed::Done);
                }
                let late = self.draining.is_some() && link.is_open() && !was_open;
                if late {
                    link.drain(&mut self.service, now);
                }
                if let Io::Ring(_) = self.workspace.io
                    && link.has_begun_to_send()
                {
                    self.sending.push(index);
                }
                if late || turn == Turn::Again {
                    self.table.enqueue(index);
                }
                self.keep_late(index);
                self.settle(index, now);
            }
        }
    }

    /// Sees to it that the slot is looked at when it is time, and that its socket is watched.
    pub(super) fn settle(&mut self, index: u32, now: Instant) {
        let Some(slot) = self.table.slot(index) else { return };
        let at = match &mut slot.occupant {
            Occupant::Nobody => return,
            Occupant::Dial(dial) => Some(dial.poll_timeout()),
            Occupant::Link(link) => {
                if let Io::Ring(ring) = &mut self.workspace.io {
                    let interest = link.interest(&self.service);
                    ring.settle(&link.socket, &mut link.ready, index, interest);
                }
                let wanted = match slot.watch {
                    Watch::Nothing | Watch::Readable if !link.has_output() => Watch::Readable,
                    _ => Watch::Both,
                };
                if wanted != slot.watch {
                    let (registry, token) = (self.poll.registry(), Token(index as usize));
                    let watched = match slot.watch {
                        Watch::Nothing => watch(registry, &link.socket, token, wanted),
                        _ => rewatch(registry, &link.socket, token),
                    };
                    if watched.is_err() {
                        return self.remove(index, Closed::Limit);
                    }
                    slot.watch = wanted;
                }
                link.poll_timeout(&self.service).map(|deadline| deadline.at)
            }
        };
        let at = at.map(|at| Tick::about(at, now));
        if let Some(at) = at.filter(|&at| at < slot.armed) {
            slot.armed = at;
            self.timers.add(at, index);
        }
    }

    /// Closes what is in a slot, whatever it is.
    pub(super) fn remove(&mut self, index: u32, why: Closed) {
        let occupant = self.table.vacate(index);
        if let (Closed::Timeout(_), Occupant::Dial(_) | Occupant::Link(_)) = (why, &occupant) {
            self.workspace.stats.timeouts += 1;
        }
        match occupant {
            Occupant::Nobody => return,
            Occupant::Dial(dial) => {
                self.workspace.stats.failed += 1;
                self.service.closed(dial.connection, why);
            }
            Occupant::Link(mut link) => {
                link.end(&mut self.service, &mut self.workspace, why);
                self.workspace.io.retire(link.socket, &link.ready, index, &mut self.workspace.pool);
            }
        }
        // A descriptor is free again.
        self.resting = None;
    }
}

pub(super) fn watch(registry: &Registry, socket: &OwnedFd, token: Token, watch: Watch) -> io::Result<()> {
    let interest = match watch {
        Watch::Both => Interest::READABLE | Interest::WRITABLE,
        Watch::Nothing | Watch::Readable => Interest::READABLE,
    };
    registry.register(&mut SourceFd(&socket.as_raw_fd()), token, interest)
}

fn rewatch(registry: &Registry, socket: &OwnedFd, token: Token) -> io::Result<()> {
    let interest = Interest::READABLE | Interest::WRITABLE;
    registry.reregister(&mut SourceFd(&socket.as_raw_fd()), token, interest)
}
