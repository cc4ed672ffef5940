//! What the client commands share.

use std::io;
use std::time::Duration;

use app::{App, Closed, End, Handler, Stream, TlsFault};
use drivers::{ClientTls, Config, Driver, Roots};

use crate::args::{self, Trust};
use crate::exit::{Failure, Kind};

pub(crate) const USER_AGENT: &str = concat!("sanswire/", env!("CARGO_PKG_VERSION"));

/// The `Name: value` pairs of `-H`.
pub(crate) fn fields(given: &[String]) -> Result<Vec<(String, String)>, Failure> {
    let field = |text: &String| {
        let usage = |what| Failure::new(Kind::Usage, format!("-H wants `Name: value`; {what}: {text:?}"));
        let (name, value) = text.split_once(':').ok_or_else(|| usage("there is no colon"))?;
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(usage("that is not a field name"));
        }
        let value = value.trim_matches([' ', '\t']);
        if value.bytes().any(|byte| matches!(byte, 0..=8 | 10..=31 | 127)) {
            return Err(usage("a value holds no control characters"));
        }
        Ok((name.to_ascii_lowercase(), value.to_owned()))
    };
    given.iter().map(field).collect()
}

/// Refuses what is no method.
pub(crate) fn check_method(method: &str) -> Result<(), Failure> {
    if !method.is_empty() && method.bytes().all(is_token) {
        return Ok(());
    }
    Err(Failure::new(Kind::Usage, format!("-X wants a method, not {method:?}")))
}

/// [RFC 9110 §5.6.2](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// A time from the command line.
pub(crate) fn seconds(seconds: f64) -> Result<Duration, Failure> {
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| Failure::new(Kind::Usage, format!("{seconds:?} is not a number of seconds")))
}

/// A driver for client connections, of the kind and with the trust that the options ask for.
pub(crate) fn driver<H: Handler>(
    kind: args::Driver,
    trust: &Trust,
    app: App<H>,
) -> Result<Driver<App<H>>, Failure> {
    let transport = kind.transport()?;
    let mut tls = ClientTls { key_log: true, ..ClientTls::default() };
    if trust.insecure {
        tls.dangers.accept_any_certificate();
    }
    if let Some(path) = &trust.cacert {
        let pem = std::fs::read(path)
            .map_err(|error| Failure::new(Kind::Input, format!("cannot read {}: {error}", path.display())))?;
        tls.roots = Roots::Pem(pem);
    }
    let config = Config { transport, client_tls: tls, ..Config::default() };
    Driver::new(app, &config).map_err(|error| {
        let of = trust.cacert.as_ref().map_or_else(String::new, |path| format!("{}: ", path.display()));
        Failure::new(Kind::Start, format!("{of}{error}"))
    })
}

/// Bytes of a response head: more than a server takes, for cookies and policies can be long.
const LONGEST_HEAD: u32 = 60 * 1024;

/// An application's configuration with a seed of its own.
pub(crate) fn config() -> Result<app::Config, Failure> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)
        .map_err(|error| Failure::new(Kind::Start, format!("no random source: {error}")))?;
    let mut config = app::Config { seed, ..app::Config::default() };
    // RFC 9112 5.2: a user agent replaces the folds of a response by blanks.
    config.http1.lenient.obs_fold = true;
    config.http1.limits.head = LONGEST_HEAD;
    Ok(config)
}

/// One turn of the driver, for at most `limit`.
pub(crate) fn turn<H: Handler>(driver: &mut Driver<App<H>>, limit: Option<Duration>) -> Result<(), Failure> {
    driver
        .turn(limit)
        .map_err(|error: io::Error| Failure::new(Kind::Start, format!("cannot wait for events: {error}")))
}

/// Says on stderr what the connection is.
pub(crate) fn describe(stream: &Stream<'_>) {
    match (stream.peer(), stream.tls()) {
        (peer, Some(tls)) => {
            let resumed = if tls.resumed { ", resumed" } else { "" };
            eprintln!("* connected to {}, {}{resumed}", address(peer), tls.version);
        }
        (peer, None) => eprintln!("* connected to {}", address(peer)),
    }
}

