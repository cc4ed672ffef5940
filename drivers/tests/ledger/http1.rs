//! The limits of HTTP/1, each at its value and one beyond.

use app::{ClientRole, Config, End, Http1Error, Limit};

use crate::host::{Ask, Bench, MOMENT, just_before, seconds};

const CHUNKED: &str = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";

/// What `within` fits into is answered with 200 and counted nowhere; `beyond` is answered with `status`, and `limit` has fired.
#[track_caller]
fn fires(
    change: fn(&mut Config),
    within: impl AsRef<[u8]>,
    beyond: impl AsRef<[u8]>,
    status: &str,
    limit: Limit,
) {
    let mut bench = Bench::server(change);
    bench.feed(within);
    assert_eq!(bench.statuses(), ["200"]);
    assert!(!bench.wire.closed);
    bench.fired(&[]);
    let mut bench = Bench::server(change);
    bench.feed(beyond);
    assert_eq!(bench.statuses(), [status]);
    assert!(bench.wire.closed);
    bench.fired(&[limit]);
}

pub(crate) fn body() {
    let limit = |config: &mut Config| config.http1.limits.body = 10;
    let known = |len: usize| format!("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {len}\r\n\r\n");
    fires(limit, known(10) + "0123456789", known(11), "413", Limit::Body);
    let chunks = |last: &str| format!("{CHUNKED}4\r\n0123\r\n{last}0\r\n\r\n");
    fires(limit, chunks("6\r\n456789\r\n"), chunks("7\r\n4567890\r\n"), "413", Limit::Body);
}

pub(crate) fn head() {
    let limit = |config: &mut Config| config.http1.limits.head = 300;
    let head = |len: usize| {
        let start = "GET / HTTP/1.1\r\nHost: h\r\nX: ";
        format!("{start}{}\r\n\r\n", "x".repeat(len - start.len() - 4))
    };
    fires(limit, head(300), head(301), "431", Limit::Head);
    fires(limit, head(300), format!("GET /{}", "x".repeat(300)), "414", Limit::Target);
}

pub(crate) fn drain() {
    let limit = |config: &mut Config| config.http1.limits.drain = 10;
    for (len, reused) in [(10, true), (11, false)] {
        let mut bench = Bench::server(limit);
        bench.feed(format!("POST /early HTTP/1.1\r\nHost: h\r\nContent-Length: {len}\r\n\r\n"));
        bench.feed("01234567890".get(..len).unwrap());
        assert_eq!((bench.wire.closed, bench.statuses()), (!reused, vec!["200".to_owned()]));
        bench.fired(if reused { &[] } else { &[Limit::Drain] });
    }
}

pub(crate) fn extensions() {
    let limit = |config: &mut Config| config.http1.limits.extensions = 12;
    let chunks = |count: usize| format!("{CHUNKED}{}0\r\n\r\n", "1;abc\r\nx\r\n".repeat(count));
    fires(limit, chunks(3), chunks(4), "400", Limit::Extensions);
}

pub(crate) fn extension_line() {
    let limit = |config: &mut Config| config.http1.limits.extension_line = 6;
    let chunk = |extension: &str| format!("{CHUNKED}1{extension}\r\nx\r\n0\r\n\r\n");
    fires(limit, chunk(";abcde"), chunk(";abcdef"), "400", Limit::Extensions);
}

pub(crate) fn trailers() {
    let limit = |config: &mut Config| config.http1.limits.trailers = 30;
    let section = |len: usize| format!("{CHUNKED}0\r\nX: {}\r\n\r\n", "y".repeat(len - 7));
    fires(limit, section(30), section(31), "431", Limit::Trailers);
}

pub(crate) fn target() {
    let limit = |config: &mut Config| config.http1.limits.target = 20;
    let head = |len: usize| format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "x".repeat(len - 1));
    fires(limit, head(20), head(21), "414", Limit::Target);
}

