//! Calls to both roles of HTTP/1 in any order.

use arbitrary::Arbitrary;
use core::time::Duration;
use proto_core::{Codec, Instant, SendError, WriteBuf};
use proto_h1::{BodyLength, Client, CloseReason, Error, Event, Field, RequestHead, ResponseHead, Server};

use super::config;
use crate::calls::{calls, transmitted, write};
use crate::knobs;

#[derive(Debug, Arbitrary)]
enum Call<'d> {
    Receive(&'d [u8]),
    /// Receives one of the messages below.
    Message(u8),
    Eof,
    Transmit {
        room: u8,
    },
    Time {
        millis: u16,
    },
    Head {
        status: u16,
        method: u8,
        length: Length,
        field: Option<(&'d [u8], &'d [u8])>,
        room: u8,
    },
    Informational {
        status: u16,
        room: u8,
    },
    Continue {
        room: u8,
    },
    Body {
        len: u8,
        room: u8,
    },
    Prefix {
        len: u8,
    },
    Finish {
        trailer: Option<(&'d [u8], &'d [u8])>,
        room: u8,
    },
    Next,
    Limit(u8),
    Hold(bool),
    Drain,
    Abort,
}

#[derive(Debug, Clone, Copy, Arbitrary)]
enum Length {
    None,
    Known(u8),
    Chunked,
    UntilClose,
}

impl From<Length> for BodyLength {
    fn from(length: Length) -> Self {
        match length {
            Length::None => Self::None,
            Length::Known(len) => Self::Known(len.into()),
            Length::Chunked => Self::Chunked,
            Length::UntilClose => Self::UntilClose,
        }
    }
}

const REQUESTS: [&[u8]; 5] = [
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n2\r\nab\r\n0\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n",
    b"HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
];

const RESPONSES: [&[u8]; 5] = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: test\r\n\r\n",
    b"HTTP/1.1 304 \r\n\r\n",
];

