use core::fmt;

/// What the parser tells: a token, and which of the registered paths it is at.
///
/// It borrows from the input and the scratch space, never from the parser, which can therefore be asked for more
/// while the event is held: [`indices`](crate::Parser::indices), [`wildcard`](crate::Parser::wildcard),
/// [`path`](crate::Parser::path).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Event<'b> {
    /// The pattern, counted from 1, above bit 16; below, what kind of token and what else is known of it.
    ///
    /// One word that is written at once, and the same fields for all tokens: so an event passes from the parser to
    /// the caller in registers. As an enum with a few bytes here and there it is copied through memory by loads that
    /// are wider than the stores before them, which stalls for longer than a token takes.
    head: u32,
    text: &'b [u8],
}

const LAST: u32 = 8;
const FLOAT: u32 = 16;

const KEY: u32 = 0;
const TEXT: u32 = 1;
const NUMBER: u32 = 2;
const LITERAL: u32 = 3;
const BEGIN: u32 = 4;
const END: u32 = 5;
const COMPLETE: u32 = 6;
const KIND: u32 = 7;
/// Which literal, or whether an array.
const DETAIL: u32 = 8;

impl<'b> Event<'b> {
    #[inline(always)]
    pub(crate) fn new(token: Token<'b>, hit: u16) -> Self {
        let flag = |set: bool, bit: u32| if set { bit } else { 0 };
        let (kind, text): (u32, &[u8]) = match token {
            Token::Key { part, last } => (KEY | flag(last, LAST), part),
            Token::Text { part, last } => (TEXT | flag(last, LAST), part),
            Token::Number { text, kind, last } => {
                (NUMBER | flag(last, LAST) | flag(matches!(kind, NumberKind::Float), FLOAT), text)
            }
            Token::Literal(literal) => (LITERAL | (literal as u32) << DETAIL, &[]),
            Token::Begin(container) => (BEGIN | (container as u32) << DETAIL, &[]),
            Token::End(container) => (END | (container as u32) << DETAIL, &[]),
            Token::Complete { unused } => (COMPLETE, unused),
        };
        Self { head: kind | u32::from(hit) << 16, text }
    }

    /// What was met.
    #[inline(always)]
    pub fn token(&self) -> Token<'b> {
        let (part, last) = (self.text, self.head & LAST != 0);
        let detail = (self.head >> DETAIL) & 3;
        let container = if detail == 0 { Container::Object } else { Container::Array };
        match self.head & KIND {
            KEY => Token::Key { part, last },
            TEXT => Token::Text { part, last },
            NUMBER => {
                let kind = if self.head & FLOAT == 0 { NumberKind::Int } else { NumberKind::Float };
                Token::Number { text: part, kind, last }
            }
            LITERAL => Token::Literal(match detail {
                0 => Literal::True,
                1 => Literal::False,
                _ => Literal::Null,
            }),
            BEGIN => Token::Begin(container),
            END => Token::End(container),
            _ => Token::Complete { unused: part },
        }
    }

    /// Which pattern of the [`PathSet`](crate::PathSet) the path of this token matches: its position in the list
    /// of patterns, from 0. When several match, the first.
    ///
    /// A [`Key`](Token::Key) has the path of the member it names. A container has the same path at its end as at
    /// its beginning: the member or element it is, not what it contains.
    #[inline(always)]
    pub fn path(&self) -> Option<u16> {
        ((self.head >> 16) as u16).checked_sub(1)
    }

    /// Whether a value begins with this token: it is neither a key nor the end of anything.
    #[inline]
    pub fn begins_value(&self) -> bool {
        matches!(self.head & KIND, TEXT | NUMBER | LITERAL | BEGIN)
    }
}

impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").field("token", &self.token()).field("path", &self.path()).finish()
    }
}

/// The tokens of a JSON text.
///
/// A key, a text or a number of at most [`Config::whole`](crate::Config::whole) bytes (as they stand in the
/// input) comes whole, with `last` set, however the input is cut; a longer one comes in as many parts as the
/// input does. Only a number that is the whole document may come in parts although it is short: when the input
/// ends behind its digits, more digits may follow.
///
/// What a key or text contains is given with its escapes resolved (RFC 8259, section 7). It is UTF-8, and no part
/// ends within a code point, unless the dialect is [`Lejp`](crate::Dialect::Lejp), which does not validate it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token<'b> {
    /// `{` or `[`.
    Begin(Container),
    /// `}` or `]`.
    End(Container),
    /// The name of a member. Its value follows.
    Key {
        /// The name, or a part of it.
        part: &'b [u8],
        /// Whether this is the end of it.
        last: bool,
    },
    /// A string that is a value.
    Text {
        /// The text, or a part of it.
        part: &'b [u8],
        /// Whether this is the end of it.
        last: bool,
    },
    /// A number, as it was written. [`Number`](crate::Number) makes an `i64`, a `u64` or an `f64` of it.
    Number {
        /// The digits, sign, point and exponent, or a part of them.
        text: &'b [u8],
        /// Whether it has a fraction or an exponent. Settled when `last` is set.
        kind: NumberKind,
        /// Whether this is the end of it.
        last: bool,
    },
    /// `true`, `false` or `null`.
    Literal(Literal),
    /// The document is complete. Told once, right behind its last value.
    Complete {
        /// What of this input lies behind the document. It is not consumed.
        unused: &'b [u8],
    },
}

/// A value that contains values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Container {
    /// `{ "key": value, ... }`
    Object,
    /// `[ value, ... ]`
    Array,
}

/// The three values that are words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Literal {
    /// `true`
    True,
    /// `false`
    False,
    /// `null`
    Null,
}

impl Literal {
    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::True => "true",
            Self::False => "false",
            Self::Null => "null",
        }
    }
}

/// How a number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NumberKind {
    /// Digits only, perhaps with a minus sign.
    Int,
    /// With a fraction or an exponent.
    Float,
}
