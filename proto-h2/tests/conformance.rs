//! What the peer may not do, rule by rule as RFC 9113 lists them, in both roles: whether a stream or the connection
//! ends, and the code on the wire. Other files of this directory cover the same ground by behaviour; here is what
//! conformance suites go through.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;
use common::*;
use proto_core::SendError;
use proto_h2::hpack::Field;
use proto_h2::{Config, Connection, ErrorCode as Code, PREFACE};

/// A connection of either role on which stream 1 is open for the peer to send on, or closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    Open,
    HalfClosedRemote,
    EndedByBoth,
    ResetByPeer,
    ResetByUs,
}

const OK: &[(&str, &str)] = &[(":status", "200")];

fn server(state: State) -> Under {
    let mut under = Under::server();
    match state {
        State::Idle => {}
        State::Open => _ = under.feed(&headers(1, &POST, false)),
        State::HalfClosedRemote => _ = under.feed(&headers(1, &GET, true)),
        State::EndedByBoth => under.feed(&headers(1, &GET, true)).respond(1, "200", true),
        State::ResetByPeer => _ = under.feed(&headers(1, &POST, false)).feed(&rst(1, Code::CANCEL)),
        State::ResetByUs => {
            under.feed(&headers(1, &POST, false));
            under.codec.reset(stream_id(1), Code::CANCEL);
            under.flush();
        }
    }
    under.sent.clear();
    under
}

fn client(state: State) -> Under {
    let mut under = Under::client();
    match state {
        State::Idle => {}
        State::Open => _ = under.get(),
        State::HalfClosedRemote => {
            under.request("POST", false);
            under.feed(&headers(1, OK, true));
        }
        State::EndedByBoth => {
            under.get();
            under.feed(&headers(1, OK, true));
        }
        State::ResetByPeer => {
            under.get();
            under.feed(&rst(1, Code::CANCEL));
        }
        State::ResetByUs => {
            let id = under.get();
            under.codec.reset(id, Code::CANCEL);
            under.flush();
        }
    }
    under.sent.clear();
    under
}

const ROLES: [fn(State) -> Under; 2] = [server, client];

/// What must come of a frame.
#[derive(Debug, Clone, Copy)]
enum Must {
    Connection(Code),
    Stream(Code),
    /// Nothing at all is said.
    Ignore,
}

#[track_caller]
fn must(under: &mut Under, bytes: &[u8], must: Must) {
    match must {
        Must::Connection(code) => under.feed(bytes).connection_error(code),
        Must::Stream(code) => {
            under.feed(bytes).stream_error(1, code);
            under.alive();
        }
        Must::Ignore => {
            under.feed(bytes);
            assert_eq!((under.error, &under.sent[..]), (None, &[][..]));
            under.alive();
        }
    }
}

/// Section 5.1, every state with every frame of a stream. PRIORITY may come in any state.
#[test]
fn frames_in_each_state() {
    use Code as C;
    use Must::{Connection, Ignore, Stream};
    let data = data(1, b"x", false);
    let fields = headers(1, &[("x", "y")], true);
    let (reset, update) = (rst(1, C::CANCEL), window_update(1, 1));
    let continuation = frame(CONTINUATION, END_HEADERS, 1, &[]);
    let priority = frame(PRIORITY, 0, 1, &[0, 0, 0, 3, 9]);
    for role in ROLES {
        for (state, expected) in [
            // DATA, HEADERS, RST_STREAM, WINDOW_UPDATE
            (State::Idle, [Connection(C::PROTOCOL_ERROR); 4]),
            (State::HalfClosedRemote, [Stream(C::STREAM_CLOSED), Stream(C::STREAM_CLOSED), Ignore, Ignore]),
            (
                State::EndedByBoth,
                [Connection(C::STREAM_CLOSED), Connection(C::STREAM_CLOSED), Ignore, Ignore],
            ),
            (
                State::ResetByPeer,
                [Stream(C::STREAM_CLOSED), Stream(C::STREAM_CLOSED), Ignore, Stream(C::STREAM_CLOSED)],
            ),
            (State::ResetByUs, [Ignore; 4]),
        ] {
            for (bytes, expected) in [&data, &fields, &reset, &update].into_iter().zip(expected) {
                let is_request =
                    state == State::Idle && role(State::Idle).codec.role() == proto_h2::Role::Server;
                if is_request && bytes == &fields {
                    continue; // HEADERS open an idle stream of a client
                }
                println!("{state:?} {:?}", frames(bytes));
                must(&mut role(state), bytes, expected);
            }
            must(&mut role(state), &continuation, Connection(C::PROTOCOL_ERROR));
            must(&mut role(state), &priority, Ignore);
        }
        // An even stream is the server's: idle, as it never promises any; and so it is to a client that was promised none.
        for bytes in [headers(2, &GET, true), rst(2, C::CANCEL), window_update(2, 1)] {
            must(&mut role(State::Open), &bytes, Connection(C::PROTOCOL_ERROR));
        }
    }
}

