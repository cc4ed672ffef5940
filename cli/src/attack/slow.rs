//! Peers that take their time: each byte costs them next to nothing, and the server a connection.

use std::io;
use std::time::Duration;

use super::http;
use super::lab::Lab;
use super::pattern::{Pattern, Server};
use super::websocket;
use super::wire::Wire;

/// Between two bytes: 20 bytes a second.
const DRIP: Duration = Duration::from_millis(50);

/// What is asked for and not read. More than the kernel takes for us.
const LARGE: &[u8] = b"GET /bytes/1000000000 HTTP/1.1\r\nHost: localhost\r\n\r\n";

pub(super) static PATTERNS: [Pattern; 16] = [
    Pattern::new(
        "slow/silent",
        "a connection on which nothing is said",
        "RFC 9112 9.5",
        "no answer, closed",
        |lab| drip(lab, b"", b""),
    )
    .on(Server::Hasty),
    Pattern::new(
        "slow/head",
        "a head that comes byte by byte and never ends",
        "CVE-2007-6750, Slowloris",
        "408, closed",
        |lab| drip(lab, b"GET /hello HTTP/1.1\r\nHost: localhost\r\n", b"X"),
    )
    .on(Server::Hasty),
    Pattern::new(
        "slow/fields",
        "fields that come one by one and never end",
        "CVE-2007-6750, Slowloris",
        "408, closed",
        |lab| drip(lab, b"GET /hello HTTP/1.1\r\nHost: localhost\r\n", b"X: y\r\n"),
    )
    .on(Server::Hasty),
    Pattern::new(
        "slow/body-none",
        "a content that does not come",
        "R.U.D.Y., RFC 9112 9.5",
        "408, closed",
        |lab| drip(lab, b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n", b""),
    )
    .on(Server::Hasty),
    Pattern::new(
        "slow/body",
        "a content that comes byte by byte, and is sent back likewise",
        "R.U.D.Y., RFC 9112 9.5",
        "200 cut, closed",
        |lab| drip(lab, b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n", b"x"),
    )
    .on(Server::Hasty),
    Pattern::new("slow/chunks", "a chunk now and then", "R.U.D.Y., RFC 9112 9.5", "200 cut, closed", |lab| {
        drip(
            lab,
            b"POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"1\r\nx\r\n",
        )
    })
    .on(Server::Hasty),
    Pattern::new(
        "slow/chunk-extension",
        "a chunk line that never ends",
        "R.U.D.Y., RFC 9112 9.5",
        "408, closed",
        |lab| {
            drip(lab, b"POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x")
        },
    )
    .on(Server::Hasty),
    Pattern::new(
        "slow/body-unwanted",
        "the content of a request that is refused, byte by byte",
        "RFC 9112 9.3",
        "405, closed",
        |lab| drip(lab, b"POST /hello HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n", b"x"),
    )
    .on(Server::Hasty),
    Pattern::new("slow/idle", "a connection kept after its request", "RFC 9112 9.5", "200, closed", |lab| {
        drip(lab, b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n", b"")
    })
    .on(Server::Hasty),
    Pattern::new(
        "slow/websocket",
        "a WebSocket on which nothing is said, not even a pong",
        "RFC 6455 5.5.2",
        "no close, closed",
        |lab| silent_websocket(lab, b""),
    )
    .on(Server::Hasty),
    Pattern::new(
        "slow/websocket-frame",
        "a WebSocket on which a frame stops half way",
        "RFC 6455 5.5.2",
        "no close, closed",
        |lab| silent_websocket(lab, &websocket::frame(0x82, b"hello")[..8]),
    )
    .on(Server::Hasty),
    Pattern::new(
        "slow/reader",
        "a gigabyte asked for, and nothing of it read",
        "CVE-2019-9517",
        "200 cut, reset",
        |lab| {
            let mut wire = lab.connect()?;
            wire.send_deaf(LARGE, lab.long());
            wire.rest(lab.long());
            wire.finish();
            Ok(http::answer(&wire))
        },
    )
    .on(Server::Hasty),
    Pattern::new(
        "slow/reader-drip",
        "a gigabyte asked for, and read byte by byte",
        "CVE-2007-6750, slow read",
        "200 cut, reset",
        |lab| {
            let mut wire = lab.connect()?;
            wire.send_deaf(LARGE, lab.long());
            while wire.received() < 200 && !wire.rest(DRIP) {
                wire.sip();
            }
            wire.finish();
            Ok(http::answer(&wire))
        },
    )
    .on(Server::Hasty),
    Pattern::new(
        "slow/reader-pipeline",
        "requests without end, and no answer read",
        "RFC 9112 9.3.2",
        "reset",
        |lab| {
            let mut wire = lab.connect()?;
            let requests = b"GET /bytes/1000 HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(1000);
            Ok(deaf(lab, &mut wire, &requests))
        },
    )
    .on(Server::Hasty),
    Pattern::new(
        "slow/reader-echo",
        "a content that is sent back, and nothing of it read",
        "CVE-2019-9517",
        "reset",
        |lab| {
            let mut wire = lab.connect()?;
            wire.send(b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n");
            Ok(deaf(lab, &mut wire, &[b'x'; 64 * 1024]))
        },
    )
    .on(Server::Hasty),
    Pattern::new(
        "slow/reader-websocket",
        "messages that are sent back, and nothing of them read",
        "CVE-2019-9517",
        "reset",
        |lab| {
            let mut wire = websocket::open(lab)?;
            Ok(deaf(lab, &mut wire, &websocket::frame(0x82, &[b'x'; 64 * 1024])))
        },
    )
    .on(Server::Hasty),
];

/// Sends `start`, then `drop` now and then, to the end of the connection.
fn drip(lab: &Lab, start: &[u8], drop: &[u8]) -> io::Result<String> {
    let mut wire = lab.connect()?;
    wire.send(start);
    if drop.is_empty() {
        wire.finish();
    }
    while wire.is_open() {
        wire.listen(DRIP);
        wire.send(drop);
    }
    Ok(http::answer(&wire))
}

/// Says this much on a WebSocket, and nothing more.
fn silent_websocket(lab: &Lab, bytes: &[u8]) -> io::Result<String> {
    let mut wire = websocket::open(lab)?;
    wire.send(bytes);
    wire.finish();
    Ok(websocket::answer(&wire))
}

/// Sends `piece` again and again without reading, until the server puts an end to it.
fn deaf(lab: &Lab, wire: &mut Wire, piece: &[u8]) -> String {
    while wire.send_deaf(piece, lab.long()) {}
    wire.finish();
    http::ending(wire.end()).to_owned()
}
