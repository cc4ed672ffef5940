//! The `h2` crate. Its HPACK is private: what can be timed of it is its `Codec` (feature `unstable`), which reads and
//! writes frames, and the cost of that is told by lists of one field.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::hint::black_box;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures_core::Stream;
use h2::frame::{Frame, Headers, Pseudo, StreamId};
use h2::{Codec, client, server};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::transport::{Transport, ready};
use crate::exchanges::Exchanges;
use crate::h2_wire::Wire;
use crate::lists::{List, Lists};
use crate::measure::{Contestant, Standing};

/// Decodes blocks in order, each in a HEADERS frame, to a `HeaderMap`.
pub fn decode(blocks: &[Vec<u8>]) -> Contestant {
    let mut wire = Vec::new();
    for block in blocks {
        wire.extend_from_slice(&(block.len() as u32).to_be_bytes()[1..]);
        wire.extend_from_slice(&[1, 4, 0, 0, 0, 1]);
        wire.extend_from_slice(block);
    }
    let (mut codec, count) = (Codec::<_, Bytes>::new(Transport::reading(&wire)), blocks.len());
    Contestant::new("h2 Codec", Standing::Rival, move || (0..count).map(|_| next(&mut codec)).sum())
}

/// The frames of a server, parsed only.
pub fn frames(wire: &Wire) -> Contestant {
    let mut wire = wire.clone();
    wire.next();
    let (mut codec, count) = (Codec::<_, Bytes>::new(Transport::reading(&wire.frames)), wire.count);
    let is_mixed = wire.name.contains("HEADERS");
    Contestant::new("h2 Codec, parsing only", Standing::Rival, move || {
        let seen = (0..count).map(|_| next(&mut codec));
        if is_mixed { seen.map(|fields| fields.min(1)).sum() } else { seen.sum() }
    })
}

/// The fields of the next frame, or its octets of data.
fn next(codec: &mut Codec<Transport, Bytes>) -> u64 {
    let mut context = Context::from_waker(Waker::noop());
    match Pin::new(codec).poll_next(&mut context) {
        Poll::Ready(Some(Ok(Frame::Headers(headers)))) => {
            let (pseudo, fields) = black_box(headers).into_parts();
            let Pseudo { method, scheme, authority, path, protocol, status } = pseudo;
            let texts = [&scheme, &authority, &path].map(|text| u64::from(text.is_some()));
            let others = [method.is_some(), protocol.is_some(), status.is_some()].map(u64::from);
            fields.len() as u64 + texts.iter().chain(&others).sum::<u64>()
        }
        Poll::Ready(Some(Ok(Frame::Data(data)))) => black_box(data).payload().len() as u64,
        _ => 0,
    }
}

/// Encodes lists in order; the table is emptied before every `fresh` lists. `Codec` takes a map for itself, so each
/// is cloned; [`clone`] tells what of it that is.
pub fn encode(lists: &Lists, fresh: usize) -> Contestant {
    let maps: Vec<(Pseudo, HeaderMap, u64)> = lists.lists.iter().map(map).collect();
    let mut codec = Codec::<_, Bytes>::new(Transport::writing(64 * 1024));
    Contestant::new("h2 Codec, with clone", Standing::Rival, move || {
        let mut context = Context::from_waker(Waker::noop());
        let mut tally = 0;
        for (nth, (pseudo, fields, count)) in maps.iter().enumerate() {
            if nth % fresh == 0 {
                codec.set_send_header_table_size(0);
                codec.set_send_header_table_size(4096);
            }
            let headers = Headers::new(StreamId::from(1), same(pseudo), black_box(fields).clone());
            let ready = codec.poll_ready(&mut context).is_ready();
            if ready && codec.buffer(Frame::Headers(headers)).is_ok() && codec.flush(&mut context).is_ready()
            {
                tally += count;
            }
        }
        tally
    })
}

/// Clones the maps of the lists, as [`encode`] does.
pub fn clone(lists: &Lists) -> Contestant {
    let maps: Vec<(Pseudo, HeaderMap, u64)> = lists.lists.iter().map(map).collect();
    Contestant::new("h2 clone", Standing::Rival, move || {
        let clone = |(pseudo, fields, count): &(Pseudo, HeaderMap, u64)| {
            black_box(Headers::new(StreamId::from(1), same(pseudo), black_box(fields).clone()));
            *count
        };
        maps.iter().map(clone).sum()
    })
}

fn same(pseudo: &Pseudo) -> Pseudo {
    Pseudo {
        method: pseudo.method.clone(),
        scheme: pseudo.scheme.clone(),
        authority: pseudo.authority.clone(),
        path: pseudo.path.clone(),
        protocol: pseudo.protocol.clone(),
        status: pseudo.status,
    }
}

fn map(list: &List) -> (Pseudo, HeaderMap, u64) {
    let pseudo = match method(list) {
        Some(method) => Pseudo::request(method, uri(list), None),
        None => Pseudo::response(status(list)),
    };
    (pseudo, regular(list), list.len() as u64)
}

fn value<'l>(list: &'l List, name: &str) -> Option<&'l str> {
    list.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
}