/// Sections 4.2 and 6: sizes that each type demands, and the stream that it belongs to.
#[test]
fn sizes_and_streams_of_each_type() {
    use Code as C;
    use Must::{Connection, Stream};
    for role in ROLES {
        for (bytes, expected) in [
            (frame(DATA, 0, 1, &[0; 16_385]), Connection(C::FRAME_SIZE_ERROR)),
            (frame(HEADERS, END_HEADERS, 1, &[0; 16_385]), Connection(C::FRAME_SIZE_ERROR)),
            (frame(0xf0, 0, 0, &[0; 16_385]), Connection(C::FRAME_SIZE_ERROR)),
            (frame(SETTINGS, 0, 0, &[0; 16_386]), Connection(C::FRAME_SIZE_ERROR)),
            (
                [frame(HEADERS, 0, 1, &block(OK)), frame(CONTINUATION, END_HEADERS, 1, &[0; 16_385])]
                    .concat(),
                Connection(C::FRAME_SIZE_ERROR),
            ),
            (frame(PRIORITY, 0, 1, &[0; 4]), Stream(C::FRAME_SIZE_ERROR)),
            (frame(PRIORITY, 0, 1, &[0; 6]), Stream(C::FRAME_SIZE_ERROR)),
            (frame(PRIORITY, 0, 1, &[]), Stream(C::FRAME_SIZE_ERROR)),
            (frame(RST_STREAM, 0, 1, &[0; 3]), Connection(C::FRAME_SIZE_ERROR)),
            (frame(RST_STREAM, 0, 1, &[0; 5]), Connection(C::FRAME_SIZE_ERROR)),
            (frame(SETTINGS, 0, 0, &[0; 3]), Connection(C::FRAME_SIZE_ERROR)),
            (frame(SETTINGS, ACK, 0, &setting(3, 1)), Connection(C::FRAME_SIZE_ERROR)),
            (frame(PING, 0, 0, &[0; 6]), Connection(C::FRAME_SIZE_ERROR)),
            (frame(PING, ACK, 0, &[0; 9]), Connection(C::FRAME_SIZE_ERROR)),
            (frame(GOAWAY, 0, 0, &[0; 4]), Connection(C::FRAME_SIZE_ERROR)),
            (frame(WINDOW_UPDATE, 0, 0, &[0, 0, 1]), Connection(C::FRAME_SIZE_ERROR)),
            (frame(WINDOW_UPDATE, 0, 1, &[0, 0, 0, 0, 1]), Connection(C::FRAME_SIZE_ERROR)),
            (frame(DATA, PADDED, 1, &[]), Connection(C::FRAME_SIZE_ERROR)),
            (frame(HEADERS, PRIORITIZED | END_HEADERS, 1, &[0; 4]), Connection(C::FRAME_SIZE_ERROR)),
            (frame(DATA, PADDED, 1, &[1]), Connection(C::PROTOCOL_ERROR)),
            (frame(DATA, PADDED, 1, &[6, 0, 0, 0, 0, 0]), Connection(C::PROTOCOL_ERROR)),
            (frame(HEADERS, PADDED | END_HEADERS, 1, &[4, 0x88, 0, 0]), Connection(C::PROTOCOL_ERROR)),
            (frame(DATA, 0, 0, b"x"), Connection(C::PROTOCOL_ERROR)),
            (frame(HEADERS, END_HEADERS, 0, &block(OK)), Connection(C::PROTOCOL_ERROR)),
            (frame(PRIORITY, 0, 0, &[0; 5]), Connection(C::PROTOCOL_ERROR)),
            (frame(RST_STREAM, 0, 0, &[0; 4]), Connection(C::PROTOCOL_ERROR)),
            (frame(SETTINGS, 0, 1, &[]), Connection(C::PROTOCOL_ERROR)),
            (frame(SETTINGS, ACK, 1, &[]), Connection(C::PROTOCOL_ERROR)),
            (frame(PING, 0, 1, &[0; 8]), Connection(C::PROTOCOL_ERROR)),
            (frame(GOAWAY, 0, 1, &[0; 8]), Connection(C::PROTOCOL_ERROR)),
            (frame(CONTINUATION, END_HEADERS, 0, &[]), Connection(C::PROTOCOL_ERROR)),
            (frame(PUSH_PROMISE, END_HEADERS, 1, &[0, 0, 0, 2]), Connection(C::PROTOCOL_ERROR)),
            (window_update(0, 0), Connection(C::PROTOCOL_ERROR)),
            (window_update(1, 0), Stream(C::PROTOCOL_ERROR)),
            (window_update(0, i32::MAX as u32), Connection(C::FLOW_CONTROL_ERROR)),
            (window_update(1, i32::MAX as u32), Stream(C::FLOW_CONTROL_ERROR)),
            (frame(SETTINGS, 0, 0, &setting(4, 1 << 31)), Connection(C::FLOW_CONTROL_ERROR)),
            (frame(SETTINGS, 0, 0, &setting(5, 16_383)), Connection(C::PROTOCOL_ERROR)),
            (frame(SETTINGS, 0, 0, &setting(5, 1 << 24)), Connection(C::PROTOCOL_ERROR)),
            (frame(SETTINGS, 0, 0, &setting(2, 2)), Connection(C::PROTOCOL_ERROR)),
            (frame(HEADERS, END_HEADERS, 1, b"\x80"), Connection(C::COMPRESSION_ERROR)),
        ] {
            println!("{}", bytes[..bytes.len().min(24)].escape_ascii());
            must(&mut role(State::Open), &bytes, expected);
        }
    }
}

