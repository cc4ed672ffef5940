/// The identifier of a stream: odd for those that the client opens, even for pushes, below 2^31 (RFC 9113 section
/// 5.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub(crate) u32);

impl StreamId {
    /// The stream with this number; `None` for 0, which is the connection, and for 2^31 and above.
    pub const fn from_wire(id: u32) -> Option<Self> {
        if id == 0 || id > i32::MAX as u32 { None } else { Some(Self(id)) }
    }

    /// The number.
    pub const fn value(self) -> u32 {
        self.0
    }
}

impl core::fmt::Display for StreamId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}", self.0)
    }
}
