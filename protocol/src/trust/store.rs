//! The trust store: the chains this sensor believes. A file never adds to it by itself.

use alloc::{collections::BTreeMap, string::String, vec::Vec};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde::{Deserialize, Serialize};

use super::{Chain, SignedRoot, decode_roots};
use crate::{
    documents::trust_root::TrustRoot,
    ids::{Kid, TrustRootId},
    refusal::Refusal,
};

/// The pinned chains by id. Serializes as the base64 of their signed bytes, and verifies them anew when it is read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct TrustStore {
    chains: BTreeMap<TrustRootId, Chain>,
}

type Stored = BTreeMap<TrustRootId, Vec<String>>;

/// The chain that judges a file: the stored one, continued by what the file brought.
#[derive(Debug, Clone)]
pub struct Judgement<'a> {
    chain: &'a Chain,
    newer: Vec<SignedRoot>,
}

impl Judgement<'_> {
    /// Whose chain it is.
    #[must_use]
    pub const fn id(&self) -> &TrustRootId {
        self.chain.id()
    }

    /// The newer of the two: the file's last version, or the stored one.
    #[must_use]
    pub fn newest(&self) -> &TrustRoot {
        self.newer.last().map_or_else(|| self.chain.newest(), SignedRoot::root)
    }

    /// The verified versions that the store lacks, signed bytes.
    #[must_use]
    pub fn into_newer(self) -> Vec<Vec<u8>> {
        self.newer.into_iter().map(|root| root.bytes().to_vec()).collect()
    }
}

impl TrustStore {
    /// Believes the chain in a trust root file from now on, or continues the one it is known by already.
    ///
    /// # Errors
    ///
    /// What is wrong with the file; the store is then unchanged.
    pub fn pin(&mut self, file: &[u8]) -> Result<TrustRootId, Refusal> {
        self.pin_roots(&decode_roots(file)?)
    }

    /// [`Self::pin`] for a chain that stands elsewhere, as in an activation file whose fingerprint a person confirmed.
    ///
    /// # Errors
    ///
    /// As [`Self::pin`].
    pub fn pin_roots(&mut self, roots: &[Vec<u8>]) -> Result<TrustRootId, Refusal> {
        let offered = Chain::verify(roots)?;
        let id = *offered.id();
        match self.chains.get(&id) {
            Some(_) => self.adopt(&id, roots)?,
            None => _ = self.chains.insert(id, offered),
        }
        Ok(id)
    }

    /// Continues the chain `id` with newer versions, which may overlap what is stored.
    ///
    /// # Errors
    ///
    /// What is wrong with them; the store is then unchanged.
    pub fn adopt(&mut self, id: &TrustRootId, roots: &[Vec<u8>]) -> Result<(), Refusal> {
        let chain = self.chains.get_mut(id).ok_or(Refusal::UnknownRoot { fingerprint: *id })?;
        let Some(first) = roots.first() else {
            return Ok(());
        };
        let newer = match chain.position_of(first) {
            Some(position) => chain.continue_with(position, roots)?,
            None => chain.continue_with(chain.versions().count(), roots)?,
        };
        chain.append(newer);
        Ok(())
    }

    /// Whether nothing is pinned.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.chains.is_empty()
    }

    /// A pinned chain.
    #[must_use]
    pub fn get(&self, id: &TrustRootId) -> Option<&Chain> {
        self.chains.get(id)
    }

    /// Every pinned chain.
    pub fn chains(&self) -> impl Iterator<Item = &Chain> {
        self.chains.values()
    }

    /// Whether the newest version of chain `id` withdrew the key `kid`.
    #[must_use]
    pub fn is_withdrawn(&self, id: &TrustRootId, kid: &Kid) -> bool {
        self.get(id).is_some_and(|chain| chain.newest().withdrawn.contains(kid))
    }

    /// Judges the chain that a file carries: it must begin with a version that the store holds byte for byte, agree
    /// with the stored chain as far as both reach, and hold beyond.
    ///
    /// # Errors
    ///
    /// [`Refusal::NoTrustRoot`] or [`Refusal::UnknownRoot`] for a whole chain of another id, [`Refusal::RootTooOld`] for
    /// one that begins later than everything stored, [`Refusal::RootChainBroken`] for one that does not hold.
    pub fn judge(&self, roots: &[Vec<u8>]) -> Result<Judgement<'_>, Refusal> {
        let first = roots.first().ok_or_else(|| Refusal::Malformed { at: "trust roots: none in the file".into() })?;
        let held = self.chains.values().find_map(|chain| Some((chain, chain.position_of(first)?)));
        let (chain, position) = held.ok_or_else(|| self.not_held(first))?;
        Ok(Judgement { chain, newer: chain.continue_with(position, roots)? })
    }

    /// Why a chain that begins with `first` cannot be judged.
    fn not_held(&self, first: &[u8]) -> Refusal {
        let first = match SignedRoot::open(first) {
            Ok(first) => first,
            Err(refusal) => return refusal,
        };
        let oldest_in_file = first.root().version;
        let newest_stored = |chain: &Chain| chain.newest().version;
        let reached = self.chains.values().map(newest_stored).filter(|newest| *newest < oldest_in_file).max();
        match (oldest_in_file, reached) {
            (1, _) if self.is_empty() => Refusal::NoTrustRoot { fingerprint: first.id() },
            (1, _) => Refusal::UnknownRoot { fingerprint: first.id() },
            (_, Some(pinned)) => Refusal::RootTooOld { oldest_in_file, pinned },
            (_, None) if self.is_empty() => Refusal::RootTooOld { oldest_in_file, pinned: 0 },
            (_, None) => first.broken("agrees with no version that this sensor stored"),
        }
    }
}

impl From<TrustStore> for Stored {
    fn from(store: TrustStore) -> Self {
        let base64 = |chain: &Chain| chain.versions().map(|version| BASE64.encode(version.bytes())).collect();
        store.chains.iter().map(|(id, chain)| (*id, base64(chain))).collect()
    }
}

impl TryFrom<Stored> for TrustStore {
    type Error = Refusal;

    fn try_from(stored: Stored) -> Result<Self, Refusal> {
        let mut store = Self::default();
        for (id, roots) in stored {
            let decode = |root: String| BASE64.decode(root);
            let roots: Result<Vec<Vec<u8>>, _> = roots.into_iter().map(decode).collect();
            let chain = Chain::verify(&roots.map_err(|error| Refusal::Malformed { at: alloc::format!("{error}") })?)?;
            if *chain.id() != id {
                return Err(Refusal::UnknownRoot { fingerprint: *chain.id() });
            }
            store.chains.insert(id, chain);
        }
        Ok(store)
    }
}
