//! The same story of a compressed stream however it is cut and however little scratch space there is.

#![cfg(feature = "deflate")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod common;
use common::deflate::{agreement, deflated};
use common::*;
use proptest::prelude::*;
use proto_core::story::{Cuts, Story, Subject, Teller, check_with};
use proto_ws::deflate::{Compress, DeflateConfig};
use proto_ws::subject::Endpoint;
use proto_ws::{Config, Connection, Event, Kind, Limits, Role};
use strategies::websocket::{cuts, payload};

/// An endpoint with so much scratch space.
struct Narrow(Endpoint, usize);

impl Subject for Narrow {
    type Codec = Connection;

    fn start(&self) -> Connection {
        self.0.start()
    }

    fn tell(&self, event: Event<'_>, teller: &mut Teller<'_>) {
        self.0.tell(event, teller);
    }

    fn trailing(&self) -> &[u8] {
        self.0.trailing()
    }

    fn scratch(&self) -> usize {
        self.1
    }
}

fn endpoint(role: Role, config: DeflateConfig, limits: Limits) -> Endpoint {
    Endpoint { role, config: Config { deflate: Some(agreement(config)), limits, ..Config::default() } }
}

fn roles() -> [Role; 2] {
    [Role::Server, Role::Client { mask_seed: [7; 16] }]
}

/// The one story that all amounts of scratch space agree on as well.
fn story(endpoint: Endpoint, input: &[u8], cuts: Cuts) -> Result<Story, TestCaseError> {
    let mut first = None;
    for scratch in [64 * 1024, 100, 7, 1] {
        let story = check_with(&Narrow(endpoint, scratch), input, cuts)
            .map_err(|fault| TestCaseError::fail(format!("scratch {scratch}: {fault:?}")))?;
        let first = first.get_or_insert_with(|| story.clone());
        prop_assert_eq!(&*first, &story, "scratch {}", scratch);
    }
    Ok(first.unwrap())
}

#[test]
fn hand_made_streams() {
    for role in roles() {
        let masked = role == Role::Server;
        let f = |first, payload: &[u8]| frame(first, payload, masked);
        let hello = b"\xf2\x48\xcd\xc9\xc9\x07\x00";
        // 200 times `a`, then 2,000 times
        let (run, long) = (deflated(&[b'a'; 200]), deflated(&[b'a'; 2_000]));
        for input in [
            f(0xc1, hello),
            f(0xc1, hello).repeat(3),
            [f(0x41, &hello[..3]), f(0x89, b"ping"), f(0x00, b""), f(0x80, &hello[3..]), f(0x81, b"plain")]
                .concat(),
            [f(0xc1, b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), f(0xc1, hello)].concat(),
            [f(0xc1, b"\xf3\x48\xcd\xc9\xc9\x07\x00"), f(0xc1, hello)].concat(),
            [f(0xc1, b""), f(0xc1, hello)].concat(),
            [f(0xc1, hello), f(0xc1, b"\x06")].concat(),
            [f(0x41, hello), f(0x00, b"\x00\x00\xff\xff"), f(0x80, b"\x06")].concat(),
            [f(0x42, &run), f(0x80, b"\x00")].concat(),
            // the fault is in the last byte of a frame, with output before it
            [f(0x42, &[&run[..], b"\x00\x00\xff\xff\x06"].concat()), f(0x80, b"\x00")].concat(),
            // beyond max_message, exactly and by one
            f(0xc2, &deflated(&[b'b'; 300])),
            f(0xc2, &deflated(&[b'b'; 301])),
            f(0xc2, &long),
            [f(0x42, &run), f(0x80, &run)].concat(),
            // text that goes wrong: at once, in the middle, at the end
            f(0xc1, &deflated(b"\xff text")),
            f(0xc1, &deflated(b"some text, some text \xe2\x28 some text")),
            f(0xc1, &deflated("some text that ends in the middle of ✓".as_bytes().split_last().unwrap().1)),
            [f(0xc1, &deflated("✓✓✓✓✓".as_bytes())), f(0x88, b"\x03\xe8")].concat(),
        ] {
            for limits in
                [Limits::default(), Limits { max_message: 300, max_fragments: 4, ..Limits::default() }]
            {
                story(endpoint(role, DeflateConfig::default(), limits), &input, Cuts::default()).unwrap();
            }
        }
    }
}

