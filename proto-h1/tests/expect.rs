//! The server: expectations and interim responses.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
use common::{Wire, written};
use proto_core::{SendError, Wants};
use proto_h1::{BodyLength, CloseReason, Config, Field, ResponseHead};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const EXPECT: &str = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
const CLOSE: Wants = Wants { read: false, write: false, close: true };

fn server() -> Wire<proto_h1::Server> {
    Wire::server(Config::default())
}

/// A server that has received `request` to its end.
fn asked(request: &str) -> Wire<proto_h1::Server> {
    let mut wire = server();
    let (events, error) = wire.feed_all(request);
    assert_eq!((events.last().map(String::as_str), error), (Some("end"), None));
    wire
}

fn head(status: u16, body: BodyLength) -> ResponseHead<'static> {
    ResponseHead::new(status, &[], body)
}

#[test]
fn continue_is_said_when_the_application_reads() {
    let mut wire = server();
    assert_eq!(wire.feed_all(EXPECT).0, ["request POST"]);
    assert_eq!(wire.transmit(), "", "not by itself");
    assert_eq!(wire.codec.poll_timeout(), None, "the client is not slow while it waits");
    let said = written(|out| {
        wire.codec.send_continue(out).unwrap();
        wire.codec.send_continue(out).unwrap();
    });
    assert_eq!(said, "HTTP/1.1 100 Continue\r\n\r\n");
    assert!(wire.codec.poll_timeout().is_some());
    assert_eq!(wire.feed_all("hello").0, ["body hello", "end"]);
    assert_eq!(wire.ok(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    assert!(wire.codec.next_request());
}

#[test]
fn a_refused_expectation_ends_the_connection() {
    let mut wire = server();
    let _ = wire.feed_all(EXPECT);
    let refusal = wire.answer(&head(403, BodyLength::None), b"");
    assert_eq!(refusal, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    assert_eq!((wire.codec.wants(), wire.codec.close_reason()), (CLOSE, Some(CloseReason::ContinueRefused)));
}

#[test]
fn a_client_that_does_not_wait_needs_no_continue() {
    let mut wire = server();
    assert_eq!(wire.feed_all(format!("{EXPECT}hello")).0, ["request POST", "body hello", "end"]);
    assert_eq!(written(|out| wire.codec.send_continue(out).unwrap()), "");
    assert!(!wire.ok().contains("close"));
    let old = "POST / HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n";
    let mut wire = server();
    let _ = wire.feed_all(old);
    assert_eq!(written(|out| wire.codec.send_continue(out).unwrap()), "");
}

#[test]
fn interim_responses() {
    let mut wire = asked(GET);
    let link = [Field::new("Link", "</a>")];
    assert_eq!(
        written(|out| wire.codec.send_informational(103, &link, out).unwrap()),
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    );
    for status in [100, 101, 200, 99] {
        let mut room = [0; 99];
        let mut out = proto_core::WriteBuf::new(&mut room);
        assert_eq!(wire.codec.send_informational(status, &[], &mut out), Err(SendError::Misuse));
    }
    wire.ok();
    let mut old = asked("GET / HTTP/1.0\r\n\r\n");
    assert_eq!(written(|out| old.codec.send_informational(103, &link, out).unwrap()), "");
}
