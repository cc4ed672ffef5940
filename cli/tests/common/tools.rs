//! Other people's programs. A test that needs one which is not there says so and passes, unless
//! `SANSWIRE_REQUIRE_TOOLS=1` is set: then it fails. `.ci/tools` installs all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock};

/// The curl program.
pub(crate) fn curl() -> Option<Command> {
    static CURL: OnceLock<Option<PathBuf>> = OnceLock::new();
    needed("curl", CURL.get_or_init(|| in_path("curl"))).map(|curl| {
        let mut command = Command::new(curl);
        // No configuration of the user's, no progress bar, but error messages.
        command
            .args(["-q", "-sS"])
            .env_remove("http_proxy")
            .env_remove("https_proxy")
            .env_remove("all_proxy");
        command.args(["--noproxy", "*"]);
        command
    })
}

/// A program of nghttp2's, or nginx.
pub(crate) fn program(name: &'static str) -> Option<Command> {
    static FOUND: Mutex<BTreeMap<&str, Option<&'static Path>>> = Mutex::new(BTreeMap::new());
    let found = *FOUND.lock().unwrap().entry(name).or_insert_with(|| {
        // Debian has servers where only root looks.
        let sbin = Path::new("/usr/sbin").join(name);
        let path = in_path(name).or_else(|| sbin.is_file().then_some(sbin))?;
        Some(Box::leak(path.into_boxed_path()))
    });
    needed(name, &found.map(Path::to_path_buf)).map(Command::new)
}

/// node by itself, running a script of `tests/peers`.
pub(crate) fn bare_node(script: &str) -> Option<Command> {
    needed("node", node_program()).map(|node| node_running(node, script))
}

/// Python with the package `websockets`, running a script of `tests/peers`.
pub(crate) fn python(script: &str) -> Option<Command> {
    static PYTHON: OnceLock<Option<PathBuf>> = OnceLock::new();
    let python = PYTHON.get_or_init(|| {
        let given = env::var_os("SANSWIRE_PYTHON").map(PathBuf::from);
        let installed = workspace().join("target/interop/venv/bin/python");
        let candidates = [given, Some(installed), in_path("python3")];
        candidates.into_iter().flatten().find(|python| quiet(python, &["-c", "import websockets.asyncio"]))
    });
    needed("Python with the package websockets", python).map(|python| {
        let mut command = Command::new(python);
        command.arg("-u").arg(peers().join(script)).env("PYTHONDONTWRITEBYTECODE", "1");
        command
    })
}

/// node with the package `ws`, running a script of `tests/peers`.
pub(crate) fn node(script: &str) -> Option<Command> {
    let node = node_program();
    let node = if peers().join("node_modules/ws").is_dir() { node } else { &None };
    needed("node with the package ws", node).map(|node| node_running(node, script))
}

/// node and Chromium, running a script of `tests/peers` which gets the browser's path as its second argument.
pub(crate) fn browser(script: &str, scenario: &str) -> Option<Command> {
    static CHROMIUM: OnceLock<Option<PathBuf>> = OnceLock::new();
    let chromium = CHROMIUM.get_or_init(|| {
        let given = env::var_os("SANSWIRE_CHROMIUM").map(PathBuf::from);
        given.or_else(|| ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(in_path))
    });
    let node = needed("node", node_program())?;
    let chromium = needed("chromium", chromium)?;
    let mut command = node_running(node, script);
    command.arg(scenario).arg(chromium);
    Some(command)
}

/// The root of the repository.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace")
}

fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers")
}

fn node_program() -> &'static Option<PathBuf> {
    static NODE: OnceLock<Option<PathBuf>> = OnceLock::new();
    NODE.get_or_init(|| in_path("node").or_else(|| in_path("nodejs")))
}

fn node_running(node: &Path, script: &str) -> Command {
    let mut command = Command::new(node);
    command.arg(peers().join(script));
    command
}

fn needed<'a>(what: &str, found: &'a Option<PathBuf>) -> Option<&'a Path> {
    if found.is_none() {
        assert!(
            env::var("SANSWIRE_REQUIRE_TOOLS").as_deref() != Ok("1"),
            "{what} is not installed, and SANSWIRE_REQUIRE_TOOLS=1 asks for it"
        );
        // Once is enough, and not by `eprintln!`, which the test runner would hide.
        static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
        if SAID.lock().unwrap().insert(what.to_owned()) {
            let line = format!("skipped: {what} is not installed (.ci/tools installs it)\n");
            let _ = std::io::stderr().write_all(line.as_bytes());
        }
    }
    found.as_deref()
}

fn in_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|candidate| candidate.is_file())
}

fn quiet(program: &Path, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
