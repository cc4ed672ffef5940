//! permessage-deflate: the oracle, a pair, and another implementation of inflating as the judge.

use arbitrary::Arbitrary;
use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZError, MZFlush, MZStatus};
use proto_core::WriteBuf;
use proto_core::story::{Subject, Teller};
use proto_ws::deflate::{Agreement, Compress, DeflateConfig};
use proto_ws::handshake::Extensions;
use proto_ws::subject::Endpoint;
use proto_ws::{Config, Connection, Error, Event, Kind, Limits, MessageAssembler, Role};

use super::frame;
use crate::calls::calls;
use crate::{knobs, one_story, with_knobs};

/// Takeover, windows, and how much is told at a time.
fn agreement(knob: u8) -> Agreement {
    let config = DeflateConfig {
        server_no_context_takeover: knob & 1 != 0,
        client_no_context_takeover: knob & 2 != 0,
        server_max_window_bits: if knob & 4 == 0 { 15 } else { 9 },
        client_max_window_bits: if knob & 8 == 0 { 15 } else { 8 },
        rx_buf_size: if knob & 16 == 0 { 16 } else { 7 },
        tx_buf_size: if knob & 32 == 0 { 16 } else { 7 },
        threshold: 8,
        ..DeflateConfig::default()
    };
    let offer = b"permessage-deflate; client_max_window_bits";
    config.accept(Extensions::new(offer).flatten()).expect("an offer that any server accepts")
}

fn endpoint(role: Role, agreement: Agreement, limits: Limits) -> Endpoint {
    Endpoint { role, config: Config { deflate: Some(agreement), limits, ..Config::default() } }
}

const CLIENT: Role = Role::Client { mask_seed: [7; 16] };

/// An endpoint with so much scratch space.
struct Narrow(Endpoint, usize);

impl Subject for Narrow {
    type Codec = Connection;

    fn start(&self) -> Connection {
        self.0.start()
    }

    fn tell(&self, event: Event<'_>, teller: &mut Teller<'_>) {
        self.0.tell(event, teller);
    }

    fn trailing(&self) -> &[u8] {
        self.0.trailing()
    }

    fn scratch(&self) -> usize {
        self.1
    }
}

/// The story of compressed frames. The first two bytes choose what was agreed on, role, limits and scratch space, which
/// must not change the story either.
pub fn deflate_cut(data: &[u8]) {
    let ([agreed, knob], input) = knobs(data);
    let limits = Limits {
        max_message: 300,
        max_fragments: 4,
        max_expansion: 3,
        expansion_burst: 50,
        ..Limits::default()
    };
    let limits = if knob & 1 == 0 { Limits { max_message: 20_000, ..Limits::default() } } else { limits };
    let role = if knob & 2 == 0 { Role::Server } else { CLIENT };
    let endpoint = endpoint(role, agreement(agreed), limits);
    let narrow = [100, 7, 1][usize::from(knob >> 2) % 3];
    let ample = one_story(&Narrow(endpoint, 64 * 1024), input);
    let narrow = one_story(&Narrow(endpoint, narrow), input);
    assert_eq!(ample, narrow, "{}", input.escape_ascii());
}

/// The payload of one compressed message, inflated by ours and by `miniz_oxide`.
pub fn inflate_diff(data: &[u8]) {
    let payload = &data[..data.len().min(0xffff)];
    let (theirs, how) = judge(payload);
    let limits = Limits { max_expansion: u32::MAX, ..Limits::default() };
    let mut connection = endpoint(Role::Server, agreement(0), limits).start();
    let mut input = frame(0xc2, payload, true);
    let mut scratch = [0; 4096];
    let (mut ours, mut at, mut whole) = (Vec::new(), 0, false);
    let error = loop {
        match connection.receive(&mut input[at..], &mut scratch) {
            Err(error) => break Some(error),
            Ok(step) => {
                at += step.consumed;
                match step.event {
                    Some(Event::Data(piece)) => {
                        ours.extend_from_slice(piece.payload);
                        whole |= piece.end == proto_ws::End::Message;
                    }
                    _ => break None,
                }
            }
        }
    };
    assert!(whole != error.is_some(), "{}: {error:?}", payload.escape_ascii());
    match how {
        // It cannot say whether a message that ends within a block is sound: ours refuses that one.
        Judged::Sound if whole => assert!(ours == theirs, "{}", payload.escape_ascii()),
        Judged::Sound => assert_eq!(error, Some(Error::Inflate), "{}", payload.escape_ascii()),
        // A message that ends within a block is what came of it so far; the judge may see a fault in its last bits, which
        // zlib leaves alone until the rest of the symbol is there.
        Judged::Wrong => {
            assert!(error == Some(Error::Inflate) || ours == theirs, "{}", payload.escape_ascii());
        }
        // RFC 7692 section 7.2.3.5: a stream may end within a message, and another follow. The judge reads one.
        Judged::Ended => assert!(ours.starts_with(&theirs) || error.is_some(), "{}", payload.escape_ascii()),
        Judged::Long => {}
    }
}

enum Judged {
    Sound,
    Wrong,
    Ended,
    /// More than anybody wants to compare.
    Long,
}

