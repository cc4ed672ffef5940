use std::io::{BufRead, BufReader};
use std::panic::resume_unwind;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, ScopedJoinHandle, available_parallelism};
use std::{fmt, fs};

use fuzz_bodies::{TARGETS, Target};

use crate::{Result, about, regress, root};

/// `cargo fuzz`, on nightly whatever the toolchain of this repository is.
fn cargo_fuzz(command: &str) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.args(["+nightly", "fuzz", command]).current_dir(root());
    // The outer cargo, which is of another toolchain, has set these for us.
    for (name, _) in std::env::vars() {
        let ours = name.starts_with("CARGO_") && !["CARGO_HOME", "CARGO_TERM_COLOR"].contains(&&*name);
        if ours || ["CARGO", "RUSTUP_TOOLCHAIN", "RUSTFLAGS"].contains(&&*name) {
            cargo.env_remove(name);
        }
    }
    cargo
}

fn succeed(mut command: Command) -> Result<()> {
    let status = command.status().map_err(|error| format!("cargo: {error}"))?;
    if status.success() { Ok(()) } else { Err("cargo fuzz failed; see fuzz/README.md".into()) }
}

/// Runs the targets, several side by side.
pub(crate) fn fuzz(arguments: &[&str]) -> Result<()> {
    let mut minutes = 10;
    let mut each = None;
    let mut jobs = available_parallelism().map_or(1, usize::from);
    let mut targets = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match *argument {
            "--minutes" => minutes = number(arguments.next())?,
            "--seconds" => each = Some(number(arguments.next())?),
            "--jobs" => jobs = number(arguments.next())?.max(1) as usize,
            name => targets.push(Target::named(name).ok_or_else(|| format!("there is no target `{name}`"))?),
        }
    }
    if targets.is_empty() {
        targets.extend(TARGETS);
    }
    let rounds = targets.len().div_ceil(jobs) as u64;
    let seconds = each.unwrap_or(minutes * 60 / rounds).max(1);

    succeed(cargo_fuzz("build"))?;
    let logs = root().join("fuzz/logs");
    about(&logs, fs::create_dir_all(&logs))?;
    println!("{:<16} {:>12} {:>9} {:>7} {:>8}", "target", "executions", "a second", "edges", "features");
    let queue = Mutex::new(targets.iter());
    let worker = || {
        let mut failed = Vec::new();
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(target) = next else { return Ok(failed) };
            let run = run(target, seconds)?;
            println!("{:<16} {run}", target.name);
            if !run.passed {
                failed.push(format!("fuzz/logs/{}.log", target.name));
            }
        }
    };
    let outcomes: Vec<Result<_>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs.min(targets.len())).map(|_| scope.spawn(worker)).collect();
        let join =
            |worker: ScopedJoinHandle<'_, _>| worker.join().unwrap_or_else(|panic| resume_unwind(panic));
        workers.into_iter().map(join).collect()
    });
    let failed = outcomes.into_iter().collect::<Result<Vec<_>>>()?.concat();
    if failed.is_empty() {
        return Ok(());
    }
    Err(format!(
        "findings, see {}; then `cargo xtask minimise FILE`, `cargo xtask regress FILE`",
        failed.join(", ")
    ))
}

fn number(argument: Option<&&str>) -> Result<u64> {
    argument.and_then(|text| text.parse().ok()).ok_or_else(|| "a number is missing".into())
}

/// What one run came to.
#[derive(Default)]
struct Run {
    passed: bool,
    executions: u64,
    /// Edges of the control flow that were taken.
    edges: u64,
    /// Edges together with how often they were taken.
    features: u64,
    seconds: u64,
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { executions, edges, features, .. } = self;
        write!(f, "{executions:>12} {:>9} {edges:>7} {features:>8}", executions / self.seconds)?;
        f.write_str(if self.passed { "" } else { "  FAILED" })
    }
}

fn run(target: &Target, seconds: u64) -> Result<Run> {
    let directory = |kind: &str| format!("fuzz/{kind}/{}", target.name);
    for kind in ["corpus", "regressions"] {
        about(Path::new(kind), fs::create_dir_all(root().join(directory(kind))))?;
    }
    let mut command = cargo_fuzz("run");
    command.arg(target.name).args(["corpus", "seeds", "regressions"].map(directory)).arg("--");
    command.args([format!("-max_total_time={seconds}"), "-timeout=20".into(), "-print_final_stats=1".into()]);
    if let Some(dictionary) = target.dictionary {
        command.arg(format!("-dict=fuzz/dictionaries/{dictionary}.dict"));
    }
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cargo: {error}"))?;
    let mut found = Run { seconds, ..Run::default() };
    let mut log = Vec::new();
    for line in
        child.stderr.take().into_iter().flat_map(|stderr| BufReader::new(stderr).split(b'\n')).flatten()
    {
        let text = String::from_utf8_lossy(&line);
        let words: Vec<&str> = text.split_whitespace().collect();
        let after = |name: &str| {
            words.windows(2).find(|pair| pair[0] == name).and_then(|pair| pair[1].parse::<u64>().ok())
        };
        found.edges = after("cov:").unwrap_or(found.edges);
        found.features = after("ft:").unwrap_or(found.features);
        found.executions = after("stat::number_of_executed_units:").unwrap_or(found.executions);
        log.extend(&line);
        log.push(b'\n');
    }
    found.passed = child.wait().is_ok_and(|status| status.success());
    let file = root().join("fuzz/logs").join(format!("{}.log", target.name));
    about(&file, fs::write(&file, log))?;
    Ok(found)
}

/// Makes a failing input, or the corpus of a target, smaller.
pub(crate) fn minimise(what: &str, target: Option<&str>) -> Result<()> {
    if let Some(target) = Target::named(what) {
        let mut command = cargo_fuzz("cmin");
        command.arg(target.name);
        return succeed(command);
    }
    let file = about(Path::new(what), fs::canonicalize(what))?;
    let mut command = cargo_fuzz("tmin");
    command.arg(regress::of(&file, target)?.name).arg(&file);
    succeed(command)
}
