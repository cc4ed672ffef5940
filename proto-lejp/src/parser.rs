use crate::config::{Config, Dialect, Documents, LEAST_WHOLE};
use crate::error::{Error, Reason};
use crate::event::Event;
use crate::machine::State;
use crate::number::Place;
use crate::path::{LEVELS, Path, Paths, ROOT, Trail};
use core::ops::ControlFlow;
use proto_core::{Step, Wants};

/// A streaming JSON parser that allocates nothing and keeps nothing of the text but what is needed to tell paths.
///
/// [The front page](crate) shows a whole exchange. The constants are:
/// * `DEPTH`: how many containers may be within one another; more is an [error](Reason::Depth).
/// * `PATH`: how many bytes of keys are kept for [`path`](Self::path) and [`wildcard`](Self::wildcard), one more for
///   each key. With 0, none are. What does not fit is not kept, which changes nothing else: patterns are matched
///   as keys pass by.
/// * `INDEX`: for how many arrays within one another the number of the current element is kept. Elements of deeper
///   arrays have none ([`Dialect::Lejp`] refuses them instead).
///
/// With the defaults a parser takes at most 512 bytes.
#[derive(Debug, Clone)]
pub struct Parser<'p, const DEPTH: usize = 64, const PATH: usize = 160, const INDEX: usize = 32> {
    pub(crate) paths: &'p Paths<'p>,
    /// How much of the documents has been consumed, in bytes.
    pub(crate) offset: u64,
    /// The offset of the first byte of the current line.
    pub(crate) line_start: u64,
    pub(crate) line: u32,
    /// How many bytes the last call saw but did not consume.
    pub(crate) held: u32,
    pub(crate) whole: u32,
    pub(crate) fault: Option<Error>,
    pub(crate) dialect: Dialect,
    pub(crate) documents: Documents,
    pub(crate) state: State,
    /// What follows a value in the innermost open container.
    pub(crate) after: State,
    /// Within a comment, what follows it.
    pub(crate) resume: State,
    pub(crate) comment: bool,
    /// From this depth on, a line feed is a fault.
    pub(crate) one_line: u16,
    /// The layout, as far as it is known: how many spaces a level is indented by, whether one stands behind a colon.
    pub(crate) indent: u8,
    pub(crate) spaced: bool,
    /// How far into a number that is told in parts.
    pub(crate) place: Place,
    /// Whether the last document was a number or a literal.
    pub(crate) scalar: bool,
    /// How many containers are open, and how many of them are arrays.
    pub(crate) depth: u16,
    pub(crate) arrays: u16,
    /// The state, in the table of paths, of the current value (of a container: while its children are told, theirs).
    pub(crate) node: u16,
    /// The pattern that matches there, counted from 1.
    pub(crate) hit: u16,
    /// The states of the open containers.
    pub(crate) nodes: [u16; LEVELS],
    pub(crate) trail: Trail<PATH>,
    /// The open containers: 1 for an array, 0 for an object.
    pub(crate) kinds: [u8; DEPTH],
    pub(crate) indices: [u32; INDEX],
}

const _: () = assert!(size_of::<Parser<'_>>() <= 512);

impl<'p> Parser<'p> {
    /// A parser of one document in the strict dialect, with limits as by default.
    pub fn new(paths: &'p Paths<'p>) -> Self {
        Self::with_config(paths, Config::default())
    }
}

impl Default for Parser<'_> {
    /// A parser that looks for no paths.
    fn default() -> Self {
        Self::new(Paths::none())
    }
}

