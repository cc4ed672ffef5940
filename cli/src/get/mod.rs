//! `sanswire get`: requests, their bodies on standard output or in files.

mod body;
mod fetch;
mod origin;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use app::{App, ClientRole};
use indicatif::MultiProgress;

use crate::args::Get;
use crate::client;
use crate::exit::{Failure, Kind};
use crate::url::Url;

use body::{Sink, Source};
use fetch::{Fetch, Request};
use origin::{Fetcher, Origin};

/// Runs the command.
pub(crate) fn run(options: Get) -> Result<(), Failure> {
    let urls = options.urls.iter().map(|url| Url::parse(url, "http", "https"));
    let urls = urls.collect::<Result<Vec<_>, _>>()?;
    let fields = client::fields(&options.header)?;
    let has_body = options.data.is_some();
    let method = options.request.clone().unwrap_or_else(|| if has_body { "POST" } else { "GET" }.into());
    client::check_method(&method)?;
    check(&options, &method, &fields)?;

    let bars = MultiProgress::new();
    let mut fetcher = Fetcher::new(urls.len());
    for (place, (url, text)) in urls.iter().zip(&options.urls).enumerate() {
        let output = output(&options, place, url)?;
        let source = options.data.as_deref().map(Source::open).transpose()?;
        let label = (urls.len() > 1).then_some(text.as_str());
        let sink = Sink::open(output.as_deref(), options.silent, &bars, label)?;
        let request = Request {
            place,
            method: method.clone(),
            url: text.clone(),
            path: url.path.clone(),
            authority: url.authority.clone(),
            fields: fields.clone(),
        };
        let to_stdout = output.is_none();
        fetcher.add(origin(&options, url), to_stdout, Fetch::new(request, source, sink, &options));
    }

    fetcher.advance();
    let mut driver = client::driver(options.driver, &options.trust, App::new(fetcher, client::config()?))?;
    let waker = driver.waker();
    let deadline =
        options.max_time.map(|seconds| client::seconds(seconds).map(|d| Instant::now() + d)).transpose()?;
    loop {
        let app = driver.service_mut();
        while let Some((target, role, fetch)) = app.handler_mut().connect() {
            app.connect(target, role, fetch);
        }
        let fetcher = app.handler_mut();
        if fetcher.is_done() {
            return fetcher.outcome();
        }
        // Whose turn it is to print has changed: that stream may go on.
        if fetcher.has_moved() {
            let _ = waker.wake(());
        }
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if left == Some(Duration::ZERO) {
            let url = fetcher.first_unfinished(&options.urls);
            return Err(Failure::new(Kind::TimedOut, format!("{url}: not complete in time")));
        }
        client::turn(&mut driver, left)?;
    }
}

/// Where to connect to, and what to speak there.
fn origin(options: &Get, url: &Url) -> Origin {
    let alpn: &[&str] = match options {
        Get { http1_1: true, .. } => &["http/1.1"],
        Get { http2_prior_knowledge: true, .. } => &["h2"],
        _ => &["h2", "http/1.1"],
    };
    Origin::new(url.target(options.unix_socket.as_deref(), alpn), options.http2_prior_knowledge)
}

/// The file that the body of the URL at `place` goes to, if it does not go to standard output.
fn output(options: &Get, place: usize, url: &Url) -> Result<Option<PathBuf>, Failure> {
    if !options.remote_name {
        return Ok(options.output.get(place).cloned());
    }
    let path = url.path.split('?').next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    if name.is_empty() || name == "." || name == ".." {
        let what = format!("-O: there is no file name in {}", options.urls[place]);
        return Err(Failure::new(Kind::Usage, what));
    }
    Ok(Some(Path::new(name).into()))
}

/// What to speak with a server that TLS has not been asked about.
fn role(prior_knowledge: bool) -> ClientRole {
    if prior_knowledge { ClientRole::Http2 } else { ClientRole::Http }
}

/// What cannot be sent, said before anything is.
fn check(options: &Get, method: &str, fields: &[(String, String)]) -> Result<(), Failure> {
    let usage = |what: &str| Err(Failure::new(Kind::Usage, what));
    let given = |name| fields.iter().any(|(given, _)| given == name);
    let other_expectation =
        |(name, value): &(String, String)| name == "expect" && !value.eq_ignore_ascii_case("100-continue");
    let has_body = options.data.is_some();
    match method {
        "CONNECT" => return usage("-X CONNECT asks for a tunnel, which `get` has no use for"),
        // RFC 9110 9.3.8
        "TRACE" if has_body => return usage("-X TRACE has no body"),
        _ => {}
    }
    if given("content-length") || given("transfer-encoding") {
        return usage("-H cannot say how the body is framed: that follows from --data");
    }
    if fields.iter().any(other_expectation) || (given("expect") && !has_body) {
        return usage("-H Expect is for `100-continue`, and for a request with --data");
    }
    if options.urls.len() > 1 && options.data.as_deref() == Some("@-") {
        return usage("--data @- can be sent to one URL only");
    }
    if options.output.len() > options.urls.len() {
        return usage("there are more --output than URLs");
    }
    Ok(())
}
