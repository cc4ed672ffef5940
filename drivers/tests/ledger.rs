//! `docs/LIMITS.md` says what the code does: the same limits, with the same defaults.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fmt::Debug;

type Table = BTreeMap<String, String>;

/// The limits in a section of the document, by name.
fn documented(title: &str) -> Table {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/LIMITS.md");
    let document = std::fs::read_to_string(path).unwrap();
    let section = document.split("\n## ").find(|section| section.starts_with(title)).unwrap();
    let rows = section.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split(" | ");
        let name = cells.next()?.strip_suffix('`')?.to_owned();
        let default = cells.next()?.to_owned();
        assert!(cells.clone().count() == 3 && cells.all(|cell| cell.len() > 1), "{line}");
        Some((name, default))
    });
    rows.collect()
}

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

#[test]
fn the_document_has_the_defaults_of_the_code() {
    let app = app::Config::default();
    assert_eq!(documented("HTTP/1"), coded(app.http1.limits));
    assert_eq!(documented("WebSocket:"), coded(app.websocket.limits));
    assert_eq!(documented("Drivers"), coded(drivers::Limits::default()));
    assert_eq!(documented("HTTP/2"), coded(proto_h2::Limits::default()));

    let mut deadlines = coded(app.websocket.keep_alive);
    deadlines.insert("close_timeout".into(), shown(&format!("{:?}", app.websocket.close_timeout)));
    assert_eq!(documented("WebSocket deadlines"), deadlines);

    // Taken apart by name, so that none is forgotten.
    let app::Http2Config {
        enabled: _,
        codec: _,
        head_timeout,
        idle_timeout,
        body_rate,
        body_grace,
        send_rate,
        send_grace,
    } = &app.http2;
    let http2: [(&str, &dyn Debug); 6] = [
        ("head_timeout", head_timeout),
        ("idle_timeout", idle_timeout),
        ("body_rate", body_rate),
        ("body_grace", body_grace),
        ("send_rate", send_rate),
        ("send_grace", send_grace),
    ];
    let http2 = http2.map(|(name, limit)| (name.to_owned(), shown(&format!("{limit:?}"))));
    assert_eq!(documented("Streams of HTTP/2"), Table::from(http2));

    // The rest of its fields are no limits.
    let app::Config { opening_timeout, raw_idle_timeout, deflate_memory, .. } = app;
    let app = [
        ("opening_timeout", format!("{opening_timeout:?}")),
        ("raw_idle_timeout", format!("{raw_idle_timeout:?}")),
        ("deflate_memory", deflate_memory.to_string()),
    ];
    let app = app.map(|(name, limit)| (name.to_owned(), shown(&limit)));
    assert_eq!(documented("Application"), Table::from(app));
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
