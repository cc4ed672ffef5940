//! How the oracle of `proto-core` drives the codecs of this crate.

use proto_core::WriteBuf;
use proto_core::story::{Subject, Teller};

use crate::{BodyLength, Client, Config, Event, RequestHead, ResponseHead, Server};

/// When [`ServerSubject`] answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Answer {
    /// Once the request is complete; an upgrade and a CONNECT are accepted.
    #[default]
    AtEnd,
    /// As soon as its head is there.
    Early,
    /// At once with `100 Continue` where it is expected, at the end with the response.
    Continue,
}

/// A server that answers every request with two bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct ServerSubject {
    /// Limits and leniencies.
    pub config: Config,
    /// When it answers.
    pub answer: Answer,
}

impl Subject for ServerSubject {
    type Codec = Server;

    fn start(&self) -> Server {
        Server::new(self.config)
    }

    fn tell(&self, event: Event<'_>, teller: &mut Teller<'_>) {
        tell(event, teller);
    }

    fn act(&self, server: &mut Server, out: &mut WriteBuf<'_>) {
        if self.answer == Answer::Continue && server.awaits_response() {
            let _ = server.send_continue(out);
        }
        if server.awaits_response() && (self.answer == Answer::Early || server.request_complete()) {
            let upgrade = [crate::Field::new("upgrade", "test")];
            let switch = ResponseHead::new(101, &upgrade, BodyLength::None);
            let tunnel = ResponseHead::new(200, &[], BodyLength::None);
            let answer = ResponseHead::new(200, &[], BodyLength::Known(2));
            let _ = server
                .send_head(&switch, out)
                .or_else(|_| server.send_head(&answer, out))
                .or_else(|_| server.send_head(&tunnel, out));
            let _ = server.send_body(b"ok", out);
            let _ = server.finish(&[], out);
        }
        server.next_request();
    }

    fn trailing(&self) -> &[u8] {
        b"GET /next HTTP/1.1\r\nHost: next\r\n\r\n"
    }
}

/// A client that sends the same request again and again.
#[derive(Debug, Clone, Copy)]
pub struct ClientSubject<'a> {
    /// Limits and leniencies.
    pub config: Config,
    /// The request, without a body.
    pub request: RequestHead<'a>,
}

impl Default for ClientSubject<'_> {
    fn default() -> Self {
        Self { config: Config::default(), request: RequestHead::new(b"GET", b"/", b"test", &[]) }
    }
}

impl Subject for ClientSubject<'_> {
    type Codec = Client;

    fn start(&self) -> Client {
        Client::new(self.config)
    }

    fn tell(&self, event: Event<'_>, teller: &mut Teller<'_>) {
        tell(event, teller);
    }

    fn act(&self, client: &mut Client, out: &mut WriteBuf<'_>) {
        client.next_request();
        if client.ready_for_request() {
            let _ = client.send_head(&self.request, out);
        }
    }

    fn trailing(&self) -> &[u8] {
        b"HTTP/1.1 204 No Content\r\n\r\n"
    }
}

fn tell(event: Event<'_>, teller: &mut Teller<'_>) {
    match event {
        Event::Body(bytes) => teller.data("body", bytes),
        other => teller.line(format_args!("{other:?}")),
    }
}
