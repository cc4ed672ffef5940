//! proto-lejp.

use std::hint::black_box;
use std::ops::ControlFlow;

use proto_lejp::{Event, Parser, Paths, Token};

use crate::documents::Document;
use crate::measure::{Contestant, Standing};

/// Everything told, by the loop that the codec contains. `piece` bytes arrive at a time.
pub fn each(document: &Document, piece: usize, paths: &'static Paths<'static>) -> Contestant {
    let text = document.text.clone();
    let mut buffer = vec![0; piece.min(document.text.len()) + 2048];
    let mut scratch = vec![0; 4096];
    Contestant::new("proto-lejp", Standing::Ours, move || {
        let mut parser = Parser::new(paths);
        let mut tally = 0;
        let mut seen = 0;
        let mut len = 0;
        for piece in black_box(&text[..]).chunks(piece) {
            let Some(room) = buffer.get_mut(len..len + piece.len()) else { return 0 };
            room.copy_from_slice(piece);
            len += piece.len();
            let Ok((consumed, _)) = parser.each(&buffer[..len], &mut scratch, |_, event| {
                tally += 1;
                seen += weight(&event);
                ControlFlow::<()>::Continue(())
            }) else {
                return 0;
            };
            buffer.copy_within(consumed..len, 0);
            len -= consumed;
        }
        // A token cut by a piece may come in two parts; the document's end is told as well.
        black_box(seen);
        tally - 1
    })
}

/// The same by one call an event.
pub fn receive(document: &Document, piece: usize, paths: &'static Paths<'static>) -> Contestant {
    let text = document.text.clone();
    let mut buffer = vec![0; piece.min(document.text.len()) + 2048];
    let mut scratch = vec![0; 4096];
    Contestant::new("proto-lejp, receive", Standing::Ours, move || {
        let mut parser = Parser::new(paths);
        let mut tally = 0;
        let mut seen = 0;
        let mut len = 0;
        for piece in black_box(&text[..]).chunks(piece) {
            let Some(room) = buffer.get_mut(len..len + piece.len()) else { return 0 };
            room.copy_from_slice(piece);
            len += piece.len();
            let mut at = 0;
            while let Ok(step) = parser.receive(&buffer[at..len], &mut scratch) {
                at += step.consumed;
                let Some(event) = step.event else { break };
                tally += 1;
                seen += weight(&event);
            }
            buffer.copy_within(at..len, 0);
            len -= at;
        }
        black_box(seen);
        tally - 1
    })
}

/// Looks at all that an event says: the kind of token, its text, and the path it hit.
#[inline(always)]
fn weight(event: &Event<'_>) -> usize {
    let hit = usize::from(event.path().unwrap_or(0));
    hit + match event.token() {
        Token::Key { part, .. } => part.len(),
        Token::Text { part, .. } => part.len() ^ usize::from(part.first().copied().unwrap_or(0)),
        Token::Number { text, kind, .. } => text.len() ^ kind as usize,
        Token::Literal(literal) => literal as usize,
        Token::Begin(container) | Token::End(container) => container as usize,
        Token::Complete { .. } => 0,
    }
}
