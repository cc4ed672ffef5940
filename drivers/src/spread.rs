//! How accepted connections come to the threads of a server.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::tls::TlsAcceptor;
use crate::waker::Waker;

/// How accepted connections come to the threads of a [`Server`](crate::Server).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Spread {
    /// Every thread listens for itself and the kernel chooses one for each connection, by a hash of the addresses
    /// (`SO_REUSEPORT`; on FreeBSD `SO_REUSEPORT_LB`): nothing is shared, and with few connections threads may have
    /// unlike numbers of them. On systems that do not spread connections, and for unix sockets, the threads share the
    /// listening socket, and who is first takes the next one.
    #[default]
    Kernel,
    /// The first thread accepts and hands each connection to the thread that has the fewest.
    LeastLoaded,
}

/// A connection on its way to another thread.
#[derive(Debug)]
pub(crate) struct Handed {
    pub(crate) socket: OwnedFd,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) listener: usize,
    pub(crate) tls: Option<TlsAcceptor>,
}

/// How many connections a thread has.
#[derive(Debug, Default)]
pub(crate) struct Load {
    /// As the thread says.
    held: AtomicU32,
    /// On their way to it.
    handed: AtomicU32,
}

impl Load {
    fn get(&self) -> u32 {
        self.held.load(Ordering::Relaxed).saturating_add(self.handed.load(Ordering::Relaxed))
    }
}

/// A thread's view of all threads among which the first one spreads connections.
#[derive(Debug)]
pub(crate) struct Spreader<M> {
    pub(crate) threads: Arc<[Waker<M>]>,
    pub(crate) loads: Arc<[Load]>,
    pub(crate) own: usize,
}

impl<M> Spreader<M> {
    /// Whether a thread has fewer than `most` connections.
    pub(crate) fn has_room(&self, most: u32) -> bool {
        self.loads.iter().any(|load| load.get() < most)
    }

    /// Hands over a connection; gives it back when it is for this thread, or when no other takes it.
    pub(crate) fn hand_over(&self, mut handed: Handed) -> Option<Handed> {
        let mut order: Vec<usize> = (0..self.loads.len()).collect();
        order.sort_by_key(|&thread| self.loads[thread].get());
        for thread in order {
            if thread == self.own {
                break;
            }
            self.loads[thread].handed.fetch_add(1, Ordering::Relaxed);
            match self.threads[thread].hand_over(handed) {
                Ok(()) => return None,
                // That one is being drained.
                Err(back) => {
                    self.loads[thread].handed.fetch_sub(1, Ordering::Relaxed);
                    handed = back;
                }
            }
        }
        Some(handed)
    }

    /// This thread has `held` connections, among them `taken` that were on their way to it.
    pub(crate) fn report(&self, held: usize, taken: u32) {
        if let Some(load) = self.loads.get(self.own) {
            load.held.store(held as u32, Ordering::Relaxed);
            if taken > 0 {
                load.handed.fetch_sub(taken, Ordering::Relaxed);
            }
        }
    }
}
