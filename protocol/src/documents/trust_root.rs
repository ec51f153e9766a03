//! The trust root: which keys may sign what.

use alloc::{collections::BTreeSet, vec::Vec};
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::Kid;

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
    /// Most root keys.
    pub const MAX_ROOT_KEYS: usize = 5;
    /// Highest threshold.
    pub const MAX_THRESHOLD: u8 = 3;
    /// Most document keys.
    pub const MAX_KEYS: usize = 16;
    /// Most withdrawn kids.
    pub const MAX_WITHDRAWN: usize = 64;
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
    /// At least one.
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
