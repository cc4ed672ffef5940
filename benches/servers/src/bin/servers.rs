//! Starts every server that is here, puts the same load on each in turn, and prints what they took.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use servers::case::{self, Case, Work};
use servers::contestant::{Contestant, Site, Started, absent, present};
use servers::load::Load;
use servers::report::{Cell, Idle, Row, json, markdown};
use servers::{chart, h2load, process, scaling, serve};

const USAGE: &str = "\
usage: servers [--only TEXT]... [--case TEXT]... [--rounds N] [--sample-ms N] [--connections N]
               [--idle N] [--pings N] [--threads N] [--json FILE] [--svg FILE]
  --only TEXT       servers whose name is TEXT; the floor always takes part (all that are here)
  --case TEXT       cases whose name contains TEXT (all); `-` for none
  --rounds N        rounds, in each of which every server does every case once (5)
  --sample-ms N     length of one sample (150)
  --connections N   connections at a time (64)
  --idle N          measure the memory of N idle connections, too (none)
  --pings N         measure N idle WebSockets that are pinged every 20 s, for 40 s (none)
  --threads N       measure ours with 1 to N threads, too (none)
  --json FILE       write the figures as JSON
  --svg FILE        write the chart
The server runs on processor 0 and the load on processor 1.";

#[derive(Default)]
struct Options {
    only: Vec<String>,
    cases: Vec<String>,
    rounds: usize,
    sample: Duration,
    connections: usize,
    idle: usize,
    pings: usize,
    threads: usize,
    json: Option<PathBuf>,
    svg: Option<PathBuf>,
}

fn main() -> ExitCode {
    if let Some(served) = serve::asked() {
        return served;
    }
    let Some(options) = options() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("servers: {error}");
            ExitCode::FAILURE
        }
    }
}

fn options() -> Option<Options> {
    let mut options =
        Options { rounds: 5, sample: Duration::from_millis(150), connections: 64, ..Options::default() };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let value = arguments.next()?;
        match argument.as_str() {
            "--only" => options.only.push(value),
            "--case" => options.cases.push(value),
            "--rounds" => options.rounds = value.parse().ok()?,
            "--sample-ms" => options.sample = Duration::from_millis(value.parse().ok()?),
            "--connections" => options.connections = value.parse().ok()?,
            "--idle" => options.idle = value.parse().ok()?,
            "--pings" => options.pings = value.parse().ok()?,
            "--threads" => options.threads = value.parse().ok()?,
            "--json" => options.json = Some(value.into()),
            "--svg" => options.svg = Some(value.into()),
            _ => return None,
        }
    }
    Some(options)
}

fn run(options: &Options) -> io::Result<()> {
    let (site, tls) = Site::new()?;
    let done = measure(options, &site, &tls);
    site.remove();
    done
}

fn measure(options: &Options, site: &Site, tls: &Arc<ClientConfig>) -> io::Result<()> {
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    let two = count > 1;
    if two {
        process::pin(&[1])?;
    } else {
        eprintln!("one processor: servers and load share it, which the figures suffer from");
    }
    absent().iter().for_each(|who| eprintln!("{who}"));
    if !h2load::is_present() {
        eprintln!("no h2load (Debian: nghttp2-client), so nothing over HTTP/2");
    }
    let processors: &[usize] = if two { &[0] } else { &[] };
    let chosen = |who: &Contestant| {
        who.is_floor() || options.only.is_empty() || options.only.iter().any(|name| name == who.name)
    };
    let contestants: Vec<Contestant> = present().into_iter().filter(chosen).collect();
    let wanted = |case: &&Case| {
        let chosen = options.cases.iter().any(|text| case.name.contains(text.as_str()));
        (chosen || options.cases.is_empty()) && (!case.http2 || h2load::is_present())
    };
    let cases: Vec<Case> = case::ALL.iter().filter(wanted).copied().collect();

    let rows = rounds(options, site, tls, processors, &contestants, &cases)?;
    let mut idle = Vec::new();
    if options.idle > 0 {
        for case in case::ALL.iter().filter(|case| {
            case.depth == 1 && matches!(case.work, Work::Hello | Work::Echo(128)) || case.name == "wss 16 KiB"
        }) {
            let mut cells = Vec::new();
            for who in contestants.iter().filter(|who| !who.is_floor() && who.does(case)) {
                let started = who.start(site, processors, &[])?;
                cells.push((who.name, idle_bytes(&started, case, options.idle, tls)?));
            }
            idle.push(Idle { case: case.name, count: options.idle, cells });
        }
    }
    let mut scales = Vec::new();
    for name in ["h1 hello x16", "ws 128 B x16"].iter().filter(|_| options.threads > 0) {
        for who in contestants.iter().filter(|who| who.is_ours()) {
            if let Some(case) = case::ALL.iter().find(|case| case.name == *name) {
                let (connections, sample) = (options.connections, options.sample);
                scales.extend(scaling::scale(
                    who,
                    site,
                    case,
                    (options.threads, count),
                    connections,
                    sample,
                )?);
            }
        }
    }
    print!("{}", markdown(&rows, &idle, &scales));
    if options.pings > 0 {
        for who in contestants.iter().filter(|who| who.is_ours()) {
            let started = who.start(site, processors, &["--ping".to_owned(), "20".to_owned()])?;
            pings(who.name, &started, options.pings)?;
        }
    }
    if let Some(file) = &options.json {
        std::fs::write(file, json(&rows, &idle, &scales))?;
    }
    if let Some(file) = &options.svg {
        std::fs::write(file, chart::svg(&rows))?;
    }
    Ok(())
}

