//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

#[derive(Debug, Parser)]
#[command(version, about, arg_required_else_help = false)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// What to log on stderr: error, warn, info, debug, trace, or filters like `app=debug`
    #[arg(long, global = true, value_name = "FILTER", env = "SANSWIRE_LOG")]
    pub(crate) log: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the demo page, the test endpoints and files (also what `sanswire` alone does)
    Serve(Serve),
    /// Fetch a URL and write the body to standard output
    Get(Get),
    /// Talk to a WebSocket: lines of standard input become messages, messages become lines
    Ws(Ws),
}

impl Default for Command {
    fn default() -> Self {
        Self::Serve(Serve {
            listen: Vec::new(),
            listen_tls: Vec::new(),
            cert: Vec::new(),
            key: Vec::new(),
            driver: Driver::Auto,
            threads: 1,
            root: None,
            grace: 5,
        })
    }
}

/// Which driver carries the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Driver {
    /// The best one that works here
    #[default]
    Auto,
    /// Readiness (epoll, kqueue)
    Mio,
    /// io_uring (Linux)
    Uring,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where to listen for plain HTTP: ADDR:PORT, or unix:PATH (`unix:@NAME` is abstract); repeatable
    /// [default: 127.0.0.1:7681]
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) listen: Vec<String>,
    /// Where to listen for HTTPS; repeatable [default: 127.0.0.1:7682]
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) listen_tls: Vec<String>,
    /// A certificate chain in PEM; repeatable, one for each --key. Chosen by the name a client asks for.
    /// Without it a self-signed certificate for localhost is made at start
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(crate) cert: Vec<PathBuf>,
    /// The private key in PEM of the certificate at the same place
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(crate) key: Vec<PathBuf>,
    /// Which driver carries the bytes
    #[arg(long, value_enum, default_value_t)]
    pub(crate) driver: Driver,
    /// How many threads serve; 0 for one per core
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) threads: usize,
    /// Serve the files in this directory at every path that is no endpoint
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    /// Seconds that connections get to finish when the server is asked to stop
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    pub(crate) grace: u64,
}

#[derive(Debug, Args)]
#[command(after_help = GET_STATUSES)]
pub(crate) struct Get {
    /// http:// or https:// and so on
    pub(crate) url: String,
    /// The method [default: GET, or POST with --data]
    #[arg(short = 'X', long, value_name = "METHOD")]
    pub(crate) request: Option<String>,
    /// A field of the request, `Name: value`; repeatable
    #[arg(short = 'H', long, value_name = "FIELD")]
    pub(crate) header: Vec<String>,
    /// The body: text, @FILE, or @- for standard input
    #[arg(short, long, value_name = "DATA")]
    pub(crate) data: Option<String>,
    /// Write the body to this file
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Show what is sent and received, on standard error
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// Give up after this many seconds
    #[arg(short = 'm', long = "max-time", value_name = "SECONDS")]
    pub(crate) max_time: Option<f64>,
    /// Exit with status 22 when the response's status is 400 or above, and write no body
    #[arg(short, long)]
    pub(crate) fail: bool,
    #[command(flatten)]
    pub(crate) trust: Trust,
    /// Connect to this unix socket instead (`@NAME` is abstract)
    #[arg(long, value_name = "PATH")]
    pub(crate) unix_socket: Option<PathBuf>,
    /// No progress bar
    #[arg(short, long)]
    pub(crate) silent: bool,
}

const GET_STATUSES: &str = "\
Exit status:
   0  a response was received (whatever its status, without --fail)
   1  could not start
   2  wrong usage
   3  bad URL
   6  the host name does not resolve
   7  nobody accepts connections there, or the host cannot be reached
  18  the body ended before it was complete
  22  with --fail: the response's status is 400 or above
  23  the output cannot be written
  26  the input file cannot be read
  28  it took too long
  35  the TLS handshake failed
  52  the server closed the connection without an answer
  56  the connection broke
  60  the server's certificate is not trusted
  61  the response is malformed, or its body badly framed
  62  the server did not accept the WebSocket, or it failed (ws only)";

/// What to believe about the server.
#[derive(Debug, Args)]
pub(crate) struct Trust {
    /// Do not check the server's certificate at all
    #[arg(short = 'k', long)]
    pub(crate) insecure: bool,
    /// Trust the certificates in this PEM file instead of the system's
    #[arg(long, value_name = "FILE")]
    pub(crate) cacert: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 when the WebSocket was closed with 1000 or 1001 (or no code); 62 when the \
                        server refused it or it failed; otherwise as `sanswire get --help` lists."
)]
pub(crate) struct Ws {
    /// ws:// or wss:// and so on
    pub(crate) url: String,
    /// Send lines as binary messages
    #[arg(long)]
    pub(crate) binary: bool,
    /// Send a ping every so many seconds, and say on standard error when the pong comes
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "10")]
    pub(crate) ping: Option<f64>,
    /// Offer this subprotocol; repeatable, most wanted first
    #[arg(long, value_name = "NAME")]
    pub(crate) subprotocol: Vec<String>,
    /// A field of the handshake request, `Name: value`; repeatable
    #[arg(short = 'H', long, value_name = "FIELD")]
    pub(crate) header: Vec<String>,
    /// Send every message back until the peer closes, and print nothing
    #[arg(long)]
    pub(crate) echo: bool,
    #[command(flatten)]
    pub(crate) trust: Trust,
    /// Connect to this unix socket instead (`@NAME` is abstract)
    #[arg(long, value_name = "PATH")]
    pub(crate) unix_socket: Option<PathBuf>,
}

/// Logs to stderr, `info` and above unless told otherwise.
pub(crate) fn start_logging(filter: Option<&str>) {
    let filter = tracing_subscriber::EnvFilter::new(filter.unwrap_or("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