fn method(list: &List) -> Option<Method> {
    value(list, ":method").and_then(|method| method.parse().ok())
}

fn uri(list: &List) -> Uri {
    let part = |name| value(list, name).unwrap_or_default();
    format!("{}://{}{}", part(":scheme"), part(":authority"), part(":path")).parse().unwrap_or_default()
}

fn status(list: &List) -> StatusCode {
    value(list, ":status").and_then(|status| status.parse().ok()).unwrap_or_default()
}

fn regular(list: &List) -> HeaderMap {
    let fields = list.iter().filter(|(name, _)| !name.starts_with(':'));
    let field = |(name, value): &(String, String)| {
        Some((name.parse::<HeaderName>().ok()?, value.parse::<HeaderValue>().ok()?))
    };
    fields.filter_map(field).collect()
}

/// One end of a pipe in memory.
struct End {
    incoming: Rc<RefCell<VecDeque<u8>>>,
    outgoing: Rc<RefCell<VecDeque<u8>>>,
}

impl End {
    fn pair() -> (Self, Self) {
        let (up, down) = (Rc::default(), Rc::default());
        let client = Self { incoming: Rc::clone(&down), outgoing: Rc::clone(&up) };
        (client, Self { incoming: up, outgoing: down })
    }
}

impl AsyncRead for End {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut incoming = self.incoming.borrow_mut();
        if incoming.is_empty() {
            return Poll::Pending; // whoever drives both ends polls again
        }
        let len = buf.remaining().min(incoming.as_slices().0.len());
        buf.put_slice(&incoming.as_slices().0[..len]);
        incoming.drain(..len);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for End {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.outgoing.borrow_mut().extend(buf);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Client and server over a pipe, polled in turn.
pub fn exchanges(exchanges: &Exchanges) -> Contestant {
    let requests: Vec<(Method, Uri, HeaderMap)> = exchanges
        .requests
        .iter()
        .map(|list| (method(list).unwrap_or_default(), uri(list), regular(list)))
        .collect();
    let responses: Vec<HeaderMap> = exchanges.responses.iter().map(regular).collect();
    let (body, at_a_time) = (Bytes::from(exchanges.body.clone()), exchanges.at_a_time);
    let mut ends = connect();
    Contestant::new("h2", Standing::Rival, move || {
        let Some((send, client, server)) = &mut ends else { return 0 };
        let mut tally = 0;
        for (requests, responses) in requests.chunks(at_a_time).zip(responses.chunks(at_a_time)) {
            tally += batch(send, client, server, requests, responses, &body).unwrap_or(0);
        }
        tally
    })
}

type Ends = (client::SendRequest<Bytes>, client::Connection<End, Bytes>, server::Connection<End, Bytes>);

fn connect() -> Option<Ends> {
    let (a, b) = End::pair();
    let (send, mut client) = ready(client::handshake(a))?.ok()?;
    let mut context = Context::from_waker(Waker::noop());
    let mut handshake = Box::pin(server::handshake(b));
    for _ in 0..10 {
        let _ = Pin::new(&mut client).poll(&mut context);
        if let Poll::Ready(server) = handshake.as_mut().poll(&mut context) {
            return Some((send, client, server.ok()?));
        }
    }
    None
}

fn batch(
    send: &mut client::SendRequest<Bytes>,
    client: &mut client::Connection<End, Bytes>,
    server: &mut server::Connection<End, Bytes>,
    requests: &[(Method, Uri, HeaderMap)],
    responses: &[HeaderMap],
    body: &Bytes,
) -> Option<u64> {
    let mut context = Context::from_waker(Waker::noop());
    let mut asked = Vec::with_capacity(requests.len());
    for (method, uri, fields) in requests {
        let mut request = Request::new(());
        *request.method_mut() = method.clone();
        *request.uri_mut() = uri.clone();
        *request.headers_mut() = black_box(fields).clone();
        if !send.poll_ready(&mut context).is_ready() {
            return None;
        }
        asked.push(send.send_request(request, true).ok()?.0);
    }
    let _ = Pin::new(&mut *client).poll(&mut context);
    let mut answers = responses.iter();
    while let Poll::Ready(Some(Ok((request, mut respond)))) = server.poll_accept(&mut context) {
        black_box(request);
        let mut response = Response::new(());
        *response.headers_mut() = black_box(answers.next()?).clone();
        let mut stream = respond.send_response(response, false).ok()?;
        stream.send_data(body.clone(), true).ok()?;
    }
    let _ = server.poll_closed(&mut context);
    let _ = Pin::new(&mut *client).poll(&mut context);
    let mut tally = 0;
    for mut answer in asked {
        let Poll::Ready(Ok(response)) = Pin::new(&mut answer).poll(&mut context) else { return None };
        let mut content = black_box(response).into_body();
        while let Poll::Ready(Some(Ok(data))) = content.poll_data(&mut context) {
            tally += black_box(&data).len() as u64;
            content.flow_control().release_capacity(data.len()).ok()?;
        }
        tally += 1;
    }
    Some(tally)
}
