//! Every frame says what it was written to say: by hand, to the letter, and by our own connections.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;
use common::*;
use proptest::prelude::*;
use proto_core::WriteBuf;
use proto_h2::hpack::Field;
use proto_h2::{Config, Connection, ErrorCode, HeadersKind, PREFACE, Priority};
use strategies::Fields;

fn listed(fields: &Fields) -> String {
    fields.iter().map(|(name, value)| format!("{:?}", Field::new(name, value))).collect::<Vec<_>>().join(", ")
}

/// A server with an exchange under way on stream 1, and a client with one.
fn exchanges() -> [Under; 2] {
    let mut server = Under::server();
    server.feed(&headers(1, &POST, false));
    server.respond(1, "200", false);
    let mut client = Under::client();
    client.request("POST", false);
    client.feed(&headers(1, &[(":status", "200")], false));
    for under in [&mut server, &mut client] {
        under.events.clear();
        under.sent.clear();
    }
    [server, client]
}

/// `frame` is told as what it says, answered as it has to be, and followed by an answered PING.
fn check(mut under: Under, frame: &Frame) -> Result<(), TestCaseError> {
    let server = under.codec.role() == proto_h2::Role::Server;
    let id = stream_id(1);
    let (told, data) = match frame {
        // Empty frames count, and that is all.
        Frame::Data { payload, end: false, .. } if payload.is_empty() => (vec![], vec![]),
        Frame::Data { payload, end, .. } => {
            let told = format!("Data 1 {}{}", payload.len(), if *end { " end" } else { "" });
            (vec![told], payload.clone())
        }
        Frame::Trailers { fields, .. } => {
            (vec![format!("{:?} 1 [{}] end", HeadersKind::Trailers, listed(fields))], vec![])
        }
        Frame::Reset(code) => (vec![format!("Reset 1 {} by Peer", ErrorCode(*code))], vec![]),
        Frame::Settings(_) => (vec!["Settings".to_string()], vec![]),
        Frame::GoAway(last, code, debug) => {
            (vec![format!("GoAway {last} {} \"{}\"", ErrorCode(*code), debug.escape_ascii())], vec![])
        }
        _ => (vec![], vec![]),
    };
    let before = under.codec.send_capacity(id);
    under.feed(&frame.octets(1));
    if matches!(frame, Frame::PriorityUpdate(_)) && !server {
        // RFC 9218 section 7.1: "Servers MUST NOT send PRIORITY_UPDATE frames."
        under.connection_error(ErrorCode::PROTOCOL_ERROR);
        return Ok(());
    }
    prop_assert_eq!(under.error, None);
    prop_assert_eq!((&under.events, &under.data), (&told, &data));
    let replies: Vec<_> = under.sent.iter().filter(|sent| sent.kind != WINDOW_UPDATE).cloned().collect();
    match frame {
        Frame::Settings(settings) => {
            prop_assert!(replies.len() == 1 && replies[0].kind == SETTINGS && replies[0].flags == ACK);
            let last = |kind, initial| {
                settings.iter().rev().find(|(id, _)| *id == kind).map_or(initial, |setting| setting.1)
            };
            let found = under.codec.peer_settings();
            prop_assert_eq!(
                (found.header_table_size, found.max_concurrent_streams, found.initial_window_size),
                (last(1, 4096), last(3, u32::MAX), last(4, 65_535))
            );
            prop_assert_eq!(
                (found.max_frame_size, found.max_header_list_size),
                (last(5, 16_384), last(6, u32::MAX))
            );
        }
        Frame::Ping(payload) => {
            prop_assert!(replies.len() == 1 && replies[0].kind == PING && replies[0].flags == ACK);
            prop_assert_eq!(&replies[0].payload[..], payload);
        }
        Frame::WindowUpdate(stream, by) => {
            // Both windows were alike, and the other one grows now.
            under.feed(&window_update(u32::from(!stream), *by));
            prop_assert_eq!(under.codec.send_capacity(id), before + by);
        }
        _ => prop_assert!(replies.is_empty(), "{:?}", replies),
    }
    let over = matches!(frame, Frame::GoAway(..)) && server;
    if !over {
        under.alive();
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn frames_by_hand(frame in any_frame()) {
        for under in exchanges() {
            check(under, &frame)?;
        }
    }

    /// Each is written by one of ours, split into frames here, and told by the other.
    #[test]
    fn frames_of_ours(
        trailers in strategies::hpack::trailers(),
        content in proptest::collection::vec(any::<u8>(), 1..2000),
        code in any::<u32>(),
        ping in any::<[u8; 8]>(),
        urgency in 0..8_u8,
        incremental in any::<bool>(),
    ) {
        let [mut server, mut client] = exchanges();
        let id = stream_id(1);
        let fields = || trailers.iter().map(|(name, value)| Field::new(name, value));
        let mut sent = |act: &mut dyn FnMut(&mut Connection, &mut WriteBuf<'_>)| {
            client.send(|codec, out| act(codec, out));
            let frame = client.sent.pop().unwrap();
            (frame.kind, frame.flags, frame.id, frame.payload)
        };

        let data = sent(&mut |codec, out| {
            codec.want_send(id);
            codec.next_writable();
            assert_eq!(codec.send_data(id, &content, false, out), Ok(content.len()));
        });
        prop_assert_eq!(&data, &(DATA, 0, 1, content.clone()));
        server.feed(&frame(data.0, data.1, data.2, &data.3));
        prop_assert_eq!(&server.data, &content);
        let update = sent(&mut |codec, out| codec.send_priority(id, Priority { urgency, incremental }, out).unwrap());
        prop_assert_eq!((update.0, update.2, &update.3[..4]), (PRIORITY_UPDATE, 0, &[0, 0, 0, 1][..]));
        server.feed(&frame(update.0, update.1, update.2, &update.3));
        let pinged = sent(&mut |codec, out| {
            assert!(codec.ping(ping));
            codec.transmit(out);
        });
        prop_assert_eq!(&pinged, &(PING, 0, 0, ping.to_vec()));
        let end = sent(&mut |codec, out| codec.send_head(id, fields(), true, out).unwrap());
        prop_assert_eq!((end.0, end.1, end.2), (HEADERS, END_HEADERS | END_STREAM, 1));
        server.events.clear();
        server.feed(&frame(end.0, end.1, end.2, &end.3));
        prop_assert_eq!(&server.events, &[format!("{:?} 1 [{}] end", HeadersKind::Trailers, listed(&trailers))]);
        let reset = sent(&mut |codec, out| {
            assert!(codec.reset(id, ErrorCode(code)));
            codec.transmit(out);
        });
        prop_assert_eq!(&reset, &(RST_STREAM, 0, 1, code.to_be_bytes().to_vec()));
        let away = sent(&mut |codec, out| {
            codec.go_away(ErrorCode(code));
            codec.transmit(out);
        });
        prop_assert_eq!((away.0, &away.3[4..8]), (GOAWAY, &code.to_be_bytes()[..]));
    }

    /// What a configuration says in SETTINGS is what the other side reads.
    #[test]
    fn settings_of_ours(table in 0..65_536_u32, window in 1..0x8000_0000_u32, streams in 0..=32_768_u32, list in any::<u32>()) {
        let mut config = Config::default();
        config.limits.header_table = table;
        config.limits.stream_window = window;
        config.limits.concurrent_streams = streams;
        config.limits.header_list = list;
        let mut server = Under::new(Connection::server(config));
        server.flush();
        let settings = server.sent.iter().find(|sent| sent.kind == SETTINGS && sent.flags == 0).unwrap();
        let mut client = Under::new(Connection::client(Config::default()));
        client.flush();
        client.feed(&frame(SETTINGS, 0, 0, &settings.payload));
        let found = client.codec.peer_settings();
        prop_assert_eq!(
            (found.header_table_size, found.initial_window_size, found.max_concurrent_streams),
            (table, window, streams)
        );
        prop_assert_eq!(found.max_header_list_size, list);
        server.feed(&[&PREFACE[..], &frame(SETTINGS, 0, 0, &[])].concat());
        prop_assert_eq!(server.error, None);
    }
}
