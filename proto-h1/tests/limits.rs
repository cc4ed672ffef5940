//! Every limit is allowed at its value and refused one beyond, and every deadline fires at its moment.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
use common::Wire;
use proto_core::{Deadline, Instant, Reason, Wants};
use proto_h1::{BodyLength, Client, CloseReason, Config, Error, Limits, RequestHead, Server};

const CLOSE: Wants = Wants { read: false, write: false, close: true };

fn with(limits: Limits) -> Config {
    Config { limits, ..Config::default() }
}

/// The outcome of `input`, fed whole and byte by byte.
fn outcome(limits: Limits, input: &[u8]) -> Option<Error> {
    let whole = Wire::server(with(limits)).feed_all(input).1;
    let mut wire = Wire::server(with(limits));
    let bytewise = input.iter().find_map(|byte| wire.feed_all([*byte]).1);
    assert_eq!(whole, bytewise, "{}", input.escape_ascii());
    whole
}

fn at_and_beyond(limits: Limits, at: impl AsRef<[u8]>, beyond: impl AsRef<[u8]>, error: Error) {
    assert_eq!(outcome(limits, at.as_ref()), None, "{}", at.as_ref().escape_ascii());
    assert_eq!(outcome(limits, beyond.as_ref()), Some(error), "{}", beyond.as_ref().escape_ascii());
}

#[test]
fn head() {
    let head = |len: usize| {
        let start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
        format!("{start}{}\r\n\r\n", "x".repeat(len - start.len() - 4))
    };
    at_and_beyond(Limits { head: 100, ..Limits::default() }, head(100), head(101), Error::HeadTooLarge);
    at_and_beyond(Limits::default(), head(8192), head(8193), Error::HeadTooLarge);
    // In the request line it is the target that is too long, also when no space ever ends it.
    let endless = format!("GET /{}", "x".repeat(95));
    at_and_beyond(Limits { head: 100, ..Limits::default() }, &endless[..99], &endless, Error::TargetTooLong);
    let mut client = Wire::client(with(Limits { head: 40, ..Limits::default() }));
    client.get();
    assert_eq!(client.feed_all(format!("HTTP/1.1 200 {}", "x".repeat(27))).1, Some(Error::HeadTooLarge));
}

#[test]
fn target() {
    let head = |len: usize| format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(len - 1));
    at_and_beyond(Limits { target: 9, ..Limits::default() }, head(9), head(10), Error::TargetTooLong);
    at_and_beyond(Limits::default(), head(8000), head(8001), Error::TargetTooLong);
}

#[test]
fn fields() {
    let head = |count: usize| format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(count - 1));
    at_and_beyond(Limits { fields: 3, ..Limits::default() }, head(3), head(4), Error::TooManyFields);
    at_and_beyond(Limits::default(), head(100), head(101), Error::TooManyFields);
    // More than the fixed room counts as that.
    at_and_beyond(Limits { fields: 9999, ..Limits::default() }, head(128), head(129), Error::TooManyFields);
    let trailers = |count: usize| format!("{CHUNKED}0\r\n{}\r\n", "X: y\r\n".repeat(count));
    at_and_beyond(Limits { fields: 2, ..Limits::default() }, trailers(2), trailers(3), Error::TooManyFields);
}

const CHUNKED: &str = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

#[test]
fn body() {
    let known = |len: usize| format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {len}\r\n\r\n");
    let limits = Limits { body: 10, ..Limits::default() };
    at_and_beyond(limits, known(10) + "0123456789", known(11), Error::BodyTooLarge);
    at_and_beyond(
        limits,
        format!("{CHUNKED}4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\n"),
        format!("{CHUNKED}4\r\n0123\r\n7\r\n"),
        Error::BodyTooLarge,
    );
    // The same where the chunk beyond the limit is there whole.
    let input = format!("{CHUNKED}4\r\n0123\r\n7\r\n456789x\r\n0\r\n\r\n");
    assert_eq!(outcome(limits, input.as_bytes()), Some(Error::BodyTooLarge));
    let mut client = Wire::client(with(limits));
    client.get();
    assert_eq!(client.feed_all("HTTP/1.1 200 OK\r\n\r\n0123456789").1, None);
    assert_eq!(client.feed_all("x").1, Some(Error::BodyTooLarge));
    let mut client = Wire::client(with(limits));
    client.get();
    assert_eq!(client.feed_all("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n").1, Some(Error::BodyTooLarge));
}

