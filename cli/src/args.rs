//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::attack;
use crate::deflate::Deflate;
use crate::exit::{Failure, Kind};
use crate::serve::Timeouts;

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
    /// Check JSON of any size and write the values at given paths as they are met, each on a line
    Json(Json),
    /// Replay known attacks, bounded, against a server on this machine, and say how it took them
    Attack(attack::Options),
}

impl Default for Command {
    fn default() -> Self {
        Self::Serve(Serve {
            listen: Vec::new(),
            listen_tls: Vec::new(),
            cert: Vec::new(),
            key: Vec::new(),
            driver: Driver::default(),
            threads: 1,
            pin: false,
            hand_over: false,
            root: None,
            no_h2: false,
            max_body: None,
            grace: 5,
            until_eof: false,
            timeouts: Timeouts::default(),
            deflate: Deflate::default(),
        })
    }
}

/// Which driver carries the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Driver {
    /// io_uring where it can be used, else mio
    Auto,
    /// Readiness (epoll, kqueue)
    #[default]
    Mio,
    /// io_uring (Linux 6.1 or later)
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
    /// Keep each thread on a core of its own (Linux)
    #[arg(long)]
    pub(crate) pin: bool,
    /// The first thread accepts and hands each connection to the thread that has the fewest; by default every
    /// thread listens and the kernel chooses
    #[arg(long)]
    pub(crate) hand_over: bool,
    /// Serve the files in this directory at every path that is no endpoint
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    /// Speak HTTP/1.1 only: no HTTP/2 by ALPN, by prior knowledge or by upgrade
    #[arg(long)]
    pub(crate) no_h2: bool,
    /// Most bytes of content of a request; more is answered with 413 [default: any number]
    #[arg(long, value_name = "BYTES")]
    pub(crate) max_body: Option<u64>,
    /// Seconds that connections get to finish when the server is asked to stop
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    pub(crate) grace: u64,
    /// Stop when standard input ends, too: a server that must not outlive the program that started it
    #[arg(long)]
    pub(crate) until_eof: bool,
    #[command(flatten)]
    pub(crate) timeouts: Timeouts,
    #[command(flatten)]
    pub(crate) deflate: Deflate,
}

#[derive(Debug, Args)]
#[command(after_help = GET_STATUSES)]
pub(crate) struct Get {
    /// http:// or https:// and so on. Several of one origin share a connection, side by side over HTTP/2; bodies on
    /// standard output come in the order of the URLs
    #[arg(required = true, value_name = "URL")]
    pub(crate) urls: Vec<String>,
    /// The method [default: GET, or POST with --data]
    #[arg(short = 'X', long, value_name = "METHOD")]
    pub(crate) request: Option<String>,
    /// A field of the request, `Name: value`; repeatable
    #[arg(short = 'H', long, value_name = "FIELD")]
    pub(crate) header: Vec<String>,
    /// The body: text, @FILE, or @- for standard input
    #[arg(short, long, value_name = "DATA")]
    pub(crate) data: Option<String>,
    /// Write the body to this file; repeatable, one for each URL in order
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Vec<PathBuf>,
    /// Write each body to a file in this directory that is called as the URL's path ends
    #[arg(short = 'O', long, conflicts_with = "output")]
    pub(crate) remote_name: bool,
    /// Speak HTTP/1.1 only [default: HTTP/2 over TLS with servers that have it, else HTTP/1.1]
    #[arg(long = "http1.1", conflicts_with = "http2_prior_knowledge")]
    pub(crate) http1_1: bool,
    /// Speak HTTP/2 at once, with servers that are known to
    #[arg(long)]
    pub(crate) http2_prior_knowledge: bool,
    /// Show what is sent and received, on standard error
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// Give up after this many seconds
    #[arg(short = 'm', long = "max-time", value_name = "SECONDS")]
    pub(crate) max_time: Option<f64>,
    /// Exit with status 22 when the response's status is 400 or above, and write no body
    #[arg(short, long)]
    pub(crate) fail: bool,
    /// Which driver carries the bytes
    #[arg(long, value_enum, default_value_t)]
    pub(crate) driver: Driver,
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
Exit status, with several URLs that of the first that failed:
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
    /// Open it on a stream of HTTP/2 where the server does that (RFC 8441), else over HTTP/1.1, and say which. Needs
    /// wss://, where TLS agrees on it [default: HTTP/1.1]
    #[arg(long, conflicts_with = "http2_prior_knowledge")]
    pub(crate) http2: bool,
    /// Open it on a stream of HTTP/2 at once, with servers that are known to do that
    #[arg(long)]
    pub(crate) http2_prior_knowledge: bool,
    #[command(flatten)]
    pub(crate) deflate: Deflate,
    /// Which driver carries the bytes
    #[arg(long, value_enum, default_value_t)]
    pub(crate) driver: Driver,
    #[command(flatten)]
    pub(crate) trust: Trust,
    /// Connect to this unix socket instead (`@NAME` is abstract)
    #[arg(long, value_name = "PATH")]
    pub(crate) unix_socket: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = JSON_NOTES)]
