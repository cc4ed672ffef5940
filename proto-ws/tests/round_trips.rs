//! Every frame, Close payload, handshake and list of extensions arrives as what it was: written by hand, to the letter,
//! and by our own encoders.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod common;
use common::*;
use proptest::prelude::*;
use proto_ws::handshake::Extensions;
use proto_ws::handshake::client::{self, Key};
use proto_ws::handshake::server::{Accept, Request};
use proto_ws::{CloseCode, Connection, Event, Kind, MessageAssembler};
use strategies::websocket::{
    self, Extension, FIN, Frame, Message, RSV1, close, close_payload, cuts, extension, message, opening,
    spelling,
};

/// All messages in `wire`, which comes in pieces.
fn read(connection: &mut Connection, wire: &[u8], piece: usize) -> Vec<Message> {
    let (mut pending, mut read, mut assembler) = (Vec::new(), Vec::new(), MessageAssembler::default());
    for piece in wire.chunks(piece) {
        pending.extend_from_slice(piece);
        loop {
            let step = connection.receive(&mut pending, &mut []).unwrap();
            let consumed = step.consumed;
            match step.event {
                None => break drop(pending.drain(..consumed)),
                Some(Event::Data(data)) => {
                    if let Some(message) = assembler.push(data).unwrap() {
                        let payload = message.payload.to_vec();
                        read.push(match message.kind {
                            Kind::Text => Message::Text(payload),
                            Kind::Binary => Message::Binary(payload),
                        });
                    }
                }
                Some(Event::Ping(payload)) => read.push(Message::Ping(payload.to_vec())),
                Some(Event::Pong(payload)) => read.push(Message::Pong(payload.to_vec())),
                Some(Event::Close { .. }) => panic!("nobody closes"),
            }
            pending.drain(..consumed);
            transmit(connection);
        }
    }
    assert!(pending.is_empty());
    read
}

/// What `connection` sends for `message` in fragments.
fn sent(connection: &mut Connection, message: &Message, cuts: &[usize]) -> Vec<u8> {
    written(|out| match message {
        Message::Ping(payload) => connection.ping(payload, out).unwrap(),
        Message::Pong(payload) => connection.pong(payload, out).unwrap(),
        Message::Text(_) | Message::Binary(_) => {
            let kind = if matches!(message, Message::Text(_)) { Kind::Text } else { Kind::Binary };
            for frame in message.frames(cuts) {
                let fin = frame.first & FIN != 0;
                assert_eq!(connection.send(kind, &frame.payload, fin, out), Ok(frame.payload.len()));
            }
        }
    })
}

