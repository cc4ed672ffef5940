//! Calls to an HTTP/2 connection in any order.

use arbitrary::Arbitrary;
use core::time::Duration;
use proto_core::Instant;
use proto_h2::hpack::Field;
use proto_h2::{Connection, ErrorCode, PREFACE, Priority, StreamId};
use strategies::http2::frame;

use super::config;
use crate::calls::{calls, transmitted, write};
use crate::knobs;

#[derive(Debug, Arbitrary)]
enum Call<'d> {
    Receive(&'d [u8]),
    Frame { kind: u8, flags: u8, stream: u8, payload: &'d [u8] },
    Request { stream: u8, end: bool },
    Response { stream: u8, end: bool },
    Window { stream: u8, increment: u16 },
    Setting { id: u8, value: u32 },
    Eof,
    Transmit { room: u8 },
    Time { millis: u16 },
    Open { end: bool, room: u8 },
    Head { stream: u8, status: bool, end: bool, room: u8 },
    Data { stream: u8, len: u16, end: bool, room: u8 },
    Prefix { stream: u8, len: u16, end: bool },
    Reset { stream: u8, code: u8 },
    Want { stream: u8 },
    NextWritable,
    Prioritize { stream: u8, urgency: u8, incremental: bool, room: u8 },
    Hold { stream: u8 },
    Release { stream: u8, octets: u16 },
    ReleaseAll { stream: u8 },
    Grant { stream: u8, octets: i16 },
    Ping,
    Drain,
    GoAway,
}

/// The first byte chooses role and limits. What is written is whole frames of a permitted size, data keeps within the
/// credit of the connection, a fault stays, and memory does not grow beyond what the streams allowed take.
pub fn ops(data: &[u8]) {
    let ([knob], data) = knobs(data);
    let config = config(knob);
    let server = knob & 8 == 0;
    let codec = if server { Connection::server(config) } else { Connection::client(config) };
    let mut subject = Subject {
        codec,
        now: Instant::ZERO,
        pending: Vec::new(),
        skip_preface: if server { 0 } else { PREFACE.len() },
        largest_frame: 16_384,
        credit: 65_535,
        failed: None,
    };
    subject.codec.handle_timeout(Instant::ZERO);
    if knob & 16 == 0 {
        let hello = if server { &PREFACE[..] } else { &[] };
        subject.receive(&[hello, &frame(4, 0, 0, &[]), &frame(4, 1, 0, &[])].concat());
    }
    for call in calls(data, 64) {
        subject.perform(&call);
    }
}

struct Subject {
    codec: Connection,
    now: Instant,
    pending: Vec<u8>,
    /// Octets of the preface that are still to be written.
    skip_preface: usize,
    /// The largest frame the peer may ever have allowed.
    largest_frame: u32,
    /// At least the credit the peer has given to the connection and that is not used up.
    credit: i64,
    failed: Option<proto_h2::Error>,
}

impl Subject {
    fn perform(&mut self, call: &Call<'_>) {
        let id = |stream: &u8| StreamId::from_wire(u32::from(stream % 16).max(1)).expect("a stream");
        let data = vec![b'd'; 1 << 16];
        let codec = &mut self.codec;
        let wire = match call {
            Call::Receive(bytes) => {
                // They may spell any frame, or shift those that follow.
                (self.credit, self.largest_frame) = (i64::MAX / 2, 0x00ff_ffff);
                return self.receive(bytes);
            }
            Call::Frame { kind, flags, stream, payload } => {
                return self.frame(kind % 18, *flags, u32::from(stream % 16), payload);
            }
            Call::Request { stream, end } => {
                let block = b"\x82\x86\x84\x41\x01h";
                return self.frame(1, 4 | u8::from(*end), u32::from(stream % 16), block);
            }
            Call::Response { stream, end } => {
                return self.frame(1, 4 | u8::from(*end), u32::from(stream % 16), b"\x88");
            }
            Call::Window { stream, increment } => {
                let increment = u32::from(*increment);
                return self.frame(8, 0, u32::from(stream % 4), &increment.to_be_bytes());
            }
            Call::Setting { id, value } => {
                let id = u16::from(id % 10);
                return self.frame(4, 0, 0, &[&id.to_be_bytes()[..], &value.to_be_bytes()].concat());
            }
            Call::Eof => {
                let _ = codec.receive_eof();
                Vec::new()
            }
            Call::Transmit { room } => transmitted(*room, |out| codec.transmit(out)),
            Call::Time { millis } => {
                self.now = self.now + Duration::from_millis(u64::from(*millis));
                codec.handle_timeout(self.now);
                Vec::new()
            }
            Call::Open { end, room } => {
                let fields = [(":method", "POST"), (":scheme", "http"), (":path", "/"), (":authority", "h")];
                let fields = fields.map(|(name, value)| Field::new(name.as_bytes(), value.as_bytes()));
                write(*room, |out| codec.open(fields, *end, out)).0
            }
            Call::Head { stream, status, end, room } => {
                let field =
                    if *status { Field::new(b":status", b"200") } else { Field::new(b"x-trailer", b"value") };
                write(*room, |out| codec.send_head(id(stream), [field], *end, out)).0
            }
            Call::Data { stream, len, end, room } => {
                write(*room, |out| codec.send_data(id(stream), &data[..usize::from(*len)], *end, out)).0
            }
            Call::Prefix { stream, len, end } => {
                match codec.data_prefix(id(stream), usize::from(*len), *end) {
                    Ok((prefix, len)) => [&prefix[..], &data[..len]].concat(),
                    Err(_) => Vec::new(),
                }
            }
            Call::Reset { stream, code } => {
                let known = codec.is_open(id(stream));
                assert!(codec.reset(id(stream), ErrorCode(u32::from(*code))) || !known, "{call:?}");
                Vec::new()
            }
            Call::Want { stream } => {
                codec.want_send(id(stream));
                Vec::new()
            }
            Call::NextWritable => {
                if let Some(grant) = codec.next_writable() {
                    assert!(grant.max > 0 && codec.send_capacity(grant.id) >= grant.max, "{grant:?}");
                }
                Vec::new()
            }
            Call::Prioritize { stream, urgency, incremental, room } => {
                let priority = Priority { urgency: *urgency, incremental: *incremental };
                codec.prioritize(id(stream), priority);
                write(*room, |out| codec.send_priority(id(stream), priority, out)).0
            }
            Call::Hold { stream } => {
                codec.hold_credit(id(stream));
                Vec::new()
            }
            Call::Release { stream, octets } => {
                codec.release(id(stream), u32::from(*octets));
                Vec::new()
            }
            Call::ReleaseAll { stream } => {
                codec.release_all(id(stream));
                Vec::new()
            }
            Call::Grant { stream, octets } => {
                codec.grant(id(stream), i32::from(*octets));
                Vec::new()
            }
            Call::Ping => {
                codec.ping(*b"12345678");
                Vec::new()
            }
            Call::Drain => {
                codec.drain();
                Vec::new()
            }
            Call::GoAway => {
                codec.go_away(ErrorCode::NO_ERROR);
                Vec::new()
            }
        };
        self.written(call, &wire);
    }

    /// Takes what is read, and what is owed for it.
    fn receive(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
        let mut scratch = vec![0; self.codec.min_scratch()];
        loop {
            let before = self.pending.clone();
            let (consumed, told) = match self.codec.receive(&mut self.pending, &mut scratch) {
                Ok(step) => (step.consumed, step.event.is_some()),
                Err(error) => {
                    assert!(
                        self.failed.is_none_or(|failed| failed == error),
                        "{error:?} after {:?}",
                        self.failed
                    );
                    self.failed = Some(error);
                    return;
                }
            };
            assert!(self.failed.is_none(), "went on after {:?}", self.failed);
            assert!(self.pending[consumed..] == before[consumed..], "changed what it did not consume");
            self.pending.drain(..consumed);
            if !told {
                break;
            }
        }
        let limits = config(0).limits;
        assert!(self.codec.streams() <= (limits.concurrent_streams + limits.own_streams) as usize);
        assert!(self.codec.heap_size() < 1 << 20, "{} bytes", self.codec.heap_size());
    }

    /// Hands over a frame, and learns what credit and size of frames it gives, if it is heeded.
    fn frame(&mut self, kind: u8, flags: u8, id: u32, payload: &[u8]) {
        if let (8, 0, Ok(increment)) = (kind, id, <[u8; 4]>::try_from(payload)) {
            self.credit += i64::from(u32::from_be_bytes(increment) & 0x7fff_ffff);
        }
        if kind == 4 {
            for setting in payload.chunks_exact(6).filter(|setting| setting[..2] == [0, 5]) {
                let value = u32::from_be_bytes([setting[2], setting[3], setting[4], setting[5]]);
                self.largest_frame = self.largest_frame.max(value.min(0x00ff_ffff));
            }
        }
        self.receive(&frame(kind, flags, id, payload));
    }

    fn written(&mut self, call: &Call<'_>, wire: &[u8]) {
        let preface = self.skip_preface.min(wire.len());
        assert_eq!(wire[..preface], PREFACE[PREFACE.len() - self.skip_preface..][..preface], "{call:?}");
        self.skip_preface -= preface;
        let mut rest = &wire[preface..];
        while let Some((head, behind)) = rest.split_first_chunk::<9>() {
            let len = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            assert!(len <= self.largest_frame && behind.len() >= len as usize, "{call:?} wrote half a frame");
            if head[3] == 0 {
                self.credit -= i64::from(len);
                assert!(self.credit >= 0, "{call:?} sent more than it has credit for");
            }
            rest = &behind[len as usize..];
        }
        assert!(rest.is_empty(), "{call:?} wrote half a frame");
        let wants = self.codec.wants();
        assert!(!(wants.close && wants.read), "{call:?}: {wants:?}");
    }
}
