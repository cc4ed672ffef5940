/// What the parser tells: a token, and which of the registered paths it is at.
///
/// It borrows from the input and the scratch space, never from the parser, which can therefore be asked for more
/// while the event is held: [`indices`](crate::Parser::indices), [`wildcard`](crate::Parser::wildcard),
/// [`path`](crate::Parser::path).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event<'b> {
    /// What was met.
    pub token: Token<'b>,
    /// Which pattern of the [`PathSet`](crate::PathSet) the path of this token matches: its position in the list
    /// of patterns, from 0. When several match, the first.
    ///
    /// A [`Key`](Token::Key) has the path of the member it names. A container has the same path at its end as at
    /// its beginning: the member or element it is, not what it contains.
    pub path: Option<u16>,
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
        /// How many bytes of this input lie behind the document.
        unused: usize,
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
