//! Mixed traffic for a while, and in the end nothing may be left: no descriptor, no memory, no byte lost or out of order.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use servers::case::{ALL, BODY, ECHO, HELLO, SMALL, large, masked};
use servers::contestant::{Site, Started, present};
use servers::load::Load;

const USAGE: &str = "\
usage: soak [--minutes N] [--driver NAME]
  --minutes N     how long (10)
  --driver NAME   mio or uring (mio)
Fails when an answer is wrong, when descriptors are left, or when memory keeps growing.";

fn main() -> ExitCode {
    if let Some(served) = servers::serve::asked() {
        return served;
    }
    let Some((minutes, driver)) = options() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match soak(Duration::from_secs_f64(minutes * 60.0), &driver) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("soak: {error}");
            ExitCode::FAILURE
        }
    }
}

fn options() -> Option<(f64, String)> {
    let (mut minutes, mut driver) = (10.0, "mio".to_owned());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let value = arguments.next()?;
        match argument.as_str() {
            "--minutes" => minutes = value.parse().ok().filter(|&n: &f64| n > 0.0 && n < 10_000.0)?,
            "--driver" => driver = value,
            _ => return None,
        }
    }
    Some((minutes, driver))
}

/// What the kinds of traffic share.
struct Traffic {
    plain: u16,
    secure: u16,
    tls: Arc<ClientConfig>,
    over: AtomicBool,
    exchanges: AtomicU64,
    faults: Mutex<Vec<String>>,
}

type Kind = (&'static str, fn(&Traffic, u64) -> io::Result<u64>);

/// Each runs on a thread of its own, over and over; the number is a new one every time.
const KINDS: [Kind; 10] = [
    ("requests, pipelined and cut anywhere", requests),
    ("requests over TLS", secure_requests),
    ("a slow reader of a large answer", slow_reader),
    ("half-closed after the request", half_closed),
    ("resets in the middle of things", resets),
    ("WebSocket messages of all sizes", messages),
    ("WebSocket messages over TLS", secure_messages),
    ("connections that come and go", churn),
    ("malformed requests", malformed),
    ("HTTP/2", http2),
];

#[allow(clippy::disallowed_methods)] // reading the clock is what this is for
fn soak(time: Duration, driver: &str) -> io::Result<()> {
    let (site, tls) = Site::new()?;
    let who = present().into_iter().find(|who| who.is_ours() && who.name == driver);
    let who = who.ok_or_else(|| io::Error::other(format!("no driver {driver} here")))?;
    let started = who.start(&site, &[], &["--threads".to_owned(), "2".to_owned()])?;
    let ports = |tls| ALL.iter().find(|case| case.tls == tls).map_or(0, |case| started.port(case));
    let traffic = Traffic {
        plain: ports(false),
        secure: ports(true),
        tls,
        over: AtomicBool::new(false),
        exchanges: AtomicU64::new(0),
        faults: Mutex::default(),
    };
    let descriptors = started.process.descriptors();
    let begun = Instant::now();
    let mut resident = Vec::new();
    thread::scope(|scope| {
        for (name, run) in KINDS {
            let traffic = &traffic;
            scope.spawn(move || {
                let mut number = 0;
                while !traffic.over.load(Ordering::Relaxed) {
                    number += 1;
                    match run(traffic, number) {
                        Ok(exchanges) => {
                            traffic.exchanges.fetch_add(exchanges, Ordering::Relaxed);
                        }
                        Err(error) => traffic.fault(format!("{name}, {number}: {error}")),
                    }
                }
            });
        }
        // The memory of every tenth of the time.
        let mut next = begun + time / 10;
        while begun.elapsed() < time && traffic.is_sound() {
            thread::park_timeout(next.saturating_duration_since(Instant::now()));
            if Instant::now() >= next {
                resident.push(started.process.resident());
                next += time / 10;
            }
        }
        traffic.over.store(true, Ordering::Relaxed);
    });
    report(&traffic, &resident, begun.elapsed());
    let calm = calm_down(&started, descriptors);
    site.remove();
    calm?;
    let faults = traffic.faults.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(fault) = faults.first() {
        return Err(io::Error::other(fault.clone()));
    }
    // The first three tenths are for warming up; later ones may differ by what a pool keeps.
    let early = resident.iter().skip(2).take(2).max().copied().unwrap_or(0);
    let late = resident.iter().rev().take(2).min().copied().unwrap_or(0);
    if late > early + early / 10 + (1 << 20) {
        return Err(io::Error::other(format!("memory grew from {early} to {late} bytes")));
    }
    println!("nothing is left over");
    Ok(())
}

fn report(traffic: &Traffic, resident: &[u64], time: Duration) {
    let exchanges = traffic.exchanges.load(Ordering::Relaxed);
    let kib: Vec<_> = resident.iter().map(|bytes| (bytes / 1024).to_string()).collect();
    println!("{exchanges} exchanges in {time:.0?}; resident KiB at each tenth of it: {}", kib.join(" "));
}

/// Waits until the server has closed what it lingers on.
#[allow(clippy::disallowed_methods)]
fn calm_down(started: &Started, descriptors: usize) -> io::Result<()> {
    let end = Instant::now() + Duration::from_secs(20);
    while started.process.descriptors() > descriptors {
        if Instant::now() > end {
            let left = started.process.descriptors() - descriptors;
            return Err(io::Error::other(format!("{left} descriptors are left")));
        }
        thread::park_timeout(Duration::from_millis(50));
    }
    Ok(())
}

impl Traffic {
    fn fault(&self, what: String) {
        eprintln!("{what}");
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }

    fn is_sound(&self) -> bool {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    fn plain(&self) -> io::Result<TcpStream> {
        prepared(self.plain)
    }

    fn secure(&self) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
        let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
        let session = ClientConnection::new(Arc::clone(&self.tls), name).map_err(io::Error::other)?;
        Ok(StreamOwned::new(session, prepared(self.secure)?))
    }
}

fn prepared(port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    stream.set_write_timeout(Some(Duration::from_secs(20)))?;
    Ok(stream)
}

fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes()
}

