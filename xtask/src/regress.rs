use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use fuzz_bodies::Target;

use crate::{Result, about, root, seeds};

/// Copies `file` to where `cargo test` finds it, and says whether it still fails.
pub(crate) fn regress(file: &Path, target: Option<&str>) -> Result<()> {
    let target = of(file, target)?;
    let input = about(file, fs::read(file))?;
    let directory = root().join("fuzz/regressions").join(target.name);
    about(&directory, fs::create_dir_all(&directory))?;
    let copy = directory.join(seeds::name(&input));
    about(&copy, fs::write(&copy, &input))?;
    println!("{} is replayed by `cargo test -p fuzz-bodies` from now on.", copy.display());
    match catch_unwind(|| (target.run)(&input)) {
        Ok(()) => println!("It passes."),
        Err(_) => println!("It fails, as shown above: mend the code, and add this file to the commit."),
    }
    Ok(())
}

/// The target that `file` belongs to: the one named, or the one that its directory is named for.
pub(crate) fn of(file: &Path, target: Option<&str>) -> Result<&'static Target> {
    let directory = file.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    let name = target.or(directory).unwrap_or_default();
    Target::named(name).ok_or_else(|| format!("`{name}` is no fuzz target: name one behind the file"))
}
