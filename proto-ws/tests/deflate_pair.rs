//! Our client against our server, both deflating: any configuration, any choice for each message, any cuts.

#![cfg(feature = "deflate")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod common;
use common::puff::{Puffed, puff};
use proptest::prelude::*;
use proto_core::{SendError, WriteBuf};
use proto_ws::deflate::{Compress, DeflateConfig, Pool};
use proto_ws::handshake::Extensions;
use proto_ws::{Config, Connection, End, Event, Kind, Limits, Role};
use strategies::websocket::payload;

#[derive(Debug, Clone)]
struct Message {
    from_server: bool,
    kind: Kind,
    compress: Compress,
    payload: Vec<u8>,
    /// Sent whole, or in pieces of these lengths.
    pieces: Option<Vec<usize>>,
    /// Bytes of output for each call.
    room: usize,
}

fn message() -> impl Strategy<Value = Message> {
    let compress = prop::sample::select(vec![Compress::Auto, Compress::Always, Compress::Never]);
    let pieces = prop::option::of(prop::collection::vec(0usize..5000, 0..4));
    let room = prop_oneof![Just(1 << 18), 40usize..4000];
    (any::<bool>(), compress, payload(100_000), pieces, room).prop_map(
        |(from_server, compress, payload, pieces, room)| {
            let kind = if std::str::from_utf8(&payload).is_ok() { Kind::Text } else { Kind::Binary };
            Message { from_server, kind, compress, payload, pieces, room }
        },
    )
}

fn config() -> impl Strategy<Value = DeflateConfig> {
    let sizes = (8u8..16, 8u8..16, 0u8..10, 1u8..10);
    (any::<bool>(), any::<bool>(), sizes, 7u8..17, 7u8..17, 0u16..100).prop_map(
        |(server, client, (server_bits, client_bits, level, mem_level), rx, tx, threshold)| DeflateConfig {
            server_no_context_takeover: server,
            client_no_context_takeover: client,
            server_max_window_bits: server_bits,
            client_max_window_bits: client_bits,
            compression_level: level,
            mem_level,
            rx_buf_size: rx,
            tx_buf_size: tx,
            threshold,
        },
    )
}

/// Both ends, by way of what they say to each other.
fn pair(client: &DeflateConfig, server: &DeflateConfig) -> (Connection, Connection) {
    let offer = client.offer().to_string();
    let agreed = server.accept(Extensions::new(offer.as_bytes()).flatten()).unwrap();
    let answer = agreed.to_string();
    let checked = client.check(Extensions::new(answer.as_bytes()).flatten()).unwrap();
    let limits = Limits { max_expansion: Limits::UNLIMITED, ..Limits::default() };
    let config = |deflate| Config { deflate, limits, ..Config::default() };
    let client = Connection::new(Role::Client { mask_seed: [5; 16] }, config(checked));
    (client, Connection::new(Role::Server, config(Some(agreed))))
}

fn write(connection: &mut Connection, message: &Message) -> Vec<u8> {
    let (mut wire, mut room) = (Vec::new(), vec![0; message.room]);
    let Message { kind, compress, payload, .. } = message;
    let Some(pieces) = &message.pieces else {
        let mut room = vec![0; payload.len() + 14];
        let mut out = WriteBuf::new(&mut room);
        connection.send_message_with(*compress, *kind, payload, &mut out).unwrap();
        return out.written().to_vec();
    };
    let mut rest = &payload[..];
    for (at, len) in pieces.iter().copied().chain([usize::MAX]).enumerate() {
        let (mut piece, behind) = rest.split_at(len.min(rest.len()));
        rest = behind;
        let fin = at == pieces.len();
        loop {
            let mut out = WriteBuf::new(&mut room);
            let taken = connection.send_with(*compress, *kind, piece, fin, &mut out).unwrap();
            // never more than the payload, the header, and for each 64 KiB the header of a stored block and a byte
            assert!(out.len() <= taken + 14 + 16);
            wire.extend_from_slice(out.written());
            piece = &piece[taken..];
            if piece.is_empty() {
                break;
            }
        }
    }
    wire
}