fn told(extension: &proto_ws::handshake::Extension<'_>) -> Extension {
    let text = |octets: Vec<u8>| String::from_utf8(octets).unwrap();
    let param = |param: proto_ws::handshake::Param<'_>| {
        (text(param.name.to_vec()), param.value().map(|value| text(value.collect())))
    };
    Extension { name: text(extension.name.to_vec()), params: extension.params().map(param).collect() }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn messages(
        messages in prop::collection::vec((message(70_000), cuts()), 1..6),
        piece in prop_oneof![1..20_usize, 1..5_000_usize],
    ) {
        let expected: Vec<_> = messages.iter().map(|(message, _)| message.clone()).collect();
        for (mut reader, mut writer, masked) in [(server(), client(), true), (client(), server(), false)] {
            let by_hand: Vec<u8> = messages
                .iter()
                .flat_map(|(message, cuts)| message.frames(cuts))
                .flat_map(|frame| frame.octets(masked))
                .collect();
            prop_assert!(read(&mut reader, &by_hand, piece) == expected);
            let ours: Vec<u8> = messages.iter().flat_map(|(message, cuts)| sent(&mut writer, message, cuts)).collect();
            let empty = |frame: &Frame| frame.first & FIN == 0 && frame.payload.is_empty();
            if messages.iter().flat_map(|(message, cuts)| message.frames(cuts)).any(|frame| empty(&frame)) {
                // Ours sends no fragment of nothing.
            } else if masked {
                prop_assert_eq!(ours.len(), by_hand.len());
            } else {
                prop_assert!(ours == by_hand, "nothing of a server's frames is its choice");
            }
            prop_assert!(read(&mut reader, &ours, piece) == expected);
        }
    }

    #[test]
    fn close_payloads(close in close()) {
        for ((mut reader, frame), (mut writer, _)) in both().into_iter().zip(both().into_iter().rev()) {
            let payload = close_payload(&close);
            let (code, reason) = close.as_ref().map_or((None, ""), |(code, reason)| (CloseCode::new(*code), reason));
            let ours = written(|out| writer.close(code, reason, out).unwrap());
            prop_assert_eq!(open(&ours), (FIN | websocket::CLOSE, payload.clone()));
            let told = format!("Close {} {reason}", code.map_or(1005, u16::from));
            prop_assert_eq!(feed(&mut reader, &frame(FIN | websocket::CLOSE, &payload)), (vec![told], None));
        }
    }

    #[test]
    fn lists_of_extensions(list in prop::collection::vec(extension(), 0..4), spelling in spelling()) {
        let text = spelling.list(&list);
        let found: Result<Vec<_>, _> = Extensions::new(text.as_bytes()).map(|found| found.map(|found| told(&found))).collect();
        prop_assert_eq!(found, Ok(list), "{}", text);
    }

    #[test]
    fn handshakes(opening in opening(), spelling in spelling(), chosen: prop::sample::Index) {
        let key = Key::new(opening.nonce);
        let protocols = opening.protocols.join(", ");
        let extensions = spelling.list(&opening.extensions);
        let mut request = client::Request::new(&key);
        if !opening.protocols.is_empty() {
            request = request.protocols(protocols.as_bytes()).unwrap();
        }
        if !opening.extensions.is_empty() {
            request = request.extensions(extensions.as_bytes()).unwrap();
        }
        if let Some(origin) = &opening.origin {
            request = request.origin(origin.as_bytes());
        }
        let host = (&b"Host"[..], opening.host.as_bytes());
        let offer = Request::check(b"GET", true, request.fields().chain([host])).unwrap();
        prop_assert_eq!(offer.origin, opening.origin.as_deref().map(str::as_bytes));
        let offered: Vec<_> = offer.protocols().collect();
        prop_assert!(offered.iter().eq(opening.protocols.iter().map(|name| name.as_bytes()).collect::<Vec<_>>().iter()));
        prop_assert_eq!(offer.extensions().map(|found| told(&found)).collect::<Vec<_>>(), opening.extensions.clone());

        // The answer takes one of each, as it was offered.
        let protocol = (!offered.is_empty()).then(|| *chosen.get(&offered));
        let agreed = opening.extensions.first().map(|first| spelling.list(std::slice::from_ref(first)));
        let accept = Accept { extensions: agreed.as_deref().map(str::as_bytes), ..offer.accept(protocol).unwrap() };
        let accepted = client::check(
            Accept::STATUS,
            accept.fields(),
            &key,
            Some(protocols.as_bytes()),
            Some(extensions.as_bytes()),
        );
        let accepted = accepted.unwrap();
        prop_assert_eq!(accepted.protocol, protocol);
        prop_assert!(accepted.extensions().map(|found| told(&found)).eq(opening.extensions.first().cloned()));
    }

    #[test]
    fn any_frame_is_refused_or_read_by_both_roles_alike(frame in (any::<u8>(), prop::collection::vec(any::<u8>(), 0..130))) {
        let told = both().map(|(mut reader, framed)| feed(&mut reader, &framed(frame.0, &frame.1)));
        prop_assert_eq!(&told[0], &told[1]);
        prop_assert!(frame.0 & RSV1 == 0 || told[0].1.is_some(), "nobody agreed on this bit");
    }
}

#[cfg(feature = "deflate")]
mod deflate {
    use super::*;
    use proto_ws::deflate::Offer;

    proptest! {
        #[test]
        fn offers(extension in extension(), spelling in spelling()) {
            let text = spelling.list(std::slice::from_ref(&extension));
            let found = Extensions::new(text.as_bytes()).next().unwrap().unwrap();
            if let Some(offer) = Offer::parse(&found).filter(|_| extension.name == "permessage-deflate") {
                let again = offer.to_string();
                let again = Extensions::new(again.as_bytes()).next().unwrap().unwrap();
                prop_assert_eq!(Offer::parse(&again), Some(offer));
                let mut params = extension.params;
                let mut written = told(&again).params;
                params.sort();
                written.sort();
                prop_assert_eq!(written, params);
            }
        }
    }
}
