//! Our client against our server, over a wire that cuts where it likes, in virtual time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
use common::{Wire, owned};
use proptest::prelude::*;
use proto_core::{Codec, Instant, WriteBuf};
use proto_h1::{BodyLength, Client, Config, Error, Event, Field, RequestHead, ResponseHead, Server};
use strategies::Fields;
use strategies::http1::{Body, body};

/// One exchange to be made.
#[derive(Debug, Clone)]
struct Exchange {
    method: &'static [u8],
    request: Body,
    expect: bool,
    interim: bool,
    status: u16,
    response: Body,
}

fn exchange() -> impl Strategy<Value = Exchange> {
    let methods = prop::sample::select(vec![&b"GET"[..], b"HEAD", b"POST", b"PUT"]);
    let statuses = prop::sample::select(vec![200_u16, 204, 304, 404, 500]);
    (methods, body(), any::<bool>(), any::<bool>(), statuses, body()).prop_map(
        |(method, request, expect, interim, status, response)| Exchange {
            method,
            request,
            expect,
            interim,
            status,
            response: if status == 204 { Body::None } else { response },
        },
    )
}

fn length(body: &Body) -> BodyLength {
    match body {
        Body::None => BodyLength::None,
        Body::Chunked(..) => BodyLength::Chunked,
        Body::Sized(bytes) => BodyLength::Known(bytes.len() as u64),
    }
}

/// What both ends saw.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    body: Vec<u8>,
    trailers: Fields,
    ended: bool,
    status: u16,
    interim: usize,
}

/// One end: its codec, what it has not parsed yet, and what it still sends.
struct End<C> {
    wire: Wire<C>,
    seen: Seen,
    started: bool,
    sent: usize,
    finished: bool,
}

impl<C: for<'b> Codec<Event<'b> = Event<'b>, Error = Error>> End<C> {
    fn new(wire: Wire<C>) -> Self {
        Self { wire, seen: Seen::default(), started: false, sent: 0, finished: false }
    }

    /// Takes one event, if there is one.
    fn turn(&mut self) -> bool {
        let step = self.wire.codec.receive(&mut self.wire.input, &mut []).unwrap();
        let (consumed, told) = (step.consumed, step.event.is_some());
        match step.event {
            Some(Event::Request(_)) => self.seen = Seen::default(),
            Some(Event::Response(response)) => self.seen.status = response.status,
            Some(Event::Informational(_)) => self.seen.interim += 1,
            Some(Event::Body(bytes)) => self.seen.body.extend_from_slice(bytes),
            Some(Event::End { trailers }) => {
                self.seen.ended = true;
                self.seen.trailers = owned(trailers);
            }
            Some(Event::Upgraded) | None => {}
        }
        self.wire.input.drain(..consumed);
        told
    }
}

