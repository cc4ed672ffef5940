//! What was found, as a table and as JSON.

use std::fmt::Write as _;
use std::time::Duration;

use crate::histogram::Histogram;

/// What one contestant took for one case, over all rounds.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    /// Operations that were completed.
    pub operations: u64,
    /// How long that took.
    pub time: Duration,
    /// Processor time of the server meanwhile, of each round in microseconds per operation.
    pub cpu: Vec<f64>,
    /// Times from request to answer.
    pub latencies: Histogram,
}

impl Cell {
    /// Operations per second.
    pub fn rate(&self) -> f64 {
        self.operations as f64 / self.time.as_secs_f64()
    }

    /// The time from request to answer, in microseconds, that `share` of all do not exceed, if it was measured.
    pub fn micros(&self, share: f64) -> Option<f64> {
        (!self.latencies.is_empty()).then(|| self.latencies.quantile(share).as_nanos() as f64 / 1e3)
    }

    /// Processor time per operation in microseconds: the median of all rounds.
    pub fn cpu(&self) -> f64 {
        let mut rounds = self.cpu.clone();
        rounds.sort_by(f64::total_cmp);
        rounds.get(rounds.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

/// A case with all who took part.
#[derive(Debug, Clone)]
pub struct Row {
    /// The case.
    pub case: &'static str,
    /// The contestants, in order; the floor is first where there is one.
    pub cells: Vec<(&'static str, Cell)>,
}

impl Row {
    /// The processor time of a contestant divided by the floor's; each round is compared with itself.
    pub fn to_floor(&self, cell: &Cell) -> Option<f64> {
        let (_, floor) = self.cells.iter().find(|(name, _)| *name == "floor")?;
        let mut ratios: Vec<f64> = cell.cpu.iter().zip(&floor.cpu).map(|(cpu, floor)| cpu / floor).collect();
        ratios.sort_by(f64::total_cmp);
        ratios.get(ratios.len() / 2).copied()
    }
}

/// Resident memory of idle connections.
#[derive(Debug, Clone)]
pub struct Idle {
    /// What the connections are.
    pub case: &'static str,
    /// How many.
    pub count: usize,
    /// Bytes per connection of each contestant.
    pub cells: Vec<(&'static str, f64)>,
}

/// What a number of threads gave.
#[derive(Debug, Clone)]
pub struct Scale {
    /// The case.
    pub case: &'static str,
    /// Whose.
    pub server: &'static str,
    /// How many threads.
    pub threads: usize,
    /// The load had no processor of its own.
    pub shared: bool,
    /// Operations per second.
    pub rate: f64,
    /// Processor time per operation in microseconds, all threads together.
    pub cpu: f64,
}

/// The tables, as Markdown.
pub fn markdown(rows: &[Row], idle: &[Idle], scales: &[Scale]) -> String {
    let mut text = String::new();
    if !rows.is_empty() {
        text +=
            "| case | server | µs of CPU per operation | to the floor | operations/s | p50, µs | p99, µs |\n";
        text += "|---|---|---|---|---|---|---|\n";
    }
    for row in rows {
        for (name, cell) in &row.cells {
            let ratio = row.to_floor(cell).map_or("-".to_owned(), |ratio| format!("{ratio:.2}"));
            let micros = |share| cell.micros(share).map_or("-".to_owned(), |micros| format!("{micros:.0}"));
            let _ = writeln!(
                text,
                "| {} | {name} | {:.3} | {ratio} | {:.0} | {} | {} |",
                row.case,
                cell.cpu(),
                cell.rate(),
                micros(0.5),
                micros(0.99),
            );
        }
    }
    if !idle.is_empty() {
        text += "\n| idle connections | server | resident bytes per connection |\n|---|---|---|\n";
    }
    for idle in idle {
        for (name, bytes) in &idle.cells {
            let _ = writeln!(text, "| {} {} | {name} | {bytes:.0} |", idle.count, idle.case);
        }
    }
    if !scales.is_empty() {
        text +=
            "\n| case | server | threads | operations/s | µs of CPU per operation |\n|---|---|---|---|---|\n";
    }
    for scale in scales {
        let Scale { case, server, threads, shared, rate, cpu } = scale;
        let note = if *shared { " (the load on the same processors)" } else { "" };
        let _ = writeln!(text, "| {case} | {server} | {threads}{note} | {rate:.0} | {cpu:.3} |");
    }
    text
}

/// The same as JSON.
pub fn json(rows: &[Row], idle: &[Idle], scales: &[Scale]) -> String {
    let mut lines = Vec::new();
    for row in rows {
        for (name, cell) in &row.cells {
            let micros =
                |share| cell.micros(share).map_or("null".to_owned(), |micros| format!("{micros:.1}"));
            let rounds: Vec<_> = cell.cpu.iter().map(|cpu| format!("{cpu:.4}")).collect();
            lines.push(format!(
                "  {{\"case\": \"{}\", \"server\": \"{name}\", \"cpu_us\": {:.4}, \"cpu_us_rounds\": [{}], \
                 \"to_floor\": {}, \"rate\": {:.1}, \"p50_us\": {}, \"p99_us\": {}}}",
                row.case,
                cell.cpu(),
                rounds.join(", "),
                row.to_floor(cell).map_or("null".to_owned(), |ratio| format!("{ratio:.4}")),
                cell.rate(),
                micros(0.5),
                micros(0.99),
            ));
        }
    }
    for idle in idle {
        for (name, bytes) in &idle.cells {
            lines.push(format!(
                "  {{\"case\": \"idle {}\", \"server\": \"{name}\", \"connections\": {}, \"bytes\": {bytes:.1}}}",
                idle.case, idle.count
            ));
        }
    }
    for Scale { case, server, threads, rate, cpu, .. } in scales {
        lines.push(format!(
            "  {{\"case\": \"{case}\", \"server\": \"{server}\", \"threads\": {threads}, \"rate\": {rate:.1}, \
             \"cpu_us\": {cpu:.4}}}"
        ));
    }
    format!("[\n{}\n]\n", lines.join(",\n"))
}
