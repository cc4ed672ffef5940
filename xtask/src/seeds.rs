use std::fs;

use fuzz_bodies::TARGETS;

use crate::{Result, about, root};

/// Writes the seeds of every target, each in a file that is named for its content.
pub(crate) fn write() -> Result<()> {
    let seeds = root().join("fuzz/seeds");
    if seeds.exists() {
        about(&seeds, fs::remove_dir_all(&seeds))?;
    }
    for target in TARGETS {
        let directory = seeds.join(target.name);
        about(&directory, fs::create_dir_all(&directory))?;
        for seed in (target.seeds)() {
            let file = directory.join(name(&seed));
            about(&file, fs::write(&file, &seed))?;
        }
    }
    Ok(())
}

/// A name that depends on the content alone.
pub(crate) fn name(content: &[u8]) -> String {
    format!("{:016x}", fuzz_bodies::hash(content))
}
