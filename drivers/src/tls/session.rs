use std::io::{self, IoSlice, Read as _, Write as _};
use std::os::fd::OwnedFd;

use app::{Closed, TlsFault, TlsInfo};
use rustls::{CertificateError, Connection, HandshakeKind, ProtocolVersion};

use crate::link::{Eof, Ready};
use crate::pool::Buffer;
use crate::workspace::Workspace;

/// One end of a TLS connection.
#[derive(Debug)]
pub(crate) struct Tls {
    session: Connection,
    /// Decrypted bytes wait inside for room.
    plaintext: bool,
    /// What went wrong; told once the bytes before it are delivered.
    fault: Option<TlsFault>,
    /// The peer has said that it has finished.
    closed: bool,
    /// The transport has ended without that.
    truncated: bool,
    /// Nobody is left to write to.
    mute: bool,
    /// The buffer inside may be larger than it is at rest.
    grown: bool,
    /// What was read last ended within a record.
    partial: bool,
}

/// How much rustls reads at a time, and what its buffer is at rest.
const AT_REST: usize = 4096;

impl Tls {
    /// `room` is how much output may wait inside, encrypted.
    pub(crate) fn new(mut session: Connection, room: usize) -> Self {
        session.set_buffer_limit(Some(room));
        Self {
            session,
            plaintext: false,
            fault: None,
            closed: false,
            truncated: false,
            mute: false,
            grown: false,
            partial: false,
        }
    }

    pub(crate) fn is_handshaking(&self) -> bool {
        self.session.is_handshaking()
    }

    /// Whether there is encrypted output for the socket.
    pub(crate) fn wants_write(&self) -> bool {
        self.session.wants_write() && !self.mute
    }

    /// Forgets what was to be written.
    pub(crate) fn mute(&mut self) {
        self.mute = true;
    }

    /// Whether there is decrypted input that did not fit.
    pub(crate) fn has_plaintext(&self) -> bool {
        self.plaintext
    }

    pub(crate) fn fault(&self) -> Option<TlsFault> {
        self.fault
    }

    pub(crate) fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// Reads from the socket once and decrypts behind what is in `rx`.
    pub(crate) fn fill(
        &mut self,
        socket: &OwnedFd,
        ready: &mut Ready,
        workspace: &mut Workspace,
        rx: &mut Buffer,
    ) -> Result<(), Closed> {
        self.unload(rx);
        if self.plaintext || !ready.readable || rx.room() == 0 || self.fault.is_some() {
            return Ok(());
        }
        // Everything that is read is decrypted at once, for there is no place to keep it. It decrypts to no more
        // than its own length and one record that had begun before, which is as much as rustls holds.
        let most = rx.room();
        let Workspace { io, pool, stats, .. } = workspace;
        if let Some(cipher) = io.receive(socket, ready, (&mut *pool, stats), most)? {
            let before = rx.len();
            self.decrypt(cipher.filled(), ready, rx);
            // A long record may also come in short pieces.
            self.partial = rx.len() == before;
            self.grown |= self.partial || cipher.len() >= AT_REST;
            pool.give(cipher);
        }
        if ready.eof != Eof::No && !self.closed && self.fault.is_none() {
            match self.session.is_handshaking() {
                true => self.fault = Some(TlsFault::Truncated),
                false => self.truncated = true,
            }
        }
        Ok(())
    }

    /// Reads for the handshake. Application data may come right behind it and then ends up in `rx`.
    pub(crate) fn shake(
        &mut self,
        socket: &OwnedFd,
        ready: &mut Ready,
        workspace: &mut Workspace,
        rx: &mut Buffer,
    ) -> Result<(), Closed> {
        self.fill(socket, ready, workspace, rx)?;
        if self.session.wants_write() && ready.writable {
            self.flush(socket, ready, workspace)?;
        }
        self.fault.map_or(Ok(()), |fault| Err(Closed::Tls(fault)))
    }

    fn decrypt(&mut self, mut cipher: &[u8], ready: &mut Ready, rx: &mut Buffer) {
        while !cipher.is_empty() && !self.closed {
            // Zero: the record is longer than TLS allows, which processing will find.
            let Ok(_) = self.session.read_tls(&mut cipher) else {
                self.fault = Some(TlsFault::Protocol);
                break;
            };
            let processed = self.session.process_new_packets();
            self.unload(rx);
            match processed {
                Ok(state) => self.closed = state.peer_has_closed(),
                Err(error) => {
                    self.fault = Some(fault(&error));
                    break;
                }
            }
        }
        if self.closed {
            (ready.eof, ready.readable) = (Eof::Come, false);
        }
    }

    /// Has rustls give back what a long record has made its buffer grow to: it does so before a read when nothing is
    /// in it, and this one brings nothing.
    pub(crate) fn rest(&mut self) {
        if self.grown {
            let _ = self.session.read_tls(&mut Nothing);
            self.grown = self.partial;
        }
    }

