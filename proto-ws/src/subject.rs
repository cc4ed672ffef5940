//! How the oracle of [`proto_core::story`] drives a [`Connection`], for tests, fuzzing and benches.

use proto_core::story::{Subject, Teller};

use crate::{Config, Connection, End, Event, Kind, Role};

/// A connection of one role and configuration.
#[derive(Debug, Clone, Copy)]
pub struct Endpoint {
    /// The role.
    pub role: Role,
    /// The configuration.
    pub config: Config,
}

impl Endpoint {
    /// A server with the default configuration.
    pub fn server() -> Self {
        Self { role: Role::Server, config: Config::default() }
    }

    /// A client with the default configuration and a fixed seed.
    pub fn client() -> Self {
        Self { role: Role::Client { mask_seed: [7; 16] }, config: Config::default() }
    }
}

impl Subject for Endpoint {
    type Codec = Connection;

    fn start(&self) -> Connection {
        Connection::new(self.role, self.config)
    }

    fn tell(&self, event: Event<'_>, teller: &mut Teller<'_>) {
        match event {
            Event::Data(data) => {
                if data.first {
                    teller.line(format_args!("message {:?} {:?}", data.kind, data.reserved));
                }
                let kind = match data.kind {
                    Kind::Text => "text",
                    Kind::Binary => "binary",
                };
                teller.data(kind, data.payload);
                match data.end {
                    End::Partial => {}
                    End::Frame => teller.line(format_args!("frame ends")),
                    End::Message => teller.line(format_args!("message ends")),
                }
            }
            Event::Ping(payload) => teller.line(format_args!("ping {}", payload.escape_ascii())),
            Event::Pong(payload) => teller.line(format_args!("pong {}", payload.escape_ascii())),
            Event::Close { code, reason } => teller.line(format_args!("close {code:?} {reason:?}")),
        }
    }

    /// The beginning of a ping.
    fn trailing(&self) -> &[u8] {
        match self.role {
            Role::Server => b"\x89\x84\x01\x02\x03\x04pi",
            Role::Client { .. } => b"\x89\x04pi",
        }
    }
}
