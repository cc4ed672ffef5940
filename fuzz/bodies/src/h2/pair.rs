//! A client and a server that talk to one another.

use arbitrary::Arbitrary;
use proto_h2::story::{self, Setup};

use crate::calls::calls;
use crate::knobs;

#[derive(Debug, Arbitrary)]
enum Act {
    /// Opens a stream with content of this length, to be answered with content of that length.
    Open {
        content: u16,
        answer: u16,
        trailers: bool,
    },
    Reset {
        nth: u8,
        by_client: bool,
    },
    Prioritize {
        nth: u8,
        urgency: u8,
        incremental: bool,
    },
    Wait {
        millis: u16,
    },
    Carry {
        octets: u16,
    },
    Ping,
}

impl From<Act> for story::Act {
    fn from(act: Act) -> Self {
        match act {
            Act::Open { content, answer, trailers } => {
                Self::Open { content: content.into(), answer: answer.into(), trailers }
            }
            Act::Reset { nth, by_client } => Self::Reset { nth: nth.into(), by_client },
            Act::Prioritize { nth, urgency, incremental } => {
                Self::Prioritize { nth: nth.into(), urgency, incremental }
            }
            Act::Wait { millis } => Self::Wait(millis.into()),
            Act::Carry { octets } => Self::Carry(usize::from(octets) + 1),
            Act::Ping => Self::Ping,
        }
    }
}

/// The first bytes choose windows, streams, room and pieces. What is sent on streams that nobody resets arrives whole,
/// neither finds fault with the other, and in the end nothing is open.
pub fn pair(data: &[u8]) {
    let ([windows, streams, room, piece], data) = knobs(data);
    let window = 500 + u32::from(windows) * 1_024;
    let setup = Setup {
        client_window: window,
        server_window: window,
        streams: u32::from(streams % 32) + 1,
        room: 400 + usize::from(room) * 64,
        hold: windows & 1 == 1,
        piece: usize::from(piece) * 16 + 1,
        pieces: 400,
    };
    story::pair(&setup, calls::<Act>(data, 24).into_iter().map(story::Act::from));
}