/// Section 7.2.2: "Append 4 octets of 0x00 0x00 0xff 0xff to the tail end of the payload of the message."
fn judge(payload: &[u8]) -> (Vec<u8>, Judged) {
    let input = [payload, b"\x00\x00\xff\xff"].concat();
    let mut state = InflateState::new_boxed(DataFormat::Raw);
    let (mut output, mut at) = (Vec::new(), 0);
    let mut room = vec![0; 1 << 16];
    loop {
        let step = inflate(&mut state, &input[at..], &mut room, MZFlush::None);
        at += step.bytes_consumed;
        output.extend_from_slice(&room[..step.bytes_written]);
        match step.status {
            _ if output.len() > 1 << 22 => return (output, Judged::Long),
            Ok(MZStatus::StreamEnd) => return (output, Judged::Ended),
            Err(error) if error != MZError::Buf => return (output, Judged::Wrong),
            // It may hold output back that there was room for.
            Ok(_) if step.bytes_consumed > 0 || step.bytes_written > 0 => {}
            _ => break,
        }
    }
    (output, Judged::Sound)
}

#[derive(Debug, Arbitrary)]
struct Message<'d> {
    from_server: bool,
    compress: u8,
    word: &'d [u8],
    repeat: u8,
    /// Sends it in pieces of this many bytes.
    piece: u16,
    room: u8,
}

/// The first bytes choose what was agreed on and by how much the wire is cut. Every message arrives as it was sent.
pub fn deflate_pair(data: &[u8]) {
    let ([agreed, cut], data) = knobs(data);
    let agreement = agreement(agreed);
    let mut client = endpoint(CLIENT, agreement, Limits::default()).start();
    let mut server = endpoint(Role::Server, agreement, Limits::default()).start();
    let (mut up, mut down) = (Reader::default(), Reader::default());
    for message in calls::<Message<'_>>(data, 16) {
        let payload = message.word.repeat(usize::from(message.repeat));
        let payload = &payload[..payload.len().min(1 << 16)];
        let kind = if core::str::from_utf8(payload).is_ok() { Kind::Text } else { Kind::Binary };
        let (from, to, reader) = if message.from_server {
            (&mut server, &mut client, &mut down)
        } else {
            (&mut client, &mut server, &mut up)
        };
        let wire = send(from, &message, kind, payload);
        for bytes in wire.chunks((usize::from(cut) + 1).max(wire.len() / 200)) {
            reader.take(to, bytes);
        }
        let got = reader.got.pop();
        assert!(got == Some((kind, payload.to_vec())) && reader.got.is_empty(), "{message:?}");
    }
}

fn send(from: &mut Connection, message: &Message<'_>, kind: Kind, payload: &[u8]) -> Vec<u8> {
    let compress = [Compress::Auto, Compress::Always, Compress::Never][usize::from(message.compress % 3)];
    let piece = usize::from(message.piece).max(payload.len() / 50).max(1);
    let (mut at, mut wire) = (0, Vec::new());
    let mut memory = vec![0; 200 + usize::from(message.room) * 16];
    for _ in 0..20_000 {
        let mut out = WriteBuf::new(&mut memory);
        let end = payload.len().min(at + piece);
        let last = end == payload.len();
        let sent = from.send_with(compress, kind, &payload[at..end], last, &mut out);
        wire.extend_from_slice(out.written());
        match sent {
            Ok(sent) => {
                at += sent;
                if last && at == payload.len() {
                    return wire;
                }
            }
            Err(proto_core::SendError::Full) => {
                assert!(!out.is_empty() || out.room() < 1_000, "{message:?} never fits")
            }
            Err(error) => panic!("{error}: {message:?}"),
        }
    }
    panic!("{message:?} is never sent");
}

#[derive(Default)]
struct Reader {
    input: Vec<u8>,
    messages: MessageAssembler,
    got: Vec<(Kind, Vec<u8>)>,
}

impl Reader {
    fn take(&mut self, connection: &mut Connection, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
        let mut scratch = [0; 4096];
        loop {
            let step = connection.receive(&mut self.input, &mut scratch).expect("neither is at fault");
            let (consumed, told) = (step.consumed, step.event.is_some());
            if let Some(Event::Data(data)) = step.event
                && let Some(message) = self.messages.push(data).expect("within its limits")
            {
                self.got.push((message.kind, message.payload.to_vec()));
            }
            self.input.drain(..consumed);
            if !told {
                return;
            }
        }
    }
}

/// Compressed payloads, right and wrong.
pub fn inflate_seeds() -> Vec<Vec<u8>> {
    [
        &b"\xf2\x48\xcd\xc9\xc9\x07\x00"[..],
        b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00",
        b"\x00\x05\x00\xfa\xffHello\x00",
        b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00",
        b"\x4a\x4c\x84\x01\x00",
        b"\x06",
        b"",
        b"\x00",
        b"\xed\xc1\x01\x0d\x00\x00\x00\xc2\xa0\xf7\x4f\x6d\x0e\x37\xa0\x00\x00\x00\x00\x00\x00\x00\x00\x80\x77\x03",
    ]
    .map(<[u8]>::to_vec)
    .into()
}

/// The same in frames, from a client and from a server.
pub fn deflate_seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (masked, knob) in [(true, 0), (true, 5), (false, 2), (false, 11)] {
        let hello = &inflate_seeds()[0];
        let mut inputs: Vec<_> = inflate_seeds().iter().map(|payload| frame(0xc1, payload, masked)).collect();
        inputs.push(
            [frame(0x41, &hello[..3], masked), frame(0x89, b"?", masked), frame(0x80, &hello[3..], masked)]
                .concat(),
        );
        inputs.push(frame(0xc1, hello, masked).repeat(3));
        seeds.extend(with_knobs(&[[0, knob], [0x3f, knob]], &inputs));
    }
    seeds
}
