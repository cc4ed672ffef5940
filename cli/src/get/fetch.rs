//! The exchange of one request and its response, as an application.

use std::time::Duration;

use app::{
    BodyLength, End, Field, Fields, Group, Handler, Protocol, RequestHead, Response, SendError, Stream,
    Wakes, Writable,
};

use super::body::{Sink, Source};
use super::origin::Fetcher;
use crate::args::Get;
use crate::client;
use crate::exit::{Failure, Kind};

/// What is asked for.
pub(super) struct Request {
    /// Which of the URLs of the command line it is.
    pub(super) place: usize,
    pub(super) method: String,
    pub(super) url: String,
    pub(super) path: String,
    pub(super) authority: String,
    pub(super) fields: Vec<(String, String)>,
}

/// One request and what has come of it.
pub(super) struct Fetch {
    request: Request,
    /// Which of the fetcher's origins it goes to.
    pub(super) origin: usize,
    source: Option<Source>,
    sink: Sink,
    verbose: bool,
    fail: bool,
    head_sent: bool,
    /// Bytes of the body were read, so that it cannot be sent again.
    body_touched: bool,
    /// Bytes read from the source and not yet sent.
    pending: Vec<u8>,
    /// Bytes of the response that wait until those before it are printed: what had been on its way.
    early: Vec<u8>,
    status: Option<u16>,
    failure: Option<Failure>,
}

impl Fetch {
    pub(super) fn new(mut request: Request, source: Option<Source>, sink: Sink, options: &Get) -> Self {
        // A Host given by hand replaces the one of the URL.
        let host = request.fields.iter().position(|(name, _)| name == "host");
        if let Some(at) = host {
            request.authority = request.fields.remove(at).1;
        }
        Self {
            request,
            origin: 0,
            source,
            sink,
            verbose: options.verbose,
            fail: options.fail,
            head_sent: false,
            body_touched: false,
            pending: Vec::new(),
            early: Vec::new(),
            status: None,
            failure: None,
        }
    }

    pub(super) fn place(&self) -> usize {
        self.request.place
    }

    /// Gets ready to be sent once more; false when that cannot be.
    pub(super) fn starts_anew(&mut self) -> bool {
        self.head_sent = false;
        !self.body_touched && self.status.is_none() && self.failure.is_none()
    }

    fn send_head(&mut self, out: Writable<'_, '_>, version: &str) -> Result<(), SendError> {
        let Request { method, path, authority, fields: given, .. } = &self.request;
        let mut fields = Vec::with_capacity(given.len() + 3);
        for (name, default) in [("user-agent", client::USER_AGENT), ("accept", "*/*")] {
            if !self.has(name) {
                fields.push(Field::new(name, default.as_bytes()));
            }
        }
        if self.source.is_some() && !self.has("content-type") {
            fields.push(Field::new("content-type", b"application/x-www-form-urlencoded"));
        }
        fields.extend(given.iter().map(|(name, value)| Field::new(name, value.as_bytes())));
        let length = match &self.source {
            None => BodyLength::None,
            Some(source) => source.length.map_or(BodyLength::Chunked, BodyLength::Known),
        };
        let head = RequestHead {
            method: method.as_bytes(),
            target: path.as_bytes(),
            authority: authority.as_bytes(),
            fields: &fields,
        };
        out.request(&head, length)?;
        if self.verbose {
            eprintln!("> {method} {path} {version}\n> host: {authority}");
            for field in &fields {
                eprintln!("> {}: {}", field.name.escape_ascii(), field.value.escape_ascii());
            }
            eprintln!(">");
        }
        self.head_sent = true;
        Ok(())
    }

    fn has(&self, name: &str) -> bool {
        self.request.fields.iter().any(|(given, _)| given.eq_ignore_ascii_case(name))
    }

    /// Sends the next piece of the body; says whether there is more.
    fn send_body(&mut self, out: Writable<'_, '_>) -> Result<bool, SendError> {
        let Some(source) = &mut self.source else { return Ok(false) };
        self.body_touched = true;
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

    /// Takes a piece of the response's body, to be printed now or later.
    fn take(&mut self, data: &[u8], may_print: bool) {
        if self.fail && self.status.is_some_and(|status| status >= 400) {
            return;
        }
        if !may_print {
            return self.early.extend_from_slice(data);
        }
        self.print_early();
        if let Err(failure) = self.sink.write(data) {
            self.failure.get_or_insert(failure);
        }
    }

    fn print_early(&mut self) {
        if let Err(failure) = self.sink.write(&std::mem::take(&mut self.early)) {
            self.failure.get_or_insert(failure);
        }
    }

    /// Prints what is left.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        self.print_early();
        let written = self.sink.finish();
        self.failure.map_or(written, Err)
    }

    /// What the end of the exchange means.
    pub(super) fn outcome(&mut self, end: End) -> Result<(), Failure> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let url = &self.request.url;
        match (end, self.status) {
            (End::Complete, Some(status)) if self.fail && status >= 400 => {
                Err(Failure::new(Kind::Status, format!("{url}: the server answered {status}")))
            }
            (End::Complete, _) => Ok(()),
            (end, status) => Err(client::failure(url, end, status.is_some())),
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
        self.goes_over(fetch, stream.id());
        stream.want_write();
    }

    fn next(&mut self, stream: &mut Stream<'_>) -> Option<Fetch> {
        self.next_for(stream.id().connection)
    }

    fn writable(&mut self, fetch: &mut Fetch, out: Writable<'_, '_>, stream: &mut Stream<'_>) {
        let more = if fetch.head_sent {
            fetch.send_body(out)
        } else {
            fetch
                .send_head(out, if stream.protocol() == Protocol::Http2 { "HTTP/2" } else { "HTTP/1.1" })
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
        let may_print = self.may_print(fetch);
        fetch.take(data, may_print);
        if fetch.failure.is_some() {
            stream.close();
        } else if !may_print {
            stream.hold();
        }
    }

    fn wake(&mut self, fetch: &mut Fetch, _: Option<Group>, stream: &mut Stream<'_>) {
        if self.may_print(fetch) {
            fetch.print_early();
            stream.resume();
        }
    }

    fn woken(&mut self, (): (), wakes: &mut Wakes) {
        if let Some(stream) = self.printing() {
            wakes.stream(stream);
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
        self.ended(fetch, end);
    }
}
