//! Every way in which a field block can be wrong, and the limits at their edges.
#![allow(clippy::unwrap_used, clippy::panic)]

use proptest::prelude::*;
use proto_core::{Full, WriteBuf};
use proto_h2::hpack::{Decoder, Encoder, Error, Field, Fields};
use strategies::hpack::fields;

fn decode(block: &[u8]) -> Result<usize, Error> {
    Decoder::new(4096).decode(block, &mut [0; 4096]).map(|fields| fields.len())
}

#[test]
fn truncated_anywhere() {
    for block in [
        &b"\x3f"[..],
        b"\x3f\x80",
        b"\xff",
        b"\xff\x80",
        b"\x40",
        b"\x40\x01",
        b"\x40\x01a",
        b"\x40\x01a\x01",
        b"\x40\x81",
        b"\x41",
        b"\x41\x03ab",
        b"\x7f",
        b"\x0f",
        b"\x1f",
        b"\x00\x7f",
        b"\x00\x7f\xff",
        b"\x82\x44\x82\x1c",
    ] {
        assert_eq!(decode(block), Err(Error::Truncated), "{}", block.escape_ascii());
    }
}

#[test]
fn indices_that_no_table_has() {
    for block in [&b"\x80"[..], b"\xbe", b"\xff\x00", b"\xff\xff\xff\xff\x0f", b"\x7f\x00\x01a", b"\x7e\x01a"]
    {
        assert_eq!(decode(block), Err(Error::InvalidIndex), "{}", block.escape_ascii());
    }
    assert_eq!(decode(b"\x40\x01a\x01b\xbe"), Ok(2));
    assert_eq!(decode(b"\x40\x01a\x01b\xbf"), Err(Error::InvalidIndex));
    assert_eq!(decode(b"\x40\x01a\x01b\x7f\x00\x00"), Err(Error::InvalidIndex));
}

