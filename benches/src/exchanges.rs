//! HTTP/2 exchanges: requests without content, each answered with a head and some data, a number of them at a time.

use crate::lists::{List, Lists, MESSAGES};

/// Exchanges of one connection.
#[derive(Clone)]
pub struct Exchanges {
    /// What they are.
    pub name: &'static str,
    /// Pseudo-header fields first.
    pub requests: Vec<List>,
    /// `:status` first.
    pub responses: Vec<List>,
    /// The content of each response.
    pub body: Vec<u8>,
    /// Streams that are open at a time.
    pub at_a_time: usize,
}

impl Exchanges {
    /// A greeting of 13 octets with the fewest fields, as load generators ask for; and what browsers ask for and
    /// servers answer, with 1 KiB.
    pub fn all() -> Vec<Self> {
        let [browser, response, _] = Lists::all();
        let list = |fields: &[(&str, &str)]| -> List {
            fields.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
        };
        let ask = [
            (":method", "GET"),
            (":scheme", "http"),
            (":authority", "127.0.0.1:7681"),
            (":path", "/hello"),
            ("user-agent", "load/1.0"),
        ];
        let answer = [
            (":status", "200"),
            ("date", "Mon, 21 Oct 2024 20:13:21 GMT"),
            ("content-type", "text/plain"),
            ("content-length", "13"),
        ];
        let hello = |at_a_time| Self {
            name: "hello",
            requests: vec![list(&ask); MESSAGES],
            responses: vec![list(&answer); MESSAGES],
            body: b"Hello, world!".to_vec(),
            at_a_time,
        };
        let mut responses = response.lists;
        for response in &mut responses {
            response.retain(|(name, _)| name != "content-length");
            response.push(("content-length".to_owned(), "1024".to_owned()));
        }
        let page = Self {
            name: "browser, 1 KiB",
            requests: browser.lists,
            responses,
            body: vec![b'x'; 1024],
            at_a_time: 16,
        };
        vec![hello(1), hello(16), page]
    }

    /// What each pass sees: the octets of content, and a head for each.
    pub fn tally(&self) -> u64 {
        ((self.body.len() + 1) * self.requests.len()) as u64
    }
}
