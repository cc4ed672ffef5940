use crate::ErrorCode;

/// What the protocol itself has to say, in the order in which it came up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply {
    /// The peer's table size comes with it, which counts from there on.
    SettingsAck {
        table: u32,
    },
    Pong([u8; 8]),
    Ping([u8; 8]),
    Reset {
        id: u32,
        code: ErrorCode,
    },
    Window {
        id: u32,
        increment: u32,
    },
    /// A response with status 431; the request may still be coming.
    TooLarge {
        id: u32,
        reset: bool,
    },
    GoAway {
        last: u32,
        code: ErrorCode,
    },
}

const ROOM: usize = 16;

/// A short queue of replies. Input is processed only while there is room in it for the replies to one frame, so
/// nothing is lost and nothing grows: a peer that does not read is not read from.
#[derive(Debug)]
pub(crate) struct Replies {
    ring: [Reply; ROOM],
    first: u8,
    len: u8,
}

impl Replies {
    pub(crate) const fn new() -> Self {
        Self { ring: [Reply::SettingsAck { table: 0 }; ROOM], first: 0, len: 0 }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline]
    pub(crate) fn room(&self) -> usize {
        ROOM - usize::from(self.len)
    }

    /// Adds what the application asks for, unless only the place for a last GOAWAY is left; `false` then.
    pub(crate) fn push_asked(&mut self, reply: Reply) -> bool {
        self.room() > 1 && self.push(reply)
    }

    /// Adds a reply; `false` when there is no room.
    pub(crate) fn push(&mut self, reply: Reply) -> bool {
        if self.room() == 0 {
            return false;
        }
        self.ring[(usize::from(self.first) + usize::from(self.len)) % ROOM] = reply;
        self.len += 1;
        true
    }

    pub(crate) fn first(&self) -> Option<Reply> {
        (self.len > 0).then(|| self.ring[usize::from(self.first) % ROOM])
    }

    pub(crate) fn pop(&mut self) {
        if self.len > 0 {
            self.first = (self.first + 1) % ROOM as u8;
            self.len -= 1;
        }
    }
}
