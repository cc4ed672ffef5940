//! The server that an attack is made on: one of its own, in a process of its own.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use super::pattern::Server;
use super::target::Target;
use super::usage::Process;
use crate::args::Driver;

/// A `sanswire` that ends, with its files, when dropped.
#[derive(Debug)]
pub(super) struct Victim {
    pub(super) child: Child,
    /// Where it listens in the clear.
    pub(super) plain: Option<Target>,
    /// Where it listens for TLS.
    pub(super) tls: Option<Target>,
    _folder: Option<Folder>,
}

impl Victim {
    /// Starts the server that the attack is for.
    pub(super) fn start(kind: Server, driver: Driver) -> io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--log=error");
        let mut folder = None;
        if kind == Server::Json {
            command.args(["json", "--count", "-"]);
        } else {
            let driver = match driver {
                Driver::Auto => "auto",
                Driver::Mio => "mio",
                Driver::Uring => "uring",
            };
            command.args(["serve", "--until-eof", "--grace=0", "--driver", driver, "--listen=127.0.0.1:0"]);
        }
        if matches!(kind, Server::Tls | Server::HastyTls) {
            command.arg("--listen-tls=127.0.0.1:0");
        }
        if matches!(kind, Server::Hasty | Server::HastyTls) {
            for name in
                ["head-timeout", "body-timeout", "idle-timeout", "send-timeout", "tls-timeout", "ping-after"]
            {
                command.arg(format!("--{name}=1"));
            }
        }
        if kind == Server::Small {
            command.arg("--max-body=1000");
        }
        if kind == Server::Files {
            let root = folder.insert(Folder::new()?).0.join("root");
            command.arg("--root").arg(root);
        }
        // What a server complains of is for whoever attacks it to see; what `json` says is its answer.
        command.stderr(if kind == Server::Json { Stdio::piped() } else { Stdio::inherit() });
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut victim = Self { child, plain: None, tls: None, _folder: folder };
        if kind != Server::Json {
            victim.read_addresses()?;
        }
        Ok(victim)
    }

    pub(super) fn process(&self) -> Process {
        Process(self.child.id())
    }

    /// Reads where it listens, up to the line that says that it does.
    fn read_addresses(&mut self) -> io::Result<()> {
        let Some(output) = self.child.stdout.as_mut() else { return Ok(()) };
        for line in BufReader::new(output).lines() {
            let line = line?;
            let Some(address) = line.strip_prefix("listening on ") else { return Ok(()) };
            let target = Target::parse(address).map_err(|error| io::Error::other(error.to_string()))?;
            let place = if target.tls { &mut self.tls } else { &mut self.plain };
            *place = Some(target);
        }
        Err(io::Error::other("the server did not start"))
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What no response may contain.
pub(super) const SECRET: &str = "this lies outside of the root";

/// How long the file `large.bin` in the root is.
pub(super) const LARGE: usize = 1 << 20;

/// A folder to serve, and around it what must not be served.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn new() -> io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("sanswire-attack-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path)?;
        let folder = Self(path);
        folder.fill(&folder.0)?;
        Ok(folder)
    }

    fn fill(&self, path: &Path) -> io::Result<()> {
        let root = path.join("root");
        fs::create_dir_all(root.join("sub"))?;
        fs::write(path.join("secret.txt"), SECRET)?;
        fs::write(root.join(".hidden"), SECRET)?;
        fs::write(root.join("open.txt"), "anybody may read this")?;
        fs::write(root.join("large.bin"), vec![b'x'; LARGE])?;
        std::os::unix::fs::symlink("../secret.txt", root.join("link.txt"))?;
        std::os::unix::fs::symlink("..", root.join("up"))?;
        std::os::unix::fs::symlink("/", root.join("everything"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
