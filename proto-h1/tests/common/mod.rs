//! What the tests of both roles share.
#![allow(dead_code, unreachable_pub)]

use proto_core::WriteBuf;
use proto_h1::{BodyLength, Client, Config, Error, Event, RequestHead, ResponseHead, Server};

/// Lets `write` write and returns what it wrote.
pub fn octets(write: impl FnOnce(&mut WriteBuf<'_>)) -> Vec<u8> {
    let mut room = vec![0; 1 << 16];
    let mut out = WriteBuf::new(&mut room);
    write(&mut out);
    out.written().to_vec()
}

/// The same as text.
pub fn written(write: impl FnOnce(&mut WriteBuf<'_>)) -> String {
    String::from_utf8_lossy(&octets(write)).into_owned()
}

/// Names and values, in order.
pub fn owned(fields: proto_h1::Fields<'_>) -> Vec<(Vec<u8>, Vec<u8>)> {
    fields.iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect()
}

/// Renders an event.
pub fn render(event: &Event<'_>) -> String {
    match event {
        Event::Body(bytes) => format!("body {}", bytes.escape_ascii()),
        Event::End { trailers } if trailers.is_empty() => "end".into(),
        Event::End { trailers } => format!("end {trailers:?}"),
        Event::Request(request) => format!("request {}", request.method.escape_ascii()),
        Event::Response(response) => format!("response {}", response.status),
        Event::Informational(response) => format!("informational {}", response.status),
        Event::Upgraded => "upgraded".into(),
    }
}

/// A connection of either role with the input that waits for it.
pub struct Wire<C> {
    pub codec: C,
    pub input: Vec<u8>,
}

impl Wire<Server> {
    pub fn server(config: Config) -> Self {
        let mut codec = Server::new(config);
        codec.handle_timeout(proto_core::Instant::ZERO);
        Self { codec, input: Vec::new() }
    }

    pub fn answer(&mut self, head: &ResponseHead<'_>, body: &[u8]) -> String {
        written(|out| {
            self.codec.send_head(head, out).unwrap();
            if !body.is_empty() {
                assert_eq!(self.codec.send_body(body, out), Ok(body.len()));
            }
            self.codec.finish(&[], out).unwrap();
        })
    }

    pub fn ok(&mut self) -> String {
        self.answer(&ResponseHead::new(200, &[], BodyLength::Known(2)), b"ok")
    }
}

impl Wire<Client> {
    pub fn client(config: Config) -> Self {
        let mut codec = Client::new(config);
        codec.handle_timeout(proto_core::Instant::ZERO);
        Self { codec, input: Vec::new() }
    }

    pub fn get(&mut self) -> String {
        self.request(&RequestHead::new(b"GET", b"/", b"a", &[]))
    }

    pub fn request(&mut self, head: &RequestHead<'_>) -> String {
        written(|out| self.codec.send_head(head, out).unwrap())
    }
}

impl<C: for<'b> proto_core::Codec<Event<'b> = Event<'b>, Error = Error>> Wire<C> {
    /// Adds input and returns the next event, rendered.
    pub fn feed(&mut self, bytes: impl AsRef<[u8]>) -> Result<Option<String>, Error> {
        self.input.extend_from_slice(bytes.as_ref());
        let step = self.codec.receive(&mut self.input, &mut [])?;
        let (consumed, event) = (step.consumed, step.event.as_ref().map(render));
        self.input.drain(..consumed);
        Ok(event)
    }

    /// Adds input and returns all events up to the next pause or error, rendered.
    pub fn feed_all(&mut self, bytes: impl AsRef<[u8]>) -> (Vec<String>, Option<Error>) {
        let mut events = Vec::new();
        let mut bytes = bytes.as_ref();
        loop {
            match self.feed(std::mem::take(&mut bytes)) {
                Ok(Some(event)) => events.push(event),
                Ok(None) => return (events, None),
                Err(error) => return (events, Some(error)),
            }
        }
    }

    pub fn transmit(&mut self) -> String {
        written(|out| self.codec.transmit(out))
    }
}
