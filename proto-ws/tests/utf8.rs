//! Text is valid UTF-8 or the connection fails at the first wrong byte, wherever frames and reads are cut.

mod common;
use common::*;
use proto_core::story::{Entry, check};
use proto_ws::subject::Endpoint;
use proto_ws::{CloseCode, Error};

/// Texts and the index of the first wrong byte; `Some(len)` means cut off at the end.
const CASES: &[(&[u8], Option<usize>)] = &[
    (b"", None),
    (b"Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!", None),
    ("κόσμε".as_bytes(), None),
    // first and last of each length
    (b"\x00", None),
    (b"\xc2\x80", None),
    (b"\xe0\xa0\x80", None),
    (b"\xf0\x90\x80\x80", None),
    (b"\x7f", None),
    (b"\xdf\xbf", None),
    (b"\xef\xbf\xbf", None),
    (b"\xf4\x8f\xbf\xbf", None),
    (b"\xed\x9f\xbf", None),
    (b"\xee\x80\x80", None),
    (b"\xef\xbf\xbd", None),
    (b"\xef\xbf\xbe", None),
    (b"\xf0\x9f\xbf\xbf", None),
    // beyond the last code point, and lengths that no longer exist
    (b"\xf4\x90\x80\x80", Some(1)),
    (b"a\xf5\x80\x80\x80", Some(1)),
    (b"\xf7\xbf\xbf\xbf", Some(0)),
    (b"\xf8\x88\x80\x80\x80", Some(0)),
    (b"\xfc\x84\x80\x80\x80\x80", Some(0)),
    // continuation bytes with nothing to continue
    (b"\x80", Some(0)),
    (b"\xbf", Some(0)),
    (b"ok\x80\xbf", Some(2)),
    // sequences that break off in front of another character
    (b"\xc3(", Some(1)),
    (b"\xe2\x82(", Some(2)),
    (b"\xe2(\xa1", Some(1)),
    (b"\xf0\x90\x8c(", Some(3)),
    (b"\xf0(\x8c\xbc", Some(1)),
    (b"\xc3\xc3\xa9", Some(1)),
    // sequences that break off at the end
    (b"\xc3", Some(1)),
    (b"\xe2\x82", Some(2)),
    (b"\xf0\x90\x8c", Some(3)),
    (b"\xf0", Some(1)),
    (b"long enough for words, and then \xe2\x82", Some(34)),
    // bytes that never occur
    (b"\xfe", Some(0)),
    (b"\xff", Some(0)),
    (b"\xfe\xfe\xff\xff", Some(0)),
    // overlong forms
    (b"\xc0\xaf", Some(0)),
    (b"\xc1\xbf", Some(0)),
    (b"\xe0\x80\xaf", Some(1)),
    (b"\xe0\x9f\xbf", Some(1)),
    (b"\xf0\x80\x80\xaf", Some(1)),
    (b"\xf0\x8f\xbf\xbf", Some(1)),
    (b"\xf8\x80\x80\x80\xaf", Some(0)),
    (b"\xc0\x80", Some(0)),
    // surrogates, alone and in pairs
    (b"\xed\xa0\x80", Some(1)),
    (b"\xed\xbf\xbf", Some(1)),
    (b"\xed\xa0\x80\xed\xb0\x80", Some(1)),
    // a wrong byte in the middle of a long text
    (
        b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited, and this goes on for quite a while yet, so that the bulk of it is validated in vectors",
        Some(12),
    ),
];

/// The text told before the fault, or before the end.
fn text(story: &proto_core::story::Story) -> Vec<u8> {
    story.entries.iter().fold(Vec::new(), |mut text, entry| {
        if let Entry::Data(_, bytes) = entry {
            text.extend_from_slice(bytes);
        }
        text
    })
}

