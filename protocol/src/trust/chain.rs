//! A chain of trust root versions from 1 on, each verified against its predecessor. A value of this type is believed.

use alloc::vec::Vec;

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
        let mut opened = open_all(roots)?.into_iter();
        let first =
            opened.next().ok_or_else(|| Refusal::Malformed { at: "trust root file: no version in it".into() })?;
        if first.root().version != 1 {
            return Err(first.broken("a trust root file begins with version 1"));
        }
        first.verify(&[first.root()])?;
        let mut chain = Self { id: first.id(), first, later: Vec::new() };
        let later = chain.verify_later(opened)?;
        chain.later = later;
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
        let newer = roots.get(held..).unwrap_or_default();
        self.verify_later(open_all(newer)?.into_iter())
    }

    /// Verifies versions that follow the newest (n → n + 1: signed by the thresholds of both).
    fn verify_later(&self, roots: impl Iterator<Item = SignedRoot>) -> Result<Vec<SignedRoot>, Refusal> {
        let mut later: Vec<SignedRoot> = Vec::new();
        for next in roots {
            let previous = later.last().unwrap_or_else(|| self.newest_signed()).root();
            if Some(next.root().version) != previous.version.checked_add(1) {
                return Err(next.broken(alloc::format!("follows version {}", previous.version)));
            }
            next.verify(&[previous, next.root()])?;
            later.push(next);
        }
        Ok(later)
    }

    /// Takes in versions that [`Self::continue_with`] verified.
    pub(super) fn append(&mut self, newer: Vec<SignedRoot>) {
        self.later.extend(newer);
    }
}

/// Opens every version and counts the signatures before any is verified.
fn open_all(roots: &[Vec<u8>]) -> Result<Vec<SignedRoot>, Refusal> {
    let opened: Vec<SignedRoot> = roots.iter().map(|root| SignedRoot::open(root)).collect::<Result<_, _>>()?;
    let signatures: usize = opened.iter().map(SignedRoot::signature_count).sum();
    if signatures > MAX_SIGNATURES_IN_FILE {
        return Err(Refusal::Malformed {
            at: alloc::format!("trust roots: {signatures} signatures, at most {MAX_SIGNATURES_IN_FILE}"),
        });
    }
    Ok(opened)
}
