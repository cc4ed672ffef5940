//! HPACK: any blocks against an independent decoder, and ours against our own encoder.

use loona_hpack::decoder::{DecoderError, IntegerDecodingError};
use proto_core::WriteBuf;
use proto_h2::hpack::{Decoder, Encoder, Error, Field};

use strategies::hpack::connection;
use strategies::some;

use crate::knobs;

/// Names and values.
type List = Vec<(Vec<u8>, Vec<u8>)>;

/// The blocks of one connection, each with a byte for its length before it. The first byte sets the table's size.
///
/// Both decoders must make the same lists of them, until one of them refuses a block. What was decoded is then encoded,
/// and decoded again by both. The other one takes or refuses a little that the RFC does not: see `excused`.
pub fn diff(data: &[u8]) {
    let ([size], mut rest) = knobs(data);
    let size = u32::from(size) * 16;
    let mut ours = Decoder::new(size);
    let mut judge = loona_hpack::Decoder::new();
    judge.set_max_table_size(size as usize);
    judge.set_max_allowed_table_size(size as usize);
    let mut again = Pair::new(size);
    while let Some((&len, behind)) = rest.split_first() {
        let (block, behind) = behind.split_at(behind.len().min(usize::from(len)));
        rest = behind;
        let mut scratch = vec![0; 1 << 16];
        let expected = judge.decode(block);
        let found = ours.decode(block, &mut scratch);
        match (found, expected) {
            (Ok(found), Ok(expected)) => {
                let found: List = found.iter().map(|f| (f.name.to_vec(), f.value.to_vec())).collect();
                assert_eq!(found, expected, "{}", block.escape_ascii());
                assert!(ours.table_size() <= size);
                again.check(&found);
            }
            (Err(Error::ListTooLarge), Ok(_)) => {} // the table must be right nevertheless
            (Err(_), Err(_)) => return,
            (found, expected) if excused(found.as_ref().err(), expected.as_ref().err()) => return,
            (found, expected) => panic!("{}: {found:?} but {expected:?}", block.escape_ascii()),
        }
    }
}

/// Where the two may differ.
fn excused(ours: Option<&Error>, theirs: Option<&DecoderError>) -> bool {
    match (ours, theirs) {
        // RFC 7541 section 4.2 wants a size update at the beginning of a block; it takes one anywhere.
        (Some(Error::SizeUpdateLate), None) => true,
        // A block of nothing but size updates, and integers of six octets: the RFC forbids neither.
        (None, Some(DecoderError::SizeUpdateAtEnd)) => true,
        (None, Some(DecoderError::IntegerDecodingError(IntegerDecodingError::TooManyOctets))) => true,
        _ => false,
    }
}

/// Our encoder, and what reads it.
struct Pair {
    encoder: Encoder,
    ours: Decoder,
    judge: loona_hpack::Decoder<'static>,
}

impl Pair {
    fn new(size: u32) -> Self {
        let mut judge = loona_hpack::Decoder::new();
        judge.set_max_table_size(size as usize);
        judge.set_max_allowed_table_size(size as usize);
        let mut encoder = Encoder::new(4096);
        encoder.set_limit(size);
        Self { encoder, ours: Decoder::new(size), judge }
    }

    fn check(&mut self, list: &List) {
        if list.is_empty() {
            return; // no block of HTTP/2 is
        }
        let fields = || list.iter().map(|(name, value)| Field::new(name, value));
        let bound = Encoder::bound(fields());
        let mut room = vec![0; bound];
        let mut out = WriteBuf::new(&mut room);
        self.encoder.encode(fields(), &mut out).expect("the bound suffices");
        let mut scratch = vec![0; 1 << 16];
        let found = self.ours.decode(out.written(), &mut scratch).expect("our own block");
        assert!(found.iter().map(|f| (f.name, f.value)).eq(list.iter().map(|(n, v)| (&n[..], &v[..]))));
        let expected = self.judge.decode(out.written()).expect("our block, read by others");
        assert_eq!(&expected, list);
    }
}

/// The examples of RFC 7541 C.3 to C.6 as connections, blocks that are wrong in one way each, and generated ones.
pub fn diff_seeds() -> Vec<Vec<u8>> {
    let connections: [&[&[u8]]; 6] = [
        &[
            b"\x82\x86\x84\x41\x0fwww.example.com",
            b"\x82\x86\x84\xbe\x58\x08no-cache",
            b"\x82\x87\x85\xbf\x40\x0acustom-key\x0ccustom-value",
        ],
        &[
            b"\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff",
            b"\x82\x86\x84\xbe\x58\x86\xa8\xeb\x10\x64\x9c\xbf",
            b"\x82\x87\x85\xbf\x40\x88\x25\xa8\x49\xe9\x5b\xa9\x7d\x7f\x89\x25\xa8\x49\xe9\x5b\xb8\xe8\xb4\xbf",
        ],
        &[
            b"\x48\x03302\x58\x07private\x61\x1dMon, 21 Oct 2013 20:13:21 GMT\x6e\x17https://www.example.com",
            b"\x48\x03307\xc1\xc0\xbf",
        ],
        &[b"\x20\x82", b"\x3f\xe1\x1f\x40\x01n\x01v\xbe", b"\xbe"],
        &[b"\x10\x01n\x01v\x00\x01n\x81\x1f", b"\x80"],
        &[b"\xff\xff\xff\xff\xff\x0f", b"\x82"],
    ];
    let mut seeds = Vec::new();
    for blocks in connections {
        for size in [0, 6, 255] {
            let mut seed = vec![size];
            for block in blocks {
                seed.push(block.len() as u8);
                seed.extend(*block);
            }
            seeds.push(seed);
        }
    }
    for blocks in some(&connection(4096), 4) {
        let (mut writer, mut seed) = (strategies::hpack::Encoder::new(4096), vec![255]);
        for block in &blocks {
            let octets = writer.encode(block).0;
            let Ok(len) = u8::try_from(octets.len()) else { break };
            seed.push(len);
            seed.extend(octets);
        }
        seeds.push(seed);
    }
    seeds
}