/// Reads the answer to a request and compares its content.
fn answer(stream: &mut impl Read, content: &[u8]) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let length = format!("Content-Length: {}\r\n", content.len());
    let text = String::from_utf8_lossy(&head);
    if !text.starts_with("HTTP/1.1 200 OK\r\n") || !text.contains(&length) {
        return Err(io::Error::other(format!("an unexpected head: {text}")));
    }
    compare(stream, content)
}

fn compare(stream: &mut impl Read, expected: &[u8]) -> io::Result<()> {
    let mut got = vec![0; expected.len()];
    stream.read_exact(&mut got)?;
    match got.iter().zip(expected).position(|(got, expected)| got != expected) {
        None => Ok(()),
        Some(at) => Err(io::Error::other(format!("byte {at} of {} is wrong", expected.len()))),
    }
}

/// Numbers that differ from run to run of a kind and not from soak to soak.
fn scatter(number: u64, salt: u64) -> usize {
    let mixed = (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ salt).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed >> 33) as usize
}

fn requests(traffic: &Traffic, number: u64) -> io::Result<u64> {
    exchange(&mut traffic.plain()?, number)
}

fn secure_requests(traffic: &Traffic, number: u64) -> io::Result<u64> {
    exchange(&mut traffic.secure()?, number)
}

/// Some pipelined requests, written in two pieces.
fn exchange(stream: &mut (impl Read + Write), number: u64) -> io::Result<u64> {
    let large = large();
    let wanted: Vec<bool> =
        (0..1 + scatter(number, 1) % 24).map(|n| scatter(number, n as u64).is_multiple_of(4)).collect();
    let bytes: Vec<u8> = wanted.iter().flat_map(|&body| get(if body { BODY } else { HELLO })).collect();
    let (first, second) = bytes.split_at(scatter(number, 2) % bytes.len());
    stream.write_all(first)?;
    stream.flush()?;
    stream.write_all(second)?;
    stream.flush()?;
    for &body in &wanted {
        answer(stream, if body { &large } else { SMALL })?;
    }
    Ok(wanted.len() as u64)
}

/// Takes a megabyte in small bites; all that time the server has output that does not leave.
fn slow_reader(traffic: &Traffic, number: u64) -> io::Result<u64> {
    let mut stream = traffic.plain()?;
    let (large, count) = (large(), 64);
    let mut asking = stream.try_clone()?;
    thread::scope(|scope| {
        let asked = scope.spawn(move || asking.write_all(&get(BODY).repeat(count)));
        for n in 0..count {
            if (n + number as usize).is_multiple_of(8) {
                thread::park_timeout(Duration::from_millis(20));
            }
            answer(&mut stream, &large)?;
        }
        asked.join().unwrap_or_else(|_| Err(io::Error::other("a panic")))
    })?;
    Ok(count as u64)
}

