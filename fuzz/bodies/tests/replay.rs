//! Replays every seed and every input that once failed.

#![allow(clippy::expect_used, reason = "a test may")]

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use fuzz_bodies::TARGETS;

fn fuzz() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("fuzz/")
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = directory.read_dir().into_iter().flatten().flatten().map(|e| e.path()).collect();
    files.sort();
    files
}

fn names(directory: &str) -> BTreeSet<String> {
    files(&fuzz().join(directory))
        .iter()
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect()
}

#[test]
fn seeds_and_regressions() {
    let (mut replayed, mut failed) = (0, Vec::new());
    for target in TARGETS {
        for kind in ["seeds", "regressions"] {
            for file in files(&fuzz().join(kind).join(target.name)) {
                let input = fs::read(&file).expect("a readable file");
                replayed += 1;
                if catch_unwind(|| (target.run)(&input)).is_err() {
                    failed.push(file);
                }
            }
        }
        for input in [&b""[..], b"\0", b"\xff\xff\xff\xff"] {
            (target.run)(input);
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(replayed > TARGETS.len());
}

#[test]
fn seeds_are_those_that_the_program_writes() {
    for target in TARGETS {
        let expected: BTreeSet<_> = (target.seeds)().into_iter().collect();
        assert!(!expected.is_empty(), "{}", target.name);
        let found: BTreeSet<_> = files(&fuzz().join("seeds").join(target.name))
            .iter()
            .map(|file| fs::read(file).expect("a readable file"))
            .collect();
        assert!(found == expected, "{}: run `cargo xtask seeds`", target.name);
    }
}

#[test]
fn every_target_is_everywhere() {
    let expected: BTreeSet<_> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(names("fuzz_targets"), expected);
    assert_eq!(names("seeds"), expected);
    assert!(names("regressions").is_subset(&expected));
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).expect("the manifest");
    let bins = manifest
        .lines()
        .filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"').map(str::to_owned))
        .filter(|name| name != "sanswire-fuzz")
        .collect();
    assert_eq!(expected, bins);
    for dictionary in TARGETS.iter().filter_map(|target| target.dictionary) {
        assert!(names("dictionaries").contains(dictionary), "{dictionary}");
    }
}
