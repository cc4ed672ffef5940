//! httparse, with the header array left uninitialised, which is its fastest way.

use std::hint::black_box;
use std::mem::MaybeUninit;

use httparse::{Header, ParserConfig, Request, Response, Status};

use crate::heads::{Chunks, Heads};
use crate::measure::{Contestant, Standing};

/// Enough for the largest head.
const FIELDS: usize = 64;

/// Whole request heads.
pub fn requests(heads: &Heads) -> Contestant {
    let heads = heads.heads.clone();
    Contestant::new("httparse", Standing::Rival, move || heads.iter().map(|head| request(head)).sum())
}

/// Whole response heads.
pub fn responses(heads: &Heads) -> Contestant {
    let heads = heads.heads.clone();
    Contestant::new("httparse", Standing::Rival, move || heads.iter().map(|head| response(head)).sum())
}

/// A request head that arrives in pieces: it is parsed from its start after each.
pub fn requests_in_pieces(heads: &Heads, piece: usize) -> Contestant {
    let heads = heads.heads.clone();
    Contestant::new("httparse, restarted", Standing::Rival, move || {
        let mut tally = 0;
        for head in &heads {
            for end in (piece..head.len()).step_by(piece) {
                tally += request(&head[..end]);
            }
            tally += request(head);
        }
        tally
    })
}

#[inline]
fn request(head: &[u8]) -> u64 {
    let mut fields = [const { MaybeUninit::<Header<'_>>::uninit() }; FIELDS];
    let mut request = Request::new(&mut []);
    let parsed =
        ParserConfig::default().parse_request_with_uninit_headers(&mut request, black_box(head), &mut fields);
    match parsed {
        Ok(Status::Complete(_)) => black_box(&request).headers.len() as u64,
        _ => 0,
    }
}

#[inline]
fn response(head: &[u8]) -> u64 {
    let mut fields = [const { MaybeUninit::<Header<'_>>::uninit() }; FIELDS];
    let mut response = Response::new(&mut []);
    let parsed = ParserConfig::default().parse_response_with_uninit_headers(
        &mut response,
        black_box(head),
        &mut fields,
    );
    match parsed {
        Ok(Status::Complete(_)) => black_box(&response).headers.len() as u64,
        _ => 0,
    }
}

/// Chunk sizes by httparse, data by slicing. The line break after the data is skipped unseen.
pub fn chunks(chunks: &Chunks) -> Contestant {
    let wire = chunks.wire.clone();
    Contestant::new("httparse size + slice", Standing::Rival, move || {
        let mut wire = black_box(&wire[..]);
        let mut tally = 0;
        while let Ok(Status::Complete((start, size))) = httparse::parse_chunk_size(wire) {
            let Some(data) = wire.get(start..start + size as usize) else { break };
            tally += black_box(data).len() as u64;
            wire = wire.get(start + data.len() + 2..).unwrap_or_default();
        }
        tally
    })
}
