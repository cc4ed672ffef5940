//! HTTP/1 against the [reference](super::reference).

use proto_core::{Codec, Instant, WriteBuf};
use proto_h1::{BodyLength, Client, Config, Error, Event, Fields, RequestHead, ResponseHead, Server};

use super::reference::{self, Message, Reading};
use crate::knobs;

/// Requests, each answered once it is complete.
pub fn request_diff(data: &[u8]) {
    let mut server = Server::new(Config::default());
    let (found, error) = read(&mut server, data, |server| {
        let mut memory = [0; 256];
        let mut out = WriteBuf::new(&mut memory);
        if server.awaits_response() && server.request_complete() {
            let head = ResponseHead::new(200, &[], BodyLength::Known(0));
            let _ = server.send_head(&head, &mut out).and_then(|()| server.finish(&[], &mut out));
        }
        server.next_request()
    });
    compare(data, &found, error, reference::request);
}

/// Responses. The first byte says whether they answer HEAD.
pub fn response_diff(data: &[u8]) {
    let ([knob], data) = knobs(data);
    let to_head = knob & 1 == 1;
    let mut client = Client::new(Config::default());
    let ask = |client: &mut Client| {
        let mut memory = [0; 256];
        let mut out = WriteBuf::new(&mut memory);
        let method: &[u8] = if to_head { b"HEAD" } else { b"GET" };
        client.next_request();
        client.ready_for_request()
            && client.send_head(&RequestHead::new(method, b"/", b"a", &[]), &mut out).is_ok()
    };
    ask(&mut client);
    let (found, error) = read(&mut client, data, ask);
    compare(data, &found, error, |input| reference::response(input, to_head));
}

/// All messages that are complete, and the error behind them.
fn read<C: for<'b> Codec<Event<'b> = Event<'b>, Error = Error>>(
    codec: &mut C,
    data: &[u8],
    mut go_on: impl FnMut(&mut C) -> bool,
) -> (Vec<Message>, Option<Error>) {
    codec.handle_timeout(Instant::ZERO);
    let mut input = data.to_vec();
    let mut at = 0;
    let mut found = Vec::new();
    let mut message = Message::default();
    loop {
        let step = match codec.receive(&mut input[at..], &mut []) {
            Ok(step) => step,
            Err(error) => return (found, Some(error)),
        };
        at += step.consumed;
        let Some(event) = step.event else {
            if !go_on(codec) {
                break;
            }
            continue;
        };
        if matches!(event, Event::Upgraded) {
            break;
        }
        if tell(event, &mut message) {
            found.push(core::mem::take(&mut message));
        }
    }
    loop {
        match codec.receive_eof() {
            Ok(Some(event)) => {
                if tell(event, &mut message) {
                    found.push(core::mem::take(&mut message));
                }
            }
            Ok(None) => return (found, None),
            Err(error) => return (found, Some(error)),
        }
    }
}

/// Adds an event to the message; true when that is complete.
fn tell(event: Event<'_>, message: &mut Message) -> bool {
    match event {
        Event::Request(request) => {
            message.start = (request.method.into(), request.target.as_bytes().into());
            message.fields = owned(&request.fields);
            false
        }
        Event::Response(response) => {
            message.start.0 = response.status.to_string().into();
            message.fields = owned(&response.fields);
            false
        }
        Event::Informational(response) => {
            message.start.0 = response.status.to_string().into();
            message.fields = owned(&response.fields);
            true
        }
        Event::Body(bytes) => {
            message.content.extend_from_slice(bytes);
            false
        }
        Event::End { trailers } => {
            message.trailers = owned(&trailers);
            true
        }
        Event::Upgraded => false,
    }
}

fn owned(fields: &Fields<'_>) -> Vec<(Vec<u8>, Vec<u8>)> {
    fields.iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect()
}

/// Whether what was found is what the reference reads.
fn compare(data: &[u8], found: &[Message], error: Option<Error>, read: impl Fn(&[u8]) -> Reading) {
    let mut rest = data;
    let mut found = found.iter();
    loop {
        let reading = read(rest);
        match (found.next(), reading) {
            (Some(found), Reading::Whole(message, len)) => {
                assert_eq!(found, &message, "{}", data.escape_ascii());
                rest = &rest[len..];
            }
            (Some(found), reading @ (Reading::Partial | Reading::Wrong)) => {
                panic!("{}: {found:?}, which the reference calls {reading:?}", data.escape_ascii());
            }
            (_, Reading::Unjudged) => return,
            (None, Reading::Whole(message, _)) => match error {
                // It stopped in good order: nothing more is read from a connection that is not reusable.
                None => return,
                Some(error) if beyond_framing(error) => return,
                Some(error) => {
                    panic!("{}: {error:?}, but the reference reads {message:?}", data.escape_ascii())
                }
            },
            (None, Reading::Partial | Reading::Wrong) => return,
        }
    }
}

/// Faults that are none of framing: limits, and what the reference does not look at.
fn beyond_framing(error: Error) -> bool {
    use Error as E;
    matches!(
        error,
        E::Target
            | E::TargetTooLong
            | E::TooManyFields
            | E::HeadTooLarge
            | E::HostInvalid
            | E::Expectation
            | E::ChunkExtensionTooLarge
            | E::TrailersTooLarge
            | E::Trailer
            | E::MethodTooLong
            | E::TooManyInformational
            | E::Unsolicited
    )
}
