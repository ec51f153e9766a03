//! Signing keys and how they are named. Ed25519 signs documents (RFC 8032); P-256 belongs to sensors (FIPS 186-5).

use alloc::vec::Vec;
use core::fmt;

use ed25519_dalek::{Signer as _, VerifyingKey};
use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

pub use crate::documents::trust_root::PublicKey;
use crate::ids::{Kid, Thumbprint};

/// An Ed25519 private key. Never printed; erased when dropped.
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// From its 32 secret bytes (RFC 8032 §5.1.5), which the caller drew and keeps.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// The 32 secret bytes. For the file that keeps them.
    #[must_use]
    pub fn seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// Its public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// How a signature names it.
    #[must_use]
    pub fn kid(&self) -> Kid {
        self.public().kid()
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).to_bytes().to_vec()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.kid().short())
    }
}

impl PublicKey {
    /// SHA-256 of the key: how a signature names it.
    #[must_use]
    pub fn kid(&self) -> Kid {
        Kid::from_bytes(Sha256::digest(self.0).into())
    }

    /// Strict verification: no small-order key or nonce point, so that a signature fits one message under one key.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        VerifyingKey::from_bytes(&self.0).is_ok_and(|key| key.verify_strict(message, &signature).is_ok())
    }
}

/// The P-256 public key of a sensor, from the one encoding that is taken: an uncompressed point in a
/// SubjectPublicKeyInfo (RFC 5480 §2).
#[derive(Debug, Clone)]
pub struct SensorKey {
    key: p256::ecdsa::VerifyingKey,
    thumbprint: Thumbprint,
}

impl SensorKey {
    /// Bytes of the encoding.
    pub const SPKI_LENGTH: usize = 91;
    /// SEQUENCE { SEQUENCE { id-ecPublicKey, secp256r1 }, BIT STRING, no unused bits }.
    const SPKI_PREFIX: [u8; 26] = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
        0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
    ];
    /// An uncompressed point begins so (SEC 1 §2.3.3).
    const UNCOMPRESSED: u8 = 0x04;

    /// Reads a SubjectPublicKeyInfo; None for anything but an uncompressed point on P-256.
    #[must_use]
    pub fn from_spki(der: &[u8]) -> Option<Self> {
        let point = der.strip_prefix(&Self::SPKI_PREFIX)?;
        if der.len() != Self::SPKI_LENGTH || point.first() != Some(&Self::UNCOMPRESSED) {
            return None;
        }
        let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()?;
        Some(Self { key, thumbprint: thumbprint(der) })
    }

    /// SHA-256 of the SubjectPublicKeyInfo.
    #[must_use]
    pub const fn thumbprint(&self) -> Thumbprint {
        self.thumbprint
    }

    /// ES256 (RFC 9053 §2.1): ECDSA over SHA-256, the signature r || s.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let Ok(signature) = p256::ecdsa::Signature::from_slice(signature) else {
            return false;
        };
        self.key.verify_prehash(&Sha256::digest(message), &signature).is_ok()
    }
}

/// How a portal and a file name a sensor's key: SHA-256 of its SubjectPublicKeyInfo.
#[must_use]
pub fn thumbprint(spki: &[u8]) -> Thumbprint {
    Thumbprint::from_bytes(Sha256::digest(spki).into())
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;
    use crate::ids::hex;

    #[test]
    fn signs_as_rfc_8032_test_1() {
        let seed = [
            0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49,
            0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
        ];
        let key = SigningKey::from_seed(&seed);
        assert_eq!(hex(&key.public().0), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
        let signature: [u8; 64] = key.sign(b"").try_into().unwrap();
        assert!(hex(&signature).starts_with("e5564300c360ac729086e2cc806e828a"));
        assert!(key.public().verify(b"", &signature));
        assert!(!key.public().verify(b"x", &signature));
    }

    #[test]
    fn refuses_small_order_keys() {
        // The identity point: with it, the all-zero scalar and R = identity "verify" any message without strictness.
        let mut identity = [0; 32];
        identity[0] = 1;
        let mut signature = [0; 64];
        signature[0] = 1;
        assert!(!PublicKey(identity).verify(b"anything", &signature));
    }

    #[test]
    fn prints_no_secret() {
        let key = SigningKey::from_seed(&[0x5a; 32]);
        assert!(!format!("{key:?}").contains("5a5a"));
    }
}
