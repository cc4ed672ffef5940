//! JSON that is deep or does not end, for the parser behind `sanswire json`: nothing that is served reads JSON.

use std::io::{self, Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::ioctl_fionread;

use super::lab::Lab;
use super::pattern::{Pattern, Server};

/// How long the program may take to read the first byte.
const PATIENCE: Duration = Duration::from_secs(5);

/// Writes a space and `start`, then `piece` as often as makes 32 MiB, then `end`; says how the program took it.
fn feed(lab: &Lab, start: &[u8], piece: &[u8], end: &[u8]) -> io::Result<String> {
    let mut victim = lab.program.borrow_mut().take().ok_or(io::ErrorKind::Unsupported)?;
    let process = victim.process();
    let mut stdin = victim.child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let block = piece.repeat((64 * 1024 / piece.len()).max(1));
    let blocks = std::iter::repeat_n(&block[..], (32 << 20) / block.len());
    // What it uses at rest, for one that has had enough before it can be looked at again.
    stdin.write_all(b" ")?;
    let started = Instant::now();
    while ioctl_fionread(&stdin)? > 0 && started.elapsed() < PATIENCE {
        thread::sleep(Duration::from_millis(1));
    }
    lab.tally.sent(1);
    lab.tally.watch(process);
    for bytes in [start].into_iter().chain(blocks).chain([end]) {
        if stdin.write_all(bytes).is_err() {
            break; // it has had enough
        }
        lab.tally.sent(bytes.len());
        lab.tally.watch(process);
    }
    drop(stdin);
    let status = victim.child.wait()?;
    let mut complaint = String::new();
    if let Some(mut stderr) = victim.child.stderr.take() {
        stderr.read_to_string(&mut complaint)?;
    }
    let complaint = complaint.trim().strip_prefix("sanswire: standard input: ").unwrap_or(complaint.trim());
    Ok(match status.code() {
        Some(0) => "accepted".to_owned(),
        Some(1) => format!("refused: {complaint}"),
        other => format!("exit status {other:?}: {complaint}"),
    })
}

const fn json(
    name: &'static str,
    what: &'static str,
    expected: &'static str,
    run: fn(&Lab) -> io::Result<String>,
) -> Pattern {
    // The memory is that of the whole program.
    Pattern::new(name, what, "RFC 8259 9", expected, run).on(Server::Json).within(16 * 1024, 8000)
}

pub(super) static PATTERNS: [Pattern; 9] = [
    json(
        "json/deep-arrays",
        "arrays within arrays without end",
        "refused: nested too deep at line 1 column 1026 (byte 1025)",
        |lab| feed(lab, b"", b"[", b""),
    ),
    json(
        "json/deep-objects",
        "objects within objects without end",
        "refused: nested too deep at line 1 column 5122 (byte 5121)",
        |lab| feed(lab, b"", b"{\"a\":", b""),
    ),
    json("json/endless-text", "a text of 32 MiB", "accepted", |lab| feed(lab, b"\"", b"a", b"\"")),
    json("json/endless-escapes", "a text of 32 MiB of escapes", "accepted", |lab| {
        feed(lab, b"\"", b"\\u00e9", b"\"")
    }),
    json("json/endless-key", "a key of 32 MiB", "accepted", |lab| feed(lab, b"{\"", b"a", b"\":1}")),
    json("json/endless-number", "a number of 32 MiB", "accepted", |lab| feed(lab, b"1", b"0", b"")),
    json("json/endless-space", "32 MiB of white space", "accepted", |lab| feed(lab, b"[", b" ", b"]")),
    json("json/wide", "an array of 16 million numbers", "accepted", |lab| feed(lab, b"[1", b",1", b"]")),
    json(
        "json/unfinished",
        "a text that does not end",
        "refused: the input ends before the document does at line 1 column 16777215 (byte 33554434)",
        |lab| feed(lab, b"\"", b"a", b""),
    ),
];
