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
    use crate::link::{Interest, Ready};
    use crate::pool::Pool;

    struct Bench {
        ring: Ring,
        pool: Pool,
        stats: Stats,
        socket: OwnedFd,
        ready: Ready,
        files: Files,
        file: FileId,
    }

    impl Bench {
        /// A socket on a ring, its peer, and a file of so many bytes.
        fn new(name: &str, len: usize) -> (Self, UnixStream) {
            let root = std::env::temp_dir().join(format!("drivers-ring-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&root).unwrap();
            std::fs::write(root.join("file"), vec![7; len]).unwrap();
            let mut files = Files::new(1);
            let (file, _) = files.open(&mut FileList::default(), &root, Path::new("file")).unwrap();
            std::fs::remove_dir_all(root).unwrap();
            let (socket, peer) = UnixStream::pair().unwrap();
            let (mut ring, socket) = (Ring::new(-1).unwrap(), OwnedFd::from(socket));
            let mut ready = Ready { readable: true, writable: true, ..Ready::default() };
            ring.attach(&socket, &mut ready, 5).unwrap();
            let (mut pool, mut stats) = (Pool::new(20_000, 1 << 20), Stats::default());
            // The first read is a system call.
            assert!(ring.take(&socket, &mut ready, (&mut pool, &mut stats), 100).unwrap().is_none());
            (Self { ring, pool, stats, socket, ready, files, file }, peer)
        }

        fn settle(&mut self, readable: bool, writable: bool) {
            self.ring.settle(&self.socket, self.ready, Interest { readable, writable });
        }

        fn send(&mut self, offset: &mut u64, most: u64) -> Option<u64> {
            self.ring.send_file(&self.socket, &self.files, (self.file, offset), most).unwrap()
        }

        /// What has happened, waiting for it unless nothing is expected.
        fn done(&mut self, patience: Duration) -> Vec<Done> {
            self.ring.wait(Some(patience), &mut self.pool).unwrap();
            let mut done = Vec::new();
            while let Some(one) = self.ring.done(&mut self.pool, &mut self.stats) {
                done.extend((one != Done::Events).then_some(one));
            }
            done
        }
    }

    const NOW: Duration = Duration::ZERO;
    const SOON: Duration = Duration::from_secs(5);

    #[test]
    fn a_receive_that_was_asked_for_before_outlives_the_call() {
        let (mut bench, mut peer) = Bench::new("receive", 1_000);
        bench.settle(true, false);
        assert_eq!(bench.done(NOW), [], "the kernel has the receive");
        assert_eq!(bench.send(&mut 0, 1_000), Some(1_000));
        assert_eq!(bench.done(NOW), [], "and keeps it");
        for byte in [1, 2] {
            peer.write_all(&[byte]).unwrap();
            assert_eq!(bench.done(SOON), [Done::Input(5)]);
            let Bench { ring, pool, stats, socket, ready, .. } = &mut bench;
            let block = ring.take(socket, ready, (&mut *pool, stats), 100).unwrap().unwrap();
            assert_eq!(block.filled(), [byte]);
            pool.give(block);
        }
    }

    #[test]
    fn room_is_reported_once_there_is_some() {
        let (mut bench, mut peer) = Bench::new("room", 10_000_000);
        let mut offset = 0;
        while bench.send(&mut offset, 1 << 20).is_some() {}
        assert!(offset > 0 && offset < 10_000_000);
        bench.ready.writable = false;
        bench.settle(false, true);
        bench.settle(false, true); // asks once
        assert_eq!(bench.done(NOW), [], "the peer has not read");
        let mut left = offset as usize;
        let mut got = vec![0; left];
        while left > 0 {
            left -= peer.read(&mut got[..left]).unwrap();
        }
        assert_eq!(bench.done(SOON), [Done::Room(5)]);
        assert!(bench.send(&mut offset, 1 << 20).is_some());
    }

    #[test]
    fn what_waits_for_room_is_called_off_with_the_socket() {
        let (mut bench, mut peer) = Bench::new("retire", 10_000_000);
        let mut offset = 0;
        while bench.send(&mut offset, 1 << 20).is_some() {}
        bench.ready.writable = false;
        bench.settle(false, true);
        assert_eq!(bench.done(NOW), []);
        let Bench { mut ring, mut pool, mut stats, socket, ready, .. } = bench;
        ring.retire(socket, &ready, &mut pool);
        ring.flush(&mut pool, &mut stats).unwrap();
        let mut got = Vec::new();
        peer.read_to_end(&mut got).unwrap();
        assert_eq!(got.len() as u64, offset, "an end, for the socket is closed");
    }
}
