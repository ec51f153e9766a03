//! Opens a data folder for the server: settings, keys, certificates; renews the server's certificate in time.

use std::{fs::File, sync::Arc};

use anyhow::Context as _;
use picket_protocol::time::UnixSeconds;
use rustls_pki_types::CertificateDer;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use picket_durable as files;

use crate::{
    authority::certificates::{self, CertificateAuthority, SERVER_DAYS},
    data::{DataFolder, Settings},
    device::tls::ServerCertificate,
};

/// Renew when this much of a certificate's life is left.
const RENEW_BELOW_SECONDS: i64 = SERVER_DAYS * 86_400 / 3;

/// What heartbeats are judged by is kept in memory: two servers on one folder would not agree.
pub(super) fn lock(folder: &DataFolder) -> anyhow::Result<File> {
    let path = folder.lock();
    let file = File::create(&path).with_context(|| format!("open {}", path.display()))?;
    file.try_lock().with_context(|| format!("{}: another server uses this data folder", path.display()))?;
    Ok(file)
}

pub(super) fn server_certificate(folder: &DataFolder) -> anyhow::Result<Arc<ServerCertificate>> {
    let chain = certificates::read_certificates(&folder.server_certificate())?;
    let key = certificates::read_private_key(&folder.server_key())?;
    ServerCertificate::new(chain, key).context("the server's certificate and key do not fit")
}

/// Renews the server's certificate if it is ours to renew and it is time. A certificate that the operator brought is
/// the operator's to renew; the server reads it again when it changes.
pub(super) fn renew(folder: &DataFolder, settings: &Settings, now: UnixSeconds) -> anyhow::Result<bool> {
    if !folder.tls_ca_key().exists() {
        return Ok(false);
    }
    let chain = certificates::read_certificates(&folder.server_certificate())?;
    let expires = chain.first().and_then(expiry).context("the server's certificate cannot be read")?;
    if expires.since(now) > RENEW_BELOW_SECONDS {
        return Ok(false);
    }
    make_server_certificate(folder, settings, now)?;
    tracing::info!("the server's certificate was renewed");
    Ok(true)
}

pub(super) fn make_server_certificate(
    folder: &DataFolder,
    settings: &Settings,
    now: UnixSeconds,
) -> anyhow::Result<()> {
    let authority = CertificateAuthority::read(&folder.tls_ca(), &folder.tls_ca_key())?;
    let host = settings.address().map_err(anyhow::Error::msg)?.host;
    let pair = authority.server(&host, now).context("make the server's certificate")?;
    write(&folder.server_key(), pair.key.as_bytes())?;
    write(&folder.server_certificate(), pair.certificate.as_bytes())
}

pub(super) fn write(path: &std::path::Path, content: &[u8]) -> anyhow::Result<()> {
    files::replace(path, content).with_context(|| format!("write {}", path.display()))
}

fn expiry(certificate: &CertificateDer<'static>) -> Option<UnixSeconds> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    Some(UnixSeconds(certificate.validity().not_after.timestamp()))
}
