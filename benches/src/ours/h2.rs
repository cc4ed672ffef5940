//! proto-h2's connections.

use std::hint::black_box;

use proto_core::WriteBuf;
use proto_h2::hpack::Field;
use proto_h2::{Config, Connection, Event, HeadersKind, PREFACE, Rate, StreamId};

use crate::exchanges::Exchanges;
use crate::h2_wire::Wire;
use crate::measure::{Contestant, Standing};

const NAME: &str = "Connection";

fn config() -> Config {
    let mut config = Config::default();
    // As much as the others use. Budgets that refill with time do not run out, as no time passes here.
    config.limits.encoder_table = 4096;
    config.limits.tiny = Rate::new(u32::MAX, 0);
    config.limits.control = Rate::new(u32::MAX, 0);
    config.limits.resets = Rate::new(u32::MAX, 0);
    config
}

/// Frames to a server, one buffer after the other; what it replies is taken and thrown away.
pub fn frames(wire: &Wire) -> Contestant {
    let mut server = Connection::server(config());
    let (mut scratch, mut room) = (vec![0; 40_000], vec![0; 64 * 1024]);
    let mut opening = [&PREFACE[..], b"\0\0\0\x04\0\0\0\0\0\0\0\0\x04\x01\0\0\0\0", &wire.opening].concat();
    server.transmit(&mut WriteBuf::new(&mut room));
    receive_all(&mut server, &mut opening, &mut scratch, &mut room);
    let mut wire = wire.clone();
    Contestant::new(NAME, Standing::Ours, move || {
        wire.next();
        receive_all(&mut server, black_box(&mut wire.frames), &mut scratch, &mut room)
    })
}

/// The octets of data in it, and one for each head.
fn receive_all(codec: &mut Connection, input: &mut [u8], scratch: &mut [u8], room: &mut [u8]) -> u64 {
    let (mut at, mut tally) = (0, 0);
    while let Ok(step) = codec.receive(input.get_mut(at..).unwrap_or_default(), scratch) {
        at += step.consumed;
        match step.event {
            Some(Event::Data { payload, .. }) => tally += black_box(payload).len() as u64,
            Some(Event::Headers { kind: HeadersKind::Request | HeadersKind::Response, fields, .. }) => {
                black_box(fields);
                tally += 1;
            }
            Some(_) => {}
            None if codec.wants().read => break,
            None => {
                let mut out = WriteBuf::new(room);
                codec.transmit(&mut out);
                black_box(out.written());
            }
        }
    }
    tally
}

/// Client and server, each answering what the other has written.
pub fn exchanges(exchanges: &Exchanges) -> Contestant {
    let Exchanges { requests, responses, body, at_a_time, .. } = exchanges.clone();
    let (mut client, mut server) = (Connection::client(config()), Connection::server(config()));
    let (mut up, mut down) = (vec![0; 128 * 1024], vec![0; 128 * 1024]);
    let mut scratch = vec![0; 40_000];
    let mut asked: Vec<StreamId> = Vec::with_capacity(at_a_time);
    Contestant::new(NAME, Standing::Ours, move || {
        let mut tally = 0;
        for (requests, responses) in requests.chunks(at_a_time).zip(responses.chunks(at_a_time)) {
            let mut out = WriteBuf::new(&mut up);
            client.transmit(&mut out);
            for request in requests {
                if client.open(black_box(fields(request)), true, &mut out).is_err() {
                    return 0;
                }
            }
            let len = out.len();
            let mut out = WriteBuf::new(&mut down);
            serve(&mut server, &mut up[..len], &mut scratch, &mut out, &mut asked);
            server.transmit(&mut out);
            for (&id, response) in asked.iter().zip(responses) {
                if server.send_head(id, black_box(fields(response)), false, &mut out).is_err() {
                    return 0;
                }
                server.want_send(id);
            }
            asked.clear();
            while let Some(grant) = server.next_writable() {
                if server.send_data(grant.id, black_box(&body), true, &mut out).is_err() {
                    return 0;
                }
            }
            let len = out.len();
            tally += receive_all(&mut client, &mut down[..len], &mut scratch, &mut []);
        }
        tally
    })
}

/// Collects the streams of complete requests.
fn serve(
    server: &mut Connection,
    input: &mut [u8],
    scratch: &mut [u8],
    out: &mut WriteBuf<'_>,
    asked: &mut Vec<StreamId>,
) {
    let mut at = 0;
    while let Ok(step) = server.receive(input.get_mut(at..).unwrap_or_default(), scratch) {
        at += step.consumed;
        match step.event {
            Some(Event::Headers { id, fields, end: true, .. }) => {
                black_box(fields);
                asked.push(id);
            }
            Some(_) => {}
            None if server.wants().read => break,
            None => server.transmit(out),
        }
    }
}

fn fields(list: &[(String, String)]) -> impl Iterator<Item = Field<'_>> + Clone {
    list.iter().map(|(name, value)| Field::new(name.as_bytes(), value.as_bytes()))
}
