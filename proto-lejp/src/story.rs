//! The oracle's view of the parser, and what its fuzz targets run.

use crate::config::{Config, Dialect, Documents};
use crate::event::{Event, Token};
use crate::parser::Parser;
use crate::path::Paths;
use proto_core::story::{Cuts, Fault, Story, Subject, Teller, check_with};

extern crate alloc;
use alloc::boxed::Box;

/// A parser as the [oracle](proto_core::story) runs it.
#[derive(Debug, Clone, Copy)]
pub struct Json<'p> {
    /// What it looks for.
    pub paths: &'p Paths<'p>,
    /// How it reads.
    pub config: Config,
    /// How much scratch space it is given.
    pub scratch: usize,
}

impl Default for Json<'_> {
    /// Strict, without paths, with as much scratch space as is asked for.
    fn default() -> Self {
        Self { paths: Paths::none(), config: Config::default(), scratch: 1024 }
    }
}

/// The subject does not see the parser when it tells an event, so the parser tells where it is along with it.
#[derive(Debug, Clone)]
pub struct Placed<'p>(Parser<'p>);

/// An event, and in words where it is.
#[derive(Debug)]
pub struct PlacedEvent<'b> {
    event: Event<'b>,
    place: alloc::string::String,
}

impl<'p> Placed<'p> {
    fn place<'b>(&self, event: Event<'b>) -> PlacedEvent<'b> {
        let parser = &self.0;
        let wildcards = [0, 1, 2].map(|index| parser.wildcard(index).map(<[u8]>::escape_ascii));
        let [a, b, c] = wildcards.map(|found| found.map_or("-".into(), |text| alloc::format!("{text}")));
        let place = alloc::format!(
            "{:?} {:#} depth {} {:?} wildcards {a} {b} {c}",
            event.path(),
            parser.path(),
            parser.depth(),
            parser.indices()
        );
        PlacedEvent { event, place }
    }
}

impl proto_core::Codec for Placed<'_> {
    type Event<'b> = PlacedEvent<'b>;
    type Error = crate::Error;

    fn receive<'b>(
        &mut self,
        input: &'b mut [u8],
        scratch: &'b mut [u8],
    ) -> Result<proto_core::Step<PlacedEvent<'b>>, crate::Error> {
        let step = self.0.receive(input, scratch)?;
        Ok(proto_core::Step { consumed: step.consumed, event: step.event.map(|event| self.place(event)) })
    }

    fn receive_eof(&mut self) -> Result<Option<PlacedEvent<'static>>, crate::Error> {
        Ok(self.0.receive_eof()?.map(|event| self.place(event)))
    }

    fn transmit(&mut self, _out: &mut proto_core::WriteBuf<'_>) {}

    fn wants(&self) -> proto_core::Wants {
        self.0.wants()
    }

    fn poll_timeout(&self) -> Option<proto_core::Deadline> {
        None
    }

    fn handle_timeout(&mut self, _now: proto_core::Instant) {}

    fn min_input(&self) -> usize {
        self.0.min_input()
    }
}

impl<'p> Subject for Json<'p> {
    type Codec = Placed<'p>;

    fn start(&self) -> Placed<'p> {
        Placed(Parser::with_config(self.paths, self.config))
    }

    fn tell(&self, PlacedEvent { event, place }: PlacedEvent<'_>, teller: &mut Teller<'_>) {
        match event.token() {
            Token::Key { part, last } => {
                teller.data("key", part);
                if last {
                    teller.line(format_args!("key {place}"));
                }
            }
            Token::Text { part, last } => {
                // In the strict dialect every part is UTF-8 by itself.
                if self.config.dialect == Dialect::Strict && core::str::from_utf8(part).is_err() {
                    teller.line(format_args!("a part that is not UTF-8"));
                }
                teller.data("text", part);
                if last {
                    teller.line(format_args!("text {place}"));
                }
            }
            Token::Number { text, kind, last } => {
                teller.data("number", text);
                if last {
                    teller.line(format_args!("number {kind:?} {place}"));
                }
            }
            Token::Complete { .. } => teller.line(format_args!("complete")),
            Token::Begin(_) | Token::End(_) | Token::Literal(_) => {
                teller.line(format_args!("{:?} {place}", event.token()));
            }
        }
    }

    fn scratch(&self) -> usize {
        self.scratch
    }
}

/// The body of a fuzz target: the first byte chooses how to read, the rest is the text. The story must not depend on
/// how the text is cut.
///
/// # Errors
/// The promise that was broken.
pub fn fuzz(data: &[u8]) -> Result<Option<Story>, Box<Fault>> {
    let Some((&choice, text)) = data.split_first() else { return Ok(None) };
    let config = Config {
        dialect: if choice & 1 == 0 { Dialect::Strict } else { Dialect::Lejp },
        documents: match choice >> 1 & 3 {
            0 => Documents::One,
            1 => Documents::First,
            2 => Documents::Lines,
            _ => Documents::Concatenated,
        },
        whole: if choice & 8 == 0 { 64 } else { 1024 },
    };
    let scratch = if choice & 16 == 0 { 1024 } else { 7 };
    let paths = if choice & 32 == 0 { Paths::none() } else { &FUZZED };
    check_with(&Json { paths, config, scratch }, text, Cuts::sampled(u64::from(choice) + 1)).map(Some)
}

static FUZZED: crate::PathSet<'static, 64> =
    match crate::PathSet::compile(&["a.b", "a[].b*", "*.b", "[].*", "a.*.c", "a", "[][]", "ab*.a[]*"]) {
        Ok(paths) => paths,
        Err(_) => crate::PathSet::EMPTY,
    };
