//! Our client against our server: arbitrary operations, arbitrary cuts, virtual time. Nothing is lost, nothing hangs,
//! neither finds fault with the other.

use proptest::prelude::*;
use proto_h2::story::{Act, Setup, pair};

fn act() -> impl Strategy<Value = Act> {
    let size = || prop_oneof![Just(0_usize), 1..50_usize, 50..9000_usize, 9000..60_000_usize];
    prop_oneof![
        5 => (size(), size(), any::<bool>())
            .prop_map(|(content, answer, trailers)| Act::Open { content, answer, trailers }),
        1 => (0..20_usize, any::<bool>()).prop_map(|(nth, by_client)| Act::Reset { nth, by_client }),
        1 => (0..20_usize, 0..9_u8, any::<bool>())
            .prop_map(|(nth, urgency, incremental)| Act::Prioritize { nth, urgency, incremental }),
        1 => (0..3000_u64).prop_map(Act::Wait),
        2 => prop_oneof![1..100_usize, 100..20_000_usize].prop_map(Act::Carry),
        1 => Just(Act::Ping),
    ]
}

/// Everything moves octet by octet through small windows: slow, but it ends.
#[test]
fn small_steps_reach_the_end() {
    let setup = Setup {
        client_window: 1,
        server_window: 700,
        streams: 8,
        room: 400,
        hold: true,
        piece: 1,
        pieces: 20_000,
    };
    let wanted = [(3000, 2000, true), (2500, 10, true), (1500, 0, false), (900, 500, false), (0, 300, false)];
    pair(&setup, wanted.map(|(content, answer, trailers)| Act::Open { content, answer, trailers }));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(160) })]

    #[test]
    fn any_operations(
        acts in proptest::collection::vec(act(), 1..24),
        windows in prop_oneof![Just((1_u32, 70_000_u32)), (1..3000_u32, 1..3000_u32), Just((262_144, 262_144))],
        streams in 1..30_u32,
        room in prop_oneof![400..600_usize, 600..70_000_usize],
        hold in any::<bool>(),
        piece in 1..40_000_usize,
    ) {
        let small = acts.iter().all(|act| match act {
            Act::Open { content, answer, .. } => content.max(answer) < &600,
            _ => true,
        });
        let least = if small { 1 } else { 500 };
        let (client_window, server_window) = (windows.0.max(least), windows.1.max(least));
        pair(&Setup { client_window, server_window, streams, room, hold, piece, pieces: 4000 }, acts);
    }
}
