//! How outcomes are shown: a table for people, lines of JSON for programs, a document for readers.

use std::io::{self, Write};

use super::pattern::{self, Pattern};
use super::trial::{Damage, Outcome, Outcomes};

/// Shows outcomes one after the other.
pub(super) trait Report {
    fn take(&mut self, outcome: &Outcome) -> io::Result<()>;
}

/// For people.
pub(super) struct Table {
    width: usize,
    headed: bool,
}

impl Table {
    pub(super) fn new(patterns: &[&Pattern]) -> Self {
        let width = patterns.iter().map(|pattern| pattern.name.len()).max().unwrap_or_default();
        Self { width, headed: false }
    }
}

impl Report for Table {
    fn take(&mut self, outcome: &Outcome) -> io::Result<()> {
        let mut out = io::stdout().lock();
        let (width, name, expected) = (self.width, outcome.pattern.name, outcome.pattern.expected);
        if !std::mem::replace(&mut self.headed, true) {
            writeln!(
                out,
                "    {:width$} {:>9} {:>9} {:>8} {:>14}  answer",
                "attack", "sent", "memory", "cpu", "others"
            )?;
        }
        let mark = match &outcome.result {
            Outcomes::Skipped(_) => "-- ",
            _ if outcome.is_as_documented() => "ok ",
            _ => "BAD",
        };
        write!(out, "{mark} {name:width$} ")?;
        match &outcome.result {
            Outcomes::Skipped(why) => writeln!(out, "skipped: {why}"),
            Outcomes::Failed(why) => writeln!(out, "failed: {why}"),
            Outcomes::Done(damage) => {
                let memory = damage.memory.map_or("?".to_owned(), |memory| size(memory * 1024));
                let cpu = damage.cpu.map_or("?".to_owned(), |cpu| format!("{} ms", cpu.as_millis()));
                let others = damage.others.map_or("-".to_owned(), |others| {
                    let all = others.served + others.failed;
                    format!("{}/{all} {} ms", others.served, others.slowest.as_millis())
                });
                write!(out, "{:>9} {memory:>9} {cpu:>8} {others:>14}  {}", size(damage.sent), damage.answer)?;
                for complaint in complaints(outcome, damage) {
                    write!(out, "; {complaint}")?;
                }
                writeln!(out, "{}", if damage.answer == expected { "" } else { " <<<" })
            }
        }
    }
}

/// What is not as documented, in words.
fn complaints(outcome: &Outcome, damage: &Damage) -> Vec<String> {
    let Pattern { expected, bounds, .. } = outcome.pattern;
    let mut complaints = Vec::new();
    if damage.answer != *expected {
        complaints.push(format!("documented: {expected}"));
    }
    if damage.memory.is_some_and(|memory| memory > bounds.memory) {
        complaints.push(format!("memory beyond {}", size(bounds.memory * 1024)));
    }
    if damage.cpu.is_some_and(|cpu| cpu.as_millis() > bounds.cpu.into()) {
        complaints.push(format!("cpu beyond {} ms", bounds.cpu));
    }
    if damage.others.is_some_and(|others| others.failed > 0) {
        complaints.push("others were not served".to_owned());
    }
    complaints
}

/// For programs: an object a line.
pub(super) struct Json;

impl Json {
    pub(super) fn new() -> Self {
        Self
    }
}

impl Report for Json {
    fn take(&mut self, outcome: &Outcome) -> io::Result<()> {
        let Pattern { name, reference, expected, bounds, .. } = outcome.pattern;
        let mut line = format!(
            "{{\"name\":{},\"reference\":{},\"expected\":{},\"as_documented\":{}",
            text(name),
            text(reference),
            text(expected),
            outcome.is_as_documented()
        );
        match &outcome.result {
            Outcomes::Skipped(why) => line += &format!(",\"skipped\":{}", text(why)),
            Outcomes::Failed(why) => line += &format!(",\"failed\":{}", text(why)),
            Outcomes::Done(damage) => {
                let number =
                    |number: Option<u128>| number.map_or("null".to_owned(), |number| number.to_string());
                line += &format!(
                    ",\"answer\":{},\"sent\":{},\"received\":{},\"connections\":{},\"took_ms\":{},\
                     \"memory_kib\":{},\"memory_bound_kib\":{},\"cpu_us\":{},\"cpu_bound_us\":{}",
                    text(&damage.answer),
                    damage.sent,
                    damage.received,
                    damage.connections,
                    damage.took.as_millis(),
                    number(damage.memory.map(u128::from)),
                    bounds.memory,
                    number(damage.cpu.map(|cpu| cpu.as_micros())),
                    bounds.cpu * 1000,
                );
                if let Some(others) = damage.others {
                    line += &format!(
                        ",\"others\":{{\"served\":{},\"failed\":{},\"slowest_ms\":{}}}",
                        others.served,
                        others.failed,
                        others.slowest.as_millis()
                    );
                }
            }
        }
        writeln!(io::stdout().lock(), "{line}}}")
    }
}

/// A JSON text.
fn text(plain: &str) -> String {
    let mut text = Vec::new();
    let token = proto_lejp::Token::Text { part: plain.as_bytes(), last: true };
    proto_lejp::Printer::new().print(&token, &mut |piece| text.extend_from_slice(piece));
    String::from_utf8(text).unwrap_or_default()
}

/// The names, each with its line and reference.
pub(super) fn list(out: &mut impl Write, patterns: &[&Pattern]) -> io::Result<()> {
    let width = patterns.iter().map(|pattern| pattern.name.len()).max().unwrap_or_default();
    for Pattern { name, what, reference, .. } in patterns {
        writeln!(out, "{name:width$}  {what} ({reference})")?;
    }
    Ok(())
}

/// `docs/ATTACKS.md`.
pub(super) fn document(out: &mut impl Write) -> io::Result<()> {
    out.write_all(INTRODUCTION.as_bytes())?;
    let mut group = "";
    for pattern in pattern::all() {
        if pattern.group() != group {
            group = pattern.group();
            writeln!(out, "\n## {group}\n")?;
            writeln!(
                out,
                "| attack | what the attacker does | known as, or plays with | outcome | memory | cpu |"
            )?;
            writeln!(out, "|---|---|---|---|---|---|")?;
        }
        let Pattern { name, what, reference, expected, bounds, .. } = pattern;
        writeln!(
            out,
            "| `{name}` | {what} | {reference} | {expected} | {} | {} ms |",
            size(bounds.memory * 1024),
            bounds.cpu
        )?;
    }
    Ok(())
}

const INTRODUCTION: &str = include_str!("introduction.md");

/// A number of bytes, short.
fn size(bytes: u64) -> String {
    match bytes {
        0..10_240 => format!("{bytes} B"),
        10_240..10_485_760 => format!("{} KiB", bytes / 1024),
        _ => format!("{} MiB", bytes >> 20),
    }
}
