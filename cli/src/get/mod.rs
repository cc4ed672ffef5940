//! `sanswire get`: one request, its body on standard output.

mod body;
mod fetch;

use std::time::{Duration, Instant};

use app::{App, ClientRole};

use crate::args::Get;
use crate::client;
use crate::exit::{Failure, Kind};
use crate::url::Url;

use body::{Sink, Source};
use fetch::{Fetch, Fetcher};

/// Runs the command.
pub(crate) fn run(options: Get) -> Result<(), Failure> {
    let url = Url::parse(&options.url, "http", "https")?;
    let fields = client::fields(&options.header)?;
    let source = options.data.as_deref().map(Source::open).transpose()?;
    let method =
        options.request.clone().unwrap_or_else(|| if source.is_some() { "POST" } else { "GET" }.into());
    client::check_method(&method)?;
    check(&method, &fields, source.is_some())?;
    let sink = Sink::open(options.output.as_deref(), options.silent)?;
    let target = url.target(options.unix_socket.as_deref());

    let fetch = Fetch::new(method, &url, fields, source, sink, &options);
    let mut app = App::new(Fetcher::default(), client::config()?);
    app.connect(target, ClientRole::Http, fetch);
    let mut driver = client::driver(&options.trust, app)?;
    let deadline =
        options.max_time.map(|seconds| client::seconds(seconds).map(|d| Instant::now() + d)).transpose()?;
    loop {
        if let Some(outcome) = driver.service_mut().handler_mut().take_outcome() {
            return outcome;
        }
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if left == Some(Duration::ZERO) {
            return Err(Failure::new(Kind::TimedOut, format!("{}: not complete in time", options.url)));
        }
        client::turn(&mut driver, left)?;
    }
}

/// What cannot be sent, said before anything is.
fn check(method: &str, fields: &[(String, String)], has_body: bool) -> Result<(), Failure> {
    let usage = |what: &str| Err(Failure::new(Kind::Usage, what));
    let given = |name| fields.iter().any(|(given, _)| given == name);
    let other_expectation =
        |(name, value): &(String, String)| name == "expect" && !value.eq_ignore_ascii_case("100-continue");
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
    Ok(())
}
