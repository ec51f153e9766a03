//! A private folder with a short path, removed when dropped. Short, since a Unix socket's path ends at 107 bytes.

use std::{
    env, fs,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

use anyhow::{Context, Result};
use nix::unistd::Uid;

use crate::ending;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A folder that only this user can enter.
#[derive(Debug)]
pub struct PrivateFolder {
    path: PathBuf,
}

impl PrivateFolder {
    /// Makes one in the user's runtime folder, or else in the temporary one.
    ///
    /// # Errors
    /// When neither can be written to.
    pub fn new() -> Result<Self> {
        let parent = runtime_folder().unwrap_or_else(env::temp_dir);
        Self::within(&parent)
    }

    /// Makes one on a disk, for what is measured durable: the folders of [`Self::new`] may lie in memory.
    ///
    /// # Errors
    /// When it cannot be written to.
    pub fn on_disk() -> Result<Self> {
        Self::within(Path::new("/var/tmp"))
    }

    /// Makes one in `parent`.
    ///
    /// # Errors
    /// When `parent` cannot be written to.
    pub fn within(parent: &Path) -> Result<Self> {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = parent.join(format!("picket-{}-{number}", process::id()));
        fs::DirBuilder::new().mode(0o700).create(&path).with_context(|| format!("cannot make {}", path.display()))?;
        ending::made(&path);
        Ok(Self { path })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A path inside.
    #[must_use]
    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
        ending::removed(&self.path);
    }
}

/// `XDG_RUNTIME_DIR`, if it is really this user's: under `su` it may be another's.
fn runtime_folder() -> Option<PathBuf> {
    let path = PathBuf::from(env::var_os("XDG_RUNTIME_DIR")?);
    let owner = fs::metadata(&path).ok().map(|data| std::os::unix::fs::MetadataExt::uid(&data))?;
    (owner == Uid::current().as_raw()).then_some(path)
}
