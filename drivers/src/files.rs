use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;

use app::{Closed, FileError, FileId, FileMeta};
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;

use crate::system;

/// The files that the connections of one thread have open.
#[derive(Debug)]
pub(crate) struct Files {
    slots: Vec<Slot>,
    free: Vec<u32>,
    limit: u32,
    /// How many were not opened because of that.
    pub(crate) refused: u64,
}

#[derive(Debug)]
enum Slot {
    Free,
    /// `next` is the connection's next file: its files are a list whose head it keeps.
    Open {
        file: File,
        next: FileList,
    },
}

/// The files of one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileList(u32);

impl FileList {
    pub(crate) const EMPTY: Self = Self(u32::MAX);
}

impl Default for FileList {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl Files {
    pub(crate) const fn new(limit: u32) -> Self {
        Self { slots: Vec::new(), free: Vec::new(), limit, refused: 0 }
    }

    /// Opens `path` below `root` and puts it on `list`.
    pub(crate) fn open(
        &mut self,
        list: &mut FileList,
        root: &Path,
        path: &Path,
    ) -> Result<(FileId, FileMeta), FileError> {
        if self.slots.len() - self.free.len() >= self.limit as usize {
            self.refused += 1;
            return Err(FileError::Busy);
        }
        let (file, meta) = open_below(root, path)?;
        let slot = Slot::Open { file, next: *list };
        let index = match self.free.pop() {
            Some(index) => {
                self.slots[index as usize] = slot;
                index
            }
            None => {
                self.slots.push(slot);
                (self.slots.len() - 1) as u32
            }
        };
        *list = FileList(index);
        Ok((FileId(index), meta))
    }

    pub(crate) fn get(&self, id: FileId) -> Option<&File> {
        match self.slots.get(id.0 as usize)? {
            Slot::Open { file, .. } => Some(file),
            Slot::Free => None,
        }
    }

    /// Reads at `offset` until `room` is full or the file ends, and says how much.
    pub(crate) fn read(&self, id: FileId, offset: u64, room: &mut [u8]) -> Result<usize, FileError> {
        let Some(file) = self.get(id) else { return Err(FileError::Io) };
        let mut len = 0;
        while len < room.len() {
            match file.read_at(&mut room[len..], offset.saturating_add(len as u64)) {
                Ok(0) => break,
                Ok(more) => len += more,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => return Err(FileError::Io),
            }
        }
        Ok(len)
    }

    /// Sends up to `most` bytes from `offset` on, which moves, and says how many: none at the end of the file.
    /// `None`: the socket takes no more for now.
    pub(crate) fn send(
        &self,
        id: FileId,
        socket: &OwnedFd,
        offset: &mut u64,
        most: usize,
    ) -> Result<Option<u64>, Closed> {
        let Some(file) = self.get(id) else { return Err(Closed::Reset) };
        loop {
            match system::sendfile(socket, file, offset, most) {
                Ok(sent) => return Ok(Some(sent as u64)),
                Err(Errno::AGAIN) => return Ok(None),
                Err(Errno::INTR) => {}
                Err(_) => return Err(Closed::Reset),
            }
        }
    }

    /// Closes a file of `list`; one that is not on it is left alone.
    pub(crate) fn close(&mut self, list: &mut FileList, id: FileId) {
        let mut at = list.0;
        if at == id.0 {
            *list = self.remove(id.0);
            return;
        }
        while let Some(Slot::Open { next, .. }) = self.slots.get(at as usize) {
            if next.0 == id.0 {
                let rest = self.remove(id.0);
                if let Some(Slot::Open { next, .. }) = self.slots.get_mut(at as usize) {
                    *next = rest;
                }
                return;
            }
            at = next.0;
        }
    }

    /// Closes all files of `list`.
    pub(crate) fn close_all(&mut self, list: &mut FileList) {
        while *list != FileList::EMPTY {
            *list = self.remove(list.0);
        }
    }

    /// Frees a slot and gives what followed it on its list.
    fn remove(&mut self, index: u32) -> FileList {
        let Some(slot) = self.slots.get_mut(index as usize) else { return FileList::EMPTY };
        match core::mem::replace(slot, Slot::Free) {
            Slot::Open { next, .. } => {
                self.free.push(index);
                next
            }
            Slot::Free => FileList::EMPTY,
        }
    }
}

/// Opens a regular file for reading that lies below `root` once symbolic links are followed, whatever others do to
/// the directories at the same time.
fn open_below(root: &Path, path: &Path) -> Result<(File, FileMeta), FileError> {
    let directory = rustix::fs::openat(CWD, root, system::DIRECTORY, Mode::empty()).map_err(file_error)?;
    // Not blocking: opening a FIFO would wait for its writer.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = match system::open_beneath(&directory, path, flags) {
        // An absolute link may well lead to a place below the root: name that place relative to it, and check again.
        Err(Errno::XDEV) => system::open_beneath(&directory, &real_path_below(root, path)?, flags),
        opened => opened,
    };
    let file = File::from(file.map_err(file_error)?);
    let meta = file.metadata().map_err(|_| FileError::Io)?;
    if meta.is_dir() {
        return Err(FileError::Directory);
    }
    if !meta.is_file() {
        return Err(FileError::Forbidden);
    }
    let modified = u64::try_from(meta.mtime()).ok();
    let modified_nanos = u32::try_from(meta.mtime_nsec()).unwrap_or(0);
    Ok((file, FileMeta { len: meta.len(), modified, modified_nanos }))
}

fn real_path_below(root: &Path, path: &Path) -> Result<std::path::PathBuf, FileError> {
    let error = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => FileError::NotFound,
        _ => FileError::Forbidden,
    };
    let root = root.canonicalize().map_err(error)?;
    // `join` with an absolute path would leave the root: the check below catches that too.
    let real = root.join(path).canonicalize().map_err(error)?;
    let below = real.strip_prefix(&root).map_err(|_| FileError::Forbidden)?;
    Ok(if below.as_os_str().is_empty() { ".".into() } else { below.into() })
}

fn file_error(error: Errno) -> FileError {
    match error {
        Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG | Errno::INVAL => FileError::NotFound,
        Errno::ACCESS | Errno::PERM | Errno::LOOP | Errno::XDEV | Errno::NXIO | Errno::OPNOTSUPP => {
            FileError::Forbidden
        }
        Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::AGAIN => FileError::Busy,
        Errno::ISDIR => FileError::Directory,
        _ => FileError::Io,
    }
}
