//! The exchange of one request and its response, as an application.

use std::time::Duration;

use app::{BodyLength, End, Field, Fields, Handler, RequestHead, Response, SendError, Stream, Writable};

use super::body::{Sink, Source};
use crate::args::Get;
use crate::client;
use crate::exit::{Failure, Kind};
use crate::url::Url;

/// The application: holds how the exchange ended once it has.
#[derive(Default)]
pub(super) struct Fetcher {
    outcome: Option<Result<(), Failure>>,
}

impl Fetcher {
    pub(super) fn take_outcome(&mut self) -> Option<Result<(), Failure>> {
        self.outcome.take()
    }
}

/// One request and what has come of it.
pub(super) struct Fetch {
    method: String,
    path: String,
    authority: String,
    url: String,
    fields: Vec<(String, String)>,
    source: Option<Source>,
    sink: Sink,
    verbose: bool,
    fail: bool,
    head_sent: bool,
    /// Bytes read from the source and not yet sent.
    pending: Vec<u8>,
    status: Option<u16>,
    failure: Option<Failure>,
}

impl Fetch {
    pub(super) fn new(
        method: String,
        url: &Url,
        mut fields: Vec<(String, String)>,
        source: Option<Source>,
        sink: Sink,
        options: &Get,
    ) -> Self {
        // A Host given by hand replaces the one of the URL.
        let host = fields.iter().position(|(name, _)| name == "host").map(|at| fields.remove(at).1);
        Self {
            method,
            path: url.path.clone(),
            authority: host.unwrap_or_else(|| url.authority.clone()),
            url: options.url.clone(),
            fields,
            source,
            sink,
            verbose: options.verbose,
            fail: options.fail,
            head_sent: false,
            pending: Vec::new(),
            status: None,
            failure: None,
        }
    }

    fn send_head(&mut self, out: Writable<'_, '_>) -> Result<(), SendError> {
        let mut fields = Vec::with_capacity(self.fields.len() + 3);
        for (name, default) in [("user-agent", client::USER_AGENT), ("accept", "*/*")] {
            if !self.has(name) {
                fields.push(Field::new(name, default.as_bytes()));
            }
        }
        if self.source.is_some() && !self.has("content-type") {
            fields.push(Field::new("content-type", b"application/x-www-form-urlencoded"));
        }
        fields.extend(self.fields.iter().map(|(name, value)| Field::new(name, value.as_bytes())));
        let length = match &self.source {
            None => BodyLength::None,
            Some(source) => source.length.map_or(BodyLength::Chunked, BodyLength::Known),
        };
        let head = RequestHead {
            method: self.method.as_bytes(),
            target: self.path.as_bytes(),
            authority: self.authority.as_bytes(),
            fields: &fields,
        };
        out.request(&head, length)?;
        if self.verbose {
            eprintln!("> {} {} HTTP/1.1\n> host: {}", self.method, self.path, self.authority);
            for field in &fields {
                eprintln!("> {}: {}", field.name.escape_ascii(), field.value.escape_ascii());
            }
            eprintln!(">");
        }
        self.head_sent = true;
        Ok(())
    }

    fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(given, _)| given.eq_ignore_ascii_case(name))
    }

    /// Sends the next piece of the body; says whether there is more.
    fn send_body(&mut self, out: Writable<'_, '_>) -> Result<bool, SendError> {
        let Some(source) = &mut self.source else { return Ok(false) };
        if self.pending.is_empty() {
            self.pending.resize(32 * 1024, 0);
            match source.read(&mut self.pending) {
                Ok(read) => self.pending.truncate(read),
                Err(failure) => {
                    self.failure = Some(failure);
                    return Err(SendError::Misuse);
                }
            }
        }
        if self.pending.is_empty() {
            if source.length.is_none_or(|left| left == 0) {
                out.finish(&[])?;
                return Ok(false);
            }
            self.failure = Some(Failure::new(Kind::Input, "the input file became shorter while it was sent"));
            return Err(SendError::Misuse);
        }
        let most = source.length.unwrap_or(u64::MAX).min(self.pending.len() as u64) as usize;
        let sent = out.body(&self.pending[..most])?;
        self.pending.drain(..sent);
        if let Some(left) = &mut source.length {
            *left -= sent as u64;
            return Ok(*left > 0);
        }
        Ok(true)
    }

    fn end(mut self, end: End) -> Result<(), Failure> {
        let written = self.sink.finish();
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        match (end, self.status) {
            (End::Complete, Some(status)) if self.fail && status >= 400 => {
                Err(Failure::new(Kind::Status, format!("{}: the server answered {status}", self.url)))
            }
            (End::Complete, _) => written,
            (end, status) => Err(client::failure(&self.url, end, status.is_some())),
        }
    }
}

impl Handler for Fetcher {
    type Session = Fetch;
    type Message = ();

    fn connected(&mut self, fetch: &mut Fetch, stream: &mut Stream<'_>) {
        if fetch.verbose {
            client::describe(stream);
        }
        stream.want_write();
    }

    fn writable(&mut self, fetch: &mut Fetch, out: Writable<'_, '_>, stream: &mut Stream<'_>) {
        let more = if fetch.head_sent {
            fetch.send_body(out)
        } else {
            fetch
                .send_head(out)
                .map(|()| fetch.source.as_ref().is_some_and(|source| source.length != Some(0)))
        };
        match more {
            Ok(false) => {}
            Ok(true) | Err(SendError::Full) => stream.want_write(),
            // For `100 Continue`, which need not come.
            Err(SendError::Blocked) => stream.set_timer(Some(Duration::from_millis(100))),
            Err(_) => {
                fetch.failure.get_or_insert_with(|| {
                    Failure::new(Kind::Start, "the request cannot be sent: check the method and the fields")
                });
                stream.close();
            }
        }
    }

    fn response(&mut self, fetch: &mut Fetch, response: &Response<'_>, stream: &mut Stream<'_>) {
        if fetch.verbose {
            let reason = response.reason().escape_ascii();
            eprintln!("< {} {} {reason}", response.version(), response.status());
            for (name, value) in response.fields().iter() {
                eprintln!("< {}: {}", name.escape_ascii(), value.escape_ascii());
            }
            eprintln!("<");
        }
        if response.status() >= 400 {
            fetch.source = None; // the server has made up its mind without the rest
            fetch.pending.clear();
        }
        if response.status() >= 200 {
            fetch.status = Some(response.status());
            fetch.sink.expect(match response.body_length() {
                BodyLength::None => Some(0),
                BodyLength::Known(length) => Some(length),
                _ => None,
            });
        }
        if response.status() == 100 {
            stream.want_write();
        }
    }

    fn timer(&mut self, _: &mut Fetch, stream: &mut Stream<'_>) {
        stream.want_write();
    }

    fn body(&mut self, fetch: &mut Fetch, data: &mut [u8], stream: &mut Stream<'_>) {
        if fetch.fail && fetch.status.is_some_and(|status| status >= 400) {
            return;
        }
        if let Err(failure) = fetch.sink.write(data) {
            fetch.failure.get_or_insert(failure);
            stream.close();
        }
    }

    fn body_end(&mut self, fetch: &mut Fetch, trailers: Fields<'_>, _: &mut Stream<'_>) {
        if fetch.verbose {
            for (name, value) in trailers.iter() {
                eprintln!("< {}: {}", name.escape_ascii(), value.escape_ascii());
            }
        }
    }

    fn closed(&mut self, fetch: Fetch, end: End) {
        self.outcome = Some(fetch.end(end));
    }
}
