//! What is asked of a server, and what the answer looks like.

/// One kind of load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    /// As in tables.
    pub name: &'static str,
    /// What one operation is.
    pub work: Work,
    /// How many operations a connection has under way at a time.
    pub depth: usize,
    /// Over TLS 1.3.
    pub tls: bool,
    /// Over HTTP/2, by h2load.
    pub http2: bool,
}

/// One operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// `GET` of something small.
    Hello,
    /// `GET` of 16 KiB.
    Body,
    /// A binary WebSocket message of that many bytes, and its echo.
    Echo(usize),
}

/// Everything that is measured, in the order of tables.
pub const ALL: [Case; 14] = [
    case("h1 hello", Work::Hello, 1, false),
    case("h1 hello x16", Work::Hello, 16, false),
    case("h1 16 KiB", Work::Body, 1, false),
    case("h1 TLS hello", Work::Hello, 1, true),
    case("h1 TLS 16 KiB", Work::Body, 1, true),
    over_http2("h2 hello x16", Work::Hello, false),
    over_http2("h2 16 KiB x16", Work::Body, false),
    over_http2("h2 TLS hello x16", Work::Hello, true),
    over_http2("h2 TLS 16 KiB x16", Work::Body, true),
    case("ws 128 B", Work::Echo(128), 1, false),
    case("ws 128 B x16", Work::Echo(128), 16, false),
    case("ws 16 KiB", Work::Echo(16 * 1024), 1, false),
    case("ws 16 KiB x16", Work::Echo(16 * 1024), 16, false),
    case("wss 16 KiB", Work::Echo(16 * 1024), 1, true),
];

const fn case(name: &'static str, work: Work, depth: usize, tls: bool) -> Case {
    Case { name, work, depth, tls, http2: false }
}

const fn over_http2(name: &'static str, work: Work, tls: bool) -> Case {
    Case { name, work, depth: 16, tls, http2: true }
}

/// The path of the small answer.
pub const HELLO: &str = "/hello";
/// The path of the large answer.
pub const BODY: &str = "/16k";
/// The path of the WebSocket echo.
pub const ECHO: &str = "/echo";
/// The small answer.
pub const SMALL: &[u8] = b"Hello, world!";

/// The large answer: text of 64-byte lines.
pub fn large() -> Vec<u8> {
    let line = b"sixteen KiB are two hundred and fifty-six of these short lines.\n";
    line.repeat(16 * 1024 / line.len())
}

impl Case {
    /// Whether a server that does not look can answer it.
    pub fn has_floor(&self) -> bool {
        !self.tls && !self.http2
    }

    /// The path that is asked for.
    pub fn path(&self) -> &'static str {
        match self.work {
            Work::Hello => HELLO,
            Work::Body => BODY,
            Work::Echo(_) => ECHO,
        }
    }

    /// How long the content of an answer is.
    pub fn content_len(&self) -> usize {
        match self.work {
            Work::Hello => SMALL.len(),
            Work::Body => large().len(),
            Work::Echo(len) => len,
        }
    }

    /// The bytes of one operation.
    pub fn request(&self) -> Vec<u8> {
        match self.work {
            Work::Hello | Work::Body => get(self.path()),
            Work::Echo(len) => masked(0x2, &payload(len)),
        }
    }

    /// What has to be said, and answered, before the first operation.
    pub fn opening(&self) -> Option<Vec<u8>> {
        matches!(self.work, Work::Echo(_)).then(|| {
            format!(
                "GET {ECHO} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            )
            .into_bytes()
        })
    }

    /// The answer of a server that does not look: what ours would answer, byte for byte in length.
    pub fn blind_answer(&self) -> Vec<u8> {
        match self.work {
            Work::Hello => response(SMALL),
            Work::Body => response(&large()),
            Work::Echo(len) => unmasked(&payload(len)),
        }
    }

    /// How long the answer at the front of `bytes` is; `None` while that is not known. An answer that is not the
    /// right one is an error.
    pub fn answer_len(&self, bytes: &[u8]) -> Result<Option<usize>, String> {
        let (len, content) = match self.work {
            Work::Hello => (head_len(bytes)?, SMALL.to_vec()),
            Work::Body => (head_len(bytes)?, large()),
            Work::Echo(len) => (Some(unmasked(&payload(len)).len() - len), payload(len)),
        };
        let Some(head) = len.filter(|head| bytes.len() >= head + content.len()) else { return Ok(None) };
        if bytes[head..][..content.len()] == content {
            Ok(Some(head + content.len()))
        } else {
            Err(format!("{}: not what was asked for", self.name))
        }
    }
}

/// How long the head of a response is, which must say 200.
fn head_len(bytes: &[u8]) -> Result<Option<usize>, String> {
    if bytes.len() >= 12 && !bytes.starts_with(b"HTTP/1.1 200") {
        return Err(String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned());
    }
    Ok(bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4))
}

fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes()
}

fn payload(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at * 7 % 251) as u8).collect()
}

fn response(body: &[u8]) -> Vec<u8> {
    let len = body.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {len}\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
         content-type: text/plain\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

fn unmasked(payload: &[u8]) -> Vec<u8> {
    [&length(0x82, 0, payload.len())[..], payload].concat()
}

/// A frame as clients send it.
pub fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let key = [0x37, 0xfa, 0x21, 0x3d];
    let mut frame = length(0x80 | opcode, 0x80, payload.len());
    frame.extend_from_slice(&key);
    frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

fn length(first: u8, mask: u8, len: usize) -> Vec<u8> {
    match len {
        0..126 => vec![first, mask | len as u8],
        126..0x1_0000 => [&[first, mask | 126], &(len as u16).to_be_bytes()[..]].concat(),
        _ => [&[first, mask | 127], &(len as u64).to_be_bytes()[..]].concat(),
    }
}
