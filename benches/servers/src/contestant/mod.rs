//! Who takes part, and how each is started.

mod programs;
mod site;

use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use drivers::Transport;
pub use site::Site;

use crate::case::{ALL, Case};
use crate::process::Process;
use crate::serve::{BUILT_IN, Does};
use programs::{PROGRAMS, Program};

/// A server that can be started.
#[derive(Debug, Clone, Copy)]
pub struct Contestant {
    /// As in tables.
    pub name: &'static str,
    does: Does,
    kind: Kind,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// A server in this binary. The floor has a port for each case and no opening handshake, others have a plain port,
    /// perhaps one with TLS, and perhaps one for HTTP/2 alone.
    BuiltIn,
    /// A program of the system.
    Program(&'static Program),
}

/// Those that can be started here, the floor first.
pub fn present() -> Vec<Contestant> {
    let possible = |name| name != "uring" || Transport::Uring.resolve().is_ok();
    let built_in = BUILT_IN.iter().filter(|it| possible(it.name)).map(|it| Contestant {
        name: it.name,
        does: it.does,
        kind: Kind::BuiltIn,
    });
    let programs = PROGRAMS.iter().filter(|program| program.missing().is_none()).map(|program| Contestant {
        name: program.name,
        does: program.does,
        kind: Kind::Program(program),
    });
    built_in.chain(programs).collect()
}

/// Who takes no part, and what would have to be installed for it.
pub fn absent() -> Vec<String> {
    let uring = Transport::Uring.resolve().err().map(|error| error.to_string());
    PROGRAMS.iter().filter_map(Program::missing).chain(uring).collect()
}

impl Contestant {
    /// Whether it answers without looking.
    pub fn is_floor(&self) -> bool {
        self.name == "floor"
    }

    /// Whether it is this workspace's.
    pub fn is_ours(&self) -> bool {
        matches!(self.name, "mio" | "uring")
    }

    /// Whether it can do what `case` asks for.
    pub fn does(&self, case: &Case) -> bool {
        self.does.covers(case)
    }

    /// Starts it on these processors; `more` are options for servers of this binary.
    ///
    /// # Errors
    /// It does not start, or does not answer within some seconds.
    pub fn start(&self, site: &Site, processors: &[usize], more: &[String]) -> io::Result<Started> {
        if let Kind::Program(program) = self.kind {
            let ports = [free_port()?, free_port()?, free_port()?];
            let mut commands = (program.commands)(site, ports)?;
            let process = Process::start(&mut commands, processors)?;
            let [plain, secure, prior] = ports;
            let served =
                [(program.does.http1, plain), (program.does.tls, secure), (program.does.http2, prior)];
            served.into_iter().filter(|(does, _)| *does).try_for_each(|(_, port)| answers(port))?;
            return Ok(Started { process, ports: ports.to_vec(), floor: false });
        }
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--serve", self.name, "--identity"]).arg(site.directory()).args(more);
        command.stdout(Stdio::piped());
        let mut process = Process::start(&mut [command], processors)?;
        let ports = process.ports()?;
        Ok(Started { process, ports, floor: self.is_floor() })
    }
}

/// A server that runs.
pub struct Started {
    /// Its process.
    pub process: Process,
    ports: Vec<u16>,
    floor: bool,
}

impl Started {
    /// Where `case` is served.
    pub fn port(&self, case: &Case) -> u16 {
        let of = |index: usize| self.ports.get(index).copied();
        let port = match self.floor {
            true => ALL.iter().filter(|case| case.has_floor()).position(|other| other == case).and_then(of),
            false if case.tls => of(1),
            false if case.http2 => of(2).or(of(0)),
            false => of(0),
        };
        port.unwrap_or(0)
    }
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

#[allow(clippy::disallowed_methods)] // reading the clock is what this is for
fn answers(port: u16) -> io::Result<()> {
    let end = Instant::now() + Duration::from_secs(5);
    loop {
        match TcpStream::connect((Ipv4Addr::LOCALHOST, port)) {
            Ok(_) => return Ok(()),
            Err(error) if Instant::now() > end => return Err(error),
            Err(_) => std::thread::yield_now(),
        }
    }
}
