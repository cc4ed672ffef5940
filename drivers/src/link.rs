use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use app::{Closed, ConnectionId, LinkInfo, Service, TlsTarget, Wake};
use proto_core::{Deadline, Instant, Reason};

use crate::files::FileList;
use crate::pool::Buffer;
use crate::sendfile::{Part, Piece};
use crate::tls::{Tls, TlsAcceptor, TlsConnector};
use crate::uring::Port;
use crate::workspace::Workspace;

/// A socket with what belongs to it: TLS if any, bytes under way, and the service's connection.
///
/// The loop that owns it calls [`on_ready`](Self::on_ready) when the operating system reports readiness,
/// [`turn`](Self::turn) after that, when [`poll_timeout`](Self::poll_timeout) is due and whenever the last turn said
/// [`Turn::Again`], and [`close`](Self::close) to end it early. Readiness may be level- or edge-triggered. What
/// concerns the service rather than one link is that loop's to call too, if the service needs it:
/// [`wall_clock`](Service::wall_clock), [`poll_wake`](Service::poll_wake), [`poll_connect`](Service::poll_connect).
///
/// At rest a link owns its state and no buffer.
#[derive(Debug)]
pub struct Link<C> {
    pub(crate) socket: OwnedFd,
    pub(crate) ready: Ready,
    pub(crate) apart: Option<Box<Apart>>,
    pub(crate) phase: Phase<C>,
}

/// What a plain link at rest does without.
#[derive(Debug, Default)]
pub(crate) struct Apart {
    pub(crate) tls: Option<Tls>,
    pub(crate) files: FileList,
    /// Input not yet taken by the connection.
    pub(crate) rx: Option<Buffer>,
    /// Output not yet taken by the socket (or by TLS).
    pub(crate) tx: Option<Buffer>,
    /// A part of a file that is to follow the output.
    pub(crate) part: Option<Part>,
    /// What the connection wants to read is not in memory yet.
    pub(crate) piece: Option<Box<Piece>>,
    /// The link's own deadline: of the handshake, of send progress or of lingering.
    pub(crate) deadline: Option<Instant>,
}

#[derive(Debug)]
pub(crate) enum Phase<C> {
    /// TLS is being agreed on; an outgoing connection waits here.
    Handshake(Box<Waiting<C>>),
    /// Bytes go to and from the connection.
    Open(C),
    /// The connection is gone; what it sent last is given time to arrive.
    Linger,
}

#[derive(Debug)]
pub(crate) struct Waiting<C> {
    pub(crate) id: ConnectionId,
    pub(crate) connection: Option<C>,
    pub(crate) listener: Option<usize>,
    pub(crate) peer: Option<SocketAddr>,
}

/// What is known of the socket, remembered between reports of readiness.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ready {
    /// What a ring knows of the socket.
    #[cfg_attr(
        not(all(feature = "uring", target_os = "linux")),
        allow(dead_code, reason = "there is no ring")
    )]
    pub(crate) port: Port,
    pub(crate) readable: bool,
    pub(crate) writable: bool,
    /// The transport sends; what comes next has to wait for that.
    pub(crate) sending: bool,
    /// A turn is due when that is done.
    pub(crate) follow: bool,
    pub(crate) hangup: Hangup,
    pub(crate) eof: Eof,
    pub(crate) reading: Reading,
    /// Our side of the socket is shut.
    pub(crate) shut: bool,
}

/// The end of input.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Eof {
    #[default]
    No,
    /// Reading has given it.
    Come,
    /// The connection knows.
    Told,
}

/// How much input there is at a time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Reading {
    #[default]
    Little,
    /// It was read before the turn, into a block of the smallest size.
    Ahead,
    /// More than the smallest block holds.
    Much,
}

/// What the operating system has said about the end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Hangup {
    #[default]
    No,
    /// The end of input is on its way: a short read does not mean that nothing is left.
    Input,
    /// The socket is broken in both directions.
    Both,
}

/// How many [`Apart`]s of links that came to rest are kept for the next ones.
const SPARE: usize = 64;

/// A socket and where it comes from.
#[derive(Debug)]
pub struct Origin {
    /// The socket; it must not be blocking. On macOS, a program that does not ignore SIGPIPE sets `SO_NOSIGPIPE` on it.
    pub socket: OwnedFd,
    /// What the link is to be called.
    pub id: ConnectionId,
    /// The listener that accepted it, for the service.
    pub listener: Option<usize>,
    /// The other end, for the service.
    pub peer: Option<SocketAddr>,
}

/// What a link waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interest {
    /// Input, or the end of it.
    pub readable: bool,
    /// Room for output.
    pub writable: bool,
}

/// How a turn ended.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The link waits for readiness, its deadline, or a wake-up.
    Wait,
    /// There is more to do; give others a turn first.
    Again,
    /// The link is over and can be dropped; the service knows.
    Over,
}

