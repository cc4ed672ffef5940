//! Documents in every layout, whole and damaged: what is read with a look ahead is read as it is byte by byte.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fmt::Write as _;
use std::ops::ControlFlow;

use proptest::prelude::*;
use proto_lejp::{Config, Documents, Event, Parser, PathSet};

static PATHS: PathSet<'static, 64> = match PathSet::compile(&[
    "[].a",
    "a[].*",
    "a.*.long key of more than thirty-two bytes*",
    "*.a",
    "[][]",
    "ab*",
]) {
    Ok(paths) => paths,
    Err(_) => panic!("malformed pattern"),
};

/// How a document is written.
#[derive(Debug, Clone)]
struct Layout {
    newline: &'static str,
    indent: String,
    colon: &'static str,
    comma: &'static str,
    empty: &'static str,
}

fn layout() -> impl Strategy<Value = Layout> {
    let of = |all: &'static [&'static str]| prop::sample::select(all);
    (
        of(&["", "\n", "\n", "\r\n", " \n", "\n\n"]),
        of(&["", " ", "  ", "    ", "\t", "          "]),
        of(&[":", ": ", " : ", "\t:\t", ":  ", "\n:\n", " :"]),
        of(&[",", ", ", " ,", ",\t", ",  "]),
        of(&["", " ", "\n", "\t", "\n\t", "\n\r\n", " \n"]),
    )
        .prop_map(|(newline, indent, colon, comma, empty)| Layout {
            newline,
            indent: indent.into(),
            colon,
            comma,
            empty,
        })
}

#[derive(Debug, Clone)]
enum Value {
    Scalar(String),
    Array(Vec<Value>),
    Object(Vec<(String, Value)>),
}

fn text() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(&[
        "a",
        "b",
        "ab",
        "key",
        "a text",
        "\\n",
        "\\\"",
        "\\u00e4",
        "\\ud83d\\ude00",
        "ä",
        "日本",
        "\u{7f}",
        "0123456789abcde",
        "0123456789abcdef",
        "long key of more than thirty-two bytes",
    ]);
    prop_oneof![
        4 => prop::sample::select(&["a", "b", "ab", "id", "name", ""]).prop_map(String::from),
        1 => prop::collection::vec(piece, 0..7).prop_map(|pieces| pieces.concat()),
        1 => (0..100_usize).prop_map(|len| "x".repeat(len)),
    ]
}

fn scalar() -> impl Strategy<Value = String> {
    let number = prop::sample::select(&[
        "0",
        "-0",
        "7",
        "-12",
        "10",
        "0.5",
        "-0.25",
        "1e5",
        "1E+05",
        "-3.75e-10",
        "0e0",
        "0.0e-0",
        "-65.613616999999977",
        "123456789012345678901234567890",
        "1234567890123456789012345678.9",
        "123456789012345678901234567.25e1",
        "1234567890123456789012345678e12",
        "12345678901234567890123456789e1",
        "1234567890123456789012345678901",
        "12345678901234567890123456789012",
        "0.00000000000000000000000000000000000001",
    ]);
    prop_oneof![
        3 => number.prop_map(String::from),
        3 => text().prop_map(|text| format!("\"{text}\"")),
        1 => prop::sample::select(&["true", "false", "null"]).prop_map(String::from),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    scalar().prop_map(Value::Scalar).prop_recursive(6, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::vec((text(), inner), 0..6).prop_map(Value::Object),
        ]
    })
}

fn write(out: &mut String, value: &Value, layout: &Layout, depth: usize) {
    let line = |out: &mut String, depth: usize| {
        if !layout.newline.is_empty() {
            out.push_str(layout.newline);
            out.push_str(&layout.indent.repeat(depth));
        }
    };
    let (open, close, len) = match value {
        Value::Scalar(text) => return out.push_str(text),
        Value::Array(elements) => ('[', ']', elements.len()),
        Value::Object(members) => ('{', '}', members.len()),
    };
    out.push(open);
    for index in 0..len {
        if index > 0 {
            out.push_str(layout.comma);
        }
        line(out, depth + 1);
        match value {
            Value::Array(elements) => write(out, &elements[index], layout, depth + 1),
            Value::Object(members) => {
                let (key, value) = &members[index];
                let _ = write!(out, "\"{key}\"{}", layout.colon);
                write(out, value, layout, depth + 1);
            }
            Value::Scalar(_) => {}
        }
    }
    if len > 0 {
        line(out, depth);
    } else {
        out.push_str(layout.empty);
    }
    out.push(close);
}

