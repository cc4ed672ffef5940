//! The opening handshake, from both sides.

use proto_core::SendError;
use proto_ws::handshake::client::{self, HandshakeError, Key};
use proto_ws::handshake::server::{Accept, Refusal, Request};
use proto_ws::handshake::{Extensions, accept_key};

type Field = (&'static [u8], &'static [u8]);

const GOOD: [Field; 5] = [
    (b"Host", b"server.example.com"),
    (b"Upgrade", b"websocket"),
    (b"Connection", b"Upgrade"),
    (b"Sec-WebSocket-Key", b"dGhlIHNhbXBsZSBub25jZQ=="),
    (b"Sec-WebSocket-Version", b"13"),
];

fn with(changes: &[Field]) -> Vec<Field> {
    let kept = |name: &[u8]| !changes.iter().any(|(changed, _)| changed.eq_ignore_ascii_case(name));
    GOOD.into_iter().filter(|(name, _)| kept(name)).chain(changes.iter().copied()).collect()
}

fn refusal(fields: &[Field]) -> Option<Refusal> {
    Request::check(b"GET", true, fields.iter().copied()).err()
}

#[test]
fn the_example_of_section_1_3() {
    assert_eq!(&accept_key(b"dGhlIHNhbXBsZSBub25jZQ=="), b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    let offer = Request::check(b"GET", true, GOOD.into_iter()).unwrap();
    let accept = offer.accept(None).unwrap();
    let fields: Vec<_> = accept.fields().collect();
    assert_eq!(
        fields,
        [
            (&b"Upgrade"[..], &b"websocket"[..]),
            (b"Connection", b"Upgrade"),
            (b"Sec-WebSocket-Accept", b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        ]
    );
    assert_eq!((offer.origin, offer.protocols().count(), offer.extensions().count()), (None, 0, 0));
}

#[test]
fn requests_that_are_fine() {
    let spellings: [&[Field]; 6] = [
        &[(b"UPGRADE", b"WebSocket")],
        &[(b"connection", b"keep-alive, Upgrade")],
        &[(b"connection", b"keep-alive"), (b"CONNECTION", b" ,\tupgrade ,")],
        &[(b"Upgrade", b"h2c, websocket")],
        &[(b"sec-websocket-key", b" \tdGhlIHNhbXBsZSBub25jZQ== ")],
        &[(b"Sec-WebSocket-Version", b" 13\t")],
    ];
    for changes in spellings {
        assert_eq!(refusal(&with(changes)), None, "{changes:?}");
    }
}

#[test]
fn requests_that_are_refused() {
    let check = |method: &[u8], http_1_1| Request::check(method, http_1_1, GOOD.into_iter()).err();
    assert_eq!(check(b"POST", true), Some(Refusal::Method));
    assert_eq!(check(b"get", true), Some(Refusal::Method));
    assert_eq!(check(b"GET", false), Some(Refusal::HttpVersion));
    for (missing, refused) in GOOD.iter().zip([
        Refusal::Host,
        Refusal::NotAnUpgrade,
        Refusal::Connection,
        Refusal::Key,
        Refusal::VersionField,
    ]) {
        let fields: Vec<Field> = GOOD.into_iter().filter(|field| field != missing).collect();
        assert_eq!(refusal(&fields), Some(refused));
    }
    let cases: [(&[Field], Refusal); 21] = [
        (&[(b"Host", b"a"), (b"Host", b"a")], Refusal::Host),
        (&[(b"Upgrade", b"websockets")], Refusal::NotAnUpgrade),
        (&[(b"Upgrade", b"web socket")], Refusal::NotAnUpgrade),
        (&[(b"Connection", b"close")], Refusal::Connection),
        (&[(b"Connection", b"upgraded")], Refusal::Connection),
        (&[(b"Sec-WebSocket-Version", b"8")], Refusal::Version),
        (&[(b"Sec-WebSocket-Version", b"+13")], Refusal::Version),
        (&[(b"Sec-WebSocket-Version", b"013")], Refusal::Version),
        (&[(b"Sec-WebSocket-Version", b"13, 8")], Refusal::Version),
        (&[(b"Sec-WebSocket-Version", b"\x0b13")], Refusal::Version),
        (&[(b"Sec-WebSocket-Version", b"13"), (b"Sec-WebSocket-Version", b"13")], Refusal::VersionField),
        (&[(b"Sec-WebSocket-Key", b"")], Refusal::Key),
        (&[(b"Sec-WebSocket-Key", b"dGhlIHNhbXBsZSBub25jZQ=")], Refusal::Key),
        (&[(b"Sec-WebSocket-Key", b"dGhlIHNhbXBsZSBub25jZWQ=")], Refusal::Key),
        (&[(b"Sec-WebSocket-Key", b"dGhlIHNhbXBsZSBub25j*Q==")], Refusal::Key),
        (&[(b"Sec-WebSocket-Key", b"dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==")], Refusal::Key),
        (&[GOOD[3], GOOD[3]], Refusal::Key),
        (&[(b"Sec-WebSocket-Protocol", b"chat, super chat")], Refusal::Protocols),
        (&[(b"Sec-WebSocket-Extensions", b"foo; =1")], Refusal::Extensions),
        (&[(b"Sec-WebSocket-Extensions", b"foo; a=\"b c\"")], Refusal::Extensions),
        (&[(b"Origin", b"http://a"), (b"Origin", b"http://b")], Refusal::Origin),
    ];
    for (changes, refused) in cases {
        assert_eq!(refusal(&with(changes)), Some(refused), "{changes:?}");
    }
}

#[test]
fn what_a_refusal_answers() {
    assert_eq!(
        (Refusal::Method.status(), Refusal::Method.fields()),
        (405, &[(&b"Allow"[..], &b"GET"[..])][..])
    );
    for refusal in [Refusal::Version, Refusal::NotAnUpgrade] {
        assert_eq!(refusal.status(), 426);
        assert!(refusal.fields().contains(&(b"Sec-WebSocket-Version", b"13")));
        assert!(refusal.fields().contains(&(b"Upgrade", b"websocket")));
    }
    assert_eq!((Refusal::Key.status(), Refusal::Key.fields().len()), (400, 0));
}

#[test]
fn subprotocols_in_the_clients_order() {
    let fields = with(&[
        (b"Sec-WebSocket-Protocol", b"one, ,two"),
        (b"sec-websocket-protocol", b"three"),
        (b"Origin", b"https://example.com"),
    ]);
    let offer = Request::check(b"GET", true, fields.into_iter()).unwrap();
    assert_eq!(offer.origin, Some(&b"https://example.com"[..]));
    let offered: Vec<_> = offer.protocols().collect();
    assert_eq!(offered, [&b"one"[..], b"two", b"three"]);
    assert_eq!(offer.choose(&[b"three", b"two"]), Some(&b"two"[..]));
    assert_eq!(offer.choose(&[b"Two"]), None);
    assert_eq!(offer.accept(Some(b"four")), Err(SendError::Misuse));
    let accept = Accept { extensions: Some(b"x-ext"), ..offer.accept(Some(b"three")).unwrap() };
    let fields: Vec<_> = accept.fields().skip(3).collect();
    assert_eq!(
        fields,
        [(&b"Sec-WebSocket-Protocol"[..], &b"three"[..]), (b"Sec-WebSocket-Extensions", b"x-ext")]
    );
}

fn extensions(list: &[u8]) -> Result<String, proto_ws::handshake::Malformed> {
    let mut told = String::new();
    for extension in Extensions::new(list) {
        let extension = extension?;
        told += &extension.name.escape_ascii().to_string();
        for param in extension.params() {
            told += &format!(";{}", param.name.escape_ascii());
            if let Some(value) = param.value() {
                told += &format!("={}", value.collect::<Vec<_>>().escape_ascii());
            }
        }
        told += "|";
    }
    Ok(told)
}

#[test]
fn extension_lists() {
    for (list, told) in [
        (&b""[..], ""),
        (b" , ,", ""),
        (b"foo", "foo|"),
        (b"foo,bar", "foo|bar|"),
        (b" foo ; a ; b = 1 ;c=\"2\" , bar;d", "foo;a;b=1;c=2|bar;d|"),
        (
            b"permessage-deflate; client_max_window_bits; server_max_window_bits=10",
            "permessage-deflate;client_max_window_bits;server_max_window_bits=10|",
        ),
        (b"x;q=\"a\\b\\c\"", "x;q=abc|"),
        (b",foo,,bar,", "foo|bar|"),
    ] {
        assert_eq!(extensions(list).as_deref(), Ok(told), "{}", list.escape_ascii());
    }
    for list in [
        &b"foo bar"[..],
        b"foo;",
        b"foo; ,bar",
        b";a",
        b"foo;a=",
        b"foo;a=\"",
        b"foo;a=\"\"",
        b"foo;a=\"b",
        b"foo;a=\"b\\",
        b"foo;a=\"b,c\"",
        b"foo;a=b c",
        b"foo;=b",
        b"foo/1",
        b"\"foo\"",
        b"foo\x0b",
        b"foo, b\xe4r",
        b"foo;a=\"b\"c",
    ] {
        assert!(extensions(list).is_err(), "{}", list.escape_ascii());
    }
}

#[test]
fn offering_what_can_be_offered() {
    let key = Key::new([0; 16]);
    assert_eq!(key.as_bytes(), b"AAAAAAAAAAAAAAAAAAAAAA==");
    let request = client::Request::new(&key);
    for list in [&b""[..], b",", b"a b", b"a, b, a", b"caf\xe9"] {
        assert!(request.protocols(list).is_err());
    }
    for list in [&b""[..], b"a b", b"a;"] {
        assert!(request.extensions(list).is_err());
    }
    let request = request.protocols(b"a, b").unwrap().extensions(b"x; y=1").unwrap().origin(b"null");
    let fields: Vec<_> = request.fields().skip(2).collect();
    assert_eq!(
        fields,
        [
            (&b"Sec-WebSocket-Key"[..], &key.as_bytes()[..]),
            (b"Sec-WebSocket-Version", b"13"),
            (b"Sec-WebSocket-Protocol", b"a, b"),
            (b"Sec-WebSocket-Extensions", b"x; y=1"),
            (b"Origin", b"null"),
        ]
    );
}

const ANSWER: [Field; 3] = [
    (b"Upgrade", b"websocket"),
    (b"Connection", b"Upgrade"),
    (b"Sec-WebSocket-Accept", b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
];

fn answered(status: u16, changes: &[Field]) -> Result<Option<&'static [u8]>, HandshakeError> {
    let kept = |name: &[u8]| !changes.iter().any(|(changed, _)| changed.eq_ignore_ascii_case(name));
    let fields = ANSWER.into_iter().filter(|(name, _)| kept(name)).chain(changes.iter().copied());
    let fields: Vec<Field> = fields.filter(|(_, value)| !value.is_empty()).collect();
    let key = Key::new(*b"the sample nonce");
    client::check(status, fields.into_iter(), &key, Some(b"chat, superchat"), Some(b"x-a; p, x-b"))
        .map(|accepted| accepted.protocol)
}

#[test]
fn answers() {
    assert_eq!(answered(101, &[]), Ok(None));
    assert_eq!(answered(101, &[(b"UPGRADE", b"WEBSOCKET"), (b"connection", b"x, upgrade")]), Ok(None));
    assert_eq!(answered(101, &[(b"Sec-WebSocket-Accept", b" s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\t")]), Ok(None));
    assert_eq!(answered(101, &[(b"Sec-WebSocket-Protocol", b"superchat")]), Ok(Some(&b"superchat"[..])));
    assert_eq!(answered(101, &[(b"Sec-WebSocket-Extensions", b"x-b, x-a; p")]), Ok(None));
    for status in [200, 100, 301, 401, 404, 426, 500] {
        assert_eq!(answered(status, &[]), Err(HandshakeError::Status(status)));
    }
    let cases: [(&[Field], HandshakeError); 16] = [
        (&[(b"Upgrade", b"")], HandshakeError::Upgrade),
        (&[(b"Upgrade", b"websocket2")], HandshakeError::Upgrade),
        (&[(b"Upgrade", b"h2c, websocket")], HandshakeError::Upgrade),
        (&[ANSWER[0], ANSWER[0]], HandshakeError::Upgrade),
        (&[(b"Connection", b"")], HandshakeError::Connection),
        (&[(b"Connection", b"keep-alive")], HandshakeError::Connection),
        (&[(b"Sec-WebSocket-Accept", b"")], HandshakeError::Accept),
        (&[(b"Sec-WebSocket-Accept", b"S3pPLMBiTxaQ9kYGzzhZRbK+xOo=")], HandshakeError::Accept),
        (&[ANSWER[2], ANSWER[2]], HandshakeError::Accept),
        (&[(b"Sec-WebSocket-Protocol", b"Chat")], HandshakeError::Protocol),
        (&[(b"Sec-WebSocket-Protocol", b"chat, superchat")], HandshakeError::Protocol),
        (
            &[(b"Sec-WebSocket-Protocol", b"chat"), (b"Sec-WebSocket-Protocol", b"chat")],
            HandshakeError::Protocol,
        ),
        (&[(b"Sec-WebSocket-Protocol", b"other")], HandshakeError::Protocol),
        (&[(b"Sec-WebSocket-Extensions", b"x-c")], HandshakeError::Extension),
        (&[(b"Sec-WebSocket-Extensions", b"x-a, x-c")], HandshakeError::Extension),
        (&[(b"Sec-WebSocket-Extensions", b"x-a;")], HandshakeError::Extension),
    ];
    for (changes, error) in cases {
        assert_eq!(answered(101, changes), Err(error), "{changes:?}");
    }
}

#[test]
fn an_empty_subprotocol_field_is_not_one_that_was_offered() {
    let fields: Vec<Field> = [&ANSWER[..], &[(&b"Sec-WebSocket-Protocol"[..], &b""[..])]].concat();
    let key = Key::new(*b"the sample nonce");
    let error = client::check(101, fields.into_iter(), &key, None, None).map(|accepted| accepted.protocol);
    assert_eq!(error, Err(HandshakeError::Protocol));
}

#[test]
fn over_http2_the_request_names_what_it_offers_and_no_more() {
    let request = client::Request::connect();
    let fields = |request: client::Request<'static>| request.fields().collect::<Vec<_>>();
    assert_eq!(fields(request), [(&b"sec-websocket-version"[..], &b"13"[..])]);
    let request = request.protocols(b"a, b").unwrap().extensions(b"x; y=1").unwrap().origin(b"null");
    assert_eq!(
        fields(request),
        [
            (&b"sec-websocket-version"[..], &b"13"[..]),
            (b"sec-websocket-protocol", b"a, b"),
            (b"sec-websocket-extensions", b"x; y=1"),
            (b"origin", b"null"),
        ]
    );
    let offer = Request::check_connect(request.fields()).unwrap();
    assert_eq!((offer.choose(&[b"b"]), offer.origin), (Some(&b"b"[..]), Some(&b"null"[..])));
    assert_eq!(offer.extensions().map(|extension| extension.name).collect::<Vec<_>>(), [b"x"]);
}

#[test]
fn over_http2_any_2xx_accepts_and_the_choice_is_checked_alike() {
    let check = |status: u16, fields: &[Field]| {
        client::check_connect(status, fields.iter().copied(), Some(b"chat, superchat"), Some(b"x-a; p, x-b"))
            .map(|accepted| (accepted.protocol.map(<[u8]>::to_vec), accepted.extensions().count()))
    };
    for status in [200, 201, 204, 299] {
        assert_eq!(check(status, &[]), Ok((None, 0)));
    }
    for status in [101, 199, 300, 404, 501] {
        assert_eq!(check(status, &[]), Err(HandshakeError::Status(status)));
    }
    let chosen: [Field; 2] =
        [(b"sec-websocket-protocol", b"chat"), (b"sec-websocket-extensions", b"x-b, x-a; p")];
    assert_eq!(check(200, &chosen), Ok((Some(b"chat".to_vec()), 2)));
    assert_eq!(check(200, &[chosen[0], chosen[0]]), Err(HandshakeError::Protocol));
    assert_eq!(check(200, &[(b"sec-websocket-protocol", b"other")]), Err(HandshakeError::Protocol));
    assert_eq!(check(200, &[(b"sec-websocket-extensions", b"x-c")]), Err(HandshakeError::Extension));
}

#[test]
fn over_http2_there_is_no_key_and_the_rest_is_checked_alike() {
    let version: Field = (b"sec-websocket-version", b"13");
    let check = |fields: &[Field]| Request::check_connect(fields.iter().copied()).map(|offer| offer.key);
    assert_eq!(check(&[version]), Ok(&b""[..]));
    assert_eq!(check(&[]), Err(Refusal::VersionField));
    assert_eq!(check(&[(b"sec-websocket-version", b"8")]), Err(Refusal::Version));
    assert_eq!(check(&[version, (b"sec-websocket-protocol", b"a b")]), Err(Refusal::Protocols));
    assert_eq!(check(&[version, (b"sec-websocket-extensions", b"a;")]), Err(Refusal::Extensions));
    assert_eq!(check(&[version, (b"origin", b"a"), (b"origin", b"b")]), Err(Refusal::Origin));
}
