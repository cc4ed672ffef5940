//! Starting, running and stopping the server.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use app::App;
use drivers::{Listen, ListenAddress, Spread, Stats};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::site::Site;
use super::{Shared, certificate};
use crate::args::Serve;
use crate::exit::{Failure, Kind};
use crate::{client, descriptors};

const PLAIN: &str = "127.0.0.1:7681";
const TLS: &str = "127.0.0.1:7682";

fn start(message: impl Into<String>) -> Failure {
    Failure::new(Kind::Start, message)
}

/// Runs the command until a signal stops it.
pub(crate) fn run(options: &Serve) -> Result<(), Failure> {
    let transport = options.driver.transport()?;
    let shared = Arc::new(Shared { root: root(options.root.as_deref())?, ..Shared::default() });
    let listen = listeners(options)?;
    // Before anything else is started, so that a signal that comes early is not lost.
    let mut signals = Signals::new([SIGINT, SIGTERM])
        .map_err(|error| start(format!("cannot wait for signals: {error}")))?;

    let secure = listen.iter().map(|listen| listen.tls.is_some()).collect::<Vec<_>>();
    descriptors::raise();
    let limits = options.timeouts.limits();
    let driver = drivers::Config { limits, transport, ..drivers::Config::default() };
    let spread = if options.hand_over { Spread::LeastLoaded } else { Spread::Kernel };
    let server =
        drivers::Server { config: driver, listen, threads: options.threads, spread, pin: options.pin };
    let site = Arc::clone(&shared);
    let config = config(options)?;
    let running = server
        .start(move |_, threads| App::new(Site::new(Arc::clone(&site), threads), config.clone()))
        .map_err(|error| start(error.to_string()))?;
    for (address, secure) in running.addresses().iter().zip(secure) {
        println!("listening on {}", shown(address, secure));
    }
    println!("open an address in a browser; Ctrl-C stops");

    let started = Instant::now();
    if options.until_eof {
        let handle = signals.handle();
        thread::spawn(move || {
            let _ = io::copy(&mut io::stdin(), &mut io::sink());
            handle.close();
        });
    }
    if let Some(signal) = signals.forever().next() {
        let signal = signal_hook::low_level::signal_name(signal).unwrap_or("signal");
        tracing::info!(signal, grace = options.grace, "stopping");
    }
    running.drain(Duration::from_secs(options.grace));
    let stats = running.join().map_err(|error| start(error.to_string()))?;
    let total = stats.into_iter().fold(Stats::default(), Stats::plus);
    println!(
        "served {} requests on {} connections in {:.1?}: {} bytes in, {} bytes out",
        shared.requests.load(Ordering::Relaxed),
        total.accepted,
        started.elapsed(),
        total.bytes_in,
        total.bytes_out,
    );
    Ok(())
}

fn config(options: &Serve) -> Result<app::Config, Failure> {
    let mut config = app::Config {
        server: Some(client::USER_AGENT.into()),
        deflate: options.deflate.config()?,
        ..options.timeouts.config()
    };
    config.http2.enabled = !options.no_h2;
    if let Some(bytes) = options.max_body {
        (config.http1.limits.body, config.http2.body) = (bytes, bytes);
    }
    Ok(config)
}

/// What the options ask to listen on; without any, the two default addresses.
fn listeners(options: &Serve) -> Result<Vec<Listen>, Failure> {
    let defaults = options.listen.is_empty() && options.listen_tls.is_empty();
    let given =
        |given: &[String], default: &str| if defaults { vec![default.to_owned()] } else { given.to_vec() };
    let mut listeners = Vec::new();
    for text in given(&options.listen, PLAIN) {
        listeners.push(Listen::plain(address(&text)?));
    }
    let secure = given(&options.listen_tls, TLS);
    if !secure.is_empty() {
        let tls = certificate::acceptor(options)?;
        for text in secure {
            listeners.push(Listen { tls: Some(tls.clone()), ..Listen::plain(address(&text)?) });
        }
    }
    Ok(listeners)
}

/// An address to open, or to give to a client that speaks over unix sockets.
fn shown(address: &ListenAddress, secure: bool) -> String {
    match address {
        ListenAddress::Tcp(address) => format!("{}://{address}/", if secure { "https" } else { "http" }),
        ListenAddress::Unix(path) => format!("unix:{}{}", path.display(), if secure { " (TLS)" } else { "" }),
    }
}

/// The directory to serve, checked now so that a typing error does not show as 404 later.
fn root(path: Option<&Path>) -> Result<Option<PathBuf>, Failure> {
    let Some(path) = path else { return Ok(None) };
    let fail = |what: &dyn std::fmt::Display| start(format!("cannot serve {}: {what}", path.display()));
    let root = path.canonicalize().map_err(|error| fail(&error))?;
    if root.is_dir() { Ok(Some(root)) } else { Err(fail(&"it is no directory")) }
}

/// `ADDR:PORT` or `unix:PATH`.
fn address(text: &str) -> Result<ListenAddress, Failure> {
    if let Some(path) = text.strip_prefix("unix:").filter(|path| !path.is_empty()) {
        return Ok(ListenAddress::Unix(path.into()));
    }
    text.parse::<SocketAddr>().map(ListenAddress::Tcp).map_err(|_| {
        Failure::new(Kind::Usage, format!("cannot listen on {text}: wanted ADDR:PORT or unix:PATH"))
    })
}
