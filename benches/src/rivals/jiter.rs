//! jiter's pull parser, which needs the whole document.

use std::hint::black_box;

use jiter::{Jiter, JiterResult, Peek};

use crate::documents::Document;
use crate::measure::{Contestant, Standing};

/// Texts unescaped, numbers as text.
pub fn contestant(document: &Document) -> Contestant {
    let text = document.text.clone();
    Contestant::new("jiter", Standing::Rival, move || {
        let mut jiter = Jiter::new(black_box(&text[..]));
        let mut events = 0;
        let Ok(peek) = jiter.peek() else { return 0 };
        match value(&mut jiter, peek, &mut events) {
            Ok(()) => events,
            Err(_) => 0,
        }
    })
}

fn value(jiter: &mut Jiter<'_>, peek: Peek, events: &mut u64) -> JiterResult<()> {
    *events += 1;
    match peek {
        Peek::Null => jiter.known_null()?,
        Peek::True | Peek::False => drop(black_box(jiter.known_bool(peek)?)),
        Peek::String => drop(black_box(jiter.known_str()?.len())),
        Peek::Array => {
            let mut next = jiter.known_array()?;
            while let Some(peek) = next {
                value(jiter, peek, events)?;
                next = jiter.array_step()?;
            }
            *events += 1;
        }
        Peek::Object => {
            let mut next = jiter.known_object()?.map(str::len);
            while let Some(len) = next {
                black_box(len);
                *events += 1;
                let peek = jiter.peek()?;
                value(jiter, peek, events)?;
                next = jiter.next_key()?.map(str::len);
            }
            *events += 1;
        }
        _ => drop(black_box(jiter.known_number_bytes(peek)?.len())),
    }
    Ok(())
}
