//! permessage-deflate: what is agreed to, and the memory that the connections of a thread share for it.

use proto_ws::deflate::{Agreement, DeflateConfig, Pool};
use proto_ws::handshake::Extension;
use proto_ws::{Connection, Side};

use crate::message::{Acceptance, Request};

/// What a thread has for it.
#[derive(Debug)]
pub(crate) struct Deflating {
    config: Option<DeflateConfig>,
    pool: Pool,
}

impl Deflating {
    pub(crate) fn new(config: Option<DeflateConfig>, memory: usize) -> Self {
        Self { config, pool: Pool::new(memory) }
    }

    /// Server: agrees on compression for the WebSocket that was accepted, if it is wanted and offered.
    pub(crate) fn agree(&mut self, acceptance: &mut Acceptance, request: &Request<'_>) {
        if self.config.is_none() || !acceptance.deflate {
            return;
        }
        if let Some(Ok(upgrade)) = request.websocket() {
            acceptance.agreement = self.accept(upgrade.extensions());
        }
    }

    /// Server: agrees to one of the offers, and sets aside what it takes. When memory is short, neither side may keep
    /// anything between messages.
    fn accept<'a>(&mut self, offers: impl Iterator<Item = Extension<'a>> + Clone) -> Option<Agreement> {
        let config = self.config?;
        let agreement = config.accept(offers.clone())?;
        if self.pool.reserve(agreement.memory(Side::Server)) {
            return Some(agreement);
        }
        config
            .without_takeover()
            .accept(offers)
            .filter(|agreement| self.pool.reserve(agreement.memory(Side::Server)))
    }

    /// Client: what to offer.
    pub(crate) fn offer(&self) -> Option<DeflateConfig> {
        let config = self.config?;
        let fits = self.pool.can_reserve(config.memory(Side::Client));
        Some(if fits { config } else { config.without_takeover() })
    }

    /// Client: sets aside what the server's answer takes; false when that is no longer there.
    pub(crate) fn reserve(&mut self, agreement: &Agreement) -> bool {
        self.pool.reserve(agreement.memory(Side::Client))
    }

    /// A WebSocket that was agreed on did not come about.
    pub(crate) fn release(&mut self, agreement: &Agreement, side: Side) {
        self.pool.release(agreement.memory(side));
    }

    /// Before a WebSocket is used.
    pub(crate) fn lend(&mut self, socket: &mut Connection) {
        self.pool.lend(socket);
    }

    /// After that.
    pub(crate) fn reclaim(&mut self, socket: &mut Connection) {
        self.pool.reclaim(socket);
    }

    /// The WebSocket is over.
    pub(crate) fn retire(&mut self, socket: &mut Connection) {
        self.pool.retire(socket);
    }
}
