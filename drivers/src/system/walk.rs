//! Opening a file below a directory, one component after another.

use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

/// How a directory is opened in which something is to be opened: leave to pass through it is enough, where the system
/// has a flag for that. Elsewhere it takes leave to read it.
pub(crate) const DIRECTORY: OFlags = OFlags::DIRECTORY.union(OFlags::CLOEXEC).union(PASS);

#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
const PASS: OFlags = OFlags::PATH;
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
const PASS: OFlags = OFlags::RDONLY;

/// How many links are followed, as on Linux.
const LINKS: u32 = 40;

/// Opens `path` below `root` and answers as Linux' `openat2` does with `RESOLVE_BENEATH`: `XDEV` for an absolute path,
/// for a link to one, and for what leads above `root`.
///
/// The system never sees more than one component, and never follows a link: where it says that there is one, the link
/// is read and what it says is walked like the rest. `..` goes back to where we came from, which stays open until then,
/// so directories that are moved meanwhile lead nowhere else. No more are open than the tree is deep.
pub(crate) fn open(root: &OwnedFd, path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
    let mut way: Vec<OwnedFd> = Vec::new();
    let mut links = 0;
    let mut name = relative(path.as_os_str().as_bytes().to_vec())?;
    loop {
        let end = name.iter().position(|&byte| byte == b'/').unwrap_or(name.len());
        let mut rest = name.split_off(end);
        let last = rest.is_empty();
        match &name[..] {
            b"" | b"." => {}
            b".." => drop(way.pop().ok_or(Errno::XDEV)?),
            _ => {
                let here = way.last().unwrap_or(root).as_fd();
                let how = OFlags::NOFOLLOW | if last { flags } else { DIRECTORY };
                match rustix::fs::openat(here, &name[..], how, Mode::empty()) {
                    Ok(opened) if last => return Ok(opened),
                    Ok(opened) => way.push(opened),
                    // Systems do not agree on how to say that this is a link: see whether it can be read as one.
                    Err(errno) => {
                        let Ok(target) = rustix::fs::readlinkat(here, &name[..], Vec::new()) else {
                            return Err(errno);
                        };
                        links += 1;
                        if links > LINKS {
                            return Err(Errno::LOOP);
                        }
                        name = relative(target.into_bytes())?;
                        name.append(&mut rest);
                        continue;
                    }
                }
            }
        }
        if last {
            // What ends in `.`, `..` or a slash is the directory that has been reached.
            return rustix::fs::openat(way.last().unwrap_or(root), ".", flags, Mode::empty());
        }
        name = rest.split_off(1);
    }
}

