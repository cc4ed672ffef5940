//! Certificates made for one test.

use super::files::Folder;

/// A certificate for `localhost` and 127.0.0.1 with its key, as PEM files. It is its own issuer.
pub(crate) struct Certificate {
    folder: Folder,
}

impl Certificate {
    pub(crate) fn new() -> Self {
        Self::of(&["localhost", "127.0.0.1"])
    }

    /// One for these names.
    pub(crate) fn of(names: &[&str]) -> Self {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        let folder = Folder::new();
        folder.write("cert.pem", made.cert.pem());
        folder.write("key.pem", made.signing_key.serialize_pem());
        Certificate { folder }
    }

    pub(crate) fn cert(&self) -> String {
        self.folder.file("cert.pem")
    }

    pub(crate) fn key(&self) -> String {
        self.folder.file("key.pem")
    }
}
