//! Writing signed documents: the issuer's side. Keys are lent; nothing is drawn or stored here.

use alloc::vec::Vec;

use crate::{
    cbor, codec,
    cose::{self, Algorithm},
    documents::{
        DocumentType, activation::Activation, deactivation::Deactivation, request::Request, trust_root::TrustRoot,
    },
    ids::Kid,
    keys::{SigningKey, thumbprint},
    reading,
};

/// Signs one trust root version with the root keys given, each once.
///
/// Whether it will be believed ([`TrustRoot::check`], thresholds) shows when it is pinned: pin before publishing.
#[must_use]
pub fn sign_root(root: &TrustRoot, keys: &[&SigningKey]) -> Vec<u8> {
    let signers = keys.iter().map(|key| (key.kid(), |message: &[u8]| key.sign(message)));
    cose::sign(DocumentType::TrustRoot, codec::trust_root::encode(root), signers)
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