/// Beyond 4 KiB the expansion is bounded, wherever it is cut.
#[test]
fn expansion() {
    let limits = Limits { max_expansion: 3, expansion_burst: 0, ..Limits::default() };
    for role in roles() {
        let masked = role == Role::Server;
        let mut payload = deflated(&noise(6_000));
        payload.extend(b"\x00\x00\xff\xff");
        payload.extend(deflated(&[b'a'; 9_000]));
        let input = frame(0xc2, &payload, masked);
        let told = story(endpoint(role, DeflateConfig::default(), limits), &input, Cuts::sampled(1)).unwrap();
        assert!(told.error.is_some_and(|error| error == "TransportEnded"));
        let mut bomb = deflated(&vec![b'a'; 2_000_000]);
        bomb.extend(b"\x00\x00\xff\xff\x00");
        bomb.resize(5_000, 0);
        let input = frame(0xc2, &bomb, masked);
        // each cut runs through megabytes: only some of them
        let narrow = Narrow(endpoint(role, DeflateConfig::default(), limits), 64 * 1024);
        for cuts in
            [vec![], vec![1000, 3000], vec![4103], vec![4104], vec![4105], (1..5000).step_by(7).collect()]
        {
            let told = proto_core::story::run(&narrow, &input, &cuts, true).unwrap();
            assert_eq!(told.error.as_deref(), Some("Expansion"), "{cuts:?}");
        }
    }
}

#[derive(Debug, Clone)]
struct Sent {
    kind: Kind,
    payload: Vec<u8>,
    compress: Compress,
    cuts: Vec<usize>,
    ping: bool,
}

fn sent() -> impl Strategy<Value = Sent> {
    let kind = prop_oneof![Just(Kind::Text), Just(Kind::Binary)];
    let compress =
        prop_oneof![3 => Just(Compress::Always), 1 => Just(Compress::Auto), 1 => Just(Compress::Never)];
    (kind, payload(600), compress, cuts(), any::<bool>())
        .prop_map(|(kind, payload, compress, cuts, ping)| Sent { kind, payload, compress, cuts, ping })
}

fn deflate_config() -> impl Strategy<Value = DeflateConfig> {
    (any::<bool>(), any::<bool>(), 8u8..16, 8u8..16, 1u8..10, 1u8..10).prop_map(
        |(server, client, server_bits, client_bits, level, mem_level)| DeflateConfig {
            server_no_context_takeover: server,
            client_no_context_takeover: client,
            server_max_window_bits: server_bits,
            client_max_window_bits: client_bits,
            compression_level: level,
            mem_level,
            threshold: 8,
            ..DeflateConfig::default()
        },
    )
}

/// What `sender` writes for these messages.
fn wire(sender: &mut Connection, messages: &[Sent]) -> Vec<u8> {
    written(|out| {
        for message in messages {
            let mut rest = &message.payload[..];
            for &cut in &message.cuts {
                let (piece, behind) = rest.split_at(cut.min(rest.len()));
                assert_eq!(
                    sender.send_with(message.compress, message.kind, piece, false, out),
                    Ok(piece.len())
                );
                if message.ping {
                    sender.ping(b"?", out).unwrap();
                }
                rest = behind;
            }
            assert_eq!(sender.send_with(message.compress, message.kind, rest, true, out), Ok(rest.len()));
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn streams_right_and_wrong(
        messages in prop::collection::vec(sent(), 1..5),
        config in deflate_config(),
        damage in prop::option::of((any::<prop::sample::Index>(), 1u8..255)),
        small in any::<bool>(),
        seed: u64,
    ) {
        let limits = if small {
            Limits { max_message: 300, max_fragments: 3, ..Limits::default() }
        } else {
            Limits::default()
        };
        for role in roles() {
            let peer = match role {
                Role::Server => Role::Client { mask_seed: [1; 16] },
                Role::Client { .. } => Role::Server,
            };
            let mut sender = endpoint(peer, config, Limits::default()).start();
            let mut input = wire(&mut sender, &messages);
            if let Some((at, damage)) = &damage {
                let at = at.index(input.len());
                input[at] ^= damage;
            }
            let told = story(endpoint(role, config, limits), &input, Cuts::sampled(seed))?;
            if damage.is_none() && !small {
                let utf8 = |sent: &Sent| sent.kind == Kind::Binary || std::str::from_utf8(&sent.payload).is_ok();
                let fine = messages.iter().all(utf8);
                prop_assert_eq!(told.error.as_deref(), Some(if fine { "TransportEnded" } else { "InvalidUtf8" }));
            }
        }
    }

    #[test]
    fn any_bytes_compressed(payload in prop::collection::vec(any::<u8>(), 0..80), first: bool, seed: u64) {
        for role in roles() {
            let first = if first { 0xc2 } else { 0x41 };
            let input = frame(first, &payload, role == Role::Server);
            story(endpoint(role, DeflateConfig::default(), Limits::default()), &input, Cuts::sampled(seed))?;
        }
    }
}
