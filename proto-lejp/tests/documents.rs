//! What may follow a document, and dialects.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
use common::{documents, lejp, story_with};
use proto_lejp::story::Json;
use proto_lejp::{Config, Dialect, Documents, Parser, Paths, Token};

/// How many documents are completed, and the error.
#[track_caller]
fn outcome(subject: &Json<'_>, text: &[u8]) -> (usize, String) {
    let story = story_with(subject, text);
    let complete = format!("{story:?}").matches("\n  complete").count();
    (complete, story.error.unwrap_or_default())
}

#[test]
fn one_line_each() {
    let lines = documents(Documents::Lines);
    for (text, complete, error) in [
        (&b""[..], 0, ""),
        (b"\n \r\n\n", 0, ""),
        (b"{}\n[]\n1\ntrue\n\"x\"\n", 5, ""),
        (b"{}\r\n\r\n\n  []", 2, ""),
        (b"1", 1, ""),
        (b"1\n2", 2, ""),
        (b"{\"a\":1} \t\n{}", 2, ""),
        (b"{} {}", 1, "Trailing at offset 3 (1:4)"),
        (b"1 2", 1, "Trailing at offset 2 (1:3)"),
        (b"{}{}", 1, "Trailing at offset 2 (1:3)"),
        (b"{\n}", 0, "LineBreak at offset 1 (1:2)"),
        (b"[1,\n2]", 0, "LineBreak at offset 3 (1:4)"),
        (b"{\"a\"\n:1}", 0, "LineBreak at offset 4 (1:5)"),
        (b"{\"a\":\n1}", 0, "LineBreak at offset 5 (1:6)"),
        (b"[1\n,2]", 0, "LineBreak at offset 2 (1:3)"),
        (b"[]\n[\n", 1, "LineBreak at offset 4 (2:2)"),
        (b"[]\n[", 1, "Incomplete at offset 4 (2:2)"),
        (b"[]\nx", 1, "Value at offset 3 (2:1)"),
        (b"[]\n1x", 1, "Trailing at offset 4 (2:2)"),
    ] {
        // A document that ends and is followed by something wrong is complete nevertheless.
        let found = outcome(&lines, text);
        let complete = if text == b"[]\n1x" { 2 } else { complete };
        assert_eq!(found, (complete, error.into()), "{}", text.escape_ascii());
    }
}

#[test]
fn one_after_the_other() {
    let many = documents(Documents::Concatenated);
    for (text, complete, error) in [
        (&b""[..], 0, ""),
        (b" \n", 0, ""),
        (b"{}[]{}", 3, ""),
        (b"{\n}\n\n[ ]", 2, ""),
        (b"1 2\n3", 3, ""),
        (b"\"a\"\"b\"1", 3, ""),
        (b"1\"a\"", 2, ""),
        (b"1[2]3{}", 4, ""),
        (b"true[]null{}", 4, ""),
        (b"true false", 2, ""),
        (b"truefalse", 1, "Trailing at offset 4 (1:5)"),
        (b"1true", 1, "Trailing at offset 1 (1:2)"),
        (b"null1", 1, "Trailing at offset 4 (1:5)"),
        (b"1-2", 1, "Trailing at offset 1 (1:2)"),
        (b"{}]", 1, "Unopened at offset 2 (1:3)"),
        (b"{},{}", 1, "Value at offset 2 (1:3)"),
        (b"{}\n[", 1, "Incomplete at offset 4 (2:2)"),
        (b"{}\n1.", 1, "Incomplete at offset 5 (2:3)"),
    ] {
        assert_eq!(outcome(&many, text), (complete, error.into()), "{}", text.escape_ascii());
    }
}

#[test]
fn the_first_only_leaves_the_rest_unconsumed() {
    let config = Config { documents: Documents::First, ..Config::default() };
    let mut parser = Parser::<64, 160, 32>::with_config(Paths::none(), config);
    let input = b"[] GET / HTTP/1.1";
    let (consumed, _) = parser
        .each(input, &mut [], |_, event| {
            if let Token::Complete { unused } = event.token() {
                assert_eq!(unused, b" GET / HTTP/1.1");
            }
            core::ops::ControlFlow::<()>::Continue(())
        })
        .unwrap();
    assert_eq!(consumed, 2);
    assert!(!parser.wants().read);
    assert!(parser.is_between_documents());
    assert_eq!(parser.receive_eof(), Ok(None));
    parser.reset();
    assert!(parser.wants().read);
    let step = parser.receive(b"1 ", &mut []).unwrap();
    assert!(matches!(step.event.unwrap().token(), Token::Number { last: true, .. }));
}

