//! A client and a server that talk to one another.

use arbitrary::Arbitrary;
use proto_core::{Codec, Instant, SendError, WriteBuf};
use proto_h1::{BodyLength, Client, Config, Error, Event, Field, RequestHead, ResponseHead, Server};

use crate::calls::calls;
use crate::knobs;

#[derive(Debug, Clone, Copy, Arbitrary)]
struct Exchange<'d> {
    method: u8,
    status: u8,
    expect: bool,
    interim: bool,
    trailer: bool,
    request: Option<(&'d [u8], bool)>,
    response: Option<(&'d [u8], bool)>,
}

impl Exchange<'_> {
    fn method(&self) -> &'static [u8] {
        [&b"GET"[..], b"HEAD", b"POST", b"PUT"][usize::from(self.method % 4)]
    }

    fn status(&self) -> u16 {
        [200, 204, 304, 404][usize::from(self.status % 4)]
    }
}

/// The first bytes choose by how much the wire carries at a time and the room to write to. Every exchange is complete,
/// and all that was sent has arrived, at either side.
pub fn pair(data: &[u8]) {
    let ([cut, room], data) = knobs(data);
    let (cut, room) = (usize::from(cut) + 1, 120 + usize::from(room) * 4);
    let mut client = End::new(Client::new(Config::default()));
    let mut server = End::new(Server::new(Config::default()));
    for mut exchange in calls::<Exchange<'_>>(data, 6) {
        if exchange.status() == 204 {
            exchange.response = None;
        }
        client.begin();
        server.begin();
        converse(&mut client, &mut server, &exchange, cut, room);
        let (content, trailer) = expected(exchange.request, exchange.trailer);
        assert!(server.content == content && server.trailer == trailer, "{exchange:?}");
        let none = exchange.method() == b"HEAD" || exchange.status() == 304;
        let (content, trailer) = expected(exchange.response.filter(|_| !none), exchange.trailer);
        assert!(client.content == content && client.trailer == trailer, "{exchange:?}");
        assert_eq!(client.status, exchange.status());
        assert!(client.codec.next_request(), "{:?}", client.codec.close_reason());
        assert!(server.codec.next_request(), "{:?}", server.codec.close_reason());
    }
    assert!(client.wire.is_empty() && server.wire.is_empty());
}

fn expected(body: Option<(&[u8], bool)>, trailer: bool) -> (&[u8], bool) {
    body.map_or((&[], false), |(content, chunked)| (content, chunked && trailer))
}

/// One side.
struct End<C> {
    codec: C,
    input: Vec<u8>,
    wire: Vec<u8>,
    content: Vec<u8>,
    trailer: bool,
    status: u16,
    ended: bool,
    sending: Sending,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Sending {
    Head,
    Body(usize),
    Done,
}

impl<C: for<'b> Codec<Event<'b> = Event<'b>, Error = Error>> End<C> {
    fn new(mut codec: C) -> Self {
        codec.handle_timeout(Instant::ZERO);
        let (input, wire, content) = (Vec::new(), Vec::new(), Vec::new());
        Self { codec, input, wire, content, trailer: false, status: 0, ended: false, sending: Sending::Head }
    }

    fn begin(&mut self) {
        self.content.clear();
        (self.trailer, self.ended, self.sending) = (false, false, Sending::Head);
    }

    fn receive(&mut self) {
        loop {
            let step = self.codec.receive(&mut self.input, &mut []).expect("neither is at fault");
            let (consumed, told) = (step.consumed, step.event.is_some());
            match step.event {
                Some(Event::Response(response)) => self.status = response.status,
                Some(Event::Body(bytes)) => self.content.extend_from_slice(bytes),
                Some(Event::End { trailers }) => {
                    self.ended = true;
                    self.trailer = trailers.first("x-trailer") == Some(b"yes");
                }
                _ => {}
            }
            self.input.drain(..consumed);
            if !told {
                return;
            }
        }
    }
}