impl<C> Link<C> {
    /// A link for an accepted socket, which must not be blocking. `None`: the service does not want it.
    ///
    /// With `tls` the service is asked later, when the handshake is complete.
    pub fn accepted<S: Service<Connection = C>>(
        origin: Origin,
        tls: Option<&TlsAcceptor>,
        service: &mut S,
        workspace: &mut Workspace,
        now: Instant,
    ) -> Option<Self> {
        workspace.stats.accepted += 1;
        let Origin { socket, id, listener, peer } = origin;
        if let Some(tls) = tls {
            let tls = tls.accept(workspace.pool.full_size()).ok()?;
            let deadline = now + workspace.limits.tls_handshake;
            let waiting = Waiting { id, connection: None, listener, peer };
            return Some(Self::handshake(socket, tls, waiting, deadline));
        }
        let connection = service.accept(&LinkInfo { id, listener, peer, tls: None }, now);
        let Some(connection) = connection else {
            workspace.stats.refused += 1;
            return None;
        };
        Some(Self::new(socket, Phase::Open(connection)))
    }

    /// A link for an outgoing connection whose transport is established; the socket must not be blocking. With `tls`
    /// the service is told later, when the handshake is complete, which must be by `deadline`.
    ///
    /// # Errors
    /// What `tls` names cannot be a server's name. The service has been told.
    pub fn connected<S: Service<Connection = C>>(
        origin: Origin,
        tls: Option<(&TlsConnector, &TlsTarget, Instant)>,
        mut connection: C,
        service: &mut S,
        workspace: &mut Workspace,
        now: Instant,
    ) -> Result<Self, Closed> {
        let Origin { socket, id, peer, .. } = origin;
        if let Some((tls, target, deadline)) = tls {
            return match tls.connect(target, workspace.pool.full_size()) {
                Ok(tls) => {
                    let waiting = Waiting { id, connection: Some(connection), listener: None, peer };
                    Ok(Self::handshake(socket, tls, waiting, deadline))
                }
                Err(why) => {
                    workspace.stats.failed += 1;
                    service.closed(connection, why);
                    Err(why)
                }
            };
        }
        workspace.stats.connected += 1;
        service.connected(&mut connection, &LinkInfo { id, listener: None, peer, tls: None }, now);
        Ok(Self::new(socket, Phase::Open(connection)))
    }

    fn handshake(socket: OwnedFd, tls: Tls, waiting: Waiting<C>, deadline: Instant) -> Self {
        let mut link = Self::new(socket, Phase::Handshake(Box::new(waiting)));
        link.apart = Some(Box::new(Apart { tls: Some(tls), deadline: Some(deadline), ..Apart::default() }));
        link
    }

    fn new(socket: OwnedFd, phase: Phase<C>) -> Self {
        let ready = Ready { readable: true, writable: true, ..Ready::default() };
        Self { socket, ready, apart: None, phase }
    }

    pub(crate) fn tls(&self) -> Option<&Tls> {
        self.apart.as_ref()?.tls.as_ref()
    }

    pub(crate) fn tls_mut(&mut self) -> Option<&mut Tls> {
        self.apart.as_mut()?.tls.as_mut()
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.apart.as_ref()?.deadline
    }

    pub(crate) fn set_deadline(&mut self, deadline: Option<Instant>, workspace: &mut Workspace) {
        if deadline.is_some() || self.apart.is_some() {
            self.apart(workspace).deadline = deadline;
        }
    }

    pub(crate) fn apart(&mut self, workspace: &mut Workspace) -> &mut Apart {
        self.apart.get_or_insert_with(|| workspace.spare.pop().unwrap_or_default())
    }

    /// The input, and the output, that the last turn has left over.
    pub(crate) fn take_buffers(&mut self) -> (Option<Buffer>, Option<Buffer>) {
        self.apart.as_mut().map_or((None, None), |apart| (apart.rx.take(), apart.tx.take()))
    }

    /// Keeps what this turn leaves over.
    pub(crate) fn keep_buffers(&mut self, rx: Buffer, tx: Buffer, workspace: &mut Workspace) {
        let (rx, tx) = (workspace.pool.keep(rx), workspace.pool.keep(tx));
        if rx.is_some() || tx.is_some() {
            let apart = self.apart(workspace);
            (apart.rx, apart.tx) = (rx, tx);
        }
    }

    /// Gives back what is not needed any more.
    pub(crate) fn tidy(&mut self, workspace: &mut Workspace) {
        let empty = |apart: &mut Box<Apart>| {
            matches!(
                **apart,
                Apart {
                    tls: None,
                    files: FileList::EMPTY,
                    rx: None,
                    tx: None,
                    part: None,
                    piece: None,
                    deadline: None
                }
            )
        };
        if let Some(apart) = self.apart.take_if(empty)
            && workspace.spare.len() < SPARE
        {
            workspace.spare.push(apart);
        }
    }

    /// Notes what the operating system reports.
    pub fn on_ready(&mut self, readable: bool, writable: bool) {
        self.ready.readable |= readable && self.ready.eof == Eof::No;
        self.ready.writable |= writable;
    }

