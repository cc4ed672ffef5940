//! `sanswire attack`: the gallery. Each known attack is a bounded client that sends real bytes to a server of this
//! machine, and tells what came of it.

mod bystander;
mod chunks;
mod content;
mod crowds;
mod deflate;
mod files;
mod heads;
mod http;
mod http2;
mod json;
mod lab;
mod options;
mod pattern;
mod report;
mod secure;
mod slow;
mod smuggling;
mod target;
mod tls;
mod trial;
mod usage;
mod victim;
mod websocket;
mod wire;

use std::io::{self, ErrorKind, Write as _};
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::thread;

use crate::descriptors;
use crate::exit::{Failure, Kind};

pub(crate) use options::Options;
use pattern::Pattern;
use report::{Json, Report, Table};
use target::Target;
use trial::Given;

/// Some outcome is not as documented.
const BROKEN: u8 = 1;

/// Runs the command.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let written = if options.markdown {
        report::document(&mut io::stdout().lock())
    } else if options.list {
        report::list(&mut io::stdout().lock(), &chosen(options.name.as_deref())?)
    } else {
        let (name, target) = match (options.all, &options.name, &options.target) {
            (true, Some(name), Some(_)) => {
                return Err(usage(format!("--all and {name}: one or the other")));
            }
            (true, target, None) => (None, target.as_deref()),
            (_, name, target) => (name.as_deref(), target.as_deref()),
        };
        let given = target.map(Target::parse).transpose()?.map(|target| Given { target, pid: options.pid });
        if given.is_none() && options.pid.is_some() {
            return Err(usage("--pid says which process the target is, and there is no target"));
        }
        return attack(&chosen(name)?, given.as_ref(), options);
    };
    done(written)
}

fn usage(message: impl Into<String>) -> Failure {
    Failure::new(Kind::Usage, message)
}

/// The attacks of a name or group; without one, all.
fn chosen(name: Option<&str>) -> Result<Vec<&'static Pattern>, Failure> {
    let chosen = name.map_or_else(|| pattern::all().collect(), pattern::named);
    match (chosen.is_empty(), name) {
        (true, Some(name)) => Err(usage(format!("no attack or group is called {name}; --list names them"))),
        _ => Ok(chosen),
    }
}

/// Carries out the attacks, several at a time if each has a server of its own, and reports them in their order.
fn attack(patterns: &[&'static Pattern], given: Option<&Given>, options: &Options) -> Result<(), Failure> {
    let descriptors = descriptors::raise();
    let jobs = if given.is_some() { 1 } else { usize::from(options.jobs) };
    let mut report: Box<dyn Report> =
        if options.json { Box::new(Json::new()) } else { Box::new(Table::new(patterns)) };

    let queue = Mutex::new(patterns.iter().enumerate());
    let next = || queue.lock().ok().and_then(|mut queue| queue.next());
    let (results, finished) = channel();
    let mut outcomes: Vec<_> = patterns.iter().map(|_| None).collect();
    let (mut reported, mut broken) = (0, 0);
    let written = thread::scope(|scope| {
        for _ in 0..jobs.min(patterns.len()) {
            let results = results.clone();
            scope.spawn(move || {
                while let Some((place, pattern)) = next() {
                    let outcome = trial::carry_out(pattern, given, options.driver, descriptors);
                    if results.send((place, outcome)).is_err() {
                        break; // nobody reads the report any more
                    }
                }
            });
        }
        drop(results);
        for (place, outcome) in finished {
            outcomes[place] = Some(outcome);
            while let Some(outcome) = outcomes.get_mut(reported).and_then(Option::take) {
                reported += 1;
                broken += usize::from(!outcome.is_as_documented());
                report.take(&outcome)?;
            }
        }
        Ok(())
    });
    done(written)?;
    match broken {
        0 => Ok(()),
        broken => {
            let message = format!("{broken} of {} outcomes are not as documented", patterns.len());
            Err(Failure::with_status(BROKEN, message))
        }
    }
}

/// That nobody reads the output any more is no failure.
fn done(written: io::Result<()>) -> Result<(), Failure> {
    match written.and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::with_status(BROKEN, format!("cannot write standard output: {error}")))
        }
        _ => Ok(()),
    }
}
