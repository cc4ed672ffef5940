use core::fmt;

use super::backend::{Deflate as _, Deflater, Inflate as _, Inflater, Settings};
use super::{DeflateConfig, NAME, Offer};
use crate::Side;
use crate::handshake::Extension;

/// What both ends agreed on, with what this end makes of it: the value of
/// [`Config::deflate`](crate::Config::deflate). `Display` writes the server's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreement {
    answer: Offer,
    server: Direction,
    client: Direction,
    config: DeflateConfig,
}

/// How one direction is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Direction {
    pub(crate) takeover: bool,
    pub(crate) bits: u8,
}

impl DeflateConfig {
    /// Server: agrees to the first of the offers that can be agreed to. Offers of other extensions are passed over,
    /// offers with parameters that are unknown, repeated or ill-formed declined
    /// ([section 5.1](https://www.rfc-editor.org/rfc/rfc7692#section-5.1)).
    pub fn accept<'a>(&self, offers: impl IntoIterator<Item = Extension<'a>>) -> Option<Agreement> {
        let config = self.clamped();
        let mut offers = offers.into_iter().filter(|offer| offer.name == NAME);
        let offer = offers.find_map(|offer| Offer::parse(&offer))?;
        // section 7.1.1: what the client asks for is in the answer, and what this server wants of its own accord
        let server_no_context_takeover =
            offer.server_no_context_takeover || config.server_no_context_takeover;
        let client_no_context_takeover =
            offer.client_no_context_takeover || config.client_no_context_takeover;
        let bits = config.server_max_window_bits.min(offer.server_max_window_bits.unwrap_or(15));
        let server_max_window_bits =
            Some(bits).filter(|&bits| bits < 15 || offer.server_max_window_bits.is_some());
        //= https://www.rfc-editor.org/rfc/rfc7692#section-7.1.2.2
        //# the server MUST NOT include the "client_max_window_bits" extension parameter
        let client_max_window_bits = offer.client_max_window_bits.and_then(|hint| {
            let bits = config.client_max_window_bits.min(hint.unwrap_or(15));
            Some(Some(bits)).filter(|_| bits < 15 || hint.is_some())
        });
        let answer = Offer {
            server_no_context_takeover,
            client_no_context_takeover,
            server_max_window_bits,
            client_max_window_bits,
        };
        Some(Agreement { answer, server: answer.server(), client: answer.client(), config })
    }

    /// Client: what to offer. The server may always ask for a smaller window than offered.
    pub fn offer(&self) -> Offer {
        let config = self.clamped();
        let restricted = |bits: u8| Some(bits).filter(|&bits| bits < 15);
        Offer {
            server_no_context_takeover: config.server_no_context_takeover,
            client_no_context_takeover: config.client_no_context_takeover,
            server_max_window_bits: restricted(config.server_max_window_bits),
            client_max_window_bits: Some(restricted(config.client_max_window_bits)),
        }
    }

    /// The most that a connection on `side` will keep by an agreement to this: see [`Agreement::memory`].
    pub fn memory(&self, side: Side) -> usize {
        let answer = self.offer();
        let (server, client) = (answer.server(), answer.client());
        Agreement { answer, server, client, config: self.clamped() }.memory(side)
    }

    /// Client: checks the server's answer to [`offer`](Self::offer). `None`: the extension was declined.
    ///
    /// # Errors
    /// The answer is not one to that offer: the connection is to fail
    /// ([section 7](https://www.rfc-editor.org/rfc/rfc7692#section-7)).
    pub fn check<'a>(
        &self,
        answers: impl IntoIterator<Item = Extension<'a>>,
    ) -> Result<Option<Agreement>, NegotiationError> {
        let offered = self.offer();
        let mut answers = answers.into_iter().filter(|answer| answer.name == NAME);
        let Some(answer) = answers.next() else { return Ok(None) };
        if answers.next().is_some() {
            return Err(NegotiationError::Repeated);
        }
        let answer = Offer::parse(&answer).ok_or(NegotiationError::Parameters)?;
        // sections 7.1.1.1 and 7.1.2.1: a server accepts what is asked of it by repeating it
        if offered.server_no_context_takeover && !answer.server_no_context_takeover {
            return Err(NegotiationError::ServerTakeover);
        }
        if let Some(most) = offered.server_max_window_bits
            && answer.server_max_window_bits.is_none_or(|bits| bits > most)
        {
            return Err(NegotiationError::ServerWindow);
        }
        match answer.client_max_window_bits {
            None => {}
            // section 7.1.2.2: in an answer it has a value, and no greater one than was offered
            Some(Some(bits)) if bits <= offered.client_max_window_bits.flatten().unwrap_or(15) => {}
            Some(_) => return Err(NegotiationError::ClientWindow),
        }
        let mut client = answer.client();
        // sections 7.1.1.2 and 7.1.2.2: what the client hints at it does, whether or not the server repeats it
        client.takeover &= !offered.client_no_context_takeover;
        client.bits = client.bits.min(self.clamped().client_max_window_bits);
        Ok(Some(Agreement { answer, server: answer.server(), client, config: self.clamped() }))
    }
}

impl Offer {
    const fn server(&self) -> Direction {
        let bits = match self.server_max_window_bits {
            Some(bits) => bits,
            None => 15,
        };
        Direction { takeover: !self.server_no_context_takeover, bits }
    }

    const fn client(&self) -> Direction {
        let bits = match self.client_max_window_bits {
            Some(Some(bits)) => bits,
            _ => 15,
        };
        Direction { takeover: !self.client_no_context_takeover, bits }
    }
}

impl Agreement {
    /// The server's answer.
    pub const fn answer(&self) -> Offer {
        self.answer
    }

    /// The heap bytes that a connection on `side` keeps between messages once both directions were used: nothing in
    /// a direction without context takeover.
    pub fn memory(&self, side: Side) -> usize {
        let incoming = self.direction(side.other());
        let outgoing = self.direction(side);
        let settings = Settings::new(&self.config, outgoing.bits);
        let inflater = if incoming.takeover { Inflater::needs(incoming.bits) } else { 0 };
        let deflater = if outgoing.takeover { Deflater::needs(settings) } else { 0 };
        inflater + deflater
    }

    /// How what `side` sends is compressed.
    pub(crate) const fn direction(&self, side: Side) -> Direction {
        match side {
            Side::Server => self.server,
            Side::Client => self.client,
        }
    }

    pub(crate) const fn config(&self) -> &DeflateConfig {
        &self.config
    }
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.answer.fmt(f)
    }
}

/// Why a server's answer is not one to what was offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NegotiationError {
    /// The extension is there twice.
    Repeated,
    /// A parameter is unknown, repeated or ill-formed.
    Parameters,
    /// The server was asked for `server_no_context_takeover` and does not agree to it.
    ServerTakeover,
    /// The server does not agree to the window it was asked to keep to.
    ServerWindow,
    /// The server asks for a larger window than was offered, or names none.
    ClientWindow,
}

impl fmt::Display for NegotiationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Repeated => "permessage-deflate was accepted twice",
            Self::Parameters => {
                "permessage-deflate was accepted with unknown, repeated or ill-formed parameters"
            }
            Self::ServerTakeover => "the server does not agree to server_no_context_takeover",
            Self::ServerWindow => "the server does not agree to server_max_window_bits",
            Self::ClientWindow => {
                "the server answered client_max_window_bits with a value that was not offered"
            }
        })
    }
}

impl core::error::Error for NegotiationError {}