fn run(exchanges: &[Exchange], cuts: &[usize], rooms: &[usize]) {
    let mut client = End::new(Wire::client(Config::default()));
    let mut server = End::new(Wire::server(Config::default()));
    let (mut up, mut down) = (Vec::new(), Vec::new());
    let (mut cuts, mut rooms) = (cuts.iter().copied().cycle(), rooms.iter().copied().cycle());
    let mut done = 0;
    let mut now = 0;
    for turns in 0.. {
        assert!(turns < 200_000, "stuck at exchange {done}: {:?} {:?}", client.wire.codec, server.wire.codec);
        let Some(exchange) = exchanges.get(done) else { break };
        now += 100;
        client.wire.codec.handle_timeout(Instant(now));
        server.wire.codec.handle_timeout(Instant(now));

        // The wire carries a piece either way.
        for (from, to) in [(&mut up, &mut server.wire.input), (&mut down, &mut client.wire.input)] {
            let piece = cuts.next().unwrap().min(from.len());
            to.extend(from.drain(..piece));
        }
        while client.turn() {}
        while server.turn() {}

        // The client sends what fits.
        let mut memory = vec![0; rooms.next().unwrap()];
        let mut out = WriteBuf::new(&mut memory);
        send(&mut client.sent, &mut client.finished, &exchange.request, &mut out, |step, out| match step {
            Step::Head if client.started => Ok(0),
            Step::Head => {
                let head = RequestHead {
                    expect_continue: exchange.expect,
                    ..RequestHead::new(exchange.method, b"/", b"a", &[])
                };
                client.wire.codec.send_head(&head.with_body(length(&exchange.request)), out).map(|()| {
                    client.started = true;
                    0
                })
            }
            Step::Body(bytes) => client.wire.codec.send_body(bytes, out),
            Step::Finish(trailers) => client.wire.codec.finish(trailers, out).map(|()| 0),
        });
        up.extend_from_slice(out.written());

        // So does the server, once the request is there or its expectation is to be answered.
        let mut memory = vec![0; rooms.next().unwrap()];
        let mut out = WriteBuf::new(&mut memory);
        if server.wire.codec.awaits_response() && !server.seen.ended {
            let _ = server.wire.codec.send_continue(&mut out);
        }
        if server.seen.ended {
            send(
                &mut server.sent,
                &mut server.finished,
                &exchange.response,
                &mut out,
                |step, out| match step {
                    Step::Head if server.started => Ok(0),
                    Step::Head => out.all_or_nothing(|out| {
                        if exchange.interim {
                            server.wire.codec.send_informational(103, &[], out)?;
                        }
                        let head = ResponseHead::new(exchange.status, &[], length(&exchange.response));
                        server.wire.codec.send_head(&head, out)?;
                        server.started = true;
                        Ok(0)
                    }),
                    Step::Body(bytes) => server.wire.codec.send_body(bytes, out),
                    Step::Finish(trailers) => server.wire.codec.finish(trailers, out).map(|()| 0),
                },
            );
        }
        down.extend_from_slice(out.written());

        if client.seen.ended && client.finished && server.finished {
            // The server saw the request, the client the response, whole.
            let seen = |seen: &Seen| (seen.body.clone(), seen.trailers.clone());
            let sent = |body: &Body| (body.content(), body.trailers().to_vec());
            assert_eq!(seen(&server.seen), sent(&exchange.request));
            let bodyless = exchange.method == b"HEAD" || exchange.status == 304;
            let response = if bodyless { &Body::None } else { &exchange.response };
            assert_eq!(seen(&client.seen), sent(response));
            assert_eq!(client.seen.status, exchange.status);
            assert!(client.seen.interim >= usize::from(exchange.interim));
            assert!(client.wire.codec.next_request(), "{:?}", client.wire.codec.close_reason());
            assert!(server.wire.codec.next_request(), "{:?}", server.wire.codec.close_reason());
            let (c, s) = (client.wire, server.wire);
            (client, server) = (End::new(c), End::new(s));
            done += 1;
        }
    }
    assert!(up.is_empty() && down.is_empty());
    let _: (&Client, &Server) = (&client.wire.codec, &server.wire.codec);
}

enum Step<'a> {
    Head,
    Body(&'a [u8]),
    Finish(&'a [Field<'a>]),
}

/// Sends head, body and end of a message through `step`, as far as there is room.
fn send(
    sent: &mut usize,
    finished: &mut bool,
    body: &Body,
    out: &mut WriteBuf<'_>,
    mut step: impl FnMut(Step<'_>, &mut WriteBuf<'_>) -> Result<usize, proto_core::SendError>,
) {
    if *finished || step(Step::Head, out).is_err() {
        return;
    }
    let bytes = body.content();
    while *sent < bytes.len() {
        match step(Step::Body(&bytes[*sent..]), out) {
            Ok(taken) => *sent += taken,
            Err(error) => {
                assert_ne!(error, proto_core::SendError::Misuse);
                return;
            }
        }
    }
    let trailers: Vec<_> = body.trailers().iter().map(|(name, value)| Field::new(name, value)).collect();
    *finished = step(Step::Finish(&trailers), out).is_ok();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn exchanges_survive_any_cut(
        exchanges in prop::collection::vec(exchange(), 1..5),
        cuts in prop::collection::vec(1_usize..60, 1..20),
        mut rooms in prop::collection::vec(100_usize..400, 1..10),
    ) {
        rooms.push(500); // for the longest trailers
        run(&exchanges, &cuts, &rooms);
    }
}
