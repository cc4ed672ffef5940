//! Pieces of files are in memory before they are read, so that nobody waits for a disk.
//!
//! The kernel is asked to read a piece into a block that nobody looks at. What counts is that its cache has the piece
//! afterwards, and that the link is told: it then reads as it would have. So it does not matter to anybody what became
//! of the operation, nor who has the link's place by then.

use std::fs::File;
use std::io::IoSliceMut;
use std::os::fd::{AsRawFd as _, OwnedFd};

use ::io_uring::opcode;
use ::io_uring::types::Fd;
use rustix::io::{Errno, ReadWriteFlags};

use super::buffers::Lent;
use super::port::Key;
use super::{Done, FETCH, Ring};
use crate::pool::Pool;

/// How many pieces are fetched at a time. Each has a descriptor, which is not to be had back before the disk has answered,
/// whether or not the link still waits; the next is read in its turn.
const MOST: usize = 64;

/// What is being fetched, and where to.
#[derive(Debug, Default)]
pub(super) struct Fetches {
    /// The files, each under a descriptor of its own, for the link may close its one meanwhile.
    files: Vec<OwnedFd>,
    /// What is read goes here, of all files at once.
    sink: Option<Lent>,
    /// What is to be asked for when the turn is over.
    wanted: Option<Wanted>,
}

#[derive(Debug)]
struct Wanted {
    file: OwnedFd,
    offset: u64,
    len: u32,
}

impl Ring {
    /// Reads what is in memory, once and without waiting, and says how much: none at the end of the file.
    ///
    /// # Errors
    /// [`Errno::AGAIN`]: nothing is in memory. What else goes wrong shows when it is read in the usual way: file
    /// systems need not know how not to wait.
    pub(crate) fn read_file(&mut self, file: &File, offset: u64, room: &mut [u8]) -> Result<usize, Errno> {
        if self.faults.waits() {
            return Err(Errno::AGAIN);
        }
        rustix::io::preadv2(file, &mut [IoSliceMut::new(room)], offset, ReadWriteFlags::NOWAIT)
    }

    /// Asks for `len` bytes from `offset` on, as many of them as are fetched at a time, for the link whose turn it is;
    /// [`Done::Fetched`] follows. False: that is impossible now.
    pub(crate) fn fetch(&mut self, pool: &mut Pool, file: &File, (offset, len): (u64, usize)) -> bool {
        if self.fetches.files.len() >= MOST {
            return false;
        }
        let Ok(file) = rustix::io::fcntl_dupfd_cloexec(file, 0) else { return false };
        let sink = self.fetches.sink.get_or_insert_with(|| Lent::whole(pool.take()));
        let len = sink.len().min(u32::try_from(len).unwrap_or(u32::MAX));
        self.fetches.wanted = Some(Wanted { file, offset, len });
        true
    }

    /// Hands over what the link at `place` has asked for in its turn.
    pub(super) fn begin_fetch(&mut self, place: u32) {
        let Fetches { files, sink: Some(sink), wanted } = &mut self.fetches else { return };
        let Some(Wanted { file, offset, len }) = wanted.take() else { return };
        let key = Key::new(&file, place);
        files.push(file);
        let read = opcode::Read::new(Fd(key.fd), sink.as_ptr().cast_mut(), len).offset(offset).build();
        self.ask(read, FETCH, key);
    }

    pub(super) fn fetched(&mut self, key: Key) -> Done {
        self.fetches.files.retain(|file| file.as_raw_fd() != key.fd);
        Done::Fetched(key.place)
    }
}

impl Fetches {
    /// The link that has asked for something is gone.
    pub(super) fn forget(&mut self) {
        self.wanted = None;
    }

    /// Takes back the block, unless it is with the kernel still.
    pub(super) fn reclaim(&mut self) {
        if self.files.is_empty()
            && let Some(sink) = self.sink.take()
        {
            // SAFETY: every read into the block has been answered.
            drop(unsafe { sink.reclaim() });
        }
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::io::Write as _;

    use super::*;
    use crate::limits::Stats;
    use crate::table::Table;

    const LEN: usize = 1 << 20;

    /// A file that is on its disk alone, if it has one.
    fn cold(name: &str) -> File {
        let path = std::env::temp_dir().join(format!("drivers-fetch-{name}-{}", std::process::id()));
        let mut file =
            File::options().read(true).write(true).create(true).truncate(true).open(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        file.write_all(&[7; LEN]).unwrap();
        file.sync_all().unwrap();
        rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).unwrap();
        file
    }

    /// What has happened, once something has.
    fn done(ring: &mut Ring, pool: &mut Pool) -> Done {
        loop {
            ring.wait(Some(Duration::from_secs(5)), pool).unwrap();
            let done = ring.done(&mut Table::<()>::new(), pool, &mut Stats::default());
            if let Some(done) = done.filter(|&done| done != Done::Events) {
                return done;
            }
        }
    }

    #[test]
    fn what_is_not_in_memory_is_fetched_and_reported() {
        let (mut ring, mut pool) = (Ring::new(-1).unwrap(), Pool::new(65_536, 0));
        let file = cold("one");
        let (last, mut room) = (LEN as u64 - 1000, [0; 2000]);
        if ring.read_file(&file, last, &mut room) != Err(Errno::AGAIN) {
            eprintln!("skipped: there is no disk below the directory of temporary files");
            return;
        }
        assert!(ring.fetch(&mut pool, &file, (last, 1000)));
        ring.begin_fetch(5);
        assert_eq!(done(&mut ring, &mut pool), Done::Fetched(5));
        assert!(ring.fetches.files.is_empty());
        assert_eq!(ring.read_file(&file, last, &mut room), Ok(1000));
        assert_eq!(room[..1000], [7; 1000]);
    }

    #[test]
    fn no_more_is_fetched_at_a_time_than_there_are_descriptors_for() {
        let (mut ring, mut pool) = (Ring::new(-1).unwrap(), Pool::new(65_536, 0));
        let file = cold("most");
        for place in 0..MOST as u32 {
            assert!(ring.fetch(&mut pool, &file, (0, LEN)));
            ring.begin_fetch(place);
        }
        assert!(!ring.fetch(&mut pool, &file, (0, LEN)));
        done(&mut ring, &mut pool);
        assert!(ring.fetch(&mut pool, &file, (0, LEN)));
    }

    #[test]
    fn files_and_rings_may_be_closed_before_the_answer() {
        let (mut ring, mut pool) = (Ring::new(-1).unwrap(), Pool::new(65_536, 0));
        for place in [3, 4] {
            assert!(ring.fetch(&mut pool, &cold("closed"), (0, LEN)));
            ring.begin_fetch(place);
        }
        ring.begin_fetch(5); // asks for nothing
        let mut places = [done(&mut ring, &mut pool), done(&mut ring, &mut pool)];
        places.sort_by_key(|done| matches!(done, Done::Fetched(4)));
        assert_eq!(places, [Done::Fetched(3), Done::Fetched(4)]);
        assert!(ring.fetches.files.is_empty());
        assert!(ring.fetch(&mut pool, &cold("ring"), (0, LEN)));
        ring.begin_fetch(3);
        drop(ring);
    }
}
