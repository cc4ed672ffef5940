//! HTTP/1 messages (RFC 9112).

use proptest::prelude::*;
use proptest::sample::select;

use crate::Fields;
use crate::damage::damage;

/// A message, which is sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its first line.
    pub start: Start,
    /// All fields but those that say how the content ends.
    pub fields: Fields,
    /// Its content.
    pub body: Body,
}

/// The first line of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// Of a request.
    Request {
        /// A token.
        method: Vec<u8>,
        /// In origin form, or `*`.
        target: Vec<u8>,
    },
    /// Of a response.
    Response {
        /// 200 to 999.
        status: u16,
        /// Visible, perhaps empty.
        reason: Vec<u8>,
    },
}

/// The content of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// None, and no field that says so.
    None,
    /// With its length before it.
    Sized(Vec<u8>),
    /// In chunks, with trailers (RFC 9112 section 7.1).
    Chunked(Vec<Chunk>, Fields),
}

/// A chunk that is not the last one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// At least one octet.
    pub data: Vec<u8>,
    /// What stands behind the length: nothing, or extensions.
    pub extension: &'static str,
}

impl Body {
    /// All octets of it.
    pub fn content(&self) -> Vec<u8> {
        match self {
            Self::None => Vec::new(),
            Self::Sized(content) => content.clone(),
            Self::Chunked(chunks, _) => chunks.iter().flat_map(|chunk| chunk.data.clone()).collect(),
        }
    }

    /// The fields behind it.
    pub fn trailers(&self) -> &[(Vec<u8>, Vec<u8>)] {
        if let Self::Chunked(_, trailers) = self { trailers } else { &[] }
    }
}

impl Message {
    /// The message on the wire.
    pub fn octets(&self) -> Vec<u8> {
        let mut out = match &self.start {
            Start::Request { method, target } => [&method[..], b" ", target, b" HTTP/1.1\r\n"].concat(),
            Start::Response { status, reason } => {
                [b"HTTP/1.1 ", status.to_string().as_bytes(), b" ", reason, b"\r\n"].concat()
            }
        };
        write_fields(&mut out, &self.fields);
        match &self.body {
            Body::None => out.extend(b"\r\n"),
            Body::Sized(content) => {
                out.extend(format!("Content-Length: {}\r\n\r\n", content.len()).bytes());
                out.extend(content);
            }
            Body::Chunked(chunks, trailers) => {
                out.extend(b"Transfer-Encoding: chunked\r\n\r\n");
                for chunk in chunks {
                    out.extend(format!("{:x}{}\r\n", chunk.data.len(), chunk.extension).bytes());
                    out.extend(&chunk.data);
                    out.extend(b"\r\n");
                }
                out.extend(b"0\r\n");
                write_fields(&mut out, trailers);
                out.extend(b"\r\n");
            }
        }
        out
    }
}

fn write_fields(out: &mut Vec<u8>, fields: &Fields) {
    for (name, value) in fields {
        out.extend([name, &b": "[..], value, b"\r\n"].concat());
    }
}

/// Fields that have no part in framing, and whose names begin with `x` unless they are of everyday life.
pub fn fields() -> impl Strategy<Value = Fields> {
    let name = prop_oneof![
        1 => select(&["Accept", "user-agent", "COOKIE", "Date", "ETag", "Referer"][..]).prop_map(String::from),
        1 => "[xX][A-Za-z0-9!#$%&'*+.^_`|~-]{0,20}",
    ];
    let value = prop_oneof![
        3 => "([!-~]([ -~\\t]{0,30}[!-~])?)?".prop_map(String::into_bytes),
        1 => prop::collection::vec(0x80..=0xff_u8, 0..4),
    ];
    prop::collection::vec((name.prop_map(String::into_bytes), value), 0..5)
}

/// Content of either framing, or none.
pub fn body() -> impl Strategy<Value = Body> {
    let octets = |least| prop::collection::vec(any::<u8>(), least..200_usize);
    let extension = select(&["", "", "", " ;a", ";a", "; a=b", ";c=\"d\\\" ;\" ; e"][..]);
    let chunk = (octets(1), extension).prop_map(|(data, extension)| Chunk { data, extension });
    prop_oneof![
        1 => Just(Body::None),
        1 => octets(0).prop_map(Body::Sized),
        2 => (prop::collection::vec(chunk, 0..4), fields()).prop_map(|(chunks, trailers)| Body::Chunked(chunks, trailers)),
    ]
}

/// A request, its `Host` field first.
pub fn request() -> impl Strategy<Value = Message> {
    let method = select(&["GET", "POST", "PUT", "DELETE", "x-method", "OPTIONS"][..]);
    let target =
        prop_oneof![1 => Just("/".into()), 3 => "/[A-Za-z0-9/._~!$&'()*+,;=:@%-]{0,20}(\\?[a-z=&/?]{0,9})?"];
    (method, target, fields(), body()).prop_map(|(method, target, fields, body)| Message {
        start: Start::Request { method: method.into(), target: target.into_bytes() },
        fields: [vec![(b"Host".to_vec(), b"a".to_vec())], fields].concat(),
        body,
    })
}

