//! struson, which reads from any `io::Read`.

use std::hint::black_box;

use struson::reader::{JsonReader, JsonStreamReader, ReaderError, ReaderSettings, ValueType};

use super::pieces::Pieces;
use crate::documents::Document;
use crate::measure::{Contestant, Standing};

/// `piece` bytes at a time.
pub fn contestant(document: &Document, piece: usize) -> Contestant {
    let text = document.text.clone();
    Contestant::new("struson", Standing::Rival, move || {
        let settings = ReaderSettings { track_path: false, ..ReaderSettings::default() };
        let mut reader = JsonStreamReader::new_custom(Pieces(black_box(&text[..]), piece), settings);
        let mut events = 0;
        match value(&mut reader, &mut events) {
            Ok(()) => events,
            Err(_) => 0,
        }
    })
}

fn value<R: JsonReader>(reader: &mut R, events: &mut u64) -> Result<(), ReaderError> {
    *events += 1;
    match reader.peek()? {
        ValueType::Array => {
            reader.begin_array()?;
            while reader.has_next()? {
                value(reader, events)?;
            }
            reader.end_array()?;
            *events += 1;
        }
        ValueType::Object => {
            reader.begin_object()?;
            while reader.has_next()? {
                black_box(reader.next_name()?);
                *events += 1;
                value(reader, events)?;
            }
            reader.end_object()?;
            *events += 1;
        }
        ValueType::String => drop(black_box(reader.next_str()?.len())),
        ValueType::Number => drop(black_box(reader.next_number_as_str()?.len())),
        ValueType::Boolean => drop(black_box(reader.next_bool()?)),
        ValueType::Null => reader.next_null()?,
    }
    Ok(())
}