/// What the two roles have in common.
trait Role: for<'b> Codec<Event<'b> = Event<'b>, Error = Error> {
    const MESSAGES: [&'static [u8]; 5];
    fn head(
        &mut self,
        status: u16,
        method: u8,
        length: BodyLength,
        fields: &[Field<'_>],
        out: &mut WriteBuf<'_>,
    ) -> Result<(), SendError>;
    fn inform(&mut self, status: u16, out: &mut WriteBuf<'_>) -> Result<(), SendError>;
    fn go_on(&mut self, out: &mut WriteBuf<'_>) -> Result<(), SendError>;
    fn body(&mut self, payload: &[u8], out: &mut WriteBuf<'_>) -> Result<usize, SendError>;
    fn prefix(&mut self, len: usize) -> Result<Vec<u8>, SendError>;
    fn finish(&mut self, trailers: &[Field<'_>], out: &mut WriteBuf<'_>) -> Result<(), SendError>;
    fn next(&mut self) -> bool;
    fn limit(&mut self, most: u64);
    fn hold(&mut self, held: bool);
    fn drain(&mut self);
    fn abort(&mut self);
    fn fault(&self) -> Option<Error>;
    fn reason(&self) -> Option<CloseReason>;
}

impl Role for Server {
    const MESSAGES: [&'static [u8]; 5] = REQUESTS;
    fn head(
        &mut self,
        status: u16,
        _: u8,
        length: BodyLength,
        fields: &[Field<'_>],
        out: &mut WriteBuf<'_>,
    ) -> Result<(), SendError> {
        self.send_head(&ResponseHead::new(status, fields, length), out)
    }
    fn inform(&mut self, status: u16, out: &mut WriteBuf<'_>) -> Result<(), SendError> {
        self.send_informational(status, &[], out)
    }
    fn go_on(&mut self, out: &mut WriteBuf<'_>) -> Result<(), SendError> {
        self.send_continue(out)
    }
    fn body(&mut self, payload: &[u8], out: &mut WriteBuf<'_>) -> Result<usize, SendError> {
        self.send_body(payload, out)
    }
    fn prefix(&mut self, len: usize) -> Result<Vec<u8>, SendError> {
        self.body_prefix(len).map(|prefix| prefix.to_vec())
    }
    fn finish(&mut self, trailers: &[Field<'_>], out: &mut WriteBuf<'_>) -> Result<(), SendError> {
        self.finish(trailers, out)
    }
    fn next(&mut self) -> bool {
        self.next_request()
    }
    fn limit(&mut self, most: u64) {
        self.limit_body(most);
    }
    fn hold(&mut self, held: bool) {
        self.hold_body(held);
    }
    fn drain(&mut self) {
        self.drain();
    }
    fn abort(&mut self) {
        self.abort();
    }
    fn fault(&self) -> Option<Error> {
        self.error()
    }
    fn reason(&self) -> Option<CloseReason> {
        self.close_reason()
    }
}

impl Role for Client {
    const MESSAGES: [&'static [u8]; 5] = RESPONSES;
    fn head(
        &mut self,
        status: u16,
        method: u8,
        length: BodyLength,
        fields: &[Field<'_>],
        out: &mut WriteBuf<'_>,
    ) -> Result<(), SendError> {
        let methods: [&[u8]; 5] = [b"GET", b"HEAD", b"POST", b"CONNECT", b"bad method"];
        let head = RequestHead {
            expect_continue: status & 1 == 1,
            close: status & 6 == 6,
            ..RequestHead::new(methods[usize::from(method % 5)], b"a:1", b"a:1", fields)
        };
        self.send_head(&head.with_body(length), out)
    }
    fn inform(&mut self, _: u16, _: &mut WriteBuf<'_>) -> Result<(), SendError> {
        self.abandon_body();
        Ok(())
    }
    fn go_on(&mut self, _: &mut WriteBuf<'_>) -> Result<(), SendError> {
        self.go_ahead();
        Ok(())
    }
    fn body(&mut self, payload: &[u8], out: &mut WriteBuf<'_>) -> Result<usize, SendError> {
        self.send_body(payload, out)
    }
    fn prefix(&mut self, len: usize) -> Result<Vec<u8>, SendError> {
        self.body_prefix(len).map(|prefix| prefix.to_vec())
    }
    fn finish(&mut self, trailers: &[Field<'_>], out: &mut WriteBuf<'_>) -> Result<(), SendError> {
        self.finish(trailers, out)
    }
    fn next(&mut self) -> bool {
        self.next_request()
    }
    fn limit(&mut self, most: u64) {
        self.limit_body(most);
    }
    fn hold(&mut self, held: bool) {
        self.hold_body(held);
    }
    fn drain(&mut self) {}
    fn abort(&mut self) {}
    fn fault(&self) -> Option<Error> {
        self.error()
    }
    fn reason(&self) -> Option<CloseReason> {
        self.close_reason()
    }
}

/// Calls to a server. The first byte chooses leniencies and limits.
///
/// A refused call writes nothing, a content of announced length is written in just that length, faults and reasons to
/// close stay, a head that was written is one that others can read, and what is over waits for nothing.
pub fn server_ops(data: &[u8]) {
    let ([knob], data) = knobs(data);
    run(Server::new(config(knob)), data);
}

/// Calls to a client, and the same promises.
pub fn client_ops(data: &[u8]) {
    let ([knob], data) = knobs(data);
    run(Client::new(config(knob)), data);
}

/// How much of the content that was announced is still to be written.
type Left = Option<u64>;

fn run<R: Role>(mut codec: R, data: &[u8]) {
    let mut now = Instant::ZERO;
    codec.handle_timeout(now);
    let mut pending = Vec::new();
    let mut left: Left = None;
    for call in calls::<Call<'_>>(data, 64) {
        let (fault, reason) = (codec.fault(), codec.reason());
        match &call {
            Call::Receive(bytes) => receive(&mut codec, &mut pending, bytes),
            Call::Message(nth) => receive(&mut codec, &mut pending, R::MESSAGES[usize::from(nth % 5)]),
            Call::Eof => {
                let _ = codec.receive_eof();
            }
            Call::Time { millis } => {
                now = now + Duration::from_millis(u64::from(*millis) * 4);
                codec.handle_timeout(now);
                let wants = codec.wants();
                codec.handle_timeout(now);
                assert_eq!(codec.wants(), wants, "{call:?}: the same moment again changed something");
            }
            Call::Next => {
                if codec.next() {
                    assert!(reason.is_none() && fault.is_none(), "{call:?} after {reason:?}");
                    left = None;
                }
            }
            Call::Limit(most) => codec.limit(u64::from(*most)),
            Call::Hold(held) => codec.hold(*held),
            Call::Drain => codec.drain(),
            Call::Abort => codec.abort(),
            _ => send(&mut codec, &call, &mut left),
        }
        assert!(fault.is_none() || codec.fault() == fault, "{call:?} changed the fault {fault:?}");
        assert!(reason.is_none() || codec.reason().is_some(), "{call:?} lost the reason {reason:?}");
        let wants = codec.wants();
        assert!(!(wants.close && wants.read), "{call:?}: {wants:?}");
        if codec.fault().is_some() {
            assert!(codec.poll_timeout().is_none(), "{call:?}: a deadline after a fault");
        }
    }
}

fn send<R: Role>(codec: &mut R, call: &Call<'_>, left: &mut Left) {
    let field = |pair: &Option<(&[u8], &[u8])>| -> Vec<(Vec<u8>, Vec<u8>)> {
        pair.iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect()
    };
    fn fields(pairs: &[(Vec<u8>, Vec<u8>)]) -> Vec<Field<'_>> {
        pairs.iter().map(|(name, value)| Field::new(name, value)).collect()
    }
    match call {
        Call::Transmit { room } => {
            transmitted(*room, |out| codec.transmit(out));
        }
        Call::Head { status, method, length, field: pair, room } => {
            let pairs = field(pair);
            let (wire, sent) =
                write(*room, |out| codec.head(*status, *method, (*length).into(), &fields(&pairs), out));
            if sent.is_ok() {
                readable(&wire);
                *left = match length {
                    Length::Known(len) => Some(u64::from(*len)),
                    _ => None,
                };
            }
        }
        Call::Informational { status, room } => {
            let (wire, sent) = write(*room, |out| codec.inform(*status, out));
            if sent.is_ok() && !wire.is_empty() {
                readable(&wire);
            }
        }
        Call::Continue { room } => {
            let _ = write(*room, |out| codec.go_on(out));
        }
        Call::Body { len, room } => {
            let payload = vec![b'p'; usize::from(*len)];
            let (wire, sent) = write(*room, |out| codec.body(&payload, out));
            if let (Ok(sent), Some(left)) = (sent, left.as_mut())
                && !wire.is_empty()
            {
                assert!(wire.len() == sent && sent as u64 <= *left, "{call:?} wrote more than was announced");
                *left -= sent as u64;
            }
        }
        Call::Prefix { len } => {
            if let (Ok(_), Some(left)) = (codec.prefix(usize::from(*len)), left.as_mut()) {
                // A response to HEAD takes everything and writes nothing, so this is no bound there.
                *left = left.saturating_sub(u64::from(*len));
            }
        }
        Call::Finish { trailer, room } => {
            let pairs = field(trailer);
            let (wire, _) = write(*room, |out| codec.finish(&fields(&pairs), out));
            if let Some(at) = wire.windows(5).position(|window| window == b"0\r\n\r\n") {
                assert_eq!(at + 5, wire.len(), "{call:?} wrote behind the end");
            }
        }
        _ => {}
    }
}

/// What was written is a head, for an independent reader.
fn readable(wire: &[u8]) {
    let mut fields = [httparse::EMPTY_HEADER; 16];
    let len = if wire.starts_with(b"HTTP/") {
        httparse::Response::new(&mut fields).parse(wire)
    } else {
        httparse::Request::new(&mut fields).parse(wire)
    };
    assert_eq!(len, Ok(httparse::Status::Complete(wire.len())), "{}", wire.escape_ascii());
}

fn receive<R: Role>(codec: &mut R, pending: &mut Vec<u8>, bytes: &[u8]) {
    pending.extend_from_slice(bytes);
    let mut scratch = [0; 512];
    loop {
        let before = pending.clone();
        let Ok(step) = codec.receive(pending, &mut scratch) else { return };
        let (consumed, told) = (step.consumed, step.event.is_some());
        assert!(pending[consumed..] == before[consumed..], "changed what it did not consume");
        pending.drain(..consumed);
        if !told {
            return;
        }
    }
}
