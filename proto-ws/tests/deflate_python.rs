//! What we deflate Python's zlib inflates, and what it deflates we inflate. Without `python3` the tests say so and pass,
//! unless `SANSWIRE_REQUIRE_TOOLS=1` is set.

#![cfg(feature = "deflate")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod common;

use std::io::Write as _;
use std::process::{Command, Stdio};

use common::deflate::{agreement, zeros};
use common::*;
use proto_ws::deflate::{Compress, DeflateConfig};
use proto_ws::{Config, Connection, End, Event, Kind, Limits, Role};

/// What to ask of Python: `i`nflate, `d`eflate, or deflate and `f`inish each message with a final block.
struct Job {
    what: u8,
    bits: u8,
    level: u8,
    mem_level: u8,
    strategy: u8,
    takeover: bool,
    messages: Vec<Vec<u8>>,
}

impl Job {
    fn name(&self) -> String {
        let Self { what, bits, level, mem_level, strategy, takeover, .. } = self;
        format!(
            "{}, {bits} bits, level {level}, mem_level {mem_level}, strategy {strategy}, takeover {takeover}",
            char::from(*what)
        )
    }
}

/// What each job's messages become; `None` without Python.
fn python(jobs: &[Job]) -> Option<Vec<Vec<Vec<u8>>>> {
    let script = include_str!("peers/zlib_peer.py");
    let mut command = Command::new("python3");
    let spawned = command.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = spawned else {
        let required = std::env::var("SANSWIRE_REQUIRE_TOOLS").as_deref() == Ok("1");
        assert!(!required, "python3 is not installed, and SANSWIRE_REQUIRE_TOOLS=1 asks for it");
        // not by `eprintln!`, which the test runner would hide
        let _ = std::io::stderr().write_all(b"skipped: python3 is not installed (.ci/tools installs it)\n");
        return None;
    };
    let mut request = Vec::new();
    let number = |len: usize| u32::try_from(len).unwrap().to_le_bytes();
    for job in jobs {
        request.extend([job.what, job.bits, job.level, job.mem_level, job.strategy, job.takeover.into()]);
        request.extend(number(job.messages.len()));
        for message in &job.messages {
            request.extend(number(message.len()));
            request.extend(message);
        }
    }
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(&request));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    let mut rest = &output.stdout[..];
    let mut take = |len: usize| {
        let (taken, behind) = rest.split_at(len);
        rest = behind;
        taken
    };
    let mut made = Vec::new();
    for job in jobs {
        let mut message = |_| {
            let len = u32::from_le_bytes(take(4).try_into().unwrap());
            take(len as usize).to_vec()
        };
        made.push(job.messages.iter().map(&mut message).collect());
    }
    assert!(rest.is_empty());
    Some(made)
}

/// Messages of many kinds, some alike, whose matches are as far apart as a window is large.
fn messages() -> Vec<Vec<u8>> {
    let words: Vec<u8> =
        noise(9_000).chunks(3).flat_map(|three| format!("{:x}, ", three[0]).into_bytes()).collect();
    let mut messages = vec![
        b"{\"type\":\"trade\",\"id\":31337,\"price\":4711.25}".to_vec(),
        b"{\"type\":\"trade\",\"id\":31338,\"price\":4711.50}".to_vec(),
        words[..5_000].to_vec(),
        noise(700),
        [&words[..3_000], &noise(100), &words[2_000..]].concat(),
        vec![b'x'; 20_000],
        b"a".to_vec(),
        words.clone(),
    ];
    // stored blocks, and matches over all distances
    messages.push([&noise(40_000)[..], &words, &noise(300)].concat());
    messages.push(words[100..900].to_vec());
    messages
}

fn config(bits: u8, level: u8, mem_level: u8, takeover: bool) -> DeflateConfig {
    DeflateConfig {
        server_max_window_bits: bits,
        client_max_window_bits: bits,
        server_no_context_takeover: !takeover,
        client_no_context_takeover: !takeover,
        compression_level: level,
        mem_level,
        ..DeflateConfig::default()
    }
}

