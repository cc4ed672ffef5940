//! A driver in a test's hands: one connection of an application, bytes in, bytes out, the clock and the files too.
#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test may")]

pub(crate) mod peer;

use std::collections::HashMap;
use std::time::Duration;

use app::{
    Action, App, ConnectionId, FileError, FileId, FileMeta, Handler, Limit, LinkInfo, Service, Target,
};
use proto_core::{Instant, WriteBuf};

/// Wall-clock time at the start of every test: a date that is easy to recognise.
pub(crate) const EPOCH: Duration = Duration::from_secs(784_111_777);

pub(crate) struct Wire<H: Handler> {
    pub(crate) app: App<H>,
    pub(crate) connection: Option<<App<H> as Service>::Connection>,
    input: Vec<u8>,
    /// Room that the output has in each turn.
    pub(crate) room: usize,
    pub(crate) now: Instant,
    pub(crate) files: HashMap<&'static str, &'static [u8]>,
    open: Vec<Option<&'static [u8]>>,
    /// The connection asked to be closed and everything is written.
    pub(crate) closed: bool,
    eof: bool,
    /// Which limits the connection had met when it was over.
    pub(crate) fired: Vec<(Limit, u32)>,
}

pub(crate) fn link() -> LinkInfo {
    LinkInfo { id: ConnectionId { index: 0, generation: 0 }, listener: Some(0), peer: None, tls: None }
}

impl<H: Handler> Wire<H> {
    /// A server connection.
    pub(crate) fn server(handler: H, config: app::Config) -> Self {
        Self::server_over(handler, config, None)
    }

    /// The same, over a link with TLS or without.
    pub(crate) fn server_over(handler: H, config: app::Config, tls: Option<app::TlsInfo>) -> Self {
        let mut app = App::new(handler, config);
        let now = Instant::from_secs(1_000);
        app.wall_clock(now, EPOCH);
        let connection = app.accept(&LinkInfo { tls, ..link() }, now);
        Self::new(app, connection.expect("accepted"), now)
    }

    /// The connection that `app` wants to make.
    pub(crate) fn client(mut app: App<H>) -> (Self, Target) {
        let (target, mut connection) = app.poll_connect().expect("something to connect");
        let now = Instant::from_secs(1_000);
        app.connected(&mut connection, &LinkInfo { listener: None, ..link() }, now);
        (Self::new(app, connection, now), target)
    }

    /// The same, over a link with TLS or without.
    pub(crate) fn client_over(mut app: App<H>, tls: Option<app::TlsInfo>) -> Self {
        let (_, mut connection) = app.poll_connect().expect("something to connect");
        let now = Instant::from_secs(1_000);
        app.connected(&mut connection, &LinkInfo { listener: None, tls, ..link() }, now);
        Self::new(app, connection, now)
    }

    fn new(app: App<H>, connection: <App<H> as Service>::Connection, now: Instant) -> Self {
        Self {
            app,
            connection: Some(connection),
            input: Vec::new(),
            room: 64 * 1024,
            now,
            files: HashMap::new(),
            open: Vec::new(),
            closed: false,
            eof: false,
            fired: Vec::new(),
        }
    }

