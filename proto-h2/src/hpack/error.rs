/// What is wrong with a field block.
///
/// All but [`ListTooLarge`](Self::ListTooLarge) leave the two ends with different tables, so the connection cannot
/// go on: RFC 9113 section 4.3, "A decoding error in a field block MUST be treated as a connection error of type
/// COMPRESSION_ERROR".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Error {
    /// The block ends inside a representation (RFC 7541 section 6).
    Truncated = 1,
    /// An integer does not fit 32 bits or takes more than five continuation octets (section 5.1).
    IntegerOverflow = 2,
    /// Index 0, or an index beyond both tables (sections 2.3.3 and 6.1).
    InvalidIndex = 3,
    /// A Huffman-coded string contains the EOS symbol (section 5.2).
    HuffmanEos = 4,
    /// A Huffman-coded string is padded with more than 7 bits, or not with ones (section 5.2).
    HuffmanPadding = 5,
    /// A dynamic table size update above the limit that the decoder has set (section 6.3).
    SizeUpdateTooLarge = 6,
    /// A dynamic table size update that is not at the beginning of the block (section 4.2).
    SizeUpdateLate = 7,
    /// The limit was lowered and the next block does not begin with a size update that keeps to it (section 4.2).
    SizeUpdateMissing = 8,
    /// The decoded list does not fit the scratch space. The whole block was read and the table is right, so the
    /// connection can go on: answer with status 431 or reset the stream.
    ListTooLarge = 9,
    /// One field is larger than the scratch space and had to go into the table. Only possible when the scratch
    /// space is smaller than the table.
    FieldTooLarge = 10,
}

impl Error {
    /// Whether the dynamic table can no longer be trusted, so that the connection must end with COMPRESSION_ERROR.
    pub const fn is_fatal(self) -> bool {
        !matches!(self, Self::ListTooLarge)
    }

    /// A number that stays the same from version to version.
    pub const fn number(self) -> u8 {
        self as u8
    }
}

impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the field block ends inside a field",
            Self::IntegerOverflow => "an integer is too large or too long",
            Self::InvalidIndex => "an index that no table has",
            Self::HuffmanEos => "a Huffman-coded string contains EOS",
            Self::HuffmanPadding => "a Huffman-coded string is padded wrongly",
            Self::SizeUpdateTooLarge => "a table size update above the limit",
            Self::SizeUpdateLate => "a table size update after the first field",
            Self::SizeUpdateMissing => "the table size was not lowered as demanded",
            Self::ListTooLarge => "the field list is larger than allowed",
            Self::FieldTooLarge => "a field is larger than the scratch space",
        })
    }
}

impl core::error::Error for Error {}