fn connection(server: bool, config: DeflateConfig) -> Connection {
    let role = if server { Role::Server } else { Role::Client { mask_seed: [9; 16] } };
    let limits = Limits { max_expansion: Limits::UNLIMITED, ..Limits::default() };
    Connection::new(role, Config { deflate: Some(agreement(config)), limits, ..Config::default() })
}

#[test]
fn python_inflates_what_we_deflate() {
    let (mut jobs, mut expected) = (Vec::new(), Vec::new());
    for bits in 8..=15 {
        for level in 1..=9 {
            for takeover in [true, false] {
                let (server, mem_level) = (level % 2 == 0, 1 + (bits + 2 * level) % 9);
                let mut sender = connection(server, config(bits, level, mem_level, takeover));
                let (mut compressed, mut plain) = (Vec::new(), Vec::new());
                for (at, message) in messages().into_iter().enumerate() {
                    let wire = written(|out| {
                        // whole, and in pieces
                        let mut rest = &message[..];
                        while at % 3 == 2 && rest.len() > 1_500 {
                            let sent =
                                sender.send_with(Compress::Always, Kind::Binary, &rest[..1_500], false, out);
                            assert_eq!(sent, Ok(1_500));
                            rest = &rest[1_500..];
                        }
                        let sent = sender.send_with(Compress::Always, Kind::Binary, rest, true, out);
                        assert_eq!(sent, Ok(rest.len()));
                    });
                    let (firsts, mut stream) = stream(&wire);
                    if firsts[0] & 0x40 != 0 {
                        stream.truncate(stream.len() - 4);
                        compressed.push(stream);
                        plain.push(message);
                    }
                }
                assert!(compressed.len() > 5);
                jobs.push(Job {
                    what: b'i',
                    bits,
                    level,
                    mem_level,
                    strategy: 0,
                    takeover,
                    messages: compressed,
                });
                expected.push(plain);
            }
        }
    }
    let Some(made) = python(&jobs) else { return };
    for ((job, made), expected) in jobs.iter().zip(made).zip(expected) {
        assert!(made == expected, "{}", job.name());
    }
}

#[test]
fn we_inflate_what_python_deflates() {
    let mut jobs = Vec::new();
    for bits in 9..=15 {
        for level in 0..=9 {
            for (what, takeover) in [(b'd', true), (b'd', false), (b'f', false)] {
                // default, filtered, Huffman only, runs, fixed codes
                let (mem_level, strategy) = (1 + (bits + 2 * level) % 9, (bits + level) % 5);
                jobs.push(Job { what, bits, level, mem_level, strategy, takeover, messages: messages() });
            }
        }
    }
    let Some(made) = python(&jobs) else { return };
    let mut scratch = vec![0; 5_000];
    for (at, (job, made)) in jobs.iter().zip(made).enumerate() {
        let server = at % 2 == 0;
        let mut receiver = connection(server, config(job.bits, 1, 8, job.takeover));
        for (payload, message) in made.iter().zip(&job.messages) {
            // whole, and in two frames
            let (one, two) = payload.split_at(if at % 3 == 0 { payload.len() / 2 } else { 0 });
            let mut wire = match one {
                [] => frame(0xc2, two, server),
                _ => [frame(0x42, one, server), frame(0x80, two, server)].concat(),
            };
            let (mut at, mut told, mut whole) = (0, Vec::new(), false);
            while let step = receiver.receive(&mut wire[at..], &mut scratch).unwrap()
                && let Some(Event::Data(data)) = step.event
            {
                told.extend_from_slice(data.payload);
                whole |= data.end == End::Message;
                at += step.consumed;
            }
            assert!(whole && told == *message, "{}", job.name());
        }
    }
}

/// What the tests of bounds call zeros are zeros.
#[test]
fn the_bombs_are_bombs() {
    let job = |messages| Job {
        what: b'i',
        bits: 15,
        level: 9,
        mem_level: 8,
        strategy: 0,
        takeover: true,
        messages,
    };
    let Some(made) = python(&[job(vec![zeros(64)])]) else { return };
    assert!(made[0][0].len() == 64 << 20 && made[0][0].iter().all(|&byte| byte == 0));
}
