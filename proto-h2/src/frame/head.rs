/// Octets of a frame header.
pub(crate) const HEAD_LEN: usize = 9;

/// A frame header (RFC 9113 section 4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameHead {
    pub(crate) len: u32,
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    /// The reserved bit is ignored: "MUST be ignored when receiving".
    pub(crate) id: u32,
}

impl FrameHead {
    #[inline]
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let &[a, b, c, kind, flags, id @ ..] = bytes.first_chunk::<HEAD_LEN>()?;
        let len = u32::from_be_bytes([0, a, b, c]);
        Some(Self { len, kind, flags, id: u32::from_be_bytes(id) & 0x7fff_ffff })
    }

    #[inline]
    pub(crate) fn to_bytes(self) -> [u8; HEAD_LEN] {
        let [_, a, b, c] = self.len.to_be_bytes();
        let [w, x, y, z] = self.id.to_be_bytes();
        [a, b, c, self.kind, self.flags, w, x, y, z]
    }

    #[inline]
    pub(crate) fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// Frame types (RFC 9113 section 6; RFC 9218 section 7.1).
pub(crate) mod kind {
    pub(crate) const DATA: u8 = 0x0;
    pub(crate) const HEADERS: u8 = 0x1;
    pub(crate) const PRIORITY: u8 = 0x2;
    pub(crate) const RST_STREAM: u8 = 0x3;
    pub(crate) const SETTINGS: u8 = 0x4;
    pub(crate) const PUSH_PROMISE: u8 = 0x5;
    pub(crate) const PING: u8 = 0x6;
    pub(crate) const GOAWAY: u8 = 0x7;
    pub(crate) const WINDOW_UPDATE: u8 = 0x8;
    pub(crate) const CONTINUATION: u8 = 0x9;
    pub(crate) const PRIORITY_UPDATE: u8 = 0x10;
}

/// Frame flags.
pub(crate) mod flag {
    pub(crate) const END_STREAM: u8 = 0x1;
    pub(crate) const ACK: u8 = 0x1;
    pub(crate) const END_HEADERS: u8 = 0x4;
    pub(crate) const PADDED: u8 = 0x8;
    pub(crate) const PRIORITY: u8 = 0x20;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_as_it_is_written() {
        let head = FrameHead { len: 0x01_02_03, kind: 7, flags: 0x29, id: 0x7fff_fffe };
        assert_eq!(head.to_bytes(), *b"\x01\x02\x03\x07\x29\x7f\xff\xff\xfe");
        assert_eq!(FrameHead::read(&head.to_bytes()), Some(head));
        assert_eq!(FrameHead::read(b"\x01\x02\x03\x07\x29\xff\xff\xff\xfe"), Some(head), "reserved bit");
        assert_eq!(FrameHead::read(b"\x01\x02\x03\x07\x29\xff\xff\xff"), None);
        assert!(head.has(flag::END_STREAM) && !head.has(flag::END_HEADERS));
    }
}
