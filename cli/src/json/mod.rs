//! `sanswire json`: checks JSON of any size and writes the values at given paths as they are met.

mod input;
mod output;
mod paths;

use std::ops::ControlFlow;

use proto_lejp::{Config, Documents, Error, Event, Parser, Paths, Token};

use crate::args::{Dialect, Json};
use crate::exit::Failure;

use input::Input;
use output::{Counts, Lines, Output, Total};

/// The input is not JSON.
const MALFORMED: u8 = 1;
/// Wrong usage, or a file that cannot be read or written.
const UNUSABLE: u8 = 2;

/// Room for unescaped text, and for what is read at once.
const BUFFER: usize = 64 * 1024;

/// Runs the command.
pub(crate) fn run(options: &Json) -> Result<(), Failure> {
    let patterns: Vec<&str> = match (options.path.as_slice(), options.count) {
        ([], true) => Vec::new(),
        // The document itself.
        ([], false) => vec![""],
        (paths, _) => paths.iter().map(String::as_str).collect(),
    };
    let paths = paths::compile(&patterns)?;
    let input = Input::open(&options.file, options.count)?;
    match (options.count, options.path.is_empty()) {
        (false, _) => read(options, &paths, input, Lines::new()),
        (true, true) => read(options, &paths, input, Total::default()),
        (true, false) => read(options, &paths, input, Counts::new(&patterns)),
    }
}

/// Chooses the parser: an application of JSON may nest deeper than one of lejp, whose limits are part of the dialect.
fn read(options: &Json, paths: &Paths<'_>, input: Input, output: impl Output) -> Result<(), Failure> {
    let documents = if options.ndjson { Documents::Lines } else { Documents::One };
    let config = Config { documents, ..Config::default() };
    match options.dialect {
        Dialect::Strict => feed(Parser::<1024, 0, 0>::with_config(paths, config), input, output),
        Dialect::Lejp => {
            let config = Config { dialect: proto_lejp::Dialect::Lejp, ..config };
            feed(Parser::<64, 0, 32>::with_config(paths, config), input, output)
        }
    }
}

/// Carries the input through the parser to the output.
fn feed<const DEPTH: usize, const PATH: usize, const INDEX: usize>(
    mut parser: Parser<'_, DEPTH, PATH, INDEX>,
    mut input: Input,
    mut output: impl Output,
) -> Result<(), Failure> {
    let mut buffer = vec![0; BUFFER];
    let mut scratch = vec![0; BUFFER];
    let mut end = 0;
    loop {
        // What the parser leaves is the beginning of a token, and shorter than `min_input`: there is always room.
        let n = input.read(buffer.get_mut(end..).unwrap_or_default())?;
        end += n;
        let told = if n == 0 {
            tell_end(&mut parser, &mut output).map(|closed| (end, closed))
        } else {
            parser.each(buffer.get(..end).unwrap_or_default(), &mut scratch, |_, event| output.take(&event))
        };
        // Whoever waits for values gets those that are complete, and those before a fault.
        let written = output.flush();
        let (consumed, closed) = told.map_err(|error| malformed(&mut input, &mut output, error))?;
        if closed.is_some() || written.is_err() {
            return input.finish(written);
        }
        if n == 0 {
            return input.finish(output.finish());
        }
        buffer.copy_within(consumed..end, 0);
        end -= consumed;
    }
}

/// Tells the output what the end of the input completes.
fn tell_end<const DEPTH: usize, const PATH: usize, const INDEX: usize>(
    parser: &mut Parser<'_, DEPTH, PATH, INDEX>,
    output: &mut impl Output,
) -> Result<Option<()>, Error> {
    while let Some(event) = parser.receive_eof()? {
        if output.take(&event).is_break() {
            return Ok(Some(()));
        }
    }
    Ok(None)
}

fn malformed(input: &mut Input, output: &mut impl Output, error: Error) -> Failure {
    output.interrupt();
    input.clear();
    Failure::with_status(MALFORMED, format!("{}: {error}", input.name()))
}

/// Whether the event is the last of its token: texts, keys and numbers may come in parts.
fn is_last(event: &Event<'_>) -> bool {
    match event.token() {
        Token::Key { last, .. } | Token::Text { last, .. } | Token::Number { last, .. } => last,
        _ => true,
    }
}

/// Whether to go on, for an output that has failed or not.
fn proceed(failed: bool) -> ControlFlow<()> {
    if failed { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}
