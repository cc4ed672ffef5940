//! The patterns of `--path`, compiled.

use proto_lejp::{PathError, PathSet, Paths};

use crate::exit::Failure;

use super::UNUSABLE;

/// Compiles the patterns into the smallest of a few tables that holds them: a small one stays in the cache.
pub(super) fn compile<'a>(patterns: &'a [&'a str]) -> Result<Box<Paths<'a>>, Failure> {
    boxed::<128>(patterns)
        .or_else(|error| if error == PathError::Full { boxed::<1024>(patterns) } else { Err(error) })
        .or_else(|error| if error == PathError::Full { boxed::<8192>(patterns) } else { Err(error) })
        .map_err(|error| Failure::with_status(UNUSABLE, explain(error, patterns)))
}

#[inline(never)]
fn boxed<'a, const SIZE: usize>(patterns: &'a [&'a str]) -> Result<Box<Paths<'a>>, PathError> {
    Ok(Box::new(PathSet::<SIZE>::compile(patterns)?))
}

fn explain(error: PathError, patterns: &[&str]) -> String {
    let named = |position: u16| patterns.get(usize::from(position)).copied().unwrap_or_default();
    match error {
        PathError::Syntax(position) => {
            format!("--path {:?} is malformed (sanswire json --help says what a path is)", named(position))
        }
        PathError::TooLong(position) => format!(
            "--path {:?} is too long: at most 23 segments and 1024 bytes, and 64 bytes before a *",
            named(position)
        ),
        PathError::TooMany => format!("{} paths are too many: at most 128", patterns.len()),
        PathError::Full => "the paths have too many wildcards and segments together".to_owned(),
        other => other.to_string(),
    }
}
