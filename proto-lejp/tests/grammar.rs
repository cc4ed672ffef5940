//! RFC 8259: every production, and what lies just outside of it. Each vector runs through all its cuts.

mod common;
use common::{accepts, error, story};

#[track_caller]
fn all_accepted(texts: &[&[u8]]) {
    for text in texts {
        assert!(accepts(text), "{}: {:?}", text.escape_ascii(), story(text));
    }
}

#[track_caller]
fn refused(vectors: &[(&[u8], &str)]) {
    for (text, expected) in vectors {
        assert_eq!(error(text), *expected, "{}", text.escape_ascii());
    }
}

#[test]
fn white_space_stands_around_every_structural_character() {
    all_accepted(&[
        b" \t\r\n[ \t\r\n1 \t\r\n, \t\r\n2 \t\r\n] \t\r\n",
        b"\n{\r\"a\" : \t1 , \"b\"\n:\n[ ]\n}\n\n",
        b"                                 [                                     ]                            ",
        b"[\n                    1\n]",
    ]);
    refused(&[
        (b"\x0b[]", "Value at offset 0 (1:1)"),
        (b"[\x0c]", "Value at offset 1 (1:2)"),
        (b"\xc2\xa0[]", "Value at offset 0 (1:1)"),
        (b"\xef\xbb\xbf[]", "Value at offset 0 (1:1)"),
        (b"[1,\xe2\x80\xa82]", "Value at offset 3 (1:4)"),
        (b"[]\0", "Trailing at offset 2 (1:3)"),
        (b"[] x", "Trailing at offset 3 (1:4)"),
        (b"[][]", "Trailing at offset 2 (1:3)"),
        (b"1 2", "Trailing at offset 2 (1:3)"),
        (b"# c\n[]", "Value at offset 0 (1:1)"),
        (b"[1 /* c */]", "Element at offset 3 (1:4)"),
        (b"[]// c", "Trailing at offset 2 (1:3)"),
    ]);
}

#[test]
fn any_value_may_be_the_document() {
    all_accepted(&[
        b"0",
        b"-0",
        b"17",
        b"1.5e3",
        b"\"\"",
        b"\"text\"",
        b"true",
        b"false",
        b"null",
        b"{}",
        b"[]",
        b" 1 ",
        b"\n\"x\"\n",
    ]);
    refused(&[
        (b"", "Incomplete at offset 0 (1:1)"),
        (b" \n ", "Incomplete at offset 3 (2:2)"),
        (b"]", "Unopened at offset 0 (1:1)"),
        (b"}", "Unopened at offset 0 (1:1)"),
        (b",", "Value at offset 0 (1:1)"),
        (b":", "Value at offset 0 (1:1)"),
        (b"'a'", "Value at offset 0 (1:1)"),
        (b"a", "Value at offset 0 (1:1)"),
        (b"\xff", "Value at offset 0 (1:1)"),
        (b"+1", "Value at offset 0 (1:1)"),
        (b".5", "Value at offset 0 (1:1)"),
        (b"Infinity", "Value at offset 0 (1:1)"),
        (b"NaN", "Value at offset 0 (1:1)"),
        (b"True", "Value at offset 0 (1:1)"),
    ]);
}

#[test]
fn literals() {
    all_accepted(&[b"[true,false,null]", b"{\"a\":true}", b"[ null ]"]);
    refused(&[
        (b"t", "Incomplete at offset 1 (1:2)"),
        (b"tru", "Incomplete at offset 3 (1:4)"),
        (b"fals", "Incomplete at offset 4 (1:5)"),
        (b"nul", "Incomplete at offset 3 (1:4)"),
        (b"trux", "Literal at offset 3 (1:4)"),
        (b"[falsy]", "Literal at offset 5 (1:6)"),
        (b"nuLl", "Literal at offset 2 (1:3)"),
        (b"[nul]", "Literal at offset 4 (1:5)"),
        (b"truefalse", "Trailing at offset 4 (1:5)"),
        (b"truee", "Trailing at offset 4 (1:5)"),
        (b"[nulll]", "Element at offset 5 (1:6)"),
        (b"[true\0]", "Element at offset 5 (1:6)"),
    ]);
}

