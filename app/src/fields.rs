use std::fmt;

use proto_h1::Elements;

/// The fields of a head, or trailers, whatever protocol they came by: a view over bytes that were checked, which it
/// searches when asked. Names are compared without regard to case.
#[derive(Clone, Copy)]
pub struct Fields<'b>(View<'b>);

#[derive(Clone, Copy)]
enum View<'b> {
    Http1(proto_h1::Fields<'b>),
    /// With the pseudo-header fields, which are passed over.
    Http2(proto_h2::hpack::Fields<'b>),
}

impl<'b> Fields<'b> {
    /// No field.
    pub const EMPTY: Self = Self(View::Http1(proto_h1::Fields::EMPTY));

    /// How many field lines there are.
    pub fn len(&self) -> usize {
        match self.0 {
            View::Http1(fields) => fields.len(),
            View::Http2(_) => self.iter().count(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// Every field in order: name as it came, value without the blanks around it.
    pub fn iter(&self) -> FieldsIter<'b> {
        FieldsIter(match self.0 {
            View::Http1(fields) => ViewIter::Http1(fields.iter()),
            View::Http2(fields) => ViewIter::Http2(fields.iter()),
        })
    }

    /// The value of every field with this name.
    pub fn all<'n, N: AsRef<[u8]> + ?Sized>(
        &self,
        name: &'n N,
    ) -> impl Iterator<Item = &'b [u8]> + Clone + use<'b, 'n, N> {
        let name = name.as_ref();
        self.iter().filter(move |(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The value of the first field with this name.
    pub fn first(&self, name: &(impl AsRef<[u8]> + ?Sized)) -> Option<&'b [u8]> {
        match self.0 {
            View::Http1(fields) => fields.first(name),
            View::Http2(_) => self.all(name).next(),
        }
    }

    /// Whether there is a field with this name.
    pub fn contains(&self, name: &(impl AsRef<[u8]> + ?Sized)) -> bool {
        self.first(name).is_some()
    }

    /// The elements of the comma-separated list that all fields of this name form; empty elements are skipped and
    /// commas in quoted strings do not separate
    /// ([RFC 9110 §5.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.1)).
    pub fn list<'n, N: AsRef<[u8]> + ?Sized>(
        &self,
        name: &'n N,
    ) -> impl Iterator<Item = &'b [u8]> + Clone + use<'b, 'n, N> {
        self.all(name).flat_map(Elements::new)
    }

    /// Whether the list of this name has `token` among its elements, without regard to case.
    pub fn contains_token(
        &self,
        name: &(impl AsRef<[u8]> + ?Sized),
        token: &(impl AsRef<[u8]> + ?Sized),
    ) -> bool {
        self.list(name).any(|element| element.eq_ignore_ascii_case(token.as_ref()))
    }
}

impl Default for Fields<'_> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<'b> From<proto_h1::Fields<'b>> for Fields<'b> {
    fn from(fields: proto_h1::Fields<'b>) -> Self {
        Self(View::Http1(fields))
    }
}

impl<'b> From<proto_h2::hpack::Fields<'b>> for Fields<'b> {
    fn from(fields: proto_h2::hpack::Fields<'b>) -> Self {
        Self(View::Http2(fields))
    }
}

impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        f.debug_map().entries(self.iter().map(|(name, value)| (text(name), text(value)))).finish()
    }
}

impl<'b> IntoIterator for Fields<'b> {
    type Item = (&'b [u8], &'b [u8]);
    type IntoIter = FieldsIter<'b>;
    fn into_iter(self) -> FieldsIter<'b> {
        self.iter()
    }
}

/// Names and values of [`Fields`].
#[derive(Debug, Clone)]
pub struct FieldsIter<'b>(ViewIter<'b>);

#[derive(Debug, Clone)]
enum ViewIter<'b> {
    Http1(proto_h1::Iter<'b>),
    Http2(proto_h2::hpack::FieldsIter<'b>),
}

impl<'b> Iterator for FieldsIter<'b> {
    type Item = (&'b [u8], &'b [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            ViewIter::Http1(fields) => fields.next(),
            ViewIter::Http2(fields) => {
                fields.find(|field| field.name.first() != Some(&b':')).map(|field| (field.name, field.value))
            }
        }
    }
}
