//! Every way a request can be refused: the error, the status on the wire, and the same however it is cut.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proto_core::story::check;
use proto_h1::subject::ServerSubject;
use proto_h1::{Config, Error, Lenient, Limits};

/// Runs `input` through the oracle and returns error and replies.
fn refused(config: Config, input: &[u8]) -> (Option<String>, Vec<u8>) {
    match check(&ServerSubject { config, ..Default::default() }, input) {
        Ok(story) => (story.error, story.replies),
        Err(fault) => panic!("{}: {fault:?}", input.escape_ascii()),
    }
}

#[track_caller]
fn refuses(input: impl AsRef<[u8]>, error: Error) {
    let input = input.as_ref();
    let (found, replies) = refused(Config::default(), input);
    assert_eq!(found, Some(format!("{error:?}")), "{}", input.escape_ascii());
    let status = error.status().expect("a fault of a request has a status");
    let start = format!("HTTP/1.1 {status} ");
    let text = String::from_utf8(replies).unwrap();
    let answer = text.rfind("HTTP/1.1 ").map(|at| &text[at..]).unwrap_or_default();
    assert!(answer.starts_with(&start), "{}: {text}", input.escape_ascii());
    let end =
        format!("Content-Length: {}\r\nConnection: close\r\n\r\n{error}\n", error.to_string().len() + 1);
    assert!(answer.ends_with(&end), "{text}");
}

#[track_caller]
fn accepts_with(config: Config, input: impl AsRef<[u8]>) {
    let (error, replies) = refused(config, input.as_ref());
    assert_eq!(error, None, "{}", input.as_ref().escape_ascii());
    assert!(replies.starts_with(b"HTTP/1.1 200 OK\r\n"), "{}", replies.escape_ascii());
}

#[track_caller]
fn accepts(input: impl AsRef<[u8]>) {
    accepts_with(Config::default(), input);
}

fn lenient(lenient: Lenient) -> Config {
    Config { lenient, ..Config::default() }
}

/// A request with Host and these further lines.
fn with(lines: &str) -> String {
    format!("POST / HTTP/1.1\r\nHost: a\r\n{lines}\r\n")
}

#[test]
fn line_ends_and_control_bytes() {
    refuses("GET / HTTP/1.1\nHost: a\r\n\r\n", Error::BareLf);
    refuses("GET / HTTP/1.1\r\nHost: a\n\r\n", Error::BareLf);
    refuses("GET / HTTP/1.1\r\nHost: a\r\n\n", Error::BareLf);
    refuses("GET / HTTP/1.1\r\nHost: a\r\nX: 1\n\r\n", Error::BareLf);
    refuses("GET / HTTP/1.1\r\nHost: a\n\n", Error::BareLf);
    refuses("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", Error::BareLf);
    refuses("GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n", Error::BareCr);
    refuses("GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", Error::BareCr);
    refuses("GET / HTTP/1.1\r\nHost: a\r\n\r\r\n", Error::BareCr);
    refuses("GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", Error::ControlByte);
    refuses("GET / HTTP/1.1\r\nHost: a\r\nX: \x01y\r\n\r\n", Error::ControlByte);
    refuses("GET / HTTP/1.1\r\nHost: a\r\nX: \x7f\r\n\r\n", Error::ControlByte);
    refuses("GET / HTTP/1.1\r\nHost: a\r\nX\x0b: y\r\n\r\n", Error::ControlByte);
    refuses("\x16\x03\x01\x02\x00", Error::ControlByte); // TLS on a plain port: at once, before any line end
    refuses("GET / HTTP/1.1\r\nHost: a\r\nX: y\n", Error::BareLf); // at once, although the head is incomplete
}

#[test]
fn field_lines() {
    refuses("GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n", Error::FieldLine);
    refuses("GET / HTTP/1.1\r\nHost : a\r\n\r\n", Error::FieldLine);
    refuses("GET / HTTP/1.1\r\nHost: a\r\nX\t: y\r\n\r\n", Error::FieldLine);
    refuses("GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", Error::FieldLine);
    refuses("GET / HTTP/1.1\r\nHost: a\r\n: y\r\n\r\n", Error::FieldLine);
    refuses("GET / HTTP/1.1\r\nHost: a\r\nX@: y\r\n\r\n", Error::FieldLine);
    refuses("GET / HTTP/1.1\r\nHost: a\r\n\u{e9}: y\r\n\r\n", Error::FieldLine);
    refuses("GET / HTTP/1.1\r\n Host: a\r\n\r\n", Error::FieldLine);
    refuses("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n", Error::ObsFold);
    refuses("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\tz: w\r\n\r\n", Error::ObsFold);
    refuses("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n \r\n\r\n", Error::ObsFold);
    accepts("GET / HTTP/1.1\r\nHost:a\r\nX:\r\nY:  \t \r\nZ: \t y \t\r\n\r\n");
    accepts(b"GET / HTTP/1.1\r\nHost: a\r\nX: \xe9\xff\r\n\r\n");
}

