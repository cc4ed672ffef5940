//! Servers that run in processes of their own, started by the harness from this very binary.
//!
//! Each prints the ports it listens on, in one line, and serves until its standard input ends.

mod floor;
pub mod ours;
#[cfg(feature = "rivals")]
mod rivals;

use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;
use std::thread;

/// The servers that this binary can be.
pub const BUILT_IN: &[&str] = &[
    "floor",
    "mio",
    #[cfg(feature = "rivals")]
    "hyper",
    #[cfg(feature = "rivals")]
    "tungstenite",
    #[cfg(feature = "rivals")]
    "fastwebsockets",
];

/// Is the server `name` until standard input ends.
///
/// # Errors
/// The server cannot start.
pub fn run(name: &str, options: &Options) -> io::Result<ExitCode> {
    thread::spawn(|| {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    match name {
        "floor" => floor::run()?,
        "mio" => ours::run(options)?,
        #[cfg(feature = "rivals")]
        "hyper" => rivals::hyper(options)?,
        #[cfg(feature = "rivals")]
        "tungstenite" => rivals::tungstenite()?,
        #[cfg(feature = "rivals")]
        "fastwebsockets" => rivals::fastwebsockets()?,
        _ => return Ok(ExitCode::from(2)),
    }
    Ok(ExitCode::SUCCESS)
}

/// What a server is told.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The certificate and its key, as PEM.
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
    /// How many threads.
    pub threads: usize,
    /// After how many seconds of silence a WebSocket is pinged.
    pub ping: u64,
}

fn announce(ports: &[u16]) -> io::Result<()> {
    let ports: Vec<_> = ports.iter().map(u16::to_string).collect();
    println!("{}", ports.join(" "));
    io::stdout().flush()
}
