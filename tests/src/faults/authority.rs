//! A certificate authority of the test's own, and server certificates from it or from a portal's data folder.

use std::{fs, path::Path, sync::Arc};

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::{ServerConfig, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

/// A certificate authority with a name that messages can show.
#[derive(Debug)]
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    /// Makes a new one.
    ///
    /// # Errors
    /// When no key can be made.
    pub fn new(name: &str) -> Result<Self> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        Ok(Self { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate()?)? })
    }

    /// Writes its certificate, as PEM.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, file: &Path) -> Result<()> {
        fs::write(file, self.issuer.pem()).with_context(|| format!("cannot write {}", file.display()))
    }

    /// Writes a certificate chain and key for `names` (addresses or host names) into `chain` and `key`, as PEM; the common
    /// name is `common_name`.
    ///
    /// # Errors
    /// When no certificate can be made, or a file cannot be written.
    pub fn write_pair(&self, common_name: &str, names: &[&str], chain: &Path, key: &Path) -> Result<()> {
        self.write_pair_as(names, chain, key, |params| {
            params.distinguished_name = DistinguishedName::new();
            params.distinguished_name.push(DnType::CommonName, common_name);
        })
    }

    /// As [`Self::write_pair`], of a certificate that ended long ago.
    ///
    /// # Errors
    /// As there.
    pub fn write_expired_pair(&self, names: &[&str], chain: &Path, key: &Path) -> Result<()> {
        self.write_pair_as(names, chain, key, end_long_ago)
    }

    fn write_pair_as(
        &self,
        names: &[&str],
        chain: &Path,
        key: &Path,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Result<()> {
        let pair = KeyPair::generate()?;
        let mut params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())?;
        change(&mut params);
        fs::write(chain, params.signed_by(&pair, &self.issuer)?.pem())?;
        fs::write(key, pair.serialize_pem())?;
        Ok(())
    }

    /// TLS settings of a server with a certificate for `names`.
    ///
    /// # Errors
    /// When no certificate can be made.
    pub fn server(&self, names: &[&str]) -> Result<Arc<ServerConfig>> {
        self.server_as(names, |_| ())
    }

    /// TLS settings of a server whose certificate for `names` ended long ago.
    ///
    /// # Errors
    /// When no certificate can be made.
    pub fn expired_server(&self, names: &[&str]) -> Result<Arc<ServerConfig>> {
        self.server_as(names, end_long_ago)
    }

    fn server_as(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Result<Arc<ServerConfig>> {
        let key = KeyPair::generate()?;
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names)?;
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer)?;
        let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
        settings(vec![certificate.der().clone()], key)
    }
}

fn end_long_ago(params: &mut CertificateParams) {
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2021, 1, 1);
}

/// TLS settings of a server that shows a certificate chain and key from PEM files.
///
/// # Errors
/// When a file cannot be read.
pub(super) fn from_files(chain: &Path, key: &Path) -> Result<Arc<ServerConfig>> {
    let chain = CertificateDer::pem_file_iter(chain)?.collect::<Result<Vec<_>, _>>()?;
    settings(chain, PrivateKeyDer::from_pem_file(key)?)
}

fn settings(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Arc<ServerConfig>> {
    let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let config = builder.with_safe_default_protocol_versions()?.with_no_client_auth().with_single_cert(chain, key)?;
    Ok(Arc::new(config))
}
