//! TLS towards an upstream: only the activation's own CAs are believed, at the time that the core says.
//!
//! Makes configurations; opens nothing. A refusal of the certificate travels through rustls as itself.

use std::sync::Arc;

use picket_lifecycle::effect::TlsTime;
use picket_protocol::{documents::activation::Certificate, refusal::Refusal, time::UnixSeconds};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, NamedGroup, OtherError, RootCertStore,
    SignatureScheme,
    client::{
        Resumption, WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::CryptoProvider,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::identity::Credential;

/// Most characters shown of an issuer, which whoever answers has chosen.
const MAX_ISSUER: usize = 200;

/// Whether the TLS greeting offers X25519MLKEM768.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Greeting {
    /// Offered first, with the classical ones after it.
    PostQuantum,
    /// Classical only: smaller than one packet.
    Classical,
}

/// What TLS to one endpoint needs.
#[derive(Debug)]
pub struct TlsSettings<'a> {
    /// The CAs that are believed; system roots are not.
    pub ca_certificates: &'a [Certificate],
    /// By which time certificates are judged.
    pub time: TlsTime,
    /// Whether the greeting is post-quantum.
    pub greeting: Greeting,
    /// What the sensor shows, if anything.
    pub credential: Option<Credential>,
}

impl TlsSettings<'_> {
    /// A configuration for one connection to `host`. Nothing is cached in it: a session ticket would outlive a commit.
    ///
    /// # Errors
    /// [`Refusal::TlsFailed`] when a CA or the credential cannot be used.
    pub fn config(self, host: &str) -> Result<ClientConfig, Refusal> {
        let failed = |why: &dyn std::fmt::Display| Refusal::TlsFailed { host: host.to_owned(), why: why.to_string() };
        let provider = Arc::new(provider(self.greeting));
        let mut roots = RootCertStore::empty();
        for Certificate(der) in self.ca_certificates {
            roots.add(der.as_slice().into()).map_err(|error| failed(&error))?;
        }
        let strict = WebPkiServerVerifier::builder_with_provider(roots.into(), Arc::clone(&provider)).build();
        let verifier =
            OwnCas { host: host.to_owned(), time: self.time, strict: strict.map_err(|error| failed(&error))? };
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| failed(&error))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match self.credential {
            None => builder.with_no_client_auth(),
            Some(Credential { key, chain }) => {
                builder.with_client_auth_cert(chain, key.private_key()).map_err(|error| failed(&error))?
            }
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.resumption = Resumption::disabled();
        Ok(config)
    }
}

fn provider(greeting: Greeting) -> CryptoProvider {
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    if greeting == Greeting::Classical {
        provider.kx_groups.retain(|group| group.name() != NamedGroup::X25519MLKEM768);
    }
    provider
}

/// Believes the activation's own CAs. The checks are webpki's; ours are the time and the words.
#[derive(Debug)]
struct OwnCas {
    host: String,
    time: TlsTime,
    strict: Arc<WebPkiServerVerifier>,
}

impl ServerCertVerifier for OwnCas {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let at = |time| self.strict.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, time);
        let judged = match at(unix_time(self.time.at)) {
            // The clock is below the floor: it says nothing about notBefore. Everything else still has to hold.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
            )) if !self.time.enforce_not_before => at(unix_time(latest_not_before(end_entity, intermediates))),
            judged => judged,
        };
        judged.map_err(|error| self.explain(error, end_entity))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.strict.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.strict.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.strict.supported_verify_schemes()
    }
}

impl OwnCas {
    fn explain(&self, error: Error, end_entity: &CertificateDer<'_>) -> Error {
        let Error::InvalidCertificate(reason) = &error else { return error };
        let host = self.host.clone();
        let refusal = match reason {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                Refusal::TlsExpired { host, not_after: not_after(end_entity).unwrap_or_default() }
            }
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                Refusal::TlsUntrusted { host, issuer: issuer(end_entity) }
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Refusal::TlsFailed { host, why: "the certificate is for another name".into() }
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                let from = not_before(end_entity).unwrap_or_default();
                Refusal::TlsFailed { host, why: format!("the certificate is valid from {from} only") }
            }
            other => Refusal::TlsFailed { host, why: other.to_string() },
        };
        Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(refusal))))
    }
}

/// The refusal inside a rustls error, if our verifier put one there.
pub(super) fn refusal_in(error: &Error) -> Option<Refusal> {
    match error {
        Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) => inner.downcast_ref().cloned(),
        _ => None,
    }
}

/// Whether these bytes are a certificate that a connection could be judged by.
pub fn is_certificate(der: &[u8]) -> bool {
    RootCertStore::empty().add(CertificateDer::from(der)).is_ok()
}

/// Until when a certificate holds.
pub fn not_after(der: &[u8]) -> Option<UnixSeconds> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    Some(UnixSeconds(certificate.validity().not_after.timestamp()))
}

/// Who issued a certificate, by its own word.
pub fn issuer(der: &[u8]) -> String {
    let Ok((_, certificate)) = X509Certificate::from_der(der) else { return "an unreadable certificate".into() };
    certificate.issuer().to_string().chars().filter(|c| !c.is_control()).take(MAX_ISSUER).collect()
}

fn not_before(der: &[u8]) -> Option<UnixSeconds> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    Some(UnixSeconds(certificate.validity().not_before.timestamp()))
}

fn latest_not_before(end_entity: &CertificateDer<'_>, intermediates: &[CertificateDer<'_>]) -> UnixSeconds {
    std::iter::once(end_entity).chain(intermediates).filter_map(|der| not_before(der)).max().unwrap_or_default()
}

fn unix_time(seconds: UnixSeconds) -> UnixTime {
    UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds.0.try_into().unwrap_or(0)))
}
