//! Messages collected whole, and the budgets of collecting.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod common;
use common::*;
use proto_ws::{Data, End, Event, Kind, MessageAssembler, Overflow, Reserved};

/// Pushes what `input` holds: the messages, and the overflow that ended it.
fn collect(assembler: &mut MessageAssembler, input: &[u8], step: usize) -> (Vec<Vec<u8>>, Option<Overflow>) {
    let mut server = server();
    let mut messages = Vec::new();
    let mut pending = Vec::new();
    for part in input.chunks(step) {
        pending.extend_from_slice(part);
        loop {
            let step = server.receive(&mut pending, &mut []).unwrap();
            let consumed = step.consumed;
            match step.event {
                None => {
                    pending.drain(..consumed);
                    break;
                }
                Some(Event::Data(data)) => match assembler.push(data) {
                    Ok(Some(message)) => messages.push(message.payload.to_vec()),
                    Ok(None) => {}
                    Err(overflow) => return (messages, Some(overflow)),
                },
                Some(_) => {}
            }
            pending.drain(..consumed);
        }
    }
    (messages, None)
}

fn fragmented(message: &[u8], frames: usize) -> Vec<u8> {
    let mut input = Vec::new();
    for at in 0..frames {
        let piece = if at == 0 { message } else { b"" };
        let first = if at == 0 { 0x02 } else { 0 } | if at + 1 == frames { 0x80 } else { 0 };
        input.extend(from_client(first, piece));
        input.extend(from_client(0x89, b"between"));
    }
    input
}

#[test]
fn whole_messages_however_they_come() {
    let input = [
        from_client(0x81, b"one"),
        from_client(0x01, b"t"),
        from_client(0x89, b"!"),
        from_client(0x00, b""),
        from_client(0x80, b"wo"),
        from_client(0x82, b""),
        from_client(0x82, &[9; 300]),
    ]
    .concat();
    for step in [1, 2, 7, 100, input.len()] {
        let mut assembler = MessageAssembler::default();
        let (messages, overflow) = collect(&mut assembler, &input, step);
        assert_eq!(messages, [b"one".to_vec(), b"two".to_vec(), vec![], vec![9; 300]]);
        assert_eq!(overflow, None);
    }
}

#[test]
fn bytes_at_the_limit_and_one_beyond_however_cut() {
    for step in [1, 3, 1000] {
        for frames in [1, 3] {
            let mut assembler = MessageAssembler::new(10, 100);
            assert_eq!(collect(&mut assembler, &fragmented(b"0123456789", frames), step).1, None);
            let over = fragmented(b"01234567890", frames);
            assert_eq!(collect(&mut assembler, &over, step), (vec![], Some(Overflow::Bytes)));
        }
        let mut assembler = MessageAssembler::new(10, 100);
        let sums = [from_client(0x02, b"01234"), from_client(0x80, b"567890")].concat();
        assert_eq!(collect(&mut assembler, &sums, step).1, Some(Overflow::Bytes));
    }
    // refused by what the header announces, before it is there
    let mut assembler = MessageAssembler::new(10, 100);
    let announced = from_client(0x82, &[0; 11]);
    assert_eq!(collect(&mut assembler, &announced[..7], 100).1, Some(Overflow::Bytes));
}

#[test]
fn frames_at_the_limit_and_one_beyond_however_cut() {
    for step in [1, 3, 1000] {
        let mut assembler = MessageAssembler::new(1000, 3);
        for _ in 0..2 {
            assert_eq!(collect(&mut assembler, &fragmented(b"abc", 3), step).1, None);
            assert_eq!(collect(&mut assembler, &fragmented(b"abc", 1), step).1, None);
        }
        assert_eq!(collect(&mut assembler, &fragmented(b"abc", 4), step).1, Some(Overflow::Fragments));
    }
    assert_eq!(Overflow::Fragments.close_code().value(), 1009);
}

fn piece(payload: &mut [u8], first: bool, end: End) -> Data<'_> {
    Data { kind: Kind::Text, payload, first, end, remaining: 0, reserved: Reserved::NONE }
}

#[test]
fn one_piece_is_not_copied() {
    let mut assembler = MessageAssembler::default();
    let mut payload = *b"in place";
    let lies = payload.as_ptr();
    let message = assembler.push(piece(&mut payload, true, End::Message)).unwrap().unwrap();
    assert_eq!(message.payload.as_ptr(), lies);
    assert_eq!(message.text(), Some("in place"));
}

#[test]
fn owned_messages() {
    let mut assembler = MessageAssembler::default();
    let whole = assembler.push_bytes(piece(&mut b"whole".to_vec(), true, End::Message)).unwrap();
    assert_eq!(whole, Some((Kind::Text, "whole".into())));
    assert_eq!(assembler.push_bytes(piece(&mut b"in ".to_vec(), true, End::Frame)), Ok(None));
    let parts = assembler.push_bytes(piece(&mut b"parts".to_vec(), false, End::Message)).unwrap();
    assert_eq!(parts, Some((Kind::Text, "in parts".into())));
    assert_eq!(assembler.push_bytes(piece(&mut b"x".to_vec(), true, End::Frame)), Ok(None));
    let next = assembler.push_bytes(piece(&mut b"new".to_vec(), true, End::Message)).unwrap();
    assert_eq!(next, Some((Kind::Text, "new".into())), "a message that was given up is forgotten");
}

#[test]
fn a_message_that_is_done_with_is_forgotten() {
    let mut assembler = MessageAssembler::new(1 << 20, 2);
    for _ in 0..3 {
        assert_eq!(assembler.push(piece(&mut vec![b'x'; 100_000], true, End::Frame)), Ok(None));
        let mut last = [b'y'];
        let message = assembler.push(piece(&mut last, false, End::Message)).unwrap().unwrap();
        assert_eq!(message.payload.len(), 100_001);
        assembler.clear();
    }
    let mut nothing = [];
    let binary = Data { kind: Kind::Binary, ..piece(&mut nothing, true, End::Message) };
    assert_eq!(assembler.push(binary).unwrap().unwrap().text(), None);
}
