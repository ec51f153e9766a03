//! One trust root version in its signed form. Opening it reads; only [`super::Chain`] decides whether it is believed.

use alloc::{collections::BTreeSet, format, string::String, vec::Vec};

use sha2::{Digest as _, Sha256};

use crate::{
    codec,
    cose::{Sign, Signature},
    documents::{
        DocumentType,
        trust_root::{PublicKey, TrustRoot},
    },
    ids::{Kid, TrustRootId},
    refusal::Refusal,
    wire::MAX_TRUST_ROOT,
};

/// A trust root version with the bytes that were signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedRoot {
    bytes: Vec<u8>,
    root: TrustRoot,
    sign: Sign,
}

impl SignedRoot {
    /// Gate, shape, headers, content. Signatures are not looked at.
    pub(crate) fn open(bytes: &[u8]) -> Result<Self, Refusal> {
        let sign = Sign::open(bytes, MAX_TRUST_ROOT, DocumentType::TrustRoot)?;
        let root = codec::trust_root::decode(&sign.payload)?;
        Ok(Self { bytes: bytes.to_vec(), root, sign })
    }

    /// What it says.
    #[must_use]
    pub const fn root(&self) -> &TrustRoot {
        &self.root
    }

    /// The COSE_Sign, as received.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The id that a chain has whose version 1 this is.
    #[must_use]
    pub fn id(&self) -> TrustRootId {
        TrustRootId::from_bytes(Sha256::digest(&self.bytes).into())
    }

    pub(super) fn signature_count(&self) -> usize {
        self.sign.signatures.len()
    }

    /// Every signature must verify and be by a root key of one of `judges`; each judge must reach its threshold, a key
    /// counting once.
    pub(super) fn verify(&self, judges: &[&TrustRoot]) -> Result<(), Refusal> {
        let mut signers = BTreeSet::new();
        for signature in &self.sign.signatures {
            self.verify_one(signature, judges)?;
            signers.insert(signature.kid);
        }
        judges.iter().try_for_each(|judge| self.reaches_threshold(judge, &signers))
    }

    fn verify_one(&self, signature: &Signature, judges: &[&TrustRoot]) -> Result<(), Refusal> {
        let keys = judges.iter().flat_map(|judge| &judge.root_keys);
        let key = keys.copied().find(|key| key.kid() == signature.kid);
        let key = key.ok_or_else(|| self.broken(format!("signed by {}, which is no root key", signature.kid)))?;
        if key.verify(&self.sign.to_be_signed(signature), &signature.signature) {
            return Ok(());
        }
        Err(self.broken(format!("the signature by {} does not verify", signature.kid)))
    }

    fn reaches_threshold(&self, judge: &TrustRoot, signers: &BTreeSet<Kid>) -> Result<(), Refusal> {
        let counted = judge.root_keys.iter().map(PublicKey::kid).filter(|kid| signers.contains(kid)).count();
        if counted >= usize::from(judge.threshold) {
            return Ok(());
        }
        let (version, threshold) = (judge.version, judge.threshold);
        Err(self.broken(format!("{counted} of the {threshold} root keys that version {version} demands signed it")))
    }

    pub(super) fn broken(&self, why: impl Into<String>) -> Refusal {
        Refusal::RootChainBroken { version: self.root.version, why: why.into() }
    }
}
