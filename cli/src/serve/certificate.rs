//! Which certificates the server shows.

use std::path::Path;

use drivers::{Identity, ServerTls, TlsAcceptor};

use crate::args::Serve;
use crate::exit::{Failure, Kind};

fn start(message: impl Into<String>) -> Failure {
    Failure::new(Kind::Start, message)
}

/// TLS with the certificates of the options, or with one made for the occasion.
pub(super) fn acceptor(options: &Serve) -> Result<TlsAcceptor, Failure> {
    let identities = if options.cert.is_empty() {
        vec![self_signed()?]
    } else if options.cert.len() == options.key.len() {
        let pairs = options.cert.iter().zip(&options.key);
        pairs
            .map(|(chain, key)| Ok(Identity { chain: read(chain)?, key: read(key)? }))
            .collect::<Result<_, _>>()?
    } else {
        return Err(Failure::new(Kind::Usage, "as many --key as --cert are needed"));
    };
    let mut alpn = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    if options.no_h2 {
        alpn.remove(0);
    }
    let tls = ServerTls { identities, alpn, key_log: true, ..ServerTls::default() };
    let pairs = options.cert.iter().zip(&options.key);
    let files = pairs.map(|(chain, key)| format!("{} with {}", chain.display(), key.display()));
    let files = files.collect::<Vec<_>>().join(", ");
    tls.build().map_err(|error| start(format!("cannot use {files}: {error}")))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| start(format!("cannot read {}: {error}", path.display())))
}

/// A certificate for this machine under its local names, signed by nobody but itself.
fn self_signed() -> Result<Identity, Failure> {
    let names = ["localhost", "127.0.0.1", "::1"].map(String::from);
    let made = rcgen::generate_simple_self_signed(names)
        .map_err(|error| start(format!("cannot make a certificate: {error}")))?;
    Ok(Identity { chain: made.cert.pem().into_bytes(), key: made.signing_key.serialize_pem().into_bytes() })
}