#[test]
fn extensions() {
    let line = |len: usize| format!("{CHUNKED}1;{}\r\nx\r\n0\r\n\r\n", "a".repeat(len - 1));
    let limits = Limits { extension_line: 20, ..Limits::default() };
    at_and_beyond(limits, line(20), line(21), Error::ChunkExtensionTooLarge);
    at_and_beyond(Limits::default(), line(1024), line(1025), Error::ChunkExtensionTooLarge);
    let lines = |count: usize| format!("{CHUNKED}{}", "1;abc\r\nx\r\n".repeat(count));
    let limits = Limits { extensions: 12, ..Limits::default() };
    at_and_beyond(limits, lines(3), lines(4), Error::ChunkExtensionTooLarge);
    // Unlimited chunks, but for their extensions.
    assert_eq!(outcome(limits, format!("{CHUNKED}{}", "1\r\nx\r\n".repeat(100)).as_bytes()), None);
}

#[test]
fn trailers() {
    let section = |len: usize| format!("{CHUNKED}0\r\nX: {}\r\n\r\n", "y".repeat(len - 7));
    let limits = Limits { trailers: 30, ..Limits::default() };
    at_and_beyond(limits, section(30), section(31), Error::TrailersTooLarge);
    at_and_beyond(Limits::default(), section(8192), section(8193), Error::TrailersTooLarge);
}

#[test]
fn drain() {
    let limits = Limits { drain: 10, ..Limits::default() };
    for (framing, rest, reused) in [
        ("Content-Length: 10\r\n\r\n", "0123456789", true),
        ("Content-Length: 11\r\n\r\n", "", false),
        ("Transfer-Encoding: chunked\r\n\r\n", "4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\n", true),
        ("Transfer-Encoding: chunked\r\n\r\n", "4\r\n0123\r\n7\r\n456789x", false),
    ] {
        let mut wire = Wire::server(with(limits));
        let _ = wire.feed_all(format!("POST / HTTP/1.1\r\nHost: a\r\n{framing}"));
        wire.ok();
        let (events, error) = wire.feed_all(rest);
        assert_eq!((events.len(), error), (usize::from(reused), None), "{framing:?} {rest}");
        assert_eq!(wire.codec.next_request(), reused);
        if !reused {
            assert_eq!(
                (wire.codec.wants(), wire.codec.close_reason()),
                (CLOSE, Some(CloseReason::RequestUnread))
            );
        }
    }
}

fn due(at: Instant, reason: Reason) -> Option<Deadline> {
    Some(Deadline::new(at, reason))
}

fn fresh(now: Instant) -> Wire<Server> {
    let mut codec = Server::new(Config::default());
    assert_eq!(codec.poll_timeout(), None, "it does not know the time yet");
    codec.handle_timeout(now);
    Wire { codec, input: Vec::new() }
}

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const SECOND: u64 = 1_000_000;

#[test]
fn a_head_has_ten_seconds_from_the_start_of_the_connection() {
    let start = Instant::from_secs(1000);
    let mut wire = fresh(start);
    let deadline = Instant::from_secs(1010);
    assert_eq!(wire.codec.poll_timeout(), due(deadline, Reason::Head));
    wire.codec.handle_timeout(Instant(deadline.0 - 1));
    assert_eq!(wire.feed("GET /").unwrap(), None);
    assert_eq!(wire.codec.poll_timeout(), due(deadline, Reason::Head), "a byte does not prolong it");
    wire.codec.handle_timeout(deadline);
    assert_eq!(wire.feed(" "), Err(Error::HeadTimeout));
    assert!(wire.transmit().starts_with("HTTP/1.1 408 Request Timeout\r\n"));
    assert_eq!((wire.codec.wants(), wire.codec.poll_timeout()), (CLOSE, None));

    let mut wire = fresh(start);
    wire.codec.handle_timeout(deadline);
    assert_eq!(
        (wire.transmit().as_str(), wire.codec.wants()),
        ("", CLOSE),
        "nobody is told what nobody asked"
    );
    assert_eq!(wire.codec.close_reason(), Some(CloseReason::Idle));
}

