//! Files and folders that are gone when the test is over.

use std::fs::{self, File};
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder of this test's own, removed when dropped.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("sanswire-test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Folder(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The path of a file in it, as text.
    pub(crate) fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("a temporary folder with a plain name").to_owned()
    }

    /// Writes a file in it, making the folders on the way, and returns its path.
    pub(crate) fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, contents).unwrap();
        self.file(name)
    }

    /// Writes a file of `len` bytes that look random and never repeat, and returns its path.
    pub(crate) fn write_noise(&self, name: &str, len: usize) -> String {
        let path = self.file(name);
        let mut out = BufWriter::with_capacity(1 << 20, File::create(&path).unwrap());
        let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
        let mut left = len;
        while left > 0 {
            let bytes = noise.next();
            let n = left.min(bytes.len());
            out.write_all(&bytes[..n]).unwrap();
            left -= n;
        }
        out.flush().unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Whether two files hold the same bytes, and how many.
#[track_caller]
pub(crate) fn assert_same(left: &str, right: &str, len: u64) {
    assert_eq!(fs::metadata(left).unwrap().len(), len);
    assert_eq!(fs::metadata(right).unwrap().len(), len, "the length differs");
    let (mut left, mut right) = (File::open(left).unwrap(), File::open(right).unwrap());
    let (mut a, mut b) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    let mut offset = 0;
    loop {
        let n = left.read(&mut a).unwrap();
        if n == 0 {
            return;
        }
        right.read_exact(&mut b[..n]).unwrap();
        if let Some(at) = (0..n).find(|&at| a[at] != b[at]) {
            panic!("the files differ from byte {} on", offset + at);
        }
        offset += n;
    }
}

struct Noise(u64);

impl Noise {
    // xorshift64: all that is asked of it is that misplaced bytes show.
    fn next(&mut self) -> [u8; 8] {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.to_le_bytes()
    }
}
