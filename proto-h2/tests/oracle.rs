//! One story however the input is cut: both roles, over hand-made exchanges, mutations of them, and arbitrary frames.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;
use common::*;
use proptest::prelude::*;
use proto_core::story::{Cuts, Story, Subject, check, check_with};
use proto_h2::story::{Client, Server};
use proto_h2::{Config, ErrorCode as Code, PREFACE};
use strategies::damage::damage;

fn client_says() -> Vec<Vec<u8>> {
    let get = block(&GET);
    let crumbs = with(&GET, &[("cookie", "a=1"), ("x", "y"), ("cookie", "b=2")]);
    vec![
        PREFACE.to_vec(),
        frame(SETTINGS, 0, 0, &[setting(4, 100_000), setting(1, 0), setting(0x77, 1)].concat()),
        frame(SETTINGS, ACK, 0, &[]),
        headers(1, &GET, true),
        headers(3, &with(&POST, &[("content-length", "11")]), false),
        data(3, b"hello ", false),
        frame(PING, 0, 0, b"abcdefgh"),
        frame(DATA, PADDED | END_STREAM, 3, b"\x04world\0\0\0\0"),
        frame(HEADERS, END_STREAM | PRIORITIZED, 5, &[&[0, 0, 0, 1, 9][..], &get[..5]].concat()),
        frame(CONTINUATION, 0, 5, &get[5..20]),
        frame(CONTINUATION, END_HEADERS, 5, &get[20..]),
        frame(PRIORITY, 0, 9, &[0, 0, 0, 1, 9]),
        frame(PRIORITY_UPDATE, 0, 0, b"\0\0\0\x09u=1, i"),
        headers(7, &crumbs, false),
        window_update(7, 1000),
        window_update(0, 1000),
        headers(7, &[("trailer-a", "b")], true),
        frame(0xee, 0, 3, b"unknown frame"),
        headers(9, &POST, false),
        rst(9, Code::CANCEL),
        headers(11, &[(":method", "GET"), ("bad", "head")], true),
        headers(13, &POST, false),
        data(13, b"", false),
        data(13, &[b'z'; 300], false),
        window_update(13, 0),
        data(13, b"late", true),
        frame(PING, ACK, 0, b"unasked!"),
        headers(15, &with(&POST, &[("content-length", "5")]), false),
        data(15, b"", true),
        headers(17, &POST, false),
        frame(GOAWAY, 0, 0, b"\0\0\0\0\0\0\0\0bye now"),
    ]
}

fn server_says() -> Vec<Vec<u8>> {
    vec![
        frame(SETTINGS, 0, 0, &[setting(3, 10), setting(5, 20_000)].concat()),
        frame(SETTINGS, ACK, 0, &[]),
        headers(1, &[(":status", "103"), ("link", "</a>")], false),
        headers(1, &[(":status", "200"), ("content-length", "9")], false),
        data(1, b"some", false),
        frame(PING, 0, 0, b"abcdefgh"),
        frame(DATA, PADDED, 1, b"\x02 body\0\0"),
        headers(1, &[("x-checksum", "1")], true),
        headers(5, &[(":status", "200"), ("content-length", "99")], true),
        window_update(3, 500),
        headers(3, &[(":status", "413")], false),
        data(3, b"too much", false),
        rst(3, Code::NO_ERROR),
        data(3, b"late", false),
        frame(GOAWAY, 0, 0, b"\0\0\0\x05\0\0\0\0"),
    ]
}

#[track_caller]
fn story<S: Subject>(subject: &S, input: &[u8]) -> Story {
    check(subject, input).unwrap_or_else(|fault| panic!("{fault:?}"))
}

#[test]
fn a_whole_exchange_of_each_role() {
    let told = story(&Server::default(), &client_says().concat());
    assert_eq!(told.error, None, "{told:?}");
    assert!(told.entries.len() > 15, "{told:?}");
    let told = story(&Client::default(), &server_says().concat());
    assert_eq!(told.error, None, "{told:?}");
    assert!(told.entries.len() > 8, "{told:?}");
}

#[test]
fn every_prefix_of_an_exchange() {
    let (client, server) = (client_says(), server_says());
    for len in 0..client.len() {
        story(&Server::default(), &client[..len].concat());
    }
    for len in 0..server.len() {
        story(&Client::default(), &server[..len].concat());
    }
}

/// What other programs said, octet for octet, when they were asked for a file or asked for one themselves: three
/// requests as the client here makes them (a GET, a POST that is not allowed, a HEAD), and whatever they like.
#[test]
fn recordings_of_other_programs() {
    let clients: [(&[u8], usize); 6] = [
        (include_bytes!("recorded/curl_get.bin"), 1),
        (include_bytes!("recorded/curl_post.bin"), 1),
        (include_bytes!("recorded/h2load.bin"), 4),
        (include_bytes!("recorded/nghttp_two.bin"), 2),
        (include_bytes!("recorded/nghttp_upload.bin"), 1),
        (include_bytes!("recorded/node.bin"), 1),
    ];
    let servers: [(&[u8], usize); 3] = [
        (include_bytes!("recorded/h2o.bin"), 3),
        (include_bytes!("recorded/nghttpd.bin"), 3),
        (include_bytes!("recorded/nginx.bin"), 3),
    ];
    let heads = |told: &Story, kind: &str| {
        assert_eq!(told.error, None, "{told:?}");
        told.entries.iter().filter(|entry| format!("{entry:?}").contains(kind)).count()
    };
    for (octets, requests) in clients {
        let told = story(&Server::default(), octets);
        assert_eq!(heads(&told, "kind: Request"), requests, "{told:?}");
    }
    for (octets, responses) in servers {
        let told = story(&Client::default(), octets);
        assert_eq!(heads(&told, "kind: Response"), responses, "{told:?}");
    }
}

fn tells<S: Subject>(subject: &S, input: &[u8]) -> Result<(), TestCaseError> {
    let cuts = Cuts { single: 24, double: 8, seed: input.len() as u64 };
    check_with(subject, input, cuts).map(drop).map_err(|fault| TestCaseError::fail(format!("{fault:?}")))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(192) })]

    #[test]
    fn frames_to_a_server(frames in strategies::http2::frames()) {
        let mut input = [&PREFACE[..], &frame(SETTINGS, 0, 0, &[]), &frame(SETTINGS, ACK, 0, &[])].concat();
        input.extend(frames);
        tells(&Server::default(), &input)?;
    }

    #[test]
    fn frames_to_a_client(frames in strategies::http2::frames(), push in any::<bool>()) {
        let input = [frame(SETTINGS, 0, 0, &[]), frames].concat();
        let mut client = Client::default();
        client.config.accept_push = push;
        tells(&client, &input)?;
    }

    #[test]
    fn damaged_exchanges(damage in damage(&[], 2), server in any::<bool>()) {
        let input = damage.of(&if server { client_says() } else { server_says() }.concat());
        if server {
            tells(&Server::new(Config::default()), &input)?;
        } else {
            tells(&Client::default(), &input)?;
        }
    }

    #[test]
    fn any_octets(octets in proptest::collection::vec(any::<u8>(), 0..100), preface in any::<bool>()) {
        let input = if preface { [&PREFACE[..], &octets].concat() } else { octets };
        tells(&Server::default(), &input)?;
        tells(&Client::default(), &input)?;
    }
}
