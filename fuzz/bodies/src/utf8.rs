//! UTF-8 that comes in pieces, against the standard library.

use proto_ws::Utf8;

use crate::{hash, knobs, with_knobs};

/// The first wrong byte by definition: the end of the shortest prefix that no continuation makes valid.
fn first_wrong(text: &[u8]) -> Option<usize> {
    let fault = core::str::from_utf8(text).err()?;
    let rest = &text[fault.valid_up_to()..];
    let prefix = (1..=rest.len().min(4))
        .find(|&len| core::str::from_utf8(&rest[..len]).is_err_and(|fault| fault.error_len().is_some()))?;
    Some(fault.valid_up_to() + prefix - 1)
}

/// Validates in pieces of the length that the first byte gives, and in two at a place that depends on the text.
pub fn diff(data: &[u8]) {
    let ([knob], text) = knobs(data);
    let middle = (hash(text) % (text.len() as u64 + 1)) as usize;
    let (front, back) = text.split_at(middle);
    check(text, text.chunks(usize::from(knob) + 1));
    check(text, [front, back].into_iter());
}

fn check<'t>(text: &[u8], pieces: impl Iterator<Item = &'t [u8]>) {
    let expected = first_wrong(text);
    let mut utf8 = Utf8::default();
    let mut before = 0;
    for piece in pieces {
        match utf8.check(piece) {
            Ok(()) => before += piece.len(),
            Err(at) => return assert_eq!(Some(before + at), expected, "{text:x?}"),
        }
    }
    assert_eq!(expected, None, "{text:x?}");
    assert_eq!(utf8.is_boundary(), core::str::from_utf8(text).is_ok(), "{text:x?}");
}

/// Text of every length of code point, and every kind of fault.
pub fn seeds() -> Vec<Vec<u8>> {
    let inputs = [
        "plain".as_bytes().to_vec(),
        "κόσμε ✓ 日本語 😀 and a long ASCII run that fills more than one vector of a processor"
            .as_bytes()
            .to_vec(),
        b"\xc0\x80".to_vec(),
        b"\xe0\x80\x80".to_vec(),
        b"\xed\xa0\x80".to_vec(),
        b"\xf0\x80\x80\x80".to_vec(),
        b"\xf4\x90\x80\x80".to_vec(),
        b"abc\xe2\x82".to_vec(),
        b"\xf0\x9f\x98\xff".to_vec(),
    ];
    with_knobs(&[[0], [2]], &inputs)
}
