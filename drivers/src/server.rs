use core::time::Duration;
use std::io;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use app::Service;

use crate::config::Config;
use crate::driver::{Driver, Mailroom};
use crate::limits::Stats;
use crate::listen::{Listen, ListenAddress, open};
use crate::spread::{Load, Spread, Spreader};
use crate::system::{pin, processors};
use crate::waker::Waker;

/// One driver on each of several threads, with the same listeners.
///
/// The threads share nothing but configuration, and a connection stays on the thread it has come to.
#[derive(Debug, Clone, Default)]
pub struct Server {
    /// How each driver is to behave. Limits are per thread.
    pub config: Config,
    /// Where to listen; numbered from 0 in this order.
    pub listen: Vec<Listen>,
    /// How many threads; 0 for one per processor.
    pub threads: usize,
    /// How connections come to them.
    pub spread: Spread,
    /// Keep each thread on one of the processors that this process may use, in order and from the first again when
    /// there are more threads. Default false. Unsupported anywhere but on Linux and Android.
    pub pin: bool,
}

impl Server {
    /// Listens and starts the threads. Each makes its service by `make`, which gets the thread's number and the
    /// wakers of all threads, itself included.
    ///
    /// # Errors
    /// An address is taken, not ours, or not permitted; threads cannot be pinned here; the TLS configuration is of no use; or the operating system
    /// gives no event queue or thread. Nothing is left running then.
    pub fn start<S, F>(self, make: F) -> io::Result<Running<S::Message>>
    where
        S: Service + 'static,
        F: Fn(usize, &[Waker<S::Message>]) -> S + Send + Sync + 'static,
    {
        let threads = match self.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        };
        let processors = if self.pin { processors()? } else { Vec::new() };
        let listeners = if self.spread == Spread::LeastLoaded { 1 } else { threads };
        let Config { socket, client_tls, .. } = &self.config;
        let tls = client_tls.build().map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;

        let mut addresses = Vec::new();
        let mut listening: Vec<Vec<_>> = (0..threads).map(|_| Vec::new()).collect();
        for listen in &self.listen {
            let sockets = open(listen, socket, listeners).map_err(|error| {
                io::Error::new(error.kind(), format!("cannot listen on {}: {error}", listen.address))
            })?;
            addresses.extend(sockets.first().map(|first| first.address.clone()));
            for (one, all) in sockets.into_iter().zip(&mut listening) {
                all.push((one, listen.tls.clone()));
            }
        }

        let mailrooms = (0..threads).map(|_| Mailroom::new(&self.config)).collect::<io::Result<Vec<_>>>()?;
        let wakers: Arc<[_]> = mailrooms.iter().map(|mailroom| mailroom.waker.clone()).collect();
        let loads: Arc<[Load]> = (0..threads).map(|_| Load::default()).collect();
        let make = Arc::new(make);
        let mut running = Running { addresses, wakers: wakers.to_vec(), threads: Vec::new() };
        for (thread, (mailroom, listening)) in mailrooms.into_iter().zip(listening).enumerate() {
            let (config, tls) = (self.config.clone(), tls.clone());
            let (make, wakers) = (Arc::clone(&make), Arc::clone(&wakers));
            let processor = processors.get(thread % processors.len().max(1)).copied();
            let spreader = (self.spread == Spread::LeastLoaded && threads > 1).then(|| Spreader {
                threads: Arc::clone(&wakers),
                loads: Arc::clone(&loads),
                own: thread,
            });
            let run = move || {
                processor.map_or(Ok(()), pin)?;
                let mut driver = Driver::assemble(make(thread, &wakers), mailroom, tls, &config);
                for (listening, tls) in listening {
                    driver.adopt(listening, tls)?;
                }
                if let Some(spreader) = spreader {
                    driver.join(spreader);
                }
                driver.run()
            };
            match Builder::new().name(format!("driver-{thread}")).spawn(run) {
                Ok(started) => running.threads.push(started),
                Err(error) => {
                    running.drain(Duration::ZERO);
                    let _ = running.join();
                    return Err(error);
                }
            }
        }
        Ok(running)
    }
}

/// A server that runs.
#[derive(Debug)]
pub struct Running<M> {
    addresses: Vec<ListenAddress>,
    wakers: Vec<Waker<M>>,
    threads: Vec<JoinHandle<io::Result<Stats>>>,
}

impl<M> Running<M> {
    /// Where it listens, ports chosen by the system included, in the order of [`Server::listen`].
    pub fn addresses(&self) -> &[ListenAddress] {
        &self.addresses
    }

    /// The wakers of the threads, in order.
    pub fn wakers(&self) -> &[Waker<M>] {
        &self.wakers
    }

    /// Starts the drain: nothing new is taken, connections finish, and what is left after `grace` is cut off.
    pub fn drain(&self, grace: Duration) {
        self.wakers.iter().for_each(|waker| waker.drain(grace));
    }

    /// Drains one thread after the other, each with `grace`, so that the others go on serving meanwhile; the first
    /// thread, which may be the one that accepts for all, is the last. Gives what each has done.
    ///
    /// With [`Spread::Kernel`] a connection that is being established when the listening socket of its thread closes
    /// is reset, unless the kernel is told otherwise (Linux: `net.ipv4.tcp_migrate_req`).
    ///
    /// # Errors
    /// The first error with which a thread has ended; a panic is one.
    pub fn drain_in_turn(self, grace: Duration) -> io::Result<Vec<Stats>> {
        let mut stats = Vec::new();
        for (waker, thread) in self.wakers.iter().zip(self.threads).rev() {
            waker.drain(grace);
            stats.push(ended(thread));
        }
        stats.into_iter().rev().collect()
    }

    /// Waits until all threads have ended, which they do when drained, and gives what each has done.
    ///
    /// # Errors
    /// The first error with which a thread has ended; a panic is one.
    pub fn join(self) -> io::Result<Vec<Stats>> {
        self.threads.into_iter().map(ended).collect::<Vec<_>>().into_iter().collect()
    }
}

fn ended(thread: JoinHandle<io::Result<Stats>>) -> io::Result<Stats> {
    thread.join().unwrap_or_else(|_| Err(io::Error::other("a driver thread has panicked")))
}
