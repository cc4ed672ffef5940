//! What frames are accepted, what they tell, and how each fault is answered.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

mod common;
use common::*;
use proto_ws::{Error, Reserved, Role};

fn told(input: &[u8]) -> Vec<String> {
    let (events, error) = feed(&mut server(), input);
    assert_eq!(error, None);
    events
}

/// The error, and the Close frame that follows it.
fn refused(mut connection: proto_ws::Connection, input: &[u8]) -> (Error, Option<u16>) {
    let (_, error) = feed(&mut connection, input);
    let error = error.expect("refused");
    let close = transmit(&mut connection);
    assert!(connection.wants().close);
    assert_eq!(transmit(&mut connection), b"", "one Close frame only");
    if close.is_empty() {
        return (error, None);
    }
    let (first, payload) = open(&close);
    assert_eq!(first, 0x88);
    (error, Some(u16::from_be_bytes(payload.try_into().unwrap())))
}

#[test]
fn the_examples_of_section_5_7() {
    assert_eq!(told(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), ["Text Hello first Message 0"]);
    let mut client = client();
    assert_eq!(feed(&mut client, b"\x81\x05Hello").0, ["Text Hello first Message 0"]);
    assert_eq!(
        feed(&mut client, b"\x01\x03Hel\x80\x02lo").0,
        ["Text Hel first Frame 0", "Text lo Message 0"]
    );
    assert_eq!(feed(&mut client, b"\x89\x05Hello").0, ["Ping Hello"]);
    let long = feed(&mut client, &from_server(0x82, &[0; 256])).0;
    assert!(long[0].ends_with("first Message 0"));
    let longer = feed(&mut client, &from_server(0x82, &[0; 65_536])).0;
    assert!(longer[0].ends_with("first Message 0"));
}

#[test]
fn every_length_around_its_forms() {
    for len in [0, 1, 2, 7, 8, 9, 15, 16, 125, 126, 127, 128, 255, 256, 65_535, 65_536, 65_537] {
        let payload: Vec<u8> = (0..len).map(|at| (at * 7) as u8).collect();
        for (mut connection, frame) in both() {
            let mut input = frame(0x82, &payload);
            let step = connection.receive(&mut input, &mut []).unwrap();
            assert_eq!(step.consumed, frame(0x82, &payload).len());
            let Some(proto_ws::Event::Data(data)) = step.event else { panic!("{len}") };
            assert_eq!(data.payload, payload);
        }
    }
}

#[test]
fn a_payload_is_handed_on_as_it_arrives() {
    let mut server = server();
    let frame = from_client(0x82, b"abcdef");
    assert_eq!(feed(&mut server, &frame[..5]).0, [""; 0]);
    let mut head = frame[..6].to_vec();
    let step = server.receive(&mut head, &mut []).unwrap();
    assert_eq!((step.consumed, step.event), (6, None)); // the header is complete
    assert_eq!(feed(&mut server, &frame[6..9]).0, ["Binary abc first Partial 3"]);
    assert_eq!(feed(&mut server, &[]).0, [""; 0]);
    assert_eq!(feed(&mut server, &frame[9..]).0, ["Binary def Message 0"]);
}

#[test]
fn control_frames_between_fragments() {
    let input = [
        from_client(0x01, b"one"),
        from_client(0x89, b"p"),
        from_client(0x00, b""),
        from_client(0x8a, b""),
        from_client(0x80, b"two"),
        from_client(0x82, b""),
    ]
    .concat();
    assert_eq!(
        told(&input),
        [
            "Text one first Frame 0",
            "Ping p",
            "Text  Frame 0",
            "Pong ",
            "Text two Message 0",
            "Binary  first Message 0"
        ]
    );
}

#[test]
fn a_control_frame_stays_unconsumed_until_it_is_complete() {
    let frame = from_client(0x89, &[b'x'; 125]);
    let mut server = server();
    assert_eq!(server.min_input(), frame.len());
    for len in 0..frame.len() {
        let mut part = frame[..len].to_vec();
        let step = server.receive(&mut part, &mut []).unwrap();
        assert_eq!((step.consumed, step.event), (0, None));
    }
    assert_eq!(feed(&mut server, &frame).0.len(), 1);
}

#[test]
fn masking_is_demanded_of_clients_and_refused_of_servers() {
    assert_eq!(refused(server(), &from_server(0x82, b"x")), (Error::Unmasked, Some(1002)));
    assert_eq!(refused(server(), &from_server(0x89, b"")), (Error::Unmasked, Some(1002)));
    assert_eq!(refused(client(), &from_client(0x82, b"x")), (Error::Masked, Some(1002)));
    assert_eq!(refused(client(), &from_client(0x88, b"")), (Error::Masked, Some(1002)));
}

