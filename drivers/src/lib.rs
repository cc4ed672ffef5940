//! sanswire's drivers: the sockets, the TLS, the clock and the buffers around a [`Service`](app::Service).
//!
//! A service says what bytes mean and never touches the outside; a driver does, and never looks into bytes. There is
//! no HTTP in here. Between the two is a *turn*:
//!
//! ```text
//!            socket ──read──► rx ──receive──┐
//!                        (TLS between)      ▼        one turn of one link: one read, one write,
//!   now ──handle_timeout──────────────► service      whatever the number of messages in them
//!                        (TLS between)      │
//!            socket ◄─write── tx ◄─transmit─┤
//!                     files, wake-ups, dials┘ actions
//! ```
//!
//! - [`Driver`] is the loop of one thread (epoll or kqueue by mio, or io_uring: [`Transport`]): listeners, outgoing
//!   connections, timers, wake-ups.
//! - [`Server`] is a driver on each of several threads, with the same listeners.
//! - [`Link`] is one socket with what belongs to it, to be put into a loop of your own; `examples/by_hand.rs` does.
//! - [`Waker`] sends messages to a service from other threads, and is the only thing threads share.
//! - [`ServerTls`] and [`ClientTls`] configure TLS (rustls with aws-lc-rs). A TLS link is like any other to a service.
//!
//! # An echo server and a client
//!
//! ```
//! use app::{Address, Closed, LinkInfo, Service, Target};
//! use drivers::{Config, Driver, Listen, ListenAddress};
//! use proto_core::{Instant, Wants, WriteBuf};
//!
//! enum Peer { Client { greeted: bool, heard: Vec<u8> }, Server { eof: bool } }
//!
//! #[derive(Default)]
//! struct Echo { calls: Vec<Target>, heard: Vec<u8> }
//!
//! impl Service for Echo {
//!     type Connection = Peer;
//!     type Message = ();
//!
//!     fn accept(&mut self, _: &LinkInfo, _: Instant) -> Option<Peer> { Some(Peer::Server { eof: false }) }
//!     fn poll_connect(&mut self) -> Option<(Target, Peer)> {
//!         Some((self.calls.pop()?, Peer::Client { greeted: false, heard: Vec::new() }))
//!     }
//!     fn receive(&mut self, peer: &mut Peer, input: &mut [u8], _: &mut [u8], out: &mut WriteBuf<'_>) -> usize {
//!         match peer {
//!             Peer::Server { .. } => out.put_some(input), // what does not fit is presented again
//!             Peer::Client { heard, .. } => { heard.extend_from_slice(input); input.len() }
//!         }
//!     }
//!     fn receive_eof(&mut self, peer: &mut Peer, _: &mut WriteBuf<'_>) {
//!         if let Peer::Server { eof } = peer { *eof = true; }
//!     }
//!     fn transmit(&mut self, peer: &mut Peer, out: &mut WriteBuf<'_>) {
//!         if let Peer::Client { greeted, .. } = peer && !*greeted {
//!             *greeted = out.put(b"hello").is_ok();
//!         }
//!     }
//!     fn wants(&self, peer: &Peer) -> Wants {
//!         match peer {
//!             Peer::Client { greeted, heard } => Wants { read: true, write: !greeted, close: heard.len() == 5 },
//!             Peer::Server { eof } => Wants { read: true, write: false, close: *eof },
//!         }
//!     }
//!     fn closed(&mut self, peer: Peer, _why: Closed) {
//!         if let Peer::Client { heard, .. } = peer { self.heard = heard; }
//!     }
//!     // No deadlines, no files, no wake-ups.
//! #   fn connected(&mut self, _: &mut Peer, _: &LinkInfo, _: Instant) {}
//! #   fn poll_action(&mut self, _: &mut Peer) -> Option<app::Action> { None }
//! #   fn file_opened(&mut self, _: &mut Peer, _: u32, _: Result<(app::FileId, app::FileMeta), app::FileError>) {}
//! #   fn file_data(&mut self, _: &mut Peer, _: u32, _: Result<&[u8], app::FileError>, _: &mut WriteBuf<'_>) {}
//! #   fn poll_timeout(&self, _: &Peer) -> Option<proto_core::Deadline> { None }
//! #   fn handle_timeout(&mut self, _: &mut Peer, _: Instant) {}
//! #   fn woken(&mut self, _: (), _: Instant) {}
//! #   fn poll_wake(&mut self) -> Option<app::Wake> { None }
//! #   fn wake(&mut self, _: &mut Peer, _: app::Wake) -> bool { false }
//! #   fn drain(&mut self, _: &mut Peer, _: Instant) {}
//! #   fn min_input(&self) -> usize { 1 }
//! #   fn min_output(&self) -> usize { 5 }
//! }
//!
//! let mut driver = Driver::new(Echo::default(), &Config::default())?;
//! let any = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
//! let ListenAddress::Tcp(address) = driver.listen(&Listen::plain(any))? else { unreachable!() };
//! driver.service_mut().calls.push(Target { address: Address::Socket(address), tls: None, timeout: None });
//! while driver.service().heard.is_empty() {
//!     driver.turn(None)?;
//! }
//! assert_eq!(driver.service().heard, b"hello");
//! assert_eq!(driver.stats().accepted, 1);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Systems
//!
//! | system | transports | what differs |
//! |---|---|---|
//! | Linux | mio (epoll), io_uring | |
//! | FreeBSD | mio (kqueue) | large files are read and sent |
//! | macOS, NetBSD | mio (kqueue) | the same; threads share each listening socket, for the kernel would not spread connections ([`Spread`]); the directories of a root must be readable |
//!
//! Tests run on Linux. For the others continuous integration compiles (x86-64; arm64, too, for macOS) and nothing is run;
//! what they have in the place of Linux' functions is tested on Linux. Other unix systems that mio knows take the same
//! way as NetBSD, and nobody has tried. Windows is not supported: links are made of file descriptors.
//!
//! # Limits
//!
//! Everything is bounded, by [`Limits`]; a service has limits of its own on what it understands.
//!
//! | limit | default | when it fires |
//! |---|---|---|
//! | [`connect`](Limits::connect) | 5 s | `Closed::Timeout(Reason::Connect)` |
//! | [`attempt_delay`](Limits::attempt_delay) | 250 ms | the next address is tried beside the last |
//! | [`attempts`](Limits::attempts) | 4 | further addresses wait for one to fail |
//! | [`resolve_queue`](Limits::resolve_queue) | 64 | `Closed::Limit` |
//! | [`tls_handshake`](Limits::tls_handshake) | 10 s | the link is closed |
//! | [`send_progress`](Limits::send_progress) | 30 s | `Closed::Timeout(Reason::SendProgress)` |
//! | [`send_rate`](Limits::send_rate) | 100 B/s | the same, once `send_progress` is used up |
//! | [`linger`](Limits::linger) | 2 s | the socket is closed although the peer has not finished |
//! | [`connections`](Limits::connections) | 65,536 | listeners rest; `Closed::Limit` for outgoing ones |
//! | [`accept_burst`](Limits::accept_burst) | 64 | links get their turns first |
//! | [`accept_pause`](Limits::accept_pause) | 100 ms | listeners try again |
//! | [`buffer`](Limits::buffer) | 64 KiB | the rest of the input or output waits for the next turn |
//! | [`pool`](Limits::pool) | 1 MiB | unused buffers are freed |
//! | [`scratch`](Limits::scratch) | 64 KiB | the codec that decodes into it says what |
//! | [`files`](Limits::files) | 1,024 | `FileError::Busy` |
//! | [`wake_queue`](Limits::wake_queue) | 1,024 | [`Waker::wake`] gives the message back |
#![deny(unsafe_code)]

