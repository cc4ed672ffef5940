//! `docs/BENCHMARKS.md` and its charts are what the data in `benches/data` make.
#![allow(clippy::expect_used, reason = "a test may")]

use std::path::Path;

use benches::report;

#[test]
fn the_report_is_made_of_the_data() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (path, text) in report::files().expect("the data") {
        let found = std::fs::read_to_string(root.join(&path)).unwrap_or_default();
        assert!(found == text, "{} is stale: run `cargo run -p benches --bin report`", path.display());
    }
}
