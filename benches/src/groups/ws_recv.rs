//! Receiving masked WebSocket frames as a server: a receive buffer of 32 KiB full of frames of one length.
//!
//! Ours is timed in place, which is how a driver uses it, and once more with the copy out of a socket's memory that
//! every rival includes.

use crate::aligned::Aligned;
use crate::frames::{Content, Frames};
use crate::measure::{Case, Contestant, Standing};
#[cfg(feature = "rivals")]
use crate::rivals::{fastwebsockets, tungstenite, yawc};
use crate::{floor, ours};

/// The group's name.
pub const NAME: &str = "ws_recv";

/// Binary from 16 B to 1 MiB, text from 128 B to 16 KiB.
pub fn cases() -> Vec<Case> {
    let binary = [16, 128, 1024, 16 << 10, 256 << 10, 1 << 20].map(|len| case(Content::Binary, len));
    let ascii = [128, 1024, 16 << 10].map(|len| case(Content::Ascii, len));
    let mixed = [1024, 16 << 10].map(|len| case(Content::Mixed, len));
    binary.into_iter().chain(ascii).chain(mixed).collect()
}

fn case(content: Content, payload: usize) -> Case {
    let frames = Frames::new(content, payload);
    Case {
        group: NAME,
        shape: format!("{} {}", crate::size(payload), content.name()),
        operations: frames.count,
        bytes: frames.wire.len() as u64 / frames.count,
        contestants: contestants(&frames),
    }
}

fn contestants(frames: &Frames) -> Vec<Contestant> {
    #[allow(unused_mut)] // without rivals
    let mut all = vec![
        ours::ws::receive(frames),
        ours::ws::receive_copied(frames),
        floor_in_place(frames),
        floor_copied(frames),
    ];
    #[cfg(feature = "rivals")]
    {
        all.push(tungstenite::receive(frames));
        all.push(fastwebsockets::receive(frames));
        all.extend(yawc::receive(frames));
    }
    all
}

fn floor_in_place(frames: &Frames) -> Contestant {
    let (mut wire, text) = (Aligned::copy(&frames.wire), frames.content != Content::Binary);
    Contestant::new("floor in place", Standing::Floor, move || floor::receive(&mut wire, text))
}

fn floor_copied(frames: &Frames) -> Contestant {
    let (wire, text) = (Aligned::copy(&frames.wire), frames.content != Content::Binary);
    let mut room = Aligned::zeroed(frames.payload);
    Contestant::new("floor copied", Standing::Floor, move || floor::receive_copied(&wire, &mut room, text))
}