impl<'p, const DEPTH: usize, const PATH: usize, const INDEX: usize> Parser<'p, DEPTH, PATH, INDEX> {
    /// A parser that reads as `config` says and has the limits that its type says.
    ///
    /// ```
    /// use proto_lejp::{Config, Parser, Paths};
    /// let deep = Parser::<1000, 0, 0>::with_config(Paths::none(), Config::default());
    /// ```
    pub fn with_config(paths: &'p Paths<'p>, config: Config) -> Self {
        const { assert!(DEPTH <= 1 << 15 && PATH <= 1 << 15 && INDEX <= 1 << 15, "limits are below 32768") };
        Self {
            paths,
            offset: 0,
            line_start: 0,
            line: 1,
            held: 0,
            whole: config.whole.max(LEAST_WHOLE),
            fault: None,
            dialect: config.dialect,
            documents: config.documents,
            state: State::Start,
            after: State::Done,
            resume: State::Start,
            comment: false,
            one_line: if config.documents == Documents::Lines { 1 } else { u16::MAX },
            indent: 0,
            spaced: false,
            place: Place::Start,
            scalar: false,
            depth: 0,
            arrays: 0,
            node: ROOT,
            hit: paths.hit(ROOT),
            nodes: [0; LEVELS],
            trail: Trail::EMPTY,
            kinds: [0; DEPTH],
            indices: [0; INDEX],
        }
    }

    /// Takes bytes off the front of `input` until there is a token to tell, and tells it.
    ///
    /// `input` is what the last call left unconsumed, then new bytes; it is only read. Unescaped keys and texts are
    /// slices of it; those with escapes are written to `scratch`, which should have at least
    /// [`Config::whole`] bytes: texts that do not fit come in more parts, and a key that does
    /// not fit is an [error](Reason::Scratch). [The rules](proto_core) of every codec hold.
    ///
    /// # Errors
    /// The text is not JSON, or nested too deep. The error is repeated by every later call.
    pub fn receive<'b>(&mut self, input: &'b [u8], scratch: &'b mut [u8]) -> Result<Step<Event<'b>>, Error> {
        let mut told = None;
        let at = self.run(input, 0, |_, event| {
            told = Some(event);
            false
        });
        match told {
            Some(event) => Ok(Step::event(at, event)),
            None => {
                let step = self.advance(input.get(at..).unwrap_or_default(), scratch)?;
                Ok(Step { consumed: at + step.consumed, ..step })
            }
        }
    }

    /// Tells all that `input` holds to `tell`, and returns how many bytes were consumed: the rest belongs before
    /// the next input.
    ///
    /// This is [`receive`](Self::receive) in a loop, which the compiler then sees as a whole.
    /// `tell` is given the parser to ask for indices and paths. It may end the loop with
    /// [`ControlFlow::Break`], behind the token it was told; what it broke with is returned beside the count.
    ///
    /// ```
    /// use core::ops::ControlFlow;
    /// use proto_lejp::{Number, Parser, Token};
    /// let mut sum = 0;
    /// let mut parser = Parser::default();
    /// let (consumed, _) = parser.each(b"[1, 20, 300]", &mut [], |_, event| {
    ///     if let Token::Number { text, .. } = event.token() {
    ///         sum += Number::new(text).as_i64().unwrap_or(0);
    ///     }
    ///     ControlFlow::<()>::Continue(())
    /// })?;
    /// assert_eq!((consumed, sum), (12, 321));
    /// # Ok::<(), proto_lejp::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`receive`](Self::receive), after all before the fault has been told.
    #[inline]
    pub fn each<B>(
        &mut self,
        input: &[u8],
        scratch: &mut [u8],
        mut tell: impl FnMut(&Self, Event<'_>) -> ControlFlow<B>,
    ) -> Result<(usize, Option<B>), Error> {
        let mut at = 0;
        let mut broke = None;
        loop {
            at = self.run(input, at, |parser, event| {
                broke = tell(parser, event).break_value();
                broke.is_none()
            });
            if broke.is_some() {
                return Ok((at, broke));
            }
            let step = self.advance(input.get(at..).unwrap_or_default(), scratch)?;
            at += step.consumed;
            let Some(event) = step.event else { return Ok((at, None)) };
            if let ControlFlow::Break(with) = tell(self, event) {
                return Ok((at, Some(with)));
            }
        }
    }

    /// The input has ended. Tells what that completes: the end of a number that is the document, then
    /// [`Complete`](crate::Token::Complete).
    ///
    /// # Errors
    /// [`Reason::Incomplete`] within a document, or before the one there should be.
    pub fn receive_eof(&mut self) -> Result<Option<Event<'static>>, Error> {
        self.advance_eof()
    }

