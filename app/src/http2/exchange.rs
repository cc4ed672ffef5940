use proto_core::Instant;
use proto_h2::StreamId;

use super::pace::Pace;
use super::tunnel::Tunnel;
use crate::opening::{Opening, Stage};
use crate::stream::{Control, Protocol};
use crate::transfer::Transfer;

/// One stream of a connection: an exchange of a request and its response, with a session of the application's.
#[derive(Debug)]
pub(super) struct Exchange<S> {
    /// The stream, as the codec calls it; a client's has no identifier before its request is sent.
    pub(super) id: Option<StreamId>,
    /// What the application calls it.
    pub(super) name: u32,
    pub(super) session: Option<S>,
    pub(super) control: Control,
    pub(super) sending: Sending,
    /// The library sends the rest of the response.
    pub(super) library: Library,
    /// Client: it is to become a WebSocket.
    pub(super) opening: Option<Box<Opening>>,
    /// It is a WebSocket.
    pub(super) tunnel: Option<Box<Tunnel>>,
    pub(super) queued: Queued,
    /// The peer's message is complete.
    pub(super) received: bool,
    /// The request is HEAD: its response has no content.
    pub(super) head_request: bool,
    pub(super) expectation: Expectation,
    /// Bytes of content that may still come.
    pub(super) allowed: u64,
    /// The codec knows that the application takes no data.
    pub(super) held: bool,
    /// It was given a turn since credit ran out, to end a body of unknown length.
    pub(super) tried: bool,
    pub(super) receive_pace: Pace,
    pub(super) send_pace: Pace,
}

/// How far this end's message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sending {
    /// The head is to come.
    Head,
    /// Content of a length that was announced: so many bytes are to come.
    Known(u64),
    /// Content of any length.
    Open,
    /// It is complete.
    Done,
}

/// Whether content waits for a `100 Continue`
/// ([RFC 9110 §10.1.1](https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expectation {
    None,
    /// Server: it is due as soon as the application takes data.
    Owed,
    /// Client: it is awaited, until then at most.
    Awaited(Option<Instant>),
}

impl Expectation {
    pub(super) fn is_awaited(self) -> bool {
        matches!(self, Self::Awaited(_))
    }

    /// When it is no longer waited for.
    pub(super) fn due(self) -> Option<Instant> {
        match self {
            Self::Awaited(until) => until,
            Self::None | Self::Owed => None,
        }
    }
}

/// What the library sends in the application's place.
#[derive(Debug)]
pub(super) enum Library {
    Nothing,
    /// The head is sent.
    Text(&'static str),
    File(Transfer),
}

/// Where a stream waits for its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Queued {
    No,
    /// In the queue of those whose turn needs no credit.
    Ready,
    /// It wrote nothing in the last turn.
    Aside,
    /// With the codec, until there is credit.
    Credit,
}

impl<S> Exchange<S> {
    pub(super) fn new(id: Option<StreamId>, name: u32) -> Self {
        Self {
            id,
            name,
            session: None,
            control: Control::default(),
            sending: Sending::Head,
            library: Library::Nothing,
            opening: None,
            tunnel: None,
            queued: Queued::No,
            received: false,
            head_request: false,
            expectation: Expectation::None,
            allowed: u64::MAX,
            held: false,
            tried: false,
            receive_pace: Pace::STOPPED,
            send_pace: Pace::STOPPED,
        }
    }

    pub(super) fn protocol(&self) -> Protocol {
        if self.tunnel.is_some() { Protocol::WebSocket } else { Protocol::Http2 }
    }

    /// Whether the library answers in the application's place, or is about to.
    pub(super) fn is_answered_by_library(&self) -> bool {
        !matches!(self.library, Library::Nothing) || self.control.asked().answer.is_some()
    }

    /// Whether somebody has something to say.
    pub(super) fn wants_turn(&self) -> bool {
        // Before the handshake is answered nothing of the application's goes out.
        if let Some(opening) = &self.opening {
            return opening.stage == Stage::Due || self.control.asked().close.is_some();
        }
        // A WebSocket that has ended its side says nothing more.
        if self.tunnel.is_some() && self.sending == Sending::Done {
            return false;
        }
        let library = match &self.library {
            Library::Nothing => false,
            Library::Text(_) => true,
            Library::File(transfer) => transfer.wants_write(),
        };
        let wants = self.control.want_write && !self.expectation.is_awaited();
        let owes = self.expectation == Expectation::Owed && !self.control.held;
        let application = self.session.is_some() && (wants || owes);
        let tunnel = self.tunnel.as_ref().is_some_and(|tunnel| tunnel.wants_turn());
        library || application || tunnel || self.is_urgent()
    }

    /// Whether it wants to say what ends the stream or begins its answer.
    pub(super) fn is_urgent(&self) -> bool {
        self.control.asked().answer.is_some() || self.control.asked().close.is_some()
    }