#[test]
fn arrays() {
    all_accepted(&[b"[]", b"[ ]", b"[1]", b"[1,2]", b"[[],[[]],{}]", b"[\"\",[{}]]"]);
    refused(&[
        (b"[", "Incomplete at offset 1 (1:2)"),
        (b"[1", "Incomplete at offset 2 (1:3)"),
        (b"[1,", "Incomplete at offset 3 (1:4)"),
        (b"[,]", "Value at offset 1 (1:2)"),
        (b"[1,]", "Value at offset 3 (1:4)"),
        (b"[1,,2]", "Value at offset 3 (1:4)"),
        (b"[,1]", "Value at offset 1 (1:2)"),
        (b"[1 2]", "Element at offset 3 (1:4)"),
        (b"[1:2]", "Element at offset 2 (1:3)"),
        (b"[1}", "Mismatch at offset 2 (1:3)"),
        (b"[}", "Value at offset 1 (1:2)"),
        (b"[]]", "Trailing at offset 2 (1:3)"),
        (b"[\"a\":1]", "Element at offset 4 (1:5)"),
        (b"[1]]", "Trailing at offset 3 (1:4)"),
        (b"[[1]", "Incomplete at offset 4 (1:5)"),
    ]);
}

#[test]
fn objects() {
    all_accepted(&[
        b"{}",
        b"{ }",
        b"{\"a\":1}",
        b"{\"a\":1,\"a\":2}",
        b"{\"\":\"\"}",
        b"{\"a\":{\"b\":{}}}",
        b"{\"a\\u0000b\":[{}]}",
    ]);
    refused(&[
        (b"{", "Incomplete at offset 1 (1:2)"),
        (b"{\"a\"", "Incomplete at offset 4 (1:5)"),
        (b"{\"a\":", "Incomplete at offset 5 (1:6)"),
        (b"{\"a\":1", "Incomplete at offset 6 (1:7)"),
        (b"{\"a\":1,", "Incomplete at offset 7 (1:8)"),
        (b"{\"a\":1,}", "Key at offset 7 (1:8)"),
        (b"{,}", "Key at offset 1 (1:2)"),
        (b"{1:1}", "Key at offset 1 (1:2)"),
        (b"{a:1}", "Key at offset 1 (1:2)"),
        (b"{'a':1}", "Key at offset 1 (1:2)"),
        (b"{\"a\" 1}", "Colon at offset 5 (1:6)"),
        (b"{\"a\",1}", "Colon at offset 4 (1:5)"),
        (b"{\"a\"}", "Colon at offset 4 (1:5)"),
        (b"{\"a\":}", "Value at offset 5 (1:6)"),
        (b"{\"a\"::1}", "Value at offset 5 (1:6)"),
        (b"{\"a\":1 \"b\":2}", "Member at offset 7 (1:8)"),
        (b"{\"a\":1,,\"b\":2}", "Key at offset 7 (1:8)"),
        (b"{\"a\":1]", "Mismatch at offset 6 (1:7)"),
        (b"{]", "Key at offset 1 (1:2)"),
        (b"{\"a\":[1}]}", "Mismatch at offset 7 (1:8)"),
        (b"{}}", "Trailing at offset 2 (1:3)"),
        (b"{null:1}", "Key at offset 1 (1:2)"),
    ]);
}