    /// Hands over `bytes` and returns what the connection sends before it waits again.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.input.extend_from_slice(bytes);
        self.run(usize::MAX)
    }

    /// Hands over `bytes` but lets the connection send only `most` bytes.
    pub(crate) fn feed_slowly(&mut self, bytes: &[u8], most: usize) -> Vec<u8> {
        self.input.extend_from_slice(bytes);
        self.run(most)
    }

    pub(crate) fn text(&mut self, bytes: impl AsRef<[u8]>) -> String {
        String::from_utf8(self.feed(bytes.as_ref())).expect("the output is text")
    }

    /// Bytes that the connection has not taken.
    pub(crate) fn untaken(&self) -> usize {
        self.input.len()
    }

    pub(crate) fn wants(&self) -> proto_core::Wants {
        self.connection.as_ref().map(|connection| self.app.wants(connection)).unwrap_or_default()
    }

    /// The peer has sent everything.
    pub(crate) fn eof(&mut self) -> Vec<u8> {
        self.eof = true;
        let mut out = self.run(usize::MAX);
        if let Some(connection) = &mut self.connection {
            let mut room = vec![0; self.room];
            let mut written = WriteBuf::new(&mut room);
            self.app.receive_eof(connection, &mut written);
            out.extend_from_slice(written.written());
        }
        out.extend(self.run(usize::MAX));
        out
    }

    /// Lets time pass, deadline by deadline.
    pub(crate) fn sleep(&mut self, duration: Duration) -> Vec<u8> {
        let until = self.now + duration;
        let mut sent = Vec::new();
        for _ in 0..10_000 {
            let deadline = self.connection.as_ref().and_then(|connection| self.app.poll_timeout(connection));
            let next = deadline.map(|deadline| deadline.at).filter(|&at| at <= until);
            self.now = next.unwrap_or(until).max(self.now);
            sent.extend(self.run(usize::MAX));
            if next.is_none() || self.closed {
                return sent;
            }
        }
        panic!("a deadline that has come is not kept");
    }

    /// Delivers a wake-up.
    pub(crate) fn wake(&mut self, wake: app::Wake) {
        if let Some(connection) = &mut self.connection {
            self.app.wake(connection, wake);
        }
    }

    pub(crate) fn drain(&mut self) -> Vec<u8> {
        if let Some(connection) = &mut self.connection {
            self.app.drain(connection, self.now);
        }
        self.run(usize::MAX)
    }

    /// Ends the link underneath.
    pub(crate) fn cut(&mut self, why: app::Closed) {
        if let Some(connection) = self.connection.take() {
            let fired = Limit::ALL.iter().map(|&limit| (limit, connection.fired(limit)));
            self.fired = fired.filter(|(_, times)| *times > 0).collect();
            self.app.closed(connection, why);
        }
    }

    /// One turn after another until nothing moves, as a driver does.
    fn run(&mut self, most: usize) -> Vec<u8> {
        let mut sent = Vec::new();
        let mut scratch = vec![0; 64 * 1024];
        for _ in 0..100_000 {
            let Some(connection) = &mut self.connection else { return sent };
            self.app.handle_timeout(connection, self.now);
            let mut room = vec![0; self.room.min(most - sent.len())];
            let mut out = WriteBuf::new(&mut room);
            let taken = self.app.receive(connection, &mut self.input, &mut scratch, &mut out);
            self.input.drain(..taken);
            let wants = self.app.wants(connection);
            let mut acted = false;
            if wants.write {
                self.app.transmit(connection, &mut out);
                while let Some(action) = self.app.poll_action(connection) {
                    acted = true;
                    act(&mut self.app, connection, &self.files, &mut self.open, action, &mut out);
                }
            }
            let mut wakes = Vec::new();
            while let Some(wake) = self.app.poll_wake() {
                wakes.push(wake);
            }
            for wake in wakes {
                acted |= self.app.wake(connection, wake);
            }
            let (wrote, roomy) = (out.len(), out.room() >= self.app.min_output());
            sent.extend_from_slice(out.written());
            let (paused, wants) = (!wants.read, self.app.wants(connection));
            if wants.close && wrote == 0 {
                self.closed = true;
                self.cut(app::Closed::Done);
                return sent;
            }
            let resumed = paused && wants.read;
            let goes_on = resumed && !self.input.is_empty();
            if taken == 0 && wrote == 0 && !acted && !goes_on {
                return sent;
            }
            // As the contract allows: who sees neither input nor `write` does not ask again.
            let quiet = self.input.is_empty() && !wants.write && !wants.close;
            if quiet && roomy && !acted && !resumed {
                return sent;
            }
        }
        panic!("the connection never comes to rest");
    }
}

fn act<H: Handler>(
    app: &mut App<H>,
    connection: &mut <App<H> as Service>::Connection,
    files: &HashMap<&'static str, &'static [u8]>,
    open: &mut Vec<Option<&'static [u8]>>,
    action: Action,
    out: &mut WriteBuf<'_>,
) {
    match action {
        Action::OpenFile { token, path, .. } => {
            let name = path.to_str().expect("a text path");
            let result = match files.get(name) {
                Some(&content) => {
                    open.push(Some(content));
                    let meta = FileMeta {
                        len: content.len() as u64,
                        modified: Some(784_111_777),
                        modified_nanos: 0,
                    };
                    Ok((FileId(open.len() as u32 - 1), meta))
                }
                None if files.keys().any(|file| file.starts_with(&format!("{name}/"))) => {
                    Err(FileError::Directory)
                }
                None => Err(FileError::NotFound),
            };
            app.file_opened(connection, token, result);
        }
        Action::ReadFile { token, file, offset, len } => {
            let content = open[file.0 as usize].expect("an open file");
            let start = (offset as usize).min(content.len());
            let end = (start + len).min(content.len());
            app.file_data(connection, token, Ok(&content[start..end]), out);
        }
        Action::CloseFile { file } => {
            assert!(open[file.0 as usize].take().is_some(), "a file is closed once");
        }
    }
}

impl<H: Handler> Wire<H> {
    /// How many files are open.
    pub(crate) fn open_files(&self) -> usize {
        self.open.iter().flatten().count()
    }
}