/// A final response to a GET, whose end is known before the connection ends.
pub fn response() -> impl Strategy<Value = Message> {
    let status = prop_oneof![1 => Just(200), 1 => select(&[204, 205, 304][..]), 2 => 200..=999_u16];
    (status, "([!-~][ -~]{0,12})?", fields(), body()).prop_map(|(status, reason, fields, body)| Message {
        start: Start::Response { status, reason: reason.into_bytes() },
        fields,
        body: match body {
            _ if matches!(status, 204 | 304) => Body::None,
            //= https://www.rfc-editor.org/rfc/rfc9110#section-15.3.6
            //# a server MUST NOT generate content in a 205 response
            _ if status == 205 => Body::Sized(Vec::new()),
            Body::None => Body::Sized(Vec::new()),
            body => body,
        },
    })
}

/// First lines of requests, most of them good.
const REQUEST_LINES: &[&[u8]] = &[
    b"GET / HTTP/1.1\r\n",
    b"POST /path?with=query&more=0123456789 HTTP/1.1\r\n",
    b"OPTIONS * HTTP/1.1\r\n",
    b"CONNECT example.org:443 HTTP/1.1\r\n",
    b"GET http://example.org/ HTTP/1.0\r\n",
    b"GET  / HTTP/1.1\r\n",
    b"GET /\" HTTP/1.1\r\n",
    b"G@T / HTTP/1.1\r\n",
    b"GET / HTTP/1.3\r\n",
];

/// First lines of responses.
const STATUS_LINES: &[&[u8]] = &[
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.0 404 \r\n",
    b"HTTP/1.1 101 Switching\tProtocols \xff\r\n",
    b"HTTP/1.1 099 \r\n",
    b"HTTP/1.1 20x OK\r\n",
    b"HTTP/1.1 200\r\n",
];

const GOOD_LINES: &[&[u8]] = &[
    b"Host: a\r\n",
    b"host:example.org:80 \r\n",
    b"Content-Length: 5\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Connection: keep-alive, Upgrade\r\n",
    b"Upgrade: websocket\r\n",
    b"Expect: 100-continue\r\n",
    b"X-0123456789_abc!#: \t a\tb \xff\x80 \t\r\n",
    b"A:\r\n",
    b"Cookie: 0123456789012345678901234567890123456789\r\n",
];

const BAD_LINES: &[&[u8]] = &[
    b"Host: a b\r\n",
    b"Content-Length: 5, 5\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n",
    b" folded\r\n",
    b"B : x\r\n",
    b": x\r\n",
    b"C\r\n",
    b"D: x\n",
    b"E: x\x01\r\n",
    b"F: x\r\r\n",
];

/// Sequences that decide something where they turn up.
pub const TELLING: &[&[u8]] = &[
    b"\r",
    b"\n",
    b"\r\n",
    b" ",
    b":",
    b"\0",
    b";",
    b"\"",
    b"0",
    b"f",
    b",",
    b"\xff",
    b"Content-Length: 3\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Host: b\r\n",
    b"Connection: close\r\n",
    b"\r\n\r\n",
];

/// The head of a request that is nearly sound: pieces, most of them good, and perhaps one octet changed.
pub fn request_head() -> impl Strategy<Value = Vec<u8>> {
    head(REQUEST_LINES)
}

/// The head of a response that is nearly sound.
pub fn response_head() -> impl Strategy<Value = Vec<u8>> {
    head(STATUS_LINES)
}

fn head(first: &'static [&'static [u8]]) -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![6 => select(GOOD_LINES), 1 => select(BAD_LINES)];
    let change = prop::option::weighted(0.5, (any::<prop::sample::Index>(), any::<u8>()));
    (select(first), prop::collection::vec(line, 0..6), change).prop_map(|(first, lines, change)| {
        let mut head = [first, &lines.concat()[..], b"\r\n"].concat();
        if let Some((at, octet)) = change {
            let at = at.index(head.len());
            head[at] = octet;
        }
        head
    })
}

/// What a client might say: requests and heads of requests, damaged.
pub fn requests() -> impl Strategy<Value = Vec<u8>> {
    stream(request(), request_head())
}

/// What a server might say: responses and heads of responses, damaged.
pub fn responses() -> impl Strategy<Value = Vec<u8>> {
    stream(response(), response_head())
}

fn stream(
    messages: impl Strategy<Value = Message>,
    heads: impl Strategy<Value = Vec<u8>>,
) -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![2 => messages.prop_map(|message| message.octets()), 1 => heads];
    (prop::collection::vec(part, 1..4), damage(TELLING, 3))
        .prop_map(|(parts, damage)| damage.of(&parts.concat()))
}
