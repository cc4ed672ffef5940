//! A server connection as an application and a peer see it.

#![allow(clippy::expect_used, clippy::panic, reason = "a test may")]

mod common;

use std::time::Duration;

use app::{BodyLength, End, Field, Fields, Handler, Request, ResponseHead, SendError, Stream, Writable};
use common::Wire;

/// Answers by path; remembers what it was told.
#[derive(Default)]
struct Site {
    told: Vec<String>,
}

enum Session {
    Hello,
    Echo {
        pending: Vec<u8>,
        chunked: bool,
        head: bool,
        ended: bool,
    },
    Long {
        left: usize,
        head: bool,
    },
    Patient,
    Lazy,
    /// Answers once there is content.
    Late,
}

impl Handler for Site {
    type Session = Session;
    type Message = ();

    fn request(&mut self, request: &Request<'_>, stream: &mut Stream<'_>) -> Option<Session> {
        let path = String::from_utf8_lossy(request.path()).into_owned();
        self.told.push(format!("{} {path}", String::from_utf8_lossy(request.method())));
        if path != "/echo" {
            stream.want_write();
        }
        Some(match &*path {
            "/hello" => Session::Hello,
            "/echo" => {
                let chunked = request.body_length() == BodyLength::Chunked;
                Session::Echo { pending: Vec::new(), chunked, head: false, ended: false }
            }
            "/long" => Session::Long { left: 300_000, head: false },
            "/lazy" => {
                stream.hold();
                stream.set_timer(Some(Duration::from_secs(2)));
                Session::Lazy
            }
            "/patient" => Session::Patient,
            "/late" => Session::Late,
            "/slow" => {
                stream.hold();
                Session::Patient
            }
            "/teapot" => {
                stream.refuse(418);
                return None;
            }
            _ => return None,
        })
    }

    fn body(&mut self, session: &mut Session, data: &mut [u8], stream: &mut Stream<'_>) {
        if let Session::Late = session {
            *session = Session::Hello;
            stream.want_write();
        }
        if let Session::Echo { pending, .. } = session {
            pending.extend_from_slice(data);
            stream.hold();
            stream.want_write();
        }
    }

    fn body_end(&mut self, session: &mut Session, trailers: Fields<'_>, stream: &mut Stream<'_>) {
        self.told.push(format!("end {}", trailers.len()));
        if let Session::Echo { ended, .. } = session {
            *ended = true;
            stream.want_write();
        }
    }

    fn writable(&mut self, session: &mut Session, out: Writable<'_, '_>, stream: &mut Stream<'_>) {
        let result = match session {
            Session::Hello => {
                out.respond(&ResponseHead::new(200), b"Hello, world!").map(|sent| assert_eq!(sent, 13))
            }
            Session::Echo { head: head @ false, chunked, .. } => {
                let length = if *chunked { BodyLength::Chunked } else { BodyLength::Known(5) };
                out.head(&ResponseHead::new(200), length).map(|()| *head = true)
            }
            Session::Echo { pending, ended, chunked, .. } => {
                if !pending.is_empty() {
                    out.body(pending).map(|sent| drop(pending.drain(..sent)))
                } else if *ended && *chunked {
                    return out.finish(&[Field::new("x-sum", "1")]).expect("room for the end");
                } else {
                    stream.resume();
                    return;
                }
            }
            Session::Long { head: head @ false, left } => {
                out.head(&ResponseHead::new(200), BodyLength::Known(*left as u64)).map(|()| *head = true)
            }
            Session::Long { left, .. } => {
                let piece = vec![b'x'; (*left).min(10_000)];
                out.body(&piece).map(|sent| *left -= sent)
            }
            Session::Patient | Session::Lazy | Session::Late => return,
        };
        match result {
            Ok(()) | Err(SendError::Full) => match session {
                Session::Echo { .. } => stream.want_write(),
                Session::Long { left: 1.., .. } => stream.want_write(),
                _ => {}
            },
            Err(error) => panic!("{error}"),
        }
    }

    fn timer(&mut self, session: &mut Session, stream: &mut Stream<'_>) {
        self.told.push("timer".into());
        stream.resume();
        stream.want_write();
        *session = Session::Hello;
    }

    fn closed(&mut self, _: Session, end: End) {
        self.told.push(format!("{end:?}"));
    }
}

fn wire() -> Wire<Site> {
    Wire::server(Site::default(), app::Config::default())
}

fn head_of(response: &str) -> &str {
    response.split("\r\n\r\n").next().unwrap_or_default()
}

const HELLO: &str = "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n";

#[test]
fn a_response_carries_length_and_date() {
    let mut wire = wire();
    let response = wire.text(HELLO);
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
    let head = head_of(&response).to_ascii_lowercase();
    assert!(head.contains("\r\ncontent-length: 13"), "{head}");
    assert!(head.contains("\r\ndate: sun, 06 nov 1994 08:49:37 gmt"), "{head}");
    assert!(response.ends_with("\r\n\r\nHello, world!"));
    assert_eq!(wire.app.handler().told, ["GET /hello", "end 0", "Complete"]);
    assert!(!wire.closed);
}

