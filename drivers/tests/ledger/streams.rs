//! The limits of HTTP/2 streams that the application keeps, each at its value and one beyond.

use app::{ClientRole, End, Http2Code as Code, Limit};

use crate::frames::Frames;
use crate::h2::{ACK, SETTINGS, data, frame, headers, setting, window_update};
use crate::host::{Ask, Bench, MOMENT, just_before, seconds};

pub(crate) fn head_timeout() {
    // A preface that does not come.
    let mut bench = Bench::server(|config| config.http2.head_timeout = seconds(7));
    bench.feed(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").sleep(just_before(seconds(7)));
    assert!(!bench.wire.closed);
    bench.sleep(MOMENT);
    assert!(bench.wire.closed);
    bench.fired(&[Limit::Http2HeadTimeout]);
    // A frame that stops.
    let mut peer = Frames::new(|config| config.http2.head_timeout = seconds(7));
    peer.ask(1, "/patient", &[], b"").feed(b"\0\0\x04\x01\x05").sleep(just_before(seconds(7)));
    assert!(peer.goaways.is_empty());
    peer.sleep(MOMENT);
    peer.dies(Code::NO_ERROR, Limit::Http2HeadTimeout);
}

pub(crate) fn idle_timeout() {
    let mut peer = Frames::new(|config| config.http2.idle_timeout = seconds(9));
    peer.ask(1, "/", &[], b"").sleep(just_before(seconds(9)));
    assert!(peer.goaways.is_empty());
    peer.sleep(MOMENT);
    peer.dies(Code::NO_ERROR, Limit::Http2IdleTimeout);
}

pub(crate) fn body() {
    let limited = || Frames::new(|config| config.http2.body = 10);
    for (announced, content, status) in [
        (Some("10"), &b"0123456789"[..], "200"),
        (Some("11"), b"01234567890", "413"),
        (None, b"0123456789", "200"),
        (None, b"01234567890", "413"),
    ] {
        let mut peer = limited();
        let fields = announced.map(|length| ("content-length", length));
        peer.ask(1, "/", fields.as_slice(), content);
        assert_eq!(peer.status(1), Some(status));
        assert!(peer.resets.remove(&1).is_none_or(|code| code == Code::NO_ERROR));
        if status == "200" {
            peer.lives();
        } else {
            peer.bench.fired(&[Limit::Http2Body]);
        }
    }
    // An answer that has begun cannot say so.
    let mut peer = limited();
    peer.feed(frame(SETTINGS, 0, 0, &setting(4, 1))).begin(1, "/long").feed(data(1, &[0; 10], false));
    assert!(peer.status(1) == Some("200") && peer.resets.is_empty());
    peer.feed(data(1, &[0; 1], false));
    assert_eq!(peer.bench.ends().first(), Some(&End::Limited(Limit::Http2Body)));
    peer.loses(1, Code::ENHANCE_YOUR_CALM, Limit::Http2Body);
}

pub(crate) fn continue_timeout() {
    let ask = Ask { fields: &[("expect", "100-continue")], content: b"hello" };
    let mut bench =
        Bench::client(ClientRole::Http2, ask, |config| config.http2.continue_timeout = seconds(3));
    let settings = [frame(SETTINGS, 0, 0, &[]), frame(SETTINGS, ACK, 0, &[])].concat();
    bench.feed(settings).sleep(just_before(seconds(3)));
    assert!(!bench.has_sent(b"hello"));
    bench.sleep(MOMENT);
    assert!(bench.has_sent(b"hello"));
    bench.fired(&[]);
}

pub(crate) fn body_rate() {
    // A hundred bytes after a second are worth a second at the limit, and less at one byte a second more.
    for (rate, fires) in [(100, false), (101, true)] {
        let mut peer = Frames::new(|config| config.http2.body_rate = rate);
        peer.begin(1, "/patient").sleep(seconds(1)).feed(data(1, &[0; 100], false));
        peer.sleep(just_before(seconds(5)));
        if fires {
            peer.loses(1, Code::CANCEL, Limit::Http2BodyRate);
        } else {
            peer.lives();
        }
    }
}

pub(crate) fn body_grace() {
    let mut peer = Frames::new(|config| config.http2.body_grace = seconds(5));
    peer.begin(1, "/patient").sleep(just_before(seconds(5)));
    assert!(peer.resets.is_empty());
    peer.sleep(MOMENT);
    peer.loses(1, Code::CANCEL, Limit::Http2BodyRate);
}

/// A reader that has given no credit for a long answer.
fn reader(change: impl FnOnce(&mut app::Config)) -> Frames {
    let mut peer = Frames::new(change);
    peer.feed(frame(SETTINGS, 0, 0, &setting(4, 0)));
    peer.feed(headers(
        1,
        &[(":method", "GET"), (":scheme", "http"), (":path", "/long"), (":authority", "h")],
        true,
    ));
    peer
}

pub(crate) fn send_rate() {
    for (rate, fires) in [(100, false), (101, true)] {
        let mut peer = reader(|config| config.http2.send_rate = rate);
        peer.sleep(seconds(1)).feed(window_update(1, 100)).sleep(just_before(seconds(30)));
        if fires {
            peer.loses(1, Code::CANCEL, Limit::Http2SendRate);
        } else {
            peer.lives();
        }
    }
}

pub(crate) fn send_grace() {
    let mut peer = reader(|config| config.http2.send_grace = seconds(8));
    peer.sleep(just_before(seconds(8)));
    assert!(peer.resets.is_empty());
    peer.sleep(MOMENT);
    peer.loses(1, Code::CANCEL, Limit::Http2SendRate);
}