#[test]
fn request_lines() {
    for line in [
        "GET /",
        "GET  / HTTP/1.1",
        "GET / HTTP/1.1 ",
        " GET / HTTP/1.1",
        "GET\t/ HTTP/1.1",
        "GET / a HTTP/1.1",
        "GET / HTTP/1.1\tx",
        "GET / http/1.1",
        "GET / HTTP/1.",
        "GET / HTTP/11",
        "GET / HTTP/1.10",
        "GET / HTTP/+1.1",
        "GET / HTTPS/1.1",
        "GET",
        "GET ",
        "GET / ",
        "",
        "SSH-2.0-x",
    ] {
        let request = format!("{line}\r\nHost: a\r\n\r\n");
        let (error, replies) = refused(Config::default(), request.as_bytes());
        // After the empty line, which is skipped, it is the Host line that is no request line.
        assert_eq!(error.as_deref(), Some("RequestLine"), "{line}");
        assert!(replies.starts_with(b"HTTP/1.1 400 "), "{line}");
    }
    refuses("G(T / HTTP/1.1\r\nHost: a\r\n\r\n", Error::Method);
    refuses("G\u{e9}T / HTTP/1.1\r\nHost: a\r\n\r\n", Error::Method);
    refuses("GET / HTTP/2.0\r\nHost: a\r\n\r\n", Error::Version);
    refuses("GET / HTTP/0.9\r\nHost: a\r\n\r\n", Error::Version);
    refuses("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Error::Version);
    refuses("GET /\r\n", Error::RequestLine); // HTTP/0.9: answered before the head is complete
    accepts("GET / HTTP/1.2\r\nHost: a\r\n\r\n");
    accepts("get / HTTP/1.1\r\nHost: a\r\n\r\n");
    accepts("!#$%&'*+-.^_`|~ / HTTP/1.1\r\nHost: a\r\n\r\n");
}

#[test]
fn empty_lines_before_a_request() {
    accepts("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    refuses("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", Error::RequestLine);
    let many = lenient(Lenient { empty_lines: true, ..Lenient::default() });
    accepts_with(many, "\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    // One before each request, as clients of old send one behind a body.
    accepts("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
}

#[test]
fn targets() {
    for target in [
        "foo",
        "?x",
        "*",
        "//",
        "http:/x",
        "http://",
        "http:///x",
        "http://u@a/",
        "1http://a/",
        "http://a b/",
        "/\u{e9}",
        "/#x",
        "/\"",
        "/<",
        "/>",
        "a:80",
        "urn:x",
        "://a/",
    ] {
        let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
        let (error, _) = refused(Config::default(), request.as_bytes());
        match target {
            "//" => assert_eq!(error, None),
            "http://a b/" => assert_eq!(error.as_deref(), Some("RequestLine")),
            "http://" | "http:///x" | "http://u@a/" => {
                assert_eq!(error.as_deref(), Some("HostInvalid"), "{target}")
            }
            _ => assert_eq!(error.as_deref(), Some("Target"), "{target}"),
        }
    }
    for (len, at) in [5, 8, 12, 16, 33, 50].into_iter().flat_map(|len| (1..len).map(move |at| (len, at))) {
        let mut target = vec![b'/'; len];
        target[at] = b'"';
        let target = String::from_utf8(target).unwrap();
        refuses(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"), Error::Target);
    }
    for target in ["a", "/x", "http://a/", "*", "a:", "a:65536", ":80", "a:80/"] {
        refuses(format!("CONNECT {target} HTTP/1.1\r\nHost: a\r\n\r\n"), Error::Target);
    }
    accepts("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
    accepts("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n");
    accepts("GET http://a HTTP/1.1\r\nHost: a\r\n\r\n");
    accepts("GET HTTP://b:80/?x HTTP/1.1\r\nHost: a\r\n\r\n");
    accepts("GET /a|b?{c}^`[d]\\%zz HTTP/1.1\r\nHost: a\r\n\r\n");
}

#[test]
fn hosts() {
    refuses("GET / HTTP/1.1\r\n\r\n", Error::HostMissing);
    refuses("GET / HTTP/1.1\r\nX: y\r\n\r\n", Error::HostMissing);
    refuses("GET http://a/ HTTP/1.1\r\n\r\n", Error::HostMissing);
    refuses("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", Error::HostRepeated);
    refuses("GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n", Error::HostRepeated);
    for host in
        ["", "a b", "a/b", "a@b", "a,b c", "a:b", "a:99999", "[::1", "a\\b", "a?b", "http://a", ":80", "a%2"]
    {
        refuses(format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"), Error::HostInvalid);
    }
    for (len, at) in [5, 8, 12, 16, 33].into_iter().flat_map(|len| (0..len).map(move |at| (len, at))) {
        let mut host = vec![b'h'; len];
        host[at] = b'@';
        let host = String::from_utf8(host).unwrap();
        refuses(format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"), Error::HostInvalid);
    }
    for host in ["a", "a.b:80", "[::1]:80", "1.2.3.4", "a_b", "a:", "xn--a"] {
        accepts(format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
    }
    accepts("GET / HTTP/1.0\r\n\r\n");
}

#[test]
fn content_lengths() {
    for length in [
        "",
        "+5",
        "-5",
        "5 5",
        "5,5",
        "5, 5",
        "0x5",
        "5a",
        "a",
        "1e1",
        "5.0",
        "18446744073709551616",
        "99999999999999999999999",
        "5,",
        ",5",
        "\u{b2}",
    ] {
        refuses(with(&format!("Content-Length: {length}\r\n")), Error::ContentLength);
    }
    refuses(with("Content-Length: 5\r\nContent-Length: 5\r\n") + "hello", Error::ContentLengthRepeated);
    refuses(with("Content-Length: 5\r\ncontent-length: 6\r\n") + "hello!", Error::ContentLengthRepeated);
    accepts(with("Content-Length: 5\r\n") + "hello");
    accepts(with("Content-Length:\t 0005 \r\n") + "hello");
    accepts(with("Content-Length: 0\r\n"));

    let identical = lenient(Lenient { identical_lengths: true, ..Lenient::default() });
    accepts_with(identical, with("Content-Length: 5, 5\r\nContent-Length: 5\r\n") + "hello");
    for different in ["Content-Length: 5, 6\r\n", "Content-Length: 5,\r\n"] {
        assert_eq!(refused(identical, with(different).as_bytes()).0.as_deref(), Some("ContentLength"));
    }
    let different = with("Content-Length: 5\r\nContent-Length: 6\r\n");
    assert_eq!(refused(identical, different.as_bytes()).0.as_deref(), Some("ContentLengthRepeated"));
}

#[test]
fn transfer_codings() {
    let chunked = "Transfer-Encoding: chunked\r\n";
    refuses(with(&format!("Content-Length: 5\r\n{chunked}")), Error::LengthAndCoding);
    refuses(with(&format!("{chunked}Content-Length: 5\r\n")), Error::LengthAndCoding);
    refuses(with("Content-Length: 5\r\nTransfer-Encoding: identity\r\n"), Error::LengthAndCoding);
    for coding in [
        "",
        "identity",
        "gzip",
        "xchunked",
        "chunked, gzip",
        "chunked, chunked",
        "chunked, identity",
        "chunked;q=1",
        "\"chunked\"",
        "chun ked",
        "chunked,",
        ", chunked",
        "gzip, chunked;x",
        "chunked, gzip, chunked",
        "'chunked'",
        "x y, chunked",
    ] {
        refuses(with(&format!("Transfer-Encoding: {coding}\r\n")), Error::TransferCoding);
    }
    refuses(with("Transfer-Encoding: gzip, chunked\r\n"), Error::TransferCodingUnknown);
    refuses(with("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"), Error::TransferCodingUnknown);
    refuses(with(&format!("{chunked}{chunked}")), Error::TransferCoding);
    refuses(with(&format!("{chunked}Transfer-Encoding: identity\r\n")), Error::TransferCoding);
    refuses(with("Transfer-Encoding\r\n: chunked\r\n"), Error::FieldLine);
    refuses(with("Transfer-Encoding: \x0bchunked\r\n"), Error::ControlByte);
    refuses(with("Transfer-Encoding:\r\n chunked\r\n"), Error::ObsFold);
    refuses(
        "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        Error::TransferCodingVersion,
    );
    accepts(with("transfer-encoding:CHUNKED \r\n") + "0\r\n\r\n");
}

#[test]
fn expectations_and_connect() {
    refuses(with("Expect: 200-ok\r\n"), Error::Expectation);
    refuses(with("Expect: 100-continue, x\r\n"), Error::Expectation);
    accepts("GET / HTTP/1.0\r\nExpect: x\r\n\r\n");
    accepts(with("Expect: 100-CONTINUE\r\n"));
    refuses("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nContent-Length: 1\r\n\r\nx", Error::ConnectBody);
    refuses("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nTransfer-Encoding: chunked\r\n\r\n", Error::ConnectBody);
}

#[test]
fn cut_short() {
    refuses("GET / HT", Error::HeadCut);
    refuses("G", Error::HeadCut);
    refuses(with("Content-Length: 5\r\n") + "hell", Error::BodyCut);
    refuses(with("Transfer-Encoding: chunked\r\n") + "5\r\nhel", Error::ChunkedCut);
    refuses(with("Transfer-Encoding: chunked\r\n") + "0\r\n", Error::ChunkedCut);
    refuses(with("Transfer-Encoding: chunked\r\n") + "0\r\nX: y\r\n", Error::ChunkedCut);
    assert_eq!(refused(Config::default(), b""), (None, vec![]));
}

#[test]
fn tolerances() {
    let lf = lenient(Lenient { bare_lf: true, ..Lenient::default() });
    accepts_with(lf, "\nGET / HTTP/1.1\nHost: a\nX: y\n\n");
    accepts_with(lf, "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\n");
    accepts_with(lf, "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n0\r\nX: y\n\n");
    assert_eq!(refused(lf, b"GET / HTTP/1.1\nHost: a\r\r\n\n").0.as_deref(), Some("BareCr"));

    let fold = lenient(Lenient { obs_fold: true, ..Lenient::default() });
    let request = b"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n  z\r\n\tw\r\n\r\n";
    accepts_with(fold, request);
    let story = check(&ServerSubject { config: fold, ..Default::default() }, request).unwrap();
    assert!(format!("{story:?}").contains("y    z  \\tw"), "{story:?}");
    assert_eq!(refused(fold, b"GET / HTTP/1.1\r\n Host: a\r\n\r\n").0.as_deref(), Some("FieldLine"));
    let both = lenient(Lenient { obs_fold: true, bare_lf: true, ..Lenient::default() });
    accepts_with(both, "GET / HTTP/1.1\nHost: a\nX: y\n z\n\n");
}

#[test]
fn head_is_answered_without_content() {
    for input in ["HEAD / HTTP/1.1\r\nHost : a\r\n\r\n", "HEAD / HTTP/2.0\r\n", "HEAD / HTTP/1.1\r\nHo\x01"] {
        let (error, replies) = refused(Config::default(), input.as_bytes());
        assert!(
            error.is_some() && replies.ends_with(b"Connection: close\r\n\r\n"),
            "{}",
            replies.escape_ascii()
        );
        assert!(!replies.windows(19).any(|found| found == b"Content-Length: 0\r\n"), "what GET would get");
    }
}

#[test]
fn a_method_longer_than_any_is_not_implemented() {
    let config = Config { limits: Limits { head: 64, ..Limits::default() }, ..Config::default() };
    for (input, status) in
        [("M".repeat(64), "501"), (format!("{} /{}", "M".repeat(30), "t".repeat(32)), "414")]
    {
        let (_, replies) = refused(config, input.as_bytes());
        assert!(replies.starts_with(format!("HTTP/1.1 {status} ").as_bytes()), "{}", replies.escape_ascii());
    }
}

#[test]
fn codes_are_unique_and_never_change() {
    let codes: Vec<u8> = Error::ALL.iter().map(|error| error.code()).collect();
    assert!(codes.iter().copied().eq(1..=42));
    assert_eq!((Error::BareLf.code(), Error::ScratchTooSmall.code()), (1, 41));
    assert!(size_of::<Option<Error>>() == 1);
    assert_eq!(Limits::default().head, 8192);
}