#[test]
fn the_date_moves_with_the_clock() {
    let mut wire = wire();
    wire.feed(HELLO.as_bytes());
    wire.sleep(Duration::from_secs(3));
    let head = wire.text(HELLO).to_ascii_lowercase();
    assert!(head.contains("\r\ndate: sun, 06 nov 1994 08:49:40 gmt"), "{head}");
}

#[test]
fn pipelined_requests_are_answered_in_order_in_one_turn() {
    let mut wire = wire();
    let requests = [HELLO, "GET /teapot HTTP/1.1\r\nHost: h\r\n\r\n", HELLO].concat().repeat(5);
    let responses = wire.text(&requests);
    assert_eq!(responses.matches("HTTP/1.1 ").count(), 15);
    assert_eq!(responses.matches("HTTP/1.1 418").count(), 5);
    assert_eq!(responses.matches("Hello, world!").count(), 10);
    let order = responses.match_indices("HTTP/1.1 ").map(|(at, _)| &responses[at + 9..at + 12]);
    assert!(order.eq(["200", "418", "200"].repeat(5)));
}

#[test]
fn a_slow_reader_holds_back_the_next_request() {
    let mut wire = wire();
    let requests = ["GET /long HTTP/1.1\r\nHost: h\r\n\r\n", HELLO].concat();
    let first = wire.feed_slowly(requests.as_bytes(), 20_000);
    assert!(first.len() <= 20_000);
    let told = wire.app.handler().told.join(", ");
    assert!(!told.contains("/hello"), "the next request waits for this answer: {told}");
    assert!(wire.untaken() > 0);
    let rest = wire.feed(b"");
    assert!(rest.ends_with(b"Hello, world!"));
    let body = first.len() + rest.len();
    assert!(body > 300_000 && body < 301_000, "{body}");
}

#[test]
fn head_and_refusals() {
    let mut wire = wire();
    let response = wire.text("HEAD /hello HTTP/1.1\r\nHost: h\r\n\r\n");
    assert!(response.to_ascii_lowercase().contains("content-length: 13") && response.ends_with("\r\n\r\n"));
    let response = wire.text("GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n");
    assert!(
        response.starts_with("HTTP/1.1 404 Not Found\r\n") && response.ends_with("404 Not Found\n"),
        "{response}"
    );
    let response = wire.text(HELLO);
    assert!(response.ends_with("Hello, world!"), "the connection is still good");
}

#[test]
fn a_body_streams_through_and_the_peer_is_held_back() {
    for room in [2_000, 64 * 1024] {
        let mut wire = wire();
        wire.room = room;
        let mut body = String::new();
        for piece in 0..200 {
            let data = format!("piece {piece} ").repeat(20);
            body += &format!("{:x}\r\n{data}\r\n", data.len());
        }
        let request =
            format!("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n{body}0\r\n\r\n");
        let response = wire.text(&request);
        let expected = (0..200).map(|piece| format!("piece {piece} ").repeat(20)).collect::<String>();
        assert_eq!(
            dechunk(response.split_once("\r\n\r\n").expect("a head").1),
            (expected, "x-sum: 1".into())
        );
        assert_eq!(wire.app.handler().told, ["POST /echo", "end 0", "Complete"]);
    }
}

/// The content and the trailers of a chunked body, read the simplest way.
fn dechunk(mut body: &str) -> (String, String) {
    let mut content = String::new();
    loop {
        let (size, rest) = body.split_once("\r\n").expect("a size");
        let size = usize::from_str_radix(size, 16).expect("hex");
        if size == 0 {
            return (content, rest.trim_end().into());
        }
        content += &rest[..size];
        body = rest[size..].strip_prefix("\r\n").expect("a line end");
    }
}

#[test]
fn an_expected_continue_is_sent_when_the_body_is_wanted() {
    let head = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
    let mut wire = wire();
    let response = wire.text(head);
    assert!(response.starts_with("HTTP/1.1 100 Continue\r\n\r\n"), "{response}");
    assert!(wire.text("12345").ends_with("12345"));
    assert!(wire.text(HELLO).ends_with("Hello, world!"), "the connection is reused");
}