    /// Notes that the peer has finished sending (`broken` is false) or that the socket reports an error.
    pub fn on_hangup(&mut self, broken: bool) {
        self.on_ready(true, broken);
        self.ready.hangup = self.ready.hangup.max(if broken { Hangup::Both } else { Hangup::Input });
    }

    /// Whether the transport sends, and the peer has been given no time for it yet: it needs none if all goes at once.
    pub(crate) fn has_begun_to_send(&self) -> bool {
        self.ready.sending && self.deadline().is_none()
    }

    /// Notes that the transport has sent `moved` bytes, and whether it is done; true when a turn is due.
    pub(crate) fn on_sent(
        &mut self,
        moved: u64,
        done: bool,
        workspace: &mut Workspace,
        now: Instant,
    ) -> bool {
        if !done {
            if self.is_open() {
                self.extend_deadline(moved, workspace, now);
            }
            return false;
        }
        (self.ready.sending, self.ready.writable) = (false, true);
        if self.is_open() {
            self.set_deadline(None, workspace);
            self.tidy(workspace);
        }
        self.ready.follow
    }

    /// Notes that the peer hears no more. What it said before may still be there to be read: the answer to an upload
    /// it did not want, say.
    pub(crate) fn on_deaf_peer(&mut self) {
        if let Some(tls) = self.tls_mut() {
            tls.mute();
        }
        self.on_hangup(true);
        (self.ready.sending, self.ready.writable) = (false, false);
    }

    /// What to wait for before the next turn. May change with every turn.
    pub fn interest<S: Service<Connection = C>>(&self, service: &S) -> Interest {
        let readable = match &self.phase {
            Phase::Open(connection) => service.wants(connection).read,
            Phase::Handshake(_) | Phase::Linger => true,
        };
        Interest { readable: readable && self.ready.eof == Eof::No, writable: self.has_output() }
    }

    /// Whether something waits for room in the socket.
    pub(crate) fn has_output(&self) -> bool {
        self.apart.as_ref().is_some_and(|apart| {
            apart.tx.is_some()
                || apart.part.is_some()
                || apart.tls.as_ref().is_some_and(|tls| tls.wants_write())
        })
    }

    /// When the next turn is due at the latest. May change with every turn.
    pub fn poll_timeout<S: Service<Connection = C>>(&self, service: &S) -> Option<Deadline> {
        let reason = match self.phase {
            Phase::Handshake(_) => Reason::TlsHandshake,
            Phase::Open(_) => Reason::SendProgress,
            Phase::Linger => Reason::Close,
        };
        let own = self.deadline().map(|at| Deadline::new(at, reason));
        match &self.phase {
            Phase::Open(connection) => Deadline::earlier(own, service.poll_timeout(connection)),
            Phase::Handshake(_) | Phase::Linger => own,
        }
    }

    /// Delivers a wake-up; true when a turn is due.
    pub fn wake<S: Service<Connection = C>>(&mut self, service: &mut S, wake: Wake) -> bool {
        match &mut self.phase {
            Phase::Open(connection) => service.wake(connection, wake),
            Phase::Handshake(_) | Phase::Linger => false,
        }
    }

    /// Tells the connection to finish; a turn is due.
    pub fn drain<S: Service<Connection = C>>(&mut self, service: &mut S, now: Instant) {
        if let Phase::Open(connection) = &mut self.phase {
            service.drain(connection, now);
        }
    }

    /// Whether the service's connection is gone and only the socket is left.
    pub fn is_lingering(&self) -> bool {
        matches!(self.phase, Phase::Linger)
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open(_))
    }

    /// The connection, once it is established and until it is closed.
    pub fn connection_mut(&mut self) -> Option<&mut C> {
        match &mut self.phase {
            Phase::Open(connection) => Some(connection),
            Phase::Handshake(_) | Phase::Linger => None,
        }
    }

    /// Ends the link at once. The service's connection, if there still is one, is told `why`.
    pub fn close<S: Service<Connection = C>>(
        mut self,
        service: &mut S,
        workspace: &mut Workspace,
        why: Closed,
    ) {
        self.end(service, workspace, why);
    }

    /// Returns what the link has borrowed and tells the service. What remains is a socket.
    pub(crate) fn end<S: Service<Connection = C>>(
        &mut self,
        service: &mut S,
        workspace: &mut Workspace,
        why: Closed,
    ) {
        if let Some(apart) = &mut self.apart {
            workspace.files.close_all(&mut apart.files);
            (apart.part, apart.piece) = (None, None);
        }
        let (rx, tx) = self.take_buffers();
        for buffer in [rx, tx].into_iter().flatten() {
            workspace.pool.give(buffer);
        }
        let connection = match core::mem::replace(&mut self.phase, Phase::Linger) {
            Phase::Open(connection) => Some(connection),
            Phase::Handshake(waiting) => waiting.connection,
            Phase::Linger => None,
        };
        if let Some(connection) = connection {
            service.closed(connection, why);
        }
    }
}

impl<C> AsFd for Link<C> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
