//! Connections in great number.

use std::io;

use super::http;
use super::lab::Lab;
use super::pattern::{Pattern, Server};
use super::wire::{End, Wire};

pub(super) static PATTERNS: [Pattern; 4] = [
    Pattern::new(
        "crowds/silent",
        "10,000 connections opened and left",
        "CVE-2007-6750",
        "all closed",
        |lab| all_end(lab, 10_000, b""),
    )
    .on(Server::Hasty)
    .within(32 * 1024, 5000),
    Pattern::new(
        "crowds/half-heads",
        "2,000 connections with half a head each",
        "CVE-2007-6750, Slowloris",
        "all closed",
        |lab| all_end(lab, 2000, b"GET /hello HTTP/1.1\r\nHost: localhost\r\n"),
    )
    .on(Server::Hasty)
    .within(16 * 1024, 5000),
    Pattern::new(
        "crowds/kept",
        "2,000 connections kept after their requests",
        "RFC 9112 9.5",
        "all closed",
        |lab| all_end(lab, 2000, b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    )
    .on(Server::Hasty)
    .within(16 * 1024, 5000),
    Pattern::new(
        "crowds/resets",
        "10,000 connections, one after the other, reset as soon as they have asked",
        "RFC 9293 3.10.7",
        "all taken",
        |lab| {
            for _ in 0..10_000.min(lab.connections() * 10) {
                let mut wire = lab.connect()?;
                wire.send(b"GET /bytes/100000 HTTP/1.1\r\nHost: localhost\r\n\r\n");
                // Closing with answers unread resets.
            }
            Ok("all taken".to_owned())
        },
    )
    .within(16 * 1024, 10_000),
];

/// Opens so many connections, says the same on each, leaves them alone, and waits until the server has ended them all.
fn all_end(lab: &Lab, wanted: u64, bytes: &[u8]) -> io::Result<String> {
    let count = wanted.min(lab.connections());
    if count < wanted {
        eprintln!("sanswire: only {count} connections instead of {wanted}: no more descriptors may be open");
    }
    let mut wires = Vec::new();
    for _ in 0..count {
        let mut wire = lab.connect()?;
        wire.send(bytes);
        wires.push(wire);
    }
    let open = wires.iter_mut().map(Wire::finish).filter(|&end| end != End::Closed).count();
    let cut = wires.iter().filter(|wire| http::statuses(wire.heard()).contains("cut")).count();
    Ok(match open + cut {
        0 => "all closed".to_owned(),
        left => format!("{left} of {count} not closed in order"),
    })
}