type P = Parser<'static, 8, 48, 4>;

/// All that can be asked for at an event.
fn note(told: &mut Vec<String>, parser: &P, event: Event<'_>) {
    let wildcard = parser.wildcard(0).map(<[u8]>::escape_ascii);
    let wildcard = wildcard.map_or(String::new(), |key| key.to_string());
    let event = format!("{event:?}");
    // Positions of documents within an input are those of the input.
    let event = if event.contains("Complete") { "complete".into() } else { event };
    // The colon is taken along with a key if it is there.
    let offset = if event.contains("Key") { 0 } else { parser.offset() };
    let (path, indices, depth, line) = (parser.path(), parser.indices(), parser.depth(), parser.line());
    told.push(format!("{event} {path:?} {indices:?} {wildcard} depth {depth} offset {offset} line {line}"));
}

/// What is told of `text`, given in pieces: by one call an event, or by the parser's own loop.
fn story(config: Config, text: &[u8], piece: usize, each: bool) -> (Vec<String>, String) {
    let mut parser = P::with_config(&PATHS, config);
    let (mut told, mut scratch, mut pending) = (Vec::new(), [0; 1024], Vec::new());
    for piece in text.chunks(piece) {
        pending.extend_from_slice(piece);
        let consumed = if each {
            let result = parser.each(&pending, &mut scratch, |parser, event| {
                note(&mut told, parser, event);
                ControlFlow::<()>::Continue(())
            });
            result.map(|(consumed, _)| consumed)
        } else {
            let mut at = 0;
            loop {
                match parser.receive(&pending[at..], &mut scratch) {
                    Err(error) => break Err(error),
                    Ok(step) => {
                        at += step.consumed;
                        let Some(event) = step.event else { break Ok(at) };
                        note(&mut told, &parser, event);
                    }
                }
            }
        };
        match consumed {
            Ok(consumed) => drop(pending.drain(..consumed)),
            Err(error) => return (told, error.to_string()),
        }
    }
    match parser.receive_eof() {
        Ok(Some(event)) => note(&mut told, &parser, event),
        Ok(None) => {}
        Err(error) => return (told, error.to_string()),
    }
    (told, format!("{:?} {}", parser.error(), parser.is_between_documents()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(debug_assertions) { 500 } else { 50_000 }, ..ProptestConfig::default() })]

    #[test]
    fn any_document_in_any_layout(
        value in value(),
        layout in layout(),
        mode in 0..5_u8,
        piece in 1..300_usize,
        damage in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(b"\",:[]{} \n\t\0ae0-.#\xff\xe4\\".as_slice()), any::<bool>()), 0..2),
    ) {
        let mut text = String::new();
        write(&mut text, &value, &layout, 0);
        let mut text = text.into_bytes();
        for (at, byte, insert) in damage {
            let at = at.index(text.len());
            if insert { text.insert(at, byte) } else { text[at] = byte }
        }
        // Something behind it, so that the look ahead reaches to its end.
        text.extend_from_slice(&[b' '; 90]);
        let config = match mode {
            0 => Config::LEJP,
            1 => Config::LINES,
            2 => Config { documents: Documents::Concatenated, ..Config::default() },
            3 => Config { whole: 64, ..Config::default() },
            _ => Config::default(),
        };
        if mode == 2 {
            text.extend_from_within(..);
        }
        let expected = story(config, &text, 1, false);
        // What comes in parts depends on the pieces.
        if expected.0.iter().any(|event| event.contains("last: false")) {
            return Ok(());
        }
        for (piece, each) in [(text.len(), false), (text.len(), true), (piece, false), (piece, true)] {
            let found = story(config, &text, piece, each);
            let differs = found.0.iter().zip(&expected.0).position(|(a, b)| a != b);
            prop_assert_eq!(
                (differs.map(|at| (&found.0[at], &expected.0[at])), found.0.len(), &found.1),
                (None, expected.0.len(), &expected.1),
                "pieces of {} {} {}", piece, each, text.escape_ascii()
            );
        }
    }
}
