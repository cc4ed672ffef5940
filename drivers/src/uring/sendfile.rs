//! Parts of files leave by a system call on sockets of the ring, too; the ring says when there is room again.
//!
//! It could splice them itself, but only through a pipe, and on threads of the kernel's, for opening and reading files
//! may wait.

use std::os::fd::OwnedFd;

use app::{Closed, FileId};

use super::Ring;
use crate::files::Files;

impl Ring {
    /// Sends up to `most` bytes of a file from `offset` on, which moves, and says how many: none at the end of the
    /// file. `None`: the socket takes no more for now.
    pub(crate) fn send_file(
        &mut self,
        socket: &OwnedFd,
        files: &Files,
        (file, offset): (FileId, &mut u64),
        most: u64,
    ) -> Result<Option<u64>, Closed> {
        let most = self.faults.length(most as usize);
        // No flag tells `sendfile` not to wait, so it is the socket that does not, for as long as the call takes. What
        // the kernel was asked for before does not look at that again, and nothing is handed over meanwhile.
        rustix::io::ioctl_fionbio(socket, true).map_err(|_| Closed::Reset)?;
        let sent = files.send(file, socket, offset, most);
        rustix::io::ioctl_fionbio(socket, false).map_err(|_| Closed::Reset)?;
        sent
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::io::{Read as _, Write as _};
    use std::os::unix::net::UnixStream;
    use std::path::Path;

    use super::super::{Done, Ring};
    use super::*;
    use crate::files::FileList;
    use crate::limits::Stats;
    use crate::link::{Interest, Link, Phase, Ready};
    use crate::pool::Pool;
    use crate::table::{Occupant, Table, Watch};

    struct Bench {
        ring: Ring,
        table: Table<()>,
        pool: Pool,
        stats: Stats,
        files: Files,
        file: FileId,
    }

    impl Bench {
        /// A link on a ring, its peer, and a file of so many bytes.
        fn new(name: &str, len: usize) -> (Self, UnixStream) {
            let root = std::env::temp_dir().join(format!("drivers-ring-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&root).unwrap();
            std::fs::write(root.join("file"), vec![7; len]).unwrap();
            let mut files = Files::new(1);
            let (file, _) = files.open(&mut FileList::default(), &root, Path::new("file")).unwrap();
            std::fs::remove_dir_all(root).unwrap();
            let (socket, peer) = UnixStream::pair().unwrap();
            let (ring, socket) = (Ring::new(-1).unwrap(), OwnedFd::from(socket));
            let ready = Ready { readable: true, writable: true, ..Ready::default() };
            let mut table = Table::new();
            assert_eq!(table.vacancy().index, PLACE);
            let link = Link { socket, ready, apart: None, phase: Phase::Open(()) };
            table.occupy(Occupant::Link(link), Watch::Both);
            let (pool, stats) = (Pool::new(20_000, 1 << 20), Stats::default());
            let mut bench = Self { ring, table, pool, stats, files, file };
            let (ring, Link { socket, ready, .. }) = bench.parts();
            ring.attach(socket, ready).unwrap();
            // The first read is a system call.
            assert!(bench.take().is_none());
            (bench, peer)
        }

        fn parts(&mut self) -> (&mut Ring, &mut Link<()>) {
            let Some(Occupant::Link(link)) = self.table.slot(PLACE).map(|slot| &mut slot.occupant) else {
                panic!("the link is gone");
            };
            (&mut self.ring, link)
        }

        fn take(&mut self) -> Option<Vec<u8>> {
            let (mut pool, mut stats) = (Pool::new(20_000, 1 << 20), Stats::default());
            let (ring, Link { socket, ready, .. }) = self.parts();
            let block = ring.take(socket, ready, (&mut pool, &mut stats), 100).unwrap()?;
            Some(block.filled().to_vec())
        }

        fn settle(&mut self, readable: bool, writable: bool) {
            let (ring, Link { socket, ready, .. }) = self.parts();
            ring.settle(socket, ready, PLACE, Interest { readable, writable });
        }

        fn is_full(&mut self) {
            self.parts().1.ready.writable = false;
        }

        fn send(&mut self, offset: &mut u64, most: u64) -> Option<u64> {
            let Self { ring, table, files, file, .. } = self;
            let Occupant::Link(link) = &table.slot(PLACE)?.occupant else { return None };
            ring.send_file(&link.socket, files, (*file, offset), most).unwrap()
        }

        /// What has happened, waiting for it unless nothing is expected.
        fn done(&mut self, patience: Duration) -> Vec<Done> {
            self.ring.wait(Some(patience), &mut self.pool).unwrap();
            let mut done = Vec::new();
            while let Some(one) = self.ring.done(&mut self.table, &mut self.pool, &mut self.stats) {
                done.extend((one != Done::Events).then_some(one));
            }
            done
        }
    }

    const PLACE: u32 = 0;
    const NOW: Duration = Duration::ZERO;
    const SOON: Duration = Duration::from_secs(5);

    #[test]
    fn a_receive_that_was_asked_for_before_outlives_the_call() {
        let (mut bench, mut peer) = Bench::new("receive", 1_000);
        // Who has shown that it sends little is received from by the ring.
        peer.write_all(&[0]).unwrap();
        assert_eq!(bench.take().unwrap(), [0]);
        bench.settle(true, false);
        assert_eq!(bench.done(NOW), [], "the kernel has the receive");
        assert_eq!(bench.send(&mut 0, 1_000), Some(1_000));
        assert_eq!(bench.done(NOW), [], "and keeps it");
        for byte in [1, 2] {
            peer.write_all(&[byte]).unwrap();
            assert_eq!(bench.done(SOON), [Done::Input(PLACE)]);
            assert_eq!(bench.take().unwrap(), [byte]);
        }
    }

    #[test]
    fn room_is_reported_once_there_is_some() {
        let (mut bench, mut peer) = Bench::new("room", 10_000_000);
        let mut offset = 0;
        while bench.send(&mut offset, 1 << 20).is_some() {}
        assert!(offset > 0 && offset < 10_000_000);
        bench.is_full();
        bench.settle(false, true);
        bench.settle(false, true); // asks once
        assert_eq!(bench.done(NOW), [], "the peer has not read");
        let mut left = offset as usize;
        let mut got = vec![0; left];
        while left > 0 {
            left -= peer.read(&mut got[..left]).unwrap();
        }
        assert_eq!(bench.done(SOON), [Done::Room(PLACE)]);
        assert!(bench.send(&mut offset, 1 << 20).is_some());
    }

    #[test]
    fn what_waits_for_room_is_called_off_with_the_socket() {
        let (mut bench, mut peer) = Bench::new("retire", 10_000_000);
        let mut offset = 0;
        while bench.send(&mut offset, 1 << 20).is_some() {}
        bench.is_full();
        bench.settle(false, true);
        assert_eq!(bench.done(NOW), []);
        let Bench { mut ring, mut table, mut pool, mut stats, .. } = bench;
        let Occupant::Link(link) = table.vacate(PLACE) else { panic!("the link is gone") };
        ring.retire(link.socket, &link.ready, PLACE, &mut pool);
        ring.flush(&mut table, &mut pool, &mut stats).unwrap();
        let mut got = Vec::new();
        peer.read_to_end(&mut got).unwrap();
        assert_eq!(got.len() as u64, offset, "an end, for the socket is closed");
    }
}
