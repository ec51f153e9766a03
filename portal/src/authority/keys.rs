//! Ed25519 keys in files: PKCS#8 in PEM (RFC 8410), as OpenSSL writes them, so that a key can be kept and used apart.

use std::path::Path;

use pem::Pem;
use picket_protocol::{documents::trust_root::PublicKey, keys::SigningKey};

use super::Unusable;
use crate::entropy;

const PRIVATE: &str = "PRIVATE KEY";
const PUBLIC: &str = "PUBLIC KEY";
/// PrivateKeyInfo { version 0, id-Ed25519, OCTET STRING { OCTET STRING, 32 bytes } } (RFC 8410 §7).
const PRIVATE_PREFIX: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
/// SubjectPublicKeyInfo { id-Ed25519, BIT STRING, 32 bytes } (RFC 8410 §4).
const PUBLIC_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// A new key.
#[must_use]
pub fn generate() -> SigningKey {
    SigningKey::from_seed(&entropy::draw())
}

/// A private key as PEM. For a file of mode 0600 alone.
#[must_use]
pub fn to_pem(key: &SigningKey) -> String {
    pem::encode(&Pem::new(PRIVATE, [&PRIVATE_PREFIX[..], &key.seed()[..]].concat()))
}

/// A public key as PEM.
#[must_use]
pub fn public_to_pem(key: &PublicKey) -> String {
    pem::encode(&Pem::new(PUBLIC, [&PUBLIC_PREFIX[..], &key.0[..]].concat()))
}

/// Reads a private key.
///
/// # Errors
/// When the file cannot be read or holds no Ed25519 private key.
pub fn read(path: &Path) -> Result<SigningKey, Unusable> {
    let seed = read_tagged(path, PRIVATE, &PRIVATE_PREFIX)?;
    Ok(SigningKey::from_seed(&seed))
}

/// Reads a public key, from its own file or from that of the private one.
///
/// # Errors
/// When the file cannot be read or holds no Ed25519 key.
pub fn read_public(path: &Path) -> Result<PublicKey, Unusable> {
    read_tagged(path, PUBLIC, &PUBLIC_PREFIX).map(PublicKey).or_else(|_| read(path).map(|key| key.public()))
}

fn read_tagged(path: &Path, tag: &str, prefix: &[u8]) -> Result<[u8; 32], Unusable> {
    let parsed = pem::parse(Unusable::read(path)?).map_err(|error| Unusable::content(path, error))?;
    let key = (parsed.tag() == tag).then(|| parsed.contents().strip_prefix(prefix)).flatten();
    key.and_then(|key| key.try_into().ok())
        .ok_or_else(|| Unusable::content(path, format!("no Ed25519 {} in PEM", tag.to_lowercase())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_key_reads_back_and_a_public_key_is_no_private_one() {
        let folder = tempfile::tempdir().unwrap();
        let (private, public) = (folder.path().join("a.key"), folder.path().join("a.pub"));
        let key = generate();
        std::fs::write(&private, to_pem(&key)).unwrap();
        std::fs::write(&public, public_to_pem(&key.public())).unwrap();
        assert_eq!(read(&private).unwrap().kid(), key.kid());
        assert_eq!(read_public(&public).unwrap(), key.public());
        assert_eq!(read_public(&private).unwrap(), key.public());
        assert!(read(&public).is_err());
    }
}
