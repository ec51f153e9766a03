//! Writing signed documents: the issuer's side. Keys are lent; nothing is drawn or stored here.

use alloc::vec::Vec;

use crate::{
    cbor, codec,
    cose::{self, Algorithm},
    documents::{
        DocumentType, activation::Activation, deactivation::Deactivation, recovery::Recovery, request::Request,
        trust_root::TrustRoot,
    },
    ids::Kid,
    keys::{SigningKey, thumbprint},
    reading,
    refusal::Refusal,
    wire::MAX_TRUST_ROOT,
};

/// Signs one trust root version with the root keys given, each once.
///
/// Whether it will be believed ([`TrustRoot::check`], thresholds) shows when it is pinned: pin before publishing.
#[must_use]
pub fn sign_root(root: &TrustRoot, keys: &[&SigningKey]) -> Vec<u8> {
    let signers = keys.iter().map(|key| (key.kid(), |message: &[u8]| key.sign(message)));
    cose::sign(DocumentType::TrustRoot, codec::trust_root::encode(root), signers)
}

/// Adds the signatures of more root keys to a version that others signed, for keys that never meet in one place. A key
/// that has signed already is passed over.
///
/// # Errors
/// When `signed` is not a signed trust root version. Whether its signatures verify shows when it is pinned.
pub fn cosign_root(signed: &[u8], keys: &[&SigningKey]) -> Result<Vec<u8>, Refusal> {
    enum By<'a> {
        Earlier([u8; 64]),
        Key(&'a SigningKey),
    }
    let sign = cose::Sign::open(signed, MAX_TRUST_ROOT, DocumentType::TrustRoot)?;
    codec::trust_root::decode(&sign.payload)?;
    let mut signers: Vec<(Kid, By<'_>)> =
        sign.signatures.iter().map(|earlier| (earlier.kid, By::Earlier(earlier.signature))).collect();
    for key in keys {
        if signers.iter().all(|(kid, _)| *kid != key.kid()) {
            signers.push((key.kid(), By::Key(key)));
        }
    }
    let signers = signers.into_iter().map(|(kid, by)| {
        let signature = move |message: &[u8]| match by {
            By::Earlier(signature) => signature.to_vec(),
            By::Key(key) => key.sign(message),
        };
        (kid, signature)
    });
    Ok(cose::sign(DocumentType::TrustRoot, sign.payload, signers))
}

/// Signs an activation. Sensors refuse what [`Activation::check`] refuses: check before signing.
#[must_use]
pub fn sign_activation(activation: &Activation, key: &SigningKey) -> Vec<u8> {
    sign1(DocumentType::Activation, codec::activation::encode(activation), key)
}

/// Signs a deactivation.
#[must_use]
pub fn sign_deactivation(deactivation: &Deactivation, key: &SigningKey) -> Vec<u8> {
    sign1(DocumentType::Deactivation, codec::deactivation::encode(deactivation), key)
}

/// Signs a recovery.
#[must_use]
pub fn sign_recovery(recovery: &Recovery, key: &SigningKey) -> Vec<u8> {
    sign1(DocumentType::Recovery, codec::recovery::encode(recovery), key)
}

/// The activation file around a signed activation and the chain of roots that it is judged by, oldest first.
#[must_use]
pub fn activation_file(roots: &[Vec<u8>], signed: &[u8]) -> Vec<u8> {
    cbor::encode(&reading::close_envelope(roots, signed))
}

/// A request that awaits the signature of a key which lives outside.
#[derive(Debug, Clone)]
pub struct UnsignedRequest {
    kid: Kid,
    payload: Vec<u8>,
    to_be_signed: Vec<u8>,
}

/// Prepares a request for the signature of the key that it names.
#[must_use]
pub fn request_to_be_signed(request: &Request) -> UnsignedRequest {
    let kid = Kid::from_bytes(*thumbprint(&request.public_key).as_bytes());
    let payload = codec::request::encode(request);
    let mut to_be_signed = Vec::new();
    cose::sign1(DocumentType::Request, Algorithm::Es256, &kid, payload.clone(), |message| {
        to_be_signed = message.to_vec();
        Vec::new()
    });
    UnsignedRequest { kid, payload, to_be_signed }
}

impl UnsignedRequest {
    /// The message to sign: ECDSA on P-256 over its SHA-256, as r || s.
    #[must_use]
    pub fn to_be_signed(&self) -> &[u8] {
        &self.to_be_signed
    }

    /// The signed request.
    #[must_use]
    pub fn finish(self, signature: &[u8; 64]) -> Vec<u8> {
        cose::sign1(DocumentType::Request, Algorithm::Es256, &self.kid, self.payload, |_| signature.to_vec())
    }
}

fn sign1(kind: DocumentType, payload: Vec<u8>, key: &SigningKey) -> Vec<u8> {
    cose::sign1(kind, Algorithm::EdDsa, &key.kid(), payload, |message| key.sign(message))
}
