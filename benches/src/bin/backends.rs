//! Prints, as Markdown, what zlib-rs takes next to miniz_oxide where it compresses as much: for each level of
//! miniz_oxide, the fastest level of zlib-rs whose output is no longer, and the reverse; and what inflating takes.

use benches::groups::deflate::{Payload, ROOM, Setting, messages};
use benches::measure::{Case, Contestant, Standing};
use benches::raw::{self, Compressor};
use benches::rivals::miniz;
use std::time::Duration;

const LEVELS: std::ops::RangeInclusive<u8> = 1..=9;
const SAMPLES: usize = 9;
const SAMPLE: Duration = Duration::from_millis(2);

/// What a level comes to.
#[derive(Clone, Copy)]
struct Point {
    level: u8,
    /// Bytes of output for 64 messages, without the tails.
    bytes: usize,
    /// For each message.
    ns: f64,
}

fn main() {
    for takeover in [true, false] {
        for len in [128, 1024, 16 << 10] {
            let messages = messages(len);
            println!(
                "\n### {}, {}\n\n{HEADING}",
                benches::size(len),
                if takeover { "takeover" } else { "alone" }
            );
            let ours = points(&messages, takeover, raw::ZlibRs::deflate);
            let theirs = points(&messages, takeover, miniz::Deflate::new);
            for point in &theirs {
                row("miniz_oxide", point, "zlib-rs", &ours, &messages);
            }
            for point in &ours {
                row("zlib-rs", point, "miniz_oxide", &theirs, &messages);
            }
            let setting = Setting { level: 6, takeover };
            let payloads = compressed(&mut raw::ZlibRs::deflate(6), &messages, setting);
            let payloads: Vec<_> = payloads.into_iter().map(Payload::Compressed).collect();
            let [ours, theirs] = medians([
                raw::receive("zlib-rs", Standing::Ours, raw::ZlibRs::inflate(), &payloads, setting),
                raw::receive("miniz_oxide", Standing::Rival, miniz::Inflate::new(), &payloads, setting),
            ]);
            println!(
                "| inflate | | {:.2} | zlib-rs | | {:.2} | {:.2} |",
                theirs / 1e3,
                ours / 1e3,
                theirs / ours
            );
        }
    }
}

const HEADING: &str = "\
| level | ratio | us | fastest of the other that compresses as much | ratio | us | times as fast |
|---|---|---|---|---|---|---|";

fn row(name: &str, point: &Point, other: &str, others: &[Point], messages: &[Vec<u8>]) {
    let ratio = |point: &Point| messages.iter().map(Vec::len).sum::<usize>() as f64 / point.bytes as f64;
    let no_longer = others.iter().filter(|other| other.bytes <= point.bytes);
    let fastest = no_longer.min_by(|a, b| a.ns.total_cmp(&b.ns));
    print!("| {name} {} | {:.2} | {:.2} |", point.level, ratio(point), point.ns / 1e3);
    match fastest {
        Some(best) => {
            let (level, us) = (best.level, best.ns / 1e3);
            println!(" {other} {level} | {:.2} | {us:.2} | {:.2} |", ratio(best), point.ns / best.ns);
        }
        None => println!(" none | | | |"),
    }
}

/// The payloads of these messages, with their tails.
fn compressed(compressor: &mut impl Compressor, messages: &[Vec<u8>], setting: Setting) -> Vec<Vec<u8>> {
    let mut room = vec![0; ROOM];
    let mut payload = |message: &Vec<u8>| {
        if !setting.takeover {
            compressor.reset();
        }
        let made = compressor.compress(message, &mut room);
        room.get(..made).unwrap_or_default().to_vec()
    };
    messages.iter().map(&mut payload).collect()
}

fn points<C: Compressor + 'static>(
    messages: &[Vec<u8>],
    takeover: bool,
    new: impl Fn(u8) -> C,
) -> Vec<Point> {
    let point = |level| {
        let setting = Setting { level, takeover };
        let bytes: usize =
            compressed(&mut new(level), messages, setting).iter().map(|made| made.len() - 4).sum();
        let [ns] = medians([raw::send("", Standing::Ours, new(level), messages, setting)]);
        Point { level, bytes, ns }
    };
    LEVELS.map(point).collect()
}

fn medians<const N: usize>(contestants: [Contestant; N]) -> [f64; N] {
    let mut case =
        Case { group: "", shape: String::new(), operations: 64, bytes: 0, contestants: contestants.into() };
    let medians = case.medians(SAMPLES, SAMPLE);
    std::array::from_fn(|at| medians.get(at).copied().unwrap_or(f64::NAN))
}