pub(crate) fn fields() {
    let limit = |config: &mut Config| config.http1.limits.fields = 8;
    let head = |count: usize| format!("GET / HTTP/1.1\r\nHost: h\r\n{}\r\n", "X: y\r\n".repeat(count - 1));
    fires(limit, head(8), head(9), "431", Limit::Fields);
    let trailers = |count: usize| format!("{CHUNKED}0\r\n{}\r\n", "X: y\r\n".repeat(count));
    fires(limit, trailers(8), trailers(9), "431", Limit::Fields);
}

const UPLOAD: &str = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10000\r\n\r\n";

pub(crate) fn body_rate() {
    // A hundred bytes after a second are worth a second at the limit, and less at one byte a second more.
    for (rate, fires) in [(100, false), (101, true)] {
        let mut bench = Bench::server(|config| config.http1.limits.body_rate = rate);
        bench.feed(UPLOAD).sleep(seconds(1)).feed([b'x'; 100]).sleep(just_before(seconds(5)));
        assert_eq!((bench.wire.closed, bench.statuses().is_empty()), (fires, !fires));
        bench.fired(if fires { &[Limit::BodyRate] } else { &[] });
    }
}

pub(crate) fn body_grace() {
    for (time, fires) in [(just_before(seconds(5)), false), (seconds(5), true)] {
        let mut bench = Bench::server(|config| config.http1.limits.body_grace = 5);
        bench.feed(UPLOAD).sleep(time);
        assert_eq!((bench.wire.closed, bench.statuses().len()), (fires, usize::from(fires)));
        if fires {
            assert_eq!(bench.statuses(), ["408"]);
        }
        bench.fired(if fires { &[Limit::BodyRate] } else { &[] });
        // The rest of one that nobody wants.
        let mut bench = Bench::server(|config| config.http1.limits.body_grace = 5);
        bench.feed(UPLOAD.replace("/ ", "/early ")).sleep(time);
        assert_eq!((bench.wire.closed, bench.statuses()), (fires, vec!["200".to_owned()]));
        bench.fired(if fires { &[Limit::Drain] } else { &[] });
    }
}

pub(crate) fn head_timeout() {
    for (begin, statuses, limit) in
        [("GET / HT", &["408"][..], Limit::HeadTimeout), ("", &[], Limit::IdleTimeout)]
    {
        let mut bench = Bench::server(|config| config.http1.limits.head_timeout = 7);
        bench.feed(begin).sleep(just_before(seconds(7)));
        assert!(!bench.wire.closed && bench.sent.is_empty());
        bench.sleep(MOMENT);
        assert_eq!(bench.statuses(), statuses);
        assert!(bench.wire.closed);
        bench.fired(&[limit]);
    }
}

pub(crate) fn idle_timeout() {
    let mut bench = Bench::server(|config| config.http1.limits.idle_timeout = 9);
    bench.feed("GET / HTTP/1.1\r\nHost: h\r\n\r\n").take();
    bench.sleep(just_before(seconds(9)));
    assert!(!bench.wire.closed);
    bench.sleep(MOMENT);
    assert!(bench.wire.closed && bench.sent.is_empty());
    bench.fired(&[Limit::IdleTimeout]);
}

pub(crate) fn continue_timeout() {
    let ask = Ask { fields: &[("expect", "100-continue")], content: b"hello" };
    let mut bench = Bench::client(ClientRole::Http, ask, |config| config.http1.limits.continue_timeout = 3);
    bench.sleep(just_before(seconds(3)));
    assert!(bench.has_sent(b"expect: 100-continue") && !bench.has_sent(b"hello"));
    bench.sleep(MOMENT);
    assert!(bench.has_sent(b"hello"));
    bench.fired(&[]);
}

pub(crate) fn informational() {
    for (count, fires) in [(3, false), (4, true)] {
        let mut bench = Bench::client(ClientRole::Http, Ask::default(), |config| {
            config.http1.limits.informational = 3;
        });
        bench.feed("HTTP/1.1 103 Early Hints\r\n\r\n".repeat(count) + "HTTP/1.1 204 No Content\r\n\r\n");
        let end = if fires { End::Http1(Http1Error::TooManyInformational) } else { End::Complete };
        assert_eq!(bench.ends(), [end]);
        bench.fired(if fires { &[Limit::Informational] } else { &[] });
    }
}
