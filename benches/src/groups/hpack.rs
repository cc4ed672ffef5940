//! Header compression: one list of fields, decoded or encoded. *Warm* is a connection of 64 messages, which begins with
//! empty tables; *first* is the first message of a connection, with empty tables each time. Emptying the tables, by two
//! size updates, is part of the time.
//!
//! The `h2` crate's is private, so its framing is measured with it. How much that is, lists of one field tell (*alone*);
//! and what it costs to clone a map of fields, which its encoder demands, the rows *clone*.

use crate::lists::{Lists, MESSAGES};
use crate::measure::{Case, Contestant, Standing};
use crate::ours;
#[cfg(feature = "rivals")]
use crate::rivals::h2;
#[cfg(feature = "rivals-nghttp2")]
use crate::rivals::nghttp2;

/// The group's name.
pub const NAME: &str = "hpack";

/// Both directions of each kind of list, warm and first.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for lists in Lists::all() {
        #[cfg(feature = "rivals")]
        cases.push(case("clone", "h2", &lists, vec![copy(&lists), h2::clone(&lists)]));
        for (state, lists, fresh) in [("warm", lists.clone(), MESSAGES), ("first", lists.first(), 1)] {
            cases.push(case("decode", state, &lists, decoders(&lists, fresh)));
            cases.push(case("encode", state, &lists, encoders(&lists, fresh)));
        }
    }
    let alone = Lists::alone();
    cases.push(case("decode", "warm", &alone, decoders(&alone, MESSAGES)));
    cases.push(case("encode", "warm", &alone, encoders(&alone, MESSAGES)));
    #[cfg(feature = "rivals")]
    cases.push(case("clone", "h2", &alone, vec![copy(&alone), h2::clone(&alone)]));
    cases
}

fn case(direction: &str, state: &str, lists: &Lists, contestants: Vec<Contestant>) -> Case {
    Case {
        group: NAME,
        shape: format!("{} {state} {direction}", lists.name),
        operations: MESSAGES as u64,
        bytes: (lists.plain / MESSAGES) as u64,
        contestants,
    }
}

fn decoders(lists: &Lists, fresh: usize) -> Vec<Contestant> {
    // Blocks by nghttp2, where it is there, so that nobody decodes what suits it best.
    #[cfg(feature = "rivals-nghttp2")]
    let blocks = nghttp2::blocks(lists, fresh);
    #[cfg(not(feature = "rivals-nghttp2"))]
    let blocks = ours::hpack::blocks(lists, fresh);
    #[allow(unused_mut)] // without rivals
    let mut all = vec![ours::hpack::decode(&blocks), copy(lists)];
    #[cfg(feature = "rivals-nghttp2")]
    all.push(nghttp2::decode(&blocks));
    #[cfg(feature = "rivals")]
    all.push(h2::decode(&blocks));
    all
}

fn encoders(lists: &Lists, fresh: usize) -> Vec<Contestant> {
    #[allow(unused_mut)] // without rivals
    let mut all = vec![ours::hpack::encode(lists, fresh), copy(lists)];
    #[cfg(feature = "rivals-nghttp2")]
    all.push(nghttp2::encode(lists, fresh));
    #[cfg(feature = "rivals")]
    all.push(h2::encode(lists, fresh));
    all
}

/// The fields, copied one by one.
fn copy(lists: &Lists) -> Contestant {
    let lists = lists.lists.clone();
    let mut room = vec![0; 4096];
    Contestant::new("copy", Standing::Floor, move || {
        let mut tally = 0;
        for list in &lists {
            let mut at = 0;
            for part in list.iter().flat_map(|(name, value)| [name, value]) {
                room[at..at + part.len()].copy_from_slice(part.as_bytes());
                at += part.len();
            }
            std::hint::black_box(&mut room);
            tally += list.len() as u64;
        }
        tally
    })
}
