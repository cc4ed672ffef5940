use std::net::IpAddr;
use std::os::fd::AsRawFd as _;

use ::mio::Token;
use ::mio::unix::SourceFd;
use app::{Address, Closed, ConnectionId, Service, Target};
use proto_core::Instant;

use super::Driver;
use super::place::watch;
use crate::dial::{Dial, Dialled, Peer};
use crate::link::{Link, Origin};
use crate::table::{Occupant, Watch};

impl<S: Service> Driver<S> {
    pub(super) fn dial(&mut self, target: Target, connection: S::Connection) {
        let Target { address, tls, timeout } = target;
        if !self.has_room() {
            self.workspace.stats.failed += 1;
            self.service.closed(connection, Closed::Limit);
            return;
        }
        let deadline = self.clock.now() + timeout.unwrap_or(self.workspace.limits.connect);
        let mut dial = Box::new(Dial::new(connection, tls, deadline));
        let id = self.table.vacancy();
        match address {
            Address::Socket(address) => dial.resolved([Peer::Inet(address)]),
            Address::Unix(path) => match Peer::unix(&path) {
                Ok(peer) => dial.resolved([peer]),
                Err(_) => dial.give_up(Closed::Unreachable),
            },
            Address::Host(host, port) => match host.parse::<IpAddr>() {
                Ok(ip) => dial.resolved([Peer::Inet((ip, port).into())]),
                Err(_) => {
                    let waker = self.waker.clone();
                    dial.resolving = self.resolver.resolve(id, host, port, move || waker.ring());
                    if !dial.resolving {
                        dial.give_up(Closed::Limit);
                    }
                }
            },
        }
        self.take_place(Occupant::Dial(dial));
    }

    pub(super) fn give_dial_turn(&mut self, index: u32, now: Instant) {
        let Some(slot) = self.table.slot(index) else { return };
        let Occupant::Dial(dial) = &mut slot.occupant else { return };
        let registry = self.poll.registry();
        let dialled = dial.turn(&self.workspace.limits, &self.options, now, |socket| {
            watch(registry, socket, Token(index as usize), Watch::Both).map_err(|_| Closed::Limit)
        });
        match dialled {
            Dialled::Wait => self.settle(index, now),
            Dialled::Failed(why) => self.remove(index, why),
            Dialled::Connected(socket, peer) => {
                let id = ConnectionId { index, generation: slot.generation };
                // Whether this very socket is registered already is not worth remembering: ask anew.
                let _ = registry.deregister(&mut SourceFd(&socket.as_raw_fd()));
                slot.watch = Watch::Nothing;
                let Occupant::Dial(dial) = core::mem::replace(&mut slot.occupant, Occupant::Nobody) else {
                    return;
                };
                let Dial { connection, tls, deadline, .. } = *dial;
                let (service, workspace) = (&mut self.service, &mut self.workspace);
                let origin = Origin { socket, id, listener: None, peer };
                let tls = tls.as_ref().map(|target| (&self.tls, target, deadline));
                match Link::connected(origin, tls, connection, service, workspace, now) {
                    Ok(mut link) => {
                        if self.draining.is_some() {
                            link.drain(service, now);
                        }
                        slot.occupant = Occupant::Link(link);
                        self.table.enqueue(index);
                    }
                    Err(_) => self.table.release(index),
                }
            }
        }
    }
}
