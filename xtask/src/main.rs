//! Chores of this repository. `cargo xtask` says which.
#![forbid(unsafe_code)]

mod fuzz;
mod regress;
mod seeds;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask COMMAND

    fuzz [--minutes N | --seconds N] [--jobs N] [TARGET...]
        Builds the fuzz targets, all unless some are named, and runs them: for N minutes in all (default 10), or for N
        seconds each, as many side by side as there are cores or as --jobs says. Prints executions per second and
        coverage. Needs nightly and cargo-fuzz.
    regress FILE [TARGET]
        Makes FILE, which a target wrote to fuzz/artifacts/TARGET/, an input that `cargo test` replays from now on,
        and runs it.
    minimise FILE [TARGET]
        Makes FILE as small as it can be and still fail.
    minimise TARGET
        Reduces the corpus of TARGET to what its coverage needs.
    seeds
        Writes fuzz/seeds/ anew.
";

/// What went wrong, for the user to read.
type Result<T> = std::result::Result<T, String>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        ["fuzz", rest @ ..] => fuzz::fuzz(rest),
        ["regress", file, target @ ..] => regress::regress(Path::new(file), target.first().copied()),
        ["minimise", what, target @ ..] => fuzz::minimise(what, target.first().copied()),
        ["seeds"] => seeds::write(),
        _ => Err(USAGE.into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Adds to an error what it is about.
fn about<T, E: std::fmt::Display>(path: &Path, result: std::result::Result<T, E>) -> Result<T> {
    result.map_err(|error| format!("{}: {error}", path.display()))
}
