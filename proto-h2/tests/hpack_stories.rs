//! Recorded connections of several encoders, and two independent decoders as judges.
//!
//! The recordings lie outside the repository; when they are not there, that test says so and passes.
#![allow(clippy::unwrap_used, clippy::panic)]

use proptest::prelude::*;
use proto_core::WriteBuf;
use proto_h2::hpack::{Decoder, Encoder, Field};
use std::path::{Path, PathBuf};
use strategies::hpack::connection;

#[derive(Default)]
struct Case {
    wire: Vec<u8>,
    fields: Vec<(String, String)>,
    table_size: Option<u32>,
}

/// The few forms of JSON that the recordings use.
struct Json<'a>(std::iter::Peekable<std::str::Chars<'a>>);

impl Json<'_> {
    fn peek(&mut self) -> char {
        while self.0.next_if(|c| c.is_whitespace() || matches!(c, ',' | ':')).is_some() {}
        *self.0.peek().unwrap()
    }

    fn string(&mut self) -> String {
        assert_eq!((self.peek(), self.0.next()), ('"', Some('"')));
        let mut text = String::new();
        loop {
            match self.0.next().unwrap() {
                '"' => return text,
                '\\' => match self.0.next().unwrap() {
                    'u' => {
                        let code: String = self.0.by_ref().take(4).collect();
                        text.push(char::from_u32(u32::from_str_radix(&code, 16).unwrap()).unwrap());
                    }
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    other => text.push(other),
                },
                other => text.push(other),
            }
        }
    }

    fn number(&mut self) -> u32 {
        self.peek();
        let mut digits = String::new();
        while let Some(digit) = self.0.next_if(char::is_ascii_digit) {
            digits.push(digit);
        }
        digits.parse().unwrap()
    }

    /// Calls `item` for each key of an object or each element of an array.
    fn each(&mut self, mut item: impl FnMut(&mut Self, String)) {
        let end = if self.peek() == '{' { '}' } else { ']' };
        self.0.next();
        while self.peek() != end {
            let key = if end == '}' { self.string() } else { String::new() };
            item(self, key);
        }
        self.0.next();
    }

    fn cases(text: &str) -> Vec<Case> {
        let mut cases = Vec::new();
        Json(text.chars().peekable()).each(|json, key| match key.as_str() {
            "cases" => json.each(|json, _| {
                let mut case = Case::default();
                json.each(|json, key| match key.as_str() {
                    "wire" => case.wire = hex(&json.string()),
                    "headers" => json.each(|json, _| {
                        json.each(|json, name| {
                            let value = json.string();
                            case.fields.push((name, value));
                        });
                    }),
                    "header_table_size" => case.table_size = Some(json.number()),
                    _ => drop(json.number()),
                });
                cases.push(case);
            }),
            _ => drop(json.string()),
        });
        cases
    }
}

fn hex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn recordings() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/hpack");
    let mut files = Vec::new();
    for directory in root.read_dir().into_iter().flatten().flatten() {
        files.extend(directory.path().read_dir().into_iter().flatten().flatten().map(|file| file.path()));
    }
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files
}

#[test]
fn recorded_connections() {
    let files = recordings();
    if files.is_empty() {
        eprintln!("SKIPPED: no HPACK recordings in ../shared/data/hpack");
        return;
    }
    let mut blocks = 0;
    for (nth, file) in files.iter().enumerate() {
        let cases = Json::cases(&std::fs::read_to_string(file).unwrap());
        assert!(!cases.is_empty());
        let (mut decoder, mut encoder, mut back) =
            (Decoder::new(65_536), Encoder::new(65_536), Decoder::new(65_536));
        let mut judge = hpack::Decoder::new();
        for case in &cases {
            let mut scratch = vec![0; 65_536];
            if let Some(size) = case.table_size {
                decoder.set_limit(size);
                back.set_limit(size);
                encoder.set_limit(size);
                judge.set_max_table_size(65_536); // it knows no limits; the size updates tell it
            }
            let found = decoder.decode(&case.wire, &mut scratch);
            let found = found.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            let pairs = |fields: &[(String, String)]| -> Vec<(Vec<u8>, Vec<u8>)> {
                fields.iter().map(|(n, v)| (n.clone().into_bytes(), v.clone().into_bytes())).collect()
            };
            let expected = pairs(&case.fields);
            assert!(found.iter().map(|f| (f.name.to_vec(), f.value.to_vec())).eq(expected.iter().cloned()));

            // And through our own encoder, judged by both decoders.
            let fields = case.fields.iter().map(|(n, v)| Field::new(n.as_bytes(), v.as_bytes()));
            let mut room = vec![0; 65_536];
            let mut out = WriteBuf::new(&mut room);
            encoder.encode(fields, &mut out).unwrap();
            let mut scratch = vec![0; 65_536];
            let again = back.decode(out.written(), &mut scratch).unwrap();
            assert!(again.iter().map(|f| (f.name.to_vec(), f.value.to_vec())).eq(expected.iter().cloned()));
            if nth % 8 == 0 {
                // it is slow: some files suffice
                assert_eq!(judge.decode(out.written()).unwrap(), expected, "{}", file.display());
            }
            blocks += 1;
        }
    }
    println!("{blocks} blocks of {} connections", files.len());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]
    /// Blocks of every representation decode to what was written, and to what the independent decoders make of them.
    #[test]
    fn blocks_of_every_representation(blocks in connection(4096)) {
        let mut writer = strategies::hpack::Encoder::new(4096);
        let mut ours = Decoder::new(4096);
        let (mut judge, mut loona) = (hpack::Decoder::new(), loona_hpack::Decoder::new());
        for block in &blocks {
            let (octets, list) = writer.encode(block);
            let mut scratch = vec![0; 65_536];
            let found = ours.decode(&octets, &mut scratch).unwrap();
            let found: Vec<_> = found.iter().map(|field| (field.name.to_vec(), field.value.to_vec())).collect();
            prop_assert_eq!(&found, &list);
            // Its entry 15 is misspelt.
            if list.iter().all(|(name, _)| name != b"accept-charset") {
                prop_assert_eq!(&judge.decode(&octets).unwrap(), &list);
            } else {
                judge.decode(&octets).unwrap();
            }
            prop_assert_eq!(loona.decode(&octets).unwrap(), list);
        }
    }
}
