//! Paths that lead out of the folder that is served, and ranges that ask for more than there is.

use std::io;

use super::lab::Lab;
use super::pattern::{Pattern, Server};
use super::victim::{LARGE, SECRET};

/// Asks for a path, and says whether what lies outside came back.
fn get(lab: &Lab, path: &str, fields: &str) -> io::Result<String> {
    let mut wire = lab.connect()?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{fields}\r\n");
    wire.send(request.as_bytes());
    wire.finish();
    let leaked = wire.heard().windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
    let passwords = wire.heard().windows(5).any(|window| window == b"root:");
    let answer = super::http::answer(&wire);
    Ok(if leaked || passwords { format!("{answer}, leaked") } else { answer })
}

/// Asks for a path, and says where it is redirected to.
fn redirect(lab: &Lab, path: &str) -> io::Result<String> {
    let mut wire = lab.connect()?;
    wire.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes());
    wire.finish();
    let heard = String::from_utf8_lossy(wire.heard());
    let location = heard.lines().find_map(|line| line.strip_prefix("location: ")).unwrap_or("nowhere");
    Ok(super::http::answer(&wire).replace(',', &format!(" to {location},")))
}

/// A path out of the root.
const fn path(
    name: &'static str,
    what: &'static str,
    reference: &'static str,
    expected: &'static str,
    run: fn(&Lab) -> io::Result<String>,
) -> Pattern {
    Pattern::new(name, what, reference, expected, run).on(Server::Files)
}

/// Asks for `large.bin` with these ranges.
fn ranges(lab: &Lab, ranges: &str) -> io::Result<String> {
    get(lab, "/large.bin", &format!("Range: bytes={ranges}\r\n"))
}

pub(super) static PATTERNS: [Pattern; 26] = [
    path("files/dot-dot", "/../secret.txt", "CWE-22", "404, closed", |lab| get(lab, "/../secret.txt", "")),
    path("files/dot-dot-deep", "up from a folder", "CWE-22", "404, closed", |lab| {
        get(lab, "/sub/../../secret.txt", "")
    }),
    path("files/dot-dot-many", "up, far beyond the root", "CWE-22", "404, closed", |lab| {
        get(lab, &format!("{}/etc/passwd", "/..".repeat(100)), "")
    }),
    path("files/encoded-dots", "%2e%2e", "CWE-22, CVE-2021-41773", "404, closed", |lab| {
        get(lab, "/%2e%2e/secret.txt", "")
    }),
    path("files/half-encoded-dots", ".%2e", "CVE-2021-41773", "404, closed", |lab| {
        get(lab, "/sub/.%2e/.%2e/secret.txt", "")
    }),
    path("files/encoded-slash", "..%2f", "CWE-22", "404, closed", |lab| get(lab, "/..%2fsecret.txt", "")),
    path("files/encoded-twice", "%252e%252e", "CVE-2021-42013", "404, closed", |lab| {
        get(lab, "/%252e%252e/secret.txt", "")
    }),
    path(
        "files/percent-32",
        "%%32%65, which becomes a dot when decoded twice",
        "CVE-2021-42013",
        "400, closed",
        |lab| get(lab, "/%%32%65%%32%65/secret.txt", ""),
    ),
    path("files/backslash", "..\\", "CWE-22", "404, closed", |lab| get(lab, "/..\\secret.txt", "")),
    path("files/encoded-backslash", "..%5c", "CWE-22", "404, closed", |lab| get(lab, "/..%5csecret.txt", "")),
    path("files/overlong-slash", "..%c0%af, a slash in two bytes", "CVE-2000-0884", "400, closed", |lab| {
        get(lab, "/..%c0%afsecret.txt", "")
    }),
    path("files/nul", "a NUL that ends the name early", "CWE-158", "404, closed", |lab| {
        get(lab, "/open.txt%00.html", "")
    }),
    path("files/double-slash", "//etc/passwd", "CWE-22", "404, closed", |lab| get(lab, "//etc/passwd", "")),
    path("files/absolute", "an absolute target with dots", "RFC 9112 3.2.2", "404, closed", |lab| {
        get(lab, "http://localhost/../secret.txt", "")
    }),
    path(
        "files/no-slash",
        "a target that does not begin with a slash",
        "RFC 9112 3.2",
        "400, closed",
        |lab| get(lab, "../secret.txt", ""),
    ),
    path("files/symlink", "a link to a file outside of the root", "CWE-61", "403, closed", |lab| {
        get(lab, "/link.txt", "")
    }),
    path("files/symlink-folder", "a link to a folder outside of the root", "CWE-61", "403, closed", |lab| {
        get(lab, "/up/secret.txt", "")
    }),
    path("files/symlink-root", "a link to the root of the file system", "CWE-61", "403, closed", |lab| {
        get(lab, "/everything/etc/passwd", "")
    }),
    path(
        "files/redirect-elsewhere",
        "//sub, a folder, and redirected to it: to the host of that name, if the slashes stay",
        "CWE-601, RFC 3986 4.2",
        "301 to /sub/, closed",
        |lab| redirect(lab, "//sub"),
    ),
    path(
        "files/redirect-split",
        "a line end in the path that is redirected to",
        "CWE-113",
        "404, closed",
        |lab| get(lab, "/sub%0d%0aSet-Cookie:%20x=y", ""),
    ),
    path("files/hidden", "a file whose name begins with a dot", "CWE-538", "404, closed", |lab| {
        get(lab, "/.hidden", "")
    }),
    path("files/range-flood", "1,300 ranges of one file", "CVE-2011-3192", "200, closed", |lab| {
        ranges(lab, &(0..1300).map(|n| format!("{n}-")).collect::<Vec<_>>().join(","))
    }),
    path(
        "files/range-overlap",
        "the whole file 100 times",
        "CVE-2011-3192, RFC 9110 14.2",
        "200, closed",
        |lab| ranges(lab, &["0-"; 100].join(",")),
    ),
    path("files/range-beyond", "a range behind the end", "RFC 9110 15.5.17", "416, closed", |lab| {
        ranges(lab, &format!("{LARGE}-"))
    }),
    path("files/range-overflow", "ranges whose numbers do not fit", "CVE-2015-1635", "206, closed", |lab| {
        ranges(lab, "1-18446744073709551616")
    }),
    path(
        "files/pipeline",
        "a file of 1 MiB asked for 100 times at once",
        "RFC 9112 9.3.2",
        "100 MiB, closed",
        |lab| {
            let mut wire = lab.connect()?;
            wire.send("GET /large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(99).as_bytes());
            wire.send(b"GET /large.bin HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            let end = super::http::ending(wire.finish());
            Ok(format!("{} MiB, {end}", wire.received() >> 20))
        },
    )
    .within(2048, 2000),
];