/// Section 3.4, with what suites send first.
#[test]
fn the_first_frame() {
    for (bytes, code) in [
        (frame(SETTINGS, 0, 0, &[0; 5]), Code::FRAME_SIZE_ERROR),
        (frame(SETTINGS, 0, 3, &[]), Code::PROTOCOL_ERROR),
        (frame(SETTINGS, ACK, 0, &[]), Code::PROTOCOL_ERROR),
        (frame(GOAWAY, 0, 0, &[0; 8]), Code::PROTOCOL_ERROR),
        (window_update(0, 1), Code::PROTOCOL_ERROR),
    ] {
        let mut under = Under::new(Connection::server(Config::default()));
        under.feed(&PREFACE[..]).feed(&bytes).connection_error(code);
        let mut under = Under::new(Connection::client(Config::default()));
        under.flush();
        under.feed(&bytes).connection_error(code);
    }
    // Acknowledged in the same flight, before it could have been seen.
    let mut under = Under::new(Connection::server(Config::default()));
    let settings = [&PREFACE[..], &frame(SETTINGS, 0, 0, &[]), &frame(SETTINGS, ACK, 0, &[])].concat();
    let (mut input, mut scratch) = (settings, [0; 64]);
    let mut at = 0;
    while at < input.len() {
        at += under.codec.receive(&mut input[at..], &mut scratch).unwrap().consumed;
    }
    under.alive();
    assert!(under.codec.poll_timeout().is_none(), "no acknowledgement is waited for");
}

