//! A P-256 key of this sensor: born here, used here. Prints only its thumbprint.

use std::fmt;

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use picket_protocol::ids::{SensorId, Thumbprint};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData as _};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest as _, Sha256};

/// A key that cannot be made, read or used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the key cannot be used: {0}")]
pub struct KeyFailure(pub(super) String);

impl From<rcgen::Error> for KeyFailure {
    fn from(error: rcgen::Error) -> Self {
        Self(error.to_string())
    }
}

/// A P-256 key.
pub struct Key {
    pair: KeyPair,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.thumbprint())
    }
}

impl Key {
    pub(super) fn born() -> Result<Self, KeyFailure> {
        Ok(Self { pair: KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)? })
    }

    pub(super) fn from_pem(pem: &[u8]) -> Result<Self, KeyFailure> {
        let text = std::str::from_utf8(pem).map_err(|_| KeyFailure("not PEM".into()))?;
        Ok(Self { pair: KeyPair::from_pkcs8_pem_and_sign_algo(text, &PKCS_ECDSA_P256_SHA256)? })
    }

    pub(super) fn pem(&self) -> String {
        self.pair.serialize_pem()
    }

    /// SHA-256 of its SubjectPublicKeyInfo.
    #[must_use]
    pub fn thumbprint(&self) -> Thumbprint {
        Thumbprint::from_bytes(Sha256::digest(self.public_key()).into())
    }

    /// Its SubjectPublicKeyInfo, DER.
    #[must_use]
    pub fn public_key(&self) -> Vec<u8> {
        self.pair.subject_public_key_info()
    }

    /// The key for TLS.
    #[must_use]
    pub fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.pair.serialize_der()).into()
    }

    /// A certificate signing request (PKCS#10, DER). The CA takes the public key from it and nothing else.
    ///
    /// # Errors
    /// [`KeyFailure`].
    pub fn signing_request(&self, sensor: SensorId) -> Result<Vec<u8>, KeyFailure> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, sensor.to_string());
        Ok(params.serialize_request(&self.pair)?.der().to_vec())
    }

    /// An ES256 signature (RFC 9053 §2.1: r and s, 32 bytes each).
    ///
    /// # Errors
    /// [`KeyFailure`].
    pub fn sign(&self, message: &[u8]) -> Result<[u8; 64], KeyFailure> {
        let failed = |_| KeyFailure("it does not sign".into());
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, self.pair.serialized_der());
        let pair = pair.map_err(|_| KeyFailure("not a P-256 key".into()))?;
        let signature = pair.sign(&SystemRandom::new(), message).map_err(failed)?;
        signature.as_ref().try_into().map_err(|_| KeyFailure("it does not sign with ES256".into()))
    }
}
