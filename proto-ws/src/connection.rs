use proto_core::{Budget, Codec, Deadline, Instant, Step, Wants, WriteBuf};

use crate::apart::Apart;
use crate::close::Local;
use crate::incoming::{Incoming, Phase};
use crate::keepalive::{Clock, Due};
use crate::rare::Rare;
use crate::send::Masking;
use crate::{CloseCode, Config, Error, Event, Kind, Outcome, Reserved};

/// Which end of the connection this is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The server: its frames are not masked, and it closes the transport first.
    Server,
    /// The client.
    Client {
        /// 16 bytes from a good random source, new for each connection and kept secret: the masking keys are
        /// derived from it, and they must be unpredictable
        /// ([section 10.3](https://www.rfc-editor.org/rfc/rfc6455#section-10.3)).
        mask_seed: [u8; 16],
    },
}

impl core::fmt::Debug for Role {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Server => "Server",
            Self::Client { .. } => "Client { mask_seed: .. }",
        })
    }
}

/// One of the two ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The client.
    Client,
    /// The server.
    Server,
}

impl Side {
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// A WebSocket connection after the opening handshake.
///
/// The [crate's front page](crate) shows an exchange. `receive`, `transmit`, `wants` and the timeouts are those of
/// [`Codec`]; `send`, `send_message`, `prefix`, `ping`, `pong` and `close` write at once what they are given.
#[derive(Debug)]
pub struct Connection {
    pub(crate) incoming: Incoming,
    /// How a client masks.
    pub(crate) masking: Option<Apart<Masking>>,
    /// The kind of the message that is being sent, while inside one.
    pub(crate) sending: Option<Kind>,
    pub(crate) clock: Clock,
    pub(crate) control: Budget,
    pub(crate) rare: Rare,
    pub(crate) local: Local,
    /// The code of the peer's Close frame.
    pub(crate) remote: Option<CloseCode>,
    /// Who closes; meaningful once either has begun to.
    pub(crate) initiator: Side,
    /// The transport is of no more use.
    pub(crate) over: bool,
}

impl Connection {
    /// A connection whose opening handshake is complete, by [`handshake`](crate::handshake) or elsewhere.
    pub fn new(role: Role, config: Config) -> Self {
        let (side, mask_seed) = match role {
            Role::Server => (Side::Server, None),
            Role::Client { mask_seed } => (Side::Client, Some(mask_seed)),
        };
        let limits = config.limits;
        #[cfg_attr(not(feature = "deflate"), expect(unused_mut))]
        let mut rare = Rare::default();
        #[cfg(feature = "deflate")]
        rare.set_deflate(
            config.deflate.map(|agreement| crate::deflate::Deflate::new(&agreement, side, &limits)),
        );
        Self {
            incoming: Incoming::new(side, claimed(&config), &limits),
            masking: mask_seed.map(|seed| Apart::new(Masking::new(seed))),
            sending: None,
            clock: Clock::new(config.keep_alive, config.close_timeout),
            control: Budget::new(limits.control_burst, limits.control_per_second),
            rare,
            local: Local::Open,
            remote: None,
            initiator: side,
            over: false,
        }
    }

    /// Which end this is.
    pub fn side(&self) -> Side {
        self.incoming.side
    }

    /// Whether messages can be sent: neither side has begun to close and nothing has failed.
    pub fn is_open(&self) -> bool {
        self.local == Local::Open
    }

    /// How the connection ended; `None` while it has not. An orderly end is known once both Close frames went
    /// over, before the transport ends.
    pub fn outcome(&self) -> Option<Outcome> {
        match self.incoming.phase {
            Phase::Failed(Error::TransportEnded) => Some(Outcome::PeerGone),
            Phase::Failed(Error::CloseTimeout) => Some(Outcome::Timeout),
            Phase::Failed(Error::Silent) => Some(Outcome::Silent),
            Phase::Failed(error) => Some(Outcome::ProtocolError(error)),
            Phase::Closed if self.local == Local::Done => {
                Some(Outcome::Clean { code: self.remote, initiator: self.initiator })
            }
            Phase::Closed | Phase::Head | Phase::Payload => None,
        }
    }

    /// Tells that the transport has ended: see [`Codec::receive_eof`].
    ///
    /// # Errors
    /// [`Error::TransportEnded`] when no Close frame came before.
    pub fn receive_eof(&mut self) -> Result<Option<Event<'static>>, Error> {
        match self.incoming.phase {
            Phase::Closed => self.over = true,
            Phase::Failed(error) => return Err(error),
            Phase::Head | Phase::Payload => return Err(self.fail(Error::TransportEnded)),
        }
        Ok(None)
    }

