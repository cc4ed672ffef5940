//! Prints, as Markdown, what each contestant of each case takes and how it compares: medians of one interleaved run.

#![allow(clippy::disallowed_methods, reason = "reading the clock is what this crate is for")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use benches::groups;
use benches::measure::{Case, Standing};
use serde_json::{Value, json};

const USAGE: &str = "\
usage: ratios [--only TEXT]... [--samples N] [--sample-ms N] [--passes N]
  --only TEXT     cases whose group/shape/contestant contains TEXT, which may name one contestant only
  --samples N     samples per contestant (31)
  --sample-ms N   length of a sample in milliseconds (3)
  --json FILE     also writes what was measured to FILE, for the report
  --passes N      no table: run N passes of each chosen contestant, for callgrind or perf";

struct Options {
    only: Vec<String>,
    samples: usize,
    sample: Duration,
    passes: Option<u64>,
    json: Option<PathBuf>,
}

fn main() -> ExitCode {
    let Some(options) = options() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let mut same_work = true;
    let mut measured = Vec::new();
    for (group, cases) in groups::ALL {
        let mut cases = cases();
        cases.iter_mut().for_each(|case| choose(case, &options.only));
        cases.retain(|case| !case.contestants.is_empty());
        if cases.is_empty() {
            continue;
        }
        match options.passes {
            Some(passes) => run(&mut cases, passes),
            None => {
                println!("\n### {group}\n\n{HEADING}");
                for case in &mut cases {
                    same_work &= row(case, &options, &mut measured);
                }
            }
        }
    }
    if let Some(file) = &options.json
        && let Err(error) = store(file, &options, measured)
    {
        eprintln!("{}: {error}", file.display());
        return ExitCode::FAILURE;
    }
    if same_work { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

const HEADING: &str = "\
| case | ours, ns | floor, ns | ours / floor | rivals, ns | best rival / ours |
|---|---|---|---|---|---|";

fn options() -> Option<Options> {
    let mut options =
        Options { only: Vec::new(), samples: 31, sample: Duration::from_millis(3), passes: None, json: None };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let value = arguments.next()?;
        match argument.as_str() {
            "--only" => options.only.push(value),
            "--samples" => options.samples = value.parse().ok().filter(|&n| n > 0)?,
            "--sample-ms" => options.sample = Duration::from_millis(value.parse().ok()?),
            "--json" => options.json = Some(value.into()),
            "--passes" => options.passes = Some(value.parse().ok()?),
            _ => return None,
        }
    }
    Some(options)
}

fn choose(case: &mut Case, only: &[String]) {
    let name = format!("{}/{}", case.group, case.shape);
    case.contestants
        .retain(|c| only.is_empty() || only.iter().any(|text| format!("{name}/{}", c.name).contains(text)));
}

fn run(cases: &mut [Case], passes: u64) {
    for case in cases {
        for contestant in &mut case.contestants {
            let took = contestant.time(passes);
            let operations = passes * case.operations;
            println!(
                "{}/{}/{}: {operations} operations in {took:?}",
                case.group, case.shape, contestant.name
            );
        }
    }
}

/// Writes all rows, and what they were measured on and with.
fn store(file: &Path, options: &Options, rows: Vec<Value>) -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let all = json!({
        "command": format!(
            "cargo run -p benches --release --features {} --bin ratios -- {}",
            benches::machine::features().join(","),
            arguments.join(" ")
        ),
        "day": benches::machine::day(now.as_secs()),
        "processor": benches::machine::processor(),
        "rustc": benches::machine::version("rustc", &["--version"]),
        "samples": options.samples,
        "versions": benches::machine::rivals(),
        "cases": rows,
    });
    std::fs::write(file, serde_json::to_string_pretty(&all)? + "\n")
}

/// Prints one row and adds it to `measured`; says whether all contestants saw the same.
fn row(case: &mut Case, options: &Options, measured: &mut Vec<Value>) -> bool {
    let tallies = case.tallies();
    let same_work = tallies.windows(2).all(|pair| pair[0].1 == pair[1].1);
    if !same_work {
        eprintln!("{}/{}: the contestants did not do the same work: {tallies:?}", case.group, case.shape);
    }
    let medians = case.medians(options.samples, options.sample);
    let contestants: Vec<Value> = case
        .contestants
        .iter()
        .zip(&medians)
        .map(|(contestant, ns)| {
            json!({ "name": contestant.name, "standing": format!("{:?}", contestant.standing), "ns": ns })
        })
        .collect();
    measured.push(json!({
        "group": case.group, "shape": case.shape, "bytes": case.bytes, "contestants": contestants,
    }));
    let of = |standing| {
        let all = case.contestants.iter().zip(&medians);
        all.filter(move |(contestant, _)| contestant.standing == standing).map(|(c, &ns)| (c.name, ns))
    };
    let ours = of(Standing::Ours).next();
    let floor = of(Standing::Floor).next();
    let best = of(Standing::Rival).map(|(_, ns)| ns).reduce(f64::min);
    // Rivals are compared with the last of ours: where there are two, that is the one with the rivals' extra copy.
    let against = of(Standing::Ours).next_back();
    println!(
        "| {} | {} | {} | {} | {} | {} |",
        case.shape,
        list(of(Standing::Ours), case.bytes),
        list(of(Standing::Floor), case.bytes),
        ratio(ours.map(|(_, ns)| ns), floor.map(|(_, ns)| ns)),
        list(of(Standing::Rival), case.bytes),
        ratio(best, against.map(|(_, ns)| ns)),
    );
    same_work
}

fn list<'a>(entries: impl Iterator<Item = (&'a str, f64)>, bytes: u64) -> String {
    let entries: Vec<String> = entries
        .map(|(name, ns)| match bytes {
            0..512 => format!("{name} {ns:.2}"),
            _ => format!("{name} {ns:.1} ({:.1} GB/s)", bytes as f64 / ns),
        })
        .collect();
    if entries.is_empty() { "-".to_owned() } else { entries.join("; ") }
}

fn ratio(numerator: Option<f64>, denominator: Option<f64>) -> String {
    match (numerator, denominator) {
        (Some(numerator), Some(denominator)) => format!("{:.2}", numerator / denominator),
        _ => "-".to_owned(),
    }
}
