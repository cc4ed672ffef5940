//! Tokens longer than is kept whole, and inputs of any length in constant memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
use common::{documents, story_with};
use proto_lejp::story::Json;
use proto_lejp::{Config, Dialect, Documents, NumberKind, Parser, Paths, Token};

const WHOLE: usize = 64;

fn subject() -> Json<'static> {
    Json { config: Config { whole: WHOLE as u32, ..Config::default() }, ..Json::default() }
}

/// The tokens of `text` given in pieces of `size` bytes, each with what it leaves unconsumed in front.
fn tokens(config: Config, text: &[u8], size: usize, scratch: usize) -> Vec<String> {
    let mut parser = Parser::<64, 160, 32>::with_config(Paths::none(), config);
    let mut scratch = vec![0; scratch];
    let (mut pending, mut told) = (Vec::new(), Vec::new());
    for piece in text.chunks(size) {
        pending.extend_from_slice(piece);
        loop {
            assert!(pending.len() < parser.min_input() + size);
            let step = parser.receive(&pending, &mut scratch).unwrap();
            if let Some(event) = step.event {
                told.push(match event.token() {
                    Token::Key { part, last } => format!("key {} {last}", part.escape_ascii()),
                    Token::Text { part, last } => format!("text {} {last}", part.escape_ascii()),
                    Token::Number { text, last, kind } => {
                        format!("number {} {last} {kind:?}", text.escape_ascii())
                    }
                    token => format!("{token:?}"),
                });
            }
            let last = step.event.is_none();
            pending.drain(..step.consumed);
            if last {
                break;
            }
        }
    }
    told
}

#[test]
fn a_token_at_the_limit_comes_whole_and_one_beyond_it_in_parts() {
    let config = subject().config;
    for (len, whole) in [(WHOLE, true), (WHOLE + 1, false)] {
        let long = "x".repeat(len);
        let key = tokens(config, format!("{{\"{long}\":0}}").as_bytes(), 1, 64);
        assert_eq!(key.contains(&format!("key {long} true")), whole, "{key:?}");
        let text = tokens(config, format!("[\"{long}\"]").as_bytes(), 1, 64);
        assert_eq!(text.contains(&format!("text {long} true")), whole, "{text:?}");
        let digits = "7".repeat(len);
        let number = tokens(config, format!("[{digits}]").as_bytes(), 1, 64);
        assert_eq!(number.contains(&format!("number {digits} true Int")), whole, "{number:?}");
    }
}

#[test]
fn a_string_with_escapes_is_measured_as_it_stands_in_the_input() {
    let config = subject().config;
    for (text, whole) in [("\\u0041".repeat(10) + "xxxx", true), ("\\u0041".repeat(10) + "xxxxx", false)] {
        let told = tokens(config, format!("[\"{text}\"]").as_bytes(), 1, 64);
        assert_eq!(told.iter().filter(|line| line.starts_with("text")).count() == 1, whole, "{told:?}");
    }
}

#[test]
fn long_tokens_tell_one_story_however_they_are_cut() {
    for len in [WHOLE, WHOLE + 1, 2 * WHOLE] {
        for unit in ["x", "ä", "日", "😀", "\\n", "\\u00e4", "\\ud83d\\ude00", "xx\\u65e5😀"] {
            let long = unit.repeat(len / unit.len() + 1);
            let exact = format!("{}{long}", "y".repeat(len % unit.len()));
            for text in [
                format!("[\"{long}\"]"),
                format!("{{\"{long}\":\"{exact}\"}}"),
                format!("{{\"{exact}\":1,\"b\":2}}"),
                format!("\"{exact}\""),
                format!("[\"{exact}\u{1}\"]"),
                format!("{{\"{exact}\\q\":1}}"),
                format!("[\"{long}"),
                format!("{{\"{exact}"),
            ] {
                story_with(&subject(), text.as_bytes());
                for scratch in [0, 3, 5, 17, 65] {
                    story_with(&Json { scratch, ..subject() }, text.as_bytes());
                }
            }
        }
        for text in [
            format!("[{}]", "7".repeat(len)),
            format!("[-{}.5e+3,1]", "7".repeat(len)),
            format!("[0.{}]", "7".repeat(len)),
            format!("[1e{}]", "7".repeat(len)),
            format!("[{}x]", "7".repeat(len)),
            format!("[{}.]", "7".repeat(len)),
            format!("[{}e", "7".repeat(len)),
            "7".repeat(len),
            format!("{}.x", "7".repeat(len)),
        ] {
            story_with(&subject(), text.as_bytes());
        }
    }
}

