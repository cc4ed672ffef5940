//! Items of documents as values, and agreement with another parser.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use core::ops::ControlFlow;
use proptest::prelude::*;
use proto_lejp::{Config, Documents, ItemError, Items, Parser, PathSet, Paths, Printer, Selected, Values};
use serde::Deserialize;
use serde_json::Value;
use std::io::{self, Read};
use strategies::damage::damage;
use strategies::json::{TELLING, document, layout};

/// A reader that gives at most `size` bytes at a time and is interrupted now and then.
struct Pieces<'a>(&'a [u8], usize, bool);

impl Read for Pieces<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.2 = !self.2;
        if self.2 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let len = self.1.min(self.0.len()).min(room.len());
        room[..len].copy_from_slice(&self.0[..len]);
        self.0 = &self.0[len..];
        Ok(len)
    }
}

#[derive(Debug, Deserialize, PartialEq)]
struct Item {
    id: u32,
    name: String,
    #[serde(default)]
    tags: Vec<String>,
}

#[test]
fn items_of_an_array_of_any_size_come_one_by_one() {
    let paths = PathSet::<16>::compile(&["items[]"]).unwrap();
    let item =
        |id: u32| format!(r#" {{ "id":{id}, "name" :"n\u00e4m\n{id}", "tags":["{}"] }}"#, "t".repeat(3000));
    let items: Vec<String> = (0..50).map(item).collect();
    let text = format!(r#"{{"a":[1,{{"items":[7]}}],"items":[{}],"z":null}}"#, items.join(" ,\n"));
    for size in [1, 7, 4096, 1 << 20] {
        let read: Vec<Item> =
            Items::new(Pieces(text.as_bytes(), size, false), &paths).collect::<Result<_, _>>().unwrap();
        assert_eq!(read.len(), 50);
        assert_eq!(read[49].id, 49);
        assert_eq!(read[7].name, "näm\n7");
        assert_eq!(read[7].tags[0].len(), 3000);
    }
}

#[test]
fn items_of_every_kind_and_documents_that_are_one() {
    let read = |patterns: &[&str], text: &str, documents| -> Vec<Value> {
        let paths = PathSet::<16>::compile(patterns).unwrap();
        let config = Config { documents, ..Config::default() };
        let whole: Vec<Value> =
            Items::with_config(text.as_bytes(), &paths, config).map(Result::unwrap).collect();
        let pieces: Vec<Value> = Items::with_config(Pieces(text.as_bytes(), 1, true), &paths, config)
            .map(Result::unwrap)
            .collect();
        assert_eq!(whole, pieces);
        whole
    };
    let one = Documents::One;
    let text = r#"[1, -2.5e3,"a,\":b" ,true,null, {"k":[]},[[1],[]] ,{ }]"#;
    let all: Vec<Value> = serde_json::from_str(text).unwrap();
    assert_eq!(read(&["[]"], text, one), all);
    assert_eq!(read(&[""], "17", one), [Value::from(17)]);
    assert_eq!(read(&[""], " {\"a\":[1]} ", one), [serde_json::json!({"a":[1]})]);
    assert_eq!(read(&["a", "a.b"], r#"{"a":{"b":1},"b":2}"#, one), [serde_json::json!({"b":1})]);
    assert_eq!(read(&[""], "1\n[2]\n\"x\"\n4", Documents::Lines).len(), 4);
    assert_eq!(read(&["id"], "{\"id\":1}{\"id\":2} {\"id\":3}", Documents::Concatenated).len(), 3);
    assert_eq!(read(&["x"], "{}", one), Vec::<Value>::new());
    let long = format!("[\"{}\",0.{}]", "x".repeat(10_000), "7".repeat(5_000));
    let items = read(&["[]"], &format!("[{long}]"), one);
    assert_eq!(items[0][0].as_str().unwrap().len(), 10_000);
}

#[test]
fn what_can_go_wrong_with_items() {
    let paths = PathSet::<16>::compile(&["[]"]).unwrap();
    let mut items = Items::<_, Item>::new(&br#"[1,{"id":1,"name":"a"},"x"]"#[..], &paths);
    assert!(matches!(items.next(), Some(Err(ItemError::Item(_)))));
    assert_eq!(items.next().unwrap().unwrap().id, 1);
    assert!(matches!(items.next(), Some(Err(ItemError::Item(_)))));
    assert!(items.next().is_none());

    let mut items = Items::<_, Value>::new(&b"[1,2,]"[..], &paths);
    assert!(items.next().unwrap().is_ok());
    assert!(items.next().unwrap().is_ok());
    let Some(Err(ItemError::Json(error))) = items.next() else { panic!("no error") };
    assert_eq!((error.offset(), error.line(), error.column()), (5, 1, 6));
    assert!(items.next().is_none());

    let mut items = Items::<_, Value>::new(&b"[1,[2"[..], &paths);
    assert!(items.next().unwrap().is_ok());
    let Some(Err(error @ ItemError::Json(_))) = items.next() else { panic!("no error") };
    assert_eq!(error.to_string(), "the input ends before the document does at line 1 column 6 (byte 5)");

    for (max, fits) in [(12, true), (11, false)] {
        let items = Items::<_, Value>::new(&b"[\"0123456789\"]"[..], &paths).max_item(max);
        let results: Vec<_> = items.collect();
        assert_eq!(results.len(), 1);
        assert_eq!(results[0].is_ok(), fits);
    }

    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }
    let mut items = Items::<_, Value>::new(Broken, &paths);
    assert!(matches!(items.next(), Some(Err(ItemError::Io(_)))));
    assert!(items.next().is_none());
}

/// The value of a document by this crate.
fn ours(text: &[u8]) -> Result<Value, proto_lejp::Error> {
    let mut parser = Parser::<128, 0, 0>::with_config(Paths::none(), Config::default());
    let (mut values, mut found) = (Values::default(), None);
    let (consumed, _) = parser.each(text, &mut [0; 1024], |_, event| {
        found = found.take().or(values.take(&event.token()));
        ControlFlow::<()>::Continue(())
    })?;
    // What is left is the beginning of a token, and the end of the input is the fault.
    let _ = consumed;
    while let Some(event) = parser.receive_eof()? {
        found = found.take().or(values.take(&event.token()));
    }
    Ok(found.expect("a document that is accepted has a value"))
}

/// Both parsers accept or refuse a text, and give the same value.
///
/// The differences: `serde_json` refuses numbers beyond the range of a double and nesting beyond 127.
fn agree(text: &[u8]) {
    let theirs = serde_json::from_slice::<Value>(text);
    match (ours(text), theirs) {
        (Ok(ours), Ok(theirs)) => {
            assert_eq!(ours, theirs, "{}", text.escape_ascii());
        }
        (Err(_), Err(_)) => {}
        (Ok(_), Err(error)) if error.to_string().starts_with("number out of range") => {}
        (ours, theirs) => panic!("{}: ours {ours:?}, theirs {theirs:?}", text.escape_ascii()),
    }
}

proptest! {
    #[test]
    fn documents_are_read_as_another_parser_reads_them(value in document(), layout in layout()) {
        agree(value.text(&layout).as_bytes());
    }

    #[test]
    fn damaged_documents_are_refused_as_another_parser_refuses_them(
        value in document(),
        layout in layout(),
        damage in damage(TELLING, 3),
    ) {
        agree(&damage.of(value.text(&layout).as_bytes()));
    }

    #[test]
    fn bytes_that_look_like_json(text in r#"[\[\]{}:,"\\0-9eE.+\-truefalsn \nu/ab]{0,24}"#) {
        agree(text.as_bytes());
    }

    #[test]
    fn numbers_that_look_like_numbers(text in r"-?[0-9]{0,3}(\.[0-9]{0,20})?([eE][+-]?[0-9]{0,3})?") {
        agree(text.as_bytes());
        agree(format!("[{text}]                    ").as_bytes());
    }

    #[test]
    fn what_is_printed_is_what_was_read(value in document(), layout in layout()) {
        let text = value.text(&layout);
        let (mut printer, mut printed) = (Printer::new(), Vec::new());
        let mut parser = Parser::default();
        parser.each(text.as_bytes(), &mut [0; 2048], |_, event| {
            printer.print(&event.token(), &mut |piece| printed.extend_from_slice(piece));
            ControlFlow::<()>::Continue(())
        }).unwrap();
        while let Some(event) = parser.receive_eof().unwrap() {
            printer.print(&event.token(), &mut |piece| printed.extend_from_slice(piece));
        }
        prop_assert_eq!(serde_json::from_slice::<Value>(&printed).unwrap(), serde_json::from_str::<Value>(&text).unwrap());
        prop_assert!(printer.is_idle());
    }
}

#[test]
fn control_characters_are_printed_as_escapes() {
    let (mut printer, mut printed) = (Printer::new(), String::new());
    let text: Vec<u8> = (0..0x20).chain([b'"', b'\\', b'/', 0x7f]).collect();
    printer.print(&proto_lejp::Token::Text { part: &text, last: true }, &mut |piece| {
        printed.push_str(core::str::from_utf8(piece).unwrap());
    });
    let expected = Value::from(String::from_utf8(text).unwrap()).to_string();
    assert_eq!(printed, expected);
}

#[test]
fn selected_values_are_lines_and_are_not_written_twice() {
    let paths = PathSet::<16>::compile(&["a[]", "a[].b", "c"]).unwrap();
    let text = br#"{"a":[{"b":[1, 2]},"x\u0001y"],"d":{"a":[3]},"c":{}}"#;
    for size in 1..text.len() {
        let (mut selected, mut lines) = (Selected::default(), Vec::new());
        let mut parser = Parser::new(&paths);
        let mut pending = Vec::new();
        for piece in text.chunks(size) {
            pending.extend_from_slice(piece);
            let (consumed, _) = parser
                .each(&pending, &mut [0; 1024], |_, event| {
                    selected.take(&event, &mut |piece| lines.extend_from_slice(piece));
                    ControlFlow::<()>::Continue(())
                })
                .unwrap();
            pending.drain(..consumed);
        }
        assert_eq!(String::from_utf8_lossy(&lines), "{\"b\":[1,2]}\n\"x\\u0001y\"\n{}\n");
        assert_eq!(selected.count(), 3);
    }
}
