use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

use crate::case::{BODY, HELLO, SMALL, large};

/// What servers serve: files and a certificate, in a directory that is removed in the end.
#[derive(Debug)]
pub struct Site {
    directory: PathBuf,
}

impl Site {
    /// Writes the files, and makes the configuration of a client that trusts the certificate.
    ///
    /// # Errors
    /// There is no room for files.
    pub fn new() -> io::Result<(Self, Arc<ClientConfig>)> {
        let directory = std::env::temp_dir().join(format!("sanswire-servers-{}", std::process::id()));
        std::fs::create_dir_all(directory.join("root"))?;
        let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]);
        let certified = certified.map_err(io::Error::other)?;
        std::fs::write(directory.join("cert.pem"), certified.cert.pem())?;
        std::fs::write(directory.join("key.pem"), certified.signing_key.serialize_pem())?;
        for (path, content) in [(HELLO, SMALL), (BODY, &large()[..])] {
            std::fs::File::create(directory.join("root").join(&path[1..]))?.write_all(content)?;
        }
        let mut roots = RootCertStore::empty();
        roots.add(certified.cert.der().clone()).map_err(io::Error::other)?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.map_err(io::Error::other)?.with_root_certificates(roots).with_no_client_auth();
        Ok((Self { directory }, Arc::new(config)))
    }

    /// Where it is: `cert.pem`, `key.pem`, and what is served in `root`.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Removes the files.
    pub fn remove(self) {
        let _ = std::fs::remove_dir_all(self.directory);
    }
}
