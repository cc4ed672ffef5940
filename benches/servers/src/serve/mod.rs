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

use crate::case::{Case, Work};

/// A server that this binary can be.
pub struct BuiltIn {
    /// As in tables.
    pub name: &'static str,
    /// What it serves.
    pub does: Does,
    run: fn(&Options) -> io::Result<()>,
}

/// What a server can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Does {
    /// Answers over HTTP/1.1.
    pub http1: bool,
    /// Answers over HTTP/2.
    pub http2: bool,
    /// Echoes on WebSockets.
    pub websocket: bool,
    /// All of that over TLS, too.
    pub tls: bool,
}

impl Does {
    pub(crate) const ALL: Self = Self { http1: true, http2: true, websocket: true, tls: true };
    pub(crate) const HTTP: Self = Self { websocket: false, ..Self::ALL };
    #[cfg(feature = "rivals")]
    const WEBSOCKET: Self = Self { http1: false, http2: false, websocket: true, tls: false };

    /// Whether that is enough for `case`.
    pub fn covers(&self, case: &Case) -> bool {
        let does = match case.work {
            Work::Echo(_) => self.websocket,
            Work::Hello | Work::Body if case.http2 => self.http2,
            Work::Hello | Work::Body => self.http1,
        };
        does && (self.tls || !case.tls)
    }
}

/// The servers that this binary can be.
pub static BUILT_IN: &[BuiltIn] = &[
    BuiltIn { name: "floor", does: Does { http2: false, tls: false, ..Does::ALL }, run: |_| floor::run() },
    BuiltIn { name: "mio", does: Does::ALL, run: |options| ours::run(Transport::Mio, options) },
    BuiltIn { name: "uring", does: Does::ALL, run: |options| ours::run(Transport::Uring, options) },
    #[cfg(feature = "rivals")]
    BuiltIn { name: "hyper", does: Does::HTTP, run: rivals::hyper },
    #[cfg(feature = "rivals")]
    BuiltIn { name: "tungstenite", does: Does::WEBSOCKET, run: |_| rivals::tungstenite() },
    #[cfg(feature = "rivals")]
    BuiltIn { name: "fastwebsockets", does: Does::WEBSOCKET, run: |_| rivals::fastwebsockets() },
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
    let Some(server) = BUILT_IN.iter().find(|server| server.name == name) else {
        return Ok(ExitCode::from(2));
    };
    (server.run)(options)?;
    Ok(ExitCode::SUCCESS)
}

/// What a server is told.
#[derive(Debug, Clone, Default)]
pub struct Options {
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
