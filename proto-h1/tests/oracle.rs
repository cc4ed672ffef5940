//! The story does not depend on how the input is cut: vectors of both roles, generated messages, and all of them damaged.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;
use proto_core::story::{Cuts, check, check_with};
use proto_h1::subject::{Answer, ClientSubject, ServerSubject};
use proto_h1::{Config, Field, Lenient, Limits, RequestHead};
use strategies::damage::damage;
use strategies::http1;

const REQUESTS: &[&[u8]] = &[
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"\r\nGET /x?y=z HTTP/1.1\r\nhost: example.com:80\r\nUser-Agent: some agent/1.0 (with words)\r\nAccept: */*\r\n\r\n",
    b"GET / HTTP/1.0\r\n\r\nrest",
    b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nx",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b;c=\"d\\\"\" ; e\r\n world\r\n0\r\nX: y\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n1\r\nc\r\n+5\r\nhello\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc",
    b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\nHEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n\x81\x00",
    b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nanything",
    b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
];

const RESPONSES: &[&[u8]] = &[
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\nZ:\r\n\r\nHTTP/1.1 304 \r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 \r\n\r\nuntil the end",
    b"HTTP/1.0 200 fine\r\nServer: x\r\n\r\nbody",
    b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: test\r\n\r\n\x81\x00",
    b"HTTP/1.1 404 \xe9t\xe9\r\nContent-Length: 0\r\nConnection: close\r\n\r\nrest",
    b"HTTP/1.1 999 x\r\nContent-Length: 10\r\n\r\nshort",
    b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
];

const METHODS: &[&[u8]] = &[b"GET", b"HEAD", b"CONNECT"];

fn configs() -> impl Strategy<Value = Config> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (flags, any::<bool>()).prop_map(
        |((bare_lf, obs_fold, identical_lengths, empty_lines, status_without_space), small)| {
            let lenient = Lenient { bare_lf, obs_fold, identical_lengths, empty_lines, status_without_space };
            let mut limits = Limits::default();
            if small {
                limits = Limits {
                    body: 9,
                    head: 90,
                    drain: 4,
                    extensions: 16,
                    trailers: 12,
                    target: 8,
                    fields: 3,
                    extension_line: 12,
                    informational: 2,
                    ..limits
                };
            }
            Config { limits, lenient }
        },
    )
}

fn answers() -> impl Strategy<Value = Answer> {
    prop_oneof![Just(Answer::AtEnd), Just(Answer::Early), Just(Answer::Continue)]
}

/// A vector, damaged.
fn damaged(vectors: &'static [&'static [u8]]) -> impl Strategy<Value = Vec<u8>> {
    (prop::sample::select(vectors), damage(http1::TELLING, 3)).prop_map(|(vector, damage)| damage.of(vector))
}

fn upgrade() -> [Field<'static>; 1] {
    [Field::new("Upgrade", "test")]
}

#[test]
fn every_vector_tells_one_story() {
    for request in REQUESTS {
        for answer in [Answer::AtEnd, Answer::Early, Answer::Continue] {
            check(&ServerSubject { answer, ..Default::default() }, request).unwrap();
        }
    }
    let fields = upgrade();
    for response in RESPONSES {
        for method in [&b"GET"[..], b"HEAD", b"POST"] {
            let request = RequestHead::new(method, b"/", b"a", &fields);
            check(&ClientSubject { request, ..Default::default() }, response).unwrap();
        }
        let request = RequestHead::new(b"CONNECT", b"a:1", b"a:1", &[]);
        check(&ClientSubject { request, ..Default::default() }, response).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn damaged_requests_tell_one_story(input in prop_oneof![damaged(REQUESTS), http1::requests()], config in configs(), answer in answers(), seed in any::<u64>()) {
        if let Err(fault) = check_with(&ServerSubject { config, answer }, &input, Cuts::sampled(seed)) {
            return Err(TestCaseError::fail(format!("{fault:?}")));
        }
    }

    #[test]
    fn damaged_responses_tell_one_story(input in prop_oneof![damaged(RESPONSES), http1::responses()], config in configs(), seed in any::<u64>(),
        method in prop::sample::select(METHODS)) {
        let fields = upgrade();
        let target: &[u8] = if method == b"CONNECT" { b"a:1" } else { b"/" };
        let request = RequestHead::new(method, target, b"a", &fields);
        if let Err(fault) = check_with(&ClientSubject { config, request }, &input, Cuts::sampled(seed)) {
            return Err(TestCaseError::fail(format!("{fault:?}")));
        }
    }

    #[test]
    fn any_bytes_tell_one_story(input in prop::collection::vec(any::<u8>(), 0..60), config in configs(), answer in answers()) {
        if let Err(fault) = check(&ServerSubject { config, answer }, &input) {
            return Err(TestCaseError::fail(format!("{fault:?}")));
        }
        let response = [&b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"[..], &input].concat();
        if let Err(fault) = check(&ClientSubject { config, ..Default::default() }, &response) {
            return Err(TestCaseError::fail(format!("{fault:?}")));
        }
    }
}
