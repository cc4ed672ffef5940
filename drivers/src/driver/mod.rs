//! The loop of one thread over its links: [`step`] is what it does, [`place`] what becomes of one link.

mod accept;
mod batch;
mod connect;
mod place;
mod step;

use core::time::Duration;
use std::io;

use ::mio::{Events, Poll, Token};
use app::{Closed, Service};
use proto_core::Instant;

use crate::clock::Clock;
use crate::config::Config;
use crate::dns::Resolver;
use crate::limits::Stats;
use crate::options::SocketOptions;
use crate::spread::Spreader;
use crate::table::{Occupant, Table};
use crate::timers::Timers;
use crate::tls::{ClientTls, TlsConnector};
use crate::transport::Io;
use crate::waker::Waker;
use crate::workspace::Workspace;
use accept::Listener;
use batch::Batch;

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
    batch: Batch,
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
            batch: Batch::default(),
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
            Io::Direct | Io::Batched(_) => Ok(()),
            Io::Ring(ring) => ring.flush(&mut self.table, pool, stats),
        }
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