mod ahead;
mod clock;
mod config;
mod dial;
mod dns;
mod driver;
mod files;
mod handshake;
mod limits;
mod linger;
mod link;
mod listen;
mod options;
#[cfg_attr(
    not(all(feature = "uring", target_os = "linux")),
    allow(dead_code, reason = "blocks that are lent to the kernel")
)]
mod pool;
mod sendfile;
mod server;
mod socket;
mod spread;
mod system;
mod table;
mod timers;
mod tls;
mod transport;
mod turn;
#[cfg_attr(not(all(feature = "uring", target_os = "linux")), path = "uring/absent.rs")]
#[cfg_attr(
    all(feature = "uring", target_os = "linux"),
    expect(unsafe_code, reason = "memory is shared with the kernel")
)]
mod uring;
mod waker;
mod workspace;

#[cfg(all(feature = "faults", target_os = "linux"))]
pub use uring::seed as seed_faults;

pub use config::Config;
pub use driver::Driver;
pub use limits::{Limits, Stats};
pub use link::{Interest, Link, Origin, Turn};
pub use listen::{Listen, ListenAddress};
pub use options::{Keepalive, SocketOptions};
pub use server::{Running, Server};
pub use spread::Spread;
pub use tls::{
    ClientCertificates, ClientTls, Dangers, Identity, Roots, ServerTls, TlsAcceptor, TlsConfigError,
    TlsConnector,
};
pub use transport::Transport;
pub use waker::Waker;
pub use workspace::Workspace;
