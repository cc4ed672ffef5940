//! `sanswire json`: what it writes, what it refuses and where, and how it ends.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod common;

use common::files::Folder;
use common::run::{Finished, Running, run};
use common::sanswire;

/// Runs it with `input` on standard input.
fn json(input: impl AsRef<[u8]>, arguments: &[&str]) -> Finished {
    let mut process = Running::start(&mut sanswire(&[&["json", "-"], arguments].concat()));
    process.say_bytes(input.as_ref());
    process.finish()
}

/// It takes `input` and writes `output`.
#[track_caller]
fn assert_writes(input: impl AsRef<[u8]>, arguments: &[&str], output: &str) {
    let got = json(input, arguments);
    assert_eq!(
        (got.status, got.text().as_str(), got.stderr.as_str()),
        (Some(0), output, ""),
        "{arguments:?}"
    );
}

/// It refuses `input` at a line, column and byte, having written `before`.
#[track_caller]
fn assert_refuses(input: impl AsRef<[u8]>, arguments: &[&str], before: &str, complaint: &str) {
    let got = json(input, arguments);
    assert_eq!((got.status, got.text().as_str()), (Some(1), before), "{got}");
    assert_eq!(got.one_complaint(), format!("sanswire: standard input: {complaint}"));
}

/// It ends with status 2 and one line that contains `part`.
#[track_caller]
fn assert_unusable(got: &Finished, part: &str) {
    assert_eq!((got.status, got.text().as_str()), (Some(2), ""), "{got}");
    assert!(got.one_complaint().contains(part), "{got}");
}

#[test]
fn without_a_path_the_document_is_written_compactly() {
    for (input, output) in [
        (
            " { \"a\" : [ 1.50 , -0e+1 , true , false , null ] , \"\" : { } } \r\n",
            "{\"a\":[1.50,-0e+1,true,false,null],\"\":{}}\n",
        ),
        ("[ ]", "[]\n"),
        ("12", "12\n"),
        (
            "\"\\u00e9\\ud83d\\ude00\\/\\u0000\\u001f\\\"\\\\\\b\\f\\n\\r\\t\\u007f\"",
            "\"\u{e9}\u{1f600}/\\u0000\\u001f\\\"\\\\\\b\\f\\n\\r\\t\u{7f}\"\n",
        ),
        (" null\t", "null\n"),
        ("{\"a\":1,\"a\":2}", "{\"a\":1,\"a\":2}\n"),
    ] {
        assert_writes(input, &[], output);
        assert_writes(output, &[], output);
    }
}

#[test]
fn values_at_paths_in_the_order_of_the_document() {
    let input = r#"{"c": [], "items": [{"id": 1, "tags": {"x": "a b"}}, {"id": [2, {"k": 3}]}, 4], "a.b": 5, "a": {"b": 6}}"#;
    for (paths, output) in [
        (&["items[].id"][..], "1\n[2,{\"k\":3}]\n"),
        (&["items[]"], "{\"id\":1,\"tags\":{\"x\":\"a b\"}}\n{\"id\":[2,{\"k\":3}]}\n4\n"),
        (&["a.b", "c"], "[]\n6\n"),
        (&["a\\.b"], "5\n"),
        (&["items[].*.x"], "\"a b\"\n"),
        (&["items[].t*"], "{\"x\":\"a b\"}\n"),
        (&["a.*"], "6\n"),
        (&["*"], "[]\n[{\"id\":1,\"tags\":{\"x\":\"a b\"}},{\"id\":[2,{\"k\":3}]},4]\n5\n{\"b\":6}\n"),
        (&["nowhere", "items[].id.x"], ""),
        // The outermost of values within one another.
        (&["items[].id[].k", "items[].id"], "1\n[2,{\"k\":3}]\n"),
    ] {
        let arguments: Vec<&str> = paths.iter().flat_map(|path| ["--path", path]).collect();
        assert_writes(input, &arguments, output);
    }
    assert_writes("[[1,2],[3]]", &["--path", "[][]"], "1\n2\n3\n");
    assert_writes("[1]", &["--path", ""], "[1]\n");
}

#[test]
fn counts() {
    let input = r#"{"a": [{"b": 1}, {"b": "two"}, {"c": null}], "d": 2.5}"#;
    // Begin 5, end 5, keys 5, scalars 4, complete 1.
    assert_writes(input, &["--count"], "20\n");
    assert_writes("", &["--count", "--ndjson"], "0\n");
    assert_writes("1\n2\n", &["--count", "--ndjson"], "4\n");
    let arguments = ["--count", "--path", "a[].b", "--path", "a[]", "--path", "x", "--path", "d"];
    assert_writes(input, &arguments, "2\ta[].b\n3\ta[]\n0\tx\n1\td\n");
    // However many parts a text, key or number comes in.
    let long = format!("[\"{0}\", {{\"{0}\": 1{1}}}]", "x".repeat(300_000), "0".repeat(300_000));
    assert_writes(&long, &["--count"], "8\n");
    assert_writes(&long, &["--count", "--path", "[]", "--path", "[].*"], "2\t[]\n1\t[].*\n");
}

