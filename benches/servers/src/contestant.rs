//! Who takes part, and how each is started.

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::{ClientConfig, RootCertStore};

use crate::case::{ALL, BODY, Case, HELLO, SMALL, Work, large};
use crate::process::Process;
use crate::serve::BUILT_IN;

/// A server that can be started.
#[derive(Debug, Clone, Copy)]
pub struct Contestant {
    /// As in tables.
    pub name: &'static str,
    kind: Kind,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// One port for each case without TLS, and no opening handshake.
    Floor,
    /// A server in this binary with a plain port and perhaps one with TLS.
    BuiltIn,
    /// A program of the system, with a configuration file that we write.
    Program { path: &'static str, flags: &'static [&'static str], configuration: fn(&Site) -> String },
}

/// Those that can be started here, the floor first.
pub fn present() -> Vec<Contestant> {
    let kind = |name| if name == "floor" { Kind::Floor } else { Kind::BuiltIn };
    let built_in = BUILT_IN.iter().map(|&name| Contestant { name, kind: kind(name) });
    let programs = [
        ("nginx", "/usr/sbin/nginx", &["-c"][..], nginx as fn(&Site) -> String),
        ("h2o", "/usr/bin/h2o", &["-c"], h2o),
    ];
    let programs = programs.into_iter().filter(|(_, path, ..)| Path::new(path).exists());
    let programs = programs.map(|(name, path, flags, configuration)| Contestant {
        name,
        kind: Kind::Program { path, flags, configuration },
    });
    built_in.chain(programs).collect()
}

impl Contestant {
    /// Whether it answers without looking.
    pub fn is_floor(&self) -> bool {
        matches!(self.kind, Kind::Floor)
    }

    /// Whether it is this workspace's.
    pub fn is_ours(&self) -> bool {
        matches!(self.name, "mio" | "uring")
    }

    /// Whether it can do what `case` asks for.
    pub fn does(&self, case: &Case) -> bool {
        let http = matches!(case.work, Work::Hello | Work::Body);
        match self.name {
            "floor" => !case.tls,
            "tungstenite" | "fastwebsockets" => !http && !case.tls,
            name => http || matches!(name, "mio" | "uring"),
        }
    }

    /// Starts it on processor `core`; `more` are options for servers of this binary.
    ///
    /// # Errors
    /// It does not start, or does not answer within some seconds.
    pub fn start(&self, site: &Site, core: Option<usize>, more: &[String]) -> io::Result<Started> {
        let mut site = site.clone();
        if let Kind::Program { path, flags, configuration } = self.kind {
            site.ports = [free_port()?, free_port()?];
            let file = site.directory.join(format!("{}.conf", self.name));
            std::fs::write(&file, configuration(&site))?;
            let mut command = Command::new(path);
            command.args(flags).arg(&file).stdout(Stdio::null()).stderr(Stdio::null());
            let process = Process::start(&mut command, core)?;
            site.ports.into_iter().try_for_each(answers)?;
            return Ok(Started { process, ports: site.ports.to_vec(), floor: false });
        }
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--serve", self.name, "--identity"]).arg(&site.directory).args(more);
        let mut process = Process::start(command.stdout(Stdio::piped()), core)?;
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
        let index = match self.floor {
            true => ALL.iter().filter(|case| !case.tls).position(|other| other == case).unwrap_or(0),
            false => usize::from(case.tls),
        };
        self.ports.get(index).copied().unwrap_or(0)
    }
}

/// What servers serve: files and a certificate, in a directory that is removed in the end.
#[derive(Debug, Clone)]
pub struct Site {
    directory: PathBuf,
    /// The plain port and the one with TLS.
    ports: [u16; 2],
}

impl Site {
    /// Writes the files, and makes the configuration of a client that trusts the certificate.
    ///
    /// # Errors
    /// There is no room for files.
    pub fn new() -> io::Result<(Self, Arc<ClientConfig>)> {
        let directory = std::env::temp_dir().join(format!("sanswire-servers-{}", std::process::id()));
        std::fs::create_dir_all(directory.join("root"))?;
        let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]);
        let certified = certified.map_err(io::Error::other)?;
        std::fs::write(directory.join("cert.pem"), certified.cert.pem())?;
        std::fs::write(directory.join("key.pem"), certified.signing_key.serialize_pem())?;
        for (path, content) in [(HELLO, SMALL), (BODY, &large()[..])] {
            std::fs::File::create(directory.join("root").join(&path[1..]))?.write_all(content)?;
        }
        let mut roots = RootCertStore::empty();
        roots.add(certified.cert.der().clone()).map_err(io::Error::other)?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.map_err(io::Error::other)?.with_root_certificates(roots).with_no_client_auth();
        Ok((Self { directory, ports: [0; 2] }, Arc::new(config)))
    }

    /// Removes the files.
    pub fn remove(self) {
        let _ = std::fs::remove_dir_all(self.directory);
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

fn nginx(site: &Site) -> String {
    let Site { directory, ports: [plain, secure] } = site;
    let directory = directory.display();
    format!(
        "daemon off; master_process off; worker_processes 1; pid {directory}/nginx.pid; error_log stderr crit;
         worker_rlimit_nofile 20000;
         events {{ worker_connections 12000; }}
         http {{
             access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; sendfile on; tcp_nopush on;
             open_file_cache max=100; default_type text/plain;
             client_body_temp_path {directory}/a; proxy_temp_path {directory}/b; fastcgi_temp_path {directory}/c;
             uwsgi_temp_path {directory}/d; scgi_temp_path {directory}/e;
             server {{
                 listen 127.0.0.1:{plain} backlog=4096; listen 127.0.0.1:{secure} ssl backlog=4096;
                 ssl_certificate {directory}/cert.pem; ssl_certificate_key {directory}/key.pem;
                 root {directory}/root;
                 location = {HELLO} {{ return 200 \"{}\"; }}
             }}
         }}\n",
        String::from_utf8_lossy(SMALL),
    )
}

fn h2o(site: &Site) -> String {
    let Site { directory, ports: [plain, secure] } = site;
    let directory = directory.display();
    format!(
        "num-threads: 1\nmax-connections: 12000\nhttp1-request-timeout: 600\n\
         user: root\npid-file: {directory}/h2o.pid\nerror-log: /dev/null\n\
         listen:\n  host: 127.0.0.1\n  port: {plain}\n\
         listen:\n  host: 127.0.0.1\n  port: {secure}\n  ssl:\n    certificate-file: {directory}/cert.pem\n    \
         key-file: {directory}/key.pem\n\
         file.mime.setdefaulttype: text/plain\n\
         hosts:\n  default:\n    paths:\n      /:\n        file.dir: {directory}/root\n"
    )
}
