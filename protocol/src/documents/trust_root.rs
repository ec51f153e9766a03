//! The trust root: which keys may sign what.

use alloc::{collections::BTreeSet, string::ToString as _, vec::Vec};
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::{cbor::fields::At, ids::Kid, refusal::Refusal};

/// One version of a trust root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustRoot {
    /// Consecutive from 1.
    pub version: u64,
    /// How many root keys must sign, 1–3.
    pub threshold: u8,
    /// Raw Ed25519 public keys that sign trust roots, 1–5.
    pub root_keys: Vec<PublicKey>,
    /// Keys that sign documents, each with its roles.
    pub keys: Vec<RoleKey>,
    /// Keys that sign nothing any more.
    pub withdrawn: BTreeSet<Kid>,
}

impl TrustRoot {
    /// Whether it holds together, apart from who signed it.
    ///
    /// # Errors
    ///
    /// [`Refusal::Malformed`] with the first rule it breaks.
    pub fn check(&self) -> Result<(), Refusal> {
        let at = At::document("trust root");
        if self.version == 0 {
            return Err(at.field("version").malformed("0, must be from 1 on"));
        }
        let most = self.root_keys.len().min(usize::from(Self::MAX_THRESHOLD));
        if !(1..=most).contains(&usize::from(self.threshold)) {
            return Err(at.field("threshold").malformed(format_args!("{}, must be 1 to {most}", self.threshold)));
        }
        let role_keys = self.keys.iter().map(|role_key| role_key.key);
        if !each_once(self.root_keys.iter().copied()) || !each_once(role_keys) {
            return Err(at.malformed("a key stands twice"));
        }
        if self.root_keys.iter().any(|key| self.withdrawn.contains(&key.kid())) {
            return Err(at.field("withdrawn").malformed("a root key"));
        }
        Ok(())
    }

    /// The key `kid`, if it may sign for `role`.
    ///
    /// # Errors
    ///
    /// [`Refusal::SignerWithdrawn`], [`Refusal::UnknownSigner`] or [`Refusal::WrongRole`], in this order.
    pub fn signer(&self, kid: &Kid, role: Role) -> Result<PublicKey, Refusal> {
        let kid = *kid;
        if self.withdrawn.contains(&kid) {
            return Err(Refusal::SignerWithdrawn { kid });
        }
        let found = self.keys.iter().find(|found| found.key.kid() == kid).ok_or(Refusal::UnknownSigner { kid })?;
        if found.roles.contains(&role) {
            Ok(found.key)
        } else {
            Err(Refusal::WrongRole { kid, needs: role.to_string() })
        }
    }

    /// Most root keys.
    pub const MAX_ROOT_KEYS: usize = 5;
    /// Highest threshold.
    pub const MAX_THRESHOLD: u8 = 3;
    /// Most document keys.
    pub const MAX_KEYS: usize = 16;
    /// Most withdrawn kids.
    pub const MAX_WITHDRAWN: usize = 64;
}

fn each_once(keys: impl Iterator<Item = PublicKey>) -> bool {
    let mut seen = BTreeSet::new();
    keys.into_iter().all(|key| seen.insert(key))
}

/// A raw Ed25519 public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PublicKey(pub [u8; 32]);

/// A key with the roles it may sign for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleKey {
    /// The key.
    pub key: PublicKey,
    /// The roles known here; a file lists at least one, perhaps of a later release.
    pub roles: BTreeSet<Role>,
}

/// What a key may sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Activations and deactivations.
    Activation,
    /// TI package manifests.
    Ti,
    /// Console password recovery.
    Recovery,
    /// Receipts for reports carried by hand.
    Receipt,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Activation, Self::Ti, Self::Recovery, Self::Receipt];

    /// The role as it stands in a trust root.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Activation => "activation",
            Self::Ti => "ti",
            Self::Recovery => "recovery",
            Self::Receipt => "receipt",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
