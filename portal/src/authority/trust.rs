//! The portal's trust root as the server uses it: the chain, and the activation key that may sign now.

use std::path::{Path, PathBuf};

use picket_protocol::{
    documents::{
        activation::Activation,
        deactivation::Deactivation,
        recovery::Recovery,
        trust_root::{Role, TrustRoot},
    },
    ids::TrustRootId,
    issue,
    keys::SigningKey,
    refusal::Refusal,
    trust::{TrustStore, decode_roots, encode_roots},
};

use super::{Unusable, keys};
use crate::domain::refused::Refused;

/// The chain of trust root versions with the keys at hand.
#[derive(Debug)]
pub struct Trust {
    id: TrustRootId,
    newest: TrustRoot,
    roots: Vec<Vec<u8>>,
    keys: Vec<SigningKey>,
}

impl Trust {
    /// Reads and verifies the trust root file, and the keys in `folder`.
    ///
    /// # Errors
    /// When a file cannot be read, or the chain does not hold.
    pub fn read(file: &Path, folder: &Path) -> Result<Self, Unusable> {
        let roots = read_roots(file)?;
        let mut trust = Self::verify(roots).map_err(|refusal| Unusable::content(file, refusal))?;
        for path in key_files(folder)? {
            trust.keys.push(keys::read(&path)?);
        }
        Ok(trust)
    }

    /// A chain without keys, verified as a sensor would.
    ///
    /// # Errors
    /// Why a sensor would refuse it.
    pub fn verify(roots: Vec<Vec<u8>>) -> Result<Self, Refusal> {
        let mut store = TrustStore::default();
        let id = store.pin_roots(&roots)?;
        let newest =
            store.get(&id).map(|chain| chain.newest().clone()).ok_or(Refusal::UnknownRoot { fingerprint: id })?;
        Ok(Self { id, newest, roots, keys: Vec::new() })
    }

    /// Its id, which is what people compare.
    #[must_use]
    pub const fn id(&self) -> TrustRootId {
        self.id
    }

    /// Its newest version.
    #[must_use]
    pub const fn newest(&self) -> &TrustRoot {
        &self.newest
    }

    /// Every version, oldest first, signed bytes.
    #[must_use]
    pub fn roots(&self) -> &[Vec<u8>] {
        &self.roots
    }

    /// The trust root file.
    #[must_use]
    pub fn file(&self) -> Vec<u8> {
        encode_roots(&self.roots)
    }

    /// The versions after `version`, as a heartbeat answer carries them.
    #[must_use]
    pub fn roots_after(&self, version: u64) -> Vec<Vec<u8>> {
        let skip = usize::try_from(version).unwrap_or(usize::MAX);
        self.roots.iter().skip(skip).cloned().collect()
    }

    /// Signs an activation and puts it into its file.
    ///
    /// # Errors
    /// When no key may sign, or sensors would refuse what it says.
    pub fn activation_file(&self, activation: &Activation) -> Result<Vec<u8>, Refused> {
        activation.check().map_err(|refusal| Refused::invalid(refusal.to_string()))?;
        let signed = issue::sign_activation(activation, self.signer(Role::Activation)?);
        Ok(issue::activation_file(&self.roots, &signed))
    }

    /// Signs a deactivation. The signature is the same whenever it is asked for, unless the key was withdrawn since.
    ///
    /// # Errors
    /// When no key may sign.
    pub fn deactivation(&self, document: &Deactivation) -> Result<Vec<u8>, Refused> {
        Ok(issue::sign_deactivation(document, self.signer(Role::Activation)?))
    }

    /// Signs a recovery.
    ///
    /// # Errors
    /// When no key may sign.
    pub fn recovery(&self, document: &Recovery) -> Result<Vec<u8>, Refused> {
        Ok(issue::sign_recovery(document, self.signer(Role::Recovery)?))
    }

    /// The key added last that is at hand, may sign for this role, and was not withdrawn.
    fn signer(&self, role: Role) -> Result<&SigningKey, Refused> {
        let may = self.newest.keys.iter().rev().filter(|listed| listed.roles.contains(&role));
        let may = may.filter(|listed| !self.newest.withdrawn.contains(&listed.key.kid()));
        may.filter_map(|listed| self.keys.iter().find(|key| key.public() == listed.key)).next().ok_or_else(|| {
            Refused::NoSigner { why: format!("no {role} key of the newest trust root version is in the keys folder") }
        })
    }
}

/// Reads the signed versions in a trust root file; nothing is verified.
///
/// # Errors
/// When it cannot be read, or is not a trust root file.
pub fn read_roots(file: &Path) -> Result<Vec<Vec<u8>>, Unusable> {
    decode_roots(&Unusable::read(file)?).map_err(|refusal| Unusable::content(file, refusal))
}

fn key_files(folder: &Path) -> Result<Vec<PathBuf>, Unusable> {
    let failed = |source| Unusable::File { path: folder.to_owned(), source };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "key") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}
