mod accept;
mod connect;

use core::time::Duration;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};

use ::mio::event::Event;
use ::mio::unix::SourceFd;
use ::mio::{Events, Interest, Poll, Registry, Token};
use app::{Closed, Service, Wake};
use proto_core::{Instant, Reason};

use crate::clock::Clock;
use crate::config::Config;
use crate::dial::Peer;
use crate::dns::Resolver;
use crate::limits::Stats;
use crate::link::Turn;
use crate::options::SocketOptions;
use crate::spread::Spreader;
use crate::table::{Occupant, Table, Watch};
use crate::timers::{Tick, Timers};
use crate::tls::{ClientTls, TlsConnector};
use crate::transport::Io;
use crate::uring::Done;
use crate::waker::Waker;
use crate::workspace::Workspace;
use accept::Listener;

/// A service and all its connections on one thread: the loop, to be run as a whole or turn by turn.
#[derive(Debug)]
pub struct Driver<S: Service> {
    service: S,
    workspace: Workspace,
    options: SocketOptions,
    tls: TlsConnector,
    poll: Poll,
    events: Events,
    clock: Clock,
    table: Table<S::Connection>,
    timers: Timers,
    /// Links that have begun to send by the ring in this turn.
    sending: Vec<u32>,
    resolver: Resolver,
    waker: Waker<S::Message>,
    listeners: Vec<Listener>,
    /// Where connections are spread over threads by one of them.
    spreader: Option<Spreader<S::Message>>,
    /// Listeners rest until then.
    resting: Option<Instant>,
    /// The drain's end.
    draining: Option<Instant>,
    /// The service wanted more of the driver than is done at a time.
    unfinished: bool,
}

const WAKER: Token = Token(usize::MAX);
/// Listeners have the tokens below `WAKER`; connections count from 0.
const LISTENERS: usize = usize::MAX - 0x1_0000;
/// How many connections a service may begin at a time before those it has get a turn.
const DIALS: u32 = 256;
/// How many wake-ups are delivered at a time: those who are woken may wake others, and those them again.
const WAKES: u32 = 1024;
/// The longest wait for events. Beyond some weeks the operating system's interfaces count wrongly.
const PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);

impl<S: Service> Driver<S> {
    /// A driver without listeners.
    ///
    /// # Errors
    /// The TLS configuration is of no use ([`TlsConfigError`](crate::TlsConfigError)), or the operating system gives
    /// no event queue.
    pub fn new(service: S, config: &Config) -> io::Result<Self> {
        let tls =
            config.client_tls.build().map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        Ok(Self::assemble(service, Mailroom::new(config)?, tls, config))
    }

