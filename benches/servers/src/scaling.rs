//! What more threads are good for.

use std::io;
use std::thread;
use std::time::Duration;

use crate::case::Case;
use crate::contestant::{Contestant, Site};
use crate::load::{Load, Outcome};
use crate::process::pin;
use crate::report::Scale;

/// Measures `who` with 1 to `most` threads, on as many of the machine's processors; the load has a thread for each of the server's, on
/// the other processors if there are any.
///
/// # Errors
/// The server does not start, or answers wrongly.
pub fn scale(
    who: &Contestant,
    site: &Site,
    case: &Case,
    (most, processors): (usize, usize),
    connections: usize,
    time: Duration,
) -> io::Result<Vec<Scale>> {
    (1..=most)
        .map(|threads| {
            let own: Vec<usize> = (0..threads.min(processors)).collect();
            let others: Vec<usize> = (own.len()..processors).collect();
            let shared = others.is_empty();
            let others = if shared { own.clone() } else { others };
            let started = who.start(site, &own, &["--threads".to_owned(), threads.to_string()])?;
            let connect = |_| Load::connect(started.port(case), case, connections, false, None);
            let mut loads = (0..threads).map(connect).collect::<io::Result<Vec<_>>>()?;
            let run = |load: &mut Load, measure: &mut dyn FnMut()| -> io::Result<Outcome> {
                pin(&others)?;
                load.run(time / 5, time, measure)
            };
            let (run, process, mut used) = (&run, &started.process, Vec::new());
            let outcomes = thread::scope(|scope| {
                let (last, rest) = loads.split_last_mut()?;
                let rest: Vec<_> =
                    rest.iter_mut().map(|load| scope.spawn(move || run(load, &mut || {}))).collect();
                let used = &mut used;
                let last = scope.spawn(move || run(last, &mut || used.push(process.cpu())));
                rest.into_iter().chain([last]).map(|load| load.join().ok()).collect::<Option<Vec<_>>>()
            });
            let outcomes = outcomes.ok_or_else(|| io::Error::other("the load failed"))?;
            let outcomes = outcomes.into_iter().collect::<io::Result<Vec<_>>>()?;
            let operations: u64 = outcomes.iter().map(|outcome| outcome.operations).sum();
            let rate = outcomes.iter().map(|it| it.operations as f64 / it.time.as_secs_f64()).sum();
            let cpu = match used[..] {
                [before, after] => (after - before).as_secs_f64() * 1e6 / operations as f64,
                _ => f64::NAN,
            };
            Ok(Scale { case: case.name, server: who.name, threads, shared, rate, cpu })
        })
        .collect()
}
