//! Every message arrives as what it was: written by hand and by our own encoders, read by our own codecs, and heads by
//! `httparse` as well.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
use common::{Wire, octets, owned};
use proptest::prelude::*;
use proto_core::Codec;
use proto_h1::{BodyLength, Config, Error, Event, Field, RequestHead, ResponseHead};
use strategies::Fields;
use strategies::http1::{Body, Message, Start, request, response};

/// What was read of a message: its first line, its fields without those that frame it, its content, its trailers.
type Read = (String, Fields, Vec<u8>, Fields);

/// The message as it should be read.
fn sent(message: &Message) -> Read {
    let start = match &message.start {
        Start::Request { method, target } => format!("{} {}", method.escape_ascii(), target.escape_ascii()),
        Start::Response { status, reason } => format!("{status} {}", reason.escape_ascii()),
    };
    let Message { fields, body, .. } = message;
    (start, fields.clone(), body.content(), body.trailers().to_vec())
}

/// No field of framing: those are the encoder's.
fn plain(fields: proto_h1::Fields<'_>) -> Fields {
    let framing = |name: &[u8]| {
        name.eq_ignore_ascii_case(b"content-length") || name.eq_ignore_ascii_case(b"transfer-encoding")
    };
    owned(fields).into_iter().filter(|(name, _)| !framing(name)).collect()
}

/// Reads one message, which has to be all of `message`, in pieces.
fn read<C>(wire: &mut Wire<C>, message: &[u8], piece: usize) -> Read
where
    C: for<'b> Codec<Event<'b> = Event<'b>, Error = Error>,
{
    let mut read = Read::default();
    let mut ended = false;
    for piece in message.chunks(piece) {
        wire.input.extend(piece);
        loop {
            let step = wire.codec.receive(&mut wire.input, &mut []).unwrap();
            let (consumed, told) = (step.consumed, step.event.is_some());
            match step.event {
                Some(Event::Request(head)) => {
                    let target =
                        &message[head.method.len() + 1..].split(|&byte| byte == b' ').next().unwrap();
                    read.0 = format!("{} {}", head.method.escape_ascii(), target.escape_ascii());
                    read.1 = plain(head.fields);
                }
                Some(Event::Response(head)) => {
                    read.0 = format!("{} {}", head.status, head.reason.escape_ascii());
                    read.1 = plain(head.fields);
                }
                Some(Event::Body(part)) => read.2.extend(&*part),
                Some(Event::End { trailers }) => (read.3, ended) = (owned(trailers), true),
                event => assert!(event.is_none(), "{event:?}"),
            }
            wire.input.drain(..consumed);
            if !told {
                break;
            }
        }
    }
    assert!(ended && wire.input.is_empty());
    read
}

/// Name and value of each field that `httparse` finds.
fn judged(message: &[u8], request: bool) -> Fields {
    let mut fields = [httparse::EMPTY_HEADER; 16];
    let fields = if request {
        let mut head = httparse::Request::new(&mut fields);
        assert!(head.parse(message).unwrap().is_complete());
        head.headers
    } else {
        let mut head = httparse::Response::new(&mut fields);
        assert!(head.parse(message).unwrap().is_complete());
        head.headers
    };
    fields.iter().map(|field| (field.name.as_bytes().to_vec(), field.value.to_vec())).collect()
}

fn fields(fields: &[(Vec<u8>, Vec<u8>)]) -> Vec<Field<'_>> {
    fields.iter().map(|(name, value)| Field::new(name, value)).collect()
}

fn length(body: &Body) -> BodyLength {
    match body {
        Body::None => BodyLength::None,
        Body::Sized(content) => BodyLength::Known(content.len() as u64),
        Body::Chunked(..) => BodyLength::Chunked,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn requests(message in request(), piece in 1..300_usize) {
        let by_hand = message.octets();
        prop_assert_eq!(read(&mut Wire::server(Config::default()), &by_hand, piece), sent(&message));

        let Start::Request { method, target } = &message.start else { unreachable!() };
        let (host, rest) = message.fields.split_first().unwrap();
        let rest = fields(rest);
        let head = RequestHead::new(method, target, &host.1, &rest).with_body(length(&message.body));
        let mut client = Wire::client(Config::default());
        let ours = octets(|out| {
            client.codec.send_head(&head, out).unwrap();
            for part in message.body.content().chunks(piece) {
                assert_eq!(client.codec.send_body(part, out), Ok(part.len()));
            }
            client.codec.finish(&fields(message.body.trailers()), out).unwrap();
        });
        prop_assert_eq!(read(&mut Wire::server(Config::default()), &ours, piece), sent(&message));
        let judged = judged(&ours, true);
        prop_assert!(message.fields.iter().all(|field| judged.contains(field)), "{:?}", judged);
    }

    #[test]
    fn responses(message in response(), piece in 1..300_usize) {
        let by_hand = message.octets();
        let asked = || {
            let mut client = Wire::client(Config::default());
            client.get();
            client
        };
        prop_assert_eq!(read(&mut asked(), &by_hand, piece), sent(&message));

        let Start::Response { status, reason } = &message.start else { unreachable!() };
        let with = fields(&message.fields);
        let head = ResponseHead { reason: Some(reason), ..ResponseHead::new(*status, &with, length(&message.body)) };
        let mut server = Wire::server(Config::default());
        server.feed_all("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        let ours = octets(|out| {
            server.codec.send_head(&head, out).unwrap();
            for part in message.body.content().chunks(piece) {
                assert_eq!(server.codec.send_body(part, out), Ok(part.len()));
            }
            server.codec.finish(&fields(message.body.trailers()), out).unwrap();
        });
        prop_assert_eq!(read(&mut asked(), &ours, piece), sent(&message));
        let judged = judged(&ours, false);
        prop_assert!(message.fields.iter().all(|field| judged.contains(field)), "{:?}", judged);
    }
}
