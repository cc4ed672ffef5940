//! json-event-parser: its slice parser for whole documents, its low-level parser for pieces.

use std::hint::black_box;

use json_event_parser::{JsonEvent, LowLevelJsonParser, SliceJsonParser};

use crate::documents::Document;
use crate::measure::{Contestant, Standing};

/// `piece` bytes at a time.
pub fn pieces(document: &Document, piece: usize) -> Contestant {
    let text = document.text.clone();
    let mut buffer = vec![0; piece + 65_536];
    Contestant::new("json-event-parser", Standing::Rival, move || {
        let mut parser = LowLevelJsonParser::new();
        let (mut events, mut len) = (0, 0);
        let text = black_box(&text[..]);
        let mut given = 0;
        while given < text.len() {
            let piece = &text[given..text.len().min(given + piece)];
            given += piece.len();
            buffer[len..len + piece.len()].copy_from_slice(piece);
            len += piece.len();
            let mut at = 0;
            loop {
                let result = parser.parse_next(&buffer[at..len], given == text.len());
                at += result.consumed_bytes;
                match result.event {
                    Some(Ok(JsonEvent::Eof)) | None => break,
                    Some(Ok(event)) => {
                        black_box(&event);
                        events += 1;
                    }
                    Some(Err(_)) => return 0,
                }
            }
            buffer.copy_within(at..len, 0);
            len -= at;
        }
        events
    })
}

/// The document as a slice.
pub fn whole(document: &Document) -> Contestant {
    let text = document.text.clone();
    Contestant::new("json-event-parser", Standing::Rival, move || {
        let mut parser = SliceJsonParser::new(black_box(&text[..]));
        let mut events = 0;
        while let Ok(event) = parser.parse_next() {
            if let JsonEvent::Eof = event {
                break;
            }
            black_box(&event);
            events += 1;
        }
        events
    })
}
