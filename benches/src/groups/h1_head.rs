//! HTTP/1 heads, from the bytes to fields: whole, and in pieces of 64 bytes as a slow network delivers them.
//!
//! Rivals parse: they split lines and check characters. Ours does that and decides what the message means: framing,
//! `Host`, `Connection`, `Expect`, `Upgrade`, limits, and the state of the connection.

use std::hint::black_box;

use crate::heads::{self, Heads};
use crate::measure::{Case, Contestant, Standing};
use crate::ours;
#[cfg(feature = "rivals")]
use crate::rivals::httparse;
#[cfg(feature = "rivals-c")]
use crate::rivals::picohttpparser;

/// The group's name.
pub const NAME: &str = "h1_head";

/// How much of a head arrives at a time.
pub const PIECE: usize = 64;

/// Requests and responses of three sizes, and the largest request in pieces.
pub fn cases() -> Vec<Case> {
    let requests = [heads::small_request(), heads::browser_request(), heads::large_request()];
    let responses = [heads::small_response(), heads::server_response(), heads::large_response()];
    let requests = requests.into_iter().map(|heads| case("request", heads, requests_by));
    let responses = responses.into_iter().map(|heads| case("response", heads, responses_by));
    let pieces = case("request in 64 B pieces", heads::large_request(), pieces_by);
    requests.chain(responses).chain([pieces]).collect()
}

fn case(what: &str, heads: Heads, contestants: impl Fn(&Heads) -> Vec<Contestant>) -> Case {
    let bytes = heads.heads.first().map_or(0, Vec::len);
    Case {
        group: NAME,
        shape: format!("{} {what}", crate::size(bytes)),
        operations: heads.heads.len() as u64,
        bytes: bytes as u64,
        contestants: contestants(&heads),
    }
}

fn requests_by(heads: &Heads) -> Vec<Contestant> {
    #[allow(unused_mut)] // without rivals
    let mut all = vec![ours::h1::requests(heads), memcpy(heads)];
    #[cfg(feature = "rivals")]
    all.push(httparse::requests(heads));
    #[cfg(feature = "rivals-c")]
    all.push(picohttpparser::requests(heads));
    all
}

fn responses_by(heads: &Heads) -> Vec<Contestant> {
    let mut all: Vec<_> = ours::h1::responses(heads).into_iter().collect();
    all.push(memcpy(heads));
    #[cfg(feature = "rivals")]
    all.push(httparse::responses(heads));
    #[cfg(feature = "rivals-c")]
    all.push(picohttpparser::responses(heads));
    all
}

fn pieces_by(heads: &Heads) -> Vec<Contestant> {
    #[allow(unused_mut)] // without rivals
    let mut all = vec![ours::h1::requests_in_pieces(heads, PIECE), memcpy(heads)];
    #[cfg(feature = "rivals")]
    all.push(httparse::requests_in_pieces(heads, PIECE));
    #[cfg(feature = "rivals-c")]
    all.push(picohttpparser::requests_in_pieces(heads, PIECE));
    all
}

/// What touching every byte once costs.
fn memcpy(heads: &Heads) -> Contestant {
    let (heads, fields) = (heads.heads.clone(), heads.fields as u64);
    let mut room = vec![0; 8192];
    Contestant::new("memcpy", Standing::Floor, move || {
        let mut tally = 0;
        for head in &heads {
            room[..head.len()].copy_from_slice(black_box(head));
            black_box(&room);
            tally += fields;
        }
        tally
    })
}