fn relative(path: Vec<u8>) -> Result<Vec<u8>, Errno> {
    match path.first() {
        None => Err(Errno::NOENT),
        Some(b'/') => Err(Errno::XDEV),
        Some(_) => Ok(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, File};
    use std::os::unix::fs::{MetadataExt as _, symlink};
    use std::path::PathBuf;

    const FLAGS: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);

    /// A directory with `root` in it, which is what may be seen.
    struct Tree(PathBuf);

    impl Tree {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("drivers-walk-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            fs::create_dir_all(path.join("root/d/e")).unwrap();
            Self(path.canonicalize().unwrap())
        }

        fn root(&self) -> OwnedFd {
            rustix::fs::openat(rustix::fs::CWD, self.0.join("root"), DIRECTORY, Mode::empty()).unwrap()
        }
    }

    impl Drop for Tree {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    /// Which file it is, or why it is none.
    fn file(opened: Result<OwnedFd, Errno>) -> Result<u64, Errno> {
        opened.map(|opened| File::from(opened).metadata().unwrap().ino())
    }

    fn walk(root: &OwnedFd, path: &str) -> Result<u64, Errno> {
        file(open(root, Path::new(path), FLAGS))
    }

    #[test]
    fn links_lead_below_the_root_or_nowhere() {
        let tree = Tree::new("links");
        let (above, below) = (tree.0.clone(), tree.0.join("root"));
        fs::write(above.join("secret"), "secret").unwrap();
        fs::write(below.join("d/f"), "public").unwrap();
        for (target, link) in [
            ("d/f", "inside"),
            ("../d/../d/./f", "d/around"),
            ("..", "d/e/back"),
            ("../secret", "outside"),
            ("..", "parent"),
            ("../root/d/f", "out and in again"),
            ("/", "slash"),
            ("loop", "loop"),
            ("d/", "directory"),
            ("d/f/", "no directory"),
            ("nothing", "dangling"),
        ] {
            symlink(target, below.join(link)).unwrap();
        }
        let root = tree.root();
        let [public, d, e] = ["d/f", "d", "d/e"].map(|path| below.join(path).metadata().unwrap().ino());
        for (path, expected) in [
            ("d/f", Ok(public)),
            ("d//.//f", Ok(public)),
            ("inside", Ok(public)),
            ("d/around", Ok(public)),
            ("d/e/back/f", Ok(public)),
            ("d/e/back", Ok(d)),
            ("directory", Ok(d)),
            ("directory/f", Ok(public)),
            ("d/e/", Ok(e)),
            ("d/e/.", Ok(e)),
            ("d/e/..", Ok(d)),
            ("outside", Err(Errno::XDEV)),
            ("parent", Err(Errno::XDEV)),
            ("parent/secret", Err(Errno::XDEV)),
            ("out and in again", Err(Errno::XDEV)),
            ("slash", Err(Errno::XDEV)),
            ("slash/etc", Err(Errno::XDEV)),
            ("/etc", Err(Errno::XDEV)),
            ("..", Err(Errno::XDEV)),
            ("d/../..", Err(Errno::XDEV)),
            ("loop", Err(Errno::LOOP)),
            ("loop/f", Err(Errno::LOOP)),
            ("no directory", Err(Errno::NOTDIR)),
            ("d/f/", Err(Errno::NOTDIR)),
            ("d/f/f", Err(Errno::NOTDIR)),
            ("inside/f", Err(Errno::NOTDIR)),
            ("dangling", Err(Errno::NOENT)),
            ("none", Err(Errno::NOENT)),
            ("none/f", Err(Errno::NOENT)),
            ("", Err(Errno::NOENT)),
            ("d/\0", Err(Errno::INVAL)),
        ] {
            assert_eq!(walk(&root, path), expected, "{path}");
        }
    }

    #[test]
    fn a_directory_that_is_moved_away_leads_back_to_where_it_was_entered() {
        let tree = Tree::new("moved");
        fs::write(tree.0.join("secret"), "secret").unwrap();
        fs::write(tree.0.join("root/secret"), "public").unwrap();
        let public = tree.0.join("root/secret").metadata().unwrap().ino();
        let swap = |from: &str, to: &str| fs::rename(tree.0.join(from), tree.0.join(to)).unwrap();
        symlink("..", tree.0.join("root/d/up")).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..10_000 {
                    swap("root/d", "d");
                    swap("d", "root/d");
                }
            });
            let root = tree.root();
            for _ in 0..20_000 {
                let found = walk(&root, "d/up/secret");
                assert!(found == Ok(public) || found == Err(Errno::NOENT), "{found:?}");
            }
        });
        assert_eq!(walk(&tree.root(), "d/up/secret"), Ok(public));
    }

    /// Every path of up to four of these names, in a tree of links to each other.
    #[cfg(target_os = "linux")]
    #[test]
    fn it_answers_as_the_kernel_does() {
        use rustix::fs::ResolveFlags;
        const NAMES: [&str; 12] =
            ["d", "e", "f", "up", "self", "to", "out", "far", "ring", "rung", ".", ".."];
        let tree = Tree::new("kernel");
        for directory in ["root", "root/d", "root/d/e"] {
            let directory = tree.0.join(directory);
            fs::write(directory.join("f"), "file").unwrap();
            for (target, link) in [
                ("..", "up"),
                ("./", "self"),
                ("d/e/../../d/f", "to"),
                ("../../x/f", "out"),
                ("/tmp", "far"),
                ("rung/d", "ring"),
                ("ring/e", "rung"),
            ] {
                symlink(target, directory.join(link)).unwrap();
            }
        }
        let root = tree.root();
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        let kernel = |path: &str| loop {
            match file(rustix::fs::openat2(&root, path, FLAGS, Mode::empty(), resolve)) {
                Err(Errno::AGAIN) => {} // something on the system was renamed meanwhile
                answer => return answer,
            }
        };
        if let Err(Errno::NOSYS | Errno::PERM) = kernel("f") {
            println!("there is no openat2 to compare with");
            return;
        }
        let mut files = 0;
        let mut check = |path: &str| {
            let expected = kernel(path);
            files += u32::from(expected.is_ok());
            assert_eq!(walk(&root, path), expected, "{path}");
        };
        let mut paths = vec![String::new()];
        for _ in 0..4 {
            paths = paths.iter().flat_map(|path| NAMES.map(|name| format!("{path}{name}/"))).collect();
            for path in &paths {
                check(path);
                check(path.trim_end_matches('/'));
            }
        }
        // Links in a row: forty are followed, one more is not.
        for count in [39, 40, 41] {
            check(&format!("{}f", "self/".repeat(count)));
        }
        assert_eq!(walk(&root, &format!("{}f", "self/".repeat(41))), Err(Errno::LOOP));
        assert!(files > 500, "{files}");
    }
}