/// Section 6.8: the last stream of later GOAWAYs is never higher.
#[test]
fn our_goaway_names_no_later_stream_than_before() {
    let mut under = Under::server();
    under.feed(&headers(1, &GET, true));
    under.codec.go_away(Code::NO_ERROR);
    under.feed(&headers(7, &GET, true)).feed(&data(7, b"x", false)).feed(&window_update(7, 1));
    assert_eq!(under.events.len(), 1, "ignored");
    under.feed(&frame(PING, 0, 1, &[0; 8]));
    let named: Vec<(u32, u32)> = under
        .sent
        .iter()
        .filter(|frame| frame.kind == GOAWAY)
        .map(|frame| (frame.number(0), frame.number(4)))
        .collect();
    assert_eq!(named, [(1, 0), (1, Code::PROTOCOL_ERROR.0)]);
}

/// Section 6.8 says who may be named only by example; a peer that names one of its own streams says nothing.
#[test]
fn a_goaway_that_names_streams_of_the_peer() {
    let mut under = Under::server();
    under.feed(&headers(1, &GET, true)).feed(&frame(GOAWAY, 0, 0, b"\0\0\0\x01\0\0\0\0"));
    under.respond(1, "200", true);
    assert!(under.error.is_none() && under.codec.wants().close);
}

/// Section 6.6 and 8.4.
#[test]
fn promises_on_streams_in_each_state() {
    let promise = |promised: u32| {
        frame(PUSH_PROMISE, END_HEADERS, 1, &[&promised.to_be_bytes()[..], &block(&GET)].concat())
    };
    let mut config = Config::default();
    config.accept_push = true;
    let client = |state: State| {
        let mut under = Under::client_with(config);
        under.request("POST", state != State::HalfClosedRemote);
        match state {
            State::HalfClosedRemote | State::EndedByBoth => _ = under.feed(&headers(1, OK, true)),
            State::ResetByPeer => _ = under.feed(&rst(1, Code::CANCEL)),
            State::ResetByUs => _ = under.codec.reset(stream_id(1), Code::CANCEL),
            _ => {}
        }
        under.flush();
        under.sent.clear();
        under
    };
    for state in [State::HalfClosedRemote, State::EndedByBoth, State::ResetByPeer] {
        client(state).feed(&promise(2)).connection_error(Code::PROTOCOL_ERROR);
    }
    let mut under = client(State::ResetByUs);
    under.feed(&promise(2)).stream_error(2, Code::CANCEL);
    under.alive();
    let mut under = client(State::Open);
    under.feed(&promise(4)).feed(&promise(2)).connection_error(Code::PROTOCOL_ERROR);
    // Skipped identifiers are the server's alone: what comes late on our own stream between them is no fault.
    let mut under = client(State::Open);
    let own = under.get();
    under
        .feed(&headers(own.value(), OK, true))
        .feed(&promise(2))
        .feed(&promise(8))
        .feed(&window_update(own.value(), 9));
    under.alive();
    // A connection that is ending takes none.
    let mut under = client(State::Open);
    under.codec.drain();
    under.feed(&promise(2)).feed(&headers(2, OK, true));
    assert_eq!((under.error, under.resets(2)), (None, vec![Code::REFUSED_STREAM]));
    // Crumbs of a cookie are joined here too.
    let mut under = client(State::Open);
    let crumbs = block(&with(&GET, &[("cookie", "a=1"), ("cookie", "b=2")]));
    under.feed(&frame(PUSH_PROMISE, END_HEADERS, 1, &[&[0, 0, 0, 2][..], &crumbs].concat()));
    assert!(under.events[0].contains("a=1; b=2"), "{:?}", under.events);
    // The limit on concurrent streams holds for pushes.
    let mut narrow = config;
    narrow.limits.concurrent_streams = 1;
    let mut under = Under::client_with(narrow);
    under.get();
    under.feed(&promise(2)).feed(&promise(4)).stream_error(4, Code::REFUSED_STREAM);
}