    /// Moves decrypted bytes to `rx`.
    fn unload(&mut self, rx: &mut Buffer) {
        loop {
            if rx.room() == 0 {
                // Whether there is more is not known: assume it, and find out when there is room.
                self.plaintext = true;
                return;
            }
            match self.session.reader().read(rx.spare()) {
                Ok(len @ 1..) => rx.filled_more(len),
                // An end, clean or not, is noticed elsewhere.
                Ok(0) | Err(_) => {
                    self.plaintext = false;
                    return;
                }
            }
        }
    }

    /// Encrypts `plain` and writes it, once if rustls takes it all. Says how much of `plain` was taken, how many bytes
    /// the socket took, and whether anything is left.
    pub(crate) fn send(
        &mut self,
        socket: &OwnedFd,
        ready: &mut Ready,
        workspace: &mut Workspace,
        plain: &[u8],
    ) -> Result<(usize, u64, bool), Closed> {
        let before = workspace.stats.bytes_out;
        let mut taken = 0;
        loop {
            // Writing to memory fails only when there is no room, and then takes nothing.
            let room = plain.get(taken..).filter(|rest| !rest.is_empty());
            let more = room.map_or(0, |rest| self.session.writer().write(rest).unwrap_or(0));
            taken += more;
            self.flush(socket, ready, workspace)?;
            // Nobody would report that the socket takes the rest while it still takes everything.
            if more == 0 || taken == plain.len() || !ready.writable {
                break;
            }
        }
        let moved = workspace.stats.bytes_out - before;
        Ok((taken, moved, taken < plain.len() || self.session.wants_write() || ready.sending))
    }

    fn flush(
        &mut self,
        socket: &OwnedFd,
        ready: &mut Ready,
        workspace: &mut Workspace,
    ) -> Result<(), Closed> {
        while self.session.wants_write() && ready.writable {
            let mut sink = Sink { socket, ready, workspace };
            match self.session.write_tls(&mut sink) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => return Err(Closed::Reset),
            }
        }
        Ok(())
    }

    /// Queues the announcement that nothing more will be sent.
    pub(crate) fn say_goodbye(&mut self) {
        self.session.send_close_notify();
    }

    /// What the handshake agreed on.
    pub(crate) fn info(&self) -> TlsInfo {
        TlsInfo {
            alpn: self.session.alpn_protocol().map(<[u8]>::to_vec),
            server_name: match &self.session {
                Connection::Server(session) => session.server_name().map(str::to_owned),
                Connection::Client(_) => None,
            },
            version: match self.session.protocol_version() {
                Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
                _ => "TLSv1.3",
            },
            resumed: self.session.handshake_kind() == Some(HandshakeKind::Resumed),
            peer_certificate: self.session.peer_certificates().is_some(),
        }
    }
}

/// A transport on which nothing has arrived.
struct Nothing;

impl io::Read for Nothing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::WouldBlock.into())
    }
}

/// The socket as rustls wants it: several records leave in one write.
struct Sink<'a> {
    socket: &'a OwnedFd,
    ready: &'a mut Ready,
    workspace: &'a mut Workspace,
}

impl io::Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, blocks: &[IoSlice<'_>]) -> io::Result<usize> {
        let Workspace { io, pool, stats, .. } = &mut *self.workspace;
        match io.send_blocks(self.socket, self.ready, (pool, stats), blocks) {
            Ok(0) => Err(io::ErrorKind::WouldBlock.into()),
            Ok(len) => Ok(len),
            Err(_) => Err(io::ErrorKind::ConnectionReset.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn fault(error: &rustls::Error) -> TlsFault {
    use rustls::{AlertDescription as Alert, Error};
    match error {
        Error::InvalidCertificate(error) => certificate_fault(error),
        Error::NoCertificatesPresented | Error::AlertReceived(Alert::CertificateRequired) => {
            TlsFault::CertificateRequired
        }
        Error::PeerIncompatible(_)
        | Error::NoApplicationProtocol
        | Error::AlertReceived(
            Alert::ProtocolVersion
            | Alert::HandshakeFailure
            | Alert::InsufficientSecurity
            | Alert::NoApplicationProtocol,
        ) => TlsFault::Incompatible,
        Error::AlertReceived(Alert::UnknownCA) => TlsFault::UnknownIssuer,
        Error::AlertReceived(Alert::CertificateExpired) => TlsFault::Expired,
        Error::AlertReceived(
            Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateUnknown
            | Alert::AccessDenied,
        ) => TlsFault::BadCertificate,
        _ => TlsFault::Protocol,
    }
}

fn certificate_fault(error: &CertificateError) -> TlsFault {
    match error {
        CertificateError::UnknownIssuer => TlsFault::UnknownIssuer,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            TlsFault::NameMismatch
        }
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => TlsFault::Expired,
        _ => TlsFault::BadCertificate,
    }
}
