//! proto-h1.

use std::hint::black_box;

use proto_core::{Step, WriteBuf};
use proto_h1::{Client, Config, Event, RequestHead, Server};

use crate::heads::{Chunks, Heads};
use crate::measure::{Contestant, Standing};

/// Whole request heads, each on a connection of its own.
pub fn requests(heads: &Heads) -> Contestant {
    let mut heads = heads.heads.clone();
    let idle = Server::new(Config::default());
    Contestant::new("Server", Standing::Ours, move || {
        heads.iter_mut().map(|head| request(&mut idle.clone(), black_box(head))).sum()
    })
}

/// A request head that arrives in pieces.
pub fn requests_in_pieces(heads: &Heads, piece: usize) -> Contestant {
    let mut heads = heads.heads.clone();
    let idle = Server::new(Config::default());
    Contestant::new("Server", Standing::Ours, move || {
        let mut tally = 0;
        for head in &mut heads {
            let mut server = idle.clone();
            for end in (piece..head.len()).step_by(piece) {
                tally += request(&mut server, black_box(&mut head[..end]));
            }
            tally += request(&mut server, black_box(head));
        }
        tally
    })
}

#[inline]
fn request(server: &mut Server, head: &mut [u8]) -> u64 {
    match server.receive(head, &mut []) {
        Ok(Step { event: Some(Event::Request(request)), .. }) => black_box(&request).fields.len() as u64,
        _ => 0,
    }
}

/// Whole response heads, each on a connection that has just asked.
pub fn responses(heads: &Heads) -> Option<Contestant> {
    let mut heads = heads.heads.clone();
    let mut asked = Client::new(Config::default());
    let mut room = [0; 256];
    let head = RequestHead::new(b"GET", b"/", b"example.org", &[]);
    asked.send_head(&head, &mut WriteBuf::new(&mut room)).ok()?;
    Some(Contestant::new("Client", Standing::Ours, move || {
        heads.iter_mut().map(|head| response(&mut asked.clone(), black_box(head))).sum()
    }))
}

#[inline]
fn response(client: &mut Client, head: &mut [u8]) -> u64 {
    match client.receive(head, &mut []) {
        Ok(Step { event: Some(Event::Response(response)), .. }) => black_box(&response).fields.len() as u64,
        _ => 0,
    }
}

/// A request body without an end, from one full receive buffer after the other.
pub fn chunks(chunks: &Chunks) -> Contestant {
    let mut server = Server::new(Config::default());
    request(&mut server, &mut chunks.head.clone());
    let mut wire = chunks.wire.clone();
    Contestant::new("Server", Standing::Ours, move || {
        let (mut at, mut tally) = (0, 0);
        while let Some(input) = wire.get_mut(at..) {
            match server.receive(input, &mut []) {
                Ok(Step { consumed, event: Some(Event::Body(data)) }) => {
                    tally += black_box(&*data).len() as u64;
                    at += consumed;
                }
                _ => break,
            }
        }
        tally
    })
}
