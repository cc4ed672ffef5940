use crate::error::Error;
use crate::event::Container;
use crate::machine::State;
use crate::parser::Parser;
use crate::path::{Paths, ROOT};
use core::fmt;

/// Parsers within parsers: see [`Parser::nested`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NestedError {
    /// The inner parser has not reached the end of its value.
    Unfinished,
    /// No value was about to come, or the inner parser is not one for it.
    Misuse,
    /// The inner parser failed, and the outer one has now, too.
    Failed(Error),
}

impl fmt::Display for NestedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unfinished => f.write_str("the nested value is not complete"),
            Self::Misuse => f.write_str("no nested value is expected here"),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for NestedError {}

impl<'p, const DEPTH: usize, const PATH: usize, const INDEX: usize> Parser<'p, DEPTH, PATH, INDEX> {
    /// A parser for the value that is about to come, as if it were a document of its own, with its own paths.
    ///
    /// To be asked for right behind a [`Key`](crate::Token::Key) (the value of that member) or behind a
    /// [`Begin`](crate::Token::Begin) (the rest of that container; the paths of its contents are relative to it,
    /// and its [`End`](crate::Token::End) is told by the inner parser). Give the inner parser the input from there
    /// until it tells [`Complete`](crate::Token::Complete), then [`rejoin`](Self::rejoin). Positions go on from
    /// those of this parser. `None` when no value is about to come.
    ///
    /// ```
    /// use core::ops::ControlFlow;
    /// use proto_lejp::{Parser, PathSet, Token};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let plugin = PathSet::<8>::compile(&["level"])?;
    /// let input = br#"{"plugin":{"level":3},"level":1}"#;
    /// let mut outer = Parser::default();
    /// let (begun, _) = outer.each(input, &mut [], |_, event| match event.token() {
    ///     Token::Key { part: b"plugin", .. } => ControlFlow::Break(()),
    ///     _ => ControlFlow::Continue(()),
    /// })?;
    /// let mut inner = outer.nested(&plugin).ok_or("no value here")?;
    /// let mut levels = 0;
    /// let (nested, _) = inner.each(&input[begun..], &mut [], |_, event| {
    ///     levels += u32::from(event.path() == Some(0) && matches!(event.token(), Token::Number { .. }));
    ///     ControlFlow::<()>::Continue(())
    /// })?;
    /// assert_eq!(levels, 1);
    /// outer.rejoin(&inner)?;
    /// let (rest, _) = outer.each(&input[begun + nested..], &mut [], |_, _| ControlFlow::<()>::Continue(()))?;
    /// assert_eq!(begun + nested + rest, input.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn nested<'q>(&self, paths: &'q Paths<'q>) -> Option<Parser<'q, DEPTH, PATH, INDEX>> {
        let mut config = self.config();
        config.documents = crate::Documents::First;
        let mut inner = Parser::with_config(paths, config);
        inner.offset = self.offset;
        inner.line = self.line;
        inner.line_start = self.line_start;
        inner.one_line = if self.one_line == u16::MAX { u16::MAX } else { 0 };
        match self.state {
            State::Colon => inner.state = State::NestedColon,
            State::Value | State::MemberValue if self.depth > 0 => inner.state = State::Value,
            State::FirstKey | State::FirstValue => {
                let array = self.state == State::FirstValue;
                *inner.kinds.first_mut()? = u8::from(array);
                if let Some(node) = inner.nodes.first_mut() {
                    *node = ROOT;
                }
                inner.depth = 1;
                inner.arrays = u16::from(array);
                inner.after = if array { State::AfterElement } else { State::AfterMember };
                inner.state = self.state;
            }
            _ => return None,
        }
        Some(inner)
    }

    /// Goes on behind the value that `inner`, from [`nested`](Self::nested), has parsed.
    ///
    /// # Errors
    /// [`NestedError`]; only the error of a failed inner parser changes the state of this one.
    pub fn rejoin<const D: usize, const P: usize, const I: usize>(
        &mut self,
        inner: &Parser<'_, D, P, I>,
    ) -> Result<(), NestedError> {
        if let Some(fault) = inner.fault {
            self.state = State::Failed;
            self.fault = Some(fault);
            return Err(NestedError::Failed(fault));
        }
        if inner.state != State::Stopped {
            return Err(NestedError::Unfinished);
        }
        if inner.offset < self.offset {
            return Err(NestedError::Misuse);
        }
        match self.state {
            State::Colon => self.state = self.after,
            State::Value | State::MemberValue if self.depth > 0 => self.state = self.after,
            State::FirstKey => drop(self.end(0, Container::Object)),
            State::FirstValue => drop(self.end(0, Container::Array)),
            _ => return Err(NestedError::Misuse),
        }
        self.offset = inner.offset;
        self.line = inner.line;
        self.line_start = inner.line_start;
        self.held = 0;
        Ok(())
    }
}
