//! Sending binary WebSocket messages into 64 KiB of room that starts anew when it is full.

use std::hint::black_box;

use crate::aligned::Aligned;
use crate::frames::payloads;
use crate::measure::{Case, Contestant, Standing};
#[cfg(feature = "rivals")]
use crate::rivals::{fastwebsockets, tungstenite, yawc};
use crate::{floor, ours};

/// The group's name.
pub const NAME: &str = "ws_send";

/// How much output is gathered before it is flushed.
pub const ROOM: usize = 64 * 1024;

/// Both roles, 16 B to 16 KiB.
pub fn cases() -> Vec<Case> {
    let lengths = [16, 128, 1024, 16 << 10];
    let server = lengths.map(|len| case(false, len));
    let client = lengths.map(|len| case(true, len));
    server.into_iter().chain(client).collect()
}

fn case(client: bool, len: usize) -> Case {
    let payloads = payloads(len);
    Case {
        group: NAME,
        shape: format!("{} {}", crate::size(len), if client { "client" } else { "server" }),
        operations: payloads.len() as u64,
        bytes: len as u64,
        contestants: contestants(&payloads, client),
    }
}

fn contestants(payloads: &[Vec<u8>], client: bool) -> Vec<Contestant> {
    #[allow(unused_mut)] // without rivals
    let mut all = vec![ours::ws::send(payloads, client), floor_of(payloads.to_vec(), client)];
    #[cfg(feature = "rivals")]
    {
        all.push(tungstenite::send(payloads, client));
        all.push(fastwebsockets::send(payloads, client));
        all.extend(yawc::send(payloads, client));
    }
    all
}

fn floor_of(payloads: Vec<Vec<u8>>, client: bool) -> Contestant {
    let mut room = Aligned::zeroed(ROOM);
    let mut key = 0x1357_9bdf_u32;
    Contestant::new("header and copy", Standing::Floor, move || {
        let (mut at, mut tally) = (0, 0);
        for payload in &payloads {
            if room.len() - at < payload.len() + 14 {
                black_box(&room[..at]);
                at = 0;
            }
            // Any key but the last one: the floor is not asked to be unpredictable.
            key = key.wrapping_mul(0x9e37_79b9);
            let key = client.then(|| key.to_ne_bytes());
            at += floor::send(payload, key, &mut room[at..]).unwrap_or(0);
            tally += payload.len() as u64;
        }
        black_box(&room[..at]);
        tally
    })
}
