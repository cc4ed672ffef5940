//! Documents in every layout, whole and damaged: what is read with a look ahead is read as it is byte by byte.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::ops::ControlFlow;

use proptest::prelude::*;
use proto_lejp::{Config, Documents, Event, Parser, PathSet};
use strategies::damage::damage;
use strategies::json::{TELLING, document, layout};

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
        value in document(),
        layout in layout(),
        mode in 0..5_u8,
        piece in 1..300_usize,
        damage in damage(TELLING, 1),
    ) {
        let mut text = value.text(&layout).into_bytes();
        damage.to(&mut text);
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