#[test]
fn a_kept_connection_has_sixty_seconds_and_then_ten_from_the_first_byte() {
    let mut wire = fresh(Instant::ZERO);
    let _ = wire.feed_all(GET);
    assert_eq!(wire.codec.poll_timeout(), None, "the application may take its time");
    wire.codec.handle_timeout(Instant::from_secs(100));
    wire.ok();
    assert!(wire.codec.next_request());
    assert_eq!(wire.codec.poll_timeout(), due(Instant::from_secs(160), Reason::KeepAlive));
    wire.codec.handle_timeout(Instant::from_secs(150));
    let _ = wire.feed_all("\r\n");
    assert_eq!(wire.codec.poll_timeout(), due(Instant::from_secs(160), Reason::KeepAlive));
    let _ = wire.feed_all("G");
    assert_eq!(wire.codec.poll_timeout(), due(Instant::from_secs(160), Reason::Head));
    wire.codec.handle_timeout(Instant::from_secs(155));
    assert_eq!(wire.feed_all(&GET[1..]).0.len(), 2);
    wire.ok();
    assert!(wire.codec.next_request());
    wire.codec.handle_timeout(Instant(215 * SECOND - 1));
    assert!(wire.codec.wants().read);
    wire.codec.handle_timeout(Instant(215 * SECOND));
    assert_eq!((wire.codec.wants(), wire.codec.close_reason()), (CLOSE, Some(CloseReason::Idle)));
}

#[test]
fn a_body_keeps_a_hundred_bytes_a_second_after_five_seconds() {
    let mut wire = fresh(Instant::ZERO);
    let _ = wire.feed_all("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\n");
    assert_eq!(wire.codec.poll_timeout(), due(Instant::from_secs(5), Reason::BodyRate));
    // At the rate exactly, for a minute.
    for second in 1..60 {
        wire.codec.handle_timeout(Instant::from_secs(second));
        assert_eq!(wire.feed_all([b'x'; 100]).1, None);
        assert_eq!(wire.codec.poll_timeout(), due(Instant::from_secs(second + 5), Reason::BodyRate));
    }
    // A burst earns no more than the grace.
    let _ = wire.feed_all([b'x'; 3000]);
    assert_eq!(wire.codec.poll_timeout(), due(Instant::from_secs(64), Reason::BodyRate));
    // At half the rate, the four seconds left last for eight.
    for second in 60..68 {
        wire.codec.handle_timeout(Instant::from_secs(second));
        assert_eq!(wire.feed_all([b'x'; 50]).1, None, "{second}");
    }
    wire.codec.handle_timeout(Instant(68 * SECOND - 1));
    assert_eq!(wire.feed_all("").1, None);
    wire.codec.handle_timeout(Instant(68 * SECOND));
    assert_eq!(wire.feed_all("").1, Some(Error::BodyTooSlow));
    assert!(wire.transmit().starts_with("HTTP/1.1 408 "));
}

#[test]
fn a_delay_of_our_own_is_forgiven() {
    let mut wire = fresh(Instant::ZERO);
    let _ = wire.feed_all("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\n");
    wire.codec.handle_timeout(Instant::from_secs(4));
    wire.codec.hold_body(true);
    assert_eq!(wire.codec.poll_timeout(), None);
    wire.codec.handle_timeout(Instant::from_secs(100));
    wire.codec.hold_body(false);
    assert_eq!(wire.codec.poll_timeout(), due(Instant::from_secs(105), Reason::BodyRate));
    wire.codec.handle_timeout(Instant::from_secs(105));
    assert_eq!(wire.codec.error(), Some(Error::BodyTooSlow));
}