/// Every server does every case once in each round, one directly after the other.
fn rounds(
    options: &Options,
    site: &Site,
    tls: &Arc<ClientConfig>,
    processors: &[usize],
    contestants: &[Contestant],
    cases: &[Case],
) -> io::Result<Vec<Row>> {
    let start = |who: &Contestant| who.start(site, processors, &[]);
    let started = match cases {
        [] => Vec::new(),
        _ => contestants.iter().map(start).collect::<io::Result<Vec<_>>>()?,
    };
    let empty = |case: &Case| Row {
        case: case.name,
        cells: contestants
            .iter()
            .filter(|who| who.does(case))
            .map(|who| (who.name, Cell::default()))
            .collect(),
    };
    let mut rows: Vec<Row> = cases.iter().map(empty).collect();
    for _ in 0..options.rounds {
        for (case, row) in cases.iter().zip(&mut rows) {
            for (who, server) in contestants.iter().zip(&started) {
                let Some((_, cell)) = row.cells.iter_mut().find(|(name, _)| *name == who.name) else {
                    continue;
                };
                let failed = |error| io::Error::other(format!("{}, {}: {error}", who.name, case.name));
                if case.http2 {
                    http2_sample(options, server, case, cell).map_err(failed)?;
                    continue;
                }
                let load =
                    Load::connect(server.port(case), case, options.connections, who.is_floor(), Some(tls));
                let mut used = Vec::new();
                let warm_up = options.sample / 5;
                let outcome = load
                    .map_err(failed)?
                    .run(warm_up, options.sample, || used.push(server.process.cpu()))
                    .map_err(failed)?;
                let [before, after] = used[..] else { continue };
                cell.cpu.push((after - before).as_secs_f64() * 1e6 / outcome.operations as f64);
                cell.operations += outcome.operations;
                cell.time += outcome.time;
                cell.latencies.merge(&outcome.latencies);
            }
        }
    }
    Ok(rows)
}

/// A sample by h2load. What its connections and their first requests take is measured by themselves, and subtracted.
fn http2_sample(options: &Options, server: &Started, case: &Case, cell: &mut Cell) -> io::Result<()> {
    let port = server.port(case);
    let before = server.process.cpu();
    let greeted = h2load::greet(port, case, options.connections)?;
    let between = server.process.cpu();
    // It connects first, which must not be all of it.
    let time = options.sample.max(Duration::from_millis(400));
    let outcome = h2load::run(port, case, options.connections, time)?;
    let used = (server.process.cpu() - between).saturating_sub(between - before);
    let operations = outcome.operations.saturating_sub(greeted.operations);
    cell.cpu.push(used.as_secs_f64() * 1e6 / operations as f64);
    cell.operations += outcome.operations;
    cell.time += outcome.time;
    Ok(())
}

/// What `count` connections that have done one operation add to a server that has had some before.
fn idle_bytes(started: &Started, case: &Case, count: usize, tls: &Arc<ClientConfig>) -> io::Result<f64> {
    drop(Load::connect(started.port(case), case, 64, false, Some(tls))?);
    let before = started.process.resident();
    let load = Load::connect(started.port(case), case, count, false, Some(tls))?;
    let after = started.process.resident();
    drop(load);
    Ok(after.saturating_sub(before) as f64 / count as f64)
}

fn pings(name: &str, started: &Started, count: usize) -> io::Result<()> {
    let Some(case) = case::ALL.iter().find(|case| case.name == "ws 128 B") else { return Ok(()) };
    let mut load = Load::connect(started.port(case), case, count, false, None)?;
    load.rest(Duration::from_secs(1))?;
    let (time, before) = (Duration::from_secs(40), started.process.cpu());
    let pings = load.rest(time)?;
    let used = (started.process.cpu() - before).as_secs_f64();
    println!(
        "\n{name}: {count} idle WebSockets, {pings} pings in 40 s: {:.2} % of a core, {:.1} µs per ping",
        used / time.as_secs_f64() * 100.0,
        used * 1e6 / pings as f64,
    );
    Ok(())
}
