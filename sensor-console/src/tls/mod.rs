//! TLS 1.3 and 1.2 with the console's one certificate, which is replaced in place: open connections go on.

mod first;
pub mod import;
mod kept;

use std::sync::{Arc, PoisonError, RwLock};

use rustls::{
    Error, ServerConfig,
    crypto::aws_lc_rs,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use sha2::{Digest as _, Sha256};

pub use self::kept::{CertificateFailed, open, replace};

/// The certificate in use.
#[derive(Debug)]
pub struct ServerCertificate(RwLock<Arc<CertifiedKey>>);

impl ServerCertificate {
    fn new(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Arc<Self>, Error> {
        Ok(Arc::new(Self(RwLock::new(Arc::new(certified(chain, key)?)))))
    }

    /// For new connections from now on; open ones, and whoever is signed in on them, do not notice.
    fn replace(&self, chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<(), Error> {
        let next = Arc::new(certified(chain, key)?);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = next;
        Ok(())
    }

    /// The certificate itself, DER.
    #[must_use]
    pub fn leaf(&self) -> CertificateDer<'static> {
        let certified = Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner));
        certified.cert.first().cloned().unwrap_or_else(|| CertificateDer::from(vec![]))
    }

    /// SHA-256 of the certificate, as browsers show it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.leaf())
    }
}

/// SHA-256 of the first certificate of a PEM text, as browsers show it.
#[must_use]
pub fn fingerprint_of(pem: &str) -> Option<String> {
    CertificateDer::from_pem_slice(pem.as_bytes()).ok().map(|certificate| fingerprint(&certificate))
}

fn fingerprint(certificate: &[u8]) -> String {
    let pairs: Vec<String> = Sha256::digest(certificate).iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

impl ResolvesServerCert for ServerCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn certified(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<CertifiedKey, Error> {
    let certified = CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider())?;
    certified.keys_match()?;
    Ok(certified)
}

/// HTTP/2 and HTTP/1.1 over TLS 1.3 and 1.2.
///
/// # Errors
/// When the provider has none of the versions.
pub fn server_config(certificate: Arc<ServerCertificate>) -> Result<Arc<ServerConfig>, Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(certificate);
    // Nothing is resumed: a browser that did would go on seeing the certificate of before. Connections are few.
    config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
