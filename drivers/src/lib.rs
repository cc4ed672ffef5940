//! sanswire's drivers.
#![forbid(unsafe_code)]

mod clock;
mod dial;
mod dns;
mod files;
mod limits;
mod link;
mod listen;
mod mio;
mod options;
mod pool;
mod socket;
mod table;
mod timers;
mod tls;
mod turn;
mod waker;
mod workspace;

pub use limits::{Limits, Stats};
pub use link::{Interest, Link, Turn};
pub use listen::ListenAddress;
pub use mio::Driver;
pub use options::{Keepalive, SocketOptions};
pub use waker::Waker;
pub use workspace::Workspace;
