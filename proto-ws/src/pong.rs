use crate::apart::Apart;
use crate::frame::MAX_CONTROL;

/// The pong that is owed: the latest ping's payload, and only that
/// ([RFC 6455 section 5.5.3](https://www.rfc-editor.org/rfc/rfc6455#section-5.5.3) allows to answer only the most
/// recent ping), so pings cost no memory however fast they come.
///
/// It is made when the first ping comes and kept for the next.
#[derive(Debug, Default)]
pub(crate) struct Pong(Option<Apart<Latest>>);

#[derive(Debug)]
struct Latest {
    payload: [u8; MAX_CONTROL],
    len: u8,
    owed: bool,
}

impl Pong {
    /// A ping came.
    pub(crate) fn owe(&mut self, ping: &[u8]) {
        let none = || Apart::new(Latest { payload: [0; MAX_CONTROL], len: 0, owed: false });
        let latest = self.0.get_or_insert_with(none);
        if let Some(room) = latest.payload.get_mut(..ping.len()) {
            room.copy_from_slice(ping);
            latest.len = ping.len() as u8; // at most 125
            latest.owed = true;
        }
    }

    /// The payload of the pong that is owed.
    pub(crate) fn owed(&self) -> Option<&[u8]> {
        let latest = self.0.as_ref().filter(|latest| latest.owed)?;
        latest.payload.get(..latest.len.into())
    }

    /// The pong is written.
    pub(crate) fn clear(&mut self) {
        if let Some(latest) = &mut self.0 {
            latest.owed = false;
        }
    }
}
