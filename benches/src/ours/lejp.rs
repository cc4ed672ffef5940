//! proto-lejp.

use std::hint::black_box;
use std::ops::ControlFlow;

use proto_lejp::{Event, Parser, Paths, Token};

use crate::documents::Document;
use crate::measure::{Contestant, Standing};

/// In pieces, by one call an event. The pieces are copied behind what the parser left, which is part of the time.
pub fn receive(document: &Document, piece: usize, paths: &'static Paths<'static>) -> Contestant {
    let mut scratch = vec![0; SCRATCH];
    pieces("receive", document, piece, paths, move |parser, input, tally| {
        let mut at = 0;
        while let Ok(step) = parser.receive(&input[at..], &mut scratch) {
            at += step.consumed;
            let Some(event) = step.event else { break };
            tally.take(&event);
        }
        at
    })
}

/// In pieces, by the loop that the codec contains.
pub fn each(document: &Document, piece: usize, paths: &'static Paths<'static>) -> Contestant {
    let mut scratch = vec![0; SCRATCH];
    pieces("each", document, piece, paths, move |parser, input, tally| {
        tell_each(parser, input, &mut scratch, tally)
    })
}

/// The whole document at once, where it lies.
pub fn whole(document: &Document, paths: &'static Paths<'static>) -> Contestant {
    let text = document.text.clone();
    let mut scratch = vec![0; SCRATCH];
    Contestant::new("each", Standing::Ours, move || {
        let mut tally = Tally::default();
        tell_each(&mut Parser::new(paths), black_box(&text), &mut scratch, &mut tally);
        tally.events()
    })
}

const SCRATCH: usize = 4096;

fn pieces(
    name: &'static str,
    document: &Document,
    piece: usize,
    paths: &'static Paths<'static>,
    mut parse: impl FnMut(&mut Parser<'_>, &[u8], &mut Tally) -> usize + 'static,
) -> Contestant {
    let text = document.text.clone();
    let mut buffer = vec![0; piece + Parser::new(paths).min_input()];
    Contestant::new(name, Standing::Ours, move || {
        let mut parser = Parser::new(paths);
        let mut tally = Tally::default();
        let mut len = 0;
        for piece in black_box(&text[..]).chunks(piece) {
            let Some(room) = buffer.get_mut(len..len + piece.len()) else { return 0 };
            room.copy_from_slice(piece);
            len += piece.len();
            let consumed = parse(&mut parser, &buffer[..len], &mut tally);
            buffer.copy_within(consumed..len, 0);
            len -= consumed;
        }
        tally.events()
    })
}

#[inline(always)]
fn tell_each(parser: &mut Parser<'_>, input: &[u8], scratch: &mut [u8], tally: &mut Tally) -> usize {
    let told = parser.each(input, scratch, |_, event| {
        tally.take(&event);
        ControlFlow::<()>::Continue(())
    });
    told.map_or(input.len(), |(consumed, _)| consumed)
}

#[derive(Default)]
struct Tally {
    events: u64,
    seen: usize,
    complete: bool,
}

impl Tally {
    /// Looks at all that an event says: the kind of token, its text, and the path it hit. Parts of a token count once.
    #[inline(always)]
    fn take(&mut self, event: &Event<'_>) {
        let (seen, last) = match event.token() {
            Token::Key { part, last } => (part.len(), last),
            Token::Text { part, last } => {
                (part.len() ^ usize::from(part.first().copied().unwrap_or(0)), last)
            }
            Token::Number { text, kind, last } => (text.len() ^ kind as usize, last),
            Token::Literal(literal) => (literal as usize, true),
            Token::Begin(container) | Token::End(container) => (container as usize, true),
            Token::Complete { .. } => {
                self.complete = true;
                (0, false)
            }
        };
        self.events += u64::from(last);
        self.seen += seen + usize::from(event.path().unwrap_or(0));
    }

    /// How many there were, if the document was told to its end; the end itself is no event of the rivals.
    fn events(&self) -> u64 {
        black_box(self.seen);
        if self.complete { self.events } else { 0 }
    }
}
