//! JSON texts (RFC 8259).

use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::sample::select;

use crate::damage::damage;

/// A document, its scalars and keys as they are spelt.
#[derive(Debug, Clone)]
pub enum Value {
    /// A number, a literal, or a string with its quotes.
    Scalar(String),
    /// Elements.
    Array(Vec<Value>),
    /// Keys, without their quotes, and values.
    Object(Vec<(String, Value)>),
}

/// How a document is written: nothing of it means anything.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    newline: &'static str,
    indent: &'static str,
    colon: &'static str,
    comma: &'static str,
    empty: &'static str,
}

/// Layouts of everyday life, and stranger ones.
pub fn layout() -> impl Strategy<Value = Layout> {
    (
        select(&["", "\n", "\n", "\r\n", " \n", "\n\n"][..]),
        select(&["", " ", "  ", "    ", "\t", "          "][..]),
        select(&["", " ", "\t", "  ", "\n", " \t"][..]),
        select(&["", " ", "\t", "  "][..]),
        select(&["", " ", "\n", "\t", "\n\t", "\n\r\n", " \n"][..]),
    )
        .prop_map(|(newline, indent, colon, comma, empty)| Layout {
            newline,
            indent,
            colon,
            comma,
            empty,
        })
}

impl Value {
    /// The document in this layout.
    pub fn text(&self, layout: &Layout) -> String {
        let mut out = String::new();
        self.write(&mut out, layout, 0);
        out
    }

    fn write(&self, out: &mut String, layout: &Layout, depth: usize) {
        let line = |out: &mut String, depth: usize| {
            if !layout.newline.is_empty() {
                out.push_str(layout.newline);
                out.push_str(&layout.indent.repeat(depth));
            }
        };
        let (open, close, len) = match self {
            Self::Scalar(text) => return out.push_str(text),
            Self::Array(elements) => ('[', ']', elements.len()),
            Self::Object(members) => ('{', '}', members.len()),
        };
        out.push(open);
        for index in 0..len {
            if index > 0 {
                let _ = write!(out, "{},{0}", layout.comma);
            }
            line(out, depth + 1);
            match self {
                Self::Array(elements) => elements[index].write(out, layout, depth + 1),
                Self::Object(members) => {
                    let (key, value) = &members[index];
                    let _ = write!(out, "\"{key}\"{}:{0}", layout.colon);
                    value.write(out, layout, depth + 1);
                }
                Self::Scalar(_) => {}
            }
        }
        if len > 0 {
            line(out, depth);
        } else {
            out.push_str(layout.empty);
        }
        out.push(close);
    }
}

/// Documents of any keys and scalars.
pub fn document() -> impl Strategy<Value = Value> {
    nested(text(), scalar(), 6)
}

/// Documents with these keys and scalars, so many levels deep.
pub fn nested(
    keys: impl Strategy<Value = String> + Clone + 'static,
    scalars: impl Strategy<Value = String> + 'static,
    levels: u32,
) -> impl Strategy<Value = Value> {
    scalars.prop_map(Value::Scalar).prop_recursive(levels, levels * 10, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::vec((keys.clone(), inner), 0..6).prop_map(Value::Object),
        ]
    })
}

/// The inside of a string: short, in pieces with escapes, long, or of any characters.
pub fn text() -> impl Strategy<Value = String> + Clone {
    let piece = select(
        &[
            "a",
            "b",
            "ab",
            "key",
            "a text",
            "\\n",
            "\\\"",
            "\\u00e4",
            "\\ud83d\\ude00",
            "ä",
            "日本",
            "\u{7f}",
            "0123456789abcde",
            "0123456789abcdef",
            "long key of more than thirty-two bytes",
        ][..],
    );
    prop_oneof![
        4 => select(&["a", "b", "ab", "id", "name", ""][..]).prop_map(String::from),
        1 => prop::collection::vec(piece, 0..7).prop_map(|pieces| pieces.concat()),
        1 => (0..100_usize).prop_map(|len| "x".repeat(len)),
        1 => any::<String>().prop_map(|text| escaped(&text)),
    ]
}

