use std::os::fd::OwnedFd;

use app::Closed;

use crate::link::Ready;
use crate::pool::Buffer;
use crate::workspace::Workspace;

/// One end of a TLS connection.
#[derive(Debug)]
pub(crate) struct Tls {}
impl Tls {
    pub(crate) fn wants_write(&self) -> bool { false }
    pub(crate) fn has_plaintext(&self) -> bool { false }
    pub(crate) fn say_goodbye(&mut self) {}
    pub(crate) fn fill(&mut self, _: &OwnedFd, _: &mut Ready, _: &mut Workspace, _: &mut Buffer) -> Result<(), Closed> { Ok(()) }
    pub(crate) fn send(&mut self, _: &OwnedFd, _: &mut Ready, _: &mut Workspace, _: &[u8]) -> Result<(usize, bool, bool), Closed> { Ok((0, false, false)) }
}
