use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;

use ::mio::Token;
use app::Service;
use proto_core::Instant;

use super::place::watch;
use super::{Driver, LISTENERS};
use crate::link::{Link, Origin};
use crate::listen::{Accepted, Listen, ListenAddress, Listening, accept, open};
use crate::spread::{Handed, Spreader};
use crate::table::{Occupant, Watch};
use crate::timers::PLACES;
use crate::tls::TlsAcceptor;

#[derive(Debug)]
pub(super) struct Listener {
    listening: Listening,
    tls: Option<TlsAcceptor>,
    /// Its number among all that were given.
    number: usize,
    pub(super) ready: bool,
}

impl<S: Service> Driver<S> {
    /// Listens, and gives the address with the port that was chosen. Listeners are numbered from 0 in the order in
    /// which they are added ([`LinkInfo::listener`](app::LinkInfo::listener)).
    ///
    /// # Errors
    /// The address is taken, not ours, or not permitted.
    pub fn listen(&mut self, listen: &Listen) -> io::Result<ListenAddress> {
        let mut listening = open(listen, &self.options, 1)?;
        let listening = listening.pop().ok_or(io::ErrorKind::AddrNotAvailable)?;
        let address = listening.address.clone();
        self.adopt(listening, listen.tls.clone())?;
        Ok(address)
    }

    pub(crate) fn adopt(&mut self, listening: Listening, tls: Option<TlsAcceptor>) -> io::Result<()> {
        let number = self.listeners.len();
        let token = Token(LISTENERS + number.min(0xffff));
        watch(self.poll.registry(), &listening.socket, token, Watch::Readable)?;
        self.listeners.push(Listener { listening, tls, number, ready: true });
        Ok(())
    }

    /// Takes part in the spreading of connections over threads.
    pub(crate) fn join(&mut self, spreader: Spreader<S::Message>) {
        self.spreader = Some(spreader);
    }

    /// Takes the connections that another thread has accepted for this one.
    pub(super) fn take_handed(&mut self, now: Instant) {
        let handed = core::mem::take(&mut self.waker.lock().handed);
        let taken = handed.len() as u32;
        for Handed { socket, peer, listener, tls } in handed {
            if self.has_room() {
                self.admit(socket, peer, listener, tls.as_ref(), now);
            } else {
                self.workspace.stats.refused += 1;
            }
        }
        if let Some(spreader) = &self.spreader {
            spreader.report(self.table.len(), taken);
        }
    }

    pub(super) fn has_room(&self) -> bool {
        self.table.len() < self.workspace.limits.connections.min(PLACES) as usize
    }

    /// Takes the next place of the table. With the last one listeners rest, until a link is over.
    pub(super) fn take_place(&mut self, occupant: Occupant<S::Connection>) {
        self.table.occupy(occupant, Watch::Nothing);
        if !self.has_room() {
            self.workspace.stats.pauses += 1;
        }
    }

    pub(super) fn may_accept(&self) -> bool {
        match &self.spreader {
            Some(spreader) => spreader.has_room(self.workspace.limits.connections.min(PLACES)),
            None => self.has_room(),
        }
    }

    pub(super) fn accept(&mut self, now: Instant) {
        if self.resting.is_some_and(|until| until <= now) {
            self.resting = None;
        }
        if self.spreader.is_some() && self.resting.is_none() && !self.may_accept() {
            // No other thread says when it has room again.
            self.resting = Some(now + self.workspace.limits.accept_pause);
        }
        let mut burst = self.workspace.limits.accept_burst.max(1);
        for index in 0..self.listeners.len() {
            while self.resting.is_none() && burst > 0 && self.listeners[index].ready && self.may_accept() {
                burst -= 1;
                self.accept_one(index, now);
            }
        }
    }

    pub(super) fn accept_all(&mut self, now: Instant) {
        for index in 0..self.listeners.len() {
            self.listeners[index].ready = true;
            while self.resting.is_none() && self.listeners[index].ready && self.may_accept() {
                self.accept_one(index, now);
            }
        }
    }

    pub(super) fn accept_one(&mut self, index: usize, now: Instant) {
        let Some(listener) = self.listeners.get_mut(index) else { return };
        match accept(&listener.listening.socket) {
            Accepted::Socket(socket, peer) => {
                let (number, tls) = (listener.number, listener.tls.clone());
                let Some(spreader) = &self.spreader else {
                    return self.admit(socket, peer, number, tls.as_ref(), now);
                };
                let handed = Handed { socket, peer, listener: number, tls };
                if let Some(Handed { socket, peer, listener, tls }) = spreader.hand_over(handed) {
                    self.admit(socket, peer, listener, tls.as_ref(), now);
                    self.report();
                }
            }
            Accepted::Gone => {}
            Accepted::Nobody => listener.ready = false,
            Accepted::Exhausted => {
                self.workspace.stats.pauses += 1;
                self.resting = Some(now + self.workspace.limits.accept_pause);
            }
        }
    }

    fn admit(
        &mut self,
        socket: OwnedFd,
        peer: Option<SocketAddr>,
        listener: usize,
        tls: Option<&TlsAcceptor>,
        now: Instant,
    ) {
        let id = self.table.vacancy();
        let origin = Origin { socket, id, listener: Some(listener), peer };
        let link = Link::accepted(origin, tls, &mut self.service, &mut self.workspace, now);
        if let Some(link) = link {
            self.take_place(Occupant::Link(link));
        }
        self.follow_up();
    }

    /// Tells the thread that spreads connections how many this one has.
    pub(super) fn report(&self) {
        if let Some(spreader) = &self.spreader {
            spreader.report(self.table.len(), 0);
        }
    }
}