    /// Whether a turn is of use only with credit.
    pub(super) fn needs_credit(&self, capacity: u32) -> bool {
        if let Some(tunnel) = &self.tunnel {
            // The end of the stream alone needs none.
            return !tunnel.socket.wants().close;
        }
        if self.is_urgent() {
            return false;
        }
        match (&self.library, self.sending) {
            (Library::File(transfer), _) => transfer.is_sending(),
            (_, Sending::Known(_)) => true,
            // The end of a body whose length was not announced needs none.
            (_, Sending::Open) => capacity > 0 || self.tried,
            (_, Sending::Head | Sending::Done) => false,
        }
    }

    /// The earliest of its deadlines.
    pub(super) fn due(&self) -> Option<Instant> {
        let timer = self.control.asked().timer.filter(|_| self.session.is_some());
        let tunnel = self.tunnel.as_ref().and_then(|tunnel| tunnel.socket.poll_timeout());
        let tunnel = tunnel.map(|deadline| deadline.at);
        let own = [self.receive_pace.due(), self.send_pace.due(), self.expectation.due()];
        let opening = self.opening.as_ref().and_then(|opening| opening.due);
        own.into_iter().chain([timer, tunnel, opening]).flatten().min()
    }
}

/// The streams of a connection: places that are used again, found by the codec's identifiers.
///
/// It grows with the number of streams at a time, which the codec limits, and keeps what it has.
#[derive(Debug)]
pub(super) struct Exchanges<S> {
    places: Vec<Option<Exchange<S>>>,
    free: Vec<u16>,
    /// Identifiers with their places, in ascending order.
    index: Vec<(StreamId, u16)>,
}

impl<S> Exchanges<S> {
    pub(super) const fn new() -> Self {
        Self { places: Vec::new(), free: Vec::new(), index: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn get_mut(&mut self, place: u16) -> Option<&mut Exchange<S>> {
        self.places.get_mut(usize::from(place))?.as_mut()
    }

    pub(super) fn find(&self, id: StreamId) -> Option<u16> {
        let at = self.index.binary_search_by_key(&id, |&(id, _)| id).ok()?;
        self.index.get(at).map(|&(_, place)| place)
    }

    /// All that there are, with their places.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (u16, &mut Exchange<S>)> {
        (0..).zip(&mut self.places).filter_map(|(place, exchange)| Some((place, exchange.as_mut()?)))
    }

    /// How many places there are, free ones included.
    pub(super) fn places(&self) -> u16 {
        self.places.len() as u16 // `insert` makes no more
    }

    /// Adds one and says where it is; `None` when there are 65,535.
    pub(super) fn insert(&mut self, exchange: Exchange<S>) -> Option<u16> {
        let id = exchange.id;
        let place = match self.free.pop() {
            Some(place) => {
                *self.places.get_mut(usize::from(place))? = Some(exchange);
                place
            }
            None => {
                let place = u16::try_from(self.places.len()).ok().filter(|&place| place != u16::MAX)?;
                self.places.push(Some(exchange));
                place
            }
        };
        if let Some(id) = id {
            self.link(id, place);
        }
        Some(place)
    }

    /// Gives the exchange at `place` the identifier of the stream that was opened for it.
    pub(super) fn link(&mut self, id: StreamId, place: u16) {
        let at = self.index.partition_point(|&(before, _)| before < id);
        self.index.insert(at, (id, place));
    }

    pub(super) fn remove(&mut self, place: u16) -> Option<Exchange<S>> {
        let exchange = self.places.get_mut(usize::from(place))?.take()?;
        if let Some(id) = exchange.id
            && let Ok(at) = self.index.binary_search_by_key(&id, |&(id, _)| id)
        {
            self.index.remove(at);
        }
        self.free.push(place);
        Some(exchange)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_used_again_and_found_by_identifier() {
        let mut exchanges = Exchanges::<()>::new();
        let id = |id| StreamId::from_wire(id).unwrap();
        let add = |exchanges: &mut Exchanges<()>, name| exchanges.insert(Exchange::new(Some(id(name)), name));
        assert_eq!([1, 3, 5].map(|name| add(&mut exchanges, name)), [Some(0), Some(1), Some(2)]);
        assert_eq!(exchanges.remove(1).map(|exchange| exchange.name), Some(3));
        assert_eq!((exchanges.find(id(3)), exchanges.len()), (None, 2));
        assert_eq!(add(&mut exchanges, 7), Some(1));
        assert_eq!([1, 5, 7].map(|name| exchanges.find(id(name))), [Some(0), Some(2), Some(1)]);
        assert!(exchanges.iter_mut().map(|(place, it)| (place, it.name)).eq([(0, 1), (1, 7), (2, 5)]));
        assert_eq!(exchanges.places(), 3);
    }
}
