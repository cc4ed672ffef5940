//! How a command ends: nothing to say, or one line on stderr and a status that says what kind of failure it was.

use std::fmt;
use std::process::ExitCode;

/// A failure of a command, with the exit status it has.
#[derive(Debug)]
pub(crate) struct Failure {
    status: u8,
    message: String,
}

/// The kinds of failure of the commands that use the network, as `sanswire get --help` lists them. The numbers are
/// those of curl where curl has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// The server or client could not be started: a busy port, a bad certificate file.
    Start = 1,
    /// Wrong usage that the command line parser does not see.
    Usage = 2,
    /// A bad URL.
    Url = 3,
    /// The host name does not resolve.
    Resolve = 6,
    /// Nobody accepts connections there, or the host cannot be reached.
    Connect = 7,
    /// The body ended before it was complete.
    CutShort = 18,
    /// With `--fail`: the status is 400 or above.
    Status = 22,
    /// The output cannot be written.
    Output = 23,
    /// An input file cannot be read.
    Input = 26,
    /// It took too long.
    TimedOut = 28,
    /// The TLS handshake failed.
    Tls = 35,
    /// The server closed the connection without an answer.
    Empty = 52,
    /// The connection broke.
    Broken = 56,
    /// The server's certificate is not trusted.
    Certificate = 60,
    /// The response is malformed, or its body badly framed.
    Malformed = 61,
    /// The server did not accept the WebSocket, or the peer ended it with a code that says failure.
    WebSocket = 62,
}

impl Failure {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { status: kind as u8, message: message.into() }
    }

    /// Both: said on a line each, with the status of the first.
    pub(crate) fn and(self, next: Self) -> Self {
        Self { status: self.status, message: format!("{}\nsanswire: {}", self.message, next.message) }
    }

    /// A failure of a command that has kinds of its own.
    pub(crate) fn with_status(status: u8, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Prints the line and gives the status.
pub(crate) fn report(outcome: Result<(), Failure>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("sanswire: {failure}");
            ExitCode::from(failure.status)
        }
    }
}