#[test]
fn integers_over_32_bits_or_five_octets() {
    assert_eq!(decode(b"\xff\xff\xff\xff\xff\x7f"), Err(Error::IntegerOverflow));
    assert_eq!(decode(b"\xff\x80\x80\x80\x80\x80\x00"), Err(Error::IntegerOverflow));
    assert_eq!(decode(b"\x3f\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), Err(Error::IntegerOverflow));
    assert_eq!(decode(b"\x00\x7f\xff\xff\xff\xff\x7f"), Err(Error::IntegerOverflow));
}

#[test]
fn huffman_strings() {
    assert_eq!(decode(b"\x00\x01a\x84\xff\xff\xff\xfc"), Err(Error::HuffmanEos));
    assert_eq!(decode(b"\x00\x01a\x81\xff"), Err(Error::HuffmanPadding));
    assert_eq!(decode(b"\x00\x01a\x81\x00"), Err(Error::HuffmanPadding));
    assert_eq!(decode(b"\x00\x01a\x82\x1f\xff"), Err(Error::HuffmanPadding));
    assert_eq!(decode(b"\x00\x01a\x81\x1f"), Ok(1));
    assert_eq!(decode(b"\x00\x01a\x80"), Ok(1));
}

#[test]
fn size_updates_above_the_limit_or_in_the_wrong_place() {
    assert_eq!(decode(b"\x3f\xe1\x1f\x82"), Ok(1)); // 4096
    assert_eq!(decode(b"\x3f\xe2\x1f\x82"), Err(Error::SizeUpdateTooLarge));
    assert_eq!(decode(b"\x20\x3f\xe1\x1f\x82"), Ok(1));
    assert_eq!(decode(b"\x82\x20"), Err(Error::SizeUpdateLate));
    assert_eq!(decode(b"\x20"), Ok(0));
}

#[test]
fn a_lowered_limit_demands_a_size_update() {
    let start = || {
        let mut decoder = Decoder::new(4096);
        decoder.decode(b"\x40\x01a\x01b", &mut [0; 64]).unwrap();
        decoder
    };
    let mut scratch = [0; 64];
    let mut decoder = start();
    decoder.set_limit(100);
    assert_eq!(decoder.decode(b"\x82", &mut scratch).err(), Some(Error::SizeUpdateMissing));
    let mut decoder = start();
    decoder.set_limit(100);
    assert!(decoder.decode(b"\x3f\x45\xbe", &mut scratch).is_ok()); // exactly 100: the entry of 34 stays
    assert!(decoder.decode(b"\xbe", &mut scratch).is_ok());
    let mut decoder = start();
    decoder.set_limit(100);
    assert_eq!(decoder.decode(b"\x3f\x46", &mut scratch).err(), Some(Error::SizeUpdateTooLarge));

    // Lowered and raised again: the smallest limit of the interval must have been kept to.
    let mut decoder = start();
    decoder.set_limit(0);
    decoder.set_limit(4096);
    assert_eq!(decoder.decode(b"\x3f\xe1\x1f\x82", &mut scratch).err(), Some(Error::SizeUpdateMissing));
    let mut decoder = start();
    decoder.set_limit(0);
    decoder.set_limit(4096);
    assert!(decoder.decode(b"\x20\x3f\xe1\x1f\x82", &mut scratch).is_ok());
    assert_eq!(decoder.table_len(), 0);

    // A raised limit demands nothing.
    let mut decoder = Decoder::new(8192);
    decoder.set_limit(8192);
    assert!(decoder.decode(b"\x82", &mut scratch).is_ok());
    assert!(decoder.decode(b"\x3f\xe1\x3f\x82", &mut scratch).is_ok());
}

#[test]
fn the_scratch_length_is_the_limit_and_the_table_survives_it() {
    let block = b"\x40\x01a\x03bcd\x40\x01e\x01f\x82";
    let whole = (8 + 4) + (8 + 2) + (8 + 7 + 3);
    let mut room = vec![0; whole];
    assert_eq!(Decoder::new(4096).decode(block, &mut room).map(|fields| fields.len()), Ok(3));
    for less in 0..whole {
        let mut decoder = Decoder::new(4096);
        match decoder.decode(block, &mut room[..less]) {
            Err(Error::ListTooLarge) => {
                assert_eq!((decoder.table_len(), decoder.table_size()), (2, 36 + 34), "room {less}");
                let mut scratch = [0; 64];
                let fields = decoder.decode(b"\xbe\xbf", &mut scratch).unwrap();
                assert!(fields.iter().eq([Field::new(b"e", b"f"), Field::new(b"a", b"bcd")]));
            }
            Err(Error::FieldTooLarge) => assert!(less < 12),
            other => panic!("{other:?} with room for {less}"),
        }
    }
}

#[test]
fn a_field_larger_than_table_and_scratch_empties_the_table() {
    for coded in [false, true] {
        let mut decoder = Decoder::new(64);
        let mut block = b"\x40\x01a\x01b\x40\x01c".to_vec();
        if coded {
            block.extend([0xff, 0x00]); // 127 octets
            block.extend([0x00; 126]); // `0` has five zero bits; 1016 bits, and the last must be padding
            block.push(0x07);
        } else {
            block.extend([0x7f, 0x01]);
            block.extend([b'x'; 128]);
        }
        block.push(0x82);
        assert_eq!(decoder.decode(&block, &mut [0; 72]).err(), Some(Error::ListTooLarge));
        assert_eq!((decoder.table_len(), decoder.table_size()), (0, 0));
        assert!(decoder.decode(b"\x82", &mut [0; 72]).is_ok());
    }
}

#[test]
fn a_bomb_of_references_costs_no_more_than_the_scratch() {
    let mut decoder = Decoder::new(4096);
    let mut block = b"\x40\x01a\x7f\xa1\x1e".to_vec(); // a value of 4000
    block.resize(block.len() + 4000, b'x');
    decoder.decode(&block, &mut [0; 8192]).unwrap();
    let bomb = [0xbe; 16_000];
    assert_eq!(decoder.decode(&bomb, &mut [0; 16_384]).err(), Some(Error::ListTooLarge));
    assert_eq!(decoder.decode(b"\xbe", &mut [0; 8192]).map(|fields| fields.list_size()), Ok(4033));
}

#[test]
fn the_encoder_writes_nothing_when_the_bound_does_not_fit() {
    let fields = [Field::new(b"name", b"value"), Field::new(b"x", b"")];
    let bound = Encoder::bound(fields);
    let mut encoder = Encoder::new(4096);
    let mut room = vec![0xaa; bound];
    let mut out = WriteBuf::new(&mut room[1..]);
    assert_eq!(encoder.encode(fields, &mut out), Err(Full));
    assert_eq!((out.len(), encoder.table_size()), (0, 0));
    assert!(room.iter().all(|&octet| octet == 0xaa));
    assert_eq!(encoder.encode(fields, &mut WriteBuf::new(&mut room)), Ok(()));
}

#[test]
fn sensitive_fields_never_enter_a_table() {
    let mut encoder = Encoder::new(4096);
    let mut decoder = Decoder::new(4096);
    for _ in 0..3 {
        let fields = [
            Field::new(b"x-secret", b"hush").sensitive(),
            Field::new(b"authorization", b"Bearer 0123456789abcdef0123"),
            Field::new(b"cookie", b"short=1"),
        ];
        let mut room = [0; 256];
        let mut out = WriteBuf::new(&mut room);
        encoder.encode(fields, &mut out).unwrap();
        let mut scratch = [0; 512];
        let decoded = decoder.decode(out.written(), &mut scratch).unwrap();
        assert!(decoded.iter().eq(fields.map(Field::sensitive)));
        assert_eq!((decoder.table_len(), encoder.table_size()), (0, 0));
    }
}

#[test]
fn the_encoder_signals_each_change_of_the_limit() {
    let mut encoder = Encoder::new(4096);
    let block = |limits: &[u32], encoder: &mut Encoder| {
        limits.iter().for_each(|&limit| encoder.set_limit(limit));
        let mut room = [0; 64];
        let mut out = WriteBuf::new(&mut room);
        encoder.encode([Field::new(b":method", b"GET")], &mut out).unwrap();
        out.written().to_vec()
    };
    assert_eq!(block(&[], &mut encoder), b"\x82");
    assert_eq!(block(&[4096], &mut encoder), b"\x82");
    assert_eq!(block(&[100], &mut encoder), b"\x3f\x45\x82");
    assert_eq!(block(&[0, 200], &mut encoder), b"\x20\x3f\xa9\x01\x82");
    assert_eq!(block(&[65_536], &mut encoder), b"\x3f\xe1\x1f\x82"); // no more than its own capacity
    assert_eq!(block(&[0, 4096], &mut encoder), b"\x20\x3f\xe1\x1f\x82");
    assert_eq!(block(&[], &mut encoder), b"\x82");
    assert_eq!(block(&[], &mut Encoder::new(128)), b"\x3f\x61\x82"); // smaller than HTTP/2's initial size
}

#[derive(Debug, Clone)]
enum Operation {
    Block(Vec<(Vec<u8>, Vec<u8>)>, Vec<bool>),
    Limit(u32),
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        6 => (fields(), proptest::collection::vec(proptest::bool::weighted(0.1), 20))
            .prop_map(|(fields, sensitive)| Operation::Block(fields, sensitive)),
        1 => prop_oneof![0..300_u32, 0..5000_u32].prop_map(Operation::Limit),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]
    /// Encoder and decoder agree through any sequence of blocks and settings, and so do their tables.
    #[test]
    fn what_is_encoded_is_decoded(
        capacity in prop_oneof![Just(4096_u32), 0..600_u32],
        operations in proptest::collection::vec(operation(), 1..25),
    ) {
        let mut encoder = Encoder::new(capacity);
        let mut decoder = Decoder::new(4096);
        for operation in operations {
            match operation {
                Operation::Limit(limit) => {
                    encoder.set_limit(limit);
                    decoder.set_limit(limit.min(4096));
                }
                Operation::Block(fields, sensitive) => {
                    let fields = fields.iter().zip(&sensitive).map(|((name, value), &sensitive)| Field {
                        name,
                        value,
                        sensitive,
                    });
                    let mut room = vec![0; Encoder::bound(fields.clone())];
                    let mut out = WriteBuf::new(&mut room);
                    encoder.encode(fields.clone(), &mut out).unwrap();
                    let mut scratch = vec![0; 1 << 17];
                    let decoded = decoder.decode(out.written(), &mut scratch);
                    prop_assert!(decoded.is_ok(), "{:?}", decoded);
                    let decoded = decoded.unwrap();
                    let plain = |field: Field<'_>| (field.name.to_vec(), field.value.to_vec());
                    prop_assert!(decoded.iter().map(plain).eq(fields.clone().map(plain)));
                    prop_assert!(decoded.iter().zip(fields).all(|(found, sent)| found.sensitive >= sent.sensitive));
                    prop_assert_eq!(decoder.table_size(), encoder.table_size());
                }
            }
        }
    }

    /// Whatever comes: no panic, and a list that does not fit leaves the same table as one that does.
    #[test]
    fn any_blocks(blocks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 1..6), small in 0..300_usize) {
        let (mut roomy, mut tight) = (Decoder::new(4096), Decoder::new(4096));
        for block in &blocks {
            let (mut large, mut little) = (vec![0; 65_536], vec![0; small]);
            let a = roomy.decode(block, &mut large).map(|fields: Fields<'_>| format!("{fields:?}"));
            let b = tight.decode(block, &mut little).map(|fields: Fields<'_>| format!("{fields:?}"));
            match (a, b) {
                (Ok(a), Ok(b)) => prop_assert_eq!(a, b),
                (Ok(_), Err(Error::ListTooLarge)) => {}
                (_, Err(Error::FieldTooLarge)) => return Ok(()),
                (a, b) => {
                    prop_assert_eq!(a.err(), b.err());
                    return Ok(());
                }
            }
            prop_assert_eq!((roomy.table_len(), roomy.table_size()), (tight.table_len(), tight.table_size()));
        }
    }
}

#[test]
fn fields_that_repeat_are_indexed_again_after_each_eviction() {
    let mut encoder = Encoder::new(4096);
    let fields: Vec<String> = (0..20).map(|nth| format!("x-field-{nth}")).collect();
    for round in 0..40 {
        if round % 4 == 0 {
            encoder.set_limit(0);
            encoder.set_limit(4096);
        }
        let mut room = [0; 4096];
        let mut out = WriteBuf::new(&mut room);
        encoder
            .encode(fields.iter().map(|name| Field::new(name.as_bytes(), b"always the same")), &mut out)
            .unwrap();
        assert!(round % 4 == 0 || out.len() == fields.len(), "{} octets in round {round}", out.len());
    }
}
