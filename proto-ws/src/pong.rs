use crate::apart::Apart;
use crate::frame::MAX_CONTROL;

/// The pong that is owed: the latest ping's payload, and only that
/// ([RFC 6455 section 5.5.3](https://www.rfc-editor.org/rfc/rfc6455#section-5.5.3) allows to answer only the most
/// recent ping), so pings cost no memory however fast they come.
#[derive(Debug, Default)]
pub(crate) struct Pong {
    owed: bool,
    /// Made when the first ping with a payload comes, kept for the next.
    payload: Option<Apart<Payload>>,
}

#[derive(Debug)]
struct Payload {
    bytes: [u8; MAX_CONTROL],
    len: u8,
}

impl Pong {
    /// A ping came.
    pub(crate) fn owe(&mut self, ping: &[u8]) {
        self.owed = true;
        if ping.is_empty() && self.payload.is_none() {
            return;
        }
        let payload =
            self.payload.get_or_insert_with(|| Apart::new(Payload { bytes: [0; MAX_CONTROL], len: 0 }));
        if let Some(room) = payload.bytes.get_mut(..ping.len()) {
            room.copy_from_slice(ping);
            payload.len = ping.len() as u8; // at most 125
        }
    }

    #[inline]
    pub(crate) fn is_owed(&self) -> bool {
        self.owed
    }

    pub(crate) fn payload(&self) -> &[u8] {
        self.payload.as_ref().and_then(|payload| payload.bytes.get(..payload.len.into())).unwrap_or_default()
    }

    pub(crate) fn clear(&mut self) {
        self.owed = false;
    }
}
