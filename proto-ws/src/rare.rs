use crate::apart::Apart;
#[cfg(feature = "deflate")]
use crate::deflate::Deflate;
use crate::frame::MAX_CONTROL;

/// What most connections do without: the pong that is owed, and compression. It is made when there is something of it.
#[derive(Debug, Default)]
pub(crate) struct Rare(Option<Apart<Parts>>);

#[derive(Debug)]
struct Parts {
    pong: Pong,
    #[cfg(feature = "deflate")]
    deflate: Option<alloc::boxed::Box<Deflate>>,
}

/// The latest ping's payload, and only that
/// ([RFC 6455 section 5.5.3](https://www.rfc-editor.org/rfc/rfc6455#section-5.5.3) allows to answer only the most
/// recent ping), so pings cost no memory however fast they come.
#[derive(Debug)]
struct Pong {
    payload: [u8; MAX_CONTROL],
    len: u8,
    owed: bool,
}

impl Parts {
    fn none() -> Apart<Self> {
        Apart::new(Self {
            pong: Pong { payload: [0; MAX_CONTROL], len: 0, owed: false },
            #[cfg(feature = "deflate")]
            deflate: None,
        })
    }
}

impl Rare {
    /// A ping came.
    pub(crate) fn owe(&mut self, ping: &[u8]) {
        let pong = &mut self.0.get_or_insert_with(Parts::none).pong;
        if let Some(room) = pong.payload.get_mut(..ping.len()) {
            room.copy_from_slice(ping);
            pong.len = ping.len() as u8; // at most 125
            pong.owed = true;
        }
    }

    /// The payload of the pong that is owed.
    pub(crate) fn owed(&self) -> Option<&[u8]> {
        let pong = self.0.as_ref().map(|parts| &parts.pong).filter(|pong| pong.owed)?;
        pong.payload.get(..pong.len.into())
    }

    /// The pong is written.
    pub(crate) fn clear(&mut self) {
        if let Some(parts) = &mut self.0 {
            parts.pong.owed = false;
        }
    }

    /// Whether messages may be compressed.
    #[inline]
    pub(crate) fn deflates(&self) -> bool {
        #[cfg(feature = "deflate")]
        return self.deflate().is_some();
        #[cfg(not(feature = "deflate"))]
        return false;
    }

    #[cfg(feature = "deflate")]
    #[inline]
    pub(crate) fn deflate(&self) -> Option<&Deflate> {
        self.0.as_ref()?.deflate.as_deref()
    }

    #[cfg(feature = "deflate")]
    #[inline]
    pub(crate) fn deflate_mut(&mut self) -> Option<&mut Deflate> {
        self.0.as_mut()?.deflate.as_deref_mut()
    }

    #[cfg(feature = "deflate")]
    pub(crate) fn set_deflate(&mut self, deflate: Option<Deflate>) {
        if self.0.is_some() || deflate.is_some() {
            self.0.get_or_insert_with(Parts::none).deflate = deflate.map(alloc::boxed::Box::new);
        }
    }
}
