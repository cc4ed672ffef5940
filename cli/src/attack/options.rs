//! What `sanswire attack` is asked to do.

use clap::Args;

use crate::args::Driver;

#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(crate) struct Options {
    /// The attack, or a group of them: `smuggling/cl-te`, `smuggling`; --list names all
    #[arg(required_unless_present_any = ["all", "list", "markdown"])]
    pub(super) name: Option<String>,
    /// The server to attack, on this machine: ADDR:PORT, http://, https:// or unix:PATH. Without it each attack gets
    /// a server of its own
    pub(super) target: Option<String>,
    /// All of them; then the only argument is the target
    #[arg(long)]
    pub(super) all: bool,
    /// Name the attacks, each with a line on what it does, and attack nothing
    #[arg(long, conflicts_with_all = ["all", "target"])]
    pub(super) list: bool,
    /// Write the list as the document docs/ATTACKS.md
    #[arg(long, hide = true, conflicts_with_all = ["all", "list", "name", "target"])]
    pub(super) markdown: bool,
    /// A line of JSON for each attack instead of a table
    #[arg(long)]
    pub(super) json: bool,
    /// The process id of the target, so that its memory and processor time can be read
    #[arg(long, value_name = "PID")]
    pub(super) pid: Option<u32>,
    /// Which driver carries the bytes of the server attacked
    #[arg(long, value_enum, default_value_t)]
    pub(super) driver: Driver,
    /// How many attacks at the same time, each on its own server; against a target always 1
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(super) jobs: u16,
}

const NOTES: &str = "\
Every attack is a client of this machine that sends real bytes, bounded in
bytes, connections and time. Targets other than 127.0.0.0/8, ::1 and unix
sockets are refused, and names other than localhost are not even resolved.

Columns:
  sent     bytes the attacker sent
  memory   how much the server's memory grew at its peak (Linux)
  cpu      the processor time the server spent (Linux)
  others   how many requests of a well-behaved client were served meanwhile and
           afterwards, and how long the slowest one took
  answer   what the server did; behind it what is documented, if that differs

Against a target, attacks that need a server set up for them are skipped.

Examples:
  sanswire attack --list
  sanswire attack --all
  sanswire attack smuggling/cl-te
  sanswire attack --all --json 127.0.0.1:7681

Exit status:
   0  every outcome is as documented
   1  some outcome is not, or an attack could not be carried out
   2  wrong usage, or a target that is not on this machine";
