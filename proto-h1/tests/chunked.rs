//! The chunked coding as it is received.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
use common::Wire;
use proto_core::story::check;
use proto_h1::subject::ServerSubject;
use proto_h1::{Config, Error};

const HEAD: &str = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

#[track_caller]
fn receives(coded: &[u8], body: &str, ending: Result<&str, Error>) {
    let input = [HEAD.as_bytes(), coded].concat();
    check(&ServerSubject::default(), &input).unwrap();
    let (events, error) = Wire::server(Config::default()).feed_all(&input);
    let found: String = events.iter().filter_map(|event| event.strip_prefix("body ")).collect();
    assert_eq!(found, body, "{}", coded.escape_ascii());
    match ending {
        Ok(end) => {
            assert_eq!((events.last().unwrap().as_str(), error), (end, None), "{}", coded.escape_ascii())
        }
        Err(expected) => assert_eq!(error, Some(expected), "{}", coded.escape_ascii()),
    }
}

#[test]
fn sizes() {
    receives(b"5\r\nhello\r\n0\r\n\r\n", "hello", Ok("end"));
    receives(b"00005\r\nhello\r\n000\r\n\r\n", "hello", Ok("end"));
    receives(b"000000000000000000000000000000a\r\n0123456789\r\n0\r\n\r\n", "0123456789", Ok("end"));
    receives(b"A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789", Ok("end"));
    receives(b"ffffffffffffffff\r\nhello", "hello", Ok("body hello"));
    for size in [
        "+5",
        "-5",
        " 5",
        "5 ",
        "\t5",
        "0x5",
        "5h",
        "g",
        "",
        "1ffffffffffffffff",
        "10000000000000000",
        "5_0",
        "\u{665}",
        "000000000000000000000000000000005",
        "5\n",
        "5\r\r\n",
        "5\rx",
    ] {
        let error = if size == "5 " { Error::ChunkExtension } else { Error::ChunkSize };
        receives(format!("{size}\r\nhello\r\n0\r\n\r\n").as_bytes(), "", Err(error));
    }
    receives(b"5\nhello\r\n0\r\n\r\n", "", Err(Error::ChunkSize));
    // Digits without end are refused before their line ends.
    receives(&[b'0'; 100], "", Err(Error::ChunkSize));
}

#[test]
fn what_precedes_a_fault_is_delivered() {
    for (coded, body) in [
        (&b"5\r\nhelloX"[..], "hello"),
        (b"5\r\nhello\rX", "hello"),
        (b"5\r\nhello\n0\r\n\r\n", "hello"),
        (b"5\r\nhelloworld\r\n", "hello"),
        (b"2\r\nab\r\n2\r\ncdX\r\n", "abcd"),
    ] {
        receives(coded, body, Err(Error::ChunkEnd));
    }
    receives(b"2\r\nab\r\n2\r\ncd\r\nx\r\n", "abcd", Err(Error::ChunkSize));
    receives(b"2\r\nab\r\n0\r\nX\r\n\r\n", "ab", Err(Error::FieldLine));
}

#[test]
fn extensions() {
    for extension in [
        ";a",
        ";a=b",
        ";a=\"b\"",
        ";a=\"\\\"\\\\ \t;\\x\u{ff}\"",
        " ;a",
        "\t; a",
        ";a;b;c",
        ";a = b",
        "; a\t=\t\"b\" ; c",
        ";a=\"\"",
        ";!#$%&'*+-.^_`|~=0",
    ] {
        let mut coded = b"1".to_vec();
        coded.extend(extension.chars().map(|c| c as u8));
        coded.extend(b"\r\nx\r\n0;last\r\n\r\n");
        receives(&coded, "x", Ok("end"));
    }
    for extension in [
        ";",
        ";;",
        ";a;",
        ";=b",
        ";a=",
        ";a==b",
        ";a b",
        ";a=b c",
        ";a=\"b",
        ";a=\"b\"c",
        ";a=\"\x01\"",
        ";a=\"\\\x7f\"",
        " a",
        ";a ",
        ";a=b ",
        ";a=\"b\" ",
        ";a=b=c",
        ";a(b",
        ";a\n",
        ";a=\"\n\"",
        ";\0",
    ] {
        receives(format!("1{extension}\r\nx\r\n0\r\n\r\n").as_bytes(), "", Err(Error::ChunkExtension));
    }
    receives(b"1;a\rb\r\nx\r\n0\r\n\r\n", "", Err(Error::ChunkSize));
}

#[test]
fn trailer_sections() {
    receives(b"0\r\nX: y\r\nx: z \r\n\r\n", "", Ok("end {X: y, x: z}"));
    receives(b"0\r\nETag: \"x\"\r\n\r\n", "", Ok("end {ETag: \\\"x\\\"}"));
    for (section, error) in [
        ("X: y\n\r\n", Error::BareLf),
        ("X: \0\r\n\r\n", Error::ControlByte),
        ("X: y\r\n z\r\n\r\n", Error::ObsFold),
        (" X: y\r\n\r\n", Error::FieldLine),
        ("X y\r\n\r\n", Error::FieldLine),
        ("X : y\r\n\r\n", Error::FieldLine),
        ("\rX\r\n\r\n", Error::BareCr),
        ("\n", Error::BareLf),
        ("Content-Length: 5\r\n\r\n", Error::Trailer),
        ("transfer-encoding: chunked\r\n\r\n", Error::Trailer),
        ("Host: b\r\n\r\n", Error::Trailer),
        ("Trailer: x\r\n\r\n", Error::Trailer),
    ] {
        receives(format!("0\r\n{section}").as_bytes(), "", Err(error));
    }
}

#[test]
fn what_follows_the_end_is_left_alone() {
    let mut wire = Wire::server(Config::default());
    let (events, _) = wire.feed_all(format!("{HEAD}1\r\nx\r\n0\r\n\r\nGET / HTTP/1.1\r\n"));
    assert_eq!(events, ["request POST", "body x", "end"]);
    assert_eq!(wire.input, b"GET / HTTP/1.1\r\n");
}
