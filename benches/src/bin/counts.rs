//! Counts the instructions of an operation of every codec under callgrind, and compares them with the committed
//! baseline. Unlike times they do not depend on how busy the machine is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use benches::measure::{Case, Contestant, Standing};
use benches::{groups, machine};
use serde_json::{Value, json};

const USAGE: &str = "\
usage: counts [--write]
  Compares instructions per operation with benches/data/counts.json; fails when one is more than 3 % above.
  --write   makes what is counted now the baseline";

/// How much more than the baseline is a regression.
const TOLERANCE: f64 = 1.03;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let write = match arguments.as_slice() {
        ["--measured"] => return measured(),
        ["--write"] => true,
        [] => false,
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    let Some(valgrind) = machine::version("valgrind", &["--version"]) else {
        println!("SKIPPED: valgrind is not installed");
        return ExitCode::SUCCESS;
    };
    let result = count().and_then(|counts| {
        let environment = json!({
            "rustc": machine::version("rustc", &["--version"]),
            "valgrind": valgrind,
            "cpu": machine::vectors(),
        });
        if write { store(&environment, &counts) } else { compare(&environment, &counts) }
    });
    match result {
        Ok(code) => code,
        Err(text) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

/// Runs every contestant of ours once, under callgrind, and names them in that order.
fn measured() -> ExitCode {
    for (_, cases) in groups::ALL {
        for mut case in cases() {
            let Case { group, shape, operations, contestants, .. } = &mut case;
            let ours = |c: &&mut Contestant| c.standing == Standing::Ours;
            for contestant in contestants.iter_mut().filter(ours) {
                contestant.tally(); // what is done once only
                contestant.time(1);
                println!("{operations} {group}/{shape}/{}", contestant.name);
            }
        }
    }
    ExitCode::SUCCESS
}

/// Instructions per operation, by name.
fn count() -> Result<BTreeMap<String, f64>, String> {
    let directory = std::env::temp_dir().join(format!("sanswire-counts-{}", std::process::id()));
    let text = |error: std::io::Error| format!("{}: {error}", directory.display());
    std::fs::create_dir_all(&directory).map_err(text)?;
    let program = std::env::current_exe().map_err(text)?;
    // One part is dumped behind each call.
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--dump-after=*Contestant*time*"])
        .arg(format!("--callgrind-out-file={}", directory.join("part").display()))
        .arg(program)
        .arg("--measured")
        .output()
        .map_err(text)?;
    let names = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let counts = names.lines().enumerate().map(|(nth, line)| {
        let (operations, name) = line.split_once(' ').ok_or("unexpected output")?;
        let part = std::fs::read_to_string(directory.join(format!("part.{}", nth + 1))).map_err(text)?;
        let total = inclusive(&part).ok_or_else(|| format!("{name}: there is no count in its part"))?;
        let operations: f64 = operations.parse().map_err(|_| format!("{operations} is no count"))?;
        Ok((name.to_owned(), (total as f64 / operations * 10.0).round() / 10.0))
    });
    let counts = counts.collect();
    std::fs::remove_dir_all(&directory).map_err(text)?;
    counts
}

/// What the pass that `Contestant::time` called has cost, with all that it called: the largest of the costs below the
/// name of that function.
fn inclusive(part: &str) -> Option<u64> {
    // A name stands beside its number where it is first met, which may be as the callee of another.
    let named = part.lines().find(|line| line.contains("fn=(") && line.ends_with("Contestant::time"))?;
    let number = named.split_once('=')?.1.split_once(' ')?.0;
    let begins = |line: &&str| line.strip_prefix("fn=").is_some_and(|name| name.starts_with(number));
    let costs =
        part.lines().skip_while(|line| !begins(line)).skip(1).take_while(|line| !line.starts_with("fn="));
    costs.filter_map(|line| line.strip_prefix("0 ")?.parse().ok()).max()
}

fn baseline() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/counts.json")
}

fn store(environment: &Value, counts: &BTreeMap<String, f64>) -> Result<ExitCode, String> {
    let all = json!({
        "command": "cargo run -p benches --release --bin counts -- --write",
        "environment": environment,
        "instructions": counts,
    });
    let text = serde_json::to_string_pretty(&all).map_err(|error| error.to_string())?;
    std::fs::write(baseline(), text + "\n").map_err(|error| format!("{}: {error}", baseline().display()))?;
    println!("{} counts written to {}", counts.len(), baseline().display());
    Ok(ExitCode::SUCCESS)
}

fn compare(environment: &Value, counts: &BTreeMap<String, f64>) -> Result<ExitCode, String> {
    let text = std::fs::read_to_string(baseline())
        .map_err(|error| format!("{}: {error}; make it with --write", baseline().display()))?;
    let before: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let same = &before["environment"] == environment;
    let mut regressions = 0;
    for (name, &now) in counts {
        let Some(then) = before["instructions"][name].as_f64() else {
            println!("NEW         {name}: {now} instructions; add it with --write");
            continue;
        };
        if now > then * TOLERANCE {
            regressions += 1;
            println!("REGRESSION  {name}: {then} -> {now} ({:+.1} %)", (now / then - 1.0) * 100.0);
        } else if now * TOLERANCE < then {
            println!(
                "better      {name}: {then} -> {now} ({:+.1} %); keep it with --write",
                (now / then - 1.0) * 100.0
            );
        }
    }
    for (name, _) in before["instructions"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, _)| !counts.contains_key(*name))
    {
        println!("GONE        {name}");
    }
    println!("{} operations counted, {regressions} of them more than 3 % above the baseline", counts.len());
    if !same {
        println!(
            "NOT ENFORCED: the baseline was counted with {}, this is {environment}",
            before["environment"]
        );
    }
    Ok(if regressions > 0 && same { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
