//! The demo page in Chromium, without a screen. Screenshots stay in the target folder's `tmp` to be looked at.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod common;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use common::run::Running;
use common::server::Server;
use common::tools;

/// Runs a scenario of `peers/browser.mjs` against a URL and waits for its `ok`.
fn scenario(mut command: Command, url: &str) {
    let finished = start(&mut command, url).finish();
    assert!(finished.status == Some(0) && finished.text().ends_with("ok\n"), "{finished}");
}

fn start(command: &mut Command, url: &str) -> Running {
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page");
    std::fs::create_dir_all(&pictures).unwrap();
    Running::start_within(command.arg(url).arg(pictures), Duration::from_secs(120))
}

#[test]
fn demos_work_over_http() {
    let Some(browser) = tools::browser("browser.mjs", "demos") else { return };
    scenario(browser, &Server::start().http("/"));
}

#[test]
fn demos_work_over_https() {
    let Some(browser) = tools::browser("browser.mjs", "demos") else { return };
    scenario(browser, &Server::start().https("/"));
}

#[test]
fn messages_are_compressed() {
    for options in
        ["threshold=0", "server_no_context_takeover,client_no_context_takeover,client_max_window_bits=9"]
    {
        let Some(browser) = tools::browser("browser.mjs", "deflate") else { return };
        scenario(browser, &Server::start_with(&["--deflate", options]).http("/"));
    }
}

#[test]
fn pages_draw_on_one_board() {
    let Some(browser) = tools::browser("browser.mjs", "mirror") else { return };
    scenario(browser, &Server::start().http("/"));
}

#[test]
fn page_fits_a_phone_in_the_dark() {
    let Some(browser) = tools::browser("browser.mjs", "phone") else { return };
    scenario(browser, &Server::start().http("/"));
}

#[test]
fn page_recovers_when_the_server_returns() {
    let Some(mut browser) = tools::browser("browser.mjs", "reconnect") else { return };
    let server = Server::start();
    let port = server.http_port;
    let mut page = start(&mut browser, &server.http("/"));
    page.expect("ready");
    server.process.kill();
    page.expect("lost");
    let _server = Server::start_on(&format!("127.0.0.1:{port}"), "127.0.0.1:0", &[]);
    page.say("back");
    let finished = page.finish();
    assert!(finished.status == Some(0) && finished.text().ends_with("ok\n"), "{finished}");
}
