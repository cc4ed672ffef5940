/// How a parser reads.
///
/// ```
/// use proto_lejp::{Config, Dialect, Documents};
/// let lines = Config { documents: Documents::Lines, ..Config::default() };
/// assert_eq!(lines.dialect, Dialect::Strict);
/// assert_eq!(Config::LEJP.documents, Documents::First);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// Which grammar. Default: [`Dialect::Strict`].
    pub dialect: Dialect,
    /// How many documents, and what may stand between and behind them. Default: [`Documents::One`].
    pub documents: Documents,
    /// Keys, texts and numbers of at most this many bytes (as they stand in the input, without the quotes) come
    /// whole however the input is cut; longer ones come in parts and a longer key matches no pattern that spells
    /// it out. It is also how much unconsumed input a caller may have to keep, so a larger value asks for a larger
    /// buffer ([`Parser::min_input`](crate::Parser::min_input)). Default: 1024; at least 64. Nothing is refused
    /// for being longer.
    pub whole: u32,
}

/// Which texts are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Dialect {
    /// RFC 8259 to the letter, and UTF-8 (its section 8.1). An escaped surrogate without its other half, which
    /// the grammar admits and section 8.2 warns of, is refused: no text contains it. Keys may repeat (section 4).
    #[default]
    Strict,
    /// What libwebsockets' lejp accepts: comments from `#` to the end of the line, a comma before `]`, leading
    /// zeros, an exponent without digits behind its sign, text that is not UTF-8. The document is an object or an array, and numbers have at
    /// most 20 digits.
    Lejp,
}

/// Where a document ends and what may follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Documents {
    /// One document, then white space only: anything else is refused.
    #[default]
    One,
    /// One document. The parser stops right behind it and leaves all that follows unconsumed.
    First,
    /// One document a line (NDJSON). A line may be blank; a document may not contain a line feed.
    Lines,
    /// Any number of documents, with or without white space between them. A number or a literal is not followed
    /// by another one, nor by a key word, without white space.
    Concatenated,
}

impl Config {
    /// The lejp dialect, which stops at the end of the document.
    pub const LEJP: Self = Self { dialect: Dialect::Lejp, documents: Documents::First, whole: WHOLE };
    /// One JSON text a line.
    pub const LINES: Self = Self { dialect: Dialect::Strict, documents: Documents::Lines, whole: WHOLE };
}

const WHOLE: u32 = 1024;
/// Room for the longest escape and the longest prefix a pattern may spell, escaped throughout.
pub(crate) const LEAST_WHOLE: u32 = 64;

impl Default for Config {
    fn default() -> Self {
        Self { dialect: Dialect::Strict, documents: Documents::One, whole: WHOLE }
    }
}