/// Section 8.5: a tunnel carries DATA and nothing else.
#[test]
fn a_tunnel_has_no_trailers() {
    let connect = [(":method", "CONNECT"), (":authority", "example.com:443")];
    let mut under = Under::server();
    under.feed(&headers(1, &with(&connect, &[("content-length", "3")]), false)).respond(1, "200", false);
    under.feed(&data(1, b"hello", false));
    assert_eq!((under.error, &under.data[..]), (None, &b"hello"[..]));
    let id = stream_id(1);
    let trailers = [Field::new(b"x", b"y")];
    assert_eq!(under.send(|codec, out| codec.send_head(id, trailers, true, out)), Err(SendError::Misuse));
    under.feed(&headers(1, &[("x", "y")], true)).stream_error(1, Code::PROTOCOL_ERROR);

    let open = |under: &mut Under| {
        let fields = connect.map(|(name, value)| Field::new(name.as_bytes(), value.as_bytes()));
        under.send(|codec, out| codec.open(fields, false, out)).unwrap()
    };
    let mut under = Under::client();
    let id = open(&mut under);
    under.feed(&headers(1, &with(OK, &[("content-length", "1")]), false)).feed(&data(1, b"hello", false));
    assert_eq!((under.error, &under.data[..], under.resets(1)), (None, &b"hello"[..], vec![]));
    assert_eq!(under.send(|codec, out| codec.send_head(id, trailers, true, out)), Err(SendError::Misuse));
    under.feed(&headers(1, &[("x", "y")], true)).stream_error(1, Code::PROTOCOL_ERROR);
    // One that was refused is a response like any other.
    let mut under = Under::client();
    open(&mut under);
    under.feed(&headers(1, &[(":status", "403")], false)).feed(&headers(1, &[("x", "y")], true));
    assert_eq!(under.events[1], "Trailers 1 [x: y] end");
}

/// RFC 9110 section 9.3.6: "Any 2xx (Successful) response indicates that the sender [..] will switch to tunnel mode".
#[test]
fn a_status_that_has_no_content_elsewhere_makes_a_tunnel_too() {
    let connect = [(":method", "CONNECT"), (":authority", "example.com:443")];
    let mut under = Under::server();
    under.feed(&headers(1, &connect, false)).respond(1, "204", false);
    assert_eq!(under.send(|codec, out| codec.send_data(stream_id(1), b"hello", false, out)), Ok(5));
    let mut under = Under::client();
    let fields = connect.map(|(name, value)| Field::new(name.as_bytes(), value.as_bytes()));
    under.send(|codec, out| codec.open(fields, false, out)).unwrap();
    under.feed(&headers(1, &[(":status", "204")], false)).feed(&data(1, b"hello", false));
    assert_eq!((under.error, &under.data[..], under.resets(1)), (None, &b"hello"[..], vec![]));
}

