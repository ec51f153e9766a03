//! Reads certificate signing requests (RFC 2986). Only the public key is taken from one, whatever else it asks.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use picket_protocol::{ids::Thumbprint, keys::SensorKey};
use x509_parser::{
    certification_request::X509CertificationRequest, oid_registry::OID_SIG_ECDSA_WITH_SHA256, prelude::FromDer as _,
};

/// Most bytes of a request.
pub const MAX_REQUEST: usize = 8 * 1024;

/// The public key of a request whose signature proved that the sender holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvedKey {
    spki: Vec<u8>,
    thumbprint: Thumbprint,
}

impl ProvedKey {
    /// Its SubjectPublicKeyInfo in DER.
    #[must_use]
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// SHA-256 of that.
    #[must_use]
    pub const fn thumbprint(&self) -> Thumbprint {
        self.thumbprint
    }
}

/// Reads a request in DER.
///
/// # Errors
/// What is wrong with it.
pub fn read(der: &[u8]) -> Result<ProvedKey, &'static str> {
    if der.len() > MAX_REQUEST {
        return Err("the request is too large");
    }
    let (rest, request) = X509CertificationRequest::from_der(der).map_err(|_| "not a PKCS#10 request")?;
    if !rest.is_empty() {
        return Err("bytes after the request");
    }
    let info = &request.certification_request_info;
    let spki = info.subject_pki.raw;
    let key = SensorKey::from_spki(spki).ok_or("the key is not an uncompressed P-256 point")?;
    if request.signature_algorithm.algorithm != OID_SIG_ECDSA_WITH_SHA256 {
        return Err("the request is not signed with ECDSA and SHA-256");
    }
    let point = &*info.subject_pki.subject_public_key.data;
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point)
        .verify(info.raw, &request.signature_value.data)
        .map_err(|_| "the request is not signed by its own key")?;
    Ok(ProvedKey { spki: spki.to_vec(), thumbprint: key.thumbprint() })
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384};

    use super::*;

    fn request_by(algorithm: &'static rcgen::SignatureAlgorithm) -> Vec<u8> {
        let key = KeyPair::generate_for(algorithm).unwrap();
        CertificateParams::default().serialize_request(&key).unwrap().der().to_vec()
    }

    #[test]
    fn takes_a_request_signed_by_its_own_p256_key() {
        assert!(read(&request_by(&PKCS_ECDSA_P256_SHA256)).is_ok());
    }

    #[test]
    fn refuses_other_curves() {
        assert!(read(&request_by(&PKCS_ECDSA_P384_SHA384)).is_err());
    }

    #[test]
    fn no_changed_byte_leads_to_another_key() {
        let good = request_by(&PKCS_ECDSA_P256_SHA256);
        let proved = read(&good);
        let mut refused = 0;
        for position in 0..good.len() {
            let mut bad = good.clone();
            bad[position] ^= 0x01;
            match read(&bad) {
                Err(_) => refused += 1,
                // A byte that neither the signature covers nor the reader needs.
                changed => assert_eq!(changed, proved, "byte {position}"),
            }
        }
        assert!(refused > good.len() * 9 / 10, "{refused} of {}", good.len());
    }
}
