//! `docs/LIMITS.md` is made of the ledger and of the defaults in the code: `LEDGER=write cargo test -p drivers --test ledger`
//! writes it, and without that the tests hold it to both.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod application;
#[path = "../common/mod.rs"]
mod common;
mod frames;
#[path = "../../../proto-h2/tests/common/mod.rs"]
mod h2;
mod host;
mod http1;
mod http2;
mod loops;
mod streams;
mod table;
mod websocket;
#[path = "../../../app/tests/common/mod.rs"]
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Debug, Write as _};
use std::path::{Path, PathBuf};

use table::{Proof, SECTIONS};

type Table = BTreeMap<String, String>;

/// The fields of a structure as the document would write them. Taken from its debug text, so that none is forgotten.
fn coded(limits: impl Debug) -> Table {
    let text = format!("{limits:?}");
    let (_, fields) = text.split_once("{ ").unwrap();
    let mut table = Table::new();
    let mut rest = fields.strip_suffix(" }").unwrap();
    while let Some((name, after)) = rest.split_once(": ") {
        let end = if after.starts_with("Rate") { after.find('}').unwrap() + 1 } else { after.len() };
        let end = after[..end].find(", ").filter(|_| !after.starts_with("Rate")).unwrap_or(end);
        table.insert(name.to_owned(), shown(&after[..end]));
        rest = after[end..].trim_start_matches(", ");
    }
    table
}

/// A value for readers.
fn shown(value: &str) -> String {
    if let Some(rate) = value.strip_prefix("Rate { burst: ") {
        let (burst, second) = rate.trim_end_matches(" }").split_once(", per_second: ").unwrap();
        return format!("{} and {} a second", shown(burst), shown(second));
    }
    if let Some(span) = value.strip_suffix('s').and_then(|span| {
        let digits = span.trim_end_matches('m');
        digits.parse::<u64>().is_ok().then(|| format!("{digits} {}s", &span[digits.len()..]))
    }) {
        return span;
    }
    match value.parse::<u64>() {
        Ok(u64::MAX) => "none".into(),
        Ok(max) if max == u32::MAX.into() => "none".into(),
        Ok(number) => grouped(number),
        Err(_) => panic!("{value}"),
    }
}

/// With commas between thousands.
fn grouped(number: u64) -> String {
    if number < 1_000 {
        return number.to_string();
    }
    format!("{},{:03}", grouped(number / 1_000), number % 1_000)
}

