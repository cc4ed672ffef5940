//! Field blocks (RFC 7541).

use std::collections::VecDeque;

use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::Fields;

/// A block of literals that leaves the table alone, each string as it is.
pub fn literals<N: AsRef<[u8]>, V: AsRef<[u8]>>(fields: &[(N, V)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        string(&mut block, name.as_ref());
        string(&mut block, value.as_ref());
    }
    block
}

/// A list of fields, with names that tables have or not, and values of every kind of octet.
pub fn fields() -> impl Strategy<Value = Fields> {
    let known = &[":path", ":status", "cookie", "date", "etag", "x-a", "x-bc", "content-length"];
    let name = prop_oneof![4 => select(&known[..]).prop_map(String::from), 1 => "[a-z-]{1,20}"];
    let value = prop_oneof![
        2 => select(&["", "/", "200", "always the same", "0123456789"][..]).prop_map(|value| value.as_bytes().to_vec()),
        1 => "[ -~]{0,40}".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..60),
        1 => prop::collection::vec(b'0'..=b'9', 0..3000),
    ];
    prop::collection::vec((name.prop_map(String::into_bytes), value), 1..20)
}

/// Fields that may stand behind the content of a message (RFC 9113 section 8.1, 8.2.1).
pub fn trailers() -> impl Strategy<Value = Fields> {
    let value = "([!-~]([ -~]{0,30}[!-~])?)?";
    let field = ("x-[a-z0-9!#$%&'*+.^_`|~-]{0,12}", value);
    prop::collection::vec(field.prop_map(|(name, value)| (name.into_bytes(), value.into_bytes())), 1..5)
}

/// One representation of a block (RFC 7541 section 6), with places in tables that the tables make definite.
#[derive(Debug, Clone)]
pub enum Representation {
    /// An entry of either table.
    Indexed(Index),
    /// A literal: how it is treated, its name, its value.
    Literal(Indexing, Name, Vec<u8>),
}

/// What becomes of a literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Indexing {
    /// It enters the table.
    Incremental,
    /// It does not.
    Without,
    /// It does not, anywhere.
    Never,
}

/// The name of a literal.
#[derive(Debug, Clone)]
pub enum Name {
    /// That of an entry.
    Indexed(Index),
    /// A string.
    Literal(Vec<u8>),
}

/// A block: sizes that the table takes before it, and what follows.
#[derive(Debug, Clone)]
pub struct Block {
    /// At most what the decoder allows.
    pub sizes: Vec<u32>,
    /// In order.
    pub representations: Vec<Representation>,
}

/// Blocks for a decoder that allows a table of `limit` octets.
pub fn block(limit: u32) -> impl Strategy<Value = Block> {
    let name = prop_oneof![
        3 => any::<Index>().prop_map(Name::Indexed),
        2 => "[a-z-]{1,12}".prop_map(|name| Name::Literal(name.into_bytes())),
    ];
    let value = prop_oneof![
        3 => prop::collection::vec(any::<u8>(), 0..12),
        1 => (any::<u8>(), 0..300_usize).prop_map(|(octet, len)| vec![octet; len]),
    ];
    let indexing = select(&[Indexing::Incremental, Indexing::Without, Indexing::Never][..]);
    let literal = (indexing, name, value)
        .prop_map(|(indexing, name, value)| Representation::Literal(indexing, name, value));
    let representation = prop_oneof![1 => any::<Index>().prop_map(Representation::Indexed), 2 => literal];
    let sizes = prop_oneof![4 => Just(Vec::new()), 1 => prop::collection::vec(0..=limit, 1..=2)];
    (sizes, prop::collection::vec(representation, 1..20))
        .prop_map(|(sizes, representations)| Block { sizes, representations })
}

/// The blocks of a connection whose decoder allows a table of `limit` octets.
pub fn connection(limit: u32) -> impl Strategy<Value = Vec<Block>> {
    prop::collection::vec(block(limit), 1..8)
}

/// The plainest encoder there is: what a block says is what its caller chose.
#[derive(Debug)]
pub struct Encoder {
    table: VecDeque<(Vec<u8>, Vec<u8>)>,
    max: usize,
}

impl Encoder {
    /// An encoder whose table may take so many octets until a size is announced.
    pub fn new(max: u32) -> Self {
        Self { table: VecDeque::new(), max: max as usize }
    }

    /// The octets of `block`, and the list that it stands for.
    pub fn encode(&mut self, block: &Block) -> (Vec<u8>, Fields) {
        let (mut out, mut list) = (Vec::new(), Fields::new());
        for &size in &block.sizes {
            integer(&mut out, 0x20, 5, size as usize);
            self.max = size as usize;
            self.evict();
        }
        for representation in &block.representations {
            let field = match representation {
                Representation::Indexed(at) => {
                    let at = self.place(at);
                    integer(&mut out, 0x80, 7, at);
                    self.entry(at)
                }
                Representation::Literal(indexing, name, value) => {
                    let (first, prefix) = match indexing {
                        Indexing::Incremental => (0x40, 6),
                        Indexing::Without => (0x00, 4),
                        Indexing::Never => (0x10, 4),
                    };
                    let name = match name {
                        Name::Indexed(at) => {
                            let at = self.place(at);
                            integer(&mut out, first, prefix, at);
                            self.entry(at).0
                        }
                        Name::Literal(name) => {
                            out.push(first);
                            string(&mut out, name);
                            name.clone()
                        }
                    };
                    string(&mut out, value);
                    let field = (name, value.clone());
                    if *indexing == Indexing::Incremental {
                        self.table.push_front(field.clone());
                        self.evict();
                    }
                    field
                }
            };
            list.push(field);
        }
        (out, list)
    }

    fn place(&self, at: &Index) -> usize {
        1 + at.index(STATIC.len() + self.table.len())
    }

    fn entry(&self, at: usize) -> (Vec<u8>, Vec<u8>) {
        match STATIC.get(at - 1) {
            Some((name, value)) => (name.as_bytes().to_vec(), value.as_bytes().to_vec()),
            None => self.table[at - 1 - STATIC.len()].clone(),
        }
    }

    /// RFC 7541 sections 4.1, 4.3 and 4.4.
    fn evict(&mut self) {
        while self.table.iter().map(|(name, value)| name.len() + value.len() + 32).sum::<usize>() > self.max {
            self.table.pop_back();
        }
    }
}

/// RFC 7541 section 5.1.
fn integer(out: &mut Vec<u8>, first: u8, prefix: u8, value: usize) {
    let most = (1 << prefix) - 1;
    if value < most {
        return out.push(first | value as u8);
    }
    out.push(first | most as u8);
    let mut rest = value - most;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// RFC 7541 section 5.2, as it is.
fn string(out: &mut Vec<u8>, text: &[u8]) {
    integer(out, 0, 7, text.len());
    out.extend(text);
}

/// RFC 7541 appendix A.
const STATIC: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];
