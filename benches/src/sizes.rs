//! What a connection, a stream and a parser take: inline, and on the heap where
//! [`Counting`](crate::allocations::Counting) is installed.

use proto_core::WriteBuf;
use proto_h2::hpack::Field;
use proto_lejp::{Parser, Paths};
use proto_ws::{Connection, Role};

use crate::allocations::held_by;

/// One thing and its size in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Size {
    /// What it is.
    pub what: &'static str,
    /// `size_of`.
    pub inline: usize,
    /// What it holds on the heap.
    pub heap: isize,
}

fn of<T>(what: &'static str, make: impl FnOnce() -> T) -> Size {
    let (made, heap) = held_by(make);
    let inline = size_of_val(&made);
    Size { what, inline, heap }
}

/// All of them.
pub fn all() -> Vec<Size> {
    let mut sizes = vec![
        of("HTTP/1 server connection", || proto_h1::Server::new(proto_h1::Config::default())),
        of("HTTP/1 client connection", || proto_h1::Client::new(proto_h1::Config::default())),
        of("WebSocket server connection", || Connection::new(Role::Server, proto_ws::Config::default())),
        of("WebSocket server connection that has answered a ping", pinged),
        of("WebSocket client connection", || {
            Connection::new(Role::Client { mask_seed: [7; 16] }, proto_ws::Config::default())
        }),
        of("HTTP/2 server connection without streams", || {
            proto_h2::Connection::server(proto_h2::Config::default())
        }),
        of("HTTP/2 client connection without streams", || {
            proto_h2::Connection::client(proto_h2::Config::default())
        }),
    ];
    sizes.push(streams());
    sizes.push(of("HPACK decoder with a table of 4,096 octets", || proto_h2::hpack::Decoder::new(4096)));
    sizes.push(of("HPACK encoder with a table of 4,096 octets", || proto_h2::hpack::Encoder::new(4096)));
    sizes.push(of("JSON parser", || Parser::<'static>::new(Paths::none())));
    sizes
}

/// All of them, for the report.
pub fn json() -> serde_json::Value {
    let size =
        |size: Size| serde_json::json!({ "what": size.what, "inline": size.inline, "heap": size.heap });
    all().into_iter().map(size).collect()
}

fn pinged() -> Connection {
    let mut server = Connection::new(Role::Server, proto_ws::Config::default());
    let _ = server.receive(&mut b"\x89\x81\0\0\0\0!".to_vec(), &mut []);
    server
}

/// The heap of a hundred streams of one connection, divided among them.
fn streams() -> Size {
    const STREAMS: isize = 100;
    let request = [(":method", "POST"), (":scheme", "https"), (":path", "/"), (":authority", "example.org")];
    let request = request.map(|(name, value)| Field::new(name.as_bytes(), value.as_bytes()));
    let mut client = proto_h2::Connection::client(proto_h2::Config::default());
    let mut room = vec![0; 64 * 1024];
    let mut out = WriteBuf::new(&mut room);
    let (opened, heap) =
        held_by(|| (0..STREAMS).filter(|_| client.open(request, false, &mut out).is_ok()).count());
    debug_assert_eq!(opened as isize, STREAMS);
    Size { what: "HTTP/2 stream", inline: 0, heap: heap / STREAMS }
}
