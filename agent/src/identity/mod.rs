//! The sensor's identities on disk: one key and two certificate slots per activation, and the key of a request.
//!
//! A key is durable before anyone can use it, and no key is ever overwritten. Which slot is in use is the state's
//! business. Keys never leave this folder.

mod certificate;
mod key;
mod seal;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use picket_durable as files;
use picket_lifecycle::identity::{Identity, Slot};
use picket_protocol::{
    ids::{Cti, Thumbprint},
    local_api::KeyKept,
    refusal::Refusal,
};

pub use self::{
    certificate::{IssuedCertificate, WrongCertificate},
    key::{Key, KeyFailure},
    seal::Seal,
};
/// A key's file in its folder.
const KEY: &str = "key.pem";
/// Most bytes of a key or certificate file.
const MAX_FILE: usize = 64 * 1024;

/// The folder of the identities. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Identities(Arc<Place>);

#[derive(Debug)]
struct Place {
    folder: PathBuf,
    seal: Seal,
}

/// A key with a certificate for it: what a TLS client shows.
#[derive(Debug)]
pub struct Credential {
    /// The key.
    pub key: Key,
    /// The certificate, and what was issued with it.
    pub chain: Vec<rustls_pki_types::CertificateDer<'static>>,
}

impl Identities {
    /// The identities in this state folder, sealed so. Touches nothing.
    #[must_use]
    pub fn in_state_directory(state: &Path, seal: Seal) -> Self {
        Self(Arc::new(Place { folder: state.join("identities"), seal }))
    }

    /// The key of an activation; born now if there is none. A file bound to a request's key gets that key.
    ///
    /// # Errors
    /// [`Refusal::StorageFailed`]; [`Refusal::WrongKey`] when the request's key is not here any more.
    pub fn key(&self, cti: Cti, bound_to: Option<Thumbprint>) -> Result<Key, Refusal> {
        let folder = self.0.folder.join(cti.to_string());
        if let Some(key) = self.read_key(&folder)? {
            return Ok(key);
        }
        let key = match bound_to {
            Some(thumbprint) => {
                let request = self.read_key(&self.request_folder())?;
                request
                    .filter(|key| key.thumbprint() == thumbprint)
                    .ok_or(Refusal::WrongKey { bound_to: thumbprint })?
            }
            None => born(&folder)?,
        };
        self.keep_key(&folder, key)
    }

    /// The key for requests; born now if there is none.
    ///
    /// # Errors
    /// [`Refusal::StorageFailed`].
    pub fn request_key(&self) -> Result<Key, Refusal> {
        let folder = self.request_folder();
        match self.read_key(&folder)? {
            Some(key) => Ok(key),
            None => self.keep_key(&folder, born(&folder)?),
        }
    }

    /// Thumbprints of the keys that a file may be bound to.
    #[must_use]
    pub fn request_keys(&self) -> Vec<Thumbprint> {
        self.read_key(&self.request_folder()).ok().flatten().iter().map(Key::thumbprint).collect()
    }

    /// Stores a certificate that was issued for the activation's key in a slot, durably.
    ///
    /// # Errors
    /// [`Refusal::StorageFailed`].
    pub fn store(&self, cti: Cti, slot: Slot, issued: &IssuedCertificate) -> Result<Identity, Refusal> {
        let path = self.slot(cti, slot);
        files::replace(&path, issued.pem().as_bytes()).map_err(|error| storage_failed(&path, &error))?;
        let IssuedCertificate { thumbprint, not_before, not_after, .. } = *issued;
        Ok(Identity { slot, thumbprint, not_before, not_after })
    }

    /// What stands in a slot, with its key.
    ///
    /// # Errors
    /// [`Refusal::StorageFailed`].
    pub fn credential(&self, cti: Cti, slot: Slot) -> Result<Credential, Refusal> {
        let path = self.slot(cti, slot);
        let failed = |error: &dyn std::fmt::Display| storage_failed(&path, error);
        let key = self.read_key(&self.0.folder.join(cti.to_string()))?.ok_or_else(|| failed(&"its key is missing"))?;
        let pem = files::read_bounded(&path, MAX_FILE).map_err(|error| failed(&error))?;
        let chain = certificate::read_pem(&pem).ok_or_else(|| failed(&"not a certificate"))?;
        Ok(Credential { key, chain })
    }

    /// Erases the identities of every activation but these; requests' keys stay. What cannot be erased now is logged
    /// and erased next time.
    pub fn keep_only(&self, keep: &BTreeSet<Cti>) {
        let Ok(entries) = fs::read_dir(&self.0.folder) else { return };
        for entry in entries.flatten() {
            let cti = entry.file_name().to_str().and_then(|name| name.parse::<Cti>().ok());
            if cti.is_some_and(|cti| !keep.contains(&cti)) {
                erase(&entry.path());
            }
        }
    }

    /// Erases every identity and every request's key.
    pub fn erase_all(&self) {
        erase(&self.0.folder);
    }

    /// How the key of an activation lies on the disk.
    #[must_use]
    pub fn kept(&self, cti: Cti) -> KeyKept {
        let path = self.0.folder.join(cti.to_string()).join(KEY);
        let Ok(content) = files::read_bounded(&path, MAX_FILE) else { return KeyKept::None };
        match (seal::is_sealed(&content), self.0.seal.open(content)) {
            (false, _) => KeyKept::Plain,
            (true, Ok(_)) => KeyKept::Sealed,
            (true, Err(_)) => KeyKept::Unopened,
        }
    }

    fn request_folder(&self) -> PathBuf {
        self.0.folder.join("request")
    }

    fn slot(&self, cti: Cti, slot: Slot) -> PathBuf {
        self.0.folder.join(cti.to_string()).join(format!("certificate-{slot}.pem"))
    }

    fn read_key(&self, folder: &Path) -> Result<Option<Key>, Refusal> {
        let path = folder.join(KEY);
        let pem = match files::read_bounded(&path, MAX_FILE) {
            Ok(pem) => pem,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(storage_failed(&path, &error)),
        };
        let key = self.0.seal.open(pem).and_then(|pem| Key::from_pem(&pem));
        key.map(Some).map_err(|error| storage_failed(&path, &error))
    }

    /// Durable before it is given to anyone: folder, file, name.
    fn keep_key(&self, folder: &Path, key: Key) -> Result<Key, Refusal> {
        let failed = |error: io::Error| storage_failed(folder, &error);
        files::create_private_folder(&self.0.folder).map_err(failed)?;
        files::create_private_folder(folder).map_err(failed)?;
        let content = self.0.seal.close(key.pem().into_bytes()).map_err(|error| storage_failed(folder, &error))?;
        files::create_once(&folder.join(KEY), &content).map_err(failed)?;
        Ok(key)
    }
}

fn born(folder: &Path) -> Result<Key, Refusal> {
    Key::born().map_err(|error| storage_failed(folder, &error))
}

fn erase(path: &Path) {
    let erased = fs::remove_dir_all(path).and_then(|()| path.parent().map_or(Ok(()), files::sync_folder));
    match erased {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), %error, "an identity could not be erased yet");
        }
        _ => {}
    }
}

fn storage_failed(path: &Path, why: &dyn std::fmt::Display) -> Refusal {
    Refusal::StorageFailed { path: path.display().to_string(), why: why.to_string() }
}