fn converse(
    client: &mut End<Client>,
    server: &mut End<Server>,
    exchange: &Exchange<'_>,
    cut: usize,
    room: usize,
) {
    let mut now = 0;
    while !(client.ended && client.sending == Sending::Done && server.sending == Sending::Done) {
        now += 1_000;
        assert!(now < 20_000_000, "{exchange:?} never ends: {:?} {:?}", client.codec, server.codec);
        client.codec.handle_timeout(Instant(now));
        server.codec.handle_timeout(Instant(now));
        server.input.extend(client.wire.drain(..cut.min(client.wire.len())));
        client.input.extend(server.wire.drain(..cut.min(server.wire.len())));
        client.receive();
        server.receive();

        let mut memory = vec![0; room];
        let mut out = WriteBuf::new(&mut memory);
        let (codec, sending) = (&mut client.codec, client.sending);
        client.sending =
            advance(sending, exchange.request, exchange.trailer, &mut out, |step, out| match step {
                Step::Head(length) => {
                    let head = RequestHead::new(exchange.method(), b"/", b"a", &[]);
                    let head = RequestHead { expect_continue: exchange.expect, ..head };
                    codec.send_head(&head.with_body(length), out).map(|()| 0)
                }
                Step::Body(bytes) => codec.send_body(bytes, out),
                Step::Finish(trailers) => codec.finish(trailers, out).map(|()| 0),
            });
        client.wire.extend_from_slice(out.written());

        let mut memory = vec![0; room];
        let mut out = WriteBuf::new(&mut memory);
        if server.codec.awaits_response() && !server.ended {
            let _ = server.codec.send_continue(&mut out);
        }
        if server.ended {
            let (codec, sending) = (&mut server.codec, server.sending);
            server.sending =
                advance(sending, exchange.response, exchange.trailer, &mut out, |step, out| match step {
                    Step::Head(length) => out.all_or_nothing(|out| {
                        if exchange.interim {
                            codec.send_informational(103, &[], out)?;
                        }
                        codec.send_head(&ResponseHead::new(exchange.status(), &[], length), out).map(|()| 0)
                    }),
                    Step::Body(bytes) => codec.send_body(bytes, out),
                    Step::Finish(trailers) => codec.finish(trailers, out).map(|()| 0),
                });
        }
        server.wire.extend_from_slice(out.written());
    }
}

enum Step<'a> {
    Head(BodyLength),
    Body(&'a [u8]),
    Finish(&'a [Field<'a>]),
}

/// Sends as much of a message as there is room for, and says how far that is.
fn advance(
    mut sending: Sending,
    body: Option<(&[u8], bool)>,
    trailer: bool,
    out: &mut WriteBuf<'_>,
    mut step: impl FnMut(Step<'_>, &mut WriteBuf<'_>) -> Result<usize, SendError>,
) -> Sending {
    let trailers = [Field::new("X-Trailer", "yes")];
    let content = body.map_or(&[][..], |(content, _)| content);
    loop {
        let (done, next) = match sending {
            Sending::Head => {
                let length = match body {
                    None => BodyLength::None,
                    Some((_, true)) => BodyLength::Chunked,
                    Some((content, false)) => BodyLength::Known(content.len() as u64),
                };
                (step(Step::Head(length), out), Sending::Body(0))
            }
            Sending::Body(at) if at < content.len() => {
                let sent = step(Step::Body(&content[at..]), out);
                (sent, Sending::Body(at + sent.unwrap_or(0)))
            }
            Sending::Body(_) => {
                (step(Step::Finish(if trailer { &trailers } else { &[] }), out), Sending::Done)
            }
            Sending::Done => return sending,
        };
        match done {
            Ok(_) => sending = next,
            Err(SendError::Misuse) => panic!("misuse, {sending:?}"),
            Err(_) => return sending,
        }
    }
}