#[test]
fn a_document_on_each_line() {
    let input = "{\"a\": 1}\n\n[2 ]\r\n\"x\"\n{\"a\" :{}}";
    assert_writes(input, &["--ndjson"], "{\"a\":1}\n[2]\n\"x\"\n{\"a\":{}}\n");
    assert_writes(input, &["--ndjson", "--path", "a"], "1\n{}\n");
    let complaint = "line feed within a document at line 2 column 4 (byte 7)";
    assert_refuses("[1]\n[2,\n3]", &["--ndjson"], "[1]\n[2", complaint);
    let complaint = "more data behind the document at line 3 column 5 (byte 12)";
    assert_refuses("[1]\n[2]\n[3] 4", &["--ndjson"], "[1]\n[2]\n[3]\n", complaint);
    assert_refuses("1\n2", &[], "1\n", "more data behind the document at line 2 column 1 (byte 2)");
}

#[test]
fn the_dialect_of_lejp() {
    let input = "# a comment\n{\"a\": [1, 2,], # another\n\"b\": 007}\n";
    assert_writes(input, &["--dialect", "lejp"], "{\"a\":[1,2],\"b\":007}\n");
    assert_writes(input, &["--dialect", "lejp", "--path", "a[]"], "1\n2\n");
    assert_writes("[1]", &["--dialect", "strict"], "[1]\n");
    assert_refuses(input, &["--path", "a"], "", "expected a value at line 1 column 1 (byte 0)");
    let complaint = "the document is neither an object nor an array at line 1 column 1 (byte 0)";
    assert_refuses("1", &["--dialect", "lejp"], "", complaint);
}

#[test]
fn faults_are_told_with_their_position_behind_what_precedes_them() {
    for (input, before, complaint) in [
        (&b"[1,\n 2 3]"[..], "[1,2", "expected a comma or ] at line 2 column 4 (byte 7)"),
        (b"", "", "the input ends before the document does at line 1 column 1 (byte 0)"),
        (b"{\"a\":\n", "{\"a\":", "the input ends before the document does at line 2 column 1 (byte 6)"),
        (b"[1,]", "[1", "expected a value at line 1 column 4 (byte 3)"),
        (b"{\"a\" 1}", "{\"a\":", "expected a colon at line 1 column 6 (byte 5)"),
        (b"{a:1}", "{", "expected a key in quotes at line 1 column 2 (byte 1)"),
        (b"{\"a\":1]", "{\"a\":1", "closing bracket of the other kind at line 1 column 7 (byte 6)"),
        (b"01", "", "number with a leading zero at line 1 column 2 (byte 1)"),
        (b"+1", "", "expected a value at line 1 column 1 (byte 0)"),
        (b"[1.]", "[", "expected a digit after the decimal point at line 1 column 4 (byte 3)"),
        (b"[tru]", "[", "unknown literal at line 1 column 5 (byte 4)"),
        (b"\n\"a\x01\"", "", "unescaped control character in a string at line 2 column 3 (byte 3)"),
        (b"[\"\\x\"]", "[", "unknown escape at line 1 column 4 (byte 3)"),
        (b"[\"\\ud800\"]", "[", "escaped surrogate without its other half at line 1 column 3 (byte 2)"),
        (b"[\"\xff\"]", "[", "invalid UTF-8 at line 1 column 3 (byte 2)"),
        (b"[1] x", "[1]\n", "more data behind the document at line 1 column 5 (byte 4)"),
        (b"[1]]", "[1]\n", "more data behind the document at line 1 column 4 (byte 3)"),
    ] {
        let got = json(input, &[]);
        assert_eq!(got.status, Some(1), "{got}");
        assert_eq!(got.one_complaint(), format!("sanswire: standard input: {complaint}"));
        // How much of a token at fault was written before it is not promised, but all before it was.
        assert!(got.text().starts_with(before), "{got}");
        let got = json(input, &["--count"]);
        assert_eq!((got.status, got.text().as_str()), (Some(1), ""), "a count of half a document\n{got}");
    }
}

#[test]
fn nesting_has_a_limit() {
    let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    assert_writes(nested(1024), &["--count"], "2049\n");
    let complaint = "nested too deep at line 1 column 1025 (byte 1024)";
    assert_refuses(nested(1025), &["--count"], "", complaint);
    assert_refuses("[".repeat(1_000_000), &["--count"], "", complaint);
    assert_writes(nested(32), &["--count", "--dialect", "lejp"], "65\n");
    let complaint = "too many arrays within one another at line 1 column 33 (byte 32)";
    assert_refuses(nested(33), &["--count", "--dialect", "lejp"], "", complaint);
    let objects = |n: usize| format!("{}1{}", "{\"a\":".repeat(n), "}".repeat(n));
    assert_writes(objects(64), &["--count", "--dialect", "lejp"], "194\n");
    assert_eq!(json(objects(65), &["--count", "--dialect", "lejp"]).status, Some(1));
}

#[test]
fn what_cannot_be_used_ends_with_status_2() {
    for path in ["a..b", ".a", "a.", "a[", "a[]b", "a*b", "a\\"] {
        assert_unusable(
            &json("{}", &["--path", "ok", "--path", path]),
            &format!("--path {path:?} is malformed"),
        );
    }
    assert_unusable(&json("{}", &["--path", &"a.".repeat(600)]), "is too long");
    let many: Vec<String> = (0..129).map(|i| format!("--path=k{i}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_unusable(&json("{}", &many), "at most 128");
    let folder = Folder::new();
    assert_unusable(&run(&mut sanswire(&["json", folder.path().to_str().unwrap()])), "cannot read");
    assert_unusable(&run(&mut sanswire(&["json", "no/such/file"])), "cannot read no/such/file: ");
    for arguments in [&[][..], &["-", "--dialect", "loose"], &["-", "-"], &["-", "--nonsense"]] {
        assert_eq!(run(&mut sanswire(&[&["json"], arguments].concat())).status, Some(2), "{arguments:?}");
    }
}
