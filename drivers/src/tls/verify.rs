use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::Dangers;

/// Verifies a server's certificate, less what was allowed by name.
///
/// The checks are rustls's own; only the verdicts are weighed here. Unlike rustls's verifier this one may have no
/// roots at all: then it trusts nobody, instead of keeping a program from starting where none are installed.
#[derive(Debug)]
pub(super) struct Verifier {
    pub(super) roots: RootCertStore,
    pub(super) dangers: Dangers,
    pub(super) provider: Arc<CryptoProvider>,
}

/// How many certificates of a chain may be out of date, each moving the clock of the check once.
const CLOCK_CHANGES: u32 = 8;

impl Verifier {
    fn verify_chain(
        &self,
        certificate: &ParsedCertificate<'_>,
        intermediates: &[CertificateDer<'_>],
        mut now: UnixTime,
    ) -> Result<(), Error> {
        let algorithms = self.provider.signature_verification_algorithms.all;
        let mut clock_changes = if self.dangers.accept_expired { CLOCK_CHANGES } else { 0 };
        loop {
            let verdict = verify_server_cert_signed_by_trust_anchor(
                certificate,
                &self.roots,
                intermediates,
                now,
                algorithms,
            );
            let Err(Error::InvalidCertificate(error)) = &verdict else { return verdict };
            match error {
                CertificateError::ExpiredContext { not_after, .. } if clock_changes > 0 => now = *not_after,
                CertificateError::NotValidYetContext { not_before, .. } if clock_changes > 0 => {
                    now = *not_before
                }
                // Signed by a namesake of somebody trusted (`BadSignature`) is signed by somebody unknown. The
                // certificate itself has been found in order, dates included, before its issuer is sought.
                error if is_unknown_issuer(error) => {
                    return if self.dangers.accept_self_signed {
                        Ok(())
                    } else {
                        Err(CertificateError::UnknownIssuer.into())
                    };
                }
                _ => return verdict,
            }
            clock_changes -= 1;
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let certificate = ParsedCertificate::try_from(certificate)?;
        self.verify_chain(&certificate, intermediates, now)?;
        if !self.dangers.skip_host_name {
            verify_server_name(&certificate, name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn is_unknown_issuer(error: &CertificateError) -> bool {
    match error {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => true,
        // That of an authority, which is what self-signed certificates made with common tools are.
        CertificateError::Other(error) => {
            error.0.downcast_ref::<webpki::Error>() == Some(&webpki::Error::CaUsedAsEndEntity)
        }
        _ => false,
    }
}
