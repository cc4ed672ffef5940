//! What the operation targets share: calls made of the input, and room of any size to write to.

use arbitrary::{Arbitrary, Unstructured};
use proto_core::WriteBuf;

/// As many calls as the input makes, at most `most`.
pub(crate) fn calls<'d, T: Arbitrary<'d>>(data: &'d [u8], most: usize) -> Vec<T> {
    let mut input = Unstructured::new(data);
    let mut calls = Vec::new();
    while !input.is_empty() && calls.len() < most {
        let Ok(call) = input.arbitrary() else { break };
        calls.push(call);
    }
    calls
}

/// Lets `write` write to as much room as `room` stands for; what it wrote, and whether it was refused.
///
/// A call that is refused has written nothing.
pub(crate) fn write<T, E>(
    room: u8,
    write: impl FnOnce(&mut WriteBuf<'_>) -> Result<T, E>,
) -> (Vec<u8>, Result<T, E>) {
    let room = match room {
        0..=127 => usize::from(room),
        _ => usize::from(room) * 32,
    };
    let mut memory = vec![0; room];
    let mut out = WriteBuf::new(&mut memory);
    let result = write(&mut out);
    assert!(result.is_ok() || out.is_empty(), "refused, and wrote");
    (out.written().to_vec(), result)
}

/// What `transmit` writes to as much room as `room` stands for.
pub(crate) fn transmitted(room: u8, transmit: impl FnOnce(&mut WriteBuf<'_>)) -> Vec<u8> {
    let all = |out: &mut WriteBuf<'_>| {
        transmit(out);
        Ok::<(), ()>(())
    };
    write(room, all).0
}

/// Bytes that begin many different sequences of calls.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut byte = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..12).map(|nth| (0..48 << (nth % 4)).map(|_| byte()).collect()).collect()
}
