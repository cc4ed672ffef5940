//! One step of the loop: what has happened is noted, then every link that is due one gets a turn.

use core::time::Duration;
use std::io;

use ::mio::Token;
use ::mio::event::Event;
use app::{Closed, Service, Wake};
use proto_core::{Instant, Reason};

use super::{DIALS, Driver, LISTENERS, PATIENCE, WAKER, WAKES};
use crate::dial::Peer;
use crate::table::{Occupant, Table};
use crate::timers::Tick;
use crate::transport::Io;
use crate::uring::Done;
use crate::workspace::Workspace;

impl<S: Service> Driver<S> {
    /// A turn; what it has to say to a ring may stay there until the next one.
    pub(super) fn step(&mut self, limit: Option<Duration>) -> io::Result<()> {
        self.follow_up();
        let patience = self.patience(limit);
        let Workspace { io, pool, .. } = &mut self.workspace;
        let waited = match io {
            Io::Direct | Io::Batched(_) => self.poll.poll(&mut self.events, patience),
            Io::Ring(ring) => ring.wait(patience, pool),
        };
        match waited {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        let now = self.clock.now();
        self.read_ring(now)?;
        if let Some(unix) = self.clock.time_of_day(now) {
            self.service.wall_clock(now, unix);
        }
        for event in &self.events {
            match event.token() {
                WAKER => {}
                Token(token) if token >= LISTENERS => {
                    if let Some(listener) = self.listeners.get_mut(token - LISTENERS) {
                        listener.ready = true;
                    }
                }
                Token(token) => note(&mut self.table, token as u32, event),
            }
        }
        if self.waker.take_news() {
            self.read_mail(now);
        }
        self.look_at_timers(now);
        self.accept(now);
        self.give_turns(now);
        self.report();
        Ok(())
    }

    /// Notes what the ring has done, if there is one; it has the events of everything that is not on it, too.
    pub(super) fn read_ring(&mut self, now: Instant) -> io::Result<()> {
        let Io::Ring(_) = &self.workspace.io else { return Ok(()) };
        self.events.clear();
        let mut has_events = false;
        while let Some(done) = self.workspace.done(&mut self.table) {
            let index = match done {
                Done::Events => {
                    has_events = true;
                    continue;
                }
                Done::Input(index)
                | Done::Hangup(index)
                | Done::Room(index)
                | Done::Fetched(index)
                | Done::Broken(index)
                | Done::Sent(index, ..) => index,
            };
            let Some(slot) = self.table.slot(index) else { continue };
            let Occupant::Link(link) = &mut slot.occupant else { continue };
            let due = match done {
                Done::Sent(_, moved, all) => link.on_sent(moved, all, &mut self.workspace, now),
                Done::Broken(_) => {
                    link.on_deaf_peer();
                    true
                }
                Done::Hangup(_) => {
                    link.on_hangup(false);
                    true
                }
                Done::Fetched(_) => {
                    link.on_fetched();
                    true
                }
                _ => {
                    let room = matches!(done, Done::Room(_));
                    link.on_ready(!room, room);
                    true
                }
            };
            if due {
                self.table.enqueue(index);
            }
        }
        // Asked for once, however often the ring has said so (closing sockets, `flush` hears of events as well): each is
        // given once, and another call would replace those that were given.
        if has_events {
            self.poll.poll(&mut self.events, Some(Duration::ZERO))?;
        }
        while let Some(index) = self.sending.pop() {
            if let Some(slot) = self.table.slot(index)
                && let Occupant::Link(link) = &mut slot.occupant
                && link.has_begun_to_send()
            {
                link.extend_deadline(0, &mut self.workspace, now);
                self.settle(index, now);
            }
        }
        Ok(())
    }

    /// How long to wait for events.
    pub(super) fn patience(&self, limit: Option<Duration>) -> Option<Duration> {
        let accepting = self.resting.is_none() && self.may_accept() && self.listeners.iter().any(|l| l.ready);
        if self.table.queued() > 0 || accepting || self.unfinished {
            return Some(Duration::ZERO);
        }
        let moments = [self.timers.next(), self.resting, self.draining.filter(|_| self.table.len() > 0)];
        let next = moments.into_iter().flatten().min().map(|next| next - self.clock.now());
        next.into_iter().chain(limit).min().map(|patience| patience.min(PATIENCE))
    }

    /// Asks the service what it wants of the driver, as is to be done after calls.
    pub(super) fn follow_up(&mut self) {
        let mut wakes = WAKES;
        while wakes > 0 {
            let Some(wake) = self.service.poll_wake() else { break };
            wakes -= 1;
            match wake {
                Wake::Stream(id) => {
                    if let Some(slot) = self.table.named(id.connection)
                        && let Occupant::Link(link) = &mut slot.occupant
                        && link.wake(&mut self.service, wake)
                    {
                        self.table.enqueue(id.connection.index);
                    }
                }
                Wake::Group(_) => {
                    for index in 0..self.table.size() {
                        if let Some(slot) = self.table.slot(index)
                            && let Occupant::Link(link) = &mut slot.occupant
                            && link.wake(&mut self.service, wake)
                        {
                            self.table.enqueue(index);
                        }
                    }
                }
            }
        }
        let mut dials = DIALS;
        while dials > 0 {
            let Some((target, connection)) = self.service.poll_connect() else { break };
            dials -= 1;
            self.dial(target, connection);
        }
        self.unfinished = wakes == 0 || dials == 0;
    }

    pub(super) fn read_mail(&mut self, now: Instant) {
        self.take_handed(now);
        let waker = self.waker.clone();
        let drain = waker.lock().drain.take();
        if let Some(grace) = drain {
            self.drain(grace);
        }
        while let Some((id, addresses)) = self.resolver.answer() {
            if let Some(slot) = self.table.named(id)
                && let Occupant::Dial(dial) = &mut slot.occupant
            {
                dial.resolved(addresses.into_iter().map(Peer::Inet));
                self.table.enqueue(id.index);
            }
        }
        // Only what is there now: a service that wakes itself must not keep the loop from its connections.
        let waiting = waker.lock().messages.len();
        for _ in 0..waiting {
            let Some(message) = waker.lock().messages.pop_front() else { break };
            self.service.woken(message, now);
            self.follow_up();
        }
    }

    pub(super) fn look_at_timers(&mut self, now: Instant) {
        while let Some(entry) = self.timers.expire(now) {
            if let Some(slot) = self.table.slot(entry.place())
                && slot.armed == entry.at()
            {
                slot.armed = Tick::NEVER;
                self.table.enqueue(entry.place());
            }
        }
        if self.timers.len() > 4 * self.table.len() + 1024 {
            let table = &mut self.table;
            self.timers
                .retain(|entry| table.slot(entry.place()).is_some_and(|slot| slot.armed == entry.at()));
        }
        if self.draining.is_some_and(|at| at <= now) {
            for index in 0..self.table.size() {
                self.remove(index, Closed::Timeout(Reason::Drain));
            }
        }
    }
}

/// Notes what an event says about a connection.
fn note<C>(table: &mut Table<C>, index: u32, event: &Event) {
    let Some(slot) = table.slot(index) else { return };
    match &mut slot.occupant {
        Occupant::Nobody => return,
        Occupant::Dial(_) => {}
        Occupant::Link(link) => {
            link.on_ready(event.is_readable(), event.is_writable());
            if event.is_read_closed() || event.is_error() {
                link.on_hangup(event.is_error());
            }
        }
    }
    table.enqueue(index);
}
