//! Starting, running and stopping the server.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use app::App;
use drivers::{Limits, ListenAddress, SocketOptions};

use super::Shared;
use super::site::Site;
use crate::args::{Driver, Serve};
use crate::client;
use crate::exit::{Failure, Kind};

const PLAIN: &str = "127.0.0.1:7681";
const TLS: &str = "127.0.0.1:7682";
/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;

fn start(message: impl Into<String>) -> Failure {
    Failure::new(Kind::Start, message)
}

/// Runs the command until a signal stops it.
pub(crate) fn run(options: &Serve) -> Result<(), Failure> {
    check_driver(options.driver)?;
    let shared = Arc::new(Shared { root: root(options.root.as_deref())?, ..Shared::default() });
    let config = app::Config { server: Some(client::USER_AGENT.into()), ..app::Config::default() };
    let app = App::new(Site::new(Arc::clone(&shared)), config);
    let mut driver = drivers::Driver::new(app, Limits::default(), SocketOptions::default())
        .map_err(|error| start(error.to_string()))?;
    let plain = if options.listen.is_empty() { vec![PLAIN.to_owned()] } else { options.listen.clone() };
    for text in &plain {
        let address = address(text)?;
        let bound = driver
            .listen(&address, BACKLOG)
            .map_err(|error| start(format!("cannot listen on {text}: {error}")))?;
        println!("listening on http://{bound}/");
    }
    let _ = TLS;
    shared.wakers.lock().unwrap_or_else(PoisonError::into_inner).push(driver.waker());
    let waker = driver.waker();
    let grace = Duration::from_secs(options.grace);
    let mut signals =
        signal_hook::iterator::Signals::new([signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM])
            .map_err(|error| start(format!("cannot wait for signals: {error}")))?;
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            tracing::info!(signal, "stopping");
            waker.drain(grace);
        }
    });
    println!("open the address in a browser; Ctrl-C stops");
    let started = Instant::now();
    let stats = driver.run().map_err(|error| start(error.to_string()))?;
    println!(
        "served {} requests on {} connections in {:.1?}: {} bytes in, {} bytes out",
        shared.requests.load(Ordering::Relaxed),
        stats.accepted,
        started.elapsed(),
        stats.bytes_in,
        stats.bytes_out,
    );
    Ok(())
}

fn check_driver(driver: Driver) -> Result<(), Failure> {
    match driver {
        Driver::Auto | Driver::Mio => Ok(()),
        Driver::Uring => Err(start("--driver uring: this build has no io_uring driver; use mio or auto")),
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
