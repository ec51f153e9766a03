//! A pinned trust root as people see it.

use alloc::{collections::BTreeSet, string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{
    documents::trust_root::Role,
    ids::{Kid, TrustRootId},
};

/// One pinned trust root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustRootView {
    /// Its id, which is its fingerprint.
    pub id: TrustRootId,
    /// The last characters of the fingerprint, which people compare.
    pub confirmation: String,
    /// The newest version stored here.
    pub version: u64,
    /// How many root keys must sign.
    pub threshold: u8,
    /// The root keys.
    pub root_keys: Vec<Kid>,
    /// The keys that sign documents.
    pub keys: Vec<TrustKeyView>,
    /// Keys that sign nothing any more.
    pub withdrawn: BTreeSet<Kid>,
}

/// A key with its roles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustKeyView {
    /// The key.
    pub kid: Kid,
    /// What it may sign.
    pub roles: BTreeSet<Role>,
}
