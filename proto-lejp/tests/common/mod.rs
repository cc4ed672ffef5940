//! What the tests share.
#![allow(dead_code, unreachable_pub, clippy::panic)]

use proto_core::story::{Cuts, Story, check_with};
use proto_lejp::story::Json;
use proto_lejp::{Config, Dialect, Documents};

/// Runs the oracle over `text`.
#[track_caller]
pub fn story_with(subject: &Json<'_>, text: &[u8]) -> Story {
    // Each cut of a long text costs as much as the text is long.
    let cuts =
        if text.len() > 96 { Cuts { single: 48, double: 16, ..Cuts::default() } } else { Cuts::default() };
    match check_with(subject, text, cuts) {
        Ok(story) => story,
        Err(fault) => panic!("{}: {fault:?}", text.escape_ascii()),
    }
}

/// Runs the oracle over `text` as one strict document: as it is and, since much is only looked at with enough bytes
/// behind it, with white space behind it, which changes nothing.
#[track_caller]
pub fn story(text: &[u8]) -> Story {
    let story = story_with(&Json::default(), text);
    if !story.error.as_ref().is_some_and(|error| error.starts_with("Incomplete")) {
        let padded = story_with(&Json::default(), &[text, &[b' '; 80]].concat());
        assert_eq!(
            (&story.entries, &story.error),
            (&padded.entries, &padded.error),
            "{}",
            text.escape_ascii()
        );
    }
    story
}

pub fn lejp() -> Json<'static> {
    Json { config: Config::LEJP, ..Json::default() }
}

pub fn documents(documents: Documents) -> Json<'static> {
    let config = Config { dialect: Dialect::Strict, documents, ..Config::default() };
    Json { config, ..Json::default() }
}

/// Whether `text` is one strict document.
#[track_caller]
pub fn accepts(text: &[u8]) -> bool {
    let story = story(text);
    let complete = format!("{story:?}").contains("complete");
    assert_eq!(story.error.is_none(), complete, "{}: {story:?}", text.escape_ascii());
    complete
}

/// The error that `text` ends with, or the empty string.
#[track_caller]
pub fn error(text: &[u8]) -> String {
    story(text).error.unwrap_or_default()
}
