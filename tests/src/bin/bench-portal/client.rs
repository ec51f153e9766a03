//! A sensor as the portal sees one: a key, a certificate, a connection that is kept.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use base64::{Engine, prelude::BASE64_STANDARD};
use cms::{cert::CertificateChoices, content_info::ContentInfo, signed_data::SignedData};
use der::{Decode, Encode};
use picket_protocol::{documents::activation::Activation, wire};
use picket_tests::http::Exchange;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::crowd::endpoint_and_token;

pub(crate) struct Connection(Exchange<TlsStream<TcpStream>>);

/// Enrols with the activation's token, as a sensor does; returns what a mutual TLS connection needs.
pub(crate) async fn enrol(activation: &Activation) -> Result<(PrivateKeyDer<'static>, CertificateDer<'static>)> {
    let (_, _, token) = endpoint_and_token(activation)?;
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let request = CertificateParams::default().serialize_request(&key)?;
    let login = BASE64_STANDARD.encode(format!("{}:{token}", activation.sensor));
    let body = BASE64_STANDARD.encode(request.der());
    let mut connection = Connection::open(activation, None).await?;
    let headers = format!("authorization: Basic {login}\r\ncontent-type: {}\r\n", wire::MEDIA_CSR);
    let (status, answer) = connection.post(wire::EST_ENROL, &headers, body.as_bytes()).await?;
    ensure!(status == 200, "enrolment: {status} {}", String::from_utf8_lossy(&answer));
    let text: Vec<u8> = answer.into_iter().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
    Ok((key, first_certificate(&BASE64_STANDARD.decode(text)?)?))
}

fn first_certificate(message: &[u8]) -> Result<CertificateDer<'static>> {
    let signed: SignedData = ContentInfo::from_der(message)
        .and_then(|info| info.content.decode_as())
        .map_err(|error| anyhow::anyhow!("no certificates in the answer: {error}"))?;
    let certificates = signed.certificates.context("no certificates")?;
    let first = certificates.0.iter().find_map(|choice| match choice {
        CertificateChoices::Certificate(certificate) => certificate.to_der().ok(),
        CertificateChoices::Other(_) => None,
    });
    Ok(CertificateDer::from(first.context("no certificate")?))
}

impl Connection {
    pub(crate) async fn open(
        activation: &Activation,
        identity: Option<(PrivateKeyDer<'static>, CertificateDer<'static>)>,
    ) -> Result<Self> {
        let (address, authority, _) = endpoint_and_token(activation)?;
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(authority.to_vec()))?;
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots);
        let config = match identity {
            Some((key, certificate)) => builder.with_client_auth_cert(vec![certificate], key)?,
            None => builder.with_no_client_auth(),
        };
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let name = address.rsplit_once(':').map_or(address, |(name, _)| name);
        let name = ServerName::try_from(name.to_owned())?;
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
        Ok(Self(Exchange::over(stream, address)))
    }

    /// See [`Exchange::post`].
    pub(crate) async fn post(&mut self, path: &str, headers: &str, body: &[u8]) -> Result<(u16, Vec<u8>)> {
        self.0.post(path, headers, body).await
    }
}
