use std::path::Path;
use std::time::Duration;

use app::{Action, App, Closed, ConnectionId, FileError, FileId, FileMeta, LinkInfo, Service};
use proto_core::{Instant, WriteBuf};

use super::Mirror;

/// The one file there is, of any name that ends so.
const FILE: &[u8] = b"0123456789abcdef";

/// A driver of one connection.
#[derive(Debug)]
pub(super) struct Wire {
    app: App<Mirror>,
    connection: Option<<App<Mirror> as Service>::Connection>,
    input: Vec<u8>,
    room: usize,
    now: Instant,
    opened: u32,
    closed: u32,
}

impl Wire {
    pub(super) fn new(handler: Mirror, config: app::Config, room: usize) -> Self {
        let mut app = App::new(handler, config);
        let now = Instant::from_secs(1_000);
        app.wall_clock(now, Duration::from_secs(784_111_777));
        let id = ConnectionId { index: 0, generation: 0 };
        let connection = app.accept(&LinkInfo { id, listener: Some(0), peer: None, tls: None }, now);
        let room = room.max(app.min_output());
        Self { app, connection, input: Vec::new(), room, now, opened: 0, closed: 0 }
    }

    /// Hands over `bytes` and returns what the connection sends before it waits again.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.input.extend_from_slice(bytes);
        self.run()
    }

    pub(super) fn drain(&mut self) -> Vec<u8> {
        if let Some(connection) = &mut self.connection {
            self.app.drain(connection, self.now);
        }
        self.run()
    }

    /// The peer has sent everything.
    pub(super) fn eof(&mut self) -> Vec<u8> {
        let mut room = vec![0; self.room];
        let mut out = WriteBuf::new(&mut room);
        if let Some(connection) = &mut self.connection {
            self.app.receive_eof(connection, &mut out);
        }
        let mut sent = out.written().to_vec();
        sent.extend(self.run());
        sent
    }

    /// Lets deadlines come until there are no more.
    pub(super) fn wait(&mut self) -> Vec<u8> {
        let mut sent = Vec::new();
        for _ in 0..100 {
            let deadline = self.connection.as_ref().and_then(|connection| self.app.poll_timeout(connection));
            let Some(deadline) = deadline else { return sent };
            self.now = self.now.max(deadline.at);
            sent.extend(self.run());
        }
        panic!("deadlines without end");
    }

    /// Ends the link, if it has not ended by itself.
    pub(super) fn end(mut self) -> Mirror {
        if let Some(connection) = self.connection.take() {
            self.app.closed(connection, Closed::Reset);
        }
        std::mem::take(self.app.handler_mut())
    }

    /// One turn after another until nothing moves, as a driver does.
    fn run(&mut self) -> Vec<u8> {
        let mut sent = Vec::new();
        let mut scratch = vec![0; 64 * 1024];
        // Every turn moves a byte or an action, and an input causes a bounded amount of output.
        let enough = 1_000 + 100 * self.input.len();
        for _ in 0..enough {
            let Some(connection) = &mut self.connection else { return sent };
            self.app.handle_timeout(connection, self.now);
            let mut room = vec![0; self.room];
            let mut out = WriteBuf::new(&mut room);
            let taken = self.app.receive(connection, &mut self.input, &mut scratch, &mut out);
            self.input.drain(..taken);
            let read = self.app.wants(connection).read;
            self.app.transmit(connection, &mut out);
            let mut acted = false;
            while let Some(action) = self.app.poll_action(connection) {
                acted = true;
                let files = (&mut self.opened, &mut self.closed);
                act(&mut self.app, connection, action, files, &mut out);
            }
            let wrote = out.len();
            sent.extend_from_slice(out.written());
            let wants = self.app.wants(connection);
            if wants.close && wrote == 0 {
                // Those that are still open are the driver's to close.
                assert!(self.closed <= self.opened, "a file closed twice");
                if let Some(connection) = self.connection.take() {
                    self.app.closed(connection, Closed::Done);
                }
                return sent;
            }
            let resumed = !read && wants.read && !self.input.is_empty();
            if taken == 0 && wrote == 0 && !acted && !resumed {
                assert!(self.input.len() < self.app.min_input() || !wants.read, "stalled");
                return sent;
            }
        }
        panic!("the connection never comes to rest");
    }
}

fn act(
    app: &mut App<Mirror>,
    connection: &mut <App<Mirror> as Service>::Connection,
    action: Action,
    (opened, closed): (&mut u32, &mut u32),
    out: &mut WriteBuf<'_>,
) {
    match action {
        Action::OpenFile { token, path, .. } => {
            assert!(
                path.components().all(|part| matches!(part, std::path::Component::Normal(_))),
                "{path:?}"
            );
            let result = if path == Path::new("file") {
                *opened += 1;
                let meta =
                    FileMeta { len: FILE.len() as u64, modified: Some(784_111_777), modified_nanos: 0 };
                Ok((FileId(0), meta))
            } else {
                Err(FileError::NotFound)
            };
            app.file_opened(connection, token, result);
        }
        Action::ReadFile { token, offset, len, .. } => {
            let start = (offset as usize).min(FILE.len());
            let end = (start + len).min(FILE.len());
            app.file_data(connection, token, Ok(&FILE[start..end]), out);
        }
        Action::CloseFile { .. } => *closed += 1,
    }
}
