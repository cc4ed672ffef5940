//! The oracle over generated texts, in every mode: what is told does not depend on how the input is cut.

use proptest::prelude::*;
use proto_lejp::story::fuzz;
use strategies::json::texts;

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(debug_assertions) { 400 } else { 20_000 }, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_tokens_and_damaged_documents(choice in any::<u8>(), text in texts()) {
        if let Err(fault) = fuzz(&[&[choice], &text[..]].concat()) {
            prop_assert!(false, "{:?}", fault);
        }
    }
}
