//! Programs of the system, and what they have to be told.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use super::Site;
use crate::case::{HELLO, SMALL};
use crate::serve::Does;

/// A server that is not of this workspace, on three ports: plain, with TLS, and plain HTTP/2.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) name: &'static str,
    pub(super) does: Does,
    /// The Debian package, and a file that is there if it is installed.
    package: &'static str,
    file: &'static str,
    /// It is compiled here.
    compiled: bool,
    /// Writes what it needs, and says how it is started.
    pub(super) commands: fn(&Site, [u16; 3]) -> io::Result<Vec<Command>>,
}

pub(super) static PROGRAMS: &[Program] = &[
    Program {
        name: "nginx",
        does: Does::HTTP,
        package: "nginx",
        file: "/usr/sbin/nginx",
        compiled: false,
        commands: |site, ports| configured(site, "/usr/sbin/nginx", nginx(site, ports)),
    },
    Program {
        name: "h2o",
        does: Does::HTTP,
        package: "h2o",
        file: "/usr/bin/h2o",
        compiled: false,
        commands: |site, ports| configured(site, "/usr/bin/h2o", h2o(site, ports)),
    },
    Program {
        name: "nghttpd",
        does: Does { http1: false, ..Does::HTTP },
        package: "nghttp2-server",
        file: "/usr/sbin/nghttpd",
        compiled: false,
        commands: nghttpd,
    },
    Program {
        name: "libwebsockets",
        does: Does { http2: false, ..Does::ALL },
        package: "libwebsockets-dev, gcc",
        file: "/usr/include/libwebsockets.h",
        compiled: true,
        commands: libwebsockets,
    },
];

impl Program {
    /// Why it takes no part, if it does not.
    pub(super) fn missing(&self) -> Option<String> {
        let compiles =
            || Command::new("cc").arg("--version").output().is_ok_and(|output| output.status.success());
        let here = Path::new(self.file).exists() && (!self.compiled || compiles());
        (!here).then(|| format!("{} takes no part (Debian: {})", self.name, self.package))
    }
}

fn quiet(path: impl AsRef<Path>) -> Command {
    let mut command = Command::new(path.as_ref());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn configured(site: &Site, path: &str, configuration: String) -> io::Result<Vec<Command>> {
    let file = site.directory().join(Path::new(path).with_extension("conf").file_name().unwrap_or_default());
    std::fs::write(&file, configuration)?;
    let mut command = quiet(path);
    command.arg("-c").arg(file);
    Ok(vec![command])
}

/// It has one port to a process.
fn nghttpd(site: &Site, [_, secure, prior]: [u16; 3]) -> io::Result<Vec<Command>> {
    let directory = site.directory();
    let start = |port: u16| {
        let mut command = quiet("/usr/sbin/nghttpd");
        command.args(["-a", "127.0.0.1", "-n", "1", "-d"]).arg(directory.join("root")).arg(port.to_string());
        command
    };
    let (mut over_tls, mut plain) = (start(secure), start(prior));
    over_tls.arg(directory.join("key.pem")).arg(directory.join("cert.pem"));
    plain.arg("--no-tls");
    Ok(vec![over_tls, plain])
}

/// A small server in C, which is compiled first.
fn libwebsockets(site: &Site, [plain, secure, _]: [u16; 3]) -> io::Result<Vec<Command>> {
    let directory = site.directory();
    let (source, program) = (directory.join("libwebsockets.c"), directory.join("libwebsockets"));
    std::fs::write(&source, include_str!("libwebsockets.c"))?;
    let compiled =
        Command::new("cc").arg("-O2").arg(&source).arg("-lwebsockets").arg("-o").arg(&program).status()?;
    if !compiled.success() {
        return Err(io::Error::other("the server for libwebsockets does not compile"));
    }
    let mut command = quiet(program);
    command.args([plain.to_string(), secure.to_string()]).arg(directory);
    Ok(vec![command])
}

fn nginx(site: &Site, [plain, secure, prior]: [u16; 3]) -> String {
    let directory = site.directory().display();
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
                 listen 127.0.0.1:{plain} backlog=4096; listen 127.0.0.1:{secure} ssl http2 backlog=4096;
                 listen 127.0.0.1:{prior} http2 backlog=4096;
                 ssl_certificate {directory}/cert.pem; ssl_certificate_key {directory}/key.pem;
                 root {directory}/root;
                 location = {HELLO} {{ return 200 \"{}\"; }}
             }}
         }}\n",
        String::from_utf8_lossy(SMALL),
    )
}

fn h2o(site: &Site, [plain, secure, prior]: [u16; 3]) -> String {
    let directory = site.directory().display();
    format!(
        "num-threads: 1\nmax-connections: 12000\nhttp1-request-timeout: 600\n\
         user: root\npid-file: {directory}/h2o.pid\nerror-log: /dev/null\n\
         listen:\n  host: 127.0.0.1\n  port: {plain}\n\
         listen:\n  host: 127.0.0.1\n  port: {prior}\n\
         listen:\n  host: 127.0.0.1\n  port: {secure}\n  ssl:\n    certificate-file: {directory}/cert.pem\n    \
         key-file: {directory}/key.pem\n\
         file.mime.setdefaulttype: text/plain\n\
         hosts:\n  default:\n    paths:\n      /:\n        file.dir: {directory}/root\n"
    )
}