    /// A driver for outgoing connections, with this TLS and otherwise the defaults.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn client(service: S, tls: ClientTls) -> io::Result<Self> {
        Self::new(service, &Config { client_tls: tls, ..Config::default() })
    }

    pub(crate) fn assemble(
        service: S,
        mailroom: Mailroom<S::Message>,
        tls: TlsConnector,
        config: &Config,
    ) -> Self {
        let Config { limits, socket, .. } = config.clone();
        let mut workspace = Workspace::new(limits.clone(), &service);
        workspace.io = mailroom.io;
        Self {
            tls,
            options: socket,
            resolver: Resolver::new(limits.resolve_queue),
            workspace,
            service,
            poll: mailroom.poll,
            waker: mailroom.waker,
            events: Events::with_capacity(1024),
            clock: Clock::new(),
            table: Table::new(),
            timers: Timers::default(),
            sending: Vec::new(),
            listeners: Vec::new(),
            spreader: None,
            resting: None,
            draining: None,
            unfinished: false,
        }
    }

    /// The handle by which other threads send messages and start the drain.
    pub fn waker(&self) -> Waker<S::Message> {
        self.waker.clone()
    }

    /// The service.
    pub fn service(&self) -> &S {
        &self.service
    }

    /// The service. What it is made to want is noticed at the next turn.
    pub fn service_mut(&mut self) -> &mut S {
        &mut self.service
    }

    /// What was done so far.
    pub fn stats(&self) -> Stats {
        self.workspace.stats()
    }

    /// How many connections there are, those in the making and those whose last bytes are on their way included.
    pub fn connections(&self) -> usize {
        self.table.len()
    }

    /// Runs until the driver is drained.
    ///
    /// # Errors
    /// Waiting for events failed.
    pub fn run(&mut self) -> io::Result<Stats> {
        while !self.is_drained() {
            self.step(None)?;
        }
        Ok(self.stats())
    }

    /// Whether a drain has been started and nothing is left.
    pub fn is_drained(&self) -> bool {
        self.draining.is_some() && self.table.len() == 0
    }

    /// Waits for something to do, for `limit` at most, and does it: one turn for every link that is due one.
    ///
    /// # Errors
    /// Waiting for events failed.
    pub fn turn(&mut self, limit: Option<Duration>) -> io::Result<()> {
        self.step(limit)?;
        let Workspace { io, pool, stats, .. } = &mut self.workspace;
        match io {
            Io::Direct => Ok(()),
            Io::Ring(ring) => ring.flush(pool, stats),
        }
    }

    /// A turn; what it has to say to a ring may stay there until the next one.
    fn step(&mut self, limit: Option<Duration>) -> io::Result<()> {
        self.follow_up();
        let patience = self.patience(limit);
        let Workspace { io, pool, .. } = &mut self.workspace;
        let waited = match io {
            Io::Direct => self.poll.poll(&mut self.events, patience),
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
        for _ in 0..self.table.queued() {
            let Some(index) = self.table.dequeue() else { break };
            self.give_turn(index, now);
            self.follow_up();
        }
        self.report();
        Ok(())
    }

    /// Starts the drain: takes nothing new, lets connections finish, and cuts off what is left after `grace`.
    pub fn drain(&mut self, grace: Duration) {
        let now = self.clock.now();
        let end = now + grace;
        self.draining = Some(self.draining.map_or(end, |draining| draining.min(end)));
        // Who is in the backlog has connected, as far as the client can tell.
        self.resting = None;
        self.accept_all(now);
        self.listeners.clear();
        for index in 0..self.table.size() {
            if let Some(slot) = self.table.slot(index) {
                if let Occupant::Link(link) = &mut slot.occupant {
                    link.drain(&mut self.service, now);
                }
                self.table.enqueue(index);
            }
        }
    }

    /// Notes what the ring has done, if there is one; it has the events of everything that is not on it, too.
    fn read_ring(&mut self, now: Instant) -> io::Result<()> {
        let Io::Ring(_) = &self.workspace.io else { return Ok(()) };
        self.events.clear();
        while let Some(done) = self.workspace.done() {
            let index = match done {
                Done::Events => {
                    self.poll.poll(&mut self.events, Some(Duration::ZERO))?;
                    continue;
                }
                Done::Input(index) | Done::Broken(index) | Done::Sent(index, ..) => index,
            };
            let Some(slot) = self.table.slot(index) else { continue };
            let Occupant::Link(link) = &mut slot.occupant else { continue };
            let due = match done {
                Done::Sent(_, moved, all) => link.on_sent(moved, all, &mut self.workspace, now),
                Done::Broken(_) => {
                    link.on_deaf_peer();
                    true
                }
                _ => {
                    link.on_ready(true, false);
                    true
                }
            };
            if due {
                self.table.enqueue(index);
            }
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
    fn patience(&self, limit: Option<Duration>) -> Option<Duration> {
        let accepting = self.resting.is_none() && self.may_accept() && self.listeners.iter().any(|l| l.ready);
        if self.table.queued() > 0 || accepting || self.unfinished {
            return Some(Duration::ZERO);
        }
        let moments = [self.timers.next(), self.resting, self.draining.filter(|_| self.table.len() > 0)];
        let next = moments.into_iter().flatten().min().map(|next| next - self.clock.now());
        next.into_iter().chain(limit).min().map(|patience| patience.min(PATIENCE))
    }

    /// Asks the service what it wants of the driver, as is to be done after calls.
    fn follow_up(&mut self) {
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

    fn read_mail(&mut self, now: Instant) {
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

    fn look_at_timers(&mut self, now: Instant) {
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

    fn give_turn(&mut self, index: u32, now: Instant) {
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
                    if ring.attach(&link.socket, &mut link.ready, index).is_err() {
                        return self.remove(index, Closed::Limit);
                    }
                }
                let was_open = link.is_open();
                let turn = link.turn(&mut self.service, &mut self.workspace, now);
                if turn == Turn::Over {
                    return self.remove(index, Closed::Done);
                }
                let late = self.draining.is_some() && link.is_open() && !was_open;
                if late {
                    link.drain(&mut self.service, now);
                }
                if link.has_begun_to_send() {
                    self.sending.push(index);
                }
                if late || turn == Turn::Again {
                    self.table.enqueue(index);
                }
                self.settle(index, now);
            }
        }
    }

    /// Sees to it that the slot is looked at when it is time, and that its socket is watched.
    fn settle(&mut self, index: u32, now: Instant) {
        let Some(slot) = self.table.slot(index) else { return };
        let at = match &slot.occupant {
            Occupant::Nobody => return,
            Occupant::Dial(dial) => Some(dial.poll_timeout()),
            Occupant::Link(link) => {
                if let Io::Ring(ring) = &mut self.workspace.io {
                    ring.settle(&link.socket, link.ready, link.interest(&self.service).readable);
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
    fn remove(&mut self, index: u32, why: Closed) {
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
                self.workspace.io.retire(link.socket, &link.ready, &mut self.workspace.pool);
            }
        }
        // A descriptor is free again.
        self.resting = None;
    }
}

impl<S: Service> Drop for Driver<S> {
    fn drop(&mut self) {
        self.waker.close();
        if std::thread::panicking() {
            return; // most likely the service's doing: it is not to be trusted with more calls
        }
        for index in 0..self.table.size() {
            self.remove(index, Closed::Shutdown);
        }
        // All are taken before the first is closed: a service that connects anew whenever a connection closes would
        // have no end.
        let most = self.workspace.limits.connections as usize;
        let service = &mut self.service;
        let never_begun: Vec<_> = core::iter::from_fn(|| service.poll_connect()).take(most).collect();
        for (_, connection) in never_begun {
            self.workspace.stats.failed += 1;
            self.service.closed(connection, Closed::Shutdown);
        }
    }
}

/// The part of a driver that exists before its thread does, so that threads can know each other.
pub(crate) struct Mailroom<M> {
    poll: Poll,
    io: Io,
    pub(crate) waker: Waker<M>,
}

impl<M> Mailroom<M> {
    pub(crate) fn new(config: &Config) -> io::Result<Self> {
        let (capacity, poll) = (config.limits.wake_queue, Poll::new()?);
        let io = config.transport.open(&poll)?;
        let waker = Waker::new(::mio::Waker::new(poll.registry(), WAKER)?, capacity);
        Ok(Self { poll, io, waker })
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

fn watch(registry: &Registry, socket: &OwnedFd, token: Token, watch: Watch) -> io::Result<()> {
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
