//! An attack as the gallery shows it.

use std::io;

use super::lab::Lab;

/// One attack, and what is documented to come of it.
#[derive(Debug)]
pub(super) struct Pattern {
    /// `group/name`.
    pub(super) name: &'static str,
    /// What the attacker does, and what for, in one line.
    pub(super) what: &'static str,
    /// The CVE, or the section of an RFC that it plays with.
    pub(super) reference: &'static str,
    /// What the server does about it, as the attack reports it.
    pub(super) expected: &'static str,
    pub(super) server: Server,
    pub(super) bounds: Bounds,
    pub(super) run: fn(&Lab) -> io::Result<String>,
}

/// Which server the attack is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Server {
    /// Any.
    Any,
    /// One that speaks TLS.
    Tls,
    /// One whose deadlines are a second each.
    Hasty,
    /// Both.
    HastyTls,
    /// One that takes no more than 1,000 bytes of content.
    Small,
    /// One that serves a folder made for the attack.
    Files,
    /// None: the program `sanswire json`, which reads what the attacker writes.
    Json,
}

/// What an attack may cost the server at most, even without optimisation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// How much its memory may grow, in KiB.
    pub(super) memory: u64,
    /// Its processor time, in milliseconds.
    pub(super) cpu: u64,
}

impl Pattern {
    /// An attack on any server within the usual bounds.
    pub(super) const fn new(
        name: &'static str,
        what: &'static str,
        reference: &'static str,
        expected: &'static str,
        run: fn(&Lab) -> io::Result<String>,
    ) -> Self {
        let bounds = Bounds { memory: 2048, cpu: 500 };
        Self { name, what, reference, expected, server: Server::Any, bounds, run }
    }

    /// The same on another server.
    pub(super) const fn on(self, server: Server) -> Self {
        Self { server, ..self }
    }

    /// The same within other bounds: KiB of memory and milliseconds of processor time.
    pub(super) const fn within(self, memory: u64, cpu: u64) -> Self {
        Self { bounds: Bounds { memory, cpu }, ..self }
    }

    /// The group it belongs to.
    pub(super) fn group(&self) -> &'static str {
        self.name.split('/').next().unwrap_or_default()
    }
}

/// All attacks, in the order of the gallery.
pub(super) fn all() -> impl Iterator<Item = &'static Pattern> {
    let groups: [&[Pattern]; 17] = [
        &super::smuggling::PATTERNS,
        &super::chunks::PATTERNS,
        &super::heads::PATTERNS,
        &super::content::PATTERNS,
        &super::slow::PATTERNS,
        &super::websocket::PATTERNS,
        &super::deflate::PATTERNS,
        &super::http2::floods::PATTERNS,
        &super::http2::fields::PATTERNS,
        &super::http2::flow::PATTERNS,
        &super::http2::streams::PATTERNS,
        &super::http2::frames::PATTERNS,
        &super::http2::websocket::PATTERNS,
        &super::tls::PATTERNS,
        &super::files::PATTERNS,
        &super::crowds::PATTERNS,
        &super::json::PATTERNS,
    ];
    groups.into_iter().flatten()
}

/// The attacks of this name or group.
pub(super) fn named(name: &str) -> Vec<&'static Pattern> {
    all().filter(|pattern| pattern.name == name || pattern.group() == name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_lines_are_lines() {
        let mut names = std::collections::BTreeSet::new();
        for pattern in all() {
            assert!(names.insert(pattern.name), "{} twice", pattern.name);
            assert!(pattern.name.contains('/') && !pattern.reference.is_empty(), "{}", pattern.name);
            for text in [pattern.what, pattern.expected, pattern.reference] {
                assert!(!text.is_empty() && !text.contains(['\n', '|']), "{}: {text}", pattern.name);
            }
        }
    }
}
