//! What a measurement was made on and with.

use std::collections::BTreeMap;
use std::process::Command;

/// The first line that `program` prints about its version; `None` when it is not there.
pub fn version(program: &str, arguments: &[&str]) -> Option<String> {
    let output =
        Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())?;
    String::from_utf8_lossy(&output.stdout).lines().next().map(|line| line.trim().to_owned())
}

/// The processor, as the system names it.
pub fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name =
        text.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split_once(": "));
    name.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.to_owned())
}

/// Which vector instructions code that detects them may use, which decides what is counted.
pub fn vectors() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx2") { "x86-64 with AVX2" } else { "x86-64" }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        std::env::consts::ARCH
    }
}

/// The features of this crate that rivals are behind, and that it was built with.
pub fn features() -> Vec<&'static str> {
    let all = [
        ("rivals", cfg!(feature = "rivals")),
        ("rivals-c", cfg!(feature = "rivals-c")),
        ("rivals-nghttp2", cfg!(feature = "rivals-nghttp2")),
        ("rivals-debian", cfg!(feature = "rivals-debian")),
    ];
    all.into_iter().filter_map(|(name, on)| on.then_some(name)).collect()
}

/// What the rivals of this build are versions of: crates as Cargo.lock has them, libraries as the system has them.
pub fn rivals() -> BTreeMap<&'static str, String> {
    let lock = include_str!("../../Cargo.lock");
    let locked = |name: &&'static str| {
        let (_, package) = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?;
        Some((*name, package.split_once('"')?.0.to_owned()))
    };
    let installed = |name: &&'static str| Some((*name, version("pkg-config", &["--modversion", name])?));
    let mut versions = BTreeMap::new();
    if cfg!(feature = "rivals") {
        versions.extend(CRATES.iter().filter_map(locked));
    }
    if cfg!(feature = "rivals-c") {
        versions.extend(["libz-sys", "picohttpparser-sys"].iter().filter_map(locked));
    }
    if cfg!(feature = "rivals-nghttp2") {
        versions.extend(installed(&"libnghttp2"));
    }
    if cfg!(feature = "rivals-debian") {
        versions.extend(["libwebsockets", "yajl"].iter().filter_map(installed));
    }
    versions
}

const CRATES: [&str; 11] = [
    "actson",
    "fastwebsockets",
    "httparse",
    "jiter",
    "json-event-parser",
    "miniz_oxide",
    "serde_json",
    "sonic-rs",
    "struson",
    "tungstenite",
    "yawc",
];

/// The day, in the form of ISO 8601 and in UTC, from the seconds since 1970.
pub fn day(seconds: u64) -> String {
    // Days since 1970 to a date: https://howardhinnant.github.io/date_algorithms.html#civil_from_days
    let days = seconds as i64 / 86_400 + 719_468;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{:04}-{month:02}-{day:02}", year_of_era + era * 400 + carry)
}

#[cfg(test)]
mod tests {
    #[test]
    fn days_have_dates() {
        for (seconds, date) in [(0, "1970-01-01"), (951_782_400, "2000-02-29"), (4_102_444_799, "2099-12-31")]
        {
            assert_eq!(super::day(seconds), date);
        }
    }
}
