//! Frames of a client, received by a server: from bytes to events, with stream states, flow control and what is to be
//! replied. Nanoseconds per frame; the data is passed over unread.

use std::hint::black_box;

use crate::h2_wire::Wire;
use crate::measure::{Case, Contestant, Standing};
use crate::ours;
#[cfg(feature = "rivals")]
use crate::rivals::h2;
#[cfg(feature = "rivals-nghttp2")]
use crate::rivals::nghttp2_session;

/// The group's name.
pub const NAME: &str = "h2_frames";

/// Every kind and mix.
pub fn cases() -> Vec<Case> {
    let case = |wire: &Wire| Case {
        group: NAME,
        shape: wire.name.clone(),
        operations: wire.count,
        bytes: 0,
        contestants: contestants(wire),
    };
    Wire::all().iter().map(case).collect()
}

fn contestants(wire: &Wire) -> Vec<Contestant> {
    #[allow(unused_mut)] // without rivals
    let mut all = vec![ours::h2::frames(wire), walk(wire)];
    #[cfg(feature = "rivals-nghttp2")]
    all.push(nghttp2_session::frames(wire));
    #[cfg(feature = "rivals")]
    all.push(h2::frames(wire));
    all
}

/// From one frame header to the next.
fn walk(wire: &Wire) -> Contestant {
    let (frames, tally) = (wire.frames.clone(), wire.tally);
    Contestant::new("walk", Standing::Floor, move || {
        let mut rest = black_box(&frames[..]);
        let mut seen = 0;
        while let [a, b, c, kind, _, _, _, _, _, payload @ ..] = rest {
            let len = u32::from_be_bytes([0, *a, *b, *c]) as usize;
            seen += match kind {
                0 => len as u64,
                1 => 1,
                _ => 0,
            };
            rest = payload.get(len..).unwrap_or_default();
        }
        if seen == tally { seen } else { 0 }
    })
}