    /// Forgets the document, the error and the position, for another text. Paths and configuration remain.
    pub fn reset(&mut self) {
        let Config { dialect, documents, whole } = self.config();
        *self = Self::with_config(self.paths, Config { dialect, documents, whole });
    }

    /// How it reads.
    pub fn config(&self) -> Config {
        Config { dialect: self.dialect, documents: self.documents, whole: self.whole }
    }

    /// The path of the last token told. Asked after anything but [`receive`](Self::receive) gave a token, it may
    /// be that of what follows.
    pub fn path(&self) -> Path<'_> {
        Path {
            keys: &self.trail,
            containers: self.kinds.get(..self.level()).unwrap_or_default(),
            indices: self.indices(),
        }
    }

    /// The numbers, from 0, of the elements that the last token is or is within, from the outermost array to the
    /// innermost; at most `INDEX`.
    pub fn indices(&self) -> &[u32] {
        let begun = usize::from(self.state == State::FirstValue);
        let arrays = usize::from(self.arrays) - begun.min(self.arrays.into());
        self.indices.get(..arrays.min(INDEX)).unwrap_or_default()
    }

    /// What the wildcard of number `index`, from 0, in the pattern that matched the last token stands for: the key,
    /// or what follows the beginning that the pattern spells.
    ///
    /// `None` when no pattern matched, when it has fewer wildcards, when the wildcard met an element, and when the
    /// key was not kept (it is longer than 255 bytes, or does not fit into `PATH`).
    pub fn wildcard(&self, index: usize) -> Option<&[u8]> {
        let (segment, skip) = self.paths.wildcard(self.hit, index)?;
        match self.path().segments().nth(segment)? {
            crate::path::Segment::Key(key) => key.get(skip?..),
            _ => None,
        }
    }

    /// How many containers the last token is within; a container is not within itself.
    pub fn depth(&self) -> usize {
        self.level()
    }

    /// How much input has been consumed, in bytes from the start of the first document.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The line that the parser is on, from 1.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// The error that ended the parser, if one did.
    pub fn error(&self) -> Option<Error> {
        self.fault
    }

    /// Whether the parser is between documents: the last one was [told complete](crate::Token::Complete), or none
    /// has begun.
    pub fn is_between_documents(&self) -> bool {
        matches!(self.state, State::Start | State::After | State::Stopped) && self.held == 0
    }

    /// How many contiguous bytes the parser may need to see: the longest token that it gives whole.
    pub fn min_input(&self) -> usize {
        self.whole as usize + 16
    }

    /// Whether it waits for input or, after an error or the only document, for nothing.
    pub fn wants(&self) -> Wants {
        Wants {
            read: !matches!(self.state, State::Failed | State::Stopped),
            write: false,
            close: self.state == State::Failed,
        }
    }

    /// Ends parsing because the application does not want what it was told: an [error](Reason::Handler) behind the
    /// last token, which later calls repeat.
    pub fn refuse(&mut self) -> Error {
        match self.fault {
            Some(fault) => fault,
            None => {
                // A colon that was taken along with the key is not part of it.
                let colon = u64::from(self.state == State::MemberValue);
                self.fail_at(Reason::Handler, self.offset.saturating_sub(colon))
            }
        }
    }

    /// The number of containers around the last token.
    fn level(&self) -> usize {
        // A container has just begun: it is not around itself.
        let begun = matches!(self.state, State::FirstKey | State::FirstValue);
        usize::from(self.depth.saturating_sub(u16::from(begun)))
    }
}
