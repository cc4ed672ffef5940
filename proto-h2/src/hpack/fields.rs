use super::packed::{HEADER, Header, name_is_malformed, value_is_malformed};
use super::static_table;

/// A header or trailer field.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Field<'a> {
    /// The name; lower case in HTTP/2.
    pub name: &'a [u8],
    /// The value.
    pub value: &'a [u8],
    /// Whether it must never enter a compression table, here or further on (RFC 7541 section 7.1.3): what an
    /// attacker who can inject other fields and see sizes must not be able to guess.
    pub sensitive: bool,
}

impl<'a> Field<'a> {
    /// A field that may be indexed.
    pub const fn new(name: &'a [u8], value: &'a [u8]) -> Self {
        Self { name, value, sensitive: false }
    }

    /// The same field, never to be indexed.
    #[must_use]
    pub const fn sensitive(self) -> Self {
        Self { sensitive: true, ..self }
    }

    /// The size of a field as RFC 7541 section 4.1 and SETTINGS_MAX_HEADER_LIST_SIZE count: 32 more than its name
    /// and value.
    pub const fn list_size(&self) -> usize {
        self.name.len() + self.value.len() + 32
    }
}

impl core::fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mark = if self.sensitive { " (sensitive)" } else { "" };
        write!(f, "{}: {}{mark}", self.name.escape_ascii(), self.value.escape_ascii())
    }
}

/// A decoded list of fields, in order, as it lies in the scratch space.
#[derive(Clone, Copy, Default)]
pub struct Fields<'a> {
    packed: &'a [u8],
    len: u32,
}

impl<'a> Fields<'a> {
    /// No fields.
    pub const EMPTY: Self = Self { packed: &[], len: 0 };

    #[inline]
    pub(crate) const fn new(packed: &'a [u8], len: u32) -> Self {
        Self { packed, len }
    }

    /// How much of the scratch space the list takes.
    #[inline]
    pub(crate) const fn packed_len(&self) -> usize {
        self.packed.len()
    }

    /// The fields with what the decoder noted about them.
    #[inline]
    pub(crate) fn noted(&self) -> impl Iterator<Item = (Noted, Field<'a>)> + use<'a> {
        let mut iter = self.iter();
        core::iter::from_fn(move || iter.next_noted())
    }

    /// How many fields there are.
    #[inline]
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether there are none.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The size of the list as SETTINGS_MAX_HEADER_LIST_SIZE counts (RFC 9113 section 6.5.2): names, values and 32
    /// for each field.
    #[inline]
    pub const fn list_size(&self) -> usize {
        self.packed.len() + self.len() * (32 - HEADER)
    }

    /// The fields in order.
    #[inline]
    pub const fn iter(&self) -> FieldsIter<'a> {
        FieldsIter { packed: self.packed }
    }

    /// The values of all fields called `name` (lower case), in order.
    pub fn all<'n>(&self, name: &'n [u8]) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        self.iter().filter(move |field| field.name == name).map(|field| field.value)
    }

    /// The value of the first field called `name` (lower case).
    pub fn first(&self, name: &[u8]) -> Option<&'a [u8]> {
        self.iter().find(|field| field.name == name).map(|field| field.value)
    }
}

impl<'a> IntoIterator for Fields<'a> {
    type Item = Field<'a>;
    type IntoIter = FieldsIter<'a>;
    fn into_iter(self) -> FieldsIter<'a> {
        self.iter()
    }
}

impl core::fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// The iterator of [`Fields`].
#[derive(Debug, Clone)]
pub struct FieldsIter<'a> {
    packed: &'a [u8],
}

impl<'a> FieldsIter<'a> {
    /// The next field with what the decoder noted about it.
    #[inline]
    pub(crate) fn next_noted(&mut self) -> Option<(Noted, Field<'a>)> {
        let header = Header::read(self.packed)?;
        let (name_len, value_len) = (header.name_len(), header.value_len());
        let name = self.packed.get(HEADER..HEADER + name_len)?;
        let value = self.packed.get(HEADER + name_len..HEADER + name_len + value_len)?;
        self.packed = self.packed.get(header.total()..)?;
        let noted = Noted { token: header.token(), malformed: header.is_malformed() };
        Some((noted, Field { name, value, sensitive: header.is_sensitive() }))
    }
}

impl<'a> Iterator for FieldsIter<'a> {
    type Item = Field<'a>;
    #[inline]
    fn next(&mut self) -> Option<Field<'a>> {
        self.next_noted().map(|(_, field)| field)
    }
}

/// What the decoder noted about a field when it first saw it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Noted {
    /// See [`known`](super::static_table::known).
    pub(crate) token: u8,
    /// Whether name or value break the rules of HTTP/2 (RFC 9113 section 8.2.1).
    pub(crate) malformed: bool,
}

/// Notes the same about a field that is to be sent.
pub(crate) fn note<'f>(field: Field<'f>) -> (Noted, Field<'f>) {
    let token = static_table::token(field.name, static_table::name_hash(field.name));
    let malformed = (token == 0 && name_is_malformed(field.name)) || value_is_malformed(field.value);
    (Noted { token, malformed }, field)
}
