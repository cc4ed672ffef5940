//! proto-h2's HPACK.

use std::hint::black_box;

use proto_core::WriteBuf;
use proto_h2::hpack::{Decoder, Encoder, Field};

use crate::lists::Lists;
use crate::measure::{Contestant, Standing};

/// Decodes blocks in order; each pass goes through the same states of the table.
pub fn decode(blocks: &[Vec<u8>]) -> Contestant {
    let blocks = blocks.to_vec();
    let mut decoder = Decoder::new(4096);
    let mut scratch = vec![0; 16 * 1024];
    Contestant::new("Decoder", Standing::Ours, move || {
        let decode =
            |block| decoder.decode(black_box(block), &mut scratch).map_or(0, |fields| fields.len() as u64);
        blocks.iter().map(Vec::as_slice).map(decode).sum()
    })
}

/// Encodes lists in order; the table is emptied before every `fresh` lists.
pub fn encode(lists: &Lists, fresh: usize) -> Contestant {
    let lists = lists.lists.clone();
    let mut encoder = Encoder::new(4096);
    let mut room = vec![0; 4096];
    Contestant::new("Encoder", Standing::Ours, move || {
        let mut tally = 0;
        for (nth, list) in lists.iter().enumerate() {
            if nth % fresh == 0 {
                encoder.set_limit(0);
                encoder.set_limit(4096);
            }
            let fields =
                black_box(list).iter().map(|(name, value)| Field::new(name.as_bytes(), value.as_bytes()));
            let mut out = WriteBuf::new(&mut room);
            if encoder.encode(fields, &mut out).is_ok() {
                tally += list.len() as u64;
            }
            black_box(out.written());
        }
        tally
    })
}

/// The blocks of a connection, by this encoder.
pub fn blocks(lists: &Lists, fresh: usize) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(4096);
    let mut room = vec![0; 4096];
    let block = |(nth, list): (usize, &crate::lists::List)| {
        if nth % fresh == 0 {
            encoder.set_limit(0);
            encoder.set_limit(4096);
        }
        let mut out = WriteBuf::new(&mut room);
        let fields = list.iter().map(|(name, value)| Field::new(name.as_bytes(), value.as_bytes()));
        encoder.encode(fields, &mut out).map(|()| out.written().to_vec()).unwrap_or_default()
    };
    lists.lists.iter().enumerate().map(block).collect()
}
