//! The plain HTTP endpoints: fixed replies, the echo, generated bodies, the slow drip.

use std::borrow::Cow;
use std::time::Duration;

use app::{BodyLength, Field, Request, ResponseHead, Stream, Writable};

use super::site::number;

/// A reply that is known when it is asked for, sent in as many turns as it takes.
pub(super) struct Reply {
    status: u16,
    content_type: Option<&'static str>,
    allow: Option<&'static str>,
    is_page: bool,
    body: Cow<'static, [u8]>,
    /// How much of the body was sent, once the head was.
    sent: Option<usize>,
}

impl Reply {
    pub(super) fn fixed(content_type: &'static str, body: &'static [u8]) -> Self {
        let body = Cow::Borrowed(body);
        Self { status: 200, content_type: Some(content_type), allow: None, is_page: false, body, sent: None }
    }

    /// A page with a policy that lets it load nothing but itself and its WebSockets.
    pub(super) fn page(content_type: &'static str, body: &'static [u8]) -> Self {
        Self { is_page: true, ..Self::fixed(content_type, body) }
    }

    pub(super) fn owned(content_type: &'static str, body: String) -> Self {
        Self { body: Cow::Owned(body.into_bytes()), ..Self::fixed(content_type, b"") }
    }

    /// What may be asked of a path, in answer to OPTIONS.
    pub(super) fn options(methods: &'static str) -> Self {
        Self { allow: Some(methods), content_type: None, ..Self::fixed("", b"") }
    }

    /// What may be asked of a path, in answer to something else.
    pub(super) fn not_allowed(methods: &'static str) -> Self {
        let text = Self::fixed("text/plain; charset=utf-8", b"405 Method Not Allowed\n");
        Self { status: 405, allow: Some(methods), ..text }
    }

    pub(super) fn write(&mut self, out: Writable<'_, '_>, stream: &mut Stream<'_>) {
        let sent = match self.sent {
            None => {
                let none = Field::new("", b"");
                let (mut fields, mut count) = ([none; 5], 0);
                let mut add = |name, value: &'static str| {
                    fields[count] = Field::new(name, value.as_bytes());
                    count += 1;
                };
                if let Some(value) = self.content_type {
                    add("content-type", value);
                }
                if let Some(value) = self.allow {
                    add("allow", value);
                }
                if self.is_page {
                    add("content-security-policy", PAGE_POLICY);
                    add("cache-control", "no-cache");
                }
                let head = ResponseHead { fields: &fields[..count], ..ResponseHead::new(self.status) };
                out.respond(&head, &self.body)
            }
            Some(sent) => out.body(&self.body[sent..]),
        };
        match sent {
            Ok(sent) => {
                let sent = self.sent.unwrap_or(0) + sent;
                self.sent = Some(sent);
                if sent < self.body.len() {
                    stream.want_write();
                }
            }
            Err(app::SendError::Full) => stream.want_write(),
            Err(_) => stream.close(),
        }
    }
}

const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                           img-src data:; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'";

/// The request body, sent back as it streams in.
pub(super) struct Echo {
    length: BodyLength,
    content_type: Vec<u8>,
    head_sent: bool,
    /// What arrived and is not sent back yet: no more is taken while there is [`ENOUGH`] of it.
    pending: Vec<u8>,
    sent: usize,
    ended: bool,
}

const ENOUGH: usize = 16 * 1024;

impl Echo {
    pub(super) fn new(request: &Request<'_>) -> Self {
        let content_type = request.fields().first("content-type").unwrap_or(b"application/octet-stream");
        let length = match request.body_length() {
            BodyLength::None => BodyLength::Known(0),
            length => length,
        };
        Self {
            length,
            content_type: content_type.into(),
            head_sent: false,
            pending: Vec::new(),
            sent: 0,
            ended: false,
        }
    }

    pub(super) fn take(&mut self, data: &[u8], stream: &mut Stream<'_>) {
        self.pending.extend_from_slice(data);
        if self.pending.len() >= ENOUGH {
            stream.hold();
        }
        stream.want_write();
    }

    pub(super) fn end(&mut self, stream: &mut Stream<'_>) {
        self.ended = true;
        stream.want_write();
    }

