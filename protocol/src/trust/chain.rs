//! A chain of trust root versions from 1 on, each verified against its predecessor. A value of this type is believed.

use alloc::{format, vec::Vec};

use super::{MAX_SIGNATURES_IN_FILE, SignedRoot};
use crate::{documents::trust_root::TrustRoot, ids::TrustRootId, refusal::Refusal};

/// Consecutive versions from 1; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    id: TrustRootId,
    first: SignedRoot,
    later: Vec<SignedRoot>,
}

impl Chain {
    /// Verifies a whole chain from its version 1: what a person pins.
    pub(super) fn verify(roots: &[Vec<u8>]) -> Result<Self, Refusal> {
        let (first, later) =
            roots.split_first().ok_or_else(|| Refusal::Malformed { at: "trust root file: no version in it".into() })?;
        let mut budget = SignatureBudget::default();
        let first = SignedRoot::open(first)?;
        if first.root().version != 1 {
            return Err(first.broken("a trust root file begins with version 1"));
        }
        budget.spend(&first)?;
        first.verify(&[&first])?;
        let mut chain = Self { id: first.id(), first, later: Vec::new() };
        chain.later = chain.verify_later(later, budget)?;
        Ok(chain)
    }

    /// SHA-256 of version 1.
    #[must_use]
    pub const fn id(&self) -> &TrustRootId {
        &self.id
    }

    /// The version that judges.
    #[must_use]
    pub fn newest(&self) -> &TrustRoot {
        self.newest_signed().root()
    }

    /// Every version, from 1 on.
    pub fn versions(&self) -> impl Iterator<Item = &SignedRoot> {
        core::iter::once(&self.first).chain(&self.later)
    }

    /// The signed bytes of every version, for [`super::encode_roots`] or an activation file.
    #[must_use]
    pub fn to_roots(&self) -> Vec<Vec<u8>> {
        self.versions().map(|version| version.bytes().to_vec()).collect()
    }

    fn newest_signed(&self) -> &SignedRoot {
        self.later.last().unwrap_or(&self.first)
    }

    /// Where `bytes` stand in the chain, counted from 0.
    pub(super) fn position_of(&self, bytes: &[u8]) -> Option<usize> {
        self.versions().position(|version| version.bytes() == bytes)
    }

    /// Compares `roots`, the first of which stands at `position`, with what is stored, and verifies what goes beyond.
    ///
    /// What the store holds, byte for byte, passed every check when it was stored, so it is not opened again.
    pub(super) fn continue_with(&self, position: usize, roots: &[Vec<u8>]) -> Result<Vec<SignedRoot>, Refusal> {
        let mut stored = self.versions().skip(position).zip(roots);
        if let Some((stored, _)) = stored.find(|(stored, root)| stored.bytes() != &root[..]) {
            return Err(stored.broken("differs from the version that this sensor stored"));
        }
        let held = 1 + self.later.len() - position;
        self.verify_later(roots.get(held..).unwrap_or_default(), SignatureBudget::default())
    }

    /// Verifies versions that follow the newest (n → n + 1: signed by the thresholds of both). One is opened only when
    /// the one before holds, so that what a stranger appended costs one version's reading.
    fn verify_later(&self, roots: &[Vec<u8>], mut budget: SignatureBudget) -> Result<Vec<SignedRoot>, Refusal> {
        let mut later: Vec<SignedRoot> = Vec::new();
        for next in roots {
            let next = SignedRoot::open(next)?;
            let previous = later.last().unwrap_or_else(|| self.newest_signed());
            let version = previous.root().version;
            if Some(next.root().version) != version.checked_add(1) {
                return Err(next.broken(format!("follows version {version}")));
            }
            budget.spend(&next)?;
            next.verify(&[previous, &next])?;
            later.push(next);
        }
        Ok(later)
    }

    /// Takes in versions that [`Self::continue_with`] verified.
    pub(super) fn append(&mut self, newer: Vec<SignedRoot>) {
        self.later.extend(newer);
    }
}

/// The signatures that may still be verified for one file.
struct SignatureBudget(usize);

impl Default for SignatureBudget {
    fn default() -> Self {
        Self(MAX_SIGNATURES_IN_FILE)
    }
}

impl SignatureBudget {
    fn spend(&mut self, root: &SignedRoot) -> Result<(), Refusal> {
        self.0 = self.0.checked_sub(root.signature_count()).ok_or_else(|| Refusal::Malformed {
            at: format!("trust roots: more than {MAX_SIGNATURES_IN_FILE} signatures"),
        })?;
        Ok(())
    }
}