/// RFC 8441, both roles.
#[test]
fn extended_connect() {
    let fields = with(&[(":method", "CONNECT"), (":protocol", "websocket")], &GET[1..]);
    let open = |under: &mut Under| {
        let fields: Vec<Field<'_>> =
            fields.iter().map(|(name, value)| Field::new(name.as_bytes(), value.as_bytes())).collect();
        under.send(|codec, out| codec.open(fields.iter().copied(), false, out))
    };
    let mut client = Under::client();
    assert_eq!(open(&mut client), Err(SendError::Misuse), "the server has not said that it may");
    client.feed(&frame(SETTINGS, 0, 0, &setting(8, 1)));
    assert!(client.codec.peer_settings().enable_connect_protocol);
    client.sent.clear();
    let id = open(&mut client).unwrap();

    let mut config = Config::default();
    config.extended_connect = true;
    let mut server = Under::new(Connection::server(config));
    server.flush();
    assert!(server.sent[0].payload.windows(6).any(|entry| entry == setting(8, 1)));
    server.feed(&[&PREFACE[..], &frame(SETTINGS, 0, 0, &[])].concat());
    let sent = &client.sent[0];
    server.feed(&frame(sent.kind, sent.flags, sent.id, &sent.payload));
    assert!(server.events[1].contains(":protocol: websocket"), "{:?}", server.events);
    server.respond(1, "200", false);
    server.feed(&data(1, b"\x81\x80mask", false));
    assert_eq!(server.data, b"\x81\x80mask");
    client.feed(&headers(1, OK, false)).feed(&data(1, b"\x81\0", true));
    assert_eq!((&client.data[..], client.resets(id.value())), (&b"\x81\0"[..], vec![]));
    // With a token as protocol, with :scheme and :path, and with CONNECT alone.
    for bad in [
        with(&[(":method", "CONNECT"), (":protocol", "")], &GET[1..]),
        with(&[(":method", "CONNECT"), (":protocol", "a b")], &GET[1..]),
        vec![(":method", "CONNECT"), (":protocol", "x"), (":authority", "a:1")],
        with(&[(":method", "CONNECT"), (":protocol", "x"), (":protocol", "x")], &GET[1..]),
        with(&GET, &[(":protocol", "x")]),
    ] {
        let mut under = Under::server_with(config);
        under.feed(&headers(1, &bad, false)).stream_error(1, Code::PROTOCOL_ERROR);
    }
}

#[track_caller]
fn malformed(fields: &[(&str, &str)]) {
    let mut under = Under::server();
    under.feed(&headers(1, fields, true)).stream_error(1, Code::PROTOCOL_ERROR);
    under.alive();
}

#[track_caller]
fn sound(fields: &[(&str, &str)]) {
    let mut under = Under::server();
    under.feed(&headers(1, fields, true));
    assert_eq!((under.error, under.events.len(), under.resets(1)), (None, 1, vec![]));
}

/// Section 8.3.1 with RFC 9110 section 4.2 and 9.3.6.
#[test]
fn who_is_asked() {
    let to = |authority: &'static str, scheme: &'static str| {
        [(":method", "GET"), (":scheme", scheme), (":path", "/"), (":authority", authority)]
    };
    for authority in ["a", "a:80", "a:", "127.0.0.1:8080", "[::1]:8080", "a_b.example"] {
        sound(&to(authority, "http"));
    }
    for authority in
        ["", ":80", "user@a", "a:b", "a:65536", "a/b", "a?b", "a b", "[::1", "a:1:2", "a\\b", "é"]
    {
        malformed(&to(authority, "http"));
        malformed(&to(authority, "HTTPS"));
        malformed(&with(&to("a", "http")[..3], &[("host", authority)]));
        malformed(&[(":method", "CONNECT"), (":authority", authority)]);
    }
    malformed(&[(":method", "CONNECT"), (":authority", "example.com")]);
    malformed(&[(":method", "CONNECT"), (":authority", "example.com:0")]);
    sound(&[(":method", "CONNECT"), (":authority", "[::1]:443")]);
    // The same in other words.
    sound(&with(&to("example.com", "http"), &[("host", "EXAMPLE.com:80")]));
    sound(&with(&to("example.com:443", "https"), &[("host", "example.com")]));
    malformed(&with(&to("example.com:80", "https"), &[("host", "example.com")]));
    malformed(&with(&to("example.com", "http"), &[("host", "example.com:8080")]));
    // Schemes know no case, and neither do the rules for them.
    malformed(&[(":method", "GET"), (":scheme", "HTTP"), (":path", ""), (":authority", "a")]);
    for path in ["", "*", "index.html", "http://a/", "/a b", "/a#b", "/\u{7f}"] {
        malformed(&[(":method", "GET"), (":scheme", "https"), (":path", path), (":authority", "a")]);
    }
}

