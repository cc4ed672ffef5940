//! What becomes of the events: lines, counts, or one count.

use std::io::{self, IsTerminal as _, StdoutLock, Write};
use std::ops::ControlFlow;

use proto_lejp::{Event, Selected};

use super::{BUFFER, is_last, proceed};

/// Where events go.
pub(super) trait Output {
    /// Takes an event. Breaks when nothing more can be written; [`flush`](Self::flush) says why.
    fn take(&mut self, event: &Event<'_>) -> ControlFlow<()>;

    /// Passes on what has been taken so far.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// The input was well-formed to its end.
    fn finish(self) -> io::Result<()>;

    /// The input was not: what has been written may stop within a line.
    fn interrupt(&mut self) {}
}

/// Writes each value at a registered path as a line.
pub(super) struct Lines {
    selected: Selected,
    /// Whether the last line is complete.
    whole: bool,
    buffer: Buffer,
}

impl Lines {
    pub(super) fn new() -> Self {
        let buffer = Buffer { bytes: Vec::with_capacity(BUFFER), stdout: io::stdout().lock(), failed: None };
        Self { selected: Selected::default(), whole: true, buffer }
    }
}

impl Output for Lines {
    fn take(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        let Self { selected, whole, buffer } = self;
        let mut wrote = false;
        let complete = selected.take(event, &mut |piece| {
            wrote = true;
            buffer.push(piece);
        });
        if wrote {
            *whole = complete;
        }
        proceed(buffer.failed.is_some())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.buffer.flush()
    }

    fn finish(mut self) -> io::Result<()> {
        self.flush()
    }

    fn interrupt(&mut self) {
        // So that the message does not stand behind half a value. A pipe or file gets nothing that the input
        // did not contain.
        if !self.whole && io::stdout().is_terminal() {
            self.buffer.push(b"\n");
            let _ = self.buffer.flush();
        }
    }
}

/// A bounded buffer before standard output, which is otherwise flushed at every line.
struct Buffer {
    bytes: Vec<u8>,
    stdout: StdoutLock<'static>,
    failed: Option<io::Error>,
}

impl Buffer {
    #[inline]
    fn push(&mut self, piece: &[u8]) {
        if self.bytes.len() + piece.len() > BUFFER {
            self.write_out();
        }
        if piece.len() < BUFFER {
            self.bytes.extend_from_slice(piece);
        } else if self.failed.is_none() {
            self.failed = self.stdout.write_all(piece).err();
        }
    }

    fn write_out(&mut self) {
        if self.failed.is_none() {
            self.failed = self.stdout.write_all(&self.bytes).err();
        }
        self.bytes.clear();
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_out();
        match self.failed.take() {
            Some(error) => Err(error),
            None => self.stdout.flush(),
        }
    }
}

/// Counts the values at each path.
pub(super) struct Counts<'a> {
    patterns: &'a [&'a str],
    counts: Vec<u64>,
}

impl<'a> Counts<'a> {
    pub(super) fn new(patterns: &'a [&'a str]) -> Self {
        Self { patterns, counts: vec![0; patterns.len()] }
    }
}

impl Output for Counts<'_> {
    fn take(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        if let Some(path) = event.path()
            && event.begins_value()
            && is_last(event)
            && let Some(count) = self.counts.get_mut(usize::from(path))
        {
            *count += 1;
        }
        proceed(false)
    }

    fn finish(self) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        for (count, pattern) in self.counts.iter().zip(self.patterns) {
            writeln!(stdout, "{count}\t{pattern}")?;
        }
        stdout.flush()
    }
}

/// Counts events.
#[derive(Default)]
pub(super) struct Total {
    events: u64,
}

impl Output for Total {
    fn take(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        self.events += u64::from(is_last(event));
        proceed(false)
    }

    fn finish(self) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{}", self.events)?;
        stdout.flush()
    }
}
