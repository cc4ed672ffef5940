//! actson, fed by pushing bytes.

use std::hint::black_box;

use actson::feeder::PushJsonFeeder;
use actson::{JsonEvent, JsonParser};

use crate::documents::Document;
use crate::measure::{Contestant, Standing};

/// `piece` bytes at a time; texts looked at, numbers left as they are.
pub fn contestant(document: &Document, piece: usize) -> Contestant {
    let text = document.text.clone();
    Contestant::new("actson", Standing::Rival, move || {
        let mut parser = JsonParser::new(PushJsonFeeder::new());
        let mut events = 0;
        let mut pieces = black_box(&text[..]).chunks(piece);
        let mut rest: &[u8] = &[];
        while let Ok(Some(event)) = parser.next_event() {
            match event {
                JsonEvent::NeedMoreInput => {
                    if rest.is_empty() {
                        rest = pieces.next().unwrap_or_default();
                        if rest.is_empty() {
                            parser.feeder.done();
                        }
                    }
                    let taken = parser.feeder.push_bytes(rest);
                    rest = &rest[taken..];
                }
                JsonEvent::FieldName | JsonEvent::ValueString => {
                    black_box(parser.current_str().map(str::len).unwrap_or(0));
                    events += 1;
                }
                _ => events += 1,
            }
        }
        events
    })
}
