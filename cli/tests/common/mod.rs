//! What the tests of the `sanswire` binary share: running it and other people's programs, each within a time limit.
#![allow(
    dead_code,
    unused_imports,
    unused_macros,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "each test uses a part of this, and a test may panic"
)]

pub(crate) mod certificate;
pub(crate) mod files;
pub(crate) mod peer;
pub(crate) mod raw;
pub(crate) mod run;
pub(crate) mod server;
pub(crate) mod tools;

use std::process::Command;

/// A command that runs the `sanswire` binary; with the driver that the variable `SANSWIRE_DRIVER` names, if it is set
/// and the test does not choose one.
pub(crate) fn sanswire(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sanswire"));
    command.args(arguments);
    if let Ok(driver) = std::env::var("SANSWIRE_DRIVER")
        && matches!(arguments, ["serve" | "get" | "ws", ..])
        && !arguments.contains(&"--driver")
    {
        command.args(["--driver", &driver]);
    }
    command
}