    pub(super) fn write(&mut self, out: Writable<'_, '_>, stream: &mut Stream<'_>) {
        let result = if !self.head_sent {
            // Until there is something to send back, the request may still turn out to be malformed.
            if self.pending.is_empty() && !self.ended {
                return;
            }
            let fields = [Field::new("content-type", &self.content_type)];
            let head = ResponseHead { fields: &fields, ..ResponseHead::new(200) };
            out.head(&head, self.length).map(|()| self.head_sent = true)
        } else if self.sent < self.pending.len() {
            out.body(&self.pending[self.sent..]).map(|sent| self.sent += sent)
        } else if self.ended && self.length != BodyLength::Known(0) {
            self.ended = false; // said once
            out.finish(&[])
        } else {
            Ok(())
        };
        match result {
            Ok(()) if self.sent == self.pending.len() => {
                self.pending.clear();
                self.sent = 0;
                stream.resume();
                if self.ended {
                    stream.want_write();
                }
            }
            Ok(()) | Err(app::SendError::Full) => stream.want_write(),
            Err(_) => stream.close(),
        }
    }
}

/// A generated body: byte `i` is `i` modulo 256.
pub(super) struct Bytes {
    length: u64,
    chunked: bool,
    head_sent: bool,
    sent: u64,
}

/// Long enough to start at any of 256 offsets and fill an output buffer.
static PATTERN: [u8; 64 * 1024 + 256] = {
    let mut pattern = [0; 64 * 1024 + 256];
    let mut at = 0;
    while at < pattern.len() {
        pattern[at] = at as u8;
        at += 1;
    }
    pattern
};

impl Bytes {
    pub(super) fn known(length: u64) -> Self {
        Self { length, chunked: false, head_sent: false, sent: 0 }
    }

    pub(super) fn chunked(length: u64) -> Self {
        Self { chunked: true, ..Self::known(length) }
    }

    pub(super) fn write(&mut self, out: Writable<'_, '_>, stream: &mut Stream<'_>) {
        let result = if !self.head_sent {
            let fields = [Field::new("content-type", b"application/octet-stream")];
            let head = ResponseHead { fields: &fields, ..ResponseHead::new(200) };
            let length = if self.chunked { BodyLength::Chunked } else { BodyLength::Known(self.length) };
            out.head(&head, length).map(|()| self.head_sent = true)
        } else if self.sent < self.length {
            let start = (self.sent % 256) as usize;
            let most = (self.length - self.sent).min(64 * 1024) as usize;
            out.body(&PATTERN[start..start + most]).map(|sent| self.sent += sent as u64)
        } else {
            let _ = out.finish(&[]);
            return;
        };
        match result {
            Ok(()) if self.sent == self.length && !self.chunked => {}
            Ok(()) | Err(app::SendError::Full) => stream.want_write(),
            Err(_) => stream.close(),
        }
    }
}

/// `n` lines, one every `ms` milliseconds.
pub(super) struct Drip {
    period: Duration,
    left: u64,
    head_sent: bool,
}

impl Drip {
    /// Reads `ms=&n=`; both are optional, at most a minute and ten thousand lines.
    pub(super) fn parse(query: &[u8]) -> Option<Self> {
        let (mut ms, mut n) = (100, 10);
        for pair in query.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()) {
            match (pair.strip_prefix(b"ms="), pair.strip_prefix(b"n=")) {
                (Some(value), _) => ms = number(value).filter(|&ms| ms <= 60_000)?,
                (_, Some(value)) => n = number(value).filter(|&n| n <= 10_000)?,
                _ => return None,
            }
        }
        Some(Self { period: Duration::from_millis(ms), left: n, head_sent: false })
    }

    pub(super) fn write(&mut self, out: Writable<'_, '_>, stream: &mut Stream<'_>) {
        let result = if !self.head_sent {
            let fields = [Field::new("content-type", b"text/plain; charset=utf-8")];
            let head = ResponseHead { fields: &fields, ..ResponseHead::new(200) };
            out.head(&head, BodyLength::Chunked).map(|()| self.head_sent = true)
        } else if self.left > 0 {
            out.body(b"drip\n").map(|_| self.left -= 1)
        } else {
            let _ = out.finish(&[]);
            return;
        };
        match result {
            Ok(()) if self.left == 0 => stream.want_write(),
            Ok(()) => stream.set_timer(Some(self.period)),
            Err(app::SendError::Full) => stream.want_write(),
            Err(_) => stream.close(),
        }
    }
}