pub(crate) struct Json {
    /// The file to read, or - for standard input
    pub(crate) file: PathBuf,
    /// Write the values at this path; repeatable, up to 128. Without it, the whole document
    #[arg(short, long, value_name = "PATH")]
    pub(crate) path: Vec<String>,
    /// Write how many values each --path hit instead; without --path, how many events the document is made of
    #[arg(short, long)]
    pub(crate) count: bool,
    /// One document a line
    #[arg(long)]
    pub(crate) ndjson: bool,
    /// Which grammar
    #[arg(long, value_enum, default_value_t)]
    pub(crate) dialect: Dialect,
}

/// Which texts are accepted as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Dialect {
    /// RFC 8259 to the letter
    #[default]
    Strict,
    /// What libwebsockets' lejp takes: # comments, a comma before ], leading zeros; an object or array as the root
    Lejp,
}

const JSON_NOTES: &str = "\
Paths:
  a.b          the member b of the member a of the document
  items[]      each element of the array items
  items[].id   the member id of each element
  [].id        the same, of a document that is an array
  a.*.c        any one key in the place of the *
  a.x*.c       any key that begins with x
  a.*          all that is below a, likewise a.x* and a[]*
  a\\.b         the key \"a.b\": a backslash takes . [ * and \\ literally
  ''           the document itself

What is written:
  Each value is a line of JSON without white space, in the order of the
  document. Texts are escaped as little as possible; numbers stay as they were
  written. Of values within one another that all match, the outermost is
  written and the others are part of it. Values are passed on as they arrive:
  memory does not grow with the input, nor with a value.

  --count writes a line for each --path, `COUNT<tab>PATH`. It counts values
  within others as well, each at the first path that matches it. Without --path
  it writes the number of events: each key, text, number and literal, each
  beginning and end of an object or array, and the end of each document.

  With --dialect lejp, numbers and bytes that only that dialect takes are
  written as they are.

Limits:
  1024 objects and arrays within one another; with --dialect lejp 64, of which
  32 arrays. Keys of more than 1024 bytes match no path that spells them out.

Examples:
  sanswire json --path 'items[].id' huge.json
  sanswire json --count --path '[].user' --path '[].place' - <tweets.json
  sanswire json --ndjson --path error.message log.ndjson

Exit status:
   0  all of the input is well-formed (or nobody reads the output any more)
   1  it is not: a line on standard error says what is wrong, in which line and
      column, and at which byte. What precedes the fault has been written
   2  wrong usage, a malformed --path, or a file that cannot be read or written";

/// What is wrong with the command line, in one line: the message without the usage and tips that follow it.
pub(crate) fn usage(error: &clap::Error) -> Failure {
    let text = error.to_string();
    let message =
        text.lines().map(str::trim).take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    let message = message.strip_prefix("error: ").unwrap_or(&message);
    Failure::new(Kind::Usage, format!("{message} (--help tells more)"))
}

/// Logs to stderr, `info` and above unless told otherwise.
pub(crate) fn start_logging(filter: Option<&str>) {
    let filter = tracing_subscriber::EnvFilter::new(filter.unwrap_or("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
