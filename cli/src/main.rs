//! `sanswire`: a server and clients for HTTP and WebSocket, a filter for JSON, and a gallery of attacks on the former,
//! on the sans-IO crates of this workspace.
#![forbid(unsafe_code)]
#![allow(clippy::disallowed_methods, reason = "a program that people wait for reads the clock")]

mod args;
mod attack;
mod client;
mod deflate;
mod descriptors;
mod exit;
mod get;
mod json;
mod serve;
mod transport;
mod url;
mod ws;

use clap::Parser as _;

fn main() -> std::process::ExitCode {
    let arguments = match args::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() => return exit::report(Err(args::usage(&error))),
        Err(help_or_version) => help_or_version.exit(),
    };
    args::start_logging(arguments.log.as_deref());
    let outcome = match arguments.command.unwrap_or_default() {
        args::Command::Serve(options) => serve::run(&options),
        args::Command::Get(options) => get::run(options),
        args::Command::Ws(options) => ws::run(options),
        args::Command::Json(options) => json::run(&options),
        args::Command::Attack(options) => attack::run(&options),
    };
    exit::report(outcome)
}