    /// What to do next: see [`Codec::wants`].
    ///
    /// After both Close frames a server wants the transport closed at once and a client waits for it
    /// ([section 7.1.1](https://www.rfc-editor.org/rfc/rfc6455#section-7.1.1)), no longer than
    /// [`Config::close_timeout`]. After a fault too the Close frame is to reach the peer: a TCP transport that is
    /// closed over unread input may lose it, so shut down its sending half first and drain it.
    pub fn wants(&self) -> Wants {
        let owes_close = self.local == Local::Owes;
        let inside = self.is_inside_payload();
        match self.incoming.phase {
            Phase::Head | Phase::Payload => {
                Wants { read: true, write: self.owes_control() && !inside, close: false }
            }
            Phase::Closed => {
                let close = !owes_close && (self.over || self.incoming.side == Side::Server);
                Wants { read: !owes_close && !close, write: owes_close && !inside, close }
            }
            Phase::Failed(_) => Wants { read: false, write: owes_close && !inside, close: !owes_close },
        }
    }

    /// The next deadline: see [`Codec::poll_timeout`]. May change after `handle_timeout`, `close` and `receive`.
    pub fn poll_timeout(&self) -> Option<Deadline> {
        if self.wants().close { None } else { self.clock.deadline(!self.is_open()) }
    }

    /// Tells the time: see [`Codec::handle_timeout`].
    pub fn handle_timeout(&mut self, now: Instant) {
        self.control.refill(now);
        #[cfg(feature = "deflate")]
        if let Some(deflate) = self.rare.deflate_mut() {
            deflate.inflation.expansion.refill(now);
        }
        if self.wants().close {
            return;
        }
        match self.clock.tell(now, !self.is_open()) {
            Due::Nothing => {}
            Due::HangUp => drop(self.fail(Error::Silent)),
            Due::CloseTimeout => self.give_up_closing(),
        }
    }

    /// The most bytes `receive` needs to see at once: a control frame, header and payload.
    pub fn min_input(&self) -> usize {
        match self.incoming.side {
            Side::Server => 2 + 4 + 125,
            Side::Client => 2 + 125,
        }
    }

    /// The connection fails: a Close frame becomes due if the error has a code and none was sent.
    #[cold]
    pub(crate) fn fail(&mut self, error: Error) -> Error {
        if self.is_open() {
            self.clock.closing();
        }
        self.incoming.phase = Phase::Failed(error);
        self.local = match error.close_code() {
            Some(_) if self.local == Local::Open => Local::Owes,
            _ => Local::Done,
        };
        error
    }

    fn owes_control(&self) -> bool {
        self.is_open() && (self.rare.owed().is_some() || self.clock.ping_owed)
    }

    fn give_up_closing(&mut self) {
        self.over = true;
        match self.incoming.phase {
            // both went over, only the transport did not end
            Phase::Closed if self.local == Local::Done => {}
            // the fault is what ended the connection, even if the peer could not be told
            Phase::Failed(_) => self.local = Local::Done,
            Phase::Closed | Phase::Head | Phase::Payload => drop(self.fail(Error::CloseTimeout)),
        }
    }
}

/// The reserved bits that the peer may set.
fn claimed(config: &Config) -> Reserved {
    #[cfg(feature = "deflate")]
    if config.deflate.is_some() {
        return config.reserved.with(Reserved::RSV1);
    }
    config.reserved
}

impl Codec for Connection {
    type Event<'b> = Event<'b>;
    type Error = Error;

    #[inline]
    fn receive<'b>(
        &mut self,
        input: &'b mut [u8],
        scratch: &'b mut [u8],
    ) -> Result<Step<Self::Event<'b>>, Self::Error> {
        Self::receive(self, input, scratch)
    }

    fn receive_eof(&mut self) -> Result<Option<Self::Event<'static>>, Self::Error> {
        Self::receive_eof(self)
    }

    fn transmit(&mut self, out: &mut WriteBuf<'_>) {
        Self::transmit(self, out);
    }

    fn wants(&self) -> Wants {
        Self::wants(self)
    }

    fn poll_timeout(&self) -> Option<Deadline> {
        Self::poll_timeout(self)
    }

    fn handle_timeout(&mut self, now: Instant) {
        Self::handle_timeout(self, now);
    }

    fn min_input(&self) -> usize {
        Self::min_input(self)
    }
}