#[test]
fn what_lejp_accepts() {
    for text in [
        &b"{}"[..],
        b"[]",
        b"# a comment\n{}",
        b"{ # comment, with \"quotes\" and }\n\"a\"#\n:#\n1#\n,#\n\"b\":[#\n1,#\n2#\n,#\n]#\n}",
        b"[1,]",
        b"[[1,],]",
        b"[007,-01.5,00]",
        b"[1e+,1E-]",
        b"[12345678901234567890]",
        b"[-1234567890.1234567890]",
        b"[\"\xff\xe9t\xe9\"]",
        b"[\"\\ud83d\\ude00\"]",
        b"[\"\\ud83d \\ude00\"]",
        b"{\"a\":1}trailing",
        b"[]]",
        b"[]# no line feed",
        b"{}# no line feed",
    ] {
        assert_eq!(outcome(&lejp(), text), (1, String::new()), "{}", text.escape_ascii());
    }
}

#[test]
fn what_lejp_refuses() {
    for (text, error, code) in [
        (&b"1"[..], "Root", -2),
        (b"\"a\"", "Root", -2),
        (b"true", "Root", -2),
        (b"]", "Root", -2),
        (b"", "Incomplete", -3),
        (b"# only a comment", "Incomplete", -3),
        (b"[1", "Incomplete", -3),
        (b"{1:2}", "Key", -4),
        (b"{\"a\":1,}", "Key", -4),
        (b"[\"\n\"]", "Control", -6),
        (b"[\"\\q\"]", "Escape", -7),
        (b"[\"\\\0\"]", "Escape", -7),
        (b"[\"\\u12g4\"]", "Hex", -8),
        (b"{\"a\" 1}", "Colon", -9),
        (b"[,]", "Value", -10),
        (b"[1,,]", "Value", -10),
        (b"[1.]", "Fraction", -11),
        (b"[-]", "Number", -12),
        (b"[1e]", "Exponent", -13),
        (b"[trux]", "Literal", -14),
        (b"{\"a\":[1}]}", "Mismatch", -16),
        (b"[1 2]", "Element", -17),
        (b"[123456789012345678901]", "Digits", -20),
        (b"[1234567890.12345678901]", "Digits", -20),
        (b"[1e123456789012345678901]", "Digits", -20),
        (b"{\"a\":1 1}", "Member", -21),
    ] {
        let (_, found) = outcome(&lejp(), text);
        assert!(found.starts_with(&format!("{error} ")), "{}: {found}", text.escape_ascii());
        let mut parser = Parser::<64, 160, 32>::with_config(Paths::none(), Config::LEJP);
        let fault = parser
            .each(text, &mut [0; 64], |_, _| core::ops::ControlFlow::<()>::Continue(()))
            .map(|_| ())
            .and_then(|()| parser.receive_eof().map(|_| ()))
            .unwrap_err();
        assert_eq!(fault.lejp_code(), code, "{}", text.escape_ascii());
    }
    let deep = |n| [vec![b'['; n], vec![b']'; n]].concat();
    assert_eq!(outcome(&lejp(), &deep(32)).1, "");
    assert_eq!(outcome(&lejp(), &deep(33)).1, "Index at offset 32 (1:33)");
}

#[test]
fn comments_belong_to_lejp_alone_and_may_be_of_any_length() {
    let mut text = b"[1 #".to_vec();
    text.extend(core::iter::repeat_n(b'x', 5000));
    text.extend_from_slice(b"\n,2]");
    let (complete, error) = outcome(&lejp(), &text);
    assert_eq!((complete, error.as_str()), (1, ""));
    let (_, error) = outcome(&documents(Documents::One), &text);
    assert_eq!(error, "Element at offset 3 (1:4)");
    assert_eq!(lejp().config.dialect, Dialect::Lejp);
}
