//! Child processes that end: by themselves, at their deadline, or when the test is over.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long a child may run unless a test says otherwise: plenty on a busy machine, and an end to every hang.
const LIMIT: Duration = Duration::from_secs(60);

/// A child process with its output read in the background. Dropping it kills it.
pub(crate) struct Running {
    name: String,
    child: Child,
    stdin: Option<Sender<Vec<u8>>>,
    stdout: Receiver<Vec<u8>>,
    stderr: Receiver<String>,
    complaints: String,
    deadline: Instant,
}

/// How a child ended and what it said.
#[derive(Debug)]
pub(crate) struct Finished {
    /// The exit status; `None` when a signal ended it.
    pub(crate) status: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

/// Runs a command with nothing on its standard input, to its end.
pub(crate) fn run(command: &mut Command) -> Finished {
    Running::start(command).finish()
}

/// The same, and the command must succeed.
pub(crate) fn succeed(command: &mut Command) -> Finished {
    let shown = format!("{command:?}");
    let finished = run(command);
    assert!(finished.status == Some(0), "{shown}\n{finished}");
    finished
}

impl Running {
    /// Starts a command that has [`LIMIT`] to do its work.
    pub(crate) fn start(command: &mut Command) -> Self {
        Self::start_within(command, LIMIT)
    }

    #[allow(clippy::disallowed_methods, reason = "a test's deadline is real time")]
    pub(crate) fn start_within(command: &mut Command, limit: Duration) -> Self {
        let name = format!("{command:?}");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{name}: {error}"));
        let (out, stdout) = channel();
        let mut pipe = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            let mut line = Vec::new();
            while pipe.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
                if out.send(std::mem::take(&mut line)).is_err() {
                    break;
                }
            }
        });
        let (out, stderr) = channel();
        let mut pipe = BufReader::new(child.stderr.take().unwrap());
        thread::spawn(move || {
            let mut line = Vec::new();
            while pipe.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
                if out.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                    // Nobody listens any more, but the child must not block on a full pipe.
                    let _ = std::io::copy(&mut pipe.by_ref(), &mut std::io::sink());
                }
                line.clear();
            }
        });
        // On a thread of its own, for a child that does not read must not stop the clock.
        let (stdin, input) = channel::<Vec<u8>>();
        let mut pipe = child.stdin.take().unwrap();
        thread::spawn(move || {
            for bytes in input {
                if pipe.write_all(&bytes).is_err() {
                    break;
                }
            }
        });
        let stdin = Some(stdin);
        let deadline = Instant::now() + limit;
        Running { name, child, stdin, stdout, stderr, complaints: String::new(), deadline }
    }

    /// The process id, for signals to this very child.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next line of standard output, without its end; `None` when there is no more.
    pub(crate) fn next_line(&mut self) -> Option<String> {
        match self.stdout.recv_timeout(self.left()) {
            Ok(line) => Some(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned()),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => self.overdue("a line of output"),
        }
    }

    /// Waits for a line that contains `part`, and returns it.
    pub(crate) fn expect(&mut self, part: &str) -> String {
        let mut seen = Vec::new();
        while let Some(line) = self.next_line() {
            if line.contains(part) {
                return line;
            }
            seen.push(line);
        }
        self.collect_complaints();
        panic!("{} ended without saying {part:?}\nstdout: {seen:#?}\nstderr: {}", self.name, self.complaints)
    }

    /// Waits for a line on standard error that contains `part`, and returns it.
    pub(crate) fn expect_complaint(&mut self, part: &str) -> String {
        loop {
            match self.stderr.recv_timeout(self.left()) {
                Ok(line) => {
                    self.complaints.push_str(&line);
                    if line.contains(part) {
                        return line;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("{} ended without complaining of {part:?}\nstderr: {}", self.name, self.complaints)
                }
                Err(RecvTimeoutError::Timeout) => self.overdue(part),
            }
        }
    }

    /// Writes a line to its standard input. A child that no longer listens shows in what comes next.
    pub(crate) fn say(&mut self, line: &str) {
        self.say_bytes(format!("{line}\n").as_bytes());
    }

    /// The same for bytes that need not be text.
    pub(crate) fn say_bytes(&mut self, bytes: &[u8]) {
        let stdin = self.stdin.as_mut().expect("standard input is still open");
        let _ = stdin.send(bytes.to_vec());
    }

    /// Ends its standard input.
    pub(crate) fn hush(&mut self) {
        self.stdin = None;
    }

    /// Waits for its end.
    pub(crate) fn finish(mut self) -> Finished {
        self.stdin = None;
        let mut stdout = Vec::new();
        loop {
            match self.stdout.recv_timeout(self.left()) {
                Ok(line) => stdout.extend_from_slice(&line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => self.overdue("the end of its output"),
            }
        }
        self.collect_complaints();
        // Its pipes are closed, so its end is a matter of microseconds.
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if self.left().is_zero() {
                self.overdue("its end");
            }
            thread::sleep(Duration::from_millis(1));
        };
        Finished { status: status.code(), stdout, stderr: std::mem::take(&mut self.complaints) }
    }

    /// Kills it at once.
    pub(crate) fn kill(mut self) {
        self.end();
    }

    fn collect_complaints(&mut self) {
        while let Ok(line) = self.stderr.recv_timeout(self.left()) {
            self.complaints.push_str(&line);
        }
    }

    #[allow(clippy::disallowed_methods, reason = "a test's deadline is real time")]
    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    fn overdue(&mut self, what: &str) -> ! {
        self.end();
        self.complaints.extend(self.stderr.try_iter());
        panic!("{}: out of time waiting for {what}\nstderr: {}", self.name, self.complaints)
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
        if thread::panicking() {
            self.complaints.extend(self.stderr.try_iter());
            eprintln!("--- {} said on standard error:\n{}", self.name, self.complaints);
        }
    }
}

impl Finished {
    /// Standard output as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// The only line of standard error.
    #[track_caller]
    pub(crate) fn one_complaint(&self) -> &str {
        let mut lines = self.stderr.lines().filter(|line| !line.is_empty());
        let line = lines.next().unwrap_or_default();
        assert!(!line.is_empty() && lines.next().is_none(), "not one clear line on standard error\n{self}");
        assert!(!line.contains("panicked"), "{line}");
        line
    }
}

impl std::fmt::Display for Finished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = String::from_utf8_lossy(&self.stdout[..self.stdout.len().min(4000)]);
        write!(f, "status: {:?}\nstdout: {text}\nstderr: {}", self.status, self.stderr)
    }
}