#[test]
fn each_case_whole_and_in_fragments_and_cut_anywhere() {
    for subject in [Endpoint::server(), Endpoint::client()] {
        let frame = |first, payload: &[u8]| match subject.role {
            proto_ws::Role::Server => from_client(first, payload),
            proto_ws::Role::Client { .. } => from_server(first, payload),
        };
        for (case, wrong) in CASES {
            let told = match wrong {
                // a text that is cut off is wrong in its last byte, which ends it
                Some(wrong) if *wrong == case.len() => &case[..case.len() - 1],
                Some(wrong) => &case[..*wrong],
                None => case,
            };
            let whole = check(&subject, &frame(0x81, case)).unwrap();
            assert_eq!(text(&whole), told, "{}", case.escape_ascii());
            let fault = wrong.map(|_| "InvalidUtf8".to_owned());
            if wrong.is_some() {
                assert_eq!(whole.error, fault);
                let (_, payload) = open(&whole.replies);
                assert_eq!(payload, 1007u16.to_be_bytes());
            }
            for cut in 0..=case.len().min(20) {
                let (a, b) = case.split_at(cut);
                let input = [frame(0x01, a), frame(0x89, b"!"), frame(0x80, b)].concat();
                let story = check(&subject, &input).unwrap();
                let at_the_end = *wrong == Some(case.len());
                if at_the_end && b.is_empty() {
                    // the end comes by itself, after all of the text
                    assert_eq!(text(&story), *case);
                } else {
                    assert_eq!(text(&story), told, "{} cut at {cut}", case.escape_ascii());
                }
                assert_eq!(story.error.is_some_and(|error| error == "InvalidUtf8"), wrong.is_some());
            }
        }
    }
}

#[test]
fn a_frame_that_is_not_complete_fails_at_its_first_wrong_byte() {
    // 100 bytes are announced, 7 have come
    let frame = from_client(0x81, &[b"abc\xed\xa0\x80d", &[b'x'; 93][..]].concat());
    let mut server = server();
    let (events, error) = feed(&mut server, &frame[..6 + 5]);
    assert_eq!((events, error), (vec!["Text abc\\xed first Partial 96".into()], Some(Error::InvalidUtf8)));
    let close = transmit(&mut server);
    assert_eq!(close, b"\x88\x02\x03\xef");
}

#[test]
fn binary_is_not_looked_at() {
    for (case, _) in CASES {
        for (mut connection, frame) in both() {
            assert_eq!(feed(&mut connection, &frame(0x82, case)).1, None);
        }
    }
}

#[test]
fn a_close_reason_is_utf8() {
    for (case, wrong) in CASES {
        if case.len() > 123 {
            continue;
        }
        for (mut connection, frame) in both() {
            let payload = [&1000u16.to_be_bytes()[..], case].concat();
            let mut input = frame(0x88, &payload);
            let before = input.clone();
            let error = connection.receive(&mut input, &mut []).err();
            assert_eq!(error, wrong.map(|_| Error::InvalidUtf8), "{}", case.escape_ascii());
            if error.is_some() {
                assert_eq!(input, before);
                assert_eq!(open(&transmit(&mut connection)).1, CloseCode::INVALID_DATA.value().to_be_bytes());
            }
        }
    }
}

#[test]
fn long_texts_across_blocks() {
    let euro = "€".repeat(20_000); // 60,000 bytes, code points across all block ends
    for (mut connection, frame) in both() {
        assert_eq!(feed(&mut connection, &frame(0x81, euro.as_bytes())).1, None);
    }
    let cut_off = &euro.as_bytes()[..59_999];
    for (mut connection, frame) in both() {
        let (events, error) = feed(&mut connection, &frame(0x81, cut_off));
        assert_eq!((events.len(), error), (1, Some(Error::InvalidUtf8)));
        assert!(events[0].ends_with("first Partial 1"));
    }
    for wrong in [0, 8_190, 8_191, 8_192, 8_193, 16_384, 59_999] {
        let mut text = euro.clone().into_bytes();
        text[wrong] = 0xff;
        for (mut connection, frame) in both() {
            let mut input = frame(0x81, &text);
            let head = input.len() - text.len();
            let mut good = 0;
            let error = loop {
                let before = input.clone();
                match connection.receive(&mut input, &mut []) {
                    Err(error) => {
                        assert_eq!(input, before);
                        break error;
                    }
                    Ok(step) => {
                        let consumed = step.consumed;
                        if let Some(proto_ws::Event::Data(data)) = step.event {
                            assert_eq!(data.payload, &text[good..good + data.payload.len()]);
                            good += data.payload.len();
                        }
                        assert_eq!(input[consumed..], before[consumed..]);
                        input.drain(..consumed);
                    }
                }
            };
            assert_eq!((error, good), (Error::InvalidUtf8, wrong), "head {head}");
        }
    }
}
