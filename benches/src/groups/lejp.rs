//! JSON documents, from bytes to events: in pieces of 4 KiB and whole, looking for 0, 8 and 64 paths.

use std::hint::black_box;

use proto_lejp::{PathSet, Paths};

use crate::documents::{self, Document};
use crate::measure::{Case, Contestant, Standing};
use crate::ours;
#[cfg(any(feature = "rivals", feature = "rivals-debian"))]
use crate::rivals::json;

/// The group's name.
pub const NAME: &str = "lejp";

/// The pieces that documents arrive in.
pub const PIECE: usize = 4096;

/// Every document, in pieces and whole, with ever more paths.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for document in documents::all() {
        for (paths, count) in [(Paths::none(), 0), (&EIGHT, 8), (&SIXTY_FOUR, 64)] {
            let ours_in_pieces =
                [ours::lejp::receive, ours::lejp::each].map(|by| by(&document, PIECE, paths)).into();
            let others = rivals(&document, Some(PIECE), paths);
            cases.push(case(&document, &format!("4 KiB pieces, {count} paths"), ours_in_pieces, others));
            let (ours, others) = (vec![ours::lejp::whole(&document, paths)], rivals(&document, None, paths));
            cases.push(case(&document, &format!("whole, {count} paths"), ours, others));
        }
    }
    cases
}

#[cfg_attr(
    not(any(feature = "rivals", feature = "rivals-debian")),
    expect(unused_variables, reason = "no rivals")
)]
fn rivals(document: &Document, piece: Option<usize>, paths: &'static Paths<'static>) -> Vec<Contestant> {
    #[allow(unused_mut)] // without rivals
    let mut all = Vec::new();
    #[cfg(feature = "rivals-debian")]
    {
        let size = piece.unwrap_or(document.text.len());
        all.push(json::lejp_c::contestant(document, size, paths.patterns()));
        if paths.patterns().is_empty() {
            all.push(json::yajl::contestant(document, size));
        }
    }
    // These know no paths.
    #[cfg(feature = "rivals")]
    if paths.patterns().is_empty() {
        let size = piece.unwrap_or(document.text.len());
        all.push(json::actson::contestant(document, size));
        all.push(json::struson::contestant(document, size));
        match piece {
            Some(piece) => all.extend([
                json::json_event_parser::pieces(document, piece),
                json::visitor::serde_json_reader(document, piece),
            ]),
            None => all.extend([
                json::json_event_parser::whole(document),
                json::visitor::serde_json(document),
                json::jiter::contestant(document),
                json::visitor::sonic(document),
            ]),
        }
    }
    all
}

fn case(document: &Document, how: &str, mut contestants: Vec<Contestant>, rivals: Vec<Contestant>) -> Case {
    let events = contestants.first_mut().map_or(0, Contestant::tally);
    contestants.push(validation(document, events));
    contestants.extend(rivals);
    Case {
        group: NAME,
        shape: format!("{}, {how}", document.name),
        operations: 1,
        bytes: document.text.len() as u64,
        contestants,
    }
}

/// What making sure of UTF-8 alone costs. It has no events to count, so it is told how many there are.
fn validation(document: &Document, events: u64) -> Contestant {
    let text = document.text.clone();
    Contestant::new("simdutf8", Standing::Floor, move || {
        if simdutf8::basic::from_utf8(black_box(&text)).is_ok() { events } else { 0 }
    })
}

/// Paths into the three documents.
pub const PATTERNS: [&str; 8] = [
    "statuses[].id",
    "statuses[].user.screen_name",
    "statuses[].entities.*",
    "search_metadata.count",
    "features[].geometry.coordinates[][][]",
    "performances[].prices[].amount",
    "performances[].seatCategories[].areas[].areaId",
    "events.*.name",
];

static EIGHT: PathSet<'static, 128> = match PathSet::compile(&PATTERNS) {
    Ok(paths) => paths,
    Err(_) => panic!("malformed pattern"),
};

/// The eight, behind 56 others that share their first segments.
pub static MANY: [&str; 64] = many();

#[rustfmt::skip]
const fn many() -> [&'static str; 64] {
    [
        "statuses[].user.a1", "statuses[].user.b2", "statuses[].user.c3", "statuses[].user.d4", "statuses[].user.e5",
        "statuses[].user.f6", "statuses[].user.g7", "statuses[].user.h8", "statuses[].user.i9", "statuses[].user.j10",
        "statuses[].user.description.a", "statuses[].user.profile_color", "statuses[].user.name.first",
        "statuses[].user.time.zone", "statuses[].a1", "statuses[].b2", "statuses[].c3", "statuses[].d4", "statuses[].e5",
        "statuses[].f6", "statuses[].g7", "statuses[].h8", "statuses[].i9", "statuses[].j10", "statuses[].source.a",
        "statuses[].place.name", "statuses[].geo.type", "statuses[].metadata.result", "performances[].a1",
        "performances[].b2", "performances[].c3", "performances[].d4", "performances[].e5", "performances[].f6",
        "performances[].prices[].a1", "performances[].prices[].b2", "performances[].prices[].c3",
        "performances[].prices[].d4", "performances[].seatCategories[].a1", "performances[].seatCategories[].b2",
        "performances[].seatCategories[].areas[].a1", "performances[].seatCategories[].areas[].b2",
        "performances[].seatCategories[].areas[].c3", "events.a1", "events.b2", "events.c3", "events.d4", "topicNames.a",
        "venueNames.a", "subTopicNames.a", "features[].id", "features[].type", "features[].bbox[]", "type", "next", "prev",
        "statuses[].id", "statuses[].user.screen_name", "statuses[].entities.*", "search_metadata.count",
        "features[].geometry.coordinates[][][]", "performances[].prices[].amount",
        "performances[].seatCategories[].areas[].areaId", "events.*.name",
    ]
}

static SIXTY_FOUR: PathSet<'static, 512> = match PathSet::compile(&MANY) {
    Ok(paths) => paths,
    Err(_) => panic!("malformed pattern"),
};