fn address(peer: Option<std::net::SocketAddr>) -> String {
    peer.map_or_else(|| "a unix socket".to_owned(), |peer| peer.to_string())
}

/// What an end other than the intended one means to the person who waits.
pub(crate) fn failure(url: &str, end: End, answered: bool) -> Failure {
    let (kind, what) = match end {
        End::Link(closed) => link(closed, answered),
        End::Http1(app::Http1Error::NoResponse) => {
            (Kind::Empty, "the server closed the connection without an answer".to_owned())
        }
        End::Http1(error) if error.is_cut_short() && !answered => (Kind::Broken, error.to_string()),
        End::Http1(error) if error.is_cut_short() => (Kind::CutShort, error.to_string()),
        End::Http1(error @ (app::Http1Error::HeadTimeout | app::Http1Error::BodyTooSlow)) => {
            (Kind::TimedOut, error.to_string())
        }
        End::Http1(error) => (Kind::Malformed, error.to_string()),
        End::Http2(app::Http2Error::Truncated) if answered => {
            (Kind::CutShort, "the connection ended within a frame".to_owned())
        }
        End::Http2(app::Http2Error::SettingsTimeout) => {
            (Kind::TimedOut, "the server did not acknowledge our settings".to_owned())
        }
        End::Http2(error) => (Kind::Malformed, error.to_string()),
        End::Reset(code) if answered => (Kind::CutShort, format!("the stream was reset: {code:?}")),
        End::Reset(code) => (Kind::Broken, format!("the stream was reset: {code:?}")),
        End::Unprocessed => (Kind::Broken, "the server did not process the request".to_owned()),
        End::Timeout(reason) => (Kind::TimedOut, format!("timed out ({reason:?})")),
        End::Refused(status @ (101 | 200..=299)) => {
            (Kind::WebSocket, format!("the server's answer with status {status} opens no WebSocket"))
        }
        End::Refused(status) => {
            (Kind::WebSocket, format!("the server refused the WebSocket with status {status}"))
        }
        End::NoExtendedConnect => (Kind::WebSocket, "the server opens no WebSockets over HTTP/2".to_owned()),
        End::WebSocketFault(error) => (Kind::WebSocket, error.to_string()),
        other => (Kind::Broken, format!("ended early: {other:?}")),
    };
    Failure::new(kind, format!("{url}: {what}"))
}

fn link(closed: Closed, answered: bool) -> (Kind, String) {
    let (kind, what) = match closed {
        Closed::Unresolved => (Kind::Resolve, "the host name does not resolve"),
        Closed::Refused => (Kind::Connect, "connection refused"),
        Closed::Unreachable => (Kind::Connect, "the host cannot be reached"),
        Closed::Timeout(reason) => return (Kind::TimedOut, format!("timed out ({reason:?})")),
        Closed::Reset => (Kind::Broken, "the connection was reset"),
        Closed::Done if !answered => (Kind::Empty, "the server closed the connection without an answer"),
        Closed::Tls(fault) => return tls(fault),
        Closed::Limit => (Kind::Start, "too many open files"),
        _ => (Kind::Broken, "the connection ended early"),
    };
    (kind, what.to_owned())
}

fn tls(fault: TlsFault) -> (Kind, String) {
    let (kind, what) = match fault {
        TlsFault::UnknownIssuer => {
            (Kind::Certificate, "no trusted authority signed the server's certificate")
        }
        TlsFault::NameMismatch => (Kind::Certificate, "the server's certificate is for another name"),
        TlsFault::Expired => (Kind::Certificate, "the server's certificate is not valid at this time"),
        TlsFault::BadCertificate => (Kind::Certificate, "the server's certificate is not usable"),
        TlsFault::CertificateRequired => (Kind::Tls, "the server wants a client certificate"),
        TlsFault::Incompatible => (Kind::Tls, "no TLS version or cipher in common"),
        TlsFault::Truncated => (Kind::Broken, "the connection ended without TLS saying so"),
        _ => (Kind::Tls, "the TLS handshake failed"),
    };
    (kind, what.to_owned())
}
