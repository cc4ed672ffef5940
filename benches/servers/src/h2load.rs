//! The load of HTTP/2, by nghttp2's h2load.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::case::Case;

const PROGRAM: &str = "/usr/bin/h2load";

/// Whether it is installed (Debian: nghttp2-client).
pub fn is_present() -> bool {
    Path::new(PROGRAM).exists()
}

/// How many requests one run has had answered, and how long it took.
#[derive(Debug, Clone, Copy)]
pub struct Outcome {
    /// Requests that were answered in full.
    pub operations: u64,
    /// From the first connection to the last answer.
    pub time: Duration,
}

/// One request on each of `connections`: what connecting takes.
///
/// # Errors
/// As for [`run`].
pub fn greet(port: u16, case: &Case, connections: usize) -> io::Result<Outcome> {
    load(port, case, &["-n", &connections.to_string(), "-c", &connections.to_string(), "-m", "1"])
}

/// Keeps every connection busy for `time`.
///
/// # Errors
/// It cannot be started, or an answer is not the right one.
pub fn run(port: u16, case: &Case, connections: usize, time: Duration) -> io::Result<Outcome> {
    let (connections, depth) = (connections.to_string(), case.depth.to_string());
    let time = format!("{}ms", time.as_millis());
    load(port, case, &["-D", &time, "-c", &connections, "-m", &depth])
}

fn load(port: u16, case: &Case, arguments: &[&str]) -> io::Result<Outcome> {
    let scheme = if case.tls { "https" } else { "http" };
    let mut command = Command::new(PROGRAM);
    command.args(arguments).arg(format!("{scheme}://127.0.0.1:{port}{}", case.path()));
    let output = command.stderr(Stdio::null()).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    parse(&text, case.content_len() as u64).ok_or_else(|| io::Error::other(format!("h2load says: {text}")))
}

/// Reads what it prints. All answers must be 200 and have as much content as is right.
fn parse(text: &str, content: u64) -> Option<Outcome> {
    let after = |line: &str, from: &str, to: &str| -> Option<String> {
        let line = text.lines().find(|it| it.starts_with(line))?;
        let (_, rest) = line.split_once(from)?;
        Some(rest.split_once(to)?.0.trim().to_owned())
    };
    let number = |line: &str, from: &str, to: &str| after(line, from, to)?.parse::<u64>().ok();
    let operations = number("requests:", "done, ", " succeeded")?;
    let failed = number("requests:", "succeeded, ", " failed")?;
    let good = number("status codes:", ": ", " 2xx")?;
    let data = text.lines().find(|line| line.starts_with("traffic:"))?.rsplit_once('(')?.1;
    let data: u64 = data.split_once(')')?.0.parse().ok()?;
    let right = operations > 0 && failed == 0 && good >= operations && data >= operations * content;
    right.then_some(Outcome { operations, time: duration(&after("finished in", "in ", ",")?)? })
}

/// As in `1.50s` and `310.10ms`.
fn duration(text: &str) -> Option<Duration> {
    let unit = text.find(|letter: char| letter.is_alphabetic())?;
    let (number, unit) = text.split_at(unit);
    let seconds = match unit {
        "s" => 1.0,
        "ms" => 1e-3,
        "us" => 1e-6,
        _ => return None,
    };
    Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "\
finished in 310.10ms, 3225.81 req/s, 1.02MB/s
requests: 1001 total, 1016 started, 1000 done, 1000 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 1003 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 316.34KB (323932) total, 26.37KB (27000) headers (space savings 70.00%), 12.73KB (13039) data
";

    #[test]
    fn what_it_prints_is_understood_and_wrong_answers_are_found() {
        let outcome = parse(SAID, 13).unwrap();
        assert_eq!((outcome.operations, outcome.time), (1000, Duration::from_micros(310_100)));
        assert!(parse(SAID, 14).is_none());
        assert!(parse(&SAID.replace(" 0 failed", " 1 failed"), 13).is_none());
        assert!(parse(&SAID.replace("1003 2xx, 0", "0 2xx, 1003"), 13).is_none());
        assert!(parse("", 13).is_none());
        assert_eq!(duration("1.50s"), Some(Duration::from_millis(1500)));
        assert_eq!(duration("soon"), None);
    }
}