fn read(
    connection: &mut Connection,
    wire: &[u8],
    cuts: &[usize],
    scratch: &mut [u8],
) -> Vec<(Kind, Vec<u8>)> {
    let (mut pending, mut rest) = (Vec::new(), wire);
    let (mut got, mut inside) = (Vec::new(), Vec::new());
    let mut cuts = cuts.iter().copied().cycle();
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(cuts.next().unwrap_or(usize::MAX).min(rest.len()));
        (rest, _) = (behind, pending.extend_from_slice(piece));
        loop {
            let step = connection.receive(&mut pending, scratch).unwrap();
            let (consumed, more) = (step.consumed, step.event.is_some());
            if let Some(Event::Data(data)) = step.event {
                inside.extend_from_slice(data.payload);
                if data.end == End::Message {
                    got.push((data.kind, std::mem::take(&mut inside)));
                }
            }
            pending.drain(..consumed);
            if !more {
                break;
            }
        }
    }
    assert!(pending.is_empty() && inside.is_empty());
    got
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]

    #[test]
    fn what_is_sent_arrives(
        client_config in config(),
        server_config in config(),
        messages in prop::collection::vec(message(), 1..8),
        cuts in prop::collection::vec(1usize..3000, 1..5),
        scratch in 1usize..9000,
        pooled: bool,
    ) {
        let (mut client, mut server) = pair(&client_config, &server_config);
        let mut scratch = vec![0; scratch];
        let mut pool = Pool::new(64 << 20);
        for message in &messages {
            let (from, to) = if message.from_server { (&mut server, &mut client) } else { (&mut client, &mut server) };
            if pooled {
                pool.lend(from);
            }
            let wire = write(from, message);
            if pooled {
                pool.reclaim(from);
                pool.lend(to);
            }
            let got = read(to, &wire, &cuts, &mut scratch);
            if pooled {
                pool.reclaim(to);
            }
            prop_assert_eq!(got, vec![(message.kind, message.payload.clone())]);
        }
    }

    #[test]
    fn what_is_sent_is_deflate_by_the_book(
        config in config(),
        messages in prop::collection::vec(message(), 1..6),
    ) {
        let (mut client, mut server) = pair(&config, &config);
        let (mut by_client, mut by_server) = (Puffed::default(), Puffed::default());
        for message in &messages {
            let (sender, puffed, bits, takeover) = if message.from_server {
                (&mut server, &mut by_server, config.server_max_window_bits, !config.server_no_context_takeover)
            } else {
                (&mut client, &mut by_client, config.client_max_window_bits, !config.client_no_context_takeover)
            };
            let (firsts, stream) = common::stream(&write(sender, message));
            if firsts[0] & 0x40 == 0 {
                continue;
            }
            if !takeover {
                puffed.output.clear();
            }
            let before = puffed.output.len();
            *puffed = puff(core::mem::take(puffed), &stream);
            prop_assert!(puffed.output[before..] == message.payload[..]);
            prop_assert!(puffed.farthest <= 1 << bits);
        }
    }
}

/// The state of a message that is not over stays with its connection; a pool that has no more denies it.
#[test]
fn a_pool_caps_what_messages_hold() {
    let config = DeflateConfig::default().without_takeover();
    // room for three messages under way, whichever backend it is
    let one = {
        let mut pool = Pool::new(1 << 20);
        let (_, mut server) = pair(&config, &config);
        begin(&mut pool, &mut server).unwrap();
        pool.memory()
    };
    let mut pool = Pool::new(3 * one);
    let mut servers: Vec<_> = (0..4).map(|_| pair(&config, &config).1).collect();
    let (last, others) = servers.split_last_mut().unwrap();
    for server in &mut *others {
        begin(&mut pool, server).unwrap();
    }
    assert_eq!(pool.memory(), 3 * one);
    assert_eq!(begin(&mut pool, last).map_err(|error| error.close_code().unwrap().value()), Err(1013));
    // one ends, and its state serves another
    for end in ["message", "connection"] {
        let (_, mut next) = pair(&config, &config);
        match end {
            "message" => {
                let server = &mut others[0];
                pool.lend(server);
                let mut rest = common::frame(0x80, b"\xc9\xc9\x07\x00", true);
                assert!(server.receive(&mut rest, &mut [0; 100]).unwrap().event.is_some());
                pool.reclaim(server);
            }
            _ => pool.retire(&mut others[1]),
        }
        begin(&mut pool, &mut next).unwrap();
        assert_eq!(pool.memory(), 3 * one);
    }
}

/// A message arrives of which the first half is there.
fn begin(pool: &mut Pool, server: &mut Connection) -> Result<(), proto_ws::Error> {
    let mut half = common::frame(0x41, b"\xf2\x48\xcd", true);
    pool.lend(server);
    let step = server.receive(&mut half, &mut [0; 100]).map(|step| step.event.is_some());
    pool.reclaim(server);
    step.map(|told| assert!(told))
}

#[test]
fn a_pool_reserves_what_is_kept() {
    let kept = DeflateConfig::default();
    let offers = || Extensions::new(b"permessage-deflate").flatten();
    let agreement = kept.accept(offers()).unwrap();
    let side = proto_ws::Side::Server;
    let memory = agreement.memory(side);
    // three quarters of it hold two
    let mut pool = Pool::new((2 * memory + 1) * 4 / 3);
    assert!(pool.reserve(memory) && pool.reserve(memory));
    assert!(!pool.reserve(memory));
    assert_eq!(pool.memory(), 2 * memory);
    let less = kept.without_takeover().accept(offers()).unwrap();
    assert_eq!(less.memory(side), 0);
    assert!(pool.reserve(less.memory(side)));
    let mut connection =
        Connection::new(Role::Server, Config { deflate: Some(agreement), ..Config::default() });
    pool.retire(&mut connection);
    assert_eq!(pool.memory(), memory);
    pool.release(memory);
    assert_eq!(pool.memory(), 0);
}

/// Without memory to compress with, messages go as they are.
#[test]
fn a_pool_without_room_sends_plain() {
    let config = DeflateConfig::default().without_takeover();
    let mut pool = Pool::new(1000);
    let (_, mut server) = pair(&config, &config);
    pool.lend(&mut server);
    let text = [b'a'; 500];
    let sent =
        common::written(|out| server.send_message_with(Compress::Always, Kind::Text, &text, out).unwrap());
    assert_eq!(sent[0], 0x81);
    let sent = common::written(|out| {
        assert_eq!(server.send_with(Compress::Always, Kind::Text, &text, false, out), Ok(500));
        assert_eq!(server.send_with(Compress::Always, Kind::Text, &text, true, out), Ok(500));
    });
    assert_eq!(sent[0], 0x01);
    let mut room = [0; 10];
    let full = server.send_message(Kind::Text, &text, &mut WriteBuf::new(&mut room));
    assert_eq!(full, Err(SendError::Full));
}
