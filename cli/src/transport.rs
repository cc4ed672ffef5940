//! `--driver`.

use drivers::Transport;

use crate::args::Driver;
use crate::exit::{Failure, Kind};

impl Driver {
    /// Which transport the option comes to, to be checked before anything is started.
    pub(crate) fn transport(self) -> Result<Transport, Failure> {
        match self {
            Self::Mio => Ok(Transport::Mio),
            Self::Uring => Transport::Uring
                .resolve()
                .map_err(|error| Failure::new(Kind::Start, format!("--driver uring: {error}"))),
            Self::Auto => Ok(Transport::Uring.resolve().unwrap_or_else(|error| {
                eprintln!("{error}; going on with mio");
                Transport::Mio
            })),
        }
    }
}
