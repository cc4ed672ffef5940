//! Where a request body comes from and where a response body goes.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read, Write};
use std::path::Path;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::exit::{Failure, Kind};

/// A request body.
pub(super) struct Source {
    reader: Box<dyn Read>,
    /// In bytes, where that is known; otherwise the body goes out in chunks.
    pub(super) length: Option<u64>,
}

impl Source {
    /// `data` as curl reads it: text, `@FILE`, or `@-` for standard input.
    pub(super) fn open(data: &str) -> Result<Self, Failure> {
        match data.strip_prefix('@') {
            None => {
                let bytes = data.as_bytes().to_vec();
                Ok(Self { length: Some(bytes.len() as u64), reader: Box::new(io::Cursor::new(bytes)) })
            }
            Some("-") => Ok(Self { length: None, reader: Box::new(io::stdin()) }),
            Some(path) => {
                let fail =
                    |error: io::Error| Failure::new(Kind::Input, format!("cannot read {path}: {error}"));
                let file = File::open(path).map_err(fail)?;
                let meta = file.metadata().map_err(fail)?;
                if meta.is_dir() {
                    return Err(Failure::new(Kind::Input, format!("cannot read {path}: it is a directory")));
                }
                let length = meta.is_file().then_some(meta.len());
                Ok(Self { length, reader: Box::new(file) })
            }
        }
    }

    /// Fills as much of `room` as there is; zero at the end.
    pub(super) fn read(&mut self, room: &mut [u8]) -> Result<usize, Failure> {
        loop {
            match self.reader.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => {
                    return result.map_err(|error| {
                        Failure::new(Kind::Input, format!("cannot read the body: {error}"))
                    });
                }
            }
        }
    }
}

/// The response body's destination, with a progress bar when a person watches and the body goes elsewhere.
pub(super) struct Sink {
    writer: Box<dyn Write>,
    name: String,
    bar: Option<ProgressBar>,
}

impl Sink {
    /// The file at `path`, or standard output; the bar, one of `bars`, is marked with `label`.
    pub(super) fn open(
        path: Option<&Path>,
        silent: bool,
        bars: &MultiProgress,
        label: Option<&str>,
    ) -> Result<Self, Failure> {
        let (writer, name): (Box<dyn Write>, _) = match path {
            None => (Box::new(io::stdout().lock()), "standard output".to_owned()),
            Some(path) => {
                let name = path.display().to_string();
                let file = File::create(path)
                    .map_err(|error| Failure::new(Kind::Output, format!("cannot write {name}: {error}")))?;
                (Box::new(file), name)
            }
        };
        let shown = path.is_some() || !io::stdout().is_terminal();
        let watched = !silent && shown && io::stderr().is_terminal();
        let bar = watched.then(|| bars.add(ProgressBar::no_length()));
        if let (Some(bar), Some(label)) = (&bar, label) {
            bar.set_prefix(format!("{label} "));
        }
        Ok(Self { writer, name, bar })
    }

    /// Tells how long the body will be, if that is known.
    pub(super) fn expect(&mut self, length: Option<u64>) {
        let Some(bar) = &self.bar else { return };
        let template = match length {
            Some(length) => {
                bar.set_length(length);
                "{prefix}{bar:32} {bytes}/{total_bytes} {bytes_per_sec} {eta}"
            }
            None => "{prefix}{spinner} {bytes} {bytes_per_sec}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
    }

    pub(super) fn write(&mut self, data: &[u8]) -> Result<(), Failure> {
        self.writer.write_all(data).map_err(|error| self.failure(&error))?;
        if let Some(bar) = &self.bar {
            bar.inc(data.len() as u64);
        }
        Ok(())
    }

    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        self.writer.flush().map_err(|error| self.failure(&error))
    }

    fn failure(&self, error: &io::Error) -> Failure {
        Failure::new(Kind::Output, format!("cannot write {}: {error}", self.name))
    }
}