#[test]
fn numbers() {
    all_accepted(&[
        b"[0,-0,0.0,-0.0,0e0,0E+0,0e-0,10,123456789012345678901234567890,1.0,-1.25,1e5,1E5,1e+5,1e-5,1.5e10]",
        b"[1e999999,-1e-999999,0.00000000000000000000000000000000000000000000000000000000000000000000000001]",
        b"[1\n,2\t,3 ,4\r]",
    ]);
    refused(&[
        (b"-", "Incomplete at offset 1 (1:2)"),
        (b"[-]", "Number at offset 2 (1:3)"),
        (b"[-a]", "Number at offset 2 (1:3)"),
        (b"[--1]", "Number at offset 2 (1:3)"),
        (b"[+1]", "Value at offset 1 (1:2)"),
        (b"[-+1]", "Number at offset 2 (1:3)"),
        (b"[01]", "LeadingZero at offset 2 (1:3)"),
        (b"[00]", "LeadingZero at offset 2 (1:3)"),
        (b"[-01]", "LeadingZero at offset 3 (1:4)"),
        (b"[-012.5]", "LeadingZero at offset 3 (1:4)"),
        (b"[1.]", "Fraction at offset 3 (1:4)"),
        (b"[1.e1]", "Fraction at offset 3 (1:4)"),
        (b"[0.]", "Fraction at offset 3 (1:4)"),
        (b"[.5]", "Value at offset 1 (1:2)"),
        (b"[-.5]", "Number at offset 2 (1:3)"),
        (b"[1e]", "Exponent at offset 3 (1:4)"),
        (b"[1e+]", "Exponent at offset 4 (1:5)"),
        (b"[1E-]", "Exponent at offset 4 (1:5)"),
        (b"[1e1.5]", "Element at offset 4 (1:5)"),
        (b"[1.5.5]", "Element at offset 4 (1:5)"),
        (b"[1e1e1]", "Element at offset 4 (1:5)"),
        (b"[1+2]", "Element at offset 2 (1:3)"),
        (b"[0x1F]", "Element at offset 2 (1:3)"),
        (b"[1_000]", "Element at offset 2 (1:3)"),
        (b"[1a]", "Element at offset 2 (1:3)"),
        (b"[1\0]", "Element at offset 2 (1:3)"),
        (b"[1,\x30\xef\xbc\x91]", "Element at offset 4 (1:5)"),
        (b"01", "LeadingZero at offset 1 (1:2)"),
        (b"1.", "Incomplete at offset 2 (1:3)"),
        (b"1.x", "Fraction at offset 2 (1:3)"),
        (b"1e", "Incomplete at offset 2 (1:3)"),
        (b"1e+", "Incomplete at offset 3 (1:4)"),
        (b"1x", "Trailing at offset 1 (1:2)"),
        (b"-x", "Number at offset 1 (1:2)"),
    ]);
}

