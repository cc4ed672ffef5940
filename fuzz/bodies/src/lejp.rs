//! Streaming JSON: the oracle, calls in any order, and `serde_json` as the judge.

mod ops;

pub use ops::ops;

use proto_lejp::{Config, Parser, Paths, Values};
use serde_json::Value;
use strategies::{chosen_by, some};

use crate::{knobs, with_knobs};

/// The story of a text. The first byte chooses dialect, documents, how long a token comes whole, and paths.
pub fn cut(data: &[u8]) {
    if let Err(fault) = proto_lejp::story::fuzz(data) {
        panic!("{}: {fault:?}", data.escape_ascii());
    }
}

/// The story of tokens in any order, or of a damaged document. The first byte is that of [`cut`], the others choose.
pub fn shaped(data: &[u8]) {
    let ([knob], choices) = knobs(data);
    cut(&[&[knob], &chosen_by(&strategies::json::texts(), choices, 3).concat()[..]].concat());
}

/// What a strict parser makes of a text, in pieces of the length that the first byte gives, is what `serde_json` makes
/// of it; and it refuses what that refuses.
pub fn diff(data: &[u8]) {
    let ([knob], text) = knobs(data);
    let ours = read(text, usize::from(knob) + 1);
    let theirs = serde_json::from_slice::<Value>(text);
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs, "{}", text.escape_ascii()),
        (Err(_), Err(_)) => {}
        // It refuses numbers beyond the range of a double, and more than 128 levels, which the grammar does not.
        (Ok(_), Err(fault)) if fault.to_string().contains("number out of range") => {}
        (Ok(_), Err(fault)) if fault.to_string().contains("recursion limit") => {}
        // More levels than a parser was made for are refused by ours alone.
        (Err(fault), Ok(_)) if fault.reason() == proto_lejp::Reason::Depth => {}
        (ours, theirs) => panic!("{}: {ours:?} but {theirs:?}", text.escape_ascii()),
    }
}

fn read(text: &[u8], piece: usize) -> Result<Value, proto_lejp::Error> {
    let mut parser: Parser<'_> = Parser::with_config(Paths::none(), Config::default());
    let mut scratch = [0; 1024];
    let mut values = Values::default();
    let mut found = None;
    let mut pending = Vec::new();
    for piece in text.chunks(piece) {
        pending.extend_from_slice(piece);
        loop {
            let step = parser.receive(&pending, &mut scratch)?;
            let told = step.event.is_some();
            if let Some(value) = step.event.and_then(|event| values.take(&event.token())) {
                assert!(found.replace(value).is_none(), "two values");
            }
            pending.drain(..step.consumed);
            if !told {
                break;
            }
        }
    }
    while let Some(event) = parser.receive_eof()? {
        if let Some(value) = values.take(&event.token()) {
            assert!(found.replace(value).is_none(), "two values");
        }
    }
    Ok(found.expect("a document without an error is a value"))
}

const TEXTS: &[&str] = &[
    r#"{"a":{"b":1,"\u0063":[true,null,{"d":"e\n\ud83d\ude00\u00e4"}]},"ab":[[-1.5e-3],[],0,"x"]}"#,
    "[1,2.5,-0,1e9,0.1E-7,12345678901234567890,123456789012345678901234567890]",
    r#"["", "\"\\\/\b\f\n\r\t", "κόσμε 日本語 😀", "\ud83d", "\ude00\ud83d"]"#,
    "\"a string of somewhat more than sixty-four bytes, which is the least that a parser may be asked to keep whole\"",
    " \t\r\n{ \"a\" : [ ] , \"b\" : { } } \n",
    "[1,]",
    "{\"a\":1,}",
    "01",
    "1e",
    "-",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "true false",
    "{\"a\":1}\n{\"a\":2}\n\n[3]\n",
    "# comment\n{\"a\":[01,1e+,],}",
    "1e400",
    "nul",
];

fn texts() -> Vec<Vec<u8>> {
    let mut texts: Vec<_> = TEXTS.iter().map(|text| text.as_bytes().to_vec()).collect();
    texts.push(b"\"\xff\"".to_vec());
    texts.push(b"\"\xed\xa0\x80\"".to_vec());
    texts.extend(some(&strategies::json::texts(), 4));
    texts
}

/// Texts, read in four ways.
pub fn cut_seeds() -> Vec<Vec<u8>> {
    with_knobs(&[[0x00], [0x2f], [0x34], [0x26]], &texts())
}

/// Texts, in pieces of two lengths.
pub fn diff_seeds() -> Vec<Vec<u8>> {
    with_knobs(&[[0], [6]], &texts())
}
