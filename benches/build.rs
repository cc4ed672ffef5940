//! Says which package is missing before the linker says that a library is.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    for (feature, library, package) in [
        ("RIVALS_NGHTTP2", "libnghttp2", "libnghttp2-dev"),
        ("RIVALS_DEBIAN", "libwebsockets", "libwebsockets-dev"),
        ("RIVALS_DEBIAN", "yajl", "libyajl-dev"),
    ] {
        if std::env::var_os(format!("CARGO_FEATURE_{feature}")).is_none() {
            continue;
        }
        // Without pkg-config nothing is known, and the linker may find it all the same.
        let missing = Command::new("pkg-config")
            .args(["--exists", library])
            .status()
            .is_ok_and(|status| !status.success());
        if missing {
            println!("cargo::warning={library} is not installed (Debian: {package}), so linking will fail");
        }
    }
}