#[test]
fn strings() {
    all_accepted(&[
        b"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\uD83D\\uDE00\"",
        b"[\"\x7f\", \"a somewhat longer string, which takes more than one block to look at\"]",
        "[\"\u{80}\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}\"]".as_bytes(),
        "[\"日本語のテキストはブロックを越えて続くことがあります。\\n次の行も同じです。\"]".as_bytes(),
        b"\"\\u0000\"",
        b"\"\\u0020\\u0022\\u005c\"",
        b"{\"\\ud83d\\ude00\":\"\\uFFFF\"}",
    ]);
    let told = format!("{:?}", story(b"\"a\\u00e4\\ud83d\\ude00\\n\\/z\""));
    assert!(told.contains(r#""a\xc3\xa4\xf0\x9f\x98\x80\n/z""#), "{told}");
    refused(&[
        (b"\"", "Incomplete at offset 1 (1:2)"),
        (b"\"abc", "Incomplete at offset 4 (1:5)"),
        (b"\"\\", "Incomplete at offset 2 (1:3)"),
        (b"\"\\\"", "Incomplete at offset 3 (1:4)"),
        (b"\"\\u12", "Incomplete at offset 5 (1:6)"),
        (b"[\"a\nb\"]", "Control at offset 3 (1:4)"),
        (b"[\"a\tb\"]", "Control at offset 3 (1:4)"),
        (b"[\"\0\"]", "Control at offset 2 (1:3)"),
        (b"[\"\x1f\"]", "Control at offset 2 (1:3)"),
        (b"[\"\\a\"]", "Escape at offset 3 (1:4)"),
        (b"[\"\\'\"]", "Escape at offset 3 (1:4)"),
        (b"[\"\\\0\"]", "Escape at offset 3 (1:4)"),
        (b"[\"\\\x0b\"]", "Escape at offset 3 (1:4)"),
        (b"[\"\\x00\"]", "Escape at offset 3 (1:4)"),
        (b"[\"\\U0041\"]", "Escape at offset 3 (1:4)"),
        (b"[\"\\u\"]", "Hex at offset 4 (1:5)"),
        (b"[\"\\u00g0\"]", "Hex at offset 6 (1:7)"),
        (b"[\"\\u+123\"]", "Hex at offset 4 (1:5)"),
        (b"[\"\\ud800\"]", "Surrogate at offset 2 (1:3)"),
        (b"[\"\\udc00\"]", "Surrogate at offset 2 (1:3)"),
        (b"[\"\\ud800\\u0041\"]", "Surrogate at offset 2 (1:3)"),
        (b"[\"\\ud800\\ud800\\udc00\"]", "Surrogate at offset 2 (1:3)"),
        (b"[\"\\ud800\\n\"]", "Surrogate at offset 2 (1:3)"),
        (b"[\"\\udc00\\ud800\"]", "Surrogate at offset 2 (1:3)"),
        (b"{\"a\\qb\":1}", "Escape at offset 4 (1:5)"),
        (b"{\"a\x01b\":1}", "Control at offset 3 (1:4)"),
    ]);
}

#[test]
fn text_is_utf8() {
    refused(&[
        (b"[\"\x80\"]", "Utf8 at offset 2 (1:3)"),
        (b"[\"\xbf\"]", "Utf8 at offset 2 (1:3)"),
        (b"[\"\xc0\x80\"]", "Utf8 at offset 2 (1:3)"),
        (b"[\"\xc1\xbf\"]", "Utf8 at offset 2 (1:3)"),
        (b"[\"\xc3\"]", "Utf8 at offset 2 (1:3)"),
        (b"[\"a\xe0\x9f\xbf\"]", "Utf8 at offset 3 (1:4)"),
        (b"[\"a\xed\xa0\x80\"]", "Utf8 at offset 3 (1:4)"),
        (b"[\"a\xed\xbf\xbf\"]", "Utf8 at offset 3 (1:4)"),
        (b"[\"\xf0\x8f\xbf\xbf\"]", "Utf8 at offset 2 (1:3)"),
        (b"[\"\xf4\x90\x80\x80\"]", "Utf8 at offset 2 (1:3)"),
        (b"[\"\xf5\x80\x80\x80\"]", "Utf8 at offset 2 (1:3)"),
        (b"[\"\xfe\"]", "Utf8 at offset 2 (1:3)"),
        (b"[\"\xff\"]", "Utf8 at offset 2 (1:3)"),
        (b"[\"\xe2\x82\\n\"]", "Utf8 at offset 2 (1:3)"),
        (b"[\"\\n\xe2\x82\"]", "Utf8 at offset 4 (1:5)"),
        (b"{\"\xe2\x28\xa1\":1}", "Utf8 at offset 2 (1:3)"),
        (
            b"[\"abcdefghijklmnopqrstuvwxyz 0123456789 \xc3\xa4 abcdefghijklmnopqrstuvwxyz \xc3( z\"]",
            "Utf8 at offset 70 (1:71)",
        ),
        (b"\"\xc3", "Incomplete at offset 2 (1:3)"),
    ]);
}

#[test]
fn positions_count_lines_and_bytes() {
    refused(&[
        (b"[\n\n  x]", "Value at offset 5 (3:3)"),
        (b"[\r\n1,\r\n\"\xc3\xa4\" x]", "Element at offset 12 (3:6)"),
        (b"{\n \"a\":\n 1\n \"b\"", "Member at offset 12 (4:2)"),
        (b"[1,\n2,\n3,\n", "Incomplete at offset 10 (4:1)"),
    ]);
}

#[test]
fn depth_is_limited_to_exactly_what_the_type_says() {
    let nested = |n: usize| [vec![b'['; n], vec![b']'; n]].concat();
    assert!(accepts(&nested(64)));
    assert_eq!(error(&nested(65)), "Depth at offset 64 (1:65)");
    let objects = |n: usize| [b"{\"a\":".repeat(n - 1), b"{".to_vec(), vec![b'}'; n]].concat();
    assert!(accepts(&objects(64)));
    assert_eq!(error(&objects(65)), "Depth at offset 320 (1:321)");
    let mixed = |n: usize| [b"[{\"a\":".repeat(n), b"1".to_vec(), b"}]".repeat(n)].concat();
    assert!(accepts(&mixed(32)));
    assert_eq!(error(&mixed(33)), "Depth at offset 192 (1:193)");
}

/// What parsers have been caught with that is not among the above.
#[test]
fn oddities() {
    all_accepted(&[
        b"[[]   ]",
        b"[1,null,null,null,2]",
        b"[-0.000000000000000000000000000000000000000000000000000000000000000000000000000001]",
        b"[0.4e00669999999999999999999999999999999999999999999999999999999999999999999999999999999999999006]",
        b"[1e5000,-1e-5000,123.456e-789,-123123123123123123123123123123]",
        b"{ \"min\": -1.0e+28, \"max\": 1.0e+28 }",
        b"[\"a/*b*/c/*d//e\",\"# no comment\"]",
        b"[\"\\\\u0000\",\"\\\\\",\"\\\"\",\"\\\\a\"]",
        b"[\"\\uDBFF\\uDFFF\\uFDD0\\uFFFE\\u200B\\u2064\"]",
        b"[\"\xf4\x8f\xbf\xbf\xef\xbf\xbf\xe2\x80\xa8\xe2\x80\xa9\x7f\"]",
        b"[\"\xef\xbb\xbf\"]",
        b"\" \"",
    ]);
    let refused: &[&[u8]] = &[
        b"\xef\xbb\xbf",
        b"\xef\xbb{}",
        b"\xff\xfe[\0]\0",
        b"\0[\0]",
        b"\0",
        b"[1]\0",
        b"123\0",
        b"[1 true]",
        b"[3[4]]",
        b"[*]",
        b"[1 000.0]",
        b"[- 1]",
        b"[++1]",
        b"[0e+-1]",
        b"[1eE2]",
        b"[1.8011670033376514H-308]",
        b"[-NaN]",
        b"[\xef\xbc\x91]",
        b"[1\xe5]",
        b"{[: \"x\"}\n",
        b"{\"a\":\"a\" 123}",
        b"{\"id\":0,,,,,}",
        b"{9999E9999:1}",
        b"{\"a\":\"b\"}/**/",
        b"{\"a\":\"b\"}//",
        b"{\"a\":\"b\"}#",
        b"{ \"foo\" : \"bar\", \"a\" }",
        b"[\"\\uD800\\\"]",
        b"[\"\\uD800\\u1x\"]",
        b"[\"\\uD834\\uDd\"]",
        b"[\"\\\xf0\x9f\x8c\x80\"]",
        b"[\"\\\xe5\"]",
        b"[\\u0020\"asd\"]",
        b"[\\n]",
        b"[\"\xfc\x83\xbf\xbf\xbf\xbf\"]",
        b"\"\\UA66D\"",
        b"\"\"x",
        b"<.>",
        b"2@",
        b"['",
        b"[{",
        b"[\"\\{[\"\\{[\"\\{[\"\\{",
        b"[\xe2\x81\xa0]",
        b"\x0c",
        b"[1\x85]",
        b"0_1",
        b"tRue",
        b"undefined",
    ];
    for text in refused {
        assert_ne!(error(text), "", "{}", text.escape_ascii());
    }
}
