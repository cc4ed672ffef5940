//! One attack carried out: on which server, what came of it, and whether that is as documented.

use std::io;
use std::time::{Duration, Instant};

use super::bystander::{Bystander, Service};
use super::lab::Lab;
use super::pattern::{Pattern, Server};
use super::target::Target;
use super::usage::Process;
use super::victim::Victim;
use crate::args::Driver;

/// How long an attack may take on a server of its own, whose deadlines are short where they matter.
const PATIENCE: Duration = Duration::from_secs(20);

/// The same on a server that somebody else has set up.
const LONG_PATIENCE: Duration = Duration::from_secs(180);

/// Descriptors that are not connections of the attack.
const SPARE: u64 = 200;

/// A server that was given by the user.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) target: Target,
    pub(super) pid: Option<u32>,
}

/// What came of an attack.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) pattern: &'static Pattern,
    pub(super) result: Outcomes,
}

#[derive(Debug)]
pub(super) enum Outcomes {
    /// It is not for this server.
    Skipped(&'static str),
    /// It could not be carried out.
    Failed(String),
    Done(Damage),
}

/// What an attack that was carried out did, and what it cost the server.
#[derive(Debug)]
pub(super) struct Damage {
    pub(super) answer: String,
    pub(super) sent: u64,
    pub(super) received: u64,
    pub(super) connections: u64,
    pub(super) took: Duration,
    /// KiB, if known.
    pub(super) memory: Option<u64>,
    /// Processor time, if known.
    pub(super) cpu: Option<Duration>,
    /// How others were served, if the server serves others.
    pub(super) others: Option<Service>,
}

impl Outcome {
    /// Whether the answer is the documented one, at no more than the documented cost, and others were served.
    pub(super) fn is_as_documented(&self) -> bool {
        match &self.result {
            Outcomes::Skipped(_) => true,
            Outcomes::Failed(_) => false,
            Outcomes::Done(damage) => {
                let bounds = self.pattern.bounds;
                damage.answer == self.pattern.expected
                    && damage.memory.is_none_or(|memory| memory <= bounds.memory)
                    && damage.cpu.is_none_or(|cpu| cpu.as_millis() <= bounds.cpu.into())
                    && damage.others.is_none_or(|others| others.failed == 0 && others.served > 0)
            }
        }
    }
}

/// Carries out the attack on the server given, or on one of its own.
pub(super) fn carry_out(
    pattern: &'static Pattern,
    given: Option<&Given>,
    driver: Driver,
    descriptors: Option<u64>,
) -> Outcome {
    // One descriptor here and one there for each connection, and there they may be as scarce.
    let connections = descriptors.unwrap_or(u64::MAX).saturating_sub(SPARE);
    let result = match given {
        Some(given) => on_given(pattern, given, connections),
        None => on_own(pattern, driver, connections),
    };
    Outcome { pattern, result: result.unwrap_or_else(|error| Outcomes::Failed(error.to_string())) }
}

fn on_given(pattern: &Pattern, given: &Given, connections: u64) -> io::Result<Outcomes> {
    match pattern.server {
        Server::Files => return Ok(Outcomes::Skipped("needs a folder made for it")),
        Server::Small => return Ok(Outcomes::Skipped("needs a server that takes little content")),
        Server::Json => return Ok(Outcomes::Skipped("needs no server")),
        Server::Tls | Server::HastyTls if !given.target.tls => {
            return Ok(Outcomes::Skipped("needs an https:// target"));
        }
        _ => {}
    }
    let target = given.target.clone();
    let (plain, tls) = if target.tls { (None, Some(target)) } else { (Some(target), None) };
    let lab = Lab::new(plain, tls, LONG_PATIENCE, connections);
    try_on(pattern, &lab, &given.target, given.pid.map(Process))
}

fn on_own(pattern: &Pattern, driver: Driver, connections: u64) -> io::Result<Outcomes> {
    let victim = Victim::start(pattern.server, driver)?;
    let lab = Lab::new(victim.plain.clone(), victim.tls.clone(), PATIENCE, connections);
    match victim.plain.clone() {
        Some(plain) => try_on(pattern, &lab, &plain, Some(victim.process())),
        None => {
            *lab.program.borrow_mut() = Some(victim);
            measure(pattern, &lab, None, None)
        }
    }
}

/// Attacks while somebody else uses the server.
fn try_on(pattern: &Pattern, lab: &Lab, target: &Target, process: Option<Process>) -> io::Result<Outcomes> {
    let bystander = Bystander::start(target)?;
    measure(pattern, lab, process, Some(bystander))
}

fn measure(
    pattern: &Pattern,
    lab: &Lab,
    process: Option<Process>,
    bystander: Option<Bystander>,
) -> io::Result<Outcomes> {
    // Without a way to forget it the peak may be of earlier attacks.
    let before =
        process.and_then(|process| Some((process.forget_peak()?, process.memory()?, process.cpu()?)));
    let started = Instant::now();
    let answer = (pattern.run)(lab);
    let took = started.elapsed();
    let others = bystander.map(Bystander::finish);
    let used = match (before, process) {
        (Some(((), memory, cpu)), Some(process)) => process.used_since(memory, cpu),
        _ => lab.tally.used(),
    };
    let (sent, received, connections) = lab.tally.totals();
    let (memory, cpu) = used.unzip();
    Ok(Outcomes::Done(Damage { answer: answer?, sent, received, connections, took, memory, cpu, others }))
}