/// The default of every limit, by the beginning of its section's title.
fn defaults() -> Vec<(&'static str, Table)> {
    let app = app::Config::default();
    let mut all = vec![
        ("HTTP/1:", coded(app.http1.limits)),
        ("WebSocket:", coded(app.websocket.limits)),
        ("Drivers", coded(drivers::Limits::default())),
        ("HTTP/2:", coded(proto_h2::Limits::default())),
    ];

    let mut deadlines = coded(app.websocket.keep_alive);
    deadlines.insert("close_timeout".into(), shown(&format!("{:?}", app.websocket.close_timeout)));
    all.push(("WebSocket deadlines", deadlines));

    // Taken apart by name, so that none is forgotten.
    let app::Http2Config {
        enabled: _,
        codec: _,
        head_timeout,
        idle_timeout,
        body,
        continue_timeout,
        body_rate,
        body_grace,
        send_rate,
        send_grace,
    } = &app.http2;
    let http2: [(&str, &dyn Debug); 8] = [
        ("head_timeout", head_timeout),
        ("idle_timeout", idle_timeout),
        ("body", body),
        ("continue_timeout", continue_timeout),
        ("body_rate", body_rate),
        ("body_grace", body_grace),
        ("send_rate", send_rate),
        ("send_grace", send_grace),
    ];
    let http2 = http2.map(|(name, limit)| (name.to_owned(), shown(&format!("{limit:?}"))));
    all.push(("Streams of HTTP/2", Table::from(http2)));

    // The rest of its fields are no limits.
    let app::Config { opening_timeout, raw_idle_timeout, deflate_memory, .. } = app;
    let app = [
        ("opening_timeout", format!("{opening_timeout:?}")),
        ("raw_idle_timeout", format!("{raw_idle_timeout:?}")),
        ("deflate_memory", deflate_memory.to_string()),
    ];
    let app = app.map(|(name, limit)| (name.to_owned(), shown(&limit)));
    all.push(("Application", Table::from(app)));
    all
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The document.
fn document() -> String {
    let defaults = defaults();
    let mut text = String::from(include_str!("before.md"));
    for section in SECTIONS {
        let (_, defaults) = defaults.iter().find(|(title, _)| section.title.starts_with(title)).unwrap();
        let _ = write!(text, "\n## {}\n\n", section.title);
        if !section.before.is_empty() {
            let _ = write!(text, "{}\n\n", section.before);
        }
        text.push_str("| limit | default | unit | asked for by | when it fires | counted by |\n|---|---|---|---|---|---|\n");
        for row in section.rows {
            let default = &defaults[row.name];
            let counter = if row.counter.is_empty() { "-".into() } else { format!("`{}`", row.counter) };
            let (name, unit, asked_by, effect) = (row.name, row.unit, row.asked_by, row.effect);
            let _ = writeln!(text, "| `{name}` | {default} | {unit} | {asked_by} | {effect} | {counter} |");
        }
        if !section.after.is_empty() {
            let _ = write!(text, "\n{}\n", section.after);
        }
    }
    text.push('\n');
    text.push_str(include_str!("after.md"));
    text
}

#[test]
fn the_document_is_made_of_the_ledger_and_the_defaults() {
    let path = root().join("docs/LIMITS.md");
    if std::env::var("LEDGER").is_ok_and(|value| value == "write") {
        std::fs::write(&path, document()).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap();
    assert!(found == document(), "docs/LIMITS.md is stale: LEDGER=write cargo test -p drivers --test ledger");
}

#[test]
fn every_limit_of_the_code_has_a_row() {
    for (title, defaults) in defaults() {
        let section = SECTIONS.iter().find(|section| section.title.starts_with(title)).unwrap();
        let rows: BTreeSet<&str> = section.rows.iter().map(|row| row.name).collect();
        assert_eq!(rows, defaults.keys().map(String::as_str).collect(), "{title}");
        assert_eq!(rows.len(), section.rows.len(), "{title}");
    }
}

/// Fires every limit of a section.
fn fire(title: &str) {
    let section = SECTIONS.iter().find(|section| section.title.starts_with(title)).unwrap();
    for row in section.rows {
        assert!([row.unit, row.asked_by, row.effect].iter().all(|cell| cell.len() > 1), "{}", row.name);
        println!("{}", row.name);
        match row.proof {
            Proof::Here(fire) => fire(),
            Proof::Within(file, test) => assert!(is_a_test(file, test), "{}: no {test} in {file}", row.name),
        }
    }
}

/// Whether there is a function of this name, with the attribute that makes it a test on one of the lines before it.
fn is_a_test(file: &str, test: &str) -> bool {
    let text = std::fs::read_to_string(root().join(file)).unwrap();
    let indent = if file.contains("/src/") { "    " } else { "" };
    text.split_once(&format!("\n{indent}fn {test}("))
        .is_some_and(|(before, _)| before.lines().rev().take(3).any(|line| line.trim() == "#[test]"))
}

#[test]
fn limits_of_http1_fire() {
    fire("HTTP/1:");
}

#[test]
fn limits_of_http2_streams_fire() {
    fire("Streams of HTTP/2");
}

#[test]
fn limits_of_http2_fire() {
    fire("HTTP/2:");
}

#[test]
fn limits_of_websockets_fire() {
    fire("WebSocket:");
}

#[test]
fn deadlines_of_websockets_fire() {
    fire("WebSocket deadlines");
}

#[test]
fn limits_of_the_application_fire() {
    fire("Application");
}

#[test]
fn limits_of_drivers_fire() {
    fire("Drivers");
}

#[test]
fn every_counter_counts_a_row() {
    let named: BTreeSet<&str> =
        SECTIONS.iter().flat_map(|section| section.rows).map(|row| row.counter).collect();
    for limit in app::Limit::ALL {
        assert!(named.contains(limit.name()), "{} is in no row", limit.name());
    }
    let stats = format!("{:?}", drivers::Stats::default());
    for counter in named.into_iter().filter(|counter| !counter.is_empty()) {
        let known = match counter.strip_prefix("Stats::") {
            Some(field) => stats.contains(&format!("{field}: ")),
            None => app::Limit::ALL.iter().any(|limit| limit.name() == counter),
        };
        assert!(known, "there is no {counter}");
    }
}

#[test]
fn values_are_shown_as_they_are_written() {
    for (value, text) in [
        ("100", "100"),
        ("65536", "65,536"),
        ("1048576", "1,048,576"),
        ("4294967295", "none"),
        ("18446744073709551615", "none"),
        ("250ms", "250 ms"),
        ("5s", "5 s"),
        ("Rate { burst: 10000, per_second: 330 }", "10,000 and 330 a second"),
    ] {
        assert_eq!(shown(value), text);
    }
}
