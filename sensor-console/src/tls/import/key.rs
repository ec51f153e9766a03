//! The private key of an import: found among the blocks, opened with its passphrase, matched with a certificate.

use pem::Pem;
use pkcs8::{EncryptedPrivateKeyInfoRef, pkcs5::EncryptionScheme};
use rustls::{crypto::aws_lc_rs, sign::CertifiedKey};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer};

use super::NotTaken;
use crate::texts::certificate as texts;

/// Rounds of PBKDF2, and blocks times size of scrypt, that a file may ask of us: OpenSSL makes 2,048 to 600,000, and 16 MiB.
const MOST_ROUNDS: u32 = 10_000_000;
const MOST_SCRYPT: u64 = 256 * 1024;

pub(super) fn open(blocks: &[Pem], passphrase: &str) -> Result<PrivateKeyDer<'static>, NotTaken> {
    let mut keys = blocks.iter().filter(|block| block.tag().ends_with("PRIVATE KEY"));
    let Some(block) = keys.next() else {
        return Err(NotTaken::new(&texts::KEY_MISMATCH, "found", "no private key"));
    };
    if keys.next().is_some() {
        return Err(NotTaken::new(&texts::KEY_MISMATCH, "found", "more than one private key"));
    }
    if block.headers().get("DEK-Info").is_some() {
        return Err(NotTaken::new(&texts::PASSPHRASE_WRONG, "found", "a key in the old format of OpenSSL"));
    }
    let der = block.contents().to_vec();
    match block.tag() {
        "PRIVATE KEY" => Ok(PrivatePkcs8KeyDer::from(der).into()),
        "RSA PRIVATE KEY" => Ok(PrivatePkcs1KeyDer::from(der).into()),
        "EC PRIVATE KEY" => Ok(PrivateSec1KeyDer::from(der).into()),
        "ENCRYPTED PRIVATE KEY" => decrypt(&der, passphrase),
        other => Err(NotTaken::new(&texts::KEY_MISMATCH, "found", other.chars().take(40).collect::<String>())),
    }
}

fn decrypt(der: &[u8], passphrase: &str) -> Result<PrivateKeyDer<'static>, NotTaken> {
    let refused = |found: &str| NotTaken::new(&texts::PASSPHRASE_WRONG, "found", found);
    let encrypted = EncryptedPrivateKeyInfoRef::try_from(der).map_err(|_| refused("a key that cannot be read"))?;
    if !is_affordable(&encrypted.encryption_algorithm) {
        return Err(refused("a key whose opening would take too long, or of a kind that is not supported"));
    }
    if passphrase.is_empty() {
        return Err(refused("a key with a passphrase, and none was typed"));
    }
    let key = encrypted.decrypt(passphrase).map_err(|_| refused("the passphrase is wrong"))?;
    Ok(PrivatePkcs8KeyDer::from(key.as_bytes().to_vec()).into())
}

/// A file must not keep the processor busy for hours, or ask for all memory.
fn is_affordable(scheme: &EncryptionScheme) -> bool {
    let Some(parameters) = scheme.pbes2() else { return false };
    let rounds = parameters.kdf.pbkdf2().map(|parameters| parameters.iteration_count <= MOST_ROUNDS);
    let scrypt = parameters.kdf.scrypt().map(|parameters| {
        let cost = parameters.cost_parameter.saturating_mul(u64::from(parameters.block_size));
        cost <= MOST_SCRYPT && parameters.parallelization <= 4
    });
    rounds.or(scrypt).unwrap_or(false)
}

/// Which certificate is the key's own.
pub(super) fn own_certificate(
    certificates: &[CertificateDer<'static>],
    key: &PrivateKeyDer<'static>,
) -> Result<usize, NotTaken> {
    let provider = aws_lc_rs::default_provider();
    let signer = provider
        .key_provider
        .load_private_key(key.clone_key())
        .map_err(|error| NotTaken::new(&texts::WEAK_KEY, "found", error.to_string()))?;
    let own = certificates
        .iter()
        .position(|certificate| CertifiedKey::new(vec![certificate.clone()], signer.clone()).keys_match().is_ok());
    own.ok_or_else(|| NotTaken::new(&texts::KEY_MISMATCH, "certificates", certificates.len().to_string()))
}
