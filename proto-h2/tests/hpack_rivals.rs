//! HPACK against two independent implementations, `hpack` and `loona-hpack`: what each encodes all decode, and any
//! octets mean the same to all. Neither is ever in the path of a network's input, and `hpack` panics on some of it.
#![allow(clippy::unwrap_used, clippy::panic)]

use proptest::prelude::*;
use proto_core::WriteBuf;
use proto_h2::hpack::{Decoder, Encoder, Error, Field};
use std::panic::{AssertUnwindSafe, catch_unwind};
use strategies::Fields;
use strategies::damage::damage;
use strategies::hpack::fields;

/// Three decoders of one connection.
struct Decoders {
    ours: Decoder,
    hpack: hpack::Decoder<'static>,
    loona: loona_hpack::Decoder<'static>,
}

impl Decoders {
    fn new() -> Self {
        Self { ours: Decoder::new(4096), hpack: hpack::Decoder::new(), loona: loona_hpack::Decoder::new() }
    }

    fn ours(&mut self, block: &[u8]) -> Result<Fields, Error> {
        let mut scratch = vec![0; 1 << 17];
        let list = self.ours.decode(block, &mut scratch)?;
        Ok(list.iter().map(|field| (field.name.to_vec(), field.value.to_vec())).collect())
    }

    /// `None` when it refuses the block, or panics.
    fn hpack(&mut self, block: &[u8]) -> Option<Fields> {
        catch_unwind(AssertUnwindSafe(|| self.hpack.decode(block))).ok()?.ok()
    }

    fn loona(&mut self, block: &[u8]) -> Option<Fields> {
        catch_unwind(AssertUnwindSafe(|| self.loona.decode(block))).ok()?.ok()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn everyone_reads_what_anyone_writes(lists in proptest::collection::vec(fields(), 1..10), limit in 0..4097_u32) {
        let mut mine = Encoder::new(4096);
        let (mut hpack, mut loona) = (hpack::Encoder::new(), loona_hpack::Encoder::new());
        let mut readers = [Decoders::new(), Decoders::new(), Decoders::new()];
        for (nth, list) in lists.iter().enumerate() {
            if nth % 4 == 3 {
                mine.set_limit(limit);
            }
            let fields = || list.iter().map(|(name, value)| Field::new(name, value));
            let mut room = vec![0; Encoder::bound(fields())];
            let mut out = WriteBuf::new(&mut room);
            mine.encode(fields(), &mut out).unwrap();
            let pairs = || list.iter().map(|(name, value)| (&name[..], &value[..]));
            let blocks = [out.written().to_vec(), hpack.encode(pairs()), loona.encode(pairs())];
            for (readers, block) in readers.iter_mut().zip(&blocks) {
                let ours = readers.ours(block);
                prop_assert_eq!(ours.as_ref(), Ok(list));
                let theirs = [readers.hpack(block), readers.loona(block)];
                prop_assert!(theirs.iter().all(|theirs| theirs.as_ref() == Some(list)), "{:?} of {:?}", theirs, list);
            }
        }
    }

    /// Blocks that were damaged, and octets of no meaning.
    #[test]
    fn octets_mean_the_same_to_all(
        lists in proptest::collection::vec(fields(), 1..6),
        damage in damage(&[], 2),
        noise in proptest::collection::vec(any::<u8>(), 0..30),
    ) {
        let mut encoder = Encoder::new(4096);
        let mut readers = Decoders::new();
        for list in &lists {
            let fields = || list.iter().map(|(name, value)| Field::new(name, value));
            let mut room = vec![0; Encoder::bound(fields())];
            let mut out = WriteBuf::new(&mut room);
            encoder.encode(fields(), &mut out).unwrap();
            let mut block = out.written().to_vec();
            damage.to(&mut block);
            block.extend(&noise);
            let ours = readers.ours(&block);
            let (hpack, loona) = (readers.hpack(&block), readers.loona(&block));
            match ours {
                Ok(ours) => {
                    // Its entry 15 is misspelt.
                    let misspelt = ours.iter().any(|(name, _)| name == b"accept-charset");
                    prop_assert!(hpack.is_none_or(|hpack| hpack == ours || misspelt), "{}", block.escape_ascii());
                    prop_assert!(loona.as_ref().is_none_or(|loona| *loona == ours), "{}", block.escape_ascii());
                    if loona.is_none() {
                        break; // it refuses a size update at the end, and integers of more octets than needed
                    }
                }
                // RFC 7541 section 4.2 wants size updates at the beginning; both take them anywhere, and `hpack` any size.
                Err(Error::SizeUpdateLate | Error::SizeUpdateTooLarge) => break,
                Err(error) => {
                    prop_assert!(loona.is_none(), "{error}: {}", block.escape_ascii());
                    break;
                }
            }
        }
    }
}