/// RFC 8259 section 7: what has to be escaped is.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            '\0'..='\x1f' => drop(write!(out, "\\u{:04x}", u32::from(character))),
            _ => out.push(character),
        }
    }
    out
}

/// Numbers at the edges of what they are read into, and any others.
pub fn number() -> impl Strategy<Value = String> {
    let edges = select(
        &[
            "0",
            "-0",
            "7",
            "-12",
            "10",
            "0.5",
            "-0.25",
            "1e5",
            "1E+05",
            "-3.75e-10",
            "0e0",
            "0.0e-0",
            "-65.613616999999977",
            "123456789012345678901234567890",
            "1234567890123456789012345678.9",
            "123456789012345678901234567.25e1",
            "1234567890123456789012345678e12",
            "12345678901234567890123456789e1",
            "1234567890123456789012345678901",
            "12345678901234567890123456789012",
            "0.00000000000000000000000000000000000001",
        ][..],
    );
    prop_oneof![
        3 => edges.prop_map(String::from),
        1 => any::<i64>().prop_map(|number| number.to_string()),
        1 => any::<u64>().prop_map(|number| number.to_string()),
        1 => any::<f64>().prop_map(|number| format!("{number:e}")),
        1 => "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?",
    ]
}

/// Numbers, strings and literals.
pub fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => number(),
        3 => text().prop_map(|text| format!("\"{text}\"")),
        1 => select(&["true", "false", "null"][..]).prop_map(String::from),
    ]
}

/// Octets that decide something where they turn up.
pub const TELLING: &[&[u8]] = &[
    b"\"", b",", b":", b"[", b"]", b"{", b"}", b" ", b"\n", b"\t", b"\0", b"a", b"e", b"0", b"-", b".", b"#",
    b"\xff", b"\xe4", b"\\",
];

/// Tokens, whole and damaged.
const TOKENS: &[&[u8]] = &[
    b"{", b"}", b"[", b"]", b",", b":", b" ", b"\n", b"\r\n\t", b"                      ", b"#", b"# c\n", b"true",
    b"false", b"null", b"tru", b"0", b"-1", b"01", b"1.5e+3", b"1e", b"-", b"123456789012345678901234567890", b"\"a\"",
    b"\"b\"", b"\"ab\":", b"\"a\":[", b"\"\"", b"\"a.b\"", b"\"\\n\"", b"\"\\u00e4\"", b"\"\\ud83d\\ude00\"",
    b"\"\\ud83d\"", b"\"\\q\"", b"\"a\\", b"\"", b"\"\xc3\xa4\xe6\x97\xa5\xf0\x9f\x98\x80\"", b"\"\xc3", b"\xff",
    b"\x01", b"{\"a\":1,\"b\":[2,{\"c\":3}]}",
    b"\"a string of somewhat more than sixty-four bytes, which is the least that a parser may be asked to keep whole\"",
    b"\"\\u0061 string of \\t somewhat more than sixty-four bytes, with escapes \\ud83d\\ude00 here \xe6\x97\xa5 and there\\n\":",
    b"0.12345678901234567890123456789012345678901234567890123456789012345678901234567890",
];

/// Tokens in any order, and now and then any octets.
pub fn tokens() -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        20 => select(TOKENS).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(token, 0..24).prop_map(|tokens| tokens.concat())
}

/// What might come as a text: tokens in any order, and damaged documents.
pub fn texts() -> impl Strategy<Value = Vec<u8>> {
    let damaged = (document(), layout(), damage(TELLING, 3))
        .prop_map(|(value, layout, damage)| damage.of(value.text(&layout).as_bytes()));
    prop_oneof![tokens(), damaged]
}