#[test]
fn a_body_nobody_wants_has_five_seconds_in_all() {
    let mut wire = fresh(Instant::ZERO);
    let _ = wire.feed_all("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\n");
    wire.codec.handle_timeout(Instant::from_secs(1));
    wire.ok();
    let _ = wire.feed_all([b'x'; 9000]);
    assert_eq!(wire.codec.poll_timeout(), due(Instant::from_secs(6), Reason::BodyRate));
    wire.codec.handle_timeout(Instant::from_secs(6));
    assert_eq!((wire.codec.wants(), wire.codec.close_reason()), (CLOSE, Some(CloseReason::RequestUnread)));
    assert_eq!(wire.codec.error(), None);
}

#[test]
fn the_client_times_a_response_from_its_first_byte() {
    let mut codec = Client::new(Config::default());
    codec.handle_timeout(Instant::from_secs(7));
    let mut wire = Wire { codec, input: Vec::new() };
    wire.get();
    assert_eq!(wire.codec.poll_timeout(), None);
    wire.codec.handle_timeout(Instant::from_secs(100));
    let _ = wire.feed_all("H");
    assert_eq!(wire.codec.poll_timeout(), due(Instant::from_secs(110), Reason::Head));
    let _ = wire.feed_all("TTP/1.1 200 OK\r\n\r\n");
    assert_eq!(wire.codec.poll_timeout(), due(Instant::from_secs(105), Reason::BodyRate));
    wire.codec.handle_timeout(Instant::from_secs(105));
    assert_eq!(wire.feed(""), Err(Error::BodyTooSlow));

    wire = Wire { codec: Client::new(Config::default()), input: Vec::new() };
    wire.codec.handle_timeout(Instant::ZERO);
    let expecting = RequestHead { expect_continue: true, ..RequestHead::new(b"PUT", b"/", b"a", &[]) };
    wire.request(&expecting.with_body(BodyLength::Known(1)));
    let _ = wire.feed_all("HTTP/1.1 ");
    assert_eq!(wire.codec.poll_timeout(), due(Instant::from_secs(1), Reason::Application));
    wire.codec.handle_timeout(Instant::from_secs(1));
    assert_eq!(wire.codec.poll_timeout(), due(Instant::from_secs(11), Reason::Head));
    wire.codec.handle_timeout(Instant::from_secs(11));
    assert_eq!(wire.feed(""), Err(Error::HeadTimeout));
}

#[test]
fn zero_turns_deadlines_off() {
    let limits =
        Limits { head_timeout: 0, idle_timeout: 0, body_rate: 0, continue_timeout: 0, ..Limits::default() };
    let mut wire = Wire::server(with(limits));
    assert_eq!(wire.codec.poll_timeout(), None);
    let _ = wire.feed_all("G");
    assert_eq!(wire.codec.poll_timeout(), None);
    let _ = wire.feed_all(&GET[1..]);
    wire.ok();
    wire.codec.next_request();
    assert_eq!(wire.codec.poll_timeout(), None);
    let _ = wire.feed_all("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n");
    wire.codec.handle_timeout(Instant(u64::MAX));
    assert_eq!(wire.feed_all("x").0.len(), 2);
}

#[test]
fn time_may_stand_still_or_run_back_or_end() {
    let mut wire = fresh(Instant::from_secs(100));
    wire.codec.handle_timeout(Instant::ZERO);
    assert_eq!(wire.codec.poll_timeout(), due(Instant::from_secs(110), Reason::Head));
    // At the end of the clock there is no later moment, so every deadline is due.
    let mut wire = fresh(Instant(u64::MAX));
    assert_eq!((wire.feed_all(GET).0.len(), wire.codec.wants()), (0, CLOSE));
}

#[test]
fn an_idle_connection_is_small() {
    assert!(size_of::<Server>() <= 128, "{}", size_of::<Server>());
    assert!(size_of::<Client>() <= 128, "{}", size_of::<Client>());
    assert!(size_of::<Error>() <= 16);
}
