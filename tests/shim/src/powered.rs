//! A folder on such a disk, in the place of one that was there.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use crate::{Disk, Dropped, Mounted};

/// A folder whose power can be cut. Nobody may have a file of it open then.
#[derive(Debug)]
pub struct Powered {
    disk: Disk,
    at: PathBuf,
    mounted: Option<Mounted>,
    dropped: Dropped,
}

impl Powered {
    /// Takes what is in the folder over, durably.
    ///
    /// # Errors
    /// When it cannot be mounted or copied; see also [`crate::keep_mounts_private`].
    pub fn from(at: &Path) -> Result<Self> {
        let disk = Disk::default();
        let mounted = take_over(at, || disk.mount(at))?;
        disk.settle();
        Ok(Self { disk, at: at.to_owned(), mounted: Some(mounted), dropped: Dropped::default() })
    }

    /// Cuts the power, and gives it back.
    ///
    /// # Errors
    /// When somebody still has a file open.
    pub fn cut(&mut self, seed: u64) -> Result<()> {
        if let Some(mounted) = self.mounted.take() {
            mounted.unmount()?;
        }
        let dropped = self.disk.cut(seed);
        self.dropped.sectors += dropped.sectors;
        self.dropped.names += dropped.names;
        self.mounted = Some(self.disk.mount(&self.at)?);
        Ok(())
    }

    /// What all cuts dropped.
    #[must_use]
    pub const fn dropped(&self) -> Dropped {
        self.dropped
    }

    /// The disk.
    #[must_use]
    pub const fn disk(&self) -> &Disk {
        &self.disk
    }
}

/// Mounts in a folder's place, and copies what was in it there.
pub(crate) fn take_over<T>(at: &Path, mount: impl FnOnce() -> Result<T>) -> Result<T> {
    let before = at.with_extension("before");
    fs::rename(at, &before).with_context(|| format!("cannot put {} aside", at.display()))?;
    fs::create_dir(at)?;
    let mounted = mount()?;
    let copied = Command::new("cp").arg("-a").arg(before.join(".")).arg(at).status().context("cannot run cp")?;
    ensure!(copied.success(), "cannot copy {}", before.display());
    Ok(mounted)
}
