use core::fmt;

/// What is wrong with the text, and where.
///
/// The position is that of the first byte that cannot be right; at the end of the input, the position behind it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Error {
    offset: u64,
    line: u32,
    /// The column in the upper 24 bits, the reason below.
    rest: u32,
}

const COLUMNS: u64 = (1 << 24) - 1;

impl Error {
    pub(crate) fn new(reason: Reason, offset: u64, line: u32, column: u64) -> Self {
        Self { offset, line, rest: ((column.min(COLUMNS) as u32) << 8) | reason as u32 }
    }

    /// What is wrong.
    pub fn reason(&self) -> Reason {
        let number = self.rest as u8;
        Reason::ALL.into_iter().find(|&reason| reason as u8 == number).unwrap_or(Reason::Value)
    }

    /// The stable number of the reason, from 1.
    pub const fn number(&self) -> u8 {
        self.rest as u8
    }

    /// The position in bytes from the start of the first document, from 0.
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// The line, from 1. Line feeds (and nothing else) end lines.
    pub const fn line(&self) -> u32 {
        self.line
    }

    /// The column in bytes, from 1. In lines longer than that it stays at 16,777,215.
    pub const fn column(&self) -> u32 {
        self.rest >> 8
    }

    /// The number that lejp gives for this: -2 to -23.
    pub fn lejp_code(&self) -> i8 {
        self.reason().lejp_code()
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at offset {} ({}:{})", self.reason(), self.offset, self.line, self.column())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (reason, line, column) = (self.reason(), self.line, self.column());
        write!(f, "{reason} at line {line} column {column} (byte {})", self.offset)
    }
}

impl core::error::Error for Error {}

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $name:ident = $number:literal, $lejp:literal, $text:literal;)+) => {
        /// Why a text is refused. The numbers are stable.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum Reason {
            $($(#[doc = $doc])+ $name = $number,)+
        }

        impl Reason {
            /// All reasons, in the order of their numbers.
            pub const ALL: [Self; [$($number),+].len()] = [$(Self::$name),+];

            /// The number that lejp gives for this: -2 to -23.
            pub const fn lejp_code(self) -> i8 {
                match self { $(Self::$name => $lejp,)+ }
            }

            /// The reason in words.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

reasons! {
    /// The document is neither an object nor an array, which the lejp dialect requires.
    Root = 1, -2, "the document is neither an object nor an array";
    /// The input ended within a document, or before there was one.
    Incomplete = 2, -3, "the input ends before the document does";
    /// Where a key belongs stands something else than a quote (or the `}` of an empty object). RFC 8259, section 4.
    Key = 3, -4, "expected a key in quotes";
    /// A byte below 0x20 in a string. RFC 8259, section 7.
    Control = 4, -6, "unescaped control character in a string";
    /// A backslash before a byte that makes no escape. RFC 8259, section 7.
    Escape = 5, -7, "unknown escape";
    /// `\u` without four hexadecimal digits. RFC 8259, section 7.
    Hex = 6, -8, "expected four hexadecimal digits";
    /// An escaped surrogate that is no half of a pair. RFC 8259, section 8.2.
    Surrogate = 7, -8, "escaped surrogate without its other half";
    /// The bytes are not UTF-8. RFC 8259, section 8.1.
    Utf8 = 8, -22, "invalid UTF-8";
    /// No colon behind a key. RFC 8259, section 4.
    Colon = 9, -9, "expected a colon";
    /// No value starts like this. RFC 8259, section 3.
    Value = 10, -10, "expected a value";
    /// No digit behind the decimal point. RFC 8259, section 6.
    Fraction = 11, -11, "expected a digit after the decimal point";
    /// No digit behind the minus sign. RFC 8259, section 6.
    Number = 12, -12, "expected a digit";
    /// A zero before other digits. RFC 8259, section 6.
    LeadingZero = 13, -12, "number with a leading zero";
    /// No digit in the exponent. RFC 8259, section 6.
    Exponent = 14, -13, "expected a digit in the exponent";
    /// A word that is not `true`, `false` or `null`. RFC 8259, section 3.
    Literal = 15, -14, "unknown literal";
    /// `]` or `}` where nothing is open or something else is, or a document that is followed by one.
    Unopened = 16, -15, "closing bracket without its opening one";
    /// `]` closes an object, or `}` an array.
    Mismatch = 17, -16, "closing bracket of the other kind";
    /// In an array, neither a comma nor `]` behind an element. RFC 8259, section 5.
    Element = 18, -17, "expected a comma or ]";
    /// More containers within one another than the parser's `DEPTH`. RFC 8259, section 9, allows such a limit.
    Depth = 19, -18, "nested too deep";
    /// In the lejp dialect, more arrays within one another than the parser's `INDEX`.
    Index = 20, -19, "too many arrays within one another";
    /// In the lejp dialect, a number of more than 20 digits.
    Digits = 21, -20, "number of more than 20 digits";
    /// In an object, neither a comma nor `}` behind a member. RFC 8259, section 4.
    Member = 22, -21, "expected a comma or }";
    /// A line feed within a document that has to be one line.
    LineBreak = 23, -22, "line feed within a document";
    /// Something else than white space behind the document. RFC 8259, section 2.
    Trailing = 24, -22, "more data behind the document";
    /// The scratch space is too small for a key or for one code point: the caller's fault.
    Scratch = 25, -22, "scratch space too small";
    /// The handler asked for it.
    Handler = 26, -23, "refused by the handler";
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The meaning of a lejp return code in words: -1 (needs more input) to -23; `""` for 0 and above.
pub const fn lejp_error_to_string(code: i32) -> &'static str {
    match code {
        0.. => "",
        -1 => "more input needed",
        -2 => "no opening brace or bracket",
        -3 => "members without a closing brace",
        -4 => "expected a quote",
        -5 => "string underrun",
        -6 => "control character in a string",
        -7 => "bad escape",
        -8 => "bad hexadecimal digit",
        -9 => "expected a colon",
        -10 => "bad start of a value",
        -11 => "no digit after the decimal point",
        -12 => "bad number",
        -13 => "bad exponent",
        -14 => "unknown literal",
        -15 => "closing bracket where nothing is open",
        -16 => "closing bracket outside an array",
        -17 => "expected a closing bracket",
        -18 => "nested too deep",
        -19 => "index stack full",
        -20 => "number too long",
        -21 => "expected a comma or a closing bracket",
        -22 => "other fault",
        -23 => "refused by the callback",
        _ => "unknown error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_two_words_and_gives_back_what_it_was_made_of() {
        assert_eq!(size_of::<Error>(), 16);
        for (reason, number) in Reason::ALL.into_iter().zip(1..) {
            let error = Error::new(reason, u64::MAX, 7, 9);
            assert_eq!((error.reason(), error.number()), (reason, number));
            assert_eq!((error.offset(), error.line(), error.column()), (u64::MAX, 7, 9));
        }
        assert_eq!(Error::new(Reason::Value, 0, 1, 1 << 40).column(), 16_777_215);
    }

    #[test]
    fn every_code_has_words() {
        for reason in Reason::ALL {
            assert!((-23..=-2).contains(&reason.lejp_code()));
            assert!(!reason.as_str().is_empty());
        }
        assert_eq!(lejp_error_to_string(5), "");
        assert_eq!(lejp_error_to_string(-24), "unknown error");
        assert!((-23..0).all(|code| lejp_error_to_string(code) != "unknown error"));
    }
}