fn half_closed(traffic: &Traffic, _: u64) -> io::Result<u64> {
    let mut stream = traffic.plain()?;
    stream.write_all(&get(BODY).repeat(3))?;
    stream.shutdown(Shutdown::Write)?;
    for _ in 0..3 {
        answer(&mut stream, &large())?;
    }
    match stream.read(&mut [0]) {
        Ok(0) => Ok(3),
        other => Err(io::Error::other(format!("an end was expected, not {other:?}"))),
    }
}

/// Goes away with answers unread, which resets the connection, in one of several states.
fn resets(traffic: &Traffic, number: u64) -> io::Result<u64> {
    let mut stream = traffic.plain()?;
    match number % 4 {
        0 => stream.write_all(&get(BODY).repeat(40))?,
        1 => stream.write_all(b"GET /hello HT")?,
        2 => {
            open(&mut stream)?;
            let message = masked(2, &large());
            stream.write_all(&message)?;
            stream.write_all(&message[..100])?;
        }
        _ => {
            let mut secure = traffic.secure()?;
            secure.write_all(&get(BODY).repeat(4))?;
            secure.flush()?;
        }
    }
    if number.is_multiple_of(3) {
        let _ = stream.read(&mut [0; 100]);
    }
    Ok(1)
}

fn open(stream: &mut (impl Read + Write)) -> io::Result<()> {
    write!(
        stream,
        "GET {ECHO} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )?;
    stream.flush()?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    if head.starts_with(b"HTTP/1.1 101") { Ok(()) } else { Err(io::Error::other("no WebSocket")) }
}

fn messages(traffic: &Traffic, number: u64) -> io::Result<u64> {
    echoes(&mut traffic.plain()?, number)
}

fn secure_messages(traffic: &Traffic, number: u64) -> io::Result<u64> {
    echoes(&mut traffic.secure()?, number)
}

/// Messages of changing sizes, up to 32 KiB, and contents, several under way at a time, and a closing handshake.
fn echoes(stream: &mut (impl Read + Write), number: u64) -> io::Result<u64> {
    open(stream)?;
    let mut count = 0;
    for round in 0..20 {
        let sizes: Vec<usize> = (0..8).map(|n| scatter(number * 20 + round, n) % (2 << (2 * n))).collect();
        let bytes =
            |size: usize| (0..size).map(|at| (at as u64 * 31 + number + round) as u8).collect::<Vec<_>>();
        let sent: Vec<u8> = sizes.iter().flat_map(|&size| masked(2, &bytes(size))).collect();
        stream.write_all(&sent)?;
        stream.flush()?;
        for &size in &sizes {
            let header = match size {
                0..126 => vec![0x82, size as u8],
                126..0x1_0000 => [&[0x82, 126], &(size as u16).to_be_bytes()[..]].concat(),
                _ => [&[0x82, 127], &(size as u64).to_be_bytes()[..]].concat(),
            };
            compare(stream, &header)?;
            compare(stream, &bytes(size))?;
            count += 1;
        }
    }
    stream.write_all(&masked(8, &1000_u16.to_be_bytes()))?;
    stream.flush()?;
    compare(stream, &[0x88, 2, 3, 232])?;
    Ok(count)
}

/// A hundred connections of one kind or another that do one thing each.
fn churn(traffic: &Traffic, number: u64) -> io::Result<u64> {
    let case = &ALL[scatter(number, 3) % ALL.len()];
    let port = if case.tls { traffic.secure } else { traffic.plain };
    let load = Load::connect(port, case, 100, false, Some(&traffic.tls))?;
    drop(load);
    Ok(100)
}

fn malformed(traffic: &Traffic, number: u64) -> io::Result<u64> {
    let wrong: [&[u8]; 4] = [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
    ];
    let mut stream = traffic.plain()?;
    stream.write_all(wrong[number as usize % wrong.len()])?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    match answer.starts_with(b"HTTP/1.1 400 ") {
        true => Ok(1),
        false => Err(io::Error::other(String::from_utf8_lossy(&answer).into_owned())),
    }
}

/// Streams over HTTP/2, by h2load if it is installed.
fn http2(traffic: &Traffic, _: u64) -> io::Result<u64> {
    let mut command = std::process::Command::new("h2load");
    let urls = [HELLO, BODY].map(|path| format!("http://127.0.0.1:{}{path}", traffic.plain));
    let Ok(output) = command.args(["-n", "400", "-c", "4", "-m", "16"]).args(urls).output() else {
        thread::park_timeout(Duration::from_secs(1));
        return Ok(0);
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    match text.contains("400 done, 400 succeeded, 0 failed, 0 errored, 0 timeout") {
        true => Ok(400),
        false => Err(io::Error::other(text)),
    }
}
