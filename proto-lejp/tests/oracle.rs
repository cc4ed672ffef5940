//! The oracle over generated texts, in every mode: what is told does not depend on how the input is cut.

use proptest::prelude::*;
use proto_lejp::story::fuzz;

/// Pieces that texts are made of: all tokens, whole and damaged.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let fixed: &[&[u8]] = &[
        b"{", b"}", b"[", b"]", b",", b":", b" ", b"\n", b"\r\n\t", b"                      ", b"#", b"# c\n", b"true", b"false",
        b"null", b"tru", b"0", b"-1", b"01", b"1.5e+3", b"1e", b"-", b"123456789012345678901234567890", b"\"a\"", b"\"b\"",
        b"\"ab\":", b"\"a\":[", b"\"\"", b"\"a.b\"", b"\"\\n\"", b"\"\\u00e4\"", b"\"\\ud83d\\ude00\"", b"\"\\ud83d\"", b"\"\\q\"",
        b"\"a\\", b"\"", b"\"\xc3\xa4\xe6\x97\xa5\xf0\x9f\x98\x80\"", b"\"\xc3", b"\xff", b"\x01", b"{\"a\":1,\"b\":[2,{\"c\":3}]}",
        b"\"a string of somewhat more than sixty-four bytes, which is the least that a parser may be asked to keep whole\"",
        b"\"\\u0061 string of \\t somewhat more than sixty-four bytes, with escapes \\ud83d\\ude00 here \xe6\x97\xa5 and there\\n\":",
        b"0.12345678901234567890123456789012345678901234567890123456789012345678901234567890",
    ];
    prop_oneof![
        20 => prop::sample::select(fixed).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(debug_assertions) { 400 } else { 20_000 }, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_tokens(choice in any::<u8>(), pieces in prop::collection::vec(piece(), 0..24)) {
        let mut data = vec![choice];
        data.extend(pieces.concat());
        if let Err(fault) = fuzz(&data) {
            prop_assert!(false, "{:?}", fault);
        }
    }

    #[test]
    fn a_damaged_document(
        choice in any::<u8>(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 0..3),
    ) {
        let mut text = br#"{"a":{"b":1,"\u0063":[true,null,{"d":"e\n\ud83d\ude00\u00e4"}]},"ab":[[-1.5e-3],[],0,"x"]} [1] "#.to_vec();
        for (at, byte, insert) in damage {
            let at = at.index(text.len());
            if insert {
                text.insert(at, byte);
            } else {
                text[at] = byte;
            }
        }
        text.insert(0, choice);
        if let Err(fault) = fuzz(&text) {
            prop_assert!(false, "{:?}", fault);
        }
    }
}
