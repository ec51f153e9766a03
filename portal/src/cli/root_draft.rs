//! A trust root version that is still being signed: the root keys need not meet in one place.
//!
//! Its file is a trust root file whose last version may lack signatures, so whoever signs sees what it follows.

use std::path::Path;

use anyhow::{Context as _, ensure};
use picket_protocol::{
    documents::trust_root::{PublicKey, TrustRoot},
    ids::Kid,
    issue::{cosign_root, sign_root},
    keys::SigningKey,
    refusal::Refusal,
    trust::{SignedRoot, encode_roots},
};

use super::folder::write;
use crate::authority::trust::{Trust, read_roots};

/// Says what most often went wrong when a version does not hold.
const WRONG_KEYS: &str = "sensors would refuse the new version; are these the right root keys?";

pub(super) struct Draft {
    /// What it follows: verified.
    present: Trust,
    next: SignedRoot,
}

impl Draft {
    pub(super) fn new(present: Trust, next: &TrustRoot, signers: &[SigningKey]) -> anyhow::Result<Self> {
        let signed = sign_root(next, &signers.iter().collect::<Vec<_>>());
        let draft = Self { present, next: SignedRoot::open(&signed)? };
        draft.signed_by_root_keys()?;
        Ok(draft)
    }

    pub(super) fn read(file: &Path) -> anyhow::Result<Self> {
        let mut roots = read_roots(file)?;
        let next = roots.pop().with_context(|| format!("{} is empty", file.display()))?;
        let present =
            Trust::verify(roots).with_context(|| format!("{}: what it follows does not hold", file.display()))?;
        let next = SignedRoot::open(&next).with_context(|| format!("{} is no draft", file.display()))?;
        ensure!(Some(next.root().version) == present.newest().version.checked_add(1), "{} is no draft", file.display());
        Ok(Self { present, next })
    }

    pub(super) fn write(&self, file: &Path) -> anyhow::Result<()> {
        write(file, &encode_roots(&self.roots()))
    }

    pub(super) fn sign(&mut self, keys: &[SigningKey]) -> anyhow::Result<()> {
        self.next = SignedRoot::open(&cosign_root(self.next.bytes(), &keys.iter().collect::<Vec<_>>())?)?;
        self.signed_by_root_keys()
    }

    /// One signature by another key, and sensors refuse the version.
    fn signed_by_root_keys(&self) -> anyhow::Result<()> {
        let judges = self.present.newest().root_keys.iter().chain(&self.next.root().root_keys);
        let stranger = self.next.claimed_signers().find(|kid| judges.clone().all(|key| key.kid() != *kid));
        let refusal = |kid| Refusal::RootChainBroken {
            version: self.version(),
            why: format!("signed by {kid}, which is no root key"),
        };
        stranger.map_or(Ok(()), |kid| Err(refusal(kid))).context(WRONG_KEYS)
    }

    pub(super) fn version(&self) -> u64 {
        self.next.root().version
    }

    fn roots(&self) -> Vec<Vec<u8>> {
        let mut roots = self.present.roots().to_vec();
        roots.push(self.next.bytes().to_vec());
        roots
    }

    /// The whole chain with it, if it follows `present` and sensors would believe it.
    pub(super) fn roots_after(&self, present: &Trust) -> anyhow::Result<Vec<Vec<u8>>> {
        ensure!(self.present.roots() == present.roots(), "the draft follows another version than the newest one here");
        Trust::verify(self.roots()).context(WRONG_KEYS)?;
        Ok(self.roots())
    }

    /// What whoever signs agrees to.
    pub(super) fn changes(&self) -> Vec<String> {
        let (now, then) = (self.present.newest(), self.next.root());
        let mut lines = vec![format!("Trust root {}, version {}:", self.present.id(), then.version)];
        let root_keys = |root: &TrustRoot| root.root_keys.iter().map(PublicKey::kid).collect::<Vec<Kid>>();
        if root_keys(now) != root_keys(then) || now.threshold != then.threshold {
            lines.push(format!("  new root keys, {} of {} must sign", then.threshold, then.root_keys.len()));
            lines.extend(root_keys(then).iter().map(|kid| format!("    {kid}")));
        }
        for listed in then.keys.iter().filter(|listed| !now.keys.contains(listed)) {
            let roles: Vec<&str> = listed.roles.iter().map(|role| role.as_str()).collect();
            lines.push(format!("  adds key {}: {}", listed.key.kid(), roles.join(", ")));
        }
        for listed in now.keys.iter().filter(|listed| then.keys.iter().all(|kept| kept.key != listed.key)) {
            lines.push(format!("  removes key {}", listed.key.kid()));
        }
        lines.extend(then.withdrawn.difference(&now.withdrawn).map(|kid| format!("  withdraws key {kid}")));
        lines
    }

    /// Who has signed, and how it goes on.
    pub(super) fn standing(&self) -> String {
        let signers: Vec<String> = self.next.claimed_signers().map(|kid| kid.to_string()).collect();
        let next = match Trust::verify(self.roots()) {
            Ok(_) => "Enough have signed: picket-portal root adopt".to_owned(),
            Err(refusal) => format!("Not enough yet. {refusal}"),
        };
        format!("Signed by {}. {next}", signers.join(", "))
    }
}
