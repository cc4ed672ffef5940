//! Where the JSON comes from, and how far it has been read.

use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal as _, Read};
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};

use crate::exit::Failure;

use super::UNUSABLE;

/// A file or standard input, with a progress bar when a person watches and nothing else is written to the terminal.
pub(super) struct Input {
    reader: Box<dyn Read>,
    name: String,
    bar: Option<ProgressBar>,
}

impl Input {
    /// Opens `path`, or standard input for `-`. `quiet` says that nothing is written before the end of the input.
    pub(super) fn open(path: &Path, quiet: bool) -> Result<Self, Failure> {
        if path.as_os_str() == "-" {
            return Ok(Self {
                reader: Box::new(io::stdin().lock()),
                name: "standard input".to_owned(),
                bar: None,
            });
        }
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| unreadable(&name, &error))?;
        let meta = file.metadata().map_err(|error| unreadable(&name, &error))?;
        let shown = meta.is_file() && io::stderr().is_terminal() && (quiet || !io::stdout().is_terminal());
        Ok(Self { reader: Box::new(file), name, bar: shown.then(|| bar(meta.len())) })
    }

    /// What messages call it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Reads what there is, at most `room`; zero at the end.
    pub(super) fn read(&mut self, room: &mut [u8]) -> Result<usize, Failure> {
        loop {
            match self.reader.read(room) {
                Ok(n) => {
                    if let Some(bar) = &self.bar {
                        bar.inc(n as u64);
                    }
                    return Ok(n);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.clear();
                    return Err(unreadable(&self.name, &error));
                }
            }
        }
    }

    /// Takes the bar away.
    pub(super) fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    /// The end of the command: the output could be written to its end or not. That nobody reads it any more is no
    /// failure, for whoever closed it had enough.
    pub(super) fn finish(mut self, written: io::Result<()>) -> Result<(), Failure> {
        self.clear();
        match written {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(Failure::with_status(UNUSABLE, format!("cannot write standard output: {error}")))
            }
            _ => Ok(()),
        }
    }
}

fn unreadable(name: &str, error: &io::Error) -> Failure {
    Failure::with_status(UNUSABLE, format!("cannot read {name}: {error}"))
}

fn bar(length: u64) -> ProgressBar {
    let bar = ProgressBar::new(length);
    match ProgressStyle::with_template("{bar:32} {bytes}/{total_bytes} {bytes_per_sec} {eta}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
