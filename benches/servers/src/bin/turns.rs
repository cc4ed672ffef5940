//! What a request costs above the sockets: turns of `app` on memory, for callgrind or perf to look at.

use std::process::ExitCode;
use std::time::Instant;

use app::{ConnectionId, LinkInfo, Service as _};
use proto_core::WriteBuf;
use servers::case::{ALL, Case};
use servers::serve::ours::application;

const USAGE: &str = "\
usage: turns [CASE [PASSES]]
  CASE     name of a case without TLS, over HTTP/1.1 or a WebSocket (h1 hello x16)
  PASSES   how many turns, each with as many operations as the case has under way (100000)
`valgrind --tool=callgrind --toggle-collect='*turns::pass*'` counts the instructions of the turns alone.";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "h1 hello x16".to_owned());
    let passes = arguments.next().map_or(Ok(100_000), |passes| passes.parse::<u64>());
    let case = ALL.iter().find(|case| case.name == name && case.has_floor());
    let (Some(case), Ok(passes)) = (case, passes) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    run(case, passes);
    ExitCode::SUCCESS
}

#[allow(clippy::disallowed_methods)] // reading the clock is what this is for
fn run(case: &Case, passes: u64) {
    let mut app = application(app::Config::default());
    let id = ConnectionId { index: 0, generation: 0 };
    let start = proto_core::Instant::ZERO;
    let link = LinkInfo { id, listener: Some(0), peer: None, tls: None };
    let Some(mut connection) = app.accept(&link, start) else { return };
    app.wall_clock(start, std::time::Duration::from_secs(1_700_000_000));
    let (mut room, mut scratch) = (vec![0; 1 << 20], vec![0; 1 << 16]);
    if let Some(mut opening) = case.opening() {
        app.receive(&mut connection, &mut opening, &mut scratch, &mut WriteBuf::new(&mut room));
    }
    let requests = case.request().repeat(case.depth);
    let mut input = requests.clone();
    let mut written = 0;
    let began = Instant::now();
    for turn in 0..passes {
        input.copy_from_slice(&requests);
        written += pass(&mut app, &mut connection, &mut input, &mut scratch, &mut room, start.0 + turn);
    }
    let took = began.elapsed();
    let operations = passes * case.depth as u64;
    println!("{}: {operations} operations in {took:?}, {written} bytes written", case.name);
}

/// What a driver does in a turn, without the system calls.
#[inline(never)]
fn pass<A: app::Service>(
    app: &mut A,
    connection: &mut A::Connection,
    input: &mut [u8],
    scratch: &mut [u8],
    room: &mut [u8],
    now: u64,
) -> usize {
    app.handle_timeout(connection, proto_core::Instant(now));
    let mut out = WriteBuf::new(room);
    let mut taken = 0;
    while taken < input.len() {
        taken += app.receive(connection, &mut input[taken..], scratch, &mut out);
    }
    app.transmit(connection, &mut out);
    let _ = (app.wants(connection), app.poll_timeout(connection));
    out.len()
}
