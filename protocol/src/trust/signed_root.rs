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
    /// The root keys by kid, in the order of `root`.
    root_keys: Vec<(Kid, PublicKey)>,
    sign: Sign,
}

impl SignedRoot {
    /// Gate, shape, headers, content. Signatures are not looked at, so nothing in it is believed.
    ///
    /// # Errors
    /// What is wrong with its form.
    pub fn open(bytes: &[u8]) -> Result<Self, Refusal> {
        let sign = Sign::open(bytes, MAX_TRUST_ROOT, DocumentType::TrustRoot)?;
        let root = codec::trust_root::decode(&sign.payload)?;
        let root_keys = root.root_keys.iter().map(|key| (key.kid(), *key)).collect();
        Ok(Self { bytes: bytes.to_vec(), root, root_keys, sign })
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

    /// The keys that it says it is signed by; whether they did, nobody has looked.
    pub fn claimed_signers(&self) -> impl Iterator<Item = Kid> {
        self.sign.signatures.iter().map(|signature| signature.kid)
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
    pub(super) fn verify(&self, judges: &[&Self]) -> Result<(), Refusal> {
        let mut signers = BTreeSet::new();
        for signature in &self.sign.signatures {
            self.verify_one(signature, judges)?;
            signers.insert(signature.kid);
        }
        judges.iter().try_for_each(|judge| self.reaches_threshold(judge, &signers))
    }

    fn verify_one(&self, signature: &Signature, judges: &[&Self]) -> Result<(), Refusal> {
        let mut keys = judges.iter().flat_map(|judge| &judge.root_keys);
        let found = keys.find(|(kid, _)| *kid == signature.kid);
        let (_, key) =
            found.ok_or_else(|| self.broken(format!("signed by {}, which is no root key", signature.kid)))?;
        if key.verify(&self.sign.to_be_signed(signature), &signature.signature) {
            return Ok(());
        }
        Err(self.broken(format!("the signature by {} does not verify", signature.kid)))
    }

    fn reaches_threshold(&self, judge: &Self, signers: &BTreeSet<Kid>) -> Result<(), Refusal> {
        let counted = judge.root_keys.iter().filter(|(kid, _)| signers.contains(kid)).count();
        if counted >= usize::from(judge.root.threshold) {
            return Ok(());
        }
        let (version, threshold) = (judge.root.version, judge.root.threshold);
        Err(self.broken(format!("{counted} of the {threshold} root keys that version {version} demands signed it")))
    }

    pub(super) fn broken(&self, why: impl Into<String>) -> Refusal {
        Refusal::RootChainBroken { version: self.root.version, why: why.into() }
    }
}
