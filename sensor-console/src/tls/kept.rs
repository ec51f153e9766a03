//! Certificate chain and key on the disk: one file, so that they are always of a pair.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use picket_protocol::time::UnixSeconds;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};

use super::{ServerCertificate, first};

const FILE: &str = "server.pem";
/// Most bytes of the file.
const MAX_FILE: usize = 256 * 1024;

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum CertificateFailed {
    /// The disk.
    #[error("the certificate cannot be kept in {path}")]
    Storage {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is no chain with a key that fits.
    #[error("{path}: no certificate with a key that fits")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// None could be made.
    #[error("no certificate could be made")]
    NotMade(#[source] rcgen::Error),
}

/// The certificate of the last start, or the first one.
///
/// # Errors
/// [`CertificateFailed`].
pub fn open(folder: &Path, host: &str, build_date: UnixSeconds) -> Result<Arc<ServerCertificate>, CertificateFailed> {
    let path = folder.join(FILE);
    let storage = |source| CertificateFailed::Storage { path: path.clone(), source };
    let content = match picket_durable::read_bounded(&path, MAX_FILE) {
        Ok(content) => content,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let content = make(host, build_date)?.into_bytes();
            picket_durable::replace(&path, &content).map_err(storage)?;
            content
        }
        Err(source) => return Err(storage(source)),
    };
    let (chain, key) = parse(&content).ok_or_else(|| CertificateFailed::Damaged { path: path.clone() })?;
    ServerCertificate::new(chain, key).map_err(|_| CertificateFailed::Damaged { path })
}

/// Uses chain and key from now on, and after a restart. They fit, as the caller has made sure.
///
/// # Errors
/// [`CertificateFailed`]; the old ones stay then.
pub fn replace(folder: &Path, certificate: &ServerCertificate, pem: &str) -> Result<(), CertificateFailed> {
    let path = folder.join(FILE);
    let damaged = || CertificateFailed::Damaged { path: path.clone() };
    let (chain, key) = parse(pem.as_bytes()).ok_or_else(damaged)?;
    super::certified(chain.clone(), key.clone_key()).map_err(|_| damaged())?;
    picket_durable::replace(&path, pem.as_bytes())
        .map_err(|source| CertificateFailed::Storage { path: path.clone(), source })?;
    certificate.replace(chain, key).map_err(|_| damaged())
}

fn make(host: &str, build_date: UnixSeconds) -> Result<String, CertificateFailed> {
    // A host name that does not fit into a certificate is no reason to have none.
    first::self_signed(host, build_date)
        .or_else(|_| first::self_signed("picket-sensor", build_date))
        .map_err(CertificateFailed::NotMade)
}

fn parse(pem: &[u8]) -> Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().ok()?;
    let key = PrivateKeyDer::from_pem_slice(pem).ok()?;
    (!chain.is_empty()).then_some((chain, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_certificate_is_made_once_and_valid_from_the_build_date_on() {
        let folder = tempfile::tempdir().unwrap();
        let first = open(folder.path(), "plant-3", UnixSeconds(1_700_000_000)).unwrap();
        let again = open(folder.path(), "renamed", UnixSeconds(1_800_000_000)).unwrap();
        assert_eq!(first.fingerprint(), again.fingerprint());
        let leaf = first.leaf();
        let (_, certificate) = x509_parser::parse_x509_certificate(&leaf).unwrap();
        assert_eq!(certificate.validity().not_before.timestamp(), 1_700_000_000);
    }

    #[test]
    fn a_host_name_that_no_certificate_can_hold_does_no_harm() {
        let folder = tempfile::tempdir().unwrap();
        assert!(open(folder.path(), "наз вание", UnixSeconds(1_700_000_000)).is_ok());
    }

    #[test]
    fn another_pair_is_used_at_once_and_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let certificate = open(folder.path(), "plant-3", UnixSeconds(1_700_000_000)).unwrap();
        let before = certificate.fingerprint();
        replace(folder.path(), &certificate, &make("other", UnixSeconds(1_700_000_000)).unwrap()).unwrap();
        assert_ne!(certificate.fingerprint(), before);
        let again = open(folder.path(), "plant-3", UnixSeconds(1_700_000_000)).unwrap();
        assert_eq!(again.fingerprint(), certificate.fingerprint());
    }

    #[test]
    fn a_pair_that_does_not_fit_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let certificate = open(folder.path(), "plant-3", UnixSeconds(1_700_000_000)).unwrap();
        let before = certificate.fingerprint();
        let (one, other) = (make("one", UnixSeconds(0)).unwrap(), make("two", UnixSeconds(0)).unwrap());
        let key_at = one.find("-----BEGIN PRIVATE").unwrap();
        let mixed = format!("{}{}", &one[..key_at], &other[other.find("-----BEGIN PRIVATE").unwrap()..]);
        assert!(replace(folder.path(), &certificate, &mixed).is_err());
        assert_eq!(certificate.fingerprint(), before);
        assert_eq!(open(folder.path(), "plant-3", UnixSeconds(0)).unwrap().fingerprint(), before);
    }
}
