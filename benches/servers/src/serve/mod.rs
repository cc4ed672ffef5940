//! Servers that run in processes of their own, started by the harness from this very binary.
//!
//! Each prints the ports it listens on, in one line, and serves until its standard input ends.

mod floor;
pub mod ours;
#[cfg(feature = "rivals")]
mod rivals;

use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::thread;

use drivers::Transport;

/// The servers that this binary can be.
pub const BUILT_IN: &[&str] = &[
    "floor",
    "mio",
    "uring",
    #[cfg(feature = "rivals")]
    "hyper",
    #[cfg(feature = "rivals")]
    "tungstenite",
    #[cfg(feature = "rivals")]
    "fastwebsockets",
];

/// Is a server if the first argument says so (`--serve NAME`): what the harness starts.
pub fn asked() -> Option<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().filter(|first| first == "--serve").and_then(|_| arguments.next())?;
    let mut options = Options { threads: 1, ..Options::default() };
    while let (Some(option), Some(value)) = (arguments.next(), arguments.next()) {
        match option.as_str() {
            "--identity" => {
                let read = |file| std::fs::read(Path::new(&value).join(file)).ok();
                options.identity = read("cert.pem").zip(read("key.pem"));
            }
            "--threads" => options.threads = value.parse().ok()?,
            "--ping" => options.ping = value.parse().ok()?,
            _ => return Some(ExitCode::from(2)),
        }
    }
    Some(run(&name, &options).unwrap_or_else(|error| {
        eprintln!("{name}: {error}");
        ExitCode::FAILURE
    }))
}

/// Is the server `name` until standard input ends.
fn run(name: &str, options: &Options) -> io::Result<ExitCode> {
    thread::spawn(|| {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    match name {
        "floor" => floor::run()?,
        "mio" => ours::run(Transport::Mio, options)?,
        "uring" => ours::run(Transport::Uring, options)?,
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
pub(crate) struct Options {
    /// The certificate and its key, as PEM.
    identity: Option<(Vec<u8>, Vec<u8>)>,
    /// How many threads.
    threads: usize,
    /// After how many seconds of silence a WebSocket is pinged.
    ping: u64,
}

fn announce(ports: &[u16]) -> io::Result<()> {
    let ports: Vec<_> = ports.iter().map(u16::to_string).collect();
    println!("{}", ports.join(" "));
    io::stdout().flush()
}
