//! Measures what connections take, and writes docs/BENCHMARKS.md and its charts of that and of what else is in
//! benches/data/.

use std::path::Path;
use std::process::ExitCode;

use benches::allocations::Counting;
use benches::{report, sizes};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let sizes = serde_json::to_string_pretty(&sizes::json()).unwrap_or_default() + "\n";
    let file = root.join("benches/data/sizes.json");
    let stored = std::fs::write(&file, sizes).map_err(|error| format!("{}: {error}", file.display()));
    let written = stored.and_then(|()| report::files()).and_then(|files| {
        for (path, text) in files {
            let file = root.join(&path);
            let parent = file.parent().map_or(Ok(()), std::fs::create_dir_all);
            let result = parent.and_then(|()| std::fs::write(&file, text));
            result.map_err(|error| format!("{}: {error}", file.display()))?;
            println!("{}", path.display());
        }
        Ok(())
    });
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}