/// Section 8.2.2: TE is of requests alone, and says nothing but `trailers`.
#[test]
fn te_in_other_places() {
    sound(&with(&GET, &[("te", "Trailers")]));
    malformed(&with(&GET, &[("te", "")]));
    let mut under = Under::client();
    under.get();
    under.feed(&headers(1, &with(OK, &[("te", "trailers")]), true)).stream_error(1, Code::PROTOCOL_ERROR);
    let mut under = Under::server();
    under.feed(&headers(1, &POST, false)).feed(&headers(1, &[("te", "trailers")], true));
    under.stream_error(1, Code::PROTOCOL_ERROR);
    for name in ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"] {
        let mut under = Under::client();
        under.get();
        under.feed(&headers(1, &with(OK, &[(name, "x")]), true)).stream_error(1, Code::PROTOCOL_ERROR);
    }
}

/// Section 8.1.1, in responses as in requests.
#[test]
fn the_content_length_of_responses() {
    let head = headers(1, &with(OK, &[("content-length", "5")]), false);
    for (rest, sound) in [
        (data(1, b"12345", true), true),
        ([data(1, b"12345", false), headers(1, &[("x", "y")], true)].concat(), true),
        (data(1, b"1234", true), false),
        (data(1, b"123456", false), false),
        ([data(1, b"1234", false), headers(1, &[("x", "y")], true)].concat(), false),
    ] {
        let mut under = Under::client();
        under.get();
        under.feed(&head).feed(&rest);
        if sound {
            assert_eq!((under.error, under.resets(1), &under.data[..]), (None, vec![], &b"12345"[..]));
        } else {
            under.stream_error(1, Code::PROTOCOL_ERROR);
        }
        under.alive();
    }
}

/// RFC 9218 section 4: several lines are one dictionary, and PRIORITY_UPDATE is stronger than both.
#[test]
fn lines_of_a_priority_are_joined() {
    let mut under = Under::server();
    under.feed(&headers(1, &with(&GET, &[("priority", "u=1")]), true));
    under.feed(&headers(3, &with(&GET, &[("priority", "u=0"), ("priority", "i")]), true));
    for id in [1, 3] {
        under.respond(id, "200", false);
        under.codec.want_send(stream_id(id));
    }
    assert_eq!(under.codec.next_writable().map(|grant| grant.id), Some(stream_id(3)));
}

/// RFC 7541 section 4.2: blocks that rely on a larger table follow the acknowledgement that allows it.
#[test]
fn a_larger_table_is_used_after_its_acknowledgement() {
    let mut config = Config::default();
    config.limits.encoder_table = 8192;
    let mut under = Under::new(Connection::server(config));
    under.feed(&[&PREFACE[..], &frame(SETTINGS, 0, 0, &[])].concat());
    under.feed(&headers(1, &GET, true)).feed(&headers(3, &GET, true));
    let mut settings = frame(SETTINGS, 0, 0, &setting(1, 8192));
    let step = under.codec.receive(&mut settings, &mut []).unwrap();
    assert!(step.event.is_some());
    under.sent.clear();
    under.respond(1, "200", true);
    under.flush();
    under.respond(3, "200", true);
    let kinds: Vec<(u8, u8)> =
        under.sent.iter().map(|frame| (frame.kind, frame.payload.first().copied().unwrap_or(0))).collect();
    assert_eq!(kinds[1..], [(SETTINGS, 0), (HEADERS, 0x3f)]);
    assert_ne!(kinds[0].1, 0x3f);
}