#[test]
fn reserved_bits_and_opcodes() {
    for (connection, frame) in both() {
        let role = connection.side();
        let fresh = || if role == proto_ws::Side::Server { server() } else { client() };
        for bits in 1..8u8 {
            for opcode in [1, 2, 8, 9, 10] {
                let input = frame(0x80 | bits << 4 | opcode, b"");
                assert_eq!(refused(fresh(), &input), (Error::ReservedBits, Some(1002)));
            }
        }
        for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
            for fin in [0, 0x80] {
                let input = frame(fin | opcode, b"");
                assert_eq!(refused(fresh(), &input), (Error::ReservedOpcode, Some(1002)));
                assert_eq!(refused(fresh(), &input[..1]), (Error::ReservedOpcode, Some(1002)), "at once");
            }
        }
    }
}

#[test]
fn claimed_bits_come_with_the_message_and_text_is_not_validated() {
    let config = proto_ws::Config { reserved: Reserved::RSV1, ..Default::default() };
    let claimed = || proto_ws::Connection::new(Role::Server, config);
    let mut server = claimed();
    let mut input = from_client(0xc1, b"\xff\xfe");
    let Some(proto_ws::Event::Data(data)) = server.receive(&mut input, &mut []).unwrap().event else {
        panic!()
    };
    assert_eq!((data.reserved, &*data.payload), (Reserved::RSV1, &b"\xff\xfe"[..]));
    // a message without the bit is validated as ever
    assert_eq!(refused(server, &from_client(0x81, b"\xff")).0, Error::InvalidUtf8);
    for first in [0xa1, 0xc9, 0xf1] {
        assert_eq!(refused(claimed(), &from_client(first, b"")).0, Error::ReservedBits, "{first:x}");
    }
    let continued = [from_client(0x41, b"a"), from_client(0xc0, b"b")].concat();
    assert_eq!(refused(claimed(), &continued).0, Error::ReservedBits);
}

#[test]
fn lengths_that_are_not_minimal_or_not_possible() {
    for (len, form, error) in [
        (0u64, 126, Error::NonMinimalLength),
        (125, 126, Error::NonMinimalLength),
        (0, 127, Error::NonMinimalLength),
        (125, 127, Error::NonMinimalLength),
        (126, 127, Error::NonMinimalLength),
        (0xffff, 127, Error::NonMinimalLength),
        (1 << 63, 127, Error::LengthTooLong),
        (u64::MAX, 127, Error::LengthTooLong),
    ] {
        for (connection, bit) in [(server(), 0x80), (client(), 0)] {
            let mut input = vec![0x82, bit | form];
            match form {
                126 => input.extend((len as u16).to_be_bytes()),
                _ => input.extend(len.to_be_bytes()),
            }
            input.extend([0; 300]);
            assert_eq!(refused(connection, &input), (error, Some(1002)), "{len} as {form}");
        }
    }
    // the largest length is fine: payload is streamed
    let mut server = server();
    let mut input = vec![0x82, 0xff];
    input.extend((u64::MAX >> 1).to_be_bytes());
    input.extend(*b"\0\0\0\0xy");
    let remaining = (u64::MAX >> 1) - 2;
    assert_eq!(feed(&mut server, &input).0, [format!("Binary xy first Partial {remaining}")]);
}

#[test]
fn control_frames_are_short_and_whole() {
    for opcode in [8, 9, 10] {
        for (connection, frame) in both() {
            assert_eq!(refused(connection, &frame(opcode, b"")), (Error::FragmentedControl, Some(1002)));
        }
        for (connection, frame) in both() {
            let input = frame(0x80 | opcode, &[0; 126]);
            assert_eq!(refused(connection, &input[..2]), (Error::LongControl, Some(1002)), "at once");
        }
    }
}

#[test]
fn messages_do_not_interleave() {
    for (connection, frame) in both() {
        assert_eq!(refused(connection, &frame(0x80, b"x")), (Error::UnexpectedContinuation, Some(1002)));
    }
    for second in [0x01, 0x02, 0x81, 0x82] {
        for (connection, frame) in both() {
            let input = [frame(0x01, b"a"), frame(second, b"b")].concat();
            assert_eq!(refused(connection, &input), (Error::ExpectedContinuation, Some(1002)));
        }
    }
    for (connection, frame) in both() {
        let input = [frame(0x01, b"a"), frame(0x80, b"b"), frame(0x80, b"c")].concat();
        assert_eq!(refused(connection, &input), (Error::UnexpectedContinuation, Some(1002)));
    }
}

#[test]
fn an_error_is_sticky_and_leaves_the_input_alone() {
    let mut server = server();
    let mut input = [from_client(0x82, b"good"), from_client(0x83, b"bad")].concat();
    let step = server.receive(&mut input, &mut []).unwrap();
    let consumed = step.consumed;
    let before = input.clone();
    for _ in 0..3 {
        assert_eq!(server.receive(&mut input[consumed..], &mut []), Err(Error::ReservedOpcode));
        assert_eq!(server.receive_eof(), Err(Error::ReservedOpcode));
    }
    assert_eq!(input, before);
}