#[test]
fn an_expected_continue_is_not_sent_when_the_request_is_refused() {
    let mut wire = wire();
    let response =
        wire.text("POST /teapot HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    assert!(response.starts_with("HTTP/1.1 418"), "{response}");
    assert!(response.to_ascii_lowercase().contains("connection: close"), "{response}");
}

#[test]
fn an_expected_continue_waits_while_the_application_holds() {
    let mut wire = wire();
    let response =
        wire.text("POST /lazy HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(response, "");
    let later = String::from_utf8(wire.sleep(Duration::from_secs(2))).expect("text");
    assert!(later.contains("Hello, world!"), "{later}");
}

#[test]
fn held_data_stays_with_the_peer_until_the_timer() {
    let mut wire = wire();
    wire.feed(b"POST /lazy HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n12345");
    assert_eq!(wire.untaken(), 5);
    assert!(!wire.wants().read);
    let response = wire.sleep(Duration::from_secs(3));
    assert!(response.ends_with(b"Hello, world!"));
    assert_eq!(wire.untaken(), 0);
    assert_eq!(wire.app.handler().told, ["POST /lazy", "timer", "end 0", "Complete"]);
}

#[test]
fn a_peer_that_is_made_to_wait_is_not_too_slow() {
    let mut wire = wire();
    wire.room = 1_500;
    let body = "x".repeat(4_000);
    let head = format!("POST /slow HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", body.len());
    wire.feed(head.as_bytes());
    wire.feed(&body.as_bytes()[..10]);
    assert_eq!(wire.sleep(Duration::from_secs(60)), b"", "the application takes its time");
    assert!(!wire.closed);
}

#[test]
fn a_malformed_request_is_answered_and_the_connection_closed() {
    let mut wire = wire();
    let response = wire.text("GET /hello HTTP/1.1\r\nHost : h\r\n\r\n");
    assert!(response.starts_with("HTTP/1.1 400 "), "{response}");
    let head = head_of(&response).to_ascii_lowercase();
    assert!(head.contains("connection: close") && head.contains("date: sun, 06 nov"), "{head}");
    assert!(wire.closed);
    assert!(wire.app.handler().told.is_empty());
}

#[test]
fn a_fault_in_a_body_ends_the_stream_with_its_reason() {
    let mut wire = wire();
    let response =
        wire.text("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n");
    assert!(wire.closed, "{response}");
    assert_eq!(wire.app.handler().told, ["POST /echo", "Http1(ChunkSize)"]);
}

#[test]
fn a_head_that_does_not_come_is_not_waited_for() {
    let mut wire = wire();
    assert_eq!(wire.feed(b"GET /hello HT"), b"");
    let response = wire.sleep(Duration::from_secs(30));
    assert!(response.starts_with(b"HTTP/1.1 408 "), "{}", response.escape_ascii());
    assert!(wire.closed);
}

#[test]
fn an_idle_connection_is_closed_without_a_word() {
    let mut wire = wire();
    wire.feed(HELLO.as_bytes());
    assert_eq!(wire.sleep(Duration::from_secs(59)), b"");
    assert!(!wire.closed);
    assert_eq!(wire.sleep(Duration::from_secs(2)), b"");
    assert!(wire.closed);
}

#[test]
fn http_1_0_closes_unless_asked_to_stay() {
    let mut wire = wire();
    let response = wire.text("GET /hello HTTP/1.0\r\n\r\n");
    assert!(response.ends_with("Hello, world!"));
    assert!(wire.closed);
}

#[test]
fn a_draining_connection_finishes_what_it_has() {
    let mut idle = wire();
    idle.feed(HELLO.as_bytes());
    assert_eq!(idle.drain(), b"");
    assert!(idle.closed, "idle: closed at once");

    let mut busy = wire();
    busy.feed(b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n12");
    busy.drain();
    assert!(!busy.closed);
    let response = busy.feed(b"345");
    assert!(response.ends_with(b"345"));
    assert!(busy.closed, "busy: closed when done");
}

#[test]
fn half_close_after_the_request_still_gets_the_answer() {
    let mut wire = wire();
    let mut response = wire.feed_slowly(b"GET /long HTTP/1.1\r\nHost: h\r\n\r\n", 10_000);
    response.extend(wire.eof());
    assert!(response.len() > 300_000, "{}", response.len());
    assert!(wire.closed);
    assert_eq!(wire.app.handler().told.last().map(String::as_str), Some("Complete"));
}

#[test]
fn a_lost_link_gives_the_session_back() {
    let mut wire = wire();
    wire.feed(b"GET /patient HTTP/1.1\r\nHost: h\r\n\r\n");
    wire.cut(app::Closed::Reset);
    assert_eq!(wire.app.handler().told.last().map(String::as_str), Some("Link(Reset)"));
}

#[test]
fn an_expected_continue_is_not_sent_when_the_answer_comes_first() {
    let mut wire = wire();
    let response =
        wire.text("POST /hello HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
    assert!(response.to_ascii_lowercase().contains("connection: close"), "{response}");
}

#[test]
fn targets_that_are_not_ours() {
    for (target, status) in [
        ("http://h/hello", "200"),
        ("HTTP://other/hello", "200"),
        ("https://h/hello", "421"),
        ("ftp://h/hello", "421"),
    ] {
        let response = wire().text(format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n"));
        assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{target}: {response}");
    }
}

#[test]
fn a_fault_in_content_that_is_there_is_answered_before_the_content_is() {
    let head = "POST /late HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut wire = wire();
    let response = wire.text(format!("{head}5\r\nhello\r\nx\r\n"));
    assert!(response.starts_with("HTTP/1.1 400 ") && wire.closed, "{response}");
}
