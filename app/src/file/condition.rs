use super::range::{ByteRange, RangeSet};
use crate::FileMeta;

/// The strong entity tag of a file: its length and the time of its last change, in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityTag(String);

impl EntityTag {
    /// The tag of the file as it is.
    pub fn of(meta: &FileMeta) -> Self {
        Self(format!("\"{:x}-{:x}.{:x}\"", meta.len, meta.modified.unwrap_or(0), meta.modified_nanos))
    }

    /// With its quotes, as in the `ETag` field.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether an `If-Match` or `If-None-Match` list names this tag
    /// ([RFC 9110 §8.8.3.2](https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3.2)); `weak` comparison ignores `W/`.
    fn is_in(&self, list: &[u8], weak: bool) -> bool {
        list.split(|&byte| byte == b',').map(<[u8]>::trim_ascii).any(|tag| {
            let tag = if weak { tag.strip_prefix(b"W/").unwrap_or(tag) } else { tag };
            tag == b"*" || tag == self.0.as_bytes()
        })
    }
}

/// The conditional fields and the range of a request, kept until the file is known.
///
/// Dates are seconds since 1970; a date that does not parse is left out, as the RFC asks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Conditions {
    /// `If-Match`, all fragments joined with commas.
    pub if_match: Option<Box<[u8]>>,
    /// `If-Unmodified-Since`.
    pub if_unmodified_since: Option<u64>,
    /// `If-None-Match`, all fragments joined with commas.
    pub if_none_match: Option<Box<[u8]>>,
    /// `If-Modified-Since`.
    pub if_modified_since: Option<u64>,
    /// `If-Range`, an entity tag or a date.
    pub if_range: Option<Box<[u8]>>,
    /// `If-Range` read as a date.
    pub if_range_date: Option<u64>,
    /// `Range`.
    pub range: Option<RangeSet>,
}

/// What to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// 200 with everything.
    Whole,
    /// 206 with a part.
    Part(ByteRange),
    /// 304.
    NotModified,
    /// 412.
    PreconditionFailed,
    /// 416.
    Unsatisfiable,
}

impl Conditions {
    /// Decides in the order of [RFC 9110 §13.2.2](https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2), for GET and
    /// HEAD.
    pub fn decide(&self, meta: &FileMeta, tag: &EntityTag) -> Decision {
        let unmodified_since = |date: u64| meta.modified.is_some_and(|modified| modified <= date);
        let holds = match (&self.if_match, self.if_unmodified_since) {
            (Some(list), _) => tag.is_in(list, false),
            (None, Some(date)) => unmodified_since(date),
            (None, None) => true,
        };
        if !holds {
            return Decision::PreconditionFailed;
        }
        let fresh = match (&self.if_none_match, self.if_modified_since) {
            (Some(list), _) => tag.is_in(list, true),
            (None, Some(date)) => unmodified_since(date),
            (None, None) => false,
        };
        if fresh {
            return Decision::NotModified;
        }
        let Some(range) = self.range.filter(|_| self.range_applies(meta, tag)) else {
            return Decision::Whole;
        };
        range.within(meta.len).map_or(Decision::Unsatisfiable, Decision::Part)
    }

    /// [RFC 9110 §13.1.5](https://www.rfc-editor.org/rfc/rfc9110#section-13.1.5): the validator must match exactly.
    fn range_applies(&self, meta: &FileMeta, tag: &EntityTag) -> bool {
        match (&self.if_range, self.if_range_date) {
            (None, _) => true,
            (Some(_), Some(date)) => meta.modified == Some(date),
            (Some(value), None) => &**value == tag.as_str().as_bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const META: FileMeta = FileMeta { len: 100, modified: Some(1_000), modified_nanos: 5 };

    fn decide(conditions: Conditions) -> Decision {
        conditions.decide(&META, &EntityTag::of(&META))
    }

    fn bytes(text: &str) -> Option<Box<[u8]>> {
        Some(text.as_bytes().into())
    }

    const TAG: &str = "\"64-3e8.5\"";

    #[test]
    fn entity_tags() {
        assert_eq!(EntityTag::of(&META).as_str(), TAG);
        for (list, weak, strong) in [
            (TAG.to_owned(), true, true),
            (format!("W/{TAG}"), true, false),
            (format!("\"x\", {TAG}"), true, true),
            ("*".to_owned(), true, true),
            ("\"x\"".to_owned(), false, false),
        ] {
            let none_match = decide(Conditions { if_none_match: bytes(&list), ..Conditions::default() });
            assert_eq!(none_match == Decision::NotModified, weak, "If-None-Match: {list}");
            let matches = decide(Conditions { if_match: bytes(&list), ..Conditions::default() });
            assert_eq!(matches == Decision::Whole, strong, "If-Match: {list}");
        }
    }

    #[test]
    fn dates_count_only_without_tags() {
        let older = Conditions { if_modified_since: Some(999), ..Conditions::default() };
        assert_eq!(decide(older.clone()), Decision::Whole);
        assert_eq!(
            decide(Conditions { if_modified_since: Some(1_000), ..older.clone() }),
            Decision::NotModified
        );
        let tag_differs =
            Conditions { if_modified_since: Some(1_000), if_none_match: bytes("\"x\""), ..older };
        assert_eq!(decide(tag_differs), Decision::Whole);
        let unmodified = Conditions { if_unmodified_since: Some(999), ..Conditions::default() };
        assert_eq!(decide(unmodified), Decision::PreconditionFailed);
    }

    #[test]
    fn ranges_apply_when_the_validator_does() {
        let range = RangeSet::parse(b"bytes=10-19");
        let part = Decision::Part(ByteRange { first: 10, last: 19 });
        let plain = Conditions { range, ..Conditions::default() };
        assert_eq!(decide(plain.clone()), part);
        assert_eq!(decide(Conditions { if_range: bytes(TAG), ..plain.clone() }), part);
        assert_eq!(decide(Conditions { if_range: bytes("\"old\""), ..plain.clone() }), Decision::Whole);
        let weak = format!("W/{TAG}");
        assert_eq!(decide(Conditions { if_range: bytes(&weak), ..plain.clone() }), Decision::Whole);
        let dated = Conditions { if_range: bytes("date"), if_range_date: Some(1_000), ..plain.clone() };
        assert_eq!(decide(dated.clone()), part);
        assert_eq!(decide(Conditions { if_range_date: Some(1_001), ..dated }), Decision::Whole);
        let beyond = Conditions { range: RangeSet::parse(b"bytes=100-"), ..plain };
        assert_eq!(decide(beyond), Decision::Unsatisfiable);
    }
}
