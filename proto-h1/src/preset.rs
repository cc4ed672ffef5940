use proto_core::{Full, SendError, WriteBuf};

use crate::Field;
use crate::encode::put_field;

/// What depends on the message, and so cannot be encoded before.
const OWN: &[&[u8]] = &[b"content-length", b"transfer-encoding", b"connection", b"upgrade"];

/// Enough for a Date and a short Server.
const SHORT: usize = 64;

/// Field lines that are checked and encoded once and go with many responses: Date and Server, say.
///
/// ```
/// use proto_h1::{Field, Preset};
/// let preset = Preset::new(&[Field::new("Server", "sanswire")])?;
/// assert_eq!(preset.as_bytes(), b"Server: sanswire\r\n");
/// assert!(Preset::new(&[Field::new("Server", "a\r\nb")]).is_err());
/// # Ok::<(), proto_core::SendError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preset {
    bytes: [u8; Self::SIZE],
    len: u8,
}

impl Preset {
    /// The most bytes that the lines may have, line ends included.
    pub const SIZE: usize = 160;

    /// No lines.
    pub const EMPTY: Self = Self { bytes: [0; Self::SIZE], len: 0 };

    /// The lines of `fields`.
    ///
    /// # Errors
    /// [`SendError::Full`] when they are longer than [`SIZE`](Self::SIZE); [`SendError::Misuse`] for a field that
    /// cannot be sent, frames the message or speaks of the connection.
    pub fn new(fields: &[Field<'_>]) -> Result<Self, SendError> {
        let mut preset = Self::EMPTY;
        let mut out = WriteBuf::new(&mut preset.bytes);
        for field in fields {
            if OWN.iter().any(|name| field.name.eq_ignore_ascii_case(name)) {
                return Err(SendError::Misuse);
            }
            put_field(field, &mut out)?;
        }
        preset.len = out.len() as u8; // at most SIZE
        Ok(preset)
    }

    /// The lines as they go on the wire.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len.into()).unwrap_or_default()
    }

    #[inline(always)]
    pub(crate) fn put(&self, out: &mut WriteBuf<'_>) -> Result<(), Full> {
        let (short, long) = (self.bytes.first_chunk::<SHORT>(), &self.bytes);
        match short {
            Some(short) if usize::from(self.len) <= SHORT => out.put_front(short, self.len.into()),
            _ => out.put_front(long, self.len.into()),
        }
    }
}

impl Default for Preset {
    fn default() -> Self {
        Self::EMPTY
    }
}
