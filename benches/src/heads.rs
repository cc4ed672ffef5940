//! HTTP/1 heads and chunked bodies of the shapes that clients and servers send.

use crate::frames::Random;

const ROTATION: usize = 64;

/// `ROTATION` heads of one length.
#[derive(Debug, Clone)]
pub struct Heads {
    /// The heads, each with its empty line.
    pub heads: Vec<Vec<u8>>,
    /// Header fields in each.
    pub fields: usize,
}

impl Heads {
    fn new(len: usize, fields: usize, head: impl Fn(&mut Random) -> Vec<u8>) -> Self {
        let mut random = Random::new(len as u64);
        let heads: Vec<_> = (0..ROTATION).map(|_| head(&mut random)).collect();
        debug_assert!(heads.iter().all(|head| head.len() == len), "{:?}", heads.first().map(Vec::len));
        Self { heads, fields }
    }
}

/// What a command-line client sends: 96 bytes, 3 fields.
pub fn small_request() -> Heads {
    Heads::new(96, 3, |random| {
        let fields = "Host: example.org\r\nUser-Agent: fetch/1.0\r\nAccept: */*\r\n\r\n";
        padded(96, "GET /", &word(random), " HTTP/1.1\r\n", fields)
    })
}

/// What a browser sends: 642 bytes, 12 fields.
pub fn browser_request() -> Heads {
    Heads::new(642, 12, |random| {
        let fields = "Host: www.example.org\r\n\
            User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n\
            Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n\
            Accept-Language: en-GB,en;q=0.7,de;q=0.3\r\n\
            Accept-Encoding: gzip, deflate, br, zstd\r\n\
            Referer: https://www.example.org/articles/2026/streams\r\n\
            Connection: keep-alive\r\n\
            Upgrade-Insecure-Requests: 1\r\n\
            Sec-Fetch-Dest: document\r\n\
            Sec-Fetch-Mode: navigate\r\n\
            Sec-Fetch-Site: same-origin\r\n\
            Cookie: session=";
        let line = format!("GET /articles/{} HTTP/1.1\r\n", word(random));
        padded(642, &(line + fields), &word(random), "\r\n\r\n", "")
    })
}

/// A request that came through many proxies: 4096 bytes, 50 fields.
pub fn large_request() -> Heads {
    Heads::new(4096, 50, |random| {
        let line = format!("GET /api/v2/items/{} HTTP/1.1\r\nHost: api.example.org\r\n", word(random));
        padded(4096, &(line + &many_fields(48, random)), "X-Padding: ", "\r\n\r\n", "")
    })
}

/// A short answer: 102 bytes, 3 fields.
pub fn small_response() -> Heads {
    Heads::new(102, 3, |random| {
        let fields = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\nETag: \"";
        padded(102, fields, &word(random), "\"\r\n\r\n", "")
    })
}

/// What a content server answers: 711 bytes, 14 fields.
pub fn server_response() -> Heads {
    Heads::new(711, 14, |random| {
        let fields = "HTTP/1.1 200 OK\r\n\
            Server: example\r\n\
            Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
            Content-Type: text/html; charset=utf-8\r\n\
            Content-Length: 48213\r\n\
            Connection: keep-alive\r\n\
            Cache-Control: public, max-age=600, stale-while-revalidate=60\r\n\
            Last-Modified: Sat, 05 Nov 1994 20:12:03 GMT\r\n\
            Vary: Accept-Encoding, Accept-Language\r\n\
            Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n\
            Content-Security-Policy: default-src 'self'; img-src 'self' data:; frame-ancestors 'none'\r\n\
            X-Content-Type-Options: nosniff\r\n\
            X-Frame-Options: DENY\r\n\
            Accept-Ranges: bytes\r\n\
            ETag: \"";
        padded(711, fields, &word(random), "\"\r\n\r\n", "")
    })
}

/// An answer that came through many proxies: 4096 bytes, 50 fields.
pub fn large_response() -> Heads {
    Heads::new(4096, 50, |random| {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n".to_owned() + &many_fields(48, random);
        padded(4096, &head, "X-Padding: ", "\r\n\r\n", "")
    })
}

/// A request head and then chunks of `size` bytes, without an end.
#[derive(Debug, Clone)]
pub struct Chunks {
    /// The head of a request whose body is chunked.
    pub head: Vec<u8>,
    /// Whole chunks, back to back.
    pub wire: Vec<u8>,
    /// How many they are.
    pub count: u64,
    /// The size of each.
    pub size: usize,
}

impl Chunks {
    /// As many chunks as a receive buffer of 32 KiB holds, at least sixteen.
    pub fn new(size: usize) -> Self {
        let mut random = Random::new(size as u64);
        let mut wire = Vec::new();
        let mut count = 0;
        while count < 16 || wire.len() + size + 8 <= 32 * 1024 {
            wire.extend(format!("{size:x}\r\n").as_bytes());
            wire.extend((0..size).map(|_| random.draw() as u8));
            wire.extend(b"\r\n");
            count += 1;
        }
        let head =
            b"POST /upload HTTP/1.1\r\nHost: example.org\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        Self { head, wire, count, size }
    }
}

/// `start`, then `fill` repeated as often as needed, then `middle` and `end`: exactly `len` bytes.
fn padded(len: usize, start: &str, fill: &str, middle: &str, end: &str) -> Vec<u8> {
    let room = len.saturating_sub(start.len() + middle.len() + end.len());
    let fill = fill.bytes().chain(b"qwertyuiopasdfghjklzxcvbnm".iter().copied().cycle()).take(room);
    start.bytes().chain(fill).chain(middle.bytes()).chain(end.bytes()).collect()
}

/// Fields of about 77 bytes, some known to every parser, most not.
fn many_fields(count: usize, random: &mut Random) -> String {
    const NAMES: [&str; 8] = [
        "X-Forwarded-For",
        "X-Request-Id",
        "X-Trace-Context",
        "Accept-Language",
        "X-Feature-Flags",
        "Via",
        "X-Tenant",
        "X-Client-Capabilities",
    ];
    (0..count)
        .map(|index| {
            let name = NAMES[index % NAMES.len()];
            let value: Vec<String> = (0..8).map(|_| word(random)).collect();
            let value = value.join(", ");
            format!("{name}: {}\r\n", &value[..75 - name.len().min(20)])
        })
        .collect()
}

fn word(random: &mut Random) -> String {
    (0..8).map(|_| char::from(b'a' + (random.draw() % 26) as u8)).collect()
}