#[test]
fn bytes_that_are_not_utf8_are_found_at_the_same_place_in_a_long_text() {
    for at in 50..80 {
        let mut text = b"[\"".to_vec();
        text.extend(core::iter::repeat_n(b'x', at));
        text.extend_from_slice(b"\xe6\x97z\"]");
        let story = story_with(&subject(), &text);
        assert_eq!(story.error, Some(format!("Utf8 at offset {} (1:{})", at + 2, at + 3)));
    }
}

#[test]
fn a_key_that_does_not_fit_into_the_scratch_space_is_refused_and_a_text_is_split() {
    let text = br#"{"a\nbcdefg":"a\nbcdefg"}"#;
    let story = story_with(&Json { scratch: 8, ..subject() }, text);
    assert_eq!(story.error, None);
    let story = story_with(&Json { scratch: 7, ..subject() }, text);
    assert_eq!(story.error, Some("Scratch at offset 10 (1:11)".into()));
    assert_eq!(
        tokens(subject().config, br#"["a\nbcdefg"]"#, 100, 7),
        ["Begin(Array)", "text a\\nbcdef false", "text g true", "End(Array)", "Complete { unused: [] }"]
    );
    let story = story_with(&Json { scratch: 2, ..subject() }, br#"["\u65e5"]"#);
    assert_eq!(story.error, Some("Scratch at offset 2 (1:3)".into()));
}

#[test]
fn a_number_that_is_the_document_comes_as_its_digits_do() {
    let config = Config { documents: Documents::Concatenated, ..Config::default() };
    assert_eq!(
        tokens(config, b"12.5 7", 2, 0),
        [
            "number 12 false Int",
            "number .5 false Float",
            "number  true Float",
            "Complete { unused: [32, 55] }",
            "number 7 false Int"
        ]
    );
    let mut parser = Parser::default();
    let step = parser.receive(b"12", &mut []).unwrap();
    assert_eq!(step.consumed, 2);
    assert_eq!(parser.receive(b"", &mut []).unwrap().event, None);
    let end = parser.receive_eof().unwrap().unwrap();
    assert_eq!(end.token(), Token::Number { text: b"", kind: NumberKind::Int, last: true });
    assert_eq!(parser.receive_eof().unwrap().unwrap().token(), Token::Complete { unused: b"" });
    assert_eq!(parser.receive_eof(), Ok(None));
}

#[test]
fn the_dialect_of_lejp_streams_the_same_way() {
    let config = Config { whole: WHOLE as u32, ..Config::LEJP };
    for text in [
        format!("[\"{}\"]", "\u{e9}".repeat(100)).into_bytes(),
        [b"[\"".to_vec(), vec![0xe9; 200], b"\"]".to_vec()].concat(),
        [b"{\"".to_vec(), vec![0x80; 200], b"\":1}".to_vec()].concat(),
        [b"[\"\\n".to_vec(), vec![0xf0; 200], b"\"]".to_vec()].concat(),
    ] {
        for scratch in [4, 16, 1024] {
            let story = story_with(&Json { config, scratch, ..Json::default() }, &text);
            assert_eq!(story.error, None, "{}", text.escape_ascii());
        }
    }
    assert_eq!(config.dialect, Dialect::Lejp);
    let _ = documents(Documents::One);
}
