//! Finds the C libraries that the feature `rivals-c-json` measures: those that are not installed are left out, aloud.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    for (library, cfg, package) in
        [("libwebsockets", "c_lejp", "libwebsockets-dev"), ("yajl", "c_yajl", "libyajl-dev")]
    {
        println!("cargo::rustc-check-cfg=cfg({cfg})");
        if std::env::var_os("CARGO_FEATURE_RIVALS_C_JSON").is_none() {
            continue;
        }
        let found = Command::new("pkg-config").args(["--libs", library]).output();
        let Some(flags) = found.ok().filter(|found| found.status.success()) else {
            println!("cargo::warning=left out of the benches: {library} ({package}, found by pkg-config)");
            continue;
        };
        println!("cargo::rustc-cfg={cfg}");
        for flag in String::from_utf8_lossy(&flags.stdout).split_whitespace() {
            if let Some(name) = flag.strip_prefix("-l") {
                println!("cargo::rustc-link-lib={name}");
            } else if let Some(path) = flag.strip_prefix("-L") {
                println!("cargo::rustc-link-search={path}");
            }
        }
    }
}
